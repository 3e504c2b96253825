/* New keys: KeyUpdate of DTLS 1.3, asked for, answered, lost, reordered; and the limits of old keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/dtls_pair.h"
#include "transport/dtls/association.h"

static const struct pair_options dtls13 = { .min = { STRAIT_DTLS_1_3, STRAIT_DTLS_1_3 } };
static const struct pair_options dtls12 = { .max = { STRAIT_DTLS_1_2, STRAIT_DTLS_1_2 } };

static void say(struct pair *pair, int side, uint8_t what)
{
    assert_int_equal(strait_dtls_send(pair->side[side].dtls, pair->now, &what, 1), STRAIT_OK);
}

/* Both hear each other. */
static void check_alive(struct pair *pair)
{
    for (int i = 0; i < 2; i++) {
        int heard = pair->side[!i].n_data;
        say(pair, i, 7);
        pair_run_for(pair, 5 * pair->delay);
        assert_int_equal(pair->side[!i].n_data, heard + 1);
        assert_int_equal(strait_dtls_state(pair->side[i].dtls), STRAIT_DTLS_CONNECTED);
    }
}

static uint64_t epoch_of(const struct pair *pair, int side)
{
    return pair->side[side].dtls->rekey.read_epoch;
}

static void test_update(void **state)
{
    (void)state;
    for (int side = 0; side < 2; side++) {
        struct pair pair;
        pair_init(&pair, 3);
        assert_true(pair_connect(&pair, &dtls13));
        pair_run_for(&pair, STRAIT_S);
        /* More often than there are values of the header's epoch bits. */
        for (unsigned n = 1; n <= 9; n++) {
            assert_int_equal(strait_dtls_update_keys(pair.side[side].dtls, pair.now), STRAIT_OK);
            pair_run_for(&pair, STRAIT_S);
            check_alive(&pair);
            assert_int_equal(epoch_of(&pair, 0), 3 + n);
            assert_int_equal(epoch_of(&pair, 1), 3 + n);
            assert_int_equal(pair_stats(&pair, side).key_updates_sent, n);
            assert_int_equal(pair_stats(&pair, !side).key_updates_sent, 0);
            assert_int_equal(pair_stats(&pair, !side).key_updates_received, n);
            assert_int_equal(pair_stats(&pair, side).flights_retransmitted, 0);
            assert_int_equal(strait_dtls_deadline(pair.side[side].dtls), STRAIT_TIME_NEVER);
        }
        pair_finish(&pair);
        assert_int_equal(pair.blocks, 0);
    }
}

/* Both at once; several in a row: the second waits for the first. */
static void test_crossing(void **state)
{
    struct pair pair;
    (void)state;
    pair_init(&pair, 3);
    assert_true(pair_connect(&pair, &dtls13));
    pair_run_for(&pair, STRAIT_S);
    for (int n = 0; n < 5; n++) {
        for (int i = 0; i < 2; i++) {
            assert_int_equal(strait_dtls_update_keys(pair.side[i].dtls, pair.now), STRAIT_OK);
            assert_int_equal(strait_dtls_update_keys(pair.side[i].dtls, pair.now), STRAIT_OK);
        }
        pair_run_for(&pair, 2 * STRAIT_S);
        check_alive(&pair);
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pair_stats(&pair, i).key_updates_sent, 10);
        assert_true(epoch_of(&pair, i) >= 3 + 10);
    }
    pair_finish(&pair);
}

static void test_before_and_without(void **state)
{
    struct pair pair;
    (void)state;
    assert_int_equal(strait_dtls_update_keys(NULL, 0), STRAIT_E_INVALID);
    pair_init(&pair, 3);
    assert_int_equal(pair_create(&pair, &dtls13), STRAIT_OK);
    assert_int_equal(strait_dtls_update_keys(pair.side[0].dtls, pair.now), STRAIT_E_STATE);
    assert_int_equal(pair_start(&pair), STRAIT_OK);
    assert_int_equal(strait_dtls_update_keys(pair.side[0].dtls, pair.now), STRAIT_E_STATE);
    pair_finish(&pair);
    pair_init(&pair, 3);
    assert_true(pair_connect(&pair, &dtls12));
    assert_int_equal(strait_dtls_update_keys(pair.side[0].dtls, pair.now), STRAIT_E_UNSUPPORTED);
    check_alive(&pair);
    strait_dtls_close(pair.side[0].dtls, pair.now);
    assert_int_equal(strait_dtls_update_keys(pair.side[0].dtls, pair.now), STRAIT_E_STATE);
    pair_finish(&pair);
}

/* The client is connected with its own Finished; its update waits for the server's acknowledgement. */
static void at_once(struct pair_side *side)
{
    assert_int_equal(strait_dtls_update_keys(side->dtls, side->pair->now), STRAIT_OK);
}

