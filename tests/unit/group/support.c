/* support.c: what the group's tests share.
 * Reads vector files; no test of its own. */
#include "support.h"

#include <engine_checked.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *load_vectors(const char *name)
{
    const char *dir = getenv("MANDORLA_VECTORS");
    char path[4096];
    json_error_t e;
    json_t *root = NULL;

    ck_assert_msg(dir != NULL, "MANDORLA_VECTORS names no directory");
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    root = json_load_file(path, 0, &e);
    ck_assert_msg(root != NULL, "%s: %s", path, e.text);
    return root;
}

const char *member(const json_t *object, const char *key)
{
    const char *v = json_string_value(json_object_get(object, key));

    ck_assert_msg(v != NULL, "no string \"%s\"", key);
    return v;
}

static unsigned digit(char c)
{
    const char *digits = "0123456789abcdef";
    const char *at = c == '\0' ? NULL : strchr(digits, c);

    ck_assert_msg(at != NULL, "'%c' is no hex digit", c);
    return at != NULL ? (unsigned)(at - digits) : 0;
}

size_t unhex_part(const char *hex, size_t part, uint8_t *out, size_t max)
{
    size_t n = 0;

    while (part > 0) {
        hex = strchr(hex, ',');
        ck_assert_ptr_nonnull(hex);
        hex++;
        part--;
    }
    for (; hex[0] != '\0' && hex[0] != ','; hex += 2) {
        ck_assert_uint_lt(n, max);
        out[n++] = (uint8_t)(digit(hex[0]) << 4 | digit(hex[1]));
    }
    return n;
}

size_t unhex(const char *hex, uint8_t *out, size_t max)
{
    ck_assert_ptr_null(strchr(hex, ','));
    return unhex_part(hex, 0, out, max);
}

void assert_zero(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ck_assert_uint_eq(p[i], 0);
    }
}

struct mdl_scalar_key *small_key(uint64_t v)
{
    uint8_t k[MDL_SCALAR_BYTES] = {0};
    struct mdl_scalar_key *key = NULL;

    for (size_t i = 0; i < 8; i++) {
        k[i] = (uint8_t)(v >> (8 * i));
    }
    ck_assert_int_eq(mdl_scalar_key_from_bytes(k, &key, NULL), MDL_OK);
    return key;
}

struct mdl_scalar_key *random_key(void)
{
    struct mdl_scalar_key *key = NULL;
    struct mdl_error err;

    ck_assert_msg(mdl_scalar_key_generate(&key, &err) == MDL_OK, "%s", err.text);
    return key;
}

uint8_t *some_points(size_t n)
{
    uint8_t *points = calloc(n + 1, MDL_POINT_BYTES);
    size_t offset[2] = {0, sizeof(uint64_t)};

    ck_assert_ptr_nonnull(points);
    for (uint64_t i = 0; i < n; i++) {
        uint8_t x[sizeof i];
        const struct mdl_inputs in = {x, offset, 1};

        memcpy(x, &i, sizeof x);
        ck_assert_int_eq(mdl_group_hash((const uint8_t *)"points", 6, &in,
                                        points + i * MDL_POINT_BYTES, NULL, NULL),
                         MDL_OK);
    }
    return points;
}

uint8_t *multiplied(const struct mdl_scalar_key *key, const uint8_t *points, size_t n)
{
    uint8_t *out = calloc(n + 1, MDL_POINT_BYTES);

    ck_assert_ptr_nonnull(out);
    ck_assert_int_eq(mdl_group_evaluate(key, points, n, out, NULL, NULL), MDL_OK);
    return out;
}

/* MANDORLA_ENGINE=checked is for tests alone. */
static bool take_engine(struct mdl_error *err)
{
    const char *wanted = getenv("MANDORLA_ENGINE");

    if (wanted == NULL || strcmp(wanted, "checked") != 0) {
        return mdl_group_init(err) == MDL_OK;
    }
    (void)unsetenv("MANDORLA_ENGINE");
    if (mdl_group_init(err) != MDL_OK) {
        return false;
    }
    mdl_engine_take(&mdl_engine_checked);
    return true;
}

int run_suite(Suite *s)
{
    SRunner *r = srunner_create(s);
    struct mdl_error err;
    int failed = 0;

    if (!take_engine(&err)) {
        (void)fprintf(stderr, "%s\n", err.text);
        srunner_free(r);
        return strstr(err.text, "cannot run") != NULL ? NOT_ON_THIS_MACHINE : EXIT_FAILURE;
    }
    (void)printf("engine: %s\n", mdl_group_engine());
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
