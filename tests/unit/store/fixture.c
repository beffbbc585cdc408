/* fixture.c: what the store's tests share. */
#include "fixture.h"

#include <dirent.h>
#include <ftw.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct mdl_error err;
char dir[256];
struct mdl_store *st;

void fixture_dir(void)
{
    const char *tmp = getenv("TMPDIR");

    (void)snprintf(dir, sizeof dir, "%s/mdl-store-XXXXXX", tmp != NULL ? tmp : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(dir));
}

void fixture_open(void)
{
    fixture_dir();
    ok(mdl_store_open(dir, MDL_STORE_CREATE, &st, &err));
}

static int remove_one(const char *path, const struct stat *s, int type, struct FTW *ftw)
{
    (void)s;
    (void)type;
    (void)ftw;
    return remove(path);
}

void remove_tree(const char *path)
{
    (void)nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void fixture_close(void)
{
    mdl_store_close(st);
    st = NULL;
    remove_tree(dir);
}

void reopen(void)
{
    mdl_store_close(st);
    st = NULL;
    ok(mdl_store_open(dir, MDL_STORE_EXISTING, &st, &err));
}

void tamper(const char *sql)
{
    char path[300];
    sqlite3 *db;
    char *text = NULL;

    (void)snprintf(path, sizeof path, "%s/mandorla.db", dir);
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    int rc = sqlite3_exec(db, sql, NULL, NULL, &text);
    ck_assert_msg(rc == SQLITE_OK, "%s: %s", sql, text);
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}

const char *tamper_fails(const char *sql)
{
    static char text[200];
    char path[300];
    sqlite3 *db;

    (void)snprintf(path, sizeof path, "%s/mandorla.db", dir);
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_int_ne(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    (void)snprintf(text, sizeof text, "%s", sqlite3_errmsg(db));
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
    return text;
}

int64_t query_int(const char *path, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *stmt;

    ck_assert_int_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
    int64_t v = sqlite3_column_int64(stmt, 0);
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_close(db);
    return v;
}

int foreign_reader(const char *path)
{
    sqlite3 *db;
    int rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL);

    if (rc == SQLITE_OK) {
        rc = sqlite3_exec(db, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);
    }
    (void)sqlite3_close(db);
    return rc & 0xff;
}

long count_files(const char *sub)
{
    char path[300];
    long n = 0;

    (void)snprintf(path, sizeof path, "%s/%s", dir, sub);
    DIR *d = opendir(path);
    ck_assert_ptr_nonnull(d);
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        n += e->d_name[0] != '.' ? 1 : 0;
    }
    (void)closedir(d);
    return n;
}

int64_t add_partner(const char *name, uint8_t seed)
{
    struct mdl_partner_row p = {.state = MDL_PARTNER_PINNED, .has_keys = true, .added_at = 1};

    (void)snprintf(p.name, sizeof p.name, "%s", name);
    memset(p.identity, seed, sizeof p.identity);
    memset(p.curve, seed ^ 0x80, sizeof p.curve);
    ok(mdl_store_begin(st, &err));
    ok(mdl_partner_insert(st, &p, &err));
    ok(mdl_store_commit(st, &err));
    return p.id;
}

void add_agreement(int64_t partner, uint8_t seed)
{
    uint8_t bytes[3] = {1, 2, 3};
    struct mdl_agreement_row a = {.partner = partner,
                                  .state = MDL_AGREEMENT_IN_FORCE,
                                  .bytes = {.data = bytes, .len = sizeof bytes},
                                  .created_at = seed};

    memset(a.hash, seed, sizeof a.hash);
    ok(mdl_store_begin(st, &err));
    ok(mdl_agreement_insert(st, &a, &err));
    ok(mdl_store_commit(st, &err));
}

void round_id(uint8_t seed, uint8_t id[MDL_STORE_ROUND])
{
    memset(id, seed, MDL_STORE_ROUND);
}

void add_round(int64_t partner, uint8_t seed, size_t groups)
{
    struct mdl_round_row r = {.partner = partner,
                              .proposer = MDL_BY_US,
                              .outcome = MDL_ROUND_RUNNING,
                              .created_at = UINT64_C(1795000000000) + seed,
                              .n_groups = groups};

    round_id(seed, r.id);
    memset(r.agreement, 1, sizeof r.agreement);
    for (size_t i = 0; i < groups; i++) {
        (void)snprintf(r.group[i].level, sizeof r.group[i].level, "accounts");
        r.group[i].slices = 4;
    }
    ok(mdl_store_begin(st, &err));
    ok(mdl_round_insert(st, &r, &err));
    ok(mdl_store_commit(st, &err));
}

