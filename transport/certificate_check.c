#include "transport/certificate_check.h"

#include <wolfssl/wolfcrypt/asn.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/rsa.h>
#include <wolfssl/wolfcrypt/settings.h>
#include <wolfssl/wolfcrypt/types.h>

#include "transport/crypto_run.h"
#include "transport/util.h"

enum {
    POINT_MAX = 2 * 48 + 1, /* uncompressed, P-384 */
    SIGNATURE_MAX = 512     /* RSA-4096, the most that wolfCrypt is built for */
};

/* --- ECDSA --- */

/* The public point that belongs to a private key: made anew, what the key's DER says of it proves
 * nothing. */
static int point_of_key(struct strait__crypto_run *run, const uint8_t *der, size_t len, int curve,
                        uint8_t point[POINT_MAX], word32 *point_len)
{
    ecc_key key;
    if (wc_ecc_init(&key) != 0) {
        return strait__crypto_error(run, STRAIT_E_CRYPTO);
    }
    word32 at = 0;
    int error = STRAIT_OK;
    if (wc_EccPrivateKeyDecode(der, &at, &key, (word32)len) != 0 || key.dp->id != curve ||
        wc_ecc_make_pub_ex(&key, NULL, &run->rng) != 0 ||
        wc_ecc_export_x963(&key, point, point_len) != 0) {
        error = strait__crypto_error(run, STRAIT_E_PARSE);
    }
    wc_ecc_free(&key);
    return error;
}

static int point_of_certificate(struct strait__crypto_run *run, const DecodedCert *cert,
                                uint8_t point[POINT_MAX], word32 *point_len)
{
    ecc_key key;
    if (wc_ecc_init(&key) != 0) {
        return strait__crypto_error(run, STRAIT_E_CRYPTO);
    }
    word32 at = 0;
    int error = STRAIT_OK;
    if (wc_EccPublicKeyDecode(cert->publicKey, &at, &key, cert->pubKeySize) != 0 ||
        wc_ecc_check_key(&key) != 0 || wc_ecc_export_x963(&key, point, point_len) != 0) {
        error = strait__crypto_error(run, STRAIT_E_PARSE);
    }
    wc_ecc_free(&key);
    return error;
}

static int check_ecdsa(struct strait__crypto_run *run, const DecodedCert *cert, int curve,
                       const uint8_t *key, size_t key_len)
{
    uint8_t of_key[POINT_MAX], of_cert[POINT_MAX];
    word32 of_key_len = sizeof of_key, of_cert_len = sizeof of_cert;
    int error = point_of_certificate(run, cert, of_cert, &of_cert_len);
    if (error == STRAIT_OK) {
        error = point_of_key(run, key, key_len, curve, of_key, &of_key_len);
    }
    if (error != STRAIT_OK) {
        return error;
    }
    bool same = of_key_len == of_cert_len && memcmp(of_key, of_cert, of_key_len) == 0;
    return same ? STRAIT_OK : STRAIT_E_PARSE;
}

/* --- RSA --- */

#ifndef NO_RSA
/* What the private key signs, the certificate's verifies: the DER of a key has more in it than wolfCrypt
 * compares. */
static int sign_and_verify(struct strait__crypto_run *run, RsaKey *private, RsaKey *public)
{
    static const uint8_t message[32] = "strait";
    uint8_t signature[SIGNATURE_MAX], opened[sizeof message];
    int len = wc_RsaSSL_Sign(message, sizeof message, signature, sizeof signature, private,
                             &run->rng);
    if (len > 0) {
        len = wc_RsaSSL_Verify(signature, (word32)len, opened, sizeof opened, public);
    }
    bool same = len == sizeof message && memcmp(opened, message, sizeof message) == 0;
    return same ? STRAIT_OK : strait__crypto_error(run, STRAIT_E_PARSE);
}

