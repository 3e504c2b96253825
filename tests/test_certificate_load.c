/* Certificates and keys that others made, whole and damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/random.h>
#include <wolfssl/wolfcrypt/rsa.h>
#include <wolfssl/wolfcrypt/settings.h>
#include <wolfssl/wolfcrypt/types.h>

#include <strait/certificate.h>

struct pair {
    uint8_t cert[2048], key[2048];
    size_t cert_len, key_len;
};

static void sign_for(struct pair *pair, WC_RNG *rng, int sig, int type, void *key)
{
    static Cert cert;
    assert_int_equal(wc_InitCert(&cert), 0);
    cert.sigType = sig;
    strcpy(cert.subject.commonName, "other");
    assert_true(wc_MakeCert_ex(&cert, pair->cert, sizeof pair->cert, type, key, rng) > 0);
    int len = wc_SignCert_ex(cert.bodySz, sig, pair->cert, sizeof pair->cert, type, key, rng);
    assert_true(len > 0);
    pair->cert_len = (size_t)len;
}

/* `pkcs8`: the key in PKCS #8 instead of SEC 1. */
static void make_ecc(struct pair *pair, int curve, int bytes, bool pkcs8)
{
    WC_RNG rng;
    ecc_key key;
    assert_int_equal(wc_InitRng(&rng), 0);
    assert_int_equal(wc_ecc_init(&key), 0);
    assert_int_equal(wc_ecc_make_key_ex(&rng, bytes, &key, curve), 0);
    sign_for(pair, &rng, CTC_SHA384wECDSA, ECC_TYPE, &key);
    int len = pkcs8 ? 0 : wc_EccKeyToDer(&key, pair->key, sizeof pair->key);
    if (pkcs8) {
        word32 room = sizeof pair->key;
        len = wc_EccPrivateKeyToPKCS8(&key, pair->key, &room);
        assert_true(len > 0);
        len = (int)room;
    }
    assert_true(len > 0);
    pair->key_len = (size_t)len;
    wc_ecc_free(&key);
    wc_FreeRng(&rng);
}

static void make_rsa(struct pair *pair)
{
    WC_RNG rng;
    RsaKey key;
    assert_int_equal(wc_InitRng(&rng), 0);
    assert_int_equal(wc_InitRsaKey(&key, NULL), 0);
    assert_int_equal(wc_MakeRsaKey(&key, 2048, 65537, &rng), 0);
    sign_for(pair, &rng, CTC_SHA256wRSA, RSA_TYPE, &key);
    int len = wc_RsaKeyToDer(&key, pair->key, sizeof pair->key);
    assert_true(len > 0);
    pair->key_len = (size_t)len;
    wc_FreeRsaKey(&key);
    wc_FreeRng(&rng);
}

static int load(const struct pair *cert, const struct pair *key)
{
    struct strait_certificate *loaded;
    int error = strait_certificate_load_der(&loaded, NULL, cert->cert, cert->cert_len, key->key,
                                            key->key_len);
    assert_true((loaded != NULL) == (error == STRAIT_OK));
    strait_certificate_unref(loaded);
    return error;
}

static void loads_p256_and_p384_only(void **state)
{
    static struct pair p256, p256_pkcs8, p384, p384_pkcs8, p521, rsa;
    (void)state;
    make_ecc(&p256, ECC_SECP256R1, 32, false);
    make_ecc(&p256_pkcs8, ECC_SECP256R1, 32, true);
    make_ecc(&p384, ECC_SECP384R1, 48, false);
    make_ecc(&p384_pkcs8, ECC_SECP384R1, 48, true);
    make_ecc(&p521, ECC_SECP521R1, 66, false);
    make_rsa(&rsa);
    assert_int_equal(load(&p256, &p256), STRAIT_OK);
    assert_int_equal(load(&p256_pkcs8, &p256_pkcs8), STRAIT_OK);
    assert_int_equal(load(&p384, &p384), STRAIT_OK);
    assert_int_equal(load(&p384_pkcs8, &p384_pkcs8), STRAIT_OK);
    assert_int_equal(load(&p521, &p521), STRAIT_E_UNSUPPORTED);
    assert_int_equal(load(&rsa, &rsa), STRAIT_E_UNSUPPORTED);
    /* A key of another pair, of another curve, of another kind. */
    assert_int_equal(load(&p256, &p256_pkcs8), STRAIT_E_PARSE);
    assert_int_equal(load(&p256, &p384), STRAIT_E_PARSE);
    assert_int_equal(load(&p256, &rsa), STRAIT_E_PARSE);
}

static void does_not_believe_the_public_point_in_a_key(void **state)
{
    static struct pair one, two, mixed;
    (void)state;
    make_ecc(&one, ECC_SECP256R1, 32, false);
    make_ecc(&two, ECC_SECP256R1, 32, false);
    /* The private part of one, the public part of two: it is no key of two's certificate. */
    mixed = two;
    memcpy(mixed.key + 7, one.key + 7, 32);
    assert_int_equal(load(&two, &mixed), STRAIT_E_PARSE);
}

static void refuses_damaged_der(void **state)
{
    static struct pair good, bad;
    (void)state;
    make_ecc(&good, ECC_SECP256R1, 32, false);
    bad = good;
    for (bad.cert_len = 0; bad.cert_len < good.cert_len; bad.cert_len++) {
        assert_int_equal(load(&bad, &good), bad.cert_len ? STRAIT_E_PARSE : STRAIT_E_INVALID);
    }
    for (bad.key_len = 0; bad.key_len < good.key_len; bad.key_len++) {
        assert_int_equal(load(&good, &bad), bad.key_len ? STRAIT_E_PARSE : STRAIT_E_INVALID);
    }
    /* One byte more than the DER says. */
    bad = good;
    bad.cert_len++;
    assert_int_equal(load(&bad, &good), STRAIT_E_PARSE);
    bad.cert_len--;
    bad.key_len++;
    assert_int_equal(load(&good, &bad), STRAIT_E_PARSE);
}

static void survives_every_flipped_byte(void **state)
{
    static struct pair good, bad;
    size_t refused = 0;
    (void)state;
    make_ecc(&good, ECC_SECP256R1, 32, false);
    for (size_t i = 0; i < good.cert_len; i++) {
        bad = good;
        bad.cert[i] ^= 0xff;
        int error = load(&bad, &good);
        assert_true(error == STRAIT_OK || error == STRAIT_E_PARSE || error == STRAIT_E_UNSUPPORTED);
        refused += error != STRAIT_OK;
    }
    assert_true(refused > 64); /* at least the public point and the headers */
    /* Each byte of the private key counts. */
    for (size_t i = 7; i < 7 + 32; i++) {
        bad = good;
        bad.key[i] ^= 0xff;
        assert_int_equal(load(&good, &bad), STRAIT_E_PARSE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loads_p256_and_p384_only),
        cmocka_unit_test(does_not_believe_the_public_point_in_a_key),
        cmocka_unit_test(refuses_damaged_der),
        cmocka_unit_test(survives_every_flipped_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
