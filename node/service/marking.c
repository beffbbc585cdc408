/* marking.c: asks this node's rules of the rows that an import kept.
 * It may not touch the main database, but to load the rules, on the loop. */
#include "marking.h"

#include <stdlib.h>
#include <string.h>

/* ---- the rules ----------------------------------------------------------------------------------
 */

static enum mdl_status check_new(const struct rulebook *b, const struct mdl_rulebook_row *row,
                                 struct mdl_error *err)
{
    for (size_t i = 0; i < b->n; i++) {
        const struct mdl_rulebook_row *r = &b->at[i].row;
        if (row->name[0] != '\0' && strcmp(r->name, row->name) == 0) {
            return mdl_fail(err, MDL_U_EXISTS,
                            "there is a population '%s' by rule already (%.160s); remove it first, "
                            "or choose another name",
                            r->name, r->text);
        }
    }
    return MDL_OK;
}

enum mdl_status rulebook_add(struct rulebook *b, const struct mdl_rulebook_row *row,
                             struct mdl_error *err)
{
    struct mdl_rule *rule = NULL;
    enum mdl_status st = check_new(b, row, err);
    if (st == MDL_OK) {
        st = mdl_rule_parse(row->text, b->profile, &rule, err);
    }
    if (st != MDL_OK) {
        return st;
    }
    struct ruled *grown = realloc(b->at, (b->n + 1) * sizeof *grown);
    if (grown == NULL) {
        mdl_rule_free(rule);
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory for the rules");
    }
    b->at = grown;
    b->at[b->n].row = *row;
    b->at[b->n++].rule = rule;
    return MDL_OK;
}

void rulebook_drop(struct rulebook *b, int64_t id)
{
    for (size_t i = 0; i < b->n; i++) {
        if (b->at[i].row.id == id) {
            mdl_rule_free(b->at[i].rule);
            memmove(&b->at[i], &b->at[i + 1], (b->n - i - 1) * sizeof *b->at);
            b->n--;
            return;
        }
    }
}

void rulebook_free(struct rulebook *b)
{
    if (b != NULL) {
        for (size_t i = 0; i < b->n; i++) {
            mdl_rule_free(b->at[i].rule);
        }
        free(b->at);
        free(b);
    }
}

bool rulebook_same(const struct rulebook *a, const struct rulebook *b)
{
    bool same = a->n == b->n;
    for (size_t i = 0; i < a->n && same; i++) {
        same = a->at[i].row.id == b->at[i].row.id; /* a rule never changes under its number */
    }
    return same;
}

struct loading {
    struct rulebook *b;
    enum mdl_status status;
    struct mdl_error *err;
};

static bool load_row(void *ctx, const struct mdl_rulebook_row *row)
{
    struct loading *l = ctx;
    l->status = rulebook_add(l->b, row, l->err);
    return l->status == MDL_OK;
}

enum mdl_status rulebook_load(struct mdl_service *s, struct rulebook **out, struct mdl_error *err)
{
    struct loading l = {.b = calloc(1, sizeof *l.b), .err = err};
    *out = NULL;
    if (l.b == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory for the rules");
    }
    l.b->profile = s->profile;
    enum mdl_status st = mdl_rulebook_list(s->store, load_row, &l, err);
    st = st == MDL_OK ? l.status : st;
    if (st != MDL_OK) {
        rulebook_free(l.b);
        return st;
    }
    *out = l.b;
    return MDL_OK;
}

/* ---- asking -------------------------------------------------------------------------------------
 */

struct asking {
    struct rulebook *b;
    struct marking *m;
    struct mdl_gen_reader *gen;
    struct mdl_kept *file[MDL_IMPORT_FILES_MAX];
    /* By file and rule; of opportunities by file, account's file and rule. */
    struct mdl_rule_binding *accounts, *deals;
    bool any_account, any_deal;
    enum mdl_status status;
    struct mdl_error *err;
};

