#include "transport/dtls/cookie.h"

#include <wolfssl/wolfcrypt/hmac.h>
#include <wolfssl/wolfcrypt/settings.h>
#include <wolfssl/wolfcrypt/sha256.h>
#include <wolfssl/wolfcrypt/sha512.h>

#include "transport/dtls/names.h"
#include "transport/dtls/wire.h"
#include "transport/util.h"

/* --- secrets --- */

int strait__secrets_init(struct strait__secrets *secrets, const struct strait_hooks *hooks,
                         strait_time lifetime, strait_time now)
{
    *secrets = (struct strait__secrets){ .lifetime = lifetime, .since = now };
    secrets->known[STRAIT__SECRET_CURRENT] = true;
    return strait__random(hooks, secrets->secret[STRAIT__SECRET_CURRENT], STRAIT__SECRET);
}

static void age(struct strait__secrets *s)
{
    for (size_t i = STRAIT__SECRET_AGES - 1; i > 0; i--) {
        memcpy(s->secret[i], s->secret[i - 1], STRAIT__SECRET);
        s->known[i] = s->known[i - 1];
    }
    s->known[STRAIT__SECRET_CURRENT] = false;
    strait__zero(s->secret[STRAIT__SECRET_CURRENT], STRAIT__SECRET);
}

int strait__secrets_rotate(struct strait__secrets *secrets, const struct strait_hooks *hooks,
                           strait_time now)
{
    struct strait__secrets *s = secrets;
    uint8_t fresh[STRAIT__SECRET];
    if (now < s->since || now - s->since < s->lifetime) {
        return STRAIT_OK;
    }
    if (strait__random(hooks, fresh, sizeof fresh) != STRAIT_OK) {
        return STRAIT_E_RANDOM;
    }
    /* Lifetimes in which nothing came count as well. */
    strait_time lifetimes = (now - s->since) / s->lifetime;
    for (strait_time i = 0; i < lifetimes && i < STRAIT__SECRET_AGES; i++) {
        age(s);
    }
    s->since += lifetimes * s->lifetime;
    s->known[STRAIT__SECRET_CURRENT] = true;
    memcpy(s->secret[STRAIT__SECRET_CURRENT], fresh, sizeof fresh);
    strait__zero(fresh, sizeof fresh);
    return STRAIT_OK;
}

/* --- HMAC --- */

struct part {
    const uint8_t *data;
    size_t len;
};

static int mac(const uint8_t secret[STRAIT__SECRET], const struct part *parts, size_t n,
               uint8_t out[STRAIT__COOKIE_MAC])
{
    Hmac hmac;
    if (wc_HmacInit(&hmac, NULL, INVALID_DEVID) != 0) {
        return STRAIT_E_CRYPTO;
    }
    int error = wc_HmacSetKey(&hmac, WC_SHA256, secret, STRAIT__SECRET);
    for (size_t i = 0; i < n && error == 0; i++) {
        error = wc_HmacUpdate(&hmac, parts[i].data, (word32)parts[i].len);
    }
    if (error == 0) {
        error = wc_HmacFinal(&hmac, out);
    }
    wc_HmacFree(&hmac);
    strait__zero(&hmac, sizeof hmac);
    return error == 0 ? STRAIT_OK : STRAIT_E_CRYPTO;
}

int strait__secret_of(const struct strait__secrets *secrets, enum strait__secret_age age,
                      const void *address, size_t len, uint8_t out[STRAIT__SECRET])
{
    struct part part = { address, len };
    return secrets->known[age] ? mac(secrets->secret[age], &part, 1, out) : STRAIT_E_NOT_FOUND;
}

/* --- DTLS 1.2 --- */

int strait__cookie12(const uint8_t secret[STRAIT__SECRET], const struct strait__hello *hello,
                     uint8_t out[STRAIT__COOKIE_MAC])
{
    const uint8_t version[2] = { (uint8_t)(hello->legacy_version >> 8),
                                 (uint8_t)hello->legacy_version };
    const struct part parts[] = {
        { version, sizeof version },
        { hello->random, STRAIT__HELLO_RANDOM },
        { hello->session_id.data, hello->session_id.len },
        { hello->cipher_suites.data, 2 * hello->cipher_suites.count },
        { hello->compression.data, hello->compression.len },
    };
    return mac(secret, parts, sizeof parts / sizeof *parts, out);
}

bool strait__cookie12_good(const uint8_t secret[STRAIT__SECRET], const struct strait__hello *hello)
{
    uint8_t right[STRAIT__COOKIE_MAC];
    return hello->cookie12.len == sizeof right &&
           strait__cookie12(secret, hello, right) == STRAIT_OK &&
           strait__equal_ct(hello->cookie12.data, right, sizeof right);
}

/* --- DTLS 1.3 --- */

/* The transcript has the message's type and length of TLS, not the header of DTLS (RFC 9147, 5.2). */
static int hash_hello(uint16_t suite, const uint8_t *body, size_t body_len, uint8_t *out,
                      uint8_t *len)
{
    uint8_t header[4] = { STRAIT__CLIENT_HELLO };
    strait__put24(header + 1, (uint32_t)body_len);
    int error;
    if (strait__suite_sha384(suite)) {
        wc_Sha384 sha;
        *len = WC_SHA384_DIGEST_SIZE;
        error = wc_InitSha384(&sha);
        error = error != 0 ? error : wc_Sha384Update(&sha, header, sizeof header);
        error = error != 0 ? error : wc_Sha384Update(&sha, body, (word32)body_len);
        error = error != 0 ? error : wc_Sha384Final(&sha, out);
        wc_Sha384Free(&sha);
    } else {
        wc_Sha256 sha;
        *len = WC_SHA256_DIGEST_SIZE;
        error = wc_InitSha256(&sha);
        error = error != 0 ? error : wc_Sha256Update(&sha, header, sizeof header);
        error = error != 0 ? error : wc_Sha256Update(&sha, body, (word32)body_len);
        error = error != 0 ? error : wc_Sha256Final(&sha, out);
        wc_Sha256Free(&sha);
    }
    return error == 0 ? STRAIT_OK : STRAIT_E_CRYPTO;
}

int strait__cookie13(const uint8_t secret[STRAIT__SECRET], const uint8_t *body, size_t body_len,
                     uint16_t suite, uint16_t group, uint8_t out[STRAIT__COOKIE_MAX], size_t *len)
{
    if (hash_hello(suite, body, body_len, out + 1, out) != STRAIT_OK) {
        return STRAIT_E_CRYPTO;
    }
    size_t at = 1 + (size_t)out[0];
    strait__put16(out + at, suite);
    at += 2;
    if (group != 0) {
        strait__put16(out + at, group);
        at += 2;
    }
    struct part part = { out, at };
    *len = at + STRAIT__COOKIE_MAC;
    return mac(secret, &part, 1, out + at);
}

bool strait__cookie13_good(const uint8_t secret[STRAIT__SECRET], const struct strait__hello *hello)
{
    uint8_t right[STRAIT__COOKIE_MAC];
    const uint8_t *cookie = hello->cookie13.data;
    size_t len = hello->cookie13.len;
    if (len < 1 + WC_SHA256_DIGEST_SIZE + 2 + STRAIT__COOKIE_MAC || len > STRAIT__COOKIE_MAX) {
        return false;
    }
    struct part part = { cookie, len - STRAIT__COOKIE_MAC };
    return mac(secret, &part, 1, right) == STRAIT_OK &&
           strait__equal_ct(cookie + part.len, right, sizeof right);
}
