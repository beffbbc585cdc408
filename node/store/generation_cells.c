/* generation_cells.c: the rows of an import as they came, for rules that are asked of them later.
 * Never writes, and never looks into the bytes. */
#include "generation_reader.h"

enum mdl_status mdl_gen_files(struct mdl_gen_reader *r, mdl_gen_file_fn *row, void *ctx,
                              struct mdl_error *err)
{
    struct mdl_query q;
    bool more = false;
    enum mdl_status rc = mdl_query(&r->conn, &q, "SELECT id, header FROM file ORDER BY id", err);

    while (rc == MDL_OK && (rc = mdl_next(&q, &more, err)) == MDL_OK && more) {
        size_t len;
        int64_t file = mdl_take_int(&q);
        const uint8_t *header = mdl_take_bytes(&q, &len);
        if (!row(ctx, file, header, len)) {
            return mdl_query_end(&q, err);
        }
    }
    return rc;
}

static struct mdl_gen_cells take_cells(struct mdl_query *q)
{
    struct mdl_gen_cells c = {.file = mdl_take_int(q)};
    c.bytes = mdl_take_bytes(q, &c.len);
    return c;
}

enum mdl_status mdl_gen_account_cells(struct mdl_gen_reader *r, mdl_gen_cells_fn *row, void *ctx,
                                      struct mdl_error *err)
{
    struct mdl_query q;
    bool more = false;
    enum mdl_status rc =
        mdl_query(&r->conn, &q,
                  "SELECT coalesce(p.first, w.account), w.file, w.cells FROM account_row AS w "
                  "LEFT JOIN repeated AS p ON p.id = w.account ORDER BY w.account",
                  err);

    while (rc == MDL_OK && (rc = mdl_next(&q, &more, err)) == MDL_OK && more) {
        int64_t account = mdl_take_int(&q);
        struct mdl_gen_cells own = take_cells(&q);
        if (!row(ctx, account, &own, NULL)) {
            return mdl_query_end(&q, err);
        }
    }
    return rc;
}

enum mdl_status mdl_gen_opportunity_cells(struct mdl_gen_reader *r, mdl_gen_cells_fn *row,
                                          void *ctx, struct mdl_error *err)
{
    struct mdl_query q;
    bool more = false;
    enum mdl_status rc =
        mdl_query(&r->conn, &q,
                  "SELECT o.account, w.file, w.cells, a.file, a.cells FROM opportunity_row AS w "
                  "CROSS JOIN opportunity AS o ON o.id = w.opportunity "
                  "LEFT JOIN account_row AS a ON a.account = o.account "
                  "WHERE o.account IS NOT NULL ORDER BY w.opportunity",
                  err);

    while (rc == MDL_OK && (rc = mdl_next(&q, &more, err)) == MDL_OK && more) {
        int64_t account = mdl_take_int(&q);
        struct mdl_gen_cells own = take_cells(&q);
        struct mdl_gen_cells of_account = take_cells(&q);
        if (!row(ctx, account, &own, &of_account)) {
            return mdl_query_end(&q, err);
        }
    }
    return rc;
}

enum mdl_status mdl_gen_last_account(struct mdl_gen_reader *r, int64_t *id, struct mdl_error *err)
{
    return mdl_exec_int(&r->conn, "SELECT coalesce(max(id), 0) FROM account", id, err);
}
