/*
 * Secrets do not outlive their use: no block that is given back has one in it, and once an association has
 * ended, none that is kept.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/dtls_pair.h"

enum { BLOCKS = 20000, SECRETS = 64, PROBE = 16 };

/* Freed blocks are kept with what they had in them. */
static struct {
    void *memory[BLOCKS];
    size_t bytes[BLOCKS];
    bool live[BLOCKS];
    int n;
} heap;

static struct {
    uint8_t bytes[PROBE];
    char what[48];
} secrets[SECRETS];
static int n_secrets;

static void *keep_alloc(void *user, size_t bytes)
{
    (void)user;
    assert_true(heap.n < BLOCKS);
    void *memory = malloc(bytes);
    heap.memory[heap.n] = memory;
    heap.bytes[heap.n] = bytes;
    heap.live[heap.n++] = true;
    return memory;
}

static void keep_free(void *user, void *memory)
{
    (void)user;
    for (int i = heap.n - 1; i >= 0; i--) {
        if (heap.memory[i] == memory) {
            heap.live[i] = false;
            return;
        }
    }
    fail();
}

static void heap_reset(void)
{
    for (int i = 0; i < heap.n; i++) {
        free(heap.memory[i]);
    }
    heap.n = 0;
    n_secrets = 0;
}

/* Both ends have most of them. */
static void secret(const char *what, const void *bytes)
{
    for (int i = 0; i < n_secrets; i++) {
        if (memcmp(secrets[i].bytes, bytes, PROBE) == 0) {
            return;
        }
    }
    assert_true(n_secrets < SECRETS);
    memcpy(secrets[n_secrets].bytes, bytes, PROBE);
    snprintf(secrets[n_secrets++].what, sizeof secrets[0].what, "%s", what);
}

static int found(bool live)
{
    int n = 0;
    for (int i = 0; i < heap.n; i++) {
        for (int k = 0; k < n_secrets && heap.live[i] == live; k++) {
            if (memmem(heap.memory[i], heap.bytes[i], secrets[k].bytes, PROBE) != NULL) {
                print_message("# %s in a %s block of %zu bytes\n", secrets[k].what,
                              live ? "kept" : "freed", heap.bytes[i]);
                n++;
            }
        }
    }
    return n;
}

/* --- what is secret --- */

static const uint8_t PSK_KEY[32] = "thirty-two bytes that both have";

static int on_psk(void *user, struct strait_dtls_psk *psk)
{
    (void)user;
    snprintf(psk->identity, sizeof psk->identity, "somebody");
    psk->identity_len = strlen("somebody");
    memcpy(psk->key, PSK_KEY, sizeof PSK_KEY);
    psk->key_len = sizeof PSK_KEY;
    return STRAIT_OK;
}

/* Every secret that wolfSSL derives is in the key log; the line itself is our own, and no block. */
static void on_keylog(void *user, const char *line)
{
    uint8_t bytes[PROBE];
    const char *at = strrchr(line, ' ') + 1;
    (void)user;
    for (size_t i = 0; i < PROBE; i++) {
        const char digits[] = { at[2 * i], at[2 * i + 1], '\0' };
        char *end;
        bytes[i] = (uint8_t)strtoul(digits, &end, 16);
        assert_true(*end == '\0');
    }
    secret(line, bytes);
}

struct cell {
    enum strait_dtls_version version;
    enum strait_dtls_group group;
    bool psk;
};

static const struct cell cells[] = {
    { STRAIT_DTLS_1_2, STRAIT_GROUP_X25519, false },
    { STRAIT_DTLS_1_3, STRAIT_GROUP_P256, false },
    { STRAIT_DTLS_1_3, STRAIT_GROUP_X25519MLKEM768, false },
    { STRAIT_DTLS_1_2, STRAIT_GROUP_P256, true },
    { STRAIT_DTLS_1_3, STRAIT_GROUP_X25519, true },
};

static const struct cell *cell;

static void configure(struct pair_side *side, struct strait_dtls_config *config)
{
    config->min_version = config->max_version = cell->version;
    config->groups[0] = cell->group;
    config->n_groups = 1;
    config->profiles[0] = STRAIT_SRTP_AEAD_AES_128_GCM;
    config->n_profiles = 1;
    config->events.keylog = on_keylog;
    side->hooks.alloc = keep_alloc;
    side->hooks.free = keep_free;
    if (cell->psk) {
        config->certificate = NULL;
        config->auth = STRAIT_DTLS_AUTH_PSK;
        config->events.psk = on_psk;
    }
}

static const struct pair_options options = { .configure = configure };

