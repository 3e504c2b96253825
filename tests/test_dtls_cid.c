/*
 * Connection ids: RFC 9146 in DTLS 1.2, RFC 9147, section 9 in 1.3. No peer of another make is at hand, so
 * that each record is read by a decoder that knows the RFCs and not the library.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/dtls_oracle.h"
#include "tests/dtls_pair.h"

enum { CONNECTION_ID = 54, ID = 8, ADDRESS_A = 1, ADDRESS_B, ADDRESS_C };

static struct pair *pair;
static struct oracle oracle;
static struct oracle_record record;
static struct pair_options options_now;
static uint16_t suite;

static const enum strait_dtls_version versions[] = { STRAIT_DTLS_1_2, STRAIT_DTLS_1_3 };
static const int lengths[] = { -1, 0, 1, ID, STRAIT_DTLS_MAX_CID };

static void on_keylog(void *user, const char *line)
{
    (void)user;
    oracle_line(&oracle, line);
}

static void configure(struct pair_side *side, struct strait_dtls_config *config)
{
    (void)side;
    config->events.keylog = on_keylog;
    if (suite != 0) {
        config->cipher_suites[0] = suite;
        config->n_cipher_suites = 1;
    }
}

/* -1: no connection ids */
static struct pair_options options(enum strait_dtls_version v, int client, int server)
{
    struct pair_options o = {
        .profiles = { { STRAIT_SRTP_AEAD_AES_128_GCM }, { STRAIT_SRTP_AEAD_AES_128_GCM } },
        .groups = { { STRAIT_GROUP_X25519, STRAIT_GROUP_P256 },
                    { STRAIT_GROUP_X25519, STRAIT_GROUP_P256 } },
        .min = { v },
        .max = { v },
        .cid = { client >= 0, server >= 0 },
        .cid_len = { client > 0 ? (uint8_t)client : 0, server > 0 ? (uint8_t)server : 0 },
        .configure = configure,
    };
    suite = 0;
    memset(&oracle, 0, sizeof oracle);
    return o;
}

static const uint8_t *id_of(int side)
{
    static uint8_t ids[2][STRAIT_DTLS_MAX_CID];
    for (size_t i = 0; i < STRAIT_DTLS_MAX_CID; i++) {
        ids[side][i] = pair_cid(side, i);
    }
    return ids[side];
}

static void exchange(int n)
{
    for (int i = 0; i < 2; i++) {
        int before = pair->side[!i].n_data;
        for (int k = 0; k < n; k++) {
            assert_int_equal(
                strait_dtls_send(pair->side[i].dtls, pair->now, (const uint8_t *)"abcdef", 6),
                STRAIT_OK);
        }
        pair_run_for(pair, 200 * STRAIT_MS);
        assert_int_equal(pair->side[!i].n_data, before + n);
    }
}

static void join(uint64_t seed, const struct pair_options *o)
{
    pair_init(pair, seed);
    if (!pair_connect(pair, o)) {
        print_message("%d/%d %d/%d cookies %d max %x: %s / %s\n", o->cid[0], o->cid_len[0],
                      o->cid[1], o->cid_len[1], o->cookies, o->max[0],
                      strait_dtls_error_detail(pair->side[0].dtls),
                      strait_dtls_error_detail(pair->side[1].dtls));
    }
    assert_true(strait_dtls_state(pair->side[0].dtls) == 2);
    pair_run_for(pair, STRAIT_S);
}

/* --- who agrees with whom --- */

static void negotiate(struct pair_options o, bool hrr)
{
    bool agreed = o.cid[0] && o.cid[1];
    if (hrr) {
        o.groups[0][0] = STRAIT_GROUP_X25519;
        o.groups[0][1] = o.groups[1][0] = STRAIT_GROUP_P256;
        o.groups[1][1] = 0;
    }
    join(1u + o.cid_len[0] + 40u * o.cid_len[1], &o);
    assert_true(pair_keys_match(pair, STRAIT_SRTP_AEAD_AES_128_GCM));
    exchange(3);
    for (int i = 0; i < 2; i++) {
        struct strait_dtls_stats stats = pair_stats(pair, i);
        assert_int_equal(stats.cid, agreed);
        assert_int_equal(stats.dropped_cid + stats.dropped_forged + stats.dropped_epoch, 0);
    }
    strait_dtls_close(pair->side[0].dtls, pair->now);
    pair_run_for(pair, STRAIT_S);
    assert_int_equal(strait_dtls_state(pair->side[1].dtls), STRAIT_DTLS_CLOSED);
    pair_finish(pair);
    assert_int_equal(pair->blocks, 0);
}

