#include "transport/certificate_der.h"

#include <time.h>

#include <wolfssl/wolfcrypt/asn.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/error-crypt.h>
#include <wolfssl/wolfcrypt/random.h>
#include <wolfssl/wolfcrypt/settings.h>
#include <wolfssl/wolfcrypt/types.h>
#include <wolfssl/wolfcrypt/wc_port.h>

#include "transport/dtls/wolf_hooks.h"
#include "transport/util.h"

/* 9999-12-31T23:59:59Z: "no well-defined expiration date" (RFC 5280, 4.1.2.5), and the last that
 * GeneralizedTime can say. */
#define LAST_SECOND UINT64_C(253402300799)

enum {
    P256_BYTES = 32,
    POINT_MAX = 2 * 48 + 1, /* uncompressed, P-384 */
    SERIAL_BYTES = 16       /* RFC 5280, 4.1.2.2: at most 20 */
};

/*
 * One run of wolfCrypt. Its error codes do not tell reliably that memory or random bytes were missing,
 * so the hooks on the way there note it themselves.
 */
struct wolf {
    const struct strait_hooks *host;
    struct strait_hooks watched;
    struct strait__wolf_scope scope;
    bool no_memory, no_random;
    WC_RNG rng;
};

static void *watched_alloc(void *user, size_t bytes)
{
    struct wolf *wolf = user;
    void *memory = wolf->host->alloc(wolf->host->user, bytes);
    wolf->no_memory |= memory == NULL;
    return memory;
}

static void watched_free(void *user, void *memory)
{
    struct wolf *wolf = user;
    wolf->host->free(wolf->host->user, memory);
}

static int watched_random(void *user, uint8_t *out, size_t bytes)
{
    struct wolf *wolf = user;
    int result = wolf->host->random(wolf->host->user, out, bytes);
    wolf->no_random |= result != 0;
    return result;
}

static int wolf_begin(struct wolf *wolf, const struct strait_hooks *hooks)
{
    *wolf = (struct wolf){ .host = hooks };
    wolf->watched = *hooks;
    wolf->watched.user = wolf;
    wolf->watched.alloc = watched_alloc;
    wolf->watched.free = watched_free;
    wolf->watched.random = watched_random;
    /* Counted, and outside of the scope: what it keeps belongs to the process. */
    if (wolfCrypt_Init() != 0) {
        return STRAIT_E_CRYPTO;
    }
    strait__wolf_enter(&wolf->scope, &wolf->watched, 0);
    int wc = wc_InitRng(&wolf->rng);
    if (wc != 0) {
        strait__wolf_leave(&wolf->scope);
        wolfCrypt_Cleanup();
        return wolf->no_memory ? STRAIT_E_NOMEM : STRAIT_E_CRYPTO;
    }
    return STRAIT_OK;
}

static void wolf_end(struct wolf *wolf)
{
    wc_FreeRng(&wolf->rng);
    strait__wolf_leave(&wolf->scope);
    wolfCrypt_Cleanup();
}

/* What a failed call of wolfCrypt means: `otherwise`, if it was not for want of something. */
static int wolf_error(const struct wolf *wolf, int otherwise)
{
    if (wolf->no_memory) {
        return STRAIT_E_NOMEM;
    }
    return wolf->no_random ? STRAIT_E_RANDOM : otherwise;
}

/* --- Making ------------------------------------------------------------------------------------ */

/* A date as wolfCrypt wants it: tag, length, text. Its length, or STRAIT_E_INVALID. */
static int put_date(uint8_t out[CTC_DATE_SIZE], uint64_t seconds)
{
    time_t clock = (time_t)seconds;
    struct tm t;
    if (seconds > LAST_SECOND || gmtime_r(&clock, &t) == NULL) {
        return STRAIT_E_INVALID;
    }
    /* RFC 5280, 4.1.2.5: UTCTime to the end of 2049, GeneralizedTime from 2050 on. */
    bool utc = t.tm_year + 1900 < 2050;
    const int fields[] = { (t.tm_year + 1900) / 100,
                           t.tm_year % 100,
                           t.tm_mon + 1,
                           t.tm_mday,
                           t.tm_hour,
                           t.tm_min,
                           t.tm_sec };
    size_t at = 2;
    for (size_t i = utc ? 1 : 0; i < sizeof fields / sizeof fields[0]; i++) {
        out[at++] = (uint8_t)('0' + fields[i] / 10);
        out[at++] = (uint8_t)('0' + fields[i] % 10);
    }
    out[at++] = 'Z';
    out[0] = utc ? ASN_UTC_TIME : ASN_GENERALIZED_TIME;
    out[1] = (uint8_t)(at - 2);
    return (int)at;
}

