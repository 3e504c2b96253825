/* Pre-shared keys in DTLS 1.3 have no foreign peer here: each record on the wire is read by the RFCs instead, the
 * hellos, the binder, what else a handshake has, and both Finisheds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include <wolfssl/wolfcrypt/settings.h>

#include <wolfssl/wolfcrypt/hmac.h>
#include <wolfssl/wolfcrypt/sha256.h>

#include "tests/dtls_rig.h"

enum {
    HASH = WC_SHA256_DIGEST_SIZE,
    RECORD = 13,
    MESSAGE = 12,
    HANDSHAKE = 22,
    /* RFC 8446, 4 */
    CLIENT_HELLO = 1,
    SERVER_HELLO = 2,
    ENCRYPTED_EXTENSIONS = 8,
    FINISHED = 20,
    MESSAGE_HASH = 254,
    /* RFC 8446, 4.2 */
    PRE_SHARED_KEY = 41,
    EARLY_DATA = 42,
    COOKIE = 44,
    PSK_MODES = 45,
    KEY_SHARE = 51,
    /* RFC 8446, 4.2.11: behind the identities a list of one binder. */
    BINDERS = 2 + 1 + HASH
};

static const char IDENTITY[] = "sensor 17";
static const uint8_t KEY[] = { 0x31, 0x41, 0x59, 0x26, 0x53, 0x58, 0x97, 0x93, 0x23, 0x84, 0x62 };

static struct {
    wc_Sha256 transcript;
    int hellos, retries, answers; /* that came by */
    uint8_t types[2][8];          /* of each side's protected messages */
    int n_types[2];
} seen;

static void (*configure_rig)(struct pair_side *side, struct strait_dtls_config *config);

static int on_psk(void *user, struct strait_dtls_psk *psk)
{
    (void)user;
    memcpy(psk->identity, IDENTITY, sizeof IDENTITY);
    psk->identity_len = sizeof IDENTITY - 1;
    memcpy(psk->key, KEY, sizeof KEY);
    psk->key_len = sizeof KEY;
    return STRAIT_OK;
}

static void configure(struct pair_side *side, struct strait_dtls_config *config)
{
    configure_rig(side, config);
    config->certificate = NULL;
    config->auth = STRAIT_DTLS_AUTH_PSK;
    config->events.psk = on_psk;
}

/* --- RFC 8446, 7.1 and RFC 5869, for SHA-256 --- */

static void hmac(const uint8_t *key, size_t key_len, const uint8_t *data, size_t len, uint8_t *out)
{
    Hmac h;
    wc_HmacInit(&h, NULL, INVALID_DEVID);
    wc_HmacSetKey(&h, WC_SHA256, key, (word32)key_len);
    wc_HmacUpdate(&h, data, (word32)len);
    wc_HmacFinal(&h, out);
    wc_HmacFree(&h);
}

/* HKDF-Expand-Label with the prefix of RFC 9147, 5.9; one hash long. */
static void expand(const uint8_t *secret, const char *label, const uint8_t *context, size_t len,
                   uint8_t *out)
{
    uint8_t info[64] = { 0, HASH };
    size_t n = strlen(label), at = 9 + n;
    info[2] = (uint8_t)(6 + n);
    memcpy(info + 3, "dtls13", 6);
    memcpy(info + 9, label, n);
    info[at++] = (uint8_t)len;
    memcpy(info + at, context, len);
    at += len;
    info[at++] = 1;
    hmac(secret, HASH, info, at, out);
}

/* RFC 8446, 4.4.4 */
static void finished(const uint8_t *base, const uint8_t *transcript, uint8_t *out)
{
    uint8_t key[HASH];
    expand(base, "finished", transcript, 0, key);
    hmac(key, HASH, transcript, HASH, out);
}

