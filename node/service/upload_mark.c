/* upload_mark.c: what the rules and the suppression list say of the accounts of an import, before
 * it is swapped in, and what that changes. It may not change the main database. */
#include "upload.h"

#include <store_source.h>
#include <string.h>

static enum mdl_status load_on_loop(struct mdl_service *s, void *ctx, struct mdl_error *err)
{
    struct mdl_upload *u = ctx;
    struct mdl_source_row row;
    enum mdl_status st = rulebook_load(s, &u->book, err);
    if (st == MDL_OK) {
        st = mdl_suppress_load(s->store, &u->suppressed, err);
    }
    if (st == MDL_OK && mdl_source_get(s->store, u->source, &row, NULL) == MDL_OK) {
        json_t *report = row.report != NULL ? json_loads(row.report, 0, NULL) : NULL;
        json_decref(u->before);
        u->before = json_incref(json_object_get(report, "populations"));
        json_decref(report);
        memcpy(u->replaced, row.generation, sizeof u->replaced);
        mdl_source_clear(&row);
    }
    return st;
}

static void count_left_out(void *ctx, uint64_t populations, enum mdl_left_out why, uint64_t n)
{
    struct mdl_upload *u = ctx;
    (void)populations;
    u->left_private += why == MDL_LEFT_PRIVATE ? n : 0;
    u->left_suppressed += why == MDL_LEFT_SUPPRESSED ? n : 0;
}

static enum mdl_status left_out(struct mdl_upload *u, struct mdl_error *err)
{
    struct mdl_gen_reader *gen = NULL;
    u->left_private = u->left_suppressed = 0;
    enum mdl_status st =
        mdl_gen_open_marked(u->s->dir, u->source, u->generation, u->marking.marks, &gen, err);
    if (st == MDL_OK) {
        st = mdl_gen_leave_out(gen, u->suppressed, err);
    }
    if (st == MDL_OK) {
        st = mdl_gen_tally(gen, count_left_out, u, err);
    }
    mdl_gen_close(gen);
    return st;
}

void upload_unmark(struct mdl_upload *u)
{
    mdl_marks_delete(u->s->dir, u->source, u->generation, u->marking.marks);
    marking_clear(&u->marking);
    rulebook_free(u->book);
    mdl_suppressed_free(u->suppressed);
    u->book = NULL;
    u->suppressed = NULL;
}

enum mdl_status upload_mark(struct mdl_upload *u, struct mdl_error *err)
{
    enum mdl_status st = call_loop(u->s, load_on_loop, u, err);
    if (st == MDL_OK) {
        st = marking_make(u->s->dir, u->source, u->generation, u->book, MARKING_WRITE, &u->marking,
                          err);
    }
    return st == MDL_OK ? left_out(u, err) : st;
}

static bool is_private_and_silent(const struct mdl_upload *u, size_t i)
{
    return u->book->at[i].row.kind == MDL_RULE_PRIVATE && !u->marking.applies[i];
}

static enum mdl_status refuse_silent(const struct mdl_upload *u, size_t i,
                                     const struct marking *before, struct mdl_error *err)
{
    const json_t *missing = u->marking.missing[i];
    const char *column = json_string_value(json_array_get(missing, 0));
    return mdl_fail(err, MDL_U_STATE,
                    "these files have no column '%.60s', which the rule for private accounts "
                    "'%.80s' asks: %llu accounts that it keeps out now could be in rounds. Nothing "
                    "was changed; import files with that column, or all the same with --yes",
                    column != NULL ? column : "", u->book->at[i].row.text,
                    (unsigned long long)before->hits[i]);
}

enum mdl_status upload_check_private(struct mdl_upload *u, struct mdl_error *err)
{
    struct marking before = {0};
    size_t i = 0;
    while (i < u->book->n && !is_private_and_silent(u, i)) {
        i++;
    }
    if (i == u->book->n || u->replaced[0] == '\0' ||
        param_bool(u->params, "accept_silent", false)) {
        return MDL_OK;
    }
    enum mdl_status st =
        marking_make(u->s->dir, u->source, u->replaced, u->book, MARKING_LOOK, &before, err);
    for (; st == MDL_OK && i < u->book->n; i++) {
        if (is_private_and_silent(u, i) && before.applies[i]) {
            st = refuse_silent(u, i, &before, err);
        }
    }
    marking_clear(&before);
    return st;
}
