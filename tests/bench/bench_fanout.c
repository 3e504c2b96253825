/*
 * One packet to many receivers: ns of CPU time for each that is protected and lies in the outbox, and is
 * taken from it as the runtime would, but for the socket. One loop over receivers, within it their packets.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <strait/strait.h>

#include "tests/bench/benches.h"
#include "tests/bench/fanout.h"

enum { SENDS = 64, SERVER = 0, CLIENTS = 1, SIDES = 2 };

struct ours {
    struct fanout fanout;
    strait_time now;
    struct strait_certificate *certificate;
    struct strait_endpoint *endpoint[SIDES];
    struct strait_transport *transport[SIDES][FANOUT_RECEIVERS];
};

/* --- Connecting ------------------------------------------------------------------------------------ */

static void set_address(struct sockaddr_storage *to, uint32_t address)
{
    const struct sockaddr_in in = { .sin_family = AF_INET,
                                    .sin_port = htons(5000),
                                    .sin_addr.s_addr = htonl(address) };
    memcpy(to, &in, sizeof in);
}

/* 192.0.2.1 to 198.51.100.x, which nobody has (RFC 5737). */
static struct strait_path path_of(int side, unsigned number)
{
    struct strait_path path = { .socket = 1 };
    set_address(side == SERVER ? &path.local : &path.remote, 0xc0000201);
    set_address(side == SERVER ? &path.remote : &path.local, 0xc6336400 + number);
    return path;
}

static int open_transport(struct ours *ours, int side, unsigned number)
{
    const struct strait_transport_config config = {
        .size = sizeof config,
        .events = { .size = sizeof config.events },
        .ice = STRAIT_ICE_EXTERNAL,
        .certificate = ours->certificate,
        .dtls_role = side == SERVER ? STRAIT_DTLS_SERVER : STRAIT_DTLS_CLIENT,
        .profiles = { STRAIT_SRTP_AEAD_AES_128_GCM },
        .n_profiles = 1,
    };
    struct strait_dtls_parameters remote = { .role = side == SERVER ? STRAIT_DTLS_CLIENT
                                                                    : STRAIT_DTLS_SERVER,
                                             .n_fingerprints = 1 };
    struct strait_path path = path_of(side, number);
    struct strait_transport **transport = &ours->transport[side][number];
    strait_certificate_fingerprint(ours->certificate, STRAIT_HASH_SHA256, &remote.fingerprints[0]);
    int error = strait_transport_create(transport, ours->endpoint[side], &config, ours->now);
    if (error == STRAIT_OK) {
        error = strait_transport_set_remote_dtls(*transport, &remote);
    }
    return error == STRAIT_OK ? strait_transport_set_path(*transport, &path, STRAIT_MS) : error;
}

/* From one endpoint's outbox to the other endpoint. */
static size_t carry(struct ours *ours, int from)
{
    struct strait_send sends[SENDS];
    size_t n = strait_endpoint_pending(ours->endpoint[from], sends, SENDS);
    for (size_t i = 0; i < n; i++) {
        size_t step = sends[i].segment_size > 0 ? sends[i].segment_size : sends[i].len;
        for (size_t at = 0; at < sends[i].len; at += step) {
            uint8_t bytes[RING_ROOM];
            size_t len = sends[i].len - at < step ? sends[i].len - at : step;
            memcpy(bytes, sends[i].data + at, len);
            struct strait_datagram datagram = { .data = bytes,
                                                .len = len,
                                                .room = sizeof bytes,
                                                .local = sends[i].path->remote,
                                                .remote = sends[i].path->local,
                                                .socket = 1 };
            strait_endpoint_receive(ours->endpoint[!from], ours->now, &datagram, 1);
        }
    }
    strait_endpoint_sent(ours->endpoint[from], n);
    return n;
}

