/* ./dev bench: every benchmark in one program; frame.h says how they measure. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/benches.h"
#include "tests/bench/frame.h"
#include "tests/bench/worker.h"

const struct bench *const benches[] = {
    &bench_srtp, &bench_handshake, &bench_connect, &bench_fanout, &bench_ice, NULL,
};

static const char usage[] =
    "Usage: bench [NAME...] [OPTIONS]\n"
    "\n"
    "Measures strait beside the bare libraries below it (floor) and beside what is used today\n"
    "(peer), in turns. NAME chooses benchmarks; without one all run.\n"
    "\n"
    "  --json FILE  the rows as JSON as well\n"
    "  --runs N     runs of each case, instead of its own number\n"
    "  --quick      the least work: shows that it runs, measures nothing\n"
    "  --list       the benchmarks and their cases\n"
    "  --help       this text\n";

static void list(void)
{
    for (size_t i = 0; benches[i] != NULL; i++) {
        printf("%-10s %s\n", benches[i]->name, benches[i]->about);
        for (size_t k = 0; k < benches[i]->n_cases; k++) {
            const struct bench_case *c = &benches[i]->cases[k];
            printf("  %s, %s%s%s\n", c->name, c->unit, c->peer != NULL ? ", beside " : "",
                   c->peer != NULL ? c->peer->name() : "");
        }
    }
}

static bool known(const char *name)
{
    for (size_t i = 0; benches[i] != NULL; i++) {
        if (strcmp(benches[i]->name, name) == 0) {
            return true;
        }
    }
    fprintf(stderr, "bench: there is no benchmark '%s': --list names them.\n", name);
    return false;
}

static bool read_runs(const char *text, unsigned *runs)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);
    if (*end != '\0' || n < 1 || n > 100000) {
        fprintf(stderr, "bench: --runs wants a number from 1 to 100000, not '%s'.\n", text);
        return false;
    }
    *runs = (unsigned)n;
    return true;
}

/* -1: run; else what to exit with. */
static int read_options(int argc, char **argv, struct bench_options *options)
{
    static const struct option longs[] = {
        { "json", required_argument, NULL, 'j' }, { "runs", required_argument, NULL, 'r' },
        { "quick", no_argument, NULL, 'q' },      { "list", no_argument, NULL, 'l' },
        { "help", no_argument, NULL, 'h' },       { NULL, 0, NULL, 0 },
    };
    int option;
    while ((option = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
        switch (option) {
        case 'j':
            options->json = optarg;
            break;
        case 'r':
            if (!read_runs(optarg, &options->runs)) {
                return 2;
            }
            break;
        case 'q':
            options->quick = true;
            break;
        case 'l':
            list();
            return 0;
        case 'h':
            fputs(usage, stdout);
            return 0;
        default:
            fputs(usage, stderr);
            return 2;
        }
    }
    options->names = (const char *const *)argv + optind;
    options->n_names = (size_t)(argc - optind);
    for (size_t i = 0; i < options->n_names; i++) {
        if (!known(options->names[i])) {
            return 2;
        }
    }
    return -1;
}

int main(int argc, char **argv)
{
    struct bench_options options = { .json = NULL };
    int status = read_options(argc, argv, &options);
    if (status >= 0) {
        return status;
    }
    struct bench_worker *worker = bench_worker_start();
    if (worker == NULL) {
        perror("bench: no process for the peers");
        return 1;
    }
    bool good = bench_run_all(&options, worker);
    bench_worker_stop(worker);
    return good ? 0 : 1;
}
