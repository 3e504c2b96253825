/* Each datagram of a bare handshake lost, doubled or late in turn, and each pair of them lost. */
#include <string.h>

#include "tests/sim/bare.h"
#include "tests/sim/suite.h"

static const uint16_t mtus[] = { 256, 576, 1200, 1500 };
enum { MTUS = sizeof mtus / sizeof *mtus, KINDS = SIM_VERSIONS * MTUS * 2 * 2 };

/* Long after everything has ended. */
static const strait_time late = 5 * STRAIT_S;

enum harm { LOST, DOUBLED, LATE };

struct victim {
    struct sim_bare *bare;
    enum harm harm;
    unsigned first, second; /* numbers of datagrams, from 1; 0: none */
    unsigned sent;
};

static strait_time hurt(void *user, const struct sim_flight *flight)
{
    struct victim *v = user;
    v->sent++;
    if (v->sent != v->first && v->sent != v->second) {
        return 0;
    }
    if (v->harm == DOUBLED) {
        sim_net_inject(&v->bare->net, flight->from, flight->to, flight->data, flight->len,
                       40 * STRAIT_MS);
        return 0;
    }
    return v->harm == LATE ? late : SIM_DROP;
}

static void ask_for_no_certificate(struct strait_dtls_config *config, enum sim_side side)
{
    if (side == SIM_SERVER) {
        config->client_certificate = STRAIT_DTLS_CLIENT_CERTIFICATE_NONE;
    }
}

/* Versions, MTUs, without and with cookies, with and without the client's certificate. */
static struct sim_bare_plan kind(size_t i)
{
    return (struct sim_bare_plan){ .seed = i,
                                   .version = (enum sim_version)(i % SIM_VERSIONS),
                                   .mtu = mtus[i / SIM_VERSIONS % MTUS],
                                   .cookies = i / SIM_VERSIONS / MTUS % 2 == 1,
                                   .adjust = i >= KINDS / 2 ? ask_for_no_certificate : NULL,
                                   .link = { .delay = 25 * STRAIT_MS },
                                   .rtt = 50 * STRAIT_MS };
}

static strait_time last_of(const struct sim_bare *bare)
{
    return bare->client.connected_at > bare->server.connected_at ? bare->client.connected_at
                                                                 : bare->server.connected_at;
}

/* Connected at both ends after `limit`, and still when all has come; then data go both ways. The number of
 * datagrams that the handshake took. */
static unsigned run(size_t i, struct victim victim, strait_time limit, strait_time *took)
{
    struct sim_bare bare;
    struct sim_bare_plan plan = kind(i);
    victim.bare = &bare;
    plan.shape = hurt;
    plan.shape_user = &victim;
    sim_bare_init(&bare, &plan);
    if (!sim_bare_connect(&bare, limit)) {
        print_message("# kind %zu, %d of %u and %u: not connected\n", i, (int)victim.harm,
                      victim.first, victim.second);
    }
    sim_bare_run(&bare, STRAIT_S);
    unsigned sent = victim.sent;
    sim_bare_run(&bare, late);
    sim_bare_check(&bare, &plan);
    *took = last_of(&bare) - bare.begin;
    victim.first = victim.second = 0; /* where the handshake took fewer */
    sim_bare_say(&bare.client);
    sim_bare_say(&bare.server);
    sim_bare_run(&bare, STRAIT_S);
    assert_int_equal(bare.client.got, 1);
    assert_int_equal(bare.server.got, 1);
    sim_bare_check(&bare, &plan);
    assert_int_equal(strait_dtls_deadline(bare.client.dtls), STRAIT_TIME_NEVER);
    assert_int_equal(strait_dtls_deadline(bare.server.dtls), STRAIT_TIME_NEVER);
    sim_bare_finish(&bare);
    return sent;
}

static void each(enum harm harm, strait_time limit)
{
    strait_time worst = 0;
    for (size_t i = 0; i < KINDS; i++) {
        strait_time took;
        unsigned sent = run(i, (struct victim){ .harm = harm }, STRAIT_S, &took);
        assert_true(sent >= 4);
        for (unsigned n = 1; n <= sent; n++) {
            run(i, (struct victim){ .harm = harm, .first = n }, limit, &took);
            worst = took > worst ? took : worst;
        }
    }
    print_message("# the slowest took %u ms\n", (unsigned)(worst / STRAIT_MS));
}