static void note_secrets(struct pair *pair)
{
    for (int i = 0; i < 2; i++) {
        enum strait_srtp_profile profile;
        struct strait_srtp_key send, receive;
        size_t len;
        uint8_t exported[PROBE];
        assert_int_equal(strait_dtls_srtp_keys(pair->side[i].dtls, &profile, &send, &receive),
                         STRAIT_OK);
        secret("SRTP key", send.key);
        assert_int_equal(
            strait_dtls_export(pair->side[i].dtls, "label", NULL, 0, exported, sizeof exported),
            STRAIT_OK);
        secret("exported", exported);
        const uint8_t *key = strait_certificate_key_der(pair->side[i].certificate, &len);
        if (!cell->psk) {
            secret("private key", key + 7); /* SEC 1: version, then 32 bytes */
        }
    }
    if (cell->psk) {
        secret("pre-shared key", PSK_KEY);
    }
}

static void run(struct pair *pair)
{
    pair_init(pair, 31);
    assert_true(pair_connect(pair, &options));
    pair_run_for(pair, STRAIT_S);
    note_secrets(pair);
    if (cell->version == STRAIT_DTLS_1_3) {
        assert_int_equal(strait_dtls_update_keys(pair->side[0].dtls, pair->now), STRAIT_OK);
        pair_run_for(pair, STRAIT_S);
    }
    assert_true(n_secrets >= (cell->version == STRAIT_DTLS_1_3 ? 9 : 5));
}

/* The allocator would see a secret if there were one. */
static void test_secrets_are_seen(void **state)
{
    static struct pair pair;
    (void)state;
    cell = &cells[0];
    run(&pair);
    assert_true(found(true) > 0);
    uint8_t *planted = keep_alloc(NULL, 100);
    memcpy(planted + 37, secrets[0].bytes, PROBE);
    int before = found(false);
    keep_free(NULL, planted);
    assert_int_equal(found(false), before + 1);
    pair_finish(&pair);
    heap_reset();
}

static void test_destroyed(void **state)
{
    static struct pair pair;
    (void)state;
    for (size_t c = 0; c < sizeof cells / sizeof *cells; c++) {
        cell = &cells[c];
        run(&pair);
        assert_int_equal(found(false), 0);
        pair_finish(&pair);
        assert_int_equal(found(false), 0);
        assert_int_equal(found(true), 0);
        heap_reset();
    }
}

static void test_closed(void **state)
{
    static struct pair pair;
    (void)state;
    for (size_t c = 0; c < sizeof cells / sizeof *cells; c++) {
        cell = &cells[c];
        run(&pair);
        strait_dtls_close(pair.side[0].dtls, pair.now);
        pair_run_for(&pair, STRAIT_S);
        assert_int_equal(strait_dtls_state(pair.side[1].dtls), STRAIT_DTLS_CLOSED);
        assert_int_equal(found(true), 0);
        assert_int_equal(found(false), 0);
        pair_finish(&pair);
        heap_reset();
    }
}

/* The pre-shared key is for the handshake. */
static void test_psk_is_forgotten(void **state)
{
    static struct pair pair;
    (void)state;
    for (size_t c = 0; c < sizeof cells / sizeof *cells; c++) {
        cell = &cells[c];
        if (!cell->psk) {
            continue;
        }
        pair_init(&pair, 31);
        assert_true(pair_connect(&pair, &options));
        pair_run_for(&pair, STRAIT_S);
        n_secrets = 0;
        secret("pre-shared key", PSK_KEY);
        assert_int_equal(found(true), 0);
        pair_finish(&pair);
        heap_reset();
    }
}

/* Ended in the middle of a handshake. */
static void test_destroyed_early(void **state)
{
    static struct pair pair;
    (void)state;
    for (size_t c = 0; c < sizeof cells / sizeof *cells; c++) {
        for (strait_time after = 0; after < 160 * STRAIT_MS; after += 20 * STRAIT_MS) {
            cell = &cells[c];
            pair_init(&pair, 31);
            assert_int_equal(pair_create(&pair, &options), STRAIT_OK);
            assert_int_equal(pair_start(&pair), STRAIT_OK);
            pair_run_for(&pair, after);
            secret("pre-shared key", PSK_KEY);
            pair_finish(&pair);
            assert_int_equal(found(false), 0);
            heap_reset();
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_secrets_are_seen), cmocka_unit_test(test_destroyed),
        cmocka_unit_test(test_closed),           cmocka_unit_test(test_psk_is_forgotten),
        cmocka_unit_test(test_destroyed_early),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pair_forget_certificates();
    return failed;
}
