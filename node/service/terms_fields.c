/* terms_fields.c: the fields of a terms file as a table: the same row writes, reads and explains.
 * It may not know the form of the file. */
#include "terms_file.h"

#include <errno.h>
#include <inttypes.h>
#include <record.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT(field) offsetof(struct terms, field)

static const struct terms_field fields[] = {
    {TERMS_AGREEMENT, "purpose", TERMS_TEXT, AT(purpose), 1, MDL_AGREEMENT_TEXT,
     "What the result may be used for, in 1 to 200 bytes."},
    {TERMS_AGREEMENT, "legal_basis", TERMS_TEXT, AT(legal_basis), 1, MDL_AGREEMENT_TEXT,
     "Why the processing is lawful: the article of the GDPR. 6(1)(f), legitimate interests, needs "
     "a "
     "balancing test that you keep on file."},
    {TERMS_AGREEMENT, "retention_days", TERMS_NUMBER, AT(retention_days), 1, UINT16_MAX,
     "Days both sides may keep results."},
    {TERMS_AGREEMENT, "valid_days", TERMS_NUMBER, AT(valid_days), 1, 3660,
     "Days the agreement lasts from the day it is proposed; either side may revoke it before."},
    {TERMS_AGREEMENT, "approval", TERMS_APPROVAL, AT(approval), 0, 0,
     "Who lets a round run: 'person', somebody on each side each time, or 'standing', where a "
     "side's standing rule may do it."},
    {TERMS_AGREEMENT, "counts_by", TERMS_KEY_TYPE, AT(counts_by), 0, 0,
     "The one type of match key that cells at level counts compare, so that an account counts "
     "once."},
    {TERMS_CAPS, "max_keys_round", TERMS_NUMBER, AT(max_keys_round), 1, MDL_AGREEMENT_KEYS_MAX,
     "Most match keys a side may bring to a round, all cells together. Protects from a stuffed "
     "list: each key on it is a question about one company."},
    {TERMS_CAPS, "max_keys_month", TERMS_NUMBER, AT(max_keys_month), 1, INT64_MAX,
     "Most match keys a side may bring in a calendar month. Protects from asking again and again "
     "with other lists."},
    {TERMS_CAPS, "max_rounds_month", TERMS_NUMBER, AT(max_rounds_month), 1, UINT16_MAX,
     "Most rounds in a calendar month, those that broke off included."},
    {TERMS_CAPS, "cooldown_hours", TERMS_NUMBER, AT(cooldown_hours), 0, 8784,
     "Hours between the beginnings of two rounds; 0: none. Protects from watching a list change "
     "hour by hour."},
    {TERMS_CAPS, "min_change", TERMS_NUMBER, AT(min_change), 0, UINT32_MAX,
     "Keys in which a list must differ from each of those of its last eight rounds, unless it is "
     "the "
     "very same as one; 0: no bound. Protects from adding one company and looking whether the "
     "count "
     "moved."},
    {TERMS_CAPS, "min_keys", TERMS_NUMBER, AT(min_keys), 1, MDL_AGREEMENT_KEYS_MAX,
     "Fewest match keys in a list that takes part. Protects from a list made to ask about one "
     "company; not above what your smallest population has."},
    {TERMS_CAPS, "min_result", TERMS_NUMBER, AT(min_result), 0, UINT32_MAX,
     "If fewer keys match, level accounts tells no account, and a count is shown as 'fewer than'. "
     "Protects the few. At level counts it is a courtesy: the partner's node has the number."},
    {TERMS_CAPS, "max_result", TERMS_NUMBER, AT(max_result), 0, UINT32_MAX,
     "If more keys match, level accounts tells no account; 0: no bound. Protects from a partner "
     "who "
     "has your whole list already and wants to know the populations."},
    {TERMS_CAPS, "key_deadline_s", TERMS_NUMBER, AT(key_deadline_s), 1, UINT16_MAX,
     "Seconds the secret keys of a round live; a round that takes longer ends. 900 do for a "
     "million match keys."},
};

const struct terms_field *terms_fields(size_t *n)
{
    *n = sizeof fields / sizeof fields[0];
    return fields;
}

const char *terms_section_name(enum terms_section s)
{
    static const char *const names[] = {"agreement", "caps", "cells"};
    return names[s];
}

/* ---- types of key -------------------------------------------------------------------------------
 */

