/* snapshot_build.c: building the file a cell group of a round runs over.
 * Touches the main database in mdl_snap_prepare only. */
#include "generation_reader.h"
#include "snapshot_job.h"

#include <stdlib.h>
#include <string.h>

static const char settings[] =
    "PRAGMA page_size = 8192; PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF;"
    "PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -2048; PRAGMA temp_store = FILE";

struct gather {
    struct mdl_snap_job *job;
    const char *dir;
    enum mdl_status status;
    struct mdl_error *err;
};

static void map_populations(const struct mdl_snap_job *job, struct mdl_snap_source *s)
{
    memset(s->bit, -1, sizeof s->bit);
    for (int i = 0; i < mdl_gen_populations(s->gen); i++) {
        for (size_t j = 0; j < job->n_populations; j++) {
            if (strcmp(mdl_gen_population_name(s->gen, i), job->population[j]) == 0) {
                s->bit[i] = (int8_t)j;
            }
        }
    }
}

static bool gather_source(void *ctx, const struct mdl_source_row *row)
{
    struct gather *g = ctx;
    struct mdl_snap_job *job = g->job;

    if (row->generation[0] == '\0') {
        return true;
    }
    struct mdl_snap_source *grown =
        realloc(job->source, (job->n_sources + 1) * sizeof *job->source);
    if (grown == NULL) {
        g->status = mdl_fail(g->err, MDL_L_MEMORY, "not enough memory to prepare a round");
        return false;
    }
    job->source = grown;
    struct mdl_snap_source *s = &job->source[job->n_sources++];
    memset(s, 0, sizeof *s);
    memcpy(s->name, row->name, sizeof s->name);
    memcpy(s->generation, row->generation, sizeof s->generation);
    g->status = mdl_gen_open_marked(g->dir, s->name, s->generation, row->marks, &s->gen, g->err);
    if (g->status != MDL_OK) {
        return false;
    }
    map_populations(job, s);
    if (job->data_as_of == 0 || row->data_as_of < job->data_as_of) {
        job->data_as_of = row->data_as_of;
    }
    return true;
}

static enum mdl_status copy_spec(struct mdl_snap_job *job, const struct mdl_snap_spec *spec,
                                 struct mdl_error *err)
{
    if (spec->n_populations == 0 || spec->n_populations > MDL_STORE_POPULATIONS) {
        return mdl_fail(err, MDL_U_ARGUMENT, "a cell group has 1 to %d populations a side",
                        MDL_STORE_POPULATIONS);
    }
    for (size_t i = 0; i < spec->n_populations; i++) {
        size_t n = strlen(spec->population[i]);
        if (n == 0 || n > MDL_STORE_NAME) {
            return mdl_fail(err, MDL_U_ARGUMENT, "a population's name has 1 to %d bytes",
                            MDL_STORE_NAME);
        }
        for (size_t j = 0; j < i; j++) {
            if (strcmp(spec->population[i], job->population[j]) == 0) {
                return mdl_fail(err, MDL_U_ARGUMENT, "the population %s is named twice",
                                spec->population[i]);
            }
        }
        memcpy(job->population[i], spec->population[i], n + 1);
    }
    job->n_populations = spec->n_populations;
    job->registry_bit = spec->registry_bit;
    job->registry_ctx = spec->registry_ctx;
    job->key_type = spec->key_type;
    job->key_from = spec->key_type;
    job->key_to = spec->key_type != 0 ? (uint8_t)(spec->key_type + 1) : 0xff;
    job->several = spec->several;
    job->cap = spec->component_cap != 0 ? spec->component_cap : MDL_SNAP_COMPONENT_CAP;
    return MDL_OK;
}

static enum mdl_status name_files(struct mdl_snap_job *job, const char *dir,
                                  const struct mdl_snap_spec *spec, struct mdl_error *err)
{
    char hex[2 * MDL_STORE_ROUND + 1];

    mdl_round_hex(spec->round, hex);
    enum mdl_status rc = mdl_path(job->dir, err, "%s/rounds", dir);
    if (rc == MDL_OK) {
        rc = mdl_path(job->part, err, "%s/rounds/%s-%u.part", dir, hex, spec->group);
    }
    if (rc == MDL_OK) {
        rc = mdl_path(job->path, err, "%s/rounds/%s-%u.db", dir, hex, spec->group);
    }
    return rc;
}

enum mdl_status mdl_snap_prepare(struct mdl_store *st, const struct mdl_snap_spec *spec,
                                 struct mdl_snap_job **out, struct mdl_error *err)
{
    struct mdl_snap_job *job = calloc(1, sizeof *job);

