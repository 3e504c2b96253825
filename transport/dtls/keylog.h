/*
 * The key log in NSS's format, with which captures can be read: to the host's callback, and to the file
 * that SSLKEYLOGFILE names. Both only where the configuration asks for it.
 */
#ifndef STRAIT_DTLS_KEYLOG_H
#define STRAIT_DTLS_KEYLOG_H

#include <stddef.h>
#include <stdint.h>

struct strait_dtls;

/* At creation: warns, once, where keys will be written down. */
void strait__keylog_begin(struct strait_dtls *d);

/* A line: label, client random, secret. Inside wolfSSL. Nothing where it is off. */
void strait__keylog(struct strait_dtls *d, const char *label, const uint8_t client_random[32],
                    const uint8_t *secret, size_t len);

#endif
