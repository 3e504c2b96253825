/* The same packets through any SRTP: what the sides of the benchmark `srtp` have in common. */
#ifndef TESTS_BENCH_SRTP_RING_H
#define TESTS_BENCH_SRTP_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <strait/srtp.h>

#include "tests/bench/frame.h"

struct ring_spec {
    enum strait_srtp_profile profile;
    bool unprotect; /* what is measured */
    size_t payload; /* bytes of an RTP packet after its header of 12 */
};

/* One packet in place, `len` in and out. False: it failed. */
struct ring_ops {
    const char *name;
    void *(*open)(enum strait_srtp_profile profile);
    bool (*protect)(void *state, uint8_t *packet, size_t *len);
    bool (*unprotect)(void *state, uint8_t *packet, size_t *len);
    void (*close)(void *state);
};

enum { RING_HEADER = 12, RING_ROOM = 2048 };

/* Master key and salt of every session here; a profile takes as much of them as it needs. */
void ring_key(struct strait_srtp_key *key);

/* Header and some payload of packet number n. */
void ring_packet(uint8_t *packet, uint32_t n, size_t payload);

/* What a bench_side wants; run returns ns of CPU time a packet. */
void *ring_open(const struct ring_ops *ops, const struct ring_spec *spec, bool quick);
double ring_run(void *state);
void ring_close(void *state);

/* wolfCrypt's ciphers alone, and stock libsrtp with its own. */
extern const struct bench_side bare_side;
extern const struct bench_side stock_side;

#endif
