#include "transport/dtls/wolf_library.h"

#include <stdatomic.h>
#include <stdint.h>

#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/aes.h>
#include <wolfssl/wolfcrypt/chacha20_poly1305.h>
#include <wolfssl/wolfcrypt/curve25519.h>
#include <wolfssl/wolfcrypt/settings.h>
#include <wolfssl/wolfcrypt/sha256.h>
#include <wolfssl/wolfcrypt/sha3.h>
#include <wolfssl/wolfcrypt/sha512.h>
#include <wolfssl/wolfcrypt/wc_mlkem.h>

#include <strait/error.h>

/* A spin lock: held for microseconds, except by the very first user. */
static atomic_flag guard = ATOMIC_FLAG_INIT;
static unsigned users; /* under the guard */

static void lock(void)
{
    while (atomic_flag_test_and_set_explicit(&guard, memory_order_acquire)) {
    }
}

static void unlock(void)
{
    atomic_flag_clear_explicit(&guard, memory_order_release);
}

static void use_hashes(void)
{
    static const byte nothing[1];
    byte digest[WC_SHA512_DIGEST_SIZE];
    wc_Sha256 sha256;
    wc_Sha384 sha384;
    wc_Sha512 sha512;
    wc_Sha3 sha3;
    if (wc_InitSha256(&sha256) == 0) {
        wc_Sha256Free(&sha256);
    }
    if (wc_InitSha384(&sha384) == 0) {
        wc_Sha384Free(&sha384);
    }
    if (wc_InitSha512(&sha512) == 0) {
        wc_Sha512Free(&sha512);
    }
    if (wc_InitSha3_256(&sha3, NULL, INVALID_DEVID) == 0) {
        (void)wc_Sha3_256_Update(&sha3, nothing, sizeof nothing);
        (void)wc_Sha3_256_Final(&sha3, digest);
        wc_Sha3_256_Free(&sha3);
    }
}

static void use_ciphers(void)
{
    byte key[32] = { 0 }, iv[12] = { 0 }, text[16] = { 0 }, tag[16];
    Aes aes;
    if (wc_AesInit(&aes, NULL, INVALID_DEVID) == 0) {
        if (wc_AesGcmSetKey(&aes, key, 16) == 0) {
            (void)wc_AesGcmEncrypt(&aes, text, text, sizeof text, iv, sizeof iv, tag, sizeof tag,
                                   NULL, 0);
        }
        wc_AesFree(&aes);
    }
    (void)wc_ChaCha20Poly1305_Encrypt(key, iv, NULL, 0, text, sizeof text, text, tag);
}

static void use_key_exchange(void)
{
    byte own[CURVE25519_KEYSIZE] = { 1 }, other[CURVE25519_KEYSIZE];
    (void)wc_curve25519_make_pub(sizeof other, other, sizeof own, own);
#ifndef STRAIT_NO_POST_QUANTUM
    MlKemKey mlkem;
    if (wc_MlKemKey_Init(&mlkem, WC_ML_KEM_768, NULL, INVALID_DEVID) == 0) {
        wc_MlKemKey_Free(&mlkem);
    }
#endif
}

/* Each algorithm notes at its first use, in variables of the process, what the processor can do. Two
 * threads would do so at the same time: it is done here, before there are two. */
static void look_at_processor(void)
{
    use_hashes();
    use_ciphers();
    use_key_exchange();
}

int strait__wolf_ref(void)
{
    int error = STRAIT_OK;
    lock();
    if (users == 0) {
        if (wolfSSL_Init() == WOLFSSL_SUCCESS) {
            look_at_processor();
        } else {
            error = STRAIT_E_CRYPTO;
        }
    }
    users += error == STRAIT_OK;
    unlock();
    return error;
}

void strait__wolf_unref(void)
{
    lock();
    if (users > 0 && --users == 0) {
        wolfSSL_Cleanup();
    }
    unlock();
}
