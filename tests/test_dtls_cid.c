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

#include "tests/dtls_rig.h"

enum { CONNECTION_ID = 54, ID = 8 };

static struct oracle_record record;
static struct pair_options options_now;

static const int lengths[] = { -1, 0, 1, ID, STRAIT_DTLS_MAX_CID };

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

/* --- who agrees with whom --- */

static void negotiate(struct pair_options o, bool hrr)
{
    bool agreed = o.cid[0] && o.cid[1];
    if (hrr) {
        o.groups[0][0] = STRAIT_GROUP_X25519;
        o.groups[0][1] = o.groups[1][0] = STRAIT_GROUP_P256;
        o.groups[1][1] = 0;
    }
    rig_join(1u + o.cid_len[0] + 40u * o.cid_len[1], &o);
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
                struct pair_options o = rig_cids(versions[cell % 2], lengths[c], lengths[s]);
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
    memcpy(body + 1, rig_id(from), body[0]);
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
            assert_true(id_len == 0 || memcmp(record.cid, rig_id(!from), id_len) == 0);
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
                options_now = rig_cids(versions[v], lengths[c], lengths[5 - c]);
                rig_suite(suites[v][i]);
                pair_init(pair, 1);
                pair->tap = watch_wire;
                pair->tap_user = &watch;
                assert_true(pair_connect(pair, &options_now));
                assert_int_equal(pair_stats(pair, 0).cipher_suite, suites[v][i]);
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

/* --- over a bad network, small datagrams among them --- */

static void test_loss(void **state)
{
    (void)state;
    for (size_t v = 0; v < 2; v++) {
        for (uint64_t seed = 0; seed < 60; seed++) {
            struct pair_options o = rig_cids(versions[v], STRAIT_DTLS_MAX_CID, STRAIT_DTLS_MAX_CID);
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
        struct pair_options o = rig_cids(versions[i / 2], from == PAIR_CLIENT ? -1 : ID,
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
    struct pair_options o = rig_cids(v, 0, ID);
    uint8_t message[12 + 64] = { type };
    struct oracle_text text = { .type = 22, .seq = 40, .data = message, .len = 12 + len };
    rig_join(8, &o);
    message[3] = message[11] = (uint8_t)len;
    message[5] = oracle.dtls13 ? 2 : 0; /* message_seq: in 1.3 the next one */
    text.epoch = oracle.dtls13 ? 3 : 1;
    len = oracle_write(&oracle, PAIR_CLIENT, rig_id(PAIR_SERVER), ID, &text, bytes);
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
    struct pair_options o = rig_cids(STRAIT_DTLS_1_3, 4, STRAIT_DTLS_MAX_CID + 1);
    (void)state;
    pair_init(pair, 6);
    assert_int_equal(pair_create(pair, &o), STRAIT_E_INVALID);
    pair_finish(pair);
    o = rig_cids(STRAIT_DTLS_1_3, 4, 4);
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

static int run(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_negotiation), cmocka_unit_test(test_wire),
        cmocka_unit_test(test_loss),        cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_not_there),   cmocka_unit_test(test_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    return rig_run(run);
}
