/* Pre-shared keys: no certificate, both versions, and each way in which two ends do not fit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/dtls_pair.h"

static const char IDENTITY[] = "sensor 17 of the greenhouse";
static const uint8_t KEY[] = { 0x31, 0x41, 0x59, 0x26, 0x53, 0x58, 0x97, 0x93,
                               0x23, 0x84, 0x62, 0x64, 0x33, 0x83, 0x27, 0x00 };

/* What the hosts of a run do. */
static struct {
    enum strait_dtls_version min[2], max[2];
    uint16_t suite, suite_of_server; /* 0: all; as the client */
    uint16_t only[2];                /* that side has it alone, the other one all; 0: see above */
    const char *hint;
    char identity[200];
    size_t identity_len;
    size_t key_len;
    bool other_key;
    bool none[2];         /* that host has no key */
    bool certificates[2]; /* that host is not about keys at all */
    enum strait_dtls_group group[2];
    /* seen */
    int asked[2];
    char seen_hint[129];
    char seen_identity[129];
} run;

static int on_psk(void *user, struct strait_dtls_psk *psk)
{
    struct pair_side *side = user;
    run.asked[side->index]++;
    if (run.none[side->index]) {
        return STRAIT_E_PSK;
    }
    if (side->index == PAIR_CLIENT) {
        snprintf(run.seen_hint, sizeof run.seen_hint, "%s", psk->hint != NULL ? psk->hint : "");
        psk->identity_len = run.identity_len;
        memcpy(psk->identity, run.identity,
               run.identity_len < sizeof psk->identity ? run.identity_len : sizeof psk->identity);
    } else {
        assert_null(psk->hint);
        assert_int_equal(strlen(psk->identity), psk->identity_len);
        snprintf(run.seen_identity, sizeof run.seen_identity, "%s", psk->identity);
        if (strcmp(psk->identity, run.identity) != 0) {
            return STRAIT_E_PSK;
        }
    }
    memset(psk->key, 7, sizeof psk->key);
    memcpy(psk->key, KEY, sizeof KEY);
    psk->key[3] ^= run.other_key && side->index == PAIR_SERVER ? 1 : 0;
    psk->key_len = run.key_len;
    return STRAIT_OK;
}

static void configure(struct pair_side *side, struct strait_dtls_config *config)
{
    config->min_version = run.min[side->index];
    config->max_version = run.max[side->index];
    config->profiles[0] = STRAIT_SRTP_AEAD_AES_128_GCM;
    config->n_profiles = 1;
    if (run.group[side->index] != 0) {
        config->groups[0] = run.group[side->index];
        config->groups[1] = STRAIT_GROUP_P256;
        config->n_groups = 2;
    }
    if (run.certificates[side->index]) {
        return;
    }
    config->certificate = NULL;
    config->auth = STRAIT_DTLS_AUTH_PSK;
    config->events.psk = on_psk;
    config->psk_hint = side->index == PAIR_SERVER ? run.hint : NULL;
    bool other = side->index == PAIR_SERVER && run.suite_of_server != 0;
    if (run.suite != 0) {
        config->cipher_suites[0] = other ? run.suite_of_server : run.suite;
        config->n_cipher_suites = 1;
    }
    if (run.only[side->index] != 0) {
        config->cipher_suites[0] = run.only[side->index];
        config->n_cipher_suites = 1;
    }
}

static struct pair_options options = { .configure = configure };

static void reset(enum strait_dtls_version version)
{
    memset(&run, 0, sizeof run);
    options.cookies = false;
    run.min[0] = run.min[1] = run.max[0] = run.max[1] = version;
    run.identity_len = sizeof IDENTITY - 1;
    memcpy(run.identity, IDENTITY, run.identity_len);
    run.key_len = sizeof KEY;
}

static void explain(const struct pair *pair)
{
    for (int i = 0; i < 2; i++) {
        print_message("# %s: state %d, %s: %s\n", i ? "server" : "client",
                      (int)strait_dtls_state(pair->side[i].dtls),
                      strait_error_name(strait_dtls_error(pair->side[i].dtls)),
                      strait_dtls_error_detail(pair->side[i].dtls));
    }
}

