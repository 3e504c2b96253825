/* Address rules in an agent: refused and counted. */
#include "tests/agent_pair.h"

#include <netinet/in.h>

#include "transport/address.h"

/* --- In an agent ---------------------------------------------------------------------------------- */

static struct strait_candidate candidate_of(const char *host, uint16_t port)
{
    struct strait_candidate candidate;
    struct sockaddr_storage address;
    assert_true(strait__address_parse(&address, host, port));
    assert_int_equal(strait_candidate_host(&candidate, (struct sockaddr *)&address, 1), STRAIT_OK);
    return candidate;
}

static void remote_candidates_are_checked_and_counted(void **state)
{
    struct pair pair = { 0 };
    struct strait_agent_stats stats = { .size = sizeof stats };
    (void)state;
    pair.peer[0].config.remote =
        (struct strait_address_rules){ .deny = (const char *[]){ "private" }, .n_deny = 1 };
    pair.peer[1].deaf = true;
    start_as_set(&pair);
    run_until(&pair, both_gathered);
    static const char *const hosts[] = { "127.0.0.1", "10.0.0.1", "::1", "::ffff:192.168.1.1" };
    for (size_t i = 0; i < 4; i++) {
        struct strait_candidate candidate = candidate_of(hosts[i], 4000);
        assert_int_equal(strait_transport_add_remote_candidate(pair.peer[0].transport, &candidate),
                         i < 3 ? STRAIT_E_DENIED : STRAIT_E_INVALID);
    }
    struct strait_candidate component = candidate_of("8.8.8.8", 4000), tcp = component;
    component.component = 2;
    tcp.protocol = STRAIT_CANDIDATE_TCP;
    tcp.tcp_type = STRAIT_TCP_PASSIVE;
    assert_int_equal(strait_transport_add_remote_candidate(pair.peer[0].transport, &component),
                     STRAIT_E_UNSUPPORTED);
    assert_int_equal(strait_transport_add_remote_candidate(pair.peer[0].transport, &tcp),
                     STRAIT_E_UNSUPPORTED);
    assert_int_equal(strait_agent_stats(pair.peer[0].transport, &stats), STRAIT_OK);
    assert_int_equal(stats.remote_refused, 3);
    assert_int_equal(stats.remote_candidates, 0);
    finish(&pair);
}

static void there_is_a_limit(void **state)
{
    struct pair pair = { 0 };
    struct strait_agent_stats stats = { .size = sizeof stats };
    (void)state;
    pair.peer[1].deaf = true;
    start_as_set(&pair);
    /* Nothing is sent to them: no turn of the loop. */
    for (unsigned i = 0; i < 70; i++) {
        struct strait_candidate candidate = candidate_of("127.0.0.1", (uint16_t)(4000 + i));
        assert_int_equal(strait_transport_add_remote_candidate(pair.peer[0].transport, &candidate),
                         i < 64 ? STRAIT_OK : STRAIT_E_LIMIT);
    }
    assert_int_equal(strait_agent_stats(pair.peer[0].transport, &stats), STRAIT_OK);
    assert_int_equal(stats.remote_candidates, 64);
    assert_int_equal(stats.remote_over_limit, 6);
    assert_int_equal(strait_agent_stats(NULL, &stats), STRAIT_E_INVALID);
    finish(&pair);
}

