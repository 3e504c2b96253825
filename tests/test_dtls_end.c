/* How an association ends: close_notify, also lost, alerts by name, silence. And what fits a record. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/dtls_pair.h"
#include "transport/dtls/association.h"

static const strait_time IDLE = 10 * STRAIT_S;

static bool limited[2];

static void configure(struct pair_side *side, struct strait_dtls_config *config)
{
    config->idle_timeout = limited[side->index] ? IDLE : 0;
}

static struct pair_options version_of(int v)
{
    struct pair_options o = { .configure = configure };
    o.min[0] = o.min[1] = o.max[0] = o.max[1] = v ? STRAIT_DTLS_1_2 : STRAIT_DTLS_1_3;
    return o;
}

/* Connected, acknowledged, and nothing on its way. */
static void connect_quiet(struct pair *pair, int v, bool limit0, bool limit1)
{
    struct pair_options o = version_of(v);
    limited[0] = limit0;
    limited[1] = limit1;
    pair_init(pair, 21);
    assert_true(pair_connect(pair, &o));
    pair_run_for(pair, STRAIT_S);
}

static void check_ended(const struct pair *pair, int side, enum strait_dtls_state state, int error)
{
    const struct pair_side *s = &pair->side[side];
    assert_int_equal(strait_dtls_state(s->dtls), state);
    assert_int_equal(strait_dtls_error(s->dtls), error);
    assert_string_not_equal(strait_dtls_error_detail(s->dtls), "");
}

static void check_alerts(const struct pair *pair, int side, int sent, int received)
{
    assert_int_equal(strait_dtls_alert_sent(pair->side[side].dtls), sent);
    assert_int_equal(strait_dtls_alert_received(pair->side[side].dtls), received);
}

static void say(struct pair *pair, int side)
{
    uint8_t what = 3;
    assert_int_equal(strait_dtls_send(pair->side[side].dtls, pair->now, &what, 1), STRAIT_OK);
}

static void test_close_notify(void **state)
{
    (void)state;
    for (int v = 0; v < 2; v++) {
        for (int side = 0; side < 2; side++) {
            struct pair pair;
            connect_quiet(&pair, v, false, false);
            check_alerts(&pair, 0, -1, -1);
            check_alerts(&pair, 1, -1, -1);
            strait_dtls_close(pair.side[side].dtls, pair.now);
            check_ended(&pair, side, STRAIT_DTLS_CLOSED, STRAIT_E_CLOSED);
            check_alerts(&pair, side, 0, -1);
            pair_run_for(&pair, STRAIT_S);
            check_ended(&pair, !side, STRAIT_DTLS_CLOSED, STRAIT_E_CLOSED);
            check_alerts(&pair, !side, 0, 0);
            assert_int_equal(strait_dtls_max_data(pair.side[!side].dtls), 0);
            pair_finish(&pair);
            assert_int_equal(pair.blocks, 0);
        }
    }
}

/* Nobody repeats a close_notify: whoever did not get it ends by its own limit. */
static void test_close_notify_lost(void **state)
{
    (void)state;
    for (int v = 0; v < 2; v++) {
        struct pair pair;
        connect_quiet(&pair, v, true, true);
        say(&pair, 0);
        pair_run_for(&pair, STRAIT_S);
        strait_time heard = pair.side[1].dtls->heard;
        pair.loss = 100;
        strait_dtls_close(pair.side[0].dtls, pair.now);
        pair_run_for(&pair, 2 * IDLE);
        check_ended(&pair, 1, STRAIT_DTLS_CLOSED, STRAIT_E_IDLE);
        check_alerts(&pair, 1, 0, -1);
        assert_true(heard + IDLE <= pair.now);
        assert_int_equal(pair.side[1].n_states, 2);
        assert_int_equal(pair.side[1].states[1], STRAIT_DTLS_CLOSED);
        pair_finish(&pair);
    }
}

