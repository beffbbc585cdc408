/* support.h: what the group's tests share: hex, the official vectors, keys, lists of points. */
#ifndef GROUP_TEST_SUPPORT_H
#define GROUP_TEST_SUPPORT_H

#include <check.h>
#include <engine_cases.h>
#include <group.h>
#include <group_vectors.h>
#include <jansson.h>

/* Loads tests/vectors/<name>; fails the test if it cannot. */
json_t *load_vectors(const char *name);
/* The string member `key` of an object; fails if there is none. */
const char *member(const json_t *object, const char *key);

/* Decodes hex into out[0..max), returns the length; fails on anything else. */
size_t unhex(const char *hex, uint8_t *out, size_t max);
/* The i-th part of comma-separated hex. */
size_t unhex_part(const char *hex, size_t part, uint8_t *out, size_t max);

#define assert_bytes(a, b, n) ck_assert_mem_eq((a), (b), (n))
void assert_zero(const uint8_t *p, size_t n);

/* A key with scalar v. */
struct mdl_scalar_key *small_key(uint64_t v);
struct mdl_scalar_key *random_key(void);

/* n points H(i), reproducible; free() them. */
uint8_t *some_points(size_t n);
/* k * points, all of which are good; free() them. */
uint8_t *multiplied(const struct mdl_scalar_key *key, const uint8_t *points, size_t n);

/* What run_suite gives if this machine lacks what MANDORLA_ENGINE names: ctest says "skipped". */
#define NOT_ON_THIS_MACHINE 77

/* Runs one suite on the engine of the environment; for main. */
int run_suite(Suite *s);

#endif
