/* check_message.c: every message both ways, every field wrong in every way, envelopes, printing.
 * The bytes are written by hand (support.c), from the same table. */
#include "support.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct out o;

static enum mdl_status decode(struct mdl_msg *m, struct mdl_error *err)
{
    memset(err, 0, sizeof *err);
    enum mdl_status st = mdl_msg_decode(o.b, o.n, m, err);
    ck_assert(st == MDL_OK || err->status == st);
    return st;
}

static void assert_round_trip(uint8_t type)
{
    static uint8_t into[MDL_MESSAGE_MAX];
    struct mdl_msg m;
    struct mdl_error err;
    uint8_t *again;
    size_t len;

    ck_assert_msg(decode(&m, &err) == MDL_OK, "%s: %s", mdl_msg_name(type), err.text);
    ck_assert_int_eq(m.type, type);
    ck_assert_msg(mdl_msg_encode(&m, &again, &len, &err) == MDL_OK, "%s", err.text);
    ck_assert_uint_eq(len, o.n);
    ck_assert_mem_eq(again, o.b, len);
    free(again);
    ck_assert_int_eq(mdl_msg_encode_into(&m, into, o.n, &len, &err), MDL_OK);
    ck_assert_mem_eq(into, o.b, o.n);
    ck_assert_int_eq(mdl_msg_encode_into(&m, into, o.n - 1, &len, &err), MDL_BUG);
    ck_assert_ptr_nonnull(strstr(err.text, "too small"));
}

START_TEST(every_message_goes_both_ways)
{
    for (size_t i = 0; i < mdl_msg_count(); i++) {
        uint8_t type = mdl_msg_type_at(i);
        ck_assert(put_message(&o, type, SIZE_MAX, SMALLEST, SMALLEST));
        assert_round_trip(type);
        ck_assert(put_message(&o, type, SIZE_MAX, LARGEST, LARGEST));
        assert_round_trip(type);
    }
}
END_TEST

/* Returns how many wrong variants the field has. */
static size_t spoil_field(uint8_t type, size_t i)
{
    const struct mdl_field *f = &mdl_msg_record(type)->fields[i];
    char where[100];
    size_t n = 0;

    (void)snprintf(where, sizeof where, "%s.%s", mdl_msg_name(type), f->name);
    for (enum variant v = KIND; v < VARIANTS; v++) {
        struct mdl_msg m;
        struct mdl_error err;
        bool over = v == OVER || v == ITEM_OVER;
        if (!put_message(&o, type, i, v, SMALLEST)) {
            continue;
        }
        enum mdl_status st = decode(&m, &err);
        ck_assert_msg(st == (over ? MDL_P_OVERSIZE : MDL_P_MALFORMED), "%s variant %d: %s", where,
                      (int)v, err.text);
        bool item = v >= ITEM_KIND && f->kind == MDL_K_ARRAY && f->item->kind == MDL_K_RECORD;
        ck_assert_msg(strncmp(err.text, item ? mdl_msg_name(type) : where,
                              strlen(item ? mdl_msg_name(type) : where)) == 0,
                      "%s variant %d: %s", where, (int)v, err.text);
        ck_assert_msg(strstr(err.text, " at byte ") != NULL, "%s", err.text);
        n++;
    }
    return n;
}

START_TEST(every_field_wrong_in_every_way)
{
    size_t n = 0;

    for (size_t t = 0; t < mdl_msg_count(); t++) {
        uint8_t type = mdl_msg_type_at(t);
        for (size_t i = 0; i < mdl_msg_record(type)->n; i++) {
            size_t ways = spoil_field(type, i);
            ck_assert_uint_ge(ways, 1);
            n += ways;
        }
    }
    ck_assert_uint_gt(n, 150);
}
END_TEST

