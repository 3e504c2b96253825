/* A publisher's packets: their headers, their order and time, and what the radio reports of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "examples/radio/reception.h"
#include "examples/radio/reorder.h"

#define FRAME 960u
#define TICK (20 * STRAIT_MS)

/* One Opus packet whose first bytes say how long it plays: 20 ms, 60 ms, 10 ms. */
#define OPUS_20 0xf8
#define OPUS_60 0x18
#define OPUS_10 0xf0

struct publisher {
    struct reorder reorder;
    strait_time now;
    uint32_t base; /* timestamp of packet 0 */
    uint64_t position;
    char heard[1024]; /* numbers of packets, '.' for a tick without one */
};

static int make(void **state)
{
    struct publisher *p = calloc(1, sizeof *p);

    assert_non_null(p);
    reorder_init(&p->reorder);
    p->now = STRAIT_S;
    /* Both clocks wrap on the way. */
    p->base = UINT32_MAX - 3 * FRAME + 1;
    *state = p;
    return 0;
}

static int unmake(void **state)
{
    free(*state);
    return 0;
}

/* Packet `number` of those that begin with sequence number 65533. */
static void put_at(struct publisher *p, unsigned number, uint32_t timestamp, uint8_t toc)
{
    const uint8_t data[] = { toc, (uint8_t)number };

    reorder_put(&p->reorder, (uint16_t)(65533 + number), p->base + timestamp, data, sizeof data,
                p->now);
}

static void put(struct publisher *p, unsigned number)
{
    put_at(p, number, number * FRAME, OPUS_20);
}

/* A tick: letters for the packets in `heard`. */
static void tick(struct publisher *p)
{
    const struct reorder_packet *packet;
    size_t at = strlen(p->heard);
    uint32_t offset = 0;
    bool any = false;

    if (reorder_tick(&p->reorder, FRAME, p->now)) {
        while ((packet = reorder_take(&p->reorder, &offset)) != NULL) {
            assert_in_range(offset, 0, FRAME - 1);
            p->heard[at++] = (char)('a' + packet->data[1] % 26);
            any = true;
        }
        if (!any) {
            p->heard[at] = '.';
        }
    }
    p->now += TICK;
}

static void heard_so_far(struct publisher *p, const char *wanted)
{
    assert_string_equal(p->heard, wanted);
    memset(p->heard, 0, sizeof p->heard);
}

static void packets_come_out_in_their_order(void **state)
{
    struct publisher *p = *state;

    put(p, 1);
    put(p, 0);
    tick(p);
    heard_so_far(p, "");
    put(p, 3);
    tick(p);
    put(p, 2);
    put(p, 2);
    tick(p);
    put(p, 4);
    for (int i = 0; i < 5; i++) {
        tick(p);
    }
    heard_so_far(p, "abcde");
    assert_int_equal(p->reorder.stats.duplicate, 1);
    assert_int_equal(p->reorder.stats.late, 0);
}

static void a_lost_packet_leaves_a_gap(void **state)
{
    struct publisher *p = *state;

    for (unsigned i = 0; i < 10; i++) {
        if (i != 4 && i != 5) {
            put(p, i);
        }
        tick(p);
    }
    for (unsigned i = 10; i < 13; i++) {
        put(p, i);
        tick(p);
    }
    heard_so_far(p, "abcd..ghij");
    assert_int_equal(p->reorder.stats.missing, 2);
    /* Too late by now. */
    put(p, 5);
    assert_int_equal(p->reorder.stats.late, 1);
}

static void a_late_burst_is_waited_for(void **state)
{
    struct publisher *p = *state;

    for (unsigned i = 0; i < 5; i++) {
        put(p, i);
        tick(p);
    }
    for (int i = 0; i < 5; i++) {
        tick(p);
    }
    for (unsigned i = 5; i < 11; i++) {
        put(p, i);
    }
    for (int i = 0; i < 6; i++) {
        tick(p);
    }
    /* Nothing is lost; the delay has grown by what was missing. */
    heard_so_far(p, "abcde..fghijk");
    assert_int_equal(p->reorder.stats.empty, 2);
    assert_int_equal(p->reorder.stats.missing, 0);
}

