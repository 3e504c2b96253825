/* The record and handshake headers on the wire: RFC 6347, section 4; RFC 9147, sections 4 and 5. */
#ifndef STRAIT_DTLS_WIRE_H
#define STRAIT_DTLS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "transport/util.h"

enum {
    STRAIT__RECORD_HEADER = 13,    /* type, version, epoch, sequence number, length */
    STRAIT__HANDSHAKE_HEADER = 12, /* type, length, message_seq, fragment_offset, fragment_length */
};

enum strait__content_type {
    STRAIT__CHANGE_CIPHER_SPEC = 20,
    STRAIT__ALERT = 21,
    STRAIT__HANDSHAKE = 22,
    STRAIT__APPLICATION_DATA = 23,
    STRAIT__TLS12_CID = 25, /* RFC 9146, section 4 */
    STRAIT__ACK = 26
};

enum strait__handshake_type {
    STRAIT__CLIENT_HELLO = 1,
    STRAIT__SERVER_HELLO = 2,
    STRAIT__HELLO_VERIFY_REQUEST = 3,
    STRAIT__CERTIFICATE = 11,
    STRAIT__SERVER_KEY_EXCHANGE = 12,
    STRAIT__CERTIFICATE_REQUEST = 13,
    STRAIT__SERVER_HELLO_DONE = 14,
    STRAIT__CERTIFICATE_VERIFY = 15,
    STRAIT__CLIENT_KEY_EXCHANGE = 16
};

enum strait__alert_description {
    STRAIT__ALERT_CLOSE_NOTIFY = 0,
    STRAIT__ALERT_HANDSHAKE_FAILURE = 40,
    STRAIT__ALERT_BAD_CERTIFICATE = 42,
    STRAIT__ALERT_UNSUPPORTED_CERTIFICATE = 43,
    STRAIT__ALERT_CERTIFICATE_EXPIRED = 45,
    STRAIT__ALERT_ILLEGAL_PARAMETER = 47,
    STRAIT__ALERT_UNKNOWN_CA = 48,
    STRAIT__ALERT_DECRYPT_ERROR = 51,
    STRAIT__ALERT_PROTOCOL_VERSION = 70,
    STRAIT__ALERT_INTERNAL_ERROR = 80,
    STRAIT__ALERT_NO_RENEGOTIATION = 100,
    STRAIT__ALERT_MISSING_EXTENSION = 109,
    STRAIT__ALERT_UNKNOWN_PSK_IDENTITY = 115
};

enum { STRAIT__ALERT_FATAL = 2 };

/* One handshake message or a fragment of one. */
struct strait__handshake {
    uint8_t type;
    uint32_t length; /* of the whole message */
    uint16_t message_seq;
    uint32_t offset;
    uint32_t fragment_len;
    const uint8_t *fragment;
};

static inline uint32_t strait__get24(const uint8_t *p)
{
    return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

static inline void strait__put24(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 16);
    strait__put16(p + 1, (uint16_t)v);
}

static inline uint64_t strait__get48(const uint8_t *p)
{
    return (uint64_t)strait__get16(p) << 32 | strait__get32(p + 2);
}

static inline void strait__put48(uint8_t *p, uint64_t v)
{
    strait__put16(p, (uint16_t)(v >> 32));
    strait__put32(p + 2, (uint32_t)v);
}

/* True if a fragment and its header lie within `len` bytes and within their message. */
bool strait__handshake_read(struct strait__handshake *out, const uint8_t *data, size_t len);

void strait__handshake_write(uint8_t *out, const struct strait__handshake *handshake);

/* An unprotected record's header. */
void strait__record_write(uint8_t *out, enum strait__content_type type, uint64_t seq, size_t len);

/* RFC 8446, 4.1.3: a HelloRetryRequest is a ServerHello with this random. */
extern const uint8_t strait__hello_retry_random[32];

/* `body`: of a ServerHello. */
bool strait__is_hello_retry(const uint8_t *body, size_t len);

#endif
