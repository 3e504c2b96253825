/* libsrtp's process-wide state: counted, shared with a host, used from several threads. */
#include "tests/srtp_pair.h"

#include <pthread.h>

#include <srtp2/srtp.h>

#include "srtp/ciphers.h"
#include "srtp/library.h"

#define SSRC 0x600df00du

static void a_session_works(void)
{
    struct pair pair = pair_of(STRAIT_SRTP_AEAD_AES_128_GCM);
    assert_int_equal(rtp_pass(pair.alice, pair.bob, SSRC, 1), STRAIT_OK);
    pair_destroy(&pair);
}

/* A session of the host's own, past strait. */
static srtp_err_status_t host_session(srtp_t *session)
{
    static unsigned char key[SRTP_MAX_KEY_LEN];
    srtp_policy_t policy;
    memset(&policy, 0, sizeof policy);
    srtp_crypto_policy_set_rtp_default(&policy.rtp);
    srtp_crypto_policy_set_rtcp_default(&policy.rtcp);
    policy.ssrc.type = ssrc_any_outbound;
    policy.key = key;
    return srtp_create(session, &policy);
}

static bool libsrtp_runs(void)
{
    srtp_t session;
    if (host_session(&session) != srtp_err_status_ok) {
        return false;
    }
    srtp_dealloc(session);
    return true;
}

static void libsrtp_runs_from_the_first_session_to_the_last(void **state)
{
    (void)state;
    for (int round = 0; round < 3; round++) {
        assert_false(libsrtp_runs());
        struct strait_srtp *first = session_of(STRAIT_SRTP_AEAD_AES_256_GCM, 0);
        struct strait_srtp *second = session_of(STRAIT_SRTP_AES128_CM_SHA1_80, 0);
        assert_true(libsrtp_runs());
        strait_srtp_destroy(first);
        assert_true(libsrtp_runs());
        strait_srtp_destroy(second);
        assert_false(libsrtp_runs());
    }
}

static void a_reference_of_ones_own_keeps_it_running(void **state)
{
    (void)state;
    assert_int_equal(strait__srtp_library_acquire(), STRAIT_OK);
    a_session_works();
    assert_true(libsrtp_runs());
    assert_int_equal(strait__srtp_library_acquire(), STRAIT_OK);
    strait__srtp_library_release();
    assert_true(libsrtp_runs());
    strait__srtp_library_release();
    assert_false(libsrtp_runs());
}

static void a_session_that_is_refused_holds_no_reference(void **state)
{
    struct strait_srtp_config config = config_of(STRAIT_SRTP_AEAD_AES_128_GCM, 0);
    struct strait_srtp *srtp;
    (void)state;
    config.replay_window_rtp = 1;
    assert_int_equal(strait_srtp_create(&srtp, &config), STRAIT_E_INVALID);
    assert_false(libsrtp_runs());
}

static void a_host_that_was_first_keeps_its_libsrtp(void **state)
{
    srtp_t session;
    (void)state;
    assert_int_equal(srtp_init(), srtp_err_status_ok);
    assert_int_equal(host_session(&session), srtp_err_status_ok);
    a_session_works();
    a_session_works();
    struct bytes packet;
    rtp_make(&packet, SSRC, 1, 100);
    int len = (int)packet.len;
    assert_int_equal(srtp_protect(session, packet.data, &len), srtp_err_status_ok);
    assert_true(libsrtp_runs());
    srtp_dealloc(session);
    assert_int_equal(srtp_shutdown(), srtp_err_status_ok);
    assert_false(libsrtp_runs());
    a_session_works();
}

static void a_host_that_stops_libsrtp_too_early_is_survived(void **state)
{
    struct pair pair = pair_of(STRAIT_SRTP_AEAD_AES_128_GCM);
    (void)state;
    assert_int_equal(rtp_pass(pair.alice, pair.bob, SSRC, 1), STRAIT_OK);
    assert_int_equal(srtp_shutdown(), srtp_err_status_ok);
    assert_int_equal(rtp_pass(pair.alice, pair.bob, SSRC, 2), STRAIT_OK);
    a_session_works();
    assert_int_equal(rtp_pass(pair.alice, pair.bob, SSRC, 3), STRAIT_OK);
    pair_destroy(&pair);
    assert_false(libsrtp_runs());
}

/* --- Threads ------------------------------------------------------------------------------------- */

enum { THREADS = 4, ROUNDS = 8, PACKETS = 300 };

struct worker {
    pthread_t thread;
    int number;
    unsigned well;
};

/* No assertion here: cmocka's belong to the thread of the test. */
static void *work(void *argument)
{
    struct worker *worker = argument;
    for (int round = 0; round < ROUNDS; round++) {
        enum strait_srtp_profile profile = all_profiles[(worker->number + round) % N_PROFILES];
        struct strait_srtp *alice, *bob;
        struct strait_srtp_config config = config_of(profile, 0);
        if (strait_srtp_create(&alice, &config) != STRAIT_OK) {
            return NULL;
        }
        config = config_of(profile, 1);
        if (strait_srtp_create(&bob, &config) != STRAIT_OK) {
            strait_srtp_destroy(alice);
            return NULL;
        }
        for (unsigned n = 0; n < PACKETS; n++) {
            struct bytes plain;
            uint8_t data[600];
            rtp_make(&plain, SSRC + n % 20, (uint16_t)n, n);
            memcpy(data, plain.data, plain.len);
            struct strait_packet packet = { .data = data, .len = plain.len, .room = sizeof data };
            worker->well += strait_srtp_protect(alice, &packet, 1) == 1 &&
                            strait_srtp_unprotect(bob, &packet, 1) == 1 &&
                            packet.len == plain.len && memcmp(data, plain.data, plain.len) == 0;
        }
        strait_srtp_destroy(alice);
        strait_srtp_destroy(bob);
    }
    return NULL;
}

static void threads_with_sessions_of_their_own_do_not_meet(void **state)
{
    struct worker workers[THREADS];
    (void)state;
    memset(workers, 0, sizeof workers);
    for (int i = 0; i < THREADS; i++) {
        workers[i].number = i;
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
        assert_int_equal(workers[i].well, ROUNDS * PACKETS);
    }
    assert_false(libsrtp_runs());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(libsrtp_runs_from_the_first_session_to_the_last),
        cmocka_unit_test(a_reference_of_ones_own_keeps_it_running),
        cmocka_unit_test(a_session_that_is_refused_holds_no_reference),
        cmocka_unit_test(a_host_that_was_first_keeps_its_libsrtp),
        cmocka_unit_test(a_host_that_stops_libsrtp_too_early_is_survived),
        cmocka_unit_test(threads_with_sessions_of_their_own_do_not_meet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
