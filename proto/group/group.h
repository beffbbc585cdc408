/* group.h: ristretto255 in batches. The only room that ever holds a round's scalar.
 *
 * Shapes. A point is 32 bytes, its canonical encoding (RFC 9496, 4.3.1 and 4.3.2); a list of n
 * points is n * 32 contiguous bytes, so a range of a list is pointer arithmetic. Every batch
 * function takes one scalar and any number of elements, 0 included (then pointers may be NULL).
 * Output may not overlap input, except where said.
 *
 * Errors. `status`, where a function has it, receives one byte an element: an enum mdl_status of
 * class PEER, all of which are below 200 (MDL_OK is 0); it may be NULL. The output of a failed
 * element is 32 zero bytes, its neighbours are computed as if it were not there. The function
 * returns MDL_OK, or the status of the first failed element with its position in the batch in
 * err->text: the caller who gets a PEER status aborts the round with it. MDL_U_ARGUMENT always
 * means a mistake of the calling code.
 *
 * Threads. Everything here may be called from any thread at once. A key is read-only after it is
 * made, so any number of batches may use it in parallel; free it after the last one has come back.
 *
 * Time. Whatever touches a key's scalar takes time that depends on the number and length of the
 * inputs only. What works on a partner's points and published proofs alone is free to branch.
 *
 * The engine. The same bytes come from several engines: avx512 (8 elements at a time), avx2 (4),
 * portable (1, any 64-bit machine) and libsodium. mdl_group_init takes the first of them that this
 * machine can run, or the one that the environment variable MANDORLA_ENGINE names, compares it with
 * libsodium on a few elements and falls back to libsodium if they differ. Batches of a multiple of
 * 128 elements waste nothing; one element costs as much as a vector of them.
 */
#ifndef MANDORLA_GROUP_H
#define MANDORLA_GROUP_H

#include <mandorla/status.h>
#include <stdbool.h>

#define MDL_GROUP_SUITE  "ristretto255-sha512"
#define MDL_POINT_BYTES  32
#define MDL_SCALAR_BYTES 32
#define MDL_TAG_BYTES    16
#define MDL_PROOF_BYTES  64 /* c || s, RFC 9497, 2.2 */
#define MDL_FRESH_BYTES  32
/* Rows in one proof. RFC 9497 numbers rows with two bytes; longer lists take several proofs. */
#define MDL_DLEQ_ROWS_MAX 65536

/* The canonical generator G (RFC 9496, appendix A.1, B[1]). */
extern const uint8_t mdl_group_generator[MDL_POINT_BYTES];

/* Starts libsodium, chooses the engine and tests it for some milliseconds. Call it once before
 * anything else here; more calls do no harm.
 * Errors: MDL_L_LIBRARY (the library gives other results than RFC 9496 or has no random source: the
 * node must not run), MDL_U_ARGUMENT (MANDORLA_ENGINE names no engine, or one that this machine
 * cannot run; the text names those that it can). */
MDL_MUST_CHECK enum mdl_status mdl_group_init(struct mdl_error *err);
/* "avx2", or "libsodium 1.0.18 (avx2 failed its self-test)": for logs, `--version`, benchmarks. */
const char *mdl_group_engine(void);

/* ---- the round key ---------------------------------------------------------- */

/* A scalar k in [1, L-1] and K = k*G, in locked memory that is in no core dump, read-only once
 * made, wiped when freed. Nothing prints, copies or returns k. */
struct mdl_scalar_key;

/* A fresh key from libsodium's random source (a simulation that must be reproducible installs its
 * own with randombytes_set_implementation). Free with mdl_scalar_key_free.
 * Errors: MDL_L_MEMORY (no memory, or it cannot be locked: RLIMIT_MEMLOCK; no key is made then),
 * MDL_L_LIBRARY (no random source). */
MDL_MUST_CHECK enum mdl_status mdl_scalar_key_generate(struct mdl_scalar_key **out,
                                                       struct mdl_error *err);
void mdl_scalar_key_free(struct mdl_scalar_key *key); /* wipes; NULL is a no-op */
/* K, 32 bytes, as long as the key lives. K is to be kept back until the protocol opens it. */
const uint8_t *mdl_scalar_key_public(const struct mdl_scalar_key *key);

/* ---- batches ---------------------------------------------------------------- */

/* n inputs packed one behind the other: input i is bytes[offset[i] .. offset[i + 1]). `offset` has
 * n + 1 entries, so a range is {bytes, offset + first, count}. Empty inputs are allowed. */
struct mdl_inputs {
    const uint8_t *bytes;
    const size_t *offset;
    size_t n;
};

/* out[i] = H(x_i): HashToGroup of RFC 9497, 4.1 = expand_message_xmd with SHA-512 to 64 bytes
 * (RFC 9380, 5.3.1) and the element derivation of RFC 9496, 4.3.4. `dst` is the whole domain
 * separation tag as it is used ("HashToGroup-" || contextString in RFC 9497), at least one byte;
 * one above 255 bytes is hashed first (RFC 9380, 5.3.3).
 * Errors: MDL_U_ARGUMENT (empty dst, offsets that descend). An element hashing to the identity has
 * MDL_P_IDENTITY (RFC 9497, 3.3.1: InvalidInputError; it happens with probability 2^-252). */
