/* check_curious.c: a partner who follows the protocol and keeps everything learns what the level of
 * a group says and no name more: nothing in a group that is hidden or not run, how many at level
 * counts, the accounts that matched at level accounts. Here it is the recogniser that looks; that
 * it can see is shown by transcripts in which the harness lays one secret open, which it must find.
 * The rounds are true ones: what a control changes is the copy that the curious side keeps. */
#include "internal/key.h"
#include "recogniser.h"

#include <check.h>
#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DECOYS 20u
#define HIDDEN 8u
#define ROUNDS 60u /* for what only shows in many */

enum leak {
    NONE,
    TAGS_BY_POINTS,
    TAGS_BY_LIST,
    POINTS_BY_LIST,
    SEED_TOLD,
    LEAF_TOLD,
    POSITION_TOLD,
    NAME_NOT_BLINDED,
    NAME_UNDER_OUR_KEY,
    HASH_OF_A_NAME,
    LEAKS
};

static struct {
    struct sim_world w;
    struct sim_node *curious, *victim;
    struct mind mind[MDL_SESSION_GROUPS]; /* of each group */
    struct insight seen;
    struct sim_key hidden[HIDDEN]; /* the other side's, in no group */
    enum leak leak;
} t;

/* ---- what the curious side keeps ------------------------------------------------------------- */

static void peek(struct sim_node *n, struct mdl_session_work *w)
{
    const struct mdl_cell *c = w->cell;
    struct mind *m = &t.mind[c->g];

    (void)n;
    if (c->key != NULL && c->secrets != NULL) {
        m->has_key = true;
        memcpy(m->scalar, c->key->k, MDL_SCALAR_BYTES);
        memcpy(&m->secrets, c->secrets, sizeof m->secrets);
        memcpy(m->sid, c->sid, sizeof m->sid);
    }
}

static void keep(const struct mdl_msg *m)
{
    uint8_t *bytes;
    size_t len;

    ck_assert_int_eq(mdl_msg_encode(m, &bytes, &len, NULL), MDL_OK);
    for (uint8_t g = 0; g < t.w.terms.n_groups; g++) {
        mind_keep(&t.mind[g], bytes, len);
    }
    free(bytes);
}

/* ---- secrets laid open: group 0, level counts -------------------------------------------------
 */

static const struct mdl_cell *cell(const struct sim_node *n)
{
    return &n->session->cell[0];
}

static void tag_of(const struct mdl_cell *c, const uint8_t point[32], uint8_t tag[MDL_TAG_BYTES])
{
    struct mdl_taghash h;
    uint8_t full[64];

    mdl_taghash_init(&h, "tag");
    mdl_taghash_part(&h, c->sid, sizeof c->sid);
    mdl_taghash_part(&h, point, 32);
    mdl_taghash_final(&h, full);
    memcpy(tag, full, MDL_TAG_BYTES);
}

static void lay_tags(struct mdl_msg *m)
{
    static uint8_t moved[NAMES_MAX * MDL_TAG_BYTES];
    const struct mdl_cell *c = cell(t.victim);

    for (uint32_t i = 0; i < c->n_partner; i++) {
        uint32_t place = t.leak == TAGS_BY_POINTS ? i : cell(t.curious)->ordinal[i];
        tag_of(c, c->common + (size_t)32 * i, moved + (size_t)place * MDL_TAG_BYTES);
    }
    m->body.tags.tags.p = moved;
}

/* The point of the victim's first key, which nobody else has, as `k` would blind it. */
static void name_as_point(uint8_t out[32])
{
    static const char prefix[] = "mandorla-v1-ristretto255-sha512-H2G-";
    const struct sim_key *x = &t.victim->key[0][0];
    uint8_t dst[sizeof prefix - 1 + MDL_SID_BYTES], p[32];
    size_t offset[2] = {0, x->len};
    struct mdl_inputs in = {x->bytes, offset, 1};

    memcpy(dst, prefix, sizeof prefix - 1);
    memcpy(dst + sizeof prefix - 1, cell(t.victim)->sid, MDL_SID_BYTES);
    ck_assert_int_eq(mdl_group_hash(dst, sizeof dst, &in, p, NULL, NULL), MDL_OK);
    memcpy(out, p, 32);
    if (t.leak == NAME_UNDER_OUR_KEY) {
        ck_assert_int_eq(crypto_scalarmult_ristretto255(out, t.mind[0].scalar, p), 0);
    }
}

static void lay_points(struct mdl_msg *m)
{
    static uint8_t moved[NAMES_MAX * 32];
    const struct mdl_cell *c = cell(t.victim);

    for (uint32_t i = 0; i < c->n; i++) {
        uint32_t place = t.leak == POINTS_BY_LIST ? c->ordinal[i] : i;
        memcpy(moved + (size_t)32 * place, m->body.chunk.points.p + (size_t)32 * i, 32);
    }
    if (t.leak != POINTS_BY_LIST) {
        name_as_point(moved);
    }
    m->body.chunk.points.p = moved;
}