void make_key(struct test_key *k, uint8_t type, const char *value, uint8_t origin)
{
    size_t n = strlen(value);

    ck_assert_uint_le(n + 3, sizeof k->bytes);
    k->bytes[0] = type;
    k->bytes[1] = 0;
    k->bytes[2] = (uint8_t)n;
    memcpy(k->bytes + 3, value, n);
    k->key = (struct mdl_gen_key){.bytes = k->bytes, .len = n + 3, .origin = origin};
}

void put_account(struct mdl_gen *g, const char *record, const char *name, const char *keys,
                 uint64_t populations, uint64_t registry_mask)
{
    struct test_key k[16];
    struct mdl_gen_key key[16];
    struct mdl_gen_account a = {.fields = {.record_id = record,
                                           .name = name,
                                           .website = "https://example.com",
                                           .employees = -1,
                                           .revenue = 12},
                                .core_name = name,
                                .populations = populations,
                                .registry_mask = registry_mask,
                                .keys = key};
    char words[512];
    char *rest = words;

    (void)snprintf(words, sizeof words, "%s", keys);
    for (char *w = strsep(&rest, " "); w != NULL; w = strsep(&rest, " ")) {
        if (w[0] != '\0') {
            char *value;
            uint8_t type = (uint8_t)strtoul(w, &value, 10);
            ck_assert_uint_lt(a.n_keys, 16);
            char *at = strchr(value, '@');
            uint8_t origin = type < 16 ? 1 : 2;
            if (at != NULL) {
                origin = (uint8_t)strtoul(at + 1, NULL, 10);
                *at = '\0';
            }
            make_key(&k[a.n_keys], type, value + 1, origin);
            key[a.n_keys] = k[a.n_keys].key;
            a.n_keys++;
        }
    }
    ok(mdl_gen_put_account(g, &a, &err));
}

void add_source(const char *name)
{
    struct mdl_source_row s = {.mapping = NULL};

    (void)snprintf(s.name, sizeof s.name, "%s", name);
    (void)snprintf(s.kind, sizeof s.kind, "csv");
    ok(mdl_store_begin(st, &err));
    ok(mdl_source_put(st, &s, &err));
    ok(mdl_store_commit(st, &err));
}

void finish_and_swap(struct mdl_gen *g, const char *source, const char *generation,
                     struct mdl_gen_summary *sum)
{
    const struct mdl_gen_options opt = {.shared_key_type = 16, .shared_key_limit = 3};
    struct mdl_source_row s = {.imported_at = 1000, .report = NULL};
    char old[MDL_STORE_GENERATION + 1];

    ok(mdl_gen_finish(g, &opt, sum, &err));
    (void)snprintf(s.name, sizeof s.name, "%s", source);
    (void)snprintf(s.generation, sizeof s.generation, "%s", generation);
    s.accounts = sum->accounts;
    s.keys = sum->keys;
    ok(mdl_store_begin(st, &err));
    ok(mdl_source_swap(st, &s, old, &err));
    ok(mdl_store_commit(st, &err));
    mdl_gen_delete(dir, source, old);
}

void build_snapshot(uint8_t seed, const char *const *population, size_t n,
                    struct mdl_snap_report *report)
{
    struct mdl_snap_spec spec = {
        .population = population, .n_populations = n, .registry_bit = test_rules.registry_bit};
    struct mdl_snap_job *job;

    round_id(seed, spec.round);
    ok(mdl_snap_prepare(st, &spec, &job, &err));
    ok(mdl_snap_build(job, NULL, NULL, report, &err));
    mdl_snap_job_free(job);
}

static int test_bit(void *ctx, const uint8_t *key, size_t len)
{
    (void)ctx;
    return len > 0 && key[0] <= 4 ? key[0] : -1;
}

static const struct mdl_key_rule rules[] = {
    {.type = 1, .priority = 1, .match_tier = true, .identifier = true},
    {.type = 2, .priority = 2, .match_tier = true, .identifier = true},
    {.type = 16, .priority = 5, .match_tier = true},
    {.type = 32, .priority = 7, .match_tier = true},
    {.type = 34, .priority = 9},
};
const struct mdl_regroup_rules test_rules = {.rule = rules,
                                             .n_rules = sizeof rules / sizeof rules[0],
                                             .registry_bit = test_bit,
                                             .n_partner_populations = 3};

int run_suite(Suite *s)
{
    SRunner *r = srunner_create(s);

    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
