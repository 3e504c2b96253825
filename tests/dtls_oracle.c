#include "tests/dtls_oracle.h"

#include <stdlib.h>
#include <string.h>

#include <wolfssl/wolfcrypt/settings.h>

#include <wolfssl/wolfcrypt/aes.h>
#include <wolfssl/wolfcrypt/chacha.h>
#include <wolfssl/wolfcrypt/chacha20_poly1305.h>
#include <wolfssl/wolfcrypt/hmac.h>

enum { TAG = 16, TLS12_CID = 25, HANDSHAKE = 22, HEADER = 13 };

struct keys {
    uint8_t key[32], iv[12], sn[32];
    size_t key_len;
    bool chacha;
};

static uint64_t get(const uint8_t *p, size_t n)
{
    uint64_t v = 0;
    while (n-- > 0) {
        v = v << 8 | *p++;
    }
    return v;
}

static void put(uint8_t *p, uint64_t v, size_t n)
{
    while (n-- > 0) {
        p[n] = (uint8_t)v;
        v >>= 8;
    }
}

/* --- the key log --- */

static void unhex(uint8_t *out, const char *hex, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char two[3] = { hex[2 * i], hex[2 * i + 1], 0 };
        out[i] = (uint8_t)strtoul(two, NULL, 16);
    }
}

void oracle_line(struct oracle *o, const char *line)
{
    static const struct {
        const char *label;
        int side, epoch;
    } labels[] = {
        { "CLIENT_HANDSHAKE_TRAFFIC_SECRET", 0, 2 },
        { "SERVER_HANDSHAKE_TRAFFIC_SECRET", 1, 2 },
        { "CLIENT_TRAFFIC_SECRET_0", 0, 3 },
        { "SERVER_TRAFFIC_SECRET_0", 1, 3 },
    };
    const char *random = strchr(line, ' ') + 1;
    const char *secret = strchr(random, ' ') + 1;
    size_t n = strlen(secret) / 2;
    unhex(o->client_random, random, 32);
    if (strncmp(line, "CLIENT_RANDOM ", 14) == 0) {
        unhex(o->master, secret, 48);
        o->dtls13 = false;
    }
    for (size_t i = 0; i < 4; i++) {
        size_t len = strlen(labels[i].label);
        if (strncmp(line, labels[i].label, len) == 0 && line[len] == ' ') {
            unhex(o->secrets[labels[i].side][labels[i].epoch], secret, n);
            o->dtls13 = true;
        }
    }
}

void oracle_hello(struct oracle *o, const uint8_t *data, size_t len)
{
    if (len > HEADER + 12 + 38 && data[0] == HANDSHAKE && get(data + 3, 2) == 0 &&
        data[HEADER] == 2) {
        const uint8_t *body = data + HEADER + 12;
        memcpy(o->server_random, body + 2, 32);
        o->suite = (uint16_t)get(body + 35 + body[34], 2);
    }
}

/* --- keys --- */

static int hash_of(const struct oracle *o)
{
    return o->suite == 0x1302 || o->suite == 0xc02c || o->suite == 0xc030 ? WC_SHA384 : WC_SHA256;
}

static void hmac(int hash, const uint8_t *key, size_t key_len, const uint8_t *a, size_t a_len,
                 const uint8_t *b, size_t b_len, uint8_t *out)
{
    Hmac h;
    wc_HmacInit(&h, NULL, INVALID_DEVID);
    wc_HmacSetKey(&h, hash, key, (word32)key_len);
    wc_HmacUpdate(&h, a, (word32)a_len);
    wc_HmacUpdate(&h, b, (word32)b_len);
    wc_HmacFinal(&h, out);
    wc_HmacFree(&h);
}

/* RFC 5246, 5 */
static void prf(int hash, const uint8_t *secret, const uint8_t *seed, size_t seed_len, uint8_t *out,
                size_t len)
{
    uint8_t a[48], block[48];
    size_t size = hash == WC_SHA384 ? 48 : 32;
    hmac(hash, secret, 48, seed, seed_len, NULL, 0, a);
    for (size_t at = 0; at < len; at += size) {
        hmac(hash, secret, 48, a, size, seed, seed_len, block);
        memcpy(out + at, block, len - at < size ? len - at : size);
        hmac(hash, secret, 48, a, size, NULL, 0, a);
    }
}

/* RFC 8446, 7.1; one block of RFC 5869, 2.3 is always enough. */
static void expand(int hash, const uint8_t *secret, const char *label, uint8_t *out, size_t len)
{
    uint8_t info[64], block[48];
    static const uint8_t one = 1;
    size_t n = strlen(label);
    put(info, len, 2);
    info[2] = (uint8_t)(6 + n);
    memcpy(info + 3, "dtls13", 6);
    memcpy(info + 9, label, n);
    info[9 + n] = 0;
    hmac(hash, secret, hash == WC_SHA384 ? 48 : 32, info, 10 + n, &one, 1, block);
    memcpy(out, block, len);
}

