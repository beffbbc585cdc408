/* agreement.h: what the commands about agreements share. */
#ifndef MANDORLA_CLI_AGREEMENT_H
#define MANDORLA_CLI_AGREEMENT_H

#include "cli.h"

/* ---- agreement_file.c: what reads or writes a file ----------------------------------------------
 */
extern const struct option_row draft_options[], amend_options[], output_option[], verify_options[];
MDL_MUST_CHECK enum mdl_status run_draft(struct cli *c);
MDL_MUST_CHECK enum mdl_status run_amend(struct cli *c);
MDL_MUST_CHECK enum mdl_status run_export(struct cli *c);
MDL_MUST_CHECK enum mdl_status run_agreement_verify(struct cli *c);
/* The text of a terms file ("-": standard input) and its name into a body. MDL_U_ARGUMENT names
 * what is wrong with it: no file, too large, a NUL byte, not UTF-8. */
MDL_MUST_CHECK enum mdl_status body_terms(struct cli *c, json_t *body, const char *file);

/* Previews what POSTing the body would propose and asks, unless --yes; with --preview it stops
 * there. Then proposes. Releases the body. */
MDL_MUST_CHECK enum mdl_status cli_propose(struct cli *c, const struct path *p, json_t *body);

/* ---- showing ------------------------------------------------------------------------------------
 */
MDL_MUST_CHECK enum mdl_status show_agreement(struct cli *c, const json_t *d, FILE *f);
MDL_MUST_CHECK enum mdl_status show_agreement_short(struct cli *c, const json_t *d, FILE *f);
/* "Contoso asks for more: ..."; nothing for null. */
void show_request(const json_t *request, const char *partner, FILE *f);
/* The sentences of a disclosure, all of them. */
void show_sentences(const json_t *disclosure, FILE *f);

#endif
