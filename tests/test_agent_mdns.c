/*
 * `.local` candidates: looked up in a network namespace of the test's own, where a responder of the test's own answers,
 * which has port 5353 as well. The names are the only way from one agent to the other.
 */
#include "tests/agent_pair.h"

#include <stdio.h>
#include <unistd.h>

#include "tests/mdns_responder.h"
#include "transport/address.h"

#define NAME_FOUR "8b8d62a0-5a9e-4d5c-a36d-6a8c3a1f8c11.local"
#define NAME_SIX "0f4bd4a7-6f0c-4b8b-8b3c-0b4a9c9a6c01.local"
#define NAME_NOBODY "1aa7f1f2-94b5-4b7e-8d8b-3f7c8a0f9d02.local"

static struct mdns_responder responder;

static struct strait_agent_stats stats_of(const struct peer *peer)
{
    struct strait_agent_stats stats = { .size = sizeof stats };
    assert_int_equal(strait_agent_stats(peer->transport, &stats), STRAIT_OK);
    return stats;
}

static struct strait_transport_stats transport_stats_of(const struct peer *peer)
{
    struct strait_transport_stats stats = { .size = sizeof stats };
    assert_int_equal(strait_transport_stats(peer->transport, &stats), STRAIT_OK);
    return stats;
}

static bool served_and_writable(const struct pair *pair)
{
    mdns_responder_serve(&responder);
    return writable(pair);
}

static bool all_answered(const struct pair *pair)
{
    struct strait_agent_stats stats = stats_of(&pair->peer[0]);
    if (responder.fd >= 0) {
        mdns_responder_serve(&responder);
    }
    return stats.names_asked > 0 && stats.names_asked == stats.names_resolved + stats.names_failed;
}

static bool asked(const struct pair *pair)
{
    (void)pair;
    mdns_responder_serve(&responder);
    return responder.questions > 0;
}

static bool a_while_has_passed(const struct pair *pair)
{
    mdns_responder_serve(&responder);
    return strait_runtime_now(pair->runtime) > pair->until;
}

static void create_strangers(struct pair *pair, const char *const *host)
{
    for (int i = 0; i < 2; i++) {
        pair->peer[i].config.local.allow = host;
        pair->peer[i].config.local.n_allow = 1;
        pair->peer[i].deaf = true;
    }
    create_as_set(pair);
}

/* Two agents that have gathered on `host` and know nothing of each other but credentials. */
static void start_strangers(struct pair *pair, const char *const *host)
{
    create_strangers(pair, host);
    signal_and_gather(pair);
    run_until(pair, both_gathered);
}

static struct strait_candidate named(const char *name, const struct strait_candidate *like)
{
    struct strait_candidate candidate = *like;
    candidate.port = strait__address_port(&like->address);
    memset(&candidate.address, 0, sizeof candidate.address);
    snprintf(candidate.hostname, sizeof candidate.hostname, "%s", name);
    return candidate;
}

/* Peer 1's candidate, by name, to peer 0. */
static int give_name(struct pair *pair, const char *name)
{
    struct strait_candidate candidates[64];
    assert_int_equal(strait_agent_local_candidates(pair->peer[1].transport, candidates, 64), 1);
    struct strait_candidate candidate = named(name, &candidates[0]);
    return strait_transport_add_remote_candidate(pair->peer[0].transport, &candidate);
}

static const char *const four[] = { MDNS_FOUR }, *const six[] = { MDNS_SIX };

/* --- Cases ---------------------------------------------------------------------------------------------- */

/* First of all: there is loopback only. */
static void without_a_network_nothing_is_found(void **state)
{
    struct pair pair = { .family = AF_INET };
    (void)state;
    responder.fd = -1;
    pair.peer[0].deaf = pair.peer[1].deaf = true;
    start_as_set(&pair);
    run_until(&pair, both_gathered);
    int error = give_name(&pair, NAME_FOUR);
    assert_int_equal(error, STRAIT_OK);
    run_until(&pair, all_answered);
    assert_int_equal(stats_of(&pair.peer[0]).names_failed, 1);
    assert_false(writable(&pair));
    finish(&pair);
}