/* RFC 5246, 6.3: the client's key, the server's, the client's IV, the server's. */
static void keys12(const struct oracle *o, int from, struct keys *k)
{
    static const char label[] = "key expansion";
    uint8_t seed[13 + 64], block[88];
    size_t iv = k->chacha ? 12 : 4;
    memcpy(seed, label, 13);
    memcpy(seed + 13, o->server_random, 32);
    memcpy(seed + 45, o->client_random, 32);
    prf(hash_of(o), o->master, seed, sizeof seed, block, 2 * (k->key_len + iv));
    memcpy(k->key, block + (size_t)from * k->key_len, k->key_len);
    memcpy(k->iv, block + 2 * k->key_len + (size_t)from * iv, iv);
}

/* RFC 8446, 7.2 */
static void secret_of(const struct oracle *o, int from, uint16_t epoch, uint8_t *out)
{
    size_t len = hash_of(o) == WC_SHA384 ? 48 : 32;
    memcpy(out, o->secrets[from][epoch < 3 ? epoch : 3], 48);
    for (uint16_t e = 3; e < epoch; e++) {
        uint8_t next[48];
        expand(hash_of(o), out, "traffic upd", next, len);
        memcpy(out, next, len);
    }
}

static struct keys keys_of(const struct oracle *o, int from, uint16_t epoch)
{
    struct keys k = { .key_len = 32 };
    uint8_t secret[48];
    k.chacha = o->suite == 0x1303 || (o->suite >= 0xcca8 && o->suite <= 0xccae);
    if (o->suite == 0x1301 || o->suite == 0xc02b || o->suite == 0xc02f) {
        k.key_len = 16;
    }
    if (o->dtls13) {
        secret_of(o, from, epoch, secret);
        expand(hash_of(o), secret, "key", k.key, k.key_len);
        expand(hash_of(o), secret, "iv", k.iv, 12);
        expand(hash_of(o), secret, "sn", k.sn, k.key_len);
    } else {
        keys12(o, from, &k);
    }
    return k;
}

/* --- AEAD --- */

static bool open_text(const struct keys *k, const uint8_t *nonce, const uint8_t *aad,
                      size_t aad_len, const uint8_t *in, size_t len, uint8_t *out)
{
    if (k->chacha) {
        return wc_ChaCha20Poly1305_Decrypt(k->key, nonce, aad, (word32)aad_len, in, (word32)len,
                                           in + len, out) == 0;
    }
    Aes aes;
    wc_AesInit(&aes, NULL, INVALID_DEVID);
    wc_AesGcmSetKey(&aes, k->key, (word32)k->key_len);
    int error = wc_AesGcmDecrypt(&aes, out, in, (word32)len, nonce, 12, in + len, TAG, aad,
                                 (word32)aad_len);
    wc_AesFree(&aes);
    return error == 0;
}

static void seal_text(const struct keys *k, const uint8_t *nonce, const uint8_t *aad,
                      size_t aad_len, const uint8_t *in, size_t len, uint8_t *out)
{
    if (k->chacha) {
        wc_ChaCha20Poly1305_Encrypt(k->key, nonce, aad, (word32)aad_len, in, (word32)len, out,
                                    out + len);
        return;
    }
    Aes aes;
    wc_AesInit(&aes, NULL, INVALID_DEVID);
    wc_AesGcmSetKey(&aes, k->key, (word32)k->key_len);
    wc_AesGcmEncrypt(&aes, out, in, (word32)len, nonce, 12, out + len, TAG, aad, (word32)aad_len);
    wc_AesFree(&aes);
}

/* RFC 7905, 2; RFC 8446, 5.3 */
static void nonce_xor(const struct keys *k, uint64_t number, uint8_t *nonce)
{
    uint8_t padded[12] = { 0 };
    put(padded + 4, number, 8);
    for (size_t i = 0; i < 12; i++) {
        nonce[i] = k->iv[i] ^ padded[i];
    }
}

/* --- DTLS 1.2 --- */

/* RFC 5246, 6.2.3.3; with an id RFC 9146, 5.3. */
static size_t additional12(uint8_t *out, const uint8_t *header, const uint8_t *cid, size_t cid_len,
                           size_t text_len)
{
    if (cid == NULL) {
        memcpy(out, header + 3, 8);
        memcpy(out + 8, header, 3);
        put(out + 11, text_len, 2);
        return 13;
    }
    memset(out, 0xff, 8);
    out[8] = TLS12_CID;
    out[9] = (uint8_t)cid_len;
    out[10] = TLS12_CID;
    memcpy(out + 11, header + 1, 10);
    memcpy(out + 21, cid, cid_len);
    put(out + 21 + cid_len, text_len, 2);
    return 23 + cid_len;
}

