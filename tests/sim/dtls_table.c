/* Prints the table of docs/dtls-loss.md: dtls_table SEEDS. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/sim/loss.h"
#include "tests/sim/suite.h"

static size_t seeds;
static bool kept;

static void print_times(const struct sim_times *t)
{
    printf(" %u | %u | %u |", t->p50, t->p99, t->most);
}

static void all_cells(void **state)
{
    (void)state;
    kept = true;
    puts("| DTLS | MTU | loss | client p50 | p99 | max | server p50 | p99 | max | datagrams |\n"
         "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    for (size_t i = 0; i < SIM_CELLS; i++) {
        struct sim_cell cell = sim_cell(i);
        struct sim_result result = sim_cell_run(&cell, seeds);
        printf("| %s | %u | %u %% |", sim_version_names[cell.version], cell.mtu, cell.loss);
        print_times(&result.of[SIM_CLIENT]);
        print_times(&result.of[SIM_SERVER]);
        printf(" %.1f |\n", result.datagrams);
        fflush(stdout);
        for (size_t side = 0; side < 2; side++) {
            kept = kept && result.of[side].p99 < sim_cell_bound(&cell);
        }
    }
    sim_check(kept);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(all_cells) };
    seeds = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
    if (seeds == 0) {
        fprintf(stderr, "Usage: dtls_table SEEDS\n");
        return 2;
    }
    return sim_run(tests, 1);
}
