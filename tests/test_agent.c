/* NiceAgent behind a transport, over loopback with real sockets: against the shared port's lite and full ICE and
 * against itself. States, counts and bytes; no time is asserted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <strait/strait.h>

enum { PATIENCE_S = 60 };

enum kind { AGENT, LITE, FULL };

struct peer {
    enum kind kind;
    struct strait_endpoint *endpoint;
    struct strait_certificate *certificate;
    struct strait_transport *transport;
    struct peer *other;
    unsigned packets, data, gathered, states[STRAIT_ICE_CLOSED + 1];
    bool destroy_on_connect;
    uint16_t sequence;
};

struct pair {
    struct strait_runtime *runtime;
    struct peer peer[2];
};

/* --- Events --------------------------------------------------------------------------------------- */

static void on_ice(void *user, struct strait_transport *transport, enum strait_ice_state state)
{
    struct peer *peer = user;
    assert_ptr_equal(transport, peer->transport);
    peer->states[state]++;
}

static void on_dtls(void *user, struct strait_transport *transport, enum strait_dtls_state state)
{
    struct peer *peer = user;
    if (state == STRAIT_DTLS_CONNECTED && peer->destroy_on_connect) {
        strait_transport_destroy(transport);
        peer->transport = NULL;
    }
}

static void on_packets(void *user, struct strait_transport *transport,
                       struct strait_packet *packets, size_t n)
{
    struct peer *peer = user;
    (void)transport;
    (void)packets;
    peer->packets += (unsigned)n;
}

static void on_candidate(void *user, struct strait_transport *transport,
                         const struct strait_candidate *candidate)
{
    struct peer *peer = user;
    (void)transport;
    if (peer->other->transport != NULL) {
        int error = strait_transport_add_remote_candidate(peer->other->transport, candidate);
        assert_true(error == STRAIT_OK || error == STRAIT_E_UNSUPPORTED);
    }
}

static void on_gathered(void *user, struct strait_transport *transport)
{
    struct peer *peer = user;
    (void)transport;
    peer->gathered++;
    strait_transport_end_of_candidates(peer->other->transport);
}

/* --- Two peers -------------------------------------------------------------------------------------- */

static void create(struct pair *pair, int i)
{
    struct peer *peer = &pair->peer[i];
    struct strait_transport_config config = {
        .size = sizeof config,
        .user = peer,
        .ice_role = i == 0 ? STRAIT_ICE_CONTROLLING : STRAIT_ICE_CONTROLLED,
        .dtls_role = i == 0 ? STRAIT_DTLS_CLIENT : STRAIT_DTLS_SERVER,
        .events = { .size = sizeof config.events,
                    .ice_state = on_ice,
                    .dtls_state = on_dtls,
                    .packets = on_packets }
    };
    struct strait_agent_config agent = { .size = sizeof agent,
                                         .user = peer,
                                         .pacing = 5 * STRAIT_MS,
                                         .events = { .size = sizeof agent.events,
                                                     .candidate = on_candidate,
                                                     .gathered = on_gathered } };
    peer->other = &pair->peer[!i];
    assert_int_equal(strait_certificate_create(&peer->certificate, NULL), STRAIT_OK);
    assert_int_equal(
        strait_endpoint_create(&peer->endpoint, NULL, strait_runtime_now(pair->runtime)),
        STRAIT_OK);
    assert_int_equal(strait_runtime_add(pair->runtime, peer->endpoint), STRAIT_OK);
    config.certificate = peer->certificate;
    if (peer->kind == AGENT) {
        assert_int_equal(
            strait_agent_create(&peer->transport, pair->runtime, peer->endpoint, &config, &agent),
            STRAIT_OK);
        return;
    }
    config.ice = peer->kind == LITE ? STRAIT_ICE_LITE : STRAIT_ICE_FULL;
    struct sockaddr_in any = { .sin_family = AF_INET };
    assert_int_equal(strait_runtime_bind(pair->runtime, peer->endpoint, (struct sockaddr *)&any,
                                         sizeof any, NULL, NULL),
                     STRAIT_OK);
    assert_int_equal(strait_transport_create(&peer->transport, peer->endpoint, &config,
                                             strait_runtime_now(pair->runtime)),
                     STRAIT_OK);
}

static void signal_ice(const struct peer *from, const struct peer *to)
{
    struct strait_candidate candidates[32];
    assert_int_equal(
        strait_transport_set_remote_ice(to->transport, strait_transport_local_ice(from->transport)),
        STRAIT_OK);
    if (from->kind != AGENT) {
        size_t n = strait_endpoint_local_candidates(from->endpoint, candidates, 32);
        for (size_t i = 0; i < n && i < 32; i++) {
            int error = strait_transport_add_remote_candidate(to->transport, &candidates[i]);
            assert_true(error == STRAIT_OK || error == STRAIT_E_UNSUPPORTED);
        }
        strait_transport_end_of_candidates(to->transport);
    }
}

