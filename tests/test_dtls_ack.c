/* Acknowledgements of DTLS 1.3 (RFC 9147, 7) of flights in many records. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/dtls_pair.h"
#include "tests/pki.h"

enum { MTU = 256 };

static struct pair_options small(void)
{
    struct pair_options o = {
        .min = { STRAIT_DTLS_1_3, STRAIT_DTLS_1_3 },
        .max = { STRAIT_DTLS_1_3, STRAIT_DTLS_1_3 },
        .profiles = { { STRAIT_SRTP_AEAD_AES_128_GCM }, { STRAIT_SRTP_AEAD_AES_128_GCM } },
        .mtu = MTU,
    };
    return o;
}

/* Which of the server's datagrams is lost, once. */
static int lost;

static bool lose(struct pair *pair, int from, uint8_t *data, size_t len, void *user)
{
    (void)data;
    (void)len;
    (void)user;
    return from == PAIR_SERVER && pair->side[PAIR_SERVER].sent == lost;
}

/* Chains of RSA certificates both ways, in more records than an acknowledgement of one datagram can name (16 bytes
 * each). */
static struct strait_certificate *chain;

static void begin(struct pair *pair, uint64_t seed)
{
    pair_init(pair, seed);
    pair->side[PAIR_SERVER].certificate = chain;
    pair->side[PAIR_CLIENT].certificate = chain;
}

static int load_chain(void **state)
{
    (void)state;
    chain = pki_load("serverrsa interrsa rootrsa", "leafrsa");
    return 0;
}

static int drop_chain(void **state)
{
    (void)state;
    strait_certificate_unref(chain);
    return 0;
}

/* Each datagram of the server lost in turn, from none on: what came is acknowledged. */
static void acknowledgements_fit_the_mtu(void **state)
{
    struct pair *pair = malloc(sizeof *pair);
    (void)state;
    for (uint8_t cid = 0; cid <= STRAIT_DTLS_MAX_CID; cid += STRAIT_DTLS_MAX_CID) {
        struct pair_options o = small();
        int sent[2] = { 0, 0 };
        o.cid[0] = o.cid[1] = cid > 0;
        o.cid_len[0] = o.cid_len[1] = cid;
        for (lost = 0; lost <= sent[PAIR_SERVER]; lost++) {
            begin(pair, 1);
            pair->tap = lose;
            assert_true(pair_connect(pair, &o));
            assert_true(pair->longest <= MTU);
            assert_true(pair->side[PAIR_CLIENT].connected - pair->start <= 150 * STRAIT_MS);
            if (lost == 0) {
                sent[PAIR_CLIENT] = pair->side[PAIR_CLIENT].sent;
                sent[PAIR_SERVER] = pair->side[PAIR_SERVER].sent;
            }
            pair_finish(pair);
            assert_int_equal(pair->blocks, 0);
        }
        /* Three flights, and two acknowledgements of the last: nothing twice. */
        assert_true(sent[PAIR_CLIENT] > 7 + 13 && sent[PAIR_CLIENT] <= 7 + 17);
        assert_true(sent[PAIR_SERVER] > 6 + 13 && sent[PAIR_SERVER] <= 6 + 17 + 2);
    }
    free(pair);
}

static void bad_paths_of_a_small_mtu_are_no_obstacle(void **state)
{
    struct pair *pair = malloc(sizeof *pair);
    (void)state;
    for (uint64_t seed = 0; seed < 30; seed++) {
        struct pair_options o = small();
        begin(pair, seed);
        pair->loss = pair->duplication = pair->reorder = 20;
        assert_true(pair_connect(pair, &o));
        pair_run_for(pair, 10 * STRAIT_S);
        assert_true(pair->longest <= MTU);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(strait_dtls_state(pair->side[i].dtls), STRAIT_DTLS_CONNECTED);
        }
        pair_finish(pair);
        assert_int_equal(pair->blocks, 0);
    }
    free(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(acknowledgements_fit_the_mtu),
        cmocka_unit_test(bad_paths_of_a_small_mtu_are_no_obstacle),
    };
    int failed = cmocka_run_group_tests(tests, load_chain, drop_chain);
    pair_forget_certificates();
    return failed;
}