static void lay_commit(struct mdl_msg *m)
{
    static uint8_t leaf[32];
    const struct mdl_cell *c = cell(t.victim);
    const struct sim_key *x = &t.victim->key[0][0];
    uint8_t in[1 + 32 + sizeof x->bytes] = {0};

    if (t.leak == SEED_TOLD) {
        m->body.commit.key_commitment = c->secrets->list_seed;
        return;
    }
    /* A leaf without its neighbours, under a salt that the other side can know. */
    memcpy(in + 1, t.victim->session->nonce[t.victim->id], 32);
    memcpy(in + 33, x->bytes, x->len);
    crypto_hash_sha256(leaf, in, 33 + x->len);
    m->body.commit.coin_commitment = leaf;
}

static void lay_hello(struct mdl_msg *m)
{
    static uint8_t hash[32];
    const struct sim_key *x = &t.victim->key[0][0];

    crypto_hash_sha256(hash, x->bytes + 3, x->len - 3);
    m->body.hello.nonce = hash;
}

/* After MATCH: the place of one point that matched. */
static void tell_position(const struct mdl_msg *m)
{
    static const uint8_t proof[MDL_PROOF_BYTES];
    const struct mdl_cell *c = cell(t.curious);
    struct mdl_msg k = *m;
    uint8_t at[4] = {0};

    for (uint32_t i = 0; i < c->n; i++) {
        at[3] = c->ordinal[i] == c->n - 1 ? (uint8_t)i : at[3]; /* the last key is a common one */
    }
    k.type = MDL_MSG_SLICE;
    k.body.slice = (struct mdl_msg_slice){0, 0, {at, sizeof at}, proof};
    keep(&k);
}

static bool listen_in(struct sim_node *n, struct mdl_msg *m)
{
    struct mdl_msg k = *m;

    (void)n;
    if (m->type == MDL_MSG_TAGS && (t.leak == TAGS_BY_POINTS || t.leak == TAGS_BY_LIST)) {
        lay_tags(&k);
    } else if (m->type == MDL_MSG_CHUNK &&
               (t.leak == POINTS_BY_LIST || t.leak == NAME_NOT_BLINDED ||
                t.leak == NAME_UNDER_OUR_KEY)) {
        lay_points(&k);
    } else if (m->type == MDL_MSG_COMMIT && (t.leak == SEED_TOLD || t.leak == LEAF_TOLD)) {
        lay_commit(&k);
    } else if (m->type == MDL_MSG_HELLO && t.leak == HASH_OF_A_NAME) {
        lay_hello(&k);
    }
    keep(&k);
    if (m->type == MDL_MSG_MATCH && t.leak == POSITION_TOLD) {
        tell_position(m);
    }
    return true;
}

/* ---- a round --------------------------------------------------------------------------------- */

static void name_key(struct sim_key *k, char who, unsigned number)
{
    *k = (struct sim_key){.bytes = {MDL_KEY_DOMAIN, 0, 17}, .len = 20};
    (void)snprintf((char *)k->bytes + 3, sizeof k->bytes - 3, "%c%08u.example", who, number);
}

/* No name stands in two groups: what is found in one is not excused by another. */
static void part_names(void)
{
    for (int i = 0; i < 2; i++) {
        for (unsigned g = 0; g < t.w.terms.n_groups; g++) {
            for (unsigned k = 0; k < t.w.node[i].n[g]; k++) {
                struct sim_key *x = &t.w.node[i].key[g][k];
                name_key(x, (char)x->bytes[3], 1000 * g + (unsigned)atoi((char *)x->bytes + 4));
            }
        }
    }
    for (unsigned k = 0; k < HIDDEN; k++) {
        name_key(&t.hidden[k], 'h', k);
    }
}

static void learn(struct mind *m, const struct sim_key *k, size_t n)
{
    ck_assert_uint_le(m->n_names + n, NAMES_MAX);
    memcpy(&m->name[m->n_names], k, n * sizeof *k);
    m->n_names += n;
}

/* All names there are: the other side's first, then the own ones, hidden ones, and false ones. */
static void make_mind(uint8_t g)
{
    struct mind *m = &t.mind[g];
    struct sim_key decoy;

    m->role = (enum mdl_role)t.curious->id;
    m->g = g;
    m->own = t.curious->key[g];
    m->n_own = t.curious->n[g];
    m->n_theirs = t.victim->n[g];
    learn(m, t.victim->key[g], t.victim->n[g]);
    for (uint32_t i = 0; i < m->n_own; i++) {
        learn(m, &m->own[i], m->own[i].bytes[3] == 'c' ? 0 : 1);
    }
    for (uint8_t k = 0; k < t.w.terms.n_groups; k++) {
        learn(m, t.victim->key[k], k == g ? 0 : t.victim->n[k]);
    }
    learn(m, t.hidden, HIDDEN);
    for (unsigned i = 0; i < DECOYS; i++) {
        name_key(&decoy, 'd', i);
        learn(m, &decoy, 1);
    }
}

