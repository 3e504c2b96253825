/* The runtime's life, and the endpoints that it drives. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "transport/runtime/guest.h"
#include "transport/runtime/internal.h"
#include "transport/util.h"

/* 4 MiB: a second and a half of 20 Mbit/s while the host is busy elsewhere. */
#define DEFAULT_BUFFER (4u << 20)

strait_time strait_runtime_now(const struct strait_runtime *runtime)
{
    (void)runtime;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (strait_time)now.tv_sec * STRAIT_S + (strait_time)now.tv_nsec;
}

int strait__fail(struct strait_runtime *runtime, int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(runtime->detail, sizeof runtime->detail, format, args);
    va_end(args);
    return code;
}

int strait__fail_errno(struct strait_runtime *runtime, const char *call)
{
    return strait__fail(runtime, STRAIT_E_SYSTEM, "%s: %s", call, strerror(errno));
}

bool strait__enter(struct strait_runtime *runtime)
{
    if (atomic_load(&runtime->running) &&
        !pthread_equal(atomic_load(&runtime->owner), pthread_self())) {
        return false;
    }
    runtime->detail[0] = '\0';
    return true;
}

const char *strait_runtime_error_detail(const struct strait_runtime *runtime)
{
    return runtime->detail;
}

int strait_runtime_fd(const struct strait_runtime *runtime)
{
    return runtime->epoll;
}

static int open_descriptors(struct strait_runtime *runtime)
{
    runtime->epoll = epoll_create1(EPOLL_CLOEXEC);
    int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int alarm = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    runtime->wake = (struct strait__source){ .fd = wake, .ready = strait__jobs_ready };
    runtime->alarm = (struct strait__source){ .fd = alarm, .ready = strait__alarm_ready };
    if (runtime->epoll < 0 || wake < 0 || alarm < 0) {
        return STRAIT_E_SYSTEM;
    }
    if (strait__source_add(runtime, &runtime->wake, wake, EPOLLIN) != 0 ||
        strait__source_add(runtime, &runtime->alarm, alarm, EPOLLIN) != 0) {
        return STRAIT_E_SYSTEM;
    }
    return STRAIT_OK;
}

static void close_descriptors(const struct strait_runtime *runtime)
{
    const int fds[] = { runtime->alarm.fd, runtime->wake.fd, runtime->epoll };
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++) {
        if (fds[i] >= 0) {
            close(fds[i]);
        }
    }
}

int strait_runtime_create(struct strait_runtime **out, const struct strait_runtime_config *config)
{
    struct strait_runtime_config c = { .size = sizeof c };
    if (out == NULL || (config != NULL && strait__sized_read(&c, sizeof c, config) != STRAIT_OK)) {
        return STRAIT_E_INVALID;
    }
    struct strait_hooks hooks;
    if (strait__hooks_init(&hooks, c.hooks) != STRAIT_OK) {
        return STRAIT_E_INVALID;
    }
    struct strait_runtime *runtime = strait__alloc(&hooks, sizeof *runtime);
    if (runtime == NULL) {
        return STRAIT_E_NOMEM;
    }
    runtime->hooks = hooks;
    runtime->receive_buffer = c.receive_buffer != 0 ? c.receive_buffer : DEFAULT_BUFFER;
    runtime->send_buffer = c.send_buffer != 0 ? c.send_buffer : DEFAULT_BUFFER;
    runtime->last_job = &runtime->jobs;
    strait__timers_init(runtime);
    strait__guests_init(runtime);
    atomic_store(&runtime->owner, pthread_self());
    int result = open_descriptors(runtime);
    if (result == STRAIT_OK && pthread_mutex_init(&runtime->lock, NULL) != 0) {
        result = STRAIT_E_SYSTEM;
    }
    if (result != STRAIT_OK) {
        close_descriptors(runtime);
        strait__guests_finish(runtime);
        strait__free(&hooks, runtime);
        return result;
    }
    *out = runtime;
    return STRAIT_OK;
}

struct strait__driven *strait__find_driven(const struct strait_runtime *runtime,
                                           const struct strait_endpoint *endpoint)
{
    struct strait__driven *driven = runtime->driven;
    while (driven != NULL && driven->endpoint != endpoint) {
        driven = driven->next;
    }
    return driven;
}

