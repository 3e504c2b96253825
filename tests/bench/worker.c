#include "tests/bench/worker.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/frame.h"

enum what { OPEN, RUN, CLOSE };

struct order {
    enum what what;
    size_t bench, number;
    bool quick;
};

struct answer {
    bool done;
    double value;
};

struct bench_worker {
    pid_t pid;
    int orders, answers; /* our ends */
    cpu_set_t all;       /* processors that we may use */
};

static bool transfer(int fd, void *data, size_t len, bool out)
{
    char *at = data;
    while (len > 0) {
        ssize_t n = out ? write(fd, at, len) : read(fd, at, len);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        at += n;
        len -= (size_t)n;
    }
    return true;
}

/* --- In the worker ------------------------------------------------------------------------------- */

/* The peer that is open. */
struct open {
    const struct bench_side *side;
    void *state;
};

static bool open_peer(struct open *open, const struct order *order)
{
    const struct bench_case *c = &benches[order->bench]->cases[order->number];
    open->state = c->peer->open(c->spec, order->quick);
    open->side = open->state != NULL ? c->peer : NULL;
    return open->side != NULL;
}

static struct answer obey(struct open *open, const struct order *order)
{
    struct answer answer = { .value = -1 };
    if (order->what == OPEN) {
        answer.done = open_peer(open, order);
    } else if (open->side != NULL && order->what == RUN) {
        answer.value = open->side->run(open->state);
        answer.done = answer.value >= 0;
    } else if (open->side != NULL && order->what == CLOSE) {
        open->side->close(open->state);
        open->side = NULL;
        answer.done = true;
    }
    return answer;
}

static void work(int orders, int answers)
{
    struct open open = { .side = NULL };
    struct order order;
    while (transfer(orders, &order, sizeof order, false)) {
        struct answer answer = obey(&open, &order);
        if (!transfer(answers, &answer, sizeof answer, true)) {
            break;
        }
    }
}

/* --- In the program ------------------------------------------------------------------------------ */

struct bench_worker *bench_worker_start(void)
{
    int orders[2], answers[2];
    if (pipe(orders) != 0) {
        return NULL;
    }
    if (pipe(answers) != 0) {
        close(orders[0]);
        close(orders[1]);
        return NULL;
    }
    /* Its end shows in the answer that does not come. */
    signal(SIGPIPE, SIG_IGN);
    pid_t pid = fork();
    if (pid == 0) {
        close(orders[1]);
        close(answers[0]);
        work(orders[0], answers[1]);
        _exit(0);
    }
    close(orders[0]);
    close(answers[1]);
    if (pid < 0) {
        close(orders[1]);
        close(answers[0]);
        return NULL;
    }
    struct bench_worker *worker = bench_alloc(sizeof *worker);
    *worker = (struct bench_worker){ .pid = pid, .orders = orders[1], .answers = answers[0] };
    sched_getaffinity(0, sizeof worker->all, &worker->all);
    return worker;
}

void bench_worker_stop(struct bench_worker *worker)
{
    if (worker == NULL) {
        return;
    }
    close(worker->orders);
    close(worker->answers);
    while (waitpid(worker->pid, NULL, 0) < 0 && errno == EINTR) {
    }
    free(worker);
}

/* Where a system does not allow it, the figures are only less steady. */
static void place(const struct bench_worker *worker, const cpu_set_t *processors)
{
    sched_setaffinity(0, sizeof *processors, processors);
    sched_setaffinity(worker->pid, sizeof *processors, processors);
}

void bench_worker_gather(const struct bench_worker *worker)
{
    cpu_set_t one;
    int here = sched_getcpu();
    if (here >= 0 && here < CPU_SETSIZE) {
        CPU_ZERO(&one);
        CPU_SET((size_t)here, &one);
        place(worker, &one);
    }
}

void bench_worker_scatter(const struct bench_worker *worker)
{
    place(worker, &worker->all);
}

static struct answer ask(struct bench_worker *worker, struct order order)
{
    struct answer answer = { .value = -1 };
    if (!transfer(worker->orders, &order, sizeof order, true) ||
        !transfer(worker->answers, &answer, sizeof answer, false)) {
        bench_fail("the process of the peers has ended");
        return (struct answer){ .value = -1 };
    }
    return answer;
}

bool bench_worker_open(struct bench_worker *worker, size_t bench, size_t number, bool quick)
{
    struct order order = { .what = OPEN, .bench = bench, .number = number, .quick = quick };
    return ask(worker, order).done;
}

double bench_worker_run(struct bench_worker *worker)
{
    struct answer answer = ask(worker, (struct order){ .what = RUN });
    return answer.done ? answer.value : -1;
}

void bench_worker_close(struct bench_worker *worker)
{
    ask(worker, (struct order){ .what = CLOSE });
}
