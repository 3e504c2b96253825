/* Cipher suites and groups: their names, their order, what is impossible. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/dtls_pair.h"
#include "tests/pki.h"

/* What both sides of a case want; 0 ends a list. */
struct wish {
    enum strait_dtls_version version;
    uint16_t suites[2][4];
    enum strait_dtls_group groups[2][4];
    const char *chain, *key; /* the server's; NULL: an ECDSA one */
};

static const struct wish *wish;

static void configure(struct pair_side *side, struct strait_dtls_config *config)
{
    const uint16_t *suites = wish->suites[side->index];
    for (; suites[config->n_cipher_suites] != 0; config->n_cipher_suites++) {
        config->cipher_suites[config->n_cipher_suites] = suites[config->n_cipher_suites];
    }
}

/* Both sides' statistics after a handshake; their errors where there is none. */
struct outcome {
    struct strait_dtls_stats stats;
    int error[2];
};

static struct outcome run(const struct wish *w)
{
    struct pair *pair = malloc(sizeof *pair);
    struct outcome outcome = { .error = { 0, 0 } };
    struct pair_options o = {
        .min = { w->version, w->version },
        .max = { w->version, w->version },
        .profiles = { { STRAIT_SRTP_AEAD_AES_128_GCM }, { STRAIT_SRTP_AEAD_AES_128_GCM } },
        .handshake_timeout = 5 * STRAIT_S,
        .configure = configure,
    };
    wish = w;
    memcpy(o.groups, w->groups, sizeof o.groups);
    pair_init(pair, 3);
    struct strait_certificate *own = w->chain != NULL ? pki_load(w->chain, w->key) : NULL;
    pair->side[PAIR_SERVER].certificate = own != NULL ? own : pair->side[PAIR_SERVER].certificate;
    bool connected = pair_connect(pair, &o);
    for (int i = 0; i < 2; i++) {
        outcome.error[i] = strait_dtls_error(pair->side[i].dtls);
        assert_int_equal(outcome.error[i] == STRAIT_OK, connected);
    }
    if (connected) {
        struct strait_dtls_stats client = pair_stats(pair, PAIR_CLIENT);
        outcome.stats = pair_stats(pair, PAIR_SERVER);
        assert_int_equal(outcome.stats.cipher_suite, client.cipher_suite);
        assert_int_equal(outcome.stats.group, client.group);
    }
    pair_finish(pair);
    strait_certificate_unref(own);
    free(pair);
    return outcome;
}

