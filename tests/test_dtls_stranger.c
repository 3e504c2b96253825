/* What strangers may do to a listener: floods, nonsense, ClientHellos that do not suit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/listener_rig.h"

static const enum strait_dtls_version VERSIONS[] = { STRAIT_DTLS_1_2, STRAIT_DTLS_1_3 };
enum { EXT_GROUPS = 10, EXT_KEY_SHARE = 51 };

/* Each from another address, with another random: nothing is allocated, nothing kept, and no answer is
 * longer than three times the question. */
static void test_spoofed_hellos(void **state)
{
    (void)state;
    for (int v = 0; v < 2; v++) {
        struct rig *rig = rig_create(VERSIONS[v]);
        uint64_t seed = 1;
        int allocations = rig->pair.allocations;
        size_t bytes = rig->pair.bytes;
        for (int i = 0; i < 100000; i++) {
            uint64_t address[2] = { pair_random(&seed), 4 };
            struct capture *c = i % 2 ? &rig->first : &rig->second;
            uint64_t random = pair_random(&seed);
            memcpy(c->data + 25 + 6, &random, sizeof random);
            int replies = rig->replies;
            assert_null(give(rig, address, sizeof address, c->data, c->len));
            assert_int_equal(rig->replies, replies + 1);
            assert_true(rig->reply_len <= 3 * c->len);
        }
        assert_int_equal(rig->pair.allocations, allocations);
        assert_int_equal(rig->pair.bytes, bytes);
        struct strait_dtls_listener_stats stats = stats_of(rig);
        assert_int_equal(stats.bad_cookies, 50000);
        assert_int_equal(stats.client_hellos, 100001);
        assert_true(stats.bytes_sent <= 3 * stats.bytes_received);
        rig_destroy(rig);
    }
}

/* A piece of `c`, from `offset` on. */
static size_t piece(const struct capture *c, uint32_t offset, uint32_t len, uint8_t *out)
{
    struct strait__handshake h;
    assert_true(strait__handshake_read(&h, c->data + 13, c->len - 13));
    const struct strait__handshake fragment = {
        .type = h.type,
        .length = h.length,
        .message_seq = h.message_seq,
        .offset = offset,
        .fragment_len = len < h.length - offset ? len : h.length - offset,
    };
    strait__record_write(out, STRAIT__HANDSHAKE, 7, 12 + fragment.fragment_len);
    strait__handshake_write(out + 13, &fragment);
    memcpy(out + 25, h.fragment + offset, fragment.fragment_len);
    return 25 + fragment.fragment_len;
}

static void test_spoofed_fragments(void **state)
{
    struct rig *rig = rig_create(STRAIT_DTLS_1_3);
    uint8_t data[2048];
    int allocations = rig->pair.allocations, replies = rig->replies;
    (void)state;
    for (uint32_t i = 0; i < 100000; i++) {
        size_t len = piece(&rig->first, i % 50, 100, data);
        assert_null(give(rig, &i, sizeof i, data, len));
    }
    assert_int_equal(rig->replies, replies);
    assert_int_equal(rig->pair.allocations, allocations);
    assert_int_equal(stats_of(rig).fragments, 100000);
    assert_int_equal(stats_of(rig).fragments_dropped, 100000 - 16);
    /* A true client is still heard. */
    give(rig, "x", 1, data, piece(&rig->first, 100, 4096, data));
    give(rig, "x", 1, data, piece(&rig->first, 0, 100, data));
    assert_int_equal(rig->replies, replies + 1);
    rig_destroy(rig);
}

/* Sixteen at a time; the seventeenth takes the place of the one whose first fragment came first. */
static void test_oldest_gives_way(void **state)
{
    struct rig *rig = rig_create(STRAIT_DTLS_1_3);
    uint8_t data[2048], i;
    (void)state;
    for (i = 1; i <= 16; i++) {
        give(rig, &i, 1, data, piece(&rig->first, 0, 100, data));
    }
    i = 1; /* more of it does not make it younger */
    give(rig, &i, 1, data, piece(&rig->first, 100, 20, data));
    i = 17;
    give(rig, &i, 1, data, piece(&rig->first, 0, 100, data));
    assert_int_equal(stats_of(rig).fragments_dropped, 2);
    for (i = 2; i <= 17; i++) {
        give(rig, &i, 1, data, piece(&rig->first, 100, 4096, data));
        assert_int_equal(rig->replies, i);
    }
    i = 1;
    give(rig, &i, 1, data, piece(&rig->first, 120, 4096, data));
    assert_int_equal(rig->replies, 17);
    rig_destroy(rig);
}

/* --- refusals --- */

static void test_old_version(void **state)
{
    struct rig *rig = rig_create(STRAIT_DTLS_1_2);
    (void)state;
    strait__put16(rig->first.data + 25, 0xfeff); /* DTLS 1.0 */
    assert_false(accepts(rig, 0, &rig->first));
    assert_true(alerted(rig, STRAIT__ALERT_PROTOCOL_VERSION));
    assert_int_equal(stats_of(rig).refused_version, 1);
    rig_destroy(rig);
    /* A listener of 1.3 and a client of 1.2. */
    struct pair_options o = options_of(STRAIT_DTLS_1_3);
    o.min[1] = STRAIT_DTLS_1_3;
    struct rig *of12 = rig_create(STRAIT_DTLS_1_2);
    rig = rig_with(&o);
    assert_false(accepts(rig, 0, &of12->first));
    assert_true(alerted(rig, STRAIT__ALERT_PROTOCOL_VERSION));
    rig_destroy(of12);
    rig_destroy(rig);
}

