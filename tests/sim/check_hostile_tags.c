/* check_hostile_tags.c: attacks on TAG_COMMIT, TAGS, MATCH and OPEN; forged and hidden matches. */
#include "hostile.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static uint8_t sig[64], scratch[MDL_MESSAGE_MAX];

/* ---- the tag list ---------------------------------------------------------------------------- */

static void copy_tags(struct mdl_msg *m)
{
    memcpy(scratch, m->body.tags.tags.p, m->body.tags.tags.len);
    m->body.tags.tags.p = scratch;
}

static bool one_tag_less(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_TAGS) {
        m->body.tags.tags.len -= 16;
    }
    return true;
}

static bool one_tag_more(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_TAGS) {
        copy_tags(m);
        memset(scratch + m->body.tags.tags.len, 0xff, 16);
        m->body.tags.tags.len += 16;
    }
    return true;
}

static bool half_a_tag(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_TAGS) {
        m->body.tags.tags.len -= 8;
    }
    return true;
}

static bool no_salt(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_TAGS) {
        m->body.tags.salt.len = 0;
    }
    return true;
}

static bool unsorted_tags(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_TAGS) {
        copy_tags(m);
        memset(scratch + 16, 0, 16);
    }
    return true;
}

static bool doubled_tag(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_TAGS) {
        copy_tags(m);
        memcpy(scratch + 32, scratch + 16, 16);
    }
    return true;
}

static bool other_salt(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_TAGS) {
        memset(scratch, 5, 32);
        m->body.tags.salt.p = scratch;
    }
    return true;
}

static bool altered_tag(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_TAGS) {
        copy_tags(m);
        scratch[m->body.tags.tags.len - 1] ^= 1;
    }
    return true;
}

/* [D] Waits for the victim's tags and sends the very same: all would match. */
static bool echoed_tags(struct sim_node *n, struct mdl_msg *m)
{
    if (m->type == MDL_MSG_TAGS) {
        const struct mdl_cell *theirs = cell_of(&n->world->node[1 - n->id]);
        m->body.tags.tags = (struct mdl_bytes){theirs->tags, (size_t)theirs->n_partner * 16};
    }
    return true;
}

static bool second_page(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_TAGS) {
        m->body.tags.c = 1;
    }
    return true;
}

static bool tags_without_commitment(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_TAG_COMMIT) {
        memset(scratch, 1, 64);
        m->type = MDL_MSG_TAGS;
        m->body.tags = (struct mdl_msg_tags){.salt = {scratch, 32}, .tags = {scratch, 16}};
    }
    return true;
}

static bool committed_twice(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_TAGS) {
        memset(scratch, 1, 32);
        m->type = MDL_MSG_TAG_COMMIT;
        m->body.tag_commit = (struct mdl_msg_tag_commit){.commitment = scratch};
    }
    return true;
}

static const struct {
    bool (*on_send)(struct sim_node *n, struct mdl_msg *m);
    enum mdl_status status;
} tag_lies[] = {
    {one_tag_less, MDL_P_SIZE},
    {one_tag_more, MDL_P_SIZE},
    {half_a_tag, MDL_P_SIZE},
    {no_salt, MDL_P_SIZE},
    {unsorted_tags, MDL_P_TAGS},
    {doubled_tag, MDL_P_TAGS},
    {other_salt, MDL_P_COMMITMENT},
    {altered_tag, MDL_P_COMMITMENT},
    {echoed_tags, MDL_P_COMMITMENT},
    {second_page, MDL_P_UNEXPECTED},
    {tags_without_commitment, MDL_P_UNEXPECTED},
    {committed_twice, MDL_P_UNEXPECTED},
};

START_TEST(tag_list_that_breaks_its_rules)
{
    for (int attacker = 0; attacker < 2; attacker++) {
        struct stage s;
        stage_open(&s, attacker);
        s.attacker->on_send = tag_lies[_i].on_send;
        stage_run(&s, tag_lies[_i].status);
        ck_assert_uint_eq(s.victim->sent_of[MDL_MSG_MATCH], 0);
        ck_assert_uint_eq(s.victim->sent_of[MDL_MSG_OPEN], 0);
        stage_close(&s);
    }
}
END_TEST

