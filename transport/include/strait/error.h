/*
 * Error codes. Functions return 0 (or a count) on success and one of these, always negative, on
 * failure. The object that failed keeps a text that says what to do; its `..._error_detail`
 * returns that text.
 */
#ifndef STRAIT_ERROR_H
#define STRAIT_ERROR_H

#include <strait/version.h>

#ifdef __cplusplus
extern "C" {
#endif

enum strait_error {
    STRAIT_OK = 0,
    STRAIT_E_INVALID = -1, /* an argument is out of its range, or NULL where that is not allowed */
    STRAIT_E_NOMEM = -2,   /* the allocator gave NULL */
    STRAIT_E_STATE = -3,   /* legal, but not in this state (no keys yet, closed, ...) */
    STRAIT_E_LIMIT = -4,   /* a limit of the configuration is reached */
    STRAIT_E_AGAIN = -5,   /* no room now: drain the outbox and try again */
    STRAIT_E_TOO_SMALL = -6,    /* the caller's buffer has no room for the result */
    STRAIT_E_EXISTS = -7,       /* such a one is there already (ufrag, address) */
    STRAIT_E_NOT_FOUND = -8,    /* no such thing */
    STRAIT_E_PARSE = -9,        /* malformed text or bytes */
    STRAIT_E_UNSUPPORTED = -10, /* well-formed, but not something that this build does */
    STRAIT_E_RANDOM = -11,      /* the random source failed */
    STRAIT_E_SYSTEM = -12,      /* a system call failed; the detail has its name and errno's text */
    STRAIT_E_CRYPTO = -13,      /* the crypto library failed in a way that it should not */
    STRAIT_E_AUTH = -14,        /* a packet failed authentication */
    STRAIT_E_REPLAY = -15,      /* a packet was seen before */
    STRAIT_E_TOO_OLD = -16,     /* a packet lies before the replay window */
    STRAIT_E_DENIED = -17,      /* the rules do not allow this address */

    /* Why a DTLS association ended (strait_dtls_error, strait_transport_error). */
    STRAIT_E_FINGERPRINT = -32, /* the peer's certificate has none of the signalled fingerprints */
    STRAIT_E_NO_CERTIFICATE = -33, /* the peer sent no certificate */
    STRAIT_E_ALERT = -34,          /* the peer sent a fatal alert; the detail has its name */
    STRAIT_E_NO_PROFILE = -35,     /* no SRTP protection profile in common (RFC 5764, 4.1.2) */
    STRAIT_E_NO_CIPHER = -36,      /* no cipher suite in common */
    STRAIT_E_NO_GROUP = -37,       /* no key exchange group in common */
    STRAIT_E_VERSION = -38,        /* no DTLS version in common */
    STRAIT_E_HANDSHAKE = -39,      /* the handshake failed otherwise; see the detail */
    STRAIT_E_TIMEOUT = -40, /* the deadline passed before the handshake or the checks ended */
    STRAIT_E_CLOSED = -41,  /* the peer sent close_notify, or we did */
    STRAIT_E_CONSENT = -42, /* consent expired: the peer answers no check (RFC 7675, 5.1) */

    /* Why a peer's certificate was refused by strait_trust; the detail says which one and why. */
    STRAIT_E_UNTRUSTED = -43,       /* no chain to a trusted authority */
    STRAIT_E_EXPIRED = -44,         /* outside of a certificate's dates */
    STRAIT_E_NAME = -45,            /* the certificate is for other names */
    STRAIT_E_BAD_CERTIFICATE = -46, /* malformed, a bad signature, or not for this use */

    STRAIT_E_PSK = -47,      /* pre-shared key: no such identity, or the keys differ */
    STRAIT_E_IDLE = -48,     /* the peer sent nothing for the configured time */
    STRAIT_E_FORGERIES = -49 /* too many records failed authentication (RFC 9147, 4.5.3) */
};

/* A short sentence in English for a code; never NULL. Static storage. */
STRAIT_API const char *strait_strerror(int code);

/* The code's name, "STRAIT_E_AUTH"; "STRAIT_E_?" for a number that is none. Static storage. */
STRAIT_API const char *strait_error_name(int code);

#ifdef __cplusplus
}
#endif
#endif
