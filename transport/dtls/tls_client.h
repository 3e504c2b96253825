/*
 * The client's side of TLS 1.2 and 1.3 (RFC 5246, RFC 8446) without sockets: bytes in, bytes out and a verdict.
 * The server's certificate must lead to a trusted authority and have its name: there is no way around that.
 * Resumption, early data, client certificates: none. All by one thread.
 */
#ifndef STRAIT_DTLS_TLS_CLIENT_H
#define STRAIT_DTLS_TLS_CLIENT_H

#include <strait/trust.h>

enum {
    /* At most so much plaintext makes one record. */
    STRAIT__TLS_PIECE = 4096,
    STRAIT__TLS_DETAIL = 400,
};

enum strait__tls_state {
    STRAIT__TLS_HANDSHAKE,
    STRAIT__TLS_OPEN,
    STRAIT__TLS_CLOSED, /* the server's close_notify has come */
    STRAIT__TLS_FAILED,
};

struct strait__tls_config {
    const struct strait_hooks *hooks; /* copied */
    struct strait_trust *trust;       /* one reference more */
    const char *
        name; /* the server's host name, which it is told too (RFC 6066, 3), or its address; copied */
};

struct strait__tls;

/* STRAIT_E_INVALID (no trust, a name that is none), _NOMEM, _RANDOM, _CRYPTO. `out` NULL then. */
int strait__tls_create(struct strait__tls **out, const struct strait__tls_config *config);
/* NULL is fine. */
void strait__tls_destroy(struct strait__tls *tls);

enum strait__tls_state strait__tls_state(const struct strait__tls *tls);
/* Why it failed: STRAIT_E_UNTRUSTED, _EXPIRED, _NAME, _BAD_CERTIFICATE, _ALERT, _VERSION, _NO_CIPHER, _HANDSHAKE,
 * _NOMEM, _RANDOM, and in words. */
int strait__tls_error(const struct strait__tls *tls);
const char *strait__tls_detail(const struct strait__tls *tls);
/* 0x0303 or 0x0304 where it is open. */
unsigned strait__tls_version(const struct strait__tls *tls);

/* What came from the server is put into this place, `room` bytes at most, and counted by _filled; 0: not now. */
uint8_t *strait__tls_in(struct strait__tls *tls, size_t *room);
void strait__tls_filled(struct strait__tls *tls, size_t len);
/* What is to go to the server, and how much of it has gone. */
const uint8_t *strait__tls_out(const struct strait__tls *tls, size_t *len);
void strait__tls_sent(struct strait__tls *tls, size_t len);

/* Does of the handshake what can be done. `calendar`: seconds since 1970, for the certificates' dates. */
void strait__tls_run(struct strait__tls *tls, strait_time now, int64_t calendar);
/* Takes plaintext, a piece or nothing: how many bytes, 0 where `out` has no room, or it is not open. */
size_t strait__tls_write(struct strait__tls *tls, const uint8_t *data, size_t len);
/* Gives plaintext: how many bytes, 0: none now, or no more. */
size_t strait__tls_read(struct strait__tls *tls, uint8_t *data, size_t room);
/* close_notify goes out, once. Reading goes on. */
void strait__tls_close(struct strait__tls *tls);

#endif
