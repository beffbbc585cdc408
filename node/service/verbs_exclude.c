/* verbs_exclude.c: rules for private accounts, which are in no round: add, list, remove.
 * It may not ask a rule itself: rules.c does, off the loop. */
#include "rules.h"

#include <string.h>

enum mdl_status verb_exclude_add(struct mdl_service *s, const json_t *params, json_t **result,
                                 struct mdl_error *err)
{
    struct mdl_rulebook_row row;
    json_t *document = NULL;
    bool only_look = param_bool(params, "preview", false);
    enum mdl_status st = rules_take(params, MDL_RULE_PRIVATE, &row, err);
    if (st == MDL_OK && only_look) {
        st = rules_preview(s, &row, &document, err);
    } else if (st == MDL_OK) {
        struct rules_change c = {
            .put = &row, .note = "exclude add", .ready = rules_look, .ctx = &document};
        st = rules_apply(s, &c, err);
    }
    if (st != MDL_OK) {
        json_decref(document);
        return st;
    }
    (void)json_object_set_new(document, "id",
                              only_look ? json_null() : json_integer((json_int_t)row.id));
    (void)json_object_set_new(document, "preview", json_boolean(only_look));
    *result = document;
    return MDL_OK;
}

enum mdl_status verb_exclude_list(struct mdl_service *s, const json_t *params, json_t **result,
                                  struct mdl_error *err)
{
    struct rules_state st;
    json_t *list = json_array();
    (void)params;
    enum mdl_status rc = rules_read(s, &st, err);
    if (rc == MDL_OK) {
        rc = rules_mark(s, &st, MARKING_LOOK, err);
    }
    for (size_t r = 0; rc == MDL_OK && r < st.book->n; r++) {
        const struct mdl_rulebook_row *row = &st.book->at[r].row;
        uint64_t accounts = 0;
        for (size_t i = 0; i < st.n; i++) {
            accounts += st.source[i].marking.hits != NULL ? st.source[i].marking.hits[r] : 0;
        }
        if (row->kind == MDL_RULE_PRIVATE) {
            (void)json_array_append_new(list, json_pack("{s:I, s:s, s:I, s:o}", "id",
                                                        (json_int_t)row->id, "rule", row->text,
                                                        "accounts", (json_int_t)accounts, "since",
                                                        doc_time(row->added_at)));
        }
    }
    rules_free(&st);
    if (rc != MDL_OK) {
        json_decref(list);
        return rc == MDL_U_NOT_FOUND
                   ? mdl_fail(err, MDL_U_STATE,
                              "the accounts were imported anew at this moment; ask again")
                   : rc;
    }
    *result = json_pack("{s:o}", "rules", list);
    return MDL_OK;
}

enum mdl_status verb_exclude_remove(struct mdl_service *s, const json_t *params, json_t **result,
                                    struct mdl_error *err)
{
    const char *which = param_text(params, "rule");
    struct rules_state st;
    struct mdl_rulebook_row row = {0};
    enum mdl_status rc = rules_read(s, &st, err);
    for (size_t i = 0; rc == MDL_OK && i < st.book->n; i++) {
        const struct mdl_rulebook_row *r = &st.book->at[i].row;
        char number[24];
        (void)snprintf(number, sizeof number, "%lld", (long long)r->id);
        if (r->kind == MDL_RULE_PRIVATE &&
            (strcmp(r->text, which) == 0 || strcmp(number, which) == 0)) {
            row = *r;
        }
    }
    rules_free(&st);
    if (rc == MDL_OK && row.id == 0) {
        rc = mdl_fail(
            err, MDL_U_NOT_FOUND,
            "no rule for private accounts is numbered or reads '%.120s'; 'mandorla exclude "
            "list' shows them",
            which);
    }
    if (rc == MDL_OK) {
        struct rules_change c = {.id = row.id, .note = "exclude remove"};
        rc = rules_apply(s, &c, err);
    }
    if (rc == MDL_OK) {
        *result = json_pack("{s:I, s:s}", "removed", (json_int_t)row.id, "rule", row.text);
    }
    return rc;
}