#define KEY_ROW(name, number, slug, label, prio, tier) {number, MDL_TIER_##tier, slug},
static const struct {
    uint8_t type;
    enum mdl_key_tier tier;
    const char *slug;
} key_types[] = {MDL_KEY_TYPE_LIST(KEY_ROW)};
#undef KEY_ROW
#define KEY_TYPES (sizeof key_types / sizeof key_types[0])

uint8_t terms_key_type(const char *slug)
{
    for (size_t i = 0; i < KEY_TYPES; i++) {
        if (key_types[i].tier == MDL_TIER_MATCH && strcmp(key_types[i].slug, slug) == 0) {
            return key_types[i].type;
        }
    }
    return 0;
}

const char *terms_key_slug(uint8_t type)
{
    for (size_t i = 0; i < KEY_TYPES; i++) {
        if (key_types[i].type == type) {
            return key_types[i].slug;
        }
    }
    return "unknown";
}

void terms_key_slugs(char out[TERMS_KEY_SLUGS])
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < KEY_TYPES && used < TERMS_KEY_SLUGS; i++) {
        if (key_types[i].tier == MDL_TIER_MATCH) {
            used += (size_t)snprintf(out + used, TERMS_KEY_SLUGS - used, "%s%s",
                                     used > 0 ? ", " : "", key_types[i].slug);
        }
    }
}

/* ---- one field ----------------------------------------------------------------------------------
 */

static uint64_t number_at(const struct terms *t, size_t at)
{
    uint64_t n;
    memcpy(&n, (const char *)t + at, sizeof n);
    return n;
}

static void put_number(struct terms *t, size_t at, uint64_t n)
{
    memcpy((char *)t + at, &n, sizeof n);
}

void terms_field_text(const struct terms_field *f, const struct terms *t,
                      char out[MDL_AGREEMENT_TEXT + 1])
{
    uint64_t n = f->kind == TERMS_TEXT ? 0 : number_at(t, f->at);

    switch (f->kind) {
    case TERMS_TEXT:
        (void)snprintf(out, MDL_AGREEMENT_TEXT + 1, "%s", (const char *)t + f->at);
        return;
    case TERMS_NUMBER:
        (void)snprintf(out, MDL_AGREEMENT_TEXT + 1, "%" PRIu64, n);
        return;
    case TERMS_APPROVAL:
        (void)snprintf(out, MDL_AGREEMENT_TEXT + 1, "%s",
                       n == MDL_APPROVAL_PERSON ? "person" : "standing");
        return;
    case TERMS_KEY_TYPE:
        (void)snprintf(out, MDL_AGREEMENT_TEXT + 1, "%s", terms_key_slug((uint8_t)n));
        return;
    }
}

static bool set_text(const struct terms_field *f, struct terms *t, const char *value,
                     char expected[TERMS_EXPECTED])
{
    size_t len = strlen(value);
    (void)snprintf(expected, TERMS_EXPECTED, "1 to %d bytes of text without control characters",
                   MDL_AGREEMENT_TEXT);
    if (len < f->min || len > f->max || !mdl_text_clean(value, len)) {
        return false;
    }
    memcpy((char *)t + f->at, value, len + 1);
    return true;
}

static bool set_number(const struct terms_field *f, struct terms *t, const char *value,
                       char expected[TERMS_EXPECTED])
{
    (void)snprintf(expected, TERMS_EXPECTED, "a whole number from %" PRIu64 " to %" PRIu64, f->min,
                   f->max);
    size_t digits = strspn(value, "0123456789");
    if (digits == 0 || value[digits] != '\0') {
        return false;
    }
    errno = 0;
    unsigned long long n = strtoull(value, NULL, 10);
    if (errno != 0 || n < f->min || n > f->max) {
        return false;
    }
    put_number(t, f->at, n);
    return true;
}

static bool set_approval(const struct terms_field *f, struct terms *t, const char *value,
                         char expected[TERMS_EXPECTED])
{
    bool person = strcmp(value, "person") == 0;
    (void)snprintf(expected, TERMS_EXPECTED, "person or standing");
    if (!person && strcmp(value, "standing") != 0) {
        return false;
    }
    put_number(t, f->at, person ? MDL_APPROVAL_PERSON : MDL_APPROVAL_STANDING);
    return true;
}

