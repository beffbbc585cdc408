/* suppress_value.h: a value of the suppression list, read. Not for others. */
#ifndef MANDORLA_SERVICE_SUPPRESS_VALUE_H
#define MANDORLA_SERVICE_SUPPRESS_VALUE_H

#include "rules.h"

struct suppress_wish {
    const char *value; /* a name, website, e-mail address or domain, registry id, or SOURCE:ID */
    const char *country, *reason; /* NULL or "": none */
    size_t line;                  /* of a file, for messages; 0: of none */
};
/* Fills *row but for its number. Any thread. MDL_U_ARGUMENT, MDL_U_NO_KEY (the text says why;
 * what looks like a domain and is none is not filed as a name), MDL_U_NOT_FOUND (SOURCE:ID of no
 * source). */
enum mdl_status suppress_value(struct mdl_service *s, const struct rules_state *state,
                               const struct suppress_wish *wish, struct mdl_suppress_row *row,
                               struct mdl_error *err);
/* "gmail.com": hits who gives it as a website, and none for an e-mail address there. */
bool suppress_is_mail_provider(const struct mdl_service *s, const struct mdl_suppress_row *row);

#endif
