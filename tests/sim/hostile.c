/* hostile.c: what an attacker does to its own state so that its lies are consistent.
 * May not touch the victim. */
#include "hostile.h"

#include <sodium.h>
#include <string.h>

void stage_open_sized(struct stage *s, int attacker, const struct sim_size *size,
                      void (*change)(struct mdl_agreement *terms))
{
    sim_init(&s->w, 77 + (uint64_t)attacker, size, change);
    s->attacker = &s->w.node[attacker];
    s->victim = &s->w.node[1 - attacker];
    s->w.first = 1 - attacker; /* an attacker who comes late knows more */
}

void stage_open(struct stage *s, int attacker)
{
    stage_open_at(s, attacker, MDL_LEVEL_ACCOUNTS);
}

void stage_open_at(struct stage *s, int attacker, enum mdl_level level)
{
    struct sim_size size = {.groups = 1,
                            .own = {20, 20},
                            .common = 10,
                            .parallel = 1,
                            .counts = level == MDL_LEVEL_COUNTS ? 1 : 0};

    stage_open_sized(s, attacker, &size, NULL);
}

void stage_run(struct stage *s, enum mdl_status status)
{
    const struct sim_store *v = &s->victim->store;

    sim_start(&s->w);
    bool ended = sim_run(&s->w);
    const char *wrong = ended ? sim_check(&s->w) : "the round never ends";
    ck_assert_msg(wrong == NULL, "%s (victim: %s)", wrong, v->text);
    ck_assert_msg(v->status == status, "expected %s, the victim ended with %s: %s",
                  mdl_status_slug(status), mdl_status_slug(v->status), v->text);
    ck_assert_msg(!v->by_partner, "the attacker gave up first: %s", v->text);
}

static bool note(struct sim_node *n, struct mdl_msg *m)
{
    struct stage *s = n->hostile;

    if (m->type >= MDL_MSG_COMMIT && m->type <= MDL_MSG_MASKS) {
        s->sent_in[m->body.verified.g][m->type]++; /* every such body begins with g */
    }
    return true;
}

void stage_run_noted(struct stage *s, const struct sim_size *size,
                     void (*change)(struct mdl_agreement *terms))
{
    memset(s->sent_in, 0, sizeof s->sent_in);
    stage_open_sized(s, 0, size, change);
    for (int i = 0; i < 2; i++) {
        s->w.node[i].on_send = note;
        s->w.node[i].hostile = s;
    }
    sim_start(&s->w);
    ck_assert(sim_run(&s->w));
}

void stage_close(struct stage *s)
{
    sim_free(&s->w);
}

void stage_expect(struct stage *s, enum mdl_status status)
{
    stage_run(s, status);
    stage_close(s);
}

static void fill_of_round(struct mdl_msg *m, const uint8_t *some, const struct mdl_list *one)
{
    const struct mdl_text suite = mdl_text_of("ristretto255-sha512");

    if (m->type == MDL_MSG_HELLO) {
        m->body.hello =
            (struct mdl_msg_hello){1, suite, {1, {mdl_text_of("accounts")}}, some, *one, some, 0};
    } else if (m->type == MDL_MSG_RECEIPT_PART) {
        m->body.receipt_part = (struct mdl_msg_receipt_part){some, some, 0, 0, 0};
    } else if (m->type == MDL_MSG_RECEIPT_SIG) {
        m->body.receipt_sig = (struct mdl_msg_receipt_sig){some};
    }
}

void fill_message(struct mdl_msg *m, uint8_t type, uint8_t g)
{
    static uint8_t some[64];
    struct mdl_list one = {some, 1, 32};

    m->type = (enum mdl_msg_type)type;
    if (type == MDL_MSG_COMMIT) {
        m->body.commit = (struct mdl_msg_commit){g, 30, one, some, some, some, some};
    } else if (type == MDL_MSG_CHUNK) {
        m->body.chunk = (struct mdl_msg_chunk){g, 0, {some, 32}};
    } else if (type == MDL_MSG_VERIFIED) {
        m->body.verified.g = g;
    } else if (type == MDL_MSG_TAG_COMMIT) {
        m->body.tag_commit = (struct mdl_msg_tag_commit){g, some};
    } else if (type == MDL_MSG_TAGS) {
        m->body.tags = (struct mdl_msg_tags){g, 0, {some, 32}, {some, 16}};
    } else if (type == MDL_MSG_MATCH) {
        m->body.match = (struct mdl_msg_match){g, 1, some};
    } else if (type == MDL_MSG_OPEN) {
        m->body.open = (struct mdl_msg_open){g, some, some, some, some};
    } else if (type == MDL_MSG_SLICE) {
        m->body.slice = (struct mdl_msg_slice){g, 0, {some, 4}, some};
    } else if (type == MDL_MSG_MASKS) {
        m->body.masks = (struct mdl_msg_masks){g, 0, {some, 4}, {some, 8}};
    } else {
        fill_of_round(m, some, &one);
    }
}

