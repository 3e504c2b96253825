/*
 * Two clocks: a source that keeps its own time (a microphone, a live stream on standard input) beside
 * our pacing. What waits between them is bounded, and the policy is this:
 *
 *  - Nothing is played until DRIFT_TARGET waits; after the buffer ran dry neither.
 *  - The margin is the least that waited during the last DRIFT_WINDOW: bursts do not count. Samples
 *    are resampled by up to DRIFT_MAX_NUDGE faster or slower, in proportion to how far the
 *    margin is from the target, which nobody hears; whole packets cannot be, so that one is left out when
 *    the margin is a DRIFT_SLACK above the target.
 *  - A source that filled the buffer to its end gives faster than we play (a file in a pipe): it
 *    waits for us then, there is no second clock, and nothing is corrected until the margin is back at
 *    the target.
 *
 * All times are samples at 48 kHz of what was played: no clock is read.
 */
#ifndef RADIO_DRIFT_H
#define RADIO_DRIFT_H

#include <stdbool.h>
#include <stdint.h>

#define DRIFT_TARGET (48000u / 4)   /* 250 ms */
#define DRIFT_SLACK (48000u / 10)   /* 100 ms */
#define DRIFT_WINDOW (48000u * 2)   /* 2 s */
#define DRIFT_CAPACITY (48000u * 3) /* what may wait at most */
#define DRIFT_MAX_NUDGE 0.005

struct drift {
    bool playing;
    bool full;        /* the source waits for us */
    uint64_t least;   /* in the window that runs */
    uint32_t elapsed; /* of it */
    double ratio;     /* out per in: below 1 plays faster */
    bool leave_out;   /* a packet */
    uint64_t run_dry; /* times */
};

void drift_init(struct drift *drift);

/* The buffer has no room for more. */
void drift_full(struct drift *drift);

/*
 * Before `samples` are played of `waiting`: false if silence has to take their place. `ended`: there
 * will be no more, so that the rest is played.
 */
bool drift_play(struct drift *drift, uint64_t waiting, uint32_t samples, bool ended);

/* True once after the margin has grown too large: the caller leaves one packet out. */
bool drift_leave_out(struct drift *drift);

#endif
