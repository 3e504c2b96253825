#include "transport/dtls/timer.h"

/* A round trip on one continent is 50 ms at most with 2 x RTT as the first interval; below it the
 * peer's own computing time would count as loss. */
static const strait_time SHORTEST = 50 * STRAIT_MS;
/* Of a conversation that waits nobody waits longer; RFC 6347 would allow 60 s. */
static const strait_time LONGEST = 3 * STRAIT_S;
/* RFC 6347, 4.2.4.1; RFC 9147, 5.8.2: without knowledge of the path. */
static const strait_time UNKNOWN_PATH = STRAIT_S;
/* More than two doublings only add silence: on a lossy path what is missing is luck, not time, and at 50 % loss
 * one flight and its answer need 16 tries in one of a hundred cases. A handshake is some kilobytes, once (RFC
 * 9147, 5.8.2: shorter timers than those of data flows do little harm). */
enum { MOST_TIMES = 4, QUICK_PART = 4 };

static strait_time clamp(strait_time value, strait_time low, strait_time high)
{
    return value < low ? low : value > high ? high : value;
}

static strait_time later(strait_time now, strait_time interval)
{
    return now < STRAIT_TIME_NEVER - interval ? now + interval : STRAIT_TIME_NEVER - 1;
}

void strait__timer_init(struct strait__timer *timer, strait_time initial)
{
    *timer = (struct strait__timer){
        .initial = clamp(initial == 0 ? UNKNOWN_PATH : initial, SHORTEST, LONGEST),
    };
    timer->interval = timer->initial;
    strait__timer_stop(timer);
}

void strait__timer_set_rtt(struct strait__timer *timer, strait_time rtt)
{
    timer->initial = clamp(rtt < LONGEST ? 2 * rtt : LONGEST, SHORTEST, LONGEST);
}

/* Twice the round trip where that is sooner; never below RFC 9147's one and a half (5.8.2). In between
 * the timer stays what it was: no flight was sent needlessly with it. */
void strait__timer_measured(struct strait__timer *timer, strait_time rtt)
{
    strait_time least = rtt < LONGEST ? rtt + rtt / 2 : LONGEST;
    strait_time most = rtt < LONGEST ? 2 * rtt : LONGEST;
    timer->initial = clamp(clamp(timer->initial, least, most), SHORTEST, LONGEST);
}

void strait__timer_start(struct strait__timer *timer, strait_time now)
{
    timer->interval = timer->initial;
    strait__timer_again(timer, now);
}

void strait__timer_again(struct strait__timer *timer, strait_time now)
{
    timer->deadline = later(now, timer->interval);
}

void strait__timer_backoff(struct strait__timer *timer, strait_time now)
{
    strait_time most = clamp(MOST_TIMES * timer->initial, SHORTEST, LONGEST);
    timer->interval = clamp(2 * timer->interval, SHORTEST, most);
    strait__timer_again(timer, now);
}

void strait__timer_stop(struct strait__timer *timer)
{
    timer->deadline = STRAIT_TIME_NEVER;
    timer->quick = STRAIT_TIME_NEVER;
}

void strait__timer_arm_quick(struct strait__timer *timer, strait_time now)
{
    if (timer->quick == STRAIT_TIME_NEVER) {
        timer->quick = later(now, timer->interval / QUICK_PART);
    }
}

strait_time strait__timer_next(const struct strait__timer *timer)
{
    return timer->quick < timer->deadline ? timer->quick : timer->deadline;
}