static bool name_is_fine(const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < len; i++) {
        if (name[i] < 0x20 || name[i] > 0x7e) {
            return false;
        }
    }
    return len > 0 && len <= STRAIT__CERTIFICATE_NAME_MAX;
}

/* All of a certificate but its key: no extension, as the browsers' own. */
static int describe(Cert *cert, const struct strait_hooks *hooks, const char *name,
                    uint64_t not_before, uint64_t not_after)
{
    if (!name_is_fine(name) || (not_after != 0 && not_before > not_after)) {
        return STRAIT_E_INVALID;
    }
    if (wc_InitCert_ex(cert, NULL, INVALID_DEVID) != 0) {
        return STRAIT_E_CRYPTO;
    }
    cert->sigType = CTC_SHA256wECDSA;
    memcpy(cert->subject.commonName, name, strlen(name) + 1);

    cert->beforeDateSz = put_date(cert->beforeDate, not_before);
    cert->afterDateSz = put_date(cert->afterDate, not_after != 0 ? not_after : LAST_SECOND);
    if (cert->beforeDateSz < 0 || cert->afterDateSz < 0) {
        return STRAIT_E_INVALID;
    }
    cert->serialSz = SERIAL_BYTES;
    if (strait__random(hooks, cert->serial, SERIAL_BYTES) != STRAIT_OK) {
        return STRAIT_E_RANDOM;
    }
    /* Positive (RFC 5280, 4.1.2.2) and without a leading zero byte, which DER forbids. */
    cert->serial[0] = (uint8_t)((cert->serial[0] & 0x7f) | 0x40);
    return STRAIT_OK;
}

static int sign(struct strait__der *out, struct wolf *wolf, Cert *cert, ecc_key *key)
{
    int wc = wc_ecc_make_key_ex(&wolf->rng, P256_BYTES, key, ECC_SECP256R1);
    if (wc != 0) {
        return wolf_error(wolf, STRAIT_E_CRYPTO);
    }
    wc = wc_EccKeyToDer(key, out->key, sizeof out->key);
    if (wc <= 0) {
        return wolf_error(wolf, STRAIT_E_CRYPTO);
    }
    out->key_len = (size_t)wc;
    wc = wc_MakeCert_ex(cert, out->cert, sizeof out->cert, ECC_TYPE, key, &wolf->rng);
    if (wc > 0) {
        wc = wc_SignCert_ex(cert->bodySz, cert->sigType, out->cert, sizeof out->cert, ECC_TYPE, key,
                            &wolf->rng);
    }
    if (wc <= 0) {
        return wolf_error(wolf, STRAIT_E_CRYPTO);
    }
    out->cert_len = (size_t)wc;
    return STRAIT_OK;
}

int strait__certificate_make(struct strait__der *out, const struct strait_hooks *hooks,
                             const char *name, uint64_t not_before, uint64_t not_after)
{
    struct wolf wolf;
    ecc_key key;
    memset(out, 0, sizeof *out);
    Cert *cert = strait__alloc(hooks, sizeof *cert); /* 20 kB: not on the stack */
    if (cert == NULL) {
        return STRAIT_E_NOMEM;
    }
    int error = describe(cert, hooks, name, not_before, not_after);
    if (error == STRAIT_OK) {
        error = wolf_begin(&wolf, hooks);
    }
    if (error == STRAIT_OK) {
        if (wc_ecc_init(&key) == 0) {
            error = sign(out, &wolf, cert, &key);
            wc_ecc_free(&key);
        } else {
            error = wolf_error(&wolf, STRAIT_E_CRYPTO);
        }
        wolf_end(&wolf);
    }
    strait__free(hooks, cert);
    if (error != STRAIT_OK) {
        strait__zero(out, sizeof *out);
    }
    return error;
}

/* --- Checking ---------------------------------------------------------------------------------- */

/*
 * True if the bytes are exactly one SEQUENCE with a definite length. wolfCrypt is content with more
 * bytes behind it; the fingerprint would then be of bytes that the handshake does not send.
 */
