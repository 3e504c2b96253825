/* Bare associations on paths that carry less than they think, and with messages in any pieces. */
#include <string.h>

#include <strait/error.h>

#include "tests/sim/bare.h"
#include "tests/sim/pieces.h"
#include "tests/sim/suite.h"

enum {
    HEADERS = 28,
    KINDS = SIM_VERSIONS * 2
}; /* of IPv4 and UDP; versions, without and with cookies */

static struct sim_bare_plan kind(size_t i, uint16_t mtu)
{
    return (struct sim_bare_plan){ .seed = i,
                                   .version = (enum sim_version)(i % SIM_VERSIONS),
                                   .mtu = mtu,
                                   .cookies = i / SIM_VERSIONS == 1,
                                   .link = { .delay = 25 * STRAIT_MS },
                                   .rtt = 50 * STRAIT_MS };
}

static void check_and_talk(struct sim_bare *bare, const struct sim_bare_plan *plan)
{
    sim_bare_run(bare, STRAIT_S);
    sim_bare_say(&bare->client);
    sim_bare_say(&bare->server);
    sim_bare_run(bare, STRAIT_S);
    assert_int_equal(bare->client.got, 1);
    assert_int_equal(bare->server.got, 1);
    sim_bare_check(bare, plan);
}

/* --- The MTU as it is configured -------------------------------------------------------------- */

static void fits_any_mtu(void **state)
{
    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        for (uint16_t mtu = 256; mtu <= 1500; mtu = (uint16_t)(mtu + (mtu < 300 ? 1 : 25))) {
            struct sim_bare bare;
            struct sim_bare_plan plan = kind(i, mtu);
            plan.link.mtu = (size_t)mtu + HEADERS;
            sim_bare_init(&bare, &plan);
            assert_true(sim_bare_connect(&bare, 300 * STRAIT_MS));
            check_and_talk(&bare, &plan);
            assert_int_equal(bare.client.host.counts.too_big, 0);
            assert_int_equal(bare.server.host.counts.too_big, 0);
            assert_int_equal(sim_bare_stats(&bare.client).flights_retransmitted, 0);
            assert_int_equal(sim_bare_stats(&bare.client).mtu_backoffs, 0);
            assert_int_equal(sim_bare_stats(&bare.server).mtu_backoffs, 0);
            sim_bare_finish(&bare);
        }
    }
}

/* --- A path that carries less ----------------------------------------------------------------- */

/* Which direction carries little: 0 both, 1 to the server, 2 to the client. */
static void narrow(struct sim_bare_plan *plan, unsigned direction, size_t mtu)
{
    enum { WIDE = 65535 };
    plan->link.mtu = direction == 2 ? WIDE : mtu + HEADERS;
    plan->back_mtu = direction == 1 ? WIDE : mtu + HEADERS;
}

static void check_narrow(const struct sim_bare_side *side, size_t mtu)
{
    struct strait_dtls_stats stats = sim_bare_stats(side);
    /* Whoever sends more than the path carries finds out. */
    assert_true(side->host.counts.too_big == 0 || stats.mtu_backoffs > 0);
    assert_true(stats.mtu_backoffs <= (mtu < 548 ? 2u : 1u) + 1u);
}

static void on_a_path_of(size_t mtu, strait_time limit)
{
    static const uint16_t configured[] = { 1200, 1500, 4000 };
    uint64_t too_big = 0;
    for (size_t i = 0; i < KINDS * 3 * 3; i++) {
        struct sim_bare bare;
        struct sim_bare_plan plan = kind(i % KINDS, configured[i / KINDS % 3]);
        narrow(&plan, (unsigned)(i / KINDS / 3), mtu);
        sim_bare_init(&bare, &plan);
        if (!sim_bare_connect(&bare, limit)) {
            print_message("# kind %zu: not connected\n", i);
        }
        check_and_talk(&bare, &plan);
        too_big += bare.client.host.counts.too_big + bare.server.host.counts.too_big;
        check_narrow(&bare.client, mtu);
        check_narrow(&bare.server, mtu);
        sim_bare_finish(&bare);
    }
    assert_true(too_big > 3 * KINDS);
}

static void connects_where_600_bytes_get_through(void **state)
{
    (void)state;
    on_a_path_of(600, 4 * STRAIT_S);
}

static void connects_where_300_bytes_get_through(void **state)
{
    (void)state;
    on_a_path_of(300, 12 * STRAIT_S);
}

/* Loss besides. */
static void connects_where_much_is_lost_and_600_bytes_get_through(void **state)
{
    size_t seeds = sim_seeds(30);
    (void)state;
    for (size_t i = 0; i < KINDS * seeds; i++) {
        struct sim_bare bare;
        struct sim_bare_plan plan = kind(i % KINDS, 1200);
        plan.seed = i / KINDS;
        plan.link = sim_bare_link(30);
        plan.link.mtu = 600 + HEADERS;
        sim_bare_init(&bare, &plan);
        assert_true(sim_bare_connect(&bare, 30 * STRAIT_S));
        sim_bare_run(&bare, STRAIT_S);
        sim_bare_check(&bare, &plan);
        sim_bare_finish(&bare);
    }
}

/* --- strait_dtls_set_mtu ---------------------------------------------------------------------- */

