/* ClientHellos in fragments, and the server that asks for another one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/dtls_pair.h"
#include "transport/dtls/reassemble.h"

static struct pair_options post_quantum(enum strait_dtls_version server_max)
{
    return (struct pair_options){
        .profiles = { { STRAIT_SRTP_AEAD_AES_128_GCM }, { STRAIT_SRTP_AEAD_AES_128_GCM } },
        .max = { 0, server_max },
    };
}

/* The client's fragments are put together and cut again as `plan` wants. */
struct refragment {
    struct strait__reassembly hello;
    struct strait_hooks hooks;
    uint64_t seq;
    int transmission;
    void (*plan)(struct pair *pair, struct refragment *r);
};

static void send_fragment(struct pair *pair, struct refragment *r, uint32_t from, uint32_t to)
{
    uint8_t record[STRAIT__HELLO_MAX + 25];
    struct strait__handshake h = {
        .type = STRAIT__CLIENT_HELLO,
        .length = r->hello.length,
        .message_seq = r->hello.message_seq,
        .offset = from,
        .fragment_len = to - from,
    };
    strait__record_write(record, STRAIT__HANDSHAKE, r->seq++, 12 + to - from);
    strait__handshake_write(record + 13, &h);
    memcpy(record + 25, r->hello.buffer + STRAIT__REASSEMBLY_HEADROOM + from, to - from);
    pair_queue(pair, PAIR_SERVER, record, 25 + to - from);
}

static bool refragment(struct pair *pair, int from, uint8_t *data, size_t len, void *user)
{
    struct refragment *r = user;
    struct strait__handshake h;
    if (from != PAIR_CLIENT || data[0] != STRAIT__HANDSHAKE || data[13] != STRAIT__CLIENT_HELLO ||
        !strait__handshake_read(&h, data + 13, len - 13)) {
        return false;
    }
    strait__reassembly_add(&r->hello, &r->hooks, &h);
    if (h.offset + h.fragment_len == h.length) {
        assert_true(strait__reassembly_whole(&r->hello));
        r->plan(pair, r);
        r->transmission++;
    }
    return true;
}

/* Firefox moves its boundary; of each transmission one fragment is lost. */
static void moving_boundary(struct pair *pair, struct refragment *r)
{
    if (r->transmission % 2 == 0) {
        send_fragment(pair, r, 0, 1383);
    } else {
        send_fragment(pair, r, 1163, r->hello.length);
    }
}

static void many_backwards_twice(struct pair *pair, struct refragment *r)
{
    for (uint32_t to = r->hello.length; to > 0; to = to > 100 ? to - 100 : 0) {
        uint32_t from = to > 100 ? to - 100 : 0;
        send_fragment(pair, r, from, to);
        send_fragment(pair, r, from, to);
    }
}

static void overlapping(struct pair *pair, struct refragment *r)
{
    send_fragment(pair, r, 400, 900);
    send_fragment(pair, r, 300, 1000);
    send_fragment(pair, r, 0, 500);
    send_fragment(pair, r, 800, r->hello.length);
}

/* Somebody else is first, with other bytes, another length, a length beyond any bound. */
static void forged_first(struct pair *pair, struct refragment *r)
{
    uint8_t *byte = r->hello.buffer + STRAIT__REASSEMBLY_HEADROOM + 50;
    if (r->transmission == 0) {
        *byte ^= 1;
        send_fragment(pair, r, 0, 700);
        *byte ^= 1;
        uint32_t length = r->hello.length;
        r->hello.length = length - 40;
        send_fragment(pair, r, 10, 700);
        r->hello.length = STRAIT__HELLO_MAX + 1;
        send_fragment(pair, r, 10, 700);
        r->hello.length = length;
        r->hello.message_seq = 3;
        send_fragment(pair, r, 10, 700);
        r->hello.message_seq = 0;
    }
    send_fragment(pair, r, 0, 1200);
    send_fragment(pair, r, 1200, r->hello.length);
}

static void fragments(void (*plan)(struct pair *, struct refragment *), uint32_t count,
                      uint64_t dropped)
{
    static const enum strait_dtls_version versions[] = { STRAIT_DTLS_1_3, STRAIT_DTLS_1_2 };
    struct pair *pair = malloc(sizeof *pair);
    for (size_t v = 0; v < 2; v++) {
        struct pair_options o = post_quantum(versions[v]);
        struct refragment r = { .plan = plan };
        strait__hooks_init(&r.hooks, NULL);
        pair_init(pair, 1);
        pair->tap = refragment;
        pair->tap_user = &r;
        assert_true(pair_connect(pair, &o));
        assert_true(pair_keys_match(pair, STRAIT_SRTP_AEAD_AES_128_GCM));
        struct strait_dtls_stats stats = pair_stats(pair, PAIR_SERVER);
        assert_int_equal(stats.version, versions[v]);
        assert_int_equal(stats.client_hello_fragments, count);
        assert_int_equal(stats.dropped_fragment, dropped);
        assert_int_equal(pair_stats(pair, PAIR_CLIENT).client_hello_fragments, 0);
        pair_finish(pair);
        assert_int_equal(pair->blocks, 0);
        strait__reassembly_reset(&r.hello, &r.hooks);
    }
    free(pair);
}

