-- Rounds that this node proposes by itself, one line a partner.
CREATE TABLE schedule (
    partner  INTEGER PRIMARY KEY REFERENCES partner (id),
    every_ms INTEGER NOT NULL CHECK (every_ms > 0),
    next_at  INTEGER NOT NULL,
    last_at  INTEGER NOT NULL, -- 0: never yet
    last     TEXT NOT NULL     -- what became of it then
) STRICT;
