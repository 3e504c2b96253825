/* A host of the virtual network with an endpoint on it: it drains the endpoint and keeps its
 * deadline. */
#ifndef SIM_NODE_H
#define SIM_NODE_H

#include <strait/endpoint.h>

#include "tests/sim/net.h"

struct sim_peer;

/* The bytes of a record. */
struct sim_record {
    uint8_t *data;
    size_t len, room;
};

struct sim_node {
    struct sim_host host; /* first: the net's functions get this */
    struct strait_endpoint *endpoint;
    struct sim_random random; /* what hooks.random gives */
    struct sim_peer *peers;   /* linked by their next */
    struct sim_record record;
    size_t allocations; /* alive */
};

struct sim_node_config {
    uint64_t seed;
    uint64_t stream; /* not the same for two nodes */
    const struct sockaddr_storage *addresses;
    size_t n_addresses;
    struct sim_link out;
    bool record;
    struct strait_endpoint_events events;
    void *user; /* of the events */
};

void sim_node_init(struct sim_node *node, struct sim_net *net,
                   const struct sim_node_config *config);
/* Destroys the endpoint; every byte that it had must have been given back. */
void sim_node_finish(struct sim_node *node);

/* Sends what the endpoint wants sent. After a setter nothing is to be sent: only after calls with a
 * time and after strait_transport_send. */
void sim_node_drain(struct sim_node *node);

struct strait_endpoint_stats sim_node_stats(const struct sim_node *node);

#endif
