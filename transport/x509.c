#include "transport/x509.h"

#include <stdio.h>

#include <wolfssl/wolfcrypt/settings.h>
#include <wolfssl/wolfcrypt/types.h>

#include <wolfssl/wolfcrypt/asn.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/error-crypt.h>
#include <wolfssl/wolfcrypt/rsa.h>

#include "transport/util.h"

_Static_assert((int)KEYID_SIZE == (int)STRAIT__X509_HASH,
               "wolfCrypt hashes names to another length");

size_t strait__der_item(const uint8_t *der, size_t len)
{
    if (len < 2 || der[0] != 0x30) {
        return 0;
    }
    size_t header = 2, content = der[1];
    if (der[1] >= 0x80) {
        size_t bytes = der[1] & 0x7fu;
        if (bytes == 0 || bytes > 3 || len < 2 + bytes) {
            return 0;
        }
        header += bytes;
        content = 0;
        for (size_t i = 0; i < bytes; i++) {
            content = content << 8 | der[2 + i];
        }
    }
    return content <= len - header ? header + content : 0;
}

/* --- Dates --- */

/* Days since 1970 of a date in the Gregorian calendar: years begin in March, so that leap days come last. */
static int64_t days_of(int year, int month, int day)
{
    int y = month <= 2 ? year - 1 : year;
    int era = y / 400, of_era = y % 400;
    int of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return (int64_t)era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int two_digits(const uint8_t *p)
{
    return p[0] >= '0' && p[0] <= '9' && p[1] >= '0' && p[1] <= '9' ? (p[0] - '0') * 10 + p[1] - '0'
                                                                    : -1;
}

/* RFC 5280, 4.1.2.5: YYMMDDHHMMSSZ up to 2049, else with four digits of year; tag and length before. */
static bool read_date(const uint8_t *p, int len, int64_t *out)
{
    int f[7] = { -1 };
    bool utc = len == 15 && p[0] == ASN_UTC_TIME && p[1] == 13;
    if (!utc && !(len == 17 && p[0] == ASN_GENERALIZED_TIME && p[1] == 15)) {
        return false;
    }
    for (int i = utc ? 1 : 0, at = 2; i < 7; i++, at += 2) {
        f[i] = two_digits(p + at);
        if (f[i] < 0) {
            return false;
        }
    }
    if (utc) {
        f[0] = f[1] < 50 ? 20 : 19;
    }
    if (f[2] < 1 || f[2] > 12 || f[3] < 1 || f[3] > 31 || f[4] > 23 || f[5] > 59 || f[6] > 59 ||
        p[len - 1] != 'Z') {
        return false;
    }
    *out = days_of(f[0] * 100 + f[1], f[2], f[3]) * 86400 + f[4] * 3600 + f[5] * 60 + f[6];
    return true;
}

void strait__date_print(int64_t seconds, char text[STRAIT__DATE_TEXT])
{
    int64_t days = seconds / 86400, rest = seconds % 86400;
    if (rest < 0) {
        rest += 86400;
        days--;
    }
    /* The inverse of days_of. */
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t of_era = z - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153;
    int64_t day = of_year - (153 * month + 2) / 5 + 1;
    month += month < 10 ? 3 : -9;
    year += era * 400 + (month <= 2);
    snprintf(text, STRAIT__DATE_TEXT, "%04d-%02d-%02d %02d:%02d:%02d UTC", (int)year, (int)month,
             (int)day, (int)(rest / 3600), (int)(rest / 60 % 60), (int)(rest % 60));
}

/* --- Keys --- */

static unsigned rsa_bits(const DecodedCert *cert)
{
    int bytes = 0;
#ifndef NO_RSA
    RsaKey key;
    word32 at = 0;
    if (wc_InitRsaKey(&key, NULL) == 0) {
        if (wc_RsaPublicKeyDecode(cert->publicKey, &at, &key, cert->pubKeySize) == 0) {
            bytes = wc_RsaEncryptSize(&key);
        }
        wc_FreeRsaKey(&key);
    }
#else
    (void)cert;
#endif
    return bytes > 0 ? (unsigned)bytes * 8 : 0;
}

static enum strait__key_kind key_of(const DecodedCert *cert)
{
    if (cert->keyOID == RSAk) {
        return STRAIT__KEY_RSA;
    }
    if (cert->keyOID != ECDSAk) {
        return STRAIT__KEY_OTHER;
    }
    switch (cert->pkCurveOID) {
    case ECC_SECP256R1_OID:
        return STRAIT__KEY_P256;
    case ECC_SECP384R1_OID:
        return STRAIT__KEY_P384;
    case ECC_SECP521R1_OID:
        return STRAIT__KEY_P521;
    default:
        return STRAIT__KEY_OTHER;
    }
}

/* --- Reading --- */

/* Names may hold any byte: a text for people gets what can be printed. */
static void copy_name(char out[STRAIT__X509_NAME], const char *name)
{
    size_t n = 0;
    for (; n < STRAIT__X509_NAME - 1 && name[n] != '\0'; n++) {
        out[n] = name[n] >= 0x20 && name[n] <= 0x7e ? name[n] : '?';
    }
    out[n] = '\0';
    if (n == 0) {
        memcpy(out, "(no name)", sizeof "(no name)");
    }
}

static int fill(struct strait__x509 *x, const DecodedCert *cert)
{
    const word16 any_server = EXTKEYUSE_ANY | EXTKEYUSE_SERVER_AUTH;
    const word16 any_client = EXTKEYUSE_ANY | EXTKEYUSE_CLIENT_AUTH;
    memcpy(x->subject, cert->subjectHash, KEYID_SIZE);
    memcpy(x->issuer, cert->issuerHash, KEYID_SIZE);
    memcpy(x->key_id, cert->extSubjKeyId, KEYID_SIZE);
    memcpy(x->issuer_key_id, cert->extAuthKeyId, KEYID_SIZE);
    x->has_key_id = cert->extSubjKeyIdSet;
    x->has_issuer_key_id = cert->extAuthKeyIdSet;
    x->key = key_of(cert);
    x->rsa_bits = x->key == STRAIT__KEY_RSA ? rsa_bits(cert) : 0;
    x->ca = cert->isCA;
    x->signs_certs = !cert->extKeyUsageSet || (cert->extKeyUsage & KEYUSE_KEY_CERT_SIGN) != 0;
    x->signs = !cert->extKeyUsageSet || (cert->extKeyUsage & KEYUSE_DIGITAL_SIG) != 0;
    x->for_server = !cert->extExtKeyUsageSet || (cert->extExtKeyUsage & any_server) != 0;
    x->for_client = !cert->extExtKeyUsageSet || (cert->extExtKeyUsage & any_client) != 0;
    x->constrained = cert->extNameConstraintSet;
    x->sha1 = cert->signatureOID == CTC_SHAwRSA || cert->signatureOID == CTC_SHAwECDSA;
    x->self_issued = memcmp(x->subject, x->issuer, KEYID_SIZE) == 0;
    copy_name(x->subject_text, cert->subject);
    copy_name(x->issuer_text, cert->issuer);
    bool dates = read_date(cert->beforeDate, cert->beforeDateLen, &x->not_before) &&
                 read_date(cert->afterDate, cert->afterDateLen, &x->not_after);
    return dates ? STRAIT_OK : STRAIT_E_PARSE;
}

static int meaning_of(int wc)
{
    switch (wc) {
    case 0:
        return STRAIT_OK;
    case MEMORY_E:
        return STRAIT_E_NOMEM;
    case ASN_UNKNOWN_OID_E:
    case ECC_CURVE_OID_E:
    case ASN_CRIT_EXT_E:
        return STRAIT_E_UNSUPPORTED;
    default:
        return STRAIT_E_PARSE;
    }
}

int strait__x509_read(struct strait__x509 *out, const uint8_t *der, size_t len)
{
    DecodedCert cert;
    *out = (struct strait__x509){ .der = der, .len = len };
    if (len > STRAIT__X509_MAX || strait__der_item(der, len) != len || len == 0) {
        return STRAIT_E_PARSE;
    }
    wc_InitDecodedCert(&cert, der, (word32)len, NULL);
    /* As an authority: some old roots have the serial number 0, which others may not. */
    int error = meaning_of(wc_ParseCert(&cert, CA_TYPE, NO_VERIFY, NULL));
    if (error == STRAIT_OK) {
        error = fill(out, &cert);
    }
    wc_FreeDecodedCert(&cert);
    return error;
}

bool strait__x509_issued(const struct strait__x509 *issuer, const struct strait__x509 *x)
{
    if (memcmp(issuer->subject, x->issuer, STRAIT__X509_HASH) != 0) {
        return false;
    }
    return !issuer->has_key_id || !x->has_issuer_key_id ||
           memcmp(issuer->key_id, x->issuer_key_id, STRAIT__X509_HASH) == 0;
}