static void takes_another_mtu_at_any_time(void **state)
{
    static const uint16_t wrong[] = { 0, 255, 16385 };
    (void)state;
    assert_int_equal(strait_dtls_set_mtu(NULL, 1200), STRAIT_E_INVALID);
    for (size_t i = 0; i < SIM_VERSIONS; i++) {
        struct sim_bare bare;
        struct sim_bare_plan plan = kind(i, 256);
        sim_bare_init(&bare, &plan);
        struct strait_dtls *server = bare.server.dtls, *client = bare.client.dtls;
        for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
            assert_int_equal(strait_dtls_set_mtu(server, wrong[k]), STRAIT_E_INVALID);
        }
        /* Before the server's flight: it goes in fewer datagrams. */
        assert_int_equal(strait_dtls_set_mtu(server, 1400), STRAIT_OK);
        assert_true(sim_bare_connect(&bare, STRAIT_S));
        sim_bare_run(&bare, STRAIT_S);
        assert_true(bare.client.longest <= 256);
        assert_true(bare.server.longest > 576 && bare.server.longest <= 1400);
        assert_true(bare.server.host.counts.sent[SIM_DTLS] <= 3);

        size_t before = strait_dtls_max_data(client);
        assert_true(before < 256);
        assert_int_equal(strait_dtls_set_mtu(client, 16384), STRAIT_OK);
        assert_true(strait_dtls_max_data(client) > 16000);
        assert_int_equal(strait_dtls_set_mtu(client, 256), STRAIT_OK);
        assert_int_equal(strait_dtls_max_data(client), before);
        sim_bare_finish(&bare);
    }
}

/* After a back-off it lets flights begin in full again; here the path has come to carry them. */
static void begins_again_with_the_mtu_that_it_is_told(void **state)
{
    struct sim_bare bare;
    struct sim_bare_plan plan = kind(SIM_DTLS_13_PQ, 1200);
    (void)state;
    plan.link.mtu = 300;
    sim_bare_init(&bare, &plan);
    assert_false(sim_bare_connect(&bare, 1200 * STRAIT_MS));
    assert_int_equal(sim_bare_stats(&bare.client).mtu_backoffs, 1);
    assert_int_equal(strait_dtls_set_mtu(bare.client.dtls, 1200), STRAIT_OK);
    bare.client.host.out.mtu = bare.server.host.out.mtu = 0;
    uint64_t sent = bare.client.host.counts.sent[SIM_DTLS];
    sim_bare_run(&bare, 400 * STRAIT_MS);
    /* A ClientHello in two datagrams, not in three. */
    assert_true(bare.client.host.counts.sent[SIM_DTLS] - sent <= 2 + 1);
    assert_true(sim_bare_connect(&bare, 3 * STRAIT_S));
    check_and_talk(&bare, &plan);
    sim_bare_finish(&bare);
}

/* --- Messages in any pieces ------------------------------------------------------------------- */

static void takes_messages_in_any_pieces(void **state)
{
    size_t seeds = sim_seeds(50);
    uint64_t messages = 0, made = 0;
    (void)state;
    for (size_t i = 0; i < KINDS * seeds; i++) {
        struct sim_bare bare;
        struct sim_bare_plan plan = kind(i % KINDS, 1200);
        struct sim_pieces pieces;
        plan.seed = i / KINDS;
        sim_pieces_init(&pieces, &bare.net, i);
        plan.shape = sim_pieces_shape;
        plan.shape_user = &pieces;
        sim_bare_init(&bare, &plan);
        assert_true(sim_bare_connect(&bare, 2 * STRAIT_S));
        /* In 1.3 the two hellos; in 1.2 all but the Finisheds. */
        assert_true(pieces.messages >= (plan.version == SIM_DTLS_12 ? 8u : 2u));
        messages += pieces.messages;
        made += pieces.pieces;
        check_and_talk(&bare, &plan);
        sim_bare_finish(&bare);
    }
    assert_true(made > 3 * messages);
}

/* --- The round trip --------------------------------------------------------------------------- */

struct watch {
    const struct sim_bare *bare;
    unsigned flights;     /* of the client; all but the first get lost */
    strait_time times[4]; /* ... when */
};

static strait_time lose_second_flight(void *user, const struct sim_flight *flight)
{
    struct watch *w = user;
    if (flight->sender != &w->bare->client.host || w->flights == 4) {
        return 0;
    }
    w->times[w->flights++] = w->bare->net.now - w->bare->begin;
    return w->flights == 1 ? 0 : SIM_DROP;
}

/* Begun with 200 ms, for nobody has measured: the ClientHello's answer has after 50. */
static void measures_the_round_trip(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct sim_bare bare;
        struct sim_bare_plan plan = kind(i, 1200);
        struct watch watch = { .bare = &bare };
        plan.rtt = 100 * STRAIT_MS;
        plan.shape = lose_second_flight;
        plan.shape_user = &watch;
        sim_bare_init(&bare, &plan);
        assert_true(sim_bare_connect(&bare, STRAIT_S));
        assert_int_equal(watch.flights, 4);
        assert_int_equal(watch.times[1], 50 * STRAIT_MS);
        assert_int_equal(watch.times[2], 150 * STRAIT_MS);
        check_and_talk(&bare, &plan);
        sim_bare_finish(&bare);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fits_any_mtu),
        cmocka_unit_test(connects_where_600_bytes_get_through),
        cmocka_unit_test(connects_where_300_bytes_get_through),
        cmocka_unit_test(connects_where_much_is_lost_and_600_bytes_get_through),
        cmocka_unit_test(takes_another_mtu_at_any_time),
        cmocka_unit_test(begins_again_with_the_mtu_that_it_is_told),
        cmocka_unit_test(takes_messages_in_any_pieces),
        cmocka_unit_test(measures_the_round_trip),
    };
    return sim_run(tests, sizeof tests / sizeof *tests);
}
