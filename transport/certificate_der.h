/* Making a key and its certificate with wolfCrypt. */
#ifndef STRAIT_TRANSPORT_CERTIFICATE_DER_H
#define STRAIT_TRANSPORT_CERTIFICATE_DER_H

#include <strait/types.h>

enum {
    STRAIT__CERTIFICATE_NAME_MAX = 63, /* bytes; RFC 5280's bound is 64 characters */
    /* A P-256 certificate with one name of 63 bytes and no extension takes 430. */
    STRAIT__CERTIFICATE_MAX = 640,
    STRAIT__CERTIFICATE_KEY_MAX = 160 /* a P-256 key with its public point takes 121 */
};

/* A key and its certificate. Zero it after use: the key is a secret. */
struct strait__der {
    uint8_t cert[STRAIT__CERTIFICATE_MAX];
    size_t cert_len;
    uint8_t key[STRAIT__CERTIFICATE_KEY_MAX];
    size_t key_len;
};

/*
 * Makes an ECDSA P-256 key and a self-signed X.509v3 certificate. Seconds since 1970; not_after 0: no
 * end. STRAIT_E_INVALID (an empty or too long name, a control character or more than ASCII in it, dates
 * after 9999 or the wrong way round), _NOMEM, _RANDOM, _CRYPTO.
 */
int strait__certificate_make(struct strait__der *out, const struct strait_hooks *hooks,
                             const char *name, uint64_t not_before, uint64_t not_after);

#endif
