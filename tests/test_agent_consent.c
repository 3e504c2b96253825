/* Consent (RFC 7675) of an agent, with a time-out of 1.2 s instead of 30: what is told of silence, and that after it
 * not a datagram leaves. The peer's network is cut by a filter on its sockets. */
#include "tests/agent_pair.h"

#include <linux/filter.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>

#include "ice/agent/agent.h"
#include "transport/transport.h"

/* Consent checks come every 200 ms then, and disconnected after 300. */
static const strait_time TIMEOUT = 1200 * STRAIT_MS;

static const struct strait__agent *agent_of(const struct peer *peer)
{
    return strait__agents_of(peer->transport)->current;
}

/* Of the pair that is open: libnice keeps them when ICE has failed. */
static int sockets[2];

/* Nothing more comes out of the peer's socket: what is sent to it is dropped, and counted, in the kernel. */
static void cut(int i)
{
    struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
    struct sock_fprog program = { .len = 1, .filter = &drop };
    assert_int_equal(setsockopt(sockets[i], SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program),
                     0);
}

static void mend(int i)
{
    int none = 0;
    assert_int_equal(setsockopt(sockets[i], SOL_SOCKET, SO_DETACH_FILTER, &none, sizeof none), 0);
}

static uint32_t dropped_by_kernel(int i)
{
    uint32_t info[SK_MEMINFO_VARS] = { 0 };
    socklen_t len = sizeof info;
    assert_int_equal(getsockopt(sockets[i], SOL_SOCKET, SO_MEMINFO, info, &len), 0);
    return info[SK_MEMINFO_DROPS];
}

static void cut_both(void)
{
    cut(0);
    cut(1);
}

static void mend_both(void)
{
    mend(0);
    mend(1);
}

static enum strait_ice_state state_of(const struct pair *pair, int i)
{
    return strait_transport_ice_state(pair->peer[i].transport);
}

static bool both_completed(const struct pair *pair)
{
    return state_of(pair, 0) == STRAIT_ICE_COMPLETED && state_of(pair, 1) == STRAIT_ICE_COMPLETED;
}

static void open_pair(struct pair *pair, bool tcp)
{
    pair->family = AF_INET;
    for (int i = 0; i < 2; i++) {
        if (pair->peer[i].consent_timeout == 0) {
            pair->peer[i].consent_timeout = TIMEOUT;
        }
        pair->peer[i].config.ice_tcp = pair->peer[i].tcp_only = tcp;
    }
    start_as_set(pair);
    run_until(pair, writable);
    if (tcp) {
        media_alternates(pair);
    } else {
        media_flow(pair);
    }
    run_until(pair, both_completed);
    for (int i = 0; i < 2; i++) {
        sockets[i] = agent_of(&pair->peer[i])->fd;
        assert_int_equal(sockets[i] < 0, tcp);
    }
}

static bool both_disconnected(const struct pair *pair)
{
    return state_of(pair, 0) == STRAIT_ICE_DISCONNECTED &&
           state_of(pair, 1) == STRAIT_ICE_DISCONNECTED;
}

static bool both_failed(const struct pair *pair)
{
    return state_of(pair, 0) == STRAIT_ICE_FAILED && state_of(pair, 1) == STRAIT_ICE_FAILED;
}

static struct strait_transport_stats stats_of(const struct peer *peer)
{
    struct strait_transport_stats stats = { .size = sizeof stats };
    assert_int_equal(strait_transport_stats(peer->transport, &stats), STRAIT_OK);
    return stats;
}

