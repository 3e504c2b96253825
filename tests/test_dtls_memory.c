/* What an association needs, and what happens when there is none: each allocation fails in turn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/dtls_pair.h"

static int on_psk(void *user, struct strait_dtls_psk *psk)
{
    (void)user;
    psk->identity[0] = 'x';
    psk->identity_len = 1;
    memset(psk->key, 1, 32);
    psk->key_len = 32;
    return STRAIT_OK;
}

static void configure_psk(struct pair_side *side, struct strait_dtls_config *config)
{
    (void)side;
    config->certificate = NULL;
    config->auth = STRAIT_DTLS_AUTH_PSK;
    config->events.psk = on_psk;
}

static struct pair_options options(int cell)
{
    struct pair_options o = {
        .profiles = { { STRAIT_SRTP_AEAD_AES_128_GCM }, { STRAIT_SRTP_AEAD_AES_128_GCM } },
        .handshake_timeout = 5 * STRAIT_S,
    };
    if (cell == 1) {
        o.max[1] = STRAIT_DTLS_1_2;
    }
    if (cell == 2) { /* a HelloRetryRequest */
        o.groups[0][0] = STRAIT_GROUP_X25519;
        o.groups[0][1] = o.groups[1][0] = STRAIT_GROUP_P256;
    }
    if (cell >= 3) { /* a pre-shared key, in 1.3 and 1.2 */
        o.configure = configure_psk;
        o.max[1] = cell == 3 ? STRAIT_DTLS_1_3 : STRAIT_DTLS_1_2;
    }
    return o;
}

/* Create, connect, send both ways, close; whatever fails on the way is fine. */
static bool life(struct pair *pair, const struct pair_options *o)
{
    bool whole = pair_connect(pair, o);
    for (int i = 0; i < 2 && pair->side[0].dtls != NULL && pair->side[1].dtls != NULL; i++) {
        whole &= strait_dtls_send(pair->side[i].dtls, pair->now, (const uint8_t *)"abc", 3) ==
                 STRAIT_OK;
        pair_run_for(pair, STRAIT_S);
        whole &= pair->side[!i].n_data == 1;
    }
    strait_dtls_close(pair->side[0].dtls, pair->now);
    if (pair->side[1].dtls != NULL) {
        pair_run_for(pair, STRAIT_S);
        whole &= strait_dtls_state(pair->side[1].dtls) == STRAIT_DTLS_CLOSED;
    }
    pair_finish(pair);
    return whole;
}

static void test_each_allocation_fails(void **state)
{
    struct pair *pair = malloc(sizeof *pair);
    (void)state;
    for (int cell = 0; cell < 5; cell++) {
        struct pair_options o = options(cell);
        pair_init(pair, 1);
        assert_true(life(pair, &o));
        int n = pair->allocations, unharmed = 0;
        for (int i = 1; i <= n; i++) {
            pair_init(pair, 1);
            pair->fail_at = i;
            unharmed += life(pair, &o);
            assert_int_equal(pair->blocks, 0);
            assert_int_equal(pair->bytes, 0);
        }
        print_message("# cell %d: %d allocations, %d of them may fail without a trace\n", cell, n,
                      unharmed);
        assert_true(unharmed < n / 2);
    }
    free(pair);
}

/* A failure is told by name, never by silence. */
static void test_failure_has_a_name(void **state)
{
    struct pair *pair = malloc(sizeof *pair);
    struct pair_options o = options(0);
    (void)state;
    int named = 0, at_creation = 0;
    for (int i = 1;; i++) {
        pair_init(pair, 1);
        pair->fail_at = i;
        int error = pair_create(pair, &o);
        if (error == STRAIT_OK) {
            error = pair_start(pair);
            pair_run(pair, pair->start + 20 * STRAIT_S);
            for (int k = 0; k < 2; k++) {
                enum strait_dtls_state s = strait_dtls_state(pair->side[k].dtls);
                assert_true(s == STRAIT_DTLS_CONNECTED || s == STRAIT_DTLS_FAILED ||
                            error != STRAIT_OK);
                assert_int_equal(s == STRAIT_DTLS_FAILED,
                                 strait_dtls_error(pair->side[k].dtls) != STRAIT_OK);
                named += strait_dtls_error(pair->side[k].dtls) == STRAIT_E_NOMEM;
            }
        } else {
            at_creation++;
            assert_int_equal(error, STRAIT_E_NOMEM);
        }
        bool over = pair->allocations < i;
        pair_finish(pair);
        assert_int_equal(pair->blocks, 0);
        if (over) {
            break;
        }
    }
    print_message("# %d by create, %d by STRAIT_E_NOMEM\n", at_creation, named);
    assert_true(at_creation > 5 && named > 20);
    free(pair);
}

static int random_left;

