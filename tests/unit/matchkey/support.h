/* support.h: an open profile and vector files for the tests of this room. */
#ifndef MANDORLA_CHECK_MATCHKEY_SUPPORT_H
#define MANDORLA_CHECK_MATCHKEY_SUPPORT_H

#include "matchkey_internal.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

extern struct mdl_profile *profile;
void open_profile(void);
void close_profile(void);

/* tests/vectors/NAME; fails the test if it cannot be opened. */
FILE *vectors(const char *name);

/* "domain=acme.de name=acme": the keys in order, for comparing whole sets. */
const char *keys_of(const struct mdl_key_set *s);

/* Collected notes. */
struct heard {
    size_t n;
    size_t refused;
    char text[16384]; /* "field: text\n" each */
};
void hear(void *ctx, const struct mdl_key_note *n);

/* Runs one suite: profile opened before, closed after. */
int run_suite(Suite *s);

#endif
