/* The transports' deadlines: a binary heap whose places are kept in the entries themselves. */
#ifndef STRAIT_TRANSPORT_DEADLINES_H
#define STRAIT_TRANSPORT_DEADLINES_H

#include <strait/types.h>

struct strait__deadline {
    strait_time when;
    uint32_t place; /* in the heap, from 1; 0: not in it */
};

struct strait__deadlines {
    const struct strait_hooks *hooks;
    struct strait__deadline **heap;
    uint32_t count, room;
};

void strait__deadlines_init(struct strait__deadlines *deadlines, const struct strait_hooks *hooks);
void strait__deadlines_finish(struct strait__deadlines *deadlines);

/* STRAIT_E_NOMEM. At STRAIT_TIME_NEVER at first. */
int strait__deadlines_add(struct strait__deadlines *deadlines, struct strait__deadline *entry);
void strait__deadlines_remove(struct strait__deadlines *deadlines, struct strait__deadline *entry);
void strait__deadlines_set(struct strait__deadlines *deadlines, struct strait__deadline *entry,
                           strait_time when);
/* The earliest, or NULL. */
struct strait__deadline *strait__deadlines_first(const struct strait__deadlines *deadlines);

#endif
