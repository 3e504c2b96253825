/*
 * Listeners come and go, and one of them cannot keep up: test_radio_crowd RADIO [--joins N [--every MS]].
 * Where N is given, that many come and go twice, a tenth of them vanishes without a word, and the memory
 * is printed as it goes; with a time between two of them `--joins 1800 --every 1000` takes an hour.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/radio_crowd.h"

enum {
    JOINS = 200, /* the short form */
    TOGETHER = 20,
    WARM_UP = 40,
    ENDED_LISTED = 16, /* at most, in /stats */
    LOST_AFTER_S = 60, /* those who vanished are noticed by then: consent, 30 s */
};

static const char *program;
static unsigned long joins = JOINS;
static unsigned every_ms; /* 0: as fast as they can */

struct crowd {
    struct radio_process radio;
    struct strait_runtime *runtime;
    struct strait_certificate *certificate;
};

static int begin(void **state)
{
    static struct crowd crowd;

    radio_start(&crowd.radio, program);
    assert_int_equal(strait_runtime_create(&crowd.runtime, NULL), 0);
    assert_int_equal(strait_certificate_create(&crowd.certificate, NULL), 0);
    *state = &crowd;
    return 0;
}

static int end(void **state)
{
    struct crowd *crowd = *state;

    strait_runtime_destroy(crowd->runtime);
    strait_certificate_unref(crowd->certificate);
    assert_int_equal(radio_stop(&crowd->radio), 0);
    return 0;
}

static void wait_ms(struct crowd *crowd, unsigned ms)
{
    const strait_time until = strait_runtime_now(crowd->runtime) + ms * STRAIT_MS;
    strait_time now;

    while ((now = strait_runtime_now(crowd->runtime)) < until) {
        assert_int_equal(strait_runtime_wait(crowd->runtime, until - now), 0);
    }
}

/* Until the listener has so many packets. */
static void hear(struct crowd *crowd, const struct crowd_listener *listener, uint64_t packets)
{
    const strait_time begun = strait_runtime_now(listener->runtime);

    (void)crowd;
    while (listener->received < packets) {
        assert_true(strait_runtime_now(listener->runtime) < begun + 30 * STRAIT_S);
        assert_int_equal(strait_runtime_wait(listener->runtime, 100 * STRAIT_MS), 0);
        assert_int_equal(strait_transport_error(listener->transport), STRAIT_OK);
    }
}

/* --- Coming and going -------------------------------------------------------------------------- */

static void part(struct crowd *crowd, struct crowd_listener *listener, unsigned long nth)
{
    assert_int_equal(listener->lost, 0);
    if (joins > JOINS && nth % 10 == 0) {
        /* without a word */
    } else if (nth % 2 == 0) {
        crowd_delete(listener, &crowd->radio);
    } else {
        crowd_close(listener);
    }
    crowd_vanish(listener);
}

static long listeners_now(const struct crowd *crowd, size_t *listed, size_t *ended)
{
    json_t *stats = radio_stats(&crowd->radio);
    json_t *station = json_object_get(stats, "station");
    const long now = (long)json_integer_value(json_object_get(station, "listenersNow"));

    *listed = json_array_size(json_object_get(stats, "listeners"));
    *ended = json_array_size(json_object_get(stats, "ended"));
    json_decref(stats);
    return now;
}

static void sample(const struct crowd *crowd, unsigned long n)
{
    size_t listed, ended;
    const long now = listeners_now(crowd, &listed, &ended);

    printf("# %lu joined: %ld kB, %ld descriptors, %ld listeners now\n", n,
           radio_memory(&crowd->radio), radio_descriptors(&crowd->radio), now);
    assert_in_range(ended, 0, ENDED_LISTED);
}

/* Until nobody is left and the last HTTP connections are closed. */
static void settle(struct crowd *crowd, long descriptors)
{
    size_t listed = 1;
    size_t ended = 0;

    for (unsigned tries = 0; tries < LOST_AFTER_S * 5; tries++) {
        if (listeners_now(crowd, &listed, &ended) == 0 && listed == 0 &&
            (descriptors == 0 || radio_descriptors(&crowd->radio) <= descriptors)) {
            break;
        }
        wait_ms(crowd, 200);
    }
    assert_int_equal(listed, 0);
    assert_in_range(ended, 1, ENDED_LISTED);
}

static void many_come_and_go(struct crowd *crowd, unsigned long n)
{
    static struct crowd_listener listeners[TOGETHER];

    for (unsigned long i = 0; i < n + TOGETHER; i++) {
        struct crowd_listener *listener = &listeners[i % TOGETHER];

        if (i >= TOGETHER) {
            hear(crowd, listener, 3);
            part(crowd, listener, i);
        }
        if (i < n) {
            if (i % 10 == 0) {
                assert_int_equal(radio_get(&crowd->radio, "/"), 200);
            }
            crowd_join(listener, &crowd->radio, crowd->runtime, crowd->certificate);
            wait_ms(crowd, every_ms);
        }
        if (n >= 1000 && i % (n / 10) == 0) {
            sample(crowd, i);
        }
    }
}

