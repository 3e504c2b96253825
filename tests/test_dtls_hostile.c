/* Records that somebody else sent: within the handshake and after it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/dtls_hostile.h"
#include "tests/dtls_pair.h"

static uint8_t buffer[20000];
static const uint8_t junk[64] = { 1, 2, 3 };

static struct pair_options version(enum strait_dtls_version v)
{
    struct pair_options o = {
        .profiles = { { STRAIT_SRTP_AEAD_AES_128_GCM }, { STRAIT_SRTP_AEAD_AES_128_GCM } },
        .max = { v },
    };
    return o;
}

static void still_connected(struct pair *pair)
{
    for (int i = 0; i < 2; i++) {
        if (strait_dtls_state(pair->side[i].dtls) != STRAIT_DTLS_CONNECTED) {
            print_message("# side %d: %s\n", i, strait_dtls_error_detail(pair->side[i].dtls));
        }
        assert_int_equal(strait_dtls_state(pair->side[i].dtls), STRAIT_DTLS_CONNECTED);
    }
    for (int i = 0; i < 2; i++) {
        int before = pair->side[!i].n_data;
        assert_int_equal(strait_dtls_send(pair->side[i].dtls, pair->now, (const uint8_t *)"abc", 3),
                         STRAIT_OK);
        pair_run_for(pair, 200 * STRAIT_MS);
        assert_int_equal(pair->side[!i].n_data, before + 1);
    }
}

#define ROSE(member, name) \
    assert_int_equal(now->dropped_##member - before->dropped_##member, c->name)

static void check_counters(const struct strait_dtls_stats *before,
                           const struct strait_dtls_stats *now, const struct hostile_counters *c)
{
    ROSE(truncated, truncated);
    ROSE(type, type);
    ROSE(version, version);
    ROSE(overlong, overlong);
    ROSE(empty, empty);
    ROSE(short, shorts);
    ROSE(epoch, epoch);
    ROSE(cid, cid);
    ROSE(malformed, malformed);
    ROSE(client_hello, client_hello);
    ROSE(server_hello, server_hello);
    ROSE(handshake, handshake);
    ROSE(change_cipher, change_cipher);
    ROSE(alert, alert);
    ROSE(data, data);
    ROSE(ack, ack);
    ROSE(forged, forged);
    assert_int_equal(now->dropped_replayed, before->dropped_replayed);
}

static void after_the_handshake(enum strait_dtls_version v, int to)
{
    struct pair *pair = malloc(sizeof *pair);
    struct pair_options o = version(v);
    struct hostile_counters c = { 0 };
    pair_init(pair, 1);
    assert_true(pair_connect(pair, &o));
    pair_run_for(pair, STRAIT_S);
    struct strait_dtls_stats before = pair_stats(pair, to);
    int sent = pair->side[to].sent;
    hostile_headers(pair, to, pair_inject, &c);
    hostile_protected12(pair, to, pair_inject, &c, v == STRAIT_DTLS_1_2, true);
    hostile_protected13(pair, to, pair_inject, &c, v == STRAIT_DTLS_1_3);
    hostile_plaintext(pair, to, pair_inject, &c);
    hostile_malformed_plaintext(pair, to, pair_inject, &c);
    struct strait_dtls_stats after = pair_stats(pair, to);
    check_counters(&before, &after, &c);
    hostile_random(pair, to, pair_inject, 5000);
    /* Nothing of it was worth an answer. */
    assert_int_equal(pair->side[to].sent, sent);
    still_connected(pair);
    pair_finish(pair);
    assert_int_equal(pair->blocks, 0);
    free(pair);
}

static void test_after_the_handshake(void **state)
{
    (void)state;
    for (int to = 0; to < 2; to++) {
        after_the_handshake(STRAIT_DTLS_1_2, to);
        after_the_handshake(STRAIT_DTLS_1_3, to);
    }
}

/* --- every datagram of the handshake comes once more, long after it --- */

struct tape {
    struct {
        int from;
        size_t len;
        uint8_t data[1500];
    } datagrams[64];
    int n;
};

static bool record_tape(struct pair *pair, int from, uint8_t *data, size_t len, void *user)
{
    struct tape *tape = user;
    (void)pair;
    if (tape->n < 64) {
        tape->datagrams[tape->n].from = from;
        tape->datagrams[tape->n].len = len;
        memcpy(tape->datagrams[tape->n++].data, data, len);
    }
    return false;
}

