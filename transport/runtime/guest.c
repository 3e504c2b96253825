#include "transport/runtime/guest.h"

#include <errno.h>
#include <strait/trust.h>
#include <sys/epoll.h>

#include "transport/util.h"

enum {
    FIRST_ROOM = 16,
    /* A number is this bit, a generation and a place: what waits in an outbox for a guest that is gone is not
     * sent by the next one in its place. */
    GUEST_BIT_SHIFT = 31,
    GENERATION_SHIFT = 16,
    MOST = 1 << GENERATION_SHIFT,
};

/* --- Life --------------------------------------------------------------------------------------- */

void strait__guests_init(struct strait_runtime *runtime)
{
    strait__deadlines_init(&runtime->guests.deadlines, &runtime->hooks);
}

void strait__guests_finish(struct strait_runtime *runtime)
{
    struct strait__guests *guests = &runtime->guests;
    strait__guests_detach(runtime, NULL);
    strait__deadlines_finish(&guests->deadlines);
    strait__free(&runtime->hooks, guests->places);
    strait__free(&runtime->hooks, guests->scratch);
    strait_trust_unref(guests->trust);
    guests->places = NULL;
    guests->scratch = NULL;
    guests->trust = NULL;
    guests->room = 0;
}

static bool make_room(struct strait_runtime *runtime)
{
    struct strait__guests *guests = &runtime->guests;
    uint32_t room = guests->room > 0 ? 2 * guests->room : FIRST_ROOM;
    struct strait__guest_place *places = strait__alloc(&runtime->hooks, room * sizeof *places);
    if (places == NULL) {
        return false;
    }
    if (guests->room > 0) {
        memcpy(places, guests->places, guests->room * sizeof *places);
    }
    strait__free(&runtime->hooks, guests->places);
    guests->places = places;
    guests->room = room;
    return true;
}

/* `room`: there is none. The search goes on from where the last one ended: places are given again late. */
static uint32_t find_free(const struct strait__guests *guests)
{
    for (uint32_t i = 0; i < guests->room; i++) {
        uint32_t place = (guests->next_place + i) % guests->room;
        if (guests->places[place].guest == NULL) {
            return place;
        }
    }
    return guests->room;
}

static int take_place(struct strait__guest *guest)
{
    struct strait__guests *guests = &guest->runtime->guests;
    uint32_t i = find_free(guests);
    if (i == MOST) {
        return STRAIT_E_LIMIT;
    }
    if (i == guests->room && !make_room(guest->runtime)) {
        return STRAIT_E_NOMEM;
    }
    struct strait__guest_place *place = &guests->places[i];
    place->guest = guest;
    place->generation = (uint16_t)((place->generation + 1u) & 0x7fffu);
    guests->next_place = i + 1;
    guest->number = 1u << GUEST_BIT_SHIFT | (uint32_t)place->generation << GENERATION_SHIFT | i;
    return STRAIT_OK;
}

struct strait__guest *strait__guest_find(const struct strait_runtime *runtime, uint32_t number)
{
    uint32_t place = number & (MOST - 1);
    if (number >> GUEST_BIT_SHIFT == 0 || place >= runtime->guests.room) {
        return NULL;
    }
    struct strait__guest *guest = runtime->guests.places[place].guest;
    return guest != NULL && guest->number == number ? guest : NULL;
}

int strait__guest_init(struct strait__guest *guest, const struct strait__guest_ops *ops,
                       struct strait_runtime *runtime, const struct strait_endpoint *endpoint)
{
    *guest = (struct strait__guest){ .ops = ops, .runtime = runtime };
    guest->driven = endpoint != NULL ? strait__find_driven(runtime, endpoint) : NULL;
    if (endpoint != NULL && guest->driven == NULL) {
        return STRAIT_E_NOT_FOUND;
    }
    guest->deadline.when = STRAIT_TIME_NEVER;
    int error = strait__deadlines_add(&runtime->guests.deadlines, &guest->deadline);
    if (error == STRAIT_OK) {
        error = take_place(guest);
        if (error != STRAIT_OK) {
            strait__deadlines_remove(&runtime->guests.deadlines, &guest->deadline);
        }
    }
    return error;
}

static void unlink_due(struct strait__guest **link, const struct strait__guest *guest)
{
    while (*link != NULL && *link != guest) {
        link = &(*link)->next_due;
    }
    if (*link == guest) {
        *link = guest->next_due;
    }
}

void strait__guest_finish(struct strait__guest *guest)
{
    if (guest->runtime == NULL) {
        return;
    }
    struct strait__guests *guests = &guest->runtime->guests;
    strait__guest_keep(guest, NULL, 0);
    strait__deadlines_remove(&guests->deadlines, &guest->deadline);
    unlink_due(&guests->due, guest);
    unlink_due(&guests->running, guest);
    guests->places[guest->number & (MOST - 1)].guest = NULL;
    guest->runtime = NULL;
}

