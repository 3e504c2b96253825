/* SRTP: ns of CPU time to protect or unprotect one RTP packet, one packet a call. */
#include <stdlib.h>

#include "tests/bench/benches.h"
#include "tests/bench/srtp_ring.h"

struct ours {
    struct strait_srtp *out, *in;
};

static void close_ours(void *state)
{
    struct ours *ours = state;
    strait_srtp_destroy(ours->out);
    strait_srtp_destroy(ours->in);
    free(ours);
}

static void *open_ours(enum strait_srtp_profile profile)
{
    struct ours *ours = bench_alloc(sizeof *ours);
    struct strait_srtp_config config = { .size = sizeof config, .profile = profile };
    ring_key(&config.send);
    ring_key(&config.receive);
    int error = strait_srtp_create(&ours->out, &config);
    if (error == STRAIT_OK) {
        error = strait_srtp_create(&ours->in, &config);
    }
    if (error != STRAIT_OK) {
        bench_fail("strait makes no SRTP session: %s", strait_strerror(error));
        close_ours(ours);
        return NULL;
    }
    return ours;
}

static bool protect(void *state, uint8_t *data, size_t *len)
{
    const struct ours *ours = state;
    struct strait_packet packet = { .data = data, .len = *len, .room = RING_ROOM };
    bool good = strait_srtp_protect(ours->out, &packet, 1) == 1;
    *len = packet.len;
    return good;
}

static bool unprotect(void *state, uint8_t *data, size_t *len)
{
    const struct ours *ours = state;
    struct strait_packet packet = { .data = data, .len = *len, .room = RING_ROOM };
    bool good = strait_srtp_unprotect(ours->in, &packet, 1) == 1;
    *len = packet.len;
    return good;
}

static const struct ring_ops ops = {
    .name = "strait",
    .open = open_ours,
    .protect = protect,
    .unprotect = unprotect,
    .close = close_ours,
};

static void *open_ring(const void *spec, bool quick)
{
    return ring_open(&ops, spec, quick);
}

static const struct bench_side our_side = { .open = open_ring,
                                            .run = ring_run,
                                            .close = ring_close };

#define SPEC(id, reverse, bytes)                                    \
    &(const struct ring_spec)                                       \
    {                                                               \
        .profile = (id), .unprotect = (reverse), .payload = (bytes) \
    }
#define CASE(title, id, reverse, bytes)                                                      \
    {                                                                                        \
        .name = title " " #bytes " B", .unit = "ns", .ours = &our_side, .floor = &bare_side, \
        .peer = &stock_side, .spec = SPEC(id, reverse, bytes),                               \
    }
#define CASES(profile)                                                 \
    CASE(#profile " protect", STRAIT_SRTP_##profile, false, 160),      \
        CASE(#profile " protect", STRAIT_SRTP_##profile, false, 1200), \
        CASE(#profile " unprotect", STRAIT_SRTP_##profile, true, 160), \
        CASE(#profile " unprotect", STRAIT_SRTP_##profile, true, 1200)

static const struct bench_case cases[] = {
    CASES(AEAD_AES_128_GCM),
    CASES(AEAD_AES_256_GCM),
    CASES(AES128_CM_SHA1_80),
};

const struct bench bench_srtp = {
    .name = "srtp",
    .about = "CPU time a packet of so much payload; the floor is wolfCrypt's cipher and tag alone",
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};
