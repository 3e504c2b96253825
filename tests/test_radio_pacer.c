/* The radio's pacer in virtual time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "examples/radio/pacer.h"

#define PERIOD (20 * STRAIT_MS)
#define START (7 * STRAIT_S + 3)

static void frames_are_due_on_absolute_times(void **state)
{
    struct pacer pacer;
    uint64_t frame = 0;

    (void)state;
    pacer_init(&pacer, START, PERIOD);
    assert_false(pacer_take(&pacer, START - 1, &frame));
    for (uint64_t k = 0; k < 10000; k++) {
        assert_int_equal(pacer_deadline(&pacer), START + k * PERIOD);
        /* Woken 0 to 19.9 ms late: the next deadline does not move. */
        assert_true(pacer_take(&pacer, START + k * PERIOD + k * 7919 % PERIOD, &frame));
        assert_int_equal(frame, k);
        assert_false(pacer_take(&pacer, START + k * PERIOD + k * 7919 % PERIOD, &frame));
    }
    assert_int_equal(pacer.skipped, 0);
}

static void a_late_wake_up_catches_up(void **state)
{
    struct pacer pacer;
    uint64_t frame = 0;

    (void)state;
    pacer_init(&pacer, START, PERIOD);
    for (uint64_t k = 0; k <= 12; k++) {
        assert_true(pacer_take(&pacer, START + 12 * PERIOD, &frame));
        assert_int_equal(frame, k);
    }
    assert_false(pacer_take(&pacer, START + 12 * PERIOD, &frame));
    assert_int_equal(pacer.skipped, 0);
}

static void a_long_pause_is_left_out(void **state)
{
    struct pacer pacer;
    uint64_t frame = 0;

    (void)state;
    pacer_init(&pacer, START, PERIOD);
    assert_true(pacer_take(&pacer, START, &frame));
    /* Stopped for an hour: on with the frame of this very moment. */
    assert_true(pacer_take(&pacer, START + 3600 * STRAIT_S, &frame));
    assert_int_equal(frame, 3600 * 50);
    assert_int_equal(pacer.skipped, 3600 * 50 - 1);
    assert_false(pacer_take(&pacer, START + 3600 * STRAIT_S, &frame));
    assert_int_equal(pacer_deadline(&pacer), START + 3600 * STRAIT_S + PERIOD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_are_due_on_absolute_times),
        cmocka_unit_test(a_late_wake_up_catches_up),
        cmocka_unit_test(a_long_pause_is_left_out),
    };

    return cmocka_run_group_tests_name("radio pacer", tests, NULL, NULL);
}
