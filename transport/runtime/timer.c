/* The caller's timers, and the alarm that makes the one descriptor readable when something is due. */
#include <sys/timerfd.h>

#include "transport/runtime/internal.h"

void strait__timers_init(struct strait_runtime *runtime)
{
    for (size_t i = 0; i < STRAIT__TIMERS; i++) {
        runtime->timers[i].when = STRAIT_TIME_NEVER;
    }
    runtime->alarm_at = STRAIT_TIME_NEVER;
}

/* The one that has this run and user, else a free one, else NULL. */
static struct strait__timer *find_timer(struct strait_runtime *runtime, void (*run)(void *user),
                                        const void *user)
{
    struct strait__timer *free_one = NULL;
    for (size_t i = 0; i < STRAIT__TIMERS; i++) {
        struct strait__timer *timer = &runtime->timers[i];
        if (timer->when == STRAIT_TIME_NEVER) {
            free_one = free_one != NULL ? free_one : timer;
        } else if (timer->run == run && timer->user == user) {
            return timer;
        }
    }
    return free_one;
}

int strait_runtime_at(struct strait_runtime *runtime, strait_time when, void (*run)(void *user),
                      void *user)
{
    if (runtime == NULL || run == NULL) {
        return STRAIT_E_INVALID;
    }
    if (!strait__enter(runtime)) {
        return STRAIT_E_STATE;
    }
    struct strait__timer *timer = find_timer(runtime, run, user);
    if (timer == NULL) {
        return when == STRAIT_TIME_NEVER ? STRAIT_OK
                                         : strait__fail(runtime, STRAIT_E_LIMIT,
                                                        "all %d timers are in use", STRAIT__TIMERS);
    }
    *timer = (struct strait__timer){ when, runtime->timer_order++, run, user };
    if (!runtime->dispatching) {
        strait__alarm_set(runtime, when);
    }
    return STRAIT_OK;
}

static bool earlier(const struct strait__timer *a, const struct strait__timer *b)
{
    return a->when != b->when ? a->when < b->when : a->order < b->order;
}

/* The earliest one that is due and was set before `order`. */
static struct strait__timer *find_due(struct strait_runtime *runtime, strait_time now,
                                      uint64_t order)
{
    struct strait__timer *due = NULL;
    for (size_t i = 0; i < STRAIT__TIMERS; i++) {
        struct strait__timer *timer = &runtime->timers[i];
        if (timer->when <= now && timer->order < order && (due == NULL || earlier(timer, due))) {
            due = timer;
        }
    }
    return due;
}

void strait__timers_run(struct strait_runtime *runtime)
{
    strait_time now = strait_runtime_now(runtime);
    /* One that sets itself again for a time that is over waits for the next dispatch. */
    uint64_t order = runtime->timer_order;
    struct strait__timer *timer;
    while ((timer = find_due(runtime, now, order)) != NULL) {
        struct strait__timer due = *timer;
        timer->when = STRAIT_TIME_NEVER;
        due.run(due.user);
    }
}

strait_time strait__timers_next(const struct strait_runtime *runtime)
{
    strait_time next = STRAIT_TIME_NEVER;
    for (size_t i = 0; i < STRAIT__TIMERS; i++) {
        next = runtime->timers[i].when < next ? runtime->timers[i].when : next;
    }
    return next;
}

void strait__alarm_ready(struct strait_runtime *runtime, struct strait__source *source,
                         uint32_t events)
{
    (void)source;
    (void)events;
    /* Not read: setting it anew, which follows, makes it unreadable as well. */
    runtime->alarm_rang = true;
}

void strait__alarm_set(struct strait_runtime *runtime, strait_time when)
{
    /* One that rings too early costs a wakeup once; moving it with every packet costs a call each. */
    if (!runtime->alarm_rang && runtime->alarm_at <= when) {
        return;
    }
    /* All zero would turn it off. */
    strait_time at = when == STRAIT_TIME_NEVER ? 0 : when > 0 ? when : 1;
    const struct itimerspec spec = {
        .it_value = { .tv_sec = (time_t)(at / STRAIT_S), .tv_nsec = (long)(at % STRAIT_S) },
    };
    timerfd_settime(runtime->alarm.fd, TFD_TIMER_ABSTIME, &spec, NULL);
    runtime->alarm_at = when;
    runtime->alarm_rang = false;
}
