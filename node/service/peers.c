/* peers.c: partners as the loop knows them: who is pinned, who is connected.
 * The rows in the store are the truth; this is what the channel needs of them. */
#include "limits.h"

#include <ctype.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

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
    p->leaving = false; /* `refused` stays: the channel does not tell it anew for a known partner */
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
    const char *text;
    int64_t exact, folded, hex, gone;
    unsigned n_folded, n_hex;
    uint64_t gone_at;
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

/* The same name but for case, in any script. */
static bool same_name(const char *a, const char *b)
{
    utf8proc_uint8_t *x = utf8proc_NFKC_Casefold((const utf8proc_uint8_t *)a);
    utf8proc_uint8_t *y = utf8proc_NFKC_Casefold((const utf8proc_uint8_t *)b);
    bool same = x != NULL && y != NULL && strcmp((const char *)x, (const char *)y) == 0;
    free(x);
    free(y);
    return same;
}

static void find_gone(struct finding *f, const struct mdl_partner_row *row, bool named, bool hex)
{
    if ((named || hex) && row->removed_at >= f->gone_at) {
        f->gone = row->id;
        f->gone_at = row->removed_at;
    }
}

static bool find_row(void *ctx, const struct mdl_partner_row *row)
{
    struct finding *f = ctx;
    size_t used = strlen(f->names);
    bool named = same_name(row->name, f->text);
    bool hex = row->has_keys && hex_prefix(f->text, row->identity);

    if (row->removed_at != 0) {
        find_gone(f, row, named, hex);
        return true;
    }
    (void)snprintf(f->names + used, sizeof f->names - used, "%s%s", used > 0 ? ", " : "",
                   row->name);
    if (strcmp(row->name, f->text) == 0) {
        f->exact = row->id;
    }
    if (named) {
        f->folded = row->id;
        f->n_folded++;
    }
    if (hex) {
        f->hex = row->id;
        f->n_hex++;
    }
    return true;
}

static enum mdl_status not_found(const struct finding *f, struct mdl_error *err)
{
    if (f->n_folded > 1) {
        return mdl_fail(err, MDL_U_ARGUMENT,
                        "'%.80s' is the name of more than one partner but for case; write it as it "
                        "is: %s",
                        f->text, f->names);
    }
    if (f->n_hex > 1) {
        return mdl_fail(err, MDL_U_ARGUMENT,
                        "'%.80s' begins more than one partner's identity; give more digits",
                        f->text);
    }
    return mdl_fail(
        err, MDL_U_NOT_FOUND, "no partner '%.80s'%s; %s%s", f->text,
        f->gone != 0 ? ": it was removed, and only its results, rounds and log are left" : "",
        f->names[0] != '\0' ? "pinned are: " : "none is pinned: 'mandorla partner accept TOKEN'",
        f->names);
}

static enum mdl_status find(struct mdl_service *s, const char *name, bool removed_too,
                            struct mdl_partner_row *out, struct mdl_error *err)
{
    struct finding f = {.text = name};
    enum mdl_status st = mdl_partner_list(s->store, true, find_row, &f, err);
    int64_t id = f.exact != 0                                     ? f.exact
                 : f.n_folded == 1                                ? f.folded
                 : f.n_folded == 0 && f.n_hex == 1                ? f.hex
                 : f.n_folded == 0 && f.n_hex == 0 && removed_too ? f.gone
                                                                  : 0;
    if (st != MDL_OK) {
        return st;
    }
    return id != 0 ? mdl_partner_get(s->store, id, out, err) : not_found(&f, err);
}

enum mdl_status partner_find(struct mdl_service *s, const char *name, struct mdl_partner_row *out,
                             struct mdl_error *err)
{
    return find(s, name, false, out, err);
}

enum mdl_status partner_find_any(struct mdl_service *s, const char *name,
                                 struct mdl_partner_row *out, struct mdl_error *err)
{
    return find(s, name, true, out, err);
}
