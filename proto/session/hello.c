/* hello.c: HELLO, the profile of the round, the input's limits (PROTOCOL 6.1 to 6.3).
 * May not let content of a list out: nothing here depends on a key. */
#include "internal.h"

#include <inttypes.h>
#include <sodium.h>
#include <string.h>

static bool agreed(const struct mdl_session *s, const uint8_t digest[32])
{
    for (size_t i = 0; i < s->agreement.n_profiles; i++) {
        if (memcmp(s->agreement.profiles[i], digest, 32) == 0) {
            return true;
        }
    }
    return false;
}

/* Our own lists under one profile. A group without a key is not run; one without any, no round. */
static enum mdl_status check_lists(struct mdl_session *s, const struct mdl_session_profile *p,
                                   struct mdl_error *err)
{
    const struct mdl_agreement_caps *caps = &s->agreement.caps;
    uint64_t sum = 0;

    for (uint8_t g = 0; g < s->n_cells; g++) {
        uint32_t n = p->n_keys[g];

        sum += n;
        if (n == 0) {
            s->empty |= UINT32_C(1) << g;
        } else if (n > MDL_SESSION_KEYS_MAX || n < caps->min_keys) {
            return mdl_fail(err, MDL_P_CAP,
                            "%u match keys in group %u; the agreement asks for at least %u", n, g,
                            caps->min_keys);
        }
    }
    if (sum > caps->max_keys_round) {
        return mdl_fail(err, MDL_P_CAP,
                        "%" PRIu64 " match keys in all groups; the agreement allows %u a round",
                        sum, caps->max_keys_round);
    }
    return MDL_OK;
}

static uint32_t all_groups(const struct mdl_session *s)
{
    return (uint32_t)((UINT64_C(1) << s->n_cells) - 1);
}

/* Every profile that the round may come to use must have a list: no later end may tell more. */
static enum mdl_status check_input(struct mdl_session *s, struct mdl_error *err)
{
    enum mdl_status st = MDL_OK;
    bool any = false;

    for (size_t i = 0; i < s->n_profiles && st == MDL_OK; i++) {
        if (agreed(s, s->profiles[i].digest)) {
            any = true;
            st = check_lists(s, &s->profiles[i], err);
        }
    }
    if (st == MDL_OK && !any) {
        return mdl_fail(err, MDL_P_PROFILE,
                        "the side that ends this carries none of the agreement's profiles");
    }
    if (st == MDL_OK && s->empty == all_groups(s)) {
        return mdl_fail(err, MDL_P_EMPTY,
                        "no population of the side that ends this has a match key");
    }
    return st;
}

enum mdl_status mdl_hello_start(struct mdl_session *s, struct mdl_error *err)
{
    struct mdl_msg m = {.type = MDL_MSG_HELLO};
    uint8_t digests[MDL_SESSION_PROFILES][32];
    enum mdl_status st = check_input(s, err);

    if (st != MDL_OK) {
        return st;
    }
    randombytes_buf(s->nonce[s->role], sizeof s->nonce[s->role]);
    for (size_t i = 0; i < s->n_profiles; i++) {
        memcpy(digests[i], s->profiles[i].digest, 32);
    }
    m.body.hello.version = MDL_WIRE_VERSION;
    m.body.hello.suite = mdl_text_of(s->agreement.suite);
    m.body.hello.levels.n = s->n_cells;
    for (uint8_t g = 0; g < s->n_cells; g++) {
        m.body.hello.levels.at[g] = mdl_text_of(s->agreement.groups[g].level);
    }
    m.body.hello.agreement = s->agreement_hash;
    m.body.hello.profiles = (struct mdl_list){digests[0], s->n_profiles, 32};
    m.body.hello.nonce = s->nonce[s->role];
    m.body.hello.empty = s->empty;
    return mdl_link_send(s, &m, err);
}

