/*
 * From the remote's parameters to connected on both sides, in ms of wall time: two endpoints of one
 * runtime with real sockets on loopback. The median hides what a lost or early message costs, a timer of
 * 50 ms or 1 s in some of the runs: so the rows show the distribution.
 */
#include <stdlib.h>

#include "tests/bench/benches.h"
#include "tests/bench/handshake.h"
#include "tests/bench/ice_end.h"

enum { ENDS = 2, RUNS = 200 };

struct connect_spec {
    enum ice_kind ice[ENDS]; /* the second one controls */
    enum strait_dtls_role role[ENDS];
    /* One end, in turns, gets the other's parameters up to so many ms later; the time counts from then. */
    unsigned late;
};

struct ours {
    struct connect_spec spec;
    struct strait_runtime *runtime;
    struct ice_end end[ENDS];
    struct strait_transport *transport[ENDS];
    unsigned run;
};

/* --- Once ---------------------------------------------------------------------------------------- */

static void close_ours(void *state)
{
    struct ours *ours = state;
    strait_runtime_destroy(ours->runtime);
    for (int i = 0; i < ENDS; i++) {
        ice_end_close(&ours->end[i]);
    }
    free(ours);
}

static void *open_ours(const void *spec, bool quick)
{
    struct ours *ours = bench_alloc(sizeof *ours);
    (void)quick; /* one connection a run is the least */
    ours->spec = *(const struct connect_spec *)spec;
    bool good = strait_runtime_create(&ours->runtime, NULL) == STRAIT_OK;
    for (int i = 0; i < ENDS && good; i++) {
        ours->end[i] = (struct ice_end){ .kind = ours->spec.ice[i],
                                         .ice_role = i == 0 ? STRAIT_ICE_CONTROLLED
                                                            : STRAIT_ICE_CONTROLLING,
                                         .dtls_role = ours->spec.role[i] };
        good = ice_end_open(&ours->end[i], ours->runtime);
    }
    if (!good) {
        close_ours(ours);
        return NULL;
    }
    return ours;
}

/* --- Each time ------------------------------------------------------------------------------------ */

static int give_parameters(struct ours *ours, int to)
{
    return ice_end_give(&ours->end[!to], ours->transport[!to], ours->transport[to]);
}

static void run_for(struct ours *ours, strait_time duration)
{
    strait_time now, end = strait_runtime_now(ours->runtime) + duration;
    while ((now = strait_runtime_now(ours->runtime)) < end) {
        strait_runtime_wait(ours->runtime, end - now);
    }
}

static bool connected(const struct ours *ours)
{
    return strait_transport_dtls_state(ours->transport[0]) == STRAIT_DTLS_CONNECTED &&
           strait_transport_dtls_state(ours->transport[1]) == STRAIT_DTLS_CONNECTED;
}

/* Without a remainder that the next run would meet. */
static void disconnect(struct ours *ours)
{
    for (int i = 0; i < ENDS; i++) {
        if (ours->transport[i] != NULL) {
            strait_transport_close(ours->transport[i], strait_runtime_now(ours->runtime));
        }
    }
    run_for(ours, 2 * STRAIT_MS);
    for (int i = 0; i < ENDS; i++) {
        strait_transport_destroy(ours->transport[i]);
        ours->transport[i] = NULL;
    }
}

/* Agents have gathered: what it takes to learn of its own addresses is another matter. */
static bool create(struct ours *ours)
{
    unsigned agents = 0;
    for (int i = 0; i < ENDS; i++) {
        ours->end[i].gathered = 0;
        ours->transport[i] = ice_end_create(&ours->end[i]);
        if (ours->transport[i] == NULL) {
            return false;
        }
        agents += ours->spec.ice[i] == ICE_AGENT;
    }
    uint64_t start = bench_wall();
    while (ours->end[0].gathered + ours->end[1].gathered < agents) {
        strait_runtime_wait(ours->runtime, STRAIT_S);
        if (bench_wall() - start > 10 * STRAIT_S) {
            return false;
        }
    }
    return true;
}