static void test_negotiation(void **state)
{
    (void)state;
    for (size_t cell = 0; cell < 4; cell++) {
        for (size_t c = 0; c < 5; c++) {
            for (size_t s = 0; s < 5; s++) {
                struct pair_options o = options(versions[cell % 2], lengths[c], lengths[s]);
                if (cell > 1) { /* the server has no other version */
                    o.min[1] = o.max[1] = o.max[0];
                }
                negotiate(o, false);
                negotiate(o, true);
                o.cookies = true;
                negotiate(o, false);
                negotiate(o, true);
            }
        }
    }
}

/* --- each record on the wire, by the RFC --- */

struct watch {
    int protected, plain, hellos;
};

static void check_hello(int from, const uint8_t *data, size_t len)
{
    uint8_t body[1 + STRAIT_DTLS_MAX_CID] = { options_now.cid_len[from] };
    memcpy(body + 1, id_of(from), body[0]);
    /* RFC 9146, 3: opaque cid<0..2^8-1> */
    assert_true(oracle_hello_has(data, len, CONNECTION_ID, body, 1u + body[0]));
}

static bool watch_wire(struct pair *p, int from, uint8_t *data, size_t len, void *user)
{
    struct watch *watch = user;
    size_t id_len = options_now.cid_len[!from];
    (void)p;
    while (len > 0) {
        size_t size;
        if (data[0] < 0x20 && data[3] == 0 && data[4] == 0) {
            size = 13u + (size_t)(data[11] << 8 | data[12]);
            assert_int_not_equal(data[0], 25);
            if (data[0] == 22 && (data[13] == 1 || data[13] == 2)) {
                check_hello(from, data, len);
                oracle_hello(&oracle, data, len);
                watch->hellos++;
            }
            watch->plain++;
        } else {
            assert_true(oracle_read(&oracle, from, id_len, data, len, &record));
            assert_int_equal(record.unified, oracle.dtls13);
            /* An empty id is none: RFC 9146, 3; RFC 9147, 9. */
            assert_int_equal(record.has_cid, id_len > 0);
            assert_true(id_len == 0 || memcmp(record.cid, id_of(!from), id_len) == 0);
            assert_true(record.type >= 20 && record.type <= 26);
            size = record.size;
            watch->protected ++;
        }
        assert_true(size <= len);
        data += size;
        len -= size;
    }
    return false;
}

static void test_wire(void **state)
{
    static const uint16_t suites[2][3] = { { 0xc02b, 0xc02c, 0xcca9 }, { 0x1301, 0x1302, 0x1303 } };
    (void)state;
    for (size_t v = 0; v < 2; v++) {
        for (size_t i = 0; i < 3; i++) {
            for (size_t c = 1; c < 5; c++) {
                struct watch watch = { 0 };
                options_now = options(versions[v], lengths[c], lengths[5 - c]);
                suite = suites[v][i];
                pair_init(pair, 1);
                pair->tap = watch_wire;
                pair->tap_user = &watch;
                assert_true(pair_connect(pair, &options_now));
                assert_int_equal(pair_stats(pair, 0).cipher_suite, suite);
                exchange(5);
                if (v == 1) {
                    assert_int_equal(strait_dtls_update_keys(pair->side[0].dtls, pair->now),
                                     STRAIT_OK);
                    pair_run_for(pair, STRAIT_S);
                    exchange(5);
                }
                strait_dtls_close(pair->side[1].dtls, pair->now);
                pair_run_for(pair, STRAIT_S);
                assert_int_equal(strait_dtls_error(pair->side[0].dtls), STRAIT_E_CLOSED);
                assert_int_equal(watch.hellos, 2);
                assert_true(watch.protected >= 12 + 10 * (int)v);
                pair_finish(pair);
            }
        }
    }
}

