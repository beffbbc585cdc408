/* check_spec.c: an observer who reads PROTOCOL.md and nothing else. It records every message of a
 * round and computes each hash, order and proof anew with libsodium alone (beside the DLEQ, which
 * has the vectors of RFC 9497 in its own room). */
#include "sim_net.h"

#include <check.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static struct sim_world w;

/* ---- T of 1.3, written again ----------------------------------------------------------------- */

static crypto_hash_sha512_state th;

static void lp(const void *p, size_t len)
{
    uint8_t be[4] = {(uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len};

    crypto_hash_sha512_update(&th, be, 4);
    if (len > 0) {
        crypto_hash_sha512_update(&th, p, len);
    }
}

static void t_begin(const char *label)
{
    crypto_hash_sha512_init(&th);
    lp("mandorla/1", 10);
    lp(label, strlen(label));
}

static void t_int(uint64_t v, size_t width)
{
    uint8_t be[8];

    for (size_t i = 0; i < width; i++) {
        be[i] = (uint8_t)(v >> (8 * (width - 1 - i)));
    }
    lp(be, width);
}

static const uint8_t *t_end(void)
{
    static uint8_t out[64];

    crypto_hash_sha512_final(&th, out);
    return out;
}

/* ---- what was seen --------------------------------------------------------------------------- */

struct seen {
    struct mdl_msg msg[256];
    uint8_t *bytes[256];
    size_t len[256], n;
};
static struct seen seen[2];

static bool record(struct sim_node *n, struct mdl_msg *m)
{
    struct seen *s = &seen[n->id];

    if (m->seq == s->n + 1) { /* each once, in order */
        size_t i = s->n++;
        ck_assert_int_eq(mdl_msg_encode(m, &s->bytes[i], &s->len[i], NULL), MDL_OK);
        ck_assert_int_eq(mdl_msg_decode(s->bytes[i], s->len[i], &s->msg[i], NULL), MDL_OK);
    }
    return true;
}

static const struct mdl_msg *find(int id, uint8_t type, unsigned nth)
{
    for (size_t i = 0; i < seen[id].n; i++) {
        if (seen[id].msg[i].type == type && nth-- == 0) {
            return &seen[id].msg[i];
        }
    }
    ck_abort_msg("message %s is missing", mdl_msg_name(type));
    return NULL;
}

static uint8_t seed[2][32], scalar_free_points[2][64 * 32];
static uint32_t n_of[2];

/* X and D by way of the session: the scalar itself is nowhere to be had. */
static void peek(struct sim_node *n, struct mdl_session_work *work)
{
    const struct mdl_cell *c = work->cell;

    if (c->secrets != NULL) {
        memcpy(seed[n->id], c->secrets->list_seed, 32);
    }
    if (c->phase == MDL_PHASE_OPENING && work->count > 0) {
        memcpy(scalar_free_points[n->id] + (size_t)work->first * 32,
               c->common + (size_t)work->first * 32, (size_t)work->count * 32);
        n_of[n->id] = c->n_partner;
    }
}

static void setup(void)
{
    struct sim_size size = {.groups = 1, .own = {9, 14}, .common = 17, .parallel = 1};

    memset(seen, 0, sizeof seen);
    sim_init(&w, 21, &size, NULL);
    for (int i = 0; i < 2; i++) {
        w.node[i].on_send = record;
        w.node[i].after_work = peek;
    }
    sim_start(&w);
    ck_assert(sim_run(&w));
    ck_assert_ptr_null(sim_check(&w));
}

static void teardown(void)
{
    for (int id = 0; id < 2; id++) {
        for (size_t i = 0; i < seen[id].n; i++) {
            free(seen[id].bytes[i]);
        }
    }
    sim_free(&w);
}

static void sid(uint8_t out[64])
{
    uint8_t hash[64];

    t_begin("agreement");
    lp(w.agreement, w.agreement_len);
    memcpy(hash, t_end(), 64);
    t_begin("sid");
    t_int(1, 1);
    lp("ristretto255-sha512", 19);
    lp("accounts", 8);
    lp(hash, 64);
    lp(w.node[0].config.round, 16);
    lp(w.node[0].public_key, 32);
    lp(w.node[1].public_key, 32);
    lp(find(0, MDL_MSG_HELLO, 0)->body.hello.nonce, 32);
    lp(find(1, MDL_MSG_HELLO, 0)->body.hello.nonce, 32);
    t_int(0, 1);
    lp(w.node[0].profile[0].digest, 32);
    memcpy(out, t_end(), 64);
}

static void t_sid(const char *label)
{
    uint8_t s[64];

    sid(s);
    t_begin(label);
    lp(s, 64);
}

/* ---- RFC 6962 by its definition -------------------------------------------------------------- */

static void mth(const struct sim_node *n, uint32_t first, uint32_t count, uint8_t out[32])
{
    crypto_hash_sha256_state h;
    uint8_t left[32], right[32], be[8] = {0}, mac[64], zero = 0, one = 1;
    crypto_auth_hmacsha512_state a;

    crypto_hash_sha256_init(&h);
    if (count == 1) {
        be[7] = (uint8_t)first;
        crypto_auth_hmacsha512_init(&a, seed[n->id], 32);
        crypto_auth_hmacsha512_update(&a, be, 8);
        crypto_auth_hmacsha512_final(&a, mac);
        crypto_hash_sha256_update(&h, &zero, 1);
        crypto_hash_sha256_update(&h, mac, 32);
        crypto_hash_sha256_update(&h, n->key[0][first].bytes, n->key[0][first].len);
    } else {
        uint32_t k = 1;
        while (2 * k < count) {
            k *= 2;
        }
        mth(n, first, k, left);
        mth(n, first + k, count - k, right);
        crypto_hash_sha256_update(&h, &one, 1);
        crypto_hash_sha256_update(&h, left, 32);
        crypto_hash_sha256_update(&h, right, 32);
    }
    crypto_hash_sha256_final(&h, out);
}

/* ---- 6.6 to 6.8 ------------------------------------------------------------------------------ */

START_TEST(commit_and_chunks)
{
    for (int id = 0; id < 2; id++) {
        const struct mdl_msg_commit *k = &find(id, MDL_MSG_COMMIT, 0)->body.commit;
        const struct mdl_msg_chunk *x = &find(id, MDL_MSG_CHUNK, 0)->body.chunk;
        uint8_t root[32], hash[64];

        ck_assert_uint_eq(k->n, w.node[id].n[0]);
        ck_assert_uint_eq(k->chunks.count, 1);
        t_sid("chunk");
        t_int((uint64_t)id, 1);
        t_int(0, 4);
        lp(x->points.p, x->points.len);
        ck_assert_mem_eq(k->chunks.first, t_end(), 32);
        mth(&w.node[id], 0, k->n, root);
        ck_assert_mem_eq(k->list_root, root, 32);
        t_sid("commit");
        t_int((uint64_t)id, 1);
        t_int(k->n, 4);
        lp(k->chunks.first, 32);
        lp(k->list_root, 32);
        lp(k->key_commitment, 32);
        lp(k->coin_commitment, 32);
        memcpy(hash, t_end(), 64);
        ck_assert_int_eq(crypto_sign_verify_detached(k->signature, hash, 64, w.node[id].public_key),
                         0);
        for (uint32_t i = 1; i < k->n; i++) {
            ck_assert_int_lt(memcmp(x->points.p + (i - 1) * 32, x->points.p + i * 32, 32), 0);
        }
    }
}
END_TEST

/* ---- 6.10, 6.11 ------------------------------------------------------------------------------ */

static int by_16(const void *a, const void *b)
{
    return memcmp(a, b, 16);
}

START_TEST(tags_are_hashes_of_the_common_points)
{
    for (int id = 0; id < 2; id++) {
        const struct mdl_msg_tags *t = &find(id, MDL_MSG_TAGS, 0)->body.tags;
        uint8_t tags[64 * 16];

        ck_assert_uint_eq(t->tags.len, n_of[id] * 16);
        for (uint32_t i = 0; i < n_of[id]; i++) {
            t_sid("tag");
            lp(scalar_free_points[id] + (size_t)i * 32, 32);
            memcpy(tags + (size_t)i * 16, t_end(), 16);
        }
        qsort(tags, n_of[id], 16, by_16);
        ck_assert_mem_eq(tags, t->tags.p, t->tags.len);
        t_sid("tags");
        t_int((uint64_t)id, 1);
        lp(t->salt.p, 32);
        lp(t->tags.p, t->tags.len);
        ck_assert_mem_eq(find(id, MDL_MSG_TAG_COMMIT, 0)->body.tag_commit.commitment, t_end(), 32);
    }
}
END_TEST

static uint32_t matched(uint8_t *out)
{
    const struct mdl_bytes *a = &find(0, MDL_MSG_TAGS, 0)->body.tags.tags;
    const struct mdl_bytes *b = &find(1, MDL_MSG_TAGS, 0)->body.tags.tags;
    uint32_t m = 0;

    for (size_t i = 0; i < a->len; i += 16) {
        for (size_t k = 0; k < b->len; k += 16) {
            if (memcmp(a->p + i, b->p + k, 16) == 0) {
                memcpy(out + (size_t)m++ * 16, a->p + i, 16);
            }
        }
    }
    return m;
}

START_TEST(match_is_the_intersection)
{
    uint8_t tags[64 * 16];
    uint32_t m = matched(tags);

    ck_assert_uint_eq(m, 17);
    for (int id = 0; id < 2; id++) {
        const struct mdl_msg_match *k = &find(id, MDL_MSG_MATCH, 0)->body.match;
        ck_assert_uint_eq(k->m, m);
        t_sid("match");
        t_int((uint64_t)id, 1);
        t_int(m, 4);
        lp(tags, (size_t)m * 16);
        ck_assert_mem_eq(k->digest, t_end(), 32);
    }
}
END_TEST

/* ---- 7.1 to 7.8 ------------------------------------------------------------------------------ */

START_TEST(openings_fit_their_commitments)
{
    for (int id = 0; id < 2; id++) {
        const struct mdl_msg_commit *k = &find(id, MDL_MSG_COMMIT, 0)->body.commit;
        const struct mdl_msg_open *o = &find(id, MDL_MSG_OPEN, 0)->body.open;
        t_sid("key");
        t_int((uint64_t)id, 1);
        lp(o->key_salt, 32);
        lp(o->key, 32);
        ck_assert_mem_eq(k->key_commitment, t_end(), 32);
        t_sid("coin");
        t_int((uint64_t)id, 1);
        lp(o->coin_salt, 32);
        lp(o->coin, 32);
        ck_assert_mem_eq(k->coin_commitment, t_end(), 32);
    }
}
END_TEST

struct ordered {
    uint8_t place[64], tag[16];
};

static int by_place(const void *a, const void *b)
{
    return memcmp(a, b, 64);
}

static void t_coins(const char *label)
{
    t_sid(label);
    lp(find(0, MDL_MSG_OPEN, 0)->body.open.coin, 32);
    lp(find(1, MDL_MSG_OPEN, 0)->body.open.coin, 32);
}

/* The point D of a tag, as `id` computed it. */
static const uint8_t *point_of(int id, const uint8_t tag[16])
{
    for (uint32_t i = 0; i < n_of[id]; i++) {
        t_sid("tag");
        lp(scalar_free_points[id] + (size_t)i * 32, 32);
        if (memcmp(t_end(), tag, 16) == 0) {
            return scalar_free_points[id] + (size_t)i * 32;
        }
    }
    return NULL;
}

START_TEST(slices_go_in_order_and_are_proved)
{
    uint8_t tags[64 * 16], ctx[64];
    uint32_t m = matched(tags);
    struct ordered order[64];

    for (uint32_t i = 0; i < m; i++) {
        memcpy(order[i].tag, tags + (size_t)i * 16, 16);
        t_coins("order");
        lp(order[i].tag, 16);
        memcpy(order[i].place, t_end(), 64);
    }
    qsort(order, m, sizeof order[0], by_place);
    for (int id = 0; id < 2; id++) {
        const struct mdl_bytes *x = &find(1 - id, MDL_MSG_CHUNK, 0)->body.chunk.points;
        for (uint32_t j = 0; j < m; j++) { /* fewer than 64: one row a slice */
            const struct mdl_msg_slice *s = &find(id, MDL_MSG_SLICE, j)->body.slice;
            ck_assert_uint_eq(s->j, j);
            ck_assert_uint_eq(s->positions.len, 4);
            const uint8_t *C = x->p + (size_t)s->positions.p[3] * 32;
            const uint8_t *D = point_of(1 - id, order[j].tag); /* the receiver's own */
            ck_assert_ptr_nonnull(D);
            t_sid("dleq");
            t_int((uint64_t)id, 1);
            lp("slice", 5);
            t_int(j, 4);
            memcpy(ctx, t_end(), 64);
            ck_assert_int_eq(mdl_dleq_verify(find(id, MDL_MSG_OPEN, 0)->body.open.key, ctx, 64, C,
                                             D, 1, s->proof, NULL),
                             MDL_OK);
        }
    }
}
END_TEST

START_TEST(turns_alternate_from_the_first_mover)
{
    t_coins("first");
    uint8_t f = t_end()[0] & 1;

    for (uint32_t j = 0; j < 17; j++) {
        int first = (int)((j + f) & 1);
        const struct mdl_msg *one = find(first, MDL_MSG_SLICE, j);
        const struct mdl_msg *two = find(1 - first, MDL_MSG_SLICE, j);
        ck_assert_uint_gt(two->ack + 1, one->seq); /* it had it when it answered */
        ck_assert_uint_eq(find(0, MDL_MSG_MASKS, j)->seq, find(0, MDL_MSG_SLICE, j)->seq + 1);
        ck_assert_uint_eq(find(1, MDL_MSG_MASKS, j)->seq, find(1, MDL_MSG_SLICE, j)->seq + 1);
    }
}
END_TEST

/* ---- 5.6, 8 ---------------------------------------------------------------------------------- */

START_TEST(receipt_holds_the_transcripts)
{
    struct mdl_receipt r;
    const struct sim_store *st = &w.node[0].store;

    ck_assert_int_eq(
        mdl_receipt_open(st->receipt, st->receipt_len, st->sig[0], st->sig[1], &r, NULL), MDL_OK);
    for (int id = 0; id < 2; id++) {
        uint8_t t[64], both[128];
        t_begin("transcript");
        lp(w.node[0].config.round, 16);
        t_int((uint64_t)id, 1);
        memcpy(t, t_end(), 64);
        for (size_t i = 0; i < seen[id].n; i++) {
            if (seen[id].msg[i].type >= 16 && seen[id].msg[i].type <= 39) {
                memcpy(both, t, 64);
                crypto_hash_sha512(both + 64, seen[id].bytes[i], seen[id].len[i]);
                crypto_hash_sha512(t, both, sizeof both);
            }
        }
        ck_assert_mem_eq(r.transcript[id], t, 64);
        ck_assert_uint_eq(r.accounts[id], 17);
        ck_assert_mem_eq(r.groups[0].list_root[id],
                         find(id, MDL_MSG_COMMIT, 0)->body.commit.list_root, 32);
    }
    ck_assert_uint_eq(r.groups[0].m, 17);
    ck_assert_uint_eq(r.groups[0].slices, 17);
    ck_assert_uint_eq(r.created, w.node[0].config.created_ms);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("protocol as written");
    TCase *t = tcase_create("spec");

    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, commit_and_chunks);
    tcase_add_test(t, tags_are_hashes_of_the_common_points);
    tcase_add_test(t, match_is_the_intersection);
    tcase_add_test(t, openings_fit_their_commitments);
    tcase_add_test(t, slices_go_in_order_and_are_proved);
    tcase_add_test(t, turns_alternate_from_the_first_mover);
    tcase_add_test(t, receipt_holds_the_transcripts);
    suite_add_tcase(suite, t);
    SRunner *r = srunner_create(suite);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
