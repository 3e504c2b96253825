/*
 * What an association learns of its path by the handshake: the round trip (RFC 9147, section 5.8.2; by
 * Karn's rule only from flights that were sent once) and the size of datagrams that get through (RFC 6347,
 * section 4.1.1.1; RFC 9147, section 4.4). Pure.
 */
#ifndef STRAIT_DTLS_PATH_H
#define STRAIT_DTLS_PATH_H

#include <stddef.h>

#include <strait/types.h>

enum {
    STRAIT__MTU_MIN = 256,
    /* What every host of IPv4 takes, 576 bytes (RFC 791, 3.1), without the headers of IP and UDP. */
    STRAIT__MTU_IPV4 = 548
};

struct strait__path {
    bool measures;     /* a flight waits for its answer that was sent once */
    strait_time since; /* ... then */
    uint32_t tries;    /* of the waiting flight at this size, without the first */
    size_t longest;    /* datagram of the waiting flight */
};

/* A new flight was sent. */
void strait__path_sent(struct strait__path *path, strait_time now);

/* The waiting flight goes out again. True: in smaller datagrams, *mtu is the new size. */
bool strait__path_again(struct strait__path *path, size_t *mtu);

/* The waiting flight was answered. True: *rtt is what that took. */
bool strait__path_answered(struct strait__path *path, strait_time now, strait_time *rtt);

#endif
