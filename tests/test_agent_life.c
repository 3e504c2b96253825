/* What happens to an agent in the middle of media, over loopback with real sockets: gathering anew, restarts from both
 * sides, failure and return. Of what either sends not one packet is lost. */
#include "tests/agent_pair.h"
#include "tests/turn_server.h"

#include <fcntl.h>
#include <netinet/in.h>

/* --- Steps ---------------------------------------------------------------------------------------- */

enum { LINGERING_MS = 3000, PATIENCE_S = 30 };

static unsigned goal; /* how often both are to be completed */

static bool completed(const struct pair *pair)
{
    return pair->peer[0].states[STRAIT_ICE_COMPLETED] >= goal &&
           pair->peer[1].states[STRAIT_ICE_COMPLETED] >= goal;
}

/* Media both ways all the time. */
static void send_both(struct pair *pair)
{
    strait_time next = strait_runtime_now(pair->runtime) + 2 * STRAIT_MS;
    send_one(&pair->peer[0]);
    send_one(&pair->peer[1]);
    for (strait_time now = 0; now < next; now = strait_runtime_now(pair->runtime)) {
        assert_int_equal(strait_runtime_wait(pair->runtime, STRAIT_MS), STRAIT_OK);
    }
}

static void stream_until(struct pair *pair, bool (*done)(const struct pair *pair))
{
    strait_time end = strait_runtime_now(pair->runtime) + PATIENCE_S * STRAIT_S;
    while (!done(pair)) {
        assert_true(strait_runtime_now(pair->runtime) < end);
        send_both(pair);
    }
}

static void stream_for(struct pair *pair, unsigned ms)
{
    strait_time end = strait_runtime_now(pair->runtime) + ms * STRAIT_MS;
    while (strait_runtime_now(pair->runtime) < end) {
        send_both(pair);
    }
}

static void start_media(struct pair *pair, enum kind kind, enum kind other)
{
    goal = 1;
    start(pair, kind, other);
    run_until(pair, writable);
    stream_until(pair, completed);
}

static void end_media(struct pair *pair)
{
    run_until(pair, all_arrived);
    finish(pair);
}

static void tell_new(const struct peer *from)
{
    signal_ice(from, from->other);
    if (from->kind == AGENT) {
        signal_candidates(from);
    }
}

/* Offer and answer. */
static void negotiate(struct pair *pair, const struct peer *from)
{
    goal = pair->peer[0].states[STRAIT_ICE_COMPLETED] + 1;
    tell_new(from);
    assert_int_equal(strait_transport_restart_ice(from->other->transport, NULL, NULL), STRAIT_OK);
    tell_new(from->other);
}

static uint16_t local_port(const struct peer *peer)
{
    const struct strait_path *path = strait_transport_path(peer->transport);
    assert_non_null(path);
    return path->local.ss_family == AF_INET6
               ? ((const struct sockaddr_in6 *)(const void *)&path->local)->sin6_port
               : ((const struct sockaddr_in *)(const void *)&path->local)->sin_port;
}

static unsigned open_descriptors(void)
{
    unsigned n = 0;
    for (int fd = 0; fd < 1024; fd++) {
        n += fcntl(fd, F_GETFD) >= 0;
    }
    return n;
}

/* --- Gathering anew --------------------------------------------------------------------------------- */

static void regather(const struct peer *peer)
{
    assert_int_equal(strait_agent_regather(peer->transport), STRAIT_OK);
}

static void gathers_anew(enum kind other, unsigned times)
{
    struct pair pair;
    start_media(&pair, AGENT, other);
    struct peer *peer = &pair.peer[0];
    unsigned before = open_descriptors();
    for (unsigned i = 0; i < times; i++) {
        uint16_t port = local_port(peer);
        char ufrag[STRAIT_UFRAG_MAX + 1];
        memcpy(ufrag, strait_transport_local_ice(peer->transport)->ufrag, sizeof ufrag);
        regather(peer);
        assert_string_not_equal(strait_transport_local_ice(peer->transport)->ufrag, ufrag);
        stream_for(&pair, 30);
        assert_int_equal(local_port(peer), port);
        negotiate(&pair, peer);
        stream_until(&pair, completed);
        assert_int_not_equal(local_port(peer), port);
        assert_int_equal(peer->gathered, 2 + i);
    }
    stream_for(&pair, LINGERING_MS + 200);
    assert_int_equal(open_descriptors(), before);
    assert_int_equal(peer->states[STRAIT_ICE_DISCONNECTED], 0);
    assert_int_equal(peer->states[STRAIT_ICE_FAILED], 0);
    end_media(&pair);
}

static void gathers_anew_towards_an_agent(void **state)
{
    (void)state;
    gathers_anew(AGENT, 2);
}