static double run_ours(void *state)
{
    struct ours *ours = state;
    unsigned run = ours->run++;
    int last = run % 2 == 0;
    unsigned late = 7 * (run / 2) % (ours->spec.late + 1);
    if (!create(ours)) {
        disconnect(ours);
        return bench_fail("strait has no two transports that could connect");
    }
    uint64_t start = bench_wall();
    bool good = give_parameters(ours, !last) == STRAIT_OK;
    if (late > 0) {
        run_for(ours, late * STRAIT_MS);
        start = bench_wall();
    }
    good = good && give_parameters(ours, last) == STRAIT_OK;
    while (good && !connected(ours)) {
        strait_runtime_wait(ours->runtime, STRAIT_S);
        good = bench_wall() - start < 10 * STRAIT_S;
    }
    uint64_t took = bench_wall() - start;
    disconnect(ours);
    return good ? (double)took / STRAIT_MS : bench_fail("strait: not connected within 10 s");
}

static const struct bench_side our_connect = { .open = open_ours,
                                               .run = run_ours,
                                               .close = close_ours };

/* --- The floor: what both ends must compute --------------------------------------------------------- */

static void *open_floor(const void *spec, bool quick)
{
    static const struct handshake_spec usual = { STRAIT_DTLS_1_3, STRAIT_GROUP_X25519MLKEM768 };
    (void)spec;
    (void)quick;
    return bare_handshake.open(&usual, true);
}

static double run_floor(void *state)
{
    double rate = bare_handshake.run(state);
    return rate > 0 ? 1000 / rate : rate;
}

static void close_floor(void *state)
{
    bare_handshake.close(state);
}

static const struct bench_side floor_connect = { .open = open_floor,
                                                 .run = run_floor,
                                                 .close = close_floor };

/* --- Cases --------------------------------------------------------------------------------------- */

#define PASSIVE_ACTIVE                         \
    {                                          \
        STRAIT_DTLS_SERVER, STRAIT_DTLS_CLIENT \
    }
#define ACTIVE_PASSIVE                         \
    {                                          \
        STRAIT_DTLS_CLIENT, STRAIT_DTLS_SERVER \
    }

static const struct connect_spec lite_passive = { .ice = { ICE_LITE, ICE_FULL },
                                                  .role = PASSIVE_ACTIVE };
static const struct connect_spec lite_active = { .ice = { ICE_LITE, ICE_FULL },
                                                 .role = ACTIVE_PASSIVE };
static const struct connect_spec full = { .ice = { ICE_FULL, ICE_FULL }, .role = PASSIVE_ACTIVE };
static const struct connect_spec late = { .ice = { ICE_FULL, ICE_FULL },
                                          .role = PASSIVE_ACTIVE,
                                          .late = 60 };
#ifdef HAVE_NICE
static const struct connect_spec lite_agent = { .ice = { ICE_LITE, ICE_AGENT },
                                                .role = PASSIVE_ACTIVE };
static const struct connect_spec agent_full = { .ice = { ICE_AGENT, ICE_FULL },
                                                .role = PASSIVE_ACTIVE };
static const struct connect_spec full_agent = { .ice = { ICE_FULL, ICE_AGENT },
                                                .role = PASSIVE_ACTIVE };
static const struct connect_spec agents = { .ice = { ICE_AGENT, ICE_AGENT },
                                            .role = PASSIVE_ACTIVE };
static const struct connect_spec agents_late = { .ice = { ICE_AGENT, ICE_AGENT },
                                                 .role = PASSIVE_ACTIVE,
                                                 .late = 60 };
#endif

/* From 40: something waited for a timer; the shortest ones of ICE and of DTLS are 50 ms. From 900: for
 * the first interval of a handshake whose round trip nobody has measured. */
#define CASE(title, what)                                                             \
    {                                                                                 \
        .name = (title), .unit = "ms", .ours = &our_connect, .floor = &floor_connect, \
        .spec = &(what), .runs = RUNS, .spread = true, .limits = { 40, 900 },         \
    }

static const struct bench_case cases[] = {
    CASE("lite passive, full active", lite_passive),
    CASE("lite active, full passive", lite_active),
    CASE("full, full", full),
    CASE("full, full up to 60 ms late", late),
#ifdef HAVE_NICE
    CASE("lite, agent", lite_agent),
    CASE("agent, full", agent_full),
    CASE("full, agent", full_agent),
    CASE("agent, agent", agents),
    CASE("agent, agent up to 60 ms late", agents_late),
#endif
};

const struct bench bench_connect = {
    .name = "connect",
    .about =
        "wall time from parameters to connected over loopback; the floor is the handshake's CPU",
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};