static void local_addresses_are_chosen(void **state)
{
    static const char *const loopback[] = { "127.0.0.1" };
    struct pair pair = { 0 };
    struct strait_candidate candidates[64];
    struct strait_agent_stats stats = { .size = sizeof stats };
    char text[STRAIT__ADDRESS_TEXT];
    (void)state;
    for (int i = 0; i < 2; i++) {
        pair.peer[i].config.local = (struct strait_address_rules){ .allow = loopback,
                                                                   .n_allow = 1 };
    }
    start_as_set(&pair);
    run_until(&pair, writable);
    media_flow(&pair);
    for (int i = 0; i < 2; i++) {
        size_t n = strait_agent_local_candidates(pair.peer[i].transport, candidates, 64);
        assert_int_equal(n, 1);
        assert_string_equal(strait__address_print_host(&candidates[0].address, text, sizeof text),
                            "127.0.0.1");
        assert_int_equal(strait_agent_stats(pair.peer[i].transport, &stats), STRAIT_OK);
        assert_int_equal(stats.local_candidates, 1);
        assert_true(stats.has_pair);
        assert_int_equal(stats.local.type, STRAIT_CANDIDATE_HOST);
        assert_int_equal(stats.local.protocol, STRAIT_CANDIDATE_UDP);
        assert_true(strait__address_equal(&stats.local.address, &candidates[0].address));
        assert_string_equal(strait__address_print_host(&stats.remote.address, text, sizeof text),
                            "127.0.0.1");
        assert_int_equal(stats.dropped_no_room + stats.dropped_too_long, 0);
    }
    finish(&pair);
}

/* --- Peers from denied addresses ------------------------------------------------------------------- */

static const char *const no_loopback[] = { "127.0.0.0/8" };

static bool a_while_has_passed(const struct pair *pair)
{
    return strait_runtime_now(pair->runtime) > pair->until;
}

static void gather_on_loopback(struct pair *pair, enum kind other)
{
    pair->peer[1].kind = other;
    pair->family = AF_INET;
}

/* It has our candidates and credentials, and checks; by UDP and, agent against agent, by TCP. */
static void check_deaf_to_denied(enum kind other, bool tcp, bool by_endpoint)
{
    struct pair pair = { 0 };
    gather_on_loopback(&pair, other);
    struct strait_address_rules deny = { .deny = no_loopback, .n_deny = 1 };
    *(by_endpoint ? &pair.peer[0].endpoint_config.remote : &pair.peer[0].config.remote) = deny;
    for (int i = 0; i < 2; i++) {
        pair.peer[i].config.ice_tcp = pair.peer[i].tcp_only = tcp;
    }
    start_as_set(&pair);
    pair.until = strait_runtime_now(pair.runtime) + 1500 * STRAIT_MS;
    run_until(&pair, a_while_has_passed);
    struct strait_transport_stats stats = { .size = sizeof stats };
    assert_int_equal(strait_transport_stats(pair.peer[0].transport, &stats), STRAIT_OK);
    assert_in_range(stats.remote_denied, 1, 10);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pair.peer[i].states[STRAIT_ICE_CONNECTED], 0);
        assert_null(strait_transport_path(pair.peer[i].transport));
    }
    finish(&pair);
}

static void peers_from_denied_addresses_are_not_heard(void **state)
{
    (void)state;
    check_deaf_to_denied(AGENT, false, false);
    check_deaf_to_denied(AGENT, false, true);
    check_deaf_to_denied(FULL, false, false);
    check_deaf_to_denied(AGENT, true, false);
}

static void rules_that_allow_the_peer_change_nothing(void **state)
{
    (void)state;
    for (int tcp = 0; tcp < 2; tcp++) {
        struct pair pair = { 0 };
        gather_on_loopback(&pair, AGENT);
        for (int i = 0; i < 2; i++) {
            pair.peer[i].config.remote = (struct strait_address_rules){ .allow = no_loopback,
                                                                        .n_allow = 1 };
            pair.peer[i].config.ice_tcp = pair.peer[i].tcp_only = tcp;
        }
        start_as_set(&pair);
        run_until(&pair, writable);
        media_alternates(&pair);
        finish(&pair);
    }
}

static void the_endpoints_local_rules_hold_as_well(void **state)
{
    struct pair pair = { 0 };
    (void)state;
    gather_on_loopback(&pair, AGENT);
    pair.peer[0].endpoint_config.local =
        (struct strait_address_rules){ .deny = (const char *[]){ "%lo" }, .n_deny = 1 };
    create_as_set(&pair);
    assert_int_equal(strait_agent_gather(pair.peer[0].transport), STRAIT_E_NOT_FOUND);
    assert_int_equal(strait_agent_gather(pair.peer[1].transport), STRAIT_OK);
    finish(&pair);
}

