/* Associations that connect: versions, groups, profiles, roles, data and the end. */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dtls12),
        cmocka_unit_test(test_dtls13),
        cmocka_unit_test(test_dtls13_post_quantum),
        cmocka_unit_test(test_p256_in_both_versions),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pair_forget_certificates();
    return failed;
}
