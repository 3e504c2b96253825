/* The runtime's life, its timers and the deadlines of its endpoints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/runtime_rig.h"

/* --- Life ------------------------------------------------------------------------------------ */

static void test_create_refuses_bad_arguments(void **state)
{
    (void)state;
    struct strait_runtime *runtime = NULL;
    struct strait_runtime_config config = { .size = sizeof config };
    assert_int_equal(strait_runtime_create(NULL, &config), STRAIT_E_INVALID);
    config.size = 0;
    assert_int_equal(strait_runtime_create(&runtime, &config), STRAIT_E_INVALID);
    assert_null(runtime);
    assert_int_equal(strait_runtime_create(&runtime, NULL), STRAIT_OK);
    strait_runtime_destroy(runtime);
    strait_runtime_destroy(NULL);
}

static void *no_memory(void *user, size_t bytes)
{
    int *left = user;
    return (*left)-- > 0 ? malloc(bytes) : NULL;
}

static void give_back(void *user, void *memory)
{
    (void)user;
    free(memory);
}

static void test_every_failing_allocation_is_an_error(void **state)
{
    (void)state;
    int left = 0;
    const struct strait_hooks hooks = {
        .size = sizeof hooks, .user = &left, .alloc = no_memory, .free = give_back
    };
    const struct strait_runtime_config config = { .size = sizeof config, .hooks = &hooks };
    struct strait_endpoint *endpoint = fake_create(false);
    struct strait_runtime *runtime = NULL;
    assert_int_equal(strait_runtime_create(&runtime, &config), STRAIT_E_NOMEM);
    left = 1;
    assert_int_equal(strait_runtime_create(&runtime, &config), STRAIT_OK);
    assert_int_equal(strait_runtime_post(runtime, rig_note, NULL), STRAIT_E_NOMEM);
    assert_int_equal(strait_runtime_add(runtime, endpoint), STRAIT_E_NOMEM);
    int pipe_fds[2];
    assert_int_equal(pipe(pipe_fds), 0);
    /* The watch, then the list of all watches. */
    for (int allowed = 0; allowed < 3; allowed++) {
        left = allowed;
        assert_int_equal(strait_runtime_watch(runtime, pipe_fds[0], POLLIN, rig_ignore_ready, NULL),
                         allowed < 2 ? STRAIT_E_NOMEM : STRAIT_OK);
    }
    left = 1;
    assert_int_equal(strait_runtime_add(runtime, endpoint), STRAIT_OK);
    struct sockaddr_storage any = { .ss_family = AF_INET };
    /* What receives, its buffers, the socket; the first two are there then. */
    const struct {
        int allowed, result;
    } steps[] = { { 0, STRAIT_E_NOMEM },
                  { 1, STRAIT_E_NOMEM },
                  { 2, STRAIT_E_NOMEM },
                  { 0, STRAIT_E_NOMEM },
                  { 1, STRAIT_OK } };
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        left = steps[i].allowed;
        assert_int_equal(
            strait_runtime_bind(runtime, endpoint, (struct sockaddr *)&any, sizeof any, NULL, NULL),
            steps[i].result);
    }
    assert_int_equal(strait_runtime_dispatch(runtime), STRAIT_OK);
    strait_runtime_destroy(runtime);
    fake_destroy(endpoint);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
}

/* --- Timers ---------------------------------------------------------------------------------- */

