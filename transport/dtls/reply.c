#include "transport/dtls/reply.h"

#include "transport/dtls/wire.h"

enum { HEADERS = STRAIT__RECORD_HEADER + STRAIT__HANDSHAKE_HEADER };
enum { EXT_SUPPORTED_VERSIONS = 43, EXT_COOKIE = 44, EXT_KEY_SHARE = 51 };
enum { DTLS_1_0 = 0xfeff, DTLS_1_2 = 0xfefd, DTLS_1_3 = 0xfefc };

struct writer {
    uint8_t *out;
    size_t len;
};

static void put8(struct writer *w, uint8_t value)
{
    w->out[w->len++] = value;
}

static void put16(struct writer *w, size_t value)
{
    strait__put16(w->out + w->len, (uint16_t)value);
    w->len += 2;
}

static void put(struct writer *w, const uint8_t *data, size_t len)
{
    memcpy(w->out + w->len, data, len);
    w->len += len;
}

/* Both headers, once the message is written behind them. */
static size_t finish(const struct writer *w, enum strait__handshake_type type, uint64_t record_seq,
                     uint16_t message_seq)
{
    const struct strait__handshake h = {
        .type = (uint8_t)type,
        .length = (uint32_t)(w->len - HEADERS),
        .message_seq = message_seq,
        .fragment_len = (uint32_t)(w->len - HEADERS),
    };
    strait__record_write(w->out, STRAIT__HANDSHAKE, record_seq, w->len - STRAIT__RECORD_HEADER);
    strait__handshake_write(w->out + STRAIT__RECORD_HEADER, &h);
    return w->len;
}

size_t strait__reply_hello_verify(uint8_t out[STRAIT__REPLY_MAX], uint64_t record_seq,
                                  uint16_t message_seq, const uint8_t cookie[STRAIT__COOKIE_MAC])
{
    struct writer w = { out, HEADERS };
    put16(&w, DTLS_1_0); /* RFC 6347, 4.2.1: whatever will be negotiated */
    put8(&w, STRAIT__COOKIE_MAC);
    put(&w, cookie, STRAIT__COOKIE_MAC);
    return finish(&w, STRAIT__HELLO_VERIFY_REQUEST, record_seq, message_seq);
}

/* RFC 8446, 4.1.4. wolfSSL restores these bytes from the cookie: the order of the extensions is its own. */
size_t strait__reply_hello_retry(uint8_t out[STRAIT__REPLY_MAX], uint64_t record_seq,
                                 uint16_t message_seq, uint16_t suite, uint16_t group,
                                 const uint8_t *cookie, size_t cookie_len)
{
    struct writer w = { out, HEADERS };
    put16(&w, DTLS_1_2); /* legacy_version */
    put(&w, strait__hello_retry_random, sizeof strait__hello_retry_random);
    put8(&w, 0); /* RFC 9147, 5.3: no legacy_session_id_echo */
    put16(&w, suite);
    put8(&w, 0); /* legacy_compression_method */
    put16(&w, (group != 0 ? 6u : 0u) + 6 + 6 + cookie_len);
    if (group != 0) {
        put16(&w, EXT_KEY_SHARE);
        put16(&w, 2);
        put16(&w, group);
    }
    put16(&w, EXT_SUPPORTED_VERSIONS);
    put16(&w, 2);
    put16(&w, DTLS_1_3);
    put16(&w, EXT_COOKIE);
    put16(&w, 2 + cookie_len);
    put16(&w, cookie_len);
    put(&w, cookie, cookie_len);
    return finish(&w, STRAIT__SERVER_HELLO, record_seq, message_seq);
}

size_t strait__reply_alert(uint8_t out[STRAIT__REPLY_MAX], uint64_t record_seq, uint8_t description)
{
    strait__record_write(out, STRAIT__ALERT, record_seq, 2);
    out[STRAIT__RECORD_HEADER] = STRAIT__ALERT_FATAL;
    out[STRAIT__RECORD_HEADER + 1] = description;
    return STRAIT__RECORD_HEADER + 2;
}
