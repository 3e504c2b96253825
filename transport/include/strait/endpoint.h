/*
 * The transports that share one clock, one budget and one set of local sockets, usually a single UDP
 * port.
 *
 * The contract: give it datagrams or the time, then drain what it wants sent, then sleep until its
 * deadline.
 *
 *     strait_endpoint_receive(e, now, datagrams, n)  or  strait_endpoint_advance(e, now)
 *     while ((n = strait_endpoint_pending(e, sends, 64)) > 0)  send them;  strait_endpoint_sent(e, n)
 *     sleep until strait_endpoint_deadline(e) or until something comes in
 *
 * Events are callbacks; they fire only inside receive and advance, never with a lock held and never
 * inside a setter (a setter that has news sets the deadline to now). An endpoint belongs to one thread
 * at a time; endpoints are independent of each other.
 */
#ifndef STRAIT_ENDPOINT_H
#define STRAIT_ENDPOINT_H

#include <strait/ice.h>
#include <strait/stats.h>
#include <strait/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct strait_endpoint;
struct strait_transport;

struct strait_endpoint_events {
    size_t size;
    /* A datagram whose first byte is QUIC's (RFC 9443). Borrowed until it returns. Fires inside
     * receive. */
    void (*quic)(void *user, struct strait_endpoint *endpoint, struct strait_datagram *datagram);
};

/* Takes a piece of the record (record.h); inside any function of the endpoint and its transports. */
typedef void (*strait_record_sink)(void *user, const uint8_t *data, size_t len);

struct strait_endpoint_config {
    size_t size;
    const struct strait_hooks *hooks;     /* NULL: the defaults; copied, for all transports */
    struct strait_endpoint_events events; /* copied */
    void *user;
    uint32_t max_transports;   /* 0: 16384 */
    uint32_t outbox_bytes;     /* the most that may wait to be sent; memory comes as it is needed.
                                  What finds it full is dropped and counted. 0: 16 MiB */
    bool record_secrets_ok;    /* required with `record`: a record holds keys and plain media */
    strait_record_sink record; /* NULL: none. Every input goes there, for strait-replay */
    void *record_user;

    /*
     * Which of its addresses the endpoint's transports offer, and the peers that they talk to, whatever kind of ICE
     * they have; one object for all of them. Borrowed until create returns.
     * Remote: a candidate that is not allowed is refused (STRAIT_E_DENIED) and gets no check. A STUN message from such
     * an address is dropped before it is even parsed (dropped_denied), so that no path ever leads there.
     * An agent's sockets drop all datagrams of such an address, but those of its STUN and TURN servers.
     */
    struct strait_address_rules local, remote;
    /* Up to 32. Several of one local address are fine. */
    const struct strait_address_mapping *mappings;
    size_t n_mappings;
    /* Advertised as server-reflexive candidates beside the local ones, and not as host candidates in their place. */
    bool mappings_added;
};

/* `config` NULL: the defaults. STRAIT_E_INVALID, _NOMEM, _RANDOM, _PARSE (a rule or a mapping; the log says which),
 * _LIMIT (64 rules a list, 32 mappings). */
STRAIT_API int strait_endpoint_create(struct strait_endpoint **out,
                                      const struct strait_endpoint_config *config, strait_time now);

/* Destroys its transports as well. NULL is fine. Not inside a callback. */
STRAIT_API void strait_endpoint_destroy(struct strait_endpoint *endpoint);

/*
 * A local address (with port) of socket number `socket`: a host candidate of full ICE from now on, for
 * transports created later. Several a socket are fine (a wildcard socket has many). STRAIT_E_INVALID,
 * _EXISTS, _LIMIT (32), _NOMEM, _DENIED (config.local does not allow it: it is not offered).
 */
STRAIT_API int strait_endpoint_add_local(struct strait_endpoint *endpoint, uint32_t socket,
                                         const struct sockaddr *address, socklen_t len);

/* Copies up to `max` of the candidates to tell the peer, those of the local addresses as config.mappings has them;
 * returns how many there are. */
STRAIT_API size_t strait_endpoint_local_candidates(const struct strait_endpoint *endpoint,
                                                   struct strait_candidate *out, size_t max);

/* Datagrams that came in. Their bytes are overwritten. Also advances to `now`. STRAIT_E_INVALID, and
 * _STATE inside a callback of the endpoint: then nothing was taken. */
STRAIT_API int strait_endpoint_receive(struct strait_endpoint *endpoint, strait_time now,
                                       struct strait_datagram *datagrams, size_t n);

/* The time has come. Inside a callback of the endpoint nothing happens. */
STRAIT_API void strait_endpoint_advance(struct strait_endpoint *endpoint, strait_time now);

/* When to call advance at the latest; a time in the past means now; STRAIT_TIME_NEVER: never. */
STRAIT_API strait_time strait_endpoint_deadline(const struct strait_endpoint *endpoint);

/*
 * Looks at up to `max` of the trains that wait to be sent, oldest first; datagrams for one receiver
 * that came after one another are grouped. Borrowed until strait_endpoint_sent or until anything else
 * of the endpoint is called. Returns how many were written.
 */
STRAIT_API size_t strait_endpoint_pending(struct strait_endpoint *endpoint, struct strait_send *out,
                                          size_t max);

/* The first `n` that pending returned are sent, or given up: they are forgotten. */
STRAIT_API void strait_endpoint_sent(struct strait_endpoint *endpoint, size_t n);

/* The transport that has this local ufrag (old ones count while they are valid), or NULL. */
STRAIT_API struct strait_transport *strait_endpoint_find(const struct strait_endpoint *endpoint,
                                                         const char *ufrag);

/* Fills as much of `out` as out->size says. STRAIT_E_INVALID. */
STRAIT_API int strait_endpoint_stats(const struct strait_endpoint *endpoint,
                                     struct strait_endpoint_stats *out);

#ifdef __cplusplus
}
#endif
#endif
