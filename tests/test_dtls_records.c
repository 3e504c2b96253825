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
    NAME(truncated),     NAME(type),     NAME(version),      NAME(overlong),  NAME(empty),
    NAME(short),         NAME(epoch),    NAME(cid),          NAME(malformed), NAME(alert),
    NAME(data),          NAME(ack),      NAME(client_hello), NAME(forged),    NAME(handshake),
    NAME(change_cipher), NAME(replayed), NAME(fragment),     NAME(held),      NAME(ended),
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

struct kind {
    const char *what;
    size_t (*make)(uint8_t *out, const struct view *view);
    const char *(*counter)(const struct view *view);
};

static size_t plain(uint8_t *out, uint8_t type, uint16_t version, uint16_t epoch, size_t said,
                    const void *body, size_t len)
{
    const uint8_t header[13] = { type,
                                 (uint8_t)(version >> 8),
                                 (uint8_t)version,
                                 (uint8_t)(epoch >> 8),
                                 (uint8_t)epoch,
                                 0,
                                 0,
                                 0,
                                 0,
                                 1,
                                 7,
                                 (uint8_t)(said >> 8),
                                 (uint8_t)said };
    memcpy(out, header, sizeof header);
    memcpy(out + sizeof header, body, len);
    return sizeof header + len;
}

static size_t unified(uint8_t *out, uint8_t flags, size_t len)
{
    for (size_t i = 0; i < 5 + len; i++) {
        out[i] = (uint8_t)(7 * i + 3);
    }
    out[0] = flags;
    out[3] = (uint8_t)(len >> 8);
    out[4] = (uint8_t)len;
    return 5 + len;
}

#define MAKE(name, call)                                             \
    static size_t make_##name(uint8_t *out, const struct view *view) \
    {                                                                \
        (void)view;                                                  \
        return call;                                                 \
    }

#define ALWAYS(name)                                      \
    static const char *is_##name(const struct view *view) \
    {                                                     \
        (void)view;                                       \
        return #name;                                     \
    }

ALWAYS(truncated)
ALWAYS(type)
ALWAYS(version)
ALWAYS(overlong) ALWAYS(empty) ALWAYS(malformed) ALWAYS(alert) ALWAYS(data) ALWAYS(ack)
    ALWAYS(epoch) ALWAYS(cid)

        MAKE(truncated, plain(out, 22, 0xfefd, 1, 40, zeros, 40) -
                            41) MAKE(type, plain(out, 24, 0xfefd, 1, 40, zeros,
                                                 40)) MAKE(version,
                                                           plain(out, 23, 0x0303, 1, 40, zeros, 40))
            MAKE(beyond, plain(out, 22, 0xfefd, 0, 41, zeros,
                               40)) MAKE(long_plain, plain(out, 23, 0xfefd, 0, 16385, zeros, 16385))
                MAKE(long_protected,
                     view->dtls13
                         ? unified(out, 0x2e, 16384 + 257)
                         : plain(out, 23, 0xfefd, 1, 18433, zeros,
                                 18433)) MAKE(empty, plain(out, 22, 0xfefd, 0, 0, zeros, 0))
                    MAKE(empty_protected,
                         view->dtls13 ? unified(out, 0x2e, 0)
                                      : plain(out, 23, 0xfefd, 1, 0, zeros, 0))
                        MAKE(shorter, view->dtls13 ? unified(out, 0x2e, 16)
                                                   : plain(out, 23, 0xfefd, 1, 15, zeros, 15))
                            MAKE(malformed, plain(out, 21, 0xfefd, 0, 3, zeros, 3)) MAKE(
                                lying, plain(out, 22, 0xfefd, 0, 14,
                                             "\x0b\0\0\x05\0\1\0\0\0\0\0\x05xx",
                                             14)) MAKE(warning,
                                                       plain(out, 21, 0xfefd, 0, 2, "\x01\x5a", 2))
                                MAKE(fatal, plain(out, 21, 0xfefd, 0, 2, "\x02\x28", 2))
                                    MAKE(closing, plain(out, 21, 0xfefd, 0, 2, "\x01\0", 2))
                                        MAKE(data, plain(out, 23, 0xfefd, 0, 5, "hello", 5))
                                            MAKE(ack,
                                                 plain(out, 26, 0xfefd, 0, 18,
                                                       "\0\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
                                                       18))
                                                MAKE(old_epoch,
                                                     view->dtls13
                                                         ? plain(out, 23, 0xfefd, 1, 60, zeros, 60)
                                                         : plain(out, 23, 0xfefd, 2, 60, zeros, 60))
                                                    MAKE(early,
                                                         unified(out, 0x2d, 60)) /* 0-RTT's epoch */
    MAKE(forged, view->dtls13 ? unified(out, 0x2e, 60) : plain(out, 23, 0xfefd, 1, 60, zeros, 60))
        MAKE(forged_ack,
             view->dtls13 ? unified(out, 0x2f, 35) : plain(out, 26, 0xfefd, 1, 60, zeros, 60))
            MAKE(cid, unified(out, 0x3e, 60))
                MAKE(cid_plain, plain(out, 25, 0xfefd, 0, 60, zeros, 60))
    /* A hello of one's own role. */
    MAKE(hello,
         plain(out, 22, 0xfefd, 0, 14,
               view->server ? "\x02\0\0\2\0\0\0\0\0\0\0\2xx" : "\x01\0\0\2\0\0\0\0\0\0\0\2xx", 14))

        static const char *is_hello(const struct view *view)
{
    return view->server ? "handshake" : "client_hello";
}

