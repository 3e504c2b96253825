/* NiceAgent behind a transport, with real sockets: what is its own. States, counts and bytes; no time is asserted.
 * Each kind of ICE against each other: test_agent_kinds.c. */
#include "tests/agent_pair.h"

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
        cmocka_unit_test(connects_by_tcp_on_request),
        cmocka_unit_test(candidates_may_come_before_credentials),
        cmocka_unit_test(wrong_arguments_are_errors),
    };
    return cmocka_run_group_tests_name("agent", tests, NULL, NULL);
}
