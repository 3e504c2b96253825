/* Paths: IPv6, small MTUs, two families, a path that dies or comes back, a peer that moves,
 * restarts. */
#include <stdio.h>
#include <string.h>

#include "tests/sim/pair.h"
#include "tests/sim/suite.h"
#include "transport/address.h"

static const struct sim_link clean = { .delay = 25 * STRAIT_MS };

static struct sim_plan plan_of(size_t i)
{
    return (struct sim_plan){ .seed = i + 1,
                              .version = (enum sim_version)(i % SIM_VERSIONS),
                              .b_is_client = i / SIM_VERSIONS % 2 == 1,
                              .a_ice = STRAIT_ICE_FULL,
                              .b_ice = i / SIM_VERSIONS / 2 % 2 == 1 ? STRAIT_ICE_FULL
                                                                     : STRAIT_ICE_LITE,
                              .link = clean };
}

enum { PLANS = 2 * 2 * SIM_VERSIONS };

static void connects_over_ipv6(void **state)
{
    (void)state;
    for (size_t i = 0; i < PLANS; i++) {
        struct sim_pair pair;
        struct sim_plan plan = plan_of(i);
        plan.ipv6 = true;
        plan.link = sim_lossy_link(10);
        sim_pair_init(&pair, &plan);
        assert_true(sim_pair_connect(&pair, 20 * STRAIT_S));
        assert_int_equal(strait_transport_path(pair.a.transport)->remote.ss_family, AF_INET6);
        sim_pair_media(&pair, STRAIT_S);
        sim_pair_check_connected(&pair, &plan);
        sim_pair_check_media(&pair);
        sim_pair_finish(&pair);
    }
}

/* On a path without loss nothing is said twice. */
static void repeats_nothing_on_a_clean_path(void **state)
{
    (void)state;
    for (size_t i = 0; i < PLANS; i++) {
        struct sim_pair pair;
        struct sim_plan plan = plan_of(i);
        sim_pair_init(&pair, &plan);
        assert_true(sim_pair_connect(&pair, 5 * STRAIT_S));
        sim_pair_run(&pair, 20 * STRAIT_S);
        struct strait_transport_stats a = sim_peer_stats(&pair.a), b = sim_peer_stats(&pair.b);
        assert_int_equal(a.dtls.flights_retransmitted + b.dtls.flights_retransmitted, 0);
        assert_in_range(a.dtls.datagrams_sent, 1, 4);
        assert_in_range(b.dtls.datagrams_sent, 1, 4);
        assert_int_equal(a.dtls.datagrams_sent, b.dtls.datagrams_received);
        assert_int_equal(b.dtls.datagrams_sent, a.dtls.datagrams_received);
        sim_pair_finish(&pair);
    }
}

static void connects_over_a_path_of_576_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < PLANS; i++) {
        struct sim_pair pair;
        struct sim_plan plan = plan_of(i);
        plan.link.mtu = 576;
        plan.mtu = 576 - 20 - 8;
        sim_pair_init(&pair, &plan);
        assert_true(sim_pair_connect(&pair, 5 * STRAIT_S));
        sim_pair_media(&pair, STRAIT_S);
        sim_pair_check_connected(&pair, &plan);
        sim_pair_check_media(&pair);
        assert_int_equal(pair.node_a.host.counts.too_big, 0);
        assert_int_equal(pair.node_b.host.counts.too_big, 0);
        sim_pair_finish(&pair);
    }
}

/* Nobody has told: full datagrams get lost, and the flights go in smaller ones. */
static void finds_the_mtu_of_its_path(void **state)
{
    (void)state;
    for (size_t i = 0; i < PLANS; i++) {
        struct sim_pair pair;
        struct sim_plan plan = plan_of(i);
        plan.link.mtu = 576;
        sim_pair_init(&pair, &plan);
        assert_true(sim_pair_connect(&pair, 5 * STRAIT_S));
        uint64_t too_big = pair.node_a.host.counts.too_big + pair.node_b.host.counts.too_big;
        uint32_t backoffs = sim_peer_stats(&pair.a).dtls.mtu_backoffs +
                            sim_peer_stats(&pair.b).dtls.mtu_backoffs;
        assert_true(too_big > 0 && backoffs > 0 && backoffs <= 4);
        sim_pair_media(&pair, STRAIT_S);
        sim_pair_check_connected(&pair, &plan);
        sim_pair_check_media(&pair);
        sim_pair_finish(&pair);
    }
}