MDL_MUST_CHECK enum mdl_status mdl_group_hash(const uint8_t *dst, size_t dst_len,
                                              const struct mdl_inputs *in, uint8_t *out,
                                              uint8_t *status, struct mdl_error *err);

/* out[i] = k * H(x_i): Blind of RFC 9497, 3.3.1 with one scalar for all. Errors as above. */
MDL_MUST_CHECK enum mdl_status mdl_group_hash_blind(const struct mdl_scalar_key *key,
                                                    const uint8_t *dst, size_t dst_len,
                                                    const struct mdl_inputs *in, uint8_t *out,
                                                    uint8_t *status, struct mdl_error *err);

/* out[i] = k * points[i]: BlindEvaluate of RFC 9497, 3.3.1, with DeserializeElement's checks (4.1).
 * out == points is allowed. Per element: MDL_P_ENCODING (also a point with bit 255 set, which
 * libsodium 1.0.18 takes for the point without), MDL_P_IDENTITY. */
MDL_MUST_CHECK enum mdl_status mdl_group_evaluate(const struct mdl_scalar_key *key,
                                                  const uint8_t *points, size_t n, uint8_t *out,
                                                  uint8_t *status, struct mdl_error *err);

/* Only the checks of mdl_group_evaluate: canonical encoding of a point that is not the identity
 * (RFC 9496, 4.3.1; RFC 9497, 4.1). Costs a tenth of a multiplication. */
MDL_MUST_CHECK enum mdl_status mdl_group_check_encoding(const uint8_t *points, size_t n,
                                                        uint8_t *status, struct mdl_error *err);

/* out[i] = first 16 bytes of SHA-512(prefix || points[i]). `prefix` is what binds the tags to a
 * round and a step; it must have one length for all of a protocol, or be length-prefixed itself. */
void mdl_tag_batch(const uint8_t *prefix, size_t prefix_len, const uint8_t *points, size_t n,
                   uint8_t *out16);

/* ---- lists ------------------------------------------------------------------ */

/* What a received list must keep to, beside mdl_group_check_encoding. */
struct mdl_list_rules {
    const uint8_t *prev;  /* last point of the chunk before, NULL for the first chunk */
    const uint8_t *known; /* points that may not appear, in any order: our K. G need not be named */
    size_t n_known;       /* a few: each is compared with each */
    const uint8_t *own;   /* our own list, strictly ascending */
    size_t n_own;
};

/* Compares bytes only, no arithmetic, so a chunk may be checked on the loop thread. Per element,
 * the first of: MDL_P_IDENTITY, MDL_P_GENERATOR (G or a known point), MDL_P_ORDER (not above its
 * predecessor, bytewise; equal points are this too), MDL_P_REFLECTED (in `own`). At worst
 * O(n log n_own). Sees encodings, not points: complete only with mdl_group_check_encoding. */
MDL_MUST_CHECK enum mdl_status mdl_list_check(const struct mdl_list_rules *rules,
                                              const uint8_t *points, size_t n, uint8_t *status,
                                              struct mdl_error *err);

/* The K that the partner opened: valid, not the identity, not G, not `ours`.
 * Errors: MDL_P_KEY with the reason. */
MDL_MUST_CHECK enum mdl_status mdl_group_check_key(const uint8_t theirs[MDL_POINT_BYTES],
                                                   const uint8_t ours[MDL_POINT_BYTES],
                                                   struct mdl_error *err);

/* Sorts n items of `width` bytes (32 or 16: points or tags) ascending bytewise and, if `index` is
 * not NULL, carries index[i] along with item i. Stable. O(n log n) whatever a partner chose, no
 * recursion; needs n * (width + 32) bytes for the time of the call, which it wipes.
 * Errors: MDL_L_MEMORY, MDL_U_ARGUMENT (another width, n > UINT32_MAX); the list is
 * unchanged then. */
MDL_MUST_CHECK enum mdl_status mdl_list_sort(uint8_t *items, size_t width, uint32_t *index,
                                             size_t n, struct mdl_error *err);

/* ---- proofs: log_G K = log_C[i] D[i] for all rows i ------------------------- */

/* RFC 9497, 2.2 (GenerateProof, VerifyProof, ComputeComposites) with A = G and
 *     contextString = "MDL1-DLEQ-" || SHA-512(I2OSP(len(ctx), 2) || ctx || K || I2OSP(m, 4)
 *                                             || C[0] || D[0] || ... || C[m-1] || D[m-1])
 * and nothing else changed. So each row's weight depends on *all* rows: the weights of the RFC
 * depend on the row alone, and with thousands of rows of his own choosing a prover passes with
 * every row false (Wagner's generalised birthday). `ctx` (sid, role, step; at most 65,535 bytes) is
 * made by the caller. Weights are full-size scalars.
 *
 * Short form: mdl_dleq_prove, mdl_dleq_verify. To spread the work over threads:
 *   1. mdl_dleq_begin                      once; hashes all rows (fast)
 *   2. mdl_dleq_sum_prover or _verifier    a range of rows each, in any order, on any thread
 *   3. mdl_dleq_finish_prove or _verify    once, with the parts in the order of their rows */
