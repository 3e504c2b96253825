/*
 * The retransmission timer, in the units of the time argument (RFC 6347, section 4.2.4; RFC 9147,
 * section 5.8): starts at its first value, doubles with each retransmission. Pure arithmetic.
 */
#ifndef STRAIT_DTLS_TIMER_H
#define STRAIT_DTLS_TIMER_H

#include <strait/types.h>

struct strait__timer {
    strait_time initial;  /* of the next flight */
    strait_time interval; /* of the flight that waits now */
    strait_time deadline; /* STRAIT_TIME_NEVER: stopped */
    strait_time quick;    /* acknowledge what came so far (RFC 9147, 7.1); NEVER: nothing to say */
};

/* `initial` 0: 1 s (RFC 6347, 4.2.4.1). Clamped to 50 ms .. 3 s. Stopped. */
void strait__timer_init(struct strait__timer *timer, strait_time initial);

/* 2 x rtt from the next flight on. */
void strait__timer_set_rtt(struct strait__timer *timer, strait_time rtt);

/* A flight that was sent once was answered after that time. */
void strait__timer_measured(struct strait__timer *timer, strait_time rtt);

/* A new flight was sent. */
void strait__timer_start(struct strait__timer *timer, strait_time now);

/* The waiting flight was sent again for another reason than this timer. */
void strait__timer_again(struct strait__timer *timer, strait_time now);

/* The waiting flight was sent again because the deadline passed. */
void strait__timer_backoff(struct strait__timer *timer, strait_time now);

void strait__timer_stop(struct strait__timer *timer);

/* Arms `quick` at a quarter of the interval unless it is armed. */
void strait__timer_arm_quick(struct strait__timer *timer, strait_time now);

/* The earlier of deadline and quick. */
strait_time strait__timer_next(const struct strait__timer *timer);

#endif
