/*
 * An agent's GMainContext in the runtime's epoll set. Iterated by hand, so that GLib polls nothing itself: the
 * kernel was asked once, for all agents.
 */
#include <sys/epoll.h>

#include "ice/agent/agent.h"

enum { MAX_FDS = 256, ROUNDS = 8 };

/* libnice may close a descriptor and open another of the same number, which epoll does not know. It does so while it
 * gathers and checks; later seldom, and then a second is soon enough. */
static const strait_time SYNC_EVERY = STRAIT_S;

static uint32_t to_epoll(gushort events)
{
    return ((events & G_IO_IN) != 0 ? (uint32_t)EPOLLIN : 0) |
           ((events & G_IO_OUT) != 0 ? (uint32_t)EPOLLOUT : 0) |
           ((events & G_IO_PRI) != 0 ? (uint32_t)EPOLLPRI : 0);
}

static gushort to_glib(uint32_t events)
{
    return (gushort)(((events & EPOLLIN) != 0 ? G_IO_IN : 0) |
                     ((events & EPOLLOUT) != 0 ? G_IO_OUT : 0) |
                     ((events & EPOLLPRI) != 0 ? G_IO_PRI : 0) |
                     ((events & EPOLLERR) != 0 ? G_IO_ERR : 0) |
                     ((events & EPOLLHUP) != 0 ? G_IO_HUP : 0));
}

/* One descriptor may be polled by several sources. */
static gushort events_of(const GPollFD *fds, gint n, gint fd)
{
    gushort events = 0;
    for (gint i = 0; i < n; i++) {
        events = fds[i].fd == fd ? (gushort)(events | fds[i].events) : events;
    }
    return events;
}

static void sync_fds(struct strait__agent *a, const GPollFD *fds, gint n)
{
    int kept[MAX_FDS];
    strait_time now = strait_runtime_now(a->guest.runtime);
    bool again = !a->steady || now - a->synced >= SYNC_EVERY;
    for (gint i = 0; i < n; i++) {
        kept[i] = fds[i].fd;
    }
    strait__guest_keep(&a->guest, kept, (size_t)n);
    for (gint i = 0; i < n; i++) {
        (void)strait__guest_watch(&a->guest, fds[i].fd, to_epoll(events_of(fds, n, fds[i].fd)),
                                  again);
    }
    a->synced = again ? now : a->synced;
}

static void set_deadline(struct strait__agent *a, gint timeout)
{
    strait_time when = STRAIT_TIME_NEVER;
    if (timeout >= 0) {
        when = strait_runtime_now(a->guest.runtime) + (strait_time)timeout * STRAIT_MS;
    }
    when = a->leave_at != 0 && a->leave_at < when ? a->leave_at : when;
    when = a->retry_at != 0 && a->retry_at < when ? a->retry_at : when;
    strait__guest_set_deadline(&a->guest, when);
}

/* What epoll reported, as poll would have. The same for each source of a descriptor. */
static void fill(struct strait__agent *a, GPollFD *fds, gint n, gushort rest)
{
    for (gint i = 0; i < n; i++) {
        bool seen = false;
        for (gint k = 0; k < i && !seen; k++) {
            seen = fds[k].fd == fds[i].fd;
            fds[i].revents = fds[k].revents;
        }
        if (!seen) {
            fds[i].revents = (gushort)(rest | to_glib(strait__guest_take(&a->guest, fds[i].fd)));
        }
    }
    for (gint i = 0; i < n; i++) {
        fds[i].revents = (gushort)(fds[i].revents & (fds[i].events | G_IO_ERR | G_IO_HUP));
    }
}

void strait__agent_iterate(struct strait__agent *a)
{
    GPollFD fds[MAX_FDS];
    gint priority, timeout = 0, n = 0;
    if (!g_main_context_acquire(a->context)) {
        strait__guest_wake(&a->guest);
        return;
    }
    /* Epoll does not tell of what libnice has read of a TCP connection and not handed on. */
    gushort rest = strait__agent_read_on(a) ? (gushort)G_IO_IN : 0;
    for (int round = 0; round < ROUNDS; round++) {
        (void)g_main_context_prepare(a->context, &priority);
        n = g_main_context_query(a->context, priority, &timeout, fds, MAX_FDS);
        n = n < MAX_FDS ? n : MAX_FDS;
        fill(a, fds, n, rest);
        rest = 0;
        if (!g_main_context_check(a->context, priority, fds, n)) {
            break;
        }
        g_main_context_dispatch(a->context);
    }
    sync_fds(a, fds, n);
    set_deadline(a, timeout);
    g_main_context_release(a->context);
}
