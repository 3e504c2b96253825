#include "tests/sim/recorded.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sim/check.h"

static struct sim_record take_record(struct sim_node *node)
{
    struct sim_record record = node->record;
    memset(&node->record, 0, sizeof node->record);
    return record;
}

static uint64_t datagrams_sent(const struct sim_node *node)
{
    return sim_node_stats(node).datagrams_sent;
}

/* The path event brings what DTLS needs; CONNECTED sends data, attributes and media; data
 * restarts ICE; a visitor comes and goes. */
static void in_b(struct sim_peer *b, enum sim_event event, int state)
{
    static const uint8_t hello[] = "hello", value[] = { 1, 2, 3 };
    const struct strait_stun_attribute attribute = { 0xc057, sizeof value, value };
    strait_time now = b->node->host.net->now;
    if (event == SIM_EVENT_PATH && b->events[SIM_EVENT_PATH] == 1) {
        sim_give_dtls(b->other, b);
    } else if (event == SIM_EVENT_DTLS && state == STRAIT_DTLS_CONNECTED) {
        assert_int_equal(strait_transport_set_stun_attributes(b->transport, &attribute, 1),
                         STRAIT_OK);
        assert_int_equal(strait_transport_send_data(b->transport, now, hello, sizeof hello),
                         STRAIT_OK);
        sim_peer_send_media(b, now);
    } else if (event == SIM_EVENT_PACKETS && b->events[SIM_EVENT_PACKETS] == 3) {
        struct strait_transport *visitor;
        struct strait_transport_config config = { .size = sizeof config,
                                                  .ice = STRAIT_ICE_LITE,
                                                  .certificate = b->certificate,
                                                  .ufrag = "visitor",
                                                  .pwd = "0123456789012345678901" };
        assert_int_equal(strait_transport_create(&visitor, b->node->endpoint, &config, now),
                         STRAIT_OK);
        assert_ptr_equal(strait_endpoint_find(b->node->endpoint, "visitor"), visitor);
        strait_transport_destroy(visitor);
    }
}

static void in_a(struct sim_peer *a, enum sim_event event, int state)
{
    (void)state;
    if (event == SIM_EVENT_DATA && a->events[SIM_EVENT_DATA] == 1 && a->user == NULL) {
        assert_int_equal(strait_transport_restart_ice(a->transport, NULL, NULL), STRAIT_OK);
        assert_int_equal(strait_transport_restart_ice(a->other->transport, "newufrag",
                                                      "not-of-ice-chars-but-long-enough"),
                         STRAIT_E_INVALID);
        assert_int_equal(
            strait_transport_restart_ice(a->other->transport, "newufrag", "newpasswordoflength222"),
            STRAIT_OK);
        sim_give_ice(a, a->other);
        sim_give_ice(a->other, a);
        sim_give_candidates(a->other, a);
    }
}

static uint64_t quiet_events(const struct sim_peer *peer)
{
    return peer->events[SIM_EVENT_ICE] + peer->events[SIM_EVENT_DTLS] +
           peer->events[SIM_EVENT_DATA] + peer->events[SIM_EVENT_PATH] +
           peer->events[SIM_EVENT_ATTRIBUTES];
}

void sim_record_run(struct sim_recorded *recorded, const struct sim_plan *plan)
{
    struct sim_pair pair;
    sim_pair_init(&pair, plan);
    pair.a.other = &pair.b;
    pair.b.other = &pair.a;
    pair.a.on_event = in_a;
    pair.b.on_event = in_b;
    sim_give_dtls(&pair.b, &pair.a);
    if (pair.external) {
        /* A host that has an ICE of its own restarts it itself. */
        pair.a.user = &pair;
        sim_pair_give_paths(&pair);
    } else {
        sim_give_ice(&pair.a, &pair.b);
        sim_give_candidates(&pair.a, &pair.b);
        sim_give_ice(&pair.b, &pair.a);
        sim_give_candidates(&pair.b, &pair.a);
    }
    assert_true(sim_net_run(&pair.net, pair.net.now + 30 * STRAIT_S, sim_pair_connected, &pair));
    sim_pair_media(&pair, 2 * STRAIT_S);
    assert_true(pair.a.got.rtp > 20 && pair.b.got.rtp > 20);
    strait_transport_close(pair.a.transport, pair.net.now);
    sim_node_drain(&pair.node_a);
    sim_pair_run(&pair, STRAIT_S);
    recorded->sent_a = datagrams_sent(&pair.node_a);
    recorded->sent_b = datagrams_sent(&pair.node_b);
    recorded->events_a = quiet_events(&pair.a);
    recorded->events_b = quiet_events(&pair.b);
    sim_peer_destroy(&pair.a);
    recorded->a = take_record(&pair.node_a);
    recorded->b = take_record(&pair.node_b);
    sim_pair_finish(&pair);
}

struct sim_plan sim_record_plan(enum sim_version version, unsigned loss, uint64_t seed)
{
    static const enum strait_ice_kind a_ices[] = { STRAIT_ICE_FULL, STRAIT_ICE_FULL,
                                                   STRAIT_ICE_EXTERNAL, STRAIT_ICE_FULL };
    static const enum strait_ice_kind b_ices[] = { STRAIT_ICE_LITE, STRAIT_ICE_FULL,
                                                   STRAIT_ICE_EXTERNAL, STRAIT_ICE_LITE };
    return (struct sim_plan){ .seed = seed,
                              .version = version,
                              .b_is_client = seed % 2 == 1,
                              .a_ice = a_ices[seed % 4],
                              .b_ice = b_ices[seed % 4],
                              .link = sim_lossy_link(loss),
                              .record = true };
}

void sim_recorded_finish(struct sim_recorded *recorded)
{
    free(recorded->a.data);
    free(recorded->b.data);
    memset(recorded, 0, sizeof *recorded);
}

size_t sim_record_find(const struct sim_record *record, enum strait__record_type type, size_t n)
{
    struct strait__entry entry;
    for (size_t at = 0, next;
         strait__entry_read(&entry, record->data, record->len, at, &next) == STRAIT__ENTRY_WHOLE;
         at = next) {
        if (entry.type == type && n-- == 0) {
            return at;
        }
    }
    return SIZE_MAX;
}

size_t sim_record_end(const struct sim_record *record, size_t at)
{
    struct strait__entry entry;
    size_t next = 0;
    assert_int_equal(strait__entry_read(&entry, record->data, record->len, at, &next),
                     STRAIT__ENTRY_WHOLE);
    return next;
}
