/*
 * Keying material for others: the exporter of RFC 5705 in DTLS 1.2, that of RFC 8446, 7.5 in 1.3 (with the
 * label prefix of RFC 9147, 5.9). It keeps what they begin with, 112 bytes at most, so that the
 * crypto library's arrays, 4 KB, need not outlive the handshake.
 */
#ifndef STRAIT_DTLS_EXPORT_H
#define STRAIT_DTLS_EXPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    STRAIT__MASTER_SECRET = 48, /* of DTLS 1.2; the exporter secret of 1.3 is no longer */
    STRAIT__RANDOM = 32,
    STRAIT__EXPORT_LABEL_MAX = 249, /* RFC 8446, 7.1: 255 with the prefix, here "dtls13" */
    STRAIT__EXPORT_CONTEXT_MAX = 65535,
    STRAIT__EXPORT_MAX = 255 * 32 /* RFC 5869, 2.3, with SHA-256 */
};

struct strait__exporter {
    uint8_t secret[STRAIT__MASTER_SECRET];
    uint8_t randoms[2 * STRAIT__RANDOM]; /* 1.2: the client's, the server's */
    bool ready, dtls13, sha384;
};

/*
 * `context` NULL: none, which in 1.2 differs from an empty one (RFC 5705, section 4). STRAIT_E_INVALID: a
 * length beyond the limits above, or a label that the protocol uses itself; _STATE: not ready; _CRYPTO.
 */
int strait__exporter_derive(const struct strait__exporter *exporter, const char *label,
                            const uint8_t *context, size_t context_len, uint8_t *out, size_t len);

#endif
