/* check_channel.c: two nodes that know each other: who dials, what arrives, what a break does.
 * Only the contract in net.h is used. */
#include "rig.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define LOCAL "tcp://127.0.0.1:0"

static struct rig r;

static void setup(void)
{
    rig_keys(&r);
}

static void teardown(void)
{
    rig_end(&r);
}

static void both_up(void)
{
    rig_await(&r, 0, MDL_NET_UP, 2);
    rig_await(&r, 1, MDL_NET_UP, 1);
}

static void exchange(void)
{
    rig_send(&r, 0, 2, 'a', 1000, MDL_OK);
    rig_send(&r, 1, 1, 'b', 1, MDL_OK);
    struct rig_event at1 = rig_await(&r, 1, MDL_NET_MESSAGE, 1);
    struct rig_event at0 = rig_await(&r, 0, MDL_NET_MESSAGE, 2);
    ck_assert_uint_eq(at1.len, 1000);
    ck_assert_uint_eq(at1.first, 'a');
    ck_assert_uint_eq(at1.last, 'a');
    ck_assert_uint_eq(at0.len, 1);
    ck_assert_uint_eq(at0.first, 'b');
}

START_TEST(one_side_bound)
{
    size_t bound = (size_t)_i;
    rig_open(&r, bound, LOCAL);
    rig_open(&r, 1 - bound, NULL);
    rig_pin(&r, bound, 1 - bound, false);
    rig_pin(&r, 1 - bound, bound, true);
    both_up();
    exchange();
    struct mdl_net_stats s = rig_stats(&r, bound, 2 - bound);
    ck_assert_uint_eq(s.connections, 1);
    ck_assert(s.up && !s.dialled_up && !s.sends_over_dial);
    s = rig_stats(&r, 1 - bound, bound + 1);
    ck_assert_uint_eq(s.connections, 1);
    ck_assert(s.up && s.dialled_up && s.sends_over_dial);
}
END_TEST

START_TEST(both_sides_dial)
{
    rig_open(&r, 0, LOCAL);
    rig_open(&r, 1, LOCAL);
    rig_pin(&r, 0, 1, true);
    rig_pin(&r, 1, 0, true);
    both_up();
    RIG_UNTIL(&r, rig_stats(&r, 0, 2).connections == 2 && rig_stats(&r, 1, 1).connections == 2);
    /* Node 0 has the lower key: both use the connection that it dialled. */
    ck_assert(rig_stats(&r, 0, 2).sends_over_dial);
    ck_assert(!rig_stats(&r, 1, 1).sends_over_dial);
    exchange();
    rig_never(&r, 0, MDL_NET_DOWN, 100);
    rig_never(&r, 0, MDL_NET_UP, 0);
    rig_never(&r, 0, MDL_NET_MESSAGE, 0);
    rig_never(&r, 1, MDL_NET_MESSAGE, 0);
}
END_TEST

START_TEST(order_is_kept_and_nothing_comes_twice)
{
    rig_open(&r, 0, LOCAL);
    rig_open(&r, 1, NULL);
    rig_pin(&r, 0, 1, false);
    rig_pin(&r, 1, 0, true);
    both_up();
    for (uint8_t i = 0; i < 40; i++) {
        rig_send(&r, 0, 2, i, 20000, MDL_OK);
        rig_send(&r, 1, 1, (uint8_t)(i + 50), 20000, MDL_OK);
    }
    for (uint8_t i = 0; i < 40; i++)
        ck_assert_uint_eq(rig_await(&r, 1, MDL_NET_MESSAGE, 1).first, i);
    for (uint8_t i = 0; i < 40; i++)
        ck_assert_uint_eq(rig_await(&r, 0, MDL_NET_MESSAGE, 2).first, i + 50);
    rig_never(&r, 0, MDL_NET_MESSAGE, 50);
    rig_never(&r, 1, MDL_NET_MESSAGE, 0);
    struct mdl_net_stats s = rig_stats(&r, 1, 1);
    ck_assert_uint_eq(s.messages_in, 40);
    ck_assert_uint_eq(s.bytes_in, 800000);
    ck_assert_uint_eq(s.messages_out, 40);
    ck_assert_uint_eq(s.bytes_out, 800000);
}
END_TEST