static bool connect_all(struct ours *ours)
{
    for (unsigned i = 0; i < FANOUT_RECEIVERS; i++) {
        if (open_transport(ours, SERVER, i) != STRAIT_OK ||
            open_transport(ours, CLIENTS, i) != STRAIT_OK) {
            return false;
        }
    }
    do {
        ours->now += STRAIT_MS;
        strait_endpoint_advance(ours->endpoint[SERVER], ours->now);
        strait_endpoint_advance(ours->endpoint[CLIENTS], ours->now);
    } while (carry(ours, SERVER) + carry(ours, CLIENTS) > 0);
    for (unsigned i = 0; i < FANOUT_RECEIVERS; i++) {
        if (!strait_transport_writable(ours->transport[SERVER][i])) {
            return false;
        }
    }
    return true;
}

static void close_ours(void *state)
{
    struct ours *ours = state;
    strait_endpoint_destroy(ours->endpoint[SERVER]);
    strait_endpoint_destroy(ours->endpoint[CLIENTS]);
    strait_certificate_unref(ours->certificate);
    free(ours);
}

static void *open_ours(const void *spec, bool quick)
{
    struct ours *ours = bench_alloc(sizeof *ours);
    fanout_init(&ours->fanout, spec, quick);
    ours->now = STRAIT_S;
    if (strait_certificate_create(&ours->certificate, NULL) != STRAIT_OK ||
        strait_endpoint_create(&ours->endpoint[SERVER], NULL, ours->now) != STRAIT_OK ||
        strait_endpoint_create(&ours->endpoint[CLIENTS], NULL, ours->now) != STRAIT_OK ||
        !connect_all(ours)) {
        bench_fail("strait does not connect to all receivers");
        close_ours(ours);
        return NULL;
    }
    return ours;
}

/* --- Sending --------------------------------------------------------------------------------------- */

/* What a socket would take. */
static size_t drain(struct strait_endpoint *endpoint)
{
    struct strait_send sends[SENDS];
    size_t n, bytes = 0;
    while ((n = strait_endpoint_pending(endpoint, sends, SENDS)) > 0) {
        for (size_t i = 0; i < n; i++) {
            bytes += sends[i].len;
        }
        strait_endpoint_sent(endpoint, n);
    }
    return bytes;
}

static bool our_turn(void *state)
{
    struct ours *ours = state;
    unsigned burst = ours->fanout.burst;
    struct strait_packet packets[FANOUT_BURST_MAX];
    bool good = true;
    for (unsigned k = 0; k < burst; k++) {
        packets[k] = (struct strait_packet){ .data = ours->fanout.packet[k], .len = FANOUT_LEN };
    }
    for (unsigned i = 0; i < FANOUT_RECEIVERS; i++) {
        good &= strait_transport_send(ours->transport[SERVER][i], packets, burst) == (int)burst;
    }
    size_t all = (size_t)FANOUT_RECEIVERS * burst * FANOUT_SEALED;
    return drain(ours->endpoint[SERVER]) == all && good;
}

static double run_ours(void *state)
{
    struct ours *ours = state;
    return fanout_run(&ours->fanout, our_turn, ours);
}

static const struct bench_side our_fanout = { .open = open_ours,
                                              .run = run_ours,
                                              .close = close_ours };

static const struct fanout_spec burst_1 = { .burst = 1 };
static const struct fanout_spec burst_10 = { .burst = 10 };

static const struct bench_case cases[] = {
    { .name = "100 receivers, bursts of 1",
      .unit = "ns",
      .ours = &our_fanout,
      .floor = &bare_fanout,
      .peer = &stock_fanout,
      .spec = &burst_1 },
    { .name = "100 receivers, bursts of 10",
      .unit = "ns",
      .ours = &our_fanout,
      .floor = &bare_fanout,
      .peer = &stock_fanout,
      .spec = &burst_10 },
};

const struct bench bench_fanout = {
    .name = "fanout",
    .about =
        "CPU time a packet of 1100 B from transport_send to the socket; the floor is wolfCrypt's GCM",
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};
