/* peers.c: partners as the loop knows them: who is pinned, who is connected.
 * The rows in the store are the truth; this is what the channel needs of them. */
#include "limits.h"

#include <ctype.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* What a removed partner is still to be told waits so long for room in its queue. */
#define LEAVE_MS 5000u

struct peer *peer_by_id(struct mdl_service *s, int64_t id)
{
    for (size_t i = 0; i < s->n_peers; i++) {
        if (s->peers[i].id == id) {
            return &s->peers[i];
        }
    }
    return NULL;
}

static struct peer *peer_new(struct mdl_service *s)
{
    struct peer *grown = realloc(s->peers, (s->n_peers + 1) * sizeof *grown);
    if (grown == NULL) {
        return NULL;
    }
    s->peers = grown;
    memset(&s->peers[s->n_peers], 0, sizeof *grown);
    limit_begin(&s->peers[s->n_peers]);
    return &s->peers[s->n_peers++];
}

enum mdl_status peer_admit(struct mdl_service *s, const struct mdl_partner_row *row,
                           struct mdl_error *err)
{
    struct peer *p = peer_by_id(s, row->id);
    if (p == NULL) {
        p = peer_new(s);
    }
    if (p == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory for a partner");
    }
    p->id = row->id;
    memcpy(p->identity, row->identity, sizeof p->identity);
    (void)snprintf(p->name, sizeof p->name, "%s", row->name);
    p->refused = false;
    p->leaving = false;
    enum mdl_status st = mdl_net_partner(s->net, (uint64_t)row->id, row->curve, row->endpoint, err);
    if (st != MDL_OK && !p->up) {
        peer_drop(s, row->id);
    }
    return st;
}

void peer_drop(struct mdl_service *s, int64_t id)
{
    struct peer *p = peer_by_id(s, id);
    mdl_net_forget(s->net, (uint64_t)id);
    loop_unhold(s, id);
    if (p != NULL) {
        *p = s->peers[--s->n_peers];
    }
}

void peer_dismiss(struct mdl_service *s, int64_t id)
{
    struct peer *p = peer_by_id(s, id);
    if (p != NULL) {
        p->leaving = true;
        p->leave_by = 0;
    }
}

/* True when nothing is left to be told to it, or it took too long. */
static bool may_leave(struct mdl_service *s, struct peer *p)
{
    uint64_t now = steady_ms();
    if (p->leave_by == 0) {
        p->leave_by = now + LEAVE_MS;
    }
    return !p->up || !loop_holds(s, p->id) || now >= p->leave_by;
}

void peers_settle(struct mdl_service *s, bool committed)
{
    for (size_t i = s->n_peers; i-- > 0;) {
        struct peer *p = &s->peers[i];
        if (p->leaving && !committed && p->leave_by == 0) {
            p->leaving = false;
        } else if (p->leaving && committed && may_leave(s, p)) {
            mdl_net_dismiss(s->net, (uint64_t)p->id);
            loop_unhold(s, p->id);
            *p = s->peers[--s->n_peers];
        }
    }
}

struct loading {
    struct mdl_service *s;
    struct mdl_partner_row *rows;
    size_t n;
    bool failed;
};

static bool load_row(void *ctx, const struct mdl_partner_row *row)
{
    struct loading *l = ctx;
    if (row->state != MDL_PARTNER_PINNED) {
        return true;
    }
    struct mdl_error err = {MDL_OK, ""};
    if (peer_admit(l->s, row, &err) != MDL_OK) {
        svc_log(l->s, "error", "partner %s cannot be admitted: %s", row->name, err.text);
    }
    return true;
}

enum mdl_status peers_load(struct mdl_service *s, struct mdl_error *err)
{
    struct loading l = {.s = s};
    return mdl_partner_list(s->store, false, load_row, &l, err);
}

/* ---- PARTNER as people write it -----------------------------------------------------------------
 */

struct finding {
    struct mdl_service *s;
    const char *text;
    int64_t id;
    unsigned hits;
    char names[300];
};

static bool hex_prefix(const char *text, const uint8_t identity[MDL_IDENTITY_BYTES])
{
    char hex[2 * MDL_IDENTITY_BYTES + 1];
    size_t n = strlen(text);
    if (n < 8 || n > sizeof hex - 1) {
        return false;
    }
    (void)sodium_bin2hex(hex, sizeof hex, identity, MDL_IDENTITY_BYTES);
    return strncasecmp(hex, text, n) == 0;
}

static bool find_row(void *ctx, const struct mdl_partner_row *row)
{
    struct finding *f = ctx;
    size_t used = strlen(f->names);
    (void)snprintf(f->names + used, sizeof f->names - used, "%s%s", used > 0 ? ", " : "",
                   row->name);
    if (strcasecmp(row->name, f->text) == 0) {
        f->id = row->id;
        f->hits = 1;
        return false;
    }
    if (row->has_keys && hex_prefix(f->text, row->identity)) {
        f->id = row->id;
        f->hits++;
    }
    return true;
}

enum mdl_status partner_find(struct mdl_service *s, const char *name, struct mdl_partner_row *out,
                             struct mdl_error *err)
{
    struct finding f = {.s = s, .text = name};
    enum mdl_status st = mdl_partner_list(s->store, false, find_row, &f, err);
    if (st != MDL_OK) {
        return st;
    }
    if (f.hits == 1) {
        return mdl_partner_get(s->store, f.id, out, err);
    }
    if (f.hits > 1) {
        return mdl_fail(err, MDL_U_ARGUMENT,
                        "'%.80s' begins more than one partner's identity; give more digits", name);
    }
    return mdl_fail(err, MDL_U_NOT_FOUND, "no partner '%.80s'; %s%s", name,
                    f.names[0] != '\0' ? "pinned are: "
                                       : "none is pinned yet: 'mandorla partner accept TOKEN'",
                    f.names);
}