/* ---- MATCH ----------------------------------------------------------------------------------- */

static bool other_count(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_MATCH) {
        m->body.match.m += 1;
    }
    return true;
}

static bool own_digest_for_theirs(struct sim_node *n, struct mdl_msg *m)
{
    if (m->type == MDL_MSG_MATCH) { /* the victim's own digest, sent back */
        m->body.match.digest = cell_of(n)->match_theirs;
    }
    return true;
}

static bool opens_before_match(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_MATCH) {
        memset(scratch, 1, 32);
        m->type = MDL_MSG_OPEN;
        m->body.open = (struct mdl_msg_open){0, scratch, scratch, scratch, scratch};
    }
    return true;
}

static const struct {
    bool (*on_send)(struct sim_node *n, struct mdl_msg *m);
    enum mdl_status status;
} match_lies[] = {
    {other_count, MDL_P_DIGEST},
    {own_digest_for_theirs, MDL_P_DIGEST},
    {opens_before_match, MDL_P_UNEXPECTED},
};

START_TEST(digest_that_disagrees)
{
    for (int attacker = 0; attacker < 2; attacker++) {
        struct stage s;
        stage_open(&s, attacker);
        s.attacker->on_send = match_lies[_i].on_send;
        stage_run(&s, match_lies[_i].status);
        ck_assert_uint_eq(s.victim->sent_of[MDL_MSG_OPEN],
                          0); /* K stays hidden, no name is known */
        ck_assert_uint_eq(s.victim->store.opened, 0);
        stage_close(&s);
    }
}
END_TEST

/* [D] Hidden matches: blinds with a, multiplies with another exponent for the tags that it sends,
 * and keeps the true tags to itself. */
static uint8_t true_tags[64][16];

static void hide_matches(struct sim_node *n, struct mdl_session_work *w)
{
    struct mdl_cell *c = w->cell;
    struct mdl_scalar_key *other;

    if (!is_tag_item(w)) {
        return;
    }
    memcpy(true_tags, c->tags, (size_t)c->n_partner * 16);
    ck_assert_int_eq(mdl_scalar_key_generate(&other, NULL), MDL_OK);
    ck_assert_int_eq(mdl_group_evaluate(other, c->points, c->n_partner, c->common, NULL, NULL),
                     MDL_OK);
    for (uint32_t i = 0; i < c->n_partner; i++) {
        c->rows[i] = i;
        tag_of(c, c->common + (size_t)i * 32, c->tags + (size_t)i * 16);
    }
    mdl_scalar_key_free(other);
    reseal_tags(n, true);
}

/* The common tags, which the attacker alone can see: those that the victim sent and it kept. */
static bool claim_the_truth(struct sim_node *n, struct mdl_msg *m)
{
    static uint8_t digest[32];

    if (m->type == MDL_MSG_MATCH) {
        const struct mdl_cell *theirs = cell_of(&n->world->node[1 - n->id]);
        uint32_t found = 0;
        for (uint32_t i = 0; i < theirs->n_partner; i++) {
            for (uint32_t k = 0; k < theirs->n; k++) {
                if (memcmp(theirs->tags + (size_t)i * 16, true_tags[k], 16) == 0) {
                    memcpy(scratch + (size_t)found++ * 16, true_tags[k], 16);
                }
            }
        }
        ck_assert_uint_eq(found, 10); /* it does learn how many: said in THREATS.md */
        mdl_hash_match(cell_of(n), (uint8_t)n->id, scratch, found, digest);
        m->body.match.m = found;
        m->body.match.digest = digest;
    }
    return true;
}