/* Takes zeros and the real type off the end. */
static bool unpad(struct oracle_record *r)
{
    while (r->len > 0 && r->text[r->len - 1] == 0) {
        r->len--;
    }
    if (r->len == 0) {
        return false;
    }
    r->type = r->text[--r->len];
    return true;
}

static bool read12(const struct oracle *o, int from, size_t cid_len, const uint8_t *data,
                   size_t len, struct oracle_record *r)
{
    uint8_t nonce[12], aad[64];
    r->has_cid = data[0] == TLS12_CID;
    r->cid_len = r->has_cid ? cid_len : 0;
    size_t header = HEADER + r->cid_len;
    if (len < header) {
        return false;
    }
    r->type = data[0];
    r->epoch = (uint16_t)get(data + 3, 2);
    r->seq = get(data + 5, 6);
    r->cid = r->has_cid ? data + 11 : NULL;
    size_t said = get(data + header - 2, 2);
    r->size = header + said;
    struct keys k = keys_of(o, from, 1);
    size_t explicit = k.chacha ? 0 : 8;
    if (r->size > len || r->epoch != 1 || get(data + 1, 2) != 0xfefd || said < explicit + TAG) {
        return false;
    }
    r->len = said - explicit - TAG;
    if (k.chacha) {
        nonce_xor(&k, get(data + 3, 8), nonce);
    } else {
        memcpy(nonce, k.iv, 4);
        memcpy(nonce + 4, data + header, 8);
    }
    size_t aad_len = additional12(aad, data, r->cid, r->cid_len, r->len);
    return open_text(&k, nonce, aad, aad_len, data + header + explicit, r->len, r->text) &&
           (!r->has_cid || unpad(r));
}

static size_t write12(const struct oracle *o, int from, const uint8_t *cid, size_t cid_len,
                      const struct oracle_text *t, uint8_t *out)
{
    uint8_t nonce[12], aad[64], text[ORACLE_TEXT] = { 0 };
    struct keys k = keys_of(o, from, 1);
    size_t explicit = k.chacha ? 0 : 8, header = HEADER + cid_len, len = t->len;
    memcpy(text, t->data, len);
    if (cid_len > 0) {
        text[len] = t->type;
        len += 1 + t->padding;
        memcpy(out + 11, cid, cid_len);
    }
    out[0] = cid_len > 0 ? TLS12_CID : t->type;
    put(out + 1, 0xfefd, 2);
    put(out + 3, t->epoch, 2);
    put(out + 5, t->seq, 6);
    put(out + header - 2, explicit + len + TAG, 2);
    if (k.chacha) {
        nonce_xor(&k, get(out + 3, 8), nonce);
    } else {
        memcpy(out + header, out + 3, 8);
        memcpy(nonce, k.iv, 4);
        memcpy(nonce + 4, out + 3, 8);
    }
    size_t aad_len = additional12(aad, out, cid_len > 0 ? cid : NULL, cid_len, len);
    seal_text(&k, nonce, aad, aad_len, text, len, out + header + explicit);
    return header + explicit + len + TAG;
}

/* --- DTLS 1.3 --- */

/* RFC 9147, 4.2.3 */
static void mask_number(const struct keys *k, const uint8_t *ciphertext, uint8_t *number, size_t n)
{
    _Alignas(16) uint8_t mask[16] = { 0 }, block[16];
    memcpy(block, ciphertext, 16);
    if (k->chacha) {
        ChaCha chacha;
        wc_Chacha_SetKey(&chacha, k->sn, 32);
        wc_Chacha_SetIV(&chacha, block + 4,
                        (word32)block[0] | (word32)block[1] << 8 | (word32)block[2] << 16 |
                            (word32)block[3] << 24);
        wc_Chacha_Process(&chacha, mask, mask, 2);
    } else {
        Aes aes;
        wc_AesInit(&aes, NULL, INVALID_DEVID);
        wc_AesSetKeyDirect(&aes, k->sn, (word32)k->key_len, NULL, AES_ENCRYPTION);
        wc_AesEncryptDirect(&aes, mask, block);
        wc_AesFree(&aes);
    }
    for (size_t i = 0; i < n; i++) {
        number[i] ^= mask[i];
    }
}

