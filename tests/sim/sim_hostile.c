/* A peer that is not who it should be, and somebody who sends what he likes from where he likes. */
#include <string.h>

#include "tests/sim/attack.h"
#include "tests/sim/suite.h"
#include "transport/address.h"

/* --- A wrong fingerprint ---------------------------------------------------------------------- */

static void begin_media(struct sim_pair *pair, strait_time time)
{
    sim_peer_media(&pair->a, pair->net.now, pair->net.now + time);
    sim_peer_media(&pair->b, pair->net.now, pair->net.now + time);
}

static void fails_by_name_on_a_wrong_fingerprint(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4 * SIM_ROLES; i++) {
        struct sim_pair pair;
        struct sim_plan plan = sim_clean_plan(i);
        sim_pair_init(&pair, &plan);
        struct sim_peer *deceived = i < 2 * SIM_ROLES ? &pair.a : &pair.b;
        struct sim_peer *liar = i < 2 * SIM_ROLES ? &pair.b : &pair.a;
        liar->fingerprint.value[31] ^= 1;
        sim_signal(&pair.a, &pair.b);
        begin_media(&pair, 5 * STRAIT_S);
        sim_pair_run(&pair, 5 * STRAIT_S);

        assert_int_equal(strait_transport_dtls_state(deceived->transport), STRAIT_DTLS_FAILED);
        assert_int_equal(deceived->dtls_states[STRAIT_DTLS_FAILED], 1);
        assert_int_equal(deceived->dtls_states[STRAIT_DTLS_CONNECTED], 0);
        assert_int_equal(strait_transport_error(deceived->transport), STRAIT_E_FINGERPRINT);
        assert_non_null(strstr(strait_transport_error_detail(deceived->transport), "fingerprint"));
        assert_int_equal(deceived->node->host.counts.sent[SIM_MEDIA], 0);
        assert_int_equal(deceived->events[SIM_EVENT_PACKETS], 0);

        assert_int_equal(strait_transport_dtls_state(liar->transport), STRAIT_DTLS_FAILED);
        assert_int_equal(strait_transport_error(liar->transport), STRAIT_E_ALERT);
        assert_non_null(strstr(strait_transport_error_detail(liar->transport), "bad_certificate"));
        assert_int_equal(liar->got.rtp, 0);
        /* A client of 1.3 is connected before the server has seen its certificate (RFC 8446,
         * 4.4.4): it may have sent for a round trip. */
        bool ahead = plan.version != SIM_DTLS_12 && liar->dtls_role == STRAIT_DTLS_CLIENT;
        assert_true(liar->node->host.counts.sent[SIM_MEDIA] <= (ahead ? 4u : 0u));
        sim_pair_finish(&pair);
    }
}

/* --- An attacker ------------------------------------------------------------------------------ */

/* What may go to somebody whom nobody knows: errors to checks without integrity, ten a second
 * at most, each no longer than what came (RFC 8489, 9.1.3). */
static uint64_t refusals(const struct sim_pair *pair)
{
    return (pair->net.now - pair->begin) / (100 * STRAIT_MS) + 1;
}

/* Before a check with integrity there is nothing, and nothing is answered, from wherever it
 * comes. */
static void makes_nothing_of_strangers(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * SIM_ROLES; i++) {
        struct sim_pair pair;
        struct sim_plan plan = sim_clean_plan(i);
        struct sim_attack attack;
        sim_attack_init(&attack, &plan);
        sim_pair_init(&pair, &plan);
        pair.a.other = &pair.b;
        pair.b.other = &pair.a;
        sim_give_ice(&pair.a, &pair.b);
        sim_give_dtls(&pair.a, &pair.b);
        /* The outbox gets its memory with the first refusal. */
        struct sockaddr_storage first = sim_stranger(0);
        sim_attack_stun(&attack, &pair, &first, &pair.b);
        sim_pair_run(&pair, STRAIT_MS);
        size_t allocations = pair.node_b.allocations;
        for (size_t k = 0; k < 20; k++) {
            struct sockaddr_storage from = sim_stranger(k % 5);
            sim_attack_all(&attack, &pair, k % 2 == 0 ? &from : &pair.node_a.host.outer[0],
                           &pair.b);
            sim_pair_run(&pair, 10 * STRAIT_MS);
        }
        struct strait_transport_stats stats = sim_peer_stats(&pair.b);
        struct strait_endpoint_stats endpoint = sim_node_stats(&pair.node_b);
        assert_int_equal(pair.node_b.allocations, allocations);
        assert_int_equal(stats.dtls_state, STRAIT_DTLS_NEW);
        assert_true(stats.dtls_started == 0 && stats.dtls.datagrams_received == 0);
        assert_int_equal(pair.b.events[SIM_EVENT_DTLS], 0);
        assert_int_equal(stats.dropped_stun_integrity, attack.stun / 2);
        assert_true(endpoint.dropped_no_peer >= attack.dtls + attack.rtp);
        assert_true(endpoint.dropped_stun >= attack.stun / 2);
        assert_true(endpoint.dropped_unknown > 0 && endpoint.dropped_quic > 0);
        assert_int_equal(endpoint.datagrams_sent, pair.node_b.host.counts.sent[SIM_STUN]);
        assert_true(endpoint.datagrams_sent <= refusals(&pair));

        /* And then the real one comes. */
        sim_give_candidates(&pair.b, &pair.a);
        sim_give_ice(&pair.b, &pair.a);
        sim_give_dtls(&pair.b, &pair.a);
        sim_give_candidates(&pair.a, &pair.b);
        assert_true(sim_net_run(&pair.net, pair.net.now + 5 * STRAIT_S, sim_pair_connected, &pair));
        sim_pair_check_connected(&pair, &plan);
        sim_pair_finish(&pair);
    }
}

