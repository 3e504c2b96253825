/* An end of connections over loopback with real sockets: any kind of ICE, one endpoint in one runtime. */
#ifndef TESTS_BENCH_ICE_END_H
#define TESTS_BENCH_ICE_END_H

#include <strait/strait.h>

#include "tests/bench/frame.h"

enum ice_kind {
    ICE_LITE, /* on the shared port */
    ICE_FULL, /* likewise */
    ICE_AGENT /* NiceAgent */
};

/* What is the same for all transports of an end. */
struct ice_end {
    enum ice_kind kind;
    enum strait_ice_role ice_role;
    enum strait_dtls_role dtls_role;
    void (*packets)(void *user, struct strait_transport *transport, struct strait_packet *packets,
                    size_t n); /* may be NULL */
    void *user;

    struct strait_runtime *runtime;
    struct strait_certificate *certificate;
    struct strait_endpoint *endpoint;
    unsigned gathered; /* agents that have their candidates */
};

/* With the first part filled in. False, and a line, if there is no socket. */
bool ice_end_open(struct ice_end *end, struct strait_runtime *runtime);
/* After the runtime. */
void ice_end_close(struct ice_end *end);
/* An agent begins to gather. NULL, and a line, if it cannot be made. */
struct strait_transport *ice_end_create(struct ice_end *end);
/* What signalling would bring. STRAIT_OK or the first error. */
int ice_end_give(const struct ice_end *from, const struct strait_transport *sender,
                 struct strait_transport *to);

#endif
