/* NiceAgent behind a transport, over loopback with real sockets: against the shared port's lite and full ICE and
 * against itself. States, counts and bytes; no time is asserted. */
#include "tests/agent_pair.h"

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

static void connects_by_tcp_on_request(void **state)
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
    media_alternates(&pair);
    for (int i = 0; i < 2; i++) {
        struct strait_agent_stats stats = { .size = sizeof stats };
        assert_int_equal(strait_agent_stats(pair.peer[i].transport, &stats), STRAIT_OK);
        assert_true(stats.has_pair);
        assert_int_equal(stats.local.protocol, STRAIT_CANDIDATE_TCP);
        assert_int_equal(stats.remote.protocol, STRAIT_CANDIDATE_TCP);
        assert_int_not_equal(stats.local.tcp_type, STRAIT_TCP_NONE);
        assert_int_equal(stats.local_candidates, 3);
        assert_int_equal(stats.remote_candidates, 2);
    }
    finish(&pair);
}

static void candidates_may_come_before_credentials(void **state)
{
    struct pair pair = { 0 };
    struct strait_agent_stats stats = { .size = sizeof stats };
    (void)state;
    create_as_set(&pair);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(strait_agent_gather(pair.peer[i].transport), STRAIT_OK);
    }
    run_until(&pair, both_gathered);
    assert_int_equal(strait_agent_stats(pair.peer[0].transport, &stats), STRAIT_OK);
    assert_in_range(stats.remote_candidates, 1, 64);
    assert_false(stats.has_pair);
    assert_false(writable(&pair));
    /* Nothing comes after them. */
    pair.peer[0].deaf = pair.peer[1].deaf = true;
    signal_all(&pair, 0);
    signal_all(&pair, 1);
    run_until(&pair, writable);
    media_flow(&pair);
    finish(&pair);
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
        cmocka_unit_test(connects_by_tcp_on_request),
        cmocka_unit_test(candidates_may_come_before_credentials),
        cmocka_unit_test(may_be_destroyed_in_its_own_callback),
        cmocka_unit_test(may_be_destroyed_at_any_moment),
        cmocka_unit_test(wrong_arguments_are_errors),
    };
    return cmocka_run_group_tests_name("agent", tests, NULL, NULL);
}
