/*
 * The cookies of a server without state (RFC 6347, section 4.2.1; RFC 9147, section 5.1) and the secrets
 * behind them. Pure but for random bytes. The forms are those that wolfSSL reads: it verifies a cookie
 * once more, with the same secret, and in 1.3 restores the transcript from it.
 */
#ifndef STRAIT_DTLS_COOKIE_H
#define STRAIT_DTLS_COOKIE_H

#include <strait/types.h>

#include "transport/dtls/hello.h"

enum {
    STRAIT__SECRET = 32,
    STRAIT__COOKIE_MAC = 32,
    /* Hash length, SHA-384, suite, group, HMAC. */
    STRAIT__COOKIE_MAX = 1 + 48 + 2 + 2 + STRAIT__COOKIE_MAC
};

enum strait__secret_age {
    STRAIT__SECRET_CURRENT = 0,
    STRAIT__SECRET_PREVIOUS,
    STRAIT__SECRET_RETIRED, /* known only to tell an old cookie from a forged one */
    STRAIT__SECRET_AGES
};

struct strait__secrets {
    strait_time lifetime;
    strait_time since; /* of the current one */
    bool known[STRAIT__SECRET_AGES];
    uint8_t secret[STRAIT__SECRET_AGES][STRAIT__SECRET];
};

/* STRAIT_E_RANDOM. */
int strait__secrets_init(struct strait__secrets *secrets, const struct strait_hooks *hooks,
                         strait_time lifetime, strait_time now);

/* A new one, where the current one's time is over. STRAIT_E_RANDOM: all is as before. */
int strait__secrets_rotate(struct strait__secrets *secrets, const struct strait_hooks *hooks,
                           strait_time now);

/* The secret for one address: the cookie is bound to it by its key. STRAIT_E_NOT_FOUND, _CRYPTO. */
int strait__secret_of(const struct strait__secrets *secrets, enum strait__secret_age age,
                      const void *address, size_t len, uint8_t out[STRAIT__SECRET]);

/* Over the client's parameters (RFC 6347, 4.2.1). STRAIT_E_CRYPTO. */
int strait__cookie12(const uint8_t secret[STRAIT__SECRET], const struct strait__hello *hello,
                     uint8_t out[STRAIT__COOKIE_MAC]);

/* Over the first ClientHello's hash (RFC 8446, 4.2.2 and 4.4.1), the suite, and the group (0: the client's
 * share is taken). `body` is the whole message without its header. STRAIT_E_CRYPTO. */
int strait__cookie13(const uint8_t secret[STRAIT__SECRET], const uint8_t *body, size_t body_len,
                     uint16_t suite, uint16_t group, uint8_t out[STRAIT__COOKIE_MAX], size_t *len);

/* True if the cookie that the hello brings was made with that secret. */
bool strait__cookie12_good(const uint8_t secret[STRAIT__SECRET], const struct strait__hello *hello);
bool strait__cookie13_good(const uint8_t secret[STRAIT__SECRET], const struct strait__hello *hello);

#endif
