/* The process in which the peers run: forked before the program has started any library. */
#ifndef TESTS_BENCH_WORKER_H
#define TESTS_BENCH_WORKER_H

#include <stdbool.h>
#include <stddef.h>

struct bench_worker;

/* NULL: the system gives no process, errno says why. */
struct bench_worker *bench_worker_start(void);
/* Waits until it has ended. NULL is fine. */
void bench_worker_stop(struct bench_worker *worker);

/* Keeps this thread and the worker on one processor, the one that this thread is on, until `scatter`:
 * two that other programs share differ by half. Threads that a side has started stay free. */
void bench_worker_gather(const struct bench_worker *worker);
void bench_worker_scatter(const struct bench_worker *worker);

/* The peer of a case, given by its place in `benches`. One at a time is open. */
bool bench_worker_open(struct bench_worker *worker, size_t bench, size_t number, bool quick);
/* As bench_side.run. */
double bench_worker_run(struct bench_worker *worker);
void bench_worker_close(struct bench_worker *worker);

#endif
