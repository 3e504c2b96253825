/* Connection ids that are not ours, and the peer's address, which follows its newest authentic record. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/dtls_rig.h"

enum { ID = 8, ADDRESS_A = 1, ADDRESS_B, ADDRESS_C };

/* --- what is not ours --- */

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

#define ROSE(member, n) \
    assert_int_equal(pair_stats(pair, PAIR_SERVER).dropped_##member - before.dropped_##member, n)

static void foreign(enum strait_dtls_version v)
{
    bool dtls13 = v == STRAIT_DTLS_1_3;
    struct pair_options o = rig_cids(v, 0, ID);
    const uint8_t *id = rig_id(PAIR_SERVER);
    uint8_t other[ID];
    rig_join(2, &o);
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
        struct pair_options o = rig_cids(versions[v], -1, ID);
        rig_join(3, &o);
        struct strait_dtls_stats before = pair_stats(pair, PAIR_SERVER);
        pair_inject(pair, PAIR_SERVER, bytes, of_client(rig_id(PAIR_SERVER), ID, 100, 0, bytes));
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
    assert_memory_equal(id, rig_id(PAIR_SERVER), ID);
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
    struct pair_options o = rig_cids(v, 0, ID);
    rig_join(4, &o);
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

static int run(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_foreign),
        cmocka_unit_test(test_unwanted),
        cmocka_unit_test(test_moves),
        cmocka_unit_test(test_peek),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    return rig_run(run);
}
