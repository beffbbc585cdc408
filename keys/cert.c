/* cert.c: certificates of CURVE keys (PROTOCOL 3.1): encode, decode, verify. Public data only.
 * May not decide whose certificate is wanted; that is the caller's pin. */
#include "internal.h"

#include <string.h>

/* version 1, identity 32, curve 32, serial 4, not_before 8, not_after 8, signature 64 */
enum { AT_IDENTITY = 1, AT_CURVE = 33, AT_SERIAL = 65, AT_FROM = 69, AT_TO = 77, AT_SIG = 85 };
_Static_assert(AT_SIG + MDL_SIGNATURE_BYTES == MDL_CERT_BYTES, "the layout adds up");

void mdl_cert_encode(const struct mdl_curve_cert *cert, uint8_t out[MDL_CERT_BYTES])
{
    out[0] = MDL_CERT_VERSION;
    memcpy(out + AT_IDENTITY, cert->identity, sizeof cert->identity);
    memcpy(out + AT_CURVE, cert->curve, sizeof cert->curve);
    mdl_store_be32(out + AT_SERIAL, cert->serial);
    mdl_store_be64(out + AT_FROM, (uint64_t)cert->not_before);
    mdl_store_be64(out + AT_TO, (uint64_t)cert->not_after);
    memcpy(out + AT_SIG, cert->signature, sizeof cert->signature);
}

void mdl_cert_signed(const struct mdl_curve_cert *cert, uint8_t out[MDL_TAGGED_BYTES])
{
    uint8_t body[MDL_CERT_BYTES];

    mdl_cert_encode(cert, body);
    const struct mdl_part parts[] = {{body, 1},
                                     {body + AT_IDENTITY, MDL_IDENTITY_BYTES},
                                     {body + AT_CURVE, MDL_CURVE_KEY_BYTES},
                                     {body + AT_SERIAL, 4},
                                     {body + AT_FROM, 8},
                                     {body + AT_TO, 8}};
    mdl_tagged("curve-certificate", parts, sizeof parts / sizeof parts[0], out);
}

static enum mdl_status check_fields(const struct mdl_curve_cert *cert, struct mdl_error *err)
{
    if (cert->serial == 0) {
        return mdl_fail(err, MDL_P_MALFORMED, "a CURVE certificate's serial number begins at 1");
    }
    if (!mdl_times_sane(cert->not_before, cert->not_after)) {
        return mdl_fail(err, MDL_P_MALFORMED, "a CURVE certificate's validity makes no sense");
    }
    return MDL_OK;
}

enum mdl_status mdl_cert_decode(const uint8_t *bytes, size_t len, struct mdl_curve_cert *out,
                                struct mdl_error *err)
{
    struct mdl_curve_cert c;

    if (len > 0 && bytes[0] != MDL_CERT_VERSION) {
        return mdl_fail(err, MDL_P_VERSION,
                        "a CURVE certificate of version %u; this node knows version %d. Upgrade it",
                        bytes[0], MDL_CERT_VERSION);
    }
    if (len != MDL_CERT_BYTES) {
        return mdl_fail(err, MDL_P_MALFORMED, "a CURVE certificate has %d bytes, this has %zu",
                        MDL_CERT_BYTES, len);
    }
    memcpy(c.identity, bytes + AT_IDENTITY, sizeof c.identity);
    memcpy(c.curve, bytes + AT_CURVE, sizeof c.curve);
    c.serial = mdl_load_be32(bytes + AT_SERIAL);
    /* A time over INT64_MAX turns negative here and is refused with the other impossible ones. */
    c.not_before = (int64_t)mdl_load_be64(bytes + AT_FROM);
    c.not_after = (int64_t)mdl_load_be64(bytes + AT_TO);
    memcpy(c.signature, bytes + AT_SIG, sizeof c.signature);
    enum mdl_status st = check_fields(&c, err);
    if (st == MDL_OK) {
        *out = c;
    }
    return st;
}

static enum mdl_status check_validity(const struct mdl_curve_cert *cert, int64_t now,
                                      struct mdl_error *err)
{
    char date[MDL_DATE_TEXT];

    if (now < cert->not_before - MDL_CLOCK_SKEW) {
        mdl_date_text(cert->not_before, date);
        return mdl_fail(
            err, MDL_P_UNKNOWN_KEY,
            "the certificate of the CURVE key is valid from %s only; compare the clocks "
            "of both machines",
            date);
    }
    if (now > cert->not_after) {
        mdl_date_text(cert->not_after, date);
        return mdl_fail(
            err, MDL_P_UNKNOWN_KEY,
            "the certificate of the CURVE key ended on %s; its owner must rotate the key", date);
    }
    return MDL_OK;
}

enum mdl_status mdl_cert_verify(const struct mdl_curve_cert *cert, int64_t now,
                                struct mdl_error *err)
{
    uint8_t hash[MDL_TAGGED_BYTES];
    enum mdl_status st = check_fields(cert, err);

    if (st != MDL_OK) {
        return st;
    }
    mdl_cert_signed(cert, hash);
    if (!mdl_signature_ok(cert->identity, hash, sizeof hash, cert->signature,
                          sizeof cert->signature)) {
        return mdl_fail(err, MDL_P_SIGNATURE,
                        "the identity's signature under the CURVE certificate does not verify");
    }
    return check_validity(cert, now, err);
}