struct mdl_dleq { /* public values only; may be copied. Fields are for this room */
    uint8_t key[MDL_POINT_BYTES];
    uint8_t seed[64];
    uint8_t context[80];
    size_t context_len;
    size_t m;
};

struct mdl_dleq_part { /* sums over rows first .. first + n; public values only */
    uint8_t seed[64];  /* of the statement it belongs to */
    size_t first, n;
    bool has_z;
    uint8_t m_sum[MDL_POINT_BYTES];
    uint8_t z_sum[MDL_POINT_BYTES];
};

/* Fixes the statement. C and D hold m points, 1 <= m <= MDL_DLEQ_ROWS_MAX.
 * Errors: MDL_U_ARGUMENT (m, ctx_len), MDL_P_KEY (K is not a point, the identity or G). */
MDL_MUST_CHECK enum mdl_status mdl_dleq_begin(struct mdl_dleq *d, const uint8_t *ctx,
                                              size_t ctx_len, const uint8_t K[MDL_POINT_BYTES],
                                              const uint8_t *C, const uint8_t *D, size_t m,
                                              struct mdl_error *err);

/* Weighted sums over rows first .. first + n (n >= 1); C and D point to row `first`. The prover
 * needs the sum over C only (Z = k*M) and half the time; the verifier needs both.
 * Needs 33 bytes a row and up to 4 MB for the time of the call; a range of thousands of rows costs
 * half as much a row as one of a few hundred.
 * Errors: MDL_U_ARGUMENT (the range is outside), MDL_P_ENCODING, MDL_P_IDENTITY (a row),
 * MDL_L_MEMORY. */
MDL_MUST_CHECK enum mdl_status mdl_dleq_sum_prover(const struct mdl_dleq *d, size_t first, size_t n,
                                                   const uint8_t *C, const uint8_t *D,
                                                   struct mdl_dleq_part *out,
                                                   struct mdl_error *err);
MDL_MUST_CHECK enum mdl_status mdl_dleq_sum_verifier(const struct mdl_dleq *d, size_t first,
                                                     size_t n, const uint8_t *C, const uint8_t *D,
                                                     struct mdl_dleq_part *out,
                                                     struct mdl_error *err);

/* GenerateProof. `fresh` are 32 new random bytes; the nonce is
 * SHA-512("MDL1-DLEQ-NONCE" || k || fresh || seed || contextString || M) mod L, so that
 * neither a bad random source nor a repeated one alone gives the key away. Does not check that the
 * rows are true: D[i] is the prover's own k*C[i].
 * Errors: MDL_U_ARGUMENT (the parts do not cover the statement's rows, or K is not this key's),
 * MDL_BUG (a value that occurs with probability 2^-252). */
MDL_MUST_CHECK enum mdl_status
mdl_dleq_finish_prove(const struct mdl_dleq *d, const struct mdl_scalar_key *key,
                      const struct mdl_dleq_part *part, size_t n_parts,
                      const uint8_t fresh[MDL_FRESH_BYTES], uint8_t proof[MDL_PROOF_BYTES],
                      struct mdl_error *err);

/* VerifyProof. Beyond the RFC, c and s must be in [1, L-1] and no composite may be the identity (an
 * honest proof breaks that with probability 2^-252).
 * Errors: MDL_P_PROOF, MDL_U_ARGUMENT (as above). */
MDL_MUST_CHECK enum mdl_status
mdl_dleq_finish_verify(const struct mdl_dleq *d, const struct mdl_dleq_part *part, size_t n_parts,
                       const uint8_t proof[MDL_PROOF_BYTES], struct mdl_error *err);

/* All three steps on the calling thread; K is the key's own. Errors: the union of the above. */
MDL_MUST_CHECK enum mdl_status mdl_dleq_prove(const struct mdl_scalar_key *key, const uint8_t *ctx,
                                              size_t ctx_len, const uint8_t *C, const uint8_t *D,
                                              size_t m, const uint8_t fresh[MDL_FRESH_BYTES],
                                              uint8_t proof[MDL_PROOF_BYTES],
                                              struct mdl_error *err);
MDL_MUST_CHECK enum mdl_status mdl_dleq_verify(const uint8_t K[MDL_POINT_BYTES], const uint8_t *ctx,
                                               size_t ctx_len, const uint8_t *C, const uint8_t *D,
                                               size_t m, const uint8_t proof[MDL_PROOF_BYTES],
                                               struct mdl_error *err);

#endif
