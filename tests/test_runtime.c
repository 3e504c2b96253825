/* The runtime's loop: posts, thread, timers, watches, deadlines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <strait/runtime.h>

#include "tests/fake_endpoint.h"

static struct strait_runtime *create(void)
{
    const struct strait_runtime_config config = { .size = sizeof config };
    struct strait_runtime *runtime = NULL;
    assert_int_equal(strait_runtime_create(&runtime, &config), STRAIT_OK);
    return runtime;
}

static bool readable(const struct strait_runtime *runtime, int timeout_ms)
{
    struct pollfd one = { .fd = strait_runtime_fd(runtime), .events = POLLIN };
    return poll(&one, 1, timeout_ms) == 1;
}

/* Notes in which order things ran. */
static struct {
    int order[64];
    size_t n;
} notes;

static void note(void *user)
{
    notes.order[notes.n++] = (int)(intptr_t)user;
}

static void *number(int i)
{
    return (void *)(intptr_t)i;
}

static int reset(void **state)
{
    (void)state;
    memset(&notes, 0, sizeof notes);
    return 0;
}

static void ignore_ready(void *user, short events)
{
    (void)user;
    (void)events;
}

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
    assert_int_equal(strait_runtime_post(runtime, note, NULL), STRAIT_E_NOMEM);
    assert_int_equal(strait_runtime_add(runtime, endpoint), STRAIT_E_NOMEM);
    int pipe_fds[2];
    assert_int_equal(pipe(pipe_fds), 0);
    /* The watch, then the list of all watches. */
    for (int allowed = 0; allowed < 3; allowed++) {
        left = allowed;
        assert_int_equal(strait_runtime_watch(runtime, pipe_fds[0], POLLIN, ignore_ready, NULL),
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

/* --- Posts ----------------------------------------------------------------------------------- */

static void test_posts_run_in_order(void **state)
{
    (void)state;
    struct strait_runtime *runtime = create();
    assert_int_equal(strait_runtime_post(runtime, NULL, NULL), STRAIT_E_INVALID);
    assert_int_equal(strait_runtime_dispatch(runtime), STRAIT_OK);
    assert_false(readable(runtime, 0));
    for (int i = 0; i < 10; i++) {
        assert_int_equal(strait_runtime_post(runtime, note, number(i)), STRAIT_OK);
    }
    assert_true(readable(runtime, 0));
    assert_int_equal(notes.n, 0);
    assert_int_equal(strait_runtime_dispatch(runtime), STRAIT_OK);
    assert_int_equal(notes.n, 10);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(notes.order[i], i);
    }
    assert_false(readable(runtime, 0));
    struct strait_runtime_stats stats = { .size = sizeof stats };
    assert_int_equal(strait_runtime_stats(runtime, &stats), STRAIT_OK);
    assert_int_equal(stats.posted, 10);
    strait_runtime_destroy(runtime);
}

struct repeat {
    struct strait_runtime *runtime;
    int runs, result;
};

static void post_again(void *user)
{
    struct repeat *repeat = user;
    repeat->runs++;
    repeat->result = strait_runtime_post(repeat->runtime, post_again, repeat);
}

static void test_a_post_inside_a_post_waits_for_the_next_dispatch(void **state)
{
    (void)state;
    struct repeat repeat = { .runtime = create() };
    post_again(&repeat);
    for (int i = 2; i < 5; i++) {
        assert_true(readable(repeat.runtime, 0));
        assert_int_equal(strait_runtime_dispatch(repeat.runtime), STRAIT_OK);
        assert_int_equal(repeat.runs, i);
        assert_int_equal(repeat.result, STRAIT_OK);
    }
    /* The one that waits runs in here; it can post no more. */
    strait_runtime_destroy(repeat.runtime);
    assert_int_equal(repeat.runs, 5);
    assert_int_equal(repeat.result, STRAIT_E_STATE);
}

static void test_destroy_runs_what_was_posted(void **state)
{
    (void)state;
    struct strait_runtime *runtime = create();
    for (int i = 0; i < 20; i++) {
        assert_int_equal(strait_runtime_post(runtime, note, number(i)), STRAIT_OK);
    }
    strait_runtime_destroy(runtime);
    assert_int_equal(notes.n, 20);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(notes.order[i], i);
    }
}

