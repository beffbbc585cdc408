/* store_partner.h: partners.
 *
 * Threading and common errors: store.h. Writes need an open transaction. Times are milliseconds
 * since 1970; 0 means never.
 */
#ifndef MANDORLA_STORE_PARTNER_H
#define MANDORLA_STORE_PARTNER_H

#include <store.h>

enum mdl_partner_state {
    MDL_PARTNER_INVITED, /* named and perhaps keyed, not yet pinned */
    MDL_PARTNER_PINNED
};

struct mdl_partner_row {
    int64_t id;                    /* given by insert; never reused */
    char name[MDL_STORE_NAME + 1]; /* local name; unique among partners that are not removed */
    enum mdl_partner_state state;
    bool has_keys;                   /* identity and curve are set; always so when pinned */
    uint8_t identity[MDL_STORE_KEY]; /* unique among partners that are not removed */
    uint8_t curve[MDL_STORE_KEY];
    uint32_t cert_serial;
    struct mdl_blob certificate;
    char endpoint[MDL_STORE_ENDPOINT + 1]; /* "" if it only dials */
    struct mdl_blob token;                 /* the token of theirs we accepted */
    uint32_t flags;                        /* standing rules; bits are the service's */
    struct mdl_blob info;                  /* their last NODE_INFO body, as received */
    char their_name[MDL_STORE_NAME + 1];   /* what they call themselves */
    char software[MDL_STORE_NAME + 1];
    uint64_t added_at, pinned_at, last_seen_at, removed_at;
};

/* Inserts *p and sets p->id. MDL_U_EXISTS: the name or identity is a present partner's (the text
 * says which). MDL_U_ARGUMENT: empty name, or pinned without keys. */
MDL_MUST_CHECK enum mdl_status mdl_partner_insert(struct mdl_store *st, struct mdl_partner_row *p,
                                                  struct mdl_error *err);
/* Writes all fields of the row with p->id. MDL_U_NOT_FOUND; MDL_U_EXISTS and MDL_U_ARGUMENT as
 * above. Setting removed_at takes name, identity and CURVE key out of use; the row stays, for the
 * log. */
MDL_MUST_CHECK enum mdl_status
mdl_partner_update(struct mdl_store *st, const struct mdl_partner_row *p, struct mdl_error *err);
/* Only last_seen_at: cheap enough for each connection. */
MDL_MUST_CHECK enum mdl_status mdl_partner_seen(struct mdl_store *st, int64_t id, uint64_t at,
                                                struct mdl_error *err);

/* Fill *out, to be released with mdl_partner_clear. MDL_U_NOT_FOUND. By name, identity and CURVE
 * key only partners that are not removed are found; by id any. */
MDL_MUST_CHECK enum mdl_status mdl_partner_get(struct mdl_store *st, int64_t id,
                                               struct mdl_partner_row *out, struct mdl_error *err);
MDL_MUST_CHECK enum mdl_status mdl_partner_by_name(struct mdl_store *st, const char *name,
                                                   struct mdl_partner_row *out,
                                                   struct mdl_error *err);
MDL_MUST_CHECK enum mdl_status mdl_partner_by_identity(struct mdl_store *st,
                                                       const uint8_t identity[MDL_STORE_KEY],
                                                       struct mdl_partner_row *out,
                                                       struct mdl_error *err);
MDL_MUST_CHECK enum mdl_status mdl_partner_by_curve(struct mdl_store *st,
                                                    const uint8_t curve[MDL_STORE_KEY],
                                                    struct mdl_partner_row *out,
                                                    struct mdl_error *err);
void mdl_partner_clear(struct mdl_partner_row *p);

typedef bool mdl_partner_fn(void *ctx, const struct mdl_partner_row *p);
/* In the order of names. */
MDL_MUST_CHECK enum mdl_status mdl_partner_list(struct mdl_store *st, bool with_removed,
                                                mdl_partner_fn *row, void *ctx,
                                                struct mdl_error *err);

#endif
