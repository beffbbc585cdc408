/* batch.h: keeps account of the statuses of a batch that is worked on in chunks. */
#ifndef MANDORLA_GROUP_BATCH_H
#define MANDORLA_GROUP_BATCH_H

#include <mandorla/status.h>

struct mdl_batch {
    uint8_t *out;           /* the caller's status array, or NULL */
    size_t done;            /* elements noted so far */
    size_t bad;             /* position of the first that failed */
    enum mdl_status status; /* its status; MDL_OK while none has */
};

/* Takes the statuses of the next n elements. */
void mdl_batch_note(struct mdl_batch *b, const uint8_t *st, size_t n);

/* The status of the whole: MDL_OK, or that of the first element that failed. */
enum mdl_status mdl_batch_end(const struct mdl_batch *b, struct mdl_error *err);

#endif
