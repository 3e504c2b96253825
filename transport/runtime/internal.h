/*
 * Inside of the runtime. One thread at a time, the owner, dispatches and uses everything here; other
 * threads reach the job queue, the counters and the atomic flags only.
 */
#ifndef STRAIT_TRANSPORT_RUNTIME_INTERNAL_H
#define STRAIT_TRANSPORT_RUNTIME_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include <strait/runtime.h>

#include "transport/deadlines.h"

enum strait__runtime_limit {
    /* Descriptors a dispatch serves; epoll hands out the others first the next time. */
    STRAIT__EVENTS = 64,
    /* Batches that one socket may receive a dispatch, so that it starves no other. */
    STRAIT__RECEIVE_ROUNDS = 4,
    /* Messages a batch; with GRO each may hold a train of datagrams. */
    STRAIT__MESSAGES = 32,
    /* Datagrams that an endpoint gets at once: its answers leave before the next ones go in. */
    STRAIT__DATAGRAMS = 64,
    /* Trains that are taken from an endpoint at once. */
    STRAIT__SENDS = 64,
    STRAIT__TIMERS = 64,
    /* Kernels before 6.9 take no more segments in one call (UDP_MAX_SEGMENTS). */
    STRAIT__SEGMENTS = 64,
    /* What fits a UDP datagram over IPv4: the bound of one call's bytes as well. */
    STRAIT__SEGMENTS_BYTES = 65507,
};

/* Memory that a callback's caller may still look at: freed when the dispatch is over. */
struct strait__grave {
    struct strait__grave *next;
};

/* A descriptor in the epoll set. */
struct strait__source {
    struct strait__grave grave; /* first: the source's object is buried by it */
    int fd;
    bool dead; /* removed: events that epoll returned before are not for it */
    void (*ready)(struct strait_runtime *runtime, struct strait__source *source, uint32_t events);
};

struct strait__socket {
    struct strait__source source; /* first */
    struct strait__socket *next;
    struct strait__driven *driven;
    struct sockaddr_storage bound;
    uint32_t number;
    bool wildcard; /* each datagram has a local address of its own */
    bool segments; /* the kernel splits trains (UDP_SEGMENT) */
    bool blocked;  /* waits for EPOLLOUT */
};

/* An endpoint and its sockets. */
struct strait__driven {
    struct strait__grave grave; /* first */
    struct strait__driven *next;
    struct strait_endpoint *endpoint;
    struct strait__socket *sockets;
    uint32_t last_number;
    bool dead;
    /* The oldest train is gone up to here and its socket is full; see resume_at(). */
    struct {
        const uint8_t *data;
        size_t offset;
        uint16_t segment_size;
    } partial;
};

struct strait__watch {
    struct strait__source source; /* first */
    void (*ready)(void *user, short events);
    void *user;
};

struct strait__timer {
    strait_time when; /* STRAIT_TIME_NEVER: this one is free */
    uint64_t order;   /* of setting: breaks ties */
    void (*run)(void *user);
    void *user;
};

struct strait__guest;
struct strait__network;

struct strait__guest_place {
    struct strait__guest *guest; /* NULL: free */
    uint16_t generation;
};

/* See guest.h. */
struct strait__guests {
    struct strait__guest_place *places;
    uint32_t room, next_place;
    struct strait__deadlines deadlines;
    struct strait__guest *due;       /* to be run */
    struct strait__guest *running;   /* ... and not yet in this turn */
    struct strait__network *network; /* ice/agent/network.c's, made by the first that wants it */
    struct strait_trust *trust; /* the system's authorities, read by the first that needs them */
    struct strait__mdns *mdns;  /* ice/agent/mdns.c's, while somebody needs it */
    void *scratch; /* what the guests share, made by the first that needs it; from the hooks */
};

/* Opens once; one thread waits for it. May live on the waiting thread's stack. */
struct strait__latch {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    bool open;
};

struct strait__job {
    struct strait__job *next;
    void (*run)(void *user);
    void *user;
    struct strait__latch *latch; /* NULL: allocated; else the job is its caller's */
};

/* Written by the owner (posted: under the jobs' lock), read by any thread. */
struct strait__counters {
    _Atomic uint64_t wakeups, receive_calls, datagrams_received, send_calls, datagrams_sent;
    _Atomic uint64_t send_would_block, send_errors, receive_truncated, posted;
    _Atomic int last_send_errno;
};

struct strait_runtime {
    struct strait_hooks hooks;
    uint32_t receive_buffer, send_buffer;
    int epoll;
    struct strait__source wake;  /* eventfd: jobs are there, or the thread shall stop */
    struct strait__source alarm; /* timerfd: so that one descriptor tells of deadlines as well */
    strait_time alarm_at;        /* STRAIT_TIME_NEVER: not set */
    bool alarm_rang;

