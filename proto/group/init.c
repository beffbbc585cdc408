/* init.c: starts libsodium, chooses the engine and makes sure that both compute what RFC 9496 says.
 * Known answers and a comparison, some milliseconds; no state of its own. */
#include "group.h"
#include "internal/engine.h"

#include <sodium.h>
#include <stdlib.h>

/* RFC 9496, A.1: B[2]; A.3: the first derivation */
static const uint8_t twice[MDL_POINT_BYTES] = {
    0x6a, 0x49, 0x32, 0x10, 0xf7, 0x49, 0x9c, 0xd1, 0x7f, 0xec, 0xb5, 0x10, 0xae, 0x0c, 0xea, 0x23,
    0xa1, 0x10, 0xe8, 0xd5, 0xb9, 0x01, 0xf8, 0xac, 0xad, 0xd3, 0x09, 0x5c, 0x73, 0xa3, 0xb9, 0x19};
static const uint8_t uniform[64] = {
    0x5d, 0x1b, 0xe0, 0x9e, 0x3d, 0x0c, 0x82, 0xfc, 0x53, 0x81, 0x12, 0x49, 0x0e, 0x35, 0x70, 0x19,
    0x79, 0xd9, 0x9e, 0x06, 0xca, 0x3e, 0x2b, 0x5b, 0x54, 0xbf, 0xfe, 0x8b, 0x4d, 0xc7, 0x72, 0xc1,
    0x4d, 0x98, 0xb6, 0x96, 0xa1, 0xbb, 0xfb, 0x5c, 0xa3, 0x2c, 0x43, 0x6c, 0xc6, 0x1c, 0x16, 0x56,
    0x37, 0x90, 0x30, 0x6c, 0x79, 0xea, 0xca, 0x77, 0x05, 0x66, 0x8b, 0x47, 0xdf, 0xfe, 0x5b, 0xb6};
static const uint8_t derived[MDL_POINT_BYTES] = {
    0x30, 0x66, 0xf8, 0x2a, 0x1a, 0x74, 0x7d, 0x45, 0x12, 0x0d, 0x17, 0x40, 0xf1, 0x43, 0x58, 0x53,
    0x1a, 0x8f, 0x04, 0xbb, 0xff, 0xe6, 0xa8, 0x19, 0xf8, 0x6d, 0xfe, 0x50, 0xf4, 0x4a, 0x0a, 0x46};

static bool known_answers(void)
{
    static const uint8_t one[MDL_SCALAR_BYTES] = {1};
    static const uint8_t two[MDL_SCALAR_BYTES] = {2};
    uint8_t p[MDL_POINT_BYTES];
    uint8_t st = MDL_OK;
    bool ok = true;

    mdl_engine_base(one, p);
    ok = ok && sodium_memcmp(p, mdl_group_generator, sizeof p) == 0;
    mdl_engine_mul(two, mdl_group_generator, 1, p, &st);
    ok = ok && st == MDL_OK && sodium_memcmp(p, twice, sizeof p) == 0;
    mdl_engine_hash_mul(NULL, uniform, 1, p, &st);
    ok = ok && st == MDL_OK && sodium_memcmp(p, derived, sizeof p) == 0;
    p[MDL_POINT_BYTES - 1] |= 0x80;
    mdl_engine_check(p, 1, &st);
    return ok && st == MDL_P_ENCODING;
}

enum mdl_status mdl_group_init(struct mdl_error *err)
{
    const char *wanted = getenv("MANDORLA_ENGINE");
    enum mdl_status status = MDL_OK;

    if (sodium_init() < 0) {
        return mdl_fail(err, MDL_L_LIBRARY, "libsodium has no random source");
    }
    status = mdl_engine_choose(wanted != NULL && wanted[0] != '\0' ? wanted : NULL, err);
    if (status != MDL_OK) {
        return status;
    }
    if (!known_answers()) {
        return mdl_fail(err, MDL_L_LIBRARY,
                        "%s fails the known answers of RFC 9496; do not use it here",
                        mdl_engine_name());
    }
    return MDL_OK;
}

const char *mdl_group_engine(void)
{
    return mdl_engine_name();
}
