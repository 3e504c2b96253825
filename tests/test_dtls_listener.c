/* A server that talks to addresses which nobody has validated. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/dtls_hellos.h"
#include "tests/dtls_pair.h"

static const enum strait_dtls_version VERSIONS[] = { STRAIT_DTLS_1_2, STRAIT_DTLS_1_3 };

static struct pair_options cookies(enum strait_dtls_version version)
{
    struct pair_options o = {
        .cookies = true,
        .min = { version, 0 },
        .max = { version, 0 },
        .profiles = { { STRAIT_SRTP_AEAD_AES_128_GCM }, { STRAIT_SRTP_AEAD_AES_128_GCM } },
        .groups = { { STRAIT_GROUP_X25519, STRAIT_GROUP_P256 } },
    };
    return o;
}

static struct strait_dtls_listener_stats listener_stats(const struct pair *pair)
{
    struct strait_dtls_listener_stats stats = { .size = sizeof stats };
    strait_dtls_listener_stats(pair->listener, &stats);
    return stats;
}

static void test_cookie_round_trip(void **state)
{
    struct pair *pair = malloc(sizeof *pair);
    (void)state;
    /* The server allows both versions, or that of the client alone, with SRTP and without. */
    for (int cell = 0; cell < 8; cell++) {
        enum strait_dtls_version version = VERSIONS[cell % 2];
        struct pair_options o = cookies(version);
        if (cell / 2 % 2) {
            o.min[1] = o.max[1] = version;
        }
        if (cell / 4) {
            memset(o.profiles, 0, sizeof o.profiles);
        }
        pair_init(pair, 1);
        assert_true(pair_connect(pair, &o));
        if (!(cell / 4)) {
            assert_true(pair_keys_match(pair, STRAIT_SRTP_AEAD_AES_128_GCM));
        }
        assert_int_equal(pair_stats(pair, PAIR_SERVER).version, version);
        assert_int_equal(pair_stats(pair, PAIR_CLIENT).flights_retransmitted, 0);
        struct strait_dtls_listener_stats stats = listener_stats(pair);
        assert_int_equal(stats.datagrams_received, 2);
        assert_int_equal(stats.client_hellos, 2);
        assert_int_equal(stats.hello_verify_requests, version == STRAIT_DTLS_1_2);
        assert_int_equal(stats.hello_retry_requests, version == STRAIT_DTLS_1_3);
        assert_int_equal(stats.datagrams_sent, 1);
        assert_int_equal(stats.accepted, 1);
        /* One round trip for the cookie, then as without. */
        strait_time trips = version == STRAIT_DTLS_1_2 ? 3 : 2;
        assert_int_equal(pair->side[PAIR_CLIENT].connected - pair->start, 2 * trips * pair->delay);
        pair_finish(pair);
        assert_int_equal(pair->blocks, 0);
    }
    free(pair);
}

/* The group comes with the cookie: there is no second HelloRetryRequest. */
static void test_group_with_cookie(void **state)
{
    static const struct {
        enum strait_dtls_group client[3], server[2], chosen;
    } cases[] = {
        { { STRAIT_GROUP_X25519, STRAIT_GROUP_P256 }, { STRAIT_GROUP_P256 }, STRAIT_GROUP_P256 },
        { { STRAIT_GROUP_X25519, STRAIT_GROUP_P256 },
          { STRAIT_GROUP_P256, STRAIT_GROUP_P384 },
          STRAIT_GROUP_P256 },
        { { STRAIT_GROUP_X25519, STRAIT_GROUP_P256, STRAIT_GROUP_P384 },
          { STRAIT_GROUP_P384, STRAIT_GROUP_P256 },
          STRAIT_GROUP_P384 },
        /* A share of a group that is wanted less saves nothing here: the cookie costs the trip anyway, but the
         * client has made it. */
        { { STRAIT_GROUP_X25519, STRAIT_GROUP_P256 },
          { STRAIT_GROUP_P256, STRAIT_GROUP_X25519 },
          STRAIT_GROUP_X25519 },
        { { STRAIT_GROUP_P256, STRAIT_GROUP_X25519MLKEM768 },
          { STRAIT_GROUP_X25519MLKEM768 },
          STRAIT_GROUP_X25519MLKEM768 },
        { { STRAIT_GROUP_X25519MLKEM768, STRAIT_GROUP_X25519, STRAIT_GROUP_P384 },
          { STRAIT_GROUP_P384 },
          STRAIT_GROUP_P384 },
    };
    struct pair *pair = malloc(sizeof *pair);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pair_options o = cookies(STRAIT_DTLS_1_3);
        memcpy(o.groups[0], cases[i].client, sizeof cases[i].client);
        memcpy(o.groups[1], cases[i].server, sizeof cases[i].server);
        o.min[1] = STRAIT_DTLS_1_3;
        pair_init(pair, 1);
        assert_true(pair_connect(pair, &o));
        assert_int_equal(pair_stats(pair, PAIR_CLIENT).group, cases[i].chosen);
        assert_int_equal(listener_stats(pair).hello_retry_requests, 1);
        assert_int_equal(listener_stats(pair).accepted, 1);
        assert_int_equal(pair->side[PAIR_CLIENT].connected - pair->start, 4 * pair->delay);
        pair_finish(pair);
    }
    free(pair);
}

