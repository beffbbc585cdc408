/* check_rules.c: partners that break the rules of the channel, or are partners no longer.
 * They use libzmq directly, with a pinned key; one test turns a node's clock back by its state. */
#include "rig.h"

#include <string.h>

#define LOCAL "tcp://127.0.0.1:0"

static struct rig r;
static struct rig_raw raw, many[2 * MDL_ZAP_BURST];

static void setup(void)
{
    rig_keys(&r);
}

static void teardown(void)
{
    rig_raw_close(&raw);
    for (size_t i = 0; i < 2 * MDL_ZAP_BURST; i++)
        rig_raw_close(&many[i]);
    rig_end(&r);
}

static const char *listening(size_t i)
{
    rig_open(&r, i, LOCAL);
    return mdl_net_endpoint(r.node[i].net, 0);
}

/* Two nodes, pinned at each other and connected. */
static void two_partners(size_t listens)
{
    listening(listens);
    rig_open(&r, 1 - listens, NULL);
    rig_pin(&r, listens, 1 - listens, false);
    rig_pin(&r, 1 - listens, listens, true);
    rig_await(&r, 0, MDL_NET_UP, 2);
    rig_await(&r, 1, MDL_NET_UP, 1);
}

static void raw_dealer(enum rig_speech how, const char *endpoint)
{
    rig_raw_dealer(&raw, how, &r.node[1].key, &r.node[0].key, endpoint);
}

static void raw_send(const void *bytes, size_t len, int flags)
{
    ck_assert_int_eq(zmq_send(raw.sock, bytes, len, flags), (int)len);
}

/* A pinned partner that uses libzmq directly, up at node 0. */
static void pinned_raw(const char *routing_id)
{
    const char *endpoint = listening(0);
    rig_pin(&r, 0, 1, false);
    raw_dealer(RIG_CURVE, "tcp://127.0.0.1:1"); /* nobody there: options first */
    ck_assert_int_eq(zmq_disconnect(raw.sock, "tcp://127.0.0.1:1"), 0);
    if (routing_id != NULL)
        ck_assert_int_eq(zmq_setsockopt(raw.sock, ZMQ_ROUTING_ID, routing_id, strlen(routing_id)),
                         0);
    ck_assert_int_eq(zmq_connect(raw.sock, endpoint), 0);
}

static void bad_comes(enum mdl_status status, const char *says)
{
    struct rig_event e = rig_await(&r, 0, MDL_NET_BAD, 2);
    ck_assert_int_eq(e.status, status);
    ck_assert_msg(strstr(e.text, says) != NULL, "\"%s\" does not say \"%s\"", e.text, says);
    rig_never(&r, 0, MDL_NET_MESSAGE, 0);
    ck_assert_uint_eq(rig_stats(&r, 0, 2).refused_frames, 1);
    ck_assert_uint_eq(rig_stats(&r, 0, 2).messages_in, 0);
}

static void raw_up(void)
{
    raw_send("\xC1", 1, 0);
    rig_await(&r, 0, MDL_NET_UP, 2);
}

START_TEST(several_frames)
{
    pinned_raw(NULL);
    raw_up();
    raw_send("one", 3, ZMQ_SNDMORE);
    raw_send("two", 3, ZMQ_SNDMORE);
    raw_send("three", 5, 0);
    bad_comes(MDL_P_MALFORMED, "3 frames");
    rig_await(&r, 0, MDL_NET_DOWN, 2); /* and the connection is closed */
}
END_TEST

START_TEST(an_empty_message)
{
    pinned_raw(NULL);
    raw_up();
    raw_send("", 0, 0);
    bad_comes(MDL_P_MALFORMED, "empty");
    rig_await(&r, 0, MDL_NET_DOWN, 2);
}
END_TEST

START_TEST(an_unknown_channel_frame)
{
    pinned_raw(NULL);
    raw_up();
    raw_send("\xC1\x01", 2, 0);
    bad_comes(MDL_P_MALFORMED, "keep-alive of 2 bytes");
    rig_await(&r, 0, MDL_NET_DOWN, 2);
}
END_TEST

START_TEST(a_chosen_routing_id)
{
    pinned_raw(_i == 0 ? "admin"
                       : "administrator"); /* five bytes are the length of a ROUTER's own */
    raw_send("hi", 2, 0);
    bad_comes(MDL_P_MALFORMED, "routing id");
}
END_TEST

