-- Matches that one of the two sides holds for wrong, by what both know: the key. By identity, so that a
-- partner that is pinned anew brings none back. A side's columns are 0 and '' until it says something.
CREATE TABLE dispute (
    identity BLOB NOT NULL CHECK (length(identity) = 32),
    key      BLOB NOT NULL,
    ours     INTEGER NOT NULL CHECK (ours IN (0, 1)),
    theirs   INTEGER NOT NULL CHECK (theirs IN (0, 1)),
    our_at   INTEGER NOT NULL,
    their_at INTEGER NOT NULL,
    our_reason   TEXT NOT NULL,
    their_reason TEXT NOT NULL,
    PRIMARY KEY (identity, key)
) STRICT, WITHOUT ROWID;