START_TEST(largest_message)
{
    rig_open(&r, 0, LOCAL);
    rig_open(&r, 1, NULL);
    rig_pin(&r, 0, 1, false);
    rig_pin(&r, 1, 0, true);
    both_up();
    rig_send(&r, 0, 2, 'x', MDL_NET_MESSAGE_DEFAULT, MDL_OK);
    rig_send(&r, 1, 1, 'y', MDL_NET_MESSAGE_DEFAULT, MDL_OK);
    ck_assert_uint_eq(rig_await(&r, 1, MDL_NET_MESSAGE, 1).len, MDL_NET_MESSAGE_DEFAULT);
    ck_assert_uint_eq(rig_await(&r, 0, MDL_NET_MESSAGE, 2).len, MDL_NET_MESSAGE_DEFAULT);
    rig_send(&r, 0, 2, 'x', MDL_NET_MESSAGE_DEFAULT + 1, MDL_U_TOO_LARGE);
}
END_TEST

START_TEST(what_cannot_be_sent)
{
    rig_open(&r, 0, LOCAL);
    rig_open(&r, 1, NULL);
    rig_pin(&r, 0, 1, false);
    rig_send(&r, 0, 7, 'x', 1, MDL_U_NOT_FOUND);
    rig_send(&r, 0, 2, 'x', 1, MDL_L_UNREACHABLE);
    rig_send(&r, 0, 2, 'x', 0, MDL_U_ARGUMENT);
    rig_send(&r, 0, 2, 0xC1, 2, MDL_U_ARGUMENT);
    ck_assert_int_eq(mdl_net_stats(r.node[0].net, 7, &(struct mdl_net_stats){0}, NULL),
                     MDL_U_NOT_FOUND);
}
END_TEST

START_TEST(a_full_queue_is_told_and_drains)
{
    size_t listens = (size_t)_i; /* both ways: over the ROUTER and over the DEALER */
    uint64_t other = 2;
    rig_open(&r, listens, LOCAL);
    rig_open(&r, 1 - listens, NULL);
    rig_pin(&r, listens, 1 - listens, false);
    rig_pin(&r, 1 - listens, listens, true);
    both_up();
    r.node[1].frozen = true;
    uint8_t bytes[100000];
    memset(bytes, 'q', sizeof bytes);
    size_t sent = 0;
    enum mdl_status status;
    while ((status = mdl_net_send(r.node[0].net, other, bytes, sizeof bytes, NULL)) == MDL_OK) {
        ck_assert_uint_lt(++sent, 2000);
        /* Lets the I/O thread take what it can, so that both queues fill. */
        if (sent % 16 == 0)
            rig_pump(&r);
    }
    ck_assert_int_eq(status, MDL_U_STATE);
    ck_assert_uint_ge(sent, 32);
    r.node[1].frozen = false;
    rig_await(&r, 0, MDL_NET_WRITABLE, other);
    for (size_t i = 0; i < sent; i++)
        ck_assert_uint_eq(rig_await(&r, 1, MDL_NET_MESSAGE, 1).len, sizeof bytes);
    rig_send(&r, 0, other, 'x', 1, MDL_OK);
    ck_assert_uint_eq(rig_await(&r, 1, MDL_NET_MESSAGE, 1).len, 1);
}
END_TEST

START_TEST(a_clean_end_is_seen_at_once)
{
    size_t listens = (size_t)_i;
    rig_open(&r, listens, LOCAL);
    rig_open(&r, 1 - listens, NULL);
    rig_pin(&r, listens, 1 - listens, false);
    rig_pin(&r, 1 - listens, listens, true);
    both_up();
    int64_t before = mdl_net_now();
    rig_close(&r, 1);
    rig_await(&r, 0, MDL_NET_DOWN, 2);
    /* Well before the silence time: it was the end of the stream that told. */
    ck_assert_int_lt(mdl_net_now() - before, RIG_AT_ONCE);
    rig_send(&r, 0, 2, 'x', 1, MDL_L_UNREACHABLE);
}
END_TEST

START_TEST(silence_is_seen)
{
    r.silence = 1000;
    size_t listens = (size_t)_i;
    rig_open(&r, listens, LOCAL);
    rig_open(&r, 1 - listens, NULL);
    rig_pin(&r, listens, 1 - listens, false);
    rig_pin(&r, 1 - listens, listens, true);
    both_up();
    /* Its sockets live and answer heartbeats, but the node behind them hangs. */
    r.node[1].frozen = true;
    rig_await(&r, 0, MDL_NET_DOWN, 2);
    r.node[1].frozen = false;
    rig_await(&r, 0, MDL_NET_UP, 2);
    rig_await(&r, 1, MDL_NET_UP, 1);
    exchange();
}
END_TEST

START_TEST(our_own_pause_is_not_the_partners_silence)
{
    r.silence = 1000;
    rig_open(&r, 0, LOCAL);
    rig_open(&r, 1, NULL);
    rig_pin(&r, 0, 1, false);
    rig_pin(&r, 1, 0, true);
    both_up();
    /* Both hang for longer than the silence time: there is no event to wait for. */
    usleep(1300 * 1000);
    rig_never(&r, 0, MDL_NET_DOWN, 150);
    rig_never(&r, 1, MDL_NET_DOWN, 0);
    exchange();
}
END_TEST

