/* The runtime's own thread. */
#include <errno.h>
#include <signal.h>

#include "transport/runtime/internal.h"
#include "transport/util.h"

struct start {
    struct strait_runtime *runtime;
    struct strait__latch latch;
};

static void *run_thread(void *argument)
{
    struct start *start = argument;
    struct strait_runtime *runtime = start->runtime;
    atomic_store(&runtime->owner, pthread_self());
    atomic_store(&runtime->running, true);
    strait__latch_open(&start->latch);

    int result = STRAIT_OK;
    strait__prepare(runtime, STRAIT_TIME_NEVER);
    while (result == STRAIT_OK && !atomic_load(&runtime->stopping)) {
        result = strait__turn(runtime, -1);
    }
    runtime->thread_result = result;
    return NULL;
}

/* With all signals blocked: they are the host's. */
static int create_thread(struct strait_runtime *runtime, struct start *start)
{
    sigset_t all, before;
    sigfillset(&all);
    int error = pthread_sigmask(SIG_SETMASK, &all, &before);
    if (error == 0) {
        error = pthread_create(&runtime->thread, NULL, run_thread, start);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    return error;
}

int strait_runtime_start(struct strait_runtime *runtime)
{
    if (runtime == NULL) {
        return STRAIT_E_INVALID;
    }
    if (atomic_load(&runtime->running) || runtime->dispatching) {
        return STRAIT_E_STATE;
    }
    runtime->detail[0] = '\0';
    struct start start = { .runtime = runtime };
    if (!strait__latch_init(&start.latch)) {
        return strait__fail(runtime, STRAIT_E_SYSTEM, "no mutex or condition for the thread");
    }
    atomic_store(&runtime->stopping, false);
    int error = create_thread(runtime, &start);
    if (error == 0) {
        /* Until the thread is the owner, strait_runtime_call would run here. */
        strait__latch_wait(&start.latch);
        pthread_setname_np(runtime->thread, "strait");
    } else {
        strait__fail(runtime, STRAIT_E_SYSTEM, "pthread_create: %s", strerror(error));
    }
    strait__latch_finish(&start.latch);
    return error == 0 ? STRAIT_OK : STRAIT_E_SYSTEM;
}

int strait_runtime_stop(struct strait_runtime *runtime)
{
    if (runtime == NULL) {
        return STRAIT_E_INVALID;
    }
    if (!atomic_load(&runtime->running) ||
        pthread_equal(atomic_load(&runtime->owner), pthread_self()) ||
        atomic_exchange(&runtime->stopping, true)) {
        return STRAIT_E_STATE;
    }
    strait__wake(runtime);
    pthread_join(runtime->thread, NULL);
    atomic_store(&runtime->owner, pthread_self());
    atomic_store(&runtime->running, false);
    return runtime->thread_result;
}
