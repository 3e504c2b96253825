#include "tests/sim/peer.h"

#include <string.h>

#include "tests/sim/check.h"
#include "tests/sim/media.h"
#include "tests/sim/suite.h"
#include "transport/util.h"

enum { TICK_MS = 20, RTCP_EVERY = 10 };

/* --- Events ----------------------------------------------------------------------------------- */

static void happened(struct sim_peer *peer, enum sim_event event, int state)
{
    peer->events[event]++;
    if (peer->on_event != NULL) {
        peer->on_event(peer, event, state);
    }
}

static void on_ice_state(void *user, struct strait_transport *transport,
                         enum strait_ice_state state)
{
    struct sim_peer *peer = user;
    sim_check(transport == peer->transport);
    peer->ice_states[state]++;
    peer->ice_at[state] = peer->node->host.net->now;
    happened(peer, SIM_EVENT_ICE, (int)state);
}

static void on_dtls_state(void *user, struct strait_transport *transport,
                          enum strait_dtls_state state)
{
    struct sim_peer *peer = user;
    sim_check(transport == peer->transport);
    peer->dtls_states[state]++;
    peer->dtls_at[state] = peer->node->host.net->now;
    happened(peer, SIM_EVENT_DTLS, (int)state);
}

static void on_packets(void *user, struct strait_transport *transport,
                       struct strait_packet *packets, size_t n)
{
    struct sim_peer *peer = user;
    sim_check(transport == peer->transport);
    for (size_t i = 0; i < n; i++) {
        sim_check(packets[i].status == STRAIT_OK);
        sim_media_count(&peer->got, peer->other != NULL ? peer->other->ssrc : 0, &packets[i],
                        peer->node->host.net->now);
    }
    happened(peer, SIM_EVENT_PACKETS, (int)n);
}

static void on_data(void *user, struct strait_transport *transport, uint8_t *data, size_t len)
{
    struct sim_peer *peer = user;
    sim_check(transport == peer->transport && data != NULL);
    peer->data_bytes += len;
    happened(peer, SIM_EVENT_DATA, (int)len);
}

static void on_path(void *user, struct strait_transport *transport, const struct strait_path *path)
{
    struct sim_peer *peer = user;
    sim_check(transport == peer->transport);
    peer->path = *path;
    happened(peer, SIM_EVENT_PATH, 0);
}

static void on_attributes(void *user, struct strait_transport *transport,
                          const struct strait_stun_attribute *attributes, size_t n)
{
    struct sim_peer *peer = user;
    sim_check(transport == peer->transport && n > 0);
    peer->attribute = attributes[n - 1];
    peer->attribute.value = NULL;
    happened(peer, SIM_EVENT_ATTRIBUTES, (int)n);
}

/* --- Life ------------------------------------------------------------------------------------- */

void sim_peer_init(struct sim_peer *peer, struct sim_node *node, uint32_t number,
                   const struct strait_transport_config *config)
{
    struct strait_transport_config own = *config;
    memset(peer, 0, sizeof *peer);
    peer->node = node;
    peer->next = node->peers;
    node->peers = peer;
    peer->certificate = sim_certificate(number);
    peer->dtls_role = own.dtls_role;
    peer->next_media = STRAIT_TIME_NEVER;
    peer->ssrc = 0x10000000u + number;
    peer->sequence = (uint16_t)(65500 + number); /* wraps soon: ROC is part of every run */
    sim_check(strait_certificate_fingerprint(peer->certificate, STRAIT_HASH_SHA256,
                                             &peer->fingerprint) == STRAIT_OK);
    own.size = sizeof own;
    own.user = peer;
    own.certificate = peer->certificate;
    own.events = (struct strait_transport_events){ .size = sizeof own.events,
                                                   .ice_state = on_ice_state,
                                                   .dtls_state = on_dtls_state,
                                                   .packets = on_packets,
                                                   .data = on_data,
                                                   .path = on_path,
                                                   .stun_attributes = on_attributes };
    sim_check(strait_transport_create(&peer->transport, node->endpoint, &own,
                                      node->host.net->now) == STRAIT_OK);
}

void sim_peer_destroy(struct sim_peer *peer)
{
    struct strait_transport *transport = peer->transport;
    peer->transport = NULL;
    peer->next_media = STRAIT_TIME_NEVER;
    strait_transport_destroy(transport);
}

void sim_peer_finish(struct sim_peer *peer)
{
    strait_certificate_unref(peer->certificate);
    memset(peer, 0, sizeof *peer);
}

