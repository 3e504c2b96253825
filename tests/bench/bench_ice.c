/*
 * What a thousand ends of connections cost in one process, by the kind of ICE: idle with consent kept fresh, memory,
 * descriptors, and CPU time a packet. Those that are measured share a runtime and an endpoint; their peers have full
 * ICE and a port each, as clients have, in another runtime of the same thread.
 */
#include <poll.h>
#include <stdlib.h>

#include "tests/bench/benches.h"
#include "tests/bench/crowd.h"

enum { OURS = 0, PEERS = 1, SIDES = 2, PATIENCE_S = 60, SETTLE_S = 8 };

struct ours {
    unsigned ends;
    uint64_t received[SIDES], sent[SIDES];
    struct strait_runtime *runtime[SIDES];
    struct ice_end end;
    struct ice_end peer[CROWD_ENDS];
    struct strait_transport *transport[SIDES][CROWD_ENDS];
};

static void on_packets(void *user, struct strait_transport *transport,
                       struct strait_packet *packets, size_t n)
{
    uint64_t *received = user;
    (void)transport;
    (void)packets;
    *received += n;
}

static struct ice_end *end_of(struct ours *ours, int side, unsigned i)
{
    return side == OURS ? &ours->end : &ours->peer[i];
}

/* --- Connecting ------------------------------------------------------------------------------------ */

static void destroy(void *crowd)
{
    struct ours *ours = crowd;
    strait_runtime_destroy(ours->runtime[OURS]);
    strait_runtime_destroy(ours->runtime[PEERS]);
    ice_end_close(&ours->end);
    for (unsigned i = 0; i < ours->ends; i++) {
        ice_end_close(&ours->peer[i]);
    }
    free(ours);
}

static bool open_ours(struct ours *ours, enum ice_kind kind)
{
    ours->end = (struct ice_end){ .kind = kind,
                                  .ice_role = STRAIT_ICE_CONTROLLED,
                                  .dtls_role = STRAIT_DTLS_SERVER,
                                  .packets = on_packets,
                                  .user = &ours->received[OURS] };
    return strait_runtime_create(&ours->runtime[OURS], NULL) == STRAIT_OK &&
           ice_end_open(&ours->end, ours->runtime[OURS]);
}

static bool make_peer(struct ours *ours, unsigned i)
{
    ours->peer[i] = (struct ice_end){ .kind = ICE_FULL,
                                      .ice_role = STRAIT_ICE_CONTROLLING,
                                      .dtls_role = STRAIT_DTLS_CLIENT,
                                      .packets = on_packets,
                                      .user = &ours->received[PEERS] };
    if (!ice_end_open(&ours->peer[i], ours->runtime[PEERS])) {
        return false;
    }
    ours->transport[PEERS][i] = ice_end_create(&ours->peer[i]);
    return ours->transport[PEERS][i] != NULL;
}

static bool make_ours(struct ours *ours)
{
    for (unsigned i = 0; i < ours->ends; i++) {
        ours->transport[OURS][i] = ice_end_create(&ours->end);
        if (ours->transport[OURS][i] == NULL) {
            return false;
        }
    }
    unsigned agents = ours->end.kind == ICE_AGENT ? ours->ends : 0;
    uint64_t begin = bench_wall();
    while (ours->end.gathered < agents && bench_wall() - begin < PATIENCE_S * STRAIT_S) {
        strait_runtime_wait(ours->runtime[OURS], STRAIT_S);
    }
    return ours->end.gathered >= agents;
}

static bool give(struct ours *ours, int to, unsigned i)
{
    return ice_end_give(end_of(ours, !to, i), ours->transport[!to][i], ours->transport[to][i]) ==
           STRAIT_OK;
}

/* One thread, two runtimes: it sleeps until either has work. */
static void work(const struct ours *ours, int timeout_ms, struct crowd_cost *cost, bool weigh)
{
    struct pollfd ready[SIDES];
    for (int i = 0; i < SIDES; i++) {
        ready[i] = (struct pollfd){ .fd = strait_runtime_fd(ours->runtime[i]), .events = POLLIN };
    }
    poll(ready, SIDES, timeout_ms);
    if (ready[PEERS].revents != 0) {
        strait_runtime_dispatch(ours->runtime[PEERS]);
    }
    double memory = weigh ? crowd_memory() : 0;
    uint64_t begin = bench_cpu();
    if (ready[OURS].revents != 0) {
        strait_runtime_dispatch(ours->runtime[OURS]);
    }
    cost->cpu += bench_cpu() - begin;
    cost->memory += weigh ? crowd_memory() - memory : 0;
}

static bool writable(const struct ours *ours, unsigned i)
{
    return strait_transport_writable(ours->transport[OURS][i]) &&
           strait_transport_writable(ours->transport[PEERS][i]);
}

static bool connect_one(struct ours *ours, unsigned i, struct crowd_cost *cost)
{
    uint64_t begin = bench_wall();
    double memory = crowd_memory();
    bool good = give(ours, OURS, i);
    strait_runtime_dispatch(ours->runtime[OURS]);
    cost->memory += crowd_memory() - memory;
    good = good && give(ours, PEERS, i);
    strait_runtime_dispatch(ours->runtime[PEERS]);
    while (good && !writable(ours, i)) {
        work(ours, 10, cost, true);
        good = bench_wall() - begin < PATIENCE_S * STRAIT_S;
    }
    return good;
}