static void test_timers_run_in_the_order_of_their_times(void **state)
{
    (void)state;
    struct strait_runtime *runtime = rig_runtime();
    strait_time now = strait_runtime_now(runtime);
    assert_int_equal(strait_runtime_at(runtime, now, NULL, NULL), STRAIT_E_INVALID);
    assert_int_equal(strait_runtime_at(runtime, now - 1, rig_note, rig_number(3)), STRAIT_OK);
    assert_int_equal(strait_runtime_at(runtime, now - 5, rig_note, rig_number(1)), STRAIT_OK);
    assert_int_equal(strait_runtime_at(runtime, now - 1, rig_note, rig_number(4)), STRAIT_OK);
    assert_int_equal(strait_runtime_at(runtime, now - 3, rig_note, rig_number(2)), STRAIT_OK);
    assert_int_equal(strait_runtime_at(runtime, now + 3600 * STRAIT_S, rig_note, rig_number(9)),
                     STRAIT_OK);
    assert_true(rig_readable(runtime, -1));
    assert_int_equal(strait_runtime_dispatch(runtime), STRAIT_OK);
    assert_int_equal(rig_notes.n, 4);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(rig_notes.order[i], i + 1);
    }
    assert_int_equal(strait_runtime_dispatch(runtime), STRAIT_OK);
    assert_false(rig_readable(runtime, 0));
    assert_int_equal(rig_notes.n, 4);
    strait_runtime_destroy(runtime);
}

static void test_timers_move_and_cancel(void **state)
{
    (void)state;
    struct strait_runtime *runtime = rig_runtime();
    strait_time now = strait_runtime_now(runtime);
    assert_int_equal(strait_runtime_at(runtime, now + STRAIT_S * 3600, rig_note, rig_number(1)),
                     STRAIT_OK);
    assert_int_equal(strait_runtime_at(runtime, now - 1, rig_note, rig_number(2)), STRAIT_OK);
    assert_int_equal(strait_runtime_at(runtime, now - 2, rig_note, rig_number(3)), STRAIT_OK);
    /* 1 earlier, 2 later than 3, 3 not at all. */
    assert_int_equal(strait_runtime_at(runtime, now - 4, rig_note, rig_number(1)), STRAIT_OK);
    assert_int_equal(strait_runtime_at(runtime, now - 3, rig_note, rig_number(2)), STRAIT_OK);
    assert_int_equal(strait_runtime_at(runtime, STRAIT_TIME_NEVER, rig_note, rig_number(3)),
                     STRAIT_OK);
    assert_int_equal(strait_runtime_at(runtime, STRAIT_TIME_NEVER, rig_note, rig_number(4)),
                     STRAIT_OK);
    assert_int_equal(strait_runtime_dispatch(runtime), STRAIT_OK);
    assert_int_equal(strait_runtime_dispatch(runtime), STRAIT_OK);
    assert_int_equal(rig_notes.n, 2);
    assert_int_equal(rig_notes.order[0], 1);
    assert_int_equal(rig_notes.order[1], 2);
    strait_runtime_destroy(runtime);
}

static void test_there_are_64_timers(void **state)
{
    (void)state;
    struct strait_runtime *runtime = rig_runtime();
    for (int i = 0; i < 64; i++) {
        assert_int_equal(strait_runtime_at(runtime, 1, rig_note, rig_number(i)), STRAIT_OK);
    }
    assert_int_equal(strait_runtime_at(runtime, 1, rig_note, rig_number(64)), STRAIT_E_LIMIT);
    assert_string_equal(strait_runtime_error_detail(runtime), "all 64 timers are in use");
    assert_int_equal(strait_runtime_at(runtime, 2, rig_note, rig_number(0)), STRAIT_OK);
    assert_string_equal(strait_runtime_error_detail(runtime), "");
    assert_int_equal(strait_runtime_at(runtime, STRAIT_TIME_NEVER, rig_note, rig_number(64)),
                     STRAIT_OK);
    assert_int_equal(strait_runtime_dispatch(runtime), STRAIT_OK);
    assert_int_equal(rig_notes.n, 64);
    assert_int_equal(rig_notes.order[0], 1);
    assert_int_equal(rig_notes.order[63], 0);
    assert_int_equal(strait_runtime_at(runtime, 1, rig_note, rig_number(64)), STRAIT_OK);
    strait_runtime_destroy(runtime);
    assert_int_equal(rig_notes.n, 64);
}

struct repeat {
    struct strait_runtime *runtime;
    int runs, result;
};

