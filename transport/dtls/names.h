/* What numbers of the TLS registries are called. */
#ifndef STRAIT_DTLS_NAMES_H
#define STRAIT_DTLS_NAMES_H

#include <stdbool.h>
#include <stdint.h>

/* "handshake_failure" ... (RFC 8446, section 6); "unknown alert" for a number that is none. */
const char *strait__alert_name(uint8_t description);

/* Bytes that a record of this DTLS 1.2 suite has besides its plaintext: explicit nonce and tag. */
uint8_t strait__suite_overhead12(uint16_t cipher_suite);

/* True if the suite's PRF or HKDF is with SHA-384; all others of ours have SHA-256. */
bool strait__suite_sha384(uint16_t cipher_suite);

/* The number of the group that wolfSSL calls so; 0 for none of ours. */
uint16_t strait__group_of_name(const char *name);

#endif
