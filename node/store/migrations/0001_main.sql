-- The first schema of the main database. Never edit a migration that was released: add the next.
CREATE TABLE migration (
    number     INTEGER PRIMARY KEY,
    name       TEXT NOT NULL,
    hash       BLOB NOT NULL CHECK (length(hash) = 32),
    applied_at INTEGER NOT NULL
) STRICT;

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Partners. AUTOINCREMENT: the log names partners by id, so an id never comes back.
CREATE TABLE partner (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    name         TEXT NOT NULL CHECK (name <> ''),
    state        TEXT NOT NULL CHECK (state IN ('invited', 'pinned')),
    identity     BLOB CHECK (length(identity) = 32),
    curve        BLOB CHECK (length(curve) = 32),
    cert_serial  INTEGER NOT NULL,
    certificate  BLOB,
    endpoint     TEXT NOT NULL,
    token        BLOB,
    flags        INTEGER NOT NULL,
    info         BLOB,
    their_name   TEXT NOT NULL,
    software     TEXT NOT NULL,
    added_at     INTEGER NOT NULL,
    pinned_at    INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    removed_at   INTEGER NOT NULL,
    CHECK (state <> 'pinned' OR identity IS NOT NULL),
    CHECK ((identity IS NULL) = (curve IS NULL))
) STRICT;
CREATE UNIQUE INDEX partner_name ON partner (name) WHERE removed_at = 0;
CREATE UNIQUE INDEX partner_identity ON partner (identity) WHERE removed_at = 0;
CREATE UNIQUE INDEX partner_curve ON partner (curve) WHERE removed_at = 0;

-- Agreements: the bytes stay as they were signed.
CREATE TABLE agreement (
    hash             BLOB PRIMARY KEY CHECK (length(hash) = 64),
    partner          INTEGER NOT NULL REFERENCES partner (id),
    state            TEXT NOT NULL,
    bytes            BLOB NOT NULL,
    our_sig          BLOB CHECK (length(our_sig) = 64),
    their_sig        BLOB CHECK (length(their_sig) = 64),
    our_revocation   BLOB CHECK (length(our_revocation) = 64),
    their_revocation BLOB CHECK (length(their_revocation) = 64),
    created_at       INTEGER NOT NULL,
    changed_at       INTEGER NOT NULL,
    valid_from       INTEGER NOT NULL,
    valid_until      INTEGER NOT NULL,
    reason           TEXT NOT NULL,
    note             TEXT NOT NULL
) STRICT;
CREATE INDEX agreement_partner ON agreement (partner, created_at);
CREATE TRIGGER agreement_bytes BEFORE UPDATE OF hash, partner, bytes, created_at, note ON agreement
BEGIN
    SELECT RAISE(ABORT, 'an agreement is never altered');
END;

-- Rounds. `number` is the short name that the wide tables use.
CREATE TABLE round (
    number           INTEGER PRIMARY KEY AUTOINCREMENT,
    id               BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    partner          INTEGER NOT NULL REFERENCES partner (id),
    agreement        BLOB NOT NULL REFERENCES agreement (hash),
    role             INTEGER NOT NULL CHECK (role IN (0, 1)),
    proposer         INTEGER NOT NULL,
    outcome          TEXT NOT NULL,
    phase            TEXT NOT NULL,
    created_at       INTEGER NOT NULL,
    started_at       INTEGER NOT NULL,
    begun_month      INTEGER NOT NULL, -- of started_at, by this node's clock; 0: not begun
    finished_at      INTEGER NOT NULL,
    data_as_of       INTEGER NOT NULL,
    code             INTEGER NOT NULL,
    code_text        TEXT NOT NULL,
    ended_by         INTEGER NOT NULL,
    own_accounts     INTEGER NOT NULL,
    own_review       INTEGER NOT NULL,
    own_vetoed       INTEGER NOT NULL,
    partner_accounts INTEGER NOT NULL,
    partner_review   INTEGER NOT NULL,
    bytes_in         INTEGER NOT NULL,
    bytes_out        INTEGER NOT NULL,
    wall_ms          INTEGER NOT NULL,
    profile          BLOB CHECK (length(profile) = 32),
    resume           BLOB,
    receipt          BLOB,
    our_sig          BLOB CHECK (length(our_sig) = 64),
    their_sig        BLOB CHECK (length(their_sig) = 64)
) STRICT;
CREATE INDEX round_created ON round (created_at);
CREATE INDEX round_partner ON round (partner, begun_month);
CREATE INDEX round_open ON round (outcome) WHERE outcome IN ('waiting', 'running');