static void no_group(struct capture *c)
{
    strait__put16(capture_extension(c, EXT_GROUPS) + 6, 0x0100);
}

static void no_suite(struct capture *c)
{
    uint8_t *suites = capture_suites(c);
    for (size_t i = 0; i < strait__get16(suites); i += 2) {
        strait__put16(suites + 2 + i, 0x00ff);
    }
}

static void no_groups_at_all(struct capture *c)
{
    strait__put16(capture_extension(c, EXT_GROUPS), 0xfafa);
}

static void no_key_share(struct capture *c)
{
    strait__put16(capture_extension(c, EXT_KEY_SHARE), 0xfafa);
}

static void legacy_cookie(struct capture *c)
{
    uint8_t *at = c->data + 25 + 34 + 1 + c->data[25 + 34];
    memmove(at + 1, at, c->len - (size_t)(at - c->data));
    at[0] = 1;
    c->len++;
    strait__put16(c->data + 11, (uint16_t)(strait__get16(c->data + 11) + 1));
    strait__put24(c->data + 14, strait__get24(c->data + 14) + 1);
    strait__put24(c->data + 22, strait__get24(c->data + 22) + 1);
    at[1] = 0;
}

static void test_bad_parameters(void **state)
{
    static const struct {
        void (*damage)(struct capture *c);
        uint8_t alert;
    } cases[] = {
        { no_group, STRAIT__ALERT_HANDSHAKE_FAILURE },
        { no_suite, STRAIT__ALERT_HANDSHAKE_FAILURE },
        { no_groups_at_all, STRAIT__ALERT_MISSING_EXTENSION },
        { no_key_share, STRAIT__ALERT_MISSING_EXTENSION },
        { legacy_cookie, STRAIT__ALERT_ILLEGAL_PARAMETER },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rig *rig = rig_create(STRAIT_DTLS_1_3);
        cases[i].damage(&rig->first);
        assert_false(accepts(rig, 0, &rig->first));
        assert_true(alerted(rig, cases[i].alert));
        assert_int_equal(stats_of(rig).refused_parameters, 1);
        rig_destroy(rig);
    }
}

static void test_no_client_hello(void **state)
{
    static const uint8_t binding[20] = { 0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42 };
    static const uint8_t unified[40] = { 0x2f, 1, 2, 0, 35 };
    static const uint8_t data12[30] = { 23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 1, 0, 17 };
    static const uint8_t alert[15] = { 21, 0xfe, 0xfd, [12] = 2, [13] = 2, [14] = 40 };
    struct rig *rig = rig_create(STRAIT_DTLS_1_3);
    int replies = rig->replies;
    uint64_t n = stats_of(rig).not_client_hello;
    (void)state;
    assert_null(give(rig, "x", 1, binding, sizeof binding));
    assert_null(give(rig, "x", 1, unified, sizeof unified));
    assert_null(give(rig, "x", 1, data12, sizeof data12));
    assert_null(give(rig, "x", 1, alert, sizeof alert));
    assert_null(give(rig, "x", 1, alert, 0));
    assert_null(give(rig, "x", 1, rig->reply, rig->reply_len)); /* a HelloRetryRequest */
    assert_int_equal(stats_of(rig).not_client_hello - n, 5);
    for (size_t len = 1; len < rig->first.len; len++) {
        assert_null(give(rig, "x", 1, rig->first.data, len));
    }
    assert_int_equal(stats_of(rig).not_client_hello - n, 4 + rig->first.len);
    assert_int_equal(rig->replies, replies);
    /* What comes before it in the datagram is no harm. */
    uint8_t both[1024];
    memcpy(both, alert, sizeof alert);
    memcpy(both + sizeof alert, rig->first.data, rig->first.len);
    assert_null(give(rig, "x", 1, both, sizeof alert + rig->first.len));
    assert_int_equal(rig->replies, replies + 1);
    rig_destroy(rig);
}

/* The cookie is good, the rest is not: the association says so, at once, and in its next advance. */
static void test_association_that_fails(void **state)
{
    (void)state;
    for (int v = 0; v < 2; v++) {
        struct pair_options o = options_of(VERSIONS[v]);
        o.profiles[0][0] = STRAIT_SRTP_AES128_CM_SHA1_80;
        struct rig *rig = rig_with(&o);
        struct pair_side *server = &rig->pair.side[PAIR_SERVER];
        struct strait_dtls *out = give(rig, &rig->pair.client_address, 1, rig->second.data,
                                       rig->second.len);
        assert_non_null(out);
        assert_int_equal(strait_dtls_state(out), STRAIT_DTLS_FAILED);
        assert_int_equal(strait_dtls_error(out), STRAIT_E_NO_PROFILE);
        assert_true(alerted(rig, STRAIT__ALERT_HANDSHAKE_FAILURE));
        assert_int_equal(server->n_states, 0);
        assert_true(strait_dtls_deadline(out) <= rig->pair.now);
        strait_dtls_advance(out, rig->pair.now);
        assert_int_equal(server->n_states, 1);
        strait_dtls_destroy(out);
        rig_destroy(rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spoofed_hellos),         cmocka_unit_test(test_spoofed_fragments),
        cmocka_unit_test(test_oldest_gives_way),       cmocka_unit_test(test_old_version),
        cmocka_unit_test(test_bad_parameters),         cmocka_unit_test(test_no_client_hello),
        cmocka_unit_test(test_association_that_fails),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pair_forget_certificates();
    return failed;
}
