/*
 * Frames at their time: frame k is due at start + k * 20 ms, whatever the delays before were. A late
 * wake-up catches up at once; after a pause longer than PACER_MAX_LATE the frames in between
 * are left out, so that nobody hears them in a burst.
 */
#ifndef RADIO_PACER_H
#define RADIO_PACER_H

#include <stdbool.h>
#include <strait/runtime.h>

#define PACER_MAX_LATE (500 * STRAIT_MS)

struct pacer {
    strait_time start, period;
    uint64_t next; /* frame */
    uint64_t skipped;

    struct strait_runtime *runtime;
    void (*due)(void *user, uint64_t frame, strait_time now);
    void *user;
};

void pacer_init(struct pacer *pacer, strait_time start, strait_time period);

/* When the next frame is due. */
strait_time pacer_deadline(const struct pacer *pacer);

/* True if a frame is due: its number is in `frame` and it counts as taken. Call until false. */
bool pacer_take(struct pacer *pacer, strait_time now, uint64_t *frame);

/* Has `due` called for each frame from the runtime's loop. Errors of strait_runtime_at. */
int pacer_run(struct pacer *pacer, struct strait_runtime *runtime,
              void (*due)(void *user, uint64_t frame, strait_time now), void *user);

void pacer_stop(struct pacer *pacer);

#endif
