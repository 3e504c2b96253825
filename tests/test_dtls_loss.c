/* Handshakes over a pipe that loses, doubles and reorders, by 200 seeds a cell; and with each datagram
 * lost or doubled in turn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "tests/dtls_pair.h"

enum { SEEDS = 200 };

static const struct cell {
    const char *name;
    struct pair_options options;
    enum strait_dtls_version version;
} cells[] = {
    { "1.2, the client has no other", { .max = { STRAIT_DTLS_1_2, 0 } }, STRAIT_DTLS_1_2 },
    { "1.2, the server has no other", { .max = { 0, STRAIT_DTLS_1_2 } }, STRAIT_DTLS_1_2 },
    { "1.3", { .groups = { { STRAIT_GROUP_X25519 } } }, STRAIT_DTLS_1_3 },
    { "1.3 post-quantum", { .mtu = 0 }, STRAIT_DTLS_1_3 },
    { "1.3 after a HelloRetryRequest",
      { .groups = { { STRAIT_GROUP_X25519, STRAIT_GROUP_P256 }, { STRAIT_GROUP_P256 } } },
      STRAIT_DTLS_1_3 },
    { "1.3 at an MTU of 400", { .mtu = 400 }, STRAIT_DTLS_1_3 },
    { "1.2 at an MTU of 256", { .mtu = 256, .max = { 0, STRAIT_DTLS_1_2 } }, STRAIT_DTLS_1_2 },
};
enum { CELLS = sizeof cells / sizeof *cells };

static struct pair_options options_of(const struct cell *cell)
{
    struct pair_options o = cell->options;
    for (int i = 0; i < 2; i++) {
        o.profiles[i][0] = STRAIT_SRTP_AEAD_AES_128_GCM;
        o.profiles[i][1] = STRAIT_SRTP_AES128_CM_SHA1_80;
    }
    return o;
}

static void check(struct pair *pair, const struct cell *cell, bool connected, int which)
{
    if (!connected) {
        for (int i = 0; i < 2; i++) {
            print_message("# %s, %d, %s: state %d, %s\n", cell->name, which,
                          i ? "server" : "client", (int)strait_dtls_state(pair->side[i].dtls),
                          strait_dtls_error_detail(pair->side[i].dtls));
        }
    }
    assert_true(connected);
    assert_true(pair_keys_match(pair, STRAIT_SRTP_AEAD_AES_128_GCM));
    assert_int_equal(pair_stats(pair, 0).version, cell->version);
    assert_true(pair->longest <= (cell->options.mtu ? cell->options.mtu : 1200u));
    pair_finish(pair);
    assert_int_equal(pair->blocks, 0);
}

static int by_value(const void *a, const void *b)
{
    const strait_time *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static void run_cell(const struct cell *cell, int loss)
{
    static strait_time times[SEEDS];
    struct pair_options o = options_of(cell);
    struct pair *pair = malloc(sizeof *pair);
    for (int seed = 0; seed < SEEDS; seed++) {
        pair_init(pair, (uint64_t)seed);
        pair->loss = loss;
        pair->duplication = loss;
        pair->reorder = loss;
        bool connected = pair_connect(pair, &o);
        times[seed] = pair->now - pair->start;
        check(pair, cell, connected, seed);
    }
    free(pair);
    qsort(times, SEEDS, sizeof *times, by_value);
    print_message("# %-30s %2d %% loss: p50 %5u ms, p99 %5u ms\n", cell->name, loss,
                  (unsigned)(times[SEEDS / 2] / STRAIT_MS),
                  (unsigned)(times[SEEDS * 99 / 100] / STRAIT_MS));
    /* A round trip is 50 ms, the longest interval of the timer 800 ms here. */
    assert_true(times[SEEDS / 2] <= (loss == 0 ? 200 : 2000) * STRAIT_MS);
    assert_true(times[SEEDS * 99 / 100] <= (loss == 0 ? 200 : 12000) * STRAIT_MS);
}

static void test_seeds(void **state)
{
    static const int losses[] = { 0, 10, 30 };
    (void)state;
    for (size_t c = 0; c < CELLS; c++) {
        for (size_t l = 0; l < sizeof losses / sizeof *losses; l++) {
            run_cell(&cells[c], losses[l]);
        }
    }
}

/* Every datagram of the undisturbed handshake, one by one. */
static void test_each_datagram(bool twice)
{
    struct pair *pair = malloc(sizeof *pair);
    for (size_t c = 0; c < CELLS; c++) {
        struct pair_options o = options_of(&cells[c]);
        pair_init(pair, 5);
        bool connected = pair_connect(pair, &o);
        int datagrams = pair->sent;
        check(pair, &cells[c], connected, 0);
        assert_true(datagrams >= 4);
        for (int n = 1; n <= datagrams; n++) {
            pair_init(pair, 5);
            *(twice ? &pair->double_nth : &pair->drop_nth) = n;
            connected = pair_connect(pair, &o);
            strait_time took = pair->now - pair->start;
            check(pair, &cells[c], connected, n);
            /* One interval, a hello's round trip more, and what it takes anyway. */
            assert_true(took <= (twice ? 200 : 500) * STRAIT_MS);
        }
    }
    free(pair);
}

static void test_each_datagram_lost(void **state)
{
    (void)state;
    test_each_datagram(false);
}

static void test_each_datagram_doubled(void **state)
{
    (void)state;
    test_each_datagram(true);
}

/* The same seed gives the same bytes at the same times; another seed others. */
static void test_deterministic(void **state)
{
    struct pair *pair = malloc(sizeof *pair);
    (void)state;
    for (size_t c = 0; c < CELLS; c++) {
        struct pair_options o = options_of(&cells[c]);
        uint64_t hash[3];
        for (int run = 0; run < 3; run++) {
            pair_init(pair, run == 2 ? 10 : 9);
            pair->loss = pair->duplication = pair->reorder = 20;
            bool connected = pair_connect(pair, &o);
            hash[run] = pair->hash;
            check(pair, &cells[c], connected, run);
        }
        assert_true(hash[0] == hash[1]);
        assert_true(hash[0] != hash[2]);
    }
    free(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seeds),
        cmocka_unit_test(test_each_datagram_lost),
        cmocka_unit_test(test_each_datagram_doubled),
        cmocka_unit_test(test_deterministic),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pair_forget_certificates();
    return failed;
}
