/* Certificates and keys that others made, whole and damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/random.h>
#include <wolfssl/wolfcrypt/rsa.h>
#include <wolfssl/wolfcrypt/settings.h>
#include <wolfssl/wolfcrypt/types.h>

#include <strait/certificate.h>

#include "tests/pki.h"

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

static void loads_p256_p384_and_rsa(void **state)
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
    assert_int_equal(load(&rsa, &rsa), STRAIT_OK);
    assert_int_equal(load(&rsa, &p256), STRAIT_E_PARSE);
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

static int load_pem(const char *cert_files, const char *key_file)
{
    size_t cert_len, key_len = 0;
    char *cert = pki_text(cert_files, &cert_len);
    char *key = key_file != NULL ? pki_text(key_file, &key_len) : NULL;
    struct strait_certificate *loaded;
    int error = strait_certificate_load_pem(&loaded, NULL, cert, cert_len, key, key_len);
    assert_true((loaded != NULL) == (error == STRAIT_OK));
    strait_certificate_unref(loaded);
    free(cert);
    free(key);
    return error;
}

static void loads_pem(void **state)
{
    (void)state;
    assert_int_equal(load_pem("server.crt", "leaf.key"), STRAIT_OK);
    assert_int_equal(load_pem("server.crt inter.crt root.crt", "leaf.key"), STRAIT_OK);
    assert_int_equal(load_pem("server384.crt inter.crt", "leaf384.key"), STRAIT_OK);
    assert_int_equal(load_pem("serverrsa.crt interrsa.crt", "leafrsa.key"), STRAIT_OK);
    assert_int_equal(load_pem("serverrsa.crt", "leafrsa8.key"), STRAIT_OK);
    assert_int_equal(load_pem("leaf.key server.crt inter.crt", NULL), STRAIT_OK);
    /* Keys that are weak, unknown, of another, locked, or not there; too many certificates. */
    assert_int_equal(load_pem("server1024.crt", "leaf1024.key"), STRAIT_E_UNSUPPORTED);
    assert_int_equal(load_pem("server521.crt", "leaf521.key"), STRAIT_E_UNSUPPORTED);
    assert_int_equal(load_pem("server.crt", "leafencrypted.key"), STRAIT_E_UNSUPPORTED);
    assert_int_equal(load_pem("inter.crt server.crt", "leaf.key"), STRAIT_E_PARSE);
    assert_int_equal(load_pem("serverrsa.crt", "leaf.key"), STRAIT_E_PARSE);
    assert_int_equal(load_pem("server.crt", NULL), STRAIT_E_PARSE);
    assert_int_equal(load_pem("leaf.key", "leaf.key"), STRAIT_E_PARSE);
    assert_int_equal(load_pem("server.crt inter.crt inter.crt inter.crt inter.crt inter.crt "
                              "inter.crt inter.crt inter.crt inter.crt",
                              "leaf.key"),
                     STRAIT_E_PARSE);
}

static void gives_its_own_certificate_and_fingerprint(void **state)
{
    struct strait_certificate *chain = pki_load("server inter root", "leaf");
    uint8_t own[2048];
    struct strait_fingerprint expected, got;
    size_t own_len = pki_der("server.crt", own, sizeof own), len;
    (void)state;
    const uint8_t *der = strait_certificate_der(chain, &len);
    assert_int_equal(len, own_len);
    assert_memory_equal(der, own, len);
    assert_int_equal(strait_fingerprint_of(&expected, STRAIT_HASH_SHA256, own, own_len), STRAIT_OK);
    strait_certificate_fingerprint(chain, STRAIT_HASH_SHA256, &got);
    assert_true(strait_fingerprint_equal(&expected, &got));
    const uint8_t *key = strait_certificate_key_der(chain, &len);
    assert_true(len > 100 && key[0] == 0x30);
    strait_certificate_unref(chain);
}

static void refuses_damaged_pem(void **state)
{
    size_t len, refused = 0;
    char *text = pki_text("server.crt inter.crt leaf.key", &len);
    struct strait_certificate *loaded;
    (void)state;
    /* The last byte is only the end of a line. */
    for (size_t cut = 1; cut < len - 1; cut++) {
        assert_int_equal(strait_certificate_load_pem(&loaded, NULL, text, cut, NULL, 0),
                         STRAIT_E_PARSE);
        assert_null(loaded);
    }
    for (size_t i = 0; i < len; i++) {
        for (int bit = 1; bit < 256; bit <<= 3) {
            text[i] = (char)(text[i] ^ bit);
            int error = strait_certificate_load_pem(&loaded, NULL, text, len, NULL, 0);
            assert_true(error == STRAIT_OK || error == STRAIT_E_PARSE ||
                        error == STRAIT_E_UNSUPPORTED);
            refused += error != STRAIT_OK;
            strait_certificate_unref(loaded);
            text[i] = (char)(text[i] ^ bit);
        }
    }
    assert_true(refused > len);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loads_p256_p384_and_rsa),
        cmocka_unit_test(does_not_believe_the_public_point_in_a_key),
        cmocka_unit_test(refuses_damaged_der),
        cmocka_unit_test(survives_every_flipped_byte),
        cmocka_unit_test(loads_pem),
        cmocka_unit_test(gives_its_own_certificate_and_fingerprint),
        cmocka_unit_test(refuses_damaged_pem),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
