/* Samples of a source that keeps its own time, on their way to our pacing: bounded, see drift.h. */
#ifndef RADIO_LIVE_H
#define RADIO_LIVE_H

#include "drift.h"
#include "resampler.h"
#include "source.h"

struct live {
    float *ring; /* stereo, at the source's rate */
    size_t size, first, n;
    unsigned rate;
    bool ended;
    struct drift drift;
    struct resampler *resampler;
};

/* 0, or -1 with static text in `reason`. */
int live_init(struct live *live, unsigned rate, const char **reason);
void live_finish(struct live *live);

/* How many pairs of samples fit. */
size_t live_room(const struct live *live);

/* Takes as many as fit; returns how many. */
size_t live_push(struct live *live, const float *stereo, size_t n);

/* What was pushed is all. */
void live_end(struct live *live);

/* As radio_source_ops.pull. */
enum source_result live_pull(struct live *live, float *stereo, size_t n, size_t *got);

#endif
