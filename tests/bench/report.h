/* The rows: an aligned table on standard output, and JSON in a file. */
#ifndef TESTS_BENCH_REPORT_H
#define TESTS_BENCH_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/bench/frame.h"

/* As frame.h says; floor and peer are negative where there is none. */
struct bench_row {
    const char *bench;
    const char *name; /* the case's */
    const char *unit;
    bool rate;
    double value, floor, peer;
    const char *peer_name;
    double min, max;
    unsigned runs;
};

struct bench_report;

/* `json` may be NULL. NULL: the file cannot be written, as a line on standard error says. */
struct bench_report *bench_report_open(const char *json);
void bench_report_bench(struct bench_report *report, const struct bench *bench);
void bench_report_row(struct bench_report *report, const struct bench_row *row);
/* Writes the file. False, and a line, where it cannot be. NULL is fine. */
bool bench_report_close(struct bench_report *report);

#endif
