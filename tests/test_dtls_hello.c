/* ClientHellos in fragments, and the server that asks for another one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/dtls_hellos.h"
#include "tests/dtls_pair.h"
#include "transport/dtls/reassemble.h"

static struct pair_options post_quantum(enum strait_dtls_version server_max)
{
    return (struct pair_options){
        .profiles = { { STRAIT_SRTP_AEAD_AES_128_GCM }, { STRAIT_SRTP_AEAD_AES_128_GCM } },
        .max = { 0, server_max },
    };
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
        pair->tap = refragment_tap;
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
    fragments(refragment_moving_boundary, 2, 0);
}

static void test_many_fragments(void **state)
{
    (void)state;
    fragments(refragment_many_backwards_twice, 15, 0);
}

static void test_overlapping_fragments(void **state)
{
    (void)state;
    fragments(refragment_overlapping, 4, 0);
}

static void test_forged_fragments(void **state)
{
    (void)state;
    /* The second replaces the first, two are beyond a bound, the true one replaces the second. */
    fragments(refragment_forged_first, 2, 4);
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

/* --- no cookie --- */

/* A server that makes associations at once, as behind ICE, asks for none: no round trip is wasted. */
static void test_no_cookie(void **state)
{
    static const enum strait_dtls_version versions[] = { STRAIT_DTLS_1_2, STRAIT_DTLS_1_3 };
    struct pair *pair = malloc(sizeof *pair);
    (void)state;
    for (int cell = 0; cell < 8; cell++) {
        enum strait_dtls_version version = versions[cell % 2];
        struct pair_options o = { .min = { version }, .max = { version } };
        o.groups[0][0] = STRAIT_GROUP_X25519;
        if (cell & 2) { /* the server has this one version */
            o.min[1] = o.max[1] = version;
        }
        if (cell & 4) {
            o.profiles[0][0] = o.profiles[1][0] = STRAIT_SRTP_AEAD_AES_128_GCM;
        }
        pair_init(pair, 1);
        assert_true(pair_connect(pair, &o));
        strait_time ways = version == STRAIT_DTLS_1_2 ? 4 : 2;
        assert_int_equal(pair->side[PAIR_CLIENT].connected - pair->start, ways * pair->delay);
        assert_int_equal(pair_stats(pair, PAIR_SERVER).profile,
                         cell & 4 ? STRAIT_SRTP_AEAD_AES_128_GCM : 0);
        pair_finish(pair);
    }
    free(pair);
}

/* --- ClientHellos of somebody else --- */

/* What another client would send to such a server: its first ClientHello, or the one after a request. */
static void other_hello(struct capture *c, const struct pair_options *options, uint16_t message_seq)
{
    struct pair *other = malloc(sizeof *other);
    struct pair_options o = *options;
    pair_init(other, 99);
    other->tap = capture_tap;
    other->tap_user = c;
    c->message_seq = message_seq;
    c->len = 0;
    assert_int_equal(pair_create(other, &o), STRAIT_OK);
    assert_int_equal(pair_start(other), STRAIT_OK);
    pair_run_for(other, 100 * STRAIT_MS);
    assert_true(c->len > 0);
    pair_finish(other);
    free(other);
}

static void no_suite(struct capture *c)
{
    uint8_t *suites = capture_suites(c);
    for (size_t i = 0; i < strait__get16(suites); i += 2) {
        strait__put16(suites + 2 + i, 0x00ff);
    }
}

/* signature_algorithms says another length within than without. */
static void no_sense(struct capture *c)
{
    capture_extension(c, 13)[5] ^= 2;
}

static const struct forgery {
    enum strait_dtls_version max;
    enum strait_dtls_group group;
    enum strait_srtp_profile profile;
    void (*damage)(struct capture *c);
    int error; /* STRAIT_OK: it is only dropped */
} forgeries[] = {
    { STRAIT_DTLS_1_2, 0, 0, NULL, STRAIT_E_VERSION },
    { 0, STRAIT_GROUP_P384, 0, NULL, STRAIT_E_NO_GROUP },
    { 0, 0, STRAIT_SRTP_AES128_CM_SHA1_80, NULL, STRAIT_E_NO_PROFILE },
    { 0, 0, 0, no_suite, STRAIT_E_NO_CIPHER },
    { 0, 0, 0, no_sense, STRAIT_OK },
};

/* A client of 1.3 with X25519 before P-256; the server has only the one or the other. */
static struct pair_options true_pair(enum strait_dtls_group group_of_server)
{
    return (struct pair_options){
        .min = { STRAIT_DTLS_1_3, STRAIT_DTLS_1_3 },
        .profiles = { { STRAIT_SRTP_AEAD_AES_128_GCM }, { STRAIT_SRTP_AEAD_AES_128_GCM } },
        .groups = { { STRAIT_GROUP_X25519, STRAIT_GROUP_P256 }, { group_of_server } },
    };
}

static void forge(struct capture *c, const struct forgery *f)
{
    struct pair_options o = true_pair(STRAIT_GROUP_X25519);
    if (f->max != 0) {
        o.min[0] = o.max[0] = f->max;
    }
    if (f->group != 0) {
        o.groups[0][0] = f->group;
        o.groups[0][1] = 0;
    }
    if (f->profile != 0) {
        o.profiles[0][0] = f->profile;
    }
    other_hello(c, &o, 0);
    if (f->damage != NULL) {
        f->damage(c);
    }
}

