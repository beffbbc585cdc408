/* opened.c: positions the partner opened, slice by slice.
 * The slice's audit entry belongs into the same transaction; that is the caller's. */
#include "store_internal.h"
#include "store_result.h"

#include <stdlib.h>

static enum mdl_status count_slice(struct mdl_store *st, int64_t round, uint8_t group,
                                   uint32_t slice, struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc = mdl_write(st, &q,
                                   "UPDATE round_group SET slices_opened = ?1 + 1 "
                                   "WHERE round = ?2 AND grp = ?3 AND slices_opened = ?1",
                                   err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, slice);
    mdl_put_int(&q, round);
    mdl_put_int(&q, group);
    rc = mdl_run(&q, err);
    if (rc == MDL_OK && sqlite3_changes(st->conn.db) == 0) {
        rc = mdl_fail(err, MDL_U_STATE, "slice %u is not the next of group %u", slice, group);
    }
    return rc;
}

/* A position in a slice's row, big-endian: 4 bytes ordinal, 4 bytes populations, 8 bytes
 * registries.
 */
#define ROW 16u

static void put_be(uint8_t *to, uint64_t v, size_t width)
{
    for (size_t i = width; i > 0; i--) {
        to[i - 1] = (uint8_t)v;
        v >>= 8;
    }
}

static uint64_t get_be(const uint8_t *from, size_t width)
{
    uint64_t v = 0;

    for (size_t i = 0; i < width; i++) {
        v = v << 8 | from[i];
    }
    return v;
}

/* The slice as one row; free *rows. */
static enum mdl_status pack(const struct mdl_opened *o, size_t n, uint8_t **rows,
                            struct mdl_error *err)
{
    *rows = NULL;
    if (n > MDL_STORE_SLICE) {
        return mdl_fail(err, MDL_U_TOO_LARGE, "a slice of %zu positions", n);
    }
    *rows = malloc(n * ROW + 1);
    if (*rows == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory for a slice");
    }
    for (size_t i = 0; i < n; i++) {
        uint8_t *to = *rows + i * ROW;
        put_be(to, o[i].ordinal, 4);
        put_be(to + 4, o[i].partner_populations, 4);
        put_be(to + 8, o[i].partner_registries, 8);
    }
    return MDL_OK;
}

static struct mdl_opened unpack(const uint8_t *from)
{
    return (struct mdl_opened){.ordinal = (uint32_t)get_be(from, 4),
                               .partner_populations = (uint32_t)get_be(from + 4, 4),
                               .partner_registries = get_be(from + 8, 8)};
}

static enum mdl_status put_slice(struct mdl_store *st, int64_t round, uint8_t group, uint32_t slice,
                                 const uint8_t *rows, size_t n, struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc =
        mdl_write(st, &q, "INSERT INTO opened (round, grp, slice, rows) VALUES (?, ?, ?, ?)", err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, round);
    mdl_put_int(&q, group);
    mdl_put_int(&q, slice);
    mdl_put_bytes(&q, rows, n * ROW);
    return mdl_run(&q, err);
}

static enum mdl_status group_exists(struct mdl_store *st, int64_t round, uint8_t group,
                                    struct mdl_error *err)
{
    struct mdl_query q;
    bool row = false;
    enum mdl_status rc =
        mdl_read(st, &q, "SELECT 1 FROM round_group WHERE round = ? AND grp = ?", err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, round);
    mdl_put_int(&q, group);
    rc = mdl_next(&q, &row, err);
    if (rc == MDL_OK && !row) {
        return mdl_fail(err, MDL_U_NOT_FOUND, "the round has no group %u", group);
    }
    return rc == MDL_OK ? mdl_query_end(&q, err) : rc;
}

enum mdl_status mdl_opened_put(struct mdl_store *st, const uint8_t round[MDL_STORE_ROUND],
                               uint8_t group, uint32_t slice, const struct mdl_opened *o, size_t n,
                               struct mdl_error *err)
{
    int64_t number;
    uint8_t *rows = NULL;
    enum mdl_status rc = mdl_round_number(st, round, &number, err);

    if (rc == MDL_OK) {
        rc = group_exists(st, number, group, err);
    }
    if (rc == MDL_OK) {
        rc = pack(o, n, &rows, err);
    }
    /* Counted first: what is not the next slice changes no row, and ends here. */
    if (rc == MDL_OK) {
        rc = count_slice(st, number, group, slice, err);
    }
    if (rc == MDL_OK) {
        rc = put_slice(st, number, group, slice, rows, n, err);
    }
    free(rows);
    return rc;
}

