/* The cipher suites: AEAD and nothing else, and an ephemeral key exchange but for those of the plain pre-shared
 * key. */
#ifndef STRAIT_DTLS_SUITES_H
#define STRAIT_DTLS_SUITES_H

#include <strait/dtls.h>

enum strait__suite_kind {
    STRAIT__SUITE_13,    /* DTLS 1.3: says nothing about certificates */
    STRAIT__SUITE_ECDSA, /* DTLS 1.2 with that key in the server's certificate */
    STRAIT__SUITE_RSA,
    STRAIT__SUITE_PSK,      /* DTLS 1.2 with a pre-shared key and an ephemeral exchange */
    STRAIT__SUITE_PLAIN_PSK /* ... without one: no forward secrecy, for peers that have nothing else */
};

struct strait__suite {
    uint16_t number; /* IANA's */
    enum strait__suite_kind kind;
    const char *name; /* IANA's */
};

/* NULL for one that is not ours. */
const struct strait__suite *strait__suite_find(uint16_t number);
const struct strait__suite *strait__suite_named(const char *name);

/* True where the suite can be had with certificates, or with a pre-shared key. */
bool strait__suite_fits(const struct strait__suite *suite, bool psk);
/* True for those of DTLS 1.2 with a pre-shared key. */
bool strait__suite_is_psk12(const struct strait__suite *suite);

/* Our own order, without those of the plain pre-shared key; returns how many. `out` has room for STRAIT_DTLS_MAX_CIPHERS. */
size_t strait__suites_default(uint16_t *out, bool psk);

/* The list as wolfSSL reads it, two bytes each. */
void strait__suites_write(const uint16_t *numbers, size_t n, uint8_t *out);

#endif
