#include <netinet/in.h>

#include "ice/crc32.h"
#include "ice/stun_internal.h"
#include "transport/util.h"

enum { MAX_USERNAME = 508 /* RFC 8489, 14.3: fewer than 509 bytes */ };

struct attribute {
    uint16_t type;
    uint16_t len;
    const uint8_t *value;
    size_t at; /* offset of its header */
};

static bool read_header(struct strait__stun_message *m, const uint8_t *data, size_t len)
{
    if (data == NULL || len < STRAIT__STUN_HEADER || (data[0] & 0xc0) != 0 ||
        strait__get32(data + 4) != STRAIT__STUN_COOKIE) {
        return false;
    }
    size_t body = strait__get16(data + 2);
    if (body % 4 != 0 || body != len - STRAIT__STUN_HEADER) {
        return false;
    }
    unsigned type = strait__get16(data);
    m->data = data;
    m->len = len;
    /* RFC 8489, 5: the two bits of the class stand between those of the method. */
    m->class_ = (enum strait__stun_class)((type >> 4 & 1) | (type >> 7 & 2));
    m->method = (uint16_t)((type & 0x000f) | (type >> 1 & 0x0070) | (type >> 2 & 0x0f80));
    memcpy(m->transaction, data + 8, sizeof m->transaction);
    return true;
}

static bool next_attribute(const struct strait__stun_message *m, size_t at, struct attribute *a)
{
    if (m->len - at < STRAIT__STUN_ATTRIBUTE) {
        return false;
    }
    a->at = at;
    a->type = strait__get16(m->data + at);
    a->len = strait__get16(m->data + at + 2);
    a->value = m->data + at + STRAIT__STUN_ATTRIBUTE;
    return strait__stun_padded(a->len) <= m->len - at - STRAIT__STUN_ATTRIBUTE;
}

/* MAPPED-ADDRESS and XOR-MAPPED-ADDRESS (RFC 8489, 14.1 and 14.2). */
static bool read_address(struct strait__stun_message *m, const struct attribute *a, bool xored)
{
    size_t host = a->len == 8 ? 4 : 16;
    if ((a->len != 8 && a->len != 20) ||
        a->value[1] != (host == 4 ? STRAIT__STUN_V4 : STRAIT__STUN_V6)) {
        return false;
    }
    uint8_t bytes[18]; /* port and address; the mask is the cookie and the transaction id */
    const uint8_t *cookie = m->data + 4;
    memcpy(bytes, a->value + 2, 2 + host);
    for (size_t i = 0; xored && i < 2 + host; i++) {
        bytes[i] ^= i < 2 ? cookie[i] : cookie[i - 2];
    }
    memset(&m->mapped, 0, sizeof m->mapped);
    if (host == 4) {
        struct sockaddr_in *four = (struct sockaddr_in *)(void *)&m->mapped;
        four->sin_family = AF_INET;
        memcpy(&four->sin_port, bytes, 2);
        memcpy(&four->sin_addr, bytes + 2, 4);
    } else {
        struct sockaddr_in6 *six = (struct sockaddr_in6 *)(void *)&m->mapped;
        six->sin6_family = AF_INET6;
        memcpy(&six->sin6_port, bytes, 2);
        memcpy(&six->sin6_addr, bytes + 2, 16);
    }
    m->has_mapped = true;
    return true;
}

static bool read_error_code(struct strait__stun_message *m, const struct attribute *a)
{
    if (a->len < 4) {
        return false;
    }
    unsigned hundreds = a->value[2] & 7u;
    unsigned number = a->value[3];
    m->error_code = (uint16_t)(hundreds * 100 + number);
    return hundreds >= 3 && hundreds <= 6 && number <= 99; /* RFC 8489, 14.8 */
}

static bool read_role(struct strait__stun_message *m, const struct attribute *a, bool *role)
{
    if (a->len != 8) {
        return false;
    }
    if (!m->controlling && !m->controlled) {
        m->tie_breaker = strait__get64(a->value);
    }
    *role = true;
    return true;
}

static void keep_unknown(struct strait__stun_message *m, const struct attribute *a)
{
    if (a->type >= 0x8000) {
        if (m->n_unknown_optional < STRAIT__STUN_MAX_UNKNOWN) {
            m->unknown_optional[m->n_unknown_optional++] =
                (struct strait_stun_attribute){ .type = a->type, .len = a->len, .value = a->value };
        }
        return;
    }
    for (size_t i = 0; i < m->n_unknown_required; i++) {
        if (m->unknown_required[i] == a->type) {
            return;
        }
    }
    if (m->n_unknown_required < STRAIT__STUN_MAX_UNKNOWN) {
        m->unknown_required[m->n_unknown_required++] = a->type;
    }
}

static bool read_username(struct strait__stun_message *m, const struct attribute *a)
{
    m->username = a->value;
    m->username_len = a->len;
    return a->len <= MAX_USERNAME;
}

