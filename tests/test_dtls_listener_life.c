/* A listener is made, is told nonsense, runs out of things, and asks its host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/dtls_pair.h"

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

static void send_nothing(void *user, const uint8_t *data, size_t len)
{
    (void)user;
    (void)data;
    (void)len;
}

static void send_nowhere(void *user, const void *to, size_t to_len, const uint8_t *data, size_t len)
{
    (void)to;
    (void)to_len;
    send_nothing(user, data, len);
}

static struct strait_dtls_config template_of(struct pair *pair)
{
    return (struct strait_dtls_config){
        .size = sizeof(struct strait_dtls_config),
        .hooks = &pair->side[PAIR_SERVER].hooks,
        .events = { .size = sizeof(struct strait_dtls_events), .send = send_nothing },
        .certificate = pair->side[PAIR_SERVER].certificate,
        .role = STRAIT_DTLS_SERVER,
    };
}

static struct strait_dtls_listener_config config_of(const struct strait_dtls_config *dtls)
{
    return (struct strait_dtls_listener_config){
        .size = sizeof(struct strait_dtls_listener_config),
        .dtls = dtls,
        .send = send_nowhere,
    };
}

static void test_creation(void **state)
{
    struct pair *pair = malloc(sizeof *pair);
    struct strait_dtls_listener *listener;
    (void)state;
    pair_init(pair, 1);
    struct strait_dtls_config dtls = template_of(pair);
    for (int wrong = 0; wrong < 9; wrong++) {
        struct strait_dtls_listener_config c = config_of(&dtls);
        dtls.role = wrong == 0 ? STRAIT_DTLS_CLIENT : STRAIT_DTLS_SERVER;
        dtls.certificate = wrong == 1 ? NULL : pair->side[PAIR_SERVER].certificate;
        c.dtls = wrong == 2 ? NULL : &dtls;
        c.send = wrong == 3 ? NULL : send_nowhere;
        c.size = wrong == 4 ? 0 : sizeof c;
        c.secret_lifetime = wrong == 5 ? STRAIT_S - 1 : wrong == 6 ? 86401 * STRAIT_S : 0;
        c.fragmented_hellos = wrong == 7 ? STRAIT_DTLS_MAX_HELLOS + 1 : 0;
        int error = strait_dtls_listener_create(&listener, &c, 0);
        assert_int_equal(error, wrong == 8 ? STRAIT_OK : STRAIT_E_INVALID);
        assert_true((listener != NULL) == (wrong == 8));
        strait_dtls_listener_destroy(listener);
        assert_int_equal(pair->blocks, 0);
    }
    struct strait_dtls_listener_config c = config_of(&dtls);
    assert_int_equal(strait_dtls_listener_create(NULL, &c, 0), STRAIT_E_INVALID);
    assert_int_equal(strait_dtls_listener_create(&listener, NULL, 0), STRAIT_E_INVALID);
    strait_dtls_listener_destroy(NULL);
    free(pair);
}

static void test_arguments(void **state)
{
    struct pair *pair = malloc(sizeof *pair);
    struct strait_dtls_listener *listener;
    struct strait_dtls *out;
    struct strait_dtls_listener_stats stats = { .size = sizeof stats };
    uint8_t data[1] = { 0 }, from[STRAIT_DTLS_MAX_ADDRESS + 1] = { 0 };
    (void)state;
    pair_init(pair, 1);
    struct strait_dtls_config dtls = template_of(pair);
    struct strait_dtls_listener_config c = config_of(&dtls);
    assert_int_equal(strait_dtls_listener_create(&listener, &c, 0), STRAIT_OK);
    assert_int_equal(strait_dtls_listener_receive(NULL, 0, from, 1, data, 1, &out),
                     STRAIT_E_INVALID);
    assert_int_equal(strait_dtls_listener_receive(listener, 0, NULL, 1, data, 1, &out),
                     STRAIT_E_INVALID);
    assert_int_equal(strait_dtls_listener_receive(listener, 0, from, 0, data, 1, &out),
                     STRAIT_E_INVALID);
    assert_int_equal(strait_dtls_listener_receive(listener, 0, from, sizeof from, data, 1, &out),
                     STRAIT_E_INVALID);
    assert_int_equal(strait_dtls_listener_receive(listener, 0, from, 1, NULL, 1, &out),
                     STRAIT_E_INVALID);
    assert_int_equal(strait_dtls_listener_receive(listener, 0, from, 1, data, 1, NULL),
                     STRAIT_E_INVALID);
    assert_int_equal(
        strait_dtls_listener_receive(listener, 0, from, sizeof from - 1, data, 1, &out), STRAIT_OK);
    assert_int_equal(strait_dtls_listener_stats(NULL, &stats), STRAIT_E_INVALID);
    assert_int_equal(strait_dtls_listener_stats(listener, &stats), STRAIT_OK);
    assert_int_equal(stats.datagrams_received, 1);
    strait_dtls_listener_destroy(listener);
    free(pair);
}

/* In the making, in the listener and in the association: an error, and the next ClientHello may do it. */
static void test_each_allocation_fails(void **state)
{
    struct pair *pair = malloc(sizeof *pair);
    (void)state;
    for (int v = 0; v < 2; v++) {
        struct pair_options o = cookies(VERSIONS[v]);
        o.handshake_timeout = 5 * STRAIT_S;
        pair_init(pair, 1);
        assert_true(pair_connect(pair, &o));
        int n = pair->allocations, unharmed = 0;
        pair_finish(pair);
        for (int i = 1; i <= n; i++) {
            pair_init(pair, 1);
            pair->fail_at = i;
            unharmed += pair_connect(pair, &o);
            pair_finish(pair);
            assert_int_equal(pair->blocks, 0);
        }
        assert_true(unharmed > 0 && unharmed < n);
    }
    free(pair);
}