/* --- what is not ours --- */

static uint8_t bytes[20000];

/* The client's record, as its key would protect it. */
static size_t of_client(const uint8_t *id, size_t id_len, uint64_t seq, size_t padding,
                        uint8_t *out)
{
    struct oracle_text text = {
        .epoch = oracle.dtls13 ? 3 : 1,
        .seq = seq,
        .type = 23,
        .data = "hello",
        .len = 5,
        .padding = padding,
    };
    return oracle_write(&oracle, PAIR_CLIENT, id, id_len, &text, out);
}

static bool learn(struct pair *p, int from, uint8_t *data, size_t len, void *user)
{
    (void)p;
    (void)user;
    if (from == PAIR_SERVER) {
        oracle_hello(&oracle, data, len);
    }
    return false;
}

static void connect_known(uint64_t seed, const struct pair_options *o)
{
    pair_init(pair, seed);
    pair->tap = learn;
    assert_true(pair_connect(pair, o));
    pair_run_for(pair, STRAIT_S);
}

#define ROSE(member, n) \
    assert_int_equal(pair_stats(pair, PAIR_SERVER).dropped_##member - before.dropped_##member, n)

static void foreign(enum strait_dtls_version v)
{
    bool dtls13 = v == STRAIT_DTLS_1_3;
    struct pair_options o = options(v, 0, ID);
    const uint8_t *id = id_of(PAIR_SERVER);
    uint8_t other[ID];
    connect_known(2, &o);
    struct strait_dtls_stats before = pair_stats(pair, PAIR_SERVER);
    for (size_t i = 0; i < ID; i++) { /* one bit is enough */
        memcpy(other, id, ID);
        other[i] ^= 1;
        pair_inject(pair, PAIR_SERVER, bytes, of_client(other, ID, 100 + i, 0, bytes));
    }
    ROSE(cid, ID);
    /* None at all, and one of another length. */
    pair_inject(pair, PAIR_SERVER, bytes, of_client(NULL, 0, 110, 0, bytes));
    pair_inject(pair, PAIR_SERVER, bytes, of_client(other, ID - 1, 111, 0, bytes));
    ROSE(cid, ID + 2);
    /* Cut short within the id. */
    size_t at = dtls13 ? 1 : 11;
    for (size_t n = 1; n < ID; n++) {
        pair_inject(pair, PAIR_SERVER, bytes, (of_client(id, ID, 120, 0, bytes), at + n));
    }
    ROSE(truncated, ID - 1);
    /* Ours, and then not authentic. */
    size_t len = of_client(id, ID, 130, 0, bytes);
    bytes[len - 1] ^= 1;
    pair_inject(pair, PAIR_SERVER, bytes, len);
    ROSE(forged, 1);
    assert_int_equal(pair->side[PAIR_SERVER].n_data, 0);
    /* A datagram: good, another's, good. RFC 9147, 4: the rest is another's as well; RFC 9146 has no such
     * rule. */
    len = of_client(id, ID, 140, 0, bytes);
    len += of_client(other, ID, 141, 0, bytes + len);
    len += of_client(id, ID, 142, 0, bytes + len);
    pair_inject(pair, PAIR_SERVER, bytes, len);
    ROSE(cid, ID + 3);
    assert_int_equal(pair->side[PAIR_SERVER].n_data, dtls13 ? 1 : 2);
    /* Padding is taken off: RFC 9146, 4; RFC 8446, 5.4. */
    pair_inject(pair, PAIR_SERVER, bytes, of_client(id, ID, 150, 100, bytes));
    assert_int_equal(pair->side[PAIR_SERVER].n_data, dtls13 ? 2 : 3);
    assert_int_equal(pair->side[PAIR_SERVER].data_len[1], 5);
    ROSE(forged, 1);
    ROSE(truncated, ID - 1);
    pair_finish(pair);
}

static void test_foreign(void **state)
{
    (void)state;
    foreign(STRAIT_DTLS_1_2);
    foreign(STRAIT_DTLS_1_3);
}

/* An id where none was agreed on. */
static void test_unwanted(void **state)
{
    (void)state;
    for (size_t v = 0; v < 2; v++) {
        struct pair_options o = options(versions[v], -1, ID);
        connect_known(3, &o);
        struct strait_dtls_stats before = pair_stats(pair, PAIR_SERVER);
        pair_inject(pair, PAIR_SERVER, bytes, of_client(id_of(PAIR_SERVER), ID, 100, 0, bytes));
        ROSE(cid, 1);
        pair_inject(pair, PAIR_SERVER, bytes, of_client(NULL, 0, 101, 0, bytes));
        assert_int_equal(pair->side[PAIR_SERVER].n_data, 1);
        pair_finish(pair);
    }
}

/* --- the peer's address --- */

/* A host with one association, as it is written down in strait/dtls.h. */
static struct {
    int peer; /* an address */
    int moves;
} host;

static void host_receives(int from, const uint8_t *data, size_t len)
{
    const uint8_t *id;
    assert_int_equal(strait_dtls_peek_cid(data, len, ID, &id), ID);
    assert_memory_equal(id, id_of(PAIR_SERVER), ID);
    memcpy(bytes, data, len);
    strait_dtls_receive(pair->side[PAIR_SERVER].dtls, pair->now, bytes, len);
    if (strait_dtls_newest(pair->side[PAIR_SERVER].dtls) && host.peer != from) {
        host.peer = from;
        host.moves++;
    }
}

struct datagram {
    uint8_t data[200];
    size_t len;
};

static bool hold(struct pair *p, int from, uint8_t *data, size_t len, void *user)
{
    struct datagram *held = user;
    (void)p;
    if (from == PAIR_CLIENT && len <= sizeof held->data) {
        memcpy(held->data, data, len);
        held->len = len;
    }
    return from == PAIR_CLIENT;
}

static struct datagram client_sends(void)
{
    struct datagram d = { .len = 0 };
    pair->tap = hold;
    pair->tap_user = &d;
    assert_int_equal(
        strait_dtls_send(pair->side[PAIR_CLIENT].dtls, pair->now, (const uint8_t *)"abc", 3),
        STRAIT_OK);
    pair->tap = NULL;
    assert_true(d.len > 0);
    return d;
}

static void expect(int peer, int moves, int n_data)
{
    assert_int_equal(host.peer, peer);
    assert_int_equal(host.moves, moves);
    assert_int_equal(pair->side[PAIR_SERVER].n_data, n_data);
}

static void moves(enum strait_dtls_version v)
{
    struct pair_options o = options(v, 0, ID);
    join(4, &o);
    host.peer = ADDRESS_A;
    host.moves = 0;
    struct datagram first = client_sends(), late = client_sends(), third = client_sends();
    host_receives(ADDRESS_A, first.data, first.len);
    expect(ADDRESS_A, 0, 1);
    host_receives(ADDRESS_B, third.data, third.len); /* the client moved */
    expect(ADDRESS_B, 1, 2);
    host_receives(ADDRESS_A, late.data, late.len); /* came late, is good, and old */
    expect(ADDRESS_B, 1, 3);
    host_receives(ADDRESS_C, first.data, first.len); /* replays from elsewhere */
    host_receives(ADDRESS_C, late.data, late.len);
    host_receives(ADDRESS_C, third.data, third.len);
    expect(ADDRESS_B, 1, 3);
    assert_int_equal(pair_stats(pair, PAIR_SERVER).dropped_replayed, 3);
    struct datagram next = client_sends(), forged = next;
    forged.data[forged.len - 1] ^= 1;
    host_receives(ADDRESS_C, forged.data, forged.len);
    expect(ADDRESS_B, 1, 3);
    /* Held back before a change of keys, given out after it: an old epoch. */
    struct datagram kept = client_sends();
    host_receives(ADDRESS_C, next.data, next.len);
    expect(ADDRESS_C, 2, 4);
    if (v == STRAIT_DTLS_1_3) {
        assert_int_equal(strait_dtls_update_keys(pair->side[PAIR_CLIENT].dtls, pair->now),
                         STRAIT_OK);
        pair_run_for(pair, STRAIT_S);
        struct datagram new_epoch = client_sends();
        host_receives(ADDRESS_A, new_epoch.data, new_epoch.len);
        expect(ADDRESS_A, 3, 5);
        host_receives(ADDRESS_B, kept.data, kept.len);
        expect(ADDRESS_A, 3, 6);
    } else {
        host_receives(ADDRESS_C, kept.data, kept.len);
        expect(ADDRESS_C, 2, 5);
    }
    /* A datagram of which one record is old and one is new. */
    struct datagram a = client_sends(), b = client_sends();
    memcpy(a.data + a.len, b.data, b.len);
    int n = pair->side[PAIR_SERVER].n_data, before = host.moves;
    host_receives(host.peer, b.data, b.len);
    memmove(a.data + a.len + b.len, a.data, a.len);
    host_receives(ADDRESS_B, a.data, a.len + b.len);
    assert_int_equal(pair->side[PAIR_SERVER].n_data, n + 2);
    assert_int_equal(host.moves, before);
    pair_finish(pair);
}

static void test_moves(void **state)
{
    (void)state;
    moves(STRAIT_DTLS_1_2);
    moves(STRAIT_DTLS_1_3);
}

static void test_peek(void **state)
{
    uint8_t d[64] = { 25, 0xfe, 0xfd };
    const uint8_t *id = NULL;
    (void)state;
    assert_int_equal(strait_dtls_peek_cid(d, 11 + ID + 2, ID, &id), ID);
    assert_ptr_equal(id, d + 11);
    assert_int_equal(strait_dtls_peek_cid(d, 11 + ID + 1, ID, &id), 0);
    d[0] = 0x3c;
    assert_int_equal(strait_dtls_peek_cid(d, 1 + ID, ID, &id), ID);
    assert_ptr_equal(id, d + 1);
    assert_int_equal(strait_dtls_peek_cid(d, ID, ID, &id), 0);
    assert_int_equal(strait_dtls_peek_cid(d, 64, 0, &id), 0);
    assert_int_equal(strait_dtls_peek_cid(NULL, 64, ID, &id), 0);
    assert_int_equal(strait_dtls_peek_cid(d, 0, ID, &id), 0);
    for (unsigned first = 0; first < 256; first++) {
        d[0] = (uint8_t)first;
        size_t expected = first == 25 || (first & 0xf0) == 0x30 ? ID : 0;
        assert_int_equal(strait_dtls_peek_cid(d, sizeof d, ID, &id), expected);
    }
    assert_false(strait_dtls_newest(NULL));
}

/* --- over a bad network, small datagrams among them --- */

static void test_loss(void **state)
{
    (void)state;
    for (size_t v = 0; v < 2; v++) {
        for (uint64_t seed = 0; seed < 60; seed++) {
            struct pair_options o = options(versions[v], STRAIT_DTLS_MAX_CID, STRAIT_DTLS_MAX_CID);
            o.mtu = seed % 2 ? 256 : 1200;
            o.cookies = seed % 4 > 1;
            if (seed % 5 == 0) { /* no agreement */
                o.cid[1] = false;
                o.cid_len[1] = 0;
            }
            pair_init(pair, seed);
            pair->loss = 20;
            pair->duplication = 20;
            pair->reorder = 20;
            pair->mtu = o.mtu;
            assert_true(pair_connect(pair, &o));
            assert_true(pair_keys_match(pair, STRAIT_SRTP_AEAD_AES_128_GCM));
            assert_true(pair->longest <= o.mtu);
            pair->loss = 0;
            pair_run_for(pair, 10 * STRAIT_S);
            exchange(3);
            for (int i = 0; i < 2; i++) {
                struct strait_dtls_stats stats = pair_stats(pair, i);
                assert_int_equal(stats.dropped_cid + stats.dropped_forged, 0);
                assert_int_equal(stats.cid, o.cid[1]);
            }
            pair_finish(pair);
        }
    }
}

/* --- ids that are too long for us --- */

static bool lengthen(struct pair *p, int from, uint8_t *data, size_t len, void *user)
{
    int *from_whom = user;
    if (from == PAIR_SERVER && *from_whom == PAIR_CLIENT && data[0] == 22 && data[13] == 2) {
        /* Ours is not among the answers. */
        assert_false(oracle_hello_has(data, len, CONNECTION_ID, NULL, 0));
    }
    if (from == *from_whom && data[0] == 22 && data[13] == (from == PAIR_CLIENT ? 1 : 2)) {
        uint8_t body[256] = { 255 };
        memcpy(bytes, data, len);
        pair_queue(p, !from, bytes, oracle_extend_hello(bytes, CONNECTION_ID, body, 256));
        return true;
    }
    return false;
}

static void test_too_long(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        int from = i & 1;
        struct pair_options o = options(versions[i / 2], from == PAIR_CLIENT ? -1 : ID,
                                        from == PAIR_CLIENT ? ID : -1);
        o.handshake_timeout = 3 * STRAIT_S;
        pair_init(pair, 5);
        pair->tap = lengthen;
        pair->tap_user = &from;
        assert_false(pair_connect(pair, &o)); /* the hello was changed on its way */
        for (int k = 0; k < 2; k++) {
            assert_int_equal(strait_dtls_state(pair->side[k].dtls), STRAIT_DTLS_FAILED);
            assert_int_not_equal(strait_dtls_error(pair->side[k].dtls), STRAIT_OK);
        }
        pair_finish(pair);
    }
}