static void gathers_anew_towards_the_shared_port(void **state)
{
    (void)state;
    gathers_anew(LITE, 1);
    gathers_anew(FULL, 1);
}

static void gathers_anew_over_relays(void **state)
{
    struct turn_server turn;
    (void)state;
    if (!turn_server_start(&turn, NULL, NULL)) {
        skip();
    }
    const char *const urls[] = { turn.udp, turn.tcp };
    for (int i = 0; i < 2; i++) {
        struct pair pair = { 0 };
        struct strait_ice_server server = { .url = urls[i],
                                            .username = "ann",
                                            .credential = "secret" };
        for (int k = 0; k < 2; k++) {
            pair.peer[k].config.servers = &server;
            pair.peer[k].config.n_servers = 1;
            pair.peer[k].config.policy = STRAIT_ICE_RELAY;
        }
        goal = 1;
        start_as_set(&pair);
        run_until(&pair, writable);
        run_until(&pair, both_gathered);
        stream_until(&pair, completed);
        /* The URL was borrowed. */
        memset(&server, 0, sizeof server);
        regather(&pair.peer[0]);
        stream_for(&pair, 100);
        negotiate(&pair, &pair.peer[0]);
        stream_until(&pair, completed);
        stream_for(&pair, LINGERING_MS + 200);
        assert_int_equal(pair.peer[0].gathered, 2);
        end_media(&pair);
    }
    turn_server_stop(&turn);
}

static void the_last_of_several_counts(void **state)
{
    struct pair pair;
    (void)state;
    start_media(&pair, AGENT, AGENT);
    unsigned before = open_descriptors();
    for (int i = 0; i < 3; i++) {
        regather(&pair.peer[0]);
        regather(&pair.peer[0]);
        negotiate(&pair, &pair.peer[0]);
        /* In the middle of the checks. */
        for (int k = 0; k < 4 * i; k++) {
            send_both(&pair);
        }
        regather(&pair.peer[0]);
        negotiate(&pair, &pair.peer[0]);
        stream_until(&pair, completed);
    }
    stream_for(&pair, LINGERING_MS + 200);
    assert_int_equal(open_descriptors(), before);
    end_media(&pair);
}

static bool both_gathered_anew(const struct pair *pair)
{
    return pair->peer[0].gathered == 2 && pair->peer[1].gathered == 1;
}

static void candidates_may_overtake_the_new_credentials(void **state)
{
    struct pair pair;
    (void)state;
    start_media(&pair, AGENT, AGENT);
    regather(&pair.peer[0]);
    stream_until(&pair, both_gathered_anew);
    assert_int_equal(strait_transport_restart_ice(pair.peer[1].transport, NULL, NULL), STRAIT_OK);
    signal_ice(&pair.peer[0], &pair.peer[1]);
    /* The other end gives its own ones again: after their end, and before the credentials that they are for. */
    signal_candidates(&pair.peer[1]);
    signal_ice(&pair.peer[1], &pair.peer[0]);
    goal = pair.peer[0].states[STRAIT_ICE_COMPLETED] + 1;
    stream_until(&pair, completed);
    end_media(&pair);
}

/* --- Both at once ------------------------------------------------------------------------------------- */

static void renew(const struct peer *peer)
{
    assert_int_equal(strait_transport_restart_ice(peer->transport, NULL, NULL), STRAIT_OK);
}

/* Each begins before it hears of the other. */
static void cross(struct pair *pair, void (*first)(const struct peer *),
                  void (*second)(const struct peer *))
{
    goal = pair->peer[0].states[STRAIT_ICE_COMPLETED] + 1;
    goal = pair->peer[1].states[STRAIT_ICE_COMPLETED] >= goal
               ? pair->peer[1].states[STRAIT_ICE_COMPLETED] + 1
               : goal;
    first(&pair->peer[0]);
    second(&pair->peer[1]);
    stream_for(pair, 10);
    tell_new(&pair->peer[0]);
    tell_new(&pair->peer[1]);
    stream_until(pair, completed);
}

static void restarts_may_cross(void **state)
{
    struct pair pair;
    (void)state;
    start_media(&pair, AGENT, AGENT);
    cross(&pair, renew, renew);
    cross(&pair, regather, renew);
    cross(&pair, renew, regather);
    cross(&pair, regather, regather);
    end_media(&pair);
}

static void gathering_anew_answers_a_restart(void **state)
{
    struct pair pair;
    (void)state;
    start_media(&pair, AGENT, AGENT);
    uint16_t port = local_port(&pair.peer[0]);
    goal = pair.peer[0].states[STRAIT_ICE_COMPLETED] + 1;
    renew(&pair.peer[1]);
    tell_new(&pair.peer[1]);
    stream_for(&pair, 10);
    regather(&pair.peer[0]);
    tell_new(&pair.peer[0]);
    stream_until(&pair, completed);
    assert_int_not_equal(local_port(&pair.peer[0]), port);
    end_media(&pair);
}