static void test_at_once(void **state)
{
    (void)state;
    for (int side = 0; side < 2; side++) {
        struct pair pair;
        pair_init(&pair, 3);
        pair.side[side].on_connected = at_once;
        assert_true(pair_connect(&pair, &dtls13));
        pair_run_for(&pair, 2 * STRAIT_S);
        check_alive(&pair);
        assert_int_equal(epoch_of(&pair, 0), 4);
        assert_int_equal(epoch_of(&pair, 1), 4);
        pair_finish(&pair);
    }
}

/* With loss, duplicates and reordering, both updating and talking on end. */
static void test_loss(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct pair pair;
        pair_init(&pair, seed);
        assert_true(pair_connect(&pair, &dtls13));
        pair_run_for(&pair, STRAIT_S);
        pair.loss = seed % 3 == 0 ? 50 : 30;
        pair.duplication = 20;
        pair.reorder = 30;
        for (int n = 0; n < 6; n++) {
            int side = (int)(pair_random(&pair.seed) % 2);
            assert_int_equal(strait_dtls_update_keys(pair.side[side].dtls, pair.now), STRAIT_OK);
            for (int k = 0; k < 10; k++) {
                say(&pair, 0, 1);
                say(&pair, 1, 2);
                pair_run_for(&pair, 100 * STRAIT_MS);
            }
        }
        pair.loss = pair.duplication = pair.reorder = 0;
        /* Longer than the longest interval of the timer. */
        pair_run_for(&pair, 10 * STRAIT_S);
        check_alive(&pair);
        /* One that waited because the peer might have been repeating its own goes out in the end. */
        pair_run_for(&pair, 61 * STRAIT_S);
        check_alive(&pair);
        pair_run_for(&pair, STRAIT_S);
        check_alive(&pair);
        assert_true(epoch_of(&pair, 0) + epoch_of(&pair, 1) >= 6 + 3);
        assert_false(pair.side[0].dtls->rekey.wanted || pair.side[1].dtls->rekey.wanted);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(strait_dtls_deadline(pair.side[i].dtls), STRAIT_TIME_NEVER);
        }
        pair_finish(&pair);
    }
}

/* Longer than a handshake may take after the handshake, the update is still repeated. */
static void test_lost_long_after(void **state)
{
    struct pair pair;
    (void)state;
    pair_init(&pair, 3);
    assert_true(pair_connect(&pair, &dtls13));
    pair_run_for(&pair, 3600 * STRAIT_S);
    pair.loss = 100;
    assert_int_equal(strait_dtls_update_keys(pair.side[0].dtls, pair.now), STRAIT_OK);
    pair_run_for(&pair, 5 * STRAIT_S);
    assert_true(pair_stats(&pair, 0).flights_retransmitted >= 3);
    pair.loss = 0;
    pair_run_for(&pair, 4 * STRAIT_S);
    check_alive(&pair);
    assert_int_equal(epoch_of(&pair, 0), 4);
    assert_int_equal(epoch_of(&pair, 1), 4);

    /* Nobody there: it is not repeated for ever, and begins again when the peer is heard. */
    pair.loss = 100;
    assert_int_equal(strait_dtls_update_keys(pair.side[0].dtls, pair.now), STRAIT_OK);
    pair_run_for(&pair, 60 * STRAIT_S);
    assert_int_equal(strait_dtls_deadline(pair.side[0].dtls), STRAIT_TIME_NEVER);
    pair.loss = 0;
    say(&pair, 1, 1);
    pair_run_for(&pair, 4 * STRAIT_S);
    check_alive(&pair);
    assert_int_equal(epoch_of(&pair, 0), 5);
    assert_int_equal(epoch_of(&pair, 1), 5);
    pair_finish(&pair);
}

struct held {
    bool on;
    int n;
    size_t len[4];
    uint8_t data[4][64];
};

static bool hold(struct pair *pair, int from, uint8_t *data, size_t len, void *user)
{
    struct held *held = user;
    (void)pair;
    if (from != PAIR_CLIENT || !held->on || held->n == 4 || len > sizeof held->data[0]) {
        return false;
    }
    memcpy(held->data[held->n], data, len);
    held->len[held->n++] = len;
    return true;
}