START_TEST(a_restarted_partner_comes_back)
{
    char where[MDL_NET_ENDPOINT_MAX];
    rig_open(&r, 0, NULL);
    rig_open_fixed(&r, 1, where);
    rig_pin(&r, 0, 1, true);
    rig_pin(&r, 1, 0, false);
    both_up();
    rig_close(&r, 1);
    rig_await(&r, 0, MDL_NET_DOWN, 2);
    rig_open(&r, 1, where);
    rig_pin(&r, 1, 0, false);
    both_up();
    exchange();
}
END_TEST

START_TEST(a_dialler_that_restarts_comes_back)
{
    rig_open(&r, 0, LOCAL);
    rig_open(&r, 1, NULL);
    rig_pin(&r, 0, 1, false);
    rig_pin(&r, 1, 0, true);
    both_up();
    for (int i = 0; i < 6; i++) { /* more often than a partner may hold connections */
        rig_close(&r, 1);
        rig_await(&r, 0, MDL_NET_DOWN, 2);
        rig_open(&r, 1, NULL);
        rig_pin(&r, 1, 0, true);
        both_up();
        exchange();
    }
    ck_assert_uint_eq(rig_stats(&r, 0, 2).connections, 1);
}
END_TEST

START_TEST(losing_the_connection_in_use_is_told_as_down_and_up)
{
    rig_open(&r, 0, LOCAL);
    rig_open(&r, 1, LOCAL);
    rig_pin(&r, 0, 1, true);
    rig_pin(&r, 1, 0, true);
    both_up();
    RIG_UNTIL(&r, rig_stats(&r, 0, 2).connections == 2 && rig_stats(&r, 1, 1).connections == 2);
    /* Node 0 stops dialling; the connection that node 1 dialled stays. */
    rig_pin(&r, 0, 1, false);
    rig_await(&r, 0, MDL_NET_DOWN, 2);
    rig_await(&r, 0, MDL_NET_UP, 2);
    rig_await(&r, 1, MDL_NET_DOWN, 1);
    rig_await(&r, 1, MDL_NET_UP, 1);
    ck_assert(rig_stats(&r, 1, 1).sends_over_dial);
    exchange();
}
END_TEST

START_TEST(three_nodes_are_told_apart)
{
    rig_open(&r, 0, LOCAL);
    rig_open(&r, 1, NULL);
    rig_open(&r, 2, NULL);
    rig_pin(&r, 0, 1, false);
    rig_pin(&r, 0, 2, false);
    rig_pin(&r, 1, 0, true);
    rig_pin(&r, 2, 0, true);
    rig_await(&r, 1, MDL_NET_UP, 1);
    rig_await(&r, 2, MDL_NET_UP, 1);
    rig_send(&r, 1, 1, 'b', 11, MDL_OK);
    rig_send(&r, 2, 1, 'c', 12, MDL_OK);
    RIG_UNTIL(&r, rig_stats(&r, 0, 2).messages_in == 1 && rig_stats(&r, 0, 3).messages_in == 1);
    ck_assert_uint_eq(rig_stats(&r, 0, 2).bytes_in, 11);
    ck_assert_uint_eq(rig_stats(&r, 0, 3).bytes_in, 12);
    rig_send(&r, 0, 2, 'd', 3, MDL_OK);
    rig_send(&r, 0, 3, 'e', 4, MDL_OK);
    ck_assert_uint_eq(rig_await(&r, 1, MDL_NET_MESSAGE, 1).first, 'd');
    ck_assert_uint_eq(rig_await(&r, 2, MDL_NET_MESSAGE, 1).first, 'e');
}
END_TEST

START_TEST(a_new_key_replaces_the_old_one)
{
    rig_open(&r, 0, LOCAL);
    rig_open(&r, 1, NULL);
    rig_pin(&r, 0, 1, false);
    rig_pin(&r, 1, 0, true);
    both_up();
    struct rig_key old = r.node[1].key;
    rig_new_key(&r.node[1].key);
    rig_pin(&r, 0, 1, false);
    rig_await(&r, 0, MDL_NET_DOWN, 2);
    /* The one with the old key is a stranger now. */
    rig_await(&r, 0, MDL_NET_KNOCK, 0);
    ck_assert_int_eq(rig_await(&r, 1, MDL_NET_REFUSED, 1).status, MDL_P_REFUSED);
    rig_close(&r, 1);
    rig_open(&r, 1, NULL);
    rig_pin(&r, 1, 0, true);
    both_up();
    exchange();
    ck_assert(memcmp(old.public, r.node[1].key.public, MDL_CURVE_BYTES) != 0);
}
END_TEST