#define POSTERS 4
#define POSTS 5000

struct poster {
    struct strait_runtime *runtime;
    pthread_t thread;
    bool call; /* every tenth one is a call */
    struct posted {
        struct poster *poster;
        int index;
    } posted[POSTS];
    int next, wrong;    /* written where the posts run */
    int early, refused; /* written by the thread: cmocka's asserts are for the main one */
};

static void run_posted(void *user)
{
    const struct posted *posted = user;
    posted->poster->wrong += posted->index != posted->poster->next;
    posted->poster->next++;
}

static void *post_all(void *user)
{
    struct poster *poster = user;
    for (int i = 0; i < POSTS; i++) {
        poster->posted[i] = (struct posted){ poster, i };
        int result;
        if (poster->call && i % 10 == 9) {
            result = strait_runtime_call(poster->runtime, run_posted, &poster->posted[i]);
            /* It ran, and everything before. */
            poster->early += poster->next != i + 1;
        } else {
            result = strait_runtime_post(poster->runtime, run_posted, &poster->posted[i]);
        }
        poster->refused += result != STRAIT_OK;
    }
    return NULL;
}

static struct poster *start_posters(struct strait_runtime *runtime, bool call)
{
    struct poster *posters = calloc(POSTERS, sizeof *posters);
    assert_non_null(posters);
    for (int i = 0; i < POSTERS; i++) {
        posters[i].runtime = runtime;
        posters[i].call = call;
        assert_int_equal(pthread_create(&posters[i].thread, NULL, post_all, &posters[i]), 0);
    }
    return posters;
}

static void join_posters(struct poster *posters)
{
    for (int i = 0; i < POSTERS; i++) {
        assert_int_equal(pthread_join(posters[i].thread, NULL), 0);
    }
}

static void check_posters(struct poster *posters)
{
    for (int i = 0; i < POSTERS; i++) {
        assert_int_equal(posters[i].next, POSTS);
        assert_int_equal(posters[i].wrong, 0);
        assert_int_equal(posters[i].early, 0);
        assert_int_equal(posters[i].refused, 0);
    }
    free(posters);
}

static void test_posts_of_four_threads_to_the_own_thread(void **state)
{
    (void)state;
    struct strait_runtime *runtime = create();
    assert_int_equal(strait_runtime_start(runtime), STRAIT_OK);
    struct poster *posters = start_posters(runtime, true);
    join_posters(posters);
    struct strait_runtime_stats stats = { .size = sizeof stats };
    assert_int_equal(strait_runtime_stats(runtime, &stats), STRAIT_OK);
    assert_int_equal(stats.posted, POSTERS * POSTS);
    /* Stopping does not lose what still waits. */
    assert_int_equal(strait_runtime_stop(runtime), STRAIT_OK);
    strait_runtime_destroy(runtime);
    check_posters(posters);
}

static void test_posts_of_four_threads_to_a_host_loop(void **state)
{
    (void)state;
    struct strait_runtime *runtime = create();
    struct poster *posters = start_posters(runtime, false);
    for (int done = 0; done < POSTERS * POSTS;) {
        assert_int_equal(strait_runtime_wait(runtime, STRAIT_TIME_NEVER), STRAIT_OK);
        done = 0;
        for (int i = 0; i < POSTERS; i++) {
            done += posters[i].next;
        }
    }
    join_posters(posters);
    strait_runtime_destroy(runtime);
    check_posters(posters);
}

static void *call_note(void *user)
{
    return number(strait_runtime_call(user, note, number(7)));
}

