/* snapshot_difference.c: in how many keys the lists of two rounds differ.
 * Never writes, and never says which. */
#include "snapshot_file.h"

#include <string.h>

/* A list and where it stands. */
struct side {
    struct mdl_query q;
    const uint8_t *key;
    size_t len;
    bool live;
};

static enum mdl_status advance(struct side *s, struct mdl_error *err)
{
    enum mdl_status rc = mdl_next(&s->q, &s->live, err);

    if (rc == MDL_OK && s->live) {
        s->key = mdl_take_bytes(&s->q, &s->len);
    }
    return rc;
}

static enum mdl_status start(struct mdl_snap *snap, struct side *s, struct mdl_error *err)
{
    enum mdl_status rc = mdl_snap_needs_keys(snap, err);

    if (rc == MDL_OK) {
        rc = mdl_query(&snap->conn, &s->q, "SELECT key FROM snap_key ORDER BY ordinal", err);
    }
    return rc == MDL_OK ? advance(s, err) : rc;
}

/* Below 0: a's key stands alone; above: b's; 0: both have it. */
static int order(const struct side *a, const struct side *b)
{
    if (!a->live || !b->live) {
        return a->live ? -1 : 1;
    }
    int c = memcmp(a->key, b->key, a->len < b->len ? a->len : b->len);
    return c != 0 ? c : (a->len > b->len) - (a->len < b->len);
}

enum mdl_status mdl_snap_difference(struct mdl_snap *a, struct mdl_snap *b, uint32_t enough,
                                    uint32_t *keys, struct mdl_error *err)
{
    struct side x = {.live = false};
    struct side y = {.live = false};
    enum mdl_status rc = start(a, &x, err);

    *keys = 0;
    if (rc == MDL_OK) {
        rc = start(b, &y, err);
    }
    while (rc == MDL_OK && (x.live || y.live) && *keys < enough) {
        int c = order(&x, &y);
        *keys += c != 0 ? 1 : 0;
        if (c <= 0) {
            rc = advance(&x, err);
        }
        if (rc == MDL_OK && c >= 0) {
            rc = advance(&y, err);
        }
    }
    (void)mdl_query_end(&x.q, NULL);
    (void)mdl_query_end(&y.q, NULL);
    return rc;
}
