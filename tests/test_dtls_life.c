/* What an association does besides the handshake: data, time-outs, the end. */
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

static void test_handshake_times_out(void **state)
{
    struct pair pair;
    struct pair_options o = gcm;
    (void)state;
    o.handshake_timeout = 20 * STRAIT_S;
    pair_init(&pair, 4);
    pair.loss = 100;
    assert_false(pair_connect(&pair, &o));
    assert_int_equal(strait_dtls_error(pair.side[PAIR_CLIENT].dtls), STRAIT_E_TIMEOUT);
    assert_int_equal(pair.now - pair.start, 20 * STRAIT_S);
    /* 100 ms, doubled to at most 4 times: after 0.1, 0.3, 0.7, 1.1, 1.5 ... */
    assert_int_equal(pair_stats(&pair, PAIR_CLIENT).flights_retransmitted, 3 + 48);
    pair_finish(&pair);
}

static void test_data(void **state)
{
    (void)state;
    for (int v = 0; v < 2; v++) {
        struct pair pair;
        struct pair_options o = with_version(v ? STRAIT_DTLS_1_2 : STRAIT_DTLS_1_3);
        static uint8_t big[1300];
        pair_init(&pair, 6);
        connect_ok(&pair, &o);
        int before = pair.allocations;
        for (int side = 0; side < 2; side++) {
            struct pair_side *to = &pair.side[!side];
            for (uint8_t i = 0; i < 20; i++) {
                uint8_t bytes[3] = { i, 1, 2 };
                assert_int_equal(
                    strait_dtls_send(pair.side[side].dtls, pair.now, bytes, 1 + i % 3u), STRAIT_OK);
            }
            pair_run_for(&pair, STRAIT_S);
            assert_int_equal(to->n_data, 20);
            for (uint8_t i = 0; i < 20; i++) {
                assert_int_equal(to->data[i], i);
                assert_int_equal(to->data_len[i], 1 + i % 3u);
            }
            /* The longest record fills the MTU, one more byte does not fit. */
            size_t len = sizeof big;
            while (strait_dtls_send(pair.side[side].dtls, pair.now, big, len) ==
                   STRAIT_E_TOO_SMALL) {
                len--;
            }
            pair_run_for(&pair, STRAIT_S);
            assert_int_equal(to->n_data, 21);
            assert_int_equal(to->data_len[20], len);
            assert_int_equal(pair.longest, 1200);
        }
        print_message("# allocations a record, wolfSSL's own: %d / 42\n",
                      pair.allocations - before);
        assert_int_equal(strait_dtls_send(pair.side[0].dtls, pair.now, big, 0), STRAIT_E_INVALID);
        pair_finish(&pair);
    }
}

/* Events may send and close, and give the fingerprint. */
static void test_calls_within_events(void **state)
{
    (void)state;
    for (int v = 0; v < 2; v++) {
        for (int side = 0; side < 2; side++) {
            struct pair pair;
            struct pair_options o = with_version(v ? STRAIT_DTLS_1_2 : STRAIT_DTLS_1_3);
            o.no_fingerprints[0] = o.no_fingerprints[1] = true;
            pair_init(&pair, 9);
            pair.side[0].signals_in_time = pair.side[1].signals_in_time = true;
            pair.side[side].greets = true;
            pair.side[!side].closes_on_data = true;
            assert_int_equal(pair_create(&pair, &o), STRAIT_OK);
            assert_int_equal(pair_start(&pair), STRAIT_OK);
            pair_run_for(&pair, 5 * STRAIT_S);
            assert_int_equal(pair.side[!side].n_data, 1);
            assert_int_equal(pair.side[!side].data_len[0], 5);
            assert_int_equal(pair.side[!side].n_states, 1);
            assert_int_equal(pair.side[side].n_states, 2);
            assert_int_equal(pair.side[side].states[1], STRAIT_DTLS_CLOSED);
            for (int i = 0; i < 2; i++) {
                assert_int_equal(strait_dtls_error(pair.side[i].dtls), STRAIT_E_CLOSED);
            }
            pair_finish(&pair);
            assert_int_equal(pair.blocks, 0);
        }
    }
}