static int check_rsa(struct strait__crypto_run *run, const DecodedCert *cert, const uint8_t *key,
                     size_t key_len)
{
    RsaKey private, public;
    word32 at = 0;
    if (wc_InitRsaKey(&private, NULL) != 0) {
        return strait__crypto_error(run, STRAIT_E_CRYPTO);
    }
    if (wc_InitRsaKey(&public, NULL) != 0) {
        wc_FreeRsaKey(&private);
        return strait__crypto_error(run, STRAIT_E_CRYPTO);
    }
    int wc = wc_RsaPublicKeyDecode(cert->publicKey, &at, &public, cert->pubKeySize);
    if (wc == 0) {
        at = 0;
        wc = wc_RsaPrivateKeyDecode(key, &at, &private, (word32)key_len);
    }
    if (wc == 0) {
        wc = wc_RsaSetRNG(&private, &run->rng);
    }
    int error = STRAIT_E_PARSE;
    if (wc == 0 && wc_RsaEncryptSize(&public) > SIGNATURE_MAX) {
        error = STRAIT_E_UNSUPPORTED;
    } else if (wc == 0) {
        error = sign_and_verify(run, &private, &public);
    }
    wc_FreeRsaKey(&public);
    wc_FreeRsaKey(&private);
    return strait__crypto_error(run, error);
}
#endif

/* --- Both --- */

static int check_key(struct strait__crypto_run *run, const struct strait__x509 *leaf,
                     const DecodedCert *cert, const uint8_t *key, size_t key_len)
{
    switch (leaf->key) {
    case STRAIT__KEY_P256:
        return check_ecdsa(run, cert, ECC_SECP256R1, key, key_len);
    case STRAIT__KEY_P384:
        return check_ecdsa(run, cert, ECC_SECP384R1, key, key_len);
#ifndef NO_RSA
    case STRAIT__KEY_RSA:
        return leaf->rsa_bits >= STRAIT__RSA_MIN ? check_rsa(run, cert, key, key_len)
                                                 : STRAIT_E_UNSUPPORTED;
#endif
    default:
        return STRAIT_E_UNSUPPORTED;
    }
}

static int check_pair(struct strait__crypto_run *run, const struct strait__x509 *leaf,
                      const uint8_t *key, size_t key_len)
{
    DecodedCert cert;
    wc_InitDecodedCert(&cert, leaf->der, (word32)leaf->len, NULL);
    int wc = wc_ParseCert(&cert, CERT_TYPE, NO_VERIFY, NULL);
    int error = wc == 0 ? check_key(run, leaf, &cert, key, key_len)
                        : strait__crypto_error(run, STRAIT_E_PARSE);
    wc_FreeDecodedCert(&cert);
    return error;
}

static int check_chain(struct strait__crypto_run *run, struct strait__checked *out,
                       const uint8_t *chain, size_t chain_len, const uint8_t *key, size_t key_len)
{
    struct strait__x509 x;
    size_t n = 0;
    for (size_t at = 0; at < chain_len; at += x.len, n++) {
        size_t len = strait__der_item(chain + at, chain_len - at);
        int error = n < STRAIT__CHAIN_MAX && len > 0 ? strait__x509_read(&x, chain + at, len)
                                                     : STRAIT_E_PARSE;
        if (error == STRAIT_OK && n == 0) {
            *out = (struct strait__checked){ .leaf_len = len, .kind = x.key };
            error = check_pair(run, &x, key, key_len);
        }
        if (error != STRAIT_OK) {
            return strait__crypto_error(run, error);
        }
    }
    return STRAIT_OK;
}

int strait__certificate_check(struct strait__checked *out, const struct strait_hooks *hooks,
                              const uint8_t *chain, size_t chain_len, const uint8_t *key,
                              size_t key_len)
{
    struct strait__crypto_run run;
    /* wolfCrypt is content with more bytes behind the key. */
    if (strait__der_item(key, key_len) != key_len) {
        return STRAIT_E_PARSE;
    }
    int error = strait__crypto_begin(&run, hooks);
    if (error != STRAIT_OK) {
        return error;
    }
    error = check_chain(&run, out, chain, chain_len, key, key_len);
    strait__crypto_end(&run);
    return error;
}