static void test_call_waits_for_the_host_loop(void **state)
{
    (void)state;
    struct strait_runtime *runtime = create();
    assert_int_equal(strait_runtime_dispatch(runtime), STRAIT_OK);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, call_note, runtime), 0);
    while (notes.n == 0) {
        assert_int_equal(strait_runtime_wait(runtime, STRAIT_TIME_NEVER), STRAIT_OK);
    }
    void *result;
    assert_int_equal(pthread_join(thread, &result), 0);
    assert_ptr_equal(result, number(STRAIT_OK));
    /* By the dispatching thread itself: at once, without a dispatch. */
    assert_int_equal(strait_runtime_call(runtime, note, number(8)), STRAIT_OK);
    assert_int_equal(notes.n, 2);
    assert_int_equal(notes.order[1], 8);
    strait_runtime_destroy(runtime);
}

static void test_destroy_answers_a_waiting_call(void **state)
{
    (void)state;
    struct strait_runtime *runtime = create();
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, call_note, runtime), 0);
    assert_true(readable(runtime, -1));
    strait_runtime_destroy(runtime);
    void *result;
    assert_int_equal(pthread_join(thread, &result), 0);
    assert_ptr_equal(result, number(STRAIT_OK));
    assert_int_equal(notes.n, 1);
}

/* --- Thread ---------------------------------------------------------------------------------- */

struct inside {
    struct strait_runtime *runtime;
    pthread_t thread;
    int dispatch, wait, start, stop, call;
    int calls, calls_at_once;
};

static void inside_call(void *user)
{
    struct inside *inside = user;
    inside->calls++;
}

static void look_inside(void *user)
{
    struct inside *inside = user;
    inside->thread = pthread_self();
    inside->dispatch = strait_runtime_dispatch(inside->runtime);
    inside->wait = strait_runtime_wait(inside->runtime, 0);
    inside->start = strait_runtime_start(inside->runtime);
    inside->stop = strait_runtime_stop(inside->runtime);
    inside->call = strait_runtime_call(inside->runtime, inside_call, inside);
    inside->calls_at_once = inside->calls;
    /* Refused, and said in the log: the caller stands on it. */
    strait_runtime_destroy(inside->runtime);
}

static void check_inside(const struct inside *inside)
{
    assert_int_equal(inside->dispatch, STRAIT_E_STATE);
    assert_int_equal(inside->wait, STRAIT_E_STATE);
    assert_int_equal(inside->start, STRAIT_E_STATE);
    assert_int_equal(inside->stop, STRAIT_E_STATE);
    assert_int_equal(inside->call, STRAIT_OK);
    assert_int_equal(inside->calls, 1);
    assert_int_equal(inside->calls_at_once, 1);
}

static void test_a_callback_cannot_run_the_loop_again(void **state)
{
    (void)state;
    struct inside inside = { .runtime = create() };
    assert_int_equal(strait_runtime_post(inside.runtime, look_inside, &inside), STRAIT_OK);
    assert_int_equal(strait_runtime_dispatch(inside.runtime), STRAIT_OK);
    check_inside(&inside);
    assert_true(pthread_equal(inside.thread, pthread_self()));

    struct inside threaded = { .runtime = inside.runtime };
    assert_int_equal(strait_runtime_start(inside.runtime), STRAIT_OK);
    assert_int_equal(strait_runtime_call(inside.runtime, look_inside, &threaded), STRAIT_OK);
    check_inside(&threaded);
    assert_false(pthread_equal(threaded.thread, pthread_self()));
    strait_runtime_destroy(inside.runtime);
}