static bool connect_all(struct ours *ours, enum ice_kind kind, struct crowd_cost *cost)
{
    if (strait_runtime_create(&ours->runtime[PEERS], NULL) != STRAIT_OK) {
        return false;
    }
    cost->descriptors = -crowd_descriptors();
    cost->memory = -crowd_memory();
    bool good = open_ours(ours, kind) && make_ours(ours);
    cost->descriptors += crowd_descriptors();
    cost->memory += crowd_memory();
    for (unsigned i = 0; i < ours->ends && good; i++) {
        good = make_peer(ours, i) && connect_one(ours, i, cost);
    }
    /* What only connecting needs is given back. */
    uint64_t settle = (ours->ends == CROWD_ENDS ? SETTLE_S : 0) * STRAIT_S, begin = bench_wall();
    while (good && bench_wall() - begin < settle) {
        work(ours, 100, cost, true);
    }
    return good;
}

static void *make(enum ice_kind kind, unsigned ends, struct crowd_cost *cost)
{
    struct ours *ours = bench_alloc(sizeof *ours);
    ours->ends = ends;
    if (!connect_all(ours, kind, cost)) {
        bench_fail("strait does not connect all ends");
        destroy(ours);
        return NULL;
    }
    return ours;
}

/* --- Working --------------------------------------------------------------------------------------- */

static bool idle(void *crowd, uint64_t ns, struct crowd_cost *cost)
{
    struct ours *ours = crowd;
    uint64_t begin = bench_wall();
    bool good = true;
    while (bench_wall() - begin < ns) {
        work(ours, 10, cost, false);
    }
    for (unsigned i = 0; i < ours->ends; i++) {
        good &= writable(ours, i);
    }
    return good;
}

static bool send_from(struct ours *ours, int side, unsigned from, unsigned to)
{
    uint8_t rtp[CROWD_PACKET] = { 0x80, 111 };
    struct strait_packet packet = { .data = rtp, .len = sizeof rtp };
    bool good = true;
    rtp[2] = (uint8_t)(ours->sent[side] / ours->ends >> 8);
    rtp[3] = (uint8_t)(ours->sent[side] / ours->ends);
    for (unsigned i = from; i < to; i++) {
        good &= strait_transport_send(ours->transport[side][i], &packet, 1) == 1;
    }
    ours->sent[side] += to - from;
    strait_runtime_dispatch(ours->runtime[side]);
    return good;
}

static bool receive_all(struct ours *ours, int side)
{
    for (unsigned i = 0; ours->received[side] < ours->sent[!side] && i < 1000; i++) {
        strait_runtime_dispatch(ours->runtime[side]);
    }
    return ours->received[side] == ours->sent[!side];
}

static bool move(void *crowd, unsigned from, unsigned to, bool receive, struct crowd_cost *cost)
{
    struct ours *ours = crowd;
    int sender = receive ? PEERS : OURS;
    uint64_t begin = bench_cpu();
    bool good = send_from(ours, sender, from, to);
    uint64_t middle = bench_cpu();
    good = receive_all(ours, !sender) && good;
    cost->cpu += receive ? bench_cpu() - middle : middle - begin;
    return good;
}

static const struct crowd_ops our_ops = {
    .make = make, .destroy = destroy, .idle = idle, .move = move
};

static struct crowd our_crowd = { .ops = &our_ops };

static void *open_crowd(const void *spec, bool quick)
{
    return crowd_open(&our_crowd, spec, quick);
}

static double run_ours(void *state)
{
    return crowd_run(state);
}

static void close_ours(void *state)
{
    crowd_close(state);
}

static const struct bench_side our_crowds = { .open = open_crowd,
                                              .run = run_ours,
                                              .close = close_ours };

/* --- Cases ------------------------------------------------------------------------------------------ */

#define CASE(title, of, measure, is_last, unit_of, times, than)                                   \
    {                                                                                             \
        .name = (title), .unit = (unit_of), .ours = &our_crowds, .peer = (than), .runs = (times), \
        .spec = &(const struct crowd_spec){ .kind = ICE_##of,                                     \
                                            .what = CROWD_##measure,                              \
                                            .last = (is_last) },                                  \
    }
#define CASES(title, of, than)                                                   \
    CASE(title ", idle", of, IDLE, false, "% cpu", 1, than),                     \
        CASE(title ", memory", of, MEMORY, false, "KB/end", 1, than),            \
        CASE(title ", descriptors", of, DESCRIPTORS, false, "fds/end", 1, than), \
        CASE(title ", send", of, SEND, false, "us", 7, than),                    \
        CASE(title ", receive", of, RECEIVE, false, "us", 7, than),              \
        CASE(title ", receive a single one", of, RECEIVE_ONE, true, "us", 3, than)

static const struct bench_case cases[] = {
    CASES("lite on a shared port", LITE, NULL),
    CASES("full on a shared port", FULL, NULL),
#ifdef HAVE_NICE
    CASES("agents", AGENT, &bare_nice),
#endif
};

const struct bench bench_ice = {
    .name = "ice",
    .about =
        "1000 ends of one process: idle with consent, memory, descriptors, CPU a packet of 172 B; "
        "the peer has no DTLS and no SRTP",
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};