static int random_runs_dry(void *user, uint8_t *out, size_t bytes)
{
    uint64_t *state = user;
    for (size_t i = 0; i < bytes; i++) {
        out[i] = (uint8_t)(pair_random(state) >> 8);
    }
    return random_left-- > 0 ? 0 : -1;
}

/* So is a random source that fails: with it ends the association, by name. */
static void test_each_random_fails(void **state)
{
    struct pair *pair = malloc(sizeof *pair);
    (void)state;
    for (int cell = 0; cell < 5; cell++) {
        struct pair_options o = options(cell);
        int unharmed = 0, i;
        for (i = 0; unharmed < 5; i++) {
            pair_init(pair, 1);
            uint64_t seed = 4;
            for (int k = 0; k < 2; k++) { /* the allocator's user is the side */
                pair->side[k].hooks.random = random_runs_dry;
                pair->side[k].hooks.alloc = NULL;
                pair->side[k].hooks.free = NULL;
                pair->side[k].hooks.user = &seed;
            }
            random_left = i;
            assert_int_equal(pair_create(pair, &o), STRAIT_OK);
            int error = pair_start(pair);
            if (error == STRAIT_OK) {
                pair_run(pair, pair->start + 20 * STRAIT_S);
                int c = strait_dtls_error(pair->side[0].dtls);
                int s = strait_dtls_error(pair->side[1].dtls);
                error = c == STRAIT_E_RANDOM || s == STRAIT_E_RANDOM ? STRAIT_E_RANDOM : c + s;
            }
            assert_true(error == STRAIT_OK || error == STRAIT_E_RANDOM);
            unharmed += error == STRAIT_OK;
            pair_finish(pair);
        }
        assert_true(i > 10);
    }
    free(pair);
}

/* Bytes that an association may have when it is created, at its peak, and when it is connected. */
static const struct footprint {
    const char *name;
    enum strait_dtls_version version;
    enum strait_dtls_group group;
    bool psk;
    size_t created, peak, after;
} footprints[] = {
    { "1.2", STRAIT_DTLS_1_2, STRAIT_GROUP_X25519, false, 8500, 30000, 21500 },
    { "1.3", STRAIT_DTLS_1_3, STRAIT_GROUP_X25519, false, 8500, 30000, 16500 },
    { "1.3 X25519MLKEM768", STRAIT_DTLS_1_3, STRAIT_GROUP_X25519MLKEM768, false, 8500, 44500,
      16500 },
    { "1.2 PSK", STRAIT_DTLS_1_2, STRAIT_GROUP_X25519, true, 8500, 28500, 16500 },
    { "1.3 PSK", STRAIT_DTLS_1_3, STRAIT_GROUP_X25519, true, 8500, 30000, 16000 },
};

/* What the handshake needs is given back with it. */
static void test_footprint(void **state)
{
    struct pair *pair = malloc(sizeof *pair);
    (void)state;
    for (size_t c = 0; c < sizeof footprints / sizeof *footprints; c++) {
        const struct footprint *f = &footprints[c];
        struct pair_options o = {
            .min = { f->version, f->version },
            .max = { f->version, f->version },
            .groups = { { f->group }, { f->group } },
            .profiles = { { STRAIT_SRTP_AEAD_AES_128_GCM }, { STRAIT_SRTP_AEAD_AES_128_GCM } },
            .configure = f->psk ? configure_psk : NULL,
        };
        size_t created[2];
        pair_init(pair, 1);
        assert_int_equal(pair_create(pair, &o), STRAIT_OK);
        for (int i = 0; i < 2; i++) {
            created[i] = pair->side[i].bytes;
        }
        assert_int_equal(pair_start(pair), STRAIT_OK);
        pair_run(pair, pair->start + 20 * STRAIT_S);
        pair_run_for(pair, STRAIT_S);
        assert_true(pair_keys_match(pair, STRAIT_SRTP_AEAD_AES_128_GCM));
        for (int i = 0; i < 2; i++) {
            const struct pair_side *side = &pair->side[i];
            print_message("# %s, %s: created %zu, peak %zu, connected %zu bytes\n", f->name,
                          i == PAIR_CLIENT ? "client" : "server", created[i], side->bytes_peak,
                          side->bytes);
            assert_true(created[i] <= f->created);
            assert_true(side->bytes_peak <= f->peak);
            assert_true(side->bytes <= f->after);
            assert_true(side->bytes * 5 < side->bytes_peak * 4);
        }
        pair_finish(pair);
        assert_int_equal(pair->bytes, 0);
    }
    free(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_allocation_fails),
        cmocka_unit_test(test_failure_has_a_name),
        cmocka_unit_test(test_each_random_fails),
        cmocka_unit_test(test_footprint),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pair_forget_certificates();
    return failed;
}