static void prefers_ipv6_and_lives_with_ipv4(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct sim_pair pair;
        struct sim_plan plan = plan_of(i * SIM_VERSIONS);
        struct sockaddr_storage both[2][2] = {
            { sim_address("192.0.2.1", 5001), sim_address("2001:db8::a", 5001) },
            { sim_address("192.0.2.2", 5002), sim_address("2001:db8::b", 5002) },
        };
        bool only_v4 = i % 2 == 1;
        memset(&pair, 0, sizeof pair);
        sim_net_init(&pair.net, plan.seed, STRAIT_S);
        struct sim_node *nodes[] = { &pair.node_a, &pair.node_b };
        struct sim_peer *peers[] = { &pair.a, &pair.b };
        for (uint32_t k = 0; k < 2; k++) {
            struct sim_node_config config = { .seed = plan.seed,
                                              .stream = k + 1,
                                              .addresses = both[k],
                                              .n_addresses = k == 1 && only_v4 ? 1 : 2,
                                              .out = clean };
            struct strait_transport_config transport = sim_pair_config(&plan, k == 1);
            sim_node_init(nodes[k], &pair.net, &config);
            sim_peer_init(peers[k], nodes[k], k + 1, &transport);
        }
        assert_true(sim_pair_connect(&pair, 5 * STRAIT_S));
        sim_pair_media(&pair, STRAIT_S);
        sim_pair_check_media(&pair);
        assert_int_equal(strait_transport_path(pair.a.transport)->remote.ss_family,
                         only_v4 ? AF_INET : AF_INET6);
        assert_true(strait__address_equal(&strait_transport_path(pair.a.transport)->remote,
                                          &strait_transport_path(pair.b.transport)->local));
        sim_pair_finish(&pair);
    }
}

/* --- A path that dies ------------------------------------------------------------------------- */

static void cut(struct sim_pair *pair, bool is_cut)
{
    pair->node_a.host.out.cut = is_cut;
    pair->node_b.host.out.cut = is_cut;
}

static void begin_media(struct sim_pair *pair)
{
    sim_peer_media(&pair->a, pair->net.now, STRAIT_TIME_NEVER);
    sim_peer_media(&pair->b, pair->net.now, STRAIT_TIME_NEVER);
}

/* `heard`: when the peer last had a valid answer (full) or a valid check (lite). */
static void check_stopped(const struct sim_peer *peer, strait_time heard, strait_time timeout)
{
    const struct sim_counts *counts = &peer->node->host.counts;
    strait_time failed = peer->ice_at[STRAIT_ICE_FAILED];
    assert_int_equal(peer->ice_states[STRAIT_ICE_DISCONNECTED], 1);
    assert_int_equal(peer->ice_states[STRAIT_ICE_FAILED], 1);
    assert_true(peer->ice_at[STRAIT_ICE_DISCONNECTED] >= heard + timeout / 6);
    assert_true(peer->ice_at[STRAIT_ICE_DISCONNECTED] < heard + timeout / 2);
    assert_true(failed > heard + timeout / 2 && failed <= heard + timeout);
    assert_true(counts->last_sent[SIM_MEDIA] <= failed);
    assert_true(counts->last_sent[SIM_MEDIA] >= failed - 20 * STRAIT_MS);
    assert_true(counts->last_sent[SIM_DTLS] <= failed);
    assert_int_equal(strait_transport_error(peer->transport), STRAIT_E_CONSENT);
    assert_true(strlen(strait_transport_error_detail(peer->transport)) > 10);
    assert_false(strait_transport_writable(peer->transport));
    assert_null(strait_transport_path(peer->transport));
}

