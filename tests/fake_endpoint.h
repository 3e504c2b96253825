/*
 * An endpoint that is nothing but an outbox and counters: it stands in for the real one where the
 * runtime is tested alone. It checks the contract as it goes.
 */
#ifndef STRAIT_TESTS_FAKE_ENDPOINT_H
#define STRAIT_TESTS_FAKE_ENDPOINT_H

#include <strait/endpoint.h>

#define FAKE_SENDS 8192
#define FAKE_BYTES (12u << 20)
#define FAKE_LOCALS 32

struct strait_endpoint {
    bool echo; /* answers every datagram on the path it came by, with its ECN and DSCP */
    void *user;
    /* Inside receive, for each datagram; before its echo. May be NULL. */
    void (*on_datagram)(struct strait_endpoint *endpoint, const struct strait_datagram *datagram);
    void (*on_advance)(struct strait_endpoint *endpoint, strait_time now);

    strait_time deadline, now;
    uint64_t receive_calls, advance_calls, received, received_bytes;
    struct strait_datagram last; /* without its bytes */

    struct {
        struct sockaddr_storage address;
        uint32_t socket;
    } locals[FAKE_LOCALS];
    size_t n_locals;
    int add_local_result; /* STRAIT_OK: as it should */

    struct strait_path paths[FAKE_SENDS];
    struct strait_send sends[FAKE_SENDS];
    size_t first, last_send; /* those that wait: [first, last_send) */
    size_t shown;            /* what pending returned last */
    uint8_t *bytes;
    size_t used;
};

struct strait_endpoint *fake_create(bool echo);
void fake_destroy(struct strait_endpoint *endpoint);

/* Queues a train (segment_size 0: one datagram). */
void fake_queue(struct strait_endpoint *endpoint, const struct strait_path *path, const void *data,
                size_t len, uint16_t segment_size);
size_t fake_waiting(const struct strait_endpoint *endpoint);

#endif