/* --- Signalling ------------------------------------------------------------------------------- */

void sim_give_ice(const struct sim_peer *from, struct sim_peer *to)
{
    const struct strait_ice_parameters *local = strait_transport_local_ice(from->transport);
    sim_check(strait_transport_set_remote_ice(to->transport, local) == STRAIT_OK);
}

void sim_give_candidates(const struct sim_peer *from, struct sim_peer *to)
{
    struct strait_candidate candidates[SIM_ADDRESSES];
    size_t n = strait_endpoint_local_candidates(from->node->endpoint, candidates, SIM_ADDRESSES);
    sim_check(n > 0 && n <= SIM_ADDRESSES);
    for (size_t i = 0; i < n; i++) {
        sim_check(strait_transport_add_remote_candidate(to->transport, &candidates[i]) ==
                  STRAIT_OK);
    }
    sim_check(strait_transport_end_of_candidates(to->transport) == STRAIT_OK);
}

void sim_give_dtls(const struct sim_peer *from, struct sim_peer *to)
{
    struct strait_dtls_parameters dtls = { .role = from->dtls_role,
                                           .fingerprints = { from->fingerprint },
                                           .n_fingerprints = 1 };
    sim_check(strait_transport_set_remote_dtls(to->transport, &dtls) == STRAIT_OK);
}

void sim_signal(struct sim_peer *a, struct sim_peer *b)
{
    a->other = b;
    b->other = a;
    sim_give_ice(a, b);
    sim_give_candidates(a, b);
    sim_give_dtls(a, b);
    sim_give_ice(b, a);
    sim_give_candidates(b, a);
    sim_give_dtls(b, a);
}

/* --- Media ------------------------------------------------------------------------------------ */

void sim_peer_media(struct sim_peer *peer, strait_time begin, strait_time end)
{
    peer->next_media = begin;
    peer->media_until = end;
}

void sim_peer_send_media(struct sim_peer *peer, strait_time now)
{
    uint8_t rtp[SIM_RTP_BYTES], rtcp[SIM_RTCP_BYTES];
    struct strait_packet packets[2] = {
        { .data = rtp, .len = sizeof rtp, .room = sizeof rtp },
        { .data = rtcp, .len = sizeof rtcp, .room = sizeof rtcp },
    };
    size_t n = peer->ticks % RTCP_EVERY == 0 ? 2 : 1;
    sim_media_rtp(rtp, peer->ssrc, peer->sequence, peer->ticks);
    sim_media_rtcp(rtcp, peer->ssrc, peer->ticks);
    int taken = strait_transport_send(peer->transport, packets, n);
    if (taken > 0) {
        sim_check((size_t)taken == n);
        for (size_t i = 0; i < n; i++) {
            sim_media_count(&peer->sent, peer->ssrc, &packets[i], now);
        }
        peer->sequence++;
        peer->ticks++;
    }
    /* Outside of its ticks, in an event, it changes nothing about them. */
    if (peer->next_media <= now) {
        peer->next_media += TICK_MS * STRAIT_MS;
    }
    if (peer->next_media >= peer->media_until) {
        peer->next_media = STRAIT_TIME_NEVER;
    }
}

/* --- Looking ---------------------------------------------------------------------------------- */

bool sim_peer_connected(const struct sim_peer *peer)
{
    return strait_transport_dtls_state(peer->transport) == STRAIT_DTLS_CONNECTED &&
           strait_transport_writable(peer->transport);
}

struct strait_transport_stats sim_peer_stats(const struct sim_peer *peer)
{
    struct strait_transport_stats stats = { .size = sizeof stats };
    sim_check(strait_transport_stats(peer->transport, &stats) == STRAIT_OK);
    return stats;
}

bool sim_same_keys(const struct sim_peer *a, const struct sim_peer *b)
{
    enum strait_srtp_profile profile[2];
    struct strait_srtp_key send[2] = { 0 }, receive[2] = { 0 };
    if (strait_transport_srtp_keys(a->transport, &profile[0], &send[0], &receive[0]) != STRAIT_OK ||
        strait_transport_srtp_keys(b->transport, &profile[1], &send[1], &receive[1]) != STRAIT_OK) {
        return false;
    }
    return profile[0] == profile[1] && memcmp(&send[0], &receive[1], sizeof send[0]) == 0 &&
           memcmp(&receive[0], &send[1], sizeof send[1]) == 0 &&
           memcmp(&send[0], &receive[0], sizeof send[0]) != 0;
}