static int open_responder(void **state)
{
    (void)state;
    responder = (struct mdns_responder){ .names = { NAME_FOUR, NAME_SIX },
                                         .addresses = { MDNS_FOUR, MDNS_SIX } };
    mdns_responder_open(&responder);
    return 0;
}

static int add_network(void **state)
{
    mdns_add_interface();
    return open_responder(state);
}

static int close_responder(void **state)
{
    (void)state;
    mdns_responder_close(&responder);
    return 0;
}

static void check_connects_by(const char *name, const char *const *host)
{
    struct pair pair = { 0 };
    start_strangers(&pair, host);
    assert_int_equal(give_name(&pair, name), STRAIT_OK);
    run_until(&pair, served_and_writable);
    media_alternates(&pair);
    struct strait_agent_stats stats = stats_of(&pair.peer[0]);
    char text[STRAIT__ADDRESS_TEXT];
    assert_int_equal(stats.names_asked, 1);
    assert_int_equal(stats.names_resolved, 1);
    assert_int_equal(stats.remote_candidates, 1);
    assert_true(stats.has_pair);
    assert_string_equal(strait__address_print_host(&stats.remote.address, text, sizeof text),
                        *host);
    finish(&pair);
    mdns_responder_serve(&responder);
    assert_in_range(responder.questions, 1, 20);
    assert_int_equal(responder.foreign, 0); /* nothing of this host was published */
}

static void names_of_both_families_are_looked_up(void **state)
{
    (void)state;
    check_connects_by(NAME_FOUR, four);
    check_connects_by(NAME_SIX, six);
}

static void nobody_answers_and_the_end_waits_for_that(void **state)
{
    struct pair pair = { 0 };
    (void)state;
    start_strangers(&pair, four);
    assert_int_equal(give_name(&pair, NAME_NOBODY), STRAIT_OK);
    assert_int_equal(strait_transport_end_of_candidates(pair.peer[0].transport), STRAIT_OK);
    run_until(&pair, asked);
    assert_int_equal(pair.peer[0].states[STRAIT_ICE_FAILED], 0);
    run_until(&pair, all_answered);
    assert_int_equal(stats_of(&pair.peer[0]).names_failed, 1);
    assert_int_equal(transport_stats_of(&pair.peer[0]).remote_unresolved, 1);
    assert_int_equal(stats_of(&pair.peer[0]).remote_candidates, 0);
    finish(&pair);
}

static void what_is_found_keeps_to_the_rules(void **state)
{
    struct pair pair = { 0 };
    (void)state;
    pair.peer[0].config.remote.deny = four;
    pair.peer[0].config.remote.n_deny = 1;
    start_strangers(&pair, four);
    assert_int_equal(give_name(&pair, NAME_FOUR), STRAIT_OK);
    run_until(&pair, all_answered);
    assert_int_equal(stats_of(&pair.peer[0]).names_resolved, 1);
    assert_int_equal(stats_of(&pair.peer[0]).remote_refused, 1);
    assert_int_equal(transport_stats_of(&pair.peer[0]).remote_denied, 1);
    assert_int_equal(stats_of(&pair.peer[0]).remote_candidates, 0);
    finish(&pair);
}

/* Its question would show the address that the policy hides. */
static void relayed_only_asks_nobody(void **state)
{
    struct pair pair = { 0 };
    struct strait_candidate like;
    (void)state;
    pair.peer[0].config.policy = STRAIT_ICE_RELAY;
    create_strangers(&pair, four);
    assert_int_equal(strait_agent_gather(pair.peer[1].transport), STRAIT_OK);
    pair.until = strait_runtime_now(pair.runtime) + 300 * STRAIT_MS;
    run_until(&pair, a_while_has_passed);
    assert_int_equal(strait_agent_local_candidates(pair.peer[1].transport, &like, 1), 1);
    assert_int_equal(give_name(&pair, NAME_FOUR), STRAIT_E_UNSUPPORTED);
    assert_int_equal(transport_stats_of(&pair.peer[0]).remote_unsupported, 1);
    assert_int_equal(stats_of(&pair.peer[0]).names_asked, 0);
    pair.until = strait_runtime_now(pair.runtime) + 300 * STRAIT_MS;
    run_until(&pair, a_while_has_passed);
    assert_int_equal(responder.questions, 0);
    finish(&pair);
}

