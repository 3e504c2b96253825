#include <netinet/in.h>
#include <wolfssl/wolfcrypt/hmac.h>

#include "ice/crc32.h"
#include "ice/stun_internal.h"
#include "transport/address.h"
#include "transport/util.h"

bool strait__stun_hmac(uint8_t out[STRAIT__STUN_INTEGRITY_LEN], const uint8_t *data, size_t at,
                       const char *pwd, size_t pwd_len)
{
    uint8_t head[4];
    size_t end = at + STRAIT__STUN_ATTRIBUTE + STRAIT__STUN_INTEGRITY_LEN;
    memcpy(head, data, 2);
    strait__put16(head + 2, (uint16_t)(end - STRAIT__STUN_HEADER));

    Hmac hmac;
    if (wc_HmacInit(&hmac, NULL, INVALID_DEVID) != 0) {
        return false;
    }
    bool done = wc_HmacSetKey(&hmac, WC_SHA, (const byte *)pwd, (word32)pwd_len) == 0 &&
                wc_HmacUpdate(&hmac, head, sizeof head) == 0 &&
                wc_HmacUpdate(&hmac, data + sizeof head, (word32)(at - sizeof head)) == 0 &&
                wc_HmacFinal(&hmac, out) == 0;
    wc_HmacFree(&hmac);
    strait__zero(&hmac, sizeof hmac);
    return done;
}

void strait__stun_begin(struct strait__stun_writer *w, uint8_t *data, size_t room,
                        enum strait__stun_class class_, uint16_t method,
                        const uint8_t transaction[STRAIT__STUN_TRANSACTION])
{
    *w = (struct strait__stun_writer){ .data = data, .room = room };
    if (data == NULL || room < STRAIT__STUN_HEADER || method > 0xfff) {
        w->failed = true;
        return;
    }
    unsigned c = (unsigned)class_;
    unsigned type = (method & 0x000fu) | (method & 0x0070u) << 1 | (method & 0x0f80u) << 2 |
                    (c & 1) << 4 | (c & 2) << 7;
    strait__put16(data, (uint16_t)type);
    strait__put16(data + 2, 0);
    strait__put32(data + 4, STRAIT__STUN_COOKIE);
    memcpy(data + 8, transaction, STRAIT__STUN_TRANSACTION);
    w->len = STRAIT__STUN_HEADER;
}

/* Makes room for an attribute's value, padding zeroed; NULL where there is none. */
static uint8_t *reserve(struct strait__stun_writer *w, uint16_t type, size_t len)
{
    size_t bytes = STRAIT__STUN_ATTRIBUTE + strait__stun_padded(len);
    if (w->failed || len > UINT16_MAX || w->room - w->len < bytes ||
        w->len + bytes - STRAIT__STUN_HEADER > UINT16_MAX) {
        w->failed = true;
        return NULL;
    }
    uint8_t *p = w->data + w->len;
    strait__put16(p, type);
    strait__put16(p + 2, (uint16_t)len);
    memset(p + STRAIT__STUN_ATTRIBUTE, 0, bytes - STRAIT__STUN_ATTRIBUTE);
    w->len += bytes;
    return p + STRAIT__STUN_ATTRIBUTE;
}

void strait__stun_add(struct strait__stun_writer *w, uint16_t type, const void *value, size_t len)
{
    uint8_t *p = reserve(w, type, len);
    if (p != NULL && len > 0) {
        memcpy(p, value, len);
    }
}

void strait__stun_add32(struct strait__stun_writer *w, uint16_t type, uint32_t value)
{
    uint8_t *p = reserve(w, type, 4);
    if (p != NULL) {
        strait__put32(p, value);
    }
}

void strait__stun_add64(struct strait__stun_writer *w, uint16_t type, uint64_t value)
{
    uint8_t *p = reserve(w, type, 8);
    if (p != NULL) {
        strait__put64(p, value);
    }
}

