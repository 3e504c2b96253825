#include "transport/certificate.h"

#include <stdatomic.h>

#include "transport/certificate_check.h"
#include "transport/certificate_der.h"
#include "transport/pem.h"
#include "transport/util.h"

enum { N_HASHES = 3 };

struct strait_certificate {
    struct strait_hooks hooks;
    atomic_uint refs;
    struct strait_fingerprint fingerprints[N_HASHES]; /* by enum strait_hash */
    enum strait__key_kind kind;
    size_t cert_len, chain_len, key_len;
    uint8_t bytes[]; /* the certificate, its intermediates, the key */
};

/* Copies what is known to be good. */
static int certificate_new(struct strait_certificate **out, const struct strait_hooks *hooks,
                           const struct strait__checked *checked, const uint8_t *chain,
                           size_t chain_len, const uint8_t *key, size_t key_len)
{
    struct strait_certificate *c = strait__alloc(hooks, sizeof *c + chain_len + key_len);
    if (c == NULL) {
        return STRAIT_E_NOMEM;
    }
    c->hooks = *hooks;
    c->kind = checked->kind;
    c->cert_len = checked->leaf_len;
    c->chain_len = chain_len;
    c->key_len = key_len;
    memcpy(c->bytes, chain, chain_len);
    memcpy(c->bytes + chain_len, key, key_len);
    atomic_init(&c->refs, 1);
    for (size_t i = 0; i < N_HASHES; i++) {
        int error = strait_fingerprint_of(&c->fingerprints[i], (enum strait_hash)i, c->bytes,
                                          c->cert_len);
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
        const struct strait__checked made = { .leaf_len = der.cert_len, .kind = STRAIT__KEY_P256 };
        error = certificate_new(out, &hooks, &made, der.cert, der.cert_len, der.key, der.key_len);
    }
    strait__zero(&der, sizeof der);
    return error;
}

static int load(struct strait_certificate **out, const struct strait_hooks *hooks,
                const uint8_t *chain, size_t chain_len, const uint8_t *key, size_t key_len)
{
    struct strait__checked checked;
    int error = strait__certificate_check(&checked, hooks, chain, chain_len, key, key_len);
    return error == STRAIT_OK
               ? certificate_new(out, hooks, &checked, chain, chain_len, key, key_len)
               : error;
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
    return load(out, &h, cert, cert_len, key, key_len);
}

/* Adds the bytes of each certificate in `text` to `room`, of which `*len` are filled. */
static int read_chain(const char *text, size_t text_len, uint8_t *room, size_t size, size_t *len)
{
    struct strait__pem pem = { .text = text, .len = text_len };
    struct strait__pem_block block;
    int found;
    *len = 0;
    while ((found = strait__pem_next(&pem, &block)) > 0) {
        if (strait__pem_is(&block, "CERTIFICATE")) {
            size_t bytes = size - *len;
            int error = strait__pem_decode(&block, room + *len, &bytes);
            if (error != STRAIT_OK) {
                return error;
            }
            *len += bytes;
        }
    }
    return found == 0 && *len == 0 ? STRAIT_E_PARSE : found;
}

static int read_key(const char *text, size_t text_len, uint8_t *room, size_t *len)
{
    struct strait__pem pem = { .text = text, .len = text_len };
    struct strait__pem_block block;
    while (strait__pem_next(&pem, &block) > 0) {
        if (strait__pem_is(&block, "ENCRYPTED PRIVATE KEY")) {
            return STRAIT_E_UNSUPPORTED;
        }
        if (strait__pem_is(&block, "PRIVATE KEY") || strait__pem_is(&block, "EC PRIVATE KEY") ||
            strait__pem_is(&block, "RSA PRIVATE KEY")) {
            return strait__pem_decode(&block, room, len);
        }
    }
    return STRAIT_E_PARSE;
}

int strait_certificate_load_pem(struct strait_certificate **out, const struct strait_hooks *hooks,
                                const char *cert, size_t cert_len, const char *key, size_t key_len)
{
    struct strait_hooks h;
    if (out == NULL) {
        return STRAIT_E_INVALID;
    }
    *out = NULL;
    if (cert == NULL || cert_len == 0 || (key == NULL) != (key_len == 0) ||
        strait__hooks_init(&h, hooks) != STRAIT_OK) {
        return STRAIT_E_INVALID;
    }
    key_len = key != NULL ? key_len : cert_len;
    key = key != NULL ? key : cert;
    /* Base64 is longer than what it stands for. */
    uint8_t *room = strait__alloc(&h, cert_len + key_len);
    if (room == NULL) {
        return STRAIT_E_NOMEM;
    }
    size_t chain_len, key_der_len = key_len;
    int error = read_chain(cert, cert_len, room, cert_len, &chain_len);
    if (error == STRAIT_OK) {
        error = read_key(key, key_len, room + cert_len, &key_der_len);
    }
    if (error == STRAIT_OK) {
        error = load(out, &h, room, chain_len, room + cert_len, key_der_len);
    }
    strait__zero(room, cert_len + key_len);
    strait__free(&h, room);
    return error;
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
    strait__zero(cert->bytes + cert->chain_len, cert->key_len);
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
    return cert->bytes + cert->chain_len;
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

const uint8_t *strait__certificate_chain(const struct strait_certificate *cert, size_t *len)
{
    *len = cert->chain_len;
    return cert->bytes;
}

bool strait__certificate_is_rsa(const struct strait_certificate *cert)
{
    return cert->kind == STRAIT__KEY_RSA;
}
