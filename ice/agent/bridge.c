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

/*
 * libnice ticks at its pacing while it checks, and once connected for a while longer, to find each time that no pair is
 * left. Each tick costs as much as a packet, so what is not urgent waits; what a socket brings does not.
 */
enum {
    LAZY_MS = 100,   /* between two ticks, connected */
    PATIENT_MS = 20, /* ... while nothing comes in, by and by: from an eighth of that time */
    SLOWER = 8
};

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

static void sync_fds(const struct strait__turn *t, const GPollFD *fds, gint n)
{
    int kept[MAX_FDS];
    strait_time now = strait_runtime_now(t->guest->runtime);
    bool again = t->again || now - *t->synced >= SYNC_EVERY;
    for (gint i = 0; i < n; i++) {
        kept[i] = fds[i].fd;
    }
    strait__guest_keep(t->guest, kept, (size_t)n);
    for (gint i = 0; i < n; i++) {
        (void)strait__guest_watch(t->guest, fds[i].fd, to_epoll(events_of(fds, n, fds[i].fd)),
                                  again);
    }
    *t->synced = again ? now : *t->synced;
}

/* What epoll reported, as poll would have. The same for each source of a descriptor. */
static void fill(const struct strait__turn *t, GPollFD *fds, gint n, gushort rest)
{
    for (gint i = 0; i < n; i++) {
        bool seen = false;
        for (gint k = 0; k < i && !seen; k++) {
            seen = fds[k].fd == fds[i].fd;
            fds[i].revents = fds[k].revents;
        }
        if (!seen) {
            fds[i].revents = (gushort)(rest | to_glib(strait__guest_take(t->guest, fds[i].fd)));
        }
    }
    for (gint i = 0; i < n; i++) {
        fds[i].revents = (gushort)(fds[i].revents & (fds[i].events | G_IO_ERR | G_IO_HUP));
    }
}

strait_time strait__context_iterate(const struct strait__turn *t)
{
    GPollFD fds[MAX_FDS];
    gint priority, timeout = 0, n = 0;
    if (!g_main_context_acquire(t->context)) {
        strait__guest_wake(t->guest);
        return STRAIT_TIME_NEVER;
    }
    gushort rest = t->unread ? (gushort)G_IO_IN : 0;
    for (int round = 0; round < ROUNDS; round++) {
        (void)g_main_context_prepare(t->context, &priority);
        n = g_main_context_query(t->context, priority, &timeout, fds, MAX_FDS);
        n = n < MAX_FDS ? n : MAX_FDS;
        fill(t, fds, n, rest);
        rest = 0;
        if (!g_main_context_check(t->context, priority, fds, n)) {
            break;
        }
        g_main_context_dispatch(t->context);
    }
    sync_fds(t, fds, n);
    g_main_context_release(t->context);
    return timeout < 0 ? STRAIT_TIME_NEVER
                       : strait_runtime_now(t->guest->runtime) + (strait_time)timeout * STRAIT_MS;
}

/* --- Pace ----------------------------------------------------------------------------------------- */

static bool has_input(const struct strait__guest *guest)
{
    const struct strait__guest_fd *fd = guest->fds;
    while (fd != NULL && fd->ready == 0) {
        fd = fd->next;
    }
    return fd != NULL;
}

/* When to go on at the latest, of when GLib would. */
static strait_time slow_down(struct strait__agent *a, strait_time when, bool input)
{
    strait_time now = strait_runtime_now(a->guest.runtime);
    bool ticked = a->ticks;
    a->ticks = when < now + LAZY_MS * STRAIT_MS;
    if (input || !ticked) {
        a->lively = now;
    }
    strait_time wait = (now - a->lively) / SLOWER, most = PATIENT_MS * STRAIT_MS;
    wait = wait < most ? wait : most;
    if (a->steady) {
        wait = LAZY_MS * STRAIT_MS;
    } else if (a->gone || a->agents->config.pacing > 0) {
        wait = 0;
    }
    return when < now + wait ? now + wait : when;
}

void strait__agent_iterate(struct strait__agent *a)
{
    struct strait__turn turn = {
        .guest = &a->guest,
        .context = a->context,
        .synced = &a->synced,
        .again = !a->steady,
        /* Epoll does not tell of what libnice has read of a TCP connection and not handed on. */
        .unread = strait__agent_read_on(a),
    };
    bool input = has_input(&a->guest);
    strait_time when = slow_down(a, strait__context_iterate(&turn), input);
    when = a->leave_at != 0 && a->leave_at < when ? a->leave_at : when;
    when = a->retry_at != 0 && a->retry_at < when ? a->retry_at : when;
    strait__guest_set_deadline(&a->guest, when);
}