START_TEST(every_message_with_a_field_too_few_or_many)
{
    static const uint8_t zero[16];
    static const uint8_t one[16] = {1};

    for (size_t t = 0; t < mdl_msg_count(); t++) {
        uint8_t type = mdl_msg_type_at(t);
        const struct mdl_record *r = mdl_msg_record(type);
        bool node = mdl_msg_class_of(type) == MDL_MSG_NODE;
        for (size_t n = r->n - 1; n <= r->n + 1; n += 2) {
            struct mdl_msg m;
            struct mdl_error err;
            o.n = 0;
            put_envelope(&o, type, node ? zero : one, mdl_msg_class_of(type) == MDL_MSG_ROUND, 0);
            put_array(&o, n);
            for (size_t i = 0; i < n; i++) {
                (void)put_field(&o, &r->fields[i < r->n ? i : r->n - 1], SMALLEST);
            }
            ck_assert_int_eq(decode(&m, &err), MDL_P_MALFORMED);
            ck_assert_msg(strstr(err.text, " fields, not ") != NULL, "%s", err.text);
        }
    }
}
END_TEST

static void refuse_envelope(enum mdl_status want, const char *words)
{
    struct mdl_msg m;
    struct mdl_error err;

    ck_assert_int_eq(decode(&m, &err), want);
    ck_assert_msg(strstr(err.text, words) != NULL, "'%s' without '%s'", err.text, words);
}

static void put_verified(uint8_t type, uint8_t round, uint32_t seq, uint32_t ack)
{
    const uint8_t id[16] = {[15] = round};

    o.n = 0;
    put_envelope(&o, type, id, seq, ack);
    put_array(&o, mdl_msg_record(type)->n);
    for (size_t i = 0; i < mdl_msg_record(type)->n; i++) {
        ck_assert(put_field(&o, &mdl_msg_record(type)->fields[i], SMALLEST));
    }
}

START_TEST(envelope_must_fit_the_class)
{
    put_verified(MDL_MSG_VERIFIED, 1, 0, 0);
    refuse_envelope(MDL_P_MALFORMED, "VERIFIED at byte 0: content with seq 0");
    put_verified(MDL_MSG_VERIFIED, 0, 1, 0);
    refuse_envelope(MDL_P_MALFORMED, "without a round id");
    put_verified(MDL_MSG_ACK, 1, 1, 0);
    refuse_envelope(MDL_P_MALFORMED, "not content with a seq");
    put_verified(MDL_MSG_ABORT, 0, 0, 0);
    refuse_envelope(MDL_P_MALFORMED, "without a round id");
    put_verified(MDL_MSG_ROUND_APPROVE, 1, 0, 1);
    refuse_envelope(MDL_P_MALFORMED, "outside the link with an ack");
    put_verified(MDL_MSG_ROUND_APPROVE, 1, 1, 0);
    refuse_envelope(MDL_P_MALFORMED, "not content with a seq");
    put_verified(MDL_MSG_NODE_INFO, 1, 0, 0);
    refuse_envelope(MDL_P_MALFORMED, "outside a round with a round id");
    put_verified(MDL_MSG_AGREEMENT_REVOKE, 0, 0, 9);
    refuse_envelope(MDL_P_MALFORMED, "outside the link with an ack");
}
END_TEST

START_TEST(version_is_told_before_anything_else)
{
    put_verified(MDL_MSG_VERIFIED, 1, 1, 0);
    o.b[1] = 2;
    refuse_envelope(MDL_P_VERSION, "message.version at byte 1: version 2, this node speaks 1");
    o.b[1] = 0;
    refuse_envelope(MDL_P_VERSION, "version 0");
    o.n = 0; /* a later version with other fields */
    put_array(&o, 2);
    put_uint(&o, 300);
    put_str(&o, "new", 3);
    refuse_envelope(MDL_P_VERSION, "version 300");
}
END_TEST

