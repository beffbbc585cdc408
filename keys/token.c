/* token.c: invitations: made and signed, read and verified.
 * May not return anything of a token that did not verify whole. */
#include "token.h"

#include "internal.h"

#include <sodium.h>
#include <string.h>

enum { AT_CREATED = 1, AT_EXPIRES = 9, AT_NONCE = 17, AT_CERT = 33, AT_NAME = 182 };
_Static_assert(AT_NONCE + MDL_TOKEN_NONCE == AT_CERT && AT_CERT + MDL_CERT_BYTES == AT_NAME,
               "the layout adds up");

static void hash_signed(const uint8_t *bytes, size_t len, uint8_t out[MDL_TAGGED_BYTES])
{
    const struct mdl_part part = {bytes, len};

    mdl_tagged("invitation", &part, 1, out);
}

/* ---- making ------------------------------------------------------------------------------- */

static enum mdl_status check_own(const struct mdl_invitation *inv, const struct mdl_identity *id,
                                 struct mdl_error *err)
{
    const uint8_t *own = mdl_identity_public(id);

    if (!mdl_times_sane(inv->created, inv->expires)) {
        return mdl_fail(err, MDL_U_ARGUMENT, "an invitation must expire after it is made");
    }
    /* both are public */
    if (sodium_memcmp(inv->card.identity, own, MDL_IDENTITY_BYTES) != 0) {
        return mdl_fail(err, MDL_U_ARGUMENT,
                        "an invitation can be signed by its own identity only");
    }
    /* The validity of the certificate counts from the moment the invitation is made. */
    enum mdl_status st = mdl_card_verify(&inv->card, inv->created, err);
    if (st != MDL_OK && st != MDL_U_ARGUMENT && err != NULL) {
        err->status = MDL_U_ARGUMENT;
    }
    return st == MDL_OK ? MDL_OK : MDL_U_ARGUMENT;
}

static enum mdl_status copy_text(char *out, size_t max, const char *text, const char *what,
                                 struct mdl_error *err)
{
    const size_t len = strnlen(text, max + 1);

    if (len > max) {
        return mdl_fail(err, MDL_U_ARGUMENT, "the %s is longer than %zu bytes", what, max);
    }
    memcpy(out, text, len);
    out[len] = '\0';
    return MDL_OK;
}

enum mdl_status mdl_invitation_new(const struct mdl_identity *id, const struct mdl_curve_cert *cert,
                                   const char *name, const char *endpoint, int64_t created,
                                   int64_t expires, struct mdl_invitation *out,
                                   struct mdl_error *err)
{
    struct mdl_invitation inv = {.created = created, .expires = expires};

    enum mdl_status st = copy_text(inv.card.name, MDL_NAME_MAX, name, "name", err);
    if (st == MDL_OK) {
        st = copy_text(inv.card.endpoint, MDL_ENDPOINT_MAX, endpoint, "endpoint", err);
    }
    if (st != MDL_OK) {
        return st;
    }
    memcpy(inv.card.identity, mdl_identity_public(id), MDL_IDENTITY_BYTES);
    inv.card.cert = *cert;
    randombytes_buf(inv.nonce, sizeof inv.nonce);
    st = check_own(&inv, id, err);
    if (st == MDL_OK) {
        *out = inv;
    }
    return st;
}

/* check_own has seen that the text ends in time. */
static size_t put_text(uint8_t *out, const char *text)
{
    const size_t len = strlen(text);

    out[0] = (uint8_t)len;
    memcpy(out + 1, text, len);
    return 1 + len;
}

enum mdl_status mdl_token_encode(const struct mdl_invitation *inv, const struct mdl_identity *id,
                                 char out[MDL_TOKEN_TEXT_MAX], struct mdl_error *err)
{
    uint8_t bytes[MDL_TOKEN_BYTES_MAX];
    uint8_t hash[MDL_TAGGED_BYTES];
    enum mdl_status st = check_own(inv, id, err);

    if (st != MDL_OK) {
        return st;
    }
    bytes[0] = MDL_TOKEN_VERSION;
    mdl_store_be64(bytes + AT_CREATED, (uint64_t)inv->created);
    mdl_store_be64(bytes + AT_EXPIRES, (uint64_t)inv->expires);
    memcpy(bytes + AT_NONCE, inv->nonce, sizeof inv->nonce);
    mdl_cert_encode(&inv->card.cert, bytes + AT_CERT);
    size_t len = AT_NAME;
    len += put_text(bytes + len, inv->card.name);
    len += put_text(bytes + len, inv->card.endpoint);
    hash_signed(bytes, len, hash);
    mdl_identity_sign(id, hash, sizeof hash, bytes + len);
    mdl_token_to_text(bytes, len + MDL_SIGNATURE_BYTES, out);
    return MDL_OK;
}

/* ---- reading ------------------------------------------------------------------------------ */

struct cursor {
    const uint8_t *at;
    size_t left;
};

static const uint8_t *take(struct cursor *c, size_t n)
{
    if (n > c->left) {
        return NULL;
    }
    const uint8_t *p = c->at;
    c->at += n;
    c->left -= n;
    return p;
}

/* `max` bytes at most, without NUL inside. False if the bytes end before the text does. */
static bool take_text(struct cursor *c, size_t max, char *out, bool *fits)
{
    const uint8_t *len = take(c, 1);
    const uint8_t *text = len != NULL ? take(c, *len) : NULL;

    if (text == NULL) {
        return false;
    }
    *fits = *fits && *len <= max && memchr(text, 0, *len) == NULL;
    if (*fits) {
        memcpy(out, text, *len);
        out[*len] = '\0';
    }
    return true;
}

