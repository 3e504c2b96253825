#include "transport/fingerprint.h"

#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

#include <wolfssl/wolfcrypt/hash.h>
#include <wolfssl/wolfcrypt/settings.h>
#include <wolfssl/wolfcrypt/sha256.h>
#include <wolfssl/wolfcrypt/sha512.h>
#include <wolfssl/wolfcrypt/types.h>

#include "transport/util.h"

/* IANA's "Hash Function Textual Names", those of RFC 8122, section 5, that are not broken: MD2, MD5
 * and SHA-1 must not be used, and SHA-224 nobody offers. */
static const struct hash_name {
    const char *name;
    uint8_t bytes;
} hashes[] = {
    [STRAIT_HASH_SHA256] = { "sha-256", 32 },
    [STRAIT_HASH_SHA384] = { "sha-384", 48 },
    [STRAIT_HASH_SHA512] = { "sha-512", 64 },
};

enum { N_HASHES = sizeof hashes / sizeof hashes[0] };

int strait_fingerprint_of(struct strait_fingerprint *out, enum strait_hash hash, const uint8_t *der,
                          size_t len)
{
    int wc = 0;
    if (out == NULL || der == NULL || len == 0 || len > UINT32_MAX || (unsigned)hash >= N_HASHES) {
        return STRAIT_E_INVALID;
    }
    *out = (struct strait_fingerprint){ .hash = hash, .len = hashes[hash].bytes };
    switch (hash) {
    case STRAIT_HASH_SHA256:
        wc = wc_Sha256Hash(der, (word32)len, out->value);
        break;
    case STRAIT_HASH_SHA384:
        wc = wc_Sha384Hash(der, (word32)len, out->value);
        break;
    case STRAIT_HASH_SHA512:
        wc = wc_Sha512Hash(der, (word32)len, out->value);
        break;
    }
    return wc == 0 ? STRAIT_OK : STRAIT_E_CRYPTO;
}

static bool is_whole(const struct strait_fingerprint *f)
{
    return f != NULL && (unsigned)f->hash < N_HASHES && f->len == hashes[f->hash].bytes;
}

bool strait_fingerprint_equal(const struct strait_fingerprint *a,
                              const struct strait_fingerprint *b)
{
    return is_whole(a) && is_whole(b) && a->hash == b->hash &&
           strait__equal_ct(a->value, b->value, a->len);
}

/* --- Reading ----------------------------------------------------------------------------------- */

__attribute__((format(printf, 3, 4))) static int refuse(char reason[STRAIT__FINGERPRINT_REASON],
                                                        int error, const char *format, ...)
{
    if (reason != NULL) {
        va_list args;
        va_start(args, format);
        vsnprintf(reason, STRAIT__FINGERPRINT_REASON, format, args);
        va_end(args);
    }
    return error;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    /* RFC 8122, section 5, has upper case only; there are peers that write lower, and no harm in it. */
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads 2HEX *(":" 2HEX), keeping at most `room` bytes. Their number, or 0 where that is not the form. */
static size_t read_hex(uint8_t *out, size_t room, const char *text, size_t len)
{
    if (len % 3 != 2) {
        return 0;
    }
    for (size_t at = 0, n = 0; at < len; at += 3, n++) {
        int high = hex_digit(text[at]), low = hex_digit(text[at + 1]);
        if (high < 0 || low < 0 || (at + 2 < len && text[at + 2] != ':')) {
            return 0;
        }
        if (n < room) {
            out[n] = (uint8_t)(high << 4 | low);
        }
    }
    return len / 3 + 1;
}

/* A token's character (RFC 8866, section 9), without what would make a log line hard to read. */
static bool is_name(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bool alphanumeric = (text[i] >= '0' && text[i] <= '9') ||
                            ((text[i] | 0x20) >= 'a' && (text[i] | 0x20) <= 'z');
        if (!alphanumeric && text[i] != '-') {
            return false;
        }
    }
    return len > 0 && len <= 32;
}

int strait__fingerprint_read(struct strait_fingerprint *out, const char *text, size_t len,
                             char reason[STRAIT__FINGERPRINT_REASON])
{
    const char *space = memchr(text, ' ', len);
    if (space == NULL || !is_name(text, (size_t)(space - text))) {
        return refuse(reason, STRAIT_E_PARSE, "wants a hash's name, a space and AB:CD:...");
    }
    size_t name_len = (size_t)(space - text);
    struct strait_fingerprint f = { .len = 0 };
    size_t bytes = read_hex(f.value, sizeof f.value, space + 1, len - name_len - 1);
    if (bytes == 0) {
        return refuse(reason, STRAIT_E_PARSE,
                      "wants pairs of hexadecimal digits with colons between them");
    }
    for (size_t i = 0; i < N_HASHES; i++) {
        if (strlen(hashes[i].name) != name_len ||
            strncasecmp(hashes[i].name, text, name_len) != 0) {
            continue;
        }
        if (bytes != hashes[i].bytes) {
            return refuse(reason, STRAIT_E_PARSE, "%s wants %u bytes, this has %zu", hashes[i].name,
                          (unsigned)hashes[i].bytes, bytes);
        }
        f.hash = (enum strait_hash)i;
        f.len = hashes[i].bytes;
        *out = f;
        return STRAIT_OK;
    }
    return refuse(reason, STRAIT_E_UNSUPPORTED,
                  "%.*s is not accepted, only sha-256, sha-384 and sha-512", (int)name_len, text);
}

int strait_fingerprint_parse(struct strait_fingerprint *out, const char *text, size_t len)
{
    if (out == NULL || text == NULL) {
        return STRAIT_E_INVALID;
    }
    return strait__fingerprint_read(out, text, len, NULL);
}

/* --- Writing ----------------------------------------------------------------------------------- */

int strait_fingerprint_print(const struct strait_fingerprint *fingerprint, char *text, size_t room)
{
    static const char digits[] = "0123456789ABCDEF";
    if (!is_whole(fingerprint) || text == NULL) {
        return STRAIT_E_INVALID;
    }
    const struct hash_name *hash = &hashes[fingerprint->hash];
    size_t name_len = strlen(hash->name);
    size_t len = name_len + 3u * hash->bytes;
    if (room <= len) {
        return STRAIT_E_TOO_SMALL;
    }
    memcpy(text, hash->name, name_len);
    char *at = text + name_len;
    for (size_t i = 0; i < hash->bytes; i++) {
        *at++ = i == 0 ? ' ' : ':';
        *at++ = digits[fingerprint->value[i] >> 4];
        *at++ = digits[fingerprint->value[i] & 15];
    }
    *at = '\0';
    return (int)len;
}
