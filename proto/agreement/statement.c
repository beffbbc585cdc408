/* statement.c: what a party signs about an agreement or a round. May not: hold a key. */
#include <mandorla/agreement.h>

#include <taghash.h>

static const char *label_of(enum mdl_statement what)
{
    switch (what) {
    case MDL_SAY_AGREEMENT:
        return "sign-agreement";
    case MDL_SAY_REVOKE:
        return "revoke-agreement";
    case MDL_SAY_PROPOSE:
        return "propose";
    case MDL_SAY_APPROVE:
        return "approve";
    }
    return "";
}

static void digest(enum mdl_statement what, const struct mdl_statement_parts *p, enum mdl_role role,
                   uint8_t out[MDL_TAGHASH_BYTES])
{
    struct mdl_taghash h;

    mdl_taghash_init(&h, label_of(what));
    if (what == MDL_SAY_PROPOSE || what == MDL_SAY_APPROVE) {
        mdl_taghash_part(&h, p->round, 16);
    }
    mdl_taghash_part(&h, p->hash, MDL_AGREEMENT_HASH);
    if (what == MDL_SAY_PROPOSE) {
        mdl_taghash_u64(&h, p->created);
    }
    mdl_taghash_u8(&h, (uint8_t)role);
    mdl_taghash_final(&h, out);
}

enum mdl_status mdl_statement_sign(enum mdl_statement what, const struct mdl_statement_parts *parts,
                                   enum mdl_role role, const struct mdl_signer *signer,
                                   uint8_t sig[MDL_SIGNATURE_BYTES], struct mdl_error *err)
{
    uint8_t msg[MDL_TAGHASH_BYTES];

    digest(what, parts, role, msg);
    if (signer->sign(signer->ctx, msg, sizeof msg, sig) != 0) {
        return mdl_fail(err, MDL_L_KEY_FILE, "the identity key is not to be had for signing");
    }
    return MDL_OK;
}

enum mdl_status mdl_statement_verify(enum mdl_statement what,
                                     const struct mdl_statement_parts *parts, enum mdl_role role,
                                     const uint8_t identity[MDL_IDENTITY_BYTES],
                                     const uint8_t sig[MDL_SIGNATURE_BYTES], struct mdl_error *err)
{
    uint8_t msg[MDL_TAGHASH_BYTES];

    digest(what, parts, role, msg);
    if (crypto_sign_verify_detached(sig, msg, sizeof msg, identity) != 0) {
        return mdl_fail(err, MDL_P_SIGNATURE, "the signature of party %c (%s) does not verify",
                        role == MDL_ROLE_A ? 'A' : 'B', label_of(what));
    }
    return MDL_OK;
}
