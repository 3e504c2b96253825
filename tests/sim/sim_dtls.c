/* Bare associations over bad networks: the short form of ./dev sim, and datagrams that are damaged. */
#include "tests/sim/loss.h"
#include "tests/sim/suite.h"

/* --- Loss ------------------------------------------------------------------------------------- */

static void completes_whatever_is_lost(void **state)
{
    size_t seeds = sim_seeds(30);
    (void)state;
    for (size_t i = 0; i < SIM_CELLS; i++) {
        struct sim_cell cell = sim_cell(i);
        struct sim_result result = sim_cell_run(&cell, seeds);
        for (size_t side = 0; side < 2; side++) {
            const struct sim_times *t = &result.of[side];
            print_message("# %s%s, MTU %u, %u %%, %s: p50 %u, p90 %u, max %u ms\n",
                          sim_version_names[cell.version], cell.cookies ? ", cookie" : "", cell.mtu,
                          cell.loss, side == SIM_CLIENT ? "client" : "server", t->p50, t->p90,
                          t->most);
            /* Of few the slowest one is luck. */
            assert_true((seeds < 1000 ? t->p90 : t->p99) < sim_cell_bound(&cell));
        }
    }
}

/* Without any harm the handshake takes its round trips and no more. */
static void takes_no_longer_than_its_round_trips(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * SIM_VERSIONS; i++) {
        struct sim_bare bare;
        struct sim_bare_plan plan = { .seed = i,
                                      .version = (enum sim_version)(i % SIM_VERSIONS),
                                      .mtu = i < SIM_VERSIONS ? 1200 : 576,
                                      .link = { .delay = 25 * STRAIT_MS },
                                      .rtt = 50 * STRAIT_MS };
        bool dtls12 = plan.version == SIM_DTLS_12;
        sim_bare_init(&bare, &plan);
        assert_true(sim_bare_connect(&bare, STRAIT_S));
        assert_int_equal(bare.client.connected_at - bare.begin, (dtls12 ? 100 : 50) * STRAIT_MS);
        assert_int_equal(bare.server.connected_at - bare.begin, 75 * STRAIT_MS);
        sim_bare_run(&bare, STRAIT_S);
        assert_int_equal(sim_bare_stats(&bare.client).flights_retransmitted, 0);
        assert_int_equal(sim_bare_stats(&bare.server).flights_retransmitted, 0);
        sim_bare_check(&bare, &plan);
        sim_bare_finish(&bare);
    }
}

/* --- Damage ----------------------------------------------------------------------------------- */

static void survives_damage_or_says_what_happened(void **state)
{
    size_t seeds = sim_seeds(100), all = 2 * SIM_VERSIONS * seeds;
    (void)state;
    /* Far more than any network does, after what one may do. */
    static const unsigned percents[] = { 1, 20 };
    for (size_t i = 0; i < 2; i++) {
        size_t complete = 0;
        for (size_t k = 0; k < 2 * SIM_VERSIONS; k++) {
            complete += sim_damage_run((enum sim_version)(k % SIM_VERSIONS), k >= SIM_VERSIONS,
                                       percents[i], seeds);
        }
        print_message("# a bit in %u %% of the datagrams: %zu of %zu complete\n", percents[i],
                      complete, all);
        assert_true(complete >= (i == 0 ? all * 9 / 10 : all / 10));
    }
}

/* --- The same again --------------------------------------------------------------------------- */

static void gives_the_same_bytes_for_the_same_seed(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIM_VERSIONS; i++) {
        uint64_t hash[3];
        for (size_t run = 0; run < 3; run++) {
            struct sim_bare bare;
            struct sim_bare_plan plan = { .seed = run / 2,
                                          .version = (enum sim_version)i,
                                          .mtu = 576,
                                          .link = sim_bare_link(30),
                                          .rtt = 50 * STRAIT_MS };
            sim_bare_init(&bare, &plan);
            assert_true(sim_bare_connect(&bare, 60 * STRAIT_S));
            sim_bare_run(&bare, STRAIT_S);
            hash[run] = bare.net.hash;
            sim_bare_finish(&bare);
        }
        assert_true(hash[0] == hash[1]);
        assert_true(hash[0] != hash[2]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(completes_whatever_is_lost),
        cmocka_unit_test(takes_no_longer_than_its_round_trips),
        cmocka_unit_test(survives_damage_or_says_what_happened),
        cmocka_unit_test(gives_the_same_bytes_for_the_same_seed),
    };
    return sim_run(tests, sizeof tests / sizeof *tests);
}