/* RFC 8446, 4.2.11.2 and 7.1 */
static void binder(const uint8_t *transcript, uint8_t *out)
{
    static const uint8_t zeros[HASH];
    uint8_t early[HASH], base[HASH], nothing[HASH];
    wc_Sha256Hash(zeros, 0, nothing);
    hmac(zeros, HASH, KEY, sizeof KEY, early);
    expand(early, "ext binder", nothing, HASH, base);
    finished(base, transcript, out);
}

/* --- the transcript --- */

static size_t length_of(const uint8_t *message)
{
    return (size_t)message[1] << 16 | (size_t)message[2] << 8 | message[3];
}

/* RFC 9147, 5.2: without message_seq and the fragment's place. All messages here are whole. */
static void add(wc_Sha256 *hash, const uint8_t *message, size_t body_len)
{
    wc_Sha256Update(hash, message, 4);
    wc_Sha256Update(hash, message + MESSAGE, (word32)body_len);
}

static void now(const wc_Sha256 *hash, uint8_t *out)
{
    wc_Sha256 copy = *hash;
    wc_Sha256Final(&copy, out);
}

/* RFC 8446, 4.4.1: a HelloRetryRequest makes one message of the first ClientHello. */
static void begin_anew(void)
{
    uint8_t synthetic[4 + HASH] = { MESSAGE_HASH, 0, 0, HASH };
    now(&seen.transcript, synthetic + 4);
    wc_InitSha256(&seen.transcript);
    wc_Sha256Update(&seen.transcript, synthetic, sizeof synthetic);
}

/* --- the hellos --- */

static void check_client_hello(const uint8_t *data, size_t len)
{
    const uint8_t *message = data + RECORD, *end = data + RECORD + MESSAGE + length_of(message);
    static const uint8_t modes[] = { 1, 1 }; /* psk_dhe_ke alone: RFC 8446, 4.2.9 */
    uint8_t transcript[HASH], right[HASH], list[2 + 2 + sizeof IDENTITY - 1 + 4] = { 0 };
    assert_int_equal(end - data, len);
    assert_true(oracle_hello_has(data, len, PSK_MODES, modes, sizeof modes));
    assert_true(oracle_hello_has(data, len, KEY_SHARE, NULL, 0));
    assert_false(oracle_hello_has(data, len, EARLY_DATA, NULL, 0));
    assert_int_equal(oracle_hello_has(data, len, COOKIE, NULL, 0),
                     seen.hellos == 1 && pair->listener != NULL);
    /* It is the last extension (RFC 8446, 4.2.11): one identity, whose age is 0, and one binder. */
    const uint8_t *last = end - BINDERS - sizeof list - 4;
    list[1] = sizeof list - 2;
    list[3] = sizeof IDENTITY - 1;
    memcpy(list + 4, IDENTITY, sizeof IDENTITY - 1);
    const uint8_t header[4] = { 0, PRE_SHARED_KEY, 0, sizeof list + BINDERS };
    assert_memory_equal(last, header, sizeof header);
    assert_memory_equal(last + 4, list, sizeof list);
    const uint8_t lengths[3] = { 0, 1 + HASH, HASH };
    assert_memory_equal(end - BINDERS, lengths, sizeof lengths);
    wc_Sha256 truncated = seen.transcript;
    add(&truncated, message, length_of(message) - BINDERS);
    now(&truncated, transcript);
    binder(transcript, right);
    assert_memory_equal(end - HASH, right, HASH);
    add(&seen.transcript, message, length_of(message));
    seen.hellos++;
}

