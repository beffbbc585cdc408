/* check_hostile_lists.c: attacks on HELLO, COMMIT, CHUNK and VERIFIED. */
#include "hostile.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static uint8_t sig[64], scratch[MDL_MESSAGE_MAX];

/* ---- HELLO ----------------------------------------------------------------------------------- */

static bool other_version(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_HELLO) {
        m->body.hello.version = 2;
    }
    return true;
}

static bool other_suite(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_HELLO) {
        m->body.hello.suite = mdl_text_of("p256-sha256");
    }
    return true;
}

static bool other_level(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_HELLO) {
        m->body.hello.levels.at[0] = mdl_text_of("fields");
    }
    return true;
}

static bool other_agreement(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_HELLO) {
        memset(scratch, 7, 64);
        m->body.hello.agreement = scratch;
    }
    return true;
}

static bool echoed_nonce(struct sim_node *n, struct mdl_msg *m)
{
    if (m->type == MDL_MSG_HELLO) {
        const struct sim_node *victim = &n->world->node[1 - n->id];
        if (victim->session == NULL) {
            return false; /* wait until there is something to echo; the link asks again */
        }
        memcpy(scratch, victim->session->nonce[victim->id], 32);
        m->body.hello.nonce = scratch;
    }
    return true;
}

static bool foreign_profile(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_HELLO) {
        memset(scratch, 0x99, 32);
        m->body.hello.profiles = (struct mdl_list){scratch, 1, 32};
    }
    return true;
}

static const struct {
    const char *name;
    bool (*on_send)(struct sim_node *n, struct mdl_msg *m);
    enum mdl_status status;
} hellos[] = {
    {"version", other_version, MDL_P_VERSION}, {"suite", other_suite, MDL_P_SUITE},
    {"level", other_level, MDL_P_AGREEMENT},   {"agreement", other_agreement, MDL_P_AGREEMENT},
    {"nonce", echoed_nonce, MDL_P_REPLAY},     {"profile", foreign_profile, MDL_P_PROFILE},
};

START_TEST(hello_that_differs)
{
    for (int attacker = 0; attacker < 2; attacker++) {
        struct stage s;
        stage_open(&s, attacker);
        s.attacker->on_send = hellos[_i].on_send;
        stage_run(&s, hellos[_i].status);
        ck_assert_uint_eq(s.victim->sent_of[MDL_MSG_COMMIT], 0); /* no content has left */
        stage_close(&s);
    }
}
END_TEST

/* ---- COMMIT ---------------------------------------------------------------------------------- */

static void small_cap(struct mdl_agreement *terms)
{
    terms->caps.max_keys_round = 64;
    terms->caps.max_keys_month = 100;
    terms->caps.min_keys = 5;
}

static bool too_many(struct sim_node *n, struct mdl_msg *m)
{
    if (m->type == MDL_MSG_COMMIT) {
        m->body.commit.n = 65;
        resign_commit(n, m, sig);
    }
    return true;
}

static bool too_few(struct sim_node *n, struct mdl_msg *m)
{
    if (m->type == MDL_MSG_COMMIT) {
        m->body.commit.n = 4;
        resign_commit(n, m, sig);
    }
    return true;
}

static bool none_at_all(struct sim_node *n, struct mdl_msg *m)
{
    if (m->type == MDL_MSG_COMMIT) {
        m->body.commit.n = 0;
        resign_commit(n, m, sig);
    }
    return true;
}

static bool chunks_for_more(struct sim_node *n, struct mdl_msg *m)
{
    if (m->type == MDL_MSG_COMMIT) {
        memset(scratch, 1, 64);
        m->body.commit.chunks = (struct mdl_list){scratch, 2, 32};
        resign_commit(n, m, sig);
    }
    return true;
}

static bool unsigned_change(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_COMMIT) {
        m->body.commit.n += 1;
    }
    return true;
}

static bool signed_by_another(struct sim_node *n, struct mdl_msg *m)
{
    if (m->type == MDL_MSG_COMMIT) {
        uint8_t public_key[32], own[64];
        memcpy(own, n->secret_key, 64);
        crypto_sign_keypair(public_key, n->secret_key);
        resign_commit(n, m, sig);
        memcpy(n->secret_key, own, 64);
    }
    return true;
}

static const struct {
    bool (*on_send)(struct sim_node *n, struct mdl_msg *m);
    enum mdl_status status;
} commits[] = {
    {too_many, MDL_P_CAP},
    {too_few, MDL_P_CAP},
    {none_at_all, MDL_P_EMPTY},
    {chunks_for_more, MDL_P_SIZE},
    {unsigned_change, MDL_P_SIGNATURE},
    {signed_by_another, MDL_P_SIGNATURE},
};

