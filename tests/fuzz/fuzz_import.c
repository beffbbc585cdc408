/* fuzz_import.c: any bytes as an upload, as a population rule, as a mapping or as a number.
 *
 * The first byte chooses: 'R' a rule, 'M' a mapping, 'N' a number, 'K' bytes that a store gives
 * back as a file's columns and a row, else a file, with bit 0: mappings and rules given, bits 2..4:
 * the encoding forced. A file is read twice, cut into pieces of different sizes: whatever it holds,
 * the outcome must be the same. */
#include "import.h"
#include "import_text.h"
#include "rule.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t digest; /* of all that the sink saw */

static void mix(const char *s)
{
    for (; *s != '\0'; s++) {
        digest = (digest ^ (uint8_t)*s) * UINT64_C(0x100000001B3);
    }
    digest = (digest ^ 0xFF) * UINT64_C(0x100000001B3);
}

/* A rule that names a field is asked of a row; true if the bytes are a file's columns and its row.
 */
static bool ask(const void *header, size_t header_len, const void *row, size_t row_len)
{
    struct mdl_error err;
    struct mdl_kept *k = NULL;
    struct mdl_rule *rule = NULL;
    struct mdl_rule_binding b;
    bool yes = false;
    if (mdl_kept_open(header, header_len, &k, &err) != MDL_OK) {
        return false;
    }
    bool sound = mdl_kept_row(k, row, row_len, &err) == MDL_OK;
    if (mdl_rule_parse("name filled or stage < 5 or country = DE", NULL, &rule, &err) != MDL_OK) {
        abort();
    }
    mdl_rule_bind(rule, k, k, &b);
    if (sound && b.applies && mdl_rule_ask(rule, &b, k, k, &yes, &err) != MDL_OK) {
        abort();
    }
    digest += yes;
    mdl_rule_free(rule);
    mdl_kept_close(k);
    return sound;
}

/* What an import hands out to be kept must be read again. */
static void read_again(const struct mdl_import_kept *k)
{
    if (!ask(k->header, k->header_len, k->row, k->row_len)) {
        abort();
    }
    for (size_t i = 0; i < k->row_len; i++) {
        digest = (digest ^ ((const uint8_t *)k->row)[i]) * UINT64_C(0x100000001B3);
    }
}

static void one_kept(const uint8_t *data, size_t size)
{
    size_t header = size > 0 ? data[0] : 0;
    if (size > 0 && header <= size - 1) {
        (void)ask(data + 1, header, data + 1 + header, size - 1 - header);
    }
}

static enum mdl_status on_account(void *ctx, const struct mdl_import_account *a, bool *repeated,
                                  struct mdl_error *err)
{
    (void)ctx;
    (void)err;
    mix(a->record_id);
    mix(a->join_id);
    mix(a->join_name);
    for (size_t f = 0; f < MDL_FIELD_COUNT; f++) {
        mix(a->field[f]);
        if (mdl_imp_utf8_bad(a->field[f], strlen(a->field[f])) != strlen(a->field[f])) {
            abort();
        }
    }
    digest += a->line + a->populations + a->keys->n;
    read_again(&a->kept);
    *repeated = a->line % 7 == 0;
    return MDL_OK;
}

static enum mdl_status on_deal(void *ctx, const struct mdl_import_opportunity *o,
                               struct mdl_error *err)
{
    (void)ctx;
    (void)err;
    mix(o->record_id);
    mix(o->account_join_id);
    mix(o->join_name);
    digest += o->line + o->populations + (uint64_t)o->amount.hundredths;
    read_again(&o->kept);
    return MDL_OK;
}

static enum mdl_status on_finish(void *ctx, struct mdl_import_report *r, struct mdl_error *err)
{
    (void)ctx;
    (void)err;
    digest += r->rows;
    return MDL_OK;
}

static void on_abort(void *ctx)
{
    (void)ctx;
    digest++;
}

static void on_issue(void *ctx, const struct mdl_import_issue *i)
{
    (void)ctx;
    mix(i->text);
    mix(i->label);
    digest += (uint64_t)i->kind + i->line + i->column;
}

static uint64_t import(const struct mdl_import_options *o, const uint8_t *data, size_t size,
                       size_t chunk)
{
    const struct mdl_import_sink sink = {NULL,     on_account, on_deal, on_finish,
                                         on_abort, on_issue,   NULL};
    struct mdl_import *imp;
    struct mdl_error err = {0};
    digest = 0;
    if (mdl_import_begin(o, &sink, &imp, &err) != MDL_OK) {
        abort();
    }
    enum mdl_status st = mdl_import_file_begin(imp, "fuzz", &err);
    for (size_t at = 0; st == MDL_OK && at < size; at += chunk) {
        st = mdl_import_feed(imp, data + at, size - at < chunk ? size - at : chunk, &err);
    }
    st = st == MDL_OK ? mdl_import_file_end(imp, &err) : st;
    st = st == MDL_OK ? mdl_import_finish(imp, &err) : st;
    if (st != MDL_OK) {
        mix(err.text);
    }
    mdl_import_free(imp);
    return digest;
}

static void one_text(uint8_t what, const uint8_t *data, size_t size)
{
    struct mdl_error err;
    char *text = malloc(size + 1);
    if (text == NULL) {
        abort();
    }
    memcpy(text, data, size);
    text[size] = '\0';
    int64_t number;
    if (what == 'R') {
        (void)!mdl_import_check_rule(text, &err);
    } else if (what == 'M') {
        (void)!mdl_import_check_map(text, &err);
    } else {
        (void)mdl_imp_number(text, ',', &number);
    }
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct mdl_profile *profile;
    static const char *const maps[] = {"Account=name", "Web=website", "Type#2=id:no_orgnr"};
    static const char *const rules[] = {"customers: Status = Customer or \"Annual Revenue\" > 5",
                                        "vip: not (name contains a and status is empty)"};
    struct mdl_error err;
    if (size == 0 || (profile == NULL && mdl_profile_open(NULL, &profile, &err) != MDL_OK)) {
        return 0;
    }
    if (data[0] == 'R' || data[0] == 'M' || data[0] == 'N') {
        one_text(data[0], data + 1, size - 1);
        return 0;
    }
    if (data[0] == 'K') {
        one_kept(data + 1, size - 1);
        return 0;
    }
    bool more = (data[0] & 1) != 0;
    struct mdl_import_options o = {
        .profile = profile,
        .maps = maps,
        .n_maps = more ? 3 : 0,
        .populations = rules,
        .n_populations = more ? 2 : 0,
        .encoding = (enum mdl_import_encoding)((data[0] >> 2 & 7) % 6),
    };
    if (import(&o, data + 1, size - 1, size) != import(&o, data + 1, size - 1, 5)) {
        abort();
    }
    return 0;
}
