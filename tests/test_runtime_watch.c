/* Descriptors of the host's in the runtime's epoll set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "tests/runtime_rig.h"

struct watched {
    struct strait_runtime *runtime;
    int fds[2];
    int calls;
    short events;
    bool drain;
    struct watched *unwatch; /* whom it takes away */
    bool rewatch;            /* takes itself away and comes back */
};

static void on_ready(void *user, short events)
{
    struct watched *watched = user;
    watched->calls++;
    watched->events = events;
    char byte;
    if (watched->drain) {
        assert_int_equal(read(watched->fds[0], &byte, 1), 1);
    }
    if (watched->unwatch != NULL) {
        assert_int_equal(strait_runtime_unwatch(watched->runtime, watched->unwatch->fds[0]),
                         STRAIT_OK);
        watched->unwatch = NULL;
    }
    if (watched->rewatch) {
        assert_int_equal(strait_runtime_unwatch(watched->runtime, watched->fds[0]), STRAIT_OK);
        assert_int_equal(
            strait_runtime_watch(watched->runtime, watched->fds[0], POLLIN, on_ready, watched),
            STRAIT_OK);
    }
}

static void open_watched(struct watched *watched, struct strait_runtime *runtime)
{
    memset(watched, 0, sizeof *watched);
    watched->runtime = runtime;
    assert_int_equal(pipe(watched->fds), 0);
    assert_int_equal(strait_runtime_watch(runtime, watched->fds[0], POLLIN, on_ready, watched),
                     STRAIT_OK);
}

static void close_watched(const struct watched *watched)
{
    close(watched->fds[0]);
    close(watched->fds[1]);
}

static void feed(const struct watched *watched)
{
    assert_int_equal(write(watched->fds[1], "x", 1), 1);
}

static void test_watch_is_called_when_ready(void **state)
{
    (void)state;
    struct strait_runtime *runtime = rig_runtime();
    struct watched in;
    open_watched(&in, runtime);
    in.drain = true;
    assert_int_equal(strait_runtime_dispatch(runtime), STRAIT_OK);
    assert_int_equal(in.calls, 0);
    feed(&in);
    assert_true(rig_readable(runtime, 0));
    assert_int_equal(strait_runtime_dispatch(runtime), STRAIT_OK);
    assert_int_equal(strait_runtime_dispatch(runtime), STRAIT_OK);
    assert_int_equal(in.calls, 1);
    assert_int_equal(in.events, POLLIN);
    struct watched out = { .runtime = runtime };
    assert_int_equal(strait_runtime_watch(runtime, in.fds[1], POLLOUT, on_ready, &out), STRAIT_OK);
    assert_int_equal(strait_runtime_dispatch(runtime), STRAIT_OK);
    assert_int_equal(out.calls, 1);
    assert_int_equal(out.events, POLLOUT);
    assert_int_equal(strait_runtime_unwatch(runtime, in.fds[1]), STRAIT_OK);
    close(in.fds[1]);
    in.drain = false;
    assert_int_equal(strait_runtime_dispatch(runtime), STRAIT_OK);
    assert_int_equal(in.events, POLLHUP);
    strait_runtime_destroy(runtime);
    close(in.fds[0]);
}

static void test_watch_errors(void **state)
{
    (void)state;
    struct strait_runtime *runtime = rig_runtime();
    struct watched one;
    open_watched(&one, runtime);
    int fd = one.fds[0];
    assert_int_equal(strait_runtime_watch(runtime, fd, POLLIN, rig_ignore_ready, NULL),
                     STRAIT_E_EXISTS);
    assert_int_equal(strait_runtime_watch(runtime, -1, POLLIN, rig_ignore_ready, NULL),
                     STRAIT_E_INVALID);
    assert_int_equal(strait_runtime_watch(runtime, one.fds[1], POLLERR, rig_ignore_ready, NULL),
                     STRAIT_E_INVALID);
    assert_int_equal(strait_runtime_watch(runtime, INT32_MAX, POLLIN, rig_ignore_ready, NULL),
                     STRAIT_E_SYSTEM);
    assert_string_equal(strait_runtime_error_detail(runtime),
                        "epoll_ctl of descriptor 2147483647: Bad file descriptor");
    assert_int_equal(strait_runtime_unwatch(runtime, one.fds[1]), STRAIT_E_NOT_FOUND);
    assert_int_equal(strait_runtime_unwatch(runtime, INT32_MAX), STRAIT_E_NOT_FOUND);
    assert_int_equal(strait_runtime_unwatch(runtime, fd), STRAIT_OK);
    assert_int_equal(strait_runtime_unwatch(runtime, fd), STRAIT_E_NOT_FOUND);
    /* A number above all before: the list of watches grows. */
    int high = fcntl(fd, F_DUPFD, 500);
    assert_true(high >= 500);
    assert_int_equal(strait_runtime_watch(runtime, high, POLLIN, on_ready, &one), STRAIT_OK);
    feed(&one);
    assert_int_equal(strait_runtime_dispatch(runtime), STRAIT_OK);
    assert_int_equal(one.calls, 1);
    strait_runtime_destroy(runtime);
    close(high);
    close_watched(&one);
}

static void test_unwatch_inside_a_callback(void **state)
{
    (void)state;
    struct strait_runtime *runtime = rig_runtime();
    struct watched a, b;
    open_watched(&a, runtime);
    open_watched(&b, runtime);
    a.unwatch = &b;
    b.unwatch = &a;
    feed(&a);
    feed(&b);
    /* Both are ready; whichever comes first takes the other away. */
    assert_int_equal(strait_runtime_dispatch(runtime), STRAIT_OK);
    assert_int_equal(a.calls + b.calls, 1);
    struct watched *left = a.calls == 1 ? &a : &b;
    /* Itself, and at once again under the same number: two objects, one event each. */
    left->rewatch = true;
    assert_int_equal(strait_runtime_dispatch(runtime), STRAIT_OK);
    assert_int_equal(left->calls, 2);
    left->rewatch = false;
    left->unwatch = left;
    assert_int_equal(strait_runtime_dispatch(runtime), STRAIT_OK);
    assert_int_equal(left->calls, 3);
    assert_int_equal(strait_runtime_dispatch(runtime), STRAIT_OK);
    assert_int_equal(a.calls + b.calls, 3);
    assert_false(rig_readable(runtime, 0));
    strait_runtime_destroy(runtime);
    close_watched(&a);
    close_watched(&b);
}

#define TEST(name) cmocka_unit_test_setup(name, rig_forget)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_watch_is_called_when_ready),
        TEST(test_watch_errors),
        TEST(test_unwatch_inside_a_callback),
    };
    return cmocka_run_group_tests_name("runtime-watch", tests, NULL, NULL);
}
