/* report.h: documents of the service (docs/openapi.yaml) as tables and CSV.
 *
 * Every function writes to `out` and reads only the document. A document that lacks a field prints
 * an empty cell: what is missing is never invented. Returns MDL_L_MEMORY, or MDL_L_IO if `out`
 * failed.
 */
#ifndef MANDORLA_REPORT_H
#define MANDORLA_REPORT_H

#include "table.h"

#include <jansson.h>

/* The overlap matrix with its totals; where not every cell is at level accounts, the cells whose
 * match keys are known once more with both sides' keys, and a legend. CSV: one row a cell (own
 * population, partner population, accounts, level, keys in common, our keys, their keys). */
MDL_MUST_CHECK enum mdl_status mdl_report_matrix(const json_t *matrix,
                                                 const struct mdl_style *style, FILE *out);
MDL_MUST_CHECK enum mdl_status mdl_report_matrix_csv(const json_t *matrix, FILE *out);

/* The cells of one agreement in a ledger: rounds (complete/partial/aborted), keys each side
 * brought, how often a number was learned, the last one, and what such numbers can tell at most, in
 * bits. */
MDL_MUST_CHECK enum mdl_status mdl_report_ledger(const json_t *cells, const struct mdl_style *style,
                                                 FILE *out);

/* What changed between two rounds: the cells, and one of the lists of accounts ("new", "lost",
 * "moved"). */
MDL_MUST_CHECK enum mdl_status mdl_report_diff_cells(const json_t *diff,
                                                     const struct mdl_style *style, FILE *out);
MDL_MUST_CHECK enum mdl_status mdl_report_diff_rows(const json_t *list,
                                                    const struct mdl_style *style, FILE *out);

/* What a round compared account by account, from a result's document: "our customers with their
 * prospects; our prospects with their customers". */
void mdl_report_scope(const json_t *document, FILE *out);
/* The cells it counted only, in the same words; nothing where there are none. Whether there are. */
bool mdl_report_counted(const json_t *document, const char *before, FILE *out);

/* Rows of `overlap`, `whitespace` and the lists of `bundle`. `header` writes the CSV header line;
 * pass false for the pages after the first. */
MDL_MUST_CHECK enum mdl_status mdl_report_overlap(const json_t *overlap,
                                                  const struct mdl_style *style, FILE *out);
MDL_MUST_CHECK enum mdl_status mdl_report_overlap_csv(const json_t *overlap, bool header,
                                                      FILE *out);
MDL_MUST_CHECK enum mdl_status mdl_report_whitespace(const json_t *whitespace,
                                                     const struct mdl_style *style, FILE *out);
MDL_MUST_CHECK enum mdl_status mdl_report_whitespace_csv(const json_t *whitespace, bool header,
                                                         FILE *out);
MDL_MUST_CHECK enum mdl_status mdl_report_bundle(const json_t *bundle,
                                                 const struct mdl_style *style, FILE *out);
MDL_MUST_CHECK enum mdl_status mdl_report_bundle_csv(const json_t *bundle, FILE *out);

/* One CSV row (RFC 4180, LF line ends are not used: CRLF). A cell that a spreadsheet would take for
 * a formula (= + - @, tab, CR) gets a leading apostrophe. */
void mdl_csv_row(const char *const cells[], size_t n, FILE *out);

/* Helpers over documents: "" for what is absent. */
const char *mdl_doc_text(const json_t *o, const char *key);
json_int_t mdl_doc_int(const json_t *o, const char *key);
/* For people, thousands in groups: "1,015". */
#define MDL_NUMBER 48
const char *mdl_doc_number(json_int_t n, char out[MDL_NUMBER]);
/* A list of strings joined by `sep`; cut with an ellipsis if it does not fit. */
void mdl_doc_join(const json_t *list, const char *sep, char *out, size_t out_size);

#endif