static void signal_all(struct pair *pair, int i)
{
    struct peer *from = &pair->peer[i], *to = from->other;
    struct strait_dtls_parameters dtls = { .role = i == 0 ? STRAIT_DTLS_CLIENT : STRAIT_DTLS_SERVER,
                                           .n_fingerprints = 1 };
    strait_certificate_fingerprint(from->certificate, STRAIT_HASH_SHA256, &dtls.fingerprints[0]);
    signal_ice(from, to);
    assert_int_equal(strait_transport_set_remote_dtls(to->transport, &dtls), STRAIT_OK);
}

static void start(struct pair *pair, enum kind a, enum kind b)
{
    memset(pair, 0, sizeof *pair);
    pair->peer[0].kind = a;
    pair->peer[1].kind = b;
    assert_int_equal(strait_runtime_create(&pair->runtime, NULL), STRAIT_OK);
    create(pair, 0);
    create(pair, 1);
    signal_all(pair, 0);
    signal_all(pair, 1);
    for (int i = 0; i < 2; i++) {
        if (pair->peer[i].kind == AGENT) {
            assert_int_equal(strait_agent_gather(pair->peer[i].transport), STRAIT_OK);
            assert_int_equal(strait_agent_gather(pair->peer[i].transport), STRAIT_E_STATE);
        }
    }
}

static void finish(struct pair *pair)
{
    strait_runtime_destroy(pair->runtime);
    for (int i = 0; i < 2; i++) {
        strait_endpoint_destroy(pair->peer[i].endpoint);
        strait_certificate_unref(pair->peer[i].certificate);
    }
}

static bool writable(const struct pair *pair)
{
    return strait_transport_writable(pair->peer[0].transport) &&
           strait_transport_writable(pair->peer[1].transport);
}

static void run_until(struct pair *pair, bool (*done)(const struct pair *pair))
{
    strait_time end = strait_runtime_now(pair->runtime) + PATIENCE_S * STRAIT_S;
    while (!done(pair)) {
        assert_true(strait_runtime_now(pair->runtime) < end);
        assert_int_equal(strait_runtime_wait(pair->runtime, 20 * STRAIT_MS), STRAIT_OK);
    }
}

static void send_one(struct peer *peer)
{
    uint8_t rtp[200] = { 0x80, 111, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7 };
    peer->sequence++;
    rtp[2] = (uint8_t)(peer->sequence >> 8);
    rtp[3] = (uint8_t)peer->sequence;
    struct strait_packet packet = { .data = rtp, .len = sizeof rtp };
    assert_int_equal(strait_transport_send(peer->transport, &packet, 1), 1);
}

static bool all_arrived(const struct pair *pair)
{
    return pair->peer[0].packets == pair->peer[1].sequence &&
           pair->peer[1].packets == pair->peer[0].sequence;
}

static void media_flow(struct pair *pair)
{
    for (int i = 0; i < 200; i++) {
        send_one(&pair->peer[0]);
        send_one(&pair->peer[1]);
        if (i % 20 == 0) {
            strait_runtime_dispatch(pair->runtime);
        }
    }
    run_until(pair, all_arrived);
}

/* --- Cases ------------------------------------------------------------------------------------------- */

static void check_connects(enum kind a, enum kind b)
{
    struct pair pair;
    start(&pair, a, b);
    run_until(&pair, writable);
    media_flow(&pair);
    for (int i = 0; i < 2; i++) {
        struct peer *peer = &pair.peer[i];
        assert_int_equal(peer->states[STRAIT_ICE_FAILED], 0);
        assert_int_equal(peer->gathered, peer->kind == AGENT ? 1 : 0);
        if (peer->kind == AGENT) {
            struct strait_candidate candidates[64];
            size_t n = strait_agent_local_candidates(peer->transport, candidates, 64);
            assert_in_range(n, 1, 64);
            assert_int_equal(candidates[0].type, STRAIT_CANDIDATE_HOST);
        }
    }
    finish(&pair);
}

static void connects_to_lite(void **state)
{
    (void)state;
    check_connects(AGENT, LITE);
}

static void connects_to_full_on_the_shared_port(void **state)
{
    (void)state;
    check_connects(AGENT, FULL);
    check_connects(FULL, AGENT);
}

static void connects_to_another_agent(void **state)
{
    (void)state;
    check_connects(AGENT, AGENT);
}

static bool restarted(const struct pair *pair)
{
    return all_arrived(pair) && pair->peer[0].states[STRAIT_ICE_COMPLETED] >= 2;
}

