/*
 * Browsers' `.local` candidates (draft-ietf-mmusic-mdns-ice-candidates), looked up by multicast DNS with Avahi's core
 * library: one server a runtime, made for the first name and gone with the last transport that asked. It publishes
 * nothing of this host.
 */
#ifndef STRAIT_ICE_AGENT_MDNS_H
#define STRAIT_ICE_AGENT_MDNS_H

#include <strait/agent.h>

#include "transport/runtime/guest.h"

struct strait__agents;
struct strait__mdns;
struct strait__mdns_question;

enum {
    /* A browser has one name a local address. */
    STRAIT__MDNS_MAX_ASKED = 8,
    /* Of all transports of a runtime: each is a few packets of multicast for 5 s. */
    STRAIT__MDNS_MAX_QUESTIONS = 128
};

/* What the agents of a transport have asked. Zeroed: nothing. */
struct strait__mdns_client {
    struct strait__mdns *mdns; /* NULL: nothing was ever asked */
    struct strait__mdns_question *questions;
    size_t n;
    bool end_held; /* end-of-candidates waits for the answers */
};

/* Looks the candidate's name up; the answer is added as a remote candidate with an address. `early`: it belongs to the
 * generation to come. STRAIT_E_UNSUPPORTED (no name of multicast DNS, turned off, or not built), _LIMIT, _NOMEM,
 * _SYSTEM. */
int strait__mdns_ask(struct strait__agents *agents, const struct strait_candidate *candidate,
                     bool early);
/* Another generation: what was asked for the one before has no answer any more. */
void strait__mdns_turn_over(struct strait__agents *agents);
/* True: strait_transport_end_of_candidates is called when all answers are there. */
bool strait__mdns_hold_end(struct strait__agents *agents);
void strait__mdns_finish(struct strait__agents *agents);

#endif
