/* support.c: two parties with keys, and the draft between them. */
#include "support.h"

#include <stdlib.h>
#include <string.h>

static int sign(void *ctx, const uint8_t *msg, size_t len, uint8_t sig[MDL_SIGNATURE_BYTES])
{
    const struct party *p = ctx;

    return crypto_sign_detached(sig, NULL, msg, len, p->secret);
}

static void make_party(struct party *p, uint8_t seed_byte, const char *name)
{
    uint8_t seed[crypto_sign_SEEDBYTES];

    memset(seed, seed_byte, sizeof seed);
    (void)crypto_sign_seed_keypair(p->signer.identity, p->secret, seed);
    p->signer.sign = sign;
    p->name = name;
}

void make_parties(struct parties *p)
{
    struct party one;
    struct party two;

    make_party(&one, 1, "Nordlys AS");
    make_party(&two, 2, "Contoso \"Cloud\" GmbH");
    bool swap = memcmp(one.signer.identity, two.signer.identity, MDL_IDENTITY_BYTES) > 0;
    p->by_role[swap] = one;
    p->by_role[!swap] = two;
    for (size_t i = 0; i < 2; i++) {
        p->by_role[i].signer.ctx = &p->by_role[i];
    }
}

void make_draft(const struct parties *p, struct mdl_agreement *a)
{
    static const uint8_t profiles[2][32] = {{1}, {2}};
    static const uint8_t nonce[MDL_AGREEMENT_NONCE] = {9, 8, 7};
    const struct mdl_agreement_party own = {p->by_role[0].signer.identity, p->by_role[0].name};
    const struct mdl_agreement_party partner = {p->by_role[1].signer.identity, p->by_role[1].name};

    if (mdl_agreement_draft(&own, &partner, profiles, 2, NOW, nonce, a, NULL) != MDL_OK) {
        abort();
    }
}
