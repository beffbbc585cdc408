/* check_hostile_tags.c: attacks on TAG_COMMIT, TAGS and MATCH; hidden matches. */
#include "hostile.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static uint8_t scratch[MDL_MESSAGE_MAX];

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
    for (int way = 0; way < 4; way++) {
        struct stage s;
        stage_open_at(&s, way % 2, way < 2 ? MDL_LEVEL_ACCOUNTS : MDL_LEVEL_COUNTS);
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
    for (int way = 0; way < 4; way++) {
        struct stage s;
        stage_open_at(&s, way % 2, way < 2 ? MDL_LEVEL_ACCOUNTS : MDL_LEVEL_COUNTS);
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

    stage_open_at(&s, _i % 2, _i < 2 ? MDL_LEVEL_ACCOUNTS : MDL_LEVEL_COUNTS);
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

static void tests(TCase *t)
{
    tcase_add_loop_test(t, tag_list_that_breaks_its_rules, 0, ROWS(tag_lies));
    tcase_add_loop_test(t, digest_that_disagrees, 0, ROWS(match_lies));
    tcase_add_loop_test(t, hidden_matches_open_nothing, 0, 2);
    tcase_add_loop_test(t, hidden_matches_and_silence_about_them, 0, 4);
}

int main(void)
{
    return stage_main("hostile tags", 120, tests);
}
