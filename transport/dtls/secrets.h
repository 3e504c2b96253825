/*
 * The secrets that the crypto library derives, taken as it does so: what the exporter begins with, and the
 * lines of the key log.
 */
#ifndef STRAIT_DTLS_SECRETS_H
#define STRAIT_DTLS_SECRETS_H

#include <stdbool.h>

struct strait_dtls;

/* Asks wolfSSL's object for them; before the handshake. False where it does not tell. */
bool strait__dtls_watch_secrets(struct strait_dtls *d);

#endif
