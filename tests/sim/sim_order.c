/* Things that come in another order: signalling, fingerprints, media before the last flight; and
 * transports that are destroyed in the midst of an event. */
#include <string.h>

#include "tests/sim/media.h"
#include "tests/sim/pair.h"
#include "tests/sim/suite.h"
#include "transport/early.h"

/* --- Signalling in any order ------------------------------------------------------------------ */

enum { STEPS = 6 };

static void step(struct sim_pair *pair, size_t number)
{
    switch (number) {
    case 0:
        sim_give_ice(&pair->a, &pair->b);
        break;
    case 1:
        sim_give_candidates(&pair->a, &pair->b);
        break;
    case 2:
        sim_give_dtls(&pair->a, &pair->b);
        break;
    case 3:
        sim_give_ice(&pair->b, &pair->a);
        break;
    case 4:
        sim_give_candidates(&pair->b, &pair->a);
        break;
    default:
        sim_give_dtls(&pair->b, &pair->a);
    }
}

static void shuffle(struct sim_random *random, size_t order[STEPS])
{
    for (size_t i = 0; i < STEPS; i++) {
        order[i] = i;
    }
    for (size_t i = STEPS - 1; i > 0; i--) {
        size_t k = sim_random_below(random, i + 1), other = order[k];
        order[k] = order[i];
        order[i] = other;
    }
}

static void takes_signalling_in_any_order(void **state)
{
    size_t n = sim_seeds(200);
    (void)state;
    for (size_t i = 0; i < n; i++) {
        struct sim_pair pair;
        struct sim_plan plan = sim_clean_plan(i);
        struct sim_random random;
        size_t order[STEPS];
        plan.link = sim_lossy_link(i % 3 == 0 ? 10 : 0);
        plan.b_is_auto = i % 2 == 1;
        sim_pair_init(&pair, &plan);
        pair.a.other = &pair.b;
        pair.b.other = &pair.a;
        sim_random_init(&random, i, 3);
        shuffle(&random, order);
        for (size_t k = 0; k < STEPS; k++) {
            step(&pair, order[k]);
            /* At once, or so late that all that can be done before it is done. */
            sim_pair_run(&pair, sim_random_chance(&random, 40)
                                    ? 0
                                    : sim_random_below(&random, 300) * STRAIT_MS);
        }
        assert_true(
            sim_net_run(&pair.net, pair.net.now + 20 * STRAIT_S, sim_pair_connected, &pair));
        sim_pair_media(&pair, STRAIT_S / 2);
        sim_pair_check_connected(&pair, &plan);
        sim_pair_check_media(&pair);
        sim_pair_finish(&pair);
    }
}

/* Setters tell nothing: what they bring happens in the next advance. */
static void tells_nothing_inside_a_setter(void **state)
{
    struct sim_pair pair;
    struct sim_plan plan = sim_clean_plan(0);
    (void)state;
    sim_pair_init(&pair, &plan);
    for (size_t i = 0; i < STEPS; i++) {
        step(&pair, i);
    }
    assert_int_equal(pair.a.events[SIM_EVENT_ICE] + pair.b.events[SIM_EVENT_ICE], 0);
    assert_int_equal(pair.node_a.host.counts.sent[SIM_STUN], 0);
    assert_true(strait_endpoint_deadline(pair.node_a.endpoint) <= pair.net.now);
    sim_pair_run(&pair, 0);
    assert_int_equal(pair.a.ice_states[STRAIT_ICE_CHECKING], 1);
    assert_int_equal(pair.node_a.host.counts.sent[SIM_STUN], 1);
    sim_pair_finish(&pair);
}

/* --- A fingerprint that comes late ------------------------------------------------------------ */

/* `late` hears of the other's fingerprint two seconds after everything else. */
static void begin_without_fingerprint(struct sim_pair *pair, struct sim_peer *late)
{
    pair->a.other = &pair->b;
    pair->b.other = &pair->a;
    for (size_t i = 0; i < STEPS; i++) {
        if (i != (late == &pair->b ? 2u : 5u)) {
            step(pair, i);
        }
    }
    sim_peer_media(&pair->a, pair->net.now, pair->net.now + 3 * STRAIT_S);
    sim_peer_media(&pair->b, pair->net.now, pair->net.now + 3 * STRAIT_S);
    sim_pair_run(pair, 2 * STRAIT_S);
}

