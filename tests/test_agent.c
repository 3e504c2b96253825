/* NiceAgent behind a transport, with real sockets: what is its own. States, counts and bytes; no time is asserted.
 * Each kind of ICE against each other: test_agent_kinds.c. */
#include <netinet/in.h>
#include <unistd.h>

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

static void ports_are_of_the_range(void **state)
{
    struct pair pair = { 0 };
    struct strait_candidate candidates[64];
    (void)state;
    for (int i = 0; i < 2; i++) {
        pair.peer[i].config.port_min = 42000;
        pair.peer[i].config.port_max = 42200;
    }
    start_as_set(&pair);
    run_until(&pair, writable);
    for (int i = 0; i < 2; i++) {
        size_t n = strait_agent_local_candidates(pair.peer[i].transport, candidates, 64);
        assert_in_range(n, 1, 64);
        for (size_t k = 0; k < n; k++) {
            assert_in_range(candidates[k].port, 42000, 42200);
        }
    }
    media_flow(&pair);
    finish(&pair);
}

/* Another one has its only port, on each address. */
static void a_range_that_is_used_up_is_an_error(void **state)
{
    struct pair pair = { 0 };
    struct sockaddr_in6 any = { .sin6_family = AF_INET6 };
    socklen_t len = sizeof any;
    int fd = socket(AF_INET6, SOCK_DGRAM, 0);
    (void)state;
    assert_int_equal(bind(fd, (struct sockaddr *)&any, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&any, &len), 0);
    pair.peer[0].config.port_min = pair.peer[0].config.port_max = ntohs(any.sin6_port);
    create_as_set(&pair);
    assert_int_equal(strait_agent_gather(pair.peer[0].transport), STRAIT_E_SYSTEM);
    close(fd);
    assert_int_equal(strait_agent_gather(pair.peer[0].transport), STRAIT_OK);
    finish(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connects_by_tcp_on_request),
        cmocka_unit_test(candidates_may_come_before_credentials),
        cmocka_unit_test(ports_are_of_the_range),
        cmocka_unit_test(a_range_that_is_used_up_is_an_error),
        cmocka_unit_test(wrong_arguments_are_errors),
    };
    return cmocka_run_group_tests_name("agent", tests, NULL, NULL);
}
