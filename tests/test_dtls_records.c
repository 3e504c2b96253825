/*
 * Records that harm nothing: of every kind, at every step of a handshake and after it, each under its own
 * counter; the replay window; what an authentic peer may not ask for either.
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
#include "transport/dtls/seen.h"

enum { PROTECTED_MAX = 64, STEP_MS = 6, STEPS = 45, EARLY_DATA = 42 };

static struct pair *pair;
static struct oracle oracle;
static uint8_t bytes[20000];

static const enum strait_dtls_version versions[] = { STRAIT_DTLS_1_2, STRAIT_DTLS_1_3 };

static void on_keylog(void *user, const char *line)
{
    (void)user;
    oracle_line(&oracle, line);
}

static void configure(struct pair_side *side, struct strait_dtls_config *config)
{
    (void)side;
    config->events.keylog = on_keylog;
}

static struct pair_options only(enum strait_dtls_version v)
{
    struct pair_options o = {
        .profiles = { { STRAIT_SRTP_AEAD_AES_128_GCM }, { STRAIT_SRTP_AEAD_AES_128_GCM } },
        .groups = { { STRAIT_GROUP_X25519 }, { STRAIT_GROUP_X25519 } },
        .min = { v, v },
        .max = { v, v },
        .configure = configure,
    };
    memset(&oracle, 0, sizeof oracle);
    return o;
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

static void expect_alive(void)
{
    for (int i = 0; i < 2; i++) {
        int before = pair->side[!i].n_data;
        assert_int_equal(strait_dtls_state(pair->side[i].dtls), STRAIT_DTLS_CONNECTED);
        assert_int_equal(strait_dtls_send(pair->side[i].dtls, pair->now, (const uint8_t *)"abc", 3),
                         STRAIT_OK);
        pair_run_for(pair, 200 * STRAIT_MS);
        assert_int_equal(pair->side[!i].n_data, before + 1);
    }
}

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

static uint8_t zeros[20000];

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
ALWAYS(version) ALWAYS(overlong) ALWAYS(empty) ALWAYS(malformed) ALWAYS(alert) ALWAYS(data)
    ALWAYS(ack) ALWAYS(epoch) ALWAYS(cid)

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

struct keys_of_run {
    struct strait_srtp_key send, receive;
};

static struct keys_of_run keys_now(void)
{
    struct keys_of_run k;
    enum strait_srtp_profile profile;
    memset(&k, 0, sizeof k);
    assert_int_equal(strait_dtls_srtp_keys(pair->side[0].dtls, &profile, &k.send, &k.receive),
                     STRAIT_OK);
    return k;
}

/* 1.2: the keys count from the peer's ChangeCipherSpec, which the pipe carries with its Finished. */
static struct view view_of(int side, bool dtls13, bool connected_too)
{
    struct strait_dtls_stats stats = pair_stats(pair, side);
    struct view view = { .dtls13 = dtls13, .server = side == PAIR_SERVER };
    view.finished = strait_dtls_state(pair->side[side].dtls) == STRAIT_DTLS_CONNECTED;
    view.keys = dtls13 ? stats.cipher_suite != 0 : view.finished;
    (void)connected_too;
    return view;
}

