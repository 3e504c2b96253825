/* Many peers on one endpoint and one port. */
#include <string.h>

#include "tests/sim/pair.h"
#include "tests/sim/suite.h"
#include "transport/endpoint.h"

enum { PEERS = 10, SERVER_CERTIFICATE = 20 };

struct crowd {
    struct sim_net net;
    struct sim_node server, clients[PEERS];
    struct sim_peer served[PEERS], peers[PEERS];
};

/* Each peer another version and role; lite ICE on the server, as a host has it. */
static struct sim_plan plan_of(size_t i)
{
    return (struct sim_plan){ .version = (enum sim_version)(i % SIM_VERSIONS),
                              .b_is_client = i % 2 == 1,
                              .b_is_auto = i % 4 == 2,
                              .a_ice = STRAIT_ICE_FULL,
                              .b_ice = STRAIT_ICE_LITE };
}

static void init_node(struct crowd *crowd, struct sim_node *node, uint64_t stream,
                      struct sockaddr_storage address, unsigned loss)
{
    struct sim_node_config config = { .seed = 5,
                                      .stream = stream,
                                      .addresses = &address,
                                      .n_addresses = 1,
                                      .out = sim_lossy_link(loss) };
    sim_node_init(node, &crowd->net, &config);
}

/* Half of the clients share an address and differ in their ports. */
static void init_crowd(struct crowd *crowd, unsigned loss)
{
    memset(crowd, 0, sizeof *crowd);
    sim_net_init(&crowd->net, 5, 1000 * STRAIT_S);
    init_node(crowd, &crowd->server, 100, sim_address("192.0.2.1", 3478), loss);
    for (uint32_t i = 0; i < PEERS; i++) {
        uint16_t port = (uint16_t)(7000 + i);
        struct sim_plan plan = plan_of(i);
        struct strait_transport_config a = sim_pair_config(&plan, false);
        struct strait_transport_config b = sim_pair_config(&plan, true);
        struct sockaddr_storage address = i < PEERS / 2 ? sim_address("198.51.100.1", port)
                                                        : sim_address("198.51.100.2", port);
        init_node(crowd, &crowd->clients[i], i, address, loss);
        sim_peer_init(&crowd->peers[i], &crowd->clients[i], i, &a);
        sim_peer_init(&crowd->served[i], &crowd->server, SERVER_CERTIFICATE + i, &b);
        sim_signal(&crowd->peers[i], &crowd->served[i]);
    }
}

static void finish_crowd(struct crowd *crowd)
{
    sim_node_finish(&crowd->server);
    for (size_t i = 0; i < PEERS; i++) {
        sim_node_finish(&crowd->clients[i]);
        sim_peer_finish(&crowd->peers[i]);
        sim_peer_finish(&crowd->served[i]);
    }
    sim_net_finish(&crowd->net);
}

static bool all_connected(void *user)
{
    const struct crowd *crowd = user;
    for (size_t i = 0; i < PEERS; i++) {
        if (!sim_peer_connected(&crowd->peers[i]) || !sim_peer_connected(&crowd->served[i])) {
            return false;
        }
    }
    return true;
}

static void media(struct crowd *crowd, strait_time time)
{
    strait_time now = crowd->net.now;
    for (size_t i = 0; i < PEERS; i++) {
        if (crowd->served[i].transport != NULL) {
            sim_peer_media(&crowd->peers[i], now, now + time);
            sim_peer_media(&crowd->served[i], now, now + time);
        }
    }
    sim_net_run(&crowd->net, now + time + 100 * STRAIT_MS, NULL, NULL);
}

static void serves_ten_on_one_port(void **state)
{
    static const unsigned losses[] = { 0, 10, 30 };
    (void)state;
    for (size_t k = 0; k < 3; k++) {
        struct crowd crowd;
        init_crowd(&crowd, losses[k]);
        assert_true(sim_net_run(&crowd.net, crowd.net.now + 20 * STRAIT_S, all_connected, &crowd));
        media(&crowd, STRAIT_S);
        uint64_t lost = 0, arrived = 0, sent = 0;
        for (size_t i = 0; i < PEERS; i++) {
            struct sim_peer *a = &crowd.peers[i], *b = &crowd.served[i];
            assert_true(sim_same_keys(a, b));
            assert_int_equal(a->dtls_states[STRAIT_DTLS_CONNECTED], 1);
            assert_int_equal(b->dtls_states[STRAIT_DTLS_CONNECTED], 1);
            assert_int_equal(b->got.rtp + b->got.rtcp,
                             a->sent.rtp + a->sent.rtcp -
                                 crowd.clients[i].host.counts.lost[SIM_MEDIA]);
            assert_true(b->got.rtp > 10 && b->got.damaged == 0 && a->got.damaged == 0);
            sent += b->sent.rtp + b->sent.rtcp;
            arrived += a->got.rtp + a->got.rtcp;
        }
        lost = crowd.server.host.counts.lost[SIM_MEDIA];
        assert_int_equal(arrived, sent - lost);
        assert_int_equal(sim_node_stats(&crowd.server).transports, PEERS);
        assert_int_equal(sim_node_stats(&crowd.server).dropped_no_ufrag, 0);
        finish_crowd(&crowd);
    }
}

