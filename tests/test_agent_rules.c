/* Address rules in an agent: refused and counted. */
#include "tests/agent_pair.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(remote_candidates_are_checked_and_counted),
        cmocka_unit_test(there_is_a_limit),
        cmocka_unit_test(local_addresses_are_chosen),
    };
    return cmocka_run_group_tests_name("agent_rules", tests, NULL, NULL);
}
