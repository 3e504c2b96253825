#include "tests/bench/frame.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/bench/report.h"
#include "tests/bench/worker.h"

/* Places of a case's sides. */
enum { OURS, FLOOR, PEER, SIDES };

/* One case while it is measured. */
struct race {
    const struct bench_case *c;
    struct bench_worker *worker;
    bool open[SIDES];
    void *state[SIDES];     /* of the peer: in the worker */
    double *samples[SIDES]; /* sorted at the end; NULL: no such side */
    unsigned runs;
};

/* --- For the sides ------------------------------------------------------------------------------- */

static uint64_t read_clock(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t bench_cpu(void)
{
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

uint64_t bench_wall(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

double bench_fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("bench: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return -1;
}

void *bench_alloc(size_t bytes)
{
    void *memory = calloc(1, bytes);
    if (memory == NULL) {
        bench_fail("no memory");
        exit(1);
    }
    return memory;
}

/* --- Rounds -------------------------------------------------------------------------------------- */

static const struct bench_side *side_of(const struct bench_case *c, unsigned which)
{
    return which == OURS ? c->ours : which == FLOOR ? c->floor : c->peer;
}

static void close_sides(struct race *race)
{
    for (unsigned i = 0; i < SIDES; i++) {
        if (race->open[i] && i == PEER) {
            bench_worker_close(race->worker);
        } else if (race->open[i]) {
            side_of(race->c, i)->close(race->state[i]);
        }
        free(race->samples[i]);
    }
}

static bool open_sides(struct race *race, size_t bench, size_t number, bool quick)
{
    for (unsigned i = 0; i < SIDES; i++) {
        const struct bench_side *side = side_of(race->c, i);
        if (side == NULL) {
            continue;
        }
        if (i == PEER) {
            race->open[i] = bench_worker_open(race->worker, bench, number, quick);
        } else {
            race->state[i] = side->open(race->c->spec, quick);
            race->open[i] = race->state[i] != NULL;
        }
        if (!race->open[i]) {
            return false;
        }
        race->samples[i] = bench_alloc(race->runs * sizeof *race->samples[i]);
    }
    return true;
}

static int rising(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double run_side(struct race *race, unsigned which)
{
    return which == PEER ? bench_worker_run(race->worker)
                         : side_of(race->c, which)->run(race->state[which]);
}

/* Round 0 warms up. Who begins changes from round to round. */
static bool run_round(struct race *race, unsigned round)
{
    for (unsigned k = 0; k < SIDES; k++) {
        unsigned which = (round + k) % SIDES;
        double cost = race->open[which] ? run_side(race, which) : 0;
        if (cost < 0) {
            return false;
        }
        if (race->open[which] && round > 0) {
            race->samples[which][round - 1] = cost;
        }
    }
    return true;
}

static bool run_rounds(struct race *race)
{
    bool good = true;
    for (unsigned round = 0; good && round <= race->runs; round++) {
        bench_worker_gather(race->worker);
        good = run_round(race, round);
        bench_worker_scatter(race->worker);
    }
    for (unsigned i = 0; i < SIDES; i++) {
        if (race->samples[i] != NULL) {
            qsort(race->samples[i], race->runs, sizeof *race->samples[i], rising);
        }
    }
    return good;
}

/* --- Rows ---------------------------------------------------------------------------------------- */

/* Of sorted samples; the nearest rank, and for the median of an even number the mean of both. */
static double quantile(const double *samples, unsigned n, double q)
{
    if (samples == NULL) {
        return -1;
    }
    if (q == 0.5) {
        return (samples[(n - 1) / 2] + samples[n / 2]) / 2;
    }
    unsigned rank = (unsigned)ceil(q * n);
    return samples[rank > 0 ? rank - 1 : 0];
}

static void report_quantile(struct bench_report *report, const struct bench *bench,
                            const struct race *race, const char *name, double q)
{
    const struct bench_case *c = race->c;
    struct bench_row row = {
        .bench = bench->name,
        .name = name,
        .unit = c->unit,
        .rate = c->rate,
        .value = quantile(race->samples[OURS], race->runs, q),
        .floor = quantile(race->samples[FLOOR], race->runs, q),
        .peer = quantile(race->samples[PEER], race->runs, q),
        .peer_name = c->peer != NULL ? c->peer->name() : NULL,
        .min = quantile(race->samples[OURS], race->runs, 0),
        .max = quantile(race->samples[OURS], race->runs, 1),
        .runs = race->runs,
    };
    bench_report_row(report, &row);
}

static void report_limit(struct bench_report *report, const struct bench *bench,
                         const struct race *race, double limit)
{
    char name[128];
    unsigned count = 0;
    for (unsigned i = 0; i < race->runs; i++) {
        count += race->samples[OURS][i] >= limit;
    }
    snprintf(name, sizeof name, "%s from %g", race->c->name, limit);
    struct bench_row row = { .bench = bench->name,
                             .name = name,
                             .unit = "runs",
                             .value = count,
                             .floor = -1,
                             .peer = -1,
                             .min = count,
                             .max = count,
                             .runs = race->runs };
    bench_report_row(report, &row);
}

static void report_race(struct bench_report *report, const struct bench *bench,
                        const struct race *race)
{
    const struct bench_case *c = race->c;
    char name[128];
    report_quantile(report, bench, race, c->name, 0.5);
    if (!c->spread) {
        return;
    }
    for (int percent = 90; percent < 100; percent += 9) {
        snprintf(name, sizeof name, "%s p%d", c->name, percent);
        report_quantile(report, bench, race, name, percent / 100.0);
    }
    for (int i = 0; i < BENCH_LIMITS && c->limits[i] > 0; i++) {
        report_limit(report, bench, race, c->limits[i]);
    }
}

/* --- All ----------------------------------------------------------------------------------------- */

static bool run_bench(const struct bench_options *options, struct bench_worker *worker,
                      struct bench_report *report, size_t number)
{
    const struct bench *bench = benches[number];
    bench_report_bench(report, bench);
    for (size_t i = 0; i < bench->n_cases; i++) {
        const struct bench_case *c = &bench->cases[i];
        struct race race = { .c = c, .worker = worker, .runs = options->runs };
        if (race.runs == 0) {
            race.runs = c->runs > 0 ? c->runs : BENCH_RUNS;
        }
        bool good = open_sides(&race, number, i, options->quick) && run_rounds(&race);
        if (good) {
            report_race(report, bench, &race);
        }
        close_sides(&race);
        if (!good) {
            bench_fail("%s: the case \"%s\" failed", bench->name, c->name);
            return false;
        }
    }
    return true;
}

static bool chosen(const struct bench_options *options, const char *name)
{
    for (size_t i = 0; i < options->n_names; i++) {
        if (strcmp(options->names[i], name) == 0) {
            return true;
        }
    }
    return options->n_names == 0;
}

bool bench_run_all(const struct bench_options *options, struct bench_worker *worker)
{
    struct bench_report *report = bench_report_open(options->json);
    bool good = report != NULL;
    for (size_t i = 0; good && benches[i] != NULL; i++) {
        if (chosen(options, benches[i]->name)) {
            good = run_bench(options, worker, report, i);
        }
    }
    return bench_report_close(report) && good;
}
