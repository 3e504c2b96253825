/* Associations that agree, or do not: versions, groups, profiles, certificates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "tests/dtls_pair.h"

static const struct pair_options gcm = {
    .profiles = { { STRAIT_SRTP_AEAD_AES_128_GCM, STRAIT_SRTP_AES128_CM_SHA1_80 },
                  { STRAIT_SRTP_AEAD_AES_128_GCM, STRAIT_SRTP_AES128_CM_SHA1_80 } },
};

static struct pair_options with_version(enum strait_dtls_version version)
{
    struct pair_options o = gcm;
    o.max[0] = version;
    if (version == STRAIT_DTLS_1_3) {
        o.min[0] = version;
    }
    return o;
}

static void explain(struct pair *pair)
{
    for (int i = 0; i < 2; i++) {
        print_message("# %s: state %d, %s: %s\n", i ? "server" : "client",
                      (int)strait_dtls_state(pair->side[i].dtls),
                      strait_error_name(strait_dtls_error(pair->side[i].dtls)),
                      strait_dtls_error_detail(pair->side[i].dtls));
    }
}

static void connect_ok(struct pair *pair, const struct pair_options *options)
{
    bool connected = pair_connect(pair, options);
    if (!connected) {
        explain(pair);
    }
    assert_true(connected);
}

static void check_version(enum strait_dtls_version version, const enum strait_dtls_group *groups,
                          uint16_t group)
{
    struct pair pair;
    struct pair_options o = with_version(version);
    pair_init(&pair, 1);
    memcpy(o.groups[0], groups, sizeof o.groups[0]);
    connect_ok(&pair, &o);
    assert_true(pair_keys_match(&pair, STRAIT_SRTP_AEAD_AES_128_GCM));
    for (int i = 0; i < 2; i++) {
        struct strait_dtls_stats stats = pair_stats(&pair, i);
        assert_int_equal(stats.version, version);
        assert_int_equal(stats.group, group);
        assert_non_null(strait_dtls_cipher_name(stats.cipher_suite));
        assert_int_equal(stats.profile, STRAIT_SRTP_AEAD_AES_128_GCM);
        assert_int_equal(stats.flights_retransmitted, 0);
        assert_int_equal(pair.side[i].n_states, 1);
        assert_int_equal(pair.side[i].n_certificates, 1);
    }
    assert_true(pair.longest <= 1200);
    pair_finish(&pair);
    assert_int_equal(pair.blocks, 0);
}

static void test_dtls12(void **state)
{
    static const enum strait_dtls_group groups[STRAIT_DTLS_MAX_GROUPS];
    (void)state;
    check_version(STRAIT_DTLS_1_2, groups, STRAIT_GROUP_X25519);
}

static void test_dtls13(void **state)
{
    static const enum strait_dtls_group groups[STRAIT_DTLS_MAX_GROUPS] = { STRAIT_GROUP_X25519,
                                                                           STRAIT_GROUP_P256 };
    (void)state;
    check_version(STRAIT_DTLS_1_3, groups, STRAIT_GROUP_X25519);
}

static void test_dtls13_post_quantum(void **state)
{
    static const enum strait_dtls_group groups[STRAIT_DTLS_MAX_GROUPS];
    (void)state;
    check_version(STRAIT_DTLS_1_3, groups, STRAIT_GROUP_X25519MLKEM768);
}

static void test_p256_in_both_versions(void **state)
{
    static const enum strait_dtls_group groups[STRAIT_DTLS_MAX_GROUPS] = { STRAIT_GROUP_P256 };
    (void)state;
    check_version(STRAIT_DTLS_1_2, groups, STRAIT_GROUP_P256);
    check_version(STRAIT_DTLS_1_3, groups, STRAIT_GROUP_P256);
}

/* The server's order wins over the client's. */
static void test_profile_preference(void **state)
{
    static const enum strait_srtp_profile orders[][STRAIT_DTLS_MAX_PROFILES] = {
        { STRAIT_SRTP_AEAD_AES_256_GCM, STRAIT_SRTP_AES128_CM_SHA1_80 },
        { STRAIT_SRTP_AEAD_AES_128_GCM, STRAIT_SRTP_AEAD_AES_256_GCM },
        { STRAIT_SRTP_AES128_CM_SHA1_32, STRAIT_SRTP_AEAD_AES_256_GCM },
        { STRAIT_SRTP_AES128_CM_SHA1_80, STRAIT_SRTP_AEAD_AES_256_GCM },
    };
    (void)state;
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        for (int v = 0; v < 2; v++) {
            struct pair pair;
            struct pair_options o = {
                .profiles = { { STRAIT_SRTP_AES128_CM_SHA1_80, STRAIT_SRTP_AES128_CM_SHA1_32,
                                STRAIT_SRTP_AEAD_AES_128_GCM, STRAIT_SRTP_AEAD_AES_256_GCM } },
                .max = { v ? STRAIT_DTLS_1_2 : STRAIT_DTLS_1_3 },
            };
            memcpy(o.profiles[1], orders[i], sizeof orders[i]);
            pair_init(&pair, i);
            connect_ok(&pair, &o);
            assert_true(pair_keys_match(&pair, orders[i][0]));
            pair_finish(&pair);
        }
    }
}