static void again_at_once(void *user)
{
    struct repeat *repeat = user;
    repeat->runs++;
    assert_int_equal(strait_runtime_at(repeat->runtime, 0, again_at_once, repeat), STRAIT_OK);
}

static void test_a_timer_that_is_always_due_runs_once_a_dispatch(void **state)
{
    (void)state;
    struct repeat repeat = { .runtime = rig_runtime() };
    assert_int_equal(strait_runtime_at(repeat.runtime, 0, again_at_once, &repeat), STRAIT_OK);
    for (int i = 1; i < 10; i++) {
        assert_true(rig_readable(repeat.runtime, -1));
        assert_int_equal(strait_runtime_dispatch(repeat.runtime), STRAIT_OK);
        assert_int_equal(repeat.runs, i);
    }
    strait_runtime_destroy(repeat.runtime);
}

struct clocked {
    struct strait_runtime *runtime;
    strait_time when, ran;
};

static void note_time(void *user)
{
    struct clocked *clocked = user;
    clocked->ran = strait_runtime_now(clocked->runtime);
}

static void test_the_descriptor_tells_of_timers(void **state)
{
    (void)state;
    struct clocked clocked = { .runtime = rig_runtime() };
    assert_int_equal(strait_runtime_dispatch(clocked.runtime), STRAIT_OK);
    clocked.when = strait_runtime_now(clocked.runtime) + 3 * STRAIT_MS;
    assert_int_equal(strait_runtime_at(clocked.runtime, clocked.when, note_time, &clocked),
                     STRAIT_OK);
    while (clocked.ran == 0) {
        assert_true(rig_readable(clocked.runtime, -1));
        assert_int_equal(strait_runtime_dispatch(clocked.runtime), STRAIT_OK);
    }
    assert_true(clocked.ran >= clocked.when);
    strait_runtime_destroy(clocked.runtime);
}

static void test_wait_ends_at_its_timeout(void **state)
{
    (void)state;
    struct strait_runtime *runtime = rig_runtime();
    strait_time until = strait_runtime_now(runtime) + 2 * STRAIT_MS;
    assert_int_equal(strait_runtime_wait(runtime, 2 * STRAIT_MS), STRAIT_OK);
    assert_true(strait_runtime_now(runtime) >= until);
    assert_int_equal(strait_runtime_wait(runtime, 0), STRAIT_OK);
    assert_int_equal(strait_runtime_wait(NULL, 0), STRAIT_E_INVALID);
    strait_runtime_destroy(runtime);
}

/* --- Endpoints ------------------------------------------------------------------------------- */

static void test_add_and_remove(void **state)
{
    (void)state;
    struct strait_runtime *runtime = rig_runtime();
    struct strait_endpoint *one = fake_create(false), *two = fake_create(false);
    assert_int_equal(strait_runtime_add(runtime, NULL), STRAIT_E_INVALID);
    assert_int_equal(strait_runtime_add(runtime, one), STRAIT_OK);
    assert_int_equal(strait_runtime_add(runtime, one), STRAIT_E_EXISTS);
    assert_int_equal(strait_runtime_remove(runtime, two), STRAIT_E_NOT_FOUND);
    assert_int_equal(strait_runtime_add(runtime, two), STRAIT_OK);
    assert_int_equal(strait_runtime_remove(runtime, one), STRAIT_OK);
    assert_int_equal(strait_runtime_remove(runtime, one), STRAIT_E_NOT_FOUND);
    assert_int_equal(strait_runtime_add(runtime, one), STRAIT_OK);
    strait_runtime_destroy(runtime);
    fake_destroy(one);
    fake_destroy(two);
}

