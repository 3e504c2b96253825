/* Two DTLS associations on a virtual network, without ICE, SRTP or an endpoint. */
#ifndef SIM_BARE_H
#define SIM_BARE_H

#include <strait/dtls_listener.h>

#include "tests/sim/net.h"
#include "tests/sim/pair.h"

enum sim_side { SIM_CLIENT = 0, SIM_SERVER = 1 };

struct sim_bare_side {
    struct sim_host host; /* first: the net's functions get this */
    const struct sim_bare_side *other;
    struct strait_dtls_listener *listener; /* the server's, where there are cookies */
    struct strait_dtls *dtls;              /* NULL: the listener has made none yet */
    struct strait_certificate *certificate;
    struct sim_random random;  /* what hooks.random gives */
    size_t allocations;        /* alive */
    unsigned connected, ended; /* events */
    strait_time connected_at;
    struct strait_srtp_key send, receive; /* as they were in the event CONNECTED */
    size_t longest;                       /* datagram */
    uint64_t got;                         /* records of application data */
    uint64_t damaged;                     /* ... that are not what was sent */
};

struct sim_bare_plan {
    uint64_t seed;
    enum sim_version version;
    uint16_t mtu;
    bool cookies;         /* the server is a listener that validates addresses */
    struct sim_link link; /* both ways */
    size_t back_mtu;      /* from the server: of the IP packet, where it is another than link.mtu */
    strait_time rtt;      /* as it is known beforehand; 0: not at all */
    void (*adjust)(struct strait_dtls_config *config, enum sim_side side); /* NULL: nothing */
    /* Of the net, from the first datagram on. */
    strait_time (*shape)(void *user, const struct sim_flight *flight);
    void *shape_user;
};

struct sim_bare {
    struct sim_net net;
    struct sim_bare_side client, server;
    strait_time begin;
};

/* RTT 50 ms with so much loss, a fifth doubled, a fifth overtaken by up to eight. */
struct sim_link sim_bare_link(unsigned loss);

/* Creates and starts both. */
void sim_bare_init(struct sim_bare *bare, const struct sim_bare_plan *plan);
void sim_bare_finish(struct sim_bare *bare);

/* Time until both are connected; false: one of them ended, or not within `limit`. */
bool sim_bare_connect(struct sim_bare *bare, strait_time limit);
/* Time goes on by so much. */
void sim_bare_run(struct sim_bare *bare, strait_time time);

/* One record of application data, which the other one knows. */
void sim_bare_say(struct sim_bare_side *side);

/* What one sends by is what the other expects, and the two directions differ. */
bool sim_bare_same_keys(const struct sim_bare *bare);
/* Connected once, at that version, and still; the keys are those of then and the same on both
 * sides; no datagram was longer than the MTU. */
void sim_bare_check(const struct sim_bare *bare, const struct sim_bare_plan *plan);

struct strait_dtls_stats sim_bare_stats(const struct sim_bare_side *side);

#endif
