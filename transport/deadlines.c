#include "transport/deadlines.h"

#include "transport/util.h"

enum { FIRST_ROOM = 64 };

void strait__deadlines_init(struct strait__deadlines *deadlines, const struct strait_hooks *hooks)
{
    memset(deadlines, 0, sizeof *deadlines);
    deadlines->hooks = hooks;
}

void strait__deadlines_finish(struct strait__deadlines *deadlines)
{
    if (deadlines->hooks != NULL) {
        strait__free(deadlines->hooks, deadlines->heap);
    }
    memset(deadlines, 0, sizeof *deadlines);
}

static void put(struct strait__deadlines *d, uint32_t place, struct strait__deadline *entry)
{
    d->heap[place - 1] = entry;
    entry->place = place;
}

static void sift_up(struct strait__deadlines *d, struct strait__deadline *entry)
{
    uint32_t place = entry->place;
    while (place > 1 && d->heap[place / 2 - 1]->when > entry->when) {
        put(d, place, d->heap[place / 2 - 1]);
        place /= 2;
    }
    put(d, place, entry);
}

static void sift_down(struct strait__deadlines *d, struct strait__deadline *entry)
{
    uint32_t place = entry->place;
    for (;;) {
        uint32_t child = place * 2;
        if (child > d->count) {
            break;
        }
        if (child < d->count && d->heap[child]->when < d->heap[child - 1]->when) {
            child++;
        }
        if (d->heap[child - 1]->when >= entry->when) {
            break;
        }
        put(d, place, d->heap[child - 1]);
        place = child;
    }
    put(d, place, entry);
}

static int reserve(struct strait__deadlines *d)
{
    if (d->count < d->room) {
        return STRAIT_OK;
    }
    uint32_t room = d->room > 0 ? d->room * 2 : FIRST_ROOM;
    struct strait__deadline **heap = strait__alloc(d->hooks, room * sizeof *heap);
    if (heap == NULL) {
        return STRAIT_E_NOMEM;
    }
    if (d->count > 0) {
        memcpy(heap, d->heap, d->count * sizeof *heap);
    }
    strait__free(d->hooks, d->heap);
    d->heap = heap;
    d->room = room;
    return STRAIT_OK;
}

int strait__deadlines_add(struct strait__deadlines *deadlines, struct strait__deadline *entry)
{
    int error = reserve(deadlines);
    if (error != STRAIT_OK) {
        return error;
    }
    entry->when = STRAIT_TIME_NEVER;
    put(deadlines, ++deadlines->count, entry);
    return STRAIT_OK;
}

void strait__deadlines_remove(struct strait__deadlines *deadlines, struct strait__deadline *entry)
{
    if (entry->place == 0) {
        return;
    }
    struct strait__deadline *last = deadlines->heap[--deadlines->count];
    if (last != entry) {
        put(deadlines, entry->place, last);
        sift_up(deadlines, last);
        sift_down(deadlines, last);
    }
    entry->place = 0;
}

void strait__deadlines_set(struct strait__deadlines *deadlines, struct strait__deadline *entry,
                           strait_time when)
{
    if (entry->place == 0 || entry->when == when) {
        return;
    }
    entry->when = when;
    sift_up(deadlines, entry);
    sift_down(deadlines, entry);
}

struct strait__deadline *strait__deadlines_first(const struct strait__deadlines *deadlines)
{
    return deadlines->count > 0 ? deadlines->heap[0] : NULL;
}
