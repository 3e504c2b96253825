/* The pure parts under an association: record filter, ClientHello reader, reassembly, cutting, timer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "transport/dtls/filter.h"
#include "transport/dtls/hello.h"
#include "transport/dtls/reassemble.h"
#include "transport/dtls/split.h"
#include "transport/dtls/timer.h"
#include "transport/util.h"

static const struct strait__filter fresh_server = {
    .server = true, .allows12 = true, .allows13 = true, .overhead12 = 24
};

static uint8_t datagram[2000];

static size_t add(size_t at, uint8_t type, uint16_t epoch, const void *data, size_t len)
{
    strait__record_write(datagram + at, (enum strait__content_type)type, 7, len);
    strait__put16(datagram + at + 3, epoch);
    memcpy(datagram + at + STRAIT__RECORD_HEADER, data, len);
    return at + STRAIT__RECORD_HEADER + len;
}

static size_t message(uint8_t *out, uint8_t type, uint32_t length, uint16_t seq, uint32_t offset,
                      uint32_t fragment)
{
    struct strait__handshake h = {
        .type = type,
        .length = length,
        .message_seq = seq,
        .offset = offset,
        .fragment_len = fragment,
    };
    strait__handshake_write(out, &h);
    memset(out + STRAIT__HANDSHAKE_HEADER, 0x5a, fragment);
    return STRAIT__HANDSHAKE_HEADER + fragment;
}

static void test_records_of_a_datagram(void **state)
{
    static const uint8_t zeros[100];
    struct strait__filter server = fresh_server;
    struct strait__record r;
    uint8_t hello[200];
    size_t offset = 0;
    (void)state;
    server.negotiated = true;
    size_t len = add(0, 22, 0, hello, message(hello, 16, 50, 2, 0, 50));
    len = add(len, 20, 0, "\x01", 1);
    len = add(len, 22, 1, zeros, 40);
    len = add(len, 22, 1, zeros, 23);
    assert_int_equal(strait__filter_next(&server, datagram, len, &offset, &r), STRAIT__RECORD_PASS);
    assert_int_equal(r.type, 22);
    assert_int_equal(r.len, 13 + 62);
    assert_int_equal(r.seq, 7);
    assert_int_equal(strait__filter_next(&server, datagram, len, &offset, &r), STRAIT__RECORD_PASS);
    assert_int_equal(r.type, 20);
    assert_int_equal(strait__filter_next(&server, datagram, len, &offset, &r), STRAIT__RECORD_PASS);
    assert_int_equal(r.epoch, 1);
    assert_int_equal(strait__filter_next(&server, datagram, len, &offset, &r),
                     STRAIT__RECORD_SHORT);
    assert_int_equal(strait__filter_next(&server, datagram, len, &offset, &r), STRAIT__RECORD_END);
    assert_int_equal(offset, len);
}

static enum strait__verdict one(const struct strait__filter *filter, uint8_t type, const void *data,
                                size_t len)
{
    struct strait__record r;
    size_t offset = 0;
    size_t total = add(0, type, 0, data, len);
    return strait__filter_next(filter, datagram, total, &offset, &r);
}

/* What may come unprotected, by role and state. */
static void test_plaintext_by_state(void **state)
{
    static const uint8_t of_client[] = { 1, 11, 15, 16 }, of_server[] = { 2, 3, 11, 12, 13, 14 };
    uint8_t bytes[100];
    (void)state;
    for (int stage = 0; stage < 4; stage++) { /* fresh, 1.2, 1.3, done */
        for (int server = 0; server < 2; server++) {
            for (unsigned i = 0; i < 512; i++) {
                unsigned type = i / 2;
                uint16_t seq = i % 2;
                struct strait__filter f = fresh_server;
                f.server = server;
                f.negotiated = stage > 0;
                f.dtls13 = stage == 2;
                f.finished = stage == 3;
                const uint8_t *legal = server ? of_client : of_server;
                size_t n = server ? sizeof of_client : sizeof of_server;
                /* Each side begins with a hello, and the client says more only when it was answered. */
                bool in_turn = type <= 3 || (server ? stage > 0 : seq > 0);
                bool expected = memchr(legal, (int)type, n) != NULL && (stage != 2 || type <= 3) &&
                                stage != 3 && in_turn;
                size_t len = message(bytes, (uint8_t)type, 20, seq, 0, 20);
                enum strait__verdict refusal = type == 1   ? STRAIT__RECORD_CLIENT_HELLO
                                               : type == 2 ? STRAIT__RECORD_SERVER_HELLO
                                                           : STRAIT__RECORD_HANDSHAKE;
                enum strait__verdict verdict = one(&f, 22, bytes, len);
                if (stage == 3 && server && (type == 11 || type == 16)) {
                    assert_int_equal(verdict, STRAIT__RECORD_REPEAT);
                } else {
                    assert_int_equal(verdict, expected ? STRAIT__RECORD_PASS : refusal);
                }
            }
            struct strait__filter f = { .server = server, .allows12 = true, .allows13 = true };
            f.negotiated = stage > 0;
            f.dtls13 = stage == 2;
            f.finished = stage == 3;
            assert_int_equal(one(&f, 20, "\x01", 1),
                             stage == 1 ? STRAIT__RECORD_PASS : STRAIT__RECORD_CHANGE_CIPHER);
            assert_int_equal(one(&f, 21, "\x02\x28", 2), STRAIT__RECORD_ALERT);
            assert_int_equal(one(&f, 23, "abc", 3), STRAIT__RECORD_DATA);
            assert_int_equal(one(&f, 25, "abc", 3), STRAIT__RECORD_CID);
            assert_int_equal(one(&f, 23, "", 0), STRAIT__RECORD_EMPTY);
            assert_int_equal(one(&f, 26, "\0\0", 2),
                             stage == 2 ? STRAIT__RECORD_PASS : STRAIT__RECORD_ACK);
            /* An ACK of something, and one that lies about its length. */
            assert_int_equal(one(&f, 26, "\0\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 18),
                             STRAIT__RECORD_ACK);
            assert_int_equal(one(&f, 26, "\0\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 17),
                             stage == 3 ? STRAIT__RECORD_ACK : STRAIT__RECORD_MALFORMED);
        }
    }
}

static void test_unified_header(void **state)
{
    struct strait__filter f = fresh_server;
    struct strait__record r;
    uint8_t bytes[60] = { 0 };
    (void)state;
    f.negotiated = f.dtls13 = true;
    /* S and L: 16-bit number, a length; two records. */
    bytes[0] = bytes[25] = 0x2e;
    bytes[4] = 20;
    bytes[25 + 4] = 30;
    size_t offset = 0;
    assert_int_equal(strait__filter_next(&f, bytes, 60, &offset, &r), STRAIT__RECORD_PASS);
    assert_true(r.unified);
    assert_int_equal(r.len, 25);
    assert_int_equal(r.header, 5);
    assert_int_equal(r.epoch, 2);
    assert_int_equal(strait__filter_next(&f, bytes, 60, &offset, &r), STRAIT__RECORD_PASS);
    assert_int_equal(r.len, 35);
    /* Without a length: to the end. */
    bytes[0] = 0x23;
    offset = 0;
    assert_int_equal(strait__filter_next(&f, bytes, 60, &offset, &r), STRAIT__RECORD_PASS);
    assert_int_equal(r.len, 60);
    assert_int_equal(r.header, 2);
    for (size_t len = 1; len < 19; len++) {
        enum strait__verdict verdict = len == 1   ? STRAIT__RECORD_TRUNCATED
                                       : len == 2 ? STRAIT__RECORD_EMPTY
                                                  : STRAIT__RECORD_SHORT;
        offset = 0;
        assert_int_equal(strait__filter_next(&f, bytes, len, &offset, &r), verdict);
    }
    /* KeyUpdates lead to epoch 4, after the handshake. */
    bytes[0] = 0x20;
    offset = 0;
    assert_int_equal(strait__filter_next(&f, bytes, 60, &offset, &r), STRAIT__RECORD_EPOCH);
    f.finished = true;
    for (f.epoch13 = 3; f.epoch13 < 20; f.epoch13++) { /* one before, this one, one after it */
        for (uint64_t epoch = f.epoch13 - 1; epoch < f.epoch13 + 3; epoch++) {
            bytes[0] = (uint8_t)(0x20 | (epoch & 3));
            offset = 0;
            assert_int_equal(strait__filter_next(&f, bytes, 60, &offset, &r),
                             epoch < f.epoch13 + 2 ? STRAIT__RECORD_PASS : STRAIT__RECORD_EPOCH);
        }
    }
    f.dtls13 = false;
    offset = 0;
    assert_int_equal(strait__filter_next(&f, bytes, 60, &offset, &r), STRAIT__RECORD_EPOCH);
    /* A client that lost the ServerHello passes it on, a server before its own does not. */
    f = fresh_server;
    bytes[0] = 0x22;
    offset = 0;
    assert_int_equal(strait__filter_next(&f, bytes, 60, &offset, &r), STRAIT__RECORD_EPOCH);
    f.server = false;
    offset = 0;
    assert_int_equal(strait__filter_next(&f, bytes, 60, &offset, &r), STRAIT__RECORD_PASS);
}

/* --- reassembly --- */

static struct strait_hooks hooks;
static uint8_t body[STRAIT__HELLO_MAX];

static enum strait__reassembled give(struct strait__reassembly *r, uint16_t seq, uint32_t length,
                                     uint32_t from, uint32_t to)
{
    struct strait__handshake f = {
        .type = 1,
        .length = length,
        .message_seq = seq,
        .offset = from,
        .fragment_len = to - from,
        .fragment = body + from,
    };
    return strait__reassembly_add(r, &hooks, &f);
}

static void whole(struct strait__reassembly *r, uint32_t length, uint32_t fragments)
{
    assert_true(strait__reassembly_whole(r));
    assert_int_equal(r->length, length);
    assert_int_equal(r->fragments, fragments);
    assert_memory_equal(r->buffer + STRAIT__REASSEMBLY_HEADROOM, body, length);
    strait__reassembly_reset(r, &hooks);
}

static void test_reassembly(void **state)
{
    struct strait__reassembly r = { .buffer = NULL };
    (void)state;
    give(&r, 0, 1500, 0, 1383);
    assert_false(strait__reassembly_whole(&r));
    give(&r, 0, 1500, 0, 1383); /* twice */
    assert_int_equal(r.fragments, 1);
    give(&r, 0, 1500, 1163, 1500); /* the boundary moved */
    whole(&r, 1500, 2);
    give(&r, 0, 100, 50, 100); /* out of order */
    give(&r, 0, 100, 0, 50);
    whole(&r, 100, 2);
    give(&r, 0, 100, 0, 20);
    give(&r, 0, 100, 40, 60);
    give(&r, 0, 100, 80, 100);
    assert_int_equal(r.n_ranges, 3);
    give(&r, 0, 100, 10, 90); /* over all holes */
    whole(&r, 100, 4);
}

/* Any cut in any order, with overlaps: always the same message. */
static void test_reassembly_of_anything(void **state)
{
    (void)state;
    srand(1);
    for (int run = 0; run < 2000; run++) {
        struct strait__reassembly r = { .buffer = NULL };
        uint32_t length = 1 + (uint32_t)rand() % 3000;
        int n = 0;
        while (!strait__reassembly_whole(&r)) {
            uint32_t from = (uint32_t)rand() % length;
            uint32_t to = from + 1 + (uint32_t)rand() % (length - from);
            enum strait__reassembled result = give(&r, 3, length, from, to);
            assert_true(result == STRAIT__REASSEMBLED_TAKEN ||
                        result == STRAIT__REASSEMBLED_DROPPED);
            if (++n > 200) {
                give(&r, 3, length, 0, length / 2 + 1);
                give(&r, 3, length, length / 2, length);
            }
        }
        whole(&r, length, r.fragments);
    }
}

static void test_reassembly_refuses(void **state)
{
    struct strait__reassembly r = { .buffer = NULL };
    (void)state;
    assert_int_equal(give(&r, 0, STRAIT__HELLO_MAX + 1, 0, 10), STRAIT__REASSEMBLED_DROPPED);
    assert_null(r.buffer);
    give(&r, 0, 1000, 0, 500);
    body[100] ^= 1; /* the forged one was first: the true one replaces it */
    assert_int_equal(give(&r, 0, 1000, 0, 500), STRAIT__REASSEMBLED_REPLACED);
    assert_int_equal(give(&r, 0, 1000, 500, 1000), STRAIT__REASSEMBLED_TAKEN);
    whole(&r, 1000, 2);
    give(&r, 0, 1000, 0, 500);
    assert_int_equal(give(&r, 0, 900, 500, 900), STRAIT__REASSEMBLED_REPLACED);
    assert_int_equal(give(&r, 1, 900, 500, 900), STRAIT__REASSEMBLED_REPLACED);
    strait__reassembly_reset(&r, &hooks);
    for (uint32_t i = 0; i < STRAIT__REASSEMBLY_RANGES; i++) {
        assert_int_equal(give(&r, 0, 1000, 4 * i, 4 * i + 1), STRAIT__REASSEMBLED_TAKEN);
    }
    assert_int_equal(give(&r, 0, 1000, 900, 901), STRAIT__REASSEMBLED_DROPPED);
    /* What joins the ranges still goes. */
    assert_int_equal(give(&r, 0, 1000, 0, 1000), STRAIT__REASSEMBLED_TAKEN);
    whole(&r, 1000, STRAIT__REASSEMBLY_RANGES + 1);
}

/* --- cutting, then putting together --- */

static void test_split(void **state)
{
    uint8_t record[13 + 12 + 1500], piece[1200];
    (void)state;
    for (size_t room = 26; room <= sizeof piece; room += 97) {
        struct strait__split split;
        struct strait__reassembly r = { .buffer = NULL };
        strait__record_write(record, STRAIT__HANDSHAKE, 0, 12 + 1500);
        message(record + 13, 1, 1500, 5, 0, 1500);
        memcpy(record + 25, body, 1500);
        assert_true(strait__split_begin(&split, record, sizeof record));
        size_t len;
        uint64_t seq = 40;
        uint32_t pieces = 0;
        while ((len = strait__split_next(&split, seq, piece, room)) > 0) {
            struct strait__handshake h;
            assert_true(len <= room);
            assert_int_equal(strait__get48(piece + 5), seq++);
            assert_int_equal(strait__get16(piece + 11), len - 13);
            assert_true(strait__handshake_read(&h, piece + 13, len - 13));
            assert_int_equal(h.message_seq, 5);
            strait__reassembly_add(&r, &hooks, &h);
            pieces++;
        }
        assert_int_equal(pieces, (1500 + room - 25 - 1) / (room - 25));
        whole(&r, 1500, pieces);
        assert_int_equal(strait__split_next(&split, seq, piece, 25), 0);
    }
    struct strait__split split;
    record[13 + 8] = 1; /* a fragment already */
    assert_false(strait__split_begin(&split, record, sizeof record));
    assert_false(strait__split_begin(&split, record, 20));
}

/* --- the ClientHello --- */

static const uint8_t hello[] = {
    0xfe, 0xfd, /* legacy_version */
    1,    2,    3,    4,    5,    6,    7,    8,    9,    10,   11, 12, 13, 14, 15, 16, /* random */
    17,   18,   19,   20,   21,   22,   23,   24,   25,   26,   27, 28, 29, 30, 31, 32, /* ... */
    0,                                                             /* session_id */
    2,    0xaa, 0xbb,                                              /* cookie */
    0,    4,    0x13, 0x01, 0xc0, 0x2b,                            /* cipher_suites */
    1,    0,                                                       /* compression */
    0,    35,                                                      /* extensions */
    0,    10,   0,    6,    0,    4,    0x11, 0xec, 0,    0x1d,    /* supported_groups */
    0,    14,   0,    7,    0,    4,    0,    7,    0,    1,    0, /* use_srtp */
    0,    43,   0,    5,    4,    0xfe, 0xfc, 0xfe, 0xfd,          /* supported_versions */
    0,    23,   0,    1,    9,                                     /* another */
};

static void test_hello(void **state)
{
    struct strait__hello h;
    (void)state;
    assert_true(strait__hello_read(&h, hello, sizeof hello));
    assert_int_equal(h.random[0], 1);
    assert_int_equal(h.cipher_suites.count, 2);
    assert_int_equal(h.profiles.count, 2);
    assert_true(strait__numbers_have(&h.profiles, 7));
    assert_true(strait__numbers_have(&h.profiles, 1));
    assert_false(strait__numbers_have(&h.profiles, 8));
    assert_true(strait__numbers_have(&h.groups, 0x11ec));
    assert_true(strait__hello_has_version(&h, 0xfefc));
    assert_true(strait__hello_has_version(&h, 0xfefd));
    /* Cut anywhere it is malformed, but where the extensions begin. */
    uint8_t *copy = malloc(sizeof hello);
    for (size_t len = 0; len < sizeof hello; len++) {
        uint8_t *exact = malloc(len > 0 ? len : 1);
        memcpy(exact, hello, len);
        bool good = strait__hello_read(&h, exact, len);
        assert_int_equal(good, len == sizeof hello - 37);
        free(exact);
    }
    assert_true(strait__hello_read(&h, hello, sizeof hello - 37));
    assert_null(h.profiles.data);
    assert_false(strait__hello_has_version(&h, 0xfefc));
    assert_true(strait__hello_has_version(&h, 0xfefd));
    /* DTLS 1.0 only */
    memcpy(copy, hello, sizeof hello);
    copy[1] = 0xff;
    assert_true(strait__hello_read(&h, copy, sizeof hello - 37));
    assert_false(strait__hello_has_version(&h, 0xfefd));
    /* use_srtp twice */
    copy[sizeof hello - 4] = 14;
    assert_false(strait__hello_read(&h, copy, sizeof hello));
    free(copy);
}

/* --- the timer --- */

static void test_timer(void **state)
{
    struct strait__timer t;
    (void)state;
    strait__timer_init(&t, 0);
    assert_int_equal(strait__timer_next(&t), STRAIT_TIME_NEVER);
    strait__timer_start(&t, 5 * STRAIT_S);
    assert_int_equal(t.deadline, 6 * STRAIT_S);
    strait__timer_init(&t, STRAIT_MS);
    static const unsigned ms[] = { 100, 200, 200, 200, 200 };
    strait__timer_start(&t, 0);
    assert_int_equal(t.deadline, 50 * STRAIT_MS);
    for (size_t i = 0; i < 5; i++) {
        strait__timer_backoff(&t, 0);
        assert_int_equal(t.deadline, ms[i] * STRAIT_MS);
    }
    strait__timer_set_rtt(&t, 600 * STRAIT_MS);
    assert_int_equal(t.interval, 200 * STRAIT_MS); /* from the next flight on */
    strait__timer_start(&t, 0);
    assert_int_equal(t.deadline, 1200 * STRAIT_MS);
    strait__timer_backoff(&t, 0);
    strait__timer_backoff(&t, 0);
    assert_int_equal(t.deadline, 3 * STRAIT_S);
    strait__timer_arm_quick(&t, STRAIT_S);
    assert_int_equal(strait__timer_next(&t), STRAIT_S + 750 * STRAIT_MS);
    strait__timer_set_rtt(&t, STRAIT_TIME_NEVER);
    assert_int_equal(t.initial, 3 * STRAIT_S);
    strait__timer_start(&t, STRAIT_TIME_NEVER - 5);
    assert_true(t.deadline < STRAIT_TIME_NEVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records_of_a_datagram),
        cmocka_unit_test(test_plaintext_by_state),
        cmocka_unit_test(test_unified_header),
        cmocka_unit_test(test_reassembly),
        cmocka_unit_test(test_reassembly_of_anything),
        cmocka_unit_test(test_reassembly_refuses),
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_hello),
        cmocka_unit_test(test_timer),
    };
    strait__hooks_init(&hooks, NULL);
    for (size_t i = 0; i < sizeof body; i++) {
        body[i] = (uint8_t)(i * 31 + i / 256);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
