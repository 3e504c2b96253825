/*
 * A virtual network in virtual time: hosts with addresses, datagrams between them that a seed
 * loses, doubles, delays and overtakes. Nothing here has a socket or a clock.
 */
#ifndef SIM_NET_H
#define SIM_NET_H

#include <strait/types.h>

#include "tests/sim/random.h"

/* What becomes of what a host sends. */
struct sim_link {
    unsigned loss, duplication, reordering; /* percent of the datagrams */
    strait_time delay;                      /* one way */
    strait_time jitter; /* a reordered or doubled one comes up to this much later */
    /* A reordered or doubled one waits until up to this many later ones of the same host have gone
     * before it, but never longer than `jitter`. 0: only time counts. */
    unsigned overtakes;
    unsigned damage; /* percent of the datagrams that lose one bit's value: no checksum tells */
    size_t mtu;      /* of the IP packet; larger ones vanish; 0: none */
    bool cut;        /* everything vanishes */
};

/* What a datagram begins with (RFC 7983), for the counters. */
enum sim_kind { SIM_STUN = 0, SIM_DTLS, SIM_MEDIA, SIM_OTHER, SIM_KINDS };

struct sim_counts {
    uint64_t sent[SIM_KINDS];
    uint64_t lost[SIM_KINDS]; /* to loss, cut and MTU; a doubled one counts once */
    uint64_t too_big, doubled, overtaken, damaged;
    strait_time last_sent[SIM_KINDS];
};

enum { SIM_ADDRESSES = 2 };

struct sim_net;

/* A machine. The address at [i] is that of its socket number i. */
struct sim_host {
    struct sim_net *net;
    struct sim_host *next;
    size_t n_addresses;
    struct sockaddr_storage local[SIM_ADDRESSES]; /* what its sockets are bound to */
    struct sockaddr_storage outer[SIM_ADDRESSES]; /* what others see: not the same behind a NAT */
    struct sim_link out;
    struct sim_counts counts;
    void (*receive)(struct sim_host *host, strait_time now, struct strait_datagram *datagrams,
                    size_t n);
    void (*advance)(struct sim_host *host, strait_time now);
    strait_time (*deadline)(const struct sim_host *host);
};

/* A datagram on its way, as a test may look at it. */
struct sim_flight {
    const struct sim_host *sender; /* NULL: injected */
    const struct sockaddr_storage *from, *to;
    const uint8_t *data;
    size_t len;
    enum sim_kind kind;
};

#define SIM_DROP STRAIT_TIME_NEVER

struct sim_packet;

struct sim_net {
    strait_time now;
    struct sim_random random;
    struct sim_host *hosts;
    struct sim_packet **heap;
    size_t count, room;
    uint64_t next_number;
    uint64_t hash;   /* over all datagrams that hosts sent: time, addresses, bytes */
    uint64_t nobody; /* datagrams to an address that no host has */
    /* A test's own word on a datagram: so much later, or SIM_DROP. NULL: none. */
    strait_time (*shape)(void *user, const struct sim_flight *flight);
    void *shape_user;
};

void sim_net_init(struct sim_net *net, uint64_t seed, strait_time now);
void sim_net_finish(struct sim_net *net);

/* The host is the caller's and stays until the net is finished. */
void sim_net_add(struct sim_net *net, struct sim_host *host);

/* A host's datagram from its socket. */
void sim_net_send(struct sim_host *host, uint32_t socket, const struct sockaddr_storage *to,
                  const uint8_t *data, size_t len);

/* Somebody's datagram with any source address; arrives after `delay`, whatever the links do. */
void sim_net_inject(struct sim_net *net, const struct sockaddr_storage *from,
                    const struct sockaddr_storage *to, const uint8_t *data, size_t len,
                    strait_time delay);

/* Lets time pass until `done` says so (true), or until `until` or until nothing can happen any more
 * (false). `done` may be NULL. */
bool sim_net_run(struct sim_net *net, strait_time until, bool (*done)(void *user), void *user);

/* "192.0.2.1" or "2001:db8::1" with a port. */
struct sockaddr_storage sim_address(const char *text, uint16_t port);

enum sim_kind sim_kind_of(const uint8_t *data, size_t len);

#endif