static enum mdl_status check_terms(const struct mdl_session *s, const struct mdl_msg_hello *h,
                                   struct mdl_error *err)
{
    if (h->version != MDL_WIRE_VERSION) {
        return mdl_fail(err, MDL_P_VERSION, "version %u of the protocol, this node speaks %u",
                        h->version, MDL_WIRE_VERSION);
    }
    if (!mdl_text_is(&h->suite, s->agreement.suite)) {
        return mdl_fail(err, MDL_P_SUITE, "another suite than the agreed %s", s->agreement.suite);
    }
    if (memcmp(h->agreement, s->agreement_hash, sizeof s->agreement_hash) != 0) {
        return mdl_fail(err, MDL_P_AGREEMENT, "HELLO names another agreement");
    }
    bool same = h->levels.n == s->n_cells;
    for (uint8_t g = 0; same && g < s->n_cells; g++) {
        same = mdl_text_is(&h->levels.at[g], s->agreement.groups[g].level);
    }
    if (!same) {
        return mdl_fail(err, MDL_P_AGREEMENT, "HELLO names other levels than the agreement");
    }
    if ((h->empty & ~all_groups(s)) != 0) {
        return mdl_fail(err, MDL_P_MALFORMED, "HELLO names a group that the agreement has not");
    }
    if (memcmp(h->nonce, s->nonce[s->role], 32) == 0) {
        return mdl_fail(err, MDL_P_REPLAY, "HELLO carries our own nonce");
    }
    return MDL_OK;
}

static int find(const uint8_t *digest, const struct mdl_session *s)
{
    for (size_t i = 0; i < s->n_profiles; i++) {
        if (memcmp(s->profiles[i].digest, digest, 32) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static bool listed(const struct mdl_list *l, const uint8_t digest[32])
{
    for (size_t i = 0; i < l->count; i++) {
        if (memcmp(mdl_list_at(l, i), digest, 32) == 0) {
            return true;
        }
    }
    return false;
}

/* The first of A's list that B has and the agreement names. */
static int choose_profile(const struct mdl_session *s, const struct mdl_list *theirs)
{
    if (s->role == MDL_ROLE_A) {
        for (size_t i = 0; i < s->n_profiles; i++) {
            if (agreed(s, s->profiles[i].digest) && listed(theirs, s->profiles[i].digest)) {
                return (int)i;
            }
        }
        return -1;
    }
    for (size_t i = 0; i < theirs->count; i++) {
        const uint8_t *digest = mdl_list_at(theirs, i);
        int own = find(digest, s);
        if (own >= 0 && agreed(s, digest)) {
            return own;
        }
    }
    return -1;
}

/* Which side has to upgrade: one that carries no agreed profile, else both. */
static enum mdl_status no_profile(const struct mdl_session *s, const struct mdl_list *theirs,
                                  struct mdl_error *err)
{
    bool partner_has = false;

    for (size_t i = 0; i < s->agreement.n_profiles; i++) {
        partner_has = partner_has || listed(theirs, s->agreement.profiles[i]);
    }
    return mdl_fail(err, MDL_P_PROFILE, "%s",
                    partner_has ? "no match-key profile of the agreement is on both sides: the two "
                                  "nodes carry different ones"
                                : "the side that receives this carries none of the agreement's "
                                  "match-key profiles and must upgrade");
}

/* A group in which one side has no key is not run: nothing of it leaves. */
static enum mdl_status begin_group(struct mdl_session *s, uint8_t g, uint32_t empty,
                                   struct mdl_error *err)
{
    struct mdl_cell *c = &s->cell[g];

    mdl_sid(s, g, s->profile_digest, c->sid);
    if ((empty >> g & 1) != 0) {
        c->skipped = c->wiped = true;
        c->phase = MDL_PHASE_RECEIPT;
        return MDL_OK;
    }
    c->n = s->profiles[s->profile].n_keys[g];
    return mdl_cell_begin(s, c, err);
}

MDL_HANDLER(mdl_hello_got)
{
    const struct mdl_msg_hello *h = &m->body.hello;
    enum mdl_status st = check_terms(s, h, err);

    (void)c;
    if (st != MDL_OK) {
        return st;
    }
    uint32_t empty = s->empty | h->empty;
    if (empty == all_groups(s)) {
        return mdl_fail(err, MDL_P_EMPTY, "in no group do both sides have a match key");
    }
    int profile = choose_profile(s, &h->profiles);
    if (profile < 0) {
        return no_profile(s, &h->profiles, err);
    }
    s->profile = (uint8_t)profile;
    memcpy(s->profile_digest, s->profiles[profile].digest, 32);
    memcpy(s->nonce[mdl_role_other(s->role)], h->nonce, 32);
    s->hello_got = true;
    for (uint8_t g = 0; g < s->n_cells && st == MDL_OK; g++) {
        st = begin_group(s, g, empty, err);
    }
    return st;
}
