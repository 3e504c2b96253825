/* What the sides of the benchmark `handshake` have in common. */
#ifndef TESTS_BENCH_HANDSHAKE_H
#define TESTS_BENCH_HANDSHAKE_H

#include <strait/dtls.h>

#include "tests/bench/frame.h"

/*
 * Both ends in one process, over memory: mutual ECDSA P-256 certificates, no cookies, no resumption,
 * AES-128-GCM with SHA-256, use_srtp with AEAD_AES_128_GCM, keys exported by both.
 */
struct handshake_spec {
    enum strait_dtls_version version;
    enum strait_dtls_group group; /* the only one offered */
};

enum { HANDSHAKE_RUN = 20, HANDSHAKE_MTU = 1200, HANDSHAKE_CLIENT = 0, HANDSHAKE_SERVER = 1 };

/* Datagrams on their way to one end. */
struct wire {
    size_t first, count;
    size_t len[32];
    uint8_t data[32][2048];
};

/* False: it is full. */
bool wire_put(struct wire *wire, const void *data, size_t len);
/* The oldest, which stays in its place until as many again as fit were put; 0: there is none. */
size_t wire_take(struct wire *wire, uint8_t **data);

/* Handshakes a second, by the ns that so many took. */
double handshake_rate(unsigned handshakes, uint64_t took);

/* A bare wolfSSL loop. Handshakes a second of CPU time, which both ends share. */
extern const struct bench_side bare_handshake;
/* The same by OpenSSL; DTLS 1.2 only. */
extern const struct bench_side openssl_handshake;

#endif
