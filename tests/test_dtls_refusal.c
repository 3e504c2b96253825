/* What even an authentic peer may not ask for: another handshake, 0-RTT, DTLS 1.0. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/dtls_rig.h"

enum { PRE_SHARED_KEY = 41, EARLY_DATA = 42 };

/* --- what an authentic peer may not ask for --- */

static struct oracle_record answer;
static int answers;

static bool watch_answer(struct pair *p, int from, uint8_t *data, size_t len, void *user)
{
    (void)p;
    (void)user;
    oracle_read(&oracle, from, 0, data, len, &answer);
    answers++;
    return false;
}

static void ask(int to, const void *message, size_t len)
{
    struct oracle_text text = {
        .epoch = oracle.dtls13 ? 3 : 1,
        .seq = 30, /* the peer's own come later and fit the window */
        .type = 22,
        .data = message,
        .len = len,
    };
    pair->tap = watch_answer;
    answers = 0;
    answer.len = 0;
    pair_inject(pair, to, bytes, oracle_write(&oracle, !to, NULL, 0, &text, bytes));
    pair_run_for(pair, STRAIT_S);
    pair->tap = NULL;
}

/* no_renegotiation, RFC 5246, 7.2.2; or silence, 7.4.1.1. */
static void expect_refusal(void)
{
    assert_true(answers <= 1);
    if (answers == 1) {
        assert_int_equal(answer.type, 21);
        assert_int_equal(answer.len, 2);
        assert_int_equal(answer.text[0], 1);
        assert_int_equal(answer.text[1], 100);
    }
    rig_alive();
}

static struct {
    uint8_t data[1500];
    size_t len;
} hello;

static bool keep_hello(struct pair *p, int from, uint8_t *data, size_t len, void *user)
{
    if (from == PAIR_CLIENT && data[0] == 22 && data[13] == 1) {
        assert_true(len <= sizeof hello.data);
        memcpy(hello.data, data, len);
        hello.len = len;
    }
    return rig_learn(p, from, data, len, user);
}

static void test_renegotiation(void **state)
{
    struct pair_options o = rig_only(STRAIT_DTLS_1_2);
    (void)state;
    for (uint8_t seq = 0; seq < 12; seq++) {
        uint8_t request[12] = { 0 };
        pair_init(pair, 6);
        pair->tap = keep_hello;
        assert_true(pair_connect(pair, &o));
        pair_run_for(pair, STRAIT_S);
        request[5] = seq; /* HelloRequest, of any message_seq */
        ask(PAIR_CLIENT, request, sizeof request);
        expect_refusal();
        assert_int_equal(pair_stats(pair, PAIR_CLIENT).dropped_handshake, 1);
        hello.data[13 + 5] = seq; /* the ClientHello once more, protected */
        ask(PAIR_SERVER, hello.data + 13, hello.len - 13);
        expect_refusal();
        assert_int_equal(pair_stats(pair, PAIR_SERVER).dropped_handshake, 1);
        pair_finish(pair);
    }
}

/* RFC 8446, 4.1.2: a ClientHello at any other time ends a connection of 1.3 with unexpected_message. */
static void test_renegotiation_13(void **state)
{
    struct pair_options o = rig_only(STRAIT_DTLS_1_3);
    static const uint8_t message[14] = { 1, 0, 0, 2, 0, 2, 0, 0, 0, 0, 0, 2 };
    (void)state;
    pair_init(pair, 7);
    pair->tap = rig_learn;
    assert_true(pair_connect(pair, &o));
    pair_run_for(pair, STRAIT_S);
    ask(PAIR_SERVER, message, sizeof message);
    assert_int_equal(strait_dtls_state(pair->side[PAIR_SERVER].dtls), STRAIT_DTLS_FAILED);
    assert_int_equal(answers, 1);
    assert_int_equal(answer.type, 21);
    assert_int_equal(answer.text[0], 2);
    assert_int_equal(answer.text[1], 10);
    pair_finish(pair);
}

/* --- 0-RTT --- */

static bool add_early_data(struct pair *p, int from, uint8_t *data, size_t len, void *user)
{
    int *seen = user;
    if (from == PAIR_CLIENT && data[0] == 22 && data[13] == 1) {
        memcpy(bytes, data, len);
        len = oracle_extend_hello(bytes, EARLY_DATA, NULL, 0);
        memset(bytes + len, 7, 65); /* and the data, epoch 1 */
        bytes[len] = 0x2d;
        bytes[len + 3] = 0;
        bytes[len + 4] = 60;
        len += 65;
        pair_queue(p, !from, bytes, len);
        return true;
    }
    if (from == PAIR_SERVER && data[0] == 22 && data[13] == 2) {
        assert_false(oracle_hello_has(data, len, EARLY_DATA, NULL, 0));
        *seen += 1;
    }
    return false;
}

/* RFC 8446, 4.2.10: a server that wants none ignores the extension and skips the data. (The client did not
 * write the extension, so that its handshake goes no further than the ServerHello.) */