/* Keeps both busy. What cannot be sent is refused. */
static void talk(struct pair *pair, strait_time time)
{
    strait_time end = strait_runtime_now(pair->runtime) + time;
    while (strait_runtime_now(pair->runtime) < end) {
        for (int i = 0; i < 2; i++) {
            uint8_t rtp[60] = { 0x80, 111, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9 };
            uint16_t sequence = ++pair->peer[i].sequence;
            rtp[2] = (uint8_t)(sequence >> 8);
            rtp[3] = (uint8_t)sequence;
            struct strait_packet packet = { .data = rtp, .len = sizeof rtp };
            (void)strait_transport_send(pair->peer[i].transport, &packet, 1);
        }
        assert_int_equal(strait_runtime_wait(pair->runtime, 5 * STRAIT_MS), STRAIT_OK);
    }
}

static void silence_is_told_and_its_end(void **state)
{
    struct pair pair = { 0 };
    (void)state;
    open_pair(&pair, false);
    for (unsigned round = 1; round <= 2; round++) {
        cut_both();
        run_until(&pair, both_disconnected);
        assert_true(strait_transport_writable(pair.peer[0].transport)); /* consent still holds */
        mend_both();
        run_until(&pair, both_completed);
        media_flow(&pair);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(pair.peer[i].states[STRAIT_ICE_DISCONNECTED], round);
            assert_int_equal(pair.peer[i].states[STRAIT_ICE_FAILED], 0);
        }
    }
    finish(&pair);
}

/* Only answers are consent: media that comes, and checks of the peer's, are none. */
static void half_a_path_is_none(void **state)
{
    struct pair pair = { 0 };
    (void)state;
    open_pair(&pair, false);
    cut(1);
    while (state_of(&pair, 0) != STRAIT_ICE_FAILED) {
        talk(&pair, 20 * STRAIT_MS);
    }
    assert_int_equal(pair.peer[0].states[STRAIT_ICE_DISCONNECTED], 1);
    assert_false(strait_transport_writable(pair.peer[0].transport));
    finish(&pair);
}

static void not_a_datagram_leaves_afterwards(void **state)
{
    struct pair pair = { 0 };
    struct strait_transport_stats before[2];
    uint32_t dropped[2];
    (void)state;
    open_pair(&pair, false);
    cut_both();
    while (!both_failed(&pair)) {
        talk(&pair, 20 * STRAIT_MS);
    }
    for (int i = 0; i < 2; i++) {
        before[i] = stats_of(&pair.peer[i]);
        dropped[i] = dropped_by_kernel(i);
        assert_true(dropped[i] > 20);
    }
    talk(&pair, 2 * TIMEOUT);
    for (int i = 0; i < 2; i++) {
        struct strait_transport_stats after = stats_of(&pair.peer[i]);
        assert_int_equal(dropped_by_kernel(i), dropped[i]);
        assert_int_equal(after.packets_sent, before[i].packets_sent);
        assert_int_equal(after.bytes_sent, before[i].bytes_sent);
        assert_true(after.dropped_no_path > before[i].dropped_no_path);
        assert_int_equal(pair.peer[i].states[STRAIT_ICE_DISCONNECTED], 1);
        assert_int_equal(pair.peer[i].states[STRAIT_ICE_FAILED], 1);
        assert_non_null(
            strstr(strait_transport_error_detail(pair.peer[i].transport), "ICE restart"));
    }
    finish(&pair);
}

/* Checks that come then are not answered, or the peer would take it that it may go on. */
static void who_has_failed_is_silent(void **state)
{
    struct pair pair = { 0 };
    (void)state;
    pair.peer[1].consent_timeout = 3 * TIMEOUT;
    open_pair(&pair, false);
    cut(1);
    while (state_of(&pair, 0) != STRAIT_ICE_FAILED) {
        talk(&pair, 20 * STRAIT_MS);
    }
    assert_int_not_equal(state_of(&pair, 1), STRAIT_ICE_FAILED);
    uint32_t dropped = dropped_by_kernel(1);
    while (state_of(&pair, 1) != STRAIT_ICE_FAILED) {
        talk(&pair, 20 * STRAIT_MS);
    }
    assert_int_equal(dropped_by_kernel(1), dropped);
    finish(&pair);
}

