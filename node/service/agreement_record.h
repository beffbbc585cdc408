/* agreement_record.h: an agreement that both signed as a file that proves itself, without a node.
 *
 * Text, line by line, each ended by one LF; hex is lower case, 64 digits a line where it is long:
 *
 *     mandorla agreement record 1
 *     agreement N            the N bytes as signed (PROTOCOL 4.5), in hex, on the lines that follow
 *     signature-A HEX        Ed25519 over T("sign-agreement", hash, role), PROTOCOL 4.5
 *     signature-B HEX
 *     revocation-A HEX       only where there is one: over T("revoke-agreement", hash, role)
 *     revocation-B HEX
 *     end
 *
 * There is one way to write a record: what differs in a byte is no record, or does not verify. */
#ifndef MANDORLA_SERVICE_AGREEMENT_RECORD_H
#define MANDORLA_SERVICE_AGREEMENT_RECORD_H

#include <mandorla/agreement.h>

#define RECORD_MAX 65536 /* bytes */

/* To be freed; NULL: no memory. Both signatures are there. */
char *record_write(const struct mdl_agreement_file *f);

struct record {
    uint8_t bytes[MDL_AGREEMENT_MAX];
    size_t len;
    bool revoked[2];
    uint8_t signature[2][MDL_SIGNATURE_BYTES];
    uint8_t revocation[2][MDL_SIGNATURE_BYTES];
};
/* MDL_P_MALFORMED with the line: it is no record, or a damaged one. */
MDL_MUST_CHECK enum mdl_status record_read(const char *text, size_t len, struct record *out,
                                           struct mdl_error *err);
/* Decodes the terms and checks every signature. Errors: those of decoding; MDL_P_SIGNATURE. */
MDL_MUST_CHECK enum mdl_status record_verify(const struct record *r, struct mdl_agreement *out,
                                             struct mdl_error *err);

#endif