static void test_early_data(void **state)
{
    struct pair_options o = rig_only(STRAIT_DTLS_1_3);
    int seen = 0;
    (void)state;
    pair_init(pair, 8);
    pair->tap = add_early_data;
    pair->tap_user = &seen;
    assert_int_equal(pair_create(pair, &o), STRAIT_OK);
    assert_int_equal(pair_start(pair), STRAIT_OK);
    pair_run_for(pair, 60 * STRAIT_MS);
    assert_int_equal(seen, 1);
    assert_int_equal(strait_dtls_state(pair->side[PAIR_SERVER].dtls), STRAIT_DTLS_CONNECTING);
    assert_int_equal(pair_stats(pair, PAIR_SERVER).version, STRAIT_DTLS_1_3);
    assert_int_equal(pair_stats(pair, PAIR_SERVER).dropped_epoch, 1);
    assert_int_equal(pair->side[PAIR_SERVER].n_data, 0);
    pair_finish(pair);
}

/* RFC 8446, 4.6.1: a ticket with which a client might resume, and send 0-RTT data. */
static const char ticket[] = "\4\0\0\x1f\0\0\0\0\0\0\0\x1f" /* NewSessionTicket, 31 bytes */
                             "\0\0\1\x2c\1\2\3\4"           /* ticket_lifetime, ticket_age_add */
                             "\1\7"                         /* ticket_nonce */
                             "\0\x9my ticket"
                             "\0\x8\0\x2a\0\4\0\0\x40\0"; /* early_data: max_early_data_size */

/* A client takes it, acknowledges it (RFC 9147, 7.1) and forgets it: no later ClientHello has a key to resume
 * with, or early data. */
static void test_tickets(void **state)
{
    enum { ACK = 26 };
    struct pair_options o = rig_only(STRAIT_DTLS_1_3);
    char message[sizeof ticket];
    int acknowledged = 0;
    (void)state;
    assert_int_equal(sizeof ticket - 1, 12 + ticket[3]);
    for (char seq = 0; seq < 12; seq++) {
        pair_init(pair, 10);
        pair->tap = keep_hello;
        assert_true(pair_connect(pair, &o));
        assert_true(oracle_hello_has(hello.data, hello.len, 51, NULL, 0)); /* key_share */
        assert_false(oracle_hello_has(hello.data, hello.len, PRE_SHARED_KEY, NULL, 0));
        assert_false(oracle_hello_has(hello.data, hello.len, EARLY_DATA, NULL, 0));
        pair_run_for(pair, STRAIT_S);
        memcpy(message, ticket, sizeof ticket);
        message[5] = seq;
        ask(PAIR_CLIENT, message, sizeof message - 1);
        acknowledged += answers == 1 && answer.type == ACK;
        rig_alive();
        pair_finish(pair);
    }
    assert_true(acknowledged > 0);
}

/* --- DTLS 1.0, RFC 8996 --- */

static bool make_old(struct pair *p, int from, uint8_t *data, size_t len, void *user)
{
    const int *who = user;
    if (data[0] == 21 && from != *who) { /* epoch 0 */
        answer.len = (size_t)(data[11] << 8 | data[12]);
        memcpy(answer.text, data + 13, 2);
        answers++;
    }
    if (from == *who && data[0] == 22 && (data[13] == 1 || data[13] == 2)) {
        memcpy(bytes, data, len);
        bytes[25] = 0xfe; /* client_version or server_version */
        bytes[26] = 0xff;
        pair_queue(p, !from, bytes, len);
        return true;
    }
    return false;
}

static void test_dtls10(void **state)
{
    (void)state;
    for (int who = 0; who < 2; who++) {
        for (int any = 0; any < 2; any++) {
            struct pair_options o = rig_only(STRAIT_DTLS_1_2);
            if (any) {
                o.max[!who] = STRAIT_DTLS_1_3;
            }
            answers = 0;
            pair_init(pair, 9);
            pair->tap = make_old;
            pair->tap_user = &who;
            assert_int_equal(pair_create(pair, &o), STRAIT_OK);
            assert_int_equal(pair_start(pair), STRAIT_OK);
            pair_run_for(pair, 10 * STRAIT_S);
            assert_int_equal(strait_dtls_error(pair->side[!who].dtls), STRAIT_E_VERSION);
            assert_true(answers >= 1);
            assert_int_equal(answer.len, 2);
            assert_int_equal(answer.text[0], 2);
            assert_int_equal(answer.text[1], 70);
            /* The other end hears the alert's name. */
            assert_int_equal(strait_dtls_error(pair->side[who].dtls), STRAIT_E_ALERT);
            assert_non_null(
                strstr(strait_dtls_error_detail(pair->side[who].dtls), "protocol_version"));
            pair_finish(pair);
        }
    }
}

static int run(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_renegotiation), cmocka_unit_test(test_renegotiation_13),
        cmocka_unit_test(test_early_data),    cmocka_unit_test(test_tickets),
        cmocka_unit_test(test_dtls10),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    return rig_run(run);
}
