/* suppress.c: the table of objections, and the list that rounds are held against.
 * May not derive a key, and opens no generation. */
#include "suppress_list.h"

#include <stdlib.h>
#include <string.h>

static enum mdl_status ask_number(struct mdl_store *st, const char *sql, uint64_t *n,
                                  struct mdl_error *err)
{
    struct mdl_query q;
    bool row = false;
    enum mdl_status rc = mdl_read(st, &q, sql, err);

    *n = 0;
    if (rc == MDL_OK) {
        rc = mdl_next(&q, &row, err);
    }
    if (rc == MDL_OK && row) {
        *n = mdl_take_u64(&q);
        rc = mdl_query_end(&q, err);
    }
    return rc;
}

enum mdl_status mdl_suppress_count(struct mdl_store *st, uint64_t *n, struct mdl_error *err)
{
    return ask_number(st, "SELECT count(*) FROM suppression", n, err);
}

/* No number is given twice, so there are at most as many entries as the last one says. They are
 * counted only if that is too many: a file of thousands would count thousands each time. */
static enum mdl_status check_room(struct mdl_store *st, struct mdl_error *err)
{
    uint64_t n = 0;
    enum mdl_status rc = ask_number(st, "SELECT coalesce(max(id), 0) FROM suppression", &n, err);

    if (rc == MDL_OK && n >= MDL_SUPPRESS_MAX) {
        rc = mdl_suppress_count(st, &n, err);
    }
    if (rc == MDL_OK && n >= MDL_SUPPRESS_MAX) {
        rc = mdl_fail(err, MDL_U_TOO_LARGE, "the suppression list has %d entries, the most it may",
                      MDL_SUPPRESS_MAX);
    }
    return rc;
}

static enum mdl_status put_entry(struct mdl_store *st, struct mdl_suppress_row *r,
                                 struct mdl_error *err)
{
    struct mdl_query q;
    bool row = false;
    enum mdl_status rc =
        mdl_write(st, &q,
                  "INSERT INTO suppression (value, country, source, record_id, reason, added_at) "
                  "VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
                  err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_text(&q, r->value, MDL_SUPPRESS_VALUE);
    mdl_put_text(&q, r->country, MDL_SUPPRESS_COUNTRY);
    mdl_put_text(&q, r->source, MDL_STORE_SLUG);
    mdl_put_text(&q, r->record_id, MDL_SUPPRESS_RECORD);
    mdl_put_text(&q, r->reason, MDL_STORE_TEXT);
    mdl_put_u64(&q, r->added_at);
    rc = mdl_next(&q, &row, err);
    if (rc == MDL_OK && row) {
        r->id = mdl_take_int(&q);
        rc = mdl_run(&q, err);
    }
    return rc;
}

static enum mdl_status put_key(struct mdl_store *st, int64_t entry,
                               const struct mdl_suppress_key *k, struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc =
        mdl_write(st, &q, "INSERT INTO suppression_key (entry, key, unless) VALUES (?, ?, ?)", err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, entry);
    mdl_put_bytes(&q, k->bytes, k->len);
    mdl_put_int(&q, k->unless);
    return mdl_run(&q, err);
}

enum mdl_status mdl_suppress_put(struct mdl_store *st, struct mdl_suppress_row *r,
                                 struct mdl_error *err)
{
    enum mdl_status rc = check_room(st, err);

    if (rc == MDL_OK && (r->n_keys == 0) == (r->source[0] == '\0')) {
        return mdl_fail(err, MDL_U_ARGUMENT, "an entry names match keys, or a record");
    }
    if (rc == MDL_OK) {
        rc = put_entry(st, r, err);
    }
    if (rc == MDL_U_EXISTS) {
        return mdl_fail(err, rc, "'%.80s' is on the suppression list already", r->value);
    }
    for (size_t i = 0; i < r->n_keys && rc == MDL_OK; i++) {
        rc = put_key(st, r->id, &r->key[i], err);
    }
    return rc;
}

enum mdl_status mdl_suppress_renew(struct mdl_store *st, const struct mdl_suppress_row *r,
                                   bool *renewed, struct mdl_error *err)
{
    struct mdl_query q;
    *renewed = false;
    if (r->reason[0] == '\0') {
        return MDL_OK;
    }
    enum mdl_status rc = mdl_write(st, &q,
                                   "UPDATE suppression SET reason = ?1 WHERE value = ?2 AND "
                                   "country = ?3 AND reason <> ?1",
                                   err);
    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_text(&q, r->reason, MDL_STORE_TEXT);
    mdl_put_text(&q, r->value, MDL_SUPPRESS_VALUE);
    mdl_put_text(&q, r->country, MDL_SUPPRESS_COUNTRY);
    rc = mdl_run(&q, err);
    *renewed = rc == MDL_OK && mdl_changed(st, "entry", NULL) == MDL_OK;
    return rc;
}

enum mdl_status mdl_suppress_remove(struct mdl_store *st, int64_t id, struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc = mdl_write(st, &q, "DELETE FROM suppression_key WHERE entry = ?", err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, id);
    rc = mdl_run(&q, err);
    if (rc == MDL_OK) {
        rc = mdl_write(st, &q, "DELETE FROM suppression WHERE id = ?", err);
    }
    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, id);
    rc = mdl_run(&q, err);
    return rc == MDL_OK ? mdl_changed(st, "there is no such entry on the suppression list", err)
                        : rc;
}