static void a_pause_does_not_make_the_delay_grow(void **state)
{
    struct publisher *p = *state;
    const unsigned pause = 17;

    for (unsigned i = 0; i < 5; i++) {
        put(p, i);
        tick(p);
    }
    for (unsigned i = 0; i < pause; i++) {
        tick(p);
    }
    memset(p->heard, 0, sizeof p->heard);
    /* Its numbers go on, its time has passed. */
    for (unsigned i = 0; i < 5; i++) {
        put_at(p, 5 + i, (5 + pause + i) * FRAME, OPUS_20);
        tick(p);
    }
    /* Heard as long after it came as at the beginning. */
    heard_so_far(p, "...fg");
    assert_int_equal(p->reorder.stats.late, 0);
    assert_int_equal(p->reorder.stats.skipped, 0);
}

static void long_and_short_packets_keep_their_time(void **state)
{
    struct publisher *p = *state;

    put_at(p, 0, 0, OPUS_60);
    put_at(p, 1, 3 * FRAME, OPUS_10);
    put_at(p, 2, 3 * FRAME + FRAME / 2, OPUS_10);
    put_at(p, 3, 4 * FRAME, OPUS_60);
    p->now += REORDER_DELAY;
    for (int i = 0; i < 7; i++) {
        tick(p);
    }
    heard_so_far(p, "a..bcd..");
    assert_int_equal(p->reorder.stats.missing, 0);
    assert_int_equal(p->reorder.stats.empty, 0);
}

static void what_piled_up_is_left_out(void **state)
{
    struct publisher *p = *state;

    put(p, 0);
    p->now += REORDER_DELAY;
    tick(p);
    for (unsigned i = 1; i < 60; i++) {
        put(p, i);
    }
    tick(p);
    assert_in_range(p->reorder.n, 1, 3);
    assert_in_range(p->reorder.stats.skipped, 50, 58);
}

/* A clock that runs 1 % fast for a minute: 30 packets too many come, the delay stays. */
static void a_fast_clock_is_kept_pace_with(void **state)
{
    struct publisher *p = *state;
    unsigned next = 0;
    size_t most = 0;

    for (unsigned i = 0; i < 3000; i++) {
        while (next < i + i / 100 + 1) {
            put(p, next++);
        }
        tick(p);
        memset(p->heard, 0, sizeof p->heard);
        most = p->reorder.n > most ? p->reorder.n : most;
    }
    assert_int_equal(next, 3000 + 29);
    assert_in_range(p->reorder.stats.skipped, 5, 30);
    assert_in_range(most, 3, REORDER_MOST / FRAME + 1);
    assert_int_equal(p->reorder.stats.late, 0);
}

/* One that runs 1 % slow: now and then nothing is there, nothing is lost. */
static void a_slow_clock_is_waited_for(void **state)
{
    struct publisher *p = *state;
    unsigned next = 0;

    for (unsigned i = 0; i < 3000; i++) {
        while (next < i - i / 100 + 1) {
            put(p, next++);
        }
        tick(p);
        memset(p->heard, 0, sizeof p->heard);
    }
    assert_in_range(p->reorder.stats.empty, 20, 30);
    assert_int_equal(p->reorder.stats.late, 0);
    assert_int_equal(p->reorder.stats.skipped, 0);
}

static void a_stream_that_begins_anew_is_played(void **state)
{
    struct publisher *p = *state;

    for (unsigned i = 0; i < 5; i++) {
        put(p, i);
        tick(p);
    }
    p->base -= 1000000;
    for (unsigned i = 0; i < REORDER_LATE_RUN + 20; i++) {
        put(p, i);
        tick(p);
    }
    assert_int_equal(p->reorder.stats.late, REORDER_LATE_RUN);
    assert_true(strlen(p->heard) > 10 && p->heard[strlen(p->heard) - 1] != '.');
}

static void what_is_no_opus_is_counted(void **state)
{
    struct publisher *p = *state;
    static const uint8_t cut[] = { 0x03 }; /* its frame count is missing */
    static uint8_t big[REORDER_MAX_PACKET + 1];

    reorder_put(&p->reorder, 1, 0, cut, sizeof cut, p->now);
    reorder_put(&p->reorder, 2, 960, cut, 0, p->now);
    reorder_put(&p->reorder, 3, 1920, big, sizeof big, p->now);
    assert_int_equal(p->reorder.stats.invalid, 3);
    assert_int_equal(p->reorder.n, 0);
}

/* --- Headers and reports ---------------------------------------------------------------------- */

