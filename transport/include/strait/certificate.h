/*
 * Certificates and their fingerprints (RFC 8122, RFC 8827 section 6.5): a key and a self-signed
 * or loaded certificate; immutable and reference counted, may be shared by any number of threads.
 */
#ifndef STRAIT_CERTIFICATE_H
#define STRAIT_CERTIFICATE_H

#include <strait/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct strait_certificate;

/* Hash functions of a=fingerprint that are accepted (RFC 8122, section 5, without the weak ones). */
enum strait_hash { STRAIT_HASH_SHA256 = 0, STRAIT_HASH_SHA384 = 1, STRAIT_HASH_SHA512 = 2 };

struct strait_fingerprint {
    enum strait_hash hash;
    uint8_t len; /* 32, 48 or 64: follows from hash */
    uint8_t value[64];
};

/* 95 for sha-256, 191 for sha-512, plus the name, a space and the terminating zero. */
#define STRAIT_FINGERPRINT_TEXT_MAX 208u

struct strait_certificate_config {
    size_t size;
    const struct strait_hooks *hooks; /* NULL: the defaults; copied */
    const char *common_name;          /* NULL: "strait"; at most 63 bytes */
    /* Validity in seconds since 1970-01-01. not_after 0: 9999-12-31 (RFC 5280, 4.1.2.5). Peers that
     * authenticate by fingerprint look at neither. */
    uint64_t not_before;
    uint64_t not_after;
};

/*
 * Makes an ECDSA P-256 key and a self-signed certificate in memory. `config` NULL: the defaults.
 * The caller owns one reference. STRAIT_E_INVALID, _NOMEM, _RANDOM, _CRYPTO. No callbacks but hooks.
 */
STRAIT_API int strait_certificate_create(struct strait_certificate **out,
                                         const struct strait_certificate_config *config);

/*
 * Takes a certificate and its private key in DER (X.509; SEC 1, PKCS #1 or PKCS #8, not encrypted). Behind
 * the certificate may come up to 8 more, each the issuer of the one before it (RFC 8446, 4.4.2): they are
 * sent with it, the root may be left out. All is copied; whether the certificates sign each other, or are
 * valid now, is not looked at. STRAIT_E_INVALID, _NOMEM, _PARSE (not DER, or the key is not the
 * certificate's), _UNSUPPORTED (neither ECDSA on P-256 or P-384 nor RSA of 2048 to 4096 bits).
 */
STRAIT_API int strait_certificate_load_der(struct strait_certificate **out,
                                           const struct strait_hooks *hooks, const uint8_t *cert,
                                           size_t cert_len, const uint8_t *key, size_t key_len);

/*
 * The same in PEM (RFC 7468): the blocks CERTIFICATE of `cert` in their order, the first PRIVATE KEY, EC
 * PRIVATE KEY or RSA PRIVATE KEY of `key`; other blocks are skipped. `key` NULL and key_len 0: the key is
 * in `cert` as well. No terminating zero is needed. Errors as strait_certificate_load_der; an encrypted key is
 * _UNSUPPORTED.
 */
STRAIT_API int strait_certificate_load_pem(struct strait_certificate **out,
                                           const struct strait_hooks *hooks, const char *cert,
                                           size_t cert_len, const char *key, size_t key_len);

/* One reference more; returns its argument. */
STRAIT_API struct strait_certificate *strait_certificate_ref(struct strait_certificate *cert);

/* One reference less; the last one zeroes the key and frees. NULL is fine. */
STRAIT_API void strait_certificate_unref(struct strait_certificate *cert);

/* The certificate in DER, without those behind it; borrowed, valid as long as the certificate. `len` may not be NULL. */
STRAIT_API const uint8_t *strait_certificate_der(const struct strait_certificate *cert,
                                                 size_t *len);

/* The private key in DER (SEC 1 or what was loaded): a secret. Borrowed, as long as the certificate. */
STRAIT_API const uint8_t *strait_certificate_key_der(const struct strait_certificate *cert,
                                                     size_t *len);

/* The certificate's fingerprint; STRAIT_E_INVALID for an unknown hash. */
STRAIT_API int strait_certificate_fingerprint(const struct strait_certificate *cert,
                                              enum strait_hash hash,
                                              struct strait_fingerprint *out);

/* The fingerprint of any certificate in DER. STRAIT_E_INVALID, _CRYPTO. */
STRAIT_API int strait_fingerprint_of(struct strait_fingerprint *out, enum strait_hash hash,
                                     const uint8_t *der, size_t len);

/* True if both are of the same hash and value; takes the same time whatever the values are. */
STRAIT_API bool strait_fingerprint_equal(const struct strait_fingerprint *a,
                                         const struct strait_fingerprint *b);

/*
 * Reads "sha-256 AB:CD:..." (RFC 8122, section 5; the name in any case, hexadecimal digits in any
 * case). `len` bytes at `text`, a terminating zero is not needed. STRAIT_E_PARSE (not of that form
 * or of the wrong length for its hash), _UNSUPPORTED (md5, sha-1, ... : well-formed but refused),
 * _INVALID (NULL).
 */
STRAIT_API int strait_fingerprint_parse(struct strait_fingerprint *out, const char *text,
                                        size_t len);

/* Writes "sha-256 AB:CD:..." and a zero. Returns the length without the zero, or
 * STRAIT_E_TOO_SMALL, _INVALID. */
STRAIT_API int strait_fingerprint_print(const struct strait_fingerprint *fingerprint, char *text,
                                        size_t room);

#ifdef __cplusplus
}
#endif
#endif