static void connect_ok(struct pair *pair)
{
    bool connected = pair_connect(pair, &options);
    if (!connected) {
        explain(pair);
    }
    assert_true(connected);
    pair_run_for(pair, STRAIT_S);
    assert_true(pair_keys_match(pair, STRAIT_SRTP_AEAD_AES_128_GCM));
    assert_string_equal(run.seen_identity, run.identity);
    for (int i = 0; i < 2; i++) {
        size_t len;
        assert_int_equal(pair->side[i].n_certificates, 0);
        assert_null(strait_dtls_peer_certificate(pair->side[i].dtls, &len));
        uint8_t what = 1;
        assert_int_equal(strait_dtls_send(pair->side[i].dtls, pair->now, &what, 1), STRAIT_OK);
        pair_run_for(pair, STRAIT_S);
        assert_int_equal(pair->side[!i].n_data, 1);
    }
}

static const struct {
    const char *name;
    enum strait_dtls_version version;
    bool ephemeral;
} suites[] = {
    { "TLS_AES_128_GCM_SHA256", STRAIT_DTLS_1_3, true },
    { "TLS_CHACHA20_POLY1305_SHA256", STRAIT_DTLS_1_3, true },
    { "TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256", STRAIT_DTLS_1_2, true },
    { "TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256", STRAIT_DTLS_1_2, true },
    { "TLS_PSK_WITH_AES_128_GCM_SHA256", STRAIT_DTLS_1_2, false },
    { "TLS_PSK_WITH_AES_256_GCM_SHA384", STRAIT_DTLS_1_2, false },
    { "TLS_PSK_WITH_CHACHA20_POLY1305_SHA256", STRAIT_DTLS_1_2, false },
};

static void test_every_suite(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof suites / sizeof *suites; i++) {
        for (int hint = 0; hint < 2; hint++) {
            struct pair pair;
            uint8_t key[2][32];
            reset(STRAIT_DTLS_ANY_VERSION);
            run.suite = strait_dtls_cipher_number(suites[i].name);
            assert_int_not_equal(run.suite, 0);
            run.hint = hint ? "greenhouse" : NULL;
            pair_init(&pair, 11);
            connect_ok(&pair);
            for (int side = 0; side < 2; side++) {
                struct strait_dtls_stats stats = pair_stats(&pair, side);
                assert_int_equal(stats.cipher_suite, run.suite);
                assert_int_equal(stats.version, suites[i].version);
                assert_int_equal(stats.group != 0, suites[i].ephemeral);
                assert_int_equal(run.asked[side], 1);
                assert_int_equal(
                    strait_dtls_export(pair.side[side].dtls, "x", NULL, 0, key[side], 32),
                    STRAIT_OK);
            }
            assert_memory_equal(key[0], key[1], 32);
            bool told = hint && suites[i].version == STRAIT_DTLS_1_2;
            assert_string_equal(run.seen_hint, told ? "greenhouse" : "");
            pair_finish(&pair);
            assert_int_equal(pair.blocks, 0);
        }
    }
}

/* The best that both have, whatever they are called with; also after a HelloRetryRequest. */
static void test_versions(void **state)
{
    (void)state;
    for (int limit = 0; limit < 3; limit++) {
        for (int retry = 0; retry < 2; retry++) {
            struct pair pair;
            reset(STRAIT_DTLS_ANY_VERSION);
            if (limit > 0) {
                run.max[limit - 1] = STRAIT_DTLS_1_2;
            }
            if (retry) {
                run.group[PAIR_CLIENT] = STRAIT_GROUP_X25519;
                run.group[PAIR_SERVER] = STRAIT_GROUP_P384;
            }
            pair_init(&pair, 12);
            connect_ok(&pair);
            assert_int_equal(pair_stats(&pair, 0).version,
                             limit > 0 ? STRAIT_DTLS_1_2 : STRAIT_DTLS_1_3);
            assert_int_equal(run.asked[PAIR_SERVER], 1);
            pair_finish(&pair);
        }
    }
}

