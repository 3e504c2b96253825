/* A transport with an application on it: it counts events, sends numbered media and checks what
 * comes. */
#ifndef SIM_PEER_H
#define SIM_PEER_H

#include <strait/transport.h>

#include "tests/sim/node.h"

enum sim_event {
    SIM_EVENT_ICE = 0,
    SIM_EVENT_DTLS,
    SIM_EVENT_PACKETS,
    SIM_EVENT_DATA,
    SIM_EVENT_PATH,
    SIM_EVENT_ATTRIBUTES,
    SIM_EVENTS
};

/* One direction's media, by number. */
struct sim_media {
    uint64_t rtp, rtcp, bytes;
    uint64_t repeated; /* RTP that came before already */
    uint64_t damaged;  /* not what was sent */
    uint8_t seen[65536 / 8];
    strait_time first, last;
};

struct sim_peer {
    struct sim_peer *next; /* in its node's list */
    struct sim_node *node;
    struct strait_transport *transport; /* NULL: destroyed */
    struct strait_certificate *certificate;
    struct strait_fingerprint fingerprint;
    enum strait_dtls_role dtls_role;
    struct sim_peer *other; /* whose media are expected */

    uint64_t events[SIM_EVENTS];
    uint64_t ice_states[STRAIT_ICE_CLOSED + 1];
    uint64_t dtls_states[STRAIT_DTLS_FAILED + 1];
    strait_time ice_at[STRAIT_ICE_CLOSED + 1]; /* of the newest such event */
    strait_time dtls_at[STRAIT_DTLS_FAILED + 1];
    uint64_t data_bytes;
    struct strait_stun_attribute attribute; /* the newest's type and length */
    struct strait_path path;                /* of the newest path event */

    /* Called at the end of each event; may do what an application may. */
    void (*on_event)(struct sim_peer *peer, enum sim_event event, int state);
    void *user;

    strait_time next_media; /* STRAIT_TIME_NEVER: sends none */
    strait_time media_until;
    uint32_t ssrc, ticks;
    uint16_t sequence;
    struct sim_media sent, got;
};

/* `config` as an application fills it: events, user and certificate are the peer's. */
void sim_peer_init(struct sim_peer *peer, struct sim_node *node, uint32_t number,
                   const struct strait_transport_config *config);
/* Forgets the transport where there is one. Before the node's finish or after it. */
void sim_peer_finish(struct sim_peer *peer);
/* strait_transport_destroy, also inside an event. */
void sim_peer_destroy(struct sim_peer *peer);

/* Signalling: what `from` has to say goes to `to`. */
void sim_give_ice(const struct sim_peer *from, struct sim_peer *to);
void sim_give_candidates(const struct sim_peer *from, struct sim_peer *to);
void sim_give_dtls(const struct sim_peer *from, struct sim_peer *to);
/* All of it, both ways. */
void sim_signal(struct sim_peer *a, struct sim_peer *b);

/* Ticks of media from `begin` on, every 20 ms, RTCP with every tenth, up to before `end`. */
void sim_peer_media(struct sim_peer *peer, strait_time begin, strait_time end);
void sim_peer_send_media(struct sim_peer *peer, strait_time now);

bool sim_peer_connected(const struct sim_peer *peer);
struct strait_transport_stats sim_peer_stats(const struct sim_peer *peer);
/* What one sends is what the other expects. */
bool sim_same_keys(const struct sim_peer *a, const struct sim_peer *b);

#endif