START_TEST(waiting_also_watches_the_callers_descriptors)
{
    rig_open(&r, 0, LOCAL);
    int e = eventfd(0, EFD_CLOEXEC);
    struct pollfd extra[2] = {{.fd = e, .events = POLLIN}, {.fd = -1, .events = POLLIN}};
    ck_assert_int_eq(mdl_net_wait(r.node[0].net, extra, 2, 1, NULL), MDL_OK);
    ck_assert_int_eq(extra[0].revents, 0);
    uint64_t one = 1;
    ck_assert_int_eq(write(e, &one, sizeof one), (int)sizeof one);
    int64_t before = mdl_net_now();
    ck_assert_int_eq(mdl_net_wait(r.node[0].net, extra, 2, -1, NULL), MDL_OK);
    ck_assert_int_eq(extra[0].revents, POLLIN);
    ck_assert_int_eq(extra[1].revents, 0);
    ck_assert_int_lt(mdl_net_now() - before, 1000);
    close(e);
}
END_TEST

START_TEST(a_partner_dialled_by_name)
{
    /* On some machines localhost leads to ::1 first, where nobody listens. */
    char endpoint[MDL_NET_ENDPOINT_MAX];
    rig_open(&r, 0, LOCAL);
    rig_open(&r, 1, NULL);
    rig_pin(&r, 0, 1, false);
    snprintf(endpoint, sizeof endpoint, "tcp://localhost:%u",
             rig_port(mdl_net_endpoint(r.node[0].net, 0)));
    ck_assert_int_eq(mdl_net_partner(r.node[1].net, 1, r.node[0].key.public, endpoint, NULL),
                     MDL_OK);
    both_up();
    exchange();
}
END_TEST

static bool has_ipv6_loopback(void)
{
    struct ifaddrs *all;
    bool found = false;
    ck_assert_int_eq(getifaddrs(&all), 0);
    for (const struct ifaddrs *i = all; i != NULL && !found; i = i->ifa_next) {
        struct sockaddr_in6 a;
        if (i->ifa_addr == NULL || i->ifa_addr->sa_family != AF_INET6)
            continue;
        memcpy(&a, i->ifa_addr, sizeof a);
        found = IN6_IS_ADDR_LOOPBACK(&a.sin6_addr);
    }
    freeifaddrs(all);
    return found;
}

START_TEST(ipv6)
{
    struct mdl_error err = {0};
    const char *six = "tcp://[::1]:0";
    struct mdl_net_config c = rig_config(&r.node[0].key);
    c.binds = &six;
    c.n_binds = 1;
    if (!has_ipv6_loopback()) {
        /* Then the node must say so. */
        ck_assert_int_eq(mdl_net_open(&c, &r.node[0].net, &err), MDL_U_ARGUMENT);
        printf("ipv6: this machine has no ::1; only the refusal was tested: %s\n", err.text);
        return;
    }
    rig_open_with(&r, 0, &c);
    ck_assert_int_eq(strncmp(mdl_net_endpoint(r.node[0].net, 0), "tcp://[::1]:", 12), 0);
    rig_open(&r, 1, NULL);
    rig_pin(&r, 0, 1, false);
    rig_pin(&r, 1, 0, true);
    both_up();
    exchange();
}
END_TEST

int main(void)
{
    Suite *s = suite_create("net-channel");
    TCase *t = tcase_create("channel");
    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, one_side_bound, 0, 2);
    tcase_add_test(t, both_sides_dial);
    tcase_add_test(t, order_is_kept_and_nothing_comes_twice);
    tcase_add_test(t, largest_message);
    tcase_add_test(t, what_cannot_be_sent);
    tcase_add_loop_test(t, a_full_queue_is_told_and_drains, 0, 2);
    tcase_add_loop_test(t, a_clean_end_is_seen_at_once, 0, 2);
    tcase_add_loop_test(t, silence_is_seen, 0, 2);
    tcase_add_test(t, our_own_pause_is_not_the_partners_silence);
    tcase_add_test(t, a_restarted_partner_comes_back);
    tcase_add_test(t, a_dialler_that_restarts_comes_back);
    tcase_add_test(t, losing_the_connection_in_use_is_told_as_down_and_up);
    tcase_add_test(t, three_nodes_are_told_apart);
    tcase_add_test(t, a_new_key_replaces_the_old_one);
    tcase_add_test(t, waiting_also_watches_the_callers_descriptors);
    tcase_add_test(t, a_partner_dialled_by_name);
    tcase_add_test(t, ipv6);
    return rig_run(s);
}
