/* agreement_wish.h: what an operator wants an agreement to say, into its terms. Loop thread. */
#ifndef MANDORLA_SERVICE_AGREEMENT_WISH_H
#define MANDORLA_SERVICE_AGREEMENT_WISH_H

#include "outside.h"
#include "terms_file.h"

/* ---- agreement_wish.c ---------------------------------------------------------------------------
 */
/* The single options of agreement.propose. MDL_U_ARGUMENT. */
enum mdl_status wish_options(struct mdl_service *s, const json_t *params, struct mdl_agreement *a,
                             enum mdl_role own, struct mdl_error *err);
/* A whole file: params "terms", and "file", its name for errors. */
enum mdl_status wish_file(struct mdl_service *s, const json_t *params, struct mdl_agreement *a,
                          enum mdl_role own, struct mdl_error *err);
/* Single cells, params "cells", over those that `a` has. */
enum mdl_status wish_cells(struct mdl_service *s, const json_t *params, struct mdl_agreement *a,
                           enum mdl_role own, struct mdl_error *err);

/* ---- verbs_agreement.c --------------------------------------------------------------------------
 */
/* ID or PARTNER: for a partner the proposal that waits for us, else the one in force, else ours. */
enum mdl_status agreement_find(struct mdl_service *s, const char *text,
                               struct mdl_agreement_row *row, struct mdl_error *err);
/* The document of agreement.show. `row` NULL: of a preview; `a` NULL: decoded from the row. */
enum mdl_status agreement_view(struct mdl_service *s, int64_t partner,
                               const struct mdl_agreement_row *row, const struct mdl_agreement *a,
                               json_t **result, struct mdl_error *err);
/* As the wish's parameter "preview" says. */
enum mdl_status agreement_preview_or_propose(struct mdl_service *s,
                                             const struct mdl_partner_row *partner,
                                             const struct agreement_wish *wish, json_t **result,
                                             struct mdl_error *err);
/* The proposals that wait for an answer, ours and theirs, for `status`. */
enum mdl_status agreements_waiting(struct mdl_service *s, json_t **list, struct mdl_error *err);
/* Takes `raised` (of doc_changes; NULL: it is no request, gives null). */
json_t *doc_request(json_t *raised, const struct mdl_agreement_row *row);

/* ---- populations.c ------------------------------------------------------------------------------
 */
typedef void population_fn(void *ctx, const char *name);
/* The names of our populations, the three standard ones first; a name may come more than once. */
enum mdl_status populations_each(struct mdl_service *s, population_fn *fn, void *ctx,
                                 struct mdl_error *err);
/* Under a name that was mistyped nothing would go, and nobody would know why: MDL_U_ARGUMENT. The
 * error begins with `where`. */
enum mdl_status population_known(struct mdl_service *s, const char *where, const char *name,
                                 struct mdl_error *err);

#endif
