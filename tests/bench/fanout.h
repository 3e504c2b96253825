/* What the sides of the benchmark `fanout` have in common. */
#ifndef TESTS_BENCH_FANOUT_H
#define TESTS_BENCH_FANOUT_H

#include "tests/bench/frame.h"
#include "tests/bench/srtp_ring.h"

enum {
    FANOUT_RECEIVERS = 100,
    FANOUT_BURST_MAX = 10,
    FANOUT_PAYLOAD = 1088,
    FANOUT_LEN = RING_HEADER + FANOUT_PAYLOAD,
    FANOUT_TAG = 16, /* AEAD_AES_128_GCM */
    FANOUT_SEALED = FANOUT_LEN + FANOUT_TAG,
    FANOUT_PACKETS = 10000 /* sent in a run */
};

struct fanout_spec {
    unsigned burst; /* packets for a receiver before the next one's turn */
};

/* The packets of one turn, and where those for all receivers go. */
struct fanout {
    unsigned burst, turns; /* turns: a run's */
    uint32_t next;
    uint8_t packet[FANOUT_BURST_MAX][FANOUT_LEN];
    uint8_t out[FANOUT_RECEIVERS][FANOUT_BURST_MAX][FANOUT_SEALED];
};

void fanout_init(struct fanout *fanout, const struct fanout_spec *spec, bool quick);
/* Runs `turn` as often as a run wants, each time with new packets; ns of CPU time a packet sent. */
double fanout_run(struct fanout *fanout, bool (*turn)(void *state), void *state);

/* wolfCrypt's GCM alone, and stock libsrtp, from the packet into memory. */
extern const struct bench_side bare_fanout;
extern const struct bench_side stock_fanout;

#endif
