/*
 * Drives endpoints with real UDP sockets and the real clock. It shows the host one file descriptor for
 * a loop of its own, or runs a thread. The only part of strait that has sockets, a clock and threads.
 *
 * A runtime belongs to the thread that dispatches it. now, post, call and stats may be used by any
 * thread, start and stop by the host's. While the runtime's own thread runs, everything else is that
 * thread's: add, remove, bind, watch, unwatch and at return STRAIT_E_STATE to others.
 */
#ifndef STRAIT_RUNTIME_H
#define STRAIT_RUNTIME_H

#include <strait/endpoint.h>
#include <strait/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct strait_runtime;

struct strait_runtime_config {
    size_t size;
    const struct strait_hooks *hooks; /* NULL: the defaults; copied */
    uint32_t receive_buffer; /* SO_RCVBUF and SO_SNDBUF in bytes; 0: 4 MiB (the kernel may give */
    uint32_t send_buffer;    /* less) */
};

struct strait_runtime_stats {
    size_t size;
    uint64_t wakeups;
    uint64_t receive_calls, datagrams_received;
    uint64_t send_calls, datagrams_sent;
    uint64_t send_would_block; /* the socket's buffer was full: tried again when writable */
    uint64_t send_errors;      /* datagrams given up; the errno of the last one beside it */
    int last_send_errno;
    uint64_t receive_truncated; /* longer than our buffer: dropped */
    uint64_t posted;
};

/* `config` NULL: the defaults. STRAIT_E_INVALID, _NOMEM, _SYSTEM. Where other threads post, the hooks'
 * alloc and free must bear being called by them. */
STRAIT_API int strait_runtime_create(struct strait_runtime **out,
                                     const struct strait_runtime_config *config);

/* Stops the thread, runs what was posted, sends what waits in the endpoints' outboxes as far as the
 * sockets take it, and closes them; the endpoints stay the caller's. NULL is fine. Not inside a callback:
 * there it does nothing but say so in the log. */
STRAIT_API void strait_runtime_destroy(struct strait_runtime *runtime);

/* The runtime's clock now: CLOCK_MONOTONIC. Any thread. */
STRAIT_API strait_time strait_runtime_now(const struct strait_runtime *runtime);

/* An endpoint to drive; it must live until removed or until the runtime is destroyed.
 * STRAIT_E_INVALID, _EXISTS, _NOMEM. */
STRAIT_API int strait_runtime_add(struct strait_runtime *runtime, struct strait_endpoint *endpoint);

/* Closes the endpoint's sockets and forgets it. What waits in its outbox is sent first, as far as the
 * sockets take it. Legal inside a callback, one of the endpoint's own as well: it gets nothing more
 * once that returned. STRAIT_E_INVALID, _NOT_FOUND. */
STRAIT_API int strait_runtime_remove(struct strait_runtime *runtime,
                                     struct strait_endpoint *endpoint);

/*
 * Opens a UDP socket at `address` (port 0: any; a wildcard address: all interfaces, the local address
 * of each datagram is kept by PKTINFO; [::] takes IPv6 only) for an endpoint that was added, and
 * gives its addresses to strait_endpoint_add_local: for a wildcard those of all interfaces that are
 * up, loopback included, and as many as an endpoint takes; those that its rules do not allow are not offered. `socket` gets its number, which no other
 * socket of this endpoint ever has, `bound` its address with the port (both may be NULL).
 * STRAIT_E_SYSTEM (the detail says what and why), _EXISTS (the port is in use), _INVALID, _NOT_FOUND,
 * _LIMIT (the endpoint takes no more addresses), _NOMEM.
 */
STRAIT_API int strait_runtime_bind(struct strait_runtime *runtime, struct strait_endpoint *endpoint,
                                   const struct sockaddr *address, socklen_t len, uint32_t *socket,
                                   struct sockaddr_storage *bound);

