/* The pure parts under a flight: what it learns of its path, its datagrams, and how messages are cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <strait/error.h>

#include "transport/dtls/flight.h"
#include "transport/dtls/path.h"
#include "transport/dtls/split.h"
#include "transport/dtls/timer.h"
#include "transport/util.h"

/* --- the path --- */

static void test_round_trip(void **state)
{
    struct strait__path path = { .measures = false };
    strait_time rtt;
    size_t mtu = 1200;
    (void)state;
    assert_false(strait__path_answered(&path, 5, &rtt));
    strait__path_sent(&path, 100);
    assert_true(strait__path_answered(&path, 170, &rtt));
    assert_int_equal(rtt, 70);
    /* One flight is measured once. */
    assert_false(strait__path_answered(&path, 180, &rtt));
    /* Karn's rule: nobody knows which of two was answered. */
    strait__path_sent(&path, 200);
    strait__path_again(&path, &mtu);
    assert_false(strait__path_answered(&path, 300, &rtt));
}

static void test_smaller_datagrams(void **state)
{
    struct strait__path path;
    size_t mtu = 1200;
    (void)state;
    strait__path_sent(&path, 0);
    path.longest = 1200;
    for (int i = 0; i < 3; i++) {
        assert_false(strait__path_again(&path, &mtu));
    }
    assert_true(strait__path_again(&path, &mtu));
    assert_int_equal(mtu, 548);
    path.longest = 548;
    for (int i = 0; i < 6; i++) {
        assert_false(strait__path_again(&path, &mtu));
    }
    assert_true(strait__path_again(&path, &mtu));
    assert_int_equal(mtu, 256);
    path.longest = 256;
    for (int i = 0; i < 20; i++) {
        assert_false(strait__path_again(&path, &mtu));
    }
    /* A flight that fits smaller ones already is not what the path does not carry. */
    mtu = 1200;
    strait__path_sent(&path, 0);
    path.longest = 548;
    for (int i = 0; i < 20; i++) {
        assert_false(strait__path_again(&path, &mtu));
    }
    /* Each flight has tries of its own. */
    path.longest = 549;
    strait__path_sent(&path, 0);
    path.longest = 549;
    assert_false(strait__path_again(&path, &mtu));
    assert_int_equal(mtu, 1200);
}

static void test_measured_timer(void **state)
{
    struct strait__timer t;
    (void)state;
    strait__timer_init(&t, 200 * STRAIT_MS);
    strait__timer_measured(&t, 50 * STRAIT_MS);
    assert_int_equal(t.initial, 100 * STRAIT_MS);
    assert_int_equal(t.interval, 200 * STRAIT_MS); /* from the next flight on */
    /* Between one and a half and two round trips it stays. */
    strait__timer_measured(&t, 60 * STRAIT_MS);
    assert_int_equal(t.initial, 100 * STRAIT_MS);
    strait__timer_measured(&t, 80 * STRAIT_MS);
    assert_int_equal(t.initial, 120 * STRAIT_MS);
    strait__timer_measured(&t, 0);
    assert_int_equal(t.initial, 50 * STRAIT_MS);
    strait__timer_measured(&t, 2500 * STRAIT_MS);
    assert_int_equal(t.initial, 3 * STRAIT_S);
    strait__timer_measured(&t, STRAIT_TIME_NEVER);
    assert_int_equal(t.initial, 3 * STRAIT_S);
}

/* --- datagrams --- */

struct sink {
    size_t lengths[8];
    size_t n;
};

static void take(void *user, const uint8_t *data, size_t len)
{
    struct sink *sink = user;
    assert_true(len > 0 && data[0] == 7);
    assert_true(sink->n < 8);
    sink->lengths[sink->n++] = len;
}

