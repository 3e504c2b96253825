/* Two peers over loopback with real sockets, at least one of them by NiceAgent. */
#ifndef STRAIT_TESTS_AGENT_PAIR_H
#define STRAIT_TESTS_AGENT_PAIR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <strait/strait.h>

enum kind { AGENT, LITE, FULL };
enum moment { NEVER, IN_CANDIDATE, IN_GATHERED, IN_CHECKING, IN_CONNECTED, IN_DTLS, IN_PACKETS };
enum roles { ONE_CONTROLS, BOTH_CONTROL, NONE_CONTROLS }; /* at first */

struct peer {
    enum kind kind;
    struct strait_endpoint *endpoint;
    struct strait_certificate *certificate;
    struct strait_transport *transport;
    struct peer *other;
    struct strait_agent_config config; /* of an agent, but its events */
    unsigned packets, data, gathered, states[STRAIT_ICE_CLOSED + 1];
    enum moment destroy; /* inside this event's callback */
    bool deaf;           /* its candidates are not signalled */
    bool tcp_only;       /* only those of TCP are */
    uint16_t sequence;
    strait_time ice_timeout, consent_timeout;      /* 0: the defaults */
    struct strait_endpoint_config endpoint_config; /* but its size */
};

struct pair {
    struct strait_runtime *runtime; /* NULL: one is made */
    struct peer peer[2];
    int family; /* AF_INET, AF_INET6: of loopback alone. 0: the agents choose */
    enum roles roles;
    strait_time until; /* the test's own */
};

/* Makes both, signals all and gathers. */
void start(struct pair *pair, enum kind a, enum kind b);
/* The same with the peers' kinds and configs set in a zeroed pair. */
void start_as_set(struct pair *pair);
/* Its two steps. */
void create_as_set(struct pair *pair);
void signal_and_gather(struct pair *pair);
void finish(struct pair *pair);
/* ... but the runtime. */
void finish_peers(struct pair *pair);
/* ICE and DTLS parameters of peer i for the other. */
void signal_all(struct pair *pair, int i);
void signal_ice(const struct peer *from, const struct peer *to);
/* What an agent has gathered, once more after a restart. */
void signal_candidates(const struct peer *from);
bool writable(const struct pair *pair);
bool all_arrived(const struct pair *pair);
bool both_gathered(const struct pair *pair);
void run_until(struct pair *pair, bool (*done)(const struct pair *pair));
/* One packet to the other. */
void send_one(struct peer *peer);
/* 200 packets each way, all of which arrive. */
void media_flow(struct pair *pair);
/* 100 each way, the next when the last has arrived: a relay may drop what comes in a burst. */
void media_alternates(struct pair *pair);

#endif
