/* sim.c: the two hosts: what a daemon does with events and effects, over a store in memory.
 * May not know the protocol beyond the seam. */
#include "sim.h"
#include "sim_net.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

bool sim_in_library;

/* ---- making a world -------------------------------------------------------------------------- */

static int sign(void *ctx, const uint8_t *msg, size_t len, uint8_t sig[MDL_SIGNATURE_BYTES])
{
    const struct sim_node *n = ctx;

    return crypto_sign_detached(sig, NULL, msg, len, n->secret_key);
}

void sim_signer_of(struct sim_node *n, struct mdl_signer *out)
{
    out->ctx = n;
    out->sign = sign;
    memcpy(out->identity, n->public_key, 32);
}

static void make_identities(struct sim_world *w)
{
    for (int i = 0; i < 2; i++) {
        crypto_sign_keypair(w->node[i].public_key, w->node[i].secret_key);
    }
    if (memcmp(w->node[0].public_key, w->node[1].public_key, 32) > 0) {
        struct sim_node t = w->node[0];
        w->node[0] = w->node[1];
        w->node[1] = t;
    }
    for (int i = 0; i < 2; i++) {
        w->node[i].world = w;
        w->node[i].id = i;
    }
}

/* Key i of a side: its own ones first, then the common ones; equal lengths keep them ascending. */
static void make_keys(struct sim_node *n, uint8_t g, uint32_t own, uint32_t common)
{
    n->n[g] = own + common;
    n->key[g] = calloc(n->n[g] + 1, sizeof *n->key[g]);
    n->store.row[g] = calloc(n->n[g] + 1, sizeof *n->store.row[g]);
    for (uint32_t i = 0; i < n->n[g]; i++) {
        struct sim_key *k = &n->key[g][i];
        char who = i < own ? (n->id == 0 ? 'a' : 'b') : 'c';
        uint32_t number = i < own ? i : i - own;
        k->bytes[0] = 16;
        k->bytes[2] = 17;
        (void)snprintf((char *)k->bytes + 3, sizeof k->bytes - 3, "%c%08u.example", who, number);
        k->len = 20;
    }
}

/* No pair of populations stands in two groups, and no side has more than 32. */
static void make_group(struct mdl_agreement *terms, size_t g, bool counts)
{
    char name[3][48];
    const char *names[3] = {name[0], name[1], name[2]};

    memset(&terms->groups[g], 0, sizeof terms->groups[g]);
    (void)snprintf(terms->groups[g].level, sizeof terms->groups[g].level, "%s",
                   mdl_level_name(counts ? MDL_LEVEL_COUNTS : MDL_LEVEL_ACCOUNTS));
    terms->groups[g].key_type = counts ? MDL_KEY_DOMAIN : 0;
    for (int role = 0; role < 2; role++) {
        size_t i = role == 0 ? g / 6 : g % 6; /* of a cell */
        if (counts) {
            (void)snprintf(name[0], sizeof name[0], "c%zu", i);
        } else {
            for (i = 0; i < 3; i++) {
                (void)snprintf(name[i], sizeof name[i], "g%zu-p%zu", g, i);
            }
        }
        size_t n = counts ? 1 : 3;
        if (mdl_agreement_set_populations(terms, g, (enum mdl_role)role, names, n, NULL) !=
            MDL_OK) {
            abort();
        }
    }
}

static void make_terms(struct sim_world *w, const struct sim_size *size,
                       void (*change)(struct mdl_agreement *terms))
{
    struct mdl_agreement_party own = {w->node[0].public_key, "north"};
    struct mdl_agreement_party partner = {w->node[1].public_key, "south"};
    uint8_t profiles[1][32], nonce[16];

    memset(profiles, 0x11, sizeof profiles);
    randombytes_buf(nonce, sizeof nonce);
    if (mdl_agreement_draft(&own, &partner, (const uint8_t(*)[32])profiles, 1, 1000, nonce,
                            &w->terms, NULL) != MDL_OK) {
        abort();
    }
    w->terms.caps.min_keys = 1;
    w->terms.caps.min_result = 1;
    w->terms.n_groups = size->groups;
    for (size_t g = 0; g < size->groups; g++) {
        bool counts = (size->counts >> g & 1) != 0;
        if (g > 0 || counts) {
            make_group(&w->terms, g, counts);
        }
    }
    if (change != NULL) {
        change(&w->terms);
    }
    if (mdl_agreement_encode(&w->terms, w->agreement, &w->agreement_len, NULL) != MDL_OK) {
        abort();
    }
}

