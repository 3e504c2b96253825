/* Pairs, candidates and what is counted of checks, for each kind of ICE, in W3C's words. */
#include "tests/agent_pair.h"

#include "transport/address.h"

enum { MOST = 64 };

static struct strait_pair_stats totals_of(const struct peer *peer)
{
    struct strait_transport_stats stats = { .size = sizeof stats };
    assert_int_equal(strait_transport_stats(peer->transport, &stats), STRAIT_OK);
    return stats.pair;
}

static bool both_have_consent_checks(const struct pair *pair)
{
    for (int i = 0; i < 2; i++) {
        struct strait_pair_stats total = totals_of(&pair->peer[i]);
        if (pair->peer[i].kind != LITE && total.consent_requests_sent < 3) {
            return false;
        }
    }
    return true;
}

/* One is selected, and it is the path. */
static struct strait_pair_stats selected_of(const struct peer *peer)
{
    struct strait_pair_stats list[MOST], selected = { 0 };
    size_t n = strait_transport_pairs(peer->transport, list, MOST), found = 0;
    assert_in_range(n, 1, MOST);
    for (size_t i = 0; i < n; i++) {
        assert_in_range(list[i].state, STRAIT_PAIR_FROZEN, STRAIT_PAIR_SUCCEEDED);
        assert_int_equal(list[i].writable, list[i].selected);
        if (list[i].selected) {
            selected = list[i];
            found++;
        }
    }
    assert_int_equal(found, 1);
    assert_true(selected.nominated);
    assert_int_equal(selected.state, STRAIT_PAIR_SUCCEEDED);
    const struct strait_path *path = strait_transport_path(peer->transport);
    assert_non_null(path);
    assert_true(strait__path_equal(path, &selected.path));
    /* Fewer at a time, and none. */
    assert_int_equal(strait_transport_pairs(peer->transport, list, 0), n);
    assert_int_equal(strait_transport_pairs(peer->transport, list, 1), n);
    return selected;
}

static void check_of_full(const struct peer *peer)
{
    struct strait_pair_stats one = selected_of(peer), all = totals_of(peer);
    assert_in_range(one.requests_sent, 2, all.requests_sent);
    assert_in_range(one.responses_received, 2, one.requests_sent);
    assert_in_range(one.responses_received, 2, all.responses_received);
    assert_in_range(all.responses_received, 2, all.requests_sent);
    assert_in_range(one.consent_requests_sent, 3, one.requests_sent);
    assert_int_equal(one.consent_requests_sent, all.consent_requests_sent);
    assert_true(one.current_round_trip_time > 0);
    assert_true(one.total_round_trip_time >= one.current_round_trip_time);
    assert_true(all.total_round_trip_time >= one.total_round_trip_time);
    assert_int_equal(all.current_round_trip_time, one.current_round_trip_time);
    assert_true(one.priority > 0);
    assert_int_equal(all.priority, one.priority);
    assert_true(all.selected);
    assert_int_equal(all.state, STRAIT_PAIR_SUCCEEDED);
}

static void check_of_lite(const struct peer *peer)
{
    struct strait_candidate list[MOST];
    struct strait_pair_stats one = selected_of(peer), all = totals_of(peer);
    assert_int_equal(one.requests_sent, 0);
    assert_int_equal(one.consent_requests_sent, 0);
    assert_int_equal(one.current_round_trip_time, 0);
    assert_true(one.requests_received > 0);
    assert_int_equal(one.responses_sent, one.requests_received);
    assert_int_equal(all.requests_received, one.requests_received);
    assert_int_equal(strait_transport_remote_candidates(peer->transport, list, MOST), 0);
    assert_in_range(strait_transport_local_candidates(peer->transport, list, MOST), 1, MOST);
}