/* What was on its way under the old key is still read under it. */
static void test_late_records(void **state)
{
    struct pair pair;
    struct held held = { .on = false };
    (void)state;
    pair_init(&pair, 3);
    pair.tap = hold;
    pair.tap_user = &held;
    assert_true(pair_connect(&pair, &dtls13));
    pair_run_for(&pair, STRAIT_S);
    held.on = true;
    say(&pair, PAIR_CLIENT, 1);
    say(&pair, PAIR_CLIENT, 2);
    held.on = false;
    assert_int_equal(held.n, 2);
    assert_int_equal(strait_dtls_update_keys(pair.side[PAIR_CLIENT].dtls, pair.now), STRAIT_OK);
    pair_run_for(&pair, STRAIT_S);
    say(&pair, PAIR_CLIENT, 3);
    pair_run_for(&pair, STRAIT_S);
    assert_int_equal(epoch_of(&pair, PAIR_SERVER), 4);
    pair_inject(&pair, PAIR_SERVER, held.data[1], held.len[1]);
    pair_inject(&pair, PAIR_SERVER, held.data[0], held.len[0]);
    pair_inject(&pair, PAIR_SERVER, held.data[0], held.len[0]); /* a replay */
    assert_int_equal(pair.side[PAIR_SERVER].n_data, 3);
    assert_int_equal(pair.side[PAIR_SERVER].data[0], 3);
    assert_int_equal(pair.side[PAIR_SERVER].data[1], 2);
    assert_int_equal(pair.side[PAIR_SERVER].data[2], 1);
    assert_int_equal(epoch_of(&pair, PAIR_SERVER), 4);
    check_alive(&pair);
    pair_finish(&pair);
}

/* Before 2^24 records an update comes by itself, in 1.3; 1.2 has none. */
static void test_sealed_limit(void **state)
{
    (void)state;
    for (int v = 0; v < 2; v++) {
        struct pair pair;
        pair_init(&pair, 3);
        assert_true(pair_connect(&pair, v ? &dtls12 : &dtls13));
        pair_run_for(&pair, STRAIT_S);
        pair.side[0].dtls->rekey.sealed = (UINT64_C(1) << 24) - 3;
        for (int n = 0; n < 6; n++) {
            say(&pair, 0, 1);
            pair_run_for(&pair, STRAIT_S);
        }
        assert_int_equal(pair_stats(&pair, 0).key_updates_sent, v ? 0 : 1);
        assert_int_equal(pair_stats(&pair, 1).key_updates_received, v ? 0 : 1);
        if (!v) {
            assert_int_equal(pair.side[0].dtls->rekey.sealed, 3);
        }
        check_alive(&pair);
        pair_finish(&pair);
    }
}

static void forge(struct pair *pair, int to, struct held *held)
{
    uint8_t record[64];
    memcpy(record, held->data[0], held->len[0]);
    record[held->len[0] - 1] ^= 1;
    pair_inject(pair, to, record, held->len[0]);
}

/* Halfway to the limit of forgeries the keys are changed, at the limit it is over, by name. */
static void test_forged_limit(void **state)
{
    (void)state;
    for (int v = 0; v < 2; v++) {
        struct pair pair;
        struct held held = { .on = false };
        pair_init(&pair, 3);
        pair.tap = hold;
        pair.tap_user = &held;
        assert_true(pair_connect(&pair, v ? &dtls12 : &dtls13));
        pair_run_for(&pair, STRAIT_S);
        held.on = true;
        say(&pair, PAIR_CLIENT, 1);
        held.on = false;
        struct strait_dtls *d = pair.side[PAIR_SERVER].dtls;
        forge(&pair, PAIR_SERVER, &held);
        assert_int_equal(d->rekey.forged, 1);
        d->rekey.forged = (UINT64_C(1) << 34) - 1;
        forge(&pair, PAIR_SERVER, &held);
        pair_run_for(&pair, STRAIT_S);
        check_alive(&pair);
        assert_int_equal(pair_stats(&pair, PAIR_SERVER).key_updates_sent, v ? 0 : 1);
        assert_true(d->rekey.forged == (v ? UINT64_C(1) << 34 : 0));
        d->rekey.forged = (UINT64_C(1) << 35) - 2;
        forge(&pair, PAIR_SERVER, &held);
        assert_int_equal(strait_dtls_state(d), STRAIT_DTLS_CONNECTED);
        forge(&pair, PAIR_SERVER, &held);
        assert_int_equal(strait_dtls_state(d), STRAIT_DTLS_FAILED);
        assert_int_equal(strait_dtls_error(d), STRAIT_E_FORGERIES);
        assert_non_null(strstr(strait_dtls_error_detail(d), "new association"));
        pair_run_for(&pair, STRAIT_S);
        assert_int_equal(strait_dtls_state(pair.side[PAIR_CLIENT].dtls), STRAIT_DTLS_CLOSED);
        pair_finish(&pair);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_update),
        cmocka_unit_test(test_crossing),
        cmocka_unit_test(test_before_and_without),
        cmocka_unit_test(test_at_once),
        cmocka_unit_test(test_loss),
        cmocka_unit_test(test_lost_long_after),
        cmocka_unit_test(test_late_records),
        cmocka_unit_test(test_sealed_limit),
        cmocka_unit_test(test_forged_limit),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pair_forget_certificates();
    return failed;
}
