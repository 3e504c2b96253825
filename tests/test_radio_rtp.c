/* The radio's RTP and RTCP, byte for byte as RFC 3550 draws them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "examples/radio/rtp.h"

static void a_header_is_twelve_known_bytes(void **state)
{
    const struct rtp_header header = { .payload_type = 111,
                                       .marker = true,
                                       .sequence = 0xfffe,
                                       .timestamp = 0x01020304,
                                       .ssrc = 0xa0b0c0d0 };
    const uint8_t wanted[] = { 0x80, 0xef, 0xff, 0xfe, 1, 2, 3, 4, 0xa0, 0xb0, 0xc0, 0xd0 };
    uint8_t bytes[RTP_HEADER_LEN];

    (void)state;
    rtp_write_header(bytes, &header);
    assert_memory_equal(bytes, wanted, sizeof wanted);
}

static void a_report_is_sr_sdes_and_bye(void **state)
{
    const struct rtcp_sender sender = { .ssrc = 0x11223344,
                                        .ntp = UINT64_C(0xe000000180000000),
                                        .timestamp = 960,
                                        .packets = 50,
                                        .octets = 12000,
                                        .cname = "radio-1",
                                        .bye = true };
    const uint8_t wanted[] = {
        0x80, 200, 0, 6,    0x11, 0x22, 0x33, 0x44, 0xe0, 0, 0,    1,    0x80, 0,   0,   0, /* SR */
        0,    0,   3, 0xc0, 0,    0,    0,    50,   0,    0, 0x2e, 0xe0,                 /* ... */
        0x81, 202, 0, 4,    0x11, 0x22, 0x33, 0x44, 1,    7, 'r',  'a',  'd',  'i', 'o', /* SDES */
        '-',  '1', 0, 0,    0,                                                           /* ... */
        0x81, 203, 0, 1,    0x11, 0x22, 0x33, 0x44,                                      /* BYE */
    };
    uint8_t bytes[RTCP_MAX_COMPOUND];

    (void)state;
    assert_int_equal(rtcp_write(bytes, &sender), sizeof wanted);
    assert_memory_equal(bytes, wanted, sizeof wanted);
}

static void a_cname_ends_in_zeros_on_a_word(void **state)
{
    char name[RTCP_MAX_CNAME + 1];
    uint8_t bytes[RTCP_MAX_COMPOUND];

    (void)state;
    for (size_t len = 0; len <= RTCP_MAX_CNAME; len++) {
        struct rtcp_sender sender = { .cname = name, .bye = true };
        size_t total, sdes;

        memset(name, 'x', len);
        name[len] = '\0';
        total = rtcp_write(bytes, &sender);
        sdes = 4 * ((size_t)bytes[30] * 256 + bytes[31] + 1);
        assert_int_equal(28 + sdes + 8, total);
        assert_int_equal(bytes[37], len);
        assert_true(sdes > 10 + len && sdes <= 10 + len + 4);
        assert_int_equal(bytes[28 + 10 + len], 0);
    }
}

/* RR from 0x99 with a block about another SSRC, then an SR with one about 0x11223344. */
static const uint8_t reports[] = {
    0x81, 201, 0,    7,    0,    0, 0, 0x99, 0, 0, 0, 1,    1,   0, 0,  1, 0, 0, 0,    0,    0,
    0,    0,   0,    0,    0,    0, 0, 0,    0, 0, 0, 0x81, 200, 0, 12, 0, 0, 0, 0x99, 0,    0,
    0,    0,   0,    0,    0,    0, 0, 0,    0, 0, 0, 0,    0,   0, 0,  0, 0, 0, 0x11, 0x22, 0x33,
    0x44, 64,  0xff, 0xff, 0xfe, 0, 1, 0,    9, 0, 0, 0,    48,  0, 5,  0, 0, 0, 1,    0,    0,
};

static void reception_is_read_from_any_report(void **state)
{
    struct rtcp_reception reception = { 0 };

    (void)state;
    assert_true(rtcp_read_reception(reports, sizeof reports, 0x11223344, &reception));
    assert_int_equal(reception.fraction_lost, 64);
    assert_int_equal(reception.cumulative_lost, -2);
    assert_int_equal(reception.highest_sequence, 0x10009);
    assert_int_equal(reception.jitter, 48);
    assert_int_equal(reception.last_report, 0x50000);
    assert_int_equal(reception.delay_since_last, 0x10000);
    assert_false(rtcp_read_reception(reports, sizeof reports, 0x11223345, &reception));
}

/* Each prefix sits at the end of its own allocation: AddressSanitizer sees a step too far. */
static void what_is_cut_short_is_left_alone(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof reports; len++) {
        struct rtcp_reception reception;
        uint8_t *copy = malloc(len > 0 ? len : 1);

        assert_non_null(copy);
        memcpy(copy, reports, len);
        assert_false(rtcp_read_reception(copy, len, 0x11223344, &reception));
        free(copy);
    }
}

static void more_blocks_than_bytes_are_not_read(void **state)
{
    uint8_t bytes[sizeof reports];
    struct rtcp_reception reception;

    (void)state;
    memcpy(bytes, reports, sizeof reports);
    bytes[32] = 0x9f; /* 31 blocks in the sender report, which has room for one */
    assert_true(rtcp_read_reception(bytes, sizeof bytes, 0x11223344, &reception));
    bytes[0] = 0x41; /* version 1 */
    assert_false(rtcp_read_reception(bytes, sizeof bytes, 0x11223344, &reception));
}

static void round_trip_is_now_less_report_less_delay(void **state)
{
    struct rtcp_reception reception = { .last_report = 0x00050000, .delay_since_last = 0x10000 };

    (void)state;
    /* RFC 3550, figure 2, in short: 5 s sent, 1 s held, back at 6.25 s. */
    assert_int_equal(rtcp_round_trip(&reception, UINT64_C(0x0000000640000000)), STRAIT_S / 4);
    /* Before it was sent: a clock was set. */
    assert_int_equal(rtcp_round_trip(&reception, UINT64_C(0x0000000540000000)), 0);
    reception.last_report = 0;
    assert_int_equal(rtcp_round_trip(&reception, UINT64_C(0x0000000640000000)), 0);
}

static void ntp_time_counts_from_1900(void **state)
{
    const struct timespec epoch = { 0, 0 };
    const struct timespec half = { 1, 500000000 };

    (void)state;
    assert_int_equal(rtcp_ntp(&epoch), UINT64_C(2208988800) << 32);
    assert_int_equal(rtcp_ntp(&half), (UINT64_C(2208988801) << 32) + UINT64_C(0x80000000));
}

static void reports_come_every_two_to_six_seconds(void **state)
{
    (void)state;
    assert_in_range(rtcp_interval(0), 2052 * STRAIT_MS, 2053 * STRAIT_MS);
    assert_in_range(rtcp_interval(UINT32_MAX), 6156 * STRAIT_MS, 6157 * STRAIT_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_is_twelve_known_bytes),
        cmocka_unit_test(a_report_is_sr_sdes_and_bye),
        cmocka_unit_test(a_cname_ends_in_zeros_on_a_word),
        cmocka_unit_test(reception_is_read_from_any_report),
        cmocka_unit_test(what_is_cut_short_is_left_alone),
        cmocka_unit_test(more_blocks_than_bytes_are_not_read),
        cmocka_unit_test(round_trip_is_now_less_report_less_delay),
        cmocka_unit_test(ntp_time_counts_from_1900),
        cmocka_unit_test(reports_come_every_two_to_six_seconds),
    };

    return cmocka_run_group_tests_name("radio RTP", tests, NULL, NULL);
}