static void coming_and_going_leaves_nothing_behind(void **state)
{
    struct crowd *crowd = *state;
    long memory, descriptors;

    /* What so many at once take is kept for the next so many: the first round of the long form does the
     * same as the second. */
    many_come_and_go(crowd, joins > JOINS ? joins : WARM_UP);
    settle(crowd, 0);
    wait_ms(crowd, 200);
    memory = radio_memory(&crowd->radio);
    descriptors = radio_descriptors(&crowd->radio);
    many_come_and_go(crowd, joins);
    settle(crowd, descriptors);
    printf("# %lu came and went: %ld kB before, %ld kB after; %ld and %ld descriptors\n", joins,
           memory, radio_memory(&crowd->radio), descriptors, radio_descriptors(&crowd->radio));
    /* Fewer where a connection of HTTP was still open at the first count. */
    assert_in_range(radio_descriptors(&crowd->radio), 1, descriptors);
}

/* --- One that cannot keep up ------------------------------------------------------------------- */

static json_t *listener_of(json_t *stats, unsigned number)
{
    json_t *listener;
    size_t i;

    json_array_foreach(json_object_get(stats, "listeners"), i, listener)
    {
        if (json_integer_value(json_object_get(listener, "number")) == number) {
            return listener;
        }
    }
    fail_msg("listener %u is not listed", number);
    return NULL;
}

static long packets_sent(const struct crowd *crowd, unsigned number)
{
    json_t *stats = radio_stats(&crowd->radio);
    const json_t *listener = listener_of(stats, number);
    const long sent = (long)json_integer_value(
        json_object_get(json_object_get(listener, "outboundRtp"), "packetsSent"));

    assert_null(json_object_get(json_object_get(listener, "dropped"), "outboxFull"));
    json_decref(stats);
    return sent;
}

/* Its socket is open and nobody reads it; the radio stops sending after a while, the others hear on. */
static void one_that_never_reads_costs_the_others_nothing(void **state)
{
    static struct crowd_listener good[5], stuck;
    struct crowd *crowd = *state;
    struct strait_runtime *own;
    long sent, sent_later;

    assert_int_equal(strait_runtime_create(&own, NULL), 0);
    for (size_t i = 0; i < 5; i++) {
        crowd_join(&good[i], &crowd->radio, crowd->runtime, crowd->certificate);
    }
    crowd_join(&stuck, &crowd->radio, own, crowd->certificate);
    hear(crowd, &stuck, 5);
    wait_ms(crowd, 13500);
    sent = packets_sent(crowd, stuck.number);
    wait_ms(crowd, 1000);
    sent_later = packets_sent(crowd, stuck.number);
    printf("# %ld packets were sent to the one that never reads, then %ld more\n", sent,
           sent_later - sent);
    assert_int_equal(sent, sent_later);
    for (size_t i = 0; i < 5; i++) {
        /* All that was sent to it until now arrives. */
        hear(crowd, &good[i], (uint64_t)packets_sent(crowd, good[i].number));
        assert_int_equal(good[i].lost, 0);
        assert_true(good[i].received > (uint64_t)sent);
        crowd_delete(&good[i], &crowd->radio);
        crowd_vanish(&good[i]);
    }
    crowd_delete(&stuck, &crowd->radio);
    crowd_vanish(&stuck);
    strait_runtime_destroy(own);
}

/* --- What is told of them ---------------------------------------------------------------------- */

/* Each stands in the text after the one before. */
static void in_order(const char *text, const char *const *wanted, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *found = strstr(text, wanted[i]);

        if (!found) {
            fail_msg("'%s' is not told in: %s", wanted[i], text);
            return;
        }
        text = found + strlen(wanted[i]);
    }
}

static void verbose_tells_each_state(void **state)
{
    static const char *const wanted[] = {
        "listener 1 joined from 127.0.0.1, 1 now\n",
        "listener 1: ICE checking after ",
        "listener 1: ICE connected after ",
        "listener 1: DTLS connecting after ",
        "listener 1: DTLS connected after ",
        "listener 1 connected after ",
        "listener 1: DTLS closed after ",
        "listener 1 left: it closed the connection, 0 now\n",
    };
    static struct crowd_listener listener;
    struct crowd *crowd = *state;
    char *said;

    crowd_join(&listener, &crowd->radio, crowd->runtime, crowd->certificate);
    hear(crowd, &listener, 3);
    crowd_close(&listener);
    crowd_vanish(&listener);
    settle(crowd, 0);
    said = radio_said(&crowd->radio);
    in_order(said, wanted, sizeof wanted / sizeof wanted[0]);
    free(said);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(coming_and_going_leaves_nothing_behind, begin, end),
        cmocka_unit_test_setup_teardown(verbose_tells_each_state, begin, end),
        cmocka_unit_test_setup_teardown(one_that_never_reads_costs_the_others_nothing, begin, end),
    };

    if (argc >= 4 && strcmp(argv[2], "--joins") == 0) {
        joins = strtoul(argv[3], NULL, 10);
    }
    if (argc == 6 && strcmp(argv[4], "--every") == 0) {
        every_ms = (unsigned)strtoul(argv[5], NULL, 10);
    }
    if (argc != 2 && joins <= JOINS) {
        puts("Bail out! Usage: test_radio_crowd RADIO [--joins N [--every MS]]");
        return 1;
    }
    program = argv[1];
    return cmocka_run_group_tests_name("radio crowd", tests, NULL, NULL);
}
