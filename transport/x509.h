/* What the rules of a chain ask of one X.509 certificate (RFC 5280). */
#ifndef STRAIT_TRANSPORT_X509_H
#define STRAIT_TRANSPORT_X509_H

#include <strait/types.h>

enum {
    STRAIT__X509_HASH = 20,
    STRAIT__X509_NAME = 96,   /* of a name in a text; longer ones are cut */
    STRAIT__X509_MAX = 16384, /* bytes of one certificate: far above any true one */
    STRAIT__RSA_MIN = 2048
};

enum strait__key_kind {
    STRAIT__KEY_OTHER = 0,
    STRAIT__KEY_RSA,
    STRAIT__KEY_P256,
    STRAIT__KEY_P384,
    STRAIT__KEY_P521
};

struct strait__x509 {
    const uint8_t *der; /* borrowed */
    size_t len;
    /* Hashes of the names and keys, as wolfCrypt makes them. */
    uint8_t subject[STRAIT__X509_HASH], issuer[STRAIT__X509_HASH];
    uint8_t key_id[STRAIT__X509_HASH], issuer_key_id[STRAIT__X509_HASH];
    bool has_key_id, has_issuer_key_id;
    enum strait__key_kind key;
    unsigned rsa_bits;
    bool ca;                     /* basicConstraints says so (4.2.1.9) */
    bool signs_certs;            /* keyUsage allows it or is not there (4.2.1.3) */
    bool signs;                  /* likewise, handshakes */
    bool for_server, for_client; /* extendedKeyUsage allows it or is not there (4.2.1.12) */
    bool constrained;            /* has nameConstraints (4.2.1.10) */
    bool sha1;                   /* signed with a hash that collides (RFC 8446, 4.2.3) */
    bool self_issued;
    int64_t not_before, not_after; /* seconds since 1970 */
    char subject_text[STRAIT__X509_NAME], issuer_text[STRAIT__X509_NAME];
};

/* Bytes of the one DER SEQUENCE that begins here, its header included; 0 where there is none. */
size_t strait__der_item(const uint8_t *der, size_t len);

/*
 * Reads a certificate without judging it; within a scope of wolf_hooks.h. STRAIT_E_PARSE,
 * _UNSUPPORTED (a key, curve, signature or critical extension that is not known), _NOMEM.
 */
int strait__x509_read(struct strait__x509 *out, const uint8_t *der, size_t len);

/* True where `issuer` can have signed `x`: the names agree, and so do the key identifiers if both are
 * there. */
bool strait__x509_issued(const struct strait__x509 *issuer, const struct strait__x509 *x);

/* "2031-04-05 06:07:08 UTC" */
enum { STRAIT__DATE_TEXT = 32 };
void strait__date_print(int64_t seconds, char text[STRAIT__DATE_TEXT]);

#endif
