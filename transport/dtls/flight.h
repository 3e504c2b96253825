/*
 * Collects the records that one call produces and hands them out as few datagrams of at most the MTU
 * (RFC 6347, section 4.1.1: a datagram may hold several records).
 */
#ifndef STRAIT_DTLS_FLIGHT_H
#define STRAIT_DTLS_FLIGHT_H

#include <strait/types.h>

struct strait__flight {
    uint8_t *buffer; /* ours */
    size_t mtu, len;
    size_t room;    /* of the buffer */
    size_t longest; /* datagram so far; the reader sets it back */
    void (*send)(void *user, const uint8_t *data, size_t len);
    void *user;
};

/* STRAIT_E_NOMEM. */
int strait__flight_init(struct strait__flight *flight, const struct strait_hooks *hooks, size_t mtu,
                        void (*send)(void *user, const uint8_t *data, size_t len), void *user);
void strait__flight_finish(struct strait__flight *flight, const struct strait_hooks *hooks);

/* Other datagrams from now on. STRAIT_E_NOMEM: nothing has changed. */
int strait__flight_set_mtu(struct strait__flight *flight, const struct strait_hooks *hooks,
                           size_t mtu);

/* Bytes that the datagram that waits can take. */
size_t strait__flight_room(const struct strait__flight *flight);

/* One record; what does not fit beside the others goes first. */
void strait__flight_add(struct strait__flight *flight, const uint8_t *record, size_t len);

/* Sends what waits. */
void strait__flight_flush(struct strait__flight *flight);

#endif