struct mdl_cell *cell_of(struct sim_node *n)
{
    return &n->session->cell[0];
}

bool is_finish_item(const struct mdl_session_work *w)
{
    return w->cell->phase == MDL_PHASE_COMMIT && w->key_bytes == NULL;
}

bool is_tag_item(const struct mdl_session_work *w)
{
    return (w->cell->phase == MDL_PHASE_VERIFIED || w->cell->phase == MDL_PHASE_TAGS) &&
           w->count == 0 && w->job == NULL;
}

void reseal_list(struct sim_node *n, bool sort)
{
    struct mdl_cell *c = cell_of(n);

    if (sort) {
        ck_assert_int_eq(mdl_list_sort(c->own, 32, c->ordinal, c->n, NULL), MDL_OK);
    }
    for (uint32_t i = 0; i < c->n_chunks; i++) {
        uint32_t first = i * MDL_CHUNK_POINTS;
        uint32_t count = c->n - first < MDL_CHUNK_POINTS ? c->n - first : MDL_CHUNK_POINTS;
        mdl_hash_chunk(c, (uint8_t)n->id, i, c->own + (size_t)first * 32, count, c->chunks[i]);
    }
}

void reseal_tags(struct sim_node *n, bool sort)
{
    struct mdl_cell *c = cell_of(n);
    struct mdl_taghash h;

    if (sort) {
        ck_assert_int_eq(mdl_list_sort(c->tags, 16, c->rows, c->n_partner, NULL), MDL_OK);
    }
    mdl_taghash_init(&h, "tags");
    mdl_taghash_part(&h, c->sid, sizeof c->sid);
    mdl_taghash_u8(&h, (uint8_t)n->id);
    mdl_taghash_part(&h, c->secrets->tag_salt, 32);
    mdl_taghash_part(&h, c->tags, (size_t)c->n_partner * 16);
    mdl_taghash_final32(&h, c->tag_commitment);
}

void resign_commit(struct sim_node *n, struct mdl_msg *m, uint8_t sig[64])
{
    struct mdl_msg_commit *k = &m->body.commit;
    uint8_t hash[64];

    mdl_hash_commit(cell_of(n), (uint8_t)n->id, k->n, &k->chunks, k->list_root, k->key_commitment,
                    k->coin_commitment, hash);
    crypto_sign_detached(sig, NULL, hash, sizeof hash, n->secret_key);
    k->signature = sig;
}

void hash_point(struct sim_node *n, uint32_t ordinal, uint8_t out[32])
{
    static const char prefix[] = "mandorla-v1-ristretto255-sha512-H2G-";
    const struct sim_key *k = &n->key[0][ordinal];
    uint8_t dst[sizeof prefix - 1 + MDL_SID_BYTES];
    size_t offset[2] = {0, k->len};
    struct mdl_inputs in = {k->bytes, offset, 1};

    memcpy(dst, prefix, sizeof prefix - 1);
    memcpy(dst + sizeof prefix - 1, cell_of(n)->sid, MDL_SID_BYTES);
    ck_assert_int_eq(mdl_group_hash(dst, sizeof dst, &in, out, NULL, NULL), MDL_OK);
}

void tag_of(const struct mdl_cell *c, const uint8_t point[32], uint8_t tag[16])
{
    struct mdl_taghash h;
    uint8_t full[64];

    mdl_taghash_init(&h, "tag");
    mdl_taghash_part(&h, c->sid, sizeof c->sid);
    mdl_taghash_part(&h, point, 32);
    mdl_taghash_final(&h, full);
    memcpy(tag, full, 16);
}

int stage_main(const char *suite, double timeout_s, void (*tests)(TCase *t))
{
    Suite *s = suite_create(suite);
    TCase *t = tcase_create(suite);

    tcase_set_timeout(t, timeout_s);
    tests(t);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