START_TEST(commit_that_lies)
{
    for (int attacker = 0; attacker < 2; attacker++) {
        struct sim_size size = {.groups = 1, .own = {20, 20}, .common = 10, .parallel = 1};
        struct stage s;
        stage_open_sized(&s, attacker, &size, small_cap);
        s.attacker->on_send = commits[_i].on_send;
        stage_run(&s, commits[_i].status);
        ck_assert_uint_eq(s.victim->sent_of[MDL_MSG_CHUNK], 0);
        ck_assert(!s.victim->store.debited);
        stage_close(&s);
    }
}
END_TEST

START_TEST(budget_of_the_month)
{
    struct sim_size size = {.groups = 1, .own = {20, 20}, .common = 10, .parallel = 1};
    struct stage s;

    stage_open_sized(&s, _i, &size, small_cap);
    s.victim->config.partner_keys_month = 71; /* 71 + 30 > 100 */
    stage_run(&s, MDL_P_CAP);
    ck_assert_uint_eq(s.victim->sent_of[MDL_MSG_CHUNK], 0);
    stage_close(&s);
}
END_TEST

START_TEST(own_list_empty_or_above_the_cap_tells_the_partner)
{
    struct sim_size sizes[] = {{.groups = 1, .own = {0, 0}, .common = 0, .parallel = 1},
                               {.groups = 1, .own = {60, 60}, .common = 10, .parallel = 1}};
    static const enum mdl_status expected[] = {MDL_P_EMPTY, MDL_P_CAP};
    struct stage s;

    stage_open_sized(&s, 0, &sizes[_i], small_cap);
    sim_start(&s.w);
    ck_assert(sim_run(&s.w));
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(s.w.node[i].store.status, expected[_i]);
        ck_assert_uint_eq(s.w.node[i].sent_of[MDL_MSG_HELLO], 0);
    }
    stage_close(&s);
}
END_TEST

/* ---- points ---------------------------------------------------------------------------------- */

static void plant_identity(struct sim_node *n, struct mdl_session_work *w)
{
    if (is_finish_item(w)) {
        memset(cell_of(n)->own, 0, 32);
        reseal_list(n, true);
    }
}

static void plant_bad_encoding(struct sim_node *n, struct mdl_session_work *w)
{
    if (is_finish_item(w)) {
        memset(cell_of(n)->own + 32, 0xff, 32); /* not below p */
        reseal_list(n, true);
    }
}

static void plant_no_square(struct sim_node *n, struct mdl_session_work *w)
{
    /* RFC 9496, A.3: canonical as a field element, but no point. */
    static const uint8_t no_point[32] = {0x26, 0x94, 0x8d, 0x35, 0xca, 0x62, 0xe6, 0x43,
                                         0xe2, 0x6a, 0x83, 0x17, 0x73, 0x32, 0xe6, 0xb6,
                                         0xaf, 0xeb, 0x9d, 0x08, 0xe4, 0x26, 0x8b, 0x65,
                                         0x0f, 0x1f, 0x5b, 0xbd, 0x8d, 0x81, 0xd3, 0x71};

    if (is_finish_item(w)) {
        memcpy(cell_of(n)->own, no_point, 32);
        reseal_list(n, true);
    }
}

static void plant_duplicate(struct sim_node *n, struct mdl_session_work *w)
{
    if (is_finish_item(w)) {
        memcpy(cell_of(n)->own, cell_of(n)->own + 32, 32);
        reseal_list(n, true);
    }
}

static void plant_disorder(struct sim_node *n, struct mdl_session_work *w)
{
    if (is_finish_item(w)) {
        uint8_t t[32], *own = cell_of(n)->own;
        memcpy(t, own, 32);
        memcpy(own, own + 64, 32);
        memcpy(own + 64, t, 32);
        reseal_list(n, false);
    }
}

static void plant_generator(struct sim_node *n, struct mdl_session_work *w)
{
    if (is_finish_item(w)) {
        memcpy(cell_of(n)->own, mdl_group_generator, 32);
        reseal_list(n, true);
    }
}

/* Not possible for a real attacker, who cannot know K yet: the check stands for one who guesses. */
static void plant_their_key(struct sim_node *n, struct mdl_session_work *w)
{
    if (is_finish_item(w)) {
        struct sim_node *victim = &n->world->node[1 - n->id];
        memcpy(cell_of(n)->own, mdl_scalar_key_public(cell_of(victim)->key), 32);
        reseal_list(n, true);
    }
}

static void plant_reflection(struct sim_node *n, struct mdl_session_work *w)
{
    if (is_finish_item(w)) {
        struct sim_node *victim = &n->world->node[1 - n->id];
        memcpy(cell_of(n)->own, cell_of(victim)->own + 96, 32);
        reseal_list(n, true);
    }
}

static const struct {
    void (*after_work)(struct sim_node *n, struct mdl_session_work *w);
    enum mdl_status status;
} points[] = {
    {plant_identity, MDL_P_IDENTITY},   {plant_bad_encoding, MDL_P_ENCODING},
    {plant_no_square, MDL_P_ENCODING},  {plant_duplicate, MDL_P_ORDER},
    {plant_disorder, MDL_P_ORDER},      {plant_generator, MDL_P_GENERATOR},
    {plant_their_key, MDL_P_GENERATOR}, {plant_reflection, MDL_P_REFLECTED},
};