    struct strait__driven *driven;
    struct strait__receiver *receiver; /* from the first socket on */
    struct strait__watch **watches;    /* by descriptor */
    size_t n_watches;
    struct strait__timer timers[STRAIT__TIMERS];
    uint64_t timer_order;
    struct strait__guests guests;

    bool dispatching;
    struct strait__grave *graves;
    char detail[256];
    struct strait__counters counters;

    /* The thread that dispatches, or did so last; at first the one that created the runtime. */
    _Atomic(pthread_t) owner;
    atomic_bool running;  /* the runtime's own thread is the owner */
    atomic_bool stopping; /* that thread shall end */
    pthread_t thread;
    int thread_result;

    pthread_mutex_t lock; /* of what follows; never held while anything of the caller's runs */
    struct strait__job *jobs, **last_job;
    bool closing;
};

static inline void strait__count(_Atomic uint64_t *counter, uint64_t n)
{
    /* One writer: no need of an atomic addition. */
    uint64_t old = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, old + n, memory_order_relaxed);
}

/* runtime.c */
__attribute__((format(printf, 3, 4))) int strait__fail(struct strait_runtime *runtime, int code,
                                                       const char *format, ...);
/* STRAIT_E_SYSTEM with the call's name and what errno says. */
int strait__fail_errno(struct strait_runtime *runtime, const char *call);
/* What every function does first that belongs to the owner: false where another thread is it. Forgets
 * the last error. */
bool strait__enter(struct strait_runtime *runtime);
struct strait__driven *strait__find_driven(const struct strait_runtime *runtime,
                                           const struct strait_endpoint *endpoint);

/* loop.c */
/* 0, or -1 and errno. */
int strait__source_add(struct strait_runtime *runtime, struct strait__source *source, int fd,
                       uint32_t events);
int strait__source_change(struct strait_runtime *runtime, struct strait__source *source,
                          uint32_t events);
/* The descriptor stays open. */
void strait__source_remove(struct strait_runtime *runtime, struct strait__source *source);
void strait__bury(struct strait_runtime *runtime, struct strait__grave *grave);
/* Sends what waits and sets the alarm, `until` at the latest: then it is safe to block. */
void strait__prepare(struct strait_runtime *runtime, strait_time until);
/* Waits for epoll, -1: for ever, 0: not at all, and does the work. STRAIT_OK or _SYSTEM. */
int strait__turn(struct strait_runtime *runtime, int timeout);

/* socket.c */
/* As the runtime's configuration has them, as far as the kernel gives them. */
void strait__set_buffers(const struct strait_runtime *runtime, int fd);
/* Closes and buries. */
void strait__socket_close(struct strait_runtime *runtime, struct strait__socket *sock);

/* udp_receive.c */
/* NULL: no memory. */
struct strait__receiver *strait__receiver_create(const struct strait_hooks *hooks);
void strait__receiver_destroy(const struct strait_hooks *hooks, struct strait__receiver *receiver);
void strait__socket_receive(struct strait_runtime *runtime, struct strait__socket *sock);

/* udp_send.c */
/* Sends as much of a train through a UDP socket as that takes, and returns how many bytes that is; `fd` is no socket of
 * an endpoint's. */
size_t strait__send_through(struct strait_runtime *runtime, int fd, const struct strait_send *send);
/* Counts the datagrams of a train: sent, or given up with an error of errno's. */
void strait__count_sent(struct strait_runtime *runtime, const struct strait_send *send, int error);
/* Sends what waits in the endpoint's outbox, until that is empty or a socket is full. */
void strait__drain(struct strait_runtime *runtime, struct strait__driven *driven);

/* post.c */
bool strait__latch_init(struct strait__latch *latch);
void strait__latch_finish(struct strait__latch *latch);
void strait__latch_wait(struct strait__latch *latch);
void strait__latch_open(struct strait__latch *latch);
/* Makes the owner's epoll_wait return. */
void strait__wake(struct strait_runtime *runtime);
/* The eventfd's `ready`. */
void strait__jobs_ready(struct strait_runtime *runtime, struct strait__source *source,
                        uint32_t events);
/* Takes no more jobs and runs those that are there. */
void strait__jobs_close(struct strait_runtime *runtime);

/* timer.c */
void strait__timers_init(struct strait_runtime *runtime);
void strait__timers_run(struct strait_runtime *runtime);
strait_time strait__timers_next(const struct strait_runtime *runtime);
/* Has the alarm ring at `when` or before. */
void strait__alarm_set(struct strait_runtime *runtime, strait_time when);
/* The timerfd's `ready`. */
void strait__alarm_ready(struct strait_runtime *runtime, struct strait__source *source,
                         uint32_t events);

/* watch.c */
void strait__watches_finish(struct strait_runtime *runtime);

#endif