static bool read_priority(struct strait__stun_message *m, const struct attribute *a)
{
    if (a->len != 4) {
        return false;
    }
    m->priority = strait__get32(a->value);
    m->has_priority = true;
    return true;
}

/* False where it is known and malformed. */
static bool read_attribute(struct strait__stun_message *m, const struct attribute *a,
                           bool *have_xored)
{
    switch (a->type) {
    case STRAIT__STUN_MAPPED_ADDRESS:
        return m->has_mapped || read_address(m, a, false);
    case STRAIT__STUN_XOR_MAPPED_ADDRESS:
        if (*have_xored) {
            return true;
        }
        *have_xored = true;
        return read_address(m, a, true);
    case STRAIT__STUN_USERNAME:
        return m->username != NULL || read_username(m, a);
    case STRAIT__STUN_PRIORITY:
        return m->has_priority || read_priority(m, a);
    case STRAIT__STUN_USE_CANDIDATE:
        m->use_candidate = true;
        return a->len == 0;
    case STRAIT__STUN_ICE_CONTROLLED:
        return m->controlled || read_role(m, a, &m->controlled);
    case STRAIT__STUN_ICE_CONTROLLING:
        return m->controlling || read_role(m, a, &m->controlling);
    case STRAIT__STUN_ERROR_CODE:
        return m->error_code != 0 || read_error_code(m, a);
    case STRAIT__STUN_UNKNOWN_ATTRIBUTES:
        return a->len % 2 == 0;
    case STRAIT__STUN_SOFTWARE:
        if (m->software == NULL) {
            m->software = a->value;
            m->software_len = a->len;
        }
        return true;
    case STRAIT__STUN_MESSAGE_INTEGRITY:
        m->integrity_at = a->at;
        return a->len == STRAIT__STUN_INTEGRITY_LEN;
    default:
        keep_unknown(m, a);
        return true;
    }
}

static bool read_fingerprint(struct strait__stun_message *m, const struct attribute *a)
{
    m->has_fingerprint = true;
    /* Being last, it is what the header's length ends with: the CRC is over the bytes as they are. */
    return a->len == STRAIT__STUN_FINGERPRINT_LEN &&
           a->at + STRAIT__STUN_ATTRIBUTE + STRAIT__STUN_FINGERPRINT_LEN == m->len &&
           strait__get32(a->value) ==
               (strait__crc32(m->data, a->at) ^ STRAIT__STUN_FINGERPRINT_XOR);
}

int strait__stun_parse(struct strait__stun_message *out, const uint8_t *data, size_t len)
{
    memset(out, 0, sizeof *out);
    if (!read_header(out, data, len)) {
        return STRAIT_E_PARSE;
    }
    bool have_xored = false;
    struct attribute a;
    for (size_t at = STRAIT__STUN_HEADER; at < len;
         at += STRAIT__STUN_ATTRIBUTE + strait__stun_padded(a.len)) {
        if (!next_attribute(out, at, &a)) {
            return STRAIT_E_PARSE;
        }
        bool good = true;
        if (a.type == STRAIT__STUN_FINGERPRINT) {
            good = read_fingerprint(out, &a);
        } else if (out->integrity_at == 0) {
            good = read_attribute(out, &a, &have_xored);
        }
        if (!good) {
            return STRAIT_E_PARSE;
        }
    }
    return STRAIT_OK;
}

bool strait__stun_verify(const struct strait__stun_message *message, const char *pwd,
                         size_t pwd_len)
{
    uint8_t want[STRAIT__STUN_INTEGRITY_LEN];
    /* A key that is not there yet must not become the empty key, which everybody knows. */
    if (message->integrity_at == 0 || pwd == NULL || pwd_len == 0 ||
        !strait__stun_hmac(want, message->data, message->integrity_at, pwd, pwd_len)) {
        return false;
    }
    const uint8_t *got = message->data + message->integrity_at + STRAIT__STUN_ATTRIBUTE;
    return strait__equal_ct(want, got, sizeof want);
}

const uint8_t *strait__stun_local_ufrag(const struct strait__stun_message *message, size_t *len)
{
    const uint8_t *colon = message->username_len > 0
                               ? memchr(message->username, ':', message->username_len)
                               : NULL;
    if (colon == NULL) {
        *len = 0;
        return NULL;
    }
    *len = (size_t)(colon - message->username);
    return message->username;
}

bool strait__stun_username_is(const struct strait__stun_message *message, const char *first,
                              const char *second)
{
    size_t len;
    const uint8_t *ufrag = strait__stun_local_ufrag(message, &len);
    if (ufrag == NULL || strlen(first) != len || memcmp(ufrag, first, len) != 0) {
        return false;
    }
    size_t rest = message->username_len - len - 1;
    return second == NULL || (strlen(second) == rest && memcmp(ufrag + len + 1, second, rest) == 0);
}
