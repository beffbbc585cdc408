/* upload_sink.c: accounts and opportunities of an import into a generation of the store.
 * It may not decide what a row means: the import did. */
#include "upload.h"

#include "trail.h"

#include <stdlib.h>
#include <store_source.h>
#include <string.h>

_Static_assert(MDL_ISSUE_NO_KEY_PLACEHOLDER == MDL_ISSUE_NO_KEY_EMPTY + 1 &&
                   MDL_ISSUE_NO_KEY_REFUSED == MDL_ISSUE_NO_KEY_EMPTY + 2,
               "the reasons for having no key are numbered from 0 for the store");

#define SHARED_NAMES 3 /* a domain on more core names than this is no key (MATCHING.md) */

/* A source that was not named is named after the first file's kind. */
static void name_source(struct mdl_upload *u)
{
    const struct mdl_import_report *r = mdl_import_report(u->import);
    const char *kind = r->n_files > 0 ? mdl_import_kind_slug(r->files[0].kind) : "sheet";
    if (u->source[0] == '\0') {
        const char *name = strncmp(kind, "salesforce", 10) == 0 ? "salesforce"
                           : strncmp(kind, "hubspot", 7) == 0   ? "hubspot"
                                                                : "sheet";
        (void)snprintf(u->source, sizeof u->source, "%s", name);
    }
}

static enum mdl_status need_generation(struct mdl_upload *u, struct mdl_error *err)
{
    const struct mdl_import_plan *plan = &mdl_import_report(u->import)->plan;
    if (u->gen != NULL) {
        return MDL_OK;
    }
    name_source(u);
    enum mdl_status st = mdl_gen_create(u->s->dir, u->source, u->generation, &u->gen, err);
    for (size_t i = 0; i < plan->n && st == MDL_OK; i++) {
        st = mdl_gen_population(u->gen, plan->name[i], &u->bit[i], err);
    }
    return st;
}

static uint64_t bits(const struct mdl_upload *u, uint32_t populations)
{
    uint64_t out = 0;
    for (int i = 0; i < MDL_IMPORT_POPULATIONS; i++) {
        if ((populations >> i & 1) != 0) {
            out |= (uint64_t)1 << u->bit[i];
        }
    }
    return out;
}

static int64_t whole_number(const char *text)
{
    char *end;
    long long n = strtoll(text, &end, 10);
    return end == text || n < 0 ? -1 : n;
}

static const char *first_filled(const char *a, const char *b, const char *c)
{
    return a[0] != '\0' ? a : b[0] != '\0' ? b : c;
}

static void fill_fields(struct mdl_account_fields *f, const struct mdl_import_account *a)
{
    f->record_id = a->record_id;
    f->name = a->field[MDL_FIELD_NAME];
    f->website = first_filled(a->field[MDL_FIELD_WEBSITE], a->field[MDL_FIELD_DOMAIN], "");
    f->country = a->field[MDL_FIELD_COUNTRY];
    f->owner = a->field[MDL_FIELD_OWNER];
    f->owner_email = a->field[MDL_FIELD_OWNER_EMAIL];
    f->industry = a->field[MDL_FIELD_INDUSTRY];
    f->currency = a->field[MDL_FIELD_CURRENCY];
    f->stage = first_filled(a->field[MDL_FIELD_STAGE], a->field[MDL_FIELD_LIFECYCLE],
                            a->field[MDL_FIELD_STATUS]);
    f->type = a->field[MDL_FIELD_TYPE];
    f->employees = whole_number(a->field[MDL_FIELD_EMPLOYEES]);
    f->revenue = a->annual_revenue.present ? a->annual_revenue.hundredths / 100 : -1;
}

static enum mdl_status keep_file(struct mdl_upload *u, const struct mdl_import_kept *k,
                                 struct mdl_gen_cells *cells, struct mdl_error *err)
{
    enum mdl_status st = MDL_OK;
    *cells = (struct mdl_gen_cells){(int64_t)k->file, k->row, k->row_len};
    if (!u->file_known[k->file]) {
        st = mdl_gen_put_file(u->gen, (int64_t)k->file, k->header, k->header_len, err);
        u->file_known[k->file] = st == MDL_OK;
    }
    return st;
}

static enum mdl_status put_account(void *ctx, const struct mdl_import_account *a, bool *repeated,
                                   struct mdl_error *err)
{
    struct mdl_upload *u = ctx;
    uint8_t bytes[MDL_KEYS_PER_ACCOUNT][MDL_KEY_BYTES_MAX];
    struct mdl_gen_key keys[MDL_KEYS_PER_ACCOUNT];
    struct mdl_gen_account row = {.keys = keys, .n_keys = a->keys->n};