static struct mdl_rule_binding *of_account(struct asking *a, size_t file, size_t rule)
{
    return &a->accounts[file * a->b->n + rule];
}

static struct mdl_rule_binding *of_deal(struct asking *a, size_t file, size_t account, size_t rule)
{
    return &a->deals[(file * MDL_IMPORT_FILES_MAX + account) * a->b->n + rule];
}

static void note_columns(struct asking *a, const struct mdl_kept *k)
{
    const char *label;
    for (size_t i = 0; (label = mdl_kept_label(k, i)) != NULL; i++) {
        bool there = label[0] == '\0';
        for (size_t n = 0; n < json_array_size(a->m->columns) && !there; n++) {
            there = strcmp(json_string_value(json_array_get(a->m->columns, n)), label) == 0;
        }
        if (!there) {
            (void)json_array_append_new(a->m->columns, json_string(label));
        }
    }
}

static bool open_file(void *ctx, int64_t file, const void *header, size_t len)
{
    struct asking *a = ctx;
    if (file < 0 || file >= MDL_IMPORT_FILES_MAX || a->file[file] != NULL) {
        a->status = mdl_fail(a->err, MDL_L_DATABASE, "what an import kept is damaged");
        return false;
    }
    a->status = mdl_kept_open(header, len, &a->file[file], a->err);
    if (a->status == MDL_OK) {
        note_columns(a, a->file[file]);
    }
    return a->status == MDL_OK;
}

static void bind_deals(struct asking *a, size_t file, size_t rule)
{
    for (size_t f = 0; f < MDL_IMPORT_FILES_MAX; f++) {
        if (a->file[f] != NULL && !mdl_kept_is_deals(a->file[f])) {
            struct mdl_rule_binding *b = of_deal(a, file, f, rule);
            mdl_rule_bind(a->b->at[rule].rule, a->file[file], a->file[f], b);
            a->any_deal = a->any_deal || b->applies;
            a->m->applies[rule] = a->m->applies[rule] || b->applies;
        }
    }
}

static void note_missing(struct asking *a, size_t rule)
{
    const char *column;
    a->m->missing[rule] = json_array();
    for (size_t i = 0; (column = mdl_rule_column(a->b->at[rule].rule, i)) != NULL; i++) {
        bool has = false;
        for (size_t f = 0; f < MDL_IMPORT_FILES_MAX && !has; f++) {
            has = a->file[f] != NULL && mdl_kept_has(a->file[f], column);
        }
        if (!has) {
            (void)json_array_append_new(a->m->missing[rule], json_string(column));
        }
    }
}

static void bind_rules(struct asking *a)
{
    for (size_t r = 0; r < a->b->n; r++) {
        for (size_t f = 0; f < MDL_IMPORT_FILES_MAX; f++) {
            if (a->file[f] == NULL) {
                continue;
            }
            if (mdl_kept_is_deals(a->file[f])) {
                bind_deals(a, f, r);
                continue;
            }
            struct mdl_rule_binding *b = of_account(a, f, r);
            mdl_rule_bind(a->b->at[r].rule, a->file[f], NULL, b);
            a->any_account = a->any_account || b->applies;
            a->m->applies[r] = a->m->applies[r] || b->applies;
        }
        note_missing(a, r);
    }
}

static enum mdl_status turn(struct asking *a, const struct mdl_gen_cells *c)
{
    if (c->file < 0 || c->file >= MDL_IMPORT_FILES_MAX || a->file[c->file] == NULL) {
        return mdl_fail(a->err, MDL_L_DATABASE, "what an import kept is damaged");
    }
    return mdl_kept_row(a->file[c->file], c->bytes, c->len, a->err);
}