static void test_replayed_handshake(void **state)
{
    struct pair *pair = malloc(sizeof *pair);
    struct tape *tape = malloc(sizeof *tape);
    (void)state;
    for (int v = 0; v < 2; v++) {
        struct pair_options o = version(v ? STRAIT_DTLS_1_2 : STRAIT_DTLS_1_3);
        pair_init(pair, 2);
        tape->n = 0;
        pair->tap = record_tape;
        pair->tap_user = tape;
        assert_true(pair_connect(pair, &o));
        pair_run_for(pair, STRAIT_S);
        pair->tap = NULL;
        for (int i = 0; i < tape->n; i++) {
            /* To both: one's own records come back as well. */
            pair_inject(pair, 0, tape->datagrams[i].data, tape->datagrams[i].len);
            pair_inject(pair, 1, tape->datagrams[i].data, tape->datagrams[i].len);
        }
        still_connected(pair);
        pair_finish(pair);
    }
    free(tape);
    free(pair);
}

/* --- within the handshake: before each datagram the whole list, to both --- */

static bool besiege(struct pair *pair, int from, uint8_t *data, size_t len, void *user)
{
    struct hostile_counters c;
    int *left = user;
    (void)from;
    (void)data;
    (void)len;
    if ((*left)-- > 0) {
        for (int to = 0; to < 2; to++) {
            hostile_headers(pair, to, pair_queue, &c);
            hostile_protected12(pair, to, pair_queue, &c, true, true);
            hostile_malformed_plaintext(pair, to, pair_queue, &c);
            hostile_record(pair, to, pair_queue, 21, 0xfefd, 0, "\x02\x28", 2);
            hostile_record(pair, to, pair_queue, 20, 0xfefd, 0, "\x01", 1);
            hostile_record(pair, to, pair_queue, 23, 0xfefd, 0, junk, 50);
            hostile_record(pair, to, pair_queue, 26, 0xfefd, 0,
                           "\0\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 18);
            hostile_random(pair, to, pair_queue, 100);
        }
    }
    return false;
}

static void within_the_handshake(enum strait_dtls_version v)
{
    struct pair *pair = malloc(sizeof *pair);
    struct pair_options o = version(v);
    int left = 8;
    pair_init(pair, 3);
    pair->tap = besiege;
    pair->tap_user = &left;
    bool connected = pair_connect(pair, &o);
    pair->tap = NULL;
    for (int i = 0; i < 2; i++) {
        struct strait_dtls_stats stats = pair_stats(pair, i);
        if (!connected) {
            print_message("# side %d: %s\n", i, strait_dtls_error_detail(pair->side[i].dtls));
        }
        assert_true(stats.dropped_truncated >= 12 && stats.dropped_type >= 11);
        assert_true(stats.dropped_malformed >= 36 && stats.dropped_overlong >= 10);
        assert_true(stats.dropped_version >= 6 && stats.dropped_empty >= 4);
        assert_true(stats.dropped_short >= 1 || v == STRAIT_DTLS_1_3);
        assert_true(stats.dropped_epoch >= 4);
        assert_true(stats.dropped_alert >= 1 && stats.dropped_data >= 1 && stats.dropped_ack >= 1);
    }
    assert_true(connected);
    assert_true(pair_keys_match(pair, STRAIT_SRTP_AEAD_AES_128_GCM));
    still_connected(pair);
    pair_finish(pair);
    free(pair);
}

static void test_within_the_handshake(void **state)
{
    (void)state;
    within_the_handshake(STRAIT_DTLS_1_2);
    within_the_handshake(STRAIT_DTLS_1_3);
}

/* --- a bad record does not take the good ones of its datagram with it --- */

static bool surround(struct pair *pair, int from, uint8_t *data, size_t len, void *user)
{
    size_t at = hostile_plain(buffer, 23, 0x0303, 1, 10, junk, 10);
    (void)user;
    at += hostile_plain(buffer + at, 21, 0xfefd, 0, 2, "\x02\x28", 2);
    memcpy(buffer + at, data, len);
    at += len;
    at += hostile_plain(buffer + at, 23, 0xfefd, 1, 200, junk, 40);
    pair_queue(pair, !from, buffer, at);
    return true;
}

static void test_bad_beside_good(void **state)
{
    struct pair *pair = malloc(sizeof *pair);
    (void)state;
    for (int v = 0; v < 2; v++) {
        struct pair_options o = version(v ? STRAIT_DTLS_1_2 : STRAIT_DTLS_1_3);
        pair_init(pair, 4);
        pair->tap = surround;
        assert_true(pair_connect(pair, &o));
        still_connected(pair);
        for (int i = 0; i < 2; i++) {
            struct strait_dtls_stats stats = pair_stats(pair, i);
            assert_int_equal(stats.dropped_overlong, stats.datagrams_received);
            assert_int_equal(stats.dropped_alert, stats.datagrams_received);
            assert_int_equal(stats.dropped_version, stats.datagrams_received);
        }
        pair_finish(pair);
    }
    free(pair);
}

/* --- an unprotected fatal alert: a hint, no verdict --- */

static void test_alert_is_a_hint(void **state)
{
    struct pair *pair = malloc(sizeof *pair);
    struct pair_options o = version(STRAIT_DTLS_1_3);
    (void)state;
    pair_init(pair, 5);
    pair->loss = 100;
    assert_int_equal(pair_create(pair, &o), STRAIT_OK);
    assert_int_equal(pair_start(pair), STRAIT_OK);
    pair_run_for(pair, STRAIT_S);
    hostile_record(pair, PAIR_CLIENT, pair_inject, 21, 0xfefd, 0, "\x02\x47", 2);
    pair_run_for(pair, 1900 * STRAIT_MS);
    hostile_record(pair, PAIR_CLIENT, pair_inject, 21, 0xfefd, 0, "\x02\x47", 2);
    assert_int_equal(strait_dtls_state(pair->side[0].dtls), STRAIT_DTLS_CONNECTING);
    pair_run_for(pair, 100 * STRAIT_MS);
    assert_int_equal(strait_dtls_error(pair->side[0].dtls), STRAIT_E_ALERT);
    assert_non_null(strstr(strait_dtls_error_detail(pair->side[0].dtls), "insufficient_security"));
    pair_finish(pair);
    free(pair);
}

/* --- ClientHellos that wolfSSL takes for nonsense, then the true one --- */

static bool forge_hello(struct pair *pair, int from, uint8_t *data, size_t len, void *user)
{
    int *done = user;
    if (from == PAIR_CLIENT && !*done) {
        *done = 1;
        /* Well framed, but the key share lies about its length. */
        memcpy(buffer, data, len);
        for (size_t i = 25; i + 6 < len; i++) {
            if (buffer[i] == 0 && buffer[i + 1] == 51) {
                buffer[i + 4] ^= 0x40;
                break;
            }
        }
        pair_queue(pair, PAIR_SERVER, buffer, len);
    }
    return false;
}

static void test_nonsense_hello(void **state)
{
    struct pair *pair = malloc(sizeof *pair);
    struct pair_options o = version(STRAIT_DTLS_1_3);
    int done = 0;
    (void)state;
    o.groups[0][0] = STRAIT_GROUP_X25519;
    pair_init(pair, 6);
    pair->tap = forge_hello;
    pair->tap_user = &done;
    assert_true(pair_connect(pair, &o));
    assert_int_equal(pair_stats(pair, PAIR_SERVER).dropped_malformed, 1);
    assert_int_equal(pair_stats(pair, PAIR_CLIENT).dropped_alert, 0);
    assert_true(pair_keys_match(pair, STRAIT_SRTP_AEAD_AES_128_GCM));
    pair_finish(pair);
    assert_int_equal(pair->blocks, 0);
    free(pair);
}

/* --- the server repeats its last flight when the client repeats its own (1.2) --- */

static bool drop_last_flight(struct pair *pair, int from, uint8_t *data, size_t len, void *user)
{
    int *dropped = user;
    (void)pair;
    (void)len;
    if (from == PAIR_SERVER && data[0] == 20 && *dropped < 3) {
        (*dropped)++;
        return true;
    }
    return false;
}

static void test_last_flight_lost(void **state)
{
    struct pair *pair = malloc(sizeof *pair);
    struct pair_options o = version(STRAIT_DTLS_1_2);
    int dropped = 0;
    (void)state;
    pair_init(pair, 7);
    pair->tap = drop_last_flight;
    pair->tap_user = &dropped;
    assert_true(pair_connect(pair, &o));
    assert_int_equal(dropped, 3);
    assert_int_equal(pair_stats(pair, PAIR_CLIENT).flights_retransmitted, 3);
    assert_true(pair_keys_match(pair, STRAIT_SRTP_AEAD_AES_128_GCM));
    still_connected(pair);
    pair_finish(pair);
    free(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_after_the_handshake),  cmocka_unit_test(test_replayed_handshake),
        cmocka_unit_test(test_within_the_handshake), cmocka_unit_test(test_bad_beside_good),
        cmocka_unit_test(test_alert_is_a_hint),      cmocka_unit_test(test_nonsense_hello),
        cmocka_unit_test(test_last_flight_lost),
    };
    hostile_init();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pair_forget_certificates();
    return failed;
}
