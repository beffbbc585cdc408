/* terms_file.h: the terms of an agreement as a text that a person reads, edits and proposes.
 *
 * The form is that of an ini file: comments (; or # at the beginning of a line), [sections], lines
 * NAME = VALUE. It is read by this room's own reader and not by inih, as the settings are: what is
 * signed must be what stands there, and inih cuts lines at 200 bytes, takes what follows " ;" for a
 * comment, ends a name at a colon and does not tell the line to its caller.
 *
 * Pure functions: no clock, no store, no randomness. Any thread.
 */
#ifndef MANDORLA_SERVICE_TERMS_FILE_H
#define MANDORLA_SERVICE_TERMS_FILE_H

#include <mandorla/agreement.h>

#define TERMS_FILE_MAX  65536 /* bytes */
#define TERMS_CELLS_MAX 1024  /* 32 populations of each side */

/* What a terms file says besides the cells. Numbers are wider than in the agreement, so that the
 * table of fields is one. */
struct terms {
    char purpose[MDL_AGREEMENT_TEXT + 1];
    char legal_basis[MDL_AGREEMENT_TEXT + 1];
    uint64_t retention_days;
    uint64_t valid_days;
    uint64_t approval;  /* enum mdl_approval */
    uint64_t counts_by; /* enum mdl_key_type: of cells that say "counts" and no more */
    uint64_t max_keys_round, max_keys_month, min_keys, min_result, max_result, max_rounds_month;
    uint64_t min_change, cooldown_hours, key_deadline_s;
};

/* What a draft proposes: counts by domain, a person approves, protective bounds. */
void terms_of_draft(struct terms *t);
/* The terms of an agreement; counts_by is that of its first cell at level counts. */
void terms_of_agreement(const struct mdl_agreement *a, struct terms *t);
/* Into an agreement, whose cells, parties and times stay as they are. */
void terms_into(const struct terms *t, struct mdl_agreement *a);

struct terms_cell {
    char ours[MDL_POPULATION_NAME + 1];
    char theirs[MDL_POPULATION_NAME + 1];
    enum mdl_level level;
    uint8_t key_type; /* level counts only, else 0 */
    unsigned line;    /* of the file; 0: it stood in none */
};
struct terms_cells {
    size_t n;
    struct terms_cell *cell; /* to be freed */
};
void terms_cells_free(struct terms_cells *c);

/* One cell as it is written, "ours : theirs = level" or "ours:theirs=counts by vat". `counts_by`
 * is what a bare "counts" means. MDL_U_ARGUMENT. */
MDL_MUST_CHECK enum mdl_status terms_cell_read(const char *text, uint64_t counts_by,
                                               struct terms_cell *out, struct mdl_error *err);

/* Reads a file. `t` holds the defaults for what the file leaves out; *cells is filled, to be freed
 * by the caller, upon MDL_OK only. Errors: MDL_U_ARGUMENT with file, line, name, what was expected
 * and found, and what to do; MDL_L_MEMORY. */
MDL_MUST_CHECK enum mdl_status terms_read(const char *file, const char *text, struct terms *t,
                                          struct terms_cells *cells, struct mdl_error *err);

/* Sets the groups of an agreement from cells seen from the party `own`. Errors: those of
 * mdl_agreement_set_cells. */
MDL_MUST_CHECK enum mdl_status terms_set_cells(const struct terms_cells *cells, enum mdl_role own,
                                               struct mdl_agreement *a, struct mdl_error *err);
/* Every pair of the populations of an agreement, seen from `own`, the hidden ones too.
 * MDL_L_MEMORY. */
MDL_MUST_CHECK enum mdl_status terms_cells_of(const struct mdl_agreement *a, enum mdl_role own,
                                              struct terms_cells *cells, struct mdl_error *err);
/* Adds a cell. MDL_L_MEMORY; MDL_U_TOO_LARGE beyond TERMS_CELLS_MAX. */
MDL_MUST_CHECK enum mdl_status
terms_cells_add(struct terms_cells *cells, const struct terms_cell *cell, struct mdl_error *err);

struct terms_heading {
    const char *own, *partner; /* names of the companies */
    const char *from;          /* of what it is a copy, or NULL: a new draft */
};
/* The file that terms_read reads back as the same: to be freed; NULL: no memory. */
char *terms_write(const struct terms_heading *h, const struct terms *t,
                  const struct terms_cells *cells);

/* "counts by domain", "accounts", "hidden". */
#define TERMS_LEVEL 48
void terms_level_text(enum mdl_level level, uint8_t key_type, char out[TERMS_LEVEL]);

/* ---- terms_fields.c: the table behind both ------------------------------------------------------
 */
enum terms_section { TERMS_AGREEMENT, TERMS_CAPS, TERMS_CELLS, TERMS_SECTIONS };
const char *terms_section_name(enum terms_section s);

enum terms_kind { TERMS_TEXT, TERMS_NUMBER, TERMS_APPROVAL, TERMS_KEY_TYPE };
struct terms_field {
    enum terms_section section;
    const char *name;
    enum terms_kind kind;
    size_t at; /* in struct terms */
    uint64_t min, max;
    const char *comment; /* what it is and what it protects from */
};
const struct terms_field *terms_fields(size_t *n);
/* Value of a field as it is written. */
void terms_field_text(const struct terms_field *f, const struct terms *t,
                      char out[MDL_AGREEMENT_TEXT + 1]);
/* False: not one; `expected` says what would be. */
#define TERMS_EXPECTED 128
bool terms_field_set(const struct terms_field *f, struct terms *t, const char *value,
                     char expected[TERMS_EXPECTED]);
/* The type of match key with this slug that makes a match; 0: none. */
uint8_t terms_key_type(const char *slug);
const char *terms_key_slug(uint8_t type);
/* "domain, vat, ..." */
#define TERMS_KEY_SLUGS 96
void terms_key_slugs(char out[TERMS_KEY_SLUGS]);

#endif
