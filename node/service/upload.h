/* upload.h: what the files of a streamed import share. Runs on the importing thread; only the swap
 * and what is remembered of a source visit the loop. Not for others. */
#ifndef MANDORLA_SERVICE_UPLOAD_H
#define MANDORLA_SERVICE_UPLOAD_H

#include "internal.h"

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
    struct mdl_error failed;
    uint64_t started_ms;
    json_t *first;    /* rows without a key */
    json_t *rejected; /* rejected rows */
};

struct mdl_import_sink upload_sink(struct mdl_upload *u);
/* As far as it came; also after a failure (it lists the columns found). */
json_t *upload_report(struct mdl_upload *u);
enum mdl_status upload_swap(struct mdl_upload *u, const json_t *report, struct mdl_error *err);

#endif
