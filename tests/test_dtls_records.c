/*
 * Records that harm nothing: one of each kind at every step of a handshake and after it, each under its own
 * counter, and the handshake ends with the keys that it would have had.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/dtls_rig.h"

enum { STEP_MS = 6, STEPS = 45 };

static uint8_t zeros[20000];

/* --- the counters by name --- */

#define NAME(member)                                                  \
    {                                                                 \
#member, offsetof(struct strait_dtls_stats, dropped_##member) \
    }

static const struct {
    const char *name;
    size_t offset;
} names[] = {
    NAME(truncated),    NAME(type),          NAME(version),      NAME(overlong),  NAME(empty),
    NAME(short),        NAME(epoch),         NAME(cid),          NAME(malformed), NAME(alert),
    NAME(data),         NAME(ack),           NAME(client_hello), NAME(forged),    NAME(handshake),
    NAME(server_hello), NAME(change_cipher), NAME(replayed),     NAME(fragment),  NAME(held),
    NAME(ended),
};
enum { NAMES = sizeof names / sizeof *names };

static uint64_t counter(const struct strait_dtls_stats *stats, size_t i)
{
    uint64_t value;
    memcpy(&value, (const char *)stats + names[i].offset, sizeof value);
    return value;
}

/* Which of them rose, and by how much they did together. */
static const char *risen(const struct strait_dtls_stats *before,
                         const struct strait_dtls_stats *after, uint64_t *sum)
{
    const char *name = "none";
    *sum = 0;
    for (size_t i = 0; i < NAMES; i++) {
        uint64_t more = counter(after, i) - counter(before, i);
        name = more > 0 ? names[i].name : name;
        *sum += more;
    }
    return name;
}

/* --- one record of each kind --- */

struct view {                            /* of the side that gets it */
    bool dtls13, server, finished, keys; /* keys: it can read protected records */
};

struct raw {
    uint8_t type; /* or the first byte of a unified header; 0: as in the other version */
    uint16_t epoch;
    size_t len;
    size_t more, less; /* that the length says; that the datagram ends before */
    const char *body;  /* NULL: zeros, or garbage behind a unified header */
    uint16_t version;  /* 0: 1.2's */
};

enum who { ANY, CLIENT_ONLY, SERVER_ONLY };

struct kind {
    const char *what;
    struct raw in12, in13;
    const char *counter;
    const char *(*rule)(const struct view *view); /* where it depends; NULL from it: one of two */
    enum who to;
};

static size_t make(uint8_t *out, const struct kind *kind, bool dtls13)
{
    const struct raw *r = dtls13 && kind->in13.type != 0 ? &kind->in13 : &kind->in12;
    uint16_t version = r->version != 0 ? r->version : 0xfefd;
    size_t said = r->len + r->more, header = 13;
    out[0] = r->type;
    if ((r->type & 0xe0) == 0x20) {
        header = 5;
        for (size_t i = 0; i < 2 + r->len; i++) {
            out[i < 2 ? 1 + i : 3 + i] = (uint8_t)(7 * i + 3);
        }
    } else {
        const uint8_t middle[] = { (uint8_t)(version >> 8),
                                   (uint8_t)version,
                                   (uint8_t)(r->epoch >> 8),
                                   (uint8_t)r->epoch,
                                   0,
                                   0,
                                   0,
                                   0,
                                   1,
                                   7 };
        memcpy(out + 1, middle, sizeof middle);
        memcpy(out + 13, r->body != NULL ? r->body : (const char *)zeros, r->len);
    }
    out[header - 2] = (uint8_t)(said >> 8);
    out[header - 1] = (uint8_t)said;
    return header + r->len - r->less;
}

/* A protected record must first have an epoch that there is. */
static const char *epoch_first(const struct view *view)
{
    return view->dtls13 && view->server && !view->keys ? "epoch" : NULL;
}

static const char *is_long(const struct view *view)
{
    return epoch_first(view) != NULL ? "epoch" : "overlong";
}

static const char *is_empty(const struct view *view)
{
    return epoch_first(view) != NULL ? "epoch" : "empty";
}

static const char *is_short(const struct view *view)
{
    return epoch_first(view) != NULL ? "epoch" : "short";
}

static const char *is_forged(const struct view *view)
{
    return view->keys ? "forged" : "epoch";
}

/* 1.3: epoch 3 has keys later than epoch 2; 1.2 has no ACK. */
static const char *is_forged_ack(const struct view *view)
{
    return !view->dtls13 ? "epoch" : view->finished ? "forged" : NULL;
}

