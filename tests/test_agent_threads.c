/* Agents in runtimes with threads of their own, which the host's thread reaches by post and call. Once more under
 * ThreadSanitizer. */
#include "tests/agent_pair.h"

#include <netinet/in.h>
#include <time.h>

enum { THREADS = 2, POSTS = 200, PATIENCE_S = 60 };

struct answer {
    struct pair *pair;
    bool (*ask)(const struct pair *pair);
    bool yes;
};

static void run_ask(void *user)
{
    struct answer *answer = user;
    answer->yes = answer->ask(answer->pair);
}

/* In the runtime's thread, for the host's. */
static bool ask(struct pair *pair, bool (*question)(const struct pair *pair))
{
    struct answer answer = { .pair = pair, .ask = question };
    assert_int_equal(strait_runtime_call(pair->runtime, run_ask, &answer), STRAIT_OK);
    return answer.yes;
}

static void await(struct pair *pair, bool (*done)(const struct pair *pair))
{
    const struct timespec nap = { .tv_nsec = 2000000 };
    strait_time end = strait_runtime_now(pair->runtime) + PATIENCE_S * STRAIT_S;
    while (!ask(pair, done)) {
        assert_true(strait_runtime_now(pair->runtime) < end);
        nanosleep(&nap, NULL);
    }
}

static void call(struct pair *pair, void (*run)(void *user))
{
    assert_int_equal(strait_runtime_call(pair->runtime, run, pair), STRAIT_OK);
}

/* --- In the runtime's thread ------------------------------------------------------------------------ */

static void begin(void *user)
{
    struct pair *pair = user;
    create_as_set(pair);
    signal_and_gather(pair);
}

static void send_each_way(void *user)
{
    struct pair *pair = user;
    send_one(&pair->peer[0]);
    send_one(&pair->peer[1]);
}

static void restart(void *user)
{
    struct pair *pair = user;
    for (int i = 0; i < 2; i++) {
        struct peer *peer = &pair->peer[i];
        (void)strait_transport_restart_ice(peer->transport, NULL, NULL);
        signal_ice(peer, peer->other);
        signal_candidates(peer);
    }
}

static bool completed_again(const struct pair *pair)
{
    return pair->peer[0].states[STRAIT_ICE_COMPLETED] >= 2 &&
           pair->peer[1].states[STRAIT_ICE_COMPLETED] >= 2;
}

static void end(void *user)
{
    struct pair *pair = user;
    for (int i = 0; i < 2; i++) {
        strait_transport_destroy(pair->peer[i].transport);
        pair->peer[i].transport = NULL;
        (void)strait_runtime_remove(pair->runtime, pair->peer[i].endpoint);
    }
}

/* --- Cases -------------------------------------------------------------------------------------------- */

static void open_thread(struct pair *pair)
{
    memset(pair, 0, sizeof *pair);
    pair->family = AF_INET;
    assert_int_equal(strait_runtime_create(&pair->runtime, NULL), STRAIT_OK);
    assert_int_equal(strait_runtime_start(pair->runtime), STRAIT_OK);
}

static void stream(struct pair *pair)
{
    for (int i = 0; i < POSTS; i++) {
        assert_int_equal(strait_runtime_post(pair->runtime, send_each_way, pair), STRAIT_OK);
    }
}

static void an_agents_thread_takes_posts_and_calls(void **state)
{
    struct pair pair;
    (void)state;
    open_thread(&pair);
    call(&pair, begin);
    await(&pair, writable);
    stream(&pair);
    call(&pair, restart);
    stream(&pair);
    await(&pair, completed_again);
    stream(&pair);
    await(&pair, all_arrived);
    assert_int_equal(strait_runtime_stop(pair.runtime), STRAIT_OK);
    finish(&pair);
}

/* GLib's and libnice's own state is the process's. */
static void agents_live_in_several_threads_at_once(void **state)
{
    struct pair pairs[THREADS];
    (void)state;
    for (int i = 0; i < THREADS; i++) {
        open_thread(&pairs[i]);
    }
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < THREADS; i++) {
            assert_int_equal(strait_runtime_post(pairs[i].runtime, begin, &pairs[i]), STRAIT_OK);
        }
        for (int i = 0; i < THREADS; i++) {
            if (round % 2 == 0) {
                await(&pairs[i], writable);
                stream(&pairs[i]);
                await(&pairs[i], all_arrived);
            }
            call(&pairs[i], end);
            finish_peers(&pairs[i]);
            memset(pairs[i].peer, 0, sizeof pairs[i].peer);
        }
    }
    for (int i = 0; i < THREADS; i++) {
        strait_runtime_destroy(pairs[i].runtime);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_agents_thread_takes_posts_and_calls),
        cmocka_unit_test(agents_live_in_several_threads_at_once),
    };
    return cmocka_run_group_tests_name("agent_threads", tests, NULL, NULL);
}