START_TEST(a_message_above_the_maximum)
{
    static uint8_t big[MDL_NET_MESSAGE_DEFAULT + 1];
    memset(big, 'x', sizeof big);
    pinned_raw(NULL);
    raw_up();
    raw_send(big, sizeof big, 0);
    bad_comes(MDL_P_OVERSIZE, "262145 bytes");
    rig_await(&r, 0, MDL_NET_DOWN, 2);
}
END_TEST

START_TEST(a_frame_above_the_frame_limit)
{
    static uint8_t huge[2 * MDL_NET_MESSAGE_DEFAULT];
    memset(huge, 'x', sizeof huge);
    pinned_raw(NULL);
    raw_up();
    raw_send(huge, sizeof huge, 0);
    rig_await(&r, 0, MDL_NET_DOWN, 2);
    ck_assert_uint_eq(rig_stats(&r, 0, 2).bytes_in, 0);
}
END_TEST

START_TEST(a_listening_partner_that_breaks_the_rules)
{
    uint8_t id[NET_ROUTING_ID];
    char endpoint[MDL_NET_ENDPOINT_MAX], ping[2];
    rig_raw_router(&raw, RIG_CURVE, &r.node[1].key, endpoint);
    rig_open(&r, 0, NULL);
    ck_assert_int_eq(mdl_net_partner(r.node[0].net, 2, r.node[1].key.public, endpoint, NULL),
                     MDL_OK);
    rig_await(&r, 0, MDL_NET_UP, 2);
    RIG_UNTIL(&r, zmq_recv(raw.sock, id, sizeof id, ZMQ_DONTWAIT) == NET_ROUTING_ID);
    ck_assert_int_eq(zmq_recv(raw.sock, ping, sizeof ping, 0), 1);
    raw_send(id, sizeof id, ZMQ_SNDMORE);
    raw_send("one", 3, ZMQ_SNDMORE);
    raw_send("two", 3, 0);
    int64_t before = mdl_net_now();
    bad_comes(MDL_P_MALFORMED, "2 frames");
    rig_await(&r, 0, MDL_NET_DOWN, 2);
    ck_assert_int_lt(mdl_net_now() - before, RIG_AT_ONCE); /* not by silence */
    rig_await(&r, 0, MDL_NET_UP, 2);                       /* dialled again, after a pause */
}
END_TEST

START_TEST(a_forgotten_partner_is_cut_off_at_once)
{
    size_t listens = (size_t)_i;
    two_partners(listens);
    int64_t before = mdl_net_now();
    mdl_net_forget(r.node[0].net, 2);
    rig_await(&r, 1, MDL_NET_DOWN, 1);
    ck_assert_int_lt(mdl_net_now() - before, RIG_AT_ONCE);
    rig_send(&r, 0, 2, 'x', 1, MDL_U_NOT_FOUND);
    if (listens == 0) {
        ck_assert_int_eq(rig_await(&r, 1, MDL_NET_REFUSED, 1).status, MDL_P_REFUSED);
        rig_await(&r, 0, MDL_NET_KNOCK, 0);
    }
    rig_never(&r, 0, MDL_NET_UP, 100);
    rig_never(&r, 0, MDL_NET_MESSAGE, 0);
    rig_never(&r, 0, MDL_NET_DOWN, 0);
}
END_TEST

START_TEST(a_dismissed_partner_gets_what_was_sent_and_is_heard_no_more)
{
    size_t listens = (size_t)_i;
    two_partners(listens);
    rig_send(&r, 1, 1, 'q', 10, MDL_OK); /* on its way, or waiting at node 0 */
    for (int i = 0; i < 20; i++)
        rig_send(&r, 0, 2, 'a', 100000, MDL_OK);
    rig_send(&r, 0, 2, 'z', 5, MDL_OK);
    int64_t before = mdl_net_now();
    mdl_net_dismiss(r.node[0].net, 2);
    rig_send(&r, 0, 2, 'x', 1, MDL_U_NOT_FOUND);
    for (int i = 0; i < 20; i++)
        ck_assert_uint_eq(rig_await(&r, 1, MDL_NET_MESSAGE, 1).first, 'a');
    ck_assert_uint_eq(rig_await(&r, 1, MDL_NET_MESSAGE, 1).first, 'z');
    ck_assert_int_lt(mdl_net_now() - before, RIG_FAREWELL);
    rig_send(&r, 1, 1, 'y', 1000, MDL_OK);
    rig_await(&r, 1, MDL_NET_DOWN, 1);
    ck_assert_int_ge(mdl_net_now() - before, RIG_FAREWELL);
    ck_assert_int_lt(mdl_net_now() - before, RIG_FAREWELL + RIG_AT_ONCE);
    rig_never(&r, 0, MDL_NET_MESSAGE, 0);
    rig_never(&r, 0, MDL_NET_DOWN, 0);
    rig_never(&r, 0, MDL_NET_UP, 0);
    if (listens == 0) {
        ck_assert_int_eq(rig_await(&r, 1, MDL_NET_REFUSED, 1).status, MDL_P_REFUSED);
        rig_await(&r, 0, MDL_NET_KNOCK, 0);
    }
}
END_TEST

