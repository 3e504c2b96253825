/* Keeps the terminal's live line up to date: four times a second, from the runtime's loop. */
#ifndef RADIO_STATUS_H
#define RADIO_STATUS_H

#include <strait/runtime.h>

struct station;

#define STATUS_INTERVAL (250 * STRAIT_MS)
/* The bitrate is that of so many intervals. */
#define STATUS_WINDOW 16u

struct status {
    struct strait_runtime *runtime; /* NULL: not running */
    const struct station *station;
    struct {
        strait_time when;
        uint64_t octets;
    } past[STATUS_WINDOW]; /* a ring */
    uint64_t ticks;
};

/* Begins where standard output is a live terminal; else nothing happens. Errors of strait_runtime_at. */
int status_start(struct status *status, struct strait_runtime *runtime,
                 const struct station *station);

/* Ends it and gives the cursor back. */
void status_stop(struct status *status);

#endif