static void test_datagrams(void **state)
{
    static const uint8_t record[600] = { 7 };
    struct strait_hooks hooks;
    struct strait__flight flight;
    struct sink sink = { .n = 0 };
    (void)state;
    assert_int_equal(strait__hooks_init(&hooks, NULL), STRAIT_OK);
    assert_int_equal(strait__flight_init(&flight, &hooks, 300, take, &sink), STRAIT_OK);
    strait__flight_add(&flight, record, 200);
    assert_int_equal(strait__flight_room(&flight), 100);
    strait__flight_add(&flight, record, 100);
    strait__flight_add(&flight, record, 1);
    assert_int_equal(sink.n, 1);
    assert_int_equal(sink.lengths[0], 300);
    /* What waits stays when the datagrams become longer, or too short for it. */
    assert_int_equal(strait__flight_set_mtu(&flight, &hooks, 1000), STRAIT_OK);
    strait__flight_add(&flight, record, 600);
    assert_int_equal(sink.n, 1);
    assert_int_equal(strait__flight_set_mtu(&flight, &hooks, 256), STRAIT_OK);
    assert_int_equal(strait__flight_room(&flight), 0);
    strait__flight_add(&flight, record, 256);
    assert_int_equal(sink.lengths[1], 601);
    strait__flight_flush(&flight);
    strait__flight_flush(&flight);
    assert_int_equal(sink.n, 3);
    assert_int_equal(sink.lengths[2], 256);
    assert_int_equal(flight.longest, 601);
    /* One that fits nowhere goes alone. */
    strait__flight_add(&flight, record, 300);
    assert_int_equal(sink.lengths[3], 300);
    strait__flight_finish(&flight, &hooks);
}

/* --- cutting --- */

static size_t make(uint8_t *out, uint32_t length, uint32_t offset, uint32_t fragment)
{
    struct strait__handshake h = { .type = STRAIT__CERTIFICATE,
                                   .length = length,
                                   .message_seq = 3,
                                   .offset = offset,
                                   .fragment_len = fragment };
    strait__record_write(out, STRAIT__HANDSHAKE, 9, STRAIT__HANDSHAKE_HEADER + (size_t)fragment);
    strait__handshake_write(out + STRAIT__RECORD_HEADER, &h);
    for (uint32_t i = 0; i < fragment; i++) {
        out[STRAIT__RECORD_HEADER + STRAIT__HANDSHAKE_HEADER + i] = (uint8_t)(offset + i);
    }
    return STRAIT__RECORD_HEADER + STRAIT__HANDSHAKE_HEADER + (size_t)fragment;
}

/* A message and a fragment of one, in records of every size. */
static void test_cutting(void **state)
{
    static const uint32_t offsets[] = { 0, 100 };
    uint8_t record[700], out[700];
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        for (size_t room = 26; room < 640; room++) {
            struct strait__split split;
            size_t len = make(record, 600, offsets[i], 500);
            uint32_t at = offsets[i];
            uint64_t seq = 70;
            assert_true(strait__split_begin(&split, record, len));
            while ((len = strait__split_next(&split, seq, out, room)) > 0) {
                struct strait__handshake h;
                assert_true(len <= room);
                assert_int_equal(strait__get48(out + 5), seq++);
                assert_int_equal(strait__get16(out + 11), len - STRAIT__RECORD_HEADER);
                assert_true(strait__handshake_read(&h, out + STRAIT__RECORD_HEADER,
                                                   len - STRAIT__RECORD_HEADER));
                assert_true(h.type == STRAIT__CERTIFICATE && h.message_seq == 3 &&
                            h.length == 600 && h.offset == at);
                assert_int_equal(h.fragment[0], (uint8_t)at);
                at += h.fragment_len;
            }
            assert_int_equal(at, offsets[i] + 500);
        }
    }
}

static void test_not_cut(void **state)
{
    struct strait__split split;
    uint8_t record[700];
    size_t len = make(record, 600, 0, 500);
    (void)state;
    assert_false(strait__split_begin(&split, record, len - 1));
    assert_false(strait__split_begin(&split, record, 12));
    record[4] = 1; /* protected */
    assert_false(strait__split_begin(&split, record, len));
    record[4] = 0;
    record[0] = STRAIT__ALERT;
    assert_false(strait__split_begin(&split, record, len));
    /* A message without a body cannot be cut. */
    len = make(record, 0, 0, 0);
    assert_false(strait__split_begin(&split, record, len));
    /* Two in one record. */
    len = make(record, 600, 0, 500);
    strait__put16(record + 11, STRAIT__HANDSHAKE_HEADER + 510);
    assert_false(strait__split_begin(&split, record, len + 10));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),     cmocka_unit_test(test_smaller_datagrams),
        cmocka_unit_test(test_measured_timer), cmocka_unit_test(test_datagrams),
        cmocka_unit_test(test_cutting),        cmocka_unit_test(test_not_cut),
    };
    return cmocka_run_group_tests_name("dtls_path", tests, NULL, NULL);
}
