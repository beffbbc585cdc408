/* upload.h: what the files of a streamed import share. Runs on the importing thread; only the swap
 * and what is remembered of a source visit the loop. Not for others. */
#ifndef MANDORLA_SERVICE_UPLOAD_H
#define MANDORLA_SERVICE_UPLOAD_H

#include "internal.h"
#include "marking.h"

#include <import.h>
#include <store_generation.h>

#define UPLOAD_LISTED 1000 /* rejected rows, and rows without a key, that the report names */

struct mdl_upload {
    struct mdl_service *s;
    json_t *params;
    char source[MDL_STORE_SLUG + 1]; /* "": named after the kind of the first file */
    bool preview;                    /* all of it happens, but the generation is thrown away */
    struct mdl_import *import;
    struct mdl_gen *gen; /* made with the first row, when the source has a name */
    char generation[MDL_STORE_GENERATION + 1];
    int bit[MDL_IMPORT_POPULATIONS]; /* the plan's population i in the generation */
    struct mdl_gen_summary *summary;
    bool finished, swapped;
    bool file_known[MDL_IMPORT_FILES_MAX]; /* its columns are in the generation */
    struct rulebook *book;                 /* as it was when the generation was marked */
    struct mdl_suppressed *suppressed;     /* likewise */
    struct marking marking;
    json_t *before; /* populations of the import that this one replaces; NULL: it is the first */
    char replaced[MDL_STORE_GENERATION + 1]; /* that import; "": it is the first */
    uint64_t left_private, left_suppressed;
    struct mdl_error failed;
    uint64_t started_ms;
    json_t *first;    /* rows without a key */
    json_t *rejected; /* rejected rows */
};

struct mdl_import_sink upload_sink(struct mdl_upload *u);
/* As far as it came; also after a failure (it lists the columns found). */
json_t *upload_report(struct mdl_upload *u);
/* *stale: the rules were changed meanwhile, nothing happened; mark the generation anew. */
enum mdl_status upload_swap(struct mdl_upload *u, const json_t *report, bool *stale,
                            struct mdl_error *err);
/* Asks the rules of the finished generation, and who is in no round. Then, or to do it again. */
enum mdl_status upload_mark(struct mdl_upload *u, struct mdl_error *err);
void upload_unmark(struct mdl_upload *u);
/* MDL_U_STATE: a rule for private accounts was asked of the source until now, and these files lack
 * its columns: the accounts would be in rounds. Passes if that was accepted beforehand. */
enum mdl_status upload_check_private(struct mdl_upload *u, struct mdl_error *err);

#endif