static void test_the_descriptor_tells_of_deadlines(void **state)
{
    (void)state;
    struct strait_runtime *runtime = rig_runtime();
    struct strait_endpoint *endpoint = fake_create(false);
    endpoint->deadline = strait_runtime_now(runtime) + 3 * STRAIT_MS;
    strait_time deadline = endpoint->deadline;
    assert_int_equal(strait_runtime_add(runtime, endpoint), STRAIT_OK);
    while (endpoint->advance_calls == 0) {
        assert_true(rig_readable(runtime, -1));
        assert_int_equal(strait_runtime_dispatch(runtime), STRAIT_OK);
    }
    assert_true(endpoint->now >= deadline);
    assert_int_equal(endpoint->advance_calls, 1);
    assert_false(rig_readable(runtime, 0));
    /* Set outside of a callback, then wait: it is seen without a dispatch between. */
    endpoint->deadline = 0;
    assert_int_equal(strait_runtime_wait(runtime, STRAIT_TIME_NEVER), STRAIT_OK);
    assert_int_equal(endpoint->advance_calls, 2);
    strait_runtime_destroy(runtime);
    fake_destroy(endpoint);
}

static void stay_due(struct strait_endpoint *endpoint, strait_time now)
{
    (void)now;
    endpoint->deadline = 0;
}

static void test_an_endpoint_that_is_always_due_advances_once_a_dispatch(void **state)
{
    (void)state;
    struct strait_runtime *runtime = rig_runtime();
    struct strait_endpoint *endpoint = fake_create(false);
    endpoint->deadline = 0;
    endpoint->on_advance = stay_due;
    assert_int_equal(strait_runtime_add(runtime, endpoint), STRAIT_OK);
    for (uint64_t i = 1; i < 10; i++) {
        assert_true(rig_readable(runtime, -1));
        assert_int_equal(strait_runtime_dispatch(runtime), STRAIT_OK);
        assert_int_equal(endpoint->advance_calls, i);
    }
    strait_runtime_destroy(runtime);
    fake_destroy(endpoint);
}

static struct strait_runtime *removing;

static void remove_all(struct strait_endpoint *endpoint, strait_time now)
{
    (void)now;
    assert_int_equal(strait_runtime_remove(removing, endpoint), STRAIT_OK);
    assert_int_equal(strait_runtime_remove(removing, endpoint->user), STRAIT_OK);
}

static void test_remove_inside_advance(void **state)
{
    (void)state;
    removing = rig_runtime();
    struct strait_endpoint *ends[3];
    for (int i = 0; i < 3; i++) {
        ends[i] = fake_create(false);
        ends[i]->deadline = 0;
        assert_int_equal(strait_runtime_add(removing, ends[i]), STRAIT_OK);
    }
    /* Whichever of the three comes first removes itself and its neighbour. */
    for (int i = 0; i < 3; i++) {
        ends[i]->user = ends[(i + 1) % 3];
        ends[i]->on_advance = remove_all;
    }
    ends[0]->on_advance = NULL;
    ends[1]->on_advance = NULL;
    assert_int_equal(strait_runtime_dispatch(removing), STRAIT_OK);
    assert_int_equal(ends[2]->advance_calls, 1);
    assert_int_equal(ends[0]->advance_calls, 0);
    assert_int_equal(ends[1]->advance_calls, 1);
    strait_runtime_destroy(removing);
    for (int i = 0; i < 3; i++) {
        fake_destroy(ends[i]);
    }
}

#define TEST(name) cmocka_unit_test_setup(name, rig_forget)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_create_refuses_bad_arguments),
        TEST(test_every_failing_allocation_is_an_error),
        TEST(test_timers_run_in_the_order_of_their_times),
        TEST(test_timers_move_and_cancel),
        TEST(test_there_are_64_timers),
        TEST(test_a_timer_that_is_always_due_runs_once_a_dispatch),
        TEST(test_the_descriptor_tells_of_timers),
        TEST(test_wait_ends_at_its_timeout),
        TEST(test_add_and_remove),
        TEST(test_the_descriptor_tells_of_deadlines),
        TEST(test_an_endpoint_that_is_always_due_advances_once_a_dispatch),
        TEST(test_remove_inside_advance),
    };
    return cmocka_run_group_tests_name("runtime", tests, NULL, NULL);
}