static void loses_nothing_by_a_restart(void **state)
{
    struct pair pair;
    (void)state;
    for (int first = 0; first < 2; first++) {
        start(&pair, AGENT, AGENT);
        run_until(&pair, writable);
        media_flow(&pair);
        for (int i = 0; i < 2; i++) {
            struct peer *peer = &pair.peer[i == 0 ? first : !first];
            assert_int_equal(strait_transport_restart_ice(peer->transport, NULL, NULL), STRAIT_OK);
            media_flow(&pair);
            signal_ice(peer, peer->other);
            struct strait_candidate candidates[64];
            size_t n = strait_agent_local_candidates(peer->transport, candidates, 64);
            for (size_t k = 0; k < n; k++) {
                strait_transport_add_remote_candidate(peer->other->transport, &candidates[k]);
            }
            media_flow(&pair);
        }
        run_until(&pair, restarted);
        media_flow(&pair);
        finish(&pair);
    }
}

static bool one_gone(const struct pair *pair)
{
    return pair->peer[0].transport == NULL;
}

static void may_be_destroyed_in_its_own_callback(void **state)
{
    struct pair pair;
    (void)state;
    start(&pair, AGENT, AGENT);
    pair.peer[0].destroy_on_connect = true;
    run_until(&pair, one_gone);
    strait_runtime_wait(pair.runtime, 50 * STRAIT_MS);
    finish(&pair);
}

static void may_be_destroyed_at_any_moment(void **state)
{
    (void)state;
    for (int i = 0; i < 30; i++) {
        struct pair pair;
        start(&pair, AGENT, i % 2 == 0 ? AGENT : LITE);
        for (int k = 0; k < i; k++) {
            strait_runtime_wait(pair.runtime, 3 * STRAIT_MS);
        }
        if (i % 3 == 0) {
            strait_transport_destroy(pair.peer[0].transport);
            pair.peer[0].transport = NULL;
            strait_runtime_wait(pair.runtime, 3 * STRAIT_MS);
        }
        if (i % 3 == 1) {
            strait_runtime_remove(pair.runtime, pair.peer[0].endpoint);
            strait_runtime_wait(pair.runtime, 3 * STRAIT_MS);
        }
        finish(&pair);
    }
}

static void wrong_arguments_are_errors(void **state)
{
    struct strait_runtime *runtime;
    struct strait_endpoint *endpoint;
    struct strait_transport *transport;
    struct strait_transport_config config = { .size = sizeof config };
    struct strait_agent_config agent = { .size = sizeof agent };
    (void)state;
    assert_int_equal(strait_runtime_create(&runtime, NULL), STRAIT_OK);
    assert_int_equal(strait_certificate_create(&config.certificate, NULL), STRAIT_OK);
    assert_int_equal(strait_endpoint_create(&endpoint, NULL, 0), STRAIT_OK);
    assert_int_equal(strait_agent_create(&transport, runtime, endpoint, &config, &agent),
                     STRAIT_E_NOT_FOUND);
    assert_null(transport);
    assert_int_equal(strait_runtime_add(runtime, endpoint), STRAIT_OK);
    agent.port_min = 7;
    assert_int_equal(strait_agent_create(&transport, runtime, endpoint, &config, &agent),
                     STRAIT_E_INVALID);
    agent.port_min = 0;
    agent.pacing = STRAIT_MS;
    assert_int_equal(strait_agent_create(&transport, runtime, endpoint, &config, &agent),
                     STRAIT_E_INVALID);
    assert_int_equal(strait_agent_create(NULL, runtime, endpoint, &config, NULL), STRAIT_E_INVALID);
    assert_int_equal(strait_agent_create(&transport, runtime, endpoint, NULL, NULL),
                     STRAIT_E_INVALID);
    assert_int_equal(strait_agent_gather(NULL), STRAIT_E_INVALID);
    config.ice = STRAIT_ICE_LITE;
    assert_int_equal(strait_transport_create(&transport, endpoint, &config, 0), STRAIT_OK);
    assert_int_equal(strait_agent_gather(transport), STRAIT_E_INVALID);
    strait_runtime_destroy(runtime);
    strait_endpoint_destroy(endpoint);
    strait_certificate_unref(config.certificate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connects_to_lite),
        cmocka_unit_test(connects_to_full_on_the_shared_port),
        cmocka_unit_test(connects_to_another_agent),
        cmocka_unit_test(loses_nothing_by_a_restart),
        cmocka_unit_test(may_be_destroyed_in_its_own_callback),
        cmocka_unit_test(may_be_destroyed_at_any_moment),
        cmocka_unit_test(wrong_arguments_are_errors),
    };
    return cmocka_run_group_tests_name("agent", tests, NULL, NULL);
}
