/* Bursts: what is sent between two turns of the loop, more than libnice is read at once or a connection has room for.
 * All of it arrives. */
#include "tests/agent_pair.h"
#include "tests/turn_server.h"

#include <sys/socket.h>

enum {
    /* Over a batch of the agent's, and what the smallest usual buffer of a socket holds (212,992 bytes). */
    UDP_BURST = 265,
    /* 228 KB: of these a connection with such a buffer takes a part only. */
    TCP_BURST = 1000,
    TCP_BUFFER = 16 * 1024,
    /* coturn's relays have the system's buffers, and lose what is more than some 270 packets. */
    RELAY_BURST = 100,
};

static unsigned sent; /* by each */

static bool arrived(const struct pair *pair)
{
    return pair->peer[0].packets == sent && pair->peer[1].packets == sent;
}

static void burst(struct pair *pair, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        send_one(&pair->peer[0]);
        send_one(&pair->peer[1]);
    }
    sent += n;
    run_until(pair, arrived);
}

/* How often there was no room. */
static uint64_t check(const struct pair *pair)
{
    struct strait_runtime_stats runtime = { .size = sizeof runtime };
    assert_int_equal(strait_runtime_stats(pair->runtime, &runtime), STRAIT_OK);
    assert_int_equal(runtime.send_errors, 0);
    for (int i = 0; i < 2; i++) {
        struct strait_agent_stats stats = { .size = sizeof stats };
        assert_int_equal(strait_agent_stats(pair->peer[i].transport, &stats), STRAIT_OK);
        assert_int_equal(stats.dropped_no_room, 0);
    }
    return runtime.send_would_block;
}

static void bursts(struct pair *pair, unsigned n)
{
    sent = 0;
    for (int i = 0; i < 5; i++) {
        burst(pair, n);
    }
    (void)check(pair);
}

static void shrink_connections(void)
{
    const int bytes = TCP_BUFFER;
    unsigned n = 0;
    for (int fd = 0; fd < 1024; fd++) {
        int type = 0, listens = 0;
        socklen_t len = sizeof type;
        if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_STREAM &&
            getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) == 0 && listens == 0) {
            assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes), 0);
            n++;
        }
    }
    assert_in_range(n, 2, 64);
}

static void over_sockets_of_their_own(void **state)
{
    struct pair pair;
    (void)state;
    start(&pair, AGENT, AGENT);
    run_until(&pair, writable);
    bursts(&pair, UDP_BURST);
    finish(&pair);
}

static void over_a_connection(void **state)
{
    static const char *const loopback[] = { "127.0.0.1" };
    struct pair pair = { 0 };
    (void)state;
    for (int i = 0; i < 2; i++) {
        pair.peer[i].config.ice_tcp = true;
        pair.peer[i].config.local.allow = loopback;
        pair.peer[i].config.local.n_allow = 1;
        pair.peer[i].tcp_only = true;
    }
    start_as_set(&pair);
    run_until(&pair, writable);
    shrink_connections();
    bursts(&pair, TCP_BURST);
    assert_true(check(&pair) > 0);
    finish(&pair);
}

static void relayed(const char *url)
{
    struct pair pair = { 0 };
    struct strait_ice_server server = { .url = url, .username = "ann", .credential = "secret" };
    for (int i = 0; i < 2; i++) {
        pair.peer[i].config.servers = &server;
        pair.peer[i].config.n_servers = 1;
        pair.peer[i].config.policy = STRAIT_ICE_RELAY;
    }
    start_as_set(&pair);
    run_until(&pair, writable);
    bursts(&pair, RELAY_BURST);
    finish(&pair);
}

static void over_relays(void **state)
{
    struct turn_server turn;
    (void)state;
    if (!turn_server_start(&turn, NULL, NULL)) {
        skip();
    }
    relayed(turn.udp);
    relayed(turn.tcp);
    turn_server_stop(&turn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(over_sockets_of_their_own),
        cmocka_unit_test(over_a_connection),
        cmocka_unit_test(over_relays),
    };
    return cmocka_run_group_tests_name("agent_burst", tests, NULL, NULL);
}
