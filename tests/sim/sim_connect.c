/*
 * Two endpoints find each other over a lossy network, agree on keys, send media both ways and
 * close. Each case is a cell: DTLS version, who is the client, which ICE answers, loss. It runs
 * many seeds and prints how the virtual connect times are distributed.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/sim/pair.h"
#include "tests/sim/suite.h"

enum { DEFAULT_SEEDS = 200 };

struct cell {
    enum sim_version version;
    bool b_is_client;
    enum strait_ice_kind a_ice, b_ice;
    unsigned loss;
    char name[80];
};

static size_t n_seeds;

static struct sim_plan plan_of(const struct cell *cell, uint64_t seed)
{
    return (struct sim_plan){ .seed = seed,
                              .version = cell->version,
                              .b_is_client = cell->b_is_client,
                              .a_ice = cell->a_ice,
                              .b_ice = cell->b_ice,
                              .link = sim_lossy_link(cell->loss) };
}

/* One side closes; the other hears of it unless the network lost the word. */
static void check_close(struct sim_pair *pair)
{
    const struct sim_counts *counts = &pair->node_a.host.counts;
    uint64_t sent = counts->sent[SIM_DTLS], lost = counts->lost[SIM_DTLS];
    strait_transport_close(pair->a.transport, pair->net.now);
    sim_node_drain(&pair->node_a);
    assert_true(counts->sent[SIM_DTLS] == sent + 1);
    assert_int_equal(strait_transport_dtls_state(pair->a.transport), STRAIT_DTLS_CLOSED);
    assert_int_equal(strait_transport_ice_state(pair->a.transport), STRAIT_ICE_CLOSED);
    assert_int_equal(pair->a.dtls_states[STRAIT_DTLS_CLOSED], 0);
    sim_pair_run(pair, STRAIT_S);
    if (counts->lost[SIM_DTLS] == lost) {
        assert_int_equal(pair->b.dtls_states[STRAIT_DTLS_CLOSED], 1);
        assert_int_equal(strait_transport_error(pair->b.transport), STRAIT_E_CLOSED);
        assert_false(strait_transport_writable(pair->b.transport));
    }
}

static strait_time run_seed(const struct cell *cell, uint64_t seed)
{
    struct sim_pair pair;
    struct sim_plan plan = plan_of(cell, seed);
    sim_pair_init(&pair, &plan);
    if (!sim_pair_connect(&pair, 30 * STRAIT_S)) {
        fail_msg("%s: seed %llu does not connect: a is %d/%d (%s), b is %d/%d (%s)", cell->name,
                 (unsigned long long)seed, (int)strait_transport_ice_state(pair.a.transport),
                 (int)strait_transport_dtls_state(pair.a.transport),
                 strait_transport_error_detail(pair.a.transport),
                 (int)strait_transport_ice_state(pair.b.transport),
                 (int)strait_transport_dtls_state(pair.b.transport),
                 strait_transport_error_detail(pair.b.transport));
    }
    strait_time took = pair.net.now - pair.begin;
    sim_pair_check_connected(&pair, &plan);
    sim_pair_media(&pair, STRAIT_S);
    sim_pair_check_media(&pair);
    sim_pair_check_connected(&pair, &plan);
    check_close(&pair);
    sim_pair_finish(&pair);
    return took;
}

/* --- The cells -------------------------------------------------------------------------------- */

static int by_time(const void *a, const void *b)
{
    const strait_time *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static double percentile(const strait_time *sorted, size_t n, size_t percent)
{
    size_t at = (n * percent + 99) / 100;
    return (double)sorted[at > 0 ? at - 1 : 0] / (double)STRAIT_MS;
}

static void connects(void **state)
{
    const struct cell *cell = *state;
    size_t n = n_seeds;
    strait_time *times = calloc(n, sizeof *times);
    assert_non_null(times);
    for (size_t i = 0; i < n; i++) {
        times[i] = run_seed(cell, i + 1);
    }
    qsort(times, n, sizeof *times, by_time);
    printf("# %-58s %4zu seeds: p50 %5.0f  p90 %5.0f  p99 %5.0f  max %5.0f ms\n", cell->name, n,
           percentile(times, n, 50), percentile(times, n, 90), percentile(times, n, 99),
           percentile(times, n, 100));
    /* No retransmission ran into the deadline of 30 s. */
    assert_true(times[n - 1] < 20 * STRAIT_S);
    free(times);
}

static void same_seed_same_bytes(void **state)
{
    const struct cell *cell = *state;
    uint64_t hash[3];
    for (size_t i = 0; i < 3; i++) {
        struct sim_pair pair;
        struct sim_plan plan = plan_of(cell, i < 2 ? 7 : 8);
        sim_pair_init(&pair, &plan);
        assert_true(sim_pair_connect(&pair, 30 * STRAIT_S));
        sim_pair_media(&pair, STRAIT_S);
        hash[i] = pair.net.hash;
        sim_pair_finish(&pair);
    }
    assert_true(hash[0] == hash[1]);
    assert_true(hash[0] != hash[2]);
}

static const unsigned losses[] = { 0, 10, 30 };

static const struct {
    enum strait_ice_kind a, b;
    const char *name;
} ices[] = {
    { STRAIT_ICE_FULL, STRAIT_ICE_LITE, "full to lite" },
    { STRAIT_ICE_FULL, STRAIT_ICE_FULL, "full to full" },
    { STRAIT_ICE_EXTERNAL, STRAIT_ICE_EXTERNAL, "path given" },
};

enum { LOSSES = 3, ICES = 3, CELLS = ICES * SIM_VERSIONS * 2 * LOSSES };

static struct cell cells[CELLS];
static char same_names[SIM_VERSIONS][80];

static struct cell make_cell(size_t i)
{
    size_t ice = i / LOSSES / 2 / SIM_VERSIONS;
    struct cell cell = { .loss = losses[i % LOSSES],
                         .b_is_client = i / LOSSES % 2 == 1,
                         .version = (enum sim_version)(i / LOSSES / 2 % SIM_VERSIONS),
                         .a_ice = ices[ice].a,
                         .b_ice = ices[ice].b };
    snprintf(cell.name, sizeof cell.name, "%s, DTLS %s, %s is client, loss %u %%", ices[ice].name,
             sim_version_names[cell.version], cell.b_is_client ? "b" : "a", cell.loss);
    return cell;
}

int main(void)
{
    struct CMUnitTest tests[CELLS + SIM_VERSIONS] = { 0 };
    size_t n = 0;
    n_seeds = sim_seeds(DEFAULT_SEEDS);
    for (size_t i = 0; i < CELLS; i++) {
        cells[i] = make_cell(i);
        tests[n++] = (struct CMUnitTest){ .name = cells[i].name,
                                          .test_func = connects,
                                          .initial_state = &cells[i] };
    }
    for (size_t i = 0; i < SIM_VERSIONS; i++) {
        snprintf(same_names[i], sizeof same_names[i], "same seed, same bytes: DTLS %s",
                 sim_version_names[i]);
        /* a is the client, 30 % loss. */
        tests[n++] = (struct CMUnitTest){ .name = same_names[i],
                                          .test_func = same_seed_same_bytes,
                                          .initial_state = &cells[i * 2 * LOSSES + LOSSES - 1] };
    }
    return sim_run(tests, sizeof tests / sizeof *tests);
}