static void loses_each_datagram(void **state)
{
    (void)state;
    each(LOST, 400 * STRAIT_MS);
}

/* Without a loss there is nothing to wait for. */
static void doubles_each_datagram(void **state)
{
    (void)state;
    each(DOUBLED, 200 * STRAIT_MS);
}

static void gets_each_datagram_after_the_end(void **state)
{
    (void)state;
    each(LATE, 400 * STRAIT_MS);
}

static void loses_each_pair(void **state)
{
    strait_time worst = 0;
    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        strait_time took;
        unsigned sent = run(i, (struct victim){ .harm = LOST }, STRAIT_S, &took);
        for (unsigned a = 1; a <= sent; a++) {
            for (unsigned b = a + 1; b <= sent + 2; b++) {
                run(i, (struct victim){ .harm = LOST, .first = a, .second = b }, STRAIT_S, &took);
                worst = took > worst ? took : worst;
            }
        }
    }
    print_message("# the slowest took %u ms\n", (unsigned)(worst / STRAIT_MS));
}

/* --- The same again and again ----------------------------------------------------------------- */

struct echo {
    struct sim_bare *bare;
    uint8_t first[2][2048]; /* datagram of each side */
    size_t len[2];
    strait_time until; /* nothing arrives that is sent later: who has sent last waits */
};

static strait_time keep_first(void *user, const struct sim_flight *flight)
{
    struct echo *e = user;
    enum sim_side side = flight->sender == &e->bare->client.host ? SIM_CLIENT : SIM_SERVER;
    if (e->len[side] == 0) {
        memcpy(e->first[side], flight->data, flight->len);
        e->len[side] = flight->len;
    }
    return e->bare->net.now > e->until ? SIM_DROP : 0;
}

static void flood(struct sim_bare *bare, const struct echo *echo, struct sim_bare_side *victim)
{
    enum sim_side from = victim == &bare->client ? SIM_SERVER : SIM_CLIENT;
    for (size_t i = 0; i < 1000; i++) {
        sim_net_inject(&bare->net, &victim->other->host.outer[0], &victim->host.outer[0],
                       echo->first[from], echo->len[from], 0);
        sim_bare_run(bare, STRAIT_MS);
    }
}

/* The peer's own words, which anybody can say again: a flight is sent again for them once a round trip, however
 * often they come. */
static void answers_repeats_once_a_round_trip(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * SIM_VERSIONS; i++) {
        struct sim_bare bare;
        struct echo echo = { .bare = &bare, .until = STRAIT_TIME_NEVER };
        struct sim_bare_plan plan = kind(2 * SIM_VERSIONS + i % SIM_VERSIONS);
        struct sim_bare_side *victim = i < SIM_VERSIONS ? &bare.server : &bare.client;
        plan.shape = keep_first;
        plan.shape_user = &echo;
        sim_bare_init(&bare, &plan);
        echo.until = bare.begin + (victim == &bare.server ? 40 : 60) * STRAIT_MS;
        sim_bare_run(&bare, 80 * STRAIT_MS);
        uint64_t before = sim_bare_stats(victim).bytes_sent;
        flood(&bare, &echo, victim);
        uint64_t sent = sim_bare_stats(victim).bytes_sent - before;
        print_message("# %s, %s: %u bytes, then %u\n", sim_version_names[plan.version],
                      victim == &bare.server ? "server" : "client", (unsigned)before,
                      (unsigned)sent);
        /* 20 round trips and our own timer; records in small datagrams have more headers. */
        assert_true(sent > before / 2 && sent <= (20 + 4) * before * 6 / 5);
        sim_bare_finish(&bare);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loses_each_datagram),
        cmocka_unit_test(doubles_each_datagram),
        cmocka_unit_test(gets_each_datagram_after_the_end),
        cmocka_unit_test(loses_each_pair),
        cmocka_unit_test(answers_repeats_once_a_round_trip),
    };
    return sim_run(tests, sizeof tests / sizeof *tests);
}