/* Finds the row of a slice. *row false: there is none, and the query has ended. */
static enum mdl_status find_slice(struct mdl_store *st, struct mdl_query *q, int64_t round,
                                  uint8_t group, uint32_t slice, bool *row, struct mdl_error *err)
{
    enum mdl_status rc =
        mdl_read(st, q, "SELECT rows FROM opened WHERE round = ? AND grp = ? AND slice = ?", err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(q, round);
    mdl_put_int(q, group);
    mdl_put_int(q, slice);
    return mdl_next(q, row, err);
}

static bool same_positions(const uint8_t *a, const uint8_t *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (get_be(a + i * ROW, 4) != get_be(b + i * ROW, 4)) {
            return false;
        }
    }
    return true;
}

static enum mdl_status check_slice(struct mdl_store *st, int64_t round, uint8_t group,
                                   uint32_t slice, const uint8_t *rows, size_t n,
                                   struct mdl_error *err)
{
    struct mdl_query q;
    bool row = false;
    size_t len = 0;
    enum mdl_status rc = find_slice(st, &q, round, group, slice, &row, err);

    if (rc != MDL_OK) {
        return rc;
    }
    if (!row) {
        return mdl_fail(err, MDL_U_NOT_FOUND, "slice %u of group %u was not opened", slice, group);
    }
    const uint8_t *before = mdl_take_bytes(&q, &len);
    bool same = len == n * ROW && same_positions(before, rows, n);
    rc = mdl_query_end(&q, err);
    if (rc == MDL_OK && !same) {
        rc =
            mdl_fail(err, MDL_U_ARGUMENT, "slice %u of group %u has other positions", slice, group);
    }
    return rc;
}

static enum mdl_status replace_slice(struct mdl_store *st, int64_t round, uint8_t group,
                                     uint32_t slice, const uint8_t *rows, size_t n,
                                     struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc = mdl_write(
        st, &q, "UPDATE opened SET rows = ? WHERE round = ? AND grp = ? AND slice = ?", err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_bytes(&q, rows, n * ROW);
    mdl_put_int(&q, round);
    mdl_put_int(&q, group);
    mdl_put_int(&q, slice);
    return mdl_run(&q, err);
}

enum mdl_status mdl_opened_describe(struct mdl_store *st, const uint8_t round[MDL_STORE_ROUND],
                                    uint8_t group, uint32_t slice, const struct mdl_opened *o,
                                    size_t n, struct mdl_error *err)
{
    int64_t number;
    uint8_t *rows = NULL;
    enum mdl_status rc = mdl_round_number(st, round, &number, err);

    if (rc == MDL_OK) {
        rc = pack(o, n, &rows, err);
    }
    if (rc == MDL_OK) {
        rc = check_slice(st, number, group, slice, rows, n, err);
    }
    if (rc == MDL_OK) {
        rc = replace_slice(st, number, group, slice, rows, n, err);
    }
    free(rows);
    return rc;
}

enum mdl_status mdl_opened_read(struct mdl_store *st, const uint8_t round[MDL_STORE_ROUND],
                                uint8_t group, uint32_t slice, struct mdl_opened *o, size_t cap,
                                size_t *n, struct mdl_error *err)
{
    struct mdl_query q;
    int64_t number;
    bool row = false;
    size_t len = 0;
    enum mdl_status rc = mdl_round_number(st, round, &number, err);

    *n = 0;
    if (rc == MDL_OK) {
        rc = find_slice(st, &q, number, group, slice, &row, err);
    }
    if (rc != MDL_OK || !row) {
        return rc;
    }
    const uint8_t *rows = mdl_take_bytes(&q, &len);
    if (len / ROW <= cap) {
        *n = len / ROW;
        for (size_t i = 0; i < *n; i++) {
            o[i] = unpack(rows + i * ROW);
        }
    } else {
        rc = mdl_fail(err, MDL_U_TOO_LARGE, "slice %u of group %u has %zu positions", slice, group,
                      len / ROW);
    }
    enum mdl_status end = mdl_query_end(&q, rc == MDL_OK ? err : NULL);
    return rc == MDL_OK ? end : rc;
}