void strait__stun_add_username(struct strait__stun_writer *w, const char *first, const char *second)
{
    size_t n = strlen(first);
    size_t m = strlen(second);
    uint8_t *p = reserve(w, STRAIT__STUN_USERNAME, n + 1 + m);
    if (p != NULL) {
        memcpy(p, first, n);
        p[n] = ':';
        memcpy(p + n + 1, second, m);
    }
}

void strait__stun_add_xor_mapped(struct strait__stun_writer *w,
                                 const struct sockaddr_storage *address)
{
    size_t host = address->ss_family == AF_INET ? 4 : address->ss_family == AF_INET6 ? 16 : 0;
    if (host == 0) {
        w->failed = true;
        return;
    }
    uint8_t *p = reserve(w, STRAIT__STUN_XOR_MAPPED_ADDRESS, 4 + host);
    if (p == NULL) {
        return;
    }
    const void *from =
        host == 4 ? (const void *)&((const struct sockaddr_in *)(const void *)address)->sin_addr
                  : &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    p[1] = host == 4 ? STRAIT__STUN_V4 : STRAIT__STUN_V6;
    strait__put16(p + 2, (uint16_t)(strait__address_port(address) ^ (STRAIT__STUN_COOKIE >> 16)));
    memcpy(p + 4, from, host);
    for (size_t i = 0; i < host; i++) {
        p[4 + i] ^= w->data[4 + i]; /* the cookie and, after it, the transaction id */
    }
}

static const char *reason_of(uint16_t code)
{
    switch (code) {
    case 300:
        return "Try Alternate";
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthenticated";
    case 420:
        return "Unknown Attribute";
    case 438:
        return "Stale Nonce";
    case 487:
        return "Role Conflict";
    case 500:
        return "Server Error";
    default:
        return "";
    }
}

void strait__stun_add_error(struct strait__stun_writer *w, uint16_t code, const char *reason)
{
    const char *text = reason != NULL ? reason : reason_of(code);
    size_t len = strlen(text);
    if (code < 300 || code > 699) {
        w->failed = true;
        return;
    }
    uint8_t *p = reserve(w, STRAIT__STUN_ERROR_CODE, 4 + len);
    if (p != NULL) {
        p[2] = (uint8_t)(code / 100);
        p[3] = (uint8_t)(code % 100);
        memcpy(p + 4, text, len);
    }
}

void strait__stun_add_unknown(struct strait__stun_writer *w, const uint16_t *types, size_t n)
{
    uint8_t *p = reserve(w, STRAIT__STUN_UNKNOWN_ATTRIBUTES, 2 * n);
    for (size_t i = 0; p != NULL && i < n; i++) {
        strait__put16(p + 2 * i, types[i]);
    }
}

int strait__stun_finish(struct strait__stun_writer *w, const char *pwd, size_t pwd_len)
{
    size_t at = w->len;
    uint8_t *mac = pwd != NULL && pwd_len > 0
                       ? reserve(w, STRAIT__STUN_MESSAGE_INTEGRITY, STRAIT__STUN_INTEGRITY_LEN)
                       : NULL;
    if (pwd != NULL && pwd_len == 0) {
        w->failed = true; /* the empty key would authenticate nothing */
    }
    if (mac != NULL && !strait__stun_hmac(mac, w->data, at, pwd, pwd_len)) {
        return STRAIT_E_CRYPTO;
    }
    size_t fingerprint_at = w->len;
    uint8_t *fingerprint = reserve(w, STRAIT__STUN_FINGERPRINT, STRAIT__STUN_FINGERPRINT_LEN);
    if (fingerprint == NULL) {
        return STRAIT_E_TOO_SMALL;
    }
    strait__put16(w->data + 2, (uint16_t)(w->len - STRAIT__STUN_HEADER));
    strait__put32(fingerprint,
                  strait__crc32(w->data, fingerprint_at) ^ STRAIT__STUN_FINGERPRINT_XOR);
    return (int)w->len;
}
