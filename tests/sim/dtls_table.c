/* Prints the tables of docs/dtls-loss.md: dtls_table SEEDS. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/sim/loss.h"
#include "tests/sim/suite.h"

static void print_times(const struct sim_times *t)
{
    printf(" %u | %u | %u |", t->p50, t->p99, t->most);
}

/* False where a cell is slower than it may be. */
static bool print_losses(size_t seeds)
{
    bool kept = true;
    puts("| DTLS | cookie | MTU | loss | client p50 | p99 | max | server p50 | p99 | max "
         "| p99 below | datagrams |\n"
         "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    for (size_t i = 0; i < SIM_CELLS; i++) {
        struct sim_cell cell = sim_cell(i);
        struct sim_result result = sim_cell_run(&cell, seeds);
        unsigned bound = sim_cell_bound(&cell);
        printf("| %s | %s | %u | %u %% |", sim_version_names[cell.version],
               cell.cookies ? "yes" : "no", cell.mtu, cell.loss);
        print_times(&result.of[SIM_CLIENT]);
        print_times(&result.of[SIM_SERVER]);
        printf(" %u | %.1f |\n", bound, result.datagrams);
        fflush(stdout);
        kept = kept && result.of[SIM_CLIENT].p99 < bound && result.of[SIM_SERVER].p99 < bound;
    }
    return kept;
}

static void print_damage(size_t seeds)
{
    puts("\n| DTLS | cookie | complete | end in a named error |\n|---|---|--:|--:|");
    for (size_t i = 0; i < 2 * SIM_VERSIONS; i++) {
        enum sim_version version = (enum sim_version)(i % SIM_VERSIONS);
        size_t complete = sim_damage_run(version, i >= SIM_VERSIONS, 1, seeds);
        printf("| %s | %s | %zu | %zu |\n", sim_version_names[version],
               i >= SIM_VERSIONS ? "yes" : "no", complete, seeds - complete);
        fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    size_t seeds = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
    if (seeds == 0) {
        fprintf(stderr, "Usage: dtls_table SEEDS\n");
        return 2;
    }
    bool kept = print_losses(seeds);
    print_damage(seeds);
    sim_forget_certificates();
    if (!kept) {
        fprintf(stderr, "A p99 is above its bound.\n");
    }
    return kept ? 0 : 1;
}