static enum mdl_status bad_part(struct mdl_error *err, const char *part,
                                const struct mdl_error *why)
{
    return mdl_fail(err, MDL_U_TOKEN, "the invitation token's %s is not valid: %.300s", part,
                    why->text);
}

static enum mdl_status truncated(struct mdl_error *err)
{
    return mdl_fail(err, MDL_U_TOKEN,
                    "the invitation token is cut short; copy it once more, to its end");
}

/* The fields as they stand, and the signature over them. `fits` turns false for a text that its
 * field cannot hold: said only after the signature, when the partner really wrote it so. */
static enum mdl_status read_fields(const uint8_t *bytes, size_t len, struct mdl_invitation *inv,
                                   bool *fits, struct mdl_error *err)
{
    struct cursor c = {bytes, len};
    const uint8_t *fixed = take(&c, AT_NAME);
    struct mdl_error why;

    if (fixed == NULL) { /* its first byte says nothing: "mandorla1:foo" has one, too */
        return truncated(err);
    }
    if (bytes[0] != MDL_TOKEN_VERSION) {
        return mdl_fail(
            err, MDL_U_TOKEN,
            "the invitation token is of version %u, or altered; this node reads version "
            "%d. Upgrade Mandorla, or copy the token once more",
            bytes[0], MDL_TOKEN_VERSION);
    }
    if (!take_text(&c, MDL_NAME_MAX, inv->card.name, fits) ||
        !take_text(&c, MDL_ENDPOINT_MAX, inv->card.endpoint, fits) ||
        c.left < MDL_SIGNATURE_BYTES) {
        return truncated(err);
    }
    if (c.left > MDL_SIGNATURE_BYTES) {
        return mdl_fail(err, MDL_U_TOKEN,
                        "something follows after the invitation token's end, or it was altered; "
                        "paste the token alone");
    }
    if (mdl_cert_decode(fixed + AT_CERT, MDL_CERT_BYTES, &inv->card.cert, &why) != MDL_OK) {
        return bad_part(err, "certificate", &why);
    }
    memcpy(inv->card.identity, inv->card.cert.identity, MDL_IDENTITY_BYTES);
    memcpy(inv->nonce, fixed + AT_NONCE, sizeof inv->nonce);
    inv->created = (int64_t)mdl_load_be64(fixed + AT_CREATED);
    inv->expires = (int64_t)mdl_load_be64(fixed + AT_EXPIRES);
    return MDL_OK;
}

static enum mdl_status check_signature(const uint8_t *bytes, size_t len,
                                       const struct mdl_invitation *inv, struct mdl_error *err)
{
    const size_t body = len - MDL_SIGNATURE_BYTES;
    uint8_t hash[MDL_TAGGED_BYTES];

    hash_signed(bytes, body, hash);
    if (!mdl_signature_ok(inv->card.identity, hash, sizeof hash, bytes + body,
                          MDL_SIGNATURE_BYTES)) {
        return mdl_fail(
            err, MDL_U_TOKEN,
            "the invitation token was altered: its signature does not verify. Ask for it "
            "once more, by another way");
    }
    return MDL_OK;
}

static enum mdl_status check_times(const struct mdl_invitation *inv, int64_t now,
                                   struct mdl_error *err)
{
    char date[MDL_DATE_TEXT];

    if (!mdl_times_sane(inv->created, inv->expires)) {
        return mdl_fail(err, MDL_U_TOKEN, "the invitation token's times make no sense");
    }
    if (now > inv->expires) {
        mdl_date_text(inv->expires, date);
        return mdl_fail(err, MDL_U_TOKEN,
                        "the invitation token expired on %s; ask the partner for a new one", date);
    }
    if (now < inv->created - MDL_CLOCK_SKEW) {
        mdl_date_text(inv->created, date);
        return mdl_fail(err, MDL_U_TOKEN,
                        "the invitation token is not valid yet: it was made on %s by the partner's "
                        "clock. Compare the clocks of both machines",
                        date);
    }
    return MDL_OK;
}

static enum mdl_status check_parts(const struct mdl_partner_card *card, bool fits, int64_t now,
                                   struct mdl_error *err)
{
    struct mdl_error why;

    if (!fits) {
        return mdl_fail(err, MDL_U_TOKEN,
                        "the invitation token's name or endpoint is too long or holds a NUL byte");
    }
    if (mdl_name_check(card->name, &why) != MDL_OK) {
        return bad_part(err, "name", &why);
    }
    if (card->endpoint[0] != '\0' && mdl_endpoint_check(card->endpoint, &why) != MDL_OK) {
        return bad_part(err, "endpoint", &why);
    }
    if (mdl_cert_verify(&card->cert, now, &why) != MDL_OK) {
        return bad_part(err, "certificate", &why);
    }
    return MDL_OK;
}

enum mdl_status mdl_token_decode(const char *text, size_t len, int64_t now,
                                 struct mdl_invitation *out, struct mdl_error *err)
{
    uint8_t bytes[MDL_TOKEN_TEXT_MAX];
    struct mdl_invitation inv;
    size_t used = 0;
    bool fits = true;

    memset(&inv, 0, sizeof inv);
    enum mdl_status st = mdl_token_from_text(text, len, bytes, &used, err);
    if (st == MDL_OK) {
        st = read_fields(bytes, used, &inv, &fits, err);
    }
    if (st == MDL_OK) {
        st = check_signature(bytes, used, &inv, err);
    }
    if (st == MDL_OK) {
        st = check_times(&inv, now, err);
    }
    if (st == MDL_OK) {
        st = check_parts(&inv.card, fits, now, err);
    }
    if (st == MDL_OK) {
        *out = inv;
    }
    return st;
}
