/* Cookies that are not what they should be, or not any more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/listener_rig.h"

static const enum strait_dtls_version VERSIONS[] = { STRAIT_DTLS_1_2, STRAIT_DTLS_1_3 };
enum { EXT_COOKIE = 44 };

/* RFC 6347, 4.2.1: another HelloVerifyRequest; RFC 9147, 5.1: illegal_parameter. */
static void assert_turned_away(const struct rig *rig, enum strait_dtls_version version)
{
    if (version == STRAIT_DTLS_1_3) {
        assert_true(alerted(rig, STRAIT__ALERT_ILLEGAL_PARAMETER));
    } else {
        assert_int_equal(rig->reply[13], STRAIT__HELLO_VERIFY_REQUEST);
        assert_int_equal(rig->reply_len, 60);
        /* Its record and message numbers are those of the ClientHello. */
        assert_memory_equal(rig->reply + 5, rig->second.data + 5, 6);
        assert_int_equal(strait__get16(rig->reply + 17), 1);
    }
}

static uint8_t *cookie_of(struct capture *c, enum strait_dtls_version version, size_t *len)
{
    if (version == STRAIT_DTLS_1_3) {
        uint8_t *p = capture_extension(c, EXT_COOKIE);
        *len = strait__get16(p + 4);
        return p + 6;
    }
    uint8_t *p = c->data + 25 + 34;
    p += 1 + p[0];
    *len = p[0];
    return p + 1;
}

static void test_forged_cookie(void **state)
{
    (void)state;
    for (int v = 0; v < 2; v++) {
        struct rig *rig = rig_create(VERSIONS[v]);
        size_t len;
        uint8_t *cookie = cookie_of(&rig->second, VERSIONS[v], &len);
        assert_int_equal(len, v == 0 ? 32 : 67);
        int allocations = rig->pair.allocations;
        for (size_t bit = 0; bit < 8 * len; bit++) {
            cookie[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_false(accepts(rig, 0, &rig->second));
            assert_turned_away(rig, VERSIONS[v]);
            cookie[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        assert_int_equal(rig->pair.allocations, allocations);
        assert_int_equal(stats_of(rig).bad_cookies, 8 * len);
        assert_true(accepts(rig, 0, &rig->second));
        rig_destroy(rig);
    }
}

static void test_other_address(void **state)
{
    (void)state;
    for (int v = 0; v < 2; v++) {
        struct rig *rig = rig_create(VERSIONS[v]);
        const uint8_t longer[2] = { 0, 0 };
        assert_false(accepts(rig, 1, &rig->second));
        assert_turned_away(rig, VERSIONS[v]);
        assert_null(give(rig, longer, 2, rig->second.data, rig->second.len));
        assert_int_equal(stats_of(rig).bad_cookies, 2);
        assert_int_equal(stats_of(rig).accepted, 0);
        rig_destroy(rig);
    }
}

/* RFC 6347, 4.2.1: the cookie is of these parameters. */
static void test_other_hello(void **state)
{
    struct rig *rig = rig_create(STRAIT_DTLS_1_2);
    (void)state;
    rig->second.data[25 + 2] ^= 1; /* the random */
    assert_false(accepts(rig, 0, &rig->second));
    rig->second.data[25 + 2] ^= 1;
    capture_suites(&rig->second)[3] ^= 1;
    assert_false(accepts(rig, 0, &rig->second));
    assert_int_equal(stats_of(rig).bad_cookies, 2);
    rig_destroy(rig);
}

static void test_ages_of_secrets(void **state)
{
    (void)state;
    for (int v = 0; v < 2; v++) {
        struct rig *rig = rig_create(VERSIONS[v]);
        rig->pair.now = rig->pair.start + 999 * STRAIT_MS;
        assert_true(accepts(rig, 0, &rig->second));
        rig->pair.now = rig->pair.start + 1001 * STRAIT_MS; /* the previous secret */
        assert_true(accepts(rig, 0, &rig->second));
        rig->pair.now = rig->pair.start + 1999 * STRAIT_MS;
        assert_true(accepts(rig, 0, &rig->second));
        assert_int_equal(stats_of(rig).accepted, 3);
        rig->pair.now = rig->pair.start + 2001 * STRAIT_MS;
        assert_false(accepts(rig, 0, &rig->second));
        assert_turned_away(rig, VERSIONS[v]);
        assert_int_equal(stats_of(rig).expired_cookies, 1);
        rig->pair.now = rig->pair.start + 3001 * STRAIT_MS;
        assert_false(accepts(rig, 0, &rig->second));
        assert_int_equal(stats_of(rig).expired_cookies, 1);
        assert_int_equal(stats_of(rig).bad_cookies, 1);
        rig_destroy(rig);
    }
}

/* Nothing came meanwhile to turn the secrets. */
static void test_long_silence(void **state)
{
    (void)state;
    for (strait_time silence = 2; silence < 10; silence++) {
        struct rig *rig = rig_create(STRAIT_DTLS_1_3);
        rig->pair.now = rig->pair.start + silence * STRAIT_S;
        assert_false(accepts(rig, 0, &rig->second));
        assert_int_equal(stats_of(rig).expired_cookies, silence == 2);
        rig_destroy(rig);
    }
}

/* What turned late lives no longer for it. */
static void test_late_turn(void **state)
{
    struct rig *rig = rig_create(STRAIT_DTLS_1_2);
    (void)state;
    rig->pair.now = rig->pair.start + 1900 * STRAIT_MS;
    assert_true(accepts(rig, 0, &rig->second));
    rig->pair.now = rig->pair.start + 2100 * STRAIT_MS;
    assert_false(accepts(rig, 0, &rig->second));
    assert_int_equal(stats_of(rig).expired_cookies, 1);
    rig_destroy(rig);
}

/* A client whose cookie had expired asks again with the next number; ours goes on from there, and from its
 * record number (RFC 6347, 4.2.1 and 4.2.2). */
static void test_numbers_go_on(void **state)
{
    (void)state;
    for (int v = 0; v < 2; v++) {
        struct rig *rig = rig_create(VERSIONS[v]);
        strait__put48(rig->second.data + 5, 77);
        strait__put16(rig->second.data + 17, 2);
        assert_true(accepts(rig, 0, &rig->second));
        assert_int_equal(rig->reply[13], STRAIT__SERVER_HELLO);
        assert_int_equal(strait__get48(rig->reply + 5), 77);
        assert_int_equal(strait__get16(rig->reply + 17), 2);
        rig_destroy(rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forged_cookie), cmocka_unit_test(test_other_address),
        cmocka_unit_test(test_other_hello),   cmocka_unit_test(test_ages_of_secrets),
        cmocka_unit_test(test_long_silence),  cmocka_unit_test(test_late_turn),
        cmocka_unit_test(test_numbers_go_on),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pair_forget_certificates();
    return failed;
}
