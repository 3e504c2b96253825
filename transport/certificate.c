#include <strait/certificate.h>

#include <stdatomic.h>

#include "transport/certificate_der.h"
#include "transport/util.h"

enum { N_HASHES = 3 };

struct strait_certificate {
    struct strait_hooks hooks;
    atomic_uint refs;
    struct strait_fingerprint fingerprints[N_HASHES]; /* by enum strait_hash */
    size_t cert_len, key_len;
    uint8_t bytes[]; /* the certificate, then the key */
};

/* Copies a pair that is known to be good. */
static int certificate_new(struct strait_certificate **out, const struct strait_hooks *hooks,
                           const uint8_t *cert, size_t cert_len, const uint8_t *key, size_t key_len)
{
    struct strait_certificate *c = strait__alloc(hooks, sizeof *c + cert_len + key_len);
    if (c == NULL) {
        return STRAIT_E_NOMEM;
    }
    c->hooks = *hooks;
    c->cert_len = cert_len;
    c->key_len = key_len;
    memcpy(c->bytes, cert, cert_len);
    memcpy(c->bytes + cert_len, key, key_len);
    atomic_init(&c->refs, 1);
    for (size_t i = 0; i < N_HASHES; i++) {
        int error = strait_fingerprint_of(&c->fingerprints[i], (enum strait_hash)i, cert, cert_len);
        if (error != STRAIT_OK) {
            strait_certificate_unref(c);
            return error;
        }
    }
    *out = c;
    return STRAIT_OK;
}

int strait_certificate_create(struct strait_certificate **out,
                              const struct strait_certificate_config *config)
{
    struct strait_certificate_config c = { .size = sizeof c };
    struct strait_hooks hooks;
    struct strait__der der;
    if (out == NULL) {
        return STRAIT_E_INVALID;
    }
    *out = NULL;
    if ((config != NULL && strait__sized_read(&c, sizeof c, config) != STRAIT_OK) ||
        strait__hooks_init(&hooks, c.hooks) != STRAIT_OK) {
        return STRAIT_E_INVALID;
    }
    int error = strait__certificate_make(&der, &hooks, c.common_name ? c.common_name : "strait",
                                         c.not_before, c.not_after);
    if (error == STRAIT_OK) {
        error = certificate_new(out, &hooks, der.cert, der.cert_len, der.key, der.key_len);
    }
    strait__zero(&der, sizeof der);
    return error;
}

int strait_certificate_load_der(struct strait_certificate **out, const struct strait_hooks *hooks,
                                const uint8_t *cert, size_t cert_len, const uint8_t *key,
                                size_t key_len)
{
    struct strait_hooks h;
    if (out == NULL) {
        return STRAIT_E_INVALID;
    }
    *out = NULL;
    if (cert == NULL || cert_len == 0 || key == NULL || key_len == 0 ||
        strait__hooks_init(&h, hooks) != STRAIT_OK) {
        return STRAIT_E_INVALID;
    }
    int error = strait__certificate_check(&h, cert, cert_len, key, key_len);
    if (error != STRAIT_OK) {
        return error;
    }
    return certificate_new(out, &h, cert, cert_len, key, key_len);
}

struct strait_certificate *strait_certificate_ref(struct strait_certificate *cert)
{
    if (cert != NULL) {
        atomic_fetch_add_explicit(&cert->refs, 1, memory_order_relaxed);
    }
    return cert;
}

void strait_certificate_unref(struct strait_certificate *cert)
{
    /* Release, and acquire for the last one: it must see all that others did with it. */
    if (cert == NULL || atomic_fetch_sub_explicit(&cert->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    struct strait_hooks hooks = cert->hooks;
    strait__zero(cert->bytes + cert->cert_len, cert->key_len);
    strait__free(&hooks, cert);
}

const uint8_t *strait_certificate_der(const struct strait_certificate *cert, size_t *len)
{
    *len = cert->cert_len;
    return cert->bytes;
}

const uint8_t *strait_certificate_key_der(const struct strait_certificate *cert, size_t *len)
{
    *len = cert->key_len;
    return cert->bytes + cert->cert_len;
}

int strait_certificate_fingerprint(const struct strait_certificate *cert, enum strait_hash hash,
                                   struct strait_fingerprint *out)
{
    if (cert == NULL || out == NULL || (unsigned)hash >= N_HASHES) {
        return STRAIT_E_INVALID;
    }
    *out = cert->fingerprints[hash];
    return STRAIT_OK;
}