/* --- what strait/dtls.h says is not there --- */

static void says(enum strait_dtls_version v, uint8_t type, size_t len)
{
    struct pair_options o = options(v, 0, ID);
    uint8_t message[12 + 64] = { type };
    struct oracle_text text = { .type = 22, .seq = 40, .data = message, .len = 12 + len };
    connect_known(8, &o);
    message[3] = message[11] = (uint8_t)len;
    message[5] = oracle.dtls13 ? 2 : 0; /* message_seq: in 1.3 the next one */
    text.epoch = oracle.dtls13 ? 3 : 1;
    len = oracle_write(&oracle, PAIR_CLIENT, id_of(PAIR_SERVER), ID, &text, bytes);
    pair_inject(pair, PAIR_SERVER, bytes, len);
    pair_run_for(pair, STRAIT_S);
    assert_int_equal(strait_dtls_state(pair->side[PAIR_SERVER].dtls), STRAIT_DTLS_FAILED);
    assert_int_equal(strait_dtls_state(pair->side[PAIR_CLIENT].dtls), STRAIT_DTLS_FAILED);
    assert_int_equal(strait_dtls_error(pair->side[PAIR_CLIENT].dtls), STRAIT_E_ALERT);
    pair_finish(pair);
}

static void test_not_there(void **state)
{
    enum { CLIENT_HELLO = 1, REQUEST_CONNECTION_ID = 9, NEW_CONNECTION_ID = 10 };
    (void)state;
    says(STRAIT_DTLS_1_2, CLIENT_HELLO, 60);
    says(STRAIT_DTLS_1_3, REQUEST_CONNECTION_ID, 1);
    says(STRAIT_DTLS_1_3, NEW_CONNECTION_ID, 12);
}