static void run(uint64_t seed, int curious, const struct sim_size *size, enum leak leak)
{
    memset(&t, 0, sizeof t);
    t.leak = leak;
    sim_init(&t.w, seed, size, NULL);
    t.w.first = (int)(seed % 2);
    t.curious = &t.w.node[curious];
    t.victim = &t.w.node[1 - curious];
    part_names();
    for (uint8_t g = 0; g < size->groups; g++) {
        make_mind(g);
    }
    t.victim->on_send = listen_in;
    t.curious->after_work = peek;
    sim_start(&t.w);
    ck_assert(sim_run(&t.w));
    const char *wrong = sim_check(&t.w);
    ck_assert_msg(wrong == NULL, "%s", wrong);
    ck_assert_int_eq(t.curious->store.outcome, MDL_OUTCOME_COMPLETE);
}

static void think(uint8_t g)
{
    const struct sim_store *st = &t.curious->store;
    struct mind *m = &t.mind[g];

    m->after[0] = (struct kept){st->state, st->state_len};
    m->after[1] = (struct kept){st->reply, st->reply_len};
    m->after[2] = (struct kept){st->receipt, st->receipt_len};
    recognise(m, &t.seen);
}

static void done(void)
{
    for (uint8_t g = 0; g < t.w.terms.n_groups; g++) {
        mind_free(&t.mind[g]);
    }
    sim_free(&t.w);
}

/* ---- what may be found ----------------------------------------------------------------------- */

typedef bool allowed_fn(const char *name);

static bool nobody(const char *name)
{
    (void)name;
    return false;
}
static bool common(const char *name)
{
    return name[0] == 'c';
}
static bool all_of_theirs(const char *name)
{
    return name[0] == 'c' || name[0] == (t.curious->id == 0 ? 'b' : 'a');
}
static bool their_first(const char *name)
{
    return strcmp(name, t.curious->id == 0 ? "b00000000.example" : "a00000000.example") == 0;
}
static bool last_common(const char *name)
{
    const struct sim_node *n = t.curious;
    return strcmp(name, (const char *)n->key[0][n->n[0] - 1].bytes + 3) == 0;
}

/* Exactly those, in group g. */
static void found_exactly(uint8_t g, enum relation r, allowed_fn *allowed)
{
    const struct mind *m = &t.mind[g];

    for (size_t i = 0; i < m->n_names; i++) {
        const char *name = (const char *)m->name[i].bytes + 3;
        bool may = allowed(name) && i < m->n_theirs;
        ck_assert_msg(t.seen.found[r][i] == may, "group %u, role %d: by %s, %s is %s", g,
                      t.curious->id, relation_name[r], name, may ? "not found" : "found");
    }
}

/* By everything that proves itself: the level's own way finds `allowed`, no other finds a name. */
static void found_only(uint8_t g, enum relation way, allowed_fn *allowed)
{
    think(g);
    for (enum relation r = 0; r < GUESS; r++) {
        found_exactly(g, r, r == way ? allowed : nobody);
    }
}

/* ---- level by level -------------------------------------------------------------------------- */

START_TEST(level_accounts_names_what_matched_and_no_more)
{
    const struct sim_size size = {.groups = 1, .own = {9, 11}, .common = 5, .parallel = 1};

    run(700, _i, &size, NONE);
    found_only(0, BY_OPENED, common);
    ck_assert_uint_eq(t.seen.m, 5);
    done();
}
END_TEST

START_TEST(level_accounts_without_a_match_names_nobody)
{
    const struct sim_size size = {.groups = 1, .own = {9, 11}, .common = 0, .parallel = 1};

    run(701, _i, &size, NONE);
    found_only(0, BY_OPENED, nobody);
    done();
}
END_TEST

static const struct sim_size counted = {
    .groups = 1, .own = {7, 9}, .common = 5, .parallel = 1, .counts = 1};

START_TEST(level_counts_names_nobody)
{
    run(702, _i, &counted, NONE);
    found_only(0, BY_OPENED, nobody);
    ck_assert_uint_eq(t.seen.m, 5); /* and it knows how many */
    done();
}
END_TEST

/* The one count that names: everybody. The level allows it; min_keys does not help. */
START_TEST(count_of_the_whole_list_names_all_of_it)
{
    struct sim_size size = counted;

    size.own[_i] = 0;
    run(703, _i, &size, NONE);
    found_only(0, BY_COUNT, common);
    ck_assert_uint_eq(t.seen.m, 5);
    done();
}
END_TEST