/* Runs and expects one side to fail so; the other one is told by an alert, or closed. */
static void fails(const struct pair_options *options, int side, int error, const char *word,
                  int other)
{
    struct pair pair;
    pair_init(&pair, 3);
    assert_false(pair_connect(&pair, options));
    explain(&pair);
    assert_int_equal(strait_dtls_state(pair.side[side].dtls), STRAIT_DTLS_FAILED);
    assert_int_equal(strait_dtls_error(pair.side[side].dtls), error);
    assert_non_null(strstr(strait_dtls_error_detail(pair.side[side].dtls), word));
    pair_run_for(&pair, 5 * STRAIT_S);
    explain(&pair);
    assert_int_equal(strait_dtls_state(pair.side[!side].dtls), STRAIT_DTLS_FAILED);
    assert_int_equal(strait_dtls_error(pair.side[!side].dtls), other);
    if (error == STRAIT_E_FINGERPRINT) {
        assert_non_null(strstr(strait_dtls_error_detail(pair.side[!side].dtls), "bad_certificate"));
    }
    for (int i = 0; i < 2; i++) {
        enum strait_srtp_profile profile;
        struct strait_srtp_key send, receive;
        assert_int_equal(strait_dtls_srtp_keys(pair.side[i].dtls, &profile, &send, &receive),
                         STRAIT_E_STATE);
        assert_int_equal(strait_dtls_deadline(pair.side[i].dtls), STRAIT_TIME_NEVER);
    }
    pair_finish(&pair);
    assert_int_equal(pair.blocks, 0);
}

static void test_no_common_profile(void **state)
{
    struct pair_options o = {
        .profiles = { { STRAIT_SRTP_AES128_CM_SHA1_80 }, { STRAIT_SRTP_AEAD_AES_128_GCM } },
    };
    (void)state;
    fails(&o, PAIR_SERVER, STRAIT_E_NO_PROFILE, "profiles", STRAIT_E_ALERT);
    o.max[1] = STRAIT_DTLS_1_2;
    fails(&o, PAIR_SERVER, STRAIT_E_NO_PROFILE, "profiles", STRAIT_E_ALERT);
    /* The client offers none at all ... */
    o.profiles[0][0] = STRAIT_SRTP_NONE;
    fails(&o, PAIR_SERVER, STRAIT_E_NO_PROFILE, "use_srtp", STRAIT_E_ALERT);
    /* ... the server answers with none: never silently without SRTP. */
    o.profiles[0][0] = STRAIT_SRTP_AES128_CM_SHA1_80;
    o.profiles[1][0] = STRAIT_SRTP_NONE;
    o.max[1] = STRAIT_DTLS_1_3;
    fails(&o, PAIR_CLIENT, STRAIT_E_NO_PROFILE, "profiles", STRAIT_E_ALERT);
    o.max[1] = STRAIT_DTLS_1_2;
    fails(&o, PAIR_CLIENT, STRAIT_E_NO_PROFILE, "profiles", STRAIT_E_ALERT);
}

