/*
 * First ClientHellos in fragments, from addresses that nobody knows: so many at a time as there are
 * slots, each in memory of its own that is there from the start. A new one takes the place of the oldest.
 * Pure.
 */
#ifndef STRAIT_DTLS_HELLO_POOL_H
#define STRAIT_DTLS_HELLO_POOL_H

#include <strait/dtls_listener.h>

#include "transport/dtls/reassemble.h"

struct strait__hello_slot {
    struct strait__reassembly hello; /* its buffer is `room` */
    struct strait_hooks room_hooks;  /* ... by these */
    uint64_t born;                   /* order of its first fragment; 0: free */
    size_t received;                 /* bytes of the records that came */
    size_t address_len;
    uint8_t address[STRAIT_DTLS_MAX_ADDRESS];
    uint8_t room[STRAIT__REASSEMBLY_HEADROOM + STRAIT__HELLO_MAX];
};

struct strait__hello_pool {
    struct strait__hello_slot *slots; /* ours */
    size_t n;
    uint64_t births;
};

/* STRAIT_E_NOMEM. */
int strait__hello_pool_init(struct strait__hello_pool *pool, const struct strait_hooks *hooks,
                            size_t n);
void strait__hello_pool_finish(struct strait__hello_pool *pool, const struct strait_hooks *hooks);

/*
 * Takes a fragment of a ClientHello that came in a record of `record_len` bytes, and counts it, or what gave
 * way to it. The slot where the message is whole now, to be released after use; else NULL.
 */
struct strait__hello_slot *strait__hello_pool_add(struct strait__hello_pool *pool,
                                                  const void *address, size_t address_len,
                                                  const struct strait__handshake *fragment,
                                                  size_t record_len,
                                                  struct strait_dtls_listener_stats *stats);
void strait__hello_slot_release(struct strait__hello_slot *slot);

#endif