/*
 * All the way through the handshake, with the victim's own 5-tuple, to both sides. Without a
 * ClientHello from there: DTLS has nothing to tell a forged one from the real one before either is
 * answered, only who can forge the 5-tuple of a validated path within the round trip can do it, and
 * RFC 5763, 6.7.1 leaves that to ICE's checks.
 */
static void connects_under_attack(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * SIM_ROLES; i++) {
        struct sim_pair pair;
        struct sim_plan plan = sim_clean_plan(i);
        struct sim_attack attack;
        sim_attack_init(&attack, &plan);
        sim_pair_init(&pair, &plan);
        sim_signal(&pair.a, &pair.b);
        for (size_t k = 0; k < 400 && !sim_pair_connected(&pair); k++) {
            struct sockaddr_storage from = sim_stranger(k % 5);
            sim_attack_all(&attack, &pair, &from, &pair.a);
            sim_attack_all(&attack, &pair, &from, &pair.b);
            sim_attack_from_the_peer(&attack, &pair, &pair.a);
            sim_attack_from_the_peer(&attack, &pair, &pair.b);
            sim_pair_run(&pair, 5 * STRAIT_MS);
        }
        assert_true(sim_pair_connected(&pair));
        assert_true(pair.net.now - pair.begin < 400 * STRAIT_MS);
        sim_pair_check_connected(&pair, &plan);
        assert_int_equal(pair.a.events[SIM_EVENT_PACKETS] + pair.b.events[SIM_EVENT_PACKETS], 0);
        assert_true(pair.net.nobody <= 2 * refusals(&pair));
        sim_pair_finish(&pair);
    }
}

static void check_undisturbed(const struct sim_peer *peer, uint64_t rtp, uint64_t stun)
{
    struct strait_transport_stats stats = sim_peer_stats(peer);
    /* Two sorts of garbage look like media, where they are long enough. */
    assert_in_range(stats.srtp.forged, rtp, 2 * rtp);
    assert_int_equal(stats.dropped_stun_integrity, stun);
    assert_true(stats.dtls.dropped_alert > 0 && stats.dtls.dropped_overlong > 0);
    assert_int_equal(peer->dtls_states[STRAIT_DTLS_CONNECTED], 1);
    assert_int_equal(peer->dtls_states[STRAIT_DTLS_CLOSED], 0);
    assert_int_equal(peer->dtls_states[STRAIT_DTLS_FAILED], 0);
    assert_int_equal(peer->events[SIM_EVENT_PATH], 1);
    assert_int_equal(peer->events[SIM_EVENT_DATA], 0);
    assert_true(strait__address_equal(&strait_transport_path(peer->transport)->remote,
                                      &peer->other->node->host.outer[0]));
}

/* A call of half a minute, all of it under attack. */
static void talks_on_under_attack(void **state)
{
    enum { ROUNDS = 300 };
    (void)state;
    for (size_t i = 0; i < 2 * SIM_ROLES; i++) {
        struct sim_pair pair;
        struct sim_plan plan = sim_clean_plan(i);
        struct sim_attack attack;
        sim_attack_init(&attack, &plan);
        sim_pair_init(&pair, &plan);
        assert_true(sim_pair_connect(&pair, 5 * STRAIT_S));
        begin_media(&pair, 30 * STRAIT_S);
        sim_pair_run(&pair, STRAIT_S);
        uint64_t dtls = pair.node_a.host.counts.sent[SIM_DTLS] +
                        pair.node_b.host.counts.sent[SIM_DTLS];
        size_t allocations = pair.node_b.allocations;
        for (size_t k = 0; k < ROUNDS; k++) {
            struct sockaddr_storage from = sim_stranger(k % 5);
            sim_attack_all(&attack, &pair, &from, &pair.a);
            sim_attack_all(&attack, &pair, &from, &pair.b);
            sim_attack_from_the_peer(&attack, &pair, &pair.a);
            sim_attack_from_the_peer(&attack, &pair, &pair.b);
            sim_attack_hello(&attack, &pair, &pair.node_b.host.outer[0], &pair.a);
            sim_attack_hello(&attack, &pair, &pair.node_a.host.outer[0], &pair.b);
            sim_pair_run(&pair, 100 * STRAIT_MS);
        }
        sim_pair_run(&pair, STRAIT_S);
        assert_int_equal(pair.a.got.rtp, pair.b.sent.rtp);
        assert_int_equal(pair.b.got.rtp, pair.a.sent.rtp);
        assert_true(pair.a.sent.rtp == 1500 && pair.b.sent.rtp == 1500);
        assert_int_equal(pair.a.got.damaged + pair.b.got.damaged, 0);
        /* Two of three are from the 5-tuple; of STUN, requests find their owner from anywhere. */
        check_undisturbed(&pair.a, 2 * ROUNDS, 4 * ROUNDS);
        check_undisturbed(&pair.b, 2 * ROUNDS, 4 * ROUNDS);
        assert_true(sim_node_stats(&pair.node_b).dropped_no_peer >= 8 * ROUNDS);
        assert_int_equal(pair.node_b.allocations, allocations);
        assert_true(pair.net.nobody <= 2 * refusals(&pair));
        assert_true(pair.node_a.host.counts.sent[SIM_DTLS] +
                        pair.node_b.host.counts.sent[SIM_DTLS] ==
                    dtls);
        assert_true(sim_same_keys(&pair.a, &pair.b));
        sim_pair_finish(&pair);
    }
}

