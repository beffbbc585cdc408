/* check_node.c: the commands against real nodes in threads: two companies, an import each, one
 * round. It may not test what the round computes: that the figures come through is enough. */
#include "support.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct node a;
static struct node b;

static bool has(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

/* Asserts code 0, nothing on standard error, and a part of the report. */
static struct ran good(struct ran r, const char *part)
{
    ck_assert_msg(r.code == 0, "%d: %s", r.code, r.err);
    ck_assert_msg(has(r.out, part), "'%s' in: %s", part, r.out);
    return r;
}

static void bad(struct ran r, int code, const char *part)
{
    ck_assert_msg(r.code == code, "%d: %s%s", r.code, r.out, r.err);
    ck_assert_msg(has(r.err, "mandorla: "), "%s", r.err);
    ck_assert_msg(has(r.err, part), "'%s' in: %s", part, r.err);
}

static json_t *document(struct ran r)
{
    ck_assert_msg(r.code == 0, "%s", r.err);
    json_t *d = json_loads(r.out, 0, NULL);
    ck_assert_msg(d != NULL, "no JSON: %s", r.out);
    return d;
}

static const char list_a[] = "Account Name,Website,Type\n"
                             "Acme,https://acme-tools.com,Customer\n"
                             "Globex,globex-works.org,Prospect\n"
                             "Initech,www.initech-soft.net,Customer\n";
static const char list_b[] = "Account Name,Website,Type\n"
                             "ACME Inc,acme-tools.com,Prospect\n"
                             "Hooli,hooli-cloud.com,Customer\n"
                             "Initech Ltd,initech-soft.net,Customer\n";

static void write_file(char path[64], const char *text)
{
    (void)snprintf(path, 64, "/tmp/mandorla-list-XXXXXX");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    (void)close(fd);
}

START_TEST(init)
{
    char dir[] = "/tmp/mandorla-init-XXXXXX";
    char node[64];
    struct stat info;
    ck_assert_ptr_nonnull(mkdtemp(dir));
    (void)snprintf(node, sizeof node, "%s/n", dir);
    bad(run("--dir", node, "init", "--no-passphrase"), 2, "--name NAME is missing");
    bad(run("--dir", node, "init", "--name", "X", "--passphrase-file", "/f", "--no-passphrase"), 2,
        "exclude each other");
    bad(run("--dir", node, "init", "--name", "X", "--passphrase-file", "/nowhere"), 2, "/nowhere");
    bad(run("--dir", node, "init", "--name", "X"), 2, "--passphrase-file FILE");
    bad(run("--dir", node, "init", "--name", "X", "--no-passphrase", "--endpoint", "nonsense"), 2,
        "tcp://");
    ck_assert_int_ne(stat(node, &info), 0); /* nothing of it stays */
    good(run("--dir", node, "init", "--name", "Dürr AG", "--no-passphrase", "--fast-kdf"),
         "Dürr AG has a node\n");
    bad(run("--dir", node, "init", "--name", "X", "--no-passphrase"), 2, "holds a node already");
    struct node n;
    (void)snprintf(n.dir, sizeof n.dir, "%s", dir);
    node_remove(&n);
}
END_TEST

START_TEST(keys_need_no_node)
{
    struct ran r = good(run("key", "https://www.Example.co.uk/about"), "example.co.uk");
    ck_assert(has(r.out, "domain, match key"));
    json_t *d = document(run("key", "Müller GmbH", "x@gmail.com", "--country", "DE", "--json"));
    ck_assert_uint_eq(json_array_size(json_object_get(d, "values")), 2);
    json_decref(d);
    bad(run("key"), 2, "an argument is missing");
}
END_TEST

START_TEST(a_fresh_node)
{
    good(run("--dir", a.dir, "status"), "No partners yet");
    good(run("--dir", a.dir, "source", "list"), "No accounts yet");
    good(run("--dir", a.dir, "partner", "list"), "No partners yet");
    good(run("--dir", a.dir, "agreement", "list"), "No agreements yet");
    good(run("--dir", a.dir, "round", "list"), "No rounds yet");
    good(run("--dir", a.dir, "audit", "verify"), "✓ The log verifies");
    good(run("--dir", a.dir, "audit", "list"), "node-start");
    json_t *d = document(run("--dir", a.dir, "--json", "status"));
    ck_assert_str_eq(mdl_doc_text(d, "name"), "Northwind");
    json_decref(d);
    bad(run("--dir", a.dir, "matrix", "Contoso"), 2, "no partner 'Contoso'");
    bad(run("--dir", a.dir, "round", "start", ""), 2, "a name is empty");
    bad(run("--dir", a.dir, "partner", "accept", "mandorla1:nonsense"), 2, "token");
    bad(run("--dir", a.dir, "source", "remove", "nothing"), 2, "no source 'nothing'");
    bad(run("--dir", a.dir, "agreement", "show", "0123abcdef"), 2, "no agreement '0123abcdef'");
    bad(run("--dir", a.dir, "round", "show", "0123abcdef"), 2, "no round '0123abcdef'");
}
END_TEST

/* Row 0 is fine; `n` rows have a cell too many. */
static void write_bad_rows(char path[64], int n)
{
    char *text = malloc(64 + (size_t)n * 32);
    ck_assert_ptr_nonnull(text);
    size_t at = (size_t)snprintf(text, 64, "Account Name,Website\nAcme,acme.com\n");
    for (int i = 0; i < n; i++) {
        at += (size_t)snprintf(text + at, 32, "C%d,c%d.com,x\n", i, i);
    }
    write_file(path, text);
    free(text);
}

static size_t count_lines(const char *path, char last[300])
{
    FILE *f = fopen(path, "r");
    size_t n = 0;
    ck_assert_ptr_nonnull(f);
    for (; fgets(last, 300, f) != NULL; n++) {
    }
    (void)fclose(f);
    return n;
}

START_TEST(rejected_rows_that_are_not_listed_are_told)
{
    char file[64];
    char rejected[64];
    char last[300] = "";
    write_file(rejected, "");
    write_bad_rows(file, 1005);
    good(run("--dir", a.dir, "import", file, "--source", "bad", "--rejected", rejected),
         "holds only the first 1,000 of 1,005 rejected rows");
    ck_assert_uint_eq(count_lines(rejected, last), 1 + 1000 + 1);
    ck_assert_msg(has(last, "not-listed,5 more rejected rows are not listed here"), "%s", last);
    (void)unlink(file);
    write_bad_rows(file, 3);
    good(run("--dir", a.dir, "import", file, "--source", "bad", "--rejected", rejected),
         "holds all rejected rows: 3");
    ck_assert_uint_eq(count_lines(rejected, last), 1 + 3);
    (void)unlink(file);
    (void)unlink(rejected);
    good(run("--dir", a.dir, "source", "remove", "bad", "--yes"), "Removed source bad");
}
END_TEST

START_TEST(imports)
{
    char file[64];
    char strange[64];
    char rejected[64];
    write_file(file, list_a);
    write_file(strange, "foo,bar\n1,2\n");
    write_file(rejected, "");
    struct ran r = good(run("--dir", a.dir, "import", file, "--preview"), "nothing was changed");
    ck_assert(has(r.out, "Account Name"));
    good(run("--dir", a.dir, "source", "list"), "No accounts yet");
    r = good(run("--dir", a.dir, "import", file, "--source", "crm", "--rejected", rejected),
             "✓ Imported source crm");
    ck_assert(has(r.out, "  Accounts        3\n"));
    ck_assert(has(r.out, "customers"));
    good(run("--dir", a.dir, "source", "list"), "crm");
    json_t *d = document(run("--dir", a.dir, "import", file, "--source", "crm", "--json"));
    ck_assert_int_eq(mdl_doc_int(d, "accounts"), 3);
    json_decref(d);
    r = run("--dir", a.dir, "import", strange, "--source", "odd");
    bad(r, 2, "--map");
    ck_assert(has(r.err, "Columns: foo, bar."));
    ck_assert(has(r.err, "--map \"COLUMN=name\""));
    ck_assert(!has(r.err, "Columns found in")); /* once is enough */
    good(run("--dir", a.dir, "import", strange, "--source", "odd", "--map", "foo=name"),
         "Imported source odd");
    good(run("--dir", a.dir, "source", "remove", "odd"), "Removed source odd with 1 account.");
    bad(run("--dir", a.dir, "import", file, "/nowhere.csv"), 2, "'/nowhere.csv' cannot be opened");
    bad(run("--dir", a.dir, "import", "/tmp"), 2, "is a directory");
    bad(run("--dir", a.dir, "import", file, "--rejected", "/nowhere/r.csv"), 4, "/nowhere/r.csv");
    bad(run("--dir", a.dir, "import", file, "--source", "Not A Name"), 2, "cannot be a name");
    bad(run("--dir", a.dir, "import", file, "--encoding", "ebcdic"), 2, "ebcdic");
    bad(run("--dir", a.dir, "import", file, "--population", "nonsense"), 2, "nonsense");
    r = good(run_with(list_b, "--dir", b.dir, "import", "-", "--source", "crm"), "standard input");
    (void)unlink(file);
    (void)unlink(strange);
    (void)unlink(rejected);
}
END_TEST

/* Standard output is the token and nothing else. */
static void token_of(struct node *n, char token[1024])
{
    struct ran r = good(run("--dir", n->dir, "partner", "invite", "--days", "3"), "mandorla1:");
    ck_assert_uint_eq(strcspn(r.out, "\n") + 1, strlen(r.out));
    ck_assert(has(r.err, "mandorla partner accept TOKEN"));
    (void)snprintf(token, 1024, "%.*s", (int)strcspn(r.out, "\n"), r.out);
}

START_TEST(pairing)
{
    char token[1024];
    token_of(&a, token);
    bad(run("--dir", a.dir, "partner", "accept", token), 2, "own invitation");
    struct ran r = good(run("--dir", b.dir, "partner", "accept", token, "--accept"),
                        "An invitation from Northwind");
    ck_assert(has(r.out, "✓ Northwind is pinned; the standard agreement"));
    ck_assert(has(r.out, "\nmandorla1:"));
    char line[sizeof token + 1]; /* as a pipe hands it over */
    token_of(&b, token);
    (void)snprintf(line, sizeof line, "%s\n", token);
    json_t *d = document(
        run_with(line, "--dir", a.dir, "partner", "accept", "-", "--as", "Contoso EMEA", "--json"));
    ck_assert_uint_eq(json_array_size(json_object_get(d, "pair_words")), 2);
    json_decref(d);
    good(run("--dir", a.dir, "partner", "list"), "Contoso EMEA");
    bad(run("--dir", a.dir, "partner", "set", "Contoso EMEA"), 2, "nothing to set");
    bad(run("--dir", a.dir, "partner", "set", "Contoso EMEA", "--ask", "--accept"), 2, "exclude");
    good(run("--dir", a.dir, "partner", "set", "Contoso EMEA", "--ask"), "ask for each");
    bad(run_with("", "--dir", a.dir, "partner", "accept", "-"), 2, "no token on standard input");
}
END_TEST

START_TEST(a_round)
{
    good(run("--dir", a.dir, "agreement", "propose", "Contoso EMEA", "--preview"),
         " will learn of ours\n");
    good(run("--dir", a.dir, "agreement", "list"), "No agreements yet");
    bad(run("--dir", a.dir, "round", "start", "Contoso EMEA", "--timeout", "5"), 2, "with --wait");
    struct ran r =
        good(run("--dir", a.dir, "round", "start", "Contoso EMEA", "--wait", "--timeout", "60"),
             "What we will learn of ");
    ck_assert(has(r.out, "with Contoso EMEA  complete\n"));
    ck_assert(has(r.out, "signed by both sides"));
    ck_assert_str_eq(r.err, ""); /* no progress where there is no terminal */
    r = good(run("--dir", a.dir, "round", "show", "Contoso EMEA", "--watch"), "complete");
    ck_assert(has(r.out, "\n  Phases          preparing "));
    r = good(run("--dir", b.dir, "round", "list", "Northwind"), "complete");
    ck_assert(has(r.out, "KEYS BROUGHT") && has(r.out, "\nKeys brought: ours / theirs, "));
    bad(run("--dir", a.dir, "round", "abort", "Contoso EMEA"), 2, "ended already");
    bad(run("--dir", a.dir, "round", "approve", "Contoso EMEA"), 2, "does not wait");
    good(run("--dir", a.dir, "agreement", "show", "Contoso EMEA"), "in-force");
}
END_TEST

START_TEST(results)
{
    struct ran r = good(run("--dir", a.dir, "matrix", "Contoso EMEA"), "OURS \\ THEIRS");
    ck_assert_msg(has(r.out, "2 of our 3 accounts (customers, ") &&
                      has(r.out, ") are among their customers, "),
                  "%s", r.out);
    ck_assert(has(r.out, "✓ receipt signed by both sides"));
    good(run("--dir", a.dir, "matrix", "Contoso EMEA", "--csv"),
         "population,partner_population,accounts,level,keys_in_common,our_keys,their_keys\r\n");
    r = good(run("--dir", a.dir, "overlap", "Contoso EMEA"), "Acme");
    ck_assert(has(r.out, "Initech"));
    ck_assert(!has(r.out, "Globex"));
    r = good(run("--dir", a.dir, "overlap", "Contoso EMEA", "--limit", "1"), "1 row shown");
    r = good(run("--dir", a.dir, "overlap", "Contoso EMEA", "--csv"), "record_id,name,");
    r = good(run("--dir", a.dir, "whitespace", "Contoso EMEA"), "Globex");
    ck_assert(!has(r.out, "Acme"));
    json_t *d = document(run("--dir", a.dir, "overlap", "Contoso EMEA", "--json"));
    ck_assert_uint_eq(json_array_size(json_object_get(d, "rows")), 2);
    json_decref(d);
    bad(run("--dir", a.dir, "overlap", "Contoso EMEA", "--population", "nobody"), 2, "nobody");
    bad(run("--dir", a.dir, "bundle", "Contoso EMEA", "Contoso EMEA"), 2, "two partners");
    bad(run("--dir", a.dir, "bundle", "Contoso EMEA", "Fabrikam"), 2, "no partner 'Fabrikam'");
}
END_TEST

START_TEST(the_log)
{
    good(run("--dir", a.dir, "audit", "verify"), ", 1 receipt.");
    good(run("--dir", a.dir, "audit", "list", "--partner", "Contoso EMEA", "--limit", "3"),
         "--after");
    struct ran r = good(run("--dir", a.dir, "audit", "list", "--csv"), "seq,time,kind,direction,");
    ck_assert(has(r.out, "HELLO"));
    bad(run("--dir", a.dir, "audit", "list", "--limit", "5000"), 2, "--limit");
    bad(run("--dir", a.dir, "audit", "list", "--csv", "--json"), 2, "exclude");
}
END_TEST

/* A partner that asks: the round waits, and waiting is not an error of this machine. */
START_TEST(waiting_and_refusing)
{
    good(run("--dir", b.dir, "partner", "set", "Northwind", "--ask"), "ask for each");
    bad(run("--dir", a.dir, "round", "start", "Contoso EMEA", "--wait", "--timeout", "1", "--yes"),
        3, "it goes on: mandorla round show");
    for (int i = 0; i < 200; i++) {
        if (run("--dir", b.dir, "round", "refuse", "Northwind", "--reason", "not today").code ==
            0) {
            break;
        }
        (void)usleep(50000);
    }
    struct ran r = run("--dir", a.dir, "round", "show", "Contoso EMEA", "--watch");
    bad(r, 3, "not complete but refused");
    ck_assert(has(r.out, "not today"));
}
END_TEST

START_TEST(the_end)
{
    good(run("--dir", a.dir, "agreement", "revoke", "Contoso EMEA"), "revoked");
    good(run("--dir", a.dir, "partner", "remove", "Contoso EMEA"), "no longer a partner");
    good(run("--dir", a.dir, "source", "remove", "crm"), "Removed source crm");
}
END_TEST

/* Tests run in this order, in one process, against the same two nodes. */
static void start(void)
{
    char endpoint[32];
    own_endpoint(endpoint, 0);
    node_make(&a, "Northwind", endpoint);
    own_endpoint(endpoint, 1);
    node_make(&b, "Contoso", endpoint);
    node_start(&a);
    node_start(&b);
}

START_TEST(stop)
{
    node_stop(&a);
    node_stop(&b);
    bad(run("--dir", a.dir, "status"), 2, "no node is serving");
    node_remove(&a);
    node_remove(&b);
}
END_TEST

START_TEST(begin)
{
    start();
}
END_TEST

int main(int argc, char *argv[])
{
    const TTest *const tests[] = {init,
                                  keys_need_no_node,
                                  begin,
                                  a_fresh_node,
                                  imports,
                                  rejected_rows_that_are_not_listed_are_told,
                                  pairing,
                                  a_round,
                                  results,
                                  the_log,
                                  waiting_and_refusing,
                                  the_end,
                                  stop};
    return run_suite(argc, argv, "node", tests, sizeof tests / sizeof tests[0]);
}