int strait_runtime_add(struct strait_runtime *runtime, struct strait_endpoint *endpoint)
{
    if (runtime == NULL || endpoint == NULL) {
        return STRAIT_E_INVALID;
    }
    if (!strait__enter(runtime)) {
        return STRAIT_E_STATE;
    }
    if (strait__find_driven(runtime, endpoint) != NULL) {
        return strait__fail(runtime, STRAIT_E_EXISTS, "the endpoint was added before");
    }
    struct strait__driven *driven = strait__alloc(&runtime->hooks, sizeof *driven);
    if (driven == NULL) {
        return STRAIT_E_NOMEM;
    }
    driven->endpoint = endpoint;
    driven->next = runtime->driven;
    runtime->driven = driven;
    /* It may have a deadline or something to send already. */
    if (!runtime->dispatching) {
        strait__alarm_set(runtime, 0);
    }
    return STRAIT_OK;
}

static void unlink_driven(struct strait_runtime *runtime, const struct strait__driven *driven)
{
    struct strait__driven **link = &runtime->driven;
    while (*link != driven) {
        link = &(*link)->next;
    }
    /* driven->next stays as it is: a loop over the list may stand on it. */
    *link = driven->next;
}

static void remove_driven(struct strait_runtime *runtime, struct strait__driven *driven)
{
    for (struct strait__socket *sock = driven->sockets; sock != NULL; sock = sock->next) {
        sock->blocked = false;
    }
    strait__drain(runtime, driven);
    strait__guests_detach(runtime, driven);
    unlink_driven(runtime, driven);
    driven->dead = true;
    for (struct strait__socket *sock = driven->sockets, *next; sock != NULL; sock = next) {
        next = sock->next;
        strait__socket_close(runtime, sock);
    }
    strait__bury(runtime, &driven->grave);
}

int strait_runtime_remove(struct strait_runtime *runtime, struct strait_endpoint *endpoint)
{
    if (runtime == NULL || endpoint == NULL) {
        return STRAIT_E_INVALID;
    }
    if (!strait__enter(runtime)) {
        return STRAIT_E_STATE;
    }
    struct strait__driven *driven = strait__find_driven(runtime, endpoint);
    if (driven == NULL) {
        return strait__fail(runtime, STRAIT_E_NOT_FOUND, "the endpoint was not added");
    }
    remove_driven(runtime, driven);
    return STRAIT_OK;
}

void strait_runtime_destroy(struct strait_runtime *runtime)
{
    if (runtime == NULL) {
        return;
    }
    if (atomic_load(&runtime->running)) {
        strait_runtime_stop(runtime);
    }
    if (atomic_load(&runtime->running) || runtime->dispatching) {
        strait__log(&runtime->hooks, STRAIT_LOG_ERROR, "runtime",
                    "strait_runtime_destroy inside a callback: nothing is destroyed");
        return;
    }
    atomic_store(&runtime->owner, pthread_self());
    /* Callbacks run in here, as in a dispatch. */
    runtime->dispatching = true;
    strait__jobs_close(runtime);
    while (runtime->driven != NULL) {
        remove_driven(runtime, runtime->driven);
    }
    strait__watches_finish(runtime);
    runtime->dispatching = false;
    strait__bury(runtime, NULL);
    strait__receiver_destroy(&runtime->hooks, runtime->receiver);
    strait__guests_finish(runtime);
    close_descriptors(runtime);
    pthread_mutex_destroy(&runtime->lock);
    struct strait_hooks hooks = runtime->hooks;
    strait__free(&hooks, runtime);
}

int strait_runtime_stats(const struct strait_runtime *runtime, struct strait_runtime_stats *out)
{
    if (runtime == NULL) {
        return STRAIT_E_INVALID;
    }
    const struct strait__counters *c = &runtime->counters;
    const struct strait_runtime_stats stats = {
        .size = sizeof stats,
        .wakeups = atomic_load_explicit(&c->wakeups, memory_order_relaxed),
        .receive_calls = atomic_load_explicit(&c->receive_calls, memory_order_relaxed),
        .datagrams_received = atomic_load_explicit(&c->datagrams_received, memory_order_relaxed),
        .send_calls = atomic_load_explicit(&c->send_calls, memory_order_relaxed),
        .datagrams_sent = atomic_load_explicit(&c->datagrams_sent, memory_order_relaxed),
        .send_would_block = atomic_load_explicit(&c->send_would_block, memory_order_relaxed),
        .send_errors = atomic_load_explicit(&c->send_errors, memory_order_relaxed),
        .last_send_errno = atomic_load_explicit(&c->last_send_errno, memory_order_relaxed),
        .receive_truncated = atomic_load_explicit(&c->receive_truncated, memory_order_relaxed),
        .posted = atomic_load_explicit(&c->posted, memory_order_relaxed),
    };
    return strait__sized_copy(out, &stats, sizeof stats);
}