static void test_what_belongs_to_the_thread_is_refused_outside(void **state)
{
    (void)state;
    struct strait_runtime *runtime = create();
    struct strait_endpoint *endpoint = fake_create(false);
    struct sockaddr_storage any = { .ss_family = AF_INET };
    assert_int_equal(strait_runtime_stop(runtime), STRAIT_E_STATE);
    assert_int_equal(strait_runtime_start(runtime), STRAIT_OK);
    assert_int_equal(strait_runtime_start(runtime), STRAIT_E_STATE);
    assert_int_equal(strait_runtime_dispatch(runtime), STRAIT_E_STATE);
    assert_int_equal(strait_runtime_wait(runtime, 0), STRAIT_E_STATE);
    assert_int_equal(strait_runtime_add(runtime, endpoint), STRAIT_E_STATE);
    assert_int_equal(strait_runtime_remove(runtime, endpoint), STRAIT_E_STATE);
    assert_int_equal(
        strait_runtime_bind(runtime, endpoint, (struct sockaddr *)&any, sizeof any, NULL, NULL),
        STRAIT_E_STATE);
    assert_int_equal(strait_runtime_at(runtime, 0, note, NULL), STRAIT_E_STATE);
    assert_int_equal(strait_runtime_watch(runtime, 0, POLLIN, ignore_ready, NULL), STRAIT_E_STATE);
    assert_int_equal(strait_runtime_unwatch(runtime, 0), STRAIT_E_STATE);
    assert_int_equal(strait_runtime_stop(runtime), STRAIT_OK);
    assert_int_equal(strait_runtime_stop(runtime), STRAIT_E_STATE);
    strait_runtime_destroy(runtime);
    fake_destroy(endpoint);
}

static void test_start_and_stop_again_and_again(void **state)
{
    (void)state;
    struct strait_runtime *runtime = create();
    for (int i = 0; i < 50; i++) {
        assert_int_equal(strait_runtime_start(runtime), STRAIT_OK);
        if (i % 2 == 0) {
            assert_int_equal(strait_runtime_call(runtime, note, number(i)), STRAIT_OK);
        }
        assert_int_equal(strait_runtime_stop(runtime), STRAIT_OK);
        assert_int_equal(strait_runtime_dispatch(runtime), STRAIT_OK);
    }
    assert_int_equal(notes.n, 25);
    assert_int_equal(strait_runtime_start(runtime), STRAIT_OK);
    strait_runtime_destroy(runtime);
}

/* --- Timers ---------------------------------------------------------------------------------- */

static void test_timers_run_in_the_order_of_their_times(void **state)
{
    (void)state;
    struct strait_runtime *runtime = create();
    strait_time now = strait_runtime_now(runtime);
    assert_int_equal(strait_runtime_at(runtime, now, NULL, NULL), STRAIT_E_INVALID);
    assert_int_equal(strait_runtime_at(runtime, now - 1, note, number(3)), STRAIT_OK);
    assert_int_equal(strait_runtime_at(runtime, now - 5, note, number(1)), STRAIT_OK);
    assert_int_equal(strait_runtime_at(runtime, now - 1, note, number(4)), STRAIT_OK);
    assert_int_equal(strait_runtime_at(runtime, now - 3, note, number(2)), STRAIT_OK);
    assert_int_equal(strait_runtime_at(runtime, now + 3600 * STRAIT_S, note, number(9)), STRAIT_OK);
    assert_true(readable(runtime, -1));
    assert_int_equal(strait_runtime_dispatch(runtime), STRAIT_OK);
    assert_int_equal(notes.n, 4);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(notes.order[i], i + 1);
    }
    assert_int_equal(strait_runtime_dispatch(runtime), STRAIT_OK);
    assert_false(readable(runtime, 0));
    assert_int_equal(notes.n, 4);
    strait_runtime_destroy(runtime);
}

static void test_timers_move_and_cancel(void **state)
{
    (void)state;
    struct strait_runtime *runtime = create();
    strait_time now = strait_runtime_now(runtime);
    assert_int_equal(strait_runtime_at(runtime, now + STRAIT_S * 3600, note, number(1)), STRAIT_OK);
    assert_int_equal(strait_runtime_at(runtime, now - 1, note, number(2)), STRAIT_OK);
    assert_int_equal(strait_runtime_at(runtime, now - 2, note, number(3)), STRAIT_OK);
    /* 1 earlier, 2 later than 3, 3 not at all. */
    assert_int_equal(strait_runtime_at(runtime, now - 4, note, number(1)), STRAIT_OK);
    assert_int_equal(strait_runtime_at(runtime, now - 3, note, number(2)), STRAIT_OK);
    assert_int_equal(strait_runtime_at(runtime, STRAIT_TIME_NEVER, note, number(3)), STRAIT_OK);
    assert_int_equal(strait_runtime_at(runtime, STRAIT_TIME_NEVER, note, number(4)), STRAIT_OK);
    assert_int_equal(strait_runtime_dispatch(runtime), STRAIT_OK);
    assert_int_equal(strait_runtime_dispatch(runtime), STRAIT_OK);
    assert_int_equal(notes.n, 2);
    assert_int_equal(notes.order[0], 1);
    assert_int_equal(notes.order[1], 2);
    strait_runtime_destroy(runtime);
}