#define LYING "\x0b\0\0\x05\0\1\0\0\0\0\0\x05xx"
#define HELLO(type) type "\0\0\2\0\0\0\0\0\0\0\2xx"

static const struct kind kinds[] = {
    { "header cut short",
      { .type = 22, .epoch = 1, .len = 40, .less = 41 },
      .counter = "truncated" },
    { "unknown type", { .type = 24, .epoch = 1, .len = 40 }, .counter = "type" },
    { "wrong version",
      { .type = 23, .epoch = 1, .len = 40, .version = 0x0303 },
      .counter = "version" },
    { "length beyond the datagram", { .type = 22, .len = 40, .more = 1 }, .counter = "overlong" },
    { "over-long, unprotected", { .type = 23, .len = 16385 }, .counter = "overlong" },
    { "over-long, protected",
      { .type = 23, .epoch = 1, .len = 18433 },
      { .type = 0x2e, .len = 16384 + 257 },
      .rule = is_long },
    { "empty, unprotected", { .type = 22, .len = 0 }, .counter = "empty" },
    { "empty, protected",
      { .type = 23, .epoch = 1, .len = 0 },
      { .type = 0x2e, .len = 0 },
      .rule = is_empty },
    { "short",
      { .type = 23, .epoch = 1, .len = 15 },
      { .type = 0x2e, .len = 16 },
      .rule = is_short },
    { "alert of three bytes", { .type = 21, .len = 3 }, .counter = "malformed" },
    { "fragment beyond its record",
      { .type = 22, .len = 14, .body = LYING },
      .counter = "malformed" },
    { "warning", { .type = 21, .len = 2, .body = "\x01\x5a" }, .counter = "alert" },
    { "fatal alert", { .type = 21, .len = 2, .body = "\x02\x28" }, .counter = "alert" },
    { "close_notify", { .type = 21, .len = 2, .body = "\x01\0" }, .counter = "alert" },
    { "application data", { .type = 23, .len = 5, .body = "hello" }, .counter = "data" },
    { "ACK",
      { .type = 26, .len = 18, .body = "\0\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" },
      .counter = "ack" },
    { "another epoch",
      { .type = 23, .epoch = 2, .len = 60 },
      { .type = 23, .epoch = 1, .len = 60 },
      .counter = "epoch" },
    { "0-RTT", { .type = 0x2d, .len = 60 }, .counter = "epoch" },
    { "garbage, protected",
      { .type = 23, .epoch = 1, .len = 60 },
      { .type = 0x2e, .len = 60 },
      .rule = is_forged },
    { "garbage, as an ACK",
      { .type = 26, .epoch = 1, .len = 60 },
      { .type = 0x2f, .len = 35 },
      .rule = is_forged_ack },
    { "connection id", { .type = 0x3e, .len = 60 }, .counter = "cid" },
    { "connection id, unprotected", { .type = 25, .len = 60 }, .counter = "cid" },
    { "ServerHello",
      { .type = 22, .len = 14, .body = HELLO("\2") },
      .counter = "server_hello",
      .to = SERVER_ONLY },
    { "ClientHello",
      { .type = 22, .len = 14, .body = HELLO("\1") },
      .counter = "client_hello",
      .to = CLIENT_ONLY },
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static bool applies(const struct kind *kind, int to)
{
    return kind->to == ANY || (kind->to == SERVER_ONLY) == (to == PAIR_SERVER);
}

/* 1.2: the keys count from the peer's ChangeCipherSpec, which the pipe carries with its Finished. */
static struct view view_of(int side, bool dtls13)
{
    struct strait_dtls_stats stats = pair_stats(pair, side);
    struct view view = { .dtls13 = dtls13, .server = side == PAIR_SERVER };
    view.finished = strait_dtls_state(pair->side[side].dtls) == STRAIT_DTLS_CONNECTED;
    view.keys = dtls13 ? stats.cipher_suite != 0 : view.finished;
    return view;
}

static void besiege(uint64_t seed, enum strait_dtls_version v, int to, const struct kind *kind,
                    int step, const struct rig_keys *expected)
{
    struct pair_options o = rig_only(v);
    uint64_t sum;
    pair_init(pair, seed);
    assert_int_equal(pair_create(pair, &o), STRAIT_OK);
    assert_int_equal(pair_start(pair), STRAIT_OK);
    pair_run_for(pair, (strait_time)(step * STEP_MS) * STRAIT_MS);
    struct view view = view_of(to, v == STRAIT_DTLS_1_3);
    enum strait_dtls_state state = strait_dtls_state(pair->side[to].dtls);
    struct strait_dtls_stats before = pair_stats(pair, to);
    pair_inject(pair, to, bytes, make(bytes, kind, view.dtls13));
    struct strait_dtls_stats after = pair_stats(pair, to);
    const char *name = risen(&before, &after, &sum);
    const char *due = kind->rule != NULL ? kind->rule(&view) : kind->counter;
    if (sum != 1 || (due != NULL && strcmp(name, due) != 0)) {
        print_message("# %s, to %d, %x, step %d: %s, not %s (%d)\n", kind->what, to, v, step, name,
                      due, (int)sum);
    }
    assert_int_equal(sum, 1);
    assert_true(due == NULL || strcmp(name, due) == 0);
    assert_int_equal(strait_dtls_state(pair->side[to].dtls), state);
    assert_false(strait_dtls_newest(pair->side[to].dtls));
    pair_run_for(pair, 3 * STRAIT_S);
    rig_alive();
    struct rig_keys k = rig_keys();
    assert_memory_equal(&k, expected, sizeof k);
    assert_true(pair_keys_match(pair, STRAIT_SRTP_AEAD_AES_128_GCM));
    struct strait_dtls_stats end = pair_stats(pair, to), other = pair_stats(pair, !to);
    static const struct strait_dtls_stats none;
    risen(&none, &end, &sum);
    /* A client that gets protected records before the ServerHello asks for it with an ACK (RFC 9147, 7.1),
     * and may get it twice. */
    if (!view.dtls13 || view.server || view.keys) {
        assert_int_equal(sum, 1);
        risen(&none, &other, &sum);
        assert_int_equal(sum, 0);
    }
    pair_finish(pair);
    assert_int_equal(pair->blocks, 0);
}

static void test_every_kind_at_every_step(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 2; seed++) {
        for (size_t v = 0; v < 2; v++) {
            struct pair_options o = rig_only(versions[v]);
            pair_init(pair, seed);
            assert_true(pair_connect(pair, &o));
            struct rig_keys expected = rig_keys();
            pair_finish(pair);
            for (int to = 0; to < 2; to++) {
                for (size_t k = 0; k < KINDS; k++) {
                    for (int step = (int)seed - 1; applies(&kinds[k], to) && step < STEPS;
                         step += 2) {
                        besiege(seed, versions[v], to, &kinds[k], step, &expected);
                    }
                }
            }
        }
    }
}