static void besiege(uint64_t seed, enum strait_dtls_version v, int to, const struct kind *kind,
                    int step, const struct keys_of_run *expected)
{
    struct pair_options o = only(v);
    uint64_t sum;
    pair_init(pair, seed);
    assert_int_equal(pair_create(pair, &o), STRAIT_OK);
    assert_int_equal(pair_start(pair), STRAIT_OK);
    pair_run_for(pair, (strait_time)(step * STEP_MS) * STRAIT_MS);
    struct view view = view_of(to, v == STRAIT_DTLS_1_3, false);
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
    expect_alive();
    struct keys_of_run k = keys_now();
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
            struct pair_options o = only(versions[v]);
            pair_init(pair, seed);
            assert_true(pair_connect(pair, &o));
            struct keys_of_run expected = keys_now();
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
        struct pair_options o = only(versions[v]);
        pair_init(pair, 3);
        pair->tap = learn;
        assert_true(pair_connect(pair, &o));
        pair_run_for(pair, STRAIT_S);
        struct view view = view_of(PAIR_SERVER, v == 1, false);
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

/* --- replays --- */

struct tape {
    struct {
        int from;
        size_t len;
        uint8_t data[1500];
    } datagrams[64];
    int n;
};

static bool record_tape(struct pair *p, int from, uint8_t *data, size_t len, void *user)
{
    struct tape *tape = user;
    (void)p;
    assert_true(tape->n < 64 && len <= 1500);
    tape->datagrams[tape->n].from = from;
    tape->datagrams[tape->n].len = len;
    memcpy(tape->datagrams[tape->n++].data, data, len);
    return false;
}

/* Its protected records: those that the receiver may still read, and those of an epoch that is gone. */
static void count_protected(const uint8_t *data, size_t len, unsigned gone, uint64_t *live,
                            uint64_t *dead)
{
    *live = *dead = 0;
    while (len > 0) {
        bool is_unified = (data[0] & 0xe0) == 0x20;
        size_t size = is_unified ? 5u + (size_t)(data[3] << 8 | data[4])
                                 : 13u + (size_t)(data[11] << 8 | data[12]);
        bool is_protected = is_unified || data[4] != 0;
        bool is_dead = is_unified && (gone >> (data[0] & 3) & 1) != 0;
        *live += is_protected && !is_dead;
        *dead += is_protected && is_dead;
        assert_true(size <= len);
        data += size;
        len -= size;
    }
}

/* `gone`: a bit for the low bits of each epoch that is not read. */
static void replay(const struct tape *tape, unsigned gone)
{
    int data[2] = { pair->side[0].n_data, pair->side[1].n_data };
    for (int i = 0; i < tape->n; i++) {
        int to = !tape->datagrams[i].from;
        uint64_t live, dead;
        size_t len = tape->datagrams[i].len;
        struct strait_dtls_stats before = pair_stats(pair, to);
        count_protected(tape->datagrams[i].data, len, gone, &live, &dead);
        pair_inject(pair, to, tape->datagrams[i].data, len);
        struct strait_dtls_stats after = pair_stats(pair, to);
        assert_int_equal(after.dropped_replayed - before.dropped_replayed, live);
        assert_int_equal(after.dropped_epoch - before.dropped_epoch, dead);
        assert_int_equal(after.dropped_forged, before.dropped_forged);
        assert_false(strait_dtls_newest(pair->side[to].dtls));
    }
    pair_run_for(pair, STRAIT_S);
    assert_int_equal(pair->side[0].n_data, data[0]);
    assert_int_equal(pair->side[1].n_data, data[1]);
}

static void test_replays(void **state)
{
    struct tape *tape = malloc(sizeof *tape);
    (void)state;
    for (size_t v = 0; v < 2; v++) {
        struct pair_options o = only(versions[v]);
        pair_init(pair, 4);
        pair->tap = record_tape;
        pair->tap_user = tape;
        tape->n = 0;
        assert_true(pair_connect(pair, &o));
        struct keys_of_run expected = keys_now();
        pair_run_for(pair, STRAIT_S);
        expect_alive();
        pair->tap = NULL;
        replay(tape, 0);
        expect_alive();
        if (v == 1) { /* KeyUpdates and ACKs as well */
            pair->tap = record_tape;
            for (int i = 0; i < 2; i++) {
                assert_int_equal(strait_dtls_update_keys(pair->side[i].dtls, pair->now), STRAIT_OK);
                pair_run_for(pair, STRAIT_S);
                expect_alive();
            }
            pair->tap = NULL;
            replay(tape, 1 << 2 | 1 << 3); /* each answered the other's: both are in epoch 5 */
            expect_alive();
        }
        struct keys_of_run k = keys_now();
        assert_memory_equal(&k, &expected, sizeof k);
        pair_finish(pair);
    }
    free(tape);
}

/* --- the window --- */

/* What has come, without a window's cleverness. */
struct model {
    bool came[4096];
    uint64_t highest;
};

static bool model_takes(struct model *m, uint64_t seq)
{
    /* RFC 6347, 4.1.2.6: 64 is preferred. */
    if (m->came[seq] || seq + STRAIT__WINDOW <= m->highest) {
        return false;
    }
    m->came[seq] = true;
    m->highest = seq > m->highest ? seq : m->highest;
    return true;
}

static uint64_t next_seq(uint64_t *random, uint64_t highest)
{
    uint64_t r = pair_random(random);
    switch (r % 8) {
    case 0:
        return highest + 1 + (r >> 8) % 80; /* a leap */
    case 1:
        return highest - 60 + (r >> 8) % 8; /* around the window's end */
    case 2:
        return highest - 68 + (r >> 8) % 8;
    default:
        return highest + 2 - (r >> 8) % 40;
    }
}

static void test_window(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct strait__window window = { .next = 0 };
        struct model model = { .highest = 100 };
        uint64_t random = seed;
        strait__window_mark(&window, 100);
        model.came[100] = true;
        while (model.highest < 3900) {
            uint64_t seq = next_seq(&random, model.highest);
            bool takes = model_takes(&model, seq);
            assert_int_equal(strait__window_is_new(&window, seq), takes);
            if (takes) {
                strait__window_mark(&window, seq);
            }
        }
    }
}