static void test_idle(void **state)
{
    (void)state;
    for (int v = 0; v < 2; v++) {
        struct pair pair;
        connect_quiet(&pair, v, false, true);
        for (int n = 0; n < 5; n++) { /* each record gives it the whole time */
            pair_run_for(&pair, IDLE - 2 * STRAIT_S);
            say(&pair, 0);
            pair_run_for(&pair, pair.delay);
            assert_int_equal(strait_dtls_deadline(pair.side[1].dtls), pair.now + IDLE);
        }
        strait_time last = pair.now;
        say(&pair, 1); /* what it sends itself does not count */
        assert_int_equal(strait_dtls_deadline(pair.side[1].dtls), last + IDLE);
        pair_run_for(&pair, IDLE - 1);
        assert_int_equal(strait_dtls_state(pair.side[1].dtls), STRAIT_DTLS_CONNECTED);
        pair_run_for(&pair, 1);
        check_ended(&pair, 1, STRAIT_DTLS_CLOSED, STRAIT_E_IDLE);
        assert_non_null(strstr(strait_dtls_error_detail(pair.side[1].dtls), "10 s"));
        pair_run_for(&pair, STRAIT_S);
        check_ended(&pair, 0, STRAIT_DTLS_CLOSED, STRAIT_E_CLOSED);
        check_alerts(&pair, 1, 0, -1);
        check_alerts(&pair, 0, 0, 0);
        pair_finish(&pair);
    }
}

struct held {
    bool on;
    size_t len;
    uint8_t data[64];
};

static bool hold(struct pair *pair, int from, uint8_t *data, size_t len, void *user)
{
    struct held *held = user;
    (void)pair;
    if (from == PAIR_CLIENT && held->on && len <= sizeof held->data) {
        memcpy(held->data, data, len);
        held->len = len;
        held->on = false;
    }
    return false;
}

/* Bytes that the peer did not protect, or not now, do not prolong it. */
static void test_idle_is_about_authentic_records(void **state)
{
    (void)state;
    for (int v = 0; v < 2; v++) {
        struct pair pair;
        struct held held = { .on = false };
        connect_quiet(&pair, v, false, true);
        pair.tap = hold;
        pair.tap_user = &held;
        held.on = true;
        say(&pair, 0);
        pair_run_for(&pair, pair.delay);
        strait_time deadline = strait_dtls_deadline(pair.side[1].dtls);
        assert_int_equal(deadline, pair.now + IDLE);
        for (int n = 0; n < 3; n++) {
            uint8_t plain[15] = { 21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 9, 9, 0, 2, 2, 40 };
            pair_run_for(&pair, STRAIT_S);
            pair_inject(&pair, 1, held.data, held.len); /* a replay */
            held.data[held.len - 1] ^= 1;
            pair_inject(&pair, 1, held.data, held.len); /* forged */
            held.data[held.len - 1] ^= 1;
            pair_inject(&pair, 1, plain, sizeof plain);
            assert_int_equal(strait_dtls_deadline(pair.side[1].dtls), deadline);
        }
        pair_finish(&pair);
    }
}

/* A fatal alert has a number and a name on both ends, protected or not. */
static void test_fatal_alerts(void **state)
{
    (void)state;
    for (int v = 0; v < 2; v++) {
        for (int side = 0; side < 2; side++) {
            struct pair pair;
            connect_quiet(&pair, v, false, false);
            struct strait_dtls *d = pair.side[side].dtls;
            strait__dtls_send_alert(d, 80);
            strait__dtls_fail(d, STRAIT_E_CRYPTO, "for the test");
            strait__dtls_settle(d);
            check_alerts(&pair, side, 80, -1);
            pair_run_for(&pair, STRAIT_S);
            check_ended(&pair, !side, STRAIT_DTLS_FAILED, STRAIT_E_ALERT);
            assert_non_null(
                strstr(strait_dtls_error_detail(pair.side[!side].dtls), "internal_error (80)"));
            assert_int_equal(strait_dtls_alert_received(pair.side[!side].dtls), 80);
            pair_finish(&pair);
        }
    }
}