START_TEST(what_is_no_envelope)
{
    static const uint8_t id[16] = {1};

    o.n = 0;
    put_uint(&o, 1);
    refuse_envelope(MDL_P_MALFORMED, "not an envelope");
    o.n = 0;
    put_array(&o, 0);
    refuse_envelope(MDL_P_MALFORMED, "not an envelope");
    o.n = 0;
    put_array(&o, 1);
    put_uint(&o, 1);
    refuse_envelope(MDL_P_MALFORMED, "an envelope has 6 fields, not 1");
    o.n = 0;
    put_array(&o, 1);
    put_str(&o, "1", 1);
    refuse_envelope(MDL_P_MALFORMED, "message.version at byte 1: not an integer");
    o.n = 0;
    put_envelope(&o, 7, id, 1, 0);
    put_array(&o, 0);
    refuse_envelope(MDL_P_MALFORMED, "message.type at byte 2: 7 is no message type");
    o.n = 0;
    put_envelope(&o, MDL_MSG_VERIFIED, id, 1, 0);
    put_uint(&o, 0);
    refuse_envelope(MDL_P_MALFORMED, "not the array of VERIFIED");
}
END_TEST

START_TEST(size_of_a_message_is_bounded)
{
    put_verified(MDL_MSG_VERIFIED, 1, 1, 0);
    memset(o.b + o.n, 0, MDL_MESSAGE_MAX);
    o.n = MDL_MESSAGE_MAX;
    refuse_envelope(MDL_P_MALFORMED, "after the end");
    o.n = MDL_MESSAGE_MAX + 1;
    refuse_envelope(MDL_P_OVERSIZE, "262145 bytes, at most 262144");
}
END_TEST

START_TEST(fields_hold_what_was_sent)
{
    struct mdl_msg m;
    struct mdl_error err;

    ck_assert(put_message(&o, MDL_MSG_COMMIT, 2, LARGEST, SMALLEST));
    ck_assert_int_eq(decode(&m, &err), MDL_OK);
    ck_assert_uint_eq(m.seq, 7);
    ck_assert_uint_eq(m.ack, 300);
    ck_assert_uint_eq(m.round[0], 0x1f);
    ck_assert_uint_eq(m.body.commit.chunks.count, 1024);
    ck_assert_uint_eq(m.body.commit.chunks.stride, 34);
    for (size_t i = 0; i < 1024; i++) {
        const uint8_t *p = mdl_list_at(&m.body.commit.chunks, i);
        ck_assert_uint_eq(p[-2], 0xc4);
        ck_assert_uint_eq(p[0], 0x41);
        ck_assert_uint_eq(p[31], 0x41);
    }
    /* a view, not a copy */
    ck_assert_ptr_eq(m.body.commit.signature + 64, o.b + o.n);
    ck_assert(put_message(&o, MDL_MSG_NODE_INFO, SIZE_MAX, LARGEST, LARGEST));
    ck_assert_int_eq(decode(&m, &err), MDL_OK);
    ck_assert_uint_eq(m.body.node_info.version_max, 255);
    ck_assert_uint_eq(m.body.node_info.suites.n, 8);
    ck_assert_uint_eq(m.body.node_info.suites.at[7].len, 32);
    ck_assert_uint_eq(m.body.node_info.profiles.n, 8);
    ck_assert_uint_eq(m.body.node_info.profiles.at[7].id.len, 32);
    ck_assert_uint_eq(m.body.node_info.profiles.at[7].digest[31], 0x41);
    ck_assert_uint_eq(m.body.node_info.certificate.len, 256);
}
END_TEST

static struct mdl_msg hello(const uint8_t *some)
{
    struct mdl_msg m = {.type = MDL_MSG_HELLO, .round = {1}, .seq = 1};

    m.body.hello.version = 1;
    m.body.hello.suite = mdl_text_of("ristretto255-sha512");
    m.body.hello.levels.n = 1;
    m.body.hello.levels.at[0] = mdl_text_of("accounts");
    m.body.hello.agreement = some;
    m.body.hello.profiles = (struct mdl_list){.first = some, .count = 2, .stride = 32};
    m.body.hello.nonce = some + 32;
    return m;
}