static void names_and_numbers_agree(void **state)
{
    static const char *const suites[] = {
        "TLS_AES_128_GCM_SHA256",
        "TLS_AES_256_GCM_SHA384",
        "TLS_CHACHA20_POLY1305_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    };
    static const uint16_t numbers[] = { 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02c,
                                        0xcca9, 0xc02f, 0xc030, 0xcca8 };
    (void)state;
    for (size_t i = 0; i < sizeof suites / sizeof *suites; i++) {
        assert_int_equal(strait_dtls_cipher_number(suites[i]), numbers[i]);
        assert_string_equal(strait_dtls_cipher_name(numbers[i]), suites[i]);
    }
    assert_int_equal(strait_dtls_cipher_number("tls_aes_128_gcm_sha256"), 0x1301);
    assert_int_equal(strait_dtls_cipher_number("TLS_RSA_WITH_AES_128_GCM_SHA256"), 0);
    assert_int_equal(strait_dtls_cipher_number(""), 0);
    assert_int_equal(strait_dtls_cipher_number(NULL), 0);
    assert_null(strait_dtls_cipher_name(0xc009));
    assert_int_equal(strait_dtls_group_number("X25519MLKEM768"), STRAIT_GROUP_X25519MLKEM768);
    assert_int_equal(strait_dtls_group_number("x25519"), STRAIT_GROUP_X25519);
    assert_int_equal(strait_dtls_group_number("P-256"), STRAIT_GROUP_P256);
    assert_int_equal(strait_dtls_group_number("secp256r1"), STRAIT_GROUP_P256);
    assert_int_equal(strait_dtls_group_number("P-384"), STRAIT_GROUP_P384);
    assert_int_equal(strait_dtls_group_number("secp384r1"), STRAIT_GROUP_P384);
    assert_int_equal(strait_dtls_group_number("P-521"), 0);
    assert_int_equal(strait_dtls_group_number(NULL), 0);
}

/* Each suite alone, where server and client have nothing else. */
static void every_suite_connects(void **state)
{
    static const struct wish wishes[] = {
        { STRAIT_DTLS_1_3, { { 0x1301 }, { 0x1301 } }, .chain = NULL },
        { STRAIT_DTLS_1_3, { { 0x1302 }, { 0x1302 } }, .chain = NULL },
        { STRAIT_DTLS_1_3, { { 0x1303 }, { 0x1303 } }, .chain = NULL },
        { STRAIT_DTLS_1_3, { { 0x1302 }, { 0x1302 } }, .chain = "serverrsa", .key = "leafrsa" },
        { STRAIT_DTLS_1_2, { { 0xc02b }, { 0xc02b } }, .chain = NULL },
        { STRAIT_DTLS_1_2, { { 0xc02c }, { 0xc02c } }, .chain = NULL },
        { STRAIT_DTLS_1_2, { { 0xcca9 }, { 0xcca9 } }, .chain = NULL },
        { STRAIT_DTLS_1_2, { { 0xc02c }, { 0xc02c } }, .chain = "server384", .key = "leaf384" },
        { STRAIT_DTLS_1_2, { { 0xc02f }, { 0xc02f } }, .chain = "serverrsa", .key = "leafrsa" },
        { STRAIT_DTLS_1_2, { { 0xc030 }, { 0xc030 } }, .chain = "serverrsa", .key = "leafrsa" },
        { STRAIT_DTLS_1_2, { { 0xcca8 }, { 0xcca8 } }, .chain = "serverrsa", .key = "leafrsa" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++) {
        struct outcome got = run(&wishes[i]);
        assert_int_equal(got.error[0], STRAIT_OK);
        assert_int_equal(got.stats.cipher_suite, wishes[i].suites[0][0]);
        assert_int_equal(got.stats.version, wishes[i].version);
    }
}

static void the_servers_order_of_suites_wins(void **state)
{
    static const struct wish wishes[] = {
        { STRAIT_DTLS_1_3, { { 0x1301, 0x1302, 0x1303 }, { 0x1303, 0x1301 } }, .chain = NULL },
        { STRAIT_DTLS_1_3, { { 0x1303, 0x1301 }, { 0x1302, 0x1301 } }, .chain = NULL },
        { STRAIT_DTLS_1_2, { { 0xc02b, 0xc02c, 0xcca9 }, { 0xcca9, 0xc02c } }, .chain = NULL },
        { STRAIT_DTLS_1_2, { { 0xcca9, 0xc02b }, { 0xc02c, 0xc02b } }, .chain = NULL },
    };
    static const uint16_t expected[] = { 0x1303, 0x1301, 0xcca9, 0xc02b };
    (void)state;
    for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++) {
        assert_int_equal(run(&wishes[i]).stats.cipher_suite, expected[i]);
    }
}

static void no_suite_in_common_has_its_name(void **state)
{
    static const struct wish wishes[] = {
        { STRAIT_DTLS_1_3, { { 0x1301 }, { 0x1302 } }, .chain = NULL },
        { STRAIT_DTLS_1_2, { { 0xc02b }, { 0xc02c } }, .chain = NULL },
        { STRAIT_DTLS_1_2, { { 0xc02f }, { 0xc02b } }, .chain = NULL },
    };
    (void)state;
    for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++) {
        struct outcome got = run(&wishes[i]);
        assert_int_equal(got.error[PAIR_SERVER], STRAIT_E_NO_CIPHER);
        assert_int_equal(got.error[PAIR_CLIENT], STRAIT_E_ALERT);
    }
}

static void every_group_connects(void **state)
{
    static const enum strait_dtls_group groups[] = { STRAIT_GROUP_P256, STRAIT_GROUP_P384,
                                                     STRAIT_GROUP_X25519,
                                                     STRAIT_GROUP_X25519MLKEM768 };
    (void)state;
    for (int dtls13 = 0; dtls13 < 2; dtls13++) {
        for (int i = 0; i < 3 + dtls13; i++) {
            const struct wish one = {
                .version = dtls13 ? STRAIT_DTLS_1_3 : STRAIT_DTLS_1_2,
                .groups = { { groups[i] }, { groups[i] } },
            };
            struct outcome got = run(&one);
            assert_int_equal(got.error[0], STRAIT_OK);
            assert_int_equal(got.stats.group, groups[i]);
        }
    }
}

/* In 1.3 the server's, among the shares that came: a better group without one is not worth a round trip. In
 * 1.2 the client's. */
static void the_order_of_groups_counts(void **state)
{
    static const struct wish wishes[] = {
        { STRAIT_DTLS_1_2, .groups = { { STRAIT_GROUP_X25519, STRAIT_GROUP_P256 },
                                       { STRAIT_GROUP_P256, STRAIT_GROUP_X25519 } } },
        { STRAIT_DTLS_1_3, .groups = { { STRAIT_GROUP_X25519MLKEM768, STRAIT_GROUP_X25519 },
                                       { STRAIT_GROUP_X25519, STRAIT_GROUP_X25519MLKEM768 } } },
        { STRAIT_DTLS_1_3, .groups = { { STRAIT_GROUP_X25519, STRAIT_GROUP_P384 },
                                       { STRAIT_GROUP_P384, STRAIT_GROUP_P256 } } },
    };
    static const uint16_t expected[] = { STRAIT_GROUP_X25519, STRAIT_GROUP_X25519,
                                         STRAIT_GROUP_P384 };
    (void)state;
    for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++) {
        assert_int_equal(run(&wishes[i]).stats.group, expected[i]);
    }
}

