/* Work that other threads hand to the one that dispatches. */
#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "transport/runtime/internal.h"
#include "transport/util.h"

bool strait__latch_init(struct strait__latch *latch)
{
    latch->open = false;
    if (pthread_mutex_init(&latch->mutex, NULL) != 0) {
        return false;
    }
    if (pthread_cond_init(&latch->cond, NULL) != 0) {
        pthread_mutex_destroy(&latch->mutex);
        return false;
    }
    return true;
}

void strait__latch_finish(struct strait__latch *latch)
{
    pthread_cond_destroy(&latch->cond);
    pthread_mutex_destroy(&latch->mutex);
}

void strait__latch_wait(struct strait__latch *latch)
{
    pthread_mutex_lock(&latch->mutex);
    while (!latch->open) {
        pthread_cond_wait(&latch->cond, &latch->mutex);
    }
    pthread_mutex_unlock(&latch->mutex);
}

void strait__latch_open(struct strait__latch *latch)
{
    /* Signalled with the mutex held: the waiting thread may finish the latch as soon as it has it. */
    pthread_mutex_lock(&latch->mutex);
    latch->open = true;
    pthread_cond_signal(&latch->cond);
    pthread_mutex_unlock(&latch->mutex);
}

void strait__wake(struct strait_runtime *runtime)
{
    /* EAGAIN, the only failure there is, means that it is readable already. */
    (void)eventfd_write(runtime->wake.fd, 1);
}

/* False where the runtime is being destroyed. */
static bool push(struct strait_runtime *runtime, struct strait__job *job)
{
    pthread_mutex_lock(&runtime->lock);
    bool open = !runtime->closing;
    if (open) {
        /* With the lock held: once a job can be seen, the runtime may be gone after it ran. */
        if (runtime->jobs == NULL) {
            strait__wake(runtime);
        }
        *runtime->last_job = job;
        runtime->last_job = &job->next;
        strait__count(&runtime->counters.posted, 1);
    }
    pthread_mutex_unlock(&runtime->lock);
    return open;
}

static struct strait__job *take_all(struct strait_runtime *runtime, bool closing)
{
    pthread_mutex_lock(&runtime->lock);
    eventfd_t ignored;
    (void)eventfd_read(runtime->wake.fd, &ignored);
    struct strait__job *jobs = runtime->jobs;
    runtime->jobs = NULL;
    runtime->last_job = &runtime->jobs;
    runtime->closing = closing;
    pthread_mutex_unlock(&runtime->lock);
    return jobs;
}

static void run_all(struct strait_runtime *runtime, struct strait__job *jobs)
{
    while (jobs != NULL) {
        struct strait__job *job = jobs;
        jobs = job->next;
        job->run(job->user);
        if (job->latch != NULL) {
            strait__latch_open(job->latch);
        } else {
            strait__free(&runtime->hooks, job);
        }
    }
}

void strait__jobs_ready(struct strait_runtime *runtime, struct strait__source *source,
                        uint32_t events)
{
    (void)source;
    (void)events;
    run_all(runtime, take_all(runtime, false));
}

void strait__jobs_close(struct strait_runtime *runtime)
{
    run_all(runtime, take_all(runtime, true));
}

int strait_runtime_post(struct strait_runtime *runtime, void (*run)(void *user), void *user)
{
    if (runtime == NULL || run == NULL) {
        return STRAIT_E_INVALID;
    }
    struct strait__job *job = strait__alloc(&runtime->hooks, sizeof *job);
    if (job == NULL) {
        return STRAIT_E_NOMEM;
    }
    job->run = run;
    job->user = user;
    if (!push(runtime, job)) {
        strait__free(&runtime->hooks, job);
        return STRAIT_E_STATE;
    }
    return STRAIT_OK;
}

int strait_runtime_call(struct strait_runtime *runtime, void (*run)(void *user), void *user)
{
    if (runtime == NULL || run == NULL) {
        return STRAIT_E_INVALID;
    }
    if (pthread_equal(atomic_load(&runtime->owner), pthread_self())) {
        run(user);
        return STRAIT_OK;
    }
    struct strait__latch latch;
    if (!strait__latch_init(&latch)) {
        return STRAIT_E_NOMEM;
    }
    struct strait__job job = { .run = run, .user = user, .latch = &latch };
    int result = push(runtime, &job) ? STRAIT_OK : STRAIT_E_STATE;
    if (result == STRAIT_OK) {
        strait__latch_wait(&latch);
    }
    strait__latch_finish(&latch);
    return result;
}
