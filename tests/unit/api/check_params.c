/* check_params.c: path, query and body become a verb's parameters, typed by its table.
 * It may not test whether values are right: the service decides. */
#include "fake.h"

#include <string.h>

static struct fake f;

static void start(void)
{
    fake_start(&f);
}

static void stop(void)
{
    fake_stop(&f);
}

/* Sends a request that must reach the service with exactly these parameters. */
static void gives(const char *method, const char *path, const char *body, const char *verb,
                  const char *params)
{
    struct reply r = http(&f, method, path, body);
    json_t *want = json_loads(params, 0, NULL);
    ck_assert_msg(r.code == 200, "%s %s: %d", method, path, r.code);
    ck_assert_str_eq(f.service.verb, verb);
    char *have = json_dumps(f.service.params, JSON_SORT_KEYS);
    ck_assert_msg(json_equal(want, f.service.params), "%s %s: %s", method, path, have);
    free(have);
    json_decref(want);
    reply_free(&r);
}

/* Sends a request that must be refused before it reaches the service. */
static void refuses(const char *method, const char *path, const char *body, const char *part)
{
    unsigned calls = f.service.calls;
    struct reply r = http(&f, method, path, body);
    ck_assert_msg(r.code == 400, "%s %s: %d", method, path, r.code);
    ck_assert_str_eq(reply_error(&r), "argument");
    ck_assert_msg(strstr(reply_message(&r), part) != NULL, "'%s' in: %s", part, reply_message(&r));
    ck_assert_uint_eq(f.service.calls, calls);
    reply_free(&r);
}

START_TEST(from_the_path)
{
    gives("DELETE", "/v1/sources/hub-spot", NULL, "source.remove", "{\"source\":\"hub-spot\"}");
    gives("GET", "/v1/rounds/A%2FB", NULL, "round.show", "{\"round\":\"A/B\"}");
}
END_TEST

START_TEST(from_the_query)
{
    gives("GET", "/v1/rounds?limit=7&partner=A%26B%3Dc+d", NULL, "round.list",
          "{\"limit\":7,\"partner\":\"A&B=c d\"}");
    gives("GET", "/v1/partners/C/overlap?review=true&limit=10", NULL, "overlap",
          "{\"partner\":\"C\",\"review\":true,\"limit\":10}");
    gives("GET", "/v1/partners/C/overlap?review=0", NULL, "overlap",
          "{\"partner\":\"C\",\"review\":false}");
    gives("GET", "/v1/partners/C/overlap?review", NULL, "overlap",
          "{\"partner\":\"C\",\"review\":true}");
}
END_TEST

START_TEST(a_list_is_the_parameter_again)
{
    gives("GET", "/v1/bundle?partners=A&partners=B%2CC", NULL, "bundle",
          "{\"partners\":[\"A\",\"B,C\"]}");
    gives("GET", "/v1/bundle?partners=A", NULL, "bundle", "{\"partners\":[\"A\"]}");
}
END_TEST

START_TEST(from_the_body)
{
    gives("POST", "/v1/keys", "{\"values\":[\"a\"],\"country\":\"DE\"}", "key.explain",
          "{\"values\":[\"a\"],\"country\":\"DE\"}");
    gives("POST", "/v1/invitations", "", "partner.invite", "{}");
    gives("POST", "/v1/invitations", "{}", "partner.invite", "{}");
}
END_TEST

/* Whoever asks to change /v1/partners/A changes A, whatever else the request says. */
START_TEST(the_path_comes_last)
{
    gives("PATCH", "/v1/partners/A?partner=B", "{\"partner\":\"C\",\"accept\":true}", "partner.set",
          "{\"partner\":\"A\",\"accept\":true}");
}
END_TEST

START_TEST(unknown_names_reach_the_service)
{
    /* Which refuses them by its own table, with its own words. */
    gives("GET", "/v1/status?verbose=1", NULL, "status", "{\"verbose\":\"1\"}");
}
END_TEST

START_TEST(wrong_types)
{
    refuses("GET", "/v1/rounds?limit=many", NULL, "limit: expected a whole number, found 'many'");
    refuses("GET", "/v1/rounds?limit=", NULL, "limit");
    refuses("GET", "/v1/rounds?limit=1x", NULL, "limit");
    refuses("GET", "/v1/rounds?limit=99999999999999999999", NULL, "limit");
    refuses("GET", "/v1/partners/C/overlap?review=maybe", NULL,
            "review: expected true or false, found 'maybe'");
    refuses("GET", "/v1/rounds?partner=%FF", NULL, "partner: expected text in UTF-8");
    refuses("GET", "/v1/rounds?limit=%FF", NULL, "limit: expected text in UTF-8");
    refuses("GET", "/v1/rounds/%FF", NULL, "round: expected text in UTF-8");
}
END_TEST

START_TEST(bodies_that_are_no_object)
{
    static const char *const bodies[] = {"[]",
                                         "1",
                                         "\"x\"",
                                         "{",
                                         "{\"a\":1,}",
                                         "nonsense",
                                         "{\"token\":\"a\",\"token\":\"b\"}",
                                         "{}x",
                                         "{\"a\":\"\xff\"}"};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        refuses("POST", "/v1/invitations/inspect", bodies[i], "body: expected a JSON object");
    }
    refuses("POST", "/v1/imports", "[]", "body: expected a JSON object");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        from_the_path, from_the_query,           a_list_is_the_parameter_again,
        from_the_body, the_path_comes_last,      unknown_names_reach_the_service,
        wrong_types,   bodies_that_are_no_object};
    return run_suite("params", start, stop, tests, sizeof tests / sizeof tests[0]);
}
