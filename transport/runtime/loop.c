/* One turn: what epoll reports, then timers, then deadlines, then everything that is to be sent. */
#include <errno.h>
#include <sys/epoll.h>

#include "transport/runtime/guest.h"
#include "transport/runtime/internal.h"
#include "transport/util.h"

static int control(const struct strait_runtime *runtime, int operation,
                   struct strait__source *source, uint32_t events)
{
    struct epoll_event event = { .events = events, .data.ptr = source };
    return epoll_ctl(runtime->epoll, operation, source->fd, &event);
}

int strait__source_add(struct strait_runtime *runtime, struct strait__source *source, int fd,
                       uint32_t events)
{
    source->fd = fd;
    return control(runtime, EPOLL_CTL_ADD, source, events);
}

int strait__source_change(struct strait_runtime *runtime, struct strait__source *source,
                          uint32_t events)
{
    return control(runtime, EPOLL_CTL_MOD, source, events);
}

void strait__source_remove(struct strait_runtime *runtime, struct strait__source *source)
{
    /* Fails where the owner has closed the descriptor: then the kernel has removed it. */
    (void)control(runtime, EPOLL_CTL_DEL, source, 0);
    source->dead = true;
}

void strait__bury(struct strait_runtime *runtime, struct strait__grave *grave)
{
    if (grave != NULL) {
        grave->next = runtime->graves;
        runtime->graves = grave;
    }
    while (!runtime->dispatching && runtime->graves != NULL) {
        grave = runtime->graves;
        runtime->graves = grave->next;
        strait__free(&runtime->hooks, grave);
    }
}

static strait_time next_deadline(const struct strait_runtime *runtime)
{
    strait_time next = strait__timers_next(runtime);
    strait_time guests = strait__guests_next(runtime);
    next = guests < next ? guests : next;
    for (struct strait__driven *driven = runtime->driven; driven != NULL; driven = driven->next) {
        strait_time deadline = strait_endpoint_deadline(driven->endpoint);
        next = deadline < next ? deadline : next;
    }
    return next;
}

static void drain_all(struct strait_runtime *runtime)
{
    for (struct strait__driven *driven = runtime->driven; driven != NULL; driven = driven->next) {
        strait__drain(runtime, driven);
    }
}

static void advance_all(struct strait_runtime *runtime)
{
    strait_time now = strait_runtime_now(runtime);
    for (struct strait__driven *driven = runtime->driven; driven != NULL; driven = driven->next) {
        if (!driven->dead && strait_endpoint_deadline(driven->endpoint) <= now) {
            strait_endpoint_advance(driven->endpoint, now);
        }
    }
}

void strait__prepare(struct strait_runtime *runtime, strait_time until)
{
    drain_all(runtime);
    strait_time next = next_deadline(runtime);
    strait__alarm_set(runtime, next < until ? next : until);
}

int strait__turn(struct strait_runtime *runtime, int timeout)
{
    struct epoll_event events[STRAIT__EVENTS];
    int n = epoll_wait(runtime->epoll, events, STRAIT__EVENTS, timeout);
    if (n < 0 && errno != EINTR) {
        return strait__fail_errno(runtime, "epoll_wait");
    }
    strait__count(&runtime->counters.wakeups, 1);
    runtime->dispatching = true;
    for (int i = 0; i < n; i++) {
        struct strait__source *source = events[i].data.ptr;
        if (!source->dead) {
            source->ready(runtime, source, events[i].events);
        }
    }
    strait__guests_run(runtime, strait_runtime_now(runtime));
    strait__timers_run(runtime);
    advance_all(runtime);
    /* Last and for all: one endpoint's event may have had another one send. */
    drain_all(runtime);
    runtime->dispatching = false;
    strait__bury(runtime, NULL);
    strait__alarm_set(runtime, next_deadline(runtime));
    return STRAIT_OK;
}

static int enter_loop(struct strait_runtime *runtime)
{
    if (runtime == NULL) {
        return STRAIT_E_INVALID;
    }
    if (atomic_load(&runtime->running) || runtime->dispatching) {
        return STRAIT_E_STATE;
    }
    atomic_store(&runtime->owner, pthread_self());
    runtime->detail[0] = '\0';
    return STRAIT_OK;
}

int strait_runtime_dispatch(struct strait_runtime *runtime)
{
    int result = enter_loop(runtime);
    return result == STRAIT_OK ? strait__turn(runtime, 0) : result;
}

int strait_runtime_wait(struct strait_runtime *runtime, strait_time timeout)
{
    int result = enter_loop(runtime);
    if (result != STRAIT_OK) {
        return result;
    }
    if (timeout == 0) {
        return strait__turn(runtime, 0);
    }
    /* The alarm ends the wait: epoll_wait itself knows milliseconds only. */
    strait_time now = strait_runtime_now(runtime);
    strait_time until = timeout < STRAIT_TIME_NEVER - now ? now + timeout : STRAIT_TIME_NEVER;
    strait__prepare(runtime, until);
    return strait__turn(runtime, -1);
}