static void test_lengths(void **state)
{
    (void)state;
    for (int v = 0; v < 2; v++) {
        for (int longest = 0; longest < 2; longest++) {
            struct pair pair;
            reset(v ? STRAIT_DTLS_1_2 : STRAIT_DTLS_1_3);
            memset(run.identity, 'i', sizeof run.identity);
            run.identity_len = longest ? 128 : 1;
            run.identity[run.identity_len] = '\0';
            run.key_len = longest ? 64 : 1;
            pair_init(&pair, 13);
            connect_ok(&pair);
            pair_finish(&pair);
        }
    }
}

static void test_loss(void **state)
{
    (void)state;
    for (int v = 0; v < 2; v++) {
        for (uint64_t seed = 1; seed <= 40; seed++) {
            struct pair pair;
            reset(v ? STRAIT_DTLS_1_2 : STRAIT_DTLS_1_3);
            pair_init(&pair, seed);
            pair.loss = 30;
            pair.duplication = 20;
            pair.reorder = 20;
            assert_true(pair_connect(&pair, &options));
            assert_true(pair_keys_match(&pair, STRAIT_SRTP_AEAD_AES_128_GCM));
            pair_finish(&pair);
        }
    }
}

/* --- what does not fit --- */

static void check_failure(const struct pair *pair, int detects, uint8_t alert)
{
    const struct strait_dtls *d = pair->side[detects].dtls, *peer = pair->side[!detects].dtls;
    char text[64];
    if (strait_dtls_error(d) != STRAIT_E_PSK || strait_dtls_error(peer) != STRAIT_E_ALERT) {
        explain(pair);
    }
    assert_int_equal(strait_dtls_state(d), STRAIT_DTLS_FAILED);
    assert_int_equal(strait_dtls_error(d), STRAIT_E_PSK);
    assert_string_not_equal(strait_dtls_error_detail(d), "");
    assert_int_equal(strait_dtls_alert_sent(d), alert);
    assert_int_equal(strait_dtls_state(peer), STRAIT_DTLS_FAILED);
    assert_int_equal(strait_dtls_error(peer), STRAIT_E_ALERT);
    assert_int_equal(strait_dtls_alert_received(peer), alert);
    snprintf(text, sizeof text, "%s (%u)", strait_dtls_alert_name(alert), (unsigned)alert);
    assert_non_null(strstr(strait_dtls_error_detail(peer), text));
}

static void run_to_failure(struct pair *pair)
{
    pair_init(pair, 14);
    assert_int_equal(pair_create(pair, &options), STRAIT_OK);
    assert_int_equal(pair_start(pair), STRAIT_OK);
    pair_run(pair, pair->start + 20 * STRAIT_S);
    assert_true(pair->now < pair->start + 10 * STRAIT_S);
}

static void test_wrong_key(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof suites / sizeof *suites; i++) {
        struct pair pair;
        reset(STRAIT_DTLS_ANY_VERSION);
        run.suite = strait_dtls_cipher_number(suites[i].name);
        run.other_key = true;
        run_to_failure(&pair);
        check_failure(&pair, PAIR_SERVER, 51);
        pair_finish(&pair);
        assert_int_equal(pair.blocks, 0);
    }
}

static void test_unknown_identity(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof suites / sizeof *suites; i++) {
        struct pair pair;
        reset(STRAIT_DTLS_ANY_VERSION);
        run.suite = strait_dtls_cipher_number(suites[i].name);
        run.none[PAIR_SERVER] = true;
        run_to_failure(&pair);
        check_failure(&pair, PAIR_SERVER, 115);
        pair_finish(&pair);
        assert_int_equal(pair.blocks, 0);
    }
}