static int no_random(void *user, uint8_t *out, size_t bytes)
{
    (void)user;
    (void)out;
    (void)bytes;
    return -1;
}

static bool random_works;

static int random_at_times(void *user, uint8_t *out, size_t bytes)
{
    (void)user;
    memset(out, 7, bytes);
    return random_works ? 0 : -1;
}

static void test_no_random_bytes(void **state)
{
    struct pair *pair = malloc(sizeof *pair);
    struct strait_dtls_listener *listener;
    struct strait_dtls *out;
    uint8_t data[1] = { 0 };
    (void)state;
    pair_init(pair, 1);
    struct strait_dtls_config dtls = template_of(pair);
    struct strait_dtls_listener_config c = config_of(&dtls);
    pair->side[PAIR_SERVER].hooks.random = no_random;
    assert_int_not_equal(strait_dtls_listener_create(&listener, &c, 0), STRAIT_OK);
    random_works = true;
    pair->side[PAIR_SERVER].hooks.random = random_at_times;
    assert_int_equal(strait_dtls_listener_create(&listener, &c, 0), STRAIT_OK);
    random_works = false;
    strait_time later = 61 * STRAIT_S;
    assert_int_equal(strait_dtls_listener_receive(listener, STRAIT_S, data, 1, data, 1, &out),
                     STRAIT_OK);
    assert_int_equal(strait_dtls_listener_receive(listener, later, data, 1, data, 1, &out),
                     STRAIT_E_RANDOM);
    random_works = true;
    assert_int_equal(strait_dtls_listener_receive(listener, later, data, 1, data, 1, &out),
                     STRAIT_OK);
    strait_dtls_listener_destroy(listener);
    assert_int_equal(pair->blocks, 0);
    free(pair);
}

static int asked, refusals;

static int on_accept(void *user, const void *from, size_t from_len,
                     struct strait_dtls_config *config)
{
    struct pair_side *server = user;
    assert_int_equal(from_len, 1);
    assert_int_equal(*(const uint8_t *)from, 42);
    assert_ptr_equal(config->user, server);
    config->mtu = 300;
    asked++;
    return refusals-- > 0 ? STRAIT_E_LIMIT : STRAIT_OK;
}

/* The host hears of each cookie that came back, may send the client away for now, and may change what the
 * association is made from. */
static void test_host_accepts(void **state)
{
    struct pair *pair = malloc(sizeof *pair);
    struct pair_options o = cookies(STRAIT_DTLS_1_3);
    (void)state;
    refusals = 2;
    pair_init(pair, 1);
    pair->accept = on_accept;
    pair->client_address = 42;
    o.mtu = 500;
    assert_true(pair_connect(pair, &o));
    assert_int_equal(asked, 3);
    assert_int_equal(listener_stats(pair).refused_host, 2);
    assert_int_equal(listener_stats(pair).accepted, 1);
    assert_int_equal(pair_stats(pair, PAIR_CLIENT).flights_retransmitted, 2);
    pair->longest = 0;
    static const uint8_t data[290];
    assert_int_equal(strait_dtls_send(pair->side[PAIR_CLIENT].dtls, pair->now, data, 290),
                     STRAIT_OK);
    assert_int_equal(strait_dtls_send(pair->side[PAIR_SERVER].dtls, pair->now, data, 290),
                     STRAIT_E_TOO_SMALL);
    pair_finish(pair);
    free(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_creation),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_each_allocation_fails),
        cmocka_unit_test(test_no_random_bytes),
        cmocka_unit_test(test_host_accepts),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pair_forget_certificates();
    return failed;
}
