/* check_zap.c: the key handler asked directly, as libzmq asks it (ZeroMQ RFC 27).
 * No network: each question goes over its inproc endpoint. */
#include "rig.h"

#include <string.h>

#define FRAMES 7

static void *ctx, *req;
static struct mdl_zap *zap;
static struct rig_key key;

static void setup(void)
{
    struct mdl_error err = {0};
    ctx = zmq_ctx_new();
    ck_assert_int_eq(zmq_ctx_set(ctx, ZMQ_BLOCKY, 0), 0);
    ck_assert_msg(mdl_zap_start(ctx, &zap, &err) == MDL_OK, "%s", err.text);
    req = zmq_socket(ctx, ZMQ_REQ);
    ck_assert_int_eq(mdl_sock_set(req, ZMQ_RCVTIMEO, RIG_PATIENCE), 0);
    ck_assert_int_eq(zmq_connect(req, "inproc://zeromq.zap.01"), 0);
    rig_new_key(&key);
}

static void teardown(void)
{
    zmq_close(req);
    mdl_zap_stop(zap);
    zmq_ctx_term(ctx);
}

struct question {
    const char *frame[FRAMES];
    size_t len[FRAMES];
    size_t n;
};

static struct question proper(void)
{
    struct question q = {
        .frame = {"1.0", "1", MDL_ZAP_DOMAIN, "192.0.2.7", "", "CURVE", (const char *)key.public},
        .n = FRAMES};
    for (size_t i = 0; i < FRAMES - 1; i++)
        q.len[i] = strlen(q.frame[i]);
    q.len[FRAMES - 1] = MDL_CURVE_BYTES;
    return q;
}

/* Asks; the status must be `code`, and a user is named only with 200. */
static void ask(const struct question *q, const char *code)
{
    char reply[6][256], hex[MDL_NET_HEX];
    int len[6];
    for (size_t i = 0; i < q->n; i++)
        ck_assert_int_ge(zmq_send(req, q->frame[i], q->len[i], i + 1 < q->n ? ZMQ_SNDMORE : 0), 0);
    for (size_t i = 0; i < 6; i++) {
        len[i] = zmq_recv(req, reply[i], sizeof reply[i], 0);
        ck_assert_int_ge(len[i], 0);
        ck_assert(mdl_sock_is(req, ZMQ_RCVMORE, i < 5));
    }
    ck_assert_mem_eq(reply[0], "1.0", 3);
    ck_assert_int_eq(len[2], 3);
    ck_assert_msg(memcmp(reply[2], code, 3) == 0, "%.3s instead of %s", reply[2], code);
    mdl_net_hex(key.public, hex);
    ck_assert_int_eq(len[4], code[0] == '2' ? (int)strlen(hex) : 0);
    ck_assert_mem_eq(reply[4], hex, (size_t)len[4]);
}

START_TEST(admitted_and_expelled)
{
    struct question q = proper();
    ask(&q, "400");
    ck_assert_int_eq(mdl_zap_admit(zap, key.public, NULL), MDL_OK);
    ck_assert_int_eq(mdl_zap_admit(zap, key.public, NULL), MDL_OK); /* twice is once */
    ask(&q, "200");
    mdl_zap_expel(zap, key.public);
    mdl_zap_expel(zap, key.public);
    ask(&q, "400");
    ck_assert_uint_eq(mdl_zap_knocks(zap), 2);
    struct mdl_knock k;
    ck_assert(mdl_zap_take_knock(zap, &k));
    ck_assert_str_eq(k.address, "192.0.2.7");
}
END_TEST

START_TEST(what_is_not_a_curve_question_of_ours)
{
    ck_assert_int_eq(mdl_zap_admit(zap, key.public, NULL), MDL_OK);
    struct question q = proper();
    q.frame[0] = "2.0";
    ask(&q, "500");
    q = proper();
    q.n = 6;
    ask(&q, "500");
    q = proper();
    q.n = 1;
    ask(&q, "500");
    static char longer[300];
    q = proper();
    q.frame[3] = longer;
    q.len[3] = sizeof longer;
    ask(&q, "500");
    q = proper();
    q.frame[2] = "global";
    q.len[2] = 6;
    ask(&q, "400");
    q = proper();
    q.frame[2] = "";
    q.len[2] = 0;
    ask(&q, "400");
    q = proper();
    q.frame[5] = "PLAIN";
    ask(&q, "400");
    q = proper();
    q.frame[5] = "NULL";
    q.len[5] = 4;
    ask(&q, "400");
    q = proper();
    q.len[6] = MDL_CURVE_BYTES - 1;
    ask(&q, "400");
    q.len[6] = 0;
    ask(&q, "400");
    q = proper();
    ask(&q, "200"); /* and it still serves */
    ck_assert_uint_eq(mdl_zap_knocks(zap), 0);
}
END_TEST

START_TEST(too_often)
{
    struct question q = proper();
    ck_assert_int_eq(mdl_zap_admit(zap, key.public, NULL), MDL_OK);
    int64_t before = mdl_net_now();
    for (int i = 0; i < MDL_ZAP_BURST; i++)
        ask(&q, "200");
    if (mdl_net_now() - before < MDL_ZAP_REFILL_MS)
        ask(&q, "300");
    /* It passes: a request after each refill is served again. */
    int64_t end = mdl_net_now() + MDL_ZAP_REFILL_MS;
    struct pollfd none;
    while (mdl_net_now() < end)
        poll(&none, 0, 20);
    ask(&q, "200");
    ck_assert_uint_eq(mdl_zap_knocks(zap), 0);
}
END_TEST

START_TEST(its_end_is_seen)
{
    ck_assert(mdl_zap_alive(zap));
    mdl_zap_quit(zap);
    mdl_zap_quit(zap);
    struct pollfd f = {.fd = mdl_zap_fd(zap), .events = POLLIN};
    ck_assert_int_eq(poll(&f, 1, RIG_PATIENCE), 1);
    ck_assert(!mdl_zap_alive(zap));
}
END_TEST

START_TEST(a_second_handler_in_one_context)
{
    struct mdl_error err = {0};
    struct mdl_zap *second = zap;
    ck_assert_int_eq(mdl_zap_start(ctx, &second, &err), MDL_L_IO);
    ck_assert_ptr_null(second);
    struct question q = proper();
    ask(&q, "400");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("net-zap");
    TCase *t = tcase_create("zap");
    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, admitted_and_expelled);
    tcase_add_test(t, what_is_not_a_curve_question_of_ours);
    tcase_add_test(t, too_often);
    tcase_add_test(t, its_end_is_seen);
    tcase_add_test(t, a_second_handler_in_one_context);
    return rig_run(s);
}