/* The same through an association, with records that the peer's key protects. */
static void test_window_of_an_association(void **state)
{
    (void)state;
    for (size_t v = 0; v < 2; v++) {
        for (int to = 0; to < 2; to++) {
            struct pair_options o = only(versions[v]);
            struct model *model = calloc(1, sizeof *model);
            uint64_t random = 5, replays = 0;
            pair_init(pair, 5);
            pair->tap = learn;
            assert_true(pair_connect(pair, &o));
            pair_run_for(pair, STRAIT_S);
            model->highest = 69; /* the first below it must not be those of the handshake */
            struct strait_dtls_stats before = pair_stats(pair, to);
            int data = 0;
            while (model->highest < 2000) {
                struct oracle_text text = {
                    .epoch = v == 1 ? 3 : 1,
                    .type = 23,
                    .data = "x",
                    .len = 1,
                };
                uint64_t highest = model->highest;
                text.seq = data == 0 ? 150 : next_seq(&random, highest);
                bool takes = model_takes(model, text.seq);
                pair_inject(pair, to, bytes, oracle_write(&oracle, !to, NULL, 0, &text, bytes));
                data += takes;
                replays += !takes;
                assert_int_equal(pair->side[to].n_data, data);
                assert_int_equal(strait_dtls_newest(pair->side[to].dtls),
                                 takes && text.seq > highest);
            }
            struct strait_dtls_stats after = pair_stats(pair, to);
            assert_int_equal(after.dropped_replayed - before.dropped_replayed, replays);
            assert_int_equal(after.dropped_forged - before.dropped_forged, 0);
            assert_true(replays > 50 && data > 200);
            pair_finish(pair);
            free(model);
        }
    }
}

/* RFC 9147, 4.2.2: only low bits of a number are sent, 16 or 8 of them. */
static void test_low_bits(void **state)
{
    static const struct {
        uint64_t seq;
        bool brief, newest, taken;
    } records[] = { { 100, false, true, true },     { 200, true, true, true },
                    { 300, true, true, true },      { 290, true, false, true },
                    { 290, true, false, false },    { 30000, false, true, true },
                    { 62000, false, true, true },   { 65535, false, true, true },
                    { 65536, false, true, true },   { 65534, false, false, true },
                    { 65540, true, true, true },    { 65530, true, false, true },
                    { 65500, false, false, true },  { 65500, false, false, false },
                    { 98000, false, true, true },   { 130000, false, true, true },
                    { 131073, false, true, true },  { 131071, true, false, true },
                    { 131100, true, true, true },   { 131070, false, false, true },
                    { 131073, false, false, false } };
    struct pair_options o = only(STRAIT_DTLS_1_3);
    (void)state;
    pair_init(pair, 5);
    pair->tap = learn;
    assert_true(pair_connect(pair, &o));
    pair_run_for(pair, STRAIT_S);
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        struct oracle_text text = { .epoch = 3, .type = 23, .data = "x", .len = 1 };
        int before = pair->side[PAIR_SERVER].n_data;
        text.seq = records[i].seq;
        text.brief = records[i].brief;
        pair_inject(pair, PAIR_SERVER, bytes,
                    oracle_write(&oracle, PAIR_CLIENT, NULL, 0, &text, bytes));
        assert_int_equal(pair->side[PAIR_SERVER].n_data, before + records[i].taken);
        assert_int_equal(strait_dtls_newest(pair->side[PAIR_SERVER].dtls), records[i].newest);
    }
    assert_int_equal(pair_stats(pair, PAIR_SERVER).dropped_replayed, 3);
    assert_int_equal(pair_stats(pair, PAIR_SERVER).dropped_forged, 0);
    pair_finish(pair);
}

