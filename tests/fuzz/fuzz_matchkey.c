/* fuzz_matchkey.c: any bytes as an account row, a typed value and an encoded key. Beyond memory
 * safety: keys are well-formed, derive the same twice, survive encoding, and a domain key derives
 * to itself. */
#include <mandorla/matchkey.h>

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FIELDS 9

static struct mdl_profile *profile;
static struct mdl_key_set first, second;

static void require(int promise)
{
    if (!promise) {
        abort();
    }
}

static void heard(void *ctx, const struct mdl_key_note *n)
{
    size_t *notes = ctx;
    require(memchr(n->text, '\0', sizeof n->text) != NULL);
    require(memchr(n->field, '\0', sizeof n->field) != NULL);
    size_t len = strlen(n->text);
    for (size_t at = 0; at < len;) { /* others put it into JSON */
        utf8proc_int32_t cp;
        utf8proc_ssize_t used = utf8proc_iterate((const utf8proc_uint8_t *)n->text + at,
                                                 (utf8proc_ssize_t)(len - at), &cp);
        require(used > 0);
        at += (size_t)used;
    }
    ++*notes;
}

static void check_key(const struct mdl_key *k)
{
    uint8_t bytes[MDL_KEY_BYTES_MAX];
    char value[MDL_KEY_VALUE_MAX + 1], again[MDL_KEY_VALUE_MAX + 1];
    struct mdl_key back;
    require(k->len > 0 && k->len <= MDL_KEY_VALUE_MAX);
    size_t n = mdl_key_encode(k, bytes);
    require(mdl_key_decode(bytes, n, &back, NULL) == MDL_OK);
    require(back.type == k->type && back.len == k->len &&
            memcmp(back.value, k->value, k->len) == 0);
    memcpy(value, k->value, k->len);
    value[k->len] = '\0';
    require(strlen(value) == k->len);
    if (k->type == MDL_KEY_DOMAIN && mdl_domain_key(profile, value, false, again, NULL) == MDL_OK) {
        require(strcmp(value, again) == 0);
    }
}

static void check_set(const struct mdl_key_set *s)
{
    require(s->n <= MDL_KEYS_PER_ACCOUNT);
    for (size_t i = 0; i < s->n; i++) {
        check_key(&s->key[i]);
        require(i == 0 ||
                mdl_key_type_priority(s->key[i - 1].type) <= mdl_key_type_priority(s->key[i].type));
    }
}

static bool same(const struct mdl_key_set *a, const struct mdl_key_set *b)
{
    bool equal = a->n == b->n && a->registry_mask == b->registry_mask &&
                 strcmp(a->core_name, b->core_name) == 0;
    for (size_t i = 0; equal && i < a->n; i++) {
        equal = a->key[i].type == b->key[i].type && a->key[i].len == b->key[i].len &&
                memcmp(a->key[i].value, b->key[i].value, a->key[i].len) == 0;
    }
    return equal;
}

/* Fields are separated by newlines, in the order of the struct; with one field it stands in all. */
static void row(char *text)
{
    char *field[FIELDS];
    size_t n = 0, notes = 0;
    for (char *at = text; at != NULL && n < FIELDS;) {
        field[n++] = strsep(&at, "\n");
    }
    while (n < FIELDS) {
        field[n] = field[n - 1];
        n++;
    }
    const struct mdl_identifier id = {"eu_vat", field[8]};
    const struct mdl_account_input in = {.name = field[0],
                                         .website = field[1],
                                         .domain = field[2],
                                         .additional_domains = field[3],
                                         .emails = field[4],
                                         .country = field[5],
                                         .lei = field[6],
                                         .duns = field[7],
                                         .vat = field[8],
                                         .identifiers = &id,
                                         .n_identifiers = 1};
    require(mdl_keys_derive(profile, &in, heard, &notes, &first, NULL) == MDL_OK);
    require(mdl_keys_derive(profile, &in, NULL, NULL, &second, NULL) == MDL_OK);
    check_set(&first);
    require(same(&first, &second));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mdl_key k;
    size_t notes = 0;
    if (profile == NULL) {
        require(mdl_profile_open(NULL, &profile, NULL) == MDL_OK);
    }
    if (mdl_key_decode(data, size, &k, NULL) == MDL_OK) {
        uint8_t bytes[MDL_KEY_BYTES_MAX];
        require(mdl_key_encode(&k, bytes) == size && memcmp(bytes, data, size) == 0);
    }
    char *text = malloc(size + 1);
    if (text == NULL) {
        return 0;
    }
    if (size > 0) {
        memcpy(text, data, size);
    }
    text[size] = '\0';
    require(mdl_keys_explain(profile, text, NULL, heard, &notes, &first, NULL) == MDL_OK);
    for (size_t i = 0; i < first.n; i++) {
        check_key(&first.key[i]);
    }
    row(text);
    free(text);
    return 0;
}