static void test_no_common_version(void **state)
{
    struct pair_options o = gcm;
    (void)state;
    o.max[0] = STRAIT_DTLS_1_2;
    o.min[1] = STRAIT_DTLS_1_3;
    fails(&o, PAIR_SERVER, STRAIT_E_VERSION, "version", STRAIT_E_ALERT);
    o = gcm;
    o.min[0] = STRAIT_DTLS_1_3;
    o.max[1] = STRAIT_DTLS_1_2;
    fails(&o, PAIR_SERVER, STRAIT_E_VERSION, "version", STRAIT_E_ALERT);
}

static void test_no_common_group(void **state)
{
    struct pair_options o = gcm;
    (void)state;
    o.groups[0][0] = STRAIT_GROUP_X25519;
    o.groups[1][0] = STRAIT_GROUP_P256;
    fails(&o, PAIR_SERVER, STRAIT_E_NO_GROUP, "group", STRAIT_E_ALERT);
    o.max[0] = STRAIT_DTLS_1_2;
    fails(&o, PAIR_SERVER, STRAIT_E_NO_GROUP, "group", STRAIT_E_ALERT);
}

static void test_wrong_fingerprint(void **state)
{
    (void)state;
    for (int side = 0; side < 2; side++) {
        for (int v = 0; v < 2; v++) {
            struct pair_options o = with_version(v ? STRAIT_DTLS_1_2 : STRAIT_DTLS_1_3);
            o.wrong_fingerprint[side] = true;
            fails(&o, side, STRAIT_E_FINGERPRINT, "a=fingerprint", STRAIT_E_ALERT);
        }
    }
}

/* Of several hash functions and values any one may match. */
static void test_any_fingerprint(void **state)
{
    (void)state;
    for (unsigned hash = STRAIT_HASH_SHA256; hash <= STRAIT_HASH_SHA512; hash++) {
        struct pair pair;
        struct strait_fingerprint set[3];
        struct pair_options o = gcm;
        o.no_fingerprints[PAIR_CLIENT] = true;
        pair_init(&pair, hash);
        assert_int_equal(pair_create(&pair, &o), STRAIT_OK);
        for (unsigned i = 0; i < 3; i++) {
            strait_certificate_fingerprint(pair.side[PAIR_SERVER].certificate, (enum strait_hash)i,
                                           &set[i]);
            set[i].value[set[i].len - 1] ^= i == hash ? 0 : 1;
        }
        struct strait_dtls *client = pair.side[PAIR_CLIENT].dtls;
        assert_int_equal(strait_dtls_set_fingerprints(client, set, 3), STRAIT_OK);
        assert_int_equal(strait_dtls_set_fingerprints(client, set, 3), STRAIT_E_STATE);
        assert_int_equal(pair_start(&pair), STRAIT_OK);
        pair_run(&pair, pair.start + 5 * STRAIT_S);
        assert_true(pair_keys_match(&pair, STRAIT_SRTP_AEAD_AES_128_GCM));
        pair_finish(&pair);
    }
}

/* The fingerprint comes `when` later than the start: the association holds, and sends and delivers
 * nothing. */