void strait__guests_detach(struct strait_runtime *runtime, const struct strait__driven *driven)
{
    for (uint32_t i = 0; i < runtime->guests.room; i++) {
        struct strait__guest *guest = runtime->guests.places[i].guest;
        if (guest != NULL && guest->driven == driven) {
            strait__guest_finish(guest);
            guest->ops->orphaned(guest);
        }
    }
}

/* --- When it runs ------------------------------------------------------------------------------- */

static void make_due(struct strait__guest *guest)
{
    struct strait__guests *guests = &guest->runtime->guests;
    if (!guest->due) {
        guest->due = true;
        guest->next_due = guests->due;
        guests->due = guest;
    }
}

void strait__guest_wake(struct strait__guest *guest)
{
    if (guest->runtime == NULL) {
        return;
    }
    make_due(guest);
    if (!guest->runtime->dispatching) {
        strait__alarm_set(guest->runtime, 0);
    }
}

void strait__guest_set_deadline(struct strait__guest *guest, strait_time when)
{
    if (guest->runtime == NULL) {
        return;
    }
    strait__deadlines_set(&guest->runtime->guests.deadlines, &guest->deadline, when);
    if (!guest->runtime->dispatching) {
        strait__alarm_set(guest->runtime, when);
    }
}

static struct strait__guest *guest_of(struct strait__deadline *deadline)
{
    return (struct strait__guest *)(void *)((char *)deadline -
                                            offsetof(struct strait__guest, deadline));
}

void strait__guests_run(struct strait_runtime *runtime, strait_time now)
{
    struct strait__guests *guests = &runtime->guests;
    struct strait__deadline *first;
    while ((first = strait__deadlines_first(&guests->deadlines)) != NULL && first->when <= now) {
        strait__deadlines_set(&guests->deadlines, first, STRAIT_TIME_NEVER);
        make_due(guest_of(first));
    }
    /* Those that are woken meanwhile wait for the next turn. */
    guests->running = guests->due;
    guests->due = NULL;
    while (guests->running != NULL) {
        struct strait__guest *guest = guests->running;
        guests->running = guest->next_due;
        guest->due = false;
        guest->ops->run(guest);
    }
}

strait_time strait__guests_next(const struct strait_runtime *runtime)
{
    const struct strait__deadline *first = strait__deadlines_first(&runtime->guests.deadlines);
    if (runtime->guests.due != NULL) {
        return 0;
    }
    return first != NULL ? first->when : STRAIT_TIME_NEVER;
}

/* --- Descriptors -------------------------------------------------------------------------------- */

static struct strait__guest_fd *find_fd(const struct strait__guest *guest, int fd)
{
    struct strait__guest_fd *one = guest->fds;
    while (one != NULL && one->source.fd != fd) {
        one = one->next;
    }
    return one;
}

static void fd_ready(struct strait_runtime *runtime, struct strait__source *source, uint32_t events)
{
    struct strait__guest_fd *one = (struct strait__guest_fd *)(void *)source;
    (void)runtime;
    one->ready |= events;
    make_due(one->guest);
}

static int add_fd(struct strait__guest *guest, int fd, uint32_t events)
{
    struct strait_runtime *runtime = guest->runtime;
    struct strait__guest_fd *one = strait__alloc(&runtime->hooks, sizeof *one);
    if (one == NULL) {
        return STRAIT_E_NOMEM;
    }
    one->source.ready = fd_ready;
    one->guest = guest;
    one->events = events;
    if (strait__source_add(runtime, &one->source, fd, events) != 0) {
        strait__free(&runtime->hooks, one);
        return STRAIT_E_SYSTEM;
    }
    one->next = guest->fds;
    guest->fds = one;
    return STRAIT_OK;
}

int strait__guest_watch(struct strait__guest *guest, int fd, uint32_t events, bool again)
{
    struct strait__guest_fd *one = find_fd(guest, fd);
    if (one == NULL) {
        return add_fd(guest, fd, events);
    }
    if (one->events == events && !again) {
        return STRAIT_OK;
    }
    one->events = events;
    if (strait__source_change(guest->runtime, &one->source, events) == 0) {
        return STRAIT_OK;
    }
    bool gone = errno == ENOENT;
    return gone && strait__source_add(guest->runtime, &one->source, fd, events) == 0
               ? STRAIT_OK
               : STRAIT_E_SYSTEM;
}

uint32_t strait__guest_take(struct strait__guest *guest, int fd)
{
    struct strait__guest_fd *one = find_fd(guest, fd);
    uint32_t ready = one != NULL ? one->ready : 0;
    if (one != NULL) {
        one->ready = 0;
    }
    return ready;
}

static bool among(int fd, const int *fds, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (fds[i] == fd) {
            return true;
        }
    }
    return false;
}

void strait__guest_keep(struct strait__guest *guest, const int *fds, size_t n)
{
    struct strait__guest_fd **link = &guest->fds;
    while (*link != NULL) {
        struct strait__guest_fd *one = *link;
        if (among(one->source.fd, fds, n)) {
            link = &one->next;
            continue;
        }
        *link = one->next;
        strait__source_remove(guest->runtime, &one->source);
        strait__bury(guest->runtime, &one->source.grave);
    }
}
