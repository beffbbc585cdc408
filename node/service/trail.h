/* trail.h: entries of the audit log, written inside the turn's transaction. Loop thread.
 *
 * A message is committed to by its SHA-512 digest under a fresh salt; salt and digest stand beside
 * the log, where they can be erased while the log still verifies.
 */
#ifndef MANDORLA_SERVICE_TRAIL_H
#define MANDORLA_SERVICE_TRAIL_H

#include "internal.h"

#include <mandorla/audit.h>

struct trail {
    enum mdl_log_kind kind;
    enum mdl_log_direction direction;
    int64_t partner;          /* 0: none */
    const uint8_t *identity;  /* of the partner, or NULL */
    const uint8_t *round;     /* 16 bytes, or NULL */
    const uint8_t *agreement; /* 64 bytes, or NULL */
    uint8_t type;             /* of a message */
    uint64_t size;
    const uint8_t *digest; /* SHA-512 of the message, 64 bytes, or NULL: no commitment */
    const char *note;      /* no key, no person, no account; NULL: none */
};

/* Opens the turn's transaction if need be. Errors: those of the store; MDL_BUG. */
MDL_MUST_CHECK enum mdl_status trail_add(struct mdl_service *s, const struct trail *t,
                                         struct mdl_error *err);
/* For entries whose failure also fails the turn's commit: logs and goes on. */
void trail_note(struct mdl_service *s, const struct trail *t);

#endif
