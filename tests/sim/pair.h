/* Two endpoints on a virtual network with one transport each: what most simulations begin with. */
#ifndef SIM_PAIR_H
#define SIM_PAIR_H

#include "tests/sim/peer.h"

/* What is negotiated: DTLS 1.2, 1.3 with X25519, 1.3 with X25519MLKEM768. */
enum sim_version { SIM_DTLS_12 = 0, SIM_DTLS_13, SIM_DTLS_13_PQ, SIM_VERSIONS };
extern const char *const sim_version_names[SIM_VERSIONS];

struct sim_plan {
    uint64_t seed;
    enum sim_version version;
    bool b_is_client;                  /* b is a=setup:active; else a is */
    bool b_is_auto;                    /* b takes the role that a leaves to it */
    enum strait_ice_kind a_ice, b_ice; /* a is controlling; both external: the path is given */
    struct sim_link link;              /* both ways */
    bool ipv6;
    bool record;
    uint16_t mtu;                /* of DTLS */
    strait_time consent_timeout; /* 0: the default */
};

struct sim_pair {
    struct sim_net net;
    struct sim_node node_a, node_b;
    struct sim_peer a, b;
    strait_time begin;
    bool external;
};

/* RTT 50 ms with so much loss; with loss also 15 % duplication and reordering, else 10 % of
 * both. */
struct sim_link sim_lossy_link(unsigned loss);

/* Every version in both roles. */
enum { SIM_ROLES = 2 * SIM_VERSIONS };

/* Plan number `i` over an undisturbed link of RTT 50 ms: versions, then roles, then b's ICE lite and
 * full change with the number; the seed is i + 1. */
struct sim_plan sim_clean_plan(size_t i);

/* The endpoints and transports, without signalling. */
void sim_pair_init(struct sim_pair *pair, const struct sim_plan *plan);
void sim_pair_finish(struct sim_pair *pair);

/* Where ICE is external: each side's host says that the path to the other is valid. */
void sim_pair_give_paths(struct sim_pair *pair);
/* Signalling, then time until both are connected; false: not within `limit`. */
bool sim_pair_connect(struct sim_pair *pair, strait_time limit);
bool sim_pair_connected(void *pair);
/* Time goes on by so much. */
void sim_pair_run(struct sim_pair *pair, strait_time time);

/* Connected at `plan`'s version and roles with one CONNECTED event each and the same keys. */
void sim_pair_check_connected(const struct sim_pair *pair, const struct sim_plan *plan);

/* Media both ways for so long, and the time that it takes to arrive. */
void sim_pair_media(struct sim_pair *pair, strait_time time);
/* All that one sent came to the other, but what the network lost. */
void sim_pair_check_media(const struct sim_pair *pair);

/* What a transport of the plan is made of. */
struct strait_transport_config sim_pair_config(const struct sim_plan *plan, bool is_b);

#endif
