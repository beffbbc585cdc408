/* import_columns.h: from a header row to what each column is. */
#ifndef MANDORLA_IMPORT_COLUMNS_H
#define MANDORLA_IMPORT_COLUMNS_H

#include "import.h"
#include "import_text.h"

#define MDL_IMP_ALTERNATIVES                                                                       \
    4 /* columns that can stand for one field, e.g. country code, then name */
#define MDL_IMP_IDENTIFIERS 16 /* registry id columns of one file */

/* A label, folded, and the field it means. Of two filled columns for one field the lower rank
 * counts. */
struct mdl_imp_alias {
    const char *label;
    uint8_t field;
    uint8_t rank;
};

/* How one kind of export shows itself: all of `all`, at least one of `any` (if there is a list),
 * none of `none`. Lists end with NULL, alias lists with a NULL label. In import_aliases.c, first
 * match wins. */
struct mdl_imp_signature {
    enum mdl_import_kind kind;
    const char *const *all;
    const char *const *any;
    const char *const *none;
    const struct mdl_imp_alias *aliases;
};
extern const struct mdl_imp_signature mdl_imp_signatures[];
/* Identifiers that mean the same in every list of accounts. */
extern const struct mdl_imp_alias mdl_imp_common_aliases[];
/* For sheets, and for columns somebody added to a known export. */
extern const struct mdl_imp_alias mdl_imp_guesses[];
extern const char *const mdl_imp_person_labels[];

/* One --map. */
struct mdl_imp_map {
    char whole[MDL_IMPORT_LABEL_MAX + 1]; /* folded, as given: some labels do end in "#2" */
    char label[MDL_IMPORT_LABEL_MAX + 1]; /* folded, without "#2" */
    unsigned nth;                         /* 1-based; 0: not given, the first */
    uint8_t field;
    char scheme[16];
    bool used;                           /* some file had the column */
    char text[MDL_IMPORT_LABEL_MAX + 1]; /* as given, for messages */
};

/* Errors: MDL_U_ARGUMENT, MDL_L_MEMORY. */
MDL_MUST_CHECK enum mdl_status mdl_imp_map_parse(const char *text, struct mdl_imp_map *map,
                                                 struct mdl_error *err);

struct mdl_imp_columns {
    enum mdl_import_kind kind;
    enum mdl_import_kind looks_like; /* what the labels alone say */
    bool people;                     /* a label that lists of persons have */
    size_t n;
    struct mdl_import_column *column; /* n of them */
    size_t *folded;                   /* offsets into `labels` */
    struct mdl_imp_buf labels;
    struct {
        uint8_t n;
        uint8_t rank[MDL_IMP_ALTERNATIVES];
        uint16_t at[MDL_IMP_ALTERNATIVES]; /* 0-based columns, best first */
    } slot[MDL_FIELD_COUNT];
    size_t n_identifiers;
    uint16_t identifier[MDL_IMP_IDENTIFIERS];
};

/* Reads a row as a header. c->kind stays MDL_KIND_UNKNOWN if it is none; the labels are there
 * anyway. Sets maps[i].used. Free with mdl_imp_columns_free, also after a failure. Errors:
 * MDL_L_MEMORY. */
MDL_MUST_CHECK enum mdl_status mdl_imp_columns_read(struct mdl_imp_columns *c,
                                                    const char *const *cell, size_t n,
                                                    struct mdl_imp_map *maps, size_t n_maps,
                                                    struct mdl_error *err);
/* Only the labels: no column is bound to a field. Errors and freeing as above. */
MDL_MUST_CHECK enum mdl_status mdl_imp_columns_make(struct mdl_imp_columns *c,
                                                    const char *const *label, size_t n,
                                                    struct mdl_error *err);
void mdl_imp_columns_free(struct mdl_imp_columns *c);
/* 0-based column by folded label, the nth of that name (1-based); -1 if there is none. */
long mdl_imp_columns_find(const struct mdl_imp_columns *c, const char *folded, unsigned nth);
/* Fills err with what was found and how to map it, or, of a table cut at the wrong `delimiter`,
 * with the better one. Returns MDL_U_HEADER. */
enum mdl_status mdl_imp_columns_refuse(const struct mdl_imp_columns *c, char delimiter,
                                       struct mdl_error *err);

#endif