static void test_there_are_64_timers(void **state)
{
    (void)state;
    struct strait_runtime *runtime = create();
    for (int i = 0; i < 64; i++) {
        assert_int_equal(strait_runtime_at(runtime, 1, note, number(i)), STRAIT_OK);
    }
    assert_int_equal(strait_runtime_at(runtime, 1, note, number(64)), STRAIT_E_LIMIT);
    assert_string_equal(strait_runtime_error_detail(runtime), "all 64 timers are in use");
    assert_int_equal(strait_runtime_at(runtime, 2, note, number(0)), STRAIT_OK);
    assert_string_equal(strait_runtime_error_detail(runtime), "");
    assert_int_equal(strait_runtime_at(runtime, STRAIT_TIME_NEVER, note, number(64)), STRAIT_OK);
    assert_int_equal(strait_runtime_dispatch(runtime), STRAIT_OK);
    assert_int_equal(notes.n, 64);
    assert_int_equal(notes.order[0], 1);
    assert_int_equal(notes.order[63], 0);
    assert_int_equal(strait_runtime_at(runtime, 1, note, number(64)), STRAIT_OK);
    strait_runtime_destroy(runtime);
    assert_int_equal(notes.n, 64);
}

static void again_at_once(void *user)
{
    struct repeat *repeat = user;
    repeat->runs++;
    assert_int_equal(strait_runtime_at(repeat->runtime, 0, again_at_once, repeat), STRAIT_OK);
}