/* Becomes readable when strait_runtime_dispatch has work; poll or epoll it. The runtime's own. */
STRAIT_API int strait_runtime_fd(const struct strait_runtime *runtime);

/*
 * Does all the work that is there and never blocks: receives, advances, sends, runs what was posted.
 * The endpoints' events fire inside. Call it as well after using an endpoint's functions outside of a
 * callback (it sends what they queued). One call's share of each socket is bounded; the descriptor stays
 * readable while there is more. Returns 0 or STRAIT_E_SYSTEM; STRAIT_E_STATE while the thread runs or
 * inside a callback.
 */
STRAIT_API int strait_runtime_dispatch(struct strait_runtime *runtime);

/* Sends what is queued, blocks up to `timeout` ns (STRAIT_TIME_NEVER: no limit; a signal ends it too)
 * and dispatches. It may return early with nothing done. Errors as dispatch. */
STRAIT_API int strait_runtime_wait(struct strait_runtime *runtime, strait_time timeout);

/* Runs an own thread that waits and dispatches until stop. All endpoints belong to that thread then:
 * reach them from others by strait_runtime_post. The thread has all signals blocked. Start returns
 * once it runs, stop once it has ended; the caller of stop is the dispatching thread then.
 * STRAIT_E_STATE (runs already, runs not, or inside a callback), _SYSTEM. */
STRAIT_API int strait_runtime_start(struct strait_runtime *runtime);
STRAIT_API int strait_runtime_stop(struct strait_runtime *runtime);

/*
 * Has `run(user)` called by the thread that dispatches, once, in the order of posting. Any thread, any
 * time; never blocks longer than a lock. What was posted and has not run when the runtime is destroyed
 * is run then, by the destroying thread; those who post from there get STRAIT_E_STATE. What is posted
 * inside `run` waits for the next dispatch. STRAIT_E_NOMEM, _INVALID.
 */
STRAIT_API int strait_runtime_post(struct strait_runtime *runtime, void (*run)(void *user),
                                   void *user);

/* As post, and waits until it ran. Called by the dispatching thread itself (while no thread of the
 * runtime's runs: the one that dispatched last, or created or stopped it after that) it runs at once. */
STRAIT_API int strait_runtime_call(struct strait_runtime *runtime, void (*run)(void *user),
                                   void *user);

/*
 * Has `ready(user, events)` called when `fd` (the caller's, kept open until unwatched) has poll events
 * of `events` (POLLIN, POLLOUT; POLLERR and POLLHUP come unasked), again in every dispatch while it
 * has. Both functions are legal inside callbacks, and nothing is called any more once unwatch returned.
 * STRAIT_E_INVALID, _SYSTEM, _EXISTS (watched already), _NOMEM; unwatch: _INVALID, _NOT_FOUND.
 */
STRAIT_API int strait_runtime_watch(struct strait_runtime *runtime, int fd, short events,
                                    void (*ready)(void *user, short events), void *user);
STRAIT_API int strait_runtime_unwatch(struct strait_runtime *runtime, int fd);

/* Has `run(user)` called once, at or after `when`; a second call with the same run and user moves it,
 * STRAIT_TIME_NEVER cancels it. Those that are due run in the order of their times, equal ones in that of
 * the calls. STRAIT_E_INVALID, _LIMIT (64). */
STRAIT_API int strait_runtime_at(struct strait_runtime *runtime, strait_time when,
                                 void (*run)(void *user), void *user);

/* What the last error was about; "" for none. Valid until the next call. For the thread that the
 * runtime belongs to. */
STRAIT_API const char *strait_runtime_error_detail(const struct strait_runtime *runtime);

/* Fills as much of `out` as out->size says. Any thread. STRAIT_E_INVALID. */
STRAIT_API int strait_runtime_stats(const struct strait_runtime *runtime,
                                    struct strait_runtime_stats *out);

#ifdef __cplusplus
}
#endif
#endif
