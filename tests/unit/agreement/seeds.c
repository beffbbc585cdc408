/* seeds.c: agreements as seeds for the fuzzer: the draft, a large one, and damaged ones.
 * usage: agreement-seeds DIR */
#include "support.h"

#include <stdio.h>
#include <string.h>

static int write_seed(const char *dir, const char *name, const uint8_t *p, size_t len)
{
    char path[500];

    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "wb");
    if (f == NULL) {
        perror(path);
        return 1;
    }
    size_t written = fwrite(p, 1, len, f);
    return fclose(f) != 0 || written != len;
}

/* Every second group is one cell of counts, the others are rows at level accounts. */
static void enlarge(struct mdl_agreement *a)
{
    a->n_groups = MDL_AGREEMENT_GROUPS;
    for (size_t g = 0; g < a->n_groups; g++) {
        struct mdl_agreement_group *group = &a->groups[g];

        *group = a->groups[0];
        if (g % 2 == 1) {
            (void)snprintf(group->level, sizeof group->level, "counts");
            group->key_type = MDL_KEY_DOMAIN;
            group->n_populations[1] = 1;
        }
        group->n_populations[0] = 1;
        (void)snprintf(group->populations[0][0], MDL_POPULATION_NAME + 1, "p-%zu", g);
    }
    a->caps.min_change = 20;
    a->caps.cooldown_hours = 24;
    a->approval = MDL_APPROVAL_PERSON;
}

int main(int argc, char **argv)
{
    static struct parties p;
    static struct mdl_agreement a;
    uint8_t buf[MDL_AGREEMENT_MAX] = {0};
    size_t len;

    if (argc != 2) {
        return 2;
    }
    make_parties(&p);
    make_draft(&p, &a);
    if (mdl_agreement_encode(&a, buf, &len, NULL) != MDL_OK) {
        return 1;
    }
    int bad = write_seed(argv[1], "draft", buf, len) |
              write_seed(argv[1], "draft-cut", buf, len - 9) |
              write_seed(argv[1], "draft-trailing", buf, len + 1);
    buf[3] = 2;
    bad |= write_seed(argv[1], "draft-version-two", buf, len);
    enlarge(&a);
    if (mdl_agreement_encode(&a, buf, &len, NULL) != MDL_OK) {
        return 1;
    }
    return bad | write_seed(argv[1], "groups-of-two-levels", buf, len);
}
