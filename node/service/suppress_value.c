/* suppress_value.c: what a value of the suppression list names: match keys, or one record.
 * It may not store anything. */
#include "suppress_value.h"

#include <ctype.h>
#include <record.h>
#include <string.h>

static bool has_source(const struct rules_state *st, const char *name, size_t len)
{
    for (size_t i = 0; i < st->n; i++) {
        if (strlen(st->source[i].name) == len && memcmp(st->source[i].name, name, len) == 0) {
            return true;
        }
    }
    return false;
}

/* "crm:001..." and not "https://..." or "the company: a name": a source's name, a colon, an id. */
static bool looks_like_record(const char *value, size_t *slug)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
    *slug = strspn(value, letters);
    return *slug > 0 && *slug <= MDL_STORE_SLUG && value[*slug] == ':' && value[*slug + 1] != '/' &&
           value[*slug + 1] != ' ';
}

static enum mdl_status take_record(const char *value, size_t slug, struct mdl_suppress_row *row,
                                   struct mdl_error *err)
{
    if (value[slug + 1] == '\0') {
        return mdl_fail(err, MDL_U_ARGUMENT, "'%.80s' names a source and no record of it", value);
    }
    if (strlen(value + slug + 1) > MDL_SUPPRESS_RECORD) {
        return mdl_fail(err, MDL_U_ARGUMENT, "'%.60s...': a record id has at most %d bytes", value,
                        MDL_SUPPRESS_RECORD);
    }
    memcpy(row->source, value, slug);
    memcpy(row->record_id, value + slug + 1, strlen(value + slug + 1) + 1);
    return MDL_OK;
}

struct told {
    struct mdl_key_note last;    /* why there is no key */
    struct mdl_key_note country; /* why the country is none */
};

static void note_refusal(void *ctx, const struct mdl_key_note *n)
{
    struct told *t = ctx;
    if (n->status != MDL_OK) {
        *(strcmp(n->field, "country") == 0 ? &t->country : &t->last) = *n;
    }
}

static void put_key(struct mdl_suppress_row *row, const struct mdl_key *k, uint8_t unless)
{
    uint8_t bytes[MDL_KEY_BYTES_MAX];
    _Static_assert(MDL_KEY_BYTES_MAX <= MDL_SUPPRESS_KEY, "every match key fits");
    if (row->n_keys < MDL_SUPPRESS_KEYS) {
        struct mdl_suppress_key *to = &row->key[row->n_keys++];
        to->len = mdl_key_encode(k, bytes);
        memcpy(to->bytes, bytes, to->len);
        to->unless = unless;
    }
}

/* All keys that could make a match; and of a name the key without a country, because an account
 * whose country is not known has no other. With a country it does not hit those of another one. */
static void take_keys(const struct mdl_key_set *set, bool country, struct mdl_suppress_row *row)
{
    for (size_t i = 0; i < set->n; i++) {
        const struct mdl_key *k = &set->key[i];
        if (mdl_key_type_tier(k->type) == MDL_TIER_MATCH) {
            put_key(row, k, 0);
        } else if (k->type == MDL_KEY_NAME) {
            put_key(row, k, country ? MDL_KEY_NAME_COUNTRY : 0);
        }
    }
}

static enum mdl_status derive(struct mdl_service *s, const char *value, const char *country,
                              struct mdl_suppress_row *row, struct mdl_error *err)
{
    struct mdl_key_set set;
    struct told why = {0};
    enum mdl_status st =
        mdl_keys_explain(s->profile, value, country, note_refusal, &why, &set, err);
    if (st != MDL_OK) {
        return st;
    }
    /* It would narrow the entry to accounts without a country, and nobody would notice. */
    if (why.country.text[0] != '\0') {
        return mdl_fail(err, MDL_U_ARGUMENT,
                        "'%.80s': %.160s; expected an ISO 3166 code or a country's name", value,
                        why.country.text);
    }
    take_keys(&set, country != NULL, row);
    if (row->n_keys == 0) {
        return mdl_fail(err, MDL_U_NO_KEY,
                        "'%.80s' gives no match key%s%.160s; name the company, its website, a "
                        "registry id, or the record as SOURCE:ID",
                        value, why.last.text[0] != '\0' ? ": " : "", why.last.text);
    }
    return MDL_OK;
}

static bool is_name_only(const struct mdl_suppress_row *row)
{
    for (size_t i = 0; i < row->n_keys; i++) {
        if (row->key[i].bytes[0] != MDL_KEY_NAME && row->key[i].bytes[0] != MDL_KEY_NAME_COUNTRY) {
            return false;
        }
    }
    return true;
}

/* "acme.example", "www.acme.exampel/about": one word whose host ends in letters after a dot. */
static bool looks_like_domain(const char *value, size_t len)
{
    size_t host = 0;
    size_t dot = 0;
    for (; host < len && strchr("/:?#", value[host]) == NULL; host++) {
        unsigned char ch = (unsigned char)value[host];
        if (ch == '.') {
            dot = host;
        } else if (ch < 0x80 && !isalnum(ch) && ch != '-' && ch != '_' && ch != '@') {
            return false;
        }
    }
    return dot > 0 && host - dot > 2 && strcspn(value + dot, "0123456789-_@") >= host - dot;
}

/* A line of a file divided by commas, or two values in one: all but the first would be lost, or
 * become part of a name. */