static void late(enum strait_dtls_version version, int side, strait_time when, bool wrong)
{
    struct pair pair;
    struct pair_options o = with_version(version);
    struct strait_fingerprint peer;
    struct strait_srtp_key send, receive;
    enum strait_srtp_profile profile;
    o.no_fingerprints[side] = true;
    pair_init(&pair, 4);
    assert_int_equal(pair_create(&pair, &o), STRAIT_OK);
    assert_int_equal(pair_start(&pair), STRAIT_OK);
    pair_run_for(&pair, when);
    struct pair_side *own = &pair.side[side], *other = &pair.side[!side];
    assert_int_equal(strait_dtls_state(own->dtls), STRAIT_DTLS_CONNECTING);
    uint64_t held = 0;
    if (strait_dtls_state(other->dtls) == STRAIT_DTLS_CONNECTED) {
        assert_int_equal(strait_dtls_send(other->dtls, pair.now, (const uint8_t *)"early", 5),
                         STRAIT_OK);
        held = 1;
    }
    pair_run_for(&pair, 100 * STRAIT_MS);
    assert_int_equal(own->n_data, 0);
    assert_int_equal(own->n_states, 0);
    assert_int_equal(pair_stats(&pair, side).dropped_held, held);
    assert_int_equal(strait_dtls_send(own->dtls, pair.now, (const uint8_t *)"x", 1),
                     STRAIT_E_STATE);
    assert_int_equal(strait_dtls_srtp_keys(own->dtls, &profile, &send, &receive), STRAIT_E_STATE);
    pair_fingerprint(&pair, !side, &peer);
    peer.value[31] ^= wrong;
    assert_int_equal(strait_dtls_set_fingerprints(own->dtls, &peer, 1), STRAIT_OK);
    assert_int_equal(own->n_states, 0);
    assert_true(strait_dtls_deadline(own->dtls) <= pair.now);
    pair_run_for(&pair, 2 * STRAIT_S);
    assert_int_equal(own->n_states, 1);
    if (wrong) {
        assert_int_equal(own->states[0], STRAIT_DTLS_FAILED);
        assert_int_equal(strait_dtls_error(own->dtls), STRAIT_E_FINGERPRINT);
        assert_int_equal(strait_dtls_error(other->dtls), STRAIT_E_ALERT);
        assert_non_null(strstr(strait_dtls_error_detail(other->dtls), "bad_certificate"));
    } else {
        assert_true(pair_keys_match(&pair, STRAIT_SRTP_AEAD_AES_128_GCM));
        strait_dtls_send(other->dtls, pair.now, (const uint8_t *)"now", 3);
        pair_run_for(&pair, 100 * STRAIT_MS);
        assert_int_equal(own->n_data, 1);
        assert_int_equal(own->data_len[0], 3);
    }
    pair_finish(&pair);
    assert_int_equal(pair.blocks, 0);
}

static void test_late_fingerprint(void **state)
{
    (void)state;
    for (int side = 0; side < 2; side++) {
        late(STRAIT_DTLS_1_2, side, 3 * STRAIT_S, false);
        late(STRAIT_DTLS_1_3, side, 3 * STRAIT_S, false);
        late(STRAIT_DTLS_1_2, side, 3 * STRAIT_S, true);
        late(STRAIT_DTLS_1_3, side, 3 * STRAIT_S, true);
    }
}

/* The client has the server's certificate, the server not yet the client's Finished. */
static void test_fingerprint_within_the_handshake(void **state)
{
    (void)state;
    late(STRAIT_DTLS_1_2, PAIR_CLIENT, 60 * STRAIT_MS, false);
    late(STRAIT_DTLS_1_3, PAIR_CLIENT, 60 * STRAIT_MS, false);
    late(STRAIT_DTLS_1_2, PAIR_CLIENT, 60 * STRAIT_MS, true);
    late(STRAIT_DTLS_1_3, PAIR_CLIENT, 60 * STRAIT_MS, true);
}

static void test_fingerprint_never_comes(void **state)
{
    struct pair pair;
    struct pair_options o = gcm;
    (void)state;
    o.no_fingerprints[PAIR_SERVER] = true;
    o.handshake_timeout = 10 * STRAIT_S;
    pair_init(&pair, 4);
    assert_false(pair_connect(&pair, &o));
    assert_int_equal(strait_dtls_error(pair.side[PAIR_SERVER].dtls), STRAIT_E_TIMEOUT);
    assert_non_null(
        strstr(strait_dtls_error_detail(pair.side[PAIR_SERVER].dtls), "set_fingerprints"));
    assert_int_equal(pair.now - pair.start, 10 * STRAIT_S);
    pair_finish(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dtls12),
        cmocka_unit_test(test_dtls13),
        cmocka_unit_test(test_dtls13_post_quantum),
        cmocka_unit_test(test_p256_in_both_versions),
        cmocka_unit_test(test_profile_preference),
        cmocka_unit_test(test_no_common_profile),
        cmocka_unit_test(test_no_common_version),
        cmocka_unit_test(test_no_common_group),
        cmocka_unit_test(test_wrong_fingerprint),
        cmocka_unit_test(test_any_fingerprint),
        cmocka_unit_test(test_late_fingerprint),
        cmocka_unit_test(test_fingerprint_within_the_handshake),
        cmocka_unit_test(test_fingerprint_never_comes),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pair_forget_certificates();
    return failed;
}
