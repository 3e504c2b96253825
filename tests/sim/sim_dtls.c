/* Bare associations over bad networks: the short form of ./dev sim, and datagrams that are damaged. */
#include <string.h>

#include <strait/error.h>

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
            print_message("# %s, MTU %u, %u %%, %s: p50 %u, p99 %u, max %u ms\n",
                          sim_version_names[cell.version], cell.mtu, cell.loss,
                          side == SIM_CLIENT ? "client" : "server", t->p50, t->p99, t->most);
            assert_true(t->p99 < sim_cell_bound(&cell));
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

static void named(const struct sim_bare_side *side)
{
    enum strait_dtls_state state = strait_dtls_state(side->dtls);
    if (state == STRAIT_DTLS_CONNECTED) {
        assert_int_equal(side->connected, 1);
        return;
    }
    assert_true(state == STRAIT_DTLS_FAILED || state == STRAIT_DTLS_CLOSED);
    assert_int_equal(side->ended, 1);
    assert_true(strait_dtls_error(side->dtls) < 0);
    assert_true(strlen(strait_dtls_error_detail(side->dtls)) > 0);
}

static void damage(unsigned percent, size_t seeds, size_t counts[2])
{
    for (size_t i = 0; i < seeds; i++) {
        struct sim_bare bare;
        struct sim_bare_plan plan = { .seed = i,
                                      .version = (enum sim_version)(i % SIM_VERSIONS),
                                      .mtu = i / SIM_VERSIONS % 2 == 0 ? 1200 : 576,
                                      .link = sim_bare_link(10),
                                      .rtt = 50 * STRAIT_MS };
        plan.link.damage = percent;
        sim_bare_init(&bare, &plan);
        bool connected = sim_bare_connect(&bare, 31 * STRAIT_S);
        if (!connected) {
            /* The alert may have been lost: then the other one's time ends. */
            sim_net_run(&bare.net, bare.begin + 31 * STRAIT_S, NULL, NULL);
        }
        named(&bare.client);
        named(&bare.server);
        assert_true(!connected || sim_bare_same_keys(&bare));
        counts[connected]++;
        sim_bare_finish(&bare);
    }
}

static void survives_damage_or_says_what_happened(void **state)
{
    size_t seeds = sim_seeds(300), counts[2] = { 0, 0 };
    (void)state;
    damage(1, seeds, counts);
    print_message("# a bit in 1 %% of the datagrams: %u of %u complete\n", (unsigned)counts[1],
                  (unsigned)seeds);
    assert_true(counts[1] >= seeds * 9 / 10);
    /* Far more than any network does. */
    damage(20, seeds, counts);
    assert_int_equal(counts[0] + counts[1], 2 * seeds);
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