static bool is_one_sequence(const uint8_t *der, size_t len)
{
    if (len < 2 || der[0] != 0x30) {
        return false;
    }
    if (der[1] < 0x80) {
        return len == 2u + der[1];
    }
    size_t bytes = der[1] & 0x7fu;
    if (bytes == 0 || bytes > 3 || len < 2 + bytes) {
        return false;
    }
    size_t content = 0;
    for (size_t i = 0; i < bytes; i++) {
        content = content << 8 | der[2 + i];
    }
    return len == 2 + bytes + content;
}

/* The public point that belongs to a private key: made anew, what the key's DER says of it proves
 * nothing. */
static int point_of_key(struct wolf *wolf, const uint8_t *der, size_t len, int curve,
                        uint8_t point[POINT_MAX], word32 *point_len)
{
    ecc_key key;
    if (wc_ecc_init(&key) != 0) {
        return wolf_error(wolf, STRAIT_E_CRYPTO);
    }
    word32 at = 0;
    int error = STRAIT_OK;
    if (wc_EccPrivateKeyDecode(der, &at, &key, (word32)len) != 0 || key.dp->id != curve ||
        wc_ecc_make_pub_ex(&key, NULL, &wolf->rng) != 0 ||
        wc_ecc_export_x963(&key, point, point_len) != 0) {
        error = wolf_error(wolf, STRAIT_E_PARSE);
    }
    wc_ecc_free(&key);
    return error;
}

static int point_of_certificate(struct wolf *wolf, const DecodedCert *cert,
                                uint8_t point[POINT_MAX], word32 *point_len)
{
    ecc_key key;
    if (wc_ecc_init(&key) != 0) {
        return wolf_error(wolf, STRAIT_E_CRYPTO);
    }
    word32 at = 0;
    int error = STRAIT_OK;
    if (wc_EccPublicKeyDecode(cert->publicKey, &at, &key, cert->pubKeySize) != 0 ||
        wc_ecc_check_key(&key) != 0 || wc_ecc_export_x963(&key, point, point_len) != 0) {
        error = wolf_error(wolf, STRAIT_E_PARSE);
    }
    wc_ecc_free(&key);
    return error;
}

/* The curve of a certificate that was parsed (wolfCrypt's number), or STRAIT_E_UNSUPPORTED. */
static int curve_of(const DecodedCert *cert)
{
    if (cert->keyOID != ECDSAk) {
        return STRAIT_E_UNSUPPORTED;
    }
    switch (cert->pkCurveOID) {
    case ECC_SECP256R1_OID:
        return ECC_SECP256R1;
    case ECC_SECP384R1_OID:
        return ECC_SECP384R1;
    default:
        return STRAIT_E_UNSUPPORTED;
    }
}

static int check_pair(struct wolf *wolf, DecodedCert *cert, const uint8_t *key, size_t key_len)
{
    uint8_t of_key[POINT_MAX], of_cert[POINT_MAX];
    word32 of_key_len = sizeof of_key, of_cert_len = sizeof of_cert;

    int wc = wc_ParseCert(cert, CERT_TYPE, NO_VERIFY, NULL);
    if (wc == ASN_UNKNOWN_OID_E || wc == ECC_CURVE_OID_E || wc == ASN_CRIT_EXT_E) {
        return STRAIT_E_UNSUPPORTED;
    }
    if (wc != 0) {
        return wolf_error(wolf, STRAIT_E_PARSE);
    }
    int curve = curve_of(cert);
    if (curve < 0) {
        return curve;
    }
    int error = point_of_certificate(wolf, cert, of_cert, &of_cert_len);
    if (error == STRAIT_OK) {
        error = point_of_key(wolf, key, key_len, curve, of_key, &of_key_len);
    }
    if (error != STRAIT_OK) {
        return error;
    }
    bool same = of_key_len == of_cert_len && memcmp(of_key, of_cert, of_key_len) == 0;
    return same ? STRAIT_OK : STRAIT_E_PARSE;
}

int strait__certificate_check(const struct strait_hooks *hooks, const uint8_t *cert,
                              size_t cert_len, const uint8_t *key, size_t key_len)
{
    struct wolf wolf;
    DecodedCert decoded;
    if (!is_one_sequence(cert, cert_len) || !is_one_sequence(key, key_len)) {
        return STRAIT_E_PARSE;
    }
    int error = wolf_begin(&wolf, hooks);
    if (error != STRAIT_OK) {
        return error;
    }
    wc_InitDecodedCert(&decoded, cert, (word32)cert_len, NULL);
    error = check_pair(&wolf, &decoded, key, key_len);
    wc_FreeDecodedCert(&decoded);
    wolf_end(&wolf);
    return error;
}
