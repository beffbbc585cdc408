/* support.c: a sink that remembers, and the joins and fallback a store would do.
 * May not assert what a test should. */
#include "support.h"

#include <stdlib.h>

static struct mdl_profile *profile;

const struct mdl_profile *rig_profile(void)
{
    struct mdl_error err = {0};
    if (profile == NULL && mdl_profile_open(NULL, &profile, &err) != MDL_OK) {
        ck_abort_msg("%s", err.text);
    }
    return profile;
}

static void copy(char *out, size_t size, const char *s)
{
    ck_assert_ptr_nonnull(s);
    snprintf(out, size, "%s", s);
}
/* Member by member: a struct's padding would make two equal ones differ. */
static void keep(struct mdl_import_money *out, struct mdl_import_money m)
{
    out->present = m.present;
    out->hundredths = m.hundredths;
}
#define COPY(to, from) copy(to, sizeof(to), from)

static enum mdl_status on_account(void *ctx, const struct mdl_import_account *a, bool *repeated,
                                  struct mdl_error *err)
{
    struct rig *r = ctx;
    if (r->account_status != MDL_OK) {
        return mdl_fail(err, r->account_status, "the sink says no");
    }
    for (size_t i = 0; i < r->n_accounts; i++) {
        if (strcmp(r->accounts[i].join_id, a->join_id) == 0) {
            r->accounts[i].populations |= a->populations;
            *repeated = true;
            return MDL_OK;
        }
    }
    ck_assert_uint_lt(r->n_accounts, RIG_ROWS);
    struct rig_account *o = &r->accounts[r->n_accounts++];
    o->line = a->line;
    COPY(o->record_id, a->record_id);
    COPY(o->join_id, a->join_id);
    COPY(o->join_name, a->join_name);
    COPY(o->name, a->field[MDL_FIELD_NAME]);
    COPY(o->website, a->field[MDL_FIELD_WEBSITE]);
    COPY(o->country, a->field[MDL_FIELD_COUNTRY]);
    COPY(o->owner, a->field[MDL_FIELD_OWNER]);
    COPY(o->type, a->field[MDL_FIELD_TYPE]);
    o->made_id = a->made_id;
    o->populations = a->populations;
    o->n_keys = a->keys->n;
    o->n_notes = a->n_notes;
    keep(&o->revenue, a->annual_revenue);
    keep(&o->open_value, a->open_deal_value);
    return MDL_OK;
}

static enum mdl_status on_deal(void *ctx, const struct mdl_import_opportunity *d,
                               struct mdl_error *err)
{
    (void)err;
    struct rig *r = ctx;
    ck_assert_uint_lt(r->n_deals, RIG_ROWS);
    struct rig_deal *o = &r->deals[r->n_deals++];
    o->line = d->line;
    COPY(o->record_id, d->record_id);
    COPY(o->account, d->account_join_id);
    COPY(o->join_name, d->join_name);
    COPY(o->currency, d->field[MDL_FIELD_CURRENCY]);
    COPY(o->name, d->field[MDL_FIELD_DEAL_NAME]);
    o->won = d->is_won;
    o->closed = d->is_closed;
    o->populations = d->populations;
    keep(&o->amount, d->amount);
    return MDL_OK;
}

static struct rig_account *join(struct rig *r, const struct rig_deal *d)
{
    struct rig_account *found = NULL;
    for (size_t i = 0; i < r->n_accounts; i++) {
        bool by_id = d->account[0] != '\0';
        const char *mine = by_id ? r->accounts[i].join_id : r->accounts[i].join_name;
        if (strcmp(mine, by_id ? d->account : d->join_name) == 0) {
            if (found != NULL) {
                return NULL;
            }
            found = &r->accounts[i];
        }
    }
    return found;
}

static enum mdl_status on_finish(void *ctx, struct mdl_import_report *rep, struct mdl_error *err)
{
    (void)err;
    struct rig *r = ctx;
    for (size_t i = 0; i < r->n_deals; i++) {
        struct rig_account *a = join(r, &r->deals[i]);
        rep->joined += a != NULL;
        rep->unjoined += a == NULL;
        if (a != NULL) {
            a->populations |= r->deals[i].populations;
        }
    }
    for (size_t i = 0; i < r->n_accounts; i++) {
        struct rig_account *a = &r->accounts[i];
        if (a->populations == 0 && rep->plan.fallback >= 0) {
            a->populations = 1u << rep->plan.fallback;
        }
        rep->no_population += a->populations == 0;
        for (size_t p = 0; p < rep->plan.n; p++) {
            rep->population[p] += a->populations >> p & 1;
        }
    }
    r->finished++;
    return MDL_OK;
}