static void a_header_is_cut_off(void **state)
{
    /* Padding, extension and one CSRC; two bytes of payload. */
    static const uint8_t bytes[] = { 0xb1, 0x80 | 111, 0x12, 0x34, 0,   0,   3,    0xc0, 0xa, 0xb,
                                     0xc,  0xd,        1,    2,    3,   4,   0xbe, 0xde, 0,   1,
                                     0x10, 0xff,       0,    0,    'h', 'i', 0,    0,    3 };
    struct rtp_packet packet;

    (void)state;
    assert_true(rtp_read(&packet, bytes, sizeof bytes));
    assert_int_equal(packet.payload_type, 111);
    assert_int_equal(packet.sequence, 0x1234);
    assert_int_equal(packet.timestamp, 960);
    assert_int_equal(packet.ssrc, 0x0a0b0c0d);
    assert_int_equal(packet.payload_len, 2);
    assert_memory_equal(packet.payload, "hi", 2);
    for (size_t len = 0; len < sizeof bytes; len++) {
        uint8_t *copy = malloc(len > 0 ? len : 1);

        assert_non_null(copy);
        memcpy(copy, bytes, len);
        if (rtp_read(&packet, copy, len)) {
            assert_true(packet.payload + packet.payload_len <= copy + len);
        }
        free(copy);
    }
}

static void take(struct reception *reception, uint16_t sequence, uint32_t timestamp,
                 strait_time now)
{
    const struct rtp_packet packet = { .sequence = sequence, .timestamp = timestamp, .ssrc = 7 };

    reception_packet(reception, &packet, now);
}

static void a_report_counts_what_was_lost(void **state)
{
    /* 64 of 256 lost: packet 65535 of four; highest is 1 after a wrap; sender's report 1 s ago. */
    static const uint8_t wanted[] = { 0x81, 201, 0, 7, 0, 0, 0, 9, 0, 0, 0,   7,   63, 0, 0, 1,
                                      0,    1,   0, 1, 0, 0, 0, 0, 3, 4, 5,   6,   0,  1, 0, 0,
                                      0x81, 202, 0, 3, 0, 0, 0, 9, 1, 2, 'm', 'e', 0,  0, 0, 0 };
    static const uint8_t sender[] = { 0x80, 200, 0, 6, 0, 0, 0, 7, 1, 2, 3, 4, 5, 6,
                                      7,    8,   0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
    struct reception reception = { 0 };
    uint8_t out[RECEPTION_MAX_REPORT];

    (void)state;
    take(&reception, 65534, 0, STRAIT_S);
    take(&reception, 0, 2 * FRAME, STRAIT_S + 2 * TICK);
    take(&reception, 1, 3 * FRAME, STRAIT_S + 3 * TICK);
    reception_rtcp(&reception, sender, sizeof sender, 2 * STRAIT_S);
    assert_int_equal(reception_lost(&reception), 1);
    assert_int_equal(reception_report(&reception, 9, "me", 3 * STRAIT_S, out), sizeof wanted);
    assert_memory_equal(out, wanted, sizeof wanted);

    /* Since then nothing was lost; the one that was comes after all. */
    take(&reception, 65535, FRAME, 3 * STRAIT_S);
    assert_int_equal(reception_lost(&reception), 0);
    (void)reception_report(&reception, 9, "me", 4 * STRAIT_S, out);
    assert_int_equal(out[12], 0);
    assert_int_equal(out[15], 0);
}

static void a_report_without_packets_has_no_block(void **state)
{
    struct reception reception = { 0 };
    uint8_t out[RECEPTION_MAX_REPORT];

    (void)state;
    assert_int_equal(reception_report(&reception, 9, "me", STRAIT_S, out), 8 + 16);
    assert_int_equal(out[0], 0x80);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, make, unmake)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(packets_come_out_in_their_order),
        WITH(a_lost_packet_leaves_a_gap),
        WITH(a_late_burst_is_waited_for),
        WITH(a_pause_does_not_make_the_delay_grow),
        WITH(long_and_short_packets_keep_their_time),
        WITH(what_piled_up_is_left_out),
        WITH(a_fast_clock_is_kept_pace_with),
        WITH(a_slow_clock_is_waited_for),
        WITH(a_stream_that_begins_anew_is_played),
        WITH(what_is_no_opus_is_counted),
        cmocka_unit_test(a_header_is_cut_off),
        cmocka_unit_test(a_report_counts_what_was_lost),
        cmocka_unit_test(a_report_without_packets_has_no_block),
    };

    return cmocka_run_group_tests_name("radio WHIP", tests, NULL, NULL);
}
