/* What came already does not come again: replayed datagrams of every kind, and the window by a model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/dtls_rig.h"
#include "transport/dtls/seen.h"

/* --- replays --- */

struct tape {
    struct {
        int from;
        strait_time at;
        size_t len;
        uint8_t data[1500];
    } datagrams[64];
    int n;
};

static bool record_tape(struct pair *p, int from, uint8_t *data, size_t len, void *user)
{
    struct tape *tape = user;
    assert_true(tape->n < 64 && len <= 1500);
    tape->datagrams[tape->n].from = from;
    tape->datagrams[tape->n].at = p->now;
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
        struct pair_options o = rig_only(versions[v]);
        pair_init(pair, 4);
        pair->tap = record_tape;
        pair->tap_user = tape;
        tape->n = 0;
        assert_true(pair_connect(pair, &o));
        struct rig_keys expected = rig_keys();
        pair_run_for(pair, STRAIT_S);
        rig_alive();
        pair->tap = NULL;
        replay(tape, 0);
        rig_alive();
        if (v == 1) { /* KeyUpdates and ACKs as well */
            pair->tap = record_tape;
            for (int i = 0; i < 2; i++) {
                assert_int_equal(strait_dtls_update_keys(pair->side[i].dtls, pair->now), STRAIT_OK);
                pair_run_for(pair, STRAIT_S);
                rig_alive();
            }
            pair->tap = NULL;
            replay(tape, 1 << 2 | 1 << 3); /* each answered the other's: both are in epoch 5 */
            rig_alive();
        }
        struct rig_keys k = rig_keys();
        assert_memory_equal(&k, &expected, sizeof k);
        pair_finish(pair);
    }
    free(tape);
}

/* At every step of a handshake all that came so far comes again. */
static void test_replays_at_every_step(void **state)
{
    enum { STEP_MS = 6, STEPS = 45 };
    struct tape *tape = malloc(sizeof *tape);
    (void)state;
    for (size_t v = 0; v < 2; v++) {
        struct pair_options o = rig_only(versions[v]);
        rig_join(10, &o);
        struct rig_keys expected = rig_keys();
        pair_finish(pair);
        for (int step = 0; step < STEPS; step++) {
            pair_init(pair, 10);
            pair->tap = record_tape;
            pair->tap_user = tape;
            tape->n = 0;
            assert_int_equal(pair_create(pair, &o), STRAIT_OK);
            assert_int_equal(pair_start(pair), STRAIT_OK);
            pair_run_for(pair, (strait_time)(step * STEP_MS) * STRAIT_MS);
            int n = tape->n;
            for (int i = 0; i < n; i++) {
                int to = !tape->datagrams[i].from;
                if (tape->datagrams[i].at + pair->delay > pair->now) {
                    continue; /* on its way */
                }
                uint64_t live, dead;
                struct strait_dtls_stats before = pair_stats(pair, to);
                count_protected(tape->datagrams[i].data, tape->datagrams[i].len, 0, &live, &dead);
                pair_inject(pair, to, tape->datagrams[i].data, tape->datagrams[i].len);
                struct strait_dtls_stats after = pair_stats(pair, to);
                assert_int_equal(after.dropped_replayed - before.dropped_replayed, live);
                assert_int_equal(after.dropped_forged + after.dropped_epoch, 0);
                assert_false(strait_dtls_newest(pair->side[to].dtls));
            }
            pair->tap = NULL;
            pair_run_for(pair, 3 * STRAIT_S);
            rig_alive();
            struct rig_keys k = rig_keys();
            assert_memory_equal(&k, &expected, sizeof k);
            assert_true(pair_keys_match(pair, STRAIT_SRTP_AEAD_AES_128_GCM));
            pair_finish(pair);
        }
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
            struct pair_options o = rig_only(versions[v]);
            struct model *model = calloc(1, sizeof *model);
            uint64_t random = 5, replays = 0;
            pair_init(pair, 5);
            pair->tap = rig_learn;
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
    struct pair_options o = rig_only(STRAIT_DTLS_1_3);
    (void)state;
    pair_init(pair, 5);
    pair->tap = rig_learn;
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

static int run(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replays),  cmocka_unit_test(test_replays_at_every_step),
        cmocka_unit_test(test_window),   cmocka_unit_test(test_window_of_an_association),
        cmocka_unit_test(test_low_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    return rig_run(run);
}