START_TEST(hidden_matches_open_nothing)
{
    struct stage s;

    stage_open(&s, _i);
    s.attacker->after_work = hide_matches;
    s.attacker->on_send = claim_the_truth;
    stage_run(&s, MDL_P_DIGEST);
    ck_assert_uint_eq(s.attacker->store.opened, 0);
    ck_assert_uint_eq(s.victim->sent_of[MDL_MSG_OPEN], 0);
    stage_close(&s);
}
END_TEST

START_TEST(hidden_matches_and_silence_about_them)
{
    struct stage s;

    stage_open(&s, _i);
    s.attacker->after_work = hide_matches;
    sim_start(&s.w);
    ck_assert(sim_run(&s.w));
    for (int i = 0; i < 2; i++) { /* both end with nothing, and nothing shows it */
        ck_assert_int_eq(s.w.node[i].store.outcome, MDL_OUTCOME_COMPLETE);
        ck_assert_uint_eq(s.w.node[i].store.matched, 0);
        ck_assert_uint_eq(s.w.node[i].store.opened, 0);
        ck_assert_uint_eq(s.w.node[i].sent_of[MDL_MSG_OPEN], 0);
    }
    stage_close(&s);
}
END_TEST

/* ---- forged matches -------------------------------------------------------------------------- */

#define FORGED 30u
static uint8_t factor[FORGED][32];
static uint32_t shared_at; /* place of the one shared account in the victim's list */

/* [D] One shared account, thirty claimed: X_j = r_j P(x), and for the tags r_j X_i, with X_i the
 * victim's point of x. Row 0 is true (r_0 is the attacker's own scalar). */
static void forge_list(struct sim_node *n, struct mdl_session_work *w)
{
    struct mdl_cell *c = w->cell;
    uint8_t point[32], truth[32];

    if (!is_finish_item(w)) {
        return;
    }
    uint32_t shared = n->n[0] - 1;
    hash_point(n, shared, point);
    for (uint32_t i = 0; i < c->n; i++) {
        if (c->ordinal[i] == shared) {
            memcpy(truth, c->own + (size_t)i * 32, 32);
        }
    }
    memcpy(c->own, truth, 32);
    for (uint32_t j = 1; j < FORGED; j++) {
        crypto_core_ristretto255_scalar_random(factor[j]);
        ck_assert_int_eq(crypto_scalarmult_ristretto255(c->own + (size_t)j * 32, factor[j], point),
                         0);
    }
    reseal_list(n, true);
}

static void forge_tags(struct sim_node *n, struct mdl_session_work *w)
{
    struct mdl_cell *c = w->cell;
    const struct sim_node *victim = &n->world->node[1 - n->id];

    if (!is_tag_item(w)) {
        return;
    }
    const struct mdl_cell *theirs = &victim->session->cell[0];
    for (shared_at = 0; theirs->ordinal[shared_at] != victim->n[0] - 1;) {
        shared_at++; /* a real attacker would have to guess where its one account stands */
    }
    const uint8_t *point = c->points + (size_t)shared_at * 32;
    ck_assert_int_eq(mdl_group_evaluate(c->key, point, 1, c->common, NULL, NULL), MDL_OK);
    for (uint32_t j = 0; j < FORGED; j++) {
        uint8_t *common = c->common + (size_t)j * 32;
        if (j > 0) {
            ck_assert_int_eq(crypto_scalarmult_ristretto255(common, factor[j], point), 0);
        }
        tag_of(c, common, c->tags + (size_t)j * 16);
        c->rows[j] = j;
    }
    reseal_tags(n, true);
}

static void forge(struct sim_node *n, struct mdl_session_work *w)
{
    forge_list(n, w);
    forge_tags(n, w);
}

static bool one_position(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_SLICE) {
        memset(scratch, 0, 4);
        scratch[3] = (uint8_t)shared_at;
        m->body.slice.positions.p = scratch;
    }
    return true;
}

static bool spread_positions(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_SLICE) {
        memset(scratch, 0, 4);
        scratch[3] = (uint8_t)((shared_at + m->body.slice.j) % FORGED);
        m->body.slice.positions.p = scratch;
    }
    return true;
}