/* The key would fit: it is not blamed. */
static void test_no_common_cipher(void **state)
{
    static const char *const names[2][2] = {
        { "TLS_PSK_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256" },
        { "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256" },
    };
    (void)state;
    for (int v = 0; v < 2; v++) {
        struct pair pair;
        reset(STRAIT_DTLS_ANY_VERSION);
        run.suite = strait_dtls_cipher_number(names[v][0]);
        run.suite_of_server = strait_dtls_cipher_number(names[v][1]);
        run_to_failure(&pair);
        const struct strait_dtls *server = pair.side[PAIR_SERVER].dtls;
        const struct strait_dtls *client = pair.side[PAIR_CLIENT].dtls;
        assert_int_equal(strait_dtls_error(server), STRAIT_E_NO_CIPHER);
        assert_non_null(strstr(strait_dtls_error_detail(server), "cipher suites"));
        assert_int_equal(strait_dtls_error(client), STRAIT_E_ALERT);
        assert_int_equal(strait_dtls_alert_received(client), 40);
        pair_finish(&pair);
    }
}

/* Nobody who names no suite gets one without forward secrecy; the text says what to do. */
static void test_plain_keys_are_asked_for(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof suites / sizeof *suites; i++) {
        for (int named = 0; named < 2; named++) {
            struct pair pair;
            reset(STRAIT_DTLS_1_2);
            run.only[named] = strait_dtls_cipher_number(suites[i].name);
            if (suites[i].version != STRAIT_DTLS_1_2) {
                continue;
            }
            pair_init(&pair, 19);
            assert_int_equal(pair_connect(&pair, &options), suites[i].ephemeral);
            const struct strait_dtls *server = pair.side[PAIR_SERVER].dtls;
            if (!suites[i].ephemeral) {
                pair_run(&pair, pair.start + 20 * STRAIT_S);
                assert_int_equal(strait_dtls_error(server), STRAIT_E_NO_CIPHER);
                assert_non_null(strstr(strait_dtls_error_detail(server), "cipher_suites"));
                assert_int_equal(strait_dtls_alert_received(pair.side[PAIR_CLIENT].dtls), 40);
            }
            pair_finish(&pair);
        }
    }
}

/* Behind a listener, where the ClientHello comes again with a cookie. */
static void test_cookies(void **state)
{
    (void)state;
    for (int v = 0; v < 2; v++) {
        for (int wrong = 0; wrong < 3; wrong++) {
            struct pair pair;
            reset(v ? STRAIT_DTLS_1_2 : STRAIT_DTLS_1_3);
            options.cookies = true;
            run.hint = "greenhouse";
            run.other_key = wrong == 1;
            run.none[PAIR_SERVER] = wrong == 2;
            if (wrong == 0) {
                pair_init(&pair, 18);
                connect_ok(&pair);
                assert_string_equal(run.seen_hint, v ? "greenhouse" : "");
            } else {
                run_to_failure(&pair);
                check_failure(&pair, PAIR_SERVER, wrong == 2 ? 115 : 51);
            }
            pair_finish(&pair);
        }
    }
}

/* The client's own host has no key, or one that cannot be: said at once in 1.3, in 1.2 when it is due. */
static void test_client_without_a_key(void **state)
{
    (void)state;
    for (int v = 0; v < 2; v++) {
        for (int how = 0; how < 6; how++) {
            struct pair pair;
            reset(v ? STRAIT_DTLS_1_2 : STRAIT_DTLS_1_3);
            run.none[PAIR_CLIENT] = how == 0;
            run.identity_len = how == 1 ? 0 : how == 2 ? 129 : run.identity_len;
            run.identity[3] = how == 3 ? '\0' : run.identity[3];
            run.key_len = how == 4 ? 0 : how == 5 ? 65 : run.key_len;
            pair_init(&pair, 15);
            assert_int_equal(pair_create(&pair, &options), STRAIT_OK);
            struct strait_dtls *client = pair.side[PAIR_CLIENT].dtls;
            int error = pair_start(&pair);
            assert_int_equal(error, v ? STRAIT_OK : STRAIT_E_PSK);
            pair_run(&pair, pair.start + 20 * STRAIT_S);
            assert_int_equal(strait_dtls_state(client), STRAIT_DTLS_FAILED);
            assert_int_equal(strait_dtls_error(client), STRAIT_E_PSK);
            assert_non_null(strstr(strait_dtls_error_detail(client), "the host"));
            pair_finish(&pair);
        }
    }
}

