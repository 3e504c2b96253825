/*
 * Pre-shared keys: RFC 4279, RFC 5487, RFC 8442 and RFC 7905 in DTLS 1.2, psk_dhe_ke (RFC 8446, 4.2.9) in 1.3,
 * each with SHA-256 but for TLS_PSK_WITH_AES_256_GCM_SHA384. The host is asked once for each identity.
 */
#ifndef STRAIT_DTLS_PSK_H
#define STRAIT_DTLS_PSK_H

#include <stdbool.h>

#include <strait/dtls.h>

#include "transport/dtls/hello.h"
#include "transport/dtls/wire.h"

struct strait_dtls;

/* Kept for the handshake only. */
struct strait__psk {
    struct strait_dtls_psk said; /* what the host said last, and on what */
    char hint[STRAIT_DTLS_MAX_PSK_IDENTITY + 1];
    bool asked, known;
    bool certificate_came; /* client: the server does without the key */
    const char *suite;     /* server of 1.3: that we choose, as wolfSSL calls it */
    const char *fault;     /* what was wrong with the host's answer */
};

/* True where the configuration is about keys and not about certificates. */
bool strait__psk_on(const struct strait_dtls *d);

/* Of the context, within wolfSSL, before its suites are set. False: out of memory. */
bool strait__psk_open(struct strait_dtls *d);
/* Before the client's first ClientHello. NULL, or why the host has no key for it. */
const char *strait__psk_start(struct strait_dtls *d);
/* Zeroes what the host said. */
void strait__psk_close(struct strait_dtls *d);

/* Server: NULL, or why the ClientHello cannot be taken; the error and the alert that say so. */
const char *strait__psk_check_hello(struct strait_dtls *d, const struct strait__hello *hello,
                                    bool dtls13, int *error, uint8_t *alert);

/* Server of 1.2: NULL, or what is wrong with the identity of this ClientKeyExchange or part of one. */
const char *strait__psk_check_exchange(const struct strait__handshake *message);

/* What the association failed with, if it was the key; NULL otherwise. */
const char *strait__psk_fault(const struct strait_dtls *d);

#endif
