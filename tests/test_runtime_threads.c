/* Posts and calls to the runtime from other threads, and its own thread. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>

#include "tests/runtime_rig.h"

/* --- Posts ----------------------------------------------------------------------------------- */

static void test_posts_run_in_order(void **state)
{
    (void)state;
    struct strait_runtime *runtime = rig_runtime();
    assert_int_equal(strait_runtime_post(runtime, NULL, NULL), STRAIT_E_INVALID);
    assert_int_equal(strait_runtime_dispatch(runtime), STRAIT_OK);
    assert_false(rig_readable(runtime, 0));
    for (int i = 0; i < 10; i++) {
        assert_int_equal(strait_runtime_post(runtime, rig_note, rig_number(i)), STRAIT_OK);
    }
    assert_true(rig_readable(runtime, 0));
    assert_int_equal(rig_notes.n, 0);
    assert_int_equal(strait_runtime_dispatch(runtime), STRAIT_OK);
    assert_int_equal(rig_notes.n, 10);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(rig_notes.order[i], i);
    }
    assert_false(rig_readable(runtime, 0));
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
    struct repeat repeat = { .runtime = rig_runtime() };
    post_again(&repeat);
    for (int i = 2; i < 5; i++) {
        assert_true(rig_readable(repeat.runtime, 0));
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
    struct strait_runtime *runtime = rig_runtime();
    for (int i = 0; i < 20; i++) {
        assert_int_equal(strait_runtime_post(runtime, rig_note, rig_number(i)), STRAIT_OK);
    }
    strait_runtime_destroy(runtime);
    assert_int_equal(rig_notes.n, 20);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(rig_notes.order[i], i);
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
    struct strait_runtime *runtime = rig_runtime();
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
    struct strait_runtime *runtime = rig_runtime();
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
    return rig_number(strait_runtime_call(user, rig_note, rig_number(7)));
}

static void test_call_waits_for_the_host_loop(void **state)
{
    (void)state;
    struct strait_runtime *runtime = rig_runtime();
    assert_int_equal(strait_runtime_dispatch(runtime), STRAIT_OK);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, call_note, runtime), 0);
    while (rig_notes.n == 0) {
        assert_int_equal(strait_runtime_wait(runtime, STRAIT_TIME_NEVER), STRAIT_OK);
    }
    void *result;
    assert_int_equal(pthread_join(thread, &result), 0);
    assert_ptr_equal(result, rig_number(STRAIT_OK));
    /* By the dispatching thread itself: at once, without a dispatch. */
    assert_int_equal(strait_runtime_call(runtime, rig_note, rig_number(8)), STRAIT_OK);
    assert_int_equal(rig_notes.n, 2);
    assert_int_equal(rig_notes.order[1], 8);
    strait_runtime_destroy(runtime);
}

static void test_destroy_answers_a_waiting_call(void **state)
{
    (void)state;
    struct strait_runtime *runtime = rig_runtime();
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, call_note, runtime), 0);
    assert_true(rig_readable(runtime, -1));
    strait_runtime_destroy(runtime);
    void *result;
    assert_int_equal(pthread_join(thread, &result), 0);
    assert_ptr_equal(result, rig_number(STRAIT_OK));
    assert_int_equal(rig_notes.n, 1);
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
    struct inside inside = { .runtime = rig_runtime() };
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
    struct strait_runtime *runtime = rig_runtime();
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
    assert_int_equal(strait_runtime_at(runtime, 0, rig_note, NULL), STRAIT_E_STATE);
    assert_int_equal(strait_runtime_watch(runtime, 0, POLLIN, rig_ignore_ready, NULL),
                     STRAIT_E_STATE);
    assert_int_equal(strait_runtime_unwatch(runtime, 0), STRAIT_E_STATE);
    assert_int_equal(strait_runtime_stop(runtime), STRAIT_OK);
    assert_int_equal(strait_runtime_stop(runtime), STRAIT_E_STATE);
    strait_runtime_destroy(runtime);
    fake_destroy(endpoint);
}

static void test_start_and_stop_again_and_again(void **state)
{
    (void)state;
    struct strait_runtime *runtime = rig_runtime();
    for (int i = 0; i < 50; i++) {
        assert_int_equal(strait_runtime_start(runtime), STRAIT_OK);
        if (i % 2 == 0) {
            assert_int_equal(strait_runtime_call(runtime, rig_note, rig_number(i)), STRAIT_OK);
        }
        assert_int_equal(strait_runtime_stop(runtime), STRAIT_OK);
        assert_int_equal(strait_runtime_dispatch(runtime), STRAIT_OK);
    }
    assert_int_equal(rig_notes.n, 25);
    assert_int_equal(strait_runtime_start(runtime), STRAIT_OK);
    strait_runtime_destroy(runtime);
}

#define TEST(name) cmocka_unit_test_setup(name, rig_forget)

int main(void)
{
    const struct CMUnitTest tests[] = {
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
    };
    return cmocka_run_group_tests_name("runtime-threads", tests, NULL, NULL);
}