enum mdl_status mdl_suppress_list(struct mdl_store *st, int64_t after, mdl_suppress_fn *row,
                                  void *ctx, struct mdl_error *err)
{
    static const char sql[] =
        "SELECT id, value, country, source, record_id, reason, added_at, "
        "(SELECT count(*) FROM suppression_key WHERE entry = id) FROM suppression "
        "WHERE id > ? ORDER BY id";
    struct mdl_suppress_row *r = calloc(1, sizeof *r); /* large, for its keys */
    struct mdl_query q;
    bool more = false;

    if (r == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory for the suppression list");
    }
    enum mdl_status rc = mdl_read(st, &q, sql, err);
    if (rc == MDL_OK) {
        mdl_put_int(&q, after);
    }
    while (rc == MDL_OK && (rc = mdl_next(&q, &more, err)) == MDL_OK && more) {
        r->id = mdl_take_int(&q);
        mdl_take_text(&q, r->value, sizeof r->value);
        mdl_take_text(&q, r->country, sizeof r->country);
        mdl_take_text(&q, r->source, sizeof r->source);
        mdl_take_text(&q, r->record_id, sizeof r->record_id);
        mdl_take_text(&q, r->reason, sizeof r->reason);
        r->added_at = mdl_take_u64(&q);
        r->n_keys = (size_t)mdl_take_u64(&q);
        if (q.fault.status != MDL_OK || !row(ctx, r)) {
            rc = mdl_query_end(&q, err);
            break;
        }
    }
    free(r);
    return rc;
}

/* ---- the list in memory -------------------------------------------------------------------------
 */

void mdl_suppressed_free(struct mdl_suppressed *list)
{
    if (list == NULL) {
        return;
    }
    for (size_t i = 0; i < list->n; i++) {
        free(list->item[i].key);
        free(list->item[i].source);
        free(list->item[i].record_id);
    }
    free(list->item);
    free(list);
}

static struct mdl_suppressed_item *grow(struct mdl_suppressed *list)
{
    if (list->n == list->room) {
        size_t room = list->room < 16 ? 16 : list->room * 2;
        struct mdl_suppressed_item *grown = realloc(list->item, room * sizeof *grown);
        if (grown == NULL) {
            return NULL;
        }
        list->item = grown;
        list->room = room;
    }
    struct mdl_suppressed_item *item = &list->item[list->n++];
    memset(item, 0, sizeof *item);
    return item;
}

static bool add_key(struct mdl_suppressed *list, int64_t entry, const uint8_t *key, size_t len,
                    uint8_t unless)
{
    struct mdl_suppressed_item *item = grow(list);
    if (item == NULL || (item->key = malloc(len > 0 ? len : 1)) == NULL) {
        return false;
    }
    item->entry = entry;
    item->unless = unless;
    item->len = len;
    if (len > 0) {
        memcpy(item->key, key, len);
    }
    return true;
}

static bool add_record(struct mdl_suppressed *list, int64_t entry, const char *source,
                       const char *record_id)
{
    struct mdl_suppressed_item *item = grow(list);
    if (item == NULL) {
        return false;
    }
    item->entry = entry;
    item->source = strdup(source);
    item->record_id = strdup(record_id);
    return item->source != NULL && item->record_id != NULL;
}

enum mdl_status mdl_suppressed_add(struct mdl_suppressed *list, const struct mdl_suppress_row *r,
                                   struct mdl_error *err)
{
    bool ok = r->source[0] == '\0' || add_record(list, r->id, r->source, r->record_id);
    for (size_t i = 0; i < r->n_keys && ok; i++) {
        ok = add_key(list, r->id, r->key[i].bytes, r->key[i].len, r->key[i].unless);
    }
    return ok ? MDL_OK : mdl_fail(err, MDL_L_MEMORY, "not enough memory for the suppression list");
}

static enum mdl_status load(struct mdl_store *st, struct mdl_suppressed *list,
                            struct mdl_error *err)
{
    static const char sql[] =
        "SELECT s.id, s.source, s.record_id, k.key, coalesce(k.unless, 0) FROM suppression AS s "
        "LEFT JOIN suppression_key AS k ON k.entry = s.id";
    struct mdl_query q;
    bool more = false;
    enum mdl_status rc = mdl_read(st, &q, sql, err);

    while (rc == MDL_OK && (rc = mdl_next(&q, &more, err)) == MDL_OK && more) {
        size_t len;
        int64_t entry = mdl_take_int(&q);
        const char *source = mdl_take_borrowed(&q);
        const char *record = mdl_take_borrowed(&q);
        const uint8_t *key = mdl_take_bytes(&q, &len);
        uint8_t unless = (uint8_t)mdl_take_int(&q);
        bool ok = source[0] != '\0' ? add_record(list, entry, source, record)
                                    : add_key(list, entry, key, len, unless);
        if (!ok) {
            (void)mdl_query_end(&q, NULL);
            return mdl_fail(err, MDL_L_MEMORY, "not enough memory for the suppression list");
        }
    }
    return rc;
}

enum mdl_status mdl_suppress_load(struct mdl_store *st, struct mdl_suppressed **out,
                                  struct mdl_error *err)
{
    struct mdl_suppressed *list = calloc(1, sizeof *list);

    *out = NULL;
    if (list == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory for the suppression list");
    }
    enum mdl_status rc = load(st, list, err);
    if (rc != MDL_OK) {
        mdl_suppressed_free(list);
        return rc;
    }
    *out = list;
    return MDL_OK;
}