static bool set_key_type(const struct terms_field *f, struct terms *t, const char *value,
                         char expected[TERMS_EXPECTED])
{
    char slugs[TERMS_KEY_SLUGS];
    uint8_t type = terms_key_type(value);
    terms_key_slugs(slugs);
    (void)snprintf(expected, TERMS_EXPECTED, "one of %s", slugs);
    if (type == 0) {
        return false;
    }
    put_number(t, f->at, type);
    return true;
}

bool terms_field_set(const struct terms_field *f, struct terms *t, const char *value,
                     char expected[TERMS_EXPECTED])
{
    switch (f->kind) {
    case TERMS_TEXT:
        return set_text(f, t, value, expected);
    case TERMS_NUMBER:
        return set_number(f, t, value, expected);
    case TERMS_APPROVAL:
        return set_approval(f, t, value, expected);
    case TERMS_KEY_TYPE:
        return set_key_type(f, t, value, expected);
    }
    return false;
}

/* ---- terms and agreements -----------------------------------------------------------------------
 */

#define DAY_MS ((uint64_t)24 * 3600 * 1000)

/* The bounds of the standard agreement, and closer ones where they cost an honest partner nothing:
 * a round a day; no result about fewer than five; no list that differs from the last by a few. */
void terms_of_draft(struct terms *t)
{
    memset(t, 0, sizeof *t);
    (void)snprintf(t->purpose, sizeof t->purpose, "co-sell account mapping");
    (void)snprintf(t->legal_basis, sizeof t->legal_basis, "GDPR Art. 6(1)(f) legitimate interests");
    t->retention_days = 365;
    t->valid_days = 365;
    t->approval = MDL_APPROVAL_PERSON;
    t->counts_by = MDL_KEY_DOMAIN;
    t->max_keys_round = 1000000;
    t->max_keys_month = 31000000;
    t->max_rounds_month = 31;
    t->min_change = 5;
    t->min_keys = 1;
    t->min_result = 5;
    t->key_deadline_s = 900;
}

void terms_of_agreement(const struct mdl_agreement *a, struct terms *t)
{
    const struct mdl_agreement_caps *c = &a->caps;

    memset(t, 0, sizeof *t);
    memcpy(t->purpose, a->purpose, sizeof t->purpose);
    memcpy(t->legal_basis, a->legal_basis, sizeof t->legal_basis);
    t->retention_days = a->retention_days;
    t->valid_days = (a->valid_until - a->valid_from + DAY_MS / 2) / DAY_MS;
    t->valid_days = t->valid_days == 0 ? 1 : t->valid_days > 3660 ? 3660 : t->valid_days;
    t->approval = a->approval;
    t->counts_by = MDL_KEY_DOMAIN;
    for (size_t g = a->n_groups; g > 0; g--) {
        if (a->groups[g - 1].key_type != 0) {
            t->counts_by = a->groups[g - 1].key_type;
        }
    }
    t->max_keys_round = c->max_keys_round;
    t->max_keys_month = c->max_keys_month > INT64_MAX ? INT64_MAX : c->max_keys_month;
    t->min_keys = c->min_keys;
    t->min_result = c->min_result;
    t->max_result = c->max_result;
    t->max_rounds_month = c->max_rounds_month;
    t->min_change = c->min_change;
    t->cooldown_hours = c->cooldown_hours;
    t->key_deadline_s = a->key_deadline_s;
}

void terms_into(const struct terms *t, struct mdl_agreement *a)
{
    memcpy(a->purpose, t->purpose, sizeof a->purpose);
    memcpy(a->legal_basis, t->legal_basis, sizeof a->legal_basis);
    a->retention_days = (uint16_t)t->retention_days;
    a->approval = (uint8_t)t->approval;
    a->caps = (struct mdl_agreement_caps){.max_keys_round = (uint32_t)t->max_keys_round,
                                          .max_keys_month = t->max_keys_month,
                                          .min_keys = (uint32_t)t->min_keys,
                                          .min_result = (uint32_t)t->min_result,
                                          .max_result = (uint32_t)t->max_result,
                                          .max_rounds_month = (uint16_t)t->max_rounds_month,
                                          .min_change = (uint32_t)t->min_change,
                                          .cooldown_hours = (uint16_t)t->cooldown_hours};
    a->key_deadline_s = (uint16_t)t->key_deadline_s;
}
