/* sql_query.c: one run of a prepared statement: parameters in, columns out.
 * Knows no table. */
#include "store_internal.h"

#include <stdlib.h>
#include <string.h>

static void keep(struct mdl_query *q, enum mdl_status status, const char *text)
{
    if (q->fault.status == MDL_OK) {
        (void)mdl_fail(&q->fault, status, "%s", text);
    }
}

static void put(struct mdl_query *q, int rc)
{
    if (rc != SQLITE_OK && q->fault.status == MDL_OK) {
        (void)mdl_conn_fail(q->conn, rc, &q->fault);
    }
}

/* The cached statement for `sql`, NULL if it is not there or is running already. */
static sqlite3_stmt *cached(struct mdl_conn *c, const char *sql, size_t *slot)
{
    *slot = MDL_CONN_CACHE;
    for (size_t i = 0; i < MDL_CONN_CACHE; i++) {
        if (c->cache[i].sql == sql) {
            return sqlite3_stmt_busy(c->cache[i].stmt) ? NULL : c->cache[i].stmt;
        }
        if (c->cache[i].sql == NULL) {
            *slot = i;
            return NULL;
        }
    }
    return NULL;
}

enum mdl_status mdl_query(struct mdl_conn *c, struct mdl_query *q, const char *sql,
                          struct mdl_error *err)
{
    size_t slot;

    memset(q, 0, sizeof *q);
    q->conn = c;
    q->stmt = cached(c, sql, &slot);
    q->cached = q->stmt != NULL;
    if (q->stmt != NULL) {
        return MDL_OK;
    }
    int rc = sqlite3_prepare_v3(c->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &q->stmt, NULL);
    if (rc != SQLITE_OK) {
        (void)mdl_conn_fail(c, rc, &c->lost);
        return mdl_fail(err, c->lost.status, "%s", c->lost.text);
    }
    if (slot < MDL_CONN_CACHE) {
        c->cache[slot].sql = sql;
        c->cache[slot].stmt = q->stmt;
        q->cached = true;
    }
    return MDL_OK;
}

void mdl_put_int(struct mdl_query *q, int64_t v)
{
    put(q, sqlite3_bind_int64(q->stmt, ++q->bind, v));
}

void mdl_put_u64(struct mdl_query *q, uint64_t v)
{
    int64_t bits;

    memcpy(&bits, &v, sizeof bits);
    mdl_put_int(q, bits);
}

static void put_null(struct mdl_query *q)
{
    put(q, sqlite3_bind_null(q->stmt, ++q->bind));
}

void mdl_put_text(struct mdl_query *q, const char *s, size_t max)
{
    size_t n = s != NULL ? strlen(s) : 0;

    if (n > max) {
        char text[120];
        (void)sqlite3_snprintf((int)sizeof text, text,
                               "a text of %llu bytes where %llu are allowed", (unsigned long long)n,
                               (unsigned long long)max);
        keep(q, MDL_U_ARGUMENT, text);
        n = 0;
    }
    put(q,
        sqlite3_bind_text64(q->stmt, ++q->bind, s != NULL ? s : "", n, SQLITE_STATIC, SQLITE_UTF8));
}

void mdl_put_json(struct mdl_query *q, const char *s)
{
    if (s == NULL) {
        put_null(q);
    } else {
        mdl_put_text(q, s, SIZE_MAX);
    }
}

void mdl_put_bytes(struct mdl_query *q, const void *p, size_t n)
{
    /* A NULL pointer would bind SQL NULL where an empty blob is meant. */
    put(q, sqlite3_bind_blob64(q->stmt, ++q->bind, n > 0 ? p : "", n, SQLITE_STATIC));
}

void mdl_put_if(struct mdl_query *q, bool present, const void *p, size_t n)
{
    if (present) {
        mdl_put_bytes(q, p, n);
    } else {
        put_null(q);
    }
}

void mdl_put_blob(struct mdl_query *q, const struct mdl_blob *b)
{
    mdl_put_if(q, b->data != NULL, b->data, b->len);
}

void mdl_put_fields(struct mdl_query *q, const struct mdl_account_fields *f, const char *deals)
{
    const char *const text[] = {f->record_id, f->name,        f->website,  f->country,
                                f->owner,     f->owner_email, f->industry, f->currency,
                                f->stage,     f->type,        f->extra,    deals};

    for (size_t i = 0; i < sizeof text / sizeof text[0]; i++) {
        mdl_put_text(q, text[i], SIZE_MAX);
    }
    mdl_put_int(q, f->employees);
    mdl_put_int(q, f->revenue);
}

enum mdl_status mdl_query_end(struct mdl_query *q, struct mdl_error *err)
{
    if (q->stmt != NULL) {
        (void)sqlite3_reset(q->stmt);
        (void)sqlite3_clear_bindings(q->stmt);
        if (!q->cached) {
            (void)sqlite3_finalize(q->stmt);
        }
        q->stmt = NULL;
    }
    if (q->fault.status != MDL_OK) {
        return mdl_fail(err, q->fault.status, "%s", q->fault.text);
    }
    return MDL_OK;
}