static size_t offered_by_wildcard(const char *rule, char text[STRAIT__ADDRESS_TEXT])
{
    struct sockaddr_in any = { .sin_family = AF_INET };
    struct strait_endpoint_config config = { .size = sizeof config,
                                             .local = { .allow = &rule, .n_allow = 1 } };
    struct strait_runtime *runtime;
    struct strait_endpoint *endpoint;
    struct strait_candidate candidates[32];
    assert_int_equal(strait_runtime_create(&runtime, NULL), STRAIT_OK);
    assert_int_equal(strait_endpoint_create(&endpoint, &config, strait_runtime_now(runtime)),
                     STRAIT_OK);
    assert_int_equal(strait_runtime_add(runtime, endpoint), STRAIT_OK);
    /* It is bound all the same: what is not offered may be reached under another address. */
    assert_int_equal(
        strait_runtime_bind(runtime, endpoint, (struct sockaddr *)&any, sizeof any, NULL, NULL),
        STRAIT_OK);
    size_t n = strait_endpoint_local_candidates(endpoint, candidates, 32);
    if (n > 0) {
        strait__address_print_host(&candidates[0].address, text, STRAIT__ADDRESS_TEXT);
    }
    strait_runtime_destroy(runtime);
    strait_endpoint_destroy(endpoint);
    return n;
}

static void the_shared_port_offers_by_interface_as_well(void **state)
{
    char text[STRAIT__ADDRESS_TEXT];
    (void)state;
    assert_int_equal(offered_by_wildcard("%lo", text), 1);
    assert_string_equal(text, "127.0.0.1");
    assert_int_equal(offered_by_wildcard("%l*", text), 1);
    assert_int_equal(offered_by_wildcard("%no-such-one", text), 0);
}

static void agents_advertise_as_their_endpoint_does(void **state)
{
    static const struct strait_address_mapping mapping = { "127.0.0.1", "203.0.113.9" };
    char text[STRAIT__ADDRESS_TEXT];
    (void)state;
    for (int added = 0; added < 2; added++) {
        struct pair pair = { 0 };
        struct strait_candidate candidates[64];
        gather_on_loopback(&pair, AGENT);
        pair.peer[0].endpoint_config.mappings = &mapping;
        pair.peer[0].endpoint_config.n_mappings = 1;
        pair.peer[0].endpoint_config.mappings_added = added;
        start_as_set(&pair);
        run_until(&pair, both_gathered);
        size_t n = strait_agent_local_candidates(pair.peer[0].transport, candidates, 64);
        assert_int_equal(n, added ? 2 : 1);
        const struct strait_candidate *last = &candidates[n - 1];
        assert_string_equal(strait__address_print_host(&last->address, text, sizeof text),
                            "203.0.113.9");
        assert_int_equal(last->type, added ? STRAIT_CANDIDATE_SRFLX : STRAIT_CANDIDATE_HOST);
        assert_int_not_equal(strait__address_port(&last->address), 0);
        /* The peer's address is good, so they find each other all the same (peer-reflexive). */
        run_until(&pair, writable);
        media_alternates(&pair);
        finish(&pair);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(remote_candidates_are_checked_and_counted),
        cmocka_unit_test(there_is_a_limit),
        cmocka_unit_test(local_addresses_are_chosen),
        cmocka_unit_test(peers_from_denied_addresses_are_not_heard),
        cmocka_unit_test(rules_that_allow_the_peer_change_nothing),
        cmocka_unit_test(the_endpoints_local_rules_hold_as_well),
        cmocka_unit_test(the_shared_port_offers_by_interface_as_well),
        cmocka_unit_test(agents_advertise_as_their_endpoint_does),
    };
    return cmocka_run_group_tests_name("agent_rules", tests, NULL, NULL);
}
