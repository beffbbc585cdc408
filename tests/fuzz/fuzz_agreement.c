/* fuzz_agreement.c: any bytes as an agreement. What decodes must make sense, encode to the very
 * same bytes, describe itself, not differ from itself, and be made of its cells. */
#include <mandorla/agreement.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void hear(void *ctx, enum mdl_disclosure section, const char *sentence)
{
    size_t *total = ctx;

    (void)section;
    *total += strlen(sentence);
}

static struct mdl_agreement_cell cell[MDL_AGREEMENT_CELLS];

static size_t cells_of(const struct mdl_agreement *a)
{
    const char *name[2][MDL_AGREEMENT_POPULATIONS];
    size_t n[2];
    size_t g;
    size_t k = 0;

    for (size_t r = 0; r < 2; r++) {
        n[r] = mdl_agreement_populations(a, (enum mdl_role)r, name[r], MDL_AGREEMENT_POPULATIONS);
    }
    for (size_t i = 0; i < n[0]; i++) {
        for (size_t j = 0; j < n[1]; j++, k++) {
            cell[k].population[0] = name[0][i];
            cell[k].population[1] = name[1][j];
            cell[k].level = mdl_agreement_cell(a, name[0][i], name[1][j], &g);
            cell[k].key_type = cell[k].level == MDL_LEVEL_HIDDEN ? 0 : a->groups[g].key_type;
        }
    }
    return k;
}

/* Its cells make an agreement with the same cells; only the number of groups may be too large. */
static void check_cells(const struct mdl_agreement *a)
{
    static struct mdl_agreement b;
    struct mdl_error err = {0};
    size_t n = cells_of(a);
    size_t g;

    b = *a;
    if (mdl_agreement_set_cells(&b, cell, n, &err) != MDL_OK) {
        if (strstr(err.text, "more than 32 groups") == NULL) {
            abort();
        }
        return;
    }
    for (size_t k = 0; k < n; k++) {
        const char *const *p = cell[k].population;
        if (mdl_agreement_cell(&b, p[0], p[1], &g) != cell[k].level ||
            (cell[k].level != MDL_LEVEL_HIDDEN && b.groups[g].key_type != cell[k].key_type)) {
            abort();
        }
    }
    if (mdl_agreement_valid(&b, NULL) != MDL_OK) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mdl_agreement a;
    struct mdl_error err = {0};
    uint8_t again[MDL_AGREEMENT_MAX];
    size_t len;
    size_t heard = 0;

    enum mdl_status st = mdl_agreement_decode(data, size, &a, &err);
    if (st != MDL_OK) {
        if (err.status != st || err.text[0] == '\0' || mdl_status_class(st) != MDL_CLASS_PEER) {
            abort();
        }
        return 0;
    }
    if (mdl_agreement_encode(&a, again, &len, &err) != MDL_OK || len != size ||
        memcmp(again, data, size) != 0) {
        abort();
    }
    check_cells(&a);
    mdl_agreement_describe(&a, MDL_ROLE_A, hear, &heard);
    if (heard == 0 || mdl_agreement_compare(&a, &a, NULL, NULL) != 0) {
        abort();
    }
    return 0;
}