struct change {
    uint8_t to;
    size_t at;
    int done;
};

static bool change_identity(struct pair *pair, int from, uint8_t *data, size_t len, void *user)
{
    struct change *change = user;
    const uint8_t *found = memmem(data, len, IDENTITY, sizeof IDENTITY - 1);
    if (from != PAIR_CLIENT || found == NULL) {
        return false;
    }
    data[(size_t)(found - data) + change->at] = change->to;
    change->done++;
    pair_queue(pair, !from, data, len);
    return true;
}

/* A peer whose identity has a zero byte is not taken for the one whose name ends there. */
static void test_identity_with_a_zero(void **state)
{
    (void)state;
    for (int v = 0; v < 2; v++) {
        for (size_t at = 0; at < sizeof IDENTITY - 1; at += 13) {
            struct pair pair;
            struct change change = { .at = at };
            reset(v ? STRAIT_DTLS_1_2 : STRAIT_DTLS_1_3);
            pair_init(&pair, 16);
            pair.tap = change_identity;
            pair.tap_user = &change;
            assert_int_equal(pair_create(&pair, &options), STRAIT_OK);
            assert_int_equal(pair_start(&pair), STRAIT_OK);
            pair_run(&pair, pair.start + 20 * STRAIT_S);
            assert_true(change.done > 0);
            assert_int_equal(run.asked[PAIR_SERVER], 0);
            check_failure(&pair, PAIR_SERVER, 115);
            assert_non_null(
                strstr(strait_dtls_error_detail(pair.side[PAIR_SERVER].dtls), "zero byte"));
            pair_finish(&pair);
        }
    }
}

/* One side is about keys, the other about certificates. */
static void test_keys_and_certificates(void **state)
{
    (void)state;
    for (int v = 0; v < 2; v++) {
        for (int side = 0; side < 2; side++) {
            struct pair pair;
            reset(v ? STRAIT_DTLS_1_2 : STRAIT_DTLS_1_3);
            run.certificates[side] = true;
            run_to_failure(&pair);
            const struct strait_dtls *keys = pair.side[!side].dtls;
            assert_int_equal(strait_dtls_state(keys), STRAIT_DTLS_FAILED);
            assert_int_equal(strait_dtls_state(pair.side[side].dtls), STRAIT_DTLS_FAILED);
            if (v && side == PAIR_SERVER) { /* no suite in common, found by the other one */
                assert_int_equal(strait_dtls_error(pair.side[side].dtls), STRAIT_E_NO_CIPHER);
                assert_int_equal(strait_dtls_error(keys), STRAIT_E_ALERT);
            } else {
                assert_int_equal(strait_dtls_error(keys), STRAIT_E_PSK);
                assert_int_equal(strait_dtls_error(pair.side[side].dtls), STRAIT_E_ALERT);
            }
            pair_finish(&pair);
        }
    }
}

/* What cannot be read may be anybody's: it ends nothing while the handshake goes on. */
static void test_forged_record_ends_nothing(void **state)
{
    struct pair pair;
    (void)state;
    reset(STRAIT_DTLS_1_2);
    pair_init(&pair, 17);
    assert_int_equal(pair_create(&pair, &options), STRAIT_OK);
    assert_int_equal(pair_start(&pair), STRAIT_OK);
    while (pair.now < pair.start + 5 * STRAIT_S) {
        uint8_t forged[13 + 40] = { 22, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 3, 0, 40 };
        pair_run_for(&pair, STRAIT_MS);
        pair_inject(&pair, PAIR_SERVER, forged, sizeof forged);
    }
    assert_int_equal(strait_dtls_state(pair.side[0].dtls), STRAIT_DTLS_CONNECTED);
    assert_int_equal(strait_dtls_state(pair.side[1].dtls), STRAIT_DTLS_CONNECTED);
    pair_finish(&pair);
}

