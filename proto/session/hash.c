/* hash.c: every hash of PROTOCOL 6 and 7 that binds a step to its round, group and sender;
 * signatures. May not hold state. */
#include "internal.h"

#include <sodium.h>
#include <string.h>

static void begin(struct mdl_taghash *h, const char *label, const struct mdl_cell *c)
{
    mdl_taghash_init(h, label);
    mdl_taghash_part(h, c->sid, sizeof c->sid);
}

/* PROTOCOL 6.3 */
void mdl_sid(const struct mdl_session *s, uint8_t g, const uint8_t profile[32],
             uint8_t sid[MDL_SID_BYTES])
{
    const struct mdl_agreement *a = &s->agreement;
    struct mdl_taghash h;

    mdl_taghash_init(&h, "sid");
    mdl_taghash_u8(&h, MDL_WIRE_VERSION);
    mdl_taghash_part(&h, MDL_GROUP_SUITE, strlen(MDL_GROUP_SUITE));
    mdl_taghash_part(&h, s->agreement.groups[g].level, strlen(s->agreement.groups[g].level));
    mdl_taghash_part(&h, s->agreement_hash, sizeof s->agreement_hash);
    mdl_taghash_part(&h, s->round, sizeof s->round);
    mdl_taghash_part(&h, a->identity[0], MDL_IDENTITY_BYTES);
    mdl_taghash_part(&h, a->identity[1], MDL_IDENTITY_BYTES);
    mdl_taghash_part(&h, s->nonce[0], sizeof s->nonce[0]);
    mdl_taghash_part(&h, s->nonce[1], sizeof s->nonce[1]);
    mdl_taghash_u8(&h, g);
    mdl_taghash_part(&h, profile, 32);
    mdl_taghash_final(&h, sid);
}

void mdl_hash_chunk(const struct mdl_cell *c, uint8_t role, uint32_t index, const uint8_t *points,
                    size_t n, uint8_t out[32])
{
    struct mdl_taghash h;

    begin(&h, "chunk", c);
    mdl_taghash_u8(&h, role);
    mdl_taghash_u32(&h, index);
    mdl_taghash_part(&h, points, n * MDL_POINT_BYTES);
    mdl_taghash_final32(&h, out);
}

void mdl_hash_commitment(const struct mdl_cell *c, const char *label, uint8_t role,
                         const uint8_t salt[32], const uint8_t value[32], uint8_t out[32])
{
    struct mdl_taghash h;

    begin(&h, label, c);
    mdl_taghash_u8(&h, role);
    mdl_taghash_part(&h, salt, 32);
    mdl_taghash_part(&h, value, 32);
    mdl_taghash_final32(&h, out);
}

void mdl_hash_commit(const struct mdl_cell *c, uint8_t role, uint32_t n,
                     const struct mdl_list *chunks, const uint8_t root[32], const uint8_t key[32],
                     const uint8_t coin[32], uint8_t out[64])
{
    struct mdl_taghash h;

    begin(&h, "commit", c);
    mdl_taghash_u8(&h, role);
    mdl_taghash_u32(&h, n);
    mdl_taghash_begin(&h, (uint32_t)(chunks->count * 32));
    for (size_t i = 0; i < chunks->count; i++) {
        mdl_taghash_more(&h, mdl_list_at(chunks, i), 32);
    }
    mdl_taghash_part(&h, root, 32);
    mdl_taghash_part(&h, key, 32);
    mdl_taghash_part(&h, coin, 32);
    mdl_taghash_final(&h, out);
}

void mdl_hash_match(const struct mdl_cell *c, uint8_t role, const uint8_t *tags, uint32_t m,
                    uint8_t out[32])
{
    struct mdl_taghash h;

    begin(&h, "match", c);
    mdl_taghash_u8(&h, role);
    mdl_taghash_u32(&h, m);
    mdl_taghash_part(&h, tags, (size_t)m * MDL_TAG_BYTES);
    mdl_taghash_final32(&h, out);
}

void mdl_hash_proof_context(const struct mdl_cell *c, uint8_t role, uint32_t j, uint8_t out[64])
{
    struct mdl_taghash h;

    begin(&h, "dleq", c);
    mdl_taghash_u8(&h, role);
    mdl_taghash_part(&h, "slice", 5);
    mdl_taghash_u32(&h, j);
    mdl_taghash_final(&h, out);
}

enum mdl_status mdl_sign(const struct mdl_session *s, const uint8_t hash[64], uint8_t sig[64],
                         struct mdl_error *err)
{
    if (s->signer.sign(s->signer.ctx, hash, 64, sig) != 0) {
        return mdl_fail(err, MDL_L_KEY_FILE, "the identity key is not to be had for a signature");
    }
    return MDL_OK;
}

bool mdl_signed(const uint8_t identity[32], const uint8_t hash[64], const uint8_t sig[64])
{
    return crypto_sign_verify_detached(sig, hash, 64, identity) == 0;
}
