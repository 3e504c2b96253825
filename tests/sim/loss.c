#include "tests/sim/loss.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <strait/error.h>

#include "tests/sim/check.h"

static const unsigned losses[] = { 10, 30, 50 };
static const uint16_t mtus[] = { 1200, 576 };

struct sim_cell sim_cell(size_t number)
{
    return (struct sim_cell){ .cookies = number / (SIM_CELLS / 2) == 1,
                              .version = (enum sim_version)(number / 6 % SIM_VERSIONS),
                              .mtu = mtus[number / 3 % 2],
                              .loss = losses[number % 3] };
}

unsigned sim_cell_bound(const struct sim_cell *cell)
{
    unsigned without = cell->loss <= 10 ? 1000 : cell->loss <= 30 ? 3500 : 10000;
    unsigned with = cell->loss <= 10 ? 2000 : cell->loss <= 30 ? 4500 : 13000;
    return cell->cookies ? with : without;
}

static int by_value(const void *a, const void *b)
{
    const unsigned *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static struct sim_times times_of(unsigned *ms, size_t n)
{
    qsort(ms, n, sizeof *ms, by_value);
    return (struct sim_times){ ms[n / 2], ms[n * 9 / 10], ms[n * 99 / 100], ms[n - 1] };
}

static void run(const struct sim_cell *cell, uint64_t seed, unsigned *client, unsigned *server,
                uint64_t *datagrams)
{
    struct sim_bare bare;
    struct sim_bare_plan plan = { .seed = seed,
                                  .version = cell->version,
                                  .mtu = cell->mtu,
                                  .cookies = cell->cookies,
                                  .link = sim_bare_link(cell->loss),
                                  .rtt = 50 * STRAIT_MS };
    sim_bare_init(&bare, &plan);
    bool connected = sim_bare_connect(&bare, 60 * STRAIT_S);
    if (!connected) {
        print_message(
            "# seed %u: client %d %s, server %d %s\n", (unsigned)seed,
            strait_dtls_state(bare.client.dtls), strait_dtls_error_detail(bare.client.dtls),
            strait_dtls_state(bare.server.dtls), strait_dtls_error_detail(bare.server.dtls));
    }
    sim_check(connected);
    *client = (unsigned)((bare.client.connected_at - bare.begin) / STRAIT_MS);
    *server = (unsigned)((bare.server.connected_at - bare.begin) / STRAIT_MS);
    /* Whatever is still on its way. */
    sim_bare_run(&bare, STRAIT_S);
    sim_bare_check(&bare, &plan);
    *datagrams += bare.client.host.counts.sent[SIM_DTLS] + bare.server.host.counts.sent[SIM_DTLS];
    sim_bare_finish(&bare);
}

struct sim_result sim_cell_run(const struct sim_cell *cell, size_t seeds)
{
    unsigned *client = calloc(seeds, sizeof *client);
    unsigned *server = calloc(seeds, sizeof *server);
    uint64_t datagrams = 0;
    if (client == NULL || server == NULL) {
        abort();
    }
    for (size_t i = 0; i < seeds; i++) {
        run(cell, i, &client[i], &server[i], &datagrams);
    }
    struct sim_result result = { .of = { times_of(client, seeds), times_of(server, seeds) },
                                 .datagrams = (double)datagrams / (double)seeds };
    free(client);
    free(server);
    return result;
}

/* --- Damage ----------------------------------------------------------------------------------- */

static void named(const struct sim_bare_side *side)
{
    /* The listener made nothing of what came. */
    if (side->dtls == NULL) {
        return;
    }
    enum strait_dtls_state state = strait_dtls_state(side->dtls);
    if (state == STRAIT_DTLS_CONNECTED) {
        sim_check(side->connected == 1);
        return;
    }
    sim_check(state == STRAIT_DTLS_FAILED || state == STRAIT_DTLS_CLOSED);
    sim_check(side->ended == 1);
    sim_check(strait_dtls_error(side->dtls) < 0);
    sim_check(strlen(strait_dtls_error_detail(side->dtls)) > 0);
}

size_t sim_damage_run(enum sim_version version, bool cookies, unsigned percent, size_t seeds)
{
    size_t complete = 0;
    for (size_t i = 0; i < seeds; i++) {
        struct sim_bare bare;
        struct sim_bare_plan plan = { .seed = i,
                                      .version = version,
                                      .cookies = cookies,
                                      .mtu = mtus[i % 2],
                                      .link = sim_bare_link(10),
                                      .rtt = 50 * STRAIT_MS };
        plan.link.damage = percent;
        sim_bare_init(&bare, &plan);
        bool connected = sim_bare_connect(&bare, 31 * STRAIT_S);
        if (!connected) {
            /* The alert may have been lost: then the other one's time ends, 30 s after its start. */
            sim_net_run(&bare.net, bare.net.now + 31 * STRAIT_S, NULL, NULL);
        }
        named(&bare.client);
        named(&bare.server);
        sim_check(!connected || sim_bare_same_keys(&bare));
        complete += connected;
        sim_bare_finish(&bare);
    }
    return complete;
}
