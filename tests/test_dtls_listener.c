/* A server that talks to addresses which nobody has validated. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/dtls_pair.h"
#include "transport/dtls/reassemble.h"

static const enum strait_dtls_version VERSIONS[] = { STRAIT_DTLS_1_2, STRAIT_DTLS_1_3 };

static struct pair_options cookies(enum strait_dtls_version version)
{
    struct pair_options o = {
        .cookies = true,
        .min = { version, 0 },
        .max = { version, 0 },
        .profiles = { { STRAIT_SRTP_AEAD_AES_128_GCM }, { STRAIT_SRTP_AEAD_AES_128_GCM } },
        .groups = { { STRAIT_GROUP_X25519, STRAIT_GROUP_P256 } },
    };
    return o;
}

static struct strait_dtls_listener_stats listener_stats(const struct pair *pair)
{
    struct strait_dtls_listener_stats stats = { .size = sizeof stats };
    strait_dtls_listener_stats(pair->listener, &stats);
    return stats;
}

static void test_cookie_round_trip(void **state)
{
    struct pair *pair = malloc(sizeof *pair);
    (void)state;
    /* The server allows both versions, or that of the client alone, with SRTP and without. */
    for (int cell = 0; cell < 8; cell++) {
        enum strait_dtls_version version = VERSIONS[cell % 2];
        struct pair_options o = cookies(version);
        if (cell / 2 % 2) {
            o.min[1] = o.max[1] = version;
        }
        if (cell / 4) {
            memset(o.profiles, 0, sizeof o.profiles);
        }
        pair_init(pair, 1);
        assert_true(pair_connect(pair, &o));
        if (!(cell / 4)) {
            assert_true(pair_keys_match(pair, STRAIT_SRTP_AEAD_AES_128_GCM));
        }
        assert_int_equal(pair_stats(pair, PAIR_SERVER).version, version);
        assert_int_equal(pair_stats(pair, PAIR_CLIENT).flights_retransmitted, 0);
        struct strait_dtls_listener_stats stats = listener_stats(pair);
        assert_int_equal(stats.datagrams_received, 2);
        assert_int_equal(stats.client_hellos, 2);
        assert_int_equal(stats.hello_verify_requests, version == STRAIT_DTLS_1_2);
        assert_int_equal(stats.hello_retry_requests, version == STRAIT_DTLS_1_3);
        assert_int_equal(stats.datagrams_sent, 1);
        assert_int_equal(stats.accepted, 1);
        /* One round trip for the cookie, then as without. */
        strait_time trips = version == STRAIT_DTLS_1_2 ? 3 : 2;
        assert_int_equal(pair->side[PAIR_CLIENT].connected - pair->start, 2 * trips * pair->delay);
        pair_finish(pair);
        assert_int_equal(pair->blocks, 0);
    }
    free(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cookie_round_trip),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pair_forget_certificates();
    return failed;
}
