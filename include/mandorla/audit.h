/* audit.h: entries of the append-only log, their chain and tree, and receipts (PROTOCOL 8, 11).
 *
 * Entries hold no personal data, only salted commitments. The salts stand elsewhere and may be
 * erased; the log still verifies. Formats are public, so that outsiders verify with their own
 * tools: entries are canonical MessagePack, the tree is RFC 6962 with SHA-256.
 *
 * Pure functions: no clock, no IO, no randomness. A tree or verifier belongs to one thread.
 */
#ifndef MANDORLA_AUDIT_H
#define MANDORLA_AUDIT_H

#include <mandorla/role.h>
#include <mandorla/status.h>
#include <stdbool.h>

#define MDL_HASH256        32
#define MDL_LOG_ENTRY_MAX  512 /* bytes of an encoded entry */
#define MDL_LOG_NOTE       200
#define MDL_LOG_SALT       32
#define MDL_RECEIPT_MAX    8192 /* bytes of an encoded receipt */
#define MDL_RECEIPT_GROUPS 32

/* ---- entries ------------------------------------------------------------------------------ */

/* X(NAME, number, "slug", "for people"). Numbers never change and are never reused. */
#define MDL_LOG_KIND_LIST(X)                                                                       \
    X(NODE_START, 1, "node-start", "node started")                                                 \
    X(NODE_STOP, 2, "node-stop", "node stopped")                                                   \
    X(MESSAGE_OUT, 3, "message-out", "message sent")                                               \
    X(MESSAGE_IN, 4, "message-in", "message received")                                             \
    X(ROUND_PHASE, 5, "round-phase", "round entered a phase")                                      \
    X(SLICE_OPENED, 6, "slice-opened", "matches of a slice opened")                                \
    X(ROUND_END, 7, "round-end", "round ended")                                                    \
    X(AGREEMENT, 8, "agreement", "agreement signed, accepted, rejected or revoked")                \
    X(PARTNER_PINNED, 9, "partner-pinned", "partner pinned")                                       \
    X(PARTNER_REMOVED, 10, "partner-removed", "partner removed")                                   \
    X(IMPORT, 11, "import", "account list imported")                                               \
    X(DEBIT, 12, "debit", "keys debited to the partner's budget")                                  \
    X(RECEIPT, 13, "receipt", "receipt signed by both")                                            \
    X(OPERATOR, 14, "operator", "act of the operator")                                             \
    X(ERASURE, 15, "erasure", "results or openings erased")                                        \
    X(KEY_ROTATED, 16, "key-rotated", "CURVE key replaced")                                        \
    X(DISPUTE, 17, "dispute", "match disputed, or a dispute withdrawn")

#define MDL_LOG_KIND_ENUM(name, number, slug, label) MDL_LOG_##name = number,
enum mdl_log_kind { MDL_LOG_KIND_LIST(MDL_LOG_KIND_ENUM) };
#undef MDL_LOG_KIND_ENUM

enum mdl_log_direction { MDL_LOG_LOCAL = 0, MDL_LOG_IN = 1, MDL_LOG_OUT = 2 };

/* All-zero bytes where an entry has no partner, round, agreement or commitment. */
struct mdl_log_entry {
    uint64_t seq; /* 1, 2, 3, ... */
    uint64_t time_ms;
    uint8_t kind;      /* enum mdl_log_kind */
    uint8_t direction; /* enum mdl_log_direction */
    uint8_t partner[MDL_IDENTITY_BYTES];
    uint8_t round[16];
    uint8_t agreement[64];
    uint8_t type;  /* of a message; 0 else */
    uint64_t size; /* bytes of a message, keys of a debit, rows of a slice or import; 0 else */
    uint8_t commitment[MDL_HASH256];
    char note[MDL_LOG_NOTE + 1]; /* clean UTF-8; no key, no person, no account */
};

/* Error: MDL_BUG (a field outside its limits: kind 0, direction, a note that is not clean UTF-8).
 */
MDL_MUST_CHECK enum mdl_status mdl_log_entry_encode(const struct mdl_log_entry *e,
                                                    uint8_t buf[MDL_LOG_ENTRY_MAX], size_t *len,
                                                    struct mdl_error *err);
/* Kinds this version does not know are read, not refused. Errors: MDL_L_CHAIN (the bytes are no
 * entry; the text says where), MDL_L_MEMORY. */
MDL_MUST_CHECK enum mdl_status mdl_log_entry_decode(const uint8_t *bytes, size_t len,
                                                    struct mdl_log_entry *out,
                                                    struct mdl_error *err);
const char *mdl_log_kind_slug(uint8_t kind);  /* "unknown" */
const char *mdl_log_kind_label(uint8_t kind); /* "unknown" */

/* SHA-256(salt || bytes): what an entry shows of a message. */
void mdl_log_commit(const uint8_t salt[MDL_LOG_SALT], const uint8_t *bytes, size_t len,
                    uint8_t out[MDL_HASH256]);

/* ---- chain -------------------------------------------------------------------------------- */

/* SHA-256(0x00 || entry), the leaf hash of RFC 6962. */
void mdl_log_leaf(const uint8_t *entry, size_t len, uint8_t leaf[MDL_HASH256]);
/* chain_0 = T32("log", identity): a log belongs to one node. */
void mdl_log_chain_start(const uint8_t identity[MDL_IDENTITY_BYTES], uint8_t chain[MDL_HASH256]);
/* chain_n = SHA-256(0x02 || chain_{n-1} || leaf_n). `out` may be `prev`. */
void mdl_log_chain_next(const uint8_t prev[MDL_HASH256], const uint8_t leaf[MDL_HASH256],
                        uint8_t out[MDL_HASH256]);