    (void)repeated; /* the generation finds them when it is finished */
    enum mdl_status st = need_generation(u, err);
    if (st == MDL_OK) {
        st = keep_file(u, &a->kept, &row.cells, err);
    }
    if (st != MDL_OK) {
        return st;
    }
    for (size_t i = 0; i < a->keys->n; i++) {
        keys[i].bytes = bytes[i];
        keys[i].len = mdl_key_encode(&a->keys->key[i], bytes[i]);
        keys[i].origin = a->keys->key[i].origin;
    }
    fill_fields(&row.fields, a);
    row.core_name = a->keys->core_name;
    row.join_id = a->join_id;
    row.join_name = a->join_name;
    row.populations = bits(u, a->populations);
    row.registry_mask = a->keys->registry_mask;
    row.line = a->line;
    row.keyless = a->keys->n == 0 ? (uint8_t)(a->keyless - MDL_ISSUE_NO_KEY_EMPTY) : 0;
    return mdl_gen_put_account(u->gen, &row, err);
}

static enum mdl_status put_opportunity(void *ctx, const struct mdl_import_opportunity *o,
                                       struct mdl_error *err)
{
    struct mdl_upload *u = ctx;
    enum mdl_status st = need_generation(u, err);
    if (st != MDL_OK) {
        return st;
    }
    struct mdl_gen_opportunity row = {.account_id = o->account_join_id,
                                      .account_name = o->join_name,
                                      .populations = bits(u, o->populations),
                                      .won = o->is_won,
                                      .closed = o->is_closed,
                                      .amount = o->amount.present ? o->amount.hundredths : 0,
                                      .currency = o->field[MDL_FIELD_CURRENCY]};
    st = keep_file(u, &o->kept, &row.cells, err);
    return st == MDL_OK ? mdl_gen_put_opportunity(u->gen, &row, err) : st;
}

/* What the import counted row by row had repeated records and shared domains in it. */
static void fill_report(const struct mdl_upload *u, struct mdl_import_report *r)
{
    const struct mdl_gen_summary *sum = u->summary;
    r->joined = sum->opportunities - sum->opportunities_unmatched;
    r->unjoined = sum->opportunities_unmatched;
    r->accounts = sum->accounts;
    r->distinct_keys = sum->keys;
    r->duplicate_accounts = sum->accounts_sharing_keys;
    r->no_population = sum->accounts_without_population;
    r->issues[MDL_ISSUE_REPEATED] = sum->duplicate_records;
    r->issues[MDL_ISSUE_NO_KEY_EMPTY] = sum->keyless[0];
    r->issues[MDL_ISSUE_NO_KEY_PLACEHOLDER] = sum->keyless[1];
    r->issues[MDL_ISSUE_NO_KEY_REFUSED] = sum->keyless[2];
    for (size_t i = 0; i < MDL_IMPORT_KEY_TYPES; i++) {
        struct mdl_import_key_count *k = &r->keys[i];
        k->keys = sum->of_type[k->type % MDL_GEN_KEY_TYPES].keys;
        k->accounts = sum->of_type[k->type % MDL_GEN_KEY_TYPES].accounts;
    }
    for (size_t i = 0; i < r->plan.n; i++) {
        r->population[i] = sum->population_accounts[u->bit[i]];
    }
}

static enum mdl_status finish(void *ctx, struct mdl_import_report *r, struct mdl_error *err)
{
    struct mdl_upload *u = ctx;
    struct mdl_gen_options opt = {.shared_key_type = MDL_KEY_DOMAIN,
                                  .shared_key_limit = SHARED_NAMES,
                                  .own_deal_rules = true,
                                  .no_fallback = r->plan.fallback < 0};
    u->summary = calloc(1, sizeof *u->summary);
    enum mdl_status st = u->summary == NULL
                             ? mdl_fail(err, MDL_L_MEMORY, "not enough memory for an import")
                             : need_generation(u, err);
    if (st != MDL_OK) {
        return st;
    }
    struct mdl_gen *gen = u->gen;
    u->gen = NULL; /* freed by finish in any case */
    st = mdl_gen_finish(gen, &opt, u->summary, err);
    if (st != MDL_OK) {
        return st;
    }
    u->finished = true;
    fill_report(u, r);
    return MDL_OK;
}

static void abort_import(void *ctx)
{
    struct mdl_upload *u = ctx;
    mdl_gen_abort(u->gen);
    u->gen = NULL;
}