static bool read13(const struct oracle *o, int from, size_t cid_len, const uint8_t *data,
                   size_t len, struct oracle_record *r)
{
    uint8_t nonce[12], header[64];
    r->unified = true;
    r->has_cid = data[0] & 0x10;
    r->cid_len = r->has_cid ? cid_len : 0;
    size_t seq = data[0] & 8 ? 2 : 1;
    size_t seq_at = 1 + r->cid_len, length_at = seq_at + seq;
    size_t header_len = length_at + (data[0] & 4 ? 2 : 0);
    if (len < header_len + TAG) {
        return false;
    }
    r->cid = r->has_cid ? data + 1 : NULL;
    size_t said = data[0] & 4 ? get(data + length_at, 2) : len - header_len;
    r->size = header_len + said;
    if (r->size > len || said < TAG + 1) {
        return false;
    }
    memcpy(header, data, header_len);
    /* Tests go no further than epoch 5. */
    r->epoch = (data[0] & 3) < 2 ? (data[0] & 3) + 4 : data[0] & 3;
    struct keys k = keys_of(o, from, r->epoch);
    mask_number(&k, data + header_len, header + seq_at, seq);
    r->seq = get(header + seq_at, seq);
    nonce_xor(&k, r->seq, nonce);
    r->len = said - TAG;
    return open_text(&k, nonce, header, header_len, data + header_len, r->len, r->text) && unpad(r);
}

static size_t write13(const struct oracle *o, int from, const uint8_t *cid, size_t cid_len,
                      const struct oracle_text *t, uint8_t *out)
{
    uint8_t nonce[12], text[ORACLE_TEXT] = { 0 };
    struct keys k = keys_of(o, from, t->epoch);
    size_t number = t->brief ? 1 : 2;
    size_t header_len = 1 + cid_len + number + (t->brief ? 0 : 2), len = t->len + 1 + t->padding;
    memcpy(text, t->data, t->len);
    text[t->len] = t->type;
    out[0] = (uint8_t)((t->brief ? 0x20 : 0x2c) | (cid_len > 0 ? 0x10 : 0) | (t->epoch & 3));
    if (cid_len > 0) {
        memcpy(out + 1, cid, cid_len);
    }
    put(out + 1 + cid_len, t->seq, number);
    if (!t->brief) {
        put(out + 3 + cid_len, len + TAG, 2);
    }
    nonce_xor(&k, t->seq, nonce);
    seal_text(&k, nonce, out, header_len, text, len, out + header_len);
    mask_number(&k, out + header_len, out + 1 + cid_len, number);
    return header_len + len + TAG;
}

bool oracle_read(const struct oracle *o, int from, size_t cid_len, const uint8_t *data, size_t len,
                 struct oracle_record *out)
{
    *out = (struct oracle_record){ .size = len };
    if (len == 0) {
        return false;
    }
    if ((data[0] & 0xe0) == 0x20) {
        return read13(o, from, cid_len, data, len, out);
    }
    return len >= HEADER && read12(o, from, cid_len, data, len, out);
}

size_t oracle_write(const struct oracle *o, int from, const uint8_t *cid, size_t cid_len,
                    const struct oracle_text *text, uint8_t *out)
{
    return (o->dtls13 ? write13 : write12)(o, from, cid, cid_len, text, out);
}

/* --- hellos --- */

/* Where the length of the extensions is, in a ClientHello or a ServerHello that begins a datagram. */
static size_t extensions_at(const uint8_t *d)
{
    size_t at = HEADER + 12 + 2 + 32;
    bool client = d[HEADER] == 1;
    at += 1u + d[at]; /* session_id */
    if (!client) {
        return at + 3;
    }
    at += 1u + d[at];          /* cookie */
    at += 2u + get(d + at, 2); /* cipher_suites */
    return at + 1u + d[at];    /* compression */
}

size_t oracle_extend_hello(uint8_t *d, uint16_t type, const void *body, size_t len)
{
    size_t list = extensions_at(d), end = HEADER + get(d + 11, 2);
    put(d + end, type, 2);
    put(d + end + 2, len, 2);
    if (len > 0) {
        memcpy(d + end + 4, body, len);
    }
    put(d + list, get(d + list, 2) + 4 + len, 2);
    put(d + 11, get(d + 11, 2) + 4 + len, 2);
    put(d + HEADER + 1, get(d + HEADER + 1, 3) + 4 + len, 3);
    put(d + HEADER + 9, get(d + HEADER + 9, 3) + 4 + len, 3);
    return end + 4 + len;
}

bool oracle_hello_has(const uint8_t *d, size_t len, uint16_t type, const void *body,
                      size_t body_len)
{
    size_t list = extensions_at(d), end = list + 2 + get(d + list, 2);
    for (size_t at = list + 2; at + 4 <= end && end <= len; at += 4 + get(d + at + 2, 2)) {
        if (get(d + at, 2) == type) {
            return body == NULL ||
                   (get(d + at + 2, 2) == body_len && memcmp(d + at + 4, body, body_len) == 0);
        }
    }
    return false;
}
