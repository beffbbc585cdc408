/* support.h: two parties with keys, and the draft between them. */
#ifndef MANDORLA_TEST_AGREEMENT_SUPPORT_H
#define MANDORLA_TEST_AGREEMENT_SUPPORT_H

#include <mandorla/agreement.h>
#include <sodium.h>

#define NOW UINT64_C(1795322765000) /* 2026-11-22 04:46:05 UTC */

struct party {
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    struct mdl_signer signer;
    const char *name;
};
/* By role: parties[MDL_ROLE_A] has the lower identity. Keys from fixed seeds. */
struct parties {
    struct party by_role[2];
};
void make_parties(struct parties *p);
/* The standard agreement as party A drafts it. */
void make_draft(const struct parties *p, struct mdl_agreement *a);

#endif