/* Accounts, a count, a group that is not run as the curious side has nothing there, and what stands
 * in no group: each tells its own and nothing of the others. */
START_TEST(levels_side_by_side_keep_apart)
{
    struct sim_size size = {
        .groups = 3, .own = {6, 8}, .common = 4, .parallel = 2, .counts = 2 | 4};

    size.empty[_i] = 4;
    run(704, _i, &size, NONE);
    ck_assert_uint_gt(t.victim->n[2], 0);
    found_only(0, BY_OPENED, common);
    found_only(1, BY_OPENED, nobody);
    ck_assert_uint_eq(t.seen.m, 4);
    found_only(2, BY_OPENED, nobody);
    ck_assert_uint_eq(t.seen.m, 0);
    ck_assert(!t.mind[2].has_key);
    done();
}
END_TEST

/* ---- orders, over many rounds ------------------------------------------------------------------
 */

/* How often a guess hits beyond chance, in standard deviations. m of n are right, m are named. */
static double beyond_chance(double hits, double n, double m)
{
    double variance = m * m / n * (n - m) / n * (n - m) / (n - 1);

    return (hits - ROUNDS * m * m / n) / sqrt(ROUNDS * variance);
}

START_TEST(no_order_at_level_counts_means_anything)
{
    unsigned hits[RELATIONS] = {0};

    for (uint64_t i = 0; i < ROUNDS; i++) {
        run(1000 + i, _i, &counted, NONE);
        recognise_places(&t.mind[0], &t.seen);
        for (enum relation r = GUESS; r < RELATIONS; r++) {
            unsigned named = 0;
            for (size_t k = 0; k < t.mind[0].n_names; k++) {
                named += t.seen.found[r][k] ? 1 : 0;
                hits[r] += t.seen.found[r][k] && t.mind[0].name[k].bytes[3] == 'c' ? 1 : 0;
            }
            ck_assert_uint_eq(named, 5); /* it always has an answer */
        }
        done();
    }
    for (enum relation r = GUESS; r < RELATIONS; r++) {
        double n = r == GUESS_THEIRS ? (double)t.mind[0].n_theirs : t.mind[0].n_own;
        double z = beyond_chance(hits[r], n, 5);
        ck_assert_msg(fabs(z) < 4, "%s: %u of %u right, %.1f deviations from chance",
                      relation_name[r], hits[r], 5 * ROUNDS, z);
        /* Where an order means something all are right (below): this could not be missed. */
        ck_assert_double_gt(beyond_chance(5 * ROUNDS, n, 5), 10);
    }
}
END_TEST

/* ---- it can see ------------------------------------------------------------------------------ */

static const struct control {
    enum leak leak;
    enum relation by;
    allowed_fn *shows;
} controls[] = {
    {TAGS_BY_POINTS, GUESS_POINTS, common},    {TAGS_BY_LIST, GUESS_LIST, common},
    {POINTS_BY_LIST, GUESS_THEIRS, common},    {SEED_TOLD, BY_ROOT, all_of_theirs},
    {LEAF_TOLD, BY_LEAF, their_first},         {POSITION_TOLD, BY_OPENED, last_common},
    {NAME_NOT_BLINDED, BY_BYTES, their_first}, {NAME_UNDER_OUR_KEY, BY_BYTES, their_first},
    {HASH_OF_A_NAME, BY_BYTES, their_first},
};
#define CONTROLS (int)(sizeof controls / sizeof controls[0])

START_TEST(secret_laid_open_is_found)
{
    const struct control *k = &controls[_i / 2];

    ck_assert_int_eq(CONTROLS, LEAKS - 1);
    run(800 + (uint64_t)_i, _i % 2, &counted, k->leak);
    found_only(0, k->by, k->shows);
    found_exactly(0, k->by, k->shows); /* guesses too */
    done();
}
END_TEST

int main(void)
{
    Suite *s = suite_create("curious");
    TCase *c = tcase_create("curious");

    tcase_set_timeout(c, 120);
    tcase_add_loop_test(c, level_accounts_names_what_matched_and_no_more, 0, 2);
    tcase_add_loop_test(c, level_accounts_without_a_match_names_nobody, 0, 2);
    tcase_add_loop_test(c, level_counts_names_nobody, 0, 2);
    tcase_add_loop_test(c, count_of_the_whole_list_names_all_of_it, 0, 2);
    tcase_add_loop_test(c, levels_side_by_side_keep_apart, 0, 2);
    tcase_add_loop_test(c, no_order_at_level_counts_means_anything, 0, 2);
    tcase_add_loop_test(c, secret_laid_open_is_found, 0, 2 * CONTROLS);
    suite_add_tcase(s, c);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