static const uint16_t *wanted;

static void set_suites(struct pair_side *side, struct strait_dtls_config *config)
{
    for (int i = 0; side->index == PAIR_SERVER && i < 2 && wanted[i] != 0; i++) {
        config->cipher_suites[config->n_cipher_suites++] = wanted[i];
    }
}

/* The suite is in the HelloRetryRequest, and its hash in the cookie; connection ids wait for the end. */
static void test_suite_with_cookie(void **state)
{
    static const uint16_t suites[][2] = { { 0x1301 }, { 0x1302, 0x1301 }, { 0x1303, 0x1302 } };
    struct pair *pair = malloc(sizeof *pair);
    (void)state;
    for (size_t i = 0; i < 2 * sizeof suites / sizeof *suites; i++) {
        struct pair_options o = cookies(STRAIT_DTLS_1_3);
        wanted = suites[i / 2];
        o.configure = set_suites;
        o.groups[1][0] = i % 2 ? STRAIT_GROUP_P256 : 0;
        o.cid[0] = o.cid[1] = true;
        o.cid_len[0] = 3;
        o.cid_len[1] = 5;
        pair_init(pair, 1);
        assert_true(pair_connect(pair, &o));
        assert_int_equal(pair_stats(pair, PAIR_CLIENT).cipher_suite, wanted[0]);
        assert_true(pair_stats(pair, PAIR_CLIENT).cid);
        assert_int_equal(listener_stats(pair).hello_retry_requests, 1);
        pair_finish(pair);
    }
    free(pair);
}

static char seen_hint[16];

static int on_psk(void *user, struct strait_dtls_psk *psk)
{
    if (((struct pair_side *)user)->index == PAIR_CLIENT) {
        snprintf(seen_hint, sizeof seen_hint, "%s", psk->hint != NULL ? psk->hint : "");
        memcpy(psk->identity, "sensor", 6);
        psk->identity_len = 6;
    }
    memset(psk->key, 9, 16);
    psk->key_len = 16;
    return STRAIT_OK;
}

static void set_psk(struct pair_side *side, struct strait_dtls_config *config)
{
    config->certificate = NULL;
    config->auth = STRAIT_DTLS_AUTH_PSK;
    config->events.psk = on_psk;
    config->psk_hint = side->index == PAIR_SERVER ? "garden" : NULL;
}

/* In 1.3 the binder is over the HelloRetryRequest as well (RFC 8446, 4.2.11.2). */
static void test_psk_with_cookie(void **state)
{
    struct pair *pair = malloc(sizeof *pair);
    (void)state;
    for (int cell = 0; cell < 4; cell++) {
        struct pair_options o = cookies(VERSIONS[cell % 2]);
        o.configure = set_psk;
        o.no_fingerprints[0] = o.no_fingerprints[1] = true;
        o.groups[1][0] = cell / 2 ? STRAIT_GROUP_P256 : 0;
        pair_init(pair, 1);
        assert_true(pair_connect(pair, &o));
        assert_true(pair_keys_match(pair, STRAIT_SRTP_AEAD_AES_128_GCM));
        assert_int_equal(listener_stats(pair).accepted, 1);
        assert_string_equal(seen_hint, cell % 2 ? "" : "garden");
        pair_finish(pair);
        assert_int_equal(pair->blocks, 0);
    }
    free(pair);
}

