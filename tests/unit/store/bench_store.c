/* bench_store.c: how fast imports, snapshots and results are built. Not a test: run it by hand.
 *   bench-store [log2 of the number of accounts, default 17] [keys an account, default 2] */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double last, last_cpu;

static double clock_now(clockid_t clock)
{
    struct timespec t;

    (void)clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double now(void)
{
    return clock_now(CLOCK_MONOTONIC);
}

/* Wall time and processor time: on a busy machine they differ. */
static void lap(const char *what, double items)
{
    double t = now();
    double cpu = clock_now(CLOCK_PROCESS_CPUTIME_ID);

    (void)printf("%-34s %8.3f s %8.3f cpu", what, t - last, cpu - last_cpu);
    if (items > 0) {
        (void)printf("  %10.0f a second", items / (t - last));
    }
    (void)printf("\n");
    last = now();
    last_cpu = clock_now(CLOCK_PROCESS_CPUTIME_ID);
}

static const struct mdl_gen_options opt = {.shared_key_type = 16, .shared_key_limit = 3};
static const char *const populations[] = {"customers", "prospects"};

static void put_one(struct mdl_gen *g, unsigned i, unsigned n_keys)
{
    struct mdl_gen_key key[8];
    uint8_t bytes[8][48];
    char record[24];
    char name[40];
    struct mdl_gen_account a = {.fields = {.record_id = record,
                                           .name = name,
                                           .website = "https://www.example.com/en",
                                           .country = "DE",
                                           .owner = "Ann Example",
                                           .owner_email = "ann@example.com",
                                           .industry = "Manufacturing",
                                           .type = "Customer"},
                                .core_name = name,
                                .populations = i % 3 == 0 ? 4 : 1,
                                .registry_mask = 4,
                                .line = i,
                                .keys = key,
                                .n_keys = n_keys};

    (void)snprintf(record, sizeof record, "0015g%010u", i);
    (void)snprintf(name, sizeof name, "company%u", i);
    for (unsigned k = 0; k < n_keys; k++) {
        /* Scattered, as hashes of real names are. */
        unsigned long long x = (i * 8ull + k) * 0x9E3779B97F4A7C15ull;
        int n = snprintf((char *)bytes[k] + 3, 40, "%016llx.example.com", x);
        bytes[k][0] = k % 2 == 0 ? 16 : 34;
        bytes[k][1] = 0;
        bytes[k][2] = (uint8_t)n;
        key[k] = (struct mdl_gen_key){.bytes = bytes[k], .len = (size_t)n + 3, .origin = 2};
    }
    ok(mdl_gen_put_account(g, &a, &err));
}

static void import(unsigned n, unsigned n_keys)
{
    static struct mdl_gen_summary sum;
    char generation[MDL_STORE_GENERATION + 1];
    char old[MDL_STORE_GENERATION + 1];
    struct mdl_source_row row = {.name = "crm", .imported_at = 1};
    struct mdl_gen *g;

    add_source("crm");
    last = now();
    ok(mdl_gen_create(dir, "crm", generation, &g, &err));
    for (unsigned i = 0; i < n; i++) {
        put_one(g, i, n_keys);
    }
    lap("import: rows", n);
    ok(mdl_gen_finish(g, &opt, &sum, &err));
    lap("import: finish (indexes, disk)", n);
    memcpy(row.generation, generation, sizeof row.generation);
    ok(mdl_store_begin(st, &err));
    ok(mdl_source_swap(st, &row, old, &err));
    ok(mdl_store_commit(st, &err));
    lap("import: swap in (on the loop)", 0);
}

static bool touch(void *ctx, const struct mdl_snap_key *k)
{
    *(size_t *)ctx += k->len;
    return true;
}

static struct mdl_snap *snapshot(const uint8_t id[MDL_STORE_ROUND])
{
    static struct mdl_snap_report rep;
    struct mdl_snap_spec spec = {.population = populations, .n_populations = 2};
    struct mdl_snap_job *job;
    struct mdl_snap *s;
    size_t bytes = 0;

    memcpy(spec.round, id, sizeof spec.round);
    last = now();
    ok(mdl_snap_prepare(st, &spec, &job, &err));
    lap("snapshot: prepare (on the loop)", 0);
    ok(mdl_snap_build(job, NULL, NULL, &rep, &err));
    lap("snapshot: build", rep.keys);
    mdl_snap_job_free(job);
    ok(mdl_snap_open(dir, id, 0, &s, &err));
    ok(mdl_snap_keys(s, 0, SIZE_MAX, touch, &bytes, &err));
    lap("snapshot: read all keys", rep.keys);
    return s;
}

/* Every second key matched, in 64 slices. */
static void slices(const uint8_t id[MDL_STORE_ROUND], uint32_t n_keys)
{
    uint32_t m = n_keys / 2;
    struct mdl_opened *o = calloc(m / 64 + 1, sizeof *o);
    double worst = 0;

    for (uint32_t j = 0; j < 64; j++) {
        size_t n = 0;
        double t = now();
        for (uint32_t i = m / 64 * j; i < m / 64 * (j + 1); i++) {
            o[n++] = (struct mdl_opened){.ordinal = 2 * i, .partner_populations = 1};
        }
        ok(mdl_store_begin(st, &err));
        ok(mdl_opened_put(st, id, 0, j, o, n, &err));
        ok(mdl_store_commit(st, &err));
        worst = now() - t > worst ? now() - t : worst;
    }
    lap("round: 64 slices opened", m);
    (void)printf("%-34s %8.3f s\n", "  the longest slice", worst);
    free(o);
}

static void regroup(const uint8_t id[MDL_STORE_ROUND], struct mdl_snap *s)
{
    static struct mdl_opened o[MDL_STORE_SLICE];
    static struct mdl_result_head h;
    uint32_t slice = 0;
    size_t n;

    do {
        ok(mdl_opened_read(st, id, 0, slice++, o, MDL_STORE_SLICE, &n, &err));
        ok(mdl_snap_match(s, o, n, &err));
    } while (n > 0);
    lap("round: hand over to regrouping", 0);
    memset(&h, 0, sizeof h);
    ok(mdl_snap_regroup(s, &test_rules, NULL, NULL, &h.counts, &err));
    lap("round: regroup", 0);
    memcpy(h.round, id, sizeof h.round);
    h.n_own = 2;
    h.n_partner = 1;
    ok(mdl_store_begin(st, &err));
    ok(mdl_result_put_head(st, &h, &err));
    ok(mdl_store_commit(st, &err));
    (void)printf("%-34s %8u accounts, %u review\n", "", h.counts.accounts, h.counts.review);
    last = now();
}

static void copy(const uint8_t id[MDL_STORE_ROUND], struct mdl_snap *s)
{
    int64_t next = 0;
    double worst = 0;
    double rows = 0;

    do {
        double t = now();
        ok(mdl_store_begin(st, &err));
        ok(mdl_result_copy(st, s, id, 0, next, 1000, &next, &err));
        ok(mdl_store_commit(st, &err));
        worst = now() - t > worst ? now() - t : worst;
        rows += 1000;
    } while (next != 0);
    lap("result: copy in chunks of 1000", rows);
    (void)printf("%-34s %8.3f s\n", "  the longest chunk", worst);
}

static bool see(void *ctx, const struct mdl_overlap_row *r)
{
    *(size_t *)ctx += r->key_len;
    return true;
}

static bool see_account(void *ctx, const struct mdl_snap_account *a)
{
    *(size_t *)ctx += a->populations;
    return true;
}

static void read_back(const uint8_t id[MDL_STORE_ROUND], struct mdl_snap *s)
{
    struct mdl_overlap_filter f = {.own_populations = 8};
    struct mdl_bundle_filter b = {.in_b = false};
    size_t sum = 0;
    int64_t next;

    last = now();
    ok(mdl_result_overlap(st, id, 0, &f, see, &sum, &next, &err));
    lap("result: one overlap page, no row", 0);
    ok(mdl_result_bundle(st, id, id, &b, see, &sum, &next, &err));
    lap("result: one bundle page, no row", 0);
    ok(mdl_snap_whitespace(s, 8, 0, 0, see_account, &sum, &next, &err));
    lap("result: one whitespace page, no row", 0);
    ok(mdl_snap_shrink(s, &err));
    lap("snapshot: shrink", 0);
}

static bool page(void *ctx, const struct mdl_audit_row *e)
{
    *(size_t *)ctx += e->entry.len;
    return true;
}

static void audit(void)
{
    uint8_t bytes[200] = {0};
    struct mdl_audit_row e = {
        .entry = {.data = bytes, .len = sizeof bytes}, .leaf_len = 32, .chain_len = 64, .seq = 1};
    size_t sum = 0;

    last = now();
    for (int i = 0; i < 200; i++) {
        ok(mdl_store_begin(st, &err));
        for (int j = 0; j < 10; j++, e.seq++) {
            ok(mdl_audit_append(st, &e, &err));
        }
        ok(mdl_store_commit(st, &err));
    }
    lap("log: commits of ten entries", 200);
    ok(mdl_audit_list(st, &(struct mdl_audit_filter){0}, page, &sum, &err));
    lap("log: read", 2000);
}

static unsigned bits = 17, keys = 2;

/* The fixture's assertions need a running test. */
START_TEST(bench)
{
    uint8_t id[MDL_STORE_ROUND];

    fixture_open();
    last = now();
    reopen();
    lap("open", 0);
    add_agreement(add_partner("Acme", 1), 1);
    add_round(1, 1, 1);
    round_id(1, id);
    import(1u << bits, keys);
    struct mdl_snap *s = snapshot(id);
    slices(id, mdl_snap_n_keys(s));
    regroup(id, s);
    copy(id, s);
    read_back(id, s);
    audit();
    mdl_snap_close(s);
    fixture_close();
}
END_TEST

int main(int argc, char **argv)
{
    Suite *s = suite_create("bench");
    TCase *t = tcase_create("bench");

    bits = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : bits;
    keys = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : keys;
    if (bits < 7 || bits > 21 || keys < 1 || keys > 8) {
        (void)fprintf(stderr, "bench-store [7..21] [1..8]\n");
        return 2;
    }
    (void)setenv("CK_FORK", "no", 1);
    tcase_add_test(t, bench);
    suite_add_tcase(s, t);
    return run_suite(s);
}