CREATE TABLE round_group (
    round         INTEGER NOT NULL REFERENCES round (number),
    grp           INTEGER NOT NULL CHECK (grp BETWEEN 0 AND 31),
    level         TEXT NOT NULL,
    own_keys      INTEGER NOT NULL,
    partner_keys  INTEGER NOT NULL,
    matched_keys  INTEGER NOT NULL,
    known         INTEGER NOT NULL CHECK (known IN (0, 1)),   -- both sides agreed on matched_keys
    skipped       INTEGER NOT NULL CHECK (skipped IN (0, 1)), -- not run: a side had no key in it
    slices        INTEGER NOT NULL,
    slices_opened INTEGER NOT NULL,
    PRIMARY KEY (round, grp)
) STRICT, WITHOUT ROWID;

-- What partners' commits drew on their budget. Never refunded: rows neither change nor go.
CREATE TABLE budget_debit (
    round   INTEGER NOT NULL REFERENCES round (number),
    grp     INTEGER NOT NULL,
    partner INTEGER NOT NULL REFERENCES partner (id),
    month   INTEGER NOT NULL,
    keys    INTEGER NOT NULL CHECK (keys > 0),
    at      INTEGER NOT NULL,
    PRIMARY KEY (round, grp)
) STRICT, WITHOUT ROWID;
CREATE INDEX budget_month ON budget_debit (partner, month);
CREATE TRIGGER budget_update BEFORE UPDATE ON budget_debit
BEGIN
    SELECT RAISE(ABORT, 'a debit is never altered');
END;
CREATE TRIGGER budget_delete BEFORE DELETE ON budget_debit
BEGIN
    SELECT RAISE(ABORT, 'a debit is never refunded');
END;

-- The log. Its entries hold no personal data; what opens their commitments may be erased.
CREATE TABLE audit (
    seq       INTEGER PRIMARY KEY,
    entry     BLOB NOT NULL,
    leaf      BLOB NOT NULL,
    chain     BLOB NOT NULL,
    at        INTEGER NOT NULL,
    round     BLOB CHECK (length(round) = 16),
    partner   INTEGER REFERENCES partner (id),
    direction INTEGER NOT NULL CHECK (direction BETWEEN 0 AND 2),
    type      INTEGER NOT NULL,
    size      INTEGER NOT NULL
) STRICT;
CREATE INDEX audit_round ON audit (round) WHERE round IS NOT NULL;
CREATE TRIGGER audit_insert BEFORE INSERT ON audit
WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM audit)
BEGIN
    SELECT RAISE(ABORT, 'the log grows at its end only');
END;
CREATE TRIGGER audit_update BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'a log entry is never altered');
END;
CREATE TRIGGER audit_delete BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'a log entry is never deleted');
END;

CREATE TABLE audit_opening (
    seq     INTEGER PRIMARY KEY REFERENCES audit (seq),
    opening BLOB NOT NULL
) STRICT;

-- Sources: which import is the current one.
CREATE TABLE source (
    id          INTEGER PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE,
    generation  TEXT NOT NULL,
    kind        TEXT NOT NULL,
    mapping     TEXT,
    rules       TEXT,
    report      TEXT,
    imported_at INTEGER NOT NULL,
    data_as_of  INTEGER NOT NULL,
    accounts    INTEGER NOT NULL,
    keys        INTEGER NOT NULL
) STRICT;

