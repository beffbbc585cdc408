/* engine.c: which engine does the work, and single elements, which gain nothing from lanes.
 * Holds the choice, nothing else; no arithmetic of its own. */
#include "internal/engine.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

static const struct mdl_engine *const engines[] = {
#ifdef __x86_64__
    &mdl_engine_avx512,
    &mdl_engine_avx2,
#endif
    &mdl_engine_portable,
    &mdl_engine_sodium,
};

#define N_ENGINES (sizeof engines / sizeof engines[0])

static const struct mdl_engine *_Atomic chosen = &mdl_engine_sodium;
static const struct mdl_engine
    *_Atomic tested; /* the last one that was, with `chosen` its result */
static atomic_flag failure_begun = ATOMIC_FLAG_INIT;
static atomic_bool failure_noted;
static char
    failed_name[128]; /* what mdl_engine_name says then; written once, before failure_noted */

const struct mdl_engine *const *mdl_engine_list(size_t *n)
{
    *n = N_ENGINES;
    return engines;
}

/* Only the first failure is noted: readers may hold its text. */
static void note_failure(const struct mdl_engine *e)
{
    if (!atomic_flag_test_and_set(&failure_begun)) {
        (void)snprintf(failed_name, sizeof failed_name, "%s (%s failed its self-test)",
                       mdl_engine_sodium.name, e->name);
        atomic_store(&failure_noted, true);
    }
}

/* Threads that come here together test the same thing and come to the same choice. */
void mdl_engine_take(const struct mdl_engine *e)
{
    if (e == atomic_load(&tested)) {
        return;
    }
    if (e == &mdl_engine_sodium || mdl_engine_agrees(e)) {
        atomic_store(&chosen, e);
    } else {
        note_failure(e);
        atomic_store(&chosen, &mdl_engine_sodium);
    }
    atomic_store(&tested, e);
}

/* "libsodium" names "libsodium 1.0.18". */
static bool is_named(const struct mdl_engine *e, const char *name)
{
    size_t len = strcspn(e->name, " ");

    return strlen(name) == len && strncmp(e->name, name, len) == 0;
}

static enum mdl_status find(const char *wanted, const struct mdl_engine **out,
                            struct mdl_error *err)
{
    bool known = false;
    char usable[128] = "";
    size_t len = 0;

    for (size_t i = 0; i < N_ENGINES; i++) {
        const struct mdl_engine *e = engines[i];
        bool named = wanted == NULL || is_named(e, wanted);

        known = known || named;
        if (!e->usable()) {
            continue;
        }
        if (named) {
            *out = e;
            return MDL_OK;
        }
        len += (size_t)snprintf(usable + len, sizeof usable - len, "%s%.*s", len == 0 ? "" : ", ",
                                (int)strcspn(e->name, " "), e->name);
    }
    return mdl_fail(err, MDL_U_ARGUMENT, "%s group engine '%s'; this machine has %s",
                    known ? "this machine cannot run the" : "there is no", wanted, usable);
}

enum mdl_status mdl_engine_choose(const char *wanted, struct mdl_error *err)
{
    const struct mdl_engine *e = NULL;
    enum mdl_status status = find(wanted, &e, err);

    if (status == MDL_OK) {
        mdl_engine_take(e);
    }
    return status;
}

const char *mdl_engine_name(void)
{
    const struct mdl_engine *e = atomic_load(&chosen);

    return e == &mdl_engine_sodium && atomic_load(&failure_noted) ? failed_name : e->name;
}

void mdl_engine_hash_mul(const uint8_t *k, const uint8_t *uniform, size_t n, uint8_t *out,
                         uint8_t *status)
{
    atomic_load(&chosen)->hash_mul(k, uniform, n, out, status);
}

void mdl_engine_mul(const uint8_t *k, const uint8_t *in, size_t n, uint8_t *out, uint8_t *status)
{
    atomic_load(&chosen)->mul(k, in, n, out, status);
}

void mdl_engine_check(const uint8_t *in, size_t n, uint8_t *status)
{
    atomic_load(&chosen)->check(in, n, status);
}

void mdl_engine_weighted_sum(const uint8_t *weight, const uint8_t *in, size_t n, uint8_t *out,
                             uint8_t *status)
{
    atomic_load(&chosen)->weighted_sum(weight, in, n, out, status);
}

uint8_t mdl_engine_mul_one(const uint8_t *k, const uint8_t *in, uint8_t *out)
{
    uint8_t status = MDL_OK;

    mdl_engine_sodium.mul(k, in, 1, out, &status);
    return status;
}
