-- Rules of this node over every source: populations of its own, and accounts that are in no round.
CREATE TABLE rule (
    id       INTEGER PRIMARY KEY AUTOINCREMENT, -- never comes back: what was made of a rule names it
    kind     TEXT NOT NULL CHECK (kind IN ('population', 'private')),
    name     TEXT NOT NULL CHECK ((kind = 'population') = (name <> '')),
    text     TEXT NOT NULL CHECK (text <> ''),
    added_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX rule_name ON rule (name) WHERE kind = 'population';
CREATE UNIQUE INDEX rule_text ON rule (text) WHERE kind = 'private';

-- What the rules say of the accounts of a source's generation, in a file of its own; '': no rule.
ALTER TABLE source ADD COLUMN marks TEXT NOT NULL DEFAULT '';

-- Who objected: accounts that no round may see, by match key or by record.
CREATE TABLE suppression (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    value     TEXT NOT NULL CHECK (value <> ''), -- as the operator wrote it
    country   TEXT NOT NULL,
    source    TEXT NOT NULL, -- of a record; '': by key
    record_id TEXT NOT NULL,
    reason    TEXT NOT NULL,
    added_at  INTEGER NOT NULL,
    UNIQUE (value, country),
    CHECK ((source = '') = (record_id = ''))
) STRICT;

-- `unless`: only accounts that hold no key of this type; 0: every account.
CREATE TABLE suppression_key (
    entry  INTEGER NOT NULL REFERENCES suppression (id),
    key    BLOB NOT NULL,
    unless INTEGER NOT NULL,
    PRIMARY KEY (entry, key)
) STRICT, WITHOUT ROWID;
