/* force.c: whether an agreement is in force now, between us (PROTOCOL 4.5). May not: ask a clock.
 */
#include <mandorla/agreement.h>

#include <record.h>
#include <string.h>

enum mdl_status mdl_agreement_between(const struct mdl_agreement *a,
                                      const uint8_t own[MDL_IDENTITY_BYTES],
                                      const uint8_t partner[MDL_IDENTITY_BYTES],
                                      struct mdl_error *err)
{
    enum mdl_role role = mdl_role_of(own, partner);

    if (memcmp(a->identity[role], own, MDL_IDENTITY_BYTES) != 0) {
        return mdl_fail(err, MDL_P_AGREEMENT, "the agreement does not name this node");
    }
    if (memcmp(a->identity[mdl_role_other(role)], partner, MDL_IDENTITY_BYTES) != 0) {
        return mdl_fail(err, MDL_P_AGREEMENT, "the agreement does not name this partner");
    }
    return MDL_OK;
}

static enum mdl_status check_window(const struct mdl_agreement *a, uint64_t now_ms,
                                    struct mdl_error *err)
{
    char when[MDL_TEXT_TIME];

    if (now_ms < a->valid_from) {
        mdl_text_time(a->valid_from, when);
        return mdl_fail(err, MDL_P_AGREEMENT, "the agreement begins only at %s", when);
    }
    if (now_ms >= a->valid_until) {
        mdl_text_time(a->valid_until, when);
        return mdl_fail(err, MDL_P_AGREEMENT, "the agreement ended at %s", when);
    }
    return MDL_OK;
}

static enum mdl_status check_signature(const struct mdl_agreement_file *f,
                                       const struct mdl_agreement *a, enum mdl_role role,
                                       struct mdl_error *err)
{
    uint8_t hash[MDL_AGREEMENT_HASH];
    const struct mdl_statement_parts parts = {.hash = hash};

    mdl_agreement_hash(f->bytes, f->len, hash);
    if (f->revocation[role] != NULL) {
        enum mdl_status st = mdl_statement_verify(MDL_SAY_REVOKE, &parts, role, a->identity[role],
                                                  f->revocation[role], err);
        if (st != MDL_OK) {
            return st;
        }
        return mdl_fail(err, MDL_P_AGREEMENT, "%s revoked the agreement", a->name[role]);
    }
    if (f->signature[role] == NULL) {
        return mdl_fail(err, MDL_P_AGREEMENT, "%s has not signed the agreement", a->name[role]);
    }
    return mdl_statement_verify(MDL_SAY_AGREEMENT, &parts, role, a->identity[role],
                                f->signature[role], err);
}

enum mdl_status mdl_agreement_in_force(const struct mdl_agreement_file *f,
                                       const uint8_t own[MDL_IDENTITY_BYTES],
                                       const uint8_t partner[MDL_IDENTITY_BYTES], uint64_t now_ms,
                                       struct mdl_agreement *out, struct mdl_error *err)
{
    enum mdl_status st = mdl_agreement_decode(f->bytes, f->len, out, err);

    if (st == MDL_OK) {
        st = mdl_agreement_between(out, own, partner, err);
    }
    if (st == MDL_OK) {
        st = check_signature(f, out, MDL_ROLE_A, err);
    }
    if (st == MDL_OK) {
        st = check_signature(f, out, MDL_ROLE_B, err);
    }
    return st == MDL_OK ? check_window(out, now_ms, err) : st;
}
