/* Address rules: what is let through, and how they are written. And in an agent: refused and counted. */
#include "tests/agent_pair.h"

#include <stdio.h>

#include "ice/agent/rules.h"
#include "transport/address.h"
#include "transport/util.h"

static struct strait_hooks hooks;

static bool allowed(const struct strait_address_rules *from, const char *text)
{
    struct strait__rules rules;
    struct sockaddr_storage address;
    const char *bad = "";
    assert_int_equal(strait__hooks_init(&hooks, NULL), STRAIT_OK);
    assert_int_equal(strait__rules_init(&rules, &hooks, from, &bad), STRAIT_OK);
    assert_null(bad);
    assert_true(strait__address_parse(&address, text, 5000));
    bool result = strait__rules_allow(&rules, &address);
    strait__rules_finish(&rules, &hooks);
    return result;
}

static void ranges_hold_to_the_bit(void **state)
{
    const char *deny[] = { "10.0.0.0/9", "2001:db8::/33", "8.8.8.8" };
    const char *allow[] = { "192.0.2.0/24", "10.0.0.0/8" };
    struct strait_address_rules none = { .n_allow = 0 };
    struct strait_address_rules no = { .deny = deny, .n_deny = 3 };
    struct strait_address_rules both = { .allow = allow, .n_allow = 2, .deny = deny, .n_deny = 3 };
    struct strait_address_rules all = { .deny = (const char *[]){ "::/0" }, .n_deny = 1 };
    (void)state;
    assert_true(allowed(&none, "127.0.0.1"));
    assert_false(allowed(&no, "10.127.255.255"));
    assert_true(allowed(&no, "10.128.0.0"));
    assert_false(allowed(&no, "2001:db8:7fff::1"));
    assert_true(allowed(&no, "2001:db8:8000::1"));
    assert_false(allowed(&no, "8.8.8.8"));
    assert_false(allowed(&no, "::ffff:8.8.8.8"));
    assert_true(allowed(&no, "8.8.8.9"));
    assert_true(allowed(&both, "192.0.2.255"));
    assert_false(allowed(&both, "192.0.3.0"));
    assert_false(allowed(&both, "10.1.1.1"));
    assert_true(allowed(&both, "10.200.1.1"));
    assert_false(allowed(&both, "2001:db8:8000::1"));
    assert_false(allowed(&all, "1.1.1.1"));
    assert_false(allowed(&all, "2600::1"));
}

static void private_is_all_that_is_not_public(void **state)
{
    static const char *const in[] = {
        "127.0.0.1",      "127.9.9.9",       "10.1.2.3",  "172.31.0.1",
        "192.168.1.1",    "169.254.169.254", "0.0.0.0",   "100.64.0.1",
        "224.0.0.251",    "255.255.255.255", "::1",       "::",
        "fe80::1",        "fd00::1",         "ff02::fb",  "::ffff:10.0.0.1",
        "64:ff9b::a00:1", "2002:a00:1::",    "::10.0.0.1"
    };
    static const char *const out[] = { "8.8.8.8", "172.32.0.1",   "100.128.0.1",
                                       "2600::1", "2a00:1450::1", "::ffff:8.8.8.8" };
    struct strait_address_rules rules = { .deny = (const char *[]){ "private" }, .n_deny = 1 };
    (void)state;
    for (size_t i = 0; i < sizeof in / sizeof *in; i++) {
        assert_false(allowed(&rules, in[i]));
    }
    for (size_t i = 0; i < sizeof out / sizeof *out; i++) {
        assert_true(allowed(&rules, out[i]));
    }
}

static void malformed_ones_are_refused(void **state)
{
    static const char *const texts[] = {
        "",       "10.0.0.0/33",  "10.0.0.0/",   "10.0.0.0/-1", "10.0.0/8",
        "::/129", "/8",           "10.0.0.0/08", "10.0.0.0/8 ", "public",
        "::1%lo", "10.0.0.0/8/8", "10.0.0.0/+8", "[::1]",       NULL
    };
    (void)state;
    assert_int_equal(strait__hooks_init(&hooks, NULL), STRAIT_OK);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct strait__rules rules;
        struct strait_address_rules from = { .allow = &texts[i], .n_allow = 1 };
        const char *bad = NULL;
        assert_int_equal(strait__rules_init(&rules, &hooks, &from, &bad), STRAIT_E_PARSE);
        assert_non_null(bad);
        strait__rules_finish(&rules, &hooks);
    }
}

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
                         STRAIT_E_UNSUPPORTED);
    }
    assert_int_equal(strait_agent_stats(pair.peer[0].transport, &stats), STRAIT_OK);
    assert_int_equal(stats.remote_refused, 4);
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
        cmocka_unit_test(ranges_hold_to_the_bit),
        cmocka_unit_test(private_is_all_that_is_not_public),
        cmocka_unit_test(malformed_ones_are_refused),
        cmocka_unit_test(remote_candidates_are_checked_and_counted),
        cmocka_unit_test(there_is_a_limit),
        cmocka_unit_test(local_addresses_are_chosen),
    };
    return cmocka_run_group_tests_name("agent_rules", tests, NULL, NULL);
}
