-- What one cell group of a round runs over. Not migrated: it lives as long as its result.
PRAGMA application_id = 0x4D444C53;
PRAGMA user_version = 1;

CREATE TABLE population (
    bit  INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE source (
    id         INTEGER PRIMARY KEY,
    name       TEXT NOT NULL,
    generation TEXT NOT NULL
) STRICT;

CREATE TABLE account (
    id            INTEGER PRIMARY KEY,
    source        INTEGER NOT NULL REFERENCES source (id),
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
    populations   INTEGER NOT NULL, -- bits in the agreement's order
    registry_mask INTEGER NOT NULL
) STRICT;

-- Ordinals 0, 1, 2, ... in ascending byte order of the keys (PROTOCOL 6.1).
CREATE TABLE snap_key (
    ordinal       INTEGER PRIMARY KEY,
    key           BLOB NOT NULL,
    populations   INTEGER NOT NULL,
    registry_mask INTEGER NOT NULL
) STRICT;

CREATE TABLE link (
    ordinal INTEGER NOT NULL,
    account INTEGER NOT NULL,
    origin  INTEGER NOT NULL,
    PRIMARY KEY (ordinal, account)
) STRICT, WITHOUT ROWID;

CREATE TABLE matched (
    ordinal             INTEGER PRIMARY KEY,
    partner_populations INTEGER NOT NULL,
    partner_registries  INTEGER NOT NULL
) STRICT;

CREATE TABLE finding (
    account             INTEGER PRIMARY KEY,
    partner_populations INTEGER NOT NULL,
    ordinal             INTEGER NOT NULL,
    key                 BLOB NOT NULL,
    origin              INTEGER NOT NULL,
    tier                INTEGER NOT NULL,
    vetoed              INTEGER NOT NULL,
    conflicts           INTEGER NOT NULL
) STRICT;

-- One row: how far the file is. 0: built, 1: regrouped, 2: keys dropped.
CREATE TABLE state (
    stage    INTEGER NOT NULL,
    keys     INTEGER NOT NULL,
    accounts INTEGER NOT NULL
) STRICT;