static void test_alerts_of_a_handshake(void **state)
{
    (void)state;
    for (int v = 0; v < 2; v++) {
        for (int side = 0; side < 2; side++) {
            struct pair pair;
            struct pair_options o = version_of(v);
            limited[0] = limited[1] = false;
            o.wrong_fingerprint[side] = true;
            pair_init(&pair, 21);
            assert_false(pair_connect(&pair, &o));
            pair_run_for(&pair, 40 * STRAIT_S);
            check_ended(&pair, side, STRAIT_DTLS_FAILED, STRAIT_E_FINGERPRINT);
            assert_int_equal(strait_dtls_alert_sent(pair.side[side].dtls), 42);
            check_ended(&pair, !side, STRAIT_DTLS_FAILED, STRAIT_E_ALERT);
            assert_int_equal(strait_dtls_alert_received(pair.side[!side].dtls), 42);
            pair_finish(&pair);
        }
    }
}

static void test_names_of_alerts(void **state)
{
    int known = 0;
    (void)state;
    assert_string_equal(strait_dtls_alert_name(0), "close_notify");
    assert_string_equal(strait_dtls_alert_name(115), "unknown_psk_identity");
    assert_null(strait_dtls_alert_name(1));
    for (int a = 0; a < 256; a++) {
        known += strait_dtls_alert_name((uint8_t)a) != NULL;
    }
    assert_true(known >= 34);
    assert_int_equal(strait_dtls_alert_sent(NULL), -1);
    assert_int_equal(strait_dtls_alert_received(NULL), -1);
}

static const uint16_t mtus[] = { 256, 576, 1200, 1472, 9000 };

/* Every size up to max_data arrives as one record, one more does not leave. */
static void test_sizes(void **state)
{
    static uint8_t big[9001];
    (void)state;
    for (int v = 0; v < 2; v++) {
        for (size_t m = 0; m < sizeof mtus / sizeof *mtus; m++) {
            struct pair pair;
            struct pair_options o = version_of(v);
            o.mtu = mtus[m];
            limited[0] = limited[1] = false;
            pair_init(&pair, 21);
            assert_int_equal(pair_create(&pair, &o), STRAIT_OK);
            assert_int_equal(strait_dtls_max_data(pair.side[0].dtls), 0);
            assert_int_equal(pair_start(&pair), STRAIT_OK);
            pair_run(&pair, pair.start + 20 * STRAIT_S);
            pair_run_for(&pair, STRAIT_S);
            size_t most = strait_dtls_max_data(pair.side[0].dtls);
            assert_int_equal(most, strait_dtls_max_data(pair.side[1].dtls));
            assert_true(most >= mtus[m] - 64u && most < mtus[m]);
            const size_t sizes[] = { 1, 2, 3, most / 2, most - 1, most };
            for (int side = 0; side < 2; side++) {
                struct pair_side *to = &pair.side[!side];
                int sent = pair.side[side].sent;
                for (size_t i = 0; i < 6; i++) {
                    assert_int_equal(
                        strait_dtls_send(pair.side[side].dtls, pair.now, big, sizes[i]), STRAIT_OK);
                }
                assert_int_equal(strait_dtls_send(pair.side[side].dtls, pair.now, big, most + 1),
                                 STRAIT_E_TOO_SMALL);
                assert_int_equal(pair.side[side].sent, sent + 6);
                pair_run_for(&pair, STRAIT_S);
                assert_int_equal(to->n_data, 6);
                for (size_t i = 0; i < 6; i++) {
                    assert_int_equal(to->data_len[i], sizes[i]);
                }
            }
            assert_int_equal(pair.longest, mtus[m]);
            pair_finish(&pair);
        }
    }
    assert_int_equal(strait_dtls_max_data(NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_close_notify),
        cmocka_unit_test(test_close_notify_lost),
        cmocka_unit_test(test_idle),
        cmocka_unit_test(test_idle_is_about_authentic_records),
        cmocka_unit_test(test_fatal_alerts),
        cmocka_unit_test(test_alerts_of_a_handshake),
        cmocka_unit_test(test_names_of_alerts),
        cmocka_unit_test(test_sizes),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pair_forget_certificates();
    return failed;
}
