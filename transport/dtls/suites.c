#include "transport/dtls/suites.h"

#include <strings.h>

#include "transport/util.h"

/* In our order. RFC 8827, 6.5 wants ECDHE_ECDSA with AES_128_GCM; RSA is for peers whose certificate is an RSA
 * one. */
static const struct strait__suite suites[] = {
    { 0x1301, STRAIT__SUITE_13, "TLS_AES_128_GCM_SHA256" },
    { 0x1302, STRAIT__SUITE_13, "TLS_AES_256_GCM_SHA384" },
    { 0x1303, STRAIT__SUITE_13, "TLS_CHACHA20_POLY1305_SHA256" },
    { 0xc02b, STRAIT__SUITE_ECDSA, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256" },
    { 0xc02c, STRAIT__SUITE_ECDSA, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384" },
    { 0xcca9, STRAIT__SUITE_ECDSA, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256" },
    { 0xc02f, STRAIT__SUITE_RSA, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256" },
    { 0xc030, STRAIT__SUITE_RSA, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384" },
    { 0xcca8, STRAIT__SUITE_RSA, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256" },
    { 0xd001, STRAIT__SUITE_PSK, "TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256" },
    { 0xccac, STRAIT__SUITE_PSK, "TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256" },
    { 0x00a8, STRAIT__SUITE_PLAIN_PSK, "TLS_PSK_WITH_AES_128_GCM_SHA256" },
    { 0x00a9, STRAIT__SUITE_PLAIN_PSK, "TLS_PSK_WITH_AES_256_GCM_SHA384" },
    { 0xccab, STRAIT__SUITE_PLAIN_PSK, "TLS_PSK_WITH_CHACHA20_POLY1305_SHA256" },
};

enum { N_SUITES = sizeof suites / sizeof *suites };

_Static_assert((unsigned)N_SUITES <= STRAIT_DTLS_MAX_CIPHERS, "the default list must fit");

const struct strait__suite *strait__suite_find(uint16_t number)
{
    for (size_t i = 0; i < N_SUITES; i++) {
        if (suites[i].number == number) {
            return &suites[i];
        }
    }
    return NULL;
}

const struct strait__suite *strait__suite_named(const char *name)
{
    for (size_t i = 0; i < N_SUITES; i++) {
        if (strcasecmp(suites[i].name, name) == 0) {
            return &suites[i];
        }
    }
    return NULL;
}

bool strait__suite_fits(const struct strait__suite *suite, bool psk)
{
    /* RFC 8446, 4.2.11: a pre-shared key goes with one hash, and that is SHA-256 where nothing is said. */
    enum { AES_256_GCM_SHA384 = 0x1302 };
    if (suite->kind == STRAIT__SUITE_13) {
        return !psk || suite->number != AES_256_GCM_SHA384;
    }
    return psk == strait__suite_is_psk12(suite);
}

bool strait__suite_is_psk12(const struct strait__suite *suite)
{
    return suite->kind == STRAIT__SUITE_PSK || suite->kind == STRAIT__SUITE_PLAIN_PSK;
}

size_t strait__suites_default(uint16_t *out, bool psk)
{
    size_t n = 0;
    for (size_t i = 0; i < N_SUITES; i++) {
#ifdef STRAIT_NO_RSA
        if (suites[i].kind == STRAIT__SUITE_RSA) {
            continue;
        }
#endif
        /* RFC 9325, 4.1: nothing without forward secrecy that was not asked for. */
        if (strait__suite_fits(&suites[i], psk) && suites[i].kind != STRAIT__SUITE_PLAIN_PSK) {
            out[n++] = suites[i].number;
        }
    }
    return n;
}

void strait__suites_write(const uint16_t *numbers, size_t n, uint8_t *out)
{
    for (size_t i = 0; i < n; i++) {
        strait__put16(out + 2 * i, numbers[i]);
    }
}