static void test_a_timer_that_is_always_due_runs_once_a_dispatch(void **state)
{
    (void)state;
    struct repeat repeat = { .runtime = create() };
    assert_int_equal(strait_runtime_at(repeat.runtime, 0, again_at_once, &repeat), STRAIT_OK);
    for (int i = 1; i < 10; i++) {
        assert_true(readable(repeat.runtime, -1));
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
    struct clocked clocked = { .runtime = create() };
    assert_int_equal(strait_runtime_dispatch(clocked.runtime), STRAIT_OK);
    clocked.when = strait_runtime_now(clocked.runtime) + 3 * STRAIT_MS;
    assert_int_equal(strait_runtime_at(clocked.runtime, clocked.when, note_time, &clocked),
                     STRAIT_OK);
    while (clocked.ran == 0) {
        assert_true(readable(clocked.runtime, -1));
        assert_int_equal(strait_runtime_dispatch(clocked.runtime), STRAIT_OK);
    }
    assert_true(clocked.ran >= clocked.when);
    strait_runtime_destroy(clocked.runtime);
}

static void test_wait_ends_at_its_timeout(void **state)
{
    (void)state;
    struct strait_runtime *runtime = create();
    strait_time until = strait_runtime_now(runtime) + 2 * STRAIT_MS;
    assert_int_equal(strait_runtime_wait(runtime, 2 * STRAIT_MS), STRAIT_OK);
    assert_true(strait_runtime_now(runtime) >= until);
    assert_int_equal(strait_runtime_wait(runtime, 0), STRAIT_OK);
    assert_int_equal(strait_runtime_wait(NULL, 0), STRAIT_E_INVALID);
    strait_runtime_destroy(runtime);
}

/* --- Watches --------------------------------------------------------------------------------- */

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
    struct strait_runtime *runtime = create();
    struct watched in;
    open_watched(&in, runtime);
    in.drain = true;
    assert_int_equal(strait_runtime_dispatch(runtime), STRAIT_OK);
    assert_int_equal(in.calls, 0);
    feed(&in);
    assert_true(readable(runtime, 0));
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
    struct strait_runtime *runtime = create();
    struct watched one;
    open_watched(&one, runtime);
    int fd = one.fds[0];
    assert_int_equal(strait_runtime_watch(runtime, fd, POLLIN, ignore_ready, NULL),
                     STRAIT_E_EXISTS);
    assert_int_equal(strait_runtime_watch(runtime, -1, POLLIN, ignore_ready, NULL),
                     STRAIT_E_INVALID);
    assert_int_equal(strait_runtime_watch(runtime, one.fds[1], POLLERR, ignore_ready, NULL),
                     STRAIT_E_INVALID);
    assert_int_equal(strait_runtime_watch(runtime, INT32_MAX, POLLIN, ignore_ready, NULL),
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
    struct strait_runtime *runtime = create();
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
    assert_false(readable(runtime, 0));
    strait_runtime_destroy(runtime);
    close_watched(&a);
    close_watched(&b);
}

/* --- Endpoints ------------------------------------------------------------------------------- */

static void test_add_and_remove(void **state)
{
    (void)state;
    struct strait_runtime *runtime = create();
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
    struct strait_runtime *runtime = create();
    struct strait_endpoint *endpoint = fake_create(false);
    endpoint->deadline = strait_runtime_now(runtime) + 3 * STRAIT_MS;
    strait_time deadline = endpoint->deadline;
    assert_int_equal(strait_runtime_add(runtime, endpoint), STRAIT_OK);
    while (endpoint->advance_calls == 0) {
        assert_true(readable(runtime, -1));
        assert_int_equal(strait_runtime_dispatch(runtime), STRAIT_OK);
    }
    assert_true(endpoint->now >= deadline);
    assert_int_equal(endpoint->advance_calls, 1);
    assert_false(readable(runtime, 0));
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
    struct strait_runtime *runtime = create();
    struct strait_endpoint *endpoint = fake_create(false);
    endpoint->deadline = 0;
    endpoint->on_advance = stay_due;
    assert_int_equal(strait_runtime_add(runtime, endpoint), STRAIT_OK);
    for (uint64_t i = 1; i < 10; i++) {
        assert_true(readable(runtime, -1));
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
    removing = create();
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

#define TEST(name) cmocka_unit_test_setup(name, reset)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_create_refuses_bad_arguments),
        TEST(test_every_failing_allocation_is_an_error),
        TEST(test_posts_run_in_order),
        TEST(test_a_post_inside_a_post_waits_for_the_next_dispatch),
        TEST(test_destroy_runs_what_was_posted),
        TEST(test_posts_of_four_threads_to_the_own_thread),
        TEST(test_posts_of_four_threads_to_a_host_loop),
        TEST(test_call_waits_for_the_host_loop),
        TEST(test_destroy_answers_a_waiting_call),
        TEST(test_a_callback_cannot_run_the_loop_again),
        TEST(test_what_belongs_to_the_thread_is_refused_outside),
        TEST(test_start_and_stop_again_and_again),
        TEST(test_timers_run_in_the_order_of_their_times),
        TEST(test_timers_move_and_cancel),
        TEST(test_there_are_64_timers),
        TEST(test_a_timer_that_is_always_due_runs_once_a_dispatch),
        TEST(test_the_descriptor_tells_of_timers),
        TEST(test_wait_ends_at_its_timeout),
        TEST(test_watch_is_called_when_ready),
        TEST(test_watch_errors),
        TEST(test_unwatch_inside_a_callback),
        TEST(test_add_and_remove),
        TEST(test_the_descriptor_tells_of_deadlines),
        TEST(test_an_endpoint_that_is_always_due_advances_once_a_dispatch),
        TEST(test_remove_inside_advance),
    };
    return cmocka_run_group_tests_name("runtime", tests, NULL, NULL);
}