START_TEST(forged_matches_by_one_shared_account)
{
    struct sim_size size = {.groups = 1, .own = {29, 29}, .common = 1, .parallel = 1};
    struct stage s;
    unsigned opened = 0;

    stage_open_sized(&s, _i % 2, &size, NULL);
    s.attacker->after_work = forge;
    s.w.rows_void[s.attacker->id] = true;
    s.attacker->on_send = _i < 2 ? one_position : spread_positions;
    sim_start(&s.w);
    ck_assert(sim_run(&s.w));
    const char *wrong = sim_check(&s.w);
    ck_assert_msg(wrong == NULL, "%s", wrong);
    ck_assert_uint_eq(s.victim->store.matched, FORGED); /* the count is a lie ... */
    ck_assert(s.victim->store.status == MDL_P_PROOF || s.victim->store.status == MDL_P_POSITION);
    ck_assert(!s.victim->store.by_partner);
    for (uint32_t i = 0; i < s.victim->n[0]; i++) {
        opened += s.victim->store.row[0][i].opened ? 1 : 0;
    }
    ck_assert_uint_le(opened, 1); /* ... but no name beyond the true one comes of it */
    ck_assert(opened == 0 || s.victim->store.row[0][s.victim->n[0] - 1].opened);
    stage_close(&s);
}
END_TEST

/* [D] r G planted: its tag needs the victim's K, which is hidden until both lists of tags are out.
 */
static void plant_multiples(struct sim_node *n, struct mdl_session_work *w)
{
    struct mdl_cell *c = w->cell;
    uint8_t r[32] = {0};

    if (is_finish_item(w)) {
        for (uint32_t i = 0, planted = 0; i < c->n && planted < 10; i++) {
            if (c->ordinal[i] < 10) { /* in place of keys the victim does not have */
                r[0] = (uint8_t)(2 + planted++);
                ck_assert_int_eq(crypto_scalarmult_ristretto255_base(c->own + (size_t)i * 32, r),
                                 0);
            }
        }
        reseal_list(n, true);
    }
}

START_TEST(planted_multiples_of_g_match_nothing)
{
    struct stage s;

    stage_open(&s, _i);
    s.attacker->after_work = plant_multiples;
    sim_start(&s.w);
    ck_assert(sim_run(&s.w));
    const char *wrong = sim_check(&s.w);
    ck_assert_msg(wrong == NULL, "%s", wrong);
    ck_assert_uint_eq(s.victim->store.matched, 10);
    ck_assert_int_eq(s.victim->store.outcome, MDL_OUTCOME_COMPLETE);
    stage_close(&s);
}
END_TEST

/* ---- OPEN ------------------------------------------------------------------------------------ */

static bool other_key(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_OPEN) {
        crypto_core_ristretto255_random(scratch);
        m->body.open.key = scratch;
    }
    return true;
}

static bool other_key_salt(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_OPEN) {
        memset(scratch, 1, 32);
        m->body.open.key_salt = scratch;
    }
    return true;
}

static bool other_coin(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_OPEN) { /* to choose the order of the slices */
        memset(scratch, 1, 32);
        m->body.open.coin = scratch;
    }
    return true;
}

/* Commits to a key that it may not have, then opens it honestly. */
static void commit_to_key(struct sim_node *n, struct mdl_msg *m, const uint8_t key[32])
{
    static uint8_t commitment[32], kept[32];

    memcpy(kept, key, 32);
    if (m->type == MDL_MSG_COMMIT) {
        mdl_hash_commitment(cell_of(n), "key", (uint8_t)n->id, cell_of(n)->secrets->key_salt, kept,
                            commitment);
        m->body.commit.key_commitment = commitment;
        resign_commit(n, m, sig);
    } else if (m->type == MDL_MSG_OPEN) {
        m->body.open.key = kept;
    }
}