/* The server's last flight is late. */
static bool lose_last_flight(struct pair *pair, int from, uint8_t *data, size_t len, void *user)
{
    strait_time since = pair->now - pair->start;
    (void)data;
    (void)len;
    (void)user;
    return from == PAIR_SERVER && since > 60 * STRAIT_MS && since < 4 * STRAIT_S;
}

/* Only a server can find that keys differ; the client waits on, whatever comes. */
static void test_forged_record_for_the_client(void **state)
{
    struct pair pair;
    /* ChangeCipherSpec, from which on the client reads under the keys. */
    uint8_t change[] = { 20, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 1, 1 };
    uint8_t forged[13 + 40] = { 22, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 3, 0, 40 };
    (void)state;
    reset(STRAIT_DTLS_1_2);
    pair_init(&pair, 17);
    pair.tap = lose_last_flight;
    assert_int_equal(pair_create(&pair, &options), STRAIT_OK);
    assert_int_equal(pair_start(&pair), STRAIT_OK);
    pair_run_for(&pair, STRAIT_S);
    assert_int_equal(strait_dtls_state(pair.side[PAIR_CLIENT].dtls), STRAIT_DTLS_CONNECTING);
    pair_inject(&pair, PAIR_CLIENT, change, sizeof change);
    pair_inject(&pair, PAIR_CLIENT, forged, sizeof forged);
    assert_int_equal(pair_stats(&pair, PAIR_CLIENT).dropped_forged, 1);
    pair_run_for(&pair, 9 * STRAIT_S);
    assert_int_equal(strait_dtls_state(pair.side[0].dtls), STRAIT_DTLS_CONNECTED);
    assert_int_equal(strait_dtls_state(pair.side[1].dtls), STRAIT_DTLS_CONNECTED);
    pair_finish(&pair);
}

static void test_configuration(void **state)
{
    struct strait_certificate *certificate;
    char hint[130] = { 0 };
    (void)state;
    assert_int_equal(strait_certificate_create(&certificate, NULL), STRAIT_OK);
    memset(hint, 'h', 129);
    for (int wrong = 0; wrong < 8; wrong++) {
        struct strait_dtls *d = NULL;
        struct pair_side side = { .index = PAIR_SERVER };
        struct strait_dtls_config config = { .size = sizeof config, .role = STRAIT_DTLS_SERVER };
        reset(STRAIT_DTLS_ANY_VERSION);
        configure(&side, &config);
        config.events.send = (void (*)(void *, const uint8_t *, size_t))abort;
        config.certificate = wrong == 1 ? certificate : NULL;
        config.events.psk = wrong == 2 ? NULL : config.events.psk;
        config.psk_hint = wrong == 3 ? hint : NULL;
        config.n_cipher_suites = wrong >= 4 && wrong <= 6;
        config.cipher_suites[0] = wrong == 4 ? 0xc02b : wrong == 5 ? 0x1302 : 0xcca8;
        config.auth = wrong == 7 ? STRAIT_DTLS_AUTH_FINGERPRINT : config.auth;
        assert_int_equal(strait_dtls_create(&d, &config, 0),
                         wrong == 0 ? STRAIT_OK : STRAIT_E_INVALID);
        strait_dtls_destroy(d);
    }
    strait_certificate_unref(certificate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_suite),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_loss),
        cmocka_unit_test(test_wrong_key),
        cmocka_unit_test(test_unknown_identity),
        cmocka_unit_test(test_no_common_cipher),
        cmocka_unit_test(test_plain_keys_are_asked_for),
        cmocka_unit_test(test_cookies),
        cmocka_unit_test(test_client_without_a_key),
        cmocka_unit_test(test_identity_with_a_zero),
        cmocka_unit_test(test_keys_and_certificates),
        cmocka_unit_test(test_forged_record_ends_nothing),
        cmocka_unit_test(test_forged_record_for_the_client),
        cmocka_unit_test(test_configuration),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pair_forget_certificates();
    return failed;
}