static void other_names_and_those_that_are_off_are_errors(void **state)
{
    static const char *const others[] = { "example.org", "a.b.local", "localhost", "local" };
    struct pair pair = { 0 };
    (void)state;
    pair.peer[1].config.no_mdns = true;
    start_strangers(&pair, four);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(give_name(&pair, others[i]), STRAIT_E_UNSUPPORTED);
    }
    assert_int_equal(transport_stats_of(&pair.peer[0]).remote_unsupported, 4);
    struct strait_candidate like, off;
    assert_int_equal(strait_agent_local_candidates(pair.peer[0].transport, &like, 1), 1);
    off = named(NAME_FOUR, &like);
    assert_int_equal(strait_transport_add_remote_candidate(pair.peer[1].transport, &off),
                     STRAIT_E_UNSUPPORTED);
    pair.until = strait_runtime_now(pair.runtime) + 300 * STRAIT_MS;
    run_until(&pair, a_while_has_passed);
    assert_int_equal(responder.questions, 0);
    finish(&pair);
}

static void there_is_a_limit(void **state)
{
    struct pair pair = { 0 };
    (void)state;
    start_strangers(&pair, four);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(give_name(&pair, NAME_NOBODY), i < 8 ? STRAIT_OK : STRAIT_E_LIMIT);
    }
    assert_int_equal(transport_stats_of(&pair.peer[0]).remote_over_limit, 2);
    run_until(&pair, asked);
    finish(&pair);
}

static void answers_for_an_older_generation_are_dropped(void **state)
{
    struct pair pair = { 0 };
    (void)state;
    create_strangers(&pair, four);
    signal_all(&pair, 0);
    signal_all(&pair, 1);
    /* Before the end of the first generation's. */
    static const char line[] = "candidate:1 1 udp 2130706431 " NAME_NOBODY " 9 typ host";
    struct strait_candidate first;
    assert_int_equal(strait_candidate_parse(&first, line, sizeof line - 1), STRAIT_OK);
    assert_int_equal(strait_transport_add_remote_candidate(pair.peer[0].transport, &first),
                     STRAIT_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(strait_agent_gather(pair.peer[i].transport), STRAIT_OK);
    }
    run_until(&pair, asked);
    run_until(&pair, both_gathered);
    /* The peer begins anew: its first generation's names are nothing to us any more. */
    assert_int_equal(strait_transport_restart_ice(pair.peer[1].transport, NULL, NULL), STRAIT_OK);
    signal_ice(&pair.peer[1], &pair.peer[0]);
    responder.names[2] = NAME_NOBODY;
    responder.addresses[2] = MDNS_FOUR;
    pair.until = strait_runtime_now(pair.runtime) + 1500 * STRAIT_MS;
    run_until(&pair, a_while_has_passed);
    assert_int_equal(stats_of(&pair.peer[0]).names_resolved, 0);
    assert_int_equal(stats_of(&pair.peer[0]).remote_candidates, 0);
    /* Those of the new one are asked for. */
    assert_int_equal(strait_transport_restart_ice(pair.peer[0].transport, NULL, NULL), STRAIT_OK);
    signal_ice(&pair.peer[0], &pair.peer[1]);
    assert_int_equal(give_name(&pair, NAME_NOBODY), STRAIT_OK);
    run_until(&pair, served_and_writable);
    assert_int_equal(stats_of(&pair.peer[0]).names_resolved, 1);
    responder.names[2] = NULL;
    finish(&pair);
}

static void names_may_come_before_credentials(void **state)
{
    struct pair pair = { 0 };
    (void)state;
    create_strangers(&pair, four);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(strait_agent_gather(pair.peer[i].transport), STRAIT_OK);
    }
    run_until(&pair, both_gathered);
    assert_int_equal(give_name(&pair, NAME_FOUR), STRAIT_OK);
    run_until(&pair, all_answered);
    assert_false(writable(&pair));
    signal_all(&pair, 0);
    signal_all(&pair, 1);
    run_until(&pair, served_and_writable);
    finish(&pair);
}