    *out = NULL;
    if (job == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory to prepare a round");
    }
    struct gather g = {.job = job, .dir = mdl_store_dir(st), .status = MDL_OK, .err = err};
    enum mdl_status rc = copy_spec(job, spec, err);
    if (rc == MDL_OK) {
        rc = name_files(job, g.dir, spec, err);
    }
    if (rc == MDL_OK) {
        rc = mdl_suppress_load(st, &job->suppressed, err);
    }
    if (rc == MDL_OK) {
        rc = mdl_source_list(st, gather_source, &g, err);
    }
    if (rc == MDL_OK) {
        rc = g.status;
    }
    if (rc == MDL_OK && job->n_sources == 0) {
        rc = mdl_fail(err, MDL_U_NOT_FOUND, "no accounts were imported yet: import a file first");
    }
    if (rc != MDL_OK) {
        mdl_snap_job_free(job);
        return rc;
    }
    *out = job;
    return MDL_OK;
}

void mdl_snap_job_free(struct mdl_snap_job *job)
{
    if (job == NULL) {
        return;
    }
    for (size_t i = 0; i < job->n_sources; i++) {
        free(job->source[i].id);
        mdl_gen_close(job->source[i].gen);
    }
    mdl_suppressed_free(job->suppressed);
    free(job->source);
    free(job->member);
    free(job);
}

static uint32_t agreed_bits(const struct mdl_snap_source *s, uint64_t populations)
{
    uint32_t bits = 0;

    for (int i = 0; i < MDL_GEN_POPULATIONS; i++) {
        if ((populations >> i & 1) != 0 && s->bit[i] >= 0) {
            bits |= UINT32_C(1) << s->bit[i];
        }
    }
    return bits;
}