/* All kinds in one datagram around a good record: one counter each, and the good one arrives. */
static void test_one_datagram(void **state)
{
    static const size_t with_end[] = { 2, 6, 9, 10, 11, 14, 15, 16 }; /* of kinds */
    (void)state;
    for (size_t v = 0; v < 2; v++) {
        struct pair_options o = rig_only(versions[v]);
        pair_init(pair, 3);
        pair->tap = rig_learn;
        assert_true(pair_connect(pair, &o));
        pair_run_for(pair, STRAIT_S);
        struct strait_dtls_stats before = pair_stats(pair, PAIR_SERVER);
        struct oracle_text good = { .epoch = v == 1 ? 3 : 1, .type = 23, .data = "x", .len = 1 };
        size_t len = 0, n = sizeof with_end / sizeof *with_end;
        for (size_t i = 0; i < n; i++) {
            good.seq = 100 + i;
            len += make(bytes + len, &kinds[with_end[i]], v == 1);
            len += oracle_write(&oracle, PAIR_CLIENT, NULL, 0, &good, bytes + len);
        }
        len += make(bytes + len, &kinds[3], v == 1); /* what has no end comes last */
        pair_inject(pair, PAIR_SERVER, bytes, len);
        struct strait_dtls_stats after = pair_stats(pair, PAIR_SERVER);
        uint64_t sum;
        risen(&before, &after, &sum);
        assert_int_equal(sum, n + 1);
        assert_int_equal(after.dropped_overlong - before.dropped_overlong, 1);
        assert_int_equal(after.dropped_malformed - before.dropped_malformed, 2);
        assert_int_equal(pair->side[PAIR_SERVER].n_data, (int)n);
        assert_true(strait_dtls_newest(pair->side[PAIR_SERVER].dtls));
        pair_finish(pair);
    }
}

static int run(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind_at_every_step),
        cmocka_unit_test(test_one_datagram),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    return rig_run(run);
}
