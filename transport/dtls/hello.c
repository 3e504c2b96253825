#include "transport/dtls/hello.h"

#include "transport/util.h"

enum {
    SUPPORTED_GROUPS = 10,
    USE_SRTP = 14,
    PRE_SHARED_KEY = 41,
    SUPPORTED_VERSIONS = 43,
    COOKIE = 44,
    KEY_SHARE = 51,
    CONNECTION_ID = 54,
    SESSION_ID_MAX = 32
};

/* What is left to read. A read beyond the end fails, and so do all after it. */
struct cursor {
    const uint8_t *data;
    size_t len;
    bool failed;
};

static const uint8_t *take(struct cursor *c, size_t n)
{
    if (c->failed || n > c->len) {
        c->failed = true;
        return NULL;
    }
    const uint8_t *data = c->data;
    c->data += n;
    c->len -= n;
    return data;
}

static uint16_t take16(struct cursor *c)
{
    const uint8_t *p = take(c, 2);
    return p != NULL ? strait__get16(p) : 0;
}

/* A vector with a length of one or two bytes before it. */
static struct cursor take_vector(struct cursor *c, size_t length_bytes)
{
    const uint8_t *p = take(c, length_bytes);
    size_t len = p == NULL ? 0 : length_bytes == 1 ? p[0] : strait__get16(p);
    const uint8_t *data = take(c, len);
    return (struct cursor){ .data = data, .len = data != NULL ? len : 0, .failed = data == NULL };
}

static bool take_numbers(struct cursor *c, size_t length_bytes, struct strait__numbers *out)
{
    struct cursor vector = take_vector(c, length_bytes);
    if (vector.failed || vector.len % 2 != 0 || vector.len == 0) {
        return false;
    }
    *out = (struct strait__numbers){ .data = vector.data, .count = vector.len / 2 };
    return true;
}

static struct strait__bytes bytes_of(struct cursor c)
{
    return (struct strait__bytes){ .data = c.data, .len = c.len };
}

static bool read_cookie(struct strait__hello *out, struct cursor body)
{
    struct cursor cookie = take_vector(&body, 2);
    if (out->cookie13.data != NULL || cookie.failed || cookie.len == 0 || body.len != 0) {
        return false;
    }
    out->cookie13 = bytes_of(cookie);
    return true;
}

static bool read_cid(struct strait__hello *out, struct cursor body)
{
    struct cursor cid = take_vector(&body, 1);
    if (out->cid.data != NULL || cid.failed || body.len != 0) {
        return false;
    }
    out->cid = bytes_of(cid);
    return true;
}

static bool read_shares(struct strait__hello *out, struct cursor body)
{
    struct cursor list = take_vector(&body, 2);
    if (out->shares.data != NULL || list.failed || body.len != 0) {
        return false;
    }
    out->shares = bytes_of(list);
    while (list.len > 0) {
        take16(&list);
        struct cursor share = take_vector(&list, 2);
        if (list.failed || share.len == 0) {
            return false;
        }
    }
    return true;
}

static bool read_identities(struct strait__hello *out, struct cursor body)
{
    struct cursor list = take_vector(&body, 2);
    take_vector(&body, 2); /* binders */
    if (out->identities.data != NULL || list.failed || list.len == 0 || body.failed ||
        body.len != 0) {
        return false;
    }
    out->identities = bytes_of(list);
    while (list.len > 0) {
        take_vector(&list, 2);
        take(&list, 4); /* obfuscated_ticket_age */
        if (list.failed) {
            return false;
        }
    }
    return true;
}

static bool read_extension(struct strait__hello *out, uint16_t type, struct cursor body)
{
    switch (type) {
    case SUPPORTED_GROUPS:
        return out->groups.data == NULL && take_numbers(&body, 2, &out->groups) && body.len == 0;
    case SUPPORTED_VERSIONS:
        return out->versions.data == NULL && take_numbers(&body, 1, &out->versions) &&
               body.len == 0;
    case USE_SRTP:
        if (out->profiles.data != NULL || !take_numbers(&body, 2, &out->profiles)) {
            return false;
        }
        take_vector(&body, 1); /* srtp_mki */
        return !body.failed && body.len == 0;
    case COOKIE:
        return read_cookie(out, body);
    case CONNECTION_ID:
        return read_cid(out, body);
    case KEY_SHARE:
        return read_shares(out, body);
    case PRE_SHARED_KEY:
        return read_identities(out, body);
    default:
        return true;
    }
}

static bool read_extensions(struct strait__hello *out, struct cursor c)
{
    while (c.len > 0) {
        uint16_t type = take16(&c);
        struct cursor body = take_vector(&c, 2);
        if (c.failed || !read_extension(out, type, body)) {
            return false;
        }
    }
    return true;
}

bool strait__hello_read(struct strait__hello *out, const uint8_t *body, size_t len)
{
    struct cursor c = { .data = body, .len = len };
    *out = (struct strait__hello){ .legacy_version = take16(&c) };
    out->random = take(&c, STRAIT__HELLO_RANDOM);
    out->session_id = bytes_of(take_vector(&c, 1));
    out->cookie12 = bytes_of(take_vector(&c, 1));
    if (c.failed || out->session_id.len > SESSION_ID_MAX ||
        !take_numbers(&c, 2, &out->cipher_suites)) {
        return false;
    }
    out->compression = bytes_of(take_vector(&c, 1));
    if (c.failed || out->compression.len == 0) {
        return false;
    }
    if (c.len == 0) {
        return true; /* RFC 5246, 7.4.1.2: extensions may be missing altogether */
    }
    struct cursor extensions = take_vector(&c, 2);
    return !c.failed && c.len == 0 && read_extensions(out, extensions);
}

bool strait__numbers_have(const struct strait__numbers *numbers, uint16_t number)
{
    for (size_t i = 0; i < numbers->count; i++) {
        if (strait__get16(numbers->data + 2 * i) == number) {
            return true;
        }
    }
    return false;
}

bool strait__hello_has_share(const struct strait__hello *hello, uint16_t group)
{
    struct cursor list = { .data = hello->shares.data, .len = hello->shares.len };
    while (list.len > 0) {
        uint16_t of = take16(&list);
        take_vector(&list, 2);
        if (of == group) {
            return true;
        }
    }
    return false;
}

bool strait__hello_has_version(const struct strait__hello *hello, uint16_t version)
{
    if (hello->versions.data != NULL) {
        return strait__numbers_have(&hello->versions, version);
    }
    /* RFC 8446, 4.2.1: without supported_versions no version above 1.2. The numbers run backwards. */
    return version == 0xfefd && hello->legacy_version >> 8 == 0xfe &&
           hello->legacy_version <= version;
}
