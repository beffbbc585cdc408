/* fuzz_terms.c: any bytes as a terms file ('T' first: then what is read must be written and read
 * back as the same) or as the record of an agreement. */
#include <agreement_record.h>
#include <stdlib.h>
#include <string.h>
#include <terms_file.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void comes_back(const struct terms *t, const struct terms_cells *cells)
{
    struct terms_heading h = {"ours", "theirs", NULL};
    struct terms again;
    struct terms_cells read_again;
    struct mdl_error err;
    char *text = terms_write(&h, t, cells);
    must(text != NULL);
    terms_of_draft(&again);
    must(terms_read("again", text, &again, &read_again, &err) == MDL_OK);
    must(memcmp(&again.retention_days, &t->retention_days,
                sizeof again - offsetof(struct terms, retention_days)) == 0);
    must(strcmp(again.purpose, t->purpose) == 0 && strcmp(again.legal_basis, t->legal_basis) == 0);
    must(read_again.n == cells->n);
    for (size_t i = 0; i < cells->n; i++) {
        must(strcmp(read_again.cell[i].ours, cells->cell[i].ours) == 0);
        must(strcmp(read_again.cell[i].theirs, cells->cell[i].theirs) == 0);
        must(read_again.cell[i].level == cells->cell[i].level);
        must(read_again.cell[i].key_type == cells->cell[i].key_type);
    }
    terms_cells_free(&read_again);
    free(text);
}

static void as_terms(const char *text)
{
    struct terms t;
    struct terms_cells cells;
    struct mdl_error err = {MDL_OK, ""};
    terms_of_draft(&t);
    enum mdl_status st = terms_read("x", text, &t, &cells, &err);
    if (st == MDL_OK) {
        comes_back(&t, &cells);
        terms_cells_free(&cells);
    } else {
        must(st == MDL_U_ARGUMENT || st == MDL_U_TOO_LARGE);
        must(err.text[0] != '\0');
    }
}

static void as_record(const char *text, size_t len)
{
    static struct record r;
    struct mdl_agreement a;
    struct mdl_error err = {MDL_OK, ""};
    if (record_read(text, len, &r, &err) == MDL_OK) {
        (void)(record_verify(&r, &a, &err) == MDL_OK);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    must(text != NULL);
    if (size > 0) {
        memcpy(text, data, size);
    }
    text[size] = '\0';
    if (size > 0 && data[0] == 'T') {
        as_terms(text + 1);
    } else {
        as_record(text, size);
    }
    free(text);
    return 0;
}