static enum mdl_status put_account(struct mdl_snap_job *job, size_t source,
                                   const struct mdl_gen_row *a, struct mdl_error *err)
{
    static const char sql[] =
        "INSERT INTO account (" MDL_ACCOUNT_FIELDS ", id, source, populations, registry_mask) "
        "VALUES (" MDL_ACCOUNT_MARKS ", ?, ?, ?, ?)";
    const struct mdl_snap_member *m = &job->member[job->n_members];
    struct mdl_query q;
    enum mdl_status rc = mdl_query(&job->conn, &q, sql, err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_fields(&q, &a->fields, a->fields.deals);
    mdl_put_int(&q, job->n_members);
    mdl_put_int(&q, (int64_t)source);
    mdl_put_int(&q, m->populations);
    mdl_put_u64(&q, m->registry_mask);
    return mdl_run(&q, err);
}

/* An account that is in no round: counted, if it would have been in this one. */
static void leave_out(struct mdl_snap_job *job, struct mdl_snap_source *s, int64_t id,
                      enum mdl_left_out why, uint32_t bits)
{
    if (why == MDL_LEFT_SUPPRESSED) {
        s->id[id] = MDL_SNAP_WITHHELD;
        job->report->left_suppressed += bits != 0;
    } else {
        job->report->left_private += bits != 0;
    }
}

/* Gives the account the next id, if it is in an agreed population. */
static enum mdl_status add_member(struct mdl_snap_job *job, size_t source,
                                  const struct mdl_gen_row *a, enum mdl_left_out why,
                                  struct mdl_error *err)
{
    struct mdl_snap_source *s = &job->source[source];
    uint32_t bits = agreed_bits(s, a->populations);

    if (why != MDL_TAKES_PART) {
        leave_out(job, s, a->id, why, bits);
        return MDL_OK;
    }
    if (bits == 0) {
        return MDL_OK;
    }
    if (job->n_members + 1 >= job->room) {
        uint32_t room = job->room < 1024 ? 1024 : job->room * 2;
        struct mdl_snap_member *grown =
            room > job->room ? realloc(job->member, room * sizeof *grown) : NULL;
        if (grown == NULL) {
            return mdl_fail(err, MDL_L_MEMORY, "not enough memory for the accounts of a round");
        }
        job->member = grown;
        job->room = room;
    }
    job->n_members++;
    job->member[job->n_members] =
        (struct mdl_snap_member){.populations = bits, .registry_mask = a->registry_mask};
    s->id[a->id] = job->n_members;
    for (size_t i = 0; i < job->n_populations; i++) {
        job->report->population_accounts[i] += bits >> i & 1;
    }
    return job->key_type == 0 ? put_account(job, source, a, err) : MDL_OK;
}

static enum mdl_status copy_accounts(struct mdl_snap_job *job, size_t source, struct mdl_error *err)
{
    static const char sql[] = "SELECT id, " MDL_ACCOUNT_FIELDS ", " MDL_ALL_POPULATIONS
                              ", registry_mask, coalesce(why, 0) FROM account" MDL_WITH_MEMBER
                              "LEFT JOIN temp.absent ON of_absent = id ORDER BY id";
    struct mdl_snap_source *s = &job->source[source];
    struct mdl_conn *c = mdl_gen_conn(s->gen);
    struct mdl_query q;
    bool more = false;
    enum mdl_status rc = mdl_exec_int(c, "SELECT max(id) FROM account", &s->n_ids, err);

    if (rc == MDL_OK && (s->id = calloc((size_t)s->n_ids + 1, sizeof *s->id)) == NULL) {
        rc = mdl_fail(err, MDL_L_MEMORY, "not enough memory for the accounts of a round");
    }
    if (rc == MDL_OK) {
        rc = mdl_query(c, &q, sql, err);
    }
    while (rc == MDL_OK && (rc = mdl_next(&q, &more, err)) == MDL_OK && more) {
        struct mdl_gen_row a;
        a.id = mdl_take_int(&q);
        mdl_take_fields(&q, &a.fields);
        a.populations = mdl_take_u64(&q);
        a.registry_mask = mdl_take_u64(&q);
        int64_t why = mdl_take_int(&q);
        rc = add_member(job, source, &a,
                        why == 1   ? MDL_LEFT_PRIVATE
                        : why == 2 ? MDL_LEFT_SUPPRESSED
                                   : MDL_TAKES_PART,
                        err);
        if (rc != MDL_OK) {
            (void)mdl_query_end(&q, NULL);
        }
    }
    return rc;
}

static enum mdl_status put_source(struct mdl_snap_job *job, size_t i, struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc = mdl_query(
        &job->conn, &q, "INSERT INTO source (id, name, generation) VALUES (?, ?, ?)", err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, (int64_t)i);
    mdl_put_text(&q, job->source[i].name, SIZE_MAX);
    mdl_put_text(&q, job->source[i].generation, SIZE_MAX);
    rc = mdl_run(&q, err);
    if (rc == MDL_OK) {
        rc = mdl_gen_leave_out(job->source[i].gen, job->suppressed, err);
    }
    return rc == MDL_OK ? copy_accounts(job, i, err) : rc;
}

static enum mdl_status put_population(struct mdl_snap_job *job, size_t i, struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc =
        mdl_query(&job->conn, &q, "INSERT INTO population (bit, name) VALUES (?, ?)", err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, (int64_t)i);
    mdl_put_text(&q, job->population[i], SIZE_MAX);
    return mdl_run(&q, err);
}

static enum mdl_status put_state(struct mdl_snap_job *job, struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc = mdl_query(
        &job->conn, &q, "INSERT INTO state (stage, keys, accounts) VALUES (0, ?, ?)", err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, job->report->keys);
    mdl_put_int(&q, job->report->accounts);
    return mdl_run(&q, err);
}

static void count_members(struct mdl_snap_job *job)
{
    job->report->accounts = job->n_members;
    job->report->data_as_of = job->data_as_of;
    for (uint32_t i = 1; i <= job->n_members; i++) {
        job->report->accounts_without_key += job->member[i].has_key ? 0 : 1;
    }
}

static enum mdl_status fill(struct mdl_snap_job *job, struct mdl_error *err)
{
    enum mdl_status rc = mdl_exec(&job->conn, settings, err);

    if (rc == MDL_OK) {
        rc = mdl_exec(&job->conn, "BEGIN EXCLUSIVE", err);
    }
    if (rc == MDL_OK) {
        rc = mdl_exec(&job->conn, mdl_schema_snapshot, err);
    }
    for (size_t i = 0; i < job->n_populations && rc == MDL_OK; i++) {
        rc = put_population(job, i, err);
    }
    for (size_t i = 0; i < job->n_sources && rc == MDL_OK; i++) {
        rc = put_source(job, i, err);
    }
    if (rc == MDL_OK) {
        rc = mdl_snap_merge(job, err);
    }
    if (rc == MDL_OK) {
        count_members(job);
        rc = put_state(job, err);
    }
    if (rc == MDL_OK && job->several) {
        rc = mdl_exec(&job->conn, "CREATE INDEX account_record ON account (record_id)", err);
    }
    return rc == MDL_OK ? mdl_exec(&job->conn, "COMMIT", err) : rc;
}

enum mdl_status mdl_snap_build(struct mdl_snap_job *job, mdl_snap_progress *progress, void *ctx,
                               struct mdl_snap_report *report, struct mdl_error *err)
{
    memset(report, 0, sizeof *report);
    job->report = report;
    job->progress = progress;
    job->progress_ctx = ctx;
    /* One left by an earlier attempt at the same round would be written into. */
    mdl_file_delete(job->part);
    enum mdl_status rc =
        mdl_conn_open(&job->conn, job->part, MDL_OPEN_NEW, "the file of the round", err);
    if (rc == MDL_OK) {
        rc = fill(job, err);
    }
    mdl_conn_close(&job->conn);
    if (rc == MDL_OK) {
        rc = mdl_file_publish(job->dir, job->part, job->path, err);
    }
    if (rc != MDL_OK) {
        mdl_file_delete(job->part);
    }
    return rc;
}