static void a_port_that_is_not_shared_is_an_error_for_as_long(void **state)
{
    struct pair pair = { 0 };
    int taken[2];
    (void)state;
    start_strangers(&pair, four);
    mdns_take_port(taken);
    assert_int_equal(give_name(&pair, NAME_FOUR), STRAIT_E_SYSTEM);
    assert_int_equal(stats_of(&pair.peer[0]).names_failed, 1);
    assert_int_equal(transport_stats_of(&pair.peer[0]).remote_unresolved, 1);
    close(taken[0]);
    close(taken[1]);
    mdns_responder_open(&responder);
    assert_int_equal(give_name(&pair, NAME_FOUR), STRAIT_OK);
    run_until(&pair, served_and_writable);
    finish(&pair);
    mdns_responder_close(&responder);
}

/* What is said of addresses comes from the kernel: here is a network where it is known. */
static void an_agent_gathers_from_what_serves_its_peers(void **state)
{
    struct pair pair = { 0 };
    struct strait_candidate candidates[64];
    char text[STRAIT__ADDRESS_TEXT];
    (void)state;
    mdns_add_deprecated("fd77::2");
    start_as_set(&pair);
    run_until(&pair, both_gathered);
    size_t n = strait_agent_local_candidates(pair.peer[0].transport, candidates, 64), found = 0;
    assert_int_equal(n, 2); /* neither loopback, nor link-local, nor deprecated */
    for (size_t i = 0; i < n; i++) {
        strait__address_print_host(&candidates[i].address, text, sizeof text);
        found += strcmp(text, MDNS_FOUR) == 0 || strcmp(text, MDNS_SIX) == 0;
    }
    assert_int_equal(found, 2);
    run_until(&pair, writable);
    finish(&pair);
}

static void whoever_asks_may_go_at_any_moment(void **state)
{
    (void)state;
    for (int i = 0; i < 12; i++) {
        struct pair pair = { 0 };
        start_strangers(&pair, four);
        assert_int_equal(give_name(&pair, NAME_FOUR), STRAIT_OK);
        assert_int_equal(give_name(&pair, NAME_NOBODY), STRAIT_OK);
        for (int k = 0; k < i; k++) {
            mdns_responder_serve(&responder);
            strait_runtime_wait(pair.runtime, 15 * STRAIT_MS);
        }
        if (i % 3 == 0) {
            strait_transport_destroy(pair.peer[0].transport);
            strait_runtime_wait(pair.runtime, 15 * STRAIT_MS);
        } else if (i % 3 == 1) {
            /* Its endpoint goes after the runtime. */
        } else {
            strait_runtime_remove(pair.runtime, pair.peer[0].endpoint);
            strait_runtime_wait(pair.runtime, 15 * STRAIT_MS);
        }
        finish(&pair);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_network_nothing_is_found),
        cmocka_unit_test_setup_teardown(names_of_both_families_are_looked_up, add_network,
                                        close_responder),
        cmocka_unit_test_setup_teardown(nobody_answers_and_the_end_waits_for_that, open_responder,
                                        close_responder),
        cmocka_unit_test_setup_teardown(what_is_found_keeps_to_the_rules, open_responder,
                                        close_responder),
        cmocka_unit_test_setup_teardown(other_names_and_those_that_are_off_are_errors,
                                        open_responder, close_responder),
        cmocka_unit_test_setup_teardown(relayed_only_asks_nobody, open_responder, close_responder),
        cmocka_unit_test_setup_teardown(there_is_a_limit, open_responder, close_responder),
        cmocka_unit_test_setup_teardown(answers_for_an_older_generation_are_dropped, open_responder,
                                        close_responder),
        cmocka_unit_test_setup_teardown(names_may_come_before_credentials, open_responder,
                                        close_responder),
        cmocka_unit_test(a_port_that_is_not_shared_is_an_error_for_as_long),
        cmocka_unit_test(an_agent_gathers_from_what_serves_its_peers),
        cmocka_unit_test_setup_teardown(whoever_asks_may_go_at_any_moment, open_responder,
                                        close_responder),
    };
    mdns_enter_network();
    return cmocka_run_group_tests_name("agent_mdns", tests, NULL, NULL);
}