START_TEST(point_that_must_not_be)
{
    for (int attacker = 0; attacker < 2; attacker++) {
        struct stage s;
        stage_open(&s, attacker);
        s.attacker->after_work = points[_i].after_work;
        stage_run(&s, points[_i].status);
        ck_assert_uint_eq(s.victim->sent_of[MDL_MSG_VERIFIED], 0);
        ck_assert_uint_eq(s.victim->sent_of[MDL_MSG_TAG_COMMIT], 0);
        stage_close(&s);
    }
}
END_TEST

/* ---- CHUNK, VERIFIED ------------------------------------------------------------------------- */

static bool alter_last_chunk(struct sim_node *n, struct mdl_msg *m)
{
    if (m->type == MDL_MSG_CHUNK && m->body.chunk.c == cell_of(n)->n_chunks - 1) {
        memcpy(scratch, m->body.chunk.points.p, m->body.chunk.points.len);
        scratch[m->body.chunk.points.len - 1] ^= 1;
        m->body.chunk.points.p = scratch;
    }
    return true;
}

START_TEST(altered_last_chunk_gets_no_tag)
{
    struct sim_size size = {.groups = 1, .own = {4090, 4090}, .common = 10, .parallel = 2};
    struct stage s;

    stage_open_sized(&s, _i, &size, NULL);
    s.attacker->on_send = alter_last_chunk;
    stage_run(&s, MDL_P_COMMITMENT);
    ck_assert_uint_eq(s.attacker->sent_of[MDL_MSG_CHUNK], 2);
    ck_assert_uint_eq(s.victim->sent_of[MDL_MSG_VERIFIED], 0);
    ck_assert_uint_eq(s.victim->sent_of[MDL_MSG_TAG_COMMIT], 0);
    ck_assert_uint_eq(s.victim->sent_of[MDL_MSG_TAGS], 0);
    stage_close(&s);
}
END_TEST

static bool short_chunk(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_CHUNK) {
        m->body.chunk.points.len -= 32;
    }
    return true;
}

static bool long_chunk(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_CHUNK) {
        memset(scratch, 0xee, sizeof scratch);
        memcpy(scratch, m->body.chunk.points.p, m->body.chunk.points.len);
        m->body.chunk.points.p = scratch;
        m->body.chunk.points.len += 1;
    }
    return true;
}

static bool other_chunk(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_CHUNK) {
        m->body.chunk.c = 1;
    }
    return true;
}

static bool other_group(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_CHUNK) {
        m->body.chunk.g = 1;
    }
    return true;
}

static bool verified_for_chunk(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_CHUNK) {
        m->type = MDL_MSG_VERIFIED;
        m->body.verified.g = 0;
    }
    return true;
}

static bool tags_before_the_barrier(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_VERIFIED) {
        memset(scratch, 3, 32);
        m->type = MDL_MSG_TAG_COMMIT;
        m->body.tag_commit.g = 0;
        m->body.tag_commit.commitment = scratch;
    }
    return true;
}

static const struct {
    bool (*on_send)(struct sim_node *n, struct mdl_msg *m);
    enum mdl_status status;
} chunks[] = {
    {short_chunk, MDL_P_SIZE},
    {long_chunk, MDL_P_SIZE},
    {other_chunk, MDL_P_UNEXPECTED},
    {other_group, MDL_P_UNEXPECTED},
    {verified_for_chunk, MDL_P_UNEXPECTED},
    {tags_before_the_barrier, MDL_P_UNEXPECTED},
};

START_TEST(chunk_that_breaks_its_word)
{
    for (int attacker = 0; attacker < 2; attacker++) {
        struct stage s;
        stage_open(&s, attacker);
        s.attacker->on_send = chunks[_i].on_send;
        stage_run(&s, chunks[_i].status);
        ck_assert_uint_eq(s.victim->sent_of[MDL_MSG_TAG_COMMIT], 0);
        stage_close(&s);
    }
}
END_TEST

static void tests(TCase *t)
{
    tcase_add_loop_test(t, hello_that_differs, 0, ROWS(hellos));
    tcase_add_loop_test(t, commit_that_lies, 0, ROWS(commits));
    tcase_add_loop_test(t, budget_of_the_month, 0, 2);
    tcase_add_loop_test(t, own_list_empty_or_above_the_cap_tells_the_partner, 0, 2);
    tcase_add_loop_test(t, point_that_must_not_be, 0, ROWS(points));
    tcase_add_loop_test(t, altered_last_chunk_gets_no_tag, 0, 2);
    tcase_add_loop_test(t, chunk_that_breaks_its_word, 0, ROWS(chunks));
}

int main(void)
{
    return stage_main("hostile lists", 120, tests);
}
