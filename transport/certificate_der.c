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

#include "transport/crypto_run.h"
#include "transport/util.h"

/* 9999-12-31T23:59:59Z: "no well-defined expiration date" (RFC 5280, 4.1.2.5), and the last that
 * GeneralizedTime can say. */
#define LAST_SECOND UINT64_C(253402300799)

enum {
    P256_BYTES = 32,
    SERIAL_BYTES = 16 /* RFC 5280, 4.1.2.2: at most 20 */
};

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

static int sign(struct strait__der *out, struct strait__crypto_run *run, Cert *cert, ecc_key *key)
{
    int wc = wc_ecc_make_key_ex(&run->rng, P256_BYTES, key, ECC_SECP256R1);
    if (wc != 0) {
        return strait__crypto_error(run, STRAIT_E_CRYPTO);
    }
    wc = wc_EccKeyToDer(key, out->key, sizeof out->key);
    if (wc <= 0) {
        return strait__crypto_error(run, STRAIT_E_CRYPTO);
    }
    out->key_len = (size_t)wc;
    wc = wc_MakeCert_ex(cert, out->cert, sizeof out->cert, ECC_TYPE, key, &run->rng);
    if (wc > 0) {
        wc = wc_SignCert_ex(cert->bodySz, cert->sigType, out->cert, sizeof out->cert, ECC_TYPE, key,
                            &run->rng);
    }
    if (wc <= 0) {
        return strait__crypto_error(run, STRAIT_E_CRYPTO);
    }
    out->cert_len = (size_t)wc;
    return STRAIT_OK;
}

int strait__certificate_make(struct strait__der *out, const struct strait_hooks *hooks,
                             const char *name, uint64_t not_before, uint64_t not_after)
{
    struct strait__crypto_run run;
    ecc_key key;
    memset(out, 0, sizeof *out);
    Cert *cert = strait__alloc(hooks, sizeof *cert); /* 20 kB: not on the stack */
    if (cert == NULL) {
        return STRAIT_E_NOMEM;
    }
    int error = describe(cert, hooks, name, not_before, not_after);
    if (error == STRAIT_OK) {
        error = strait__crypto_begin(&run, hooks);
    }
    if (error == STRAIT_OK) {
        if (wc_ecc_init(&key) == 0) {
            error = sign(out, &run, cert, &key);
            wc_ecc_free(&key);
        } else {
            error = strait__crypto_error(&run, STRAIT_E_CRYPTO);
        }
        strait__crypto_end(&run);
    }
    strait__free(hooks, cert);
    if (error != STRAIT_OK) {
        strait__zero(out, sizeof *out);
    }
    return error;
}