static void stops_sending_when_the_path_is_dead(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * PLANS; i++) {
        struct sim_pair pair;
        struct sim_plan plan = plan_of(i);
        strait_time timeout = i < PLANS ? 30 * STRAIT_S : 6 * STRAIT_S;
        plan.consent_timeout = i < PLANS ? 0 : timeout;
        sim_pair_init(&pair, &plan);
        assert_true(sim_pair_connect(&pair, 5 * STRAIT_S));
        begin_media(&pair);
        sim_pair_run(&pair, 12 * STRAIT_S);
        assert_int_equal(pair.a.ice_states[STRAIT_ICE_DISCONNECTED], 0);
        assert_int_equal(pair.b.ice_states[STRAIT_ICE_DISCONNECTED], 0);
        /* What is on its way still arrives. */
        cut(&pair, true);
        sim_pair_run(&pair, 26 * STRAIT_MS);
        strait_time check_a = sim_peer_stats(&pair.a).pair.last_check_received;
        strait_time check_b = sim_peer_stats(&pair.b).pair.last_check_received;
        uint64_t answers = sim_peer_stats(&pair.a).pair.responses_received;
        sim_pair_run(&pair, 3 * timeout);
        assert_int_equal(sim_peer_stats(&pair.a).pair.responses_received, answers);
        /* Lite answers checks at once: that is when full was heard, and one way later full
         * heard it. */
        if (plan.b_ice == STRAIT_ICE_LITE) {
            check_stopped(&pair.b, check_b, timeout);
            check_stopped(&pair.a, check_b + clean.delay, timeout);
        } else {
            assert_true(check_a > 0);
            check_stopped(&pair.a, check_b + clean.delay, timeout);
            check_stopped(&pair.b, check_a + clean.delay, timeout);
        }
        sim_pair_finish(&pair);
    }
}

static void comes_back_before_consent_expires(void **state)
{
    (void)state;
    for (size_t i = 0; i < PLANS; i++) {
        struct sim_pair pair;
        struct sim_plan plan = plan_of(i);
        sim_pair_init(&pair, &plan);
        assert_true(sim_pair_connect(&pair, 5 * STRAIT_S));
        cut(&pair, true);
        sim_pair_run(&pair, 15 * STRAIT_S);
        assert_int_equal(strait_transport_ice_state(pair.a.transport), STRAIT_ICE_DISCONNECTED);
        assert_int_equal(strait_transport_ice_state(pair.b.transport), STRAIT_ICE_DISCONNECTED);
        assert_true(strait_transport_writable(pair.a.transport));
        cut(&pair, false);
        sim_pair_run(&pair, 10 * STRAIT_S);
        enum strait_ice_state a = strait_transport_ice_state(pair.a.transport);
        enum strait_ice_state b = strait_transport_ice_state(pair.b.transport);
        assert_true(a == STRAIT_ICE_CONNECTED || a == STRAIT_ICE_COMPLETED);
        assert_true(b == STRAIT_ICE_CONNECTED || b == STRAIT_ICE_COMPLETED);
        sim_pair_media(&pair, STRAIT_S);
        sim_pair_check_media(&pair);
        sim_pair_check_connected(&pair, &plan);
        sim_pair_finish(&pair);
    }
}

/* --- A peer that moves ------------------------------------------------------------------------ */

struct move {
    struct sockaddr_storage to;
    strait_time first_check;        /* from there */
    strait_time first_media, early; /* to there; how many before a check */
    uint64_t checks;
};

static strait_time watch_move(void *user, const struct sim_flight *flight)
{
    struct move *move = user;
    if (strait__address_equal(flight->from, &move->to) && flight->kind == SIM_STUN) {
        move->checks++;
        move->first_check = move->first_check == 0 ? flight->sender->net->now : move->first_check;
    }
    if (strait__address_equal(flight->to, &move->to) && flight->kind != SIM_STUN) {
        move->early += move->checks == 0;
        move->first_media = move->first_media == 0 ? flight->sender->net->now : move->first_media;
    }
    return 0;
}

