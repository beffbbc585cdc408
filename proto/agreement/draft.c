/* draft.c: the standard agreement of PROTOCOL 4.9. May not: draw random bytes or ask a clock. */
#include <mandorla/agreement.h>

#include <stdio.h>
#include <string.h>

#define HOUR_MS UINT64_C(3600000)
#define YEAR_MS (HOUR_MS * 24 * 365)

static const char *const populations[] = {"customers", "open-opportunities", "prospects"};

/* A full-size list a day for a month, and room for rounds that break off. */
static const struct mdl_agreement_caps caps = {
    .max_keys_round = 1000000,
    .max_keys_month = 31000000,
    .min_keys = 1,
    .min_result = 0,
    .max_result = 0,
    .max_rounds_month = 100,
};

static enum mdl_status put_party(struct mdl_agreement *a, enum mdl_role role,
                                 const struct mdl_agreement_party *p, struct mdl_error *err)
{
    size_t len = strlen(p->name);

    if (len > MDL_AGREEMENT_NAME) {
        return mdl_fail(err, MDL_U_ARGUMENT, "the name of a party has %zu bytes, at most %d", len,
                        MDL_AGREEMENT_NAME);
    }
    memcpy(a->name[role], p->name, len + 1);
    memcpy(a->identity[role], p->identity, MDL_IDENTITY_BYTES);
    return mdl_agreement_set_populations(a, 0, role, populations,
                                         sizeof populations / sizeof populations[0], err);
}

static enum mdl_status put_profiles(struct mdl_agreement *a, const uint8_t (*profiles)[32],
                                    size_t n, struct mdl_error *err)
{
    if (n == 0 || n > MDL_AGREEMENT_PROFILES) {
        return mdl_fail(err, MDL_U_ARGUMENT, "the agreement must name 1 to %d profiles",
                        MDL_AGREEMENT_PROFILES);
    }
    memcpy(a->profiles, profiles, n * sizeof a->profiles[0]);
    a->n_profiles = n;
    return MDL_OK;
}

static void put_terms(struct mdl_agreement *a, uint64_t now_ms)
{
    static const char purpose[] = "co-sell account mapping";
    static const char basis[] = "GDPR Art. 6(1)(f) legitimate interests";

    memcpy(a->suite, MDL_SUITE_1, sizeof MDL_SUITE_1);
    memcpy(a->purpose, purpose, sizeof purpose);
    memcpy(a->legal_basis, basis, sizeof basis);
    a->caps = caps;
    a->approval = MDL_APPROVAL_STANDING;
    /* The partner's clock may be behind ours: let the agreement begin an hour ago. */
    a->valid_from = now_ms < HOUR_MS ? 0 : now_ms - HOUR_MS;
    a->valid_until = now_ms + YEAR_MS;
    a->retention_days = 365;
    a->key_deadline_s = 900;
}

enum mdl_status mdl_agreement_draft(const struct mdl_agreement_party *own,
                                    const struct mdl_agreement_party *partner,
                                    const uint8_t (*profiles)[32], size_t n_profiles,
                                    uint64_t now_ms, const uint8_t nonce[MDL_AGREEMENT_NONCE],
                                    struct mdl_agreement *out, struct mdl_error *err)
{
    enum mdl_role role = mdl_role_of(own->identity, partner->identity);

    memset(out, 0, sizeof *out);
    out->n_groups = 1;
    (void)snprintf(out->groups[0].level, sizeof out->groups[0].level, "%s",
                   mdl_level_name(MDL_LEVEL_ACCOUNTS));
    put_terms(out, now_ms);
    memcpy(out->nonce, nonce, MDL_AGREEMENT_NONCE);
    enum mdl_status st = put_party(out, role, own, err);
    if (st == MDL_OK) {
        st = put_party(out, mdl_role_other(role), partner, err);
    }
    if (st == MDL_OK) {
        st = put_profiles(out, profiles, n_profiles, err);
    }
    return st == MDL_OK ? mdl_agreement_valid(out, err) : st;
}