void sim_init(struct sim_world *w, uint64_t seed, const struct sim_size *size,
              void (*change)(struct mdl_agreement *terms))
{
    memset(w, 0, sizeof *w);
    w->seed = seed;
    w->now = 1000000;
    sim_random_begin(seed);
    make_identities(w);
    make_terms(w, size, change);
    for (int i = 0; i < 2; i++) {
        struct sim_node *n = &w->node[i];
        n->profile[0].digest[0] = 0x11;
        memset(n->profile[0].digest, 0x11, 32);
        for (uint8_t g = 0; g < size->groups; g++) {
            bool none = (size->empty[i] >> g & 1) != 0;
            make_keys(n, g, none ? 0 : size->own[i], none ? 0 : size->common);
            n->profile[0].n_keys[g] = n->n[g];
        }
        memset(n->config.round, 0x42, sizeof n->config.round);
        n->config.created_ms = w->now;
        sim_signer_of(n, &n->config.signer);
        memcpy(n->config.partner, w->node[1 - i].public_key, 32);
        n->config.agreement = w->agreement;
        n->config.agreement_len = w->agreement_len;
        n->config.profiles = n->profile;
        n->config.n_profiles = 1;
        n->config.parallel = size->parallel;
    }
}

/* ---- effects --------------------------------------------------------------------------------- */

static void keep(uint8_t **to, size_t *to_len, const uint8_t *bytes, size_t len)
{
    free(*to);
    *to = malloc(len + 1);
    if (len > 0) {
        memcpy(*to, bytes, len);
    }
    *to_len = len;
}

static void persist(struct sim_node *n, const struct mdl_effect *e)
{
    struct sim_store *st = &n->store;

    switch (e->u.persist.kind) {
    case MDL_PERSIST_COMMIT:
        st->commit_kept = true;
        break;
    case MDL_PERSIST_DEBIT:
        st->debited = true;
        st->debit += e->u.persist.n;
        break;
    case MDL_PERSIST_MATCH:
        st->matched += e->u.persist.n;
        st->m[e->u.persist.group] = e->u.persist.n;
        st->counted += sim_counts(n->world, e->u.persist.group) ? 1 : 0;
        break;
    case MDL_PERSIST_RECEIPT_STATE:
        keep(&st->state, &st->state_len, e->u.persist.bytes, e->u.persist.len);
        break;
    case MDL_PERSIST_RECEIPT:
        keep(&st->receipt, &st->receipt_len, e->u.persist.bytes, e->u.persist.len);
        memcpy(st->sig[0], e->u.persist.signature_a, 64);
        memcpy(st->sig[1], e->u.persist.signature_b, 64);
        break;
    }
}

static void commit_close(struct sim_node *n, const struct mdl_effect *e)
{
    struct sim_store *st = &n->store;

    st->closed = true;
    st->outcome = e->u.close.outcome;
    st->status = e->u.close.status;
    st->by_partner = e->u.close.by_partner;
    memcpy(st->text, e->u.close.text, sizeof st->text);
    keep(&st->reply, &st->reply_len, e->u.close.reply, e->u.close.reply_len);
}

/* The one transaction of a step. */
static void commit(struct sim_node *n, const struct mdl_effects *fx)
{
    for (size_t i = 0; i < fx->n; i++) {
        const struct mdl_effect *e = &fx->at[i];
        if (e->type == MDL_FX_PERSIST) {
            persist(n, e);
        } else if (e->type == MDL_FX_OPENED) {
            n->store.opened++;
            for (uint32_t r = 0; r < e->u.opened.count; r++) {
                n->store.row[e->u.opened.group][e->u.opened.ordinals[r]].opened = true;
            }
        } else if (e->type == MDL_FX_RESULT) {
            for (uint32_t r = 0; r < e->u.result.count; r++) {
                const struct mdl_result_row *row = &e->u.result.rows[r];
                struct sim_row *to = &n->store.row[e->u.result.group][row->ordinal];
                to->described = true;
                to->populations = row->populations;
                to->registries = row->registries;
            }
        } else if (e->type == MDL_FX_SEND && e->u.send.type == MDL_MSG_SLICE && !e->u.send.resend) {
            n->store.sent++;
        } else if (e->type == MDL_FX_CLOSE) {
            commit_close(n, e);
        }
    }
}

uint32_t sim_population(uint32_t ordinal)
{
    return 1 + ordinal % 7;
}

uint64_t sim_registry(uint32_t ordinal)
{
    return (uint64_t)ordinal * 0x0101010101ull;
}

/* Answers are queued, so that no effect is read after the next step. */
static void answer_keys(struct sim_node *n, const struct mdl_effect *e)
{
    struct sim_item *it = sim_item_new(SIM_IT_KEYS, n);
    uint8_t g = e->u.need_keys.group;

    it->group = g;
    it->first = e->u.need_keys.first;
    it->count = e->u.need_keys.count;
    it->bytes = malloc((size_t)it->count * sizeof n->key[g][0].bytes);
    for (uint32_t i = 0; i < it->count; i++) {
        const struct sim_key *k = &n->key[g][it->first + i];
        memcpy(it->bytes + it->len, k->bytes, k->len);
        it->len += k->len;
    }
    sim_queue(n->world, it, n->world->now);
}

static void answer_masks(struct sim_node *n, const struct mdl_effect *e)
{
    struct sim_item *it = sim_item_new(SIM_IT_MASKS, n);

    it->group = e->u.need_masks.group;
    it->first = e->u.need_masks.slice;
    it->count = e->u.need_masks.count;
    it->populations = malloc(it->count * sizeof *it->populations);
    it->registries = malloc(it->count * sizeof *it->registries);
    for (uint32_t i = 0; i < it->count; i++) {
        it->populations[i] = sim_population(e->u.need_masks.ordinals[i]);
        it->registries[i] = sim_registry(e->u.need_masks.ordinals[i]);
    }
    sim_queue(n->world, it, n->world->now);
}

