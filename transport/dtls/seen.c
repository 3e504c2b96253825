#include "transport/dtls/seen.h"

#include <wolfssl/wolfcrypt/settings.h>

#include <wolfssl/wolfcrypt/aes.h>
#include <wolfssl/wolfcrypt/chacha.h>
#include <wolfssl/wolfcrypt/kdf.h>

#include "transport/dtls/names.h"
#include "transport/util.h"

enum {
    SEQ16 = 0x08,
    LENGTH = 0x04,
    AES_128_GCM = 0x1301,
    CHACHA20_POLY1305 = 0x1303,
    /* RFC 9147, 6.1: a handshake's keys, then those of application data. */
    FIRST_TRAFFIC_EPOCH = 3
};

/* --- the window --- */

bool strait__window_is_new(const struct strait__window *window, uint64_t seq)
{
    if (seq >= window->next) {
        return true;
    }
    uint64_t age = window->next - 1 - seq;
    return age < STRAIT__WINDOW && (window->bits >> age & 1) == 0;
}

void strait__window_mark(struct strait__window *window, uint64_t seq)
{
    if (seq < window->next) {
        uint64_t age = window->next - 1 - seq;
        window->bits |= age < STRAIT__WINDOW ? UINT64_C(1) << age : 0;
        return;
    }
    uint64_t step = seq + 1 - window->next;
    window->bits = (step < STRAIT__WINDOW ? window->bits << step : 0) | 1;
    window->next = seq + 1;
}

/* --- keys of record numbers --- */

static size_t key_length(uint16_t suite)
{
    return suite == AES_128_GCM ? 16 : STRAIT__NUMBER_KEY;
}

/* RFC 8446, 7.1 with the prefix of RFC 9147, 5.9. */
static bool expand(const struct strait__seen *n, const uint8_t *secret, const char *label,
                   uint8_t *out, size_t len)
{
    static const uint8_t prefix[] = { 'd', 't', 'l', 's', '1', '3' };
    int hash = strait__suite_sha384(n->suite) ? WC_SHA384 : WC_SHA256;
    return wc_Tls13_HKDF_Expand_Label(out, (word32)len, secret, (word32)n->secret_len, prefix,
                                      sizeof prefix, (const byte *)label, (word32)strlen(label),
                                      NULL, 0, hash) == 0;
}

static bool make_epoch(const struct strait__seen *n, struct strait__epoch *epoch, uint64_t number,
                       const uint8_t *secret)
{
    *epoch = (struct strait__epoch){ .number = 0 };
    if (!expand(n, secret, "sn", epoch->key, key_length(n->suite))) {
        return false;
    }
    epoch->number = number;
    return true;
}

bool strait__seen_secret(struct strait__seen *n, uint16_t suite, uint64_t epoch,
                         const uint8_t *secret, size_t len)
{
    if (len > sizeof n->secret) {
        return false;
    }
    n->suite = suite;
    n->secret_len = len;
    if (!make_epoch(n, &n->epochs[epoch & 3], epoch, secret)) {
        return false;
    }
    n->latest = epoch > n->latest ? epoch : n->latest;
    if (epoch == FIRST_TRAFFIC_EPOCH) {
        memcpy(n->secret, secret, len);
    }
    return true;
}

/* RFC 8446, 7.2: the secret of the epoch after the latest. */
static bool next_secret(const struct strait__seen *n, uint8_t *out)
{
    return expand(n, n->secret, "traffic upd", out, n->secret_len);
}

static bool prepare_next(struct strait__seen *n)
{
    uint8_t secret[STRAIT__SECRET_MAX];
    if (n->latest < FIRST_TRAFFIC_EPOCH) {
        return false;
    }
    if (n->next.number == n->latest + 1) {
        return true;
    }
    bool made = next_secret(n, secret) && make_epoch(n, &n->next, n->latest + 1, secret);
    strait__zero(secret, sizeof secret);
    return made;
}

/* The peer came that far. */
static bool enter_next(struct strait__seen *n)
{
    uint8_t secret[STRAIT__SECRET_MAX];
    bool made = next_secret(n, secret);
    if (made) {
        memcpy(n->secret, secret, n->secret_len);
        n->latest = n->next.number;
        n->epochs[n->latest & 3] = n->next;
    }
    strait__zero(secret, sizeof secret);
    strait__zero(&n->next, sizeof n->next);
    return made;
}

/* --- reading --- */