/* It is there first; the true one wins. */
static void test_forged_hello_first(void **state)
{
    struct pair *pair = malloc(sizeof *pair);
    struct capture *c = malloc(sizeof *c);
    (void)state;
    for (size_t i = 0; i < sizeof forgeries / sizeof *forgeries; i++) {
        struct pair_options o = true_pair(STRAIT_GROUP_X25519);
        forge(c, &forgeries[i]);
        pair_init(pair, 3);
        assert_int_equal(pair_create(pair, &o), STRAIT_OK);
        assert_int_equal(pair_start(pair), STRAIT_OK);
        pair_inject(pair, PAIR_SERVER, c->data, c->len);
        assert_int_equal(strait_dtls_state(pair->side[PAIR_SERVER].dtls), STRAIT_DTLS_CONNECTING);
        assert_int_equal(pair->side[PAIR_SERVER].sent, 0);
        pair_run(pair, pair->start + 10 * STRAIT_S);
        assert_true(pair_keys_match(pair, STRAIT_SRTP_AEAD_AES_128_GCM));
        assert_int_equal(pair->side[PAIR_CLIENT].connected - pair->start, 2 * pair->delay);
        assert_int_equal(pair_stats(pair, PAIR_SERVER).refused_hellos, forgeries[i].error != 0);
        assert_int_equal(pair_stats(pair, PAIR_SERVER).dropped_malformed, forgeries[i].error == 0);
        pair_run_for(pair, 5 * STRAIT_S);
        assert_int_equal(strait_dtls_state(pair->side[PAIR_SERVER].dtls), STRAIT_DTLS_CONNECTED);
        pair_finish(pair);
    }
    free(c);
    free(pair);
}

/* It is all there is: the alert and the failure come 2 s after the first of them. */
static void test_disagreeing_hello_alone(void **state)
{
    struct pair *pair = malloc(sizeof *pair);
    struct capture *c = malloc(sizeof *c);
    (void)state;
    for (size_t i = 0; i < sizeof forgeries / sizeof *forgeries; i++) {
        struct pair_options o = true_pair(STRAIT_GROUP_X25519);
        struct pair_side *server = &pair->side[PAIR_SERVER];
        forge(c, &forgeries[i]);
        pair_init(pair, 3);
        assert_int_equal(pair_create(pair, &o), STRAIT_OK);
        assert_int_equal(strait_dtls_start(server->dtls, pair->now), STRAIT_OK);
        pair_inject(pair, PAIR_SERVER, c->data, c->len);
        pair_run_for(pair, 1900 * STRAIT_MS);
        pair_inject(pair, PAIR_SERVER, c->data, c->len);
        assert_int_equal(strait_dtls_state(server->dtls), STRAIT_DTLS_CONNECTING);
        assert_int_equal(server->sent, 0);
        pair_run_for(pair, 100 * STRAIT_MS);
        assert_int_equal(strait_dtls_error(server->dtls), forgeries[i].error);
        assert_int_equal(server->sent, forgeries[i].error != 0);
        pair_finish(pair);
    }
    free(c);
    free(pair);
}

struct second {
    struct capture *forged;
    bool done;
};

static bool before_second(struct pair *pair, int from, uint8_t *data, size_t len, void *user)
{
    struct second *s = user;
    if (from == PAIR_CLIENT && !s->done && len > 25 && data[13] == STRAIT__CLIENT_HELLO &&
        strait__get16(data + 17) == 1) {
        s->done = true;
        pair_queue(pair, PAIR_SERVER, s->forged->data, s->forged->len);
    }
    return false;
}

/* As the second ClientHello, after a HelloRetryRequest that it did not need to see. */
static void test_forged_second_hello(void **state)
{
    static void (*const damages[])(struct capture *) = { no_suite, no_sense };
    struct pair *pair = malloc(sizeof *pair);
    struct capture *c = malloc(sizeof *c);
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct pair_options o = true_pair(STRAIT_GROUP_P256);
        struct second s = { .forged = c };
        other_hello(c, &o, 1);
        damages[i](c);
        pair_init(pair, 4);
        pair->tap = before_second;
        pair->tap_user = &s;
        assert_true(pair_connect(pair, &o));
        assert_true(s.done);
        assert_true(pair_keys_match(pair, STRAIT_SRTP_AEAD_AES_128_GCM));
        struct strait_dtls_stats stats = pair_stats(pair, PAIR_SERVER);
        assert_int_equal(stats.refused_hellos + stats.dropped_malformed, 1);
        assert_int_equal(stats.group, STRAIT_GROUP_P256);
        assert_int_equal(pair->side[PAIR_CLIENT].connected - pair->start, 4 * pair->delay);
        pair_finish(pair);
        assert_int_equal(pair->blocks, 0);
    }
    free(c);
    free(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moving_boundary),
        cmocka_unit_test(test_many_fragments),
        cmocka_unit_test(test_overlapping_fragments),
        cmocka_unit_test(test_forged_fragments),
        cmocka_unit_test(test_fragments_by_mtu),
        cmocka_unit_test(test_lost_hello_retry),
        cmocka_unit_test(test_no_cookie),
        cmocka_unit_test(test_forged_hello_first),
        cmocka_unit_test(test_disagreeing_hello_alone),
        cmocka_unit_test(test_forged_second_hello),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pair_forget_certificates();
    return failed;
}
