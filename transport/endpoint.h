/* The inside of an endpoint, for the files of this folder. */
#ifndef STRAIT_TRANSPORT_ENDPOINT_H
#define STRAIT_TRANSPORT_ENDPOINT_H

#include <strait/endpoint.h>

#include "ice/mapping.h"
#include "ice/rules.h"
#include "transport/deadlines.h"
#include "transport/outbox.h"
#include "transport/record.h"
#include "transport/table.h"

/* Every limit of an endpoint and its transports, each with its reason. */
enum {
    /* A peer's candidate pairs on our port that may carry DTLS and media at once. Browsers check from
     * each of their interfaces, v4 and v6; a dozen covers it, the oldest unused one gives way. */
    STRAIT__MAX_PATHS = 12,
    /* Datagrams that wait for the handshake: a post-quantum flight and a few packets of media. */
    STRAIT__EARLY_MAX = 16,
    /* The longest of them: an Ethernet frame's payload; DTLS and media keep below. */
    STRAIT__EARLY_BYTES = 1500,
    /* Interfaces times families; a host with more advertises some. */
    STRAIT__MAX_LOCALS = 32,
    /* Extra STUN attributes, and their bytes together: a check must stay far below any MTU. */
    STRAIT__MAX_ATTRIBUTES = 4,
    STRAIT__MAX_ATTRIBUTE_BYTES = 64,
    STRAIT__DEFAULT_TRANSPORTS = 16384,
    STRAIT__DEFAULT_OUTBOX = 16 * 1024 * 1024
};

/* A 5-tuple belongs to the peer that showed valid integrity on it within this time. Shorter, and a peer
 * could take another's by a forged source address: consent checks come every 5 s, 6 s at most
 * (RFC 7675, 5.1), and one of them may be lost on its way. Longer, and whoever comes back from the same
 * port without having said goodbye would have to wait. */
#define STRAIT__PATH_HELD (13 * STRAIT_S)

struct strait_endpoint {
    struct strait_hooks hooks;
    struct strait_endpoint_events events;
    void *user;
    uint32_t max_transports;
    strait_time now; /* of the newest call */

    struct strait__table paths, ufrags, transactions;
    struct strait__deadlines deadlines;
    struct strait__outbox outbox;
    struct strait_path locals[STRAIT__MAX_LOCALS];
    size_t n_locals;
    struct strait__rules local_rules, remote_rules;
    struct strait__mappings mappings;

    struct strait_transport *transports; /* all, linked by their next */
    struct strait_transport *dead;       /* destroyed inside a callback; freed when it returned */
    unsigned depth;                      /* of receive and advance */
    bool has_srtp; /* it holds libsrtp: starting it takes 25 ms, no peer shall wait for that */
    uint64_t next_id;
    struct strait__recorder *recorder; /* NULL: nothing is recorded */
    struct strait_endpoint_stats stats;
};

/* The clock never runs backwards. */
strait_time strait__endpoint_now(struct strait_endpoint *endpoint, strait_time now);

/* As strait_endpoint_add_local, of an address that is known to be well-formed, for the interface it is on (NULL: not
 * known). */
int strait__endpoint_add_local(struct strait_endpoint *endpoint, uint32_t socket,
                               const struct sockaddr_storage *address, const char *interface);

/* Links and unlinks a transport that is complete. _LIMIT, _NOMEM. */
int strait__endpoint_adopt(struct strait_endpoint *endpoint, struct strait_transport *transport);
void strait__endpoint_release(struct strait_endpoint *endpoint, struct strait_transport *transport);

#endif