/* The same record again: accounts without a key are counted, not rows. */
static bool listed(const json_t *list, const struct mdl_import_issue *i)
{
    size_t k;
    const json_t *o;
    json_array_foreach(list, k, o)
    {
        if (strcmp(json_string_value(json_object_get(o, "record_id")), i->record_id) == 0) {
            return true;
        }
    }
    return false;
}

static void note_issue(void *ctx, const struct mdl_import_issue *i)
{
    struct mdl_upload *u = ctx;
    json_t *list = NULL;
    if (mdl_import_issue_class_of(i->kind) == MDL_ISSUE_REJECTED) {
        list = u->rejected;
    } else if (i->kind == MDL_ISSUE_NO_KEY_EMPTY || i->kind == MDL_ISSUE_NO_KEY_PLACEHOLDER ||
               i->kind == MDL_ISSUE_NO_KEY_REFUSED) {
        list = u->first;
    }
    if (list == NULL || json_array_size(list) >= UPLOAD_LISTED ||
        (list == u->first && listed(list, i))) {
        return;
    }
    json_t *o = json_pack("{s:s, s:I, s:I, s:s, s:s, s:s, s:s}", "file", i->file, "line",
                          (json_int_t)i->line, "column", (json_int_t)i->column, "label", i->label,
                          "record_id", i->record_id, "reason", mdl_import_issue_slug(i->kind),
                          "text", i->text);
    if (o != NULL) {
        (void)json_array_append_new(list, o);
    }
}

struct mdl_import_sink upload_sink(struct mdl_upload *u)
{
    return (struct mdl_import_sink){.ctx = u,
                                    .account = put_account,
                                    .opportunity = put_opportunity,
                                    .finish = finish,
                                    .abort = abort_import,
                                    .issue = note_issue};
}

/* ---- the swap -----------------------------------------------------------------------------------
 */

struct swap {
    struct mdl_upload *u;
    const json_t *report;
    bool stale;
    char old[MDL_STORE_GENERATION + 1];
};

static char *dump(const json_t *v)
{
    return v != NULL ? json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
}

/* Rules that were changed since the generation was marked would be lost on it. */
static enum mdl_status check_rules(struct mdl_service *s, struct swap *w, struct mdl_error *err)
{
    struct rulebook *now = NULL;
    enum mdl_status st = rulebook_load(s, &now, err);
    if (st == MDL_OK && !rulebook_same(now, w->u->book)) {
        w->stale = true;
        st = mdl_fail(err, MDL_U_STATE, "the rules of populations are being changed: try again");
    }
    rulebook_free(now);
    return st;
}

static enum mdl_status swap_in(struct mdl_service *s, void *ctx, struct mdl_error *err)
{
    struct swap *w = ctx;
    struct mdl_upload *u = w->u;
    const struct mdl_import_report *r = mdl_import_report(u->import);
    struct mdl_source_row row = {.accounts = u->summary->accounts, .keys = u->summary->keys};

    (void)snprintf(row.name, sizeof row.name, "%s", u->source);
    (void)snprintf(row.generation, sizeof row.generation, "%s", u->generation);
    (void)snprintf(row.marks, sizeof row.marks, "%s", u->marking.marks);
    (void)snprintf(row.kind, sizeof row.kind, "%s",
                   r->n_files > 0 ? mdl_import_kind_slug(r->files[0].kind) : "unknown");
    row.imported_at = row.data_as_of = now_ms();
    row.mapping = dump(json_object_get(u->params, "maps"));
    row.rules = dump(json_object_get(u->params, "populations"));
    row.report = dump(w->report);
    enum mdl_status st = check_rules(s, w, err);
    if (st == MDL_OK) {
        st = mdl_source_put(s->store, &row, err);
    }
    if (st == MDL_OK) {
        st = mdl_source_swap(s->store, &row, w->old, err);
    }
    if (st == MDL_OK) {
        char note[MDL_STORE_SLUG + 16];
        (void)snprintf(note, sizeof note, "source %s", u->source);
        struct trail t = {.kind = MDL_LOG_IMPORT, .size = u->summary->accounts, .note = note};
        st = trail_add(s, &t, err);
    }
    free(row.mapping);
    free(row.rules);
    free(row.report);
    return st;
}

enum mdl_status upload_swap(struct mdl_upload *u, const json_t *report, bool *stale,
                            struct mdl_error *err)
{
    struct swap w = {.u = u, .report = report};
    enum mdl_status st = call_loop(u->s, swap_in, &w, err);
    *stale = w.stale;
    if (st == MDL_OK) {
        u->swapped = true;
        /* The commit is done: the old generation goes on this thread, not on the loop's. */
        mdl_gen_delete(u->s->dir, u->source, w.old);
    }
    return st;
}