/* --- Nomination and trickle ------------------------------------------------------------------------------ */

/* Media, a restart by each, media. */
static void go_on(struct pair *pair)
{
    goal = 1;
    run_until(pair, writable);
    stream_until(pair, completed);
    for (int i = 0; i < 2; i++) {
        renew(&pair->peer[i]);
        stream_for(pair, 20);
        negotiate(pair, &pair->peer[i]);
        stream_until(pair, completed);
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pair->peer[i].states[STRAIT_ICE_DISCONNECTED], 0);
        assert_int_equal(pair->peer[i].states[STRAIT_ICE_FAILED], 0);
    }
    end_media(pair);
}

static void nominates_aggressively(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct pair pair = { 0 };
        pair.peer[0].config.aggressive = true;
        pair.peer[1].config.aggressive = i == 0;
        pair.peer[1].kind = i == 0 ? AGENT : LITE;
        start_as_set(&pair);
        go_on(&pair);
    }
}

static bool first_gathered(const struct pair *pair)
{
    return pair->peer[0].gathered == 1;
}

/* RFC 8838, 3: a whole generation from the one, and the other's one by one. */
static void offers_all_candidates_at_once(void **state)
{
    struct pair pair = { 0 };
    (void)state;
    pair.peer[0].deaf = true;
    create_as_set(&pair);
    assert_int_equal(strait_agent_gather(pair.peer[0].transport), STRAIT_OK);
    run_until(&pair, first_gathered);
    signal_all(&pair, 0);
    signal_candidates(&pair.peer[0]);
    assert_int_equal(strait_transport_end_of_candidates(pair.peer[1].transport), STRAIT_OK);
    assert_int_equal(strait_agent_gather(pair.peer[1].transport), STRAIT_OK);
    signal_all(&pair, 1);
    go_on(&pair);
}

/* --- Ends ----------------------------------------------------------------------------------------------- */

static void may_be_destroyed_while_it_gathers_anew(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 24; i++) {
        struct pair pair;
        start(&pair, AGENT, i % 2 == 0 ? AGENT : LITE);
        run_until(&pair, writable);
        regather(&pair.peer[0]);
        if (i % 3 != 0) {
            negotiate(&pair, &pair.peer[0]);
        }
        for (unsigned k = 0; k < i; k++) {
            strait_runtime_wait(pair.runtime, 3 * STRAIT_MS);
        }
        if (i % 4 == 0) {
            strait_transport_destroy(pair.peer[0].transport);
            pair.peer[0].transport = NULL;
            strait_runtime_wait(pair.runtime, 3 * STRAIT_MS);
        }
        if (i % 4 == 1) {
            strait_runtime_remove(pair.runtime, pair.peer[0].endpoint);
            assert_int_equal(strait_agent_regather(pair.peer[0].transport), STRAIT_E_STATE);
        }
        finish(&pair);
    }
}

static void is_its_runtimes_threads_own(void **state)
{
    struct pair pair;
    struct strait_transport *another;
    struct strait_transport_config config = { .size = sizeof config };
    (void)state;
    start_media(&pair, AGENT, LITE);
    config.certificate = pair.peer[0].certificate;
    assert_int_equal(strait_runtime_start(pair.runtime), STRAIT_OK);
    assert_int_equal(
        strait_agent_create(&another, pair.runtime, pair.peer[0].endpoint, &config, NULL),
        STRAIT_E_STATE);
    assert_null(another);
    assert_int_equal(strait_agent_gather(pair.peer[0].transport), STRAIT_E_STATE);
    assert_int_equal(strait_agent_regather(pair.peer[0].transport), STRAIT_E_STATE);
    assert_int_equal(strait_runtime_stop(pair.runtime), STRAIT_OK);
    assert_int_equal(strait_agent_regather(pair.peer[0].transport), STRAIT_OK);
    end_media(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gathers_anew_towards_an_agent),
        cmocka_unit_test(gathers_anew_towards_the_shared_port),
        cmocka_unit_test(gathers_anew_over_relays),
        cmocka_unit_test(the_last_of_several_counts),
        cmocka_unit_test(candidates_may_overtake_the_new_credentials),
        cmocka_unit_test(restarts_may_cross),
        cmocka_unit_test(gathering_anew_answers_a_restart),
        cmocka_unit_test(nominates_aggressively),
        cmocka_unit_test(offers_all_candidates_at_once),
        cmocka_unit_test(is_its_runtimes_threads_own),
        cmocka_unit_test(may_be_destroyed_while_it_gathers_anew),
    };
    return cmocka_run_group_tests_name("agent_life", tests, NULL, NULL);
}
