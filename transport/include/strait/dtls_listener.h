/*
 * A DTLS server that anybody may write to, before their addresses are validated (RFC 6347, section
 * 4.2.1; RFC 9147, section 5.1): it answers a ClientHello with a cookie and keeps nothing; the
 * ClientHello that brings the cookie back becomes an association. Where something else has validated the
 * path, as ICE does, make a strait_dtls at once and save the round trip. Sans-IO: give it the datagrams
 * that belong to no association of yours. It needs no timer. One listener belongs to one thread at a
 * time.
 */
#ifndef STRAIT_DTLS_LISTENER_H
#define STRAIT_DTLS_LISTENER_H

#include <strait/dtls.h>
#include <strait/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct strait_dtls_listener;

/* The longest address in bytes: sizeof(struct sockaddr_storage). */
#define STRAIT_DTLS_MAX_ADDRESS 128u
#define STRAIT_DTLS_MAX_HELLOS 1024u

struct strait_dtls_listener_config {
    size_t size;
    /* What each association is made from; role SERVER. Copied as strait_dtls_create does. Its hooks are the
     * listener's as well: the secrets of the cookies come from `random`. */
    const struct strait_dtls_config *dtls;
    void *user; /* of the two callbacks below */
    /* A datagram to an address that is not validated. The bytes are borrowed until it returns; it must not
     * call the listener. Required. */
    void (*send)(void *user, const void *to, size_t to_len, const uint8_t *data, size_t len);
    /*
     * A cookie came back: the association is about to be made from `config`, a copy of the template. Its
     * `user` and `events` may be set here, so that its datagrams find their address, `local_cid`, `mtu`,
     * and the time-outs; the rest is settled with the client and stays. STRAIT_OK, or
     * anything else to refuse: then nothing is made and the client, which asks again, hears nothing. It must
     * not call the listener. NULL: the template as it is.
     */
    int (*accept)(void *user, const void *from, size_t from_len, struct strait_dtls_config *config);
    /* A new secret after this time; the one before is good for as long again, so that a cookie lives one to
     * two lifetimes. 1 s .. 1 day; 0: 60 s. */
    strait_time secret_lifetime;
    /* So many first ClientHellos in fragments are put together at a time (RFC 9147, section 5.5): one with a
     * post-quantum share may be longer than a datagram. The oldest gives way. Each takes 8.6 KB, for good.
     * At most STRAIT_DTLS_MAX_HELLOS; 0: 16. */
    size_t fragmented_hellos;
};

struct strait_dtls_listener_stats {
    size_t size;
    uint64_t datagrams_received, bytes_received;
    uint64_t datagrams_sent, bytes_sent; /* by the listener, not by its associations */
    uint64_t client_hellos;              /* whole and well-formed */
    uint64_t client_hellos_in_fragments; /* of them */
    uint64_t hello_verify_requests;      /* sent, DTLS 1.2 */
    uint64_t hello_retry_requests;       /* sent, DTLS 1.3 */
    uint64_t accepted;                   /* associations made */
    uint64_t refused_version;            /* no DTLS version of ours: protocol_version */
    uint64_t refused_parameters; /* 1.3: no suite or group of ours, or against RFC 8446, 9.2 */
    uint64_t refused_host;       /* `accept` did not want it */
    uint64_t bad_cookies;        /* forged, of another address or another ClientHello */
    uint64_t expired_cookies;    /* good once: made with the secret before the previous one */
    /* Replies not sent, being above 3 x the bytes that came. No ClientHello that is whole is so short: 67 bytes
     * at least, and the longest reply has 168. */
    uint64_t amplification_limited;
    uint64_t fragments;         /* of ClientHellos, taken */
    uint64_t fragments_dropped; /* too long, contradicting, or they gave way to newer ones */
    uint64_t not_client_hello;  /* records that are none, or malformed */
};

/*
 * Creates a listener. All memory that it ever holds is allocated here. STRAIT_E_INVALID (also a template
 * that strait_dtls_create would refuse), _NOMEM, _RANDOM, _CRYPTO.
 */
STRAIT_API int strait_dtls_listener_create(struct strait_dtls_listener **out,
                                           const struct strait_dtls_listener_config *config,
                                           strait_time now);

/* Zeroes its secrets and frees; its associations live on. NULL is fine. */
STRAIT_API void strait_dtls_listener_destroy(struct strait_dtls_listener *listener);

/*
 * A datagram from an address with no association; its bytes may be overwritten. `from`: 1 ..
 * STRAIT_DTLS_MAX_ADDRESS bytes that stand for the address and port and are the same each time: zero a
 * sockaddr before it is filled. What is no ClientHello is dropped and counted.
 *
 * *out: NULL, or an association that has taken the ClientHello and sent its answer through its own
 * `send`. The caller owns it and gives it all further datagrams of the address. It may have FAILED at
 * once, as with no cipher suite in common; its `state` event fires in its next advance, never in here.
 * A client that lost its state may begin anew from the address of a living association (RFC 6347, section
 * 4.2.8): the association ignores that; given to the listener as well, an *out replaces the old one.
 *
 * `send`, `accept` and the new association's `send`, `psk` and `keylog` fire inside. STRAIT_OK, also for what was dropped;
 * STRAIT_E_INVALID; and where the datagram was lost for it: _RANDOM (no new secret), _NOMEM, _CRYPTO.
 */
STRAIT_API int strait_dtls_listener_receive(struct strait_dtls_listener *listener, strait_time now,
                                            const void *from, size_t from_len, uint8_t *data,
                                            size_t len, struct strait_dtls **out);

/* Fills as much of `out` as out->size says. STRAIT_E_INVALID. */
STRAIT_API int strait_dtls_listener_stats(const struct strait_dtls_listener *listener,
                                          struct strait_dtls_listener_stats *out);

#ifdef __cplusplus
}
#endif
#endif
