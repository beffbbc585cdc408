/* check_hostile_slices.c: attacks on SLICE, MASKS and the receipt. */
#include "hostile.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static uint8_t scratch[MDL_MESSAGE_MAX], proof[64];

static void copy_positions(struct mdl_msg *m)
{
    memcpy(scratch, m->body.slice.positions.p, m->body.slice.positions.len);
    m->body.slice.positions.p = scratch;
}

static bool wrong_proof(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_SLICE) {
        memcpy(proof, m->body.slice.proof, 64);
        proof[40] ^= 1;
        m->body.slice.proof = proof;
    }
    return true;
}

static bool zero_proof(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_SLICE) {
        memset(proof, 0, sizeof proof);
        m->body.slice.proof = proof;
    }
    return true;
}

static bool wrong_position(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_SLICE) {
        copy_positions(m);
        scratch[3] = (uint8_t)((scratch[3] + 1) % 30);
    }
    return true;
}

static bool position_beyond(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_SLICE) {
        copy_positions(m);
        scratch[0] = 0xff;
    }
    return true;
}

static bool position_of_slice_before(struct sim_node *n, struct mdl_msg *m)
{
    if (m->type == MDL_MSG_SLICE && m->body.slice.j == 3) {
        const struct mdl_cell *c = cell_of(n);
        memset(scratch, 0, 4);
        scratch[3] = (uint8_t)c->rows[2];
        m->body.slice.positions.p = scratch;
    }
    return true;
}

static bool position_missing(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_SLICE) {
        memcpy(scratch, m->body.slice.positions.p, 4);
        memset(scratch + 4, 0, 4);
        m->body.slice.positions = (struct mdl_bytes){scratch, 8};
    }
    return true;
}

static bool slice_ahead(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_SLICE) {
        m->body.slice.j += 1;
    }
    return true;
}

static bool slice_again(struct sim_node *n, struct mdl_msg *m)
{
    static struct mdl_msg_slice first;
    static uint8_t bytes[4], kept[64];

    (void)n;
    if (m->type == MDL_MSG_SLICE && m->body.slice.j == 0) {
        memcpy(bytes, m->body.slice.positions.p, 4);
        memcpy(kept, m->body.slice.proof, 64);
        first = m->body.slice;
        first.positions.p = bytes;
        first.proof = kept;
    } else if (m->type == MDL_MSG_SLICE && m->body.slice.j == 1) {
        m->body.slice = first;
    }
    return true;
}

/* Does not wait for the victim's turn: the next slice in place of the masks. */
static bool slice_for_masks(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_MASKS) {
        memset(scratch, 0, 64);
        m->type = MDL_MSG_SLICE;
        m->body.slice = (struct mdl_msg_slice){0, 1, {scratch, 4}, scratch};
    }
    return true;
}

static bool masks_for_slice(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_SLICE) {
        memset(scratch, 1, 16);
        m->type = MDL_MSG_MASKS;
        m->body.masks = (struct mdl_msg_masks){0, 0, {scratch, 4}, {scratch, 8}};
    }
    return true;
}

static bool masks_too_few(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_MASKS) {
        memset(scratch, 1, 16);
        m->body.masks.registries.len = 16;
        m->body.masks.registries.p = scratch;
    }
    return true;
}

static bool masks_of_nobody(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_MASKS) {
        memset(scratch, 0, 4);
        m->body.masks.populations.p = scratch;
    }
    return true;
}

static bool masks_beyond_the_agreement(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_MASKS) {
        memset(scratch, 0, 4);
        scratch[3] = 8; /* a fourth population of three */
        m->body.masks.populations.p = scratch;
    }
    return true;
}

static bool receipt_for_slice(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_SLICE && m->body.slice.j == 2) {
        memset(scratch, 0, 64);
        m->type = MDL_MSG_RECEIPT_PART;
        m->body.receipt_part = (struct mdl_msg_receipt_part){scratch, scratch, 0, 0, 0};
    }
    return true;
}