static void on_abort(void *ctx)
{
    ((struct rig *)ctx)->aborted++;
}

static void on_issue(void *ctx, const struct mdl_import_issue *i)
{
    struct rig *r = ctx;
    ck_assert_uint_lt(r->n_issues, RIG_ROWS);
    struct rig_issue *o = &r->issues[r->n_issues++];
    o->kind = i->kind;
    o->line = i->line;
    o->column = i->column;
    COPY(o->label, i->label);
    COPY(o->record_id, i->record_id);
    COPY(o->text, i->text);
}

static bool on_progress(void *ctx, uint64_t bytes, uint64_t rows)
{
    struct rig *r = ctx;
    (void)bytes;
    r->progressed++;
    return r->cancel_after == 0 || rows < r->cancel_after;
}

struct rig *rig_new(void)
{
    struct rig *r = calloc(1, sizeof *r);
    ck_assert_ptr_nonnull(r);
    r->options.profile = rig_profile();
    r->sink = (struct mdl_import_sink){r,        on_account, on_deal,    on_finish,
                                       on_abort, on_issue,   on_progress};
    return r;
}

void rig_free(struct rig *r)
{
    mdl_import_free(r->imp);
    free(r);
}

void rig_begin(struct rig *r)
{
    ck_ok(r, mdl_import_begin(&r->options, &r->sink, &r->imp, &r->err));
}

enum mdl_status rig_bytes(struct rig *r, const char *name, const void *bytes, size_t len)
{
    if (r->imp == NULL) {
        rig_begin(r);
    }
    enum mdl_status st = mdl_import_file_begin(r->imp, name, &r->err);
    for (size_t at = 0; st == MDL_OK && at < len;) {
        size_t n = r->chunk == 0 || r->chunk > len - at ? len - at : r->chunk;
        st = mdl_import_feed(r->imp, (const char *)bytes + at, n, &r->err);
        at += n;
    }
    return st == MDL_OK ? mdl_import_file_end(r->imp, &r->err) : st;
}

enum mdl_status rig_text(struct rig *r, const char *text)
{
    return rig_bytes(r, "t.csv", text, strlen(text));
}

char *rig_read(const char *dir, const char *name, size_t *len)
{
    char path[1000];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "rb");
    ck_assert_msg(f != NULL, "%s cannot be read", path);
    char *bytes = malloc(1 << 20);
    ck_assert_ptr_nonnull(bytes);
    *len = fread(bytes, 1, 1 << 20, f);
    fclose(f);
    return bytes;
}

enum mdl_status rig_path(struct rig *r, const char *dir, const char *name)
{
    size_t len;
    char *bytes = rig_read(dir, name, &len);
    enum mdl_status st = rig_bytes(r, name, bytes, len);
    free(bytes);
    return st;
}

enum mdl_status rig_data(struct rig *r, const char *name)
{
    return rig_path(r, IMPORT_DATA, name);
}

enum mdl_status rig_finish(struct rig *r)
{
    return mdl_import_finish(r->imp, &r->err);
}

const struct mdl_import_report *rig_report(const struct rig *r)
{
    return mdl_import_report(r->imp);
}

const struct rig_account *rig_find(const struct rig *r, const char *name)
{
    for (size_t i = 0; i < r->n_accounts; i++) {
        if (strcmp(r->accounts[i].name, name) == 0) {
            return &r->accounts[i];
        }
    }
    ck_abort_msg("no account called %s", name);
    return NULL;
}

const struct rig_issue *rig_issue(const struct rig *r, enum mdl_import_issue_kind kind)
{
    for (size_t i = 0; i < r->n_issues; i++) {
        if (r->issues[i].kind == kind) {
            return &r->issues[i];
        }
    }
    return NULL;
}

static const struct mdl_import_column *column(const struct rig *r, const char *label)
{
    const struct mdl_import_report *rep = rig_report(r);
    const struct mdl_import_file *f = &rep->files[rep->n_files - 1];
    for (size_t i = 0; i < f->n_columns; i++) {
        if (strcmp(f->columns[i].label, label) == 0) {
            return &f->columns[i];
        }
    }
    ck_abort_msg("no column labelled %s", label);
    return NULL;
}

int rig_field(const struct rig *r, const char *label)
{
    return column(r, label)->field;
}

int rig_how(const struct rig *r, const char *label)
{
    return column(r, label)->how;
}

int rig_main(Suite *s)
{
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    mdl_profile_close(profile);
    return failed == 0 ? 0 : 1;
}