static void test_moving_boundary(void **state)
{
    (void)state;
    fragments(moving_boundary, 2, 0);
}

static void test_many_fragments(void **state)
{
    (void)state;
    fragments(many_backwards_twice, 14, 0);
}

static void test_overlapping_fragments(void **state)
{
    (void)state;
    fragments(overlapping, 4, 0);
}

static void test_forged_fragments(void **state)
{
    (void)state;
    /* The second replaces the first, two are beyond a bound, the true one replaces the second. */
    fragments(forged_first, 2, 4);
}

/* Our own client's ClientHello by size. */
static void test_fragments_by_mtu(void **state)
{
    static const struct {
        uint16_t mtu;
        enum strait_dtls_group group;
        uint32_t fragments;
    } cases[] = {
        { 1200, 0, 2 },
        { 1472, 0, 1 },
        { 600, 0, 3 },
        { 1200, STRAIT_GROUP_X25519, 1 },
    };
    struct pair *pair = malloc(sizeof *pair);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pair_options o = post_quantum(0);
        o.mtu = cases[i].mtu;
        o.groups[0][0] = cases[i].group;
        pair_init(pair, 1);
        assert_true(pair_connect(pair, &o));
        assert_true(pair->longest <= cases[i].mtu);
        assert_int_equal(pair_stats(pair, PAIR_SERVER).client_hello_fragments, cases[i].fragments);
        pair_finish(pair);
    }
    free(pair);
}

/* --- HelloRetryRequest --- */

struct retries {
    int seen, lose;
    uint8_t first[300];
    size_t len;
    uint64_t client_seq; /* the next number of the client's epoch 0 */
};

static bool on_retry(struct pair *pair, int from, uint8_t *data, size_t len, void *user)
{
    struct retries *r = user;
    (void)pair;
    if (from == PAIR_CLIENT && data[0] == STRAIT__HANDSHAKE && strait__get16(data + 3) == 0) {
        assert_int_equal(strait__get48(data + 5), r->client_seq++);
    }
    if (from != PAIR_SERVER || data[0] != STRAIT__HANDSHAKE ||
        !strait__is_hello_retry(data + 25, len - 25)) {
        return false;
    }
    if (r->seen++ == 0) {
        r->len = len;
        memcpy(r->first, data, len);
    }
    /* The same bytes: to the peer a copy of the network's. */
    assert_int_equal(len, r->len);
    assert_memory_equal(data, r->first, len);
    return r->seen <= r->lose;
}

static void test_lost_hello_retry(void **state)
{
    struct pair *pair = malloc(sizeof *pair);
    (void)state;
    for (int pq = 0; pq < 2; pq++) {
        struct pair_options o = post_quantum(0);
        struct retries r = { .lose = 3 };
        o.groups[1][0] = STRAIT_GROUP_P256;
        o.groups[0][0] = STRAIT_GROUP_X25519;
        o.groups[0][1] = STRAIT_GROUP_P256;
        if (pq) { /* both ClientHellos in fragments; the numbers of epoch 0 go on */
            o.groups[0][0] = STRAIT_GROUP_P256;
            o.groups[0][1] = STRAIT_GROUP_X25519MLKEM768;
            o.groups[1][0] = STRAIT_GROUP_X25519MLKEM768;
            o.min[0] = o.min[1] = STRAIT_DTLS_1_3;
        }
        pair_init(pair, 2);
        pair->tap = on_retry;
        pair->tap_user = &r;
        assert_true(pair_connect(pair, &o));
        assert_int_equal(r.seen, 4);
        assert_int_equal(pair_stats(pair, PAIR_CLIENT).flights_retransmitted, 3);
        assert_int_equal(pair_stats(pair, PAIR_CLIENT).group,
                         pq ? STRAIT_GROUP_X25519MLKEM768 : STRAIT_GROUP_P256);
        assert_true(pair_keys_match(pair, STRAIT_SRTP_AEAD_AES_128_GCM));
        pair_finish(pair);
    }
    free(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moving_boundary),       cmocka_unit_test(test_many_fragments),
        cmocka_unit_test(test_overlapping_fragments), cmocka_unit_test(test_forged_fragments),
        cmocka_unit_test(test_fragments_by_mtu),      cmocka_unit_test(test_lost_hello_retry),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pair_forget_certificates();
    return failed;
}