static enum mdl_status check_commas(const struct suppress_wish *wish, struct mdl_error *err)
{
    const char *scheme = strstr(wish->value, "://");
    const char *host = scheme != NULL ? scheme + 3 : wish->value;
    const char *comma = strchr(host, ',');
    if (comma == NULL || memchr(host, '/', (size_t)(comma - host)) != NULL) {
        return MDL_OK;
    }
    if (!looks_like_domain(host, (size_t)(comma - host)) &&
        (wish->line == 0 || comma[1] == ' ' || comma[1] == '\0')) {
        return MDL_OK;
    }
    return mdl_fail(err, MDL_U_ARGUMENT,
                    "'%.80s' is divided by a comma; expected %s (a comma within a name has a space "
                    "after it)",
                    wish->value, wish->line > 0 ? "VALUE;COUNTRY;REASON" : "one value an argument");
}

/* It would be filed as a name that no company bears: the objection would protect nobody. */
static enum mdl_status check_name(struct mdl_service *s, const char *value, struct mdl_error *err)
{
    char domain[MDL_KEY_VALUE_MAX + 1];
    struct mdl_error why = {0};
    if (looks_like_domain(value, strlen(value)) &&
        mdl_domain_key(s->profile, value, false, domain, &why) != MDL_OK) {
        return mdl_fail(err, MDL_U_NO_KEY,
                        "'%.80s' looks like a domain and gives no domain key: %.160s. Expected the "
                        "website as it is in use; write a company's name without the dot, and one "
                        "record as SOURCE:ID",
                        value, why.text);
    }
    return MDL_OK;
}

static void list_sources(const struct rules_state *st, char *out, size_t size)
{
    out[0] = '\0';
    for (size_t i = 0; i < st->n; i++) {
        size_t used = strlen(out);
        (void)snprintf(out + used, size - used, "%s%s", used > 0 ? ", " : "", st->source[i].name);
    }
}

static enum mdl_status no_source(const struct rules_state *st, const char *value, size_t slug,
                                 struct mdl_error *err)
{
    char names[200];
    list_sources(st, names, sizeof names);
    return mdl_fail(err, MDL_U_NOT_FOUND, "'%.80s': there is no source '%.*s'; %s%s", value,
                    (int)slug, value, names[0] != '\0' ? "there are: " : "nothing is imported yet",
                    names);
}

/* Bounds of the texts as they are stored; a value with a line's end in it is two that were read as
 * one, and would mean neither. */
static enum mdl_status check_texts(const char *value, const char *country, const char *reason,
                                   struct mdl_error *err)
{
    if (value[0] == '\0' || strlen(value) > MDL_SUPPRESS_VALUE) {
        return mdl_fail(err, MDL_U_ARGUMENT, "'%.60s': a value has 1 to %d bytes", value,
                        MDL_SUPPRESS_VALUE);
    }
    if (strlen(reason) > MDL_STORE_TEXT || strlen(country) > MDL_SUPPRESS_COUNTRY) {
        return mdl_fail(err, MDL_U_ARGUMENT, "'%.60s': a reason has at most %d bytes, a country %d",
                        value, MDL_STORE_TEXT, MDL_SUPPRESS_COUNTRY);
    }
    if (!mdl_text_clean(value, strlen(value)) || !mdl_text_clean(country, strlen(country)) ||
        !mdl_text_clean(reason, strlen(reason))) {
        return mdl_fail(err, MDL_U_ARGUMENT,
                        "'%.60s': expected text without control characters; a line ends as in "
                        "Unix or Windows",
                        value);
    }
    return MDL_OK;
}

enum mdl_status suppress_value(struct mdl_service *s, const struct rules_state *state,
                               const struct suppress_wish *wish, struct mdl_suppress_row *row,
                               struct mdl_error *err)
{
    size_t slug = 0;
    const char *country = wish->country != NULL && wish->country[0] != '\0' ? wish->country : NULL;
    const char *reason = wish->reason != NULL ? wish->reason : "";
    memset(row, 0, sizeof *row);
    row->added_at = now_ms();
    enum mdl_status st = check_texts(wish->value, country != NULL ? country : "", reason, err);
    if (st != MDL_OK) {
        return st;
    }
    memcpy(row->value, wish->value, strlen(wish->value) + 1);
    memcpy(row->reason, reason, strlen(reason) + 1);
    if (country != NULL) {
        memcpy(row->country, country, strlen(country) + 1);
    }
    bool record = looks_like_record(wish->value, &slug);
    if (record && has_source(state, wish->value, slug)) {
        return take_record(wish->value, slug, row, err);
    }
    st = check_commas(wish, err);
    if (st == MDL_OK) {
        st = derive(s, wish->value, country, row, err);
    }
    if (st == MDL_OK && is_name_only(row)) {
        st = check_name(s, wish->value, err);
    }
    record = record && wish->value[slug + 1] != '\0' && strchr(wish->value, ' ') == NULL;
    if (st == MDL_OK && record && is_name_only(row)) {
        st = no_source(state, wish->value, slug, err);
    }
    return st;
}

bool suppress_is_mail_provider(const struct mdl_service *s, const struct mdl_suppress_row *row)
{
    char domain[MDL_KEY_VALUE_MAX + 1];
    return row->n_keys > 0 && row->key[0].bytes[0] == MDL_KEY_DOMAIN &&
           mdl_domain_key(s->profile, row->value, true, domain, NULL) == MDL_U_NO_KEY;
}
