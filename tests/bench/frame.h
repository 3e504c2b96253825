/*
 * The frame of all benchmarks, and their one form.
 *
 * A benchmark has cases; a case has up to three sides that do the same work:
 *   ours   strait, by its public functions
 *   floor  the bare library or system call below it: what the work costs if strait cost nothing
 *   peer   what people use for it today, in a process of its own that never starts strait (which
 *          replaces libsrtp's ciphers in its whole process)
 * Each round lets every side run once, in changing order and on one processor, so that whatever else
 * the machine does falls on all of them. The first round only warms up. A side measures itself and
 * returns the cost of one operation: in CPU time where that is the cost (bench_cpu), else in wall time
 * (bench_wall). It also looks whether the work was done, and fails where it was not.
 *
 * Each case becomes a row, on standard output for people and with --json FILE for programs:
 *   bench, case, unit       what was measured
 *   value                   ours: the median of all runs
 *   min, max, runs          ours: the best and the worst run, and how many there were
 *   floor, peer             their medians; null where the case has no such side
 *   peer_name               "OpenSSL 3.0.19", null without a peer
 *   ratio_floor             our cost over the floor's: value / floor, of a rate floor / value; 1 is all
 *                           that can be had
 *   ratio_peer              our cost over the peer's: below 1 we cost less
 * A case that is about a distribution (`spread`) has more rows, "<case> p90" and "<case> p99" with the
 * same quantile of each side, and "<case> from <limit>": how many runs took that long or longer, in
 * which a second mode shows that no median tells of.
 *
 * Another benchmark: a file bench_<name>.c with a `const struct bench`, listed in main.c.
 */
#ifndef TESTS_BENCH_FRAME_H
#define TESTS_BENCH_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BENCH_RUNS = 15, BENCH_LIMITS = 3 };

struct bench_side {
    const char *(*name)(void); /* of a peer, with its version; starts nothing */
    /* Not measured. `spec` is the case's. NULL: it cannot, and has said why on standard error. */
    void *(*open)(const void *spec, bool quick);
    /* One run: the cost of one operation in the case's unit, or a rate; negative: it failed, and has said
     * why. */
    double (*run)(void *state);
    void (*close)(void *state);
};

struct bench_case {
    const char *name;
    const char *unit;
    bool rate; /* the unit is operations a time: more is better */
    const struct bench_side *ours, *floor, *peer; /* the last two may be NULL */
    const void *spec;                             /* the benchmark's own: what to do */
    unsigned runs;                                /* 0: BENCH_RUNS */
    bool spread;
    double limits[BENCH_LIMITS]; /* in the unit, rising; 0: no more */
};

struct bench {
    const char *name;
    const char *about; /* one line; says what the floor is */
    const struct bench_case *cases;
    size_t n_cases;
};

/* All of them; ends with NULL. In main.c. */
extern const struct bench *const benches[];

struct bench_options {
    unsigned runs;    /* 0: as the cases say */
    bool quick;       /* the least work that still does each thing once: no figures to keep */
    const char *json; /* NULL: none */
    const char *const *names;
    size_t n_names; /* 0: all */
};

/* Runs what is chosen and reports it. `worker` runs the peers. True if all went well. */
struct bench_worker;
bool bench_run_all(const struct bench_options *options, struct bench_worker *worker);

/* ns of CPU time of this process with all its threads, and of the wall's clock. */
uint64_t bench_cpu(void);
uint64_t bench_wall(void);

/* A line on standard error for a side that fails. Returns -1, what `run` returns then. */
__attribute__((format(printf, 1, 2))) double bench_fail(const char *format, ...);

/* malloc that is zeroed and ends the program where there is none. */
void *bench_alloc(size_t bytes);

#endif
