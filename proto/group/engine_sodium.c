/* engine_sodium.c: the engine on libsodium 1.0.18, one element at a time, and single operations.
 * Holds no state; knows no hash, protocol or key. The only file here that calls ristretto255
 * points. */
#include "internal/engine.h"

#include <sodium.h>
#include <stdbool.h>
#include <string.h>

#define POINT   32
#define UNIFORM 64
/* libsodium leaves the digits of the scalar on the stack; this covers its deepest frames. */
#define STACK_WIPE 8192

static bool usable(void)
{
    return true;
}

/* In words: sodium_is_zero goes by bytes, a hundredth of a multiplication. Constant time, too. */
static bool is_zero(const uint8_t p[POINT])
{
    uint64_t w[POINT / 8];

    memcpy(w, p, sizeof w);
    return (w[0] | w[1] | w[2] | w[3]) == 0;
}

/* What libsodium 1.0.18 does not refuse by itself. Its decoder drops bit 255 before it looks for a
 * canonical value (RFC 9496, 4.3.1, step 1 asks for s < p), so every point would have a second
 * encoding that slips past comparisons; and it takes the identity for valid. */
static uint8_t precheck(const uint8_t *p)
{
    if ((p[POINT - 1] & 0x80) != 0) {
        return MDL_P_ENCODING;
    }
    return is_zero(p) ? MDL_P_IDENTITY : MDL_OK;
}

/* A scalar in [1, L-1] takes no other element than the identity to the identity, so after the
 * precheck a failed multiplication means a bad encoding. libsodium leaves the output as it was, or
 * full of partial results, when it fails: work on a copy. */
static uint8_t multiply(const uint8_t *k, const uint8_t *in, uint8_t *out)
{
    uint8_t r[POINT] = {0};
    uint8_t status = precheck(in);

    if (status == MDL_OK && crypto_scalarmult_ristretto255(r, k, in) != 0) {
        status = MDL_P_ENCODING;
    }
    if (status == MDL_OK) {
        memcpy(out, r, POINT);
    } else {
        memset(out, 0, POINT);
    }
    sodium_memzero(r, sizeof r);
    return status;
}

static void sodium_hash_mul(const uint8_t *k, const uint8_t *uniform, size_t n, uint8_t *out,
                            uint8_t *status)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t h[POINT] = {0};

        (void)crypto_core_ristretto255_from_hash(h, uniform + i * UNIFORM);
        if (k != NULL) {
            status[i] = multiply(k, h, out + i * POINT);
        } else {
            memcpy(out + i * POINT, h, POINT);
            status[i] = is_zero(h) ? MDL_P_IDENTITY : MDL_OK;
        }
        sodium_memzero(h, sizeof h);
    }
    sodium_stackzero(STACK_WIPE);
}

static void sodium_mul(const uint8_t *k, const uint8_t *in, size_t n, uint8_t *out, uint8_t *status)
{
    for (size_t i = 0; i < n; i++) {
        status[i] = multiply(k, in + i * POINT, out + i * POINT);
    }
    sodium_stackzero(STACK_WIPE);
}

void mdl_engine_base(const uint8_t *k, uint8_t *out)
{
    if (crypto_scalarmult_ristretto255_base(out, k) != 0) {
        memset(out, 0, POINT);
    }
    sodium_stackzero(STACK_WIPE);
}

static void sodium_check(const uint8_t *in, size_t n, uint8_t *status)
{
    for (size_t i = 0; i < n; i++) {
        status[i] = precheck(in + i * POINT);
        if (status[i] == MDL_OK && crypto_core_ristretto255_is_valid_point(in + i * POINT) != 1) {
            status[i] = MDL_P_ENCODING;
        }
    }
}

static void sodium_weighted_sum(const uint8_t *weight, const uint8_t *in, size_t n, uint8_t *out,
                                uint8_t *status)
{
    memset(out, 0, POINT);
    for (size_t i = 0; i < n; i++) {
        uint8_t term[POINT];

        status[i] = multiply(weight + i * POINT, in + i * POINT, term);
        if (status[i] == MDL_OK) {
            mdl_engine_add(out, term, out);
        }
    }
}

void mdl_engine_add(const uint8_t *a, const uint8_t *b, uint8_t *out)
{
    uint8_t r[POINT] = {0};

    /* Cannot fail: both decode, and a sum that is the identity is encoded as zeros. */
    (void)crypto_core_ristretto255_add(r, a, b);
    memcpy(out, r, POINT);
}

const struct mdl_engine mdl_engine_sodium = {
    .name = "libsodium " SODIUM_VERSION_STRING,
    .lanes = 1,
    .usable = usable,
    .hash_mul = sodium_hash_mul,
    .mul = sodium_mul,
    .check = sodium_check,
    .weighted_sum = sodium_weighted_sum,
};