static bool identity_key(struct sim_node *n, struct mdl_msg *m)
{
    static const uint8_t identity[32];

    commit_to_key(n, m, identity);
    return true;
}

static bool generator_key(struct sim_node *n, struct mdl_msg *m)
{
    commit_to_key(n, m, mdl_group_generator);
    return true;
}

static bool no_point_key(struct sim_node *n, struct mdl_msg *m)
{
    static uint8_t none[32];

    memset(none, 0xff, sizeof none);
    commit_to_key(n, m, none);
    return true;
}

static bool their_key(struct sim_node *n, struct mdl_msg *m)
{
    const struct sim_node *victim = &n->world->node[1 - n->id];

    if (m->type == MDL_MSG_COMMIT || m->type == MDL_MSG_OPEN) {
        commit_to_key(n, m, mdl_scalar_key_public(victim->session->cell[0].key));
    }
    return true;
}

static bool slice_for_open(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_OPEN) {
        memset(scratch, 0, 64);
        m->type = MDL_MSG_SLICE;
        m->body.slice = (struct mdl_msg_slice){0, 0, {scratch, 4}, scratch};
    }
    return true;
}

static const struct {
    bool (*on_send)(struct sim_node *n, struct mdl_msg *m);
    enum mdl_status status;
} opens[] = {
    {other_key, MDL_P_COMMITMENT},  {other_key_salt, MDL_P_COMMITMENT},
    {other_coin, MDL_P_COMMITMENT}, {identity_key, MDL_P_KEY},
    {generator_key, MDL_P_KEY},     {no_point_key, MDL_P_KEY},
    {their_key, MDL_P_KEY},         {slice_for_open, MDL_P_UNEXPECTED},
};

START_TEST(opening_that_is_wrong)
{
    for (int attacker = 0; attacker < 2; attacker++) {
        struct stage s;
        stage_open(&s, attacker);
        s.attacker->on_send = opens[_i].on_send;
        stage_run(&s, opens[_i].status);
        ck_assert_uint_eq(s.victim->sent_of[MDL_MSG_SLICE], 0);
        stage_close(&s);
    }
}
END_TEST

static void narrow_gate(struct mdl_agreement *terms)
{
    terms->caps.min_result = 11;
}

static void low_gate(struct mdl_agreement *terms)
{
    terms->caps.max_result = 9;
}

START_TEST(gate_stops_without_names)
{
    struct sim_size size = {.groups = 1, .own = {20, 20}, .common = 10, .parallel = 1};
    struct stage s;

    stage_open_sized(&s, 0, &size, _i == 0 ? narrow_gate : low_gate);
    sim_start(&s.w);
    ck_assert(sim_run(&s.w));
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(s.w.node[i].store.status, MDL_P_GATE);
        ck_assert_int_eq(s.w.node[i].store.outcome, MDL_OUTCOME_ABORTED);
        ck_assert_uint_eq(s.w.node[i].sent_of[MDL_MSG_OPEN], 0);
    }
    stage_close(&s);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hostile tags");
    TCase *t = tcase_create("tags");

#define ROWS(a) (int)(sizeof(a) / sizeof((a)[0]))
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, tag_list_that_breaks_its_rules, 0, ROWS(tag_lies));
    tcase_add_loop_test(t, digest_that_disagrees, 0, ROWS(match_lies));
    tcase_add_loop_test(t, hidden_matches_open_nothing, 0, 2);
    tcase_add_loop_test(t, hidden_matches_and_silence_about_them, 0, 2);
    tcase_add_loop_test(t, forged_matches_by_one_shared_account, 0, 4);
    tcase_add_loop_test(t, planted_multiples_of_g_match_nothing, 0, 2);
    tcase_add_loop_test(t, opening_that_is_wrong, 0, ROWS(opens));
    tcase_add_loop_test(t, gate_stops_without_names, 0, 2);
    suite_add_tcase(suite, t);
    SRunner *r = srunner_create(suite);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