static void holds_media_until_the_fingerprint_matched(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4 * SIM_ROLES; i++) {
        struct sim_pair pair;
        struct sim_plan plan = sim_clean_plan(i);
        sim_pair_init(&pair, &plan);
        struct sim_peer *late = i < 2 * SIM_ROLES ? &pair.b : &pair.a;
        begin_without_fingerprint(&pair, late);

        assert_int_equal(strait_transport_dtls_state(late->transport), STRAIT_DTLS_CONNECTING);
        assert_false(strait_transport_writable(late->transport));
        assert_int_equal(late->dtls_states[STRAIT_DTLS_CONNECTED], 0);
        assert_int_equal(late->node->host.counts.sent[SIM_MEDIA], 0);
        assert_int_equal(late->events[SIM_EVENT_PACKETS], 0);
        struct strait_transport_stats stats = sim_peer_stats(late);
        assert_int_equal(stats.rtp_sent + stats.rtcp_sent, 0);
        assert_true(stats.dropped_no_keys > 50);
        uint64_t waits = stats.early_queued;
        assert_true(waits <= STRAIT__EARLY_MAX);

        step(&pair, late == &pair.b ? 2 : 5);
        sim_pair_run(&pair, 0);
        assert_int_equal(late->dtls_states[STRAIT_DTLS_CONNECTED], 1);
        assert_true(late->dtls_at[STRAIT_DTLS_CONNECTED] == pair.net.now);
        stats = sim_peer_stats(late);
        assert_int_equal(stats.early_delivered, waits);
        assert_int_equal(late->got.rtp + late->got.rtcp, waits);
        sim_pair_run(&pair, 2 * STRAIT_S);
        sim_pair_check_connected(&pair, &plan);
        assert_true(late->sent.rtp > 40 && late->other->got.rtp == late->sent.rtp);
        assert_int_equal(late->got.damaged + late->got.repeated, 0);
        sim_pair_finish(&pair);
    }
}

/* --- Media that overtake the last flight ------------------------------------------------------ */

struct hold {
    struct sim_peer *ahead; /* whose DTLS is held back once it is connected */
    strait_time by;
};

static strait_time hold_dtls(void *user, const struct sim_flight *flight)
{
    const struct hold *hold = user;
    bool last = flight->sender == &hold->ahead->node->host && flight->kind == SIM_DTLS &&
                strait_transport_dtls_state(hold->ahead->transport) == STRAIT_DTLS_CONNECTED;
    return last ? hold->by : 0;
}

static void sends_at_once(struct sim_peer *peer, enum sim_event event, int state)
{
    if (event == SIM_EVENT_DTLS && state == STRAIT_DTLS_CONNECTED) {
        strait_time now = peer->node->host.net->now;
        sim_peer_media(peer, now, now + 200 * STRAIT_MS);
    }
}

/* In 1.2 the server is connected first, in 1.3 the client. */
static void keeps_media_that_come_before_the_last_flight(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * SIM_ROLES; i++) {
        struct sim_pair pair;
        struct sim_plan plan = sim_clean_plan(i);
        struct hold hold = { .by = 100 * STRAIT_MS };
        sim_pair_init(&pair, &plan);
        struct sim_peer *client = plan.b_is_client ? &pair.b : &pair.a;
        struct sim_peer *server = plan.b_is_client ? &pair.a : &pair.b;
        hold.ahead = plan.version == SIM_DTLS_12 ? server : client;
        struct sim_peer *behind = hold.ahead == server ? client : server;
        pair.net.shape = hold_dtls;
        pair.net.shape_user = &hold;
        hold.ahead->on_event = sends_at_once;
        assert_true(sim_pair_connect(&pair, 5 * STRAIT_S));
        uint64_t waited = sim_peer_stats(behind).early_queued;
        /* Ten in 100 ms, and the RTCP. */
        assert_true(waited >= 5 && waited <= 7);
        sim_pair_run(&pair, STRAIT_S);
        struct strait_transport_stats stats = sim_peer_stats(behind);
        assert_int_equal(stats.early_queued, waited);
        assert_int_equal(stats.early_delivered, waited);
        assert_int_equal(stats.dropped_early_full, 0);
        assert_int_equal(hold.ahead->sent.rtp, 10);
        assert_int_equal(behind->got.rtp, 10);
        assert_int_equal(behind->got.rtcp, hold.ahead->sent.rtcp);
        assert_int_equal(behind->got.damaged + behind->got.repeated, 0);
        sim_pair_check_connected(&pair, &plan);
        sim_pair_finish(&pair);
    }
}