static const struct {
    bool (*on_send)(struct sim_node *n, struct mdl_msg *m);
    enum mdl_status status;
    unsigned opened; /* at most, by the victim */
} slices[] = {
    {wrong_proof, MDL_P_PROOF, 0},
    {zero_proof, MDL_P_PROOF, 0},
    {wrong_position, MDL_P_PROOF, 0},
    {position_beyond, MDL_P_POSITION, 0},
    {position_of_slice_before, MDL_P_POSITION, 3},
    {position_missing, MDL_P_SIZE, 0},
    {slice_ahead, MDL_P_UNEXPECTED, 0},
    {slice_again, MDL_P_UNEXPECTED, 1},
    {slice_for_masks, MDL_P_UNEXPECTED, 1},
    {masks_for_slice, MDL_P_UNEXPECTED, 0},
    {masks_too_few, MDL_P_SIZE, 2},
    {masks_of_nobody, MDL_P_MALFORMED, 2},
    {masks_beyond_the_agreement, MDL_P_MALFORMED, 2},
    {receipt_for_slice, MDL_P_UNEXPECTED, 2},
};

START_TEST(slice_that_lies)
{
    for (int attacker = 0; attacker < 2; attacker++) {
        struct stage s;
        stage_open(&s, attacker);
        s.attacker->on_send = slices[_i].on_send;
        stage_run(&s, slices[_i].status);
        ck_assert_uint_le(s.victim->store.opened, slices[_i].opened);
        ck_assert_uint_le(s.attacker->store.opened, slices[_i].opened + 1);
        stage_close(&s);
    }
}
END_TEST

/* ---- proofs bound to less than they must be -------------------------------------------------- */

/* A proof of the true rows under another statement: that of the other role, of another slice. */
static void prove_as(struct sim_node *n, struct mdl_msg *m, uint8_t role, uint32_t j)
{
    struct mdl_cell *c = cell_of(n);
    uint32_t first, count;
    uint8_t ctx[64], fresh[32] = {1};

    mdl_slice_range(c, m->body.slice.j, &first, &count);
    ck_assert_uint_eq(count, 1);
    mdl_hash_proof_context(c, role, j, ctx);
    ck_assert_int_eq(mdl_dleq_prove(c->key, ctx, sizeof ctx,
                                    c->points + (size_t)c->rows[first] * 32,
                                    c->common + (size_t)c->rows[first] * 32, 1, fresh, proof, NULL),
                     MDL_OK);
    m->body.slice.proof = proof;
}

static bool proof_of_the_other_role(struct sim_node *n, struct mdl_msg *m)
{
    if (m->type == MDL_MSG_SLICE) {
        prove_as(n, m, (uint8_t)(1 - n->id), m->body.slice.j);
    }
    return true;
}

static bool proof_of_another_slice(struct sim_node *n, struct mdl_msg *m)
{
    if (m->type == MDL_MSG_SLICE) {
        prove_as(n, m, (uint8_t)n->id, m->body.slice.j + 1);
    }
    return true;
}

static bool proof_of_these_very_words(struct sim_node *n, struct mdl_msg *m)
{
    if (m->type == MDL_MSG_SLICE) {
        prove_as(n, m, (uint8_t)n->id, m->body.slice.j);
    }
    return true;
}

/* Two rows changed places: each alone is a multiple of k, the pairing is not. A weight that looked
 * at its own row only could be made to cancel such a change (Wagner); ours hash every row. */
static bool swapped_rows(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_SLICE) {
        uint8_t t[4];
        copy_positions(m);
        memcpy(t, scratch, 4);
        memcpy(scratch, scratch + 4, 4);
        memcpy(scratch + 4, t, 4);
    }
    return true;
}

START_TEST(proof_is_bound_to_role_slice_and_every_row)
{
    static bool (*const bend[])(struct sim_node *, struct mdl_msg *) = {
        proof_of_the_other_role, proof_of_another_slice, swapped_rows};
    struct sim_size size = {.groups = 1, .own = {5, 5}, .common = 10, .parallel = 2};
    struct stage s;

    size.common = bend[_i] == swapped_rows ? 140 : 10; /* two rows a slice and more */
    stage_open_sized(&s, 0, &size, NULL);
    s.attacker->on_send = bend[_i];
    stage_run(&s, MDL_P_PROOF);
    ck_assert_uint_eq(s.victim->store.opened, 0);
    stage_close(&s);
}
END_TEST

