#include "tests/bench/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include <strait/version.h>

#ifdef __OPTIMIZE__
static const bool optimized = true;
#else
static const bool optimized = false;
#endif

struct bench_report {
    const char *path;
    FILE *file;
    json_t *rows;
    int width; /* of the column of cases */
};

/* --- For programs -------------------------------------------------------------------------------- */

/* What a figure depends on besides the code. */
static json_t *machine(void)
{
    char line[256], model[256] = "unknown";
    double load = 0;
    FILE *cpuinfo = fopen("/proc/cpuinfo", "r");
    while (cpuinfo != NULL && fgets(line, sizeof line, cpuinfo) != NULL) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) == 0 && colon != NULL) {
            snprintf(model, sizeof model, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
            break;
        }
    }
    if (cpuinfo != NULL) {
        fclose(cpuinfo);
    }
    getloadavg(&load, 1);
    return json_pack("{s:s, s:I, s:f, s:s, s:b}", "cpu", model, "processors",
                     (json_int_t)sysconf(_SC_NPROCESSORS_ONLN), "load", load, "compiler",
                     __VERSION__, "optimized", (int)optimized);
}

static json_t *number_or_null(double value)
{
    return value < 0 ? json_null() : json_real(value);
}

/* Of our cost to theirs. */
static double ratio(const struct bench_row *row, double of)
{
    if (of <= 0 || (row->rate && row->value <= 0)) {
        return -1;
    }
    return row->rate ? of / row->value : row->value / of;
}

static void add_row(struct bench_report *report, const struct bench_row *row)
{
    json_t *object = json_pack("{s:s, s:s, s:f, s:s, s:o, s:o, s:s?, s:o, s:o, s:f, s:f, s:i}",
                               "bench", row->bench, "case", row->name, "value", row->value, "unit",
                               row->unit, "floor", number_or_null(row->floor), "peer",
                               number_or_null(row->peer), "peer_name", row->peer_name,
                               "ratio_floor", number_or_null(ratio(row, row->floor)), "ratio_peer",
                               number_or_null(ratio(row, row->peer)), "min", row->min, "max",
                               row->max, "runs", (int)row->runs);
    json_array_append_new(report->rows, object);
}

/* --- For people ---------------------------------------------------------------------------------- */

/* Three digits or more, and no more than can be read at a glance. */
static const char *readable(char *text, size_t room, double value)
{
    int decimals = value >= 100 ? 0 : value >= 10 ? 1 : 2;
    if (value < 0) {
        snprintf(text, room, "-");
    } else {
        snprintf(text, room, "%.*f", decimals, value);
    }
    return text;
}

static void print_row(const struct bench_report *report, const struct bench_row *row)
{
    char text[7][32];
    printf("  %-*s %9s %9s %9s  %9s %6s  %9s %6s  %-9s %4u  %s\n", report->width, row->name,
           readable(text[0], sizeof text[0], row->value),
           readable(text[1], sizeof text[1], row->min), readable(text[2], sizeof text[2], row->max),
           readable(text[3], sizeof text[3], row->floor),
           readable(text[4], sizeof text[4], ratio(row, row->floor)),
           readable(text[5], sizeof text[5], row->peer),
           readable(text[6], sizeof text[6], ratio(row, row->peer)), row->unit, row->runs,
           row->peer_name != NULL ? row->peer_name : "no peer");
    fflush(stdout);
}

void bench_report_bench(struct bench_report *report, const struct bench *bench)
{
    report->width = 4;
    for (size_t i = 0; i < bench->n_cases; i++) {
        const struct bench_case *c = &bench->cases[i];
        int len = (int)strlen(c->name) + (c->spread ? (int)sizeof " from 000" : 0);
        report->width = len > report->width ? len : report->width;
    }
    printf("\n%s: %s\n", bench->name, bench->about);
    printf("  %-*s %9s %9s %9s  %9s %6s  %9s %6s  %-9s %4s  %s\n", report->width, "case", "ours",
           "min", "max", "floor", "ratio", "peer", "ratio", "unit", "runs", "peer is");
}

/* --- Both ---------------------------------------------------------------------------------------- */

struct bench_report *bench_report_open(const char *json)
{
    struct bench_report *report = bench_alloc(sizeof *report);
    report->path = json;
    report->rows = json_array();
    /* Better now than after minutes of measuring. */
    if (json != NULL && (report->file = fopen(json, "w")) == NULL) {
        fprintf(stderr, "bench: %s cannot be written: %s\n", json, strerror(errno));
        bench_report_close(report);
        return NULL;
    }
    if (!optimized) {
        puts("Built without optimisation: these figures say nothing.");
    }
    return report;
}

void bench_report_row(struct bench_report *report, const struct bench_row *row)
{
    print_row(report, row);
    add_row(report, row);
}

bool bench_report_close(struct bench_report *report)
{
    bool written = true;
    if (report == NULL) {
        return true;
    }
    if (report->file != NULL) {
        json_t *root = json_pack("{s:s, s:o, s:O}", "strait", strait_version(), "machine",
                                 machine(), "rows", report->rows);
        written = root != NULL &&
                  json_dumpf(root, report->file, JSON_INDENT(2) | JSON_REAL_PRECISION(8)) == 0 &&
                  fputc('\n', report->file) != EOF;
        written = fclose(report->file) == 0 && written;
        if (!written) {
            fprintf(stderr, "bench: %s cannot be written: %s\n", report->path, strerror(errno));
        }
        json_decref(root);
    }
    json_decref(report->rows);
    free(report);
    return written;
}