/* What one has answers to, the other has answered. */
static void check_of_both(const struct pair *pair)
{
    for (int i = 0; i < 2; i++) {
        struct strait_pair_stats here = totals_of(&pair->peer[i]);
        struct strait_pair_stats there = totals_of(&pair->peer[!i]);
        if (pair->peer[i].kind == LITE) {
            assert_int_equal(there.requests_received, 0);
            assert_int_equal(there.responses_sent, 0);
            assert_int_equal(here.responses_received, 0);
            continue;
        }
        assert_in_range(there.responses_sent, here.responses_received, there.requests_received);
        assert_true(there.last_check_received > 0);
    }
}

static bool has(const struct strait_candidate *list, size_t n, const struct sockaddr_storage *one)
{
    for (size_t i = 0; i < n; i++) {
        if (strait__address_equal(&list[i].address, one)) {
            return true;
        }
    }
    return false;
}

/* What was signalled is there, on both sides of it. */
static void check_of_candidates(const struct peer *peer)
{
    struct strait_candidate locals[MOST], remotes[MOST];
    size_t n_locals = strait_transport_local_candidates(peer->transport, locals, MOST);
    size_t n_remotes = strait_transport_remote_candidates(peer->other->transport, remotes, MOST);
    assert_in_range(n_locals, 1, MOST);
    assert_in_range(n_remotes, 1, MOST);
    for (size_t i = 0; i < n_locals; i++) {
        assert_true(has(remotes, n_remotes, &locals[i].address));
    }
    for (size_t i = 0; i < n_remotes; i++) {
        assert_int_equal(remotes[i].component, 1);
        assert_true(remotes[i].priority > 0);
        assert_true(remotes[i].foundation[0] != '\0');
    }
}

static void check_kinds(enum kind a, enum kind b)
{
    struct pair pair = { .family = AF_INET };
    pair.peer[0].kind = a;
    pair.peer[1].kind = b;
    for (int i = 0; i < 2; i++) {
        /* A consent check every 200 ms. */
        pair.peer[i].consent_timeout = 1200 * STRAIT_MS;
    }
    create_as_set(&pair);
    struct strait_pair_stats list[MOST];
    assert_int_equal(strait_transport_pairs(pair.peer[0].transport, list, MOST), 0);
    assert_int_equal(totals_of(&pair.peer[0]).state, STRAIT_PAIR_FROZEN);
    signal_and_gather(&pair);
    run_until(&pair, writable);
    media_flow(&pair);
    run_until(&pair, both_have_consent_checks);
    for (int i = 0; i < 2; i++) {
        if (pair.peer[i].kind == LITE) {
            check_of_lite(&pair.peer[i]);
        } else {
            check_of_full(&pair.peer[i]);
            check_of_candidates(pair.peer[i].other);
        }
    }
    check_of_both(&pair);
    finish(&pair);
}

static void of_two_agents(void **state)
{
    (void)state;
    check_kinds(AGENT, AGENT);
}

static void of_an_agent_and_full_ice(void **state)
{
    (void)state;
    check_kinds(AGENT, FULL);
    check_kinds(FULL, AGENT);
}

static void of_full_ice_twice(void **state)
{
    (void)state;
    check_kinds(FULL, FULL);
}

static void of_lite_ice(void **state)
{
    (void)state;
    check_kinds(AGENT, LITE);
    check_kinds(FULL, LITE);
}

static void nothing_has_none(void **state)
{
    struct strait_candidate candidate;
    struct strait_pair_stats pair;
    (void)state;
    assert_int_equal(strait_transport_pairs(NULL, &pair, 1), 0);
    assert_int_equal(strait_transport_local_candidates(NULL, &candidate, 1), 0);
    assert_int_equal(strait_transport_remote_candidates(NULL, &candidate, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_two_agents),     cmocka_unit_test(of_an_agent_and_full_ice),
        cmocka_unit_test(of_full_ice_twice), cmocka_unit_test(of_lite_ice),
        cmocka_unit_test(nothing_has_none),
    };
    return cmocka_run_group_tests_name("agent_pairs", tests, NULL, NULL);
}