static void carry_out(struct sim_node *n, const struct mdl_effect *e)
{
    struct sim_item *it;

    switch (e->type) {
    case MDL_FX_WORK:
        it = sim_item_new(SIM_IT_WORK, n);
        it->work = e->u.work;
        sim_queue(n->world, it, n->world->now + 1);
        break;
    case MDL_FX_NEED_KEYS:
        answer_keys(n, e);
        break;
    case MDL_FX_NEED_MASKS:
        answer_masks(n, e);
        break;
    case MDL_FX_NEED_SUMMARY:
        sim_queue(n->world, sim_item_new(SIM_IT_SUMMARY, n), n->world->now);
        break;
    case MDL_FX_DEADLINE:
        n->tick_at = e->u.deadline.at_ms;
        sim_queue(n->world, sim_item_new(SIM_IT_TICK, n), n->tick_at);
        break;
    case MDL_FX_RECEIVED:
    case MDL_FX_PERSIST:
    case MDL_FX_OPENED:
    case MDL_FX_RESULT:
    case MDL_FX_SEND:
    case MDL_FX_CLOSE:
        break;
    }
}

void sim_step(struct sim_node *n, const struct mdl_event *ev)
{
    struct mdl_effects fx = {0};
    struct mdl_error err;

    if (n->session == NULL) {
        return;
    }
    sim_in_library = true;
    enum mdl_status st = mdl_session_step(n->session, ev, n->world->now, &fx, &err);
    sim_in_library = false;
    if (st == MDL_L_MEMORY) { /* as the contract says: like a crash */
        mdl_effects_free(&fx);
        sim_kill(n);
        return;
    }
    if (st != MDL_OK && st != MDL_U_STATE) {
        (void)fprintf(stderr, "node %d: step failed: %s\n", n->id, err.text);
        abort();
    }
    if (!sim_planned_kill(n, &fx, SIM_KILL_STEP)) {
        commit(n, &fx);
        if (!sim_planned_kill(n, &fx, SIM_KILL_COMMIT)) {
            for (size_t i = 0; i < fx.n && n->session != NULL; i++) {
                carry_out(n, &fx.at[i]);
                if (fx.at[i].type == MDL_FX_SEND) {
                    sim_send(n, &fx.at[i]);
                }
            }
        }
    }
    mdl_effects_free(&fx);
    if (n->session != NULL && mdl_session_closed(n->session) && mdl_session_idle(n->session)) {
        mdl_session_destroy(n->session);
        n->session = NULL;
    }
}

/* ---- life ------------------------------------------------------------------------------------ */

static void first_step(struct sim_node *n)
{
    struct mdl_event ev = {.type = n->world->link ? MDL_EV_LINK_UP : MDL_EV_LINK_DOWN};

    sim_step(n, &ev);
}

void sim_begin(struct sim_node *n)
{
    n->alive = true;
    n->store.begun = true;
    struct mdl_error err;
    sim_in_library = true;
    enum mdl_status st = mdl_session_create(&n->config, &n->session, &err);
    sim_in_library = false;
    if (st == MDL_L_MEMORY) {
        n->session = NULL;
        sim_kill(n);
        return;
    }
    if (st != MDL_OK) {
        (void)fprintf(stderr, "node %d: %s\n", n->id, err.text);
        abort();
    }
    first_step(n);
}

/* What a daemon does with an unfinished round when it starts. */
void sim_restart(struct sim_node *n)
{
    struct sim_store *st = &n->store;

    n->alive = true;
    if (st->closed) {
        return;
    }
    if (st->state != NULL) {
        if (mdl_session_restore(&n->config, st->state, st->state_len, &n->session, NULL) !=
            MDL_OK) {
            abort();
        }
        first_step(n);
        return;
    }
    st->closed = true;
    st->outcome = st->opened + st->counted > 0 ? MDL_OUTCOME_PARTIAL : MDL_OUTCOME_ABORTED;
    st->status = MDL_P_RESTARTED;
    if (mdl_session_abort_message(n->config.round, MDL_P_RESTARTED, NULL, &st->reply,
                                  &st->reply_len, NULL) != MDL_OK) {
        abort();
    }
}

void sim_start(struct sim_world *w)
{
    w->link = true;
    sim_begin(&w->node[w->first]);
    /* What arrives at the other before it begins is lost. */
    sim_queue(w, sim_item_new(SIM_IT_BEGIN, &w->node[1 - w->first]), w->now + 300);
}

void sim_free(struct sim_world *w)
{
    for (int i = 0; i < 2; i++) {
        struct sim_node *n = &w->node[i];
        mdl_session_destroy(n->session);
        free(n->store.state);
        free(n->store.reply);
        free(n->store.receipt);
        for (size_t g = 0; g < MDL_SESSION_GROUPS; g++) {
            free(n->key[g]);
            free(n->store.row[g]);
        }
    }
    sim_queue_free(w);
    sim_random_end();
}