/* --- what an authentic peer may not ask for --- */

static struct oracle_record answer;
static int answers;

static bool watch_answer(struct pair *p, int from, uint8_t *data, size_t len, void *user)
{
    (void)p;
    (void)user;
    oracle_read(&oracle, from, 0, data, len, &answer);
    answers++;
    return false;
}

static void ask(int to, const void *message, size_t len)
{
    struct oracle_text text = {
        .epoch = oracle.dtls13 ? 3 : 1,
        .seq = 30, /* the peer's own come later and fit the window */
        .type = 22,
        .data = message,
        .len = len,
    };
    pair->tap = watch_answer;
    answers = 0;
    answer.len = 0;
    pair_inject(pair, to, bytes, oracle_write(&oracle, !to, NULL, 0, &text, bytes));
    pair_run_for(pair, STRAIT_S);
    pair->tap = NULL;
}

/* no_renegotiation, RFC 5246, 7.2.2; or silence, 7.4.1.1. */
static void expect_refusal(void)
{
    assert_true(answers <= 1);
    if (answers == 1) {
        assert_int_equal(answer.type, 21);
        assert_int_equal(answer.len, 2);
        assert_int_equal(answer.text[0], 1);
        assert_int_equal(answer.text[1], 100);
    }
    expect_alive();
}

static void test_renegotiation(void **state)
{
    struct tape *tape = malloc(sizeof *tape);
    struct pair_options o = only(STRAIT_DTLS_1_2);
    (void)state;
    for (uint8_t seq = 0; seq < 12; seq++) {
        uint8_t message[1500] = { 0 };
        pair_init(pair, 6);
        pair->tap = record_tape;
        pair->tap_user = tape;
        tape->n = 0;
        assert_true(pair_connect(pair, &o));
        pair_run_for(pair, STRAIT_S);
        for (int i = 0; i < tape->n; i++) {
            oracle_hello(&oracle, tape->datagrams[i].data, tape->datagrams[i].len);
        }
        message[5] = seq; /* HelloRequest, of any message_seq */
        ask(PAIR_CLIENT, message, 12);
        expect_refusal();
        size_t len = tape->datagrams[0].len - 13;
        memcpy(message, tape->datagrams[0].data + 13, len);
        message[5] = seq; /* the ClientHello once more, protected */
        ask(PAIR_SERVER, message, len);
        expect_refusal();
        pair_finish(pair);
    }
    free(tape);
}

/* RFC 8446, 4.1.2: a ClientHello at any other time ends a connection of 1.3 with unexpected_message. */
static void test_renegotiation_13(void **state)
{
    struct pair_options o = only(STRAIT_DTLS_1_3);
    static const uint8_t hello[14] = { 1, 0, 0, 2, 0, 2, 0, 0, 0, 0, 0, 2 };
    (void)state;
    pair_init(pair, 7);
    pair->tap = learn;
    assert_true(pair_connect(pair, &o));
    pair_run_for(pair, STRAIT_S);
    ask(PAIR_SERVER, hello, sizeof hello);
    assert_int_equal(strait_dtls_state(pair->side[PAIR_SERVER].dtls), STRAIT_DTLS_FAILED);
    assert_int_equal(answers, 1);
    assert_int_equal(answer.type, 21);
    assert_int_equal(answer.text[0], 2);
    assert_int_equal(answer.text[1], 10);
    pair_finish(pair);
}

/* --- 0-RTT --- */

