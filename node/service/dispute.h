/* dispute.h: matches that one of two partners holds for wrong (PROTOCOL 4.10). Loop thread, but for
 * disputed_has. */
#ifndef MANDORLA_SERVICE_DISPUTE_H
#define MANDORLA_SERVICE_DISPUTE_H

#include "outside.h"

#include <store_dispute.h>

enum mdl_status dispute_message(struct mdl_service *s, const struct peer *p,
                                const struct mdl_msg_match_dispute *b, struct mdl_error *err);
/* Notes what we say of a key, and tells the partner until it has heard it. `key`: encoded, 4 to 131
 * bytes. */
enum mdl_status dispute_make(struct mdl_service *s, const struct mdl_partner_row *partner,
                             const uint8_t *key, size_t len, bool disputed, const char *reason,
                             struct mdl_error *err);

/* The keys in dispute with a partner, by either side, for a worker to look into. */
struct disputed {
    size_t n;
    struct disputed_key {
        uint8_t len;
        uint8_t bytes[MDL_KEY_BYTES_MAX];
    } * key; /* in ascending order */
};
enum mdl_status disputed_load(struct mdl_service *s, int64_t partner, struct disputed *d,
                              struct mdl_error *err);
void disputed_free(struct disputed *d);
/* Any thread; reads only. */
bool disputed_has(const struct disputed *d, const uint8_t *key, size_t len);

#endif
