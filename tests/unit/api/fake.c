/* fake.c: the functions of service.h that the API calls, and a server over them.
 * It may not know HTTP. */
#include "fake.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define P(name, type, required, doc)                                                               \
    {                                                                                              \
        name, type, required, doc                                                                  \
    }
#define V(name, where, fn, summary, ...) {name, MDL_VERB_##where, summary, {__VA_ARGS__}},
static const struct mdl_verb verbs[] = {
#include <verbs.def>
};
#undef V
#undef P

const struct mdl_verb *mdl_service_verbs(size_t *n)
{
    *n = sizeof verbs / sizeof verbs[0];
    return verbs;
}

enum mdl_status mdl_service_do(struct mdl_service *s, const char *verb, const json_t *params,
                               json_t **result, struct mdl_error *err)
{
    enum mdl_status st = MDL_OK;
    (void)pthread_mutex_lock(&s->lock);
    s->calls++;
    s->inside++;
    s->most_inside = s->inside > s->most_inside ? s->inside : s->most_inside;
    (void)snprintf(s->verb, sizeof s->verb, "%s", verb);
    json_decref(s->params);
    s->params = json_deep_copy(params);
    (void)pthread_cond_broadcast(&s->arrived);
    while (s->together > 0 && s->most_inside < s->together) {
        (void)pthread_cond_wait(&s->arrived, &s->lock);
    }
    s->inside--;
    if (s->fail.status != MDL_OK) {
        st = mdl_fail(err, s->fail.status, "%s", s->fail.text);
    } else {
        *result = json_pack("{s:s, s:o}", "verb", verb, "params", json_deep_copy(params));
    }
    (void)pthread_mutex_unlock(&s->lock);
    return st;
}

/* ---- uploads -----------------------------------------------------------------------------------
 */

struct mdl_upload {
    struct mdl_service *s;
    json_t *params;
    struct mdl_error failed;
    bool in_file;
};

enum mdl_status mdl_upload_begin(struct mdl_service *s, const json_t *params,
                                 struct mdl_upload **out, struct mdl_error *err)
{
    if (json_object_get(params, "refuse") != NULL) {
        return mdl_fail(err, MDL_U_ARGUMENT, "import takes no parameter 'refuse'");
    }
    *out = calloc(1, sizeof **out);
    ck_assert_ptr_nonnull(*out);
    (*out)->s = s;
    (*out)->params = json_deep_copy(params);
    (void)pthread_mutex_lock(&s->lock);
    s->uploads++;
    (void)pthread_mutex_unlock(&s->lock);
    return MDL_OK;
}

enum mdl_status mdl_upload_file(struct mdl_upload *u, const char *name, struct mdl_error *err)
{
    if (u->s->refuse_file) {
        return mdl_fail(err, MDL_U_TOO_LARGE, "too many files");
    }
    u->in_file = true;
    (void)pthread_mutex_lock(&u->s->lock);
    (void)snprintf(u->s->file, sizeof u->s->file, "%s", name);
    (void)pthread_mutex_unlock(&u->s->lock);
    return MDL_OK;
}

enum mdl_status mdl_upload_feed(struct mdl_upload *u, const void *bytes, size_t n,
                                struct mdl_error *err)
{
    struct mdl_service *s = u->s;
    (void)bytes;
    if (s->feeding != NULL) {
        (void)sem_post(s->feeding);
        while (sem_wait(s->go_on) != 0) {
        }
    }
    (void)pthread_mutex_lock(&s->lock);
    s->fed += n;
    bool refuse = s->refuse_after > 0 && s->fed > s->refuse_after;
    (void)pthread_mutex_unlock(&s->lock);
    if (refuse) {
        (void)mdl_fail(&u->failed, MDL_U_HEADER, "the columns are not known");
        return mdl_fail(err, MDL_U_HEADER, "the columns are not known");
    }
    return MDL_OK;
}

enum mdl_status mdl_upload_file_end(struct mdl_upload *u, struct mdl_error *err)
{
    u->in_file = false;
    return u->failed.status != MDL_OK ? mdl_fail(err, u->failed.status, "%s", u->failed.text)
                                      : MDL_OK;
}

enum mdl_status mdl_upload_finish(struct mdl_upload *u, json_t **report, struct mdl_error *err)
{
    *report = json_pack("{s:I, s:O}", "fed", (json_int_t)u->s->fed, "params", u->params);
    return u->failed.status != MDL_OK ? mdl_fail(err, u->failed.status, "%s", u->failed.text)
                                      : MDL_OK;
}

void mdl_upload_free(struct mdl_upload *u)
{
    if (u == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&u->s->lock);
    u->s->uploads--;
    (void)pthread_mutex_unlock(&u->s->lock);
    json_decref(u->params);
    free(u);
}

/* ---- the server --------------------------------------------------------------------------------
 */

void fake_start(struct fake *f)
{
    struct mdl_error err;
    memset(f, 0, sizeof *f);
    (void)pthread_mutex_init(&f->service.lock, NULL);
    (void)pthread_cond_init(&f->service.arrived, NULL);
    (void)snprintf(f->dir, sizeof f->dir, "/tmp/mandorla-api-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(f->dir));
    (void)snprintf(f->socket, sizeof f->socket, "%s/api.sock", f->dir);
    ck_assert_msg(mdl_api_start(&f->service, f->socket, &f->api, &err) == MDL_OK, "%s", err.text);
}

void fake_stop(struct fake *f)
{
    mdl_api_stop(f->api);
    ck_assert_uint_eq(f->service.uploads, 0);
    ck_assert_int_ne(access(f->socket, F_OK), 0);
    ck_assert_int_eq(rmdir(f->dir), 0);
    json_decref(f->service.params);
    (void)pthread_mutex_destroy(&f->service.lock);
    (void)pthread_cond_destroy(&f->service.arrived);
}

int run_suite(const char *name, void (*before)(void), void (*after)(void),
              const TTest *const tests[], size_t n)
{
    Suite *s = suite_create(name);
    TCase *t = tcase_create(name);
    SRunner *r = srunner_create(s);

    tcase_set_timeout(t, 60);
    if (before != NULL) {
        tcase_add_checked_fixture(t, before, after);
    }
    for (size_t i = 0; i < n; i++) {
        tcase_add_test(t, tests[i]);
    }
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