static void ignore(void *user, const uint8_t *data, size_t len)
{
    (void)user;
    (void)data;
    (void)len;
}

static int create(enum strait_dtls_role role, enum strait_dtls_version version,
                  struct strait_certificate *certificate, uint16_t suite,
                  enum strait_dtls_group group)
{
    struct strait_dtls *dtls = NULL;
    const struct strait_dtls_config config = {
        .size = sizeof config,
        .events = { .size = sizeof config.events, .send = ignore },
        .certificate = certificate,
        .role = role,
        .min_version = version,
        .max_version = version,
        .cipher_suites = { suite },
        .n_cipher_suites = suite != 0,
        .groups = { group },
        .n_groups = group != 0,
    };
    int error = strait_dtls_create(&dtls, &config, 0);
    assert_true((dtls != NULL) == (error == STRAIT_OK));
    strait_dtls_destroy(dtls);
    return error;
}

static void the_impossible_is_refused_at_once(void **state)
{
    const enum strait_dtls_role client = STRAIT_DTLS_CLIENT, server = STRAIT_DTLS_SERVER;
    struct strait_certificate *ecdsa = pki_load("server", "leaf");
    struct strait_certificate *rsa = pki_load("serverrsa", "leafrsa");
    (void)state;
    /* A suite of the other version, of none, for another kind of key; a group that 1.2 does not have. */
    assert_int_equal(create(client, STRAIT_DTLS_1_2, ecdsa, 0x1301, 0), STRAIT_E_INVALID);
    assert_int_equal(create(client, STRAIT_DTLS_1_3, ecdsa, 0xc02b, 0), STRAIT_E_INVALID);
    assert_int_equal(create(client, 0, ecdsa, 0x002f, 0), STRAIT_E_INVALID);
    assert_int_equal(create(server, STRAIT_DTLS_1_2, ecdsa, 0xc02f, 0), STRAIT_E_INVALID);
    assert_int_equal(create(server, STRAIT_DTLS_1_2, rsa, 0xc02b, 0), STRAIT_E_INVALID);
    assert_int_equal(create(client, STRAIT_DTLS_1_2, ecdsa, 0, STRAIT_GROUP_X25519MLKEM768),
                     STRAIT_E_INVALID);
    assert_int_equal(create(client, 0, ecdsa, 0xc02b, STRAIT_GROUP_X25519MLKEM768),
                     STRAIT_E_INVALID);
    assert_int_equal(create(client, 0, ecdsa, 0, (enum strait_dtls_group)0x19), STRAIT_E_INVALID);
    /* The same where there is a way. */
    assert_int_equal(create(client, 0, ecdsa, 0x1301, 0), STRAIT_OK);
    assert_int_equal(create(client, 0, ecdsa, 0xc02b, 0), STRAIT_OK);
    assert_int_equal(create(client, STRAIT_DTLS_1_2, ecdsa, 0xc02f, 0), STRAIT_OK);
    assert_int_equal(create(server, STRAIT_DTLS_1_2, rsa, 0xc02f, 0), STRAIT_OK);
    assert_int_equal(create(server, 0, ecdsa, 0, STRAIT_GROUP_X25519MLKEM768), STRAIT_OK);
    strait_certificate_unref(ecdsa);
    strait_certificate_unref(rsa);
}

/* Both sides may speak both, but one has no suite for 1.3. */
static void a_version_without_a_suite_is_not_negotiated(void **state)
{
    static const struct wish either[] = {
        { .suites = { { 0xc02b, 0x1301 }, { 0xc02b } } },
        { .suites = { { 0xc02b }, { 0x1301, 0xc02b } } },
    };
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct outcome got = run(&either[i]);
        assert_int_equal(got.error[0], STRAIT_OK);
        assert_int_equal(got.stats.version, STRAIT_DTLS_1_2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_numbers_agree),
        cmocka_unit_test(every_suite_connects),
        cmocka_unit_test(the_servers_order_of_suites_wins),
        cmocka_unit_test(no_suite_in_common_has_its_name),
        cmocka_unit_test(every_group_connects),
        cmocka_unit_test(the_order_of_groups_counts),
        cmocka_unit_test(the_impossible_is_refused_at_once),
        cmocka_unit_test(a_version_without_a_suite_is_not_negotiated),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pair_forget_certificates();
    return failed;
}