/* --- A peer of the same endpoint -------------------------------------------------------------- */

/* Who has a transport of his own here cannot take another's 5-tuple by forging his address. */
static void lends_nobody_the_path_of_another(void **state)
{
    (void)state;
    for (size_t i = 0; i <= 2 * SIM_ROLES; i++) {
        struct sim_pair pair;
        struct sim_plan plan = sim_clean_plan(i);
        struct sim_peer mallory;
        struct sim_random random;
        struct strait_transport_config config = sim_pair_config(&plan, true);
        config.ice = STRAIT_ICE_LITE;
        if (i == 2 * SIM_ROLES) {
            plan.a_ice = plan.b_ice = STRAIT_ICE_EXTERNAL;
        }
        sim_random_init(&random, i, 7);
        sim_pair_init(&pair, &plan);
        assert_true(sim_pair_connect(&pair, 5 * STRAIT_S));
        sim_peer_init(&mallory, &pair.node_b, 3, &config);
        mallory.other = &pair.a;
        assert_int_equal(strait_transport_set_remote_ice(
                             mallory.transport, strait_transport_local_ice(pair.a.transport)),
                         STRAIT_OK);
        begin_media(&pair, 20 * STRAIT_S);
        for (size_t k = 0; k < 200; k++) {
            sim_check_from(&pair, &pair.node_a.host.outer[0], &mallory, &random);
            sim_pair_run(&pair, 100 * STRAIT_MS);
        }
        sim_pair_run(&pair, STRAIT_S);
        assert_true(pair.a.got.rtp == 1000 && pair.b.got.rtp == 1000);
        assert_int_equal(sim_peer_stats(&mallory).dropped_path_taken, 200);
        assert_int_equal(mallory.events[SIM_EVENT_PATH] + mallory.events[SIM_EVENT_DTLS], 0);
        assert_null(strait_transport_path(mallory.transport));
        sim_pair_check_connected(&pair, &plan);
        sim_pair_finish(&pair);
        sim_peer_finish(&mallory);
    }
}

/* --- Replays ---------------------------------------------------------------------------------- */

static strait_time repeat_all(void *user, const struct sim_flight *flight)
{
    struct sim_net *net = user;
    /* The same again from the same place, and from elsewhere. */
    struct sockaddr_storage from = sim_stranger(1);
    sim_net_inject(net, flight->from, flight->to, flight->data, flight->len, 40 * STRAIT_MS);
    sim_net_inject(net, &from, flight->to, flight->data, flight->len, 10 * STRAIT_MS);
    return 0;
}

/* Somebody who hears all sends all again. From elsewhere it comes first: a check is then a path
 * like any other, but nothing of it is nominated or heard of but by him who can answer. */
static void delivers_nothing_twice(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * SIM_ROLES; i++) {
        struct sim_pair pair;
        struct sim_plan plan = sim_clean_plan(i);
        sim_pair_init(&pair, &plan);
        assert_true(sim_pair_connect(&pair, 5 * STRAIT_S));
        sim_pair_run(&pair, STRAIT_S);
        pair.net.shape = repeat_all;
        pair.net.shape_user = &pair.net;
        begin_media(&pair, 4 * STRAIT_S);
        sim_pair_run(&pair, 5 * STRAIT_S);
        assert_true(pair.a.got.rtp == 200 && pair.b.got.rtp == 200);
        assert_int_equal(pair.a.got.repeated + pair.b.got.repeated, 0);
        uint64_t replayed = sim_peer_stats(&pair.a).srtp.replayed;
        assert_true(replayed >= pair.a.got.rtp + pair.a.got.rtcp);
        sim_pair_check_connected(&pair, &plan);
        sim_pair_finish(&pair);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fails_by_name_on_a_wrong_fingerprint),
        cmocka_unit_test(makes_nothing_of_strangers),
        cmocka_unit_test(connects_under_attack),
        cmocka_unit_test(talks_on_under_attack),
        cmocka_unit_test(lends_nobody_the_path_of_another),
        cmocka_unit_test(delivers_nothing_twice),
    };
    return sim_run(tests, sizeof tests / sizeof *tests);
}
