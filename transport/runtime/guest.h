/*
 * A guest: an object with descriptors and a deadline of its own in the runtime's loop, such as an ICE agent
 * with its own sockets. It belongs to an endpoint, in whose paths its number stands for a socket. All by the
 * thread that owns the runtime.
 */
#ifndef STRAIT_TRANSPORT_RUNTIME_GUEST_H
#define STRAIT_TRANSPORT_RUNTIME_GUEST_H

#include <strait/runtime.h>

#include "transport/deadlines.h"
#include "transport/runtime/internal.h"

struct strait__guest;

struct strait__guest_ops {
    /* A descriptor is ready, the deadline has come, or strait__guest_wake was called: once a turn. */
    void (*run)(struct strait__guest *guest);
    /* Sends a train that the endpoint has for the guest's number, or gives it up and counts it: a guest that is
     * full holds nobody else up. */
    void (*send)(struct strait__guest *guest, const struct strait_send *send);
    /* The runtime, or the endpoint's place in it, is gone. May free the guest. */
    void (*orphaned)(struct strait__guest *guest);
};

/* A descriptor of a guest's in the epoll set. */
struct strait__guest_fd {
    struct strait__source source; /* first */
    struct strait__guest *guest;
    struct strait__guest_fd *next;
    uint32_t events; /* EPOLLIN ... that are waited for */
    uint32_t ready;  /* that came and were not taken yet */
};

/* The first member of what it is. */
struct strait__guest {
    const struct strait__guest_ops *ops;
    struct strait_runtime
        *runtime; /* NULL: it or the endpoint's place in it is gone; nothing happens any more */
    struct strait__driven *driven;
    uint32_t number;
    struct strait__guest_fd *fds;
    struct strait__deadline deadline;
    struct strait__guest *next_due;
    bool due;
};

/* `endpoint` NULL: it is of none, and goes with the runtime.
 * STRAIT_E_NOT_FOUND (the runtime does not drive the endpoint), _NOMEM, _LIMIT. */
int strait__guest_init(struct strait__guest *guest, const struct strait__guest_ops *ops,
                       struct strait_runtime *runtime, const struct strait_endpoint *endpoint);
/* Its descriptors leave the set, and stay open. Legal inside its own `run`. */
void strait__guest_finish(struct strait__guest *guest);

/* Has `run` called in this turn, or in the next where the guests have had theirs. */
void strait__guest_wake(struct strait__guest *guest);
void strait__guest_set_deadline(struct strait__guest *guest, strait_time when);

/* Waits for `events` of a descriptor from now on. `again`: as if it were new to the kernel, for its number
 * may have been closed and given to another. STRAIT_E_NOMEM, _SYSTEM. */
int strait__guest_watch(struct strait__guest *guest, int fd, uint32_t events, bool again);
/* What became ready of a descriptor since the last call. */
uint32_t strait__guest_take(struct strait__guest *guest, int fd);
/* Forgets the descriptors that are not among `fds`. */
void strait__guest_keep(struct strait__guest *guest, const int *fds, size_t n);

/* --- for the runtime --- */
/* Runs those that are due at `now`. */
void strait__guests_run(struct strait_runtime *runtime, strait_time now);
strait_time strait__guests_next(const struct strait_runtime *runtime);
/* The one that the number stands for; NULL: none, or no guest's number. */
struct strait__guest *strait__guest_find(const struct strait_runtime *runtime, uint32_t number);
void strait__guests_init(struct strait_runtime *runtime);
void strait__guests_finish(struct strait_runtime *runtime);
/* The endpoint of these leaves the runtime. */
void strait__guests_detach(struct strait_runtime *runtime, const struct strait__driven *driven);

#endif