static void test_configuration(void **state)
{
    struct pair_options o = options(STRAIT_DTLS_1_3, 4, STRAIT_DTLS_MAX_CID + 1);
    (void)state;
    pair_init(pair, 6);
    assert_int_equal(pair_create(pair, &o), STRAIT_E_INVALID);
    pair_finish(pair);
    o = options(STRAIT_DTLS_1_3, 4, 4);
    o.min[0] = STRAIT_DTLS_1_2;
    pair_init(pair, 6);
    assert_int_equal(pair_create(pair, &o), STRAIT_E_UNSUPPORTED);
    pair_finish(pair);
    o.min[0] = STRAIT_DTLS_1_3;
    o.cid_len[1] = 1;
    o.cid[1] = false;
    pair_init(pair, 6);
    assert_int_equal(pair_create(pair, &o), STRAIT_E_INVALID);
    pair_finish(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_negotiation), cmocka_unit_test(test_wire),
        cmocka_unit_test(test_foreign),     cmocka_unit_test(test_unwanted),
        cmocka_unit_test(test_moves),       cmocka_unit_test(test_peek),
        cmocka_unit_test(test_loss),        cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_not_there),   cmocka_unit_test(test_configuration),
    };
    pair = malloc(sizeof *pair);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pair_forget_certificates();
    free(pair);
    return failed;
}
