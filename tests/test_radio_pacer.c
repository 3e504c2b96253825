/* The radio's pacer in virtual time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "examples/radio/pacer.h"

#define PERIOD (20 * STRAIT_MS)
#define SAMPLES 960u
#define START (7 * STRAIT_S + 3)

static void packets_are_due_on_absolute_times(void **state)
{
    struct pacer pacer;

    (void)state;
    pacer_init(&pacer, START);
    assert_false(pacer_due(&pacer, START - 1));
    for (uint64_t k = 0; k < 10000; k++) {
        const strait_time woken = START + k * PERIOD + k * 7919 % PERIOD;

        /* Woken 0 to 19.9 ms late: the next deadline does not move. */
        assert_int_equal(pacer_deadline(&pacer), START + k * PERIOD);
        assert_true(pacer_due(&pacer, woken));
        assert_int_equal(pacer.next, k * SAMPLES);
        pacer_advance(&pacer, SAMPLES);
        assert_false(pacer_due(&pacer, woken));
    }
    assert_int_equal(pacer.skipped, 0);
}

static void packets_of_any_length_keep_the_time(void **state)
{
    /* 2.5 to 60 ms; 441 samples are no whole number of nanoseconds. */
    static const uint32_t lengths[] = { 120, 240, 480, 960, 1920, 2880, 441 };
    struct pacer pacer;
    uint64_t samples = 0;

    (void)state;
    pacer_init(&pacer, START);
    for (size_t k = 0; k < 70000; k++) {
        pacer_advance(&pacer, lengths[k % 7]);
        samples += lengths[k % 7];
    }
    assert_int_equal(samples, 70410000);
    /* 70410000 / 48000 s, to the nanosecond: no rounding has added up. */
    assert_int_equal(pacer_deadline(&pacer), START + UINT64_C(1466875000000));
}

static void a_late_wake_up_catches_up(void **state)
{
    struct pacer pacer;

    (void)state;
    pacer_init(&pacer, START);
    for (uint64_t k = 0; k <= 12; k++) {
        assert_true(pacer_due(&pacer, START + 12 * PERIOD));
        assert_int_equal(pacer.next, k * SAMPLES);
        pacer_advance(&pacer, SAMPLES);
    }
    assert_false(pacer_due(&pacer, START + 12 * PERIOD));
    assert_int_equal(pacer.skipped, 0);
}

static void a_long_pause_is_left_out(void **state)
{
    struct pacer pacer;

    (void)state;
    pacer_init(&pacer, START);
    assert_true(pacer_due(&pacer, START));
    pacer_advance(&pacer, SAMPLES);
    /* Stopped for an hour: on with what is due at this very moment. */
    assert_true(pacer_due(&pacer, START + 3600 * STRAIT_S));
    assert_int_equal(pacer.next, UINT64_C(3600) * 48000);
    assert_int_equal(pacer.skipped, UINT64_C(3600) * 48000 - SAMPLES);
    pacer_advance(&pacer, SAMPLES);
    assert_false(pacer_due(&pacer, START + 3600 * STRAIT_S));
    assert_int_equal(pacer_deadline(&pacer), START + 3600 * STRAIT_S + PERIOD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_are_due_on_absolute_times),
        cmocka_unit_test(packets_of_any_length_keep_the_time),
        cmocka_unit_test(a_late_wake_up_catches_up),
        cmocka_unit_test(a_long_pause_is_left_out),
    };

    return cmocka_run_group_tests_name("radio pacer", tests, NULL, NULL);
}