static struct {
    uint64_t next;
    int alerts;
} plain;

/* The server's unprotected records, one a datagram here. */
static bool watch_numbers(struct pair *pair, int from, uint8_t *data, size_t len, void *user)
{
    enum { ALERT = 21, HANDSHAKE = 22 };
    (void)pair;
    (void)len;
    (void)user;
    if (from == PAIR_SERVER && (data[0] == ALERT || data[0] == HANDSHAKE)) {
        uint64_t number = (uint64_t)data[9] << 8 | data[10];
        assert_true(number >= plain.next);
        plain.next = number + 1;
        plain.alerts += data[0] == ALERT;
    }
    return false;
}

static int no_key(void *user, struct strait_dtls_psk *psk)
{
    return ((struct pair_side *)user)->index == PAIR_CLIENT ? on_psk(user, psk) : STRAIT_E_PSK;
}

static void set_unknown_psk(struct pair_side *side, struct strait_dtls_config *config)
{
    set_psk(side, config);
    config->events.psk = no_key;
}

/* Peers take an alert with a number that was there before for a replay (RFC 6347, 4.1.2.6). */
static void test_alert_after_cookie(void **state)
{
    struct pair *pair = malloc(sizeof *pair);
    (void)state;
    for (int cell = 0; cell < 3; cell++) {
        struct pair_options o = cookies(VERSIONS[cell % 2]);
        if (cell < 2) {
            o.configure = set_unknown_psk;
            o.no_fingerprints[0] = o.no_fingerprints[1] = true;
        } else {
            memset(o.groups, 0, sizeof o.groups);
            o.groups[0][0] = STRAIT_GROUP_X25519;
            o.groups[1][0] = STRAIT_GROUP_P384;
        }
        memset(&plain, 0, sizeof plain);
        pair_init(pair, 1);
        pair->tap = watch_numbers;
        assert_false(pair_connect(pair, &o));
        assert_true(plain.alerts > 0);
        assert_int_equal(strait_dtls_error(pair->side[PAIR_CLIENT].dtls), STRAIT_E_ALERT);
        pair_finish(pair);
    }
    free(pair);
}

static struct pair_options post_quantum(enum strait_dtls_version server_max)
{
    struct pair_options o = cookies(0);
    memset(o.groups, 0, sizeof o.groups);
    o.max[1] = server_max;
    return o;
}

/* How many of the server's HelloVerifyRequests are still to have another cookie than it gave. */
static int stale;

static bool change_cookie(struct pair *pair, int from, uint8_t *data, size_t len, void *user)
{
    enum { HANDSHAKE = 22, HELLO_VERIFY_REQUEST = 3 };
    (void)user;
    if (from == PAIR_SERVER && data[0] == HANDSHAKE && data[13] == HELLO_VERIFY_REQUEST &&
        stale > 0) {
        data[len - 1] ^= 1;
        stale--;
        pair_queue(pair, !from, data, len);
        return true;
    }
    return false;
}

struct forger {
    bool ahead; /* of the server's HelloVerifyRequest; else behind it */
    int left;
};

/* As if the server had got our answer already. */
static bool forge_cookies(struct pair *pair, int from, uint8_t *data, size_t len, void *user)
{
    enum { HANDSHAKE = 22, HELLO_VERIFY_REQUEST = 3, MESSAGE_SEQ = 13 + 5, AT_ONCE = 7 };
    struct forger *forger = user;
    if (from != PAIR_SERVER || data[0] != HANDSHAKE || data[13] != HELLO_VERIFY_REQUEST) {
        return false;
    }
    if (!forger->ahead) {
        pair_queue(pair, !from, data, len);
    }
    for (size_t i = 1; i <= AT_ONCE && forger->left > 0; i++, forger->left--) {
        data[MESSAGE_SEQ] ^= 1;
        data[len - i] ^= 1;
        pair_queue(pair, !from, data, len);
    }
    return !forger->ahead;
}

