/* What strait relies on of its own build of wolfSSL. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/aes.h>
#include <wolfssl/wolfcrypt/cpuid.h>
#include <wolfssl/wolfcrypt/curve25519.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/random.h>
#include <wolfssl/wolfcrypt/wc_mlkem.h>

#include "transport/dtls/wolf_hooks.h"

struct host {
    long blocks;
    size_t allocations, random_bytes;
};

static void *host_alloc(void *user, size_t bytes)
{
    struct host *host = user;
    host->blocks++;
    host->allocations++;
    return malloc(bytes);
}

static void host_free(void *user, void *memory)
{
    struct host *host = user;
    host->blocks--;
    free(memory);
}

static int host_random(void *user, uint8_t *out, size_t bytes)
{
    struct host *host = user;
    for (size_t i = 0; i < bytes; i++) {
        out[i] = (uint8_t)(host->random_bytes++ * 167u + 13u);
    }
    return 0;
}

static struct strait_hooks hooks_of(struct host *host)
{
    return (struct strait_hooks){
        .size = sizeof(struct strait_hooks),
        .user = host,
        .alloc = host_alloc,
        .free = host_free,
        .random = host_random,
    };
}

/* AES-256-GCM over 16 zero bytes with a zero key and nonce (test case 14 of the GCM specification). */
static void gcm_is_right_and_in_assembler(void **state)
{
    static const uint8_t sealed[16] = { 0xce, 0xa7, 0x40, 0x3d, 0x4d, 0x60, 0x6b, 0x6e,
                                        0x07, 0x4e, 0xc5, 0xd3, 0xba, 0xf3, 0x9d, 0x18 };
    static const uint8_t expected_tag[16] = { 0xd0, 0xd1, 0xc8, 0xa7, 0x99, 0x99, 0x6b, 0xf0,
                                              0x26, 0x5b, 0x98, 0xb5, 0xd4, 0x8a, 0xb9, 0x19 };
    uint8_t key[32] = { 0 }, nonce[12] = { 0 }, data[16] = { 0 }, tag[16];
    Aes aes;
    (void)state;

    assert_int_equal(wc_AesInit(&aes, NULL, INVALID_DEVID), 0);
    assert_int_equal(wc_AesGcmSetKey(&aes, key, sizeof key), 0);
    assert_int_equal(wc_AesGcmEncrypt(&aes, data, data, sizeof data, nonce, sizeof nonce, tag,
                                      sizeof tag, NULL, 0),
                     0);
    assert_memory_equal(data, sealed, sizeof data);
    assert_memory_equal(tag, expected_tag, sizeof tag);
#if defined(__x86_64__)
    assert_int_equal(aes.use_aesni != 0, __builtin_cpu_supports("aes") != 0);
#endif
    wc_AesFree(&aes);
}

static void the_hybrid_group_is_known(void **state)
{
    int groups[] = { WOLFSSL_X25519MLKEM768, WOLFSSL_ECC_X25519, WOLFSSL_ECC_SECP256R1 };
    WOLFSSL_CTX *ctx = wolfSSL_CTX_new(wolfDTLS_client_method());
    (void)state;

    assert_non_null(ctx);
    assert_int_equal(wolfSSL_CTX_SetMinVersion(ctx, WOLFSSL_DTLSV1_2), WOLFSSL_SUCCESS);
    WOLFSSL *ssl = wolfSSL_new(ctx);
    assert_non_null(ssl);
    assert_int_equal(wolfSSL_set_groups(ssl, groups, 3), WOLFSSL_SUCCESS);
    assert_int_equal(wolfSSL_UseKeyShare(ssl, WOLFSSL_X25519MLKEM768), WOLFSSL_SUCCESS);
    wolfSSL_free(ssl);
    wolfSSL_CTX_free(ctx);
}

static void ml_kem_768_agrees(void **state)
{
    uint8_t cipher[WC_ML_KEM_768_CIPHER_TEXT_SIZE], ours[WC_ML_KEM_SS_SZ], theirs[WC_ML_KEM_SS_SZ];
    MlKemKey key;
    WC_RNG rng;
    (void)state;

    assert_int_equal(wc_InitRng(&rng), 0);
    assert_int_equal(wc_MlKemKey_Init(&key, WC_ML_KEM_768, NULL, INVALID_DEVID), 0);
    assert_int_equal(wc_MlKemKey_MakeKey(&key, &rng), 0);
    assert_int_equal(wc_MlKemKey_Encapsulate(&key, cipher, ours, &rng), 0);
    assert_int_equal(wc_MlKemKey_Decapsulate(&key, theirs, cipher, sizeof cipher), 0);
    assert_memory_equal(ours, theirs, sizeof ours);
    cipher[0] ^= 1;
    assert_int_equal(wc_MlKemKey_Decapsulate(&key, theirs, cipher, sizeof cipher), 0);
    assert_memory_not_equal(ours, theirs, sizeof ours);
    wc_MlKemKey_Free(&key);
    wc_FreeRng(&rng);
}

