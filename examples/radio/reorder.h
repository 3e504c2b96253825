/*
 * A publisher's packets in their order and at their time: late ones are waited for a little, lost ones
 * leave a gap, and neither his clock nor the network's mood lets the delay grow. Pure: time is an
 * argument.
 */
#ifndef RADIO_REORDER_H
#define RADIO_REORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <strait/types.h>

#define REORDER_SLOTS 64u
#define REORDER_MAX_PACKET 1276u

/* The first packet waits so long for others that may have to stand before it. */
#define REORDER_DELAY (60 * STRAIT_MS)
/* With more than this waiting, in samples, the oldest are left out: somebody was held up. */
#define REORDER_MOST (48u * 400u)
/* So many late packets in a row are a stream that began anew. */
#define REORDER_LATE_RUN 50u
/* More than this all the time, over REORDER_WATCH ticks, is one tick too many. */
#define REORDER_PLENTY (48u * 100u)
#define REORDER_WATCH 250u

struct reorder_packet {
    bool used;
    uint16_t sequence;
    uint32_t timestamp;
    uint32_t samples; /* that it plays */
    size_t len;
    uint8_t data[REORDER_MAX_PACKET];
};

struct reorder_stats {
    uint64_t received;
    uint64_t duplicate, late; /* not played: seen before; came when its time was over */
    uint64_t invalid;         /* no Opus packet, or longer than there is room for */
    uint64_t missing;         /* ticks without sound though later packets are there */
    uint64_t empty;           /* ticks without any packet there */
    uint64_t skipped;         /* packets left out to bring the delay down */
};

struct reorder {
    struct reorder_packet slots[REORDER_SLOTS];
    size_t n; /* used ones */
    bool playing;
    strait_time first;     /* when the packet came that playing waits for */
    uint32_t play;         /* the publisher's timestamp that is next */
    uint32_t covered;      /* ... up to which the last packet plays */
    uint32_t tick;         /* samples of the tick that is open, which ends at `play` */
    uint32_t stalled;      /* samples for which nothing was there */
    uint32_t late_run;     /* late packets in a row */
    uint32_t least, ticks; /* the least that waited, in samples, over so many ticks */
    struct reorder_stats stats;
};

void reorder_init(struct reorder *reorder);

/* A packet that came. */
void reorder_put(struct reorder *reorder, uint16_t sequence, uint32_t timestamp,
                 const uint8_t *data, size_t len, strait_time now);

/* The next `samples` of time are due: what begins in them can be taken then. False: nothing is played. */
bool reorder_tick(struct reorder *reorder, uint32_t samples, strait_time now);

/* The next packet of this tick and where in it it begins; NULL: no more. Valid until the next put. */
const struct reorder_packet *reorder_take(struct reorder *reorder, uint32_t *offset);

#endif