/* They delay the handshake, and that is all. */
static void test_forged_cookies(void **state)
{
    struct pair *pair = malloc(sizeof *pair);
    (void)state;
    for (int cell = 0; cell < 4; cell++) {
        struct pair_options o = cookies(STRAIT_DTLS_1_2);
        struct forger forger = { .ahead = cell % 2, .left = cell % 2 ? 7 : 1000 };
        o.min[0] = cell / 2 ? STRAIT_DTLS_1_2 : 0;
        o.max[0] = 0;
        o.max[1] = STRAIT_DTLS_1_2;
        pair_init(pair, 1);
        pair->tap = forge_cookies;
        pair->tap_user = &forger;
        assert_true(pair_connect(pair, &o));
        assert_true(forger.left < 1000);
        assert_int_equal(listener_stats(pair).accepted, 1);
        assert_true(listener_stats(pair).client_hellos <= 4);
        assert_true(pair_keys_match(pair, STRAIT_SRTP_AEAD_AES_128_GCM));
        pair_finish(pair);
        assert_int_equal(pair->blocks, 0);
    }
    free(pair);
}

/* RFC 6347, 4.2.1: a server that has changed its secret asks again. */
static void test_another_cookie(void **state)
{
    struct pair *pair = malloc(sizeof *pair);
    (void)state;
    for (int cell = 0; cell < 12; cell++) {
        struct pair_options o = cell % 2 ? post_quantum(STRAIT_DTLS_1_2) : cookies(STRAIT_DTLS_1_2);
        int changed = 1 + cell / 4;
        o.min[0] = cell / 2 % 2 ? STRAIT_DTLS_1_2 : 0;
        o.max[0] = 0;
        o.max[1] = STRAIT_DTLS_1_2;
        stale = changed;
        pair_init(pair, 1);
        pair->tap = change_cookie;
        assert_true(pair_connect(pair, &o));
        assert_int_equal(listener_stats(pair).bad_cookies, changed);
        assert_int_equal(listener_stats(pair).accepted, 1);
        assert_true(pair_keys_match(pair, STRAIT_SRTP_AEAD_AES_128_GCM));
        pair_finish(pair);
        assert_int_equal(pair->blocks, 0);
    }
    free(pair);
}

/* Both ClientHellos come in fragments; an answer comes after the last. */
static void fragments(void (*plan)(struct pair *, struct refragment *), uint64_t dropped)
{
    struct pair *pair = malloc(sizeof *pair);
    for (size_t v = 0; v < 2; v++) {
        struct pair_options o = post_quantum(VERSIONS[v]);
        struct refragment r = { .plan = plan };
        strait__hooks_init(&r.hooks, NULL);
        pair_init(pair, 1);
        pair->tap = refragment_tap;
        pair->tap_user = &r;
        assert_true(pair_connect(pair, &o));
        assert_true(pair_keys_match(pair, STRAIT_SRTP_AEAD_AES_128_GCM));
        assert_int_equal(pair_stats(pair, PAIR_SERVER).version, VERSIONS[v]);
        struct strait_dtls_listener_stats stats = listener_stats(pair);
        assert_int_equal(stats.client_hellos, 2);
        assert_int_equal(stats.client_hellos_in_fragments, 2);
        assert_int_equal(stats.fragments_dropped, dropped);
        assert_int_equal(stats.hello_verify_requests + stats.hello_retry_requests, 1);
        assert_int_equal(stats.accepted, 1);
        assert_true(pair_stats(pair, PAIR_SERVER).client_hello_fragments >= 2);
        pair_finish(pair);
        assert_int_equal(pair->blocks, 0);
        strait__reassembly_reset(&r.hello, &r.hooks);
    }
    free(pair);
}

static void test_moving_boundary(void **state)
{
    (void)state;
    fragments(refragment_moving_boundary, 0);
}

static void test_many_fragments(void **state)
{
    (void)state;
    fragments(refragment_many_backwards_twice, 0);
}

static void test_overlapping_fragments(void **state)
{
    (void)state;
    fragments(refragment_overlapping, 0);
}

