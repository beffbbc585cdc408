/* rulebook.c: the table of this node's rules.
 * May not read a rule's text: what it means is the caller's. */
#include "store_internal.h"
#include "store_rulebook.h"

#include <string.h>

static const char *const kinds[] = {
    [MDL_RULE_POPULATION] = "population", [MDL_RULE_PRIVATE] = "private"};

static enum mdl_status check_room(struct mdl_store *st, const struct mdl_rulebook_row *r,
                                  struct mdl_error *err)
{
    int64_t max = r->kind == MDL_RULE_POPULATION ? MDL_RULEBOOK_POPULATIONS : MDL_RULEBOOK_PRIVATE;
    int64_t n = 0;
    struct mdl_query q;
    bool row = false;
    enum mdl_status rc = mdl_read(st, &q, "SELECT count(*) FROM rule WHERE kind = ?", err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_text(&q, kinds[r->kind], SIZE_MAX);
    rc = mdl_next(&q, &row, err);
    if (rc == MDL_OK && row) {
        n = mdl_take_int(&q);
        rc = mdl_query_end(&q, err);
    }
    return rc == MDL_OK && n >= max
               ? mdl_fail(err, MDL_U_TOO_LARGE,
                          "there are %lld such rules, as many as there may be", (long long)max)
               : rc;
}

enum mdl_status mdl_rulebook_put(struct mdl_store *st, struct mdl_rulebook_row *r,
                                 struct mdl_error *err)
{
    struct mdl_query q;
    bool row = false;
    enum mdl_status rc = check_room(st, r, err);

    if (rc == MDL_OK) {
        rc = mdl_write(
            st, &q,
            "INSERT INTO rule (kind, name, text, added_at) VALUES (?, ?, ?, ?) RETURNING id", err);
    }
    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_text(&q, kinds[r->kind], SIZE_MAX);
    mdl_put_text(&q, r->name, MDL_STORE_NAME);
    mdl_put_text(&q, r->text, MDL_RULEBOOK_TEXT);
    mdl_put_u64(&q, r->added_at);
    rc = mdl_next(&q, &row, err);
    if (rc == MDL_OK && row) {
        r->id = mdl_take_int(&q);
        rc = mdl_run(&q, err);
    }
    if (rc == MDL_U_EXISTS) {
        rc = r->kind == MDL_RULE_POPULATION
                 ? mdl_fail(err, rc, "there is a population %s by rule already", r->name)
                 : mdl_fail(err, rc, "this rule is there already");
    }
    return rc;
}

enum mdl_status mdl_rulebook_remove(struct mdl_store *st, int64_t id, struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc = mdl_write(st, &q, "DELETE FROM rule WHERE id = ?", err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, id);
    rc = mdl_run(&q, err);
    return rc == MDL_OK ? mdl_changed(st, "there is no such rule", err) : rc;
}

enum mdl_status mdl_rulebook_list(struct mdl_store *st, mdl_rulebook_fn *row, void *ctx,
                                  struct mdl_error *err)
{
    struct mdl_query q;
    bool more = false;
    enum mdl_status rc = mdl_read(
        st, &q, "SELECT id, kind = 'private', name, text, added_at FROM rule ORDER BY id", err);

    while (rc == MDL_OK && (rc = mdl_next(&q, &more, err)) == MDL_OK && more) {
        struct mdl_rulebook_row r;
        memset(&r, 0, sizeof r);
        r.id = mdl_take_int(&q);
        r.kind = mdl_take_int(&q) != 0 ? MDL_RULE_PRIVATE : MDL_RULE_POPULATION;
        mdl_take_text(&q, r.name, sizeof r.name);
        mdl_take_text(&q, r.text, sizeof r.text);
        r.added_at = mdl_take_u64(&q);
        if (q.fault.status != MDL_OK || !row(ctx, &r)) {
            return mdl_query_end(&q, err);
        }
    }
    return rc;
}
