-- What this node's rules say of the accounts of one generation. Not migrated: made anew from the rules.
PRAGMA application_id = 0x4D444C52;
PRAGMA user_version = 1;

-- Bits follow those of the generation's own populations.
CREATE TABLE marked_population (
    bit  INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE member (
    of_account INTEGER PRIMARY KEY,
    more       INTEGER NOT NULL, -- bits to be added to the account's populations
    private    INTEGER NOT NULL CHECK (private IN (0, 1))
) STRICT;