/* In the midst of its own event number 3 destroys number 4 and itself; number 5 closes from
 * afar. */
static void takes_two_with_it(struct sim_peer *peer, enum sim_event event, int state)
{
    struct crowd *crowd = peer->user;
    (void)state;
    if (event == SIM_EVENT_PACKETS && peer->events[event] == 10) {
        sim_peer_destroy(&crowd->served[4]);
        sim_peer_destroy(peer);
    }
}

static void some_leave_and_the_others_lose_nothing(void **state)
{
    struct crowd crowd;
    (void)state;
    init_crowd(&crowd, 0);
    assert_true(sim_net_run(&crowd.net, crowd.net.now + 20 * STRAIT_S, all_connected, &crowd));
    crowd.served[3].on_event = takes_two_with_it;
    crowd.served[3].user = &crowd;
    media(&crowd, STRAIT_S);
    assert_int_equal(sim_node_stats(&crowd.server).transports, PEERS - 2);
    crowd.peers[5].next_media = STRAIT_TIME_NEVER;
    strait_transport_close(crowd.peers[5].transport, crowd.net.now);
    sim_node_drain(&crowd.clients[5]);
    media(&crowd, STRAIT_S);
    assert_int_equal(crowd.served[5].dtls_states[STRAIT_DTLS_CLOSED], 1);
    for (size_t i = 0; i < PEERS; i++) {
        if (i < 3 || i > 5) {
            struct sim_peer *a = &crowd.peers[i], *b = &crowd.served[i];
            assert_true(a->sent.rtp == 100 && b->sent.rtp == 100);
            assert_true(a->got.rtp == 100 && b->got.rtp == 100);
            assert_int_equal(a->got.repeated + b->got.repeated, 0);
        }
    }
    /* Those who were left alone notice in time. */
    sim_net_run(&crowd.net, crowd.net.now + 35 * STRAIT_S, NULL, NULL);
    assert_int_equal(strait_transport_error(crowd.peers[3].transport), STRAIT_E_CONSENT);
    assert_int_equal(strait_transport_error(crowd.peers[4].transport), STRAIT_E_CONSENT);
    assert_true(sim_peer_connected(&crowd.peers[6]) && sim_peer_connected(&crowd.served[6]));
    finish_crowd(&crowd);
}

/* One who comes back from the same address and port, with new credentials, while his old
 * transport is still there, destroyed or closed. */
static void comes_back_from_the_same_port(void **state)
{
    (void)state;
    for (size_t way = 0; way < 3; way++) {
        struct crowd crowd;
        struct sim_peer again, served;
        struct sim_plan plan = plan_of(1);
        struct strait_transport_config a = sim_pair_config(&plan, false);
        struct strait_transport_config b = sim_pair_config(&plan, true);
        init_crowd(&crowd, 0);
        assert_true(sim_net_run(&crowd.net, crowd.net.now + 20 * STRAIT_S, all_connected, &crowd));
        sim_peer_destroy(&crowd.peers[2]);
        if (way == 1) {
            sim_peer_destroy(&crowd.served[2]);
        } else if (way == 2) {
            strait_transport_close(crowd.served[2].transport, crowd.net.now);
            sim_node_drain(&crowd.server);
        }
        sim_peer_init(&again, &crowd.clients[2], 30, &a);
        sim_peer_init(&served, &crowd.server, 31, &b);
        sim_signal(&again, &served);
        strait_time begin = crowd.net.now;
        while (!sim_peer_connected(&again) && crowd.net.now < begin + 20 * STRAIT_S) {
            sim_net_run(&crowd.net, crowd.net.now + 10 * STRAIT_MS, NULL, NULL);
        }
        assert_true(sim_peer_connected(&again));
        /* A 5-tuple is its old holder's for some time after the last check, unless that has
         * ended. */
        assert_true(crowd.net.now - begin < (way == 0 ? STRAIT__PATH_HELD + STRAIT_S : STRAIT_S));
        sim_peer_media(&again, crowd.net.now, crowd.net.now + STRAIT_S);
        sim_peer_media(&served, crowd.net.now, crowd.net.now + STRAIT_S);
        sim_net_run(&crowd.net, crowd.net.now + 2 * STRAIT_S, NULL, NULL);
        assert_true(served.got.rtp == 50 && again.got.rtp == 50);
        assert_int_equal(crowd.served[2].got.rtp, 0);
        finish_crowd(&crowd);
        sim_peer_finish(&again);
        sim_peer_finish(&served);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(serves_ten_on_one_port),
        cmocka_unit_test(some_leave_and_the_others_lose_nothing),
        cmocka_unit_test(comes_back_from_the_same_port),
    };
    return sim_run(tests, sizeof tests / sizeof *tests);
}