/* ---- tree (RFC 6962, 2.1) ----------------------------------------------------------------- */

/* Leaves in, root out; memory of 64 hashes however many leaves. Zeroed = empty. Serves the log and
 * the list commitment of PROTOCOL 6.6. */
struct mdl_merkle {
    uint64_t count;
    uint8_t full[64][MDL_HASH256]; /* full[h]: the full subtree of 2^h leaves, if bit h of count */
};
void mdl_merkle_init(struct mdl_merkle *m);
/* One leaf by its data, whole or in two parts (data = a || b); the second may be empty. */
void mdl_merkle_add(struct mdl_merkle *m, const void *a, size_t a_len, const void *b, size_t b_len);
/* One leaf by its leaf hash. */
void mdl_merkle_add_leaf(struct mdl_merkle *m, const uint8_t leaf[MDL_HASH256]);
/* The root so far; the tree can go on. SHA-256 of nothing for the empty tree. */
void mdl_merkle_root(const struct mdl_merkle *m, uint8_t root[MDL_HASH256]);

/* ---- verifying a log ---------------------------------------------------------------------- */

/* A row as it is stored. */
struct mdl_log_item {
    uint64_t seq;
    const uint8_t *entry;
    size_t len;
    const uint8_t *leaf;  /* MDL_HASH256 */
    const uint8_t *chain; /* MDL_HASH256 */
};
struct mdl_log_verifier {
    uint64_t next_seq;
    uint8_t chain[MDL_HASH256]; /* as stored in the last row */
    struct mdl_merkle tree;     /* over the leaf hashes computed from the entries */
    uint64_t problems;
};
void mdl_log_verify_start(struct mdl_log_verifier *v, const uint8_t identity[MDL_IDENTITY_BYTES]);
/* Rows in order. `entry`, if not NULL, receives the decoded entry. Error: MDL_L_CHAIN; the text
 * names the entry and the first thing wrong with it (missing before it, bytes, number, leaf hash,
 * chain). The caller may go on: the next row is checked against this row as stored, so each fault
 * is told once. MDL_L_MEMORY: stop. */
MDL_MUST_CHECK enum mdl_status mdl_log_verify_next(struct mdl_log_verifier *v,
                                                   const struct mdl_log_item *item,
                                                   struct mdl_log_entry *entry,
                                                   struct mdl_error *err);
/* After the last row: the log ends where a head seen elsewhere (a checkpoint, a backup) says.
 * Error: MDL_L_CHAIN (shorter, longer, or another chain value). */
MDL_MUST_CHECK enum mdl_status mdl_log_verify_head(const struct mdl_log_verifier *v, uint64_t seq,
                                                   const uint8_t chain[MDL_HASH256],
                                                   struct mdl_error *err);

/* ---- receipts (PROTOCOL 8) ---------------------------------------------------------------- */

struct mdl_receipt_group {
    char level[17];
    uint32_t n[2]; /* match keys, by role */
    uint32_t m;    /* matching keys */
    uint32_t slices;
    uint8_t list_root[2][MDL_HASH256];
};

/* Arrays of two are by role. */
struct mdl_receipt {
    uint8_t round[16];
    uint8_t agreement[64];
    uint8_t profile[32];
    char suite[33];
    uint8_t identity[2][MDL_IDENTITY_BYTES];
    uint64_t created;
    size_t n_groups;
    struct mdl_receipt_group groups[MDL_RECEIPT_GROUPS];
    uint8_t transcript[2][64]; /* of what that role sent */
    uint32_t accounts[2];
    uint32_t review[2];
    uint64_t finished[2];
};

/* Error: MDL_BUG (a field outside its limits). */
MDL_MUST_CHECK enum mdl_status mdl_receipt_encode(const struct mdl_receipt *r,
                                                  uint8_t buf[MDL_RECEIPT_MAX], size_t *len,
                                                  struct mdl_error *err);
/* Errors: MDL_P_MALFORMED, MDL_P_OVERSIZE, MDL_P_VERSION, MDL_L_MEMORY; MDL_P_RECEIPT (identities
 * out of order). */
MDL_MUST_CHECK enum mdl_status mdl_receipt_decode(const uint8_t *bytes, size_t len,
                                                  struct mdl_receipt *out, struct mdl_error *err);
/* Signature over T("receipt", bytes). Error: MDL_L_KEY_FILE. */
MDL_MUST_CHECK enum mdl_status mdl_receipt_sign(const uint8_t *bytes, size_t len,
                                                const struct mdl_signer *signer,
                                                uint8_t sig[MDL_SIGNATURE_BYTES],
                                                struct mdl_error *err);
/* One signature. Error: MDL_P_RECEIPT. */
MDL_MUST_CHECK enum mdl_status mdl_receipt_verify(const uint8_t *bytes, size_t len,
                                                  const uint8_t identity[MDL_IDENTITY_BYTES],
                                                  const uint8_t sig[MDL_SIGNATURE_BYTES],
                                                  struct mdl_error *err);
/* The whole: decodes, and both parties named in it have signed. Errors as the two above; the text
 * says whose signature fails. */
MDL_MUST_CHECK enum mdl_status mdl_receipt_open(const uint8_t *bytes, size_t len,
                                                const uint8_t sig_a[MDL_SIGNATURE_BYTES],
                                                const uint8_t sig_b[MDL_SIGNATURE_BYTES],
                                                struct mdl_receipt *out, struct mdl_error *err);
/* The receipt as lines for people, seen from neither side; each is valid during the call. */
typedef void mdl_receipt_line_fn(void *ctx, const char *line);
void mdl_receipt_describe(const struct mdl_receipt *r, mdl_receipt_line_fn *line, void *ctx);

#endif
