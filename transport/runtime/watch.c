/* Descriptors of the caller's in the runtime's epoll set. */
#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>

#include "transport/runtime/internal.h"
#include "transport/util.h"

static uint32_t to_epoll(short events)
{
    return ((events & POLLIN) != 0 ? (uint32_t)EPOLLIN : 0) |
           ((events & POLLOUT) != 0 ? (uint32_t)EPOLLOUT : 0);
}

static short to_poll(uint32_t events)
{
    int out = 0;
    out |= (events & EPOLLIN) != 0 ? POLLIN : 0;
    out |= (events & EPOLLOUT) != 0 ? POLLOUT : 0;
    out |= (events & EPOLLERR) != 0 ? POLLERR : 0;
    out |= (events & EPOLLHUP) != 0 ? POLLHUP : 0;
    return (short)out;
}

static void watch_ready(struct strait_runtime *runtime, struct strait__source *source,
                        uint32_t events)
{
    (void)runtime;
    const struct strait__watch *watch = (const struct strait__watch *)(const void *)source;
    watch->ready(watch->user, to_poll(events));
}

static bool make_room(struct strait_runtime *runtime, size_t n)
{
    size_t room = runtime->n_watches > 0 ? runtime->n_watches : 64;
    while (room < n) {
        room *= 2;
    }
    if (room == runtime->n_watches) {
        return true;
    }
    struct strait__watch **watches = strait__alloc(&runtime->hooks, room * sizeof *watches);
    if (watches == NULL) {
        return false;
    }
    if (runtime->n_watches > 0) {
        memcpy(watches, runtime->watches, runtime->n_watches * sizeof *watches);
    }
    strait__free(&runtime->hooks, runtime->watches);
    runtime->watches = watches;
    runtime->n_watches = room;
    return true;
}

static struct strait__watch *find_watch(const struct strait_runtime *runtime, int fd)
{
    return (size_t)fd < runtime->n_watches ? runtime->watches[fd] : NULL;
}

int strait_runtime_watch(struct strait_runtime *runtime, int fd, short events,
                         void (*ready)(void *user, short events), void *user)
{
    if (runtime == NULL || fd < 0 || ready == NULL || (events & ~(POLLIN | POLLOUT)) != 0) {
        return STRAIT_E_INVALID;
    }
    if (!strait__enter(runtime)) {
        return STRAIT_E_STATE;
    }
    if (find_watch(runtime, fd) != NULL) {
        return strait__fail(runtime, STRAIT_E_EXISTS, "descriptor %d is watched already", fd);
    }
    struct strait__watch *watch = strait__alloc(&runtime->hooks, sizeof *watch);
    if (watch == NULL) {
        return STRAIT_E_NOMEM;
    }
    watch->source.ready = watch_ready;
    watch->ready = ready;
    watch->user = user;
    int result = STRAIT_OK;
    /* The kernel first: it knows whether such a number is open, and room is made for no other. */
    if (strait__source_add(runtime, &watch->source, fd, to_epoll(events)) != 0) {
        result = strait__fail(runtime, STRAIT_E_SYSTEM, "epoll_ctl of descriptor %d: %s", fd,
                              strerror(errno));
    } else if (!make_room(runtime, (size_t)fd + 1)) {
        strait__source_remove(runtime, &watch->source);
        result = STRAIT_E_NOMEM;
    }
    if (result != STRAIT_OK) {
        strait__free(&runtime->hooks, watch);
        return result;
    }
    runtime->watches[fd] = watch;
    return STRAIT_OK;
}

static void remove_watch(struct strait_runtime *runtime, struct strait__watch *watch)
{
    runtime->watches[watch->source.fd] = NULL;
    strait__source_remove(runtime, &watch->source);
    strait__bury(runtime, &watch->source.grave);
}

int strait_runtime_unwatch(struct strait_runtime *runtime, int fd)
{
    if (runtime == NULL || fd < 0) {
        return STRAIT_E_INVALID;
    }
    if (!strait__enter(runtime)) {
        return STRAIT_E_STATE;
    }
    struct strait__watch *watch = find_watch(runtime, fd);
    if (watch == NULL) {
        return strait__fail(runtime, STRAIT_E_NOT_FOUND, "descriptor %d is not watched", fd);
    }
    remove_watch(runtime, watch);
    return STRAIT_OK;
}

void strait__watches_finish(struct strait_runtime *runtime)
{
    for (size_t i = 0; i < runtime->n_watches; i++) {
        if (runtime->watches[i] != NULL) {
            remove_watch(runtime, runtime->watches[i]);
        }
    }
    strait__free(&runtime->hooks, runtime->watches);
    runtime->watches = NULL;
    runtime->n_watches = 0;
}