/* A peer's records may be longer than our MTU. */
static void test_peer_with_another_mtu(void **state)
{
    static uint8_t big[16000];
    (void)state;
    for (int v = 0; v < 2; v++) {
        struct pair pair;
        struct pair_options o = with_version(v ? STRAIT_DTLS_1_2 : STRAIT_DTLS_1_3);
        o.mtu = 300;
        o.mtu_of_server = 16384;
        pair_init(&pair, 9);
        connect_ok(&pair, &o);
        assert_int_equal(strait_dtls_send(pair.side[PAIR_SERVER].dtls, pair.now, big, sizeof big),
                         STRAIT_OK);
        assert_int_equal(strait_dtls_send(pair.side[PAIR_CLIENT].dtls, pair.now, big, 300),
                         STRAIT_E_TOO_SMALL);
        assert_int_equal(strait_dtls_send(pair.side[PAIR_CLIENT].dtls, pair.now, big, 200),
                         STRAIT_OK);
        pair_run_for(&pair, STRAIT_S);
        assert_int_equal(pair.side[PAIR_CLIENT].n_data, 1);
        assert_int_equal(pair.side[PAIR_CLIENT].data_len[0], sizeof big);
        assert_int_equal(pair.side[PAIR_SERVER].n_data, 1);
        pair_finish(&pair);
    }
}

/* No use_srtp: an association for data. A 1.2 server asks the client for a cookie then. */
static void test_data_only(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct pair pair;
        struct pair_options o = { .max = { 0, seed % 2 ? STRAIT_DTLS_1_2 : STRAIT_DTLS_1_3 } };
        enum strait_srtp_profile profile;
        struct strait_srtp_key send, receive;
        pair_init(&pair, seed);
        pair.loss = seed < 2 ? 0 : 20;
        connect_ok(&pair, &o);
        assert_int_equal(pair_stats(&pair, 0).version, o.max[1]);
        assert_int_equal(strait_dtls_srtp_keys(pair.side[0].dtls, &profile, &send, &receive),
                         STRAIT_E_NO_PROFILE);
        pair.loss = 0;
        strait_dtls_send(pair.side[0].dtls, pair.now, (const uint8_t *)"abc", 3);
        pair_run_for(&pair, STRAIT_S);
        assert_int_equal(pair.side[1].n_data, 1);
        pair_finish(&pair);
    }
}

static void test_close(void **state)
{
    (void)state;
    for (int v = 0; v < 2; v++) {
        for (int side = 0; side < 2; side++) {
            struct pair pair;
            struct pair_options o = with_version(v ? STRAIT_DTLS_1_2 : STRAIT_DTLS_1_3);
            pair_init(&pair, 7);
            connect_ok(&pair, &o);
            /* The ACK of 1.3 may still be on its way. */
            strait_dtls_close(pair.side[side].dtls, pair.now);
            assert_int_equal(strait_dtls_state(pair.side[side].dtls), STRAIT_DTLS_CLOSED);
            assert_int_equal(pair.side[side].n_states, 1);
            pair_run_for(&pair, STRAIT_S);
            assert_int_equal(pair.side[!side].n_states, 2);
            assert_int_equal(pair.side[!side].states[1], STRAIT_DTLS_CLOSED);
            for (int i = 0; i < 2; i++) {
                size_t len;
                assert_int_equal(strait_dtls_error(pair.side[i].dtls), STRAIT_E_CLOSED);
                assert_int_equal(strait_dtls_send(pair.side[i].dtls, pair.now, (uint8_t *)"x", 1),
                                 STRAIT_E_STATE);
                assert_non_null(strait_dtls_peer_certificate(pair.side[i].dtls, &len));
                pair_inject(&pair, i, (uint8_t *)"\x17", 1);
                assert_true(pair_stats(&pair, i).dropped_ended >= 1);
            }
            pair_finish(&pair);
            assert_int_equal(pair.blocks, 0);
        }
    }
}