START_TEST(the_bending_itself_is_sound)
{
    struct stage s;

    stage_open(&s, 0); /* the same hand-made proof under the right statement passes */
    s.attacker->on_send = proof_of_these_very_words;
    sim_start(&s.w);
    ck_assert(sim_run(&s.w));
    ck_assert_uint_eq(s.victim->store.opened, 10); /* until the transcripts are compared */
    ck_assert_int_eq(s.victim->store.status, MDL_P_RECEIPT);
    stage_close(&s);
}
END_TEST

/* The victim's own slice, sent back to it. */
static bool echo(struct sim_node *n, struct mdl_msg *m)
{
    const struct sim_node *victim = &n->world->node[1 - n->id];
    static uint8_t positions[4];

    if (m->type == MDL_MSG_SLICE && victim->session != NULL) {
        const struct mdl_cell *c = &victim->session->cell[0];
        memset(positions, 0, sizeof positions);
        positions[3] = (uint8_t)c->rows[m->body.slice.j];
        for (const struct mdl_out *o = victim->session->link.out; o != NULL; o = o->next) {
            struct mdl_msg theirs;
            if (o->type == MDL_MSG_SLICE &&
                mdl_msg_decode(o->bytes, o->len, &theirs, NULL) == MDL_OK) {
                memcpy(proof, theirs.body.slice.proof, 64);
            }
        }
        m->body.slice.positions.p = positions;
        m->body.slice.proof = proof;
    }
    return true;
}

START_TEST(echoed_slice)
{
    struct stage s;

    stage_open(&s, _i);
    s.attacker->on_send = echo;
    sim_start(&s.w);
    ck_assert(sim_run(&s.w));
    ck_assert(s.victim->store.status == MDL_P_PROOF || s.victim->store.status == MDL_P_POSITION);
    ck_assert_uint_eq(s.victim->store.opened, 0);
    stage_close(&s);
}
END_TEST

/* ---- receipts -------------------------------------------------------------------------------- */

static bool other_transcript(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_RECEIPT_PART) {
        memset(scratch, 9, 64);
        m->body.receipt_part.transcript_sent = scratch;
    }
    return true;
}

static bool other_transcript_of_theirs(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_RECEIPT_PART) {
        memset(scratch, 9, 64);
        m->body.receipt_part.transcript_received = scratch;
    }
    return true;
}

static bool other_numbers(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_RECEIPT_PART) {
        m->body.receipt_part.accounts += 1; /* signs what it did not state */
    }
    return true;
}

static bool wrong_signature(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_RECEIPT_SIG) {
        memset(scratch, 9, 64);
        m->body.receipt_sig.signature = scratch;
    }
    return true;
}

static bool signature_first(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_RECEIPT_PART) {
        memset(scratch, 9, 64);
        m->type = MDL_MSG_RECEIPT_SIG;
        m->body.receipt_sig.signature = scratch;
    }
    return true;
}

static const struct {
    bool (*on_send)(struct sim_node *n, struct mdl_msg *m);
    enum mdl_status status;
} receipts[] = {
    {other_transcript, MDL_P_RECEIPT},   {other_transcript_of_theirs, MDL_P_RECEIPT},
    {other_numbers, MDL_P_RECEIPT},      {wrong_signature, MDL_P_RECEIPT},
    {signature_first, MDL_P_UNEXPECTED},
};

START_TEST(receipt_that_differs)
{
    for (int attacker = 0; attacker < 2; attacker++) {
        struct stage s;
        stage_open(&s, attacker);
        s.w.one_sided = true;
        s.attacker->on_send = receipts[_i].on_send;
        stage_run(&s, receipts[_i].status);
        ck_assert_int_eq(s.victim->store.outcome, MDL_OUTCOME_PARTIAL);
        ck_assert_uint_eq(s.victim->store.opened, 10); /* the result stays */
        stage_close(&s);
    }
}
END_TEST

static void tests(TCase *t)
{
    tcase_add_loop_test(t, slice_that_lies, 0, ROWS(slices));
    tcase_add_loop_test(t, proof_is_bound_to_role_slice_and_every_row, 0, 3);
    tcase_add_test(t, the_bending_itself_is_sound);
    tcase_add_loop_test(t, echoed_slice, 0, 2);
    tcase_add_loop_test(t, receipt_that_differs, 0, ROWS(receipts));
}

int main(void)
{
    return stage_main("hostile slices", 120, tests);
}
