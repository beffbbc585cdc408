-- One import. Not migrated: a file of another format is refused, and the source imported again.
PRAGMA application_id = 0x4D444C47;
PRAGMA user_version = 1;

CREATE TABLE account (
    id            INTEGER PRIMARY KEY,
    record_id     TEXT NOT NULL,
    name          TEXT NOT NULL,
    website       TEXT NOT NULL,
    country       TEXT NOT NULL,
    owner         TEXT NOT NULL,
    owner_email   TEXT NOT NULL,
    industry      TEXT NOT NULL,
    currency      TEXT NOT NULL,
    stage         TEXT NOT NULL,
    type          TEXT NOT NULL,
    extra         TEXT NOT NULL,
    deals         TEXT NOT NULL,
    employees     INTEGER NOT NULL,
    revenue       INTEGER NOT NULL,
    populations   INTEGER NOT NULL,
    registry_mask INTEGER NOT NULL,
    line          INTEGER NOT NULL,
    core_name     TEXT NOT NULL,
    join_id       TEXT NOT NULL, -- what opportunities refer to; two rows with one are one record
    join_name     TEXT NOT NULL, -- the name as opportunities are compared with it
    first_key     INTEGER NOT NULL, -- its rows in match_key are first_key .. last_key
    last_key      INTEGER NOT NULL
) STRICT;

-- Without an index while it is filled; key_value is made at the end.
CREATE TABLE match_key (
    id      INTEGER PRIMARY KEY,
    key     BLOB NOT NULL,
    account INTEGER NOT NULL,
    origin  INTEGER NOT NULL
) STRICT;

CREATE TABLE opportunity (
    id           INTEGER PRIMARY KEY,
    account_id   TEXT NOT NULL,
    account_name TEXT NOT NULL,
    won          INTEGER NOT NULL,
    closed       INTEGER NOT NULL,
    amount       INTEGER NOT NULL,
    currency     TEXT NOT NULL,
    populations  INTEGER NOT NULL,
    account      INTEGER
) STRICT;

CREATE TABLE population (
    bit  INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- The rows as they came, with all their columns, so that a rule can be asked of them later. Who
-- reads the bytes is not this room's.
CREATE TABLE file (
    id     INTEGER PRIMARY KEY,
    header BLOB NOT NULL
) STRICT;

CREATE TABLE account_row (
    account INTEGER PRIMARY KEY,
    file    INTEGER NOT NULL,
    cells   BLOB NOT NULL
) STRICT;

CREATE TABLE opportunity_row (
    opportunity INTEGER PRIMARY KEY,
    file        INTEGER NOT NULL,
    cells       BLOB NOT NULL
) STRICT;

-- Rows of a record that had come before, and the account that stands for them.
CREATE TABLE repeated (
    id    INTEGER PRIMARY KEY,
    first INTEGER NOT NULL
) STRICT;

-- Keys that an account came with and is not compared by. Who objects may name them all the same.
CREATE TABLE unused_key (
    key     BLOB NOT NULL,
    account INTEGER NOT NULL,
    PRIMARY KEY (key, account)
) STRICT, WITHOUT ROWID;
