/*
 * From the remote's parameters to connected on both sides, in ms of wall time: two endpoints of one
 * runtime with real sockets on loopback. The median hides what a lost or early message costs, a timer of
 * 50 ms or 1 s in some of the runs: so the rows show the distribution.
 */
#include <netinet/in.h>
#include <stdlib.h>

#include <strait/strait.h>

#include "tests/bench/benches.h"
#include "tests/bench/handshake.h"

enum { ENDS = 2, RUNS = 200 };

struct connect_spec {
    enum strait_ice_kind ice[ENDS];
    enum strait_dtls_role role[ENDS];
    /* One end, in turns, gets the other's parameters up to so many ms later; the time counts from then. */
    unsigned late;
};

struct end {
    struct strait_certificate *certificate;
    struct strait_endpoint *endpoint;
    struct strait_transport *transport;
};

struct ours {
    struct connect_spec spec;
    struct strait_runtime *runtime;
    struct end end[ENDS];
    unsigned run;
};

/* --- Once ---------------------------------------------------------------------------------------- */

static void close_ours(void *state)
{
    struct ours *ours = state;
    strait_runtime_destroy(ours->runtime);
    for (int i = 0; i < ENDS; i++) {
        strait_endpoint_destroy(ours->end[i].endpoint);
        strait_certificate_unref(ours->end[i].certificate);
    }
    free(ours);
}

static int open_end(struct ours *ours, struct end *end)
{
    const struct sockaddr_in loopback = { .sin_family = AF_INET,
                                          .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int error = strait_certificate_create(&end->certificate, NULL);
    if (error == STRAIT_OK) {
        error = strait_endpoint_create(&end->endpoint, NULL, strait_runtime_now(ours->runtime));
    }
    if (error == STRAIT_OK) {
        error = strait_runtime_add(ours->runtime, end->endpoint);
    }
    return error != STRAIT_OK ? error
                              : strait_runtime_bind(ours->runtime, end->endpoint,
                                                    (const struct sockaddr *)&loopback,
                                                    sizeof loopback, NULL, NULL);
}

static void *open_ours(const void *spec, bool quick)
{
    struct ours *ours = bench_alloc(sizeof *ours);
    (void)quick; /* one connection a run is the least */
    ours->spec = *(const struct connect_spec *)spec;
    int error = strait_runtime_create(&ours->runtime, NULL);
    for (int i = 0; i < ENDS && error == STRAIT_OK; i++) {
        error = open_end(ours, &ours->end[i]);
    }
    if (error != STRAIT_OK) {
        bench_fail("strait has no two sockets on loopback: %s", strait_strerror(error));
        close_ours(ours);
        return NULL;
    }
    return ours;
}

/* --- Each time ------------------------------------------------------------------------------------ */

static int create(struct ours *ours, int i)
{
    struct end *end = &ours->end[i];
    const struct strait_transport_config config = {
        .size = sizeof config,
        .events = { .size = sizeof config.events },
        .ice = ours->spec.ice[i],
        .ice_role = i == 0 ? STRAIT_ICE_CONTROLLED : STRAIT_ICE_CONTROLLING,
        .dtls_role = ours->spec.role[i],
        .certificate = end->certificate,
    };
    return strait_transport_create(&end->transport, end->endpoint, &config,
                                   strait_runtime_now(ours->runtime));
}

/* What signalling would bring. */
static int give_parameters(struct ours *ours, int to)
{
    const struct end *from = &ours->end[!to];
    struct strait_transport *transport = ours->end[to].transport;
    struct strait_dtls_parameters dtls = { .role = ours->spec.role[!to], .n_fingerprints = 1 };
    struct strait_candidate candidate;
    strait_certificate_fingerprint(from->certificate, STRAIT_HASH_SHA256, &dtls.fingerprints[0]);
    strait_endpoint_local_candidates(from->endpoint, &candidate, 1);
    int error = strait_transport_set_remote_ice(transport,
                                                strait_transport_local_ice(from->transport));
    if (error == STRAIT_OK) {
        error = strait_transport_add_remote_candidate(transport, &candidate);
    }
    return error == STRAIT_OK ? strait_transport_set_remote_dtls(transport, &dtls) : error;
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
    return strait_transport_dtls_state(ours->end[0].transport) == STRAIT_DTLS_CONNECTED &&
           strait_transport_dtls_state(ours->end[1].transport) == STRAIT_DTLS_CONNECTED;
}

/* Without a remainder that the next run would meet. */
static void disconnect(struct ours *ours)
{
    for (int i = 0; i < ENDS; i++) {
        if (ours->end[i].transport != NULL) {
            strait_transport_close(ours->end[i].transport, strait_runtime_now(ours->runtime));
        }
    }
    run_for(ours, 2 * STRAIT_MS);
    for (int i = 0; i < ENDS; i++) {
        strait_transport_destroy(ours->end[i].transport);
        ours->end[i].transport = NULL;
    }
}

static double run_ours(void *state)
{
    struct ours *ours = state;
    unsigned run = ours->run++;
    int last = run % 2 == 0;
    unsigned late = 7 * (run / 2) % (ours->spec.late + 1);
    if (create(ours, 0) != STRAIT_OK || create(ours, 1) != STRAIT_OK) {
        disconnect(ours);
        return bench_fail("strait makes no transport");
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
    return bare_handshake.run(state) / 1000;
}

static void close_floor(void *state)
{
    bare_handshake.close(state);
}

static const struct bench_side floor_connect = { .open = open_floor,
                                                 .run = run_floor,
                                                 .close = close_floor };

/* --- Cases --------------------------------------------------------------------------------------- */

#define LITE_FULL                        \
    {                                    \
        STRAIT_ICE_LITE, STRAIT_ICE_FULL \
    }
#define FULL_FULL                        \
    {                                    \
        STRAIT_ICE_FULL, STRAIT_ICE_FULL \
    }
#define PASSIVE_ACTIVE                         \
    {                                          \
        STRAIT_DTLS_SERVER, STRAIT_DTLS_CLIENT \
    }
#define ACTIVE_PASSIVE                         \
    {                                          \
        STRAIT_DTLS_CLIENT, STRAIT_DTLS_SERVER \
    }

static const struct connect_spec lite_passive = { .ice = LITE_FULL, .role = PASSIVE_ACTIVE };
static const struct connect_spec lite_active = { .ice = LITE_FULL, .role = ACTIVE_PASSIVE };
static const struct connect_spec full = { .ice = FULL_FULL, .role = PASSIVE_ACTIVE };
static const struct connect_spec late = { .ice = FULL_FULL, .role = PASSIVE_ACTIVE, .late = 60 };

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
};

const struct bench bench_connect = {
    .name = "connect",
    .about =
        "wall time from parameters to connected over loopback; the floor is the handshake's CPU",
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};