START_TEST(a_packed_list_is_encoded)
{
    uint8_t some[64];
    struct mdl_msg m;
    struct mdl_msg back;
    struct mdl_error err;
    uint8_t *bytes;
    size_t len;

    for (size_t i = 0; i < sizeof some; i++) {
        some[i] = (uint8_t)i;
    }
    m = hello(some);
    ck_assert_int_eq(mdl_msg_encode(&m, &bytes, &len, &err), MDL_OK);
    ck_assert_int_eq(mdl_msg_decode(bytes, len, &back, &err), MDL_OK);
    ck_assert_uint_eq(back.body.hello.profiles.count, 2);
    ck_assert_mem_eq(mdl_list_at(&back.body.hello.profiles, 0), some, 32);
    ck_assert_mem_eq(mdl_list_at(&back.body.hello.profiles, 1), some + 32, 32);
    ck_assert(mdl_text_is(&back.body.hello.levels.at[0], "accounts"));
    free(bytes);
}
END_TEST

/* As many levels as an agreement can have groups, the last bit of `empty`. */
START_TEST(thirty_two_groups_are_encoded)
{
    static const uint8_t some[64] = {1};
    struct mdl_msg m = hello(some);
    struct mdl_msg back;
    uint8_t *bytes;
    size_t len;

    m.body.hello.levels.n = 32;
    for (size_t g = 0; g < 32; g++) {
        m.body.hello.levels.at[g] = mdl_text_of(g % 2 == 0 ? "counts" : "accounts");
    }
    m.body.hello.empty = UINT32_C(0x80000001);
    ck_assert_int_eq(mdl_msg_encode(&m, &bytes, &len, NULL), MDL_OK);
    ck_assert_int_eq(mdl_msg_decode(bytes, len, &back, NULL), MDL_OK);
    ck_assert_uint_eq(back.body.hello.levels.n, 32);
    for (size_t g = 0; g < 32; g++) {
        ck_assert(mdl_text_is(&back.body.hello.levels.at[g], g % 2 == 0 ? "counts" : "accounts"));
    }
    ck_assert_uint_eq(back.body.hello.empty, UINT32_C(0x80000001));
    free(bytes);
}
END_TEST

static void refuse_encode(const struct mdl_msg *m, const char *words)
{
    struct mdl_error err = {0};
    uint8_t *bytes = (uint8_t *)&err;
    size_t len;

    ck_assert_int_eq(mdl_msg_encode(m, &bytes, &len, &err), MDL_BUG);
    ck_assert_ptr_null(bytes);
    ck_assert_msg(strstr(err.text, words) != NULL, "'%s' without '%s'", err.text, words);
}

START_TEST(encoding_refuses_what_decoding_would)
{
    static const uint8_t some[64];
    struct mdl_msg m = hello(some);

    m.seq = 0;
    refuse_encode(&m, "encoding HELLO: content with seq 0");
    m = hello(some);
    m.type = (enum mdl_msg_type)7;
    refuse_encode(&m, "no message type 7");
    m = hello(some);
    m.body.hello.nonce = NULL;
    refuse_encode(&m, "HELLO: encoding 'nonce': no bytes given");
    m = hello(some);
    m.body.hello.profiles.count = 9;
    refuse_encode(&m, "'profiles': 9 is not within 1..8");
    m = hello(some);
    m.body.hello.profiles.first = NULL;
    refuse_encode(&m, "'profiles': no bytes given");
    m = hello(some);
    m.body.hello.levels.n = 0;
    refuse_encode(&m, "'levels': 0 is not within 1..32");
    m = hello(some);
    m.body.hello.levels.n = 33;
    refuse_encode(&m, "'levels': 33 is not within 1..32");
    m = hello(some);
    m.body.hello.suite = mdl_text_of("a suite with a name of thirty-three");
    refuse_encode(&m, "'suite': 35 is not within 0..32");
    m = hello(some);
    m.body.hello.suite = mdl_text_of("two\nlines");
    refuse_encode(&m, "'suite': not clean UTF-8");
    m = (struct mdl_msg){.type = MDL_MSG_TAGS, .round = {1}, .seq = 1};
    m.body.tags.salt = (struct mdl_bytes){some, 31};
    m.body.tags.tags = (struct mdl_bytes){some, 16};
    refuse_encode(&m, "'salt': 31 bytes, not a multiple of 32");
}
END_TEST