static void check_server_hello(const uint8_t *data, size_t len)
{
    static const uint8_t first[2] = { 0, 0 }; /* selected_identity */
    const uint8_t *message = data + RECORD;
    wc_Sha256 hash;
    uint8_t retry[HASH];
    wc_InitSha256(&hash);
    wc_Sha256Update(&hash, (const byte *)"HelloRetryRequest", 17);
    wc_Sha256Final(&hash, retry);
    if (memcmp(message + MESSAGE + 2, retry, HASH) == 0) { /* RFC 8446, 4.1.3 */
        assert_false(oracle_hello_has(data, len, PRE_SHARED_KEY, NULL, 0));
        begin_anew();
        seen.retries++;
    } else {
        assert_true(oracle_hello_has(data, len, PRE_SHARED_KEY, first, sizeof first));
        assert_true(oracle_hello_has(data, len, KEY_SHARE, NULL, 0));
        oracle_hello(&oracle, data, len);
        seen.answers++;
    }
    add(&seen.transcript, message, length_of(message));
}

/* --- what is protected --- */

static void check_message(int from, const struct oracle_record *record)
{
    uint8_t transcript[HASH], right[HASH];
    size_t len = length_of(record->text);
    assert_int_equal(record->epoch, 2);
    assert_int_equal(record->len, MESSAGE + len);
    if (record->text[0] == FINISHED) {
        now(&seen.transcript, transcript);
        finished(oracle.secrets[from][2], transcript, right);
        assert_int_equal(len, HASH);
        assert_memory_equal(record->text + MESSAGE, right, HASH);
    }
    add(&seen.transcript, record->text, len);
    assert_true(seen.n_types[from] < 8);
    seen.types[from][seen.n_types[from]++] = record->text[0];
}

static bool watch(struct pair *p, int from, uint8_t *data, size_t len, void *user)
{
    static struct oracle_record record;
    (void)p;
    (void)user;
    while (len > 0) {
        size_t size;
        if (data[0] == HANDSHAKE) {
            size = RECORD + (size_t)(data[11] << 8 | data[12]);
            assert_true(size <= len);
            assert_int_equal(data[RECORD], from == PAIR_CLIENT ? CLIENT_HELLO : SERVER_HELLO);
            (from == PAIR_CLIENT ? check_client_hello : check_server_hello)(data, size);
        } else {
            assert_true(oracle_read(&oracle, from, 0, data, len, &record));
            size = record.size;
            if (record.type == HANDSHAKE) {
                check_message(from, &record);
            }
        }
        data += size;
        len -= size;
    }
    return false;
}

static void shake_hands(const struct pair_options *o, int retries)
{
    memset(&seen, 0, sizeof seen);
    wc_InitSha256(&seen.transcript);
    pair_init(pair, 1);
    pair->tap = watch;
    assert_true(pair_connect(pair, o));
    pair_run_for(pair, STRAIT_S);
    rig_alive();
    assert_int_equal(seen.hellos, 1 + retries);
    assert_int_equal(seen.retries, retries);
    assert_int_equal(seen.answers, 1);
    /* RFC 8446, 2.2: no certificate, and nobody asks for one. */
    assert_int_equal(seen.n_types[PAIR_SERVER], 2);
    assert_int_equal(seen.types[PAIR_SERVER][0], ENCRYPTED_EXTENSIONS);
    assert_int_equal(seen.types[PAIR_SERVER][1], FINISHED);
    assert_int_equal(seen.n_types[PAIR_CLIENT], 1);
    assert_int_equal(seen.types[PAIR_CLIENT][0], FINISHED);
    pair_finish(pair);
}

/* In one round trip; after a HelloRetryRequest for the group; behind a listener's cookie. */
static void test_wire(void **state)
{
    static const uint16_t suites[] = { 0x1301, 0x1303 };
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        for (int way = 0; way < 3; way++) {
            struct pair_options o = rig_only(STRAIT_DTLS_1_3);
            configure_rig = o.configure;
            o.configure = configure;
            o.cookies = way == 2;
            if (way == 1) {
                o.groups[PAIR_SERVER][0] = STRAIT_GROUP_P256;
                o.groups[PAIR_SERVER][1] = 0;
            }
            rig_suite(suites[i]);
            shake_hands(&o, way > 0);
        }
    }
}

static int run(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wire),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    return rig_run(run);
}