/* A handshake makes its X25519 key right after it has verified an ECDSA signature. */
static void x25519_is_right_after_ecdsa(void **state)
{
    enum { RUNS = 64 };
    static const uint8_t base[CURVE25519_KEYSIZE] = { 9 };
    uint8_t hash[32] = { 0 }, signature[80], private[CURVE25519_KEYSIZE];
    uint8_t made[CURVE25519_KEYSIZE], expected[CURVE25519_KEYSIZE];
    ecc_key key;
    WC_RNG rng;
    (void)state;
    assert_int_equal(wc_InitRng(&rng), 0);
    assert_int_equal(wc_ecc_init(&key), 0);
    assert_int_equal(wc_ecc_make_key(&rng, 32, &key), 0);
    for (int i = 0; i < RUNS; i++) {
        word32 len = sizeof signature;
        int good = 0;
        hash[0] = (uint8_t)(i + 1);
        assert_int_equal(wc_ecc_sign_hash(hash, sizeof hash, signature, &len, &rng, &key), 0);
        assert_int_equal(wc_ecc_verify_hash(signature, len, hash, sizeof hash, &good, &key), 0);
        assert_int_equal(good, 1);
        assert_int_equal(wc_curve25519_make_priv(&rng, (int)sizeof private, private), 0);
        assert_int_equal(wc_curve25519_make_pub(sizeof made, made, sizeof private, private), 0);
        assert_int_equal(wc_curve25519_generic(sizeof expected, expected, sizeof private, private,
                                               sizeof base, base),
                         0);
        assert_memory_equal(made, expected, sizeof made);
    }
    wc_ecc_free(&key);
    wc_FreeRng(&rng);
}

static void random_bytes_are_the_host_s(void **state)
{
    struct host host = { .blocks = 0 };
    struct host expected_host = { .blocks = 0 };
    struct strait_hooks hooks = hooks_of(&host);
    struct strait__wolf_scope scope;
    uint8_t bytes[100], expected[100];
    WC_RNG rng;
    (void)state;

    strait__wolf_enter(&scope, &hooks, 0);
    assert_int_equal(wc_InitRng(&rng), 0);
    assert_int_equal(wc_RNG_GenerateBlock(&rng, bytes, sizeof bytes), 0);
    wc_FreeRng(&rng);
    strait__wolf_leave(&scope);
    host_random(&expected_host, expected, sizeof expected);
    assert_memory_equal(bytes, expected, sizeof bytes);
    assert_int_equal(host.random_bytes, sizeof bytes);
}

static void memory_is_the_host_s_and_comes_back(void **state)
{
    struct host host = { .blocks = 0 };
    struct strait_hooks hooks = hooks_of(&host);
    struct strait__wolf_scope scope;
    (void)state;

    strait__wolf_enter(&scope, &hooks, 0);
    WOLFSSL_CTX *ctx = wolfSSL_CTX_new(wolfDTLS_client_method());
    assert_non_null(ctx);
    WOLFSSL *ssl = wolfSSL_new(ctx);
    assert_non_null(ssl);
    assert_true(host.blocks > 1);
    wolfSSL_free(ssl);
    wolfSSL_CTX_free(ctx);
    strait__wolf_leave(&scope);
    assert_int_equal(host.blocks, 0);
}

static int initialise(void **state)
{
    (void)state;
    return wolfSSL_Init() == WOLFSSL_SUCCESS ? 0 : -1;
}

static int finish(void **state)
{
    (void)state;
    return wolfSSL_Cleanup() == WOLFSSL_SUCCESS ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gcm_is_right_and_in_assembler),
        cmocka_unit_test(the_hybrid_group_is_known),
        cmocka_unit_test(ml_kem_768_agrees),
        cmocka_unit_test(x25519_is_right_after_ecdsa),
        cmocka_unit_test(random_bytes_are_the_host_s),
        cmocka_unit_test(memory_is_the_host_s_and_comes_back),
    };
    return cmocka_run_group_tests(tests, initialise, finish);
}