/* --- Destroyed inside an event ---------------------------------------------------------------- */

struct doom {
    enum sim_event event;
    uint64_t nth;
    bool close; /* else destroy */
};

static void ends_itself(struct sim_peer *peer, enum sim_event event, int state)
{
    const struct doom *doom = peer->user;
    (void)state;
    if (event != doom->event || peer->events[event] != doom->nth) {
        return;
    }
    if (doom->close) {
        peer->next_media = STRAIT_TIME_NEVER;
        strait_transport_close(peer->transport, peer->node->host.net->now);
    } else {
        sim_peer_destroy(peer);
    }
}

/* Data and attributes, so that each kind of event happens on both sides. */
static void says_hello(struct sim_peer *peer)
{
    static const uint8_t value[] = { 7 };
    const struct strait_stun_attribute attribute = { 0xc001, sizeof value, value };
    strait_transport_set_stun_attributes(peer->transport, &attribute, 1);
}

static void send_data(struct sim_peer *peer)
{
    static const uint8_t data[] = "data";
    if (peer->transport != NULL && sim_peer_connected(peer)) {
        strait_transport_send_data(peer->transport, peer->node->host.net->now, data, sizeof data);
        sim_node_drain(peer->node);
    }
}

static uint64_t all_events(const struct sim_peer *peer)
{
    uint64_t all = 0;
    for (size_t i = 0; i < SIM_EVENTS; i++) {
        all += peer->events[i];
    }
    return all;
}

static bool run_doom(const struct sim_plan *plan, bool in_b, struct doom doom)
{
    struct sim_pair pair;
    sim_pair_init(&pair, plan);
    struct sim_peer *peer = in_b ? &pair.b : &pair.a;
    struct sim_peer *other = in_b ? &pair.a : &pair.b;
    peer->on_event = ends_itself;
    peer->user = &doom;
    says_hello(&pair.a);
    says_hello(&pair.b);
    sim_signal(&pair.a, &pair.b);
    sim_net_run(&pair.net, pair.net.now + STRAIT_S, NULL, NULL);
    send_data(&pair.a);
    send_data(&pair.b);
    for (size_t i = 0; i < 2; i++) {
        struct sim_peer *sender = i == 0 ? &pair.a : &pair.b;
        if (sender->transport != NULL && sim_peer_connected(sender)) {
            sim_peer_media(sender, pair.net.now, pair.net.now + STRAIT_S);
        }
    }
    sim_pair_run(&pair, STRAIT_S);
    bool ended = peer->events[doom.event] >= doom.nth;
    if (ended) {
        assert_int_equal(peer->events[doom.event], doom.nth);
        uint64_t events = all_events(peer);
        assert_int_equal(sim_node_stats(peer->node).transports, doom.close ? 1 : 0);
        sim_pair_run(&pair, 40 * STRAIT_S);
        assert_int_equal(all_events(peer), events);
        assert_false(strait_transport_writable(other->transport));
        assert_int_equal(strait_endpoint_deadline(peer->node->endpoint), STRAIT_TIME_NEVER);
    }
    sim_pair_finish(&pair);
    return ended;
}

static void ends_inside_any_event(void **state)
{
    uint64_t done[2][SIM_EVENTS] = { 0 };
    (void)state;
    for (size_t i = 0; i < SIM_ROLES; i++) {
        struct sim_plan plan = sim_clean_plan(i);
        for (size_t k = 0; k < 2 * 2 * SIM_EVENTS; k++) {
            struct doom doom = { .event = (enum sim_event)(k % SIM_EVENTS),
                                 .nth = 1,
                                 .close = k / SIM_EVENTS % 2 == 1 };
            bool in_b = k / SIM_EVENTS / 2 == 1;
            for (; doom.nth < 8 && run_doom(&plan, in_b, doom); doom.nth++) {
                done[in_b][doom.event]++;
            }
        }
    }
    for (size_t i = 0; i < SIM_EVENTS; i++) {
        assert_true(done[0][i] >= 2 * SIM_ROLES && done[1][i] >= 2 * SIM_ROLES);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_signalling_in_any_order),
        cmocka_unit_test(tells_nothing_inside_a_setter),
        cmocka_unit_test(holds_media_until_the_fingerprint_matched),
        cmocka_unit_test(keeps_media_that_come_before_the_last_flight),
        cmocka_unit_test(ends_inside_any_event),
    };
    return sim_run(tests, sizeof tests / sizeof *tests);
}