START_TEST(printing_shows_no_binary_content)
{
    static const struct {
        uint8_t type;
        const char *line;
    } want[] = {
        {MDL_MSG_SLICE, "SLICE round=1f0c33a9 seq=7 ack=300 g=0 j=0 positions=4B"},
        {MDL_MSG_COMMIT, "COMMIT round=1f0c33a9 seq=7 ack=300 g=0 n=0 chunks=1"},
        {MDL_MSG_ACK, "ACK round=1f0c33a9 seq=0 ack=300 credit=0 resume=no"},
        {MDL_MSG_ABORT, "ABORT round=1f0c33a9 seq=0 ack=300 code=0 text=\"\""},
        {MDL_MSG_AGREEMENT_ACCEPT, "AGREEMENT_ACCEPT"},
        {MDL_MSG_NODE_INFO, "NODE_INFO version_min=0 version_max=0 suites=1 profiles=1 name=\"\" "
                            "software=\"\" certificate=0B"},
    };
    char line[500];

    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        struct mdl_msg m;
        struct mdl_error err;
        ck_assert(put_message(&o, want[i].type, SIZE_MAX, SMALLEST, SMALLEST));
        ck_assert_int_eq(decode(&m, &err), MDL_OK);
        ck_assert_uint_eq(mdl_msg_print(&m, line, sizeof line), strlen(want[i].line));
        ck_assert_str_eq(line, want[i].line);
        for (size_t cap = 1; cap < strlen(want[i].line); cap++) {
            ck_assert_uint_eq(mdl_msg_print(&m, line, cap), cap - 1);
            ck_assert_uint_eq(strlen(line), cap - 1);
            ck_assert(strncmp(line, want[i].line, cap - 1) == 0);
        }
    }
}
END_TEST

START_TEST(printing_keeps_quotes_closed)
{
    struct mdl_msg m = {.type = MDL_MSG_ABORT, .round = {0xab}};
    char line[200];

    m.body.abort.code = 28;
    m.body.abort.text = mdl_text_of("stop\" code=0");
    (void)mdl_msg_print(&m, line, sizeof line);
    ck_assert_str_eq(line, "ABORT round=ab000000 seq=0 ack=0 code=28 text=\"stop' code=0\"");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("wire message");
    TCase *c = tcase_create("message");
    tcase_add_test(c, every_message_goes_both_ways);
    tcase_add_test(c, every_field_wrong_in_every_way);
    tcase_add_test(c, every_message_with_a_field_too_few_or_many);
    tcase_add_test(c, envelope_must_fit_the_class);
    tcase_add_test(c, version_is_told_before_anything_else);
    tcase_add_test(c, what_is_no_envelope);
    tcase_add_test(c, size_of_a_message_is_bounded);
    tcase_add_test(c, fields_hold_what_was_sent);
    tcase_add_test(c, a_packed_list_is_encoded);
    tcase_add_test(c, thirty_two_groups_are_encoded);
    tcase_add_test(c, encoding_refuses_what_decoding_would);
    tcase_add_test(c, printing_shows_no_binary_content);
    tcase_add_test(c, printing_keeps_quotes_closed);
    suite_add_tcase(s, c);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