/* A NAT in front of a gives it another address. */
static void follows_a_peer_after_an_authenticated_check(void **state)
{
    (void)state;
    for (size_t i = 0; i < PLANS; i++) {
        struct sim_pair pair;
        struct sim_plan plan = plan_of(i);
        struct move move = { .to = sim_address("198.51.100.7", 40000) };
        sim_pair_init(&pair, &plan);
        assert_true(sim_pair_connect(&pair, 5 * STRAIT_S));
        begin_media(&pair);
        sim_pair_run(&pair, STRAIT_S);
        uint64_t paths = pair.b.events[SIM_EVENT_PATH];
        uint64_t dropped = sim_node_stats(&pair.node_b).dropped_no_peer;
        pair.net.shape = watch_move;
        pair.net.shape_user = &move;
        pair.node_a.host.outer[0] = move.to;
        sim_pair_run(&pair, 15 * STRAIT_S);

        assert_true(move.checks > 0 && move.early == 0);
        assert_true(move.first_media > 0 && move.first_media >= move.first_check + clean.delay);
        assert_int_equal(pair.b.events[SIM_EVENT_PATH], paths + 1);
        assert_true(strait__address_equal(&pair.b.path.remote, &move.to));
        assert_true(
            strait__address_equal(&strait_transport_path(pair.b.transport)->remote, &move.to));
        /* Its media from there were nobody's until the check. */
        uint64_t unknown = sim_node_stats(&pair.node_b).dropped_no_peer - dropped;
        assert_true(unknown > 0);
        assert_true(pair.net.nobody > 0);

        struct sim_media a = pair.a.got, b = pair.b.got;
        sim_pair_run(&pair, STRAIT_S);
        assert_true(pair.a.got.rtp >= a.rtp + 49 && pair.b.got.rtp >= b.rtp + 49);
        sim_pair_check_connected(&pair, &plan);
        sim_pair_finish(&pair);
    }
}

/* --- Restarts --------------------------------------------------------------------------------- */

/* `first` restarts; each word of signalling takes 100 ms. */
static void restart(struct sim_pair *pair, struct sim_peer *first, struct sim_peer *second)
{
    assert_int_equal(strait_transport_restart_ice(first->transport, NULL, NULL), STRAIT_OK);
    sim_pair_run(pair, 100 * STRAIT_MS);
    sim_give_ice(first, second);
    sim_give_candidates(first, second);
    assert_int_equal(strait_transport_restart_ice(second->transport, NULL, NULL), STRAIT_OK);
    sim_pair_run(pair, 100 * STRAIT_MS);
    sim_give_ice(second, first);
    sim_give_candidates(second, first);
}

static void restarts_without_losing_a_packet(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * PLANS; i++) {
        struct sim_pair pair;
        struct sim_plan plan = plan_of(i);
        char old[STRAIT_UFRAG_MAX + 1];
        sim_pair_init(&pair, &plan);
        assert_true(sim_pair_connect(&pair, 5 * STRAIT_S));
        begin_media(&pair);
        for (size_t k = 0; k < 3; k++) {
            sim_pair_run(&pair, STRAIT_S);
            snprintf(old, sizeof old, "%s", strait_transport_local_ice(pair.b.transport)->ufrag);
            assert_ptr_equal(strait_endpoint_find(pair.node_b.endpoint, old), pair.b.transport);
            if (i < PLANS) {
                restart(&pair, &pair.a, &pair.b);
            } else {
                restart(&pair, &pair.b, &pair.a);
            }
            assert_string_not_equal(old, strait_transport_local_ice(pair.b.transport)->ufrag);
            sim_pair_run(&pair, 5 * STRAIT_S);
            /* The new generation has a path: the old credentials are gone. */
            assert_null(strait_endpoint_find(pair.node_b.endpoint, old));
        }
        pair.a.media_until = pair.b.media_until = pair.net.now;
        sim_pair_run(&pair, STRAIT_S);
        sim_pair_check_media(&pair);
        assert_true(pair.a.sent.rtp > 900 && pair.b.sent.rtp > 900);
        assert_int_equal(pair.a.sent.rtp, pair.b.got.rtp);
        assert_int_equal(pair.b.sent.rtp, pair.a.got.rtp);
        sim_pair_check_connected(&pair, &plan);
        assert_int_equal(pair.a.ice_states[STRAIT_ICE_DISCONNECTED], 0);
        assert_int_equal(pair.b.ice_states[STRAIT_ICE_DISCONNECTED], 0);
        sim_pair_finish(&pair);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connects_over_ipv6),
        cmocka_unit_test(repeats_nothing_on_a_clean_path),
        cmocka_unit_test(connects_over_a_path_of_576_bytes),
        cmocka_unit_test(finds_the_mtu_of_its_path),
        cmocka_unit_test(prefers_ipv6_and_lives_with_ipv4),
        cmocka_unit_test(stops_sending_when_the_path_is_dead),
        cmocka_unit_test(comes_back_before_consent_expires),
        cmocka_unit_test(follows_a_peer_after_an_authenticated_check),
        cmocka_unit_test(restarts_without_losing_a_packet),
    };
    return sim_run(tests, sizeof tests / sizeof *tests);
}