static void test_forged_fragments(void **state)
{
    (void)state;
    /* Two gave way to another, one is too long. */
    fragments(refragment_forged_first, 3);
}

/* Our own client's, by the MTU; each datagram of it with a record of its own. */
static void test_mtus(void **state)
{
    static const uint16_t mtus[] = { 1472, 1200, 576, 256 };
    struct pair *pair = malloc(sizeof *pair);
    (void)state;
    for (size_t i = 0; i < 2 * sizeof mtus / sizeof *mtus; i++) {
        struct pair_options o = post_quantum(VERSIONS[i % 2]);
        o.mtu = mtus[i / 2];
        pair_init(pair, 1);
        assert_true(pair_connect(pair, &o));
        assert_true(pair->longest <= o.mtu);
        assert_int_equal(listener_stats(pair).fragments_dropped, 0);
        assert_int_equal(listener_stats(pair).datagrams_sent, 1);
        assert_int_equal(pair_stats(pair, PAIR_CLIENT).flights_retransmitted, 0);
        pair_finish(pair);
    }
    free(pair);
}

/* Each datagram lost in turn, then each doubled. */
static void test_each_datagram(void **state)
{
    struct pair *pair = malloc(sizeof *pair);
    (void)state;
    for (int cell = 0; cell < 8; cell++) {
        struct pair_options o = cell & 1 ? post_quantum(VERSIONS[cell / 2 % 2])
                                         : cookies(VERSIONS[cell / 2 % 2]);
        pair_init(pair, 1);
        assert_true(pair_connect(pair, &o));
        int n = pair->sent;
        assert_true(n >= 6);
        pair_finish(pair);
        for (int i = 1; i <= n; i++) {
            pair_init(pair, 1);
            pair->drop_nth = cell / 4 ? 0 : i;
            pair->double_nth = cell / 4 ? i : 0;
            assert_true(pair_connect(pair, &o));
            assert_true(pair_keys_match(pair, STRAIT_SRTP_AEAD_AES_128_GCM));
            struct strait_dtls_listener_stats stats = listener_stats(pair);
            assert_int_equal(stats.accepted, 1);
            assert_int_equal(stats.bad_cookies, 0);
            /* A lost answer is given again, a doubled question answered twice. */
            assert_true(stats.hello_verify_requests + stats.hello_retry_requests <= 2);
            assert_true(pair->side[PAIR_CLIENT].connected - pair->start < STRAIT_S);
            pair_run_for(pair, 5 * STRAIT_S);
            assert_int_equal(strait_dtls_state(pair->side[0].dtls), STRAIT_DTLS_CONNECTED);
            assert_int_equal(strait_dtls_state(pair->side[1].dtls), STRAIT_DTLS_CONNECTED);
            pair_finish(pair);
            assert_int_equal(pair->blocks, 0);
        }
    }
    free(pair);
}

static void test_bad_path(void **state)
{
    struct pair *pair = malloc(sizeof *pair);
    (void)state;
    for (uint64_t seed = 0; seed < 60; seed++) {
        struct pair_options o = seed & 1 ? post_quantum(VERSIONS[seed / 2 % 2])
                                         : cookies(VERSIONS[seed / 2 % 2]);
        pair_init(pair, seed);
        pair->loss = pair->duplication = pair->reorder = 30;
        assert_true(pair_connect(pair, &o));
        assert_true(pair_keys_match(pair, STRAIT_SRTP_AEAD_AES_128_GCM));
        pair_finish(pair);
    }
    free(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cookie_round_trip),  cmocka_unit_test(test_group_with_cookie),
        cmocka_unit_test(test_suite_with_cookie),  cmocka_unit_test(test_psk_with_cookie),
        cmocka_unit_test(test_alert_after_cookie), cmocka_unit_test(test_another_cookie),
        cmocka_unit_test(test_forged_cookies),     cmocka_unit_test(test_moving_boundary),
        cmocka_unit_test(test_many_fragments),     cmocka_unit_test(test_overlapping_fragments),
        cmocka_unit_test(test_forged_fragments),   cmocka_unit_test(test_mtus),
        cmocka_unit_test(test_each_datagram),      cmocka_unit_test(test_bad_path),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pair_forget_certificates();
    return failed;
}