/* ICE says that the flight was lost: again at once, and the timer starts anew. */
static void test_retransmit(void **state)
{
    struct pair pair;
    (void)state;
    pair_init(&pair, 8);
    pair.now = pair.start = 0; /* any start of the clock is fine */
    pair.drop_nth = 1;
    struct pair_options o = gcm;
    o.groups[0][0] = STRAIT_GROUP_X25519;
    o.initial_timeout = 3 * STRAIT_S;
    assert_int_equal(pair_create(&pair, &o), STRAIT_OK);
    assert_int_equal(pair_start(&pair), STRAIT_OK);
    pair_run_for(&pair, 49 * STRAIT_MS);
    strait_dtls_retransmit(pair.side[PAIR_CLIENT].dtls,
                           pair.now); /* too soon for a peer to say so */
    assert_int_equal(pair.side[PAIR_CLIENT].sent, 1);
    pair_run_for(&pair, STRAIT_MS);
    strait_dtls_retransmit(pair.side[PAIR_CLIENT].dtls, pair.now);
    strait_dtls_retransmit(pair.side[PAIR_CLIENT].dtls, pair.now);
    assert_int_equal(pair.side[PAIR_CLIENT].sent, 2);
    assert_int_equal(strait_dtls_deadline(pair.side[PAIR_CLIENT].dtls), pair.now + 3 * STRAIT_S);
    pair_run_for(&pair, 100 * STRAIT_MS);
    assert_true(pair_keys_match(&pair, STRAIT_SRTP_AEAD_AES_128_GCM));
    /* Nothing waits for an answer any more. */
    for (int i = 0; i < 2; i++) {
        int sent = pair.side[i].sent;
        strait_dtls_retransmit(pair.side[i].dtls, pair.now);
        assert_int_equal(pair.side[i].sent, sent);
        assert_int_equal(strait_dtls_deadline(pair.side[i].dtls), STRAIT_TIME_NEVER);
    }
    assert_int_equal(pair_stats(&pair, PAIR_CLIENT).flights_retransmitted, 0);
    pair_finish(&pair);
}

static void test_arguments(void **state)
{
    struct pair pair;
    struct pair_options o = gcm;
    struct strait_fingerprint f;
    struct strait_dtls_stats stats = { .size = 3 };
    (void)state;
    pair_init(&pair, 1);
    o.mtu = 100;
    assert_int_equal(pair_create(&pair, &o), STRAIT_E_INVALID);
    o = gcm;
    o.min[0] = STRAIT_DTLS_1_3;
    o.max[0] = STRAIT_DTLS_1_2;
    assert_int_equal(pair_create(&pair, &o), STRAIT_E_INVALID);
    o = gcm;
    o.profiles[0][1] = (enum strait_srtp_profile)5; /* NULL_SHA1_80 */
    assert_int_equal(pair_create(&pair, &o), STRAIT_E_INVALID);
    o = gcm;
    o.max[0] = STRAIT_DTLS_1_2;
    o.groups[0][0] = STRAIT_GROUP_X25519MLKEM768;
    assert_int_equal(pair_create(&pair, &o), STRAIT_E_INVALID);
    assert_int_equal(pair.blocks, 0);
    assert_int_equal(pair_create(&pair, &gcm), STRAIT_OK);
    struct strait_dtls *dtls = pair.side[0].dtls;
    pair_fingerprint(&pair, 0, &f);
    f.len = 48;
    assert_int_equal(strait_dtls_set_fingerprints(dtls, &f, 1), STRAIT_E_INVALID);
    assert_int_equal(strait_dtls_set_fingerprints(dtls, &f, 0), STRAIT_E_INVALID);
    assert_int_equal(strait_dtls_stats(dtls, &stats), STRAIT_E_INVALID);
    assert_int_equal(strait_dtls_start(dtls, 0), STRAIT_OK);
    assert_int_equal(strait_dtls_start(dtls, 0), STRAIT_E_STATE);
    assert_int_equal(strait_dtls_receive(dtls, 0, NULL, 1), STRAIT_E_INVALID);
    strait_dtls_destroy(NULL);
    strait_dtls_close(NULL, 0);
    pair_finish(&pair);
    assert_int_equal(pair.blocks, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_handshake_times_out), cmocka_unit_test(test_data),
        cmocka_unit_test(test_calls_within_events), cmocka_unit_test(test_peer_with_another_mtu),
        cmocka_unit_test(test_data_only),           cmocka_unit_test(test_close),
        cmocka_unit_test(test_retransmit),          cmocka_unit_test(test_arguments),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pair_forget_certificates();
    return failed;
}