/* Protected: first it must have an epoch that there is. */
static bool known_epoch(const struct view *view)
{
    return !view->dtls13 || !view->server || view->keys;
}

static const char *is_long_protected(const struct view *view)
{
    return known_epoch(view) ? "overlong" : "epoch";
}

static const char *is_empty_protected(const struct view *view)
{
    return known_epoch(view) ? "empty" : "epoch";
}

static const char *is_short(const struct view *view)
{
    return known_epoch(view) ? "short" : "epoch";
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

static const struct kind kinds[] = {
    { "header cut short", make_truncated, is_truncated },
    { "unknown type", make_type, is_type },
    { "wrong version", make_version, is_version },
    { "length beyond the datagram", make_beyond, is_overlong },
    { "over-long, unprotected", make_long_plain, is_overlong },
    { "over-long, protected", make_long_protected, is_long_protected },
    { "empty, unprotected", make_empty, is_empty },
    { "empty, protected", make_empty_protected, is_empty_protected },
    { "short", make_shorter, is_short },
    { "alert of three bytes", make_malformed, is_malformed },
    { "fragment beyond its record", make_lying, is_malformed },
    { "warning", make_warning, is_alert },
    { "fatal alert", make_fatal, is_alert },
    { "close_notify", make_closing, is_alert },
    { "application data", make_data, is_data },
    { "ACK", make_ack, is_ack },
    { "another epoch", make_old_epoch, is_epoch },
    { "0-RTT", make_early, is_epoch },
    { "garbage, protected", make_forged, is_forged },
    { "garbage, as a protected ACK", make_forged_ack, is_forged_ack },
    { "connection id", make_cid, is_cid },
    { "connection id, unprotected", make_cid_plain, is_cid },
    { "hello of the own role", make_hello, is_hello },
};
enum { KINDS = sizeof kinds / sizeof *kinds };

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
    pair_inject(pair, to, bytes, kind->make(bytes, &view));
    struct strait_dtls_stats after = pair_stats(pair, to);
    const char *name = risen(&before, &after, &sum);
    const char *due = kind->counter(&view);
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
                    for (int step = (int)seed - 1; step < STEPS; step += 2) {
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
        struct view view = view_of(PAIR_SERVER, v == 1);
        struct strait_dtls_stats before = pair_stats(pair, PAIR_SERVER);
        struct oracle_text good = { .epoch = v == 1 ? 3 : 1, .type = 23, .data = "x", .len = 1 };
        size_t len = 0, n = sizeof with_end / sizeof *with_end;
        for (size_t i = 0; i < n; i++) {
            good.seq = 100 + i;
            len += kinds[with_end[i]].make(bytes + len, &view);
            len += oracle_write(&oracle, PAIR_CLIENT, NULL, 0, &good, bytes + len);
        }
        len += kinds[3].make(bytes + len, &view); /* what has no end comes last */
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
