/* overlap.c: the match keys of libmandorla on two names or websites: would two companies meet?
 *   cc overlap.c $(pkg-config --cflags --libs mandorla) -o overlap
 *   ./overlap https://www.acme.com/about sales@acme.com */
#include <mandorla/matchkey.h>
#include <stdio.h>
#include <string.h>

static int same(const struct mdl_key *a, const struct mdl_key *b)
{
    return a->type == b->type && a->len == b->len && memcmp(a->value, b->value, a->len) == 0;
}

int main(int argc, char **argv)
{
    struct mdl_profile *profile = NULL;
    struct mdl_error err = {MDL_OK, ""};
    struct mdl_key_set set[2];
    int found = 0;

    if (argc != 3) {
        fprintf(stderr, "usage: overlap VALUE VALUE\n");
        return 2;
    }
    enum mdl_status st = mdl_profile_open(NULL, &profile, &err);
    for (int i = 0; i < 2 && st == MDL_OK; i++) {
        st = mdl_keys_explain(profile, argv[i + 1], NULL, NULL, NULL, &set[i], &err);
    }
    for (size_t i = 0; st == MDL_OK && i < set[0].n; i++) {
        for (size_t j = 0; j < set[1].n; j++) {
            const struct mdl_key *k = &set[0].key[i];
            if (same(k, &set[1].key[j])) {
                printf("%s: %.*s\n", mdl_key_type_label(k->type), (int)k->len,
                       (const char *)k->value);
                found = 1;
            }
        }
    }
    mdl_profile_close(profile);
    if (st != MDL_OK) {
        fprintf(stderr, "overlap: %s\n", err.text);
    }
    return st != MDL_OK ? mdl_status_exit_code(st) : found ? 0 : 1;
}
