/* card.c: what is pinned about a partner: checking it, and replacing its CURVE certificate.
 * May not change a card unless everything about the new certificate was verified. */
#include "internal.h"

#include <invitation.h>
#include <sodium.h>

static enum mdl_status check_text(const struct mdl_partner_card *card, struct mdl_error *err)
{
    enum mdl_status st = mdl_name_check(card->name, err);

    if (st == MDL_OK && card->endpoint[0] != '\0') {
        st = mdl_endpoint_check(card->endpoint, err);
    }
    return st;
}

static enum mdl_status check_identity(const struct mdl_partner_card *card,
                                      const struct mdl_curve_cert *cert, struct mdl_error *err)
{
    if (sodium_memcmp(cert->identity, card->identity, MDL_IDENTITY_BYTES) != 0) {
        return mdl_fail(err, MDL_P_UNKNOWN_KEY,
                        "the CURVE certificate is by another identity than the partner's");
    }
    return MDL_OK;
}

enum mdl_status mdl_card_verify(const struct mdl_partner_card *card, int64_t now,
                                struct mdl_error *err)
{
    enum mdl_status st = check_text(card, err);

    if (st == MDL_OK) {
        st = check_identity(card, &card->cert, err);
    }
    return st == MDL_OK ? mdl_cert_verify(&card->cert, now, err) : st;
}

enum mdl_status mdl_card_rotate(struct mdl_partner_card *card, const uint8_t *cert, size_t cert_len,
                                int64_t now, struct mdl_error *err)
{
    struct mdl_curve_cert fresh;
    uint8_t pinned[MDL_CERT_BYTES];
    enum mdl_status st = mdl_cert_decode(cert, cert_len, &fresh, err);

    if (st == MDL_OK) {
        st = check_identity(card, &fresh, err);
    }
    if (st != MDL_OK) {
        return st;
    }
    mdl_cert_encode(&card->cert, pinned); /* certificates are public */
    if (sodium_memcmp(pinned, cert, sizeof pinned) == 0) {
        return MDL_OK;
    }
    st = mdl_cert_verify(&fresh, now, err);
    if (st != MDL_OK) {
        return st;
    }
    if (fresh.serial <= card->cert.serial) {
        return mdl_fail(err, MDL_P_REPLAY,
                        "the partner sent CURVE certificate number %u, but number %u is pinned",
                        fresh.serial, card->cert.serial);
    }
    card->cert = fresh;
    return MDL_OK;
}
