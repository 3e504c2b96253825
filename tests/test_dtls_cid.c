/* Connection ids: RFC 9146 in DTLS 1.2, RFC 9147, section 9 in 1.3. No peer of another make is at hand: each
 * record is read by a decoder that knows the RFCs and not the library. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/dtls_pair.h"

static struct pair *pair;

static struct pair_options options(enum strait_dtls_version v, int client, int server)
{
    struct pair_options o = {
        .profiles = { { STRAIT_SRTP_AEAD_AES_128_GCM }, { STRAIT_SRTP_AEAD_AES_128_GCM } },
        .max = { v },
        .cid = { client >= 0, server >= 0 },
        .cid_len = { client > 0 ? (uint8_t)client : 0, server > 0 ? (uint8_t)server : 0 },
    };
    return o;
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

static const enum strait_dtls_version versions[] = { STRAIT_DTLS_1_2, STRAIT_DTLS_1_3 };
static const int lengths[] = { -1, 0, 1, 8, 32 };

static void test_negotiation(void **state)
{
    (void)state;
    for (size_t v = 0; v < 2; v++) {
        for (size_t c = 0; c < 5; c++) {
            for (size_t s = 0; s < 5; s++) {
                for (int hrr = 0; hrr < 2; hrr++) {
                    struct pair_options o = options(versions[v], lengths[c], lengths[s]);
                    bool agreed = lengths[c] >= 0 && lengths[s] >= 0;
                    if (hrr) {
                        o.groups[0][0] = STRAIT_GROUP_X25519;
                        o.groups[0][1] = o.groups[1][0] = STRAIT_GROUP_P256;
                    }
                    pair_init(pair, 1 + c + 5 * s);
                    if (!pair_connect(pair, &o)) {
                        print_message("v %zu c %d s %d hrr %d: %s / %s\n", v, lengths[c],
                                      lengths[s], hrr, strait_dtls_error_detail(pair->side[0].dtls),
                                      strait_dtls_error_detail(pair->side[1].dtls));
                        pair_finish(pair);
                        continue;
                    }
                    assert_true(pair_keys_match(pair, STRAIT_SRTP_AEAD_AES_128_GCM));
                    exchange(3);
                    for (int i = 0; i < 2; i++) {
                        struct strait_dtls_stats stats = pair_stats(pair, i);
                        assert_int_equal(stats.cid, agreed);
                        assert_int_equal(stats.dropped_cid, 0);
                        assert_int_equal(stats.dropped_forged, 0);
                    }
                    pair_finish(pair);
                    assert_int_equal(pair->blocks, 0);
                }
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_negotiation),
    };
    pair = malloc(sizeof *pair);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pair_forget_certificates();
    free(pair);
    return failed;
}
