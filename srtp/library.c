#include "srtp/library.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include <strait/error.h>

#include "srtp/ciphers.h"

/*
 * srtp_init, srtp_shutdown and the replaced ciphers belong to the whole process, none of them is thread
 * safe, and srtp_init fails when it is called again. So the calls are counted here.
 *
 * A host that uses libsrtp itself calls srtp_init before it makes its first session of strait, or
 * not at all while there is one, and srtp_shutdown after it has destroyed the last. libsrtp is left
 * running for it then. Its own sessions run on wolfCrypt's ciphers from then on, and the library
 * that they are in (strait's) must not be unloaded before srtp_shutdown.
 */

/* A spin lock: held for microseconds, except by the very first user. No thread library is needed. */
static atomic_flag guard = ATOMIC_FLAG_INIT;

/* Under the guard. */
static unsigned int users;
static bool started_by_us;

static void lock(void)
{
    while (atomic_flag_test_and_set_explicit(&guard, memory_order_acquire)) {
    }
}

static void unlock(void)
{
    atomic_flag_clear_explicit(&guard, memory_order_release);
}

/* libsrtp has no question for it, but makes no session before srtp_init, not even a null one. */
static bool is_running(void)
{
    unsigned char no_key[SRTP_MAX_KEY_LEN] = { 0 };
    srtp_policy_t policy;
    srtp_t session;
    memset(&policy, 0, sizeof policy);
    srtp_crypto_policy_set_null_cipher_hmac_null(&policy.rtp);
    srtp_crypto_policy_set_null_cipher_hmac_null(&policy.rtcp);
    policy.ssrc.type = ssrc_any_outbound;
    policy.key = no_key;
    if (srtp_create(&session, &policy) != srtp_err_status_ok) {
        return false;
    }
    srtp_dealloc(session);
    return true;
}

/* Each is run against its own test vectors and libsrtp's before it is taken. The key derivation is
 * done with ICM, for the GCM profiles as well. */
static bool replace_ciphers(void)
{
    static const srtp_cipher_type_t *const ciphers[] = {
        &strait__icm_128,
        &strait__icm_256,
        &strait__gcm_128,
        &strait__gcm_256,
    };
    for (size_t i = 0; i < sizeof ciphers / sizeof ciphers[0]; i++) {
        if (srtp_replace_cipher_type(ciphers[i], ciphers[i]->id) != srtp_err_status_ok) {
            return false;
        }
    }
    return srtp_replace_auth_type(&strait__hmac_sha1, strait__hmac_sha1.id) == srtp_err_status_ok;
}

static void stop(void)
{
    if (started_by_us) {
        srtp_shutdown();
        started_by_us = false;
    }
}

/* Also when there are users: a host may have called srtp_shutdown too early. */
static bool ensure_running(void)
{
    bool running = is_running();
    if (running && users > 0) {
        return true;
    }
    if (!running) {
        if (srtp_init() != srtp_err_status_ok) {
            return false;
        }
        started_by_us = true;
    }
    if (!replace_ciphers()) {
        stop();
        return false;
    }
    return true;
}

int strait__srtp_library_acquire(void)
{
    lock();
    bool running = ensure_running();
    if (running) {
        users++;
    }
    unlock();
    return running ? STRAIT_OK : STRAIT_E_CRYPTO;
}

void strait__srtp_library_release(void)
{
    lock();
    if (--users == 0) {
        stop();
    }
    unlock();
}
