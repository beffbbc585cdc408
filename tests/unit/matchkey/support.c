/* support.c: what the tests of this room share. */
#include "support.h"

struct mdl_profile *profile;

void open_profile(void)
{
    struct mdl_error err;
    if (mdl_profile_open(NULL, &profile, &err) != MDL_OK) {
        ck_abort_msg("%s", err.text);
    }
}

void close_profile(void)
{
    mdl_profile_close(profile);
    profile = NULL;
}

FILE *vectors(const char *name)
{
    char path[4096];
    const char *dir = getenv("MANDORLA_VECTORS");
    ck_assert_msg(dir != NULL, "MANDORLA_VECTORS must name tests/vectors");
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "r");
    ck_assert_msg(f != NULL, "cannot open %s", path);
    return f;
}

const char *keys_of(const struct mdl_key_set *s)
{
    static char text[MDL_KEYS_PER_ACCOUNT * (MDL_KEY_VALUE_MAX + 32)];
    size_t n = 0;
    text[0] = '\0';
    for (size_t i = 0; i < s->n; i++) {
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%s=%.*s", i > 0 ? " " : "",
                              mdl_key_type_slug(s->key[i].type), (int)s->key[i].len,
                              (const char *)s->key[i].value);
    }
    return text;
}

void hear(void *ctx, const struct mdl_key_note *n)
{
    struct heard *h = ctx;
    size_t at = strlen(h->text);
    h->n++;
    h->refused += n->status == MDL_U_NO_KEY;
    snprintf(h->text + at, sizeof h->text - at, "%s: %s\n", n->field, n->text);
}

int run_suite(Suite *s)
{
    SRunner *r = srunner_create(s);
    open_profile();
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    close_profile();
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