static bool add_early_data(struct pair *p, int from, uint8_t *data, size_t len, void *user)
{
    int *seen = user;
    if (from == PAIR_CLIENT && data[0] == 22 && data[13] == 1) {
        memcpy(bytes, data, len);
        len = oracle_extend_hello(bytes, EARLY_DATA, NULL, 0);
        len += unified(bytes + len, 0x2d, 60); /* and the data, epoch 1 */
        pair_queue(p, !from, bytes, len);
        return true;
    }
    if (from == PAIR_SERVER && data[0] == 22 && data[13] == 2) {
        assert_false(oracle_hello_has(data, len, EARLY_DATA, NULL, 0));
        *seen += 1;
    }
    return false;
}

/* RFC 8446, 4.2.10: a server that wants none ignores the extension and skips the data. (The client did not
 * write the extension, so that its handshake goes no further than the ServerHello.) */
static void test_early_data(void **state)
{
    struct pair_options o = only(STRAIT_DTLS_1_3);
    int seen = 0;
    (void)state;
    pair_init(pair, 8);
    pair->tap = add_early_data;
    pair->tap_user = &seen;
    assert_int_equal(pair_create(pair, &o), STRAIT_OK);
    assert_int_equal(pair_start(pair), STRAIT_OK);
    pair_run_for(pair, 60 * STRAIT_MS);
    assert_int_equal(seen, 1);
    assert_int_equal(strait_dtls_state(pair->side[PAIR_SERVER].dtls), STRAIT_DTLS_CONNECTING);
    assert_int_equal(pair_stats(pair, PAIR_SERVER).version, STRAIT_DTLS_1_3);
    assert_int_equal(pair_stats(pair, PAIR_SERVER).dropped_epoch, 1);
    assert_int_equal(pair->side[PAIR_SERVER].n_data, 0);
    pair_finish(pair);
}

/* --- DTLS 1.0, RFC 8996 --- */

static bool make_old(struct pair *p, int from, uint8_t *data, size_t len, void *user)
{
    const int *who = user;
    if (data[0] == 21 && from != *who) { /* epoch 0 */
        answer.len = (size_t)(data[11] << 8 | data[12]);
        memcpy(answer.text, data + 13, 2);
        answers++;
    }
    if (from == *who && data[0] == 22 && (data[13] == 1 || data[13] == 2)) {
        memcpy(bytes, data, len);
        bytes[25] = 0xfe; /* client_version or server_version */
        bytes[26] = 0xff;
        pair_queue(p, !from, bytes, len);
        return true;
    }
    return false;
}

static void test_dtls10(void **state)
{
    (void)state;
    for (int who = 0; who < 2; who++) {
        for (int any = 0; any < 2; any++) {
            struct pair_options o = only(STRAIT_DTLS_1_2);
            if (any) {
                o.max[!who] = STRAIT_DTLS_1_3;
            }
            answers = 0;
            pair_init(pair, 9);
            pair->tap = make_old;
            pair->tap_user = &who;
            assert_int_equal(pair_create(pair, &o), STRAIT_OK);
            assert_int_equal(pair_start(pair), STRAIT_OK);
            pair_run_for(pair, 10 * STRAIT_S);
            assert_int_equal(strait_dtls_error(pair->side[!who].dtls), STRAIT_E_VERSION);
            assert_true(answers >= 1);
            assert_int_equal(answer.len, 2);
            assert_int_equal(answer.text[0], 2);
            assert_int_equal(answer.text[1], 70);
            /* The other end hears the alert's name. */
            assert_int_equal(strait_dtls_error(pair->side[who].dtls), STRAIT_E_ALERT);
            assert_non_null(
                strstr(strait_dtls_error_detail(pair->side[who].dtls), "protocol_version"));
            pair_finish(pair);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind_at_every_step),
        cmocka_unit_test(test_one_datagram),
        cmocka_unit_test(test_replays),
        cmocka_unit_test(test_window),
        cmocka_unit_test(test_window_of_an_association),
        cmocka_unit_test(test_low_bits),
        cmocka_unit_test(test_renegotiation),
        cmocka_unit_test(test_renegotiation_13),
        cmocka_unit_test(test_early_data),
        cmocka_unit_test(test_dtls10),
    };
    pair = malloc(sizeof *pair);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pair_forget_certificates();
    free(pair);
    return failed;
}