/* What a failed step means to the caller. Anything but a refused row loses the transaction. */
static void step_failed(struct mdl_query *q, int rc)
{
    const char *text = sqlite3_errmsg(q->conn->db);

    switch (rc) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
        keep(q, MDL_U_EXISTS, text);
        return;
    case SQLITE_CONSTRAINT_FOREIGNKEY:
        keep(q, MDL_U_NOT_FOUND, "what the row refers to is not there");
        return;
    case SQLITE_CONSTRAINT_CHECK:
    case SQLITE_CONSTRAINT_NOTNULL:
    case SQLITE_CONSTRAINT_DATATYPE:
        keep(q, MDL_U_ARGUMENT, text);
        return;
    case SQLITE_CONSTRAINT_TRIGGER:
        keep(q, MDL_U_STATE, text);
        return;
    default:
        (void)mdl_conn_fail(q->conn, rc, &q->conn->lost);
        keep(q, q->conn->lost.status, q->conn->lost.text);
    }
}

enum mdl_status mdl_next(struct mdl_query *q, bool *row, struct mdl_error *err)
{
    *row = false;
    if (q->fault.status == MDL_OK) {
        int rc = sqlite3_step(q->stmt);
        if (rc == SQLITE_ROW) {
            q->col = 0;
            *row = true;
            return MDL_OK;
        }
        if (rc != SQLITE_DONE) {
            step_failed(q, rc);
        }
    }
    return mdl_query_end(q, err);
}

enum mdl_status mdl_run(struct mdl_query *q, struct mdl_error *err)
{
    bool row;
    enum mdl_status rc;

    do {
        rc = mdl_next(q, &row, err);
    } while (rc == MDL_OK && row);
    return rc;
}

int64_t mdl_take_int(struct mdl_query *q)
{
    return sqlite3_column_int64(q->stmt, q->col++);
}

uint64_t mdl_take_u64(struct mdl_query *q)
{
    int64_t bits = mdl_take_int(q);
    uint64_t v;

    memcpy(&v, &bits, sizeof v);
    return v;
}

uint32_t mdl_take_u32(struct mdl_query *q)
{
    int64_t v = mdl_take_int(q);

    if (v < 0 || v > UINT32_MAX) {
        keep(q, MDL_L_DATABASE, "a number in the database is out of range");
        return 0;
    }
    return (uint32_t)v;
}

const char *mdl_take_borrowed(struct mdl_query *q)
{
    const unsigned char *s = sqlite3_column_text(q->stmt, q->col++);
    return s != NULL ? (const char *)s : "";
}

void mdl_take_text(struct mdl_query *q, char *buf, size_t cap)
{
    const char *s = mdl_take_borrowed(q);
    size_t n = strlen(s);

    if (n >= cap) {
        keep(q, MDL_L_DATABASE, "a text in the database is longer than it can be");
        n = 0;
    }
    memcpy(buf, s, n);
    buf[n] = '\0';
}

char *mdl_take_json(struct mdl_query *q)
{
    if (sqlite3_column_type(q->stmt, q->col) == SQLITE_NULL) {
        q->col++;
        return NULL;
    }
    char *copy = strdup(mdl_take_borrowed(q));
    if (copy == NULL) {
        keep(q, MDL_L_MEMORY, "not enough memory for a row");
    }
    return copy;
}

const uint8_t *mdl_take_bytes(struct mdl_query *q, size_t *n)
{
    const uint8_t *p = sqlite3_column_blob(q->stmt, q->col);

    *n = (size_t)sqlite3_column_bytes(q->stmt, q->col);
    q->col++;
    return p;
}

bool mdl_take_fixed(struct mdl_query *q, void *buf, size_t n)
{
    size_t found;
    const uint8_t *p = mdl_take_bytes(q, &found);

    if (found == n) {
        memcpy(buf, p, n);
        return true;
    }
    if (found != 0) {
        keep(q, MDL_L_DATABASE, "a value in the database has an impossible length");
    }
    memset(buf, 0, n);
    return false;
}

size_t mdl_take_upto(struct mdl_query *q, void *buf, size_t cap)
{
    size_t n;
    const uint8_t *p = mdl_take_bytes(q, &n);

    if (n > cap) {
        keep(q, MDL_L_DATABASE, "a value in the database has an impossible length");
        n = 0;
    }
    memset(buf, 0, cap);
    if (n > 0) {
        memcpy(buf, p, n);
    }
    return n;
}

void mdl_take_blob(struct mdl_query *q, struct mdl_blob *b)
{
    bool null = sqlite3_column_type(q->stmt, q->col) == SQLITE_NULL;
    const uint8_t *p = mdl_take_bytes(q, &b->len);

    b->data = NULL;
    if (null) {
        return;
    }
    b->data = malloc(b->len > 0 ? b->len : 1);
    if (b->data == NULL) {
        b->len = 0;
        keep(q, MDL_L_MEMORY, "not enough memory for a row");
    } else if (b->len > 0) {
        memcpy(b->data, p, b->len);
    }
}

void mdl_take_fields(struct mdl_query *q, struct mdl_account_fields *f)
{
    const char **const text[] = {&f->record_id, &f->name,        &f->website,  &f->country,
                                 &f->owner,     &f->owner_email, &f->industry, &f->currency,
                                 &f->stage,     &f->type,        &f->extra,    &f->deals};

    for (size_t i = 0; i < sizeof text / sizeof text[0]; i++) {
        *text[i] = mdl_take_borrowed(q);
    }
    f->employees = mdl_take_int(q);
    f->revenue = mdl_take_int(q);
}