static void restart_both(struct pair *pair)
{
    for (int i = 0; i < 2; i++) {
        assert_int_equal(strait_transport_restart_ice(pair->peer[i].transport, NULL, NULL),
                         STRAIT_OK);
    }
    for (int i = 0; i < 2; i++) {
        signal_ice(&pair->peer[i], &pair->peer[!i]);
    }
    for (int i = 0; i < 2; i++) {
        signal_candidates(&pair->peer[i]);
    }
}

static void a_restart_brings_it_back(void **state)
{
    struct pair pair = { 0 };
    (void)state;
    open_pair(&pair, false);
    cut_both();
    run_until(&pair, both_failed);
    mend_both();
    talk(&pair, TIMEOUT);
    assert_true(both_failed(&pair)); /* by itself nothing comes back */
    restart_both(&pair);
    run_until(&pair, writable);
    run_until(&pair, both_completed);
    for (int i = 0; i < 2; i++) {
        pair.peer[i].packets = pair.peer[!i].sequence;
    }
    media_flow(&pair);
    finish(&pair);
}

static bool both_lost(const struct pair *pair)
{
    return strait_transport_path(pair->peer[0].transport) == NULL &&
           strait_transport_path(pair->peer[1].transport) == NULL;
}

/* Of the one whose restart it is the answer is still to come, the other's checks are under way. */
static void a_restart_outlives_the_old_path(void **state)
{
    struct pair pair = { 0 };
    (void)state;
    open_pair(&pair, false);
    struct peer *offers = &pair.peer[0], *answers = &pair.peer[1];
    cut_both();
    assert_int_equal(strait_transport_restart_ice(offers->transport, NULL, NULL), STRAIT_OK);
    signal_ice(offers, answers);
    signal_candidates(offers);
    run_until(&pair, both_lost);
    uint64_t sent[2];
    for (int i = 0; i < 2; i++) {
        assert_int_equal(state_of(&pair, i), STRAIT_ICE_CHECKING);
        sent[i] = stats_of(&pair.peer[i]).packets_sent;
    }
    talk(&pair, TIMEOUT / 4);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(stats_of(&pair.peer[i]).packets_sent, sent[i]);
    }
    mend_both();
    assert_int_equal(strait_transport_restart_ice(answers->transport, NULL, NULL), STRAIT_OK);
    signal_ice(answers, offers);
    signal_candidates(answers);
    run_until(&pair, writable);
    run_until(&pair, both_completed);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pair.peer[i].states[STRAIT_ICE_FAILED], 0);
        pair.peer[i].packets = pair.peer[!i].sequence;
    }
    media_flow(&pair);
    finish(&pair);
}

/* Through libnice, where there is no socket to send to directly: the peer is no longer there. */
static void the_gate_holds_for_tcp(void **state)
{
    struct pair pair = { 0 };
    (void)state;
    open_pair(&pair, true);
    strait_runtime_remove(pair.runtime, pair.peer[1].endpoint);
    while (state_of(&pair, 0) != STRAIT_ICE_FAILED) {
        talk(&pair, 20 * STRAIT_MS);
    }
    struct strait_transport_stats before = stats_of(&pair.peer[0]);
    talk(&pair, TIMEOUT);
    struct strait_transport_stats after = stats_of(&pair.peer[0]);
    assert_int_equal(after.packets_sent, before.packets_sent);
    assert_int_equal(pair.peer[0].states[STRAIT_ICE_DISCONNECTED], 1);
    finish(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silence_is_told_and_its_end),
        cmocka_unit_test(half_a_path_is_none),
        cmocka_unit_test(not_a_datagram_leaves_afterwards),
        cmocka_unit_test(who_has_failed_is_silent),
        cmocka_unit_test(a_restart_brings_it_back),
        cmocka_unit_test(a_restart_outlives_the_old_path),
        cmocka_unit_test(the_gate_holds_for_tcp),
    };
    return cmocka_run_group_tests_name("agent_consent", tests, NULL, NULL);
}