static bool ask_row(void *ctx, int64_t account, const struct mdl_gen_cells *own,
                    const struct mdl_gen_cells *of)
{
    struct asking *a = ctx;
    if (account < 1 || account > a->m->last || (of != NULL && of->bytes == NULL)) {
        return true; /* no row of the account was kept: nothing can be asked of it */
    }
    a->status = turn(a, own);
    if (a->status == MDL_OK && of != NULL) {
        a->status = turn(a, of);
    }
    for (size_t r = 0; r < a->b->n && a->status == MDL_OK; r++) {
        size_t f = (size_t)own->file;
        const struct mdl_rule_binding *b =
            of != NULL ? of_deal(a, f, (size_t)of->file, r) : of_account(a, f, r);
        bool yes = false;
        if (b->applies && (a->m->mark[account] >> r & 1) == 0) {
            a->status = mdl_rule_ask(a->b->at[r].rule, b, a->file[f],
                                     of != NULL ? a->file[of->file] : NULL, &yes, a->err);
            a->m->mark[account] |= (uint64_t)yes << r;
            a->m->hits[r] += yes;
        }
    }
    return a->status == MDL_OK;
}

static enum mdl_status ask_all(struct asking *a)
{
    enum mdl_status st = mdl_gen_files(a->gen, open_file, a, a->err);
    st = st == MDL_OK ? a->status : st;
    if (st != MDL_OK) {
        return st;
    }
    bind_rules(a);
    if (a->any_account) {
        st = mdl_gen_account_cells(a->gen, ask_row, a, a->err);
        st = st == MDL_OK ? a->status : st;
    }
    if (st == MDL_OK && a->any_deal) {
        st = mdl_gen_opportunity_cells(a->gen, ask_row, a, a->err);
        st = st == MDL_OK ? a->status : st;
    }
    return st;
}

/* ---- the result ---------------------------------------------------------------------------------
 */

struct tally {
    struct marking *m;
    uint64_t n[MDL_GEN_POPULATIONS];
};

static void count_row(void *ctx, uint64_t populations, enum mdl_left_out why, uint64_t n)
{
    struct tally *t = ctx;
    (void)why;
    t->m->total += n;
    for (int i = 0; i < MDL_GEN_POPULATIONS; i++) {
        t->n[i] += (populations >> i & 1) != 0 ? n : 0;
    }
}

static enum mdl_status list_populations(struct asking *a)
{
    struct tally t = {.m = a->m};
    enum mdl_status st = mdl_gen_tally(a->gen, count_row, &t, a->err);
    for (int i = 0; i < mdl_gen_populations(a->gen) && st == MDL_OK; i++) {
        const char *name = mdl_gen_population_name(a->gen, i);
        (void)json_array_append_new(a->m->populations, json_pack("{s:s, s:I}", "name", name,
                                                                 "accounts", (json_int_t)t.n[i]));
        for (size_t r = 0; r < a->b->n && st == MDL_OK; r++) {
            if (strcmp(a->b->at[r].row.name, name) == 0) {
                st = mdl_fail(a->err, MDL_U_EXISTS,
                              "the import has a population '%s' of its own (--population), and "
                              "there is one by rule of that name: rename one of them",
                              name);
            }
        }
    }
    for (size_t r = 0; r < a->b->n && st == MDL_OK; r++) {
        if (a->b->at[r].row.kind == MDL_RULE_POPULATION) {
            (void)json_array_append_new(a->m->populations,
                                        json_pack("{s:s, s:I, s:s}", "name", a->b->at[r].row.name,
                                                  "accounts", (json_int_t)a->m->hits[r], "rule",
                                                  a->b->at[r].row.text));
        }
    }
    return st;
}

