/* DTLS: full handshakes a second of CPU time, both ends together. */
#include <stdlib.h>
#include <string.h>

#include "tests/bench/benches.h"
#include "tests/bench/handshake.h"

/* RUNS: the sides differ by hundredths. */
enum { ENDS = 2, NOW = 1000000000, RUNS = 75 };

struct end {
    struct strait_dtls *dtls;
    struct strait_certificate *certificate;
    struct strait_fingerprint fingerprint;
    struct wire *to_peer;
    bool lost;
};

struct ours {
    struct handshake_spec spec;
    unsigned handshakes; /* a run */
    struct end end[ENDS];
    struct wire wire[ENDS]; /* to client and server */
};

static void on_send(void *user, const uint8_t *data, size_t len)
{
    struct end *end = user;
    end->lost |= !wire_put(end->to_peer, data, len);
}

static void close_ours(void *state)
{
    struct ours *ours = state;
    for (int i = 0; i < ENDS; i++) {
        strait_certificate_unref(ours->end[i].certificate);
    }
    free(ours);
}

static void *open_ours(const void *spec, bool quick)
{
    struct ours *ours = bench_alloc(sizeof *ours);
    ours->spec = *(const struct handshake_spec *)spec;
    ours->handshakes = quick ? 1 : HANDSHAKE_RUN;
    for (int i = 0; i < ENDS; i++) {
        struct end *end = &ours->end[i];
        end->to_peer = &ours->wire[!i];
        int error = strait_certificate_create(&end->certificate, NULL);
        if (error != STRAIT_OK) {
            bench_fail("strait makes no certificate: %s", strait_strerror(error));
            close_ours(ours);
            return NULL;
        }
        strait_certificate_fingerprint(end->certificate, STRAIT_HASH_SHA256, &end->fingerprint);
    }
    return ours;
}

static int start(struct ours *ours, int i)
{
    struct end *end = &ours->end[i];
    const struct strait_dtls_config config = {
        .size = sizeof config,
        .events = { .size = sizeof config.events, .send = on_send },
        .user = end,
        .certificate = end->certificate,
        .role = i == HANDSHAKE_SERVER ? STRAIT_DTLS_SERVER : STRAIT_DTLS_CLIENT,
        .min_version = ours->spec.version,
        .max_version = ours->spec.version,
        .profiles = { STRAIT_SRTP_AEAD_AES_128_GCM },
        .n_profiles = 1,
        .groups = { ours->spec.group },
        .n_groups = 1,
        .mtu = HANDSHAKE_MTU,
    };
    int error = strait_dtls_create(&end->dtls, &config, NOW);
    if (error == STRAIT_OK) {
        error = strait_dtls_set_fingerprints(end->dtls, &ours->end[!i].fingerprint, 1);
    }
    return error == STRAIT_OK ? strait_dtls_start(end->dtls, NOW) : error;
}

static void carry(struct ours *ours)
{
    bool moved = true;
    while (moved) {
        moved = false;
        for (int i = 0; i < ENDS; i++) {
            uint8_t *data;
            size_t len = wire_take(&ours->wire[i], &data);
            if (len > 0) {
                strait_dtls_receive(ours->end[i].dtls, NOW, data, len);
                moved = true;
            }
        }
    }
}

static bool agreed(struct ours *ours)
{
    enum strait_srtp_profile profile;
    struct strait_srtp_key send[ENDS], receive[ENDS];
    struct strait_dtls_stats stats = { .size = sizeof stats };
    for (int i = 0; i < ENDS; i++) {
        if (ours->end[i].lost || strait_dtls_srtp_keys(ours->end[i].dtls, &profile, &send[i],
                                                       &receive[i]) != STRAIT_OK) {
            return false;
        }
    }
    strait_dtls_stats(ours->end[HANDSHAKE_SERVER].dtls, &stats);
    return memcmp(&send[0], &receive[1], sizeof send[0]) == 0 &&
           memcmp(&send[1], &receive[0], sizeof send[0]) == 0 &&
           stats.version == ours->spec.version && stats.group == ours->spec.group;
}

static bool handshake(struct ours *ours)
{
    bool good = start(ours, HANDSHAKE_SERVER) == STRAIT_OK &&
                start(ours, HANDSHAKE_CLIENT) == STRAIT_OK;
    if (good) {
        carry(ours);
        good = agreed(ours);
    }
    for (int i = 0; i < ENDS; i++) {
        strait_dtls_destroy(ours->end[i].dtls);
        ours->end[i].dtls = NULL;
    }
    return good;
}

static double run_ours(void *state)
{
    struct ours *ours = state;
    uint64_t start_time = bench_cpu();
    for (unsigned i = 0; i < ours->handshakes; i++) {
        if (!handshake(ours)) {
            return bench_fail("strait: a handshake failed");
        }
    }
    return handshake_rate(ours->handshakes, bench_cpu() - start_time);
}

static const struct bench_side our_handshake = { .open = open_ours,
                                                 .run = run_ours,
                                                 .close = close_ours };

#ifdef HAVE_OPENSSL
#define OPENSSL &openssl_handshake
#else
#define OPENSSL NULL
#endif

static const struct handshake_spec dtls12 = { STRAIT_DTLS_1_2, STRAIT_GROUP_P256 };
static const struct handshake_spec dtls13 = { STRAIT_DTLS_1_3, STRAIT_GROUP_P256 };
static const struct handshake_spec dtls13_pq = { STRAIT_DTLS_1_3, STRAIT_GROUP_X25519MLKEM768 };

static const struct bench_case cases[] = {
    { .name = "DTLS 1.2 P-256",
      .unit = "1/cpu-s",
      .rate = true,
      .runs = RUNS,
      .ours = &our_handshake,
      .floor = &bare_handshake,
      .peer = OPENSSL,
      .spec = &dtls12 },
    { .name = "DTLS 1.3 P-256",
      .unit = "1/cpu-s",
      .rate = true,
      .runs = RUNS,
      .ours = &our_handshake,
      .floor = &bare_handshake,
      .spec = &dtls13 },
    { .name = "DTLS 1.3 X25519MLKEM768",
      .unit = "1/cpu-s",
      .rate = true,
      .runs = RUNS,
      .ours = &our_handshake,
      .floor = &bare_handshake,
      .spec = &dtls13_pq },
};

const struct bench bench_handshake = {
    .name = "handshake",
    .about =
        "full handshakes a CPU second, which both ends share; the floor is a bare wolfSSL loop over "
        "memory, the ratio that of the costs; OpenSSL has no DTLS 1.3",
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};