START_TEST(a_dismissed_partner_can_be_pinned_anew)
{
    size_t listens = (size_t)_i;
    two_partners(listens);
    const char *endpoint = listens == 1 ? mdl_net_endpoint(r.node[1].net, 0) : NULL;
    int64_t before = mdl_net_now();
    mdl_net_dismiss(r.node[0].net, 2);
    mdl_net_dismiss(r.node[0].net, 2); /* no such partner any more */
    ck_assert_int_eq(mdl_net_partner(r.node[0].net, 7, r.node[1].key.public, endpoint, NULL),
                     MDL_OK);
    rig_await(&r, 1, MDL_NET_DOWN, 1);
    rig_await(&r, 0, MDL_NET_UP, 7);
    rig_await(&r, 1, MDL_NET_UP, 1);
    ck_assert_int_lt(mdl_net_now() - before, RIG_FAREWELL);
    rig_send(&r, 1, 1, 'y', 1, MDL_OK);
    ck_assert_uint_eq(rig_await(&r, 0, MDL_NET_MESSAGE, 7).first, 'y');
    rig_never(&r, 0, MDL_NET_DOWN, RIG_FAREWELL); /* the old time does not strike it */
}
END_TEST

START_TEST(a_silent_connection_is_cut_too)
{
    bool linked = _i == 0; /* else it authenticated, but its first message comes later */
    uint16_t event = 0;
    uint32_t value;
    pinned_raw(NULL);
    rig_raw_watch(&raw, ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED);
    if (linked)
        raw_up();
    else
        RIG_UNTIL(&r, mdl_monitor_read(raw.monitor, &event, &value) &&
                          event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
    int64_t before = mdl_net_now();
    mdl_net_forget(r.node[0].net, 2);
    if (!linked)
        raw_send("late", 4, 0);
    RIG_UNTIL(&r, mdl_monitor_read(raw.monitor, &event, &value) && event == ZMQ_EVENT_DISCONNECTED);
    ck_assert_int_lt(mdl_net_now() - before, RIG_AT_ONCE);
    rig_never(&r, 0, MDL_NET_MESSAGE, 0);
}
END_TEST

START_TEST(a_connection_that_never_speaks_is_cut)
{
    uint16_t event = 0;
    uint32_t value;
    struct mdl_net_totals t;
    pinned_raw(NULL);
    rig_raw_watch(&raw, ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED);
    RIG_UNTIL(&r, mdl_monitor_read(raw.monitor, &event, &value) &&
                      event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
    RIG_UNTIL(&r, (mdl_net_totals(r.node[0].net, &t), t.strangers == 1));
    /* As if it had been there for long: the test does not wait for it. */
    r.node[0].net->stranger[0].since -= 2000 + NET_MUTE_MS;
    int64_t before = mdl_net_now();
    RIG_UNTIL(&r, mdl_monitor_read(raw.monitor, &event, &value) && event == ZMQ_EVENT_DISCONNECTED);
    ck_assert_int_lt(mdl_net_now() - before, RIG_AT_ONCE);
}
END_TEST

START_TEST(the_stalest_connection_makes_room)
{
    uint16_t event;
    uint32_t value;
    const char *endpoint = listening(0);
    rig_pin(&r, 0, 1, false);
    for (size_t i = 0; i < MDL_NET_LINKS_PER_PARTNER; i++) {
        rig_raw_dealer(&many[i], RIG_CURVE, &r.node[1].key, &r.node[0].key, endpoint);
        if (i == 0)
            rig_raw_watch(&many[i], ZMQ_EVENT_DISCONNECTED);
        ck_assert_int_eq(zmq_send(many[i].sock, "\xC1", 1, 0), 1);
        RIG_UNTIL(&r, rig_stats(&r, 0, 2).connections == i + 1);
    }
    ck_assert(!mdl_monitor_read(many[0].monitor, &event, &value));
    /* All but the first show that they live; then one more comes. */
    for (size_t i = 1; i < MDL_NET_LINKS_PER_PARTNER; i++) {
        ck_assert_int_eq(zmq_send(many[i].sock, "x", 1, 0), 1);
        rig_await(&r, 0, MDL_NET_MESSAGE, 2);
    }
    int64_t before = mdl_net_now();
    raw_dealer(RIG_CURVE, endpoint);
    raw_send("\xC1", 1, 0);
    RIG_UNTIL(&r, mdl_monitor_read(many[0].monitor, &event, &value));
    ck_assert_int_lt(mdl_net_now() - before, RIG_AT_ONCE);
    ck_assert_uint_eq(rig_stats(&r, 0, 2).connections, MDL_NET_LINKS_PER_PARTNER);
}
END_TEST

START_TEST(what_a_forgotten_partner_sent_is_not_delivered)
{
    listening(0);
    rig_open(&r, 1, NULL);
    rig_pin(&r, 0, 1, false);
    rig_pin(&r, 1, 0, true);
    rig_await(&r, 0, MDL_NET_UP, 2);
    rig_await(&r, 1, MDL_NET_UP, 1);
    for (int i = 0; i < 20; i++)
        rig_send(&r, 1, 1, 'x', 1000, MDL_OK);
    mdl_net_forget(r.node[0].net, 2);
    rig_await(&r, 1, MDL_NET_DOWN, 1);
    rig_never(&r, 0, MDL_NET_MESSAGE, 50);
}
END_TEST

START_TEST(a_partner_that_connects_too_often_waits)
{
    struct mdl_net_stats s;
    listening(0);
    rig_pin(&r, 0, 1, false);
    const char *endpoint = mdl_net_endpoint(r.node[0].net, 0);
    for (size_t i = 0; i < 2 * MDL_ZAP_BURST; i++) {
        rig_raw_dealer(&many[i], RIG_CURVE, &r.node[1].key, &r.node[0].key, endpoint);
        ck_assert_int_eq(zmq_send(many[i].sock, "\xC1", 1, 0), 1);
    }
    rig_await(&r, 0, MDL_NET_UP, 2);
    for (int i = 0; i < 50; i++) {
        rig_pump(&r);
        s = rig_stats(&r, 0, 2);
        ck_assert_uint_le(s.connections, MDL_NET_LINKS_PER_PARTNER);
    }
    ck_assert(s.up);
    struct mdl_net_totals t;
    RIG_UNTIL(&r, (mdl_net_totals(r.node[0].net, &t), t.accepted >= 2 * MDL_ZAP_BURST));
    ck_assert_uint_eq(t.knocks, 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("net-rules");
    TCase *t = tcase_create("rules");
    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, several_frames);
    tcase_add_test(t, an_empty_message);
    tcase_add_test(t, an_unknown_channel_frame);
    tcase_add_loop_test(t, a_chosen_routing_id, 0, 2);
    tcase_add_test(t, a_message_above_the_maximum);
    tcase_add_test(t, a_frame_above_the_frame_limit);
    tcase_add_test(t, a_listening_partner_that_breaks_the_rules);
    tcase_add_loop_test(t, a_forgotten_partner_is_cut_off_at_once, 0, 2);
    tcase_add_loop_test(t, a_dismissed_partner_gets_what_was_sent_and_is_heard_no_more, 0, 2);
    tcase_add_loop_test(t, a_dismissed_partner_can_be_pinned_anew, 0, 2);
    tcase_add_loop_test(t, a_silent_connection_is_cut_too, 0, 2);
    tcase_add_test(t, a_connection_that_never_speaks_is_cut);
    tcase_add_test(t, the_stalest_connection_makes_room);
    tcase_add_test(t, what_a_forgotten_partner_sent_is_not_delivered);
    tcase_add_test(t, a_partner_that_connects_too_often_waits);
    return rig_run(s);
}
