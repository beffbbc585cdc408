/* fuzz_token.c: any bytes as pasted text; and as the inside of a token, a certificate and a key
 * file whose signatures and checksum were mended, so that the checks behind them are reached. */
#include <internal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <token.h>

#define NOW ((int64_t)1800000100)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static struct mdl_identity *identity(void)
{
    static struct mdl_identity *id;
    const uint8_t seed[MDL_SEED_BYTES] = {1};

    if (id == NULL) {
        must(mdl_identity_from_seed(seed, &id, NULL) == MDL_OK);
    }
    return id;
}

static void sign(const char *label, const uint8_t *body, size_t len, uint8_t *sig)
{
    const struct mdl_part part = {body, len};
    uint8_t hash[MDL_TAGGED_BYTES];

    mdl_tagged(label, &part, 1, hash);
    mdl_identity_sign(identity(), hash, sizeof hash, sig);
}

/* What is read must verify, and must be the one encoding of what it says. */
static void check_text(const char *text, size_t len)
{
    struct mdl_invitation inv;
    struct mdl_error err = {0};
    char again[MDL_TOKEN_TEXT_MAX];

    enum mdl_status st = mdl_token_decode(text, len, NOW, &inv, &err);
    if (st != MDL_OK) {
        must(st == MDL_U_TOKEN && err.status == st && err.text[0] != '\0');
        return;
    }
    must(mdl_card_verify(&inv.card, NOW, &err) == MDL_OK);
    must(inv.created < inv.expires && NOW <= inv.expires);
    if (memcmp(inv.card.identity, mdl_identity_public(identity()), MDL_IDENTITY_BYTES) == 0) {
        /* A certificate may have begun after the token was made; none of ours would be so. */
        if (mdl_token_encode(&inv, identity(), again, &err) != MDL_OK) {
            must(err.status == MDL_U_ARGUMENT && inv.card.cert.not_before > inv.created);
            return;
        }
        size_t at = 0;
        for (size_t i = 0; again[i] != '\0'; i++, at++) {
            while (at < len && text[at] != again[i]) {
                at++; /* what a mail program put in */
            }
        }
        must(at <= len);
    }
}

static void check_inside(const uint8_t *data, size_t size)
{
    uint8_t bytes[MDL_TOKEN_BYTES_MAX];
    char text[MDL_TOKEN_TEXT_MAX];
    struct mdl_curve_cert cert;
    const size_t body =
        size < sizeof bytes - MDL_SIGNATURE_BYTES ? size : sizeof bytes - MDL_SIGNATURE_BYTES;
    const size_t at_cert = 1 + 8 + 8 + MDL_TOKEN_NONCE;

    memcpy(bytes, data, body);
    if (body >= at_cert + MDL_CERT_BYTES) {
        memcpy(bytes + at_cert + 1, mdl_identity_public(identity()), MDL_IDENTITY_BYTES);
        if (mdl_cert_decode(bytes + at_cert, MDL_CERT_BYTES, &cert, NULL) == MDL_OK) {
            uint8_t hash[MDL_TAGGED_BYTES];
            mdl_cert_signed(&cert, hash);
            mdl_identity_sign(identity(), hash, sizeof hash, cert.signature);
            mdl_cert_encode(&cert, bytes + at_cert);
        }
    }
    sign("invitation", bytes, body, bytes + body);
    mdl_token_to_text(bytes, body + MDL_SIGNATURE_BYTES, text);
    check_text(text, strlen(text));
}

static void check_key_file(const uint8_t *data, size_t size)
{
    struct mdl_kf f = {.len = size < sizeof f.bytes ? size : sizeof f.bytes};
    struct mdl_kf_head head;
    struct mdl_error err = {0};

    memcpy(f.bytes, data, f.len);
    for (int mended = 0; mended < 2; mended++) {
        enum mdl_status st = mdl_kf_parse(&f, "file", &head, &err);
        if (st == MDL_OK) {
            must(head.kdf.mem <= MDL_KDF_MEM_MAX && head.kdf.ops <= MDL_KDF_OPS_MAX);
        } else {
            must(st == MDL_L_KEY_FILE && err.text[0] != '\0');
        }
        if (f.len >= 12 + MDL_KF_CHECKSUM) {
            memcpy(f.bytes, "MANDORLA-KEY", 12);
            (void)crypto_generichash(f.bytes + f.len - MDL_KF_CHECKSUM, MDL_KF_CHECKSUM, f.bytes,
                                     f.len - MDL_KF_CHECKSUM, NULL, 0);
        }
    }
}

static void check_strings(const uint8_t *data, size_t size)
{
    char text[400];
    const size_t len = size < sizeof text - 1 ? size : sizeof text - 1;

    memcpy(text, data, len);
    text[len] = '\0';
    (void)!mdl_name_check(text, NULL);
    (void)!mdl_endpoint_check(text, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mdl_curve_cert cert;
    uint8_t again[MDL_CERT_BYTES];

    check_text((const char *)data, size);
    check_inside(data, size);
    check_key_file(data, size);
    check_strings(data, size);
    if (mdl_cert_decode(data, size, &cert, NULL) == MDL_OK) {
        mdl_cert_encode(&cert, again);
        must(memcmp(again, data, sizeof again) == 0);
        (void)!mdl_cert_verify(&cert, NOW, NULL);
    }
    return 0;
}