/* RFC 9147, 4.2.3 */
static bool mask_of(const struct strait__seen *n, const struct strait__epoch *epoch,
                    const uint8_t *ciphertext, uint8_t mask[2])
{
    int error;
    if (n->suite == CHACHA20_POLY1305) {
        ChaCha chacha;
        static const uint8_t zeros[2];
        word32 counter = (word32)ciphertext[0] | (word32)ciphertext[1] << 8 |
                         (word32)ciphertext[2] << 16 | (word32)ciphertext[3] << 24;
        error = wc_Chacha_SetKey(&chacha, epoch->key, STRAIT__NUMBER_KEY);
        error = error == 0 ? wc_Chacha_SetIV(&chacha, ciphertext + 4, counter) : error;
        error = error == 0 ? wc_Chacha_Process(&chacha, mask, zeros, sizeof zeros) : error;
        strait__zero(&chacha, sizeof chacha);
        return error == 0;
    }
    Aes aes;
    /* wolfCrypt allocates for a block that is not aligned. */
    _Alignas(16) uint8_t block[16], out[16];
    memcpy(block, ciphertext, sizeof block);
    if (wc_AesInit(&aes, NULL, INVALID_DEVID) != 0) {
        return false;
    }
    error = wc_AesSetKeyDirect(&aes, epoch->key, (word32)key_length(n->suite), NULL,
                               AES_ENCRYPTION);
    error = error == 0 ? wc_AesEncryptDirect(&aes, out, block) : error;
    memcpy(mask, out, 2);
    wc_AesFree(&aes);
    strait__zero(&aes, sizeof aes);
    return error == 0;
}

/* RFC 9147, 4.2.2: the number closest to the next one of which these are the low bits. */
static uint64_t whole_number(uint64_t next, uint64_t low, unsigned bits)
{
    uint64_t span = UINT64_C(1) << bits;
    uint64_t number = (next & ~(span - 1)) | low;
    if (number > next && number - next > span / 2 && number >= span) {
        return number - span;
    }
    if (number < next && next - number > span / 2) {
        return number + span;
    }
    return number;
}

static struct strait__epoch *epoch_of(struct strait__seen *n, uint16_t bits)
{
    if (n->latest >= FIRST_TRAFFIC_EPOCH && bits == ((n->latest + 1) & 3)) {
        return prepare_next(n) ? &n->next : NULL;
    }
    struct strait__epoch *epoch = &n->epochs[bits];
    return epoch->number != 0 ? epoch : NULL;
}

static bool read_unified(struct strait__seen *n, const struct strait__record *record,
                         struct strait__number *out)
{
    const struct strait__epoch *epoch = epoch_of(n, record->epoch);
    uint8_t flags = record->data[0], mask[2];
    size_t size = flags & SEQ16 ? 2 : 1;
    const uint8_t *at = record->data + record->header - (flags & LENGTH ? 2 : 0) - size;
    if (epoch == NULL || !mask_of(n, epoch, record->data + record->header, mask)) {
        return false;
    }
    uint64_t low = at[0] ^ mask[0];
    if (size == 2) {
        low = low << 8 | (at[1] ^ mask[1]);
    }
    out->epoch = epoch->number;
    out->seq = whole_number(epoch->window.next, low, (unsigned)size * 8);
    return true;
}

bool strait__seen_read(struct strait__seen *n, const struct strait__record *record,
                       struct strait__number *out)
{
    if (record->unified) {
        return read_unified(n, record, out);
    }
    *out = (struct strait__number){ .epoch = record->epoch, .seq = record->seq };
    return true;
}

/* --- remembering --- */

bool strait__seen_is_new(const struct strait__seen *n, const struct strait__number *number)
{
    const struct strait__epoch *epoch = &n->epochs[number->epoch & 3];
    return epoch->number != number->epoch || strait__window_is_new(&epoch->window, number->seq);
}

bool strait__seen_take(struct strait__seen *n, const struct strait__number *number)
{
    struct strait__epoch *epoch = &n->epochs[number->epoch & 3];
    if (n->next.number != 0 && number->epoch == n->next.number && !enter_next(n)) {
        return false; /* the crypto library failed: the next record of that epoch tries again */
    }
    epoch->number = number->epoch;
    strait__window_mark(&epoch->window, number->seq);
    bool newest = !n->any || number->epoch > n->newest_epoch ||
                  (number->epoch == n->newest_epoch && number->seq > n->newest_seq);
    if (newest) {
        n->any = true;
        n->newest_epoch = number->epoch;
        n->newest_seq = number->seq;
    }
    return newest;
}
