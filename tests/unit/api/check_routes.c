/* check_routes.c: the table of routes against the table of verbs, and matching of paths.
 * It may not start a server. */
#include "fake.h"

#include <string.h>

static const struct mdl_verb *verb_named(const char *name)
{
    size_t n;
    const struct mdl_verb *v = mdl_service_verbs(&n);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(v[i].name, name) == 0) {
            return &v[i];
        }
    }
    return NULL;
}

static bool has_param(const struct mdl_verb *v, const char *name, size_t len)
{
    for (size_t i = 0; i < MDL_VERB_PARAMS && v->params[i].name != NULL; i++) {
        if (strlen(v->params[i].name) == len && strncmp(v->params[i].name, name, len) == 0) {
            return true;
        }
    }
    return false;
}

START_TEST(every_verb_has_one_route)
{
    size_t n_verbs;
    size_t n_routes;
    const struct mdl_verb *v = mdl_service_verbs(&n_verbs);
    const struct route *r = api_routes(&n_routes);
    ck_assert_uint_eq(n_verbs, n_routes);
    for (size_t i = 0; i < n_verbs; i++) {
        size_t hits = 0;
        for (size_t k = 0; k < n_routes; k++) {
            hits += strcmp(r[k].verb, v[i].name) == 0;
        }
        ck_assert_msg(hits == 1, "%s: %zu routes", v[i].name, hits);
    }
}
END_TEST

/* "/v1/rounds/{round}/abort" finds itself, and what stands in braces is a parameter of its verb. */
START_TEST(every_route_finds_itself)
{
    size_t n;
    const struct route *r = api_routes(&n);
    for (size_t i = 0; i < n; i++) {
        struct route_match m;
        const struct mdl_verb *v = verb_named(r[i].verb);
        ck_assert_ptr_nonnull(v);
        ck_assert_msg(api_route(r[i].method, r[i].path, &m), "%s %s", r[i].method, r[i].path);
        ck_assert_ptr_eq(m.route, &r[i]);
        for (size_t k = 0; k < m.n_vars; k++) {
            ck_assert_msg(has_param(v, m.var[k].name, m.var[k].name_len), "%s: {%.*s}", r[i].path,
                          (int)m.var[k].name_len, m.var[k].name);
        }
    }
}
END_TEST

START_TEST(values_of_a_path)
{
    struct route_match m;
    ck_assert(api_route("POST", "/v1/rounds/3fa9/abort", &m));
    ck_assert_str_eq(m.route->verb, "round.abort");
    ck_assert_uint_eq(m.n_vars, 1);
    ck_assert_str_eq(m.var[0].value, "3fa9");
    ck_assert_uint_eq(m.var[0].name_len, strlen("round"));
    /* An escaped slash belongs to the name. */
    ck_assert(api_route("GET", "/v1/partners/A%2FB%20M%C3%BCller/matrix", &m));
    ck_assert_str_eq(m.var[0].value, "A/B Müller");
    ck_assert(api_route("DELETE", "/v1/partners/..", &m));
    ck_assert_str_eq(m.var[0].value, "..");
}
END_TEST

START_TEST(no_route)
{
    static const char *const paths[] = {"",
                                        "/",
                                        "/v1",
                                        "/v1/",
                                        "/v2/status",
                                        "/v1/status/",
                                        "/v1//status",
                                        "//v1/status",
                                        "/v1/statusx",
                                        "/v1/statu",
                                        "/v1/rounds/a/b/abort",
                                        "/v1/rounds//abort",
                                        "/v1/rounds/a%00b/abort",
                                        "v1/status"};
    struct route_match m;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        ck_assert_msg(!api_route("GET", paths[i], &m) && !api_route("POST", paths[i], &m), "%s",
                      paths[i]);
        ck_assert_msg(!m.path_known, "%s", paths[i]);
    }
}
END_TEST

START_TEST(another_method)
{
    struct route_match m;
    ck_assert(!api_route("POST", "/v1/status", &m));
    ck_assert(m.path_known);
    ck_assert(!api_route("get", "/v1/status", &m)); /* methods are case-sensitive */
    ck_assert(m.path_known);
    ck_assert(api_route("GET", "/v1/status", &m));
}
END_TEST

START_TEST(a_segment_that_is_too_long)
{
    char url[1200] = "/v1/sources/";
    struct route_match m;
    size_t n = strlen(url);
    memset(url + n, 'x', 511);
    ck_assert(api_route("DELETE", url, &m));
    ck_assert_uint_eq(strlen(m.var[0].value), 511);
    url[n + 511] = 'x';
    ck_assert(!api_route("DELETE", url, &m));
}
END_TEST

START_TEST(segments)
{
    char out[8];
    ck_assert_uint_eq(api_segments("/a/b/c"), 3);
    ck_assert_uint_eq(api_segments("/"), 1);
    ck_assert_uint_eq(api_segments(""), 0);
    ck_assert(api_segment("/a/b%41/c", 1, out, sizeof out));
    ck_assert_str_eq(out, "bA");
    ck_assert(!api_segment("/a/b", 2, out, sizeof out));
    ck_assert(!api_segment("/a//b", 1, out, sizeof out));
    ck_assert(!api_segment("/12345678", 0, out, sizeof out));
    ck_assert(api_segment("/1234567", 0, out, sizeof out));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        every_verb_has_one_route, every_route_finds_itself,   values_of_a_path, no_route,
        another_method,           a_segment_that_is_too_long, segments};
    return run_suite("routes", NULL, NULL, tests, sizeof tests / sizeof tests[0]);
}