-- What a partner still has to be told.
CREATE TABLE outbox (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    partner    INTEGER NOT NULL REFERENCES partner (id),
    type       INTEGER NOT NULL,
    subject    BLOB NOT NULL,
    body       BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (partner, type, subject)
) STRICT;

-- Opened positions: what survives a kill. One row a slice: positions are scattered over the list, and
-- a row for each would touch a page for each. `rows`: 16 bytes each, as opened.c says.
CREATE TABLE opened (
    round INTEGER NOT NULL REFERENCES round (number),
    grp   INTEGER NOT NULL,
    slice INTEGER NOT NULL,
    rows  BLOB NOT NULL,
    PRIMARY KEY (round, grp, slice)
) STRICT;

-- Results as of their round. grp 32: all groups together, each account once.
CREATE TABLE result (
    round    INTEGER NOT NULL REFERENCES round (number),
    grp      INTEGER NOT NULL,
    finished INTEGER NOT NULL,
    total    INTEGER NOT NULL,
    accounts INTEGER NOT NULL,
    review   INTEGER NOT NULL,
    vetoed   INTEGER NOT NULL,
    PRIMARY KEY (round, grp)
) STRICT, WITHOUT ROWID;

CREATE TABLE result_population (
    round   INTEGER NOT NULL,
    grp     INTEGER NOT NULL,
    side    INTEGER NOT NULL CHECK (side IN (0, 1)), -- 0: ours
    bit     INTEGER NOT NULL,
    name    TEXT NOT NULL,
    total   INTEGER NOT NULL,
    matched INTEGER NOT NULL,
    review  INTEGER NOT NULL,
    PRIMARY KEY (round, grp, side, bit),
    FOREIGN KEY (round, grp) REFERENCES result (round, grp)
) STRICT, WITHOUT ROWID;

CREATE TABLE result_cell (
    round    INTEGER NOT NULL,
    grp      INTEGER NOT NULL,
    own      INTEGER NOT NULL,
    partner  INTEGER NOT NULL,
    matched  INTEGER NOT NULL,
    reviewed INTEGER NOT NULL,
    PRIMARY KEY (round, grp, own, partner),
    FOREIGN KEY (round, grp) REFERENCES result (round, grp)
) STRICT, WITHOUT ROWID;

CREATE TABLE overlap (
    round               INTEGER NOT NULL,
    grp                 INTEGER NOT NULL,
    row                 INTEGER NOT NULL,
    source              TEXT NOT NULL,
    generation          TEXT NOT NULL,
    record_id           TEXT NOT NULL,
    name                TEXT NOT NULL,
    website             TEXT NOT NULL,
    country             TEXT NOT NULL,
    owner               TEXT NOT NULL,
    owner_email         TEXT NOT NULL,
    industry            TEXT NOT NULL,
    currency            TEXT NOT NULL,
    stage               TEXT NOT NULL,
    type                TEXT NOT NULL,
    extra               TEXT NOT NULL,
    deals               TEXT NOT NULL,
    employees           INTEGER NOT NULL,
    revenue             INTEGER NOT NULL,
    own_populations     INTEGER NOT NULL,
    partner_populations INTEGER NOT NULL,
    ordinal             INTEGER NOT NULL,
    key                 BLOB NOT NULL,
    origin              INTEGER NOT NULL,
    tier                INTEGER NOT NULL CHECK (tier IN (0, 1)), -- 0: match, 1: review
    vetoed              INTEGER NOT NULL CHECK (vetoed IN (0, 1)),
    conflicts           INTEGER NOT NULL,
    PRIMARY KEY (round, grp, row),
    FOREIGN KEY (round, grp) REFERENCES result (round, grp)
) STRICT, WITHOUT ROWID;
CREATE INDEX overlap_record ON overlap (round, source, record_id);