/* The marks as they are stored: a bit for each population behind the import's own. */
static enum mdl_status write_marks(struct asking *a, const char *dir, const char *source,
                                   const char *generation)
{
    const char *names[MDL_RULEBOOK_POPULATIONS + 1];
    uint64_t bit[MDL_RULEBOOK_POPULATIONS + MDL_RULEBOOK_PRIVATE + 1];
    struct mdl_marks m = {
        .population = names, .first_bit = mdl_gen_populations(a->gen), .last = a->m->last};
    for (size_t r = 0; r < a->b->n; r++) {
        bit[r] = MDL_MARK_PRIVATE;
        if (a->b->at[r].row.kind == MDL_RULE_POPULATION) {
            bit[r] = UINT64_C(1) << ((size_t)m.first_bit + m.n_populations);
            names[m.n_populations++] = a->b->at[r].row.name;
        }
    }
    uint64_t *mark = calloc((size_t)a->m->last + 1, sizeof *mark);
    if (mark == NULL) {
        return mdl_fail(a->err, MDL_L_MEMORY, "not enough memory for what the rules say");
    }
    for (int64_t i = 1; i <= a->m->last; i++) {
        for (size_t r = 0; r < a->b->n && a->m->mark[i] != 0; r++) {
            mark[i] |= (a->m->mark[i] >> r & 1) != 0 ? bit[r] : 0;
        }
    }
    m.mark = mark;
    enum mdl_status st = mdl_marks_write(dir, source, generation, &m, a->m->marks, a->err);
    free(mark);
    return st;
}

static enum mdl_status make_room(struct asking *a)
{
    struct marking *m = a->m;
    size_t n = a->b->n + 1;
    enum mdl_status st = mdl_gen_last_account(a->gen, &m->last, a->err);
    if (st != MDL_OK) {
        return st;
    }
    m->mark = calloc((size_t)m->last + 1, sizeof *m->mark);
    m->hits = calloc(n, sizeof *m->hits);
    m->applies = calloc(n, sizeof *m->applies);
    m->missing = calloc(n, sizeof(json_t *));
    m->columns = json_array();
    m->populations = json_array();
    a->accounts = calloc(MDL_IMPORT_FILES_MAX * n, sizeof *a->accounts);
    a->deals = calloc((size_t)MDL_IMPORT_FILES_MAX * MDL_IMPORT_FILES_MAX * n, sizeof *a->deals);
    bool ok = m->mark != NULL && m->hits != NULL && m->applies != NULL && m->missing != NULL &&
              a->accounts != NULL && a->deals != NULL;
    return ok ? MDL_OK : mdl_fail(a->err, MDL_L_MEMORY, "not enough memory to ask the rules");
}

enum mdl_status marking_make(const char *dir, const char *source, const char *generation,
                             struct rulebook *b, enum marking_how how, struct marking *out,
                             struct mdl_error *err)
{
    struct asking a = {.b = b, .m = out, .err = err};
    memset(out, 0, sizeof *out);
    out->n_rules = b->n;
    if (b->n > MDL_RULEBOOK_POPULATIONS + MDL_RULEBOOK_PRIVATE) {
        return mdl_fail(err, MDL_U_TOO_LARGE, "there are as many rules as there may be");
    }
    enum mdl_status st = mdl_gen_open(dir, source, generation, &a.gen, err);
    if (st == MDL_OK) {
        st = make_room(&a);
    }
    if (st == MDL_OK) {
        st = ask_all(&a);
    }
    if (st == MDL_OK) {
        st = list_populations(&a);
    }
    if (st == MDL_OK && how == MARKING_WRITE && b->n > 0) {
        st = write_marks(&a, dir, source, generation);
    }
    for (size_t f = 0; f < MDL_IMPORT_FILES_MAX; f++) {
        mdl_kept_close(a.file[f]);
    }
    mdl_gen_close(a.gen);
    free(a.accounts);
    free(a.deals);
    if (st != MDL_OK) {
        marking_clear(out);
    }
    return st;
}

void marking_clear(struct marking *m)
{
    for (size_t i = 0; m->missing != NULL && i < m->n_rules; i++) {
        json_decref(m->missing[i]);
    }
    free(m->mark);
    free(m->hits);
    free(m->applies);
    free(m->missing);
    json_decref(m->columns);
    json_decref(m->populations);
    memset(m, 0, sizeof *m);
}

int64_t marking_next(const struct marking *m, size_t rule, int64_t after)
{
    for (int64_t i = after + 1; i <= m->last; i++) {
        if ((m->mark[i] >> rule & 1) != 0) {
            return i;
        }
    }
    return 0;
}
