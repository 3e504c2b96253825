#include "transport/dtls/export.h"

#include <wolfssl/wolfcrypt/hash.h>
#include <wolfssl/wolfcrypt/hmac.h>
#include <wolfssl/wolfcrypt/settings.h>

#include <strait/dtls.h>

#include "transport/dtls/association.h"
#include "transport/util.h"

/* RFC 5705, section 4: an exporter's label must not be one of the PRF's own (RFC 5246; RFC 7627, section 4).
 * What only begins with one is refused as well, for in the PRF the label runs on into the seed. */
static bool reserved(const char *label)
{
    static const char *const labels[] = {
        "client finished", "server finished",        "master secret",
        "key expansion",   "extended master secret",
    };
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        if (strncmp(label, labels[i], strlen(labels[i])) == 0) {
            return true;
        }
    }
    return false;
}

/* What P_hash hashes behind A(i): label, randoms and, where there is one, the context with its length. */
struct seed {
    const char *label;
    const uint8_t *randoms;
    const uint8_t *context; /* NULL: none */
    size_t context_len;
};

static int add_seed(Hmac *hmac, const struct seed *seed)
{
    uint8_t length[2];
    strait__put16(length, (uint16_t)seed->context_len);
    int error = wc_HmacUpdate(hmac, (const byte *)seed->label, (word32)strlen(seed->label));
    if (error == 0) {
        error = wc_HmacUpdate(hmac, seed->randoms, 2 * STRAIT__RANDOM);
    }
    if (error == 0 && seed->context != NULL) {
        error = wc_HmacUpdate(hmac, length, sizeof length);
        if (error == 0 && seed->context_len > 0) {
            error = wc_HmacUpdate(hmac, seed->context, (word32)seed->context_len);
        }
    }
    return error;
}

/* RFC 5246, section 5. wolfCrypt's takes 128 bytes of label and seed, too few for a context of any length. */
static int prf(int hash, size_t hash_len, const uint8_t *secret, const struct seed *seed,
               uint8_t *out, size_t len)
{
    uint8_t a[WC_MAX_DIGEST_SIZE], block[WC_MAX_DIGEST_SIZE];
    Hmac hmac;
    int error = wc_HmacInit(&hmac, NULL, INVALID_DEVID);
    if (error != 0) {
        return error;
    }
    error = wc_HmacSetKey(&hmac, hash, secret, STRAIT__MASTER_SECRET);
    error = error == 0 ? add_seed(&hmac, seed) : error;
    error = error == 0 ? wc_HmacFinal(&hmac, a) : error;
    while (len > 0 && error == 0) {
        size_t part = len < hash_len ? len : hash_len;
        error = wc_HmacUpdate(&hmac, a, (word32)hash_len);
        error = error == 0 ? add_seed(&hmac, seed) : error;
        error = error == 0 ? wc_HmacFinal(&hmac, block) : error;
        memcpy(out, block, part);
        out += part;
        len -= part;
        if (len > 0 && error == 0) {
            error = wc_HmacUpdate(&hmac, a, (word32)hash_len);
            error = error == 0 ? wc_HmacFinal(&hmac, a) : error;
        }
    }
    wc_HmacFree(&hmac);
    strait__zero(a, sizeof a);
    strait__zero(block, sizeof block);
    strait__zero(&hmac, sizeof hmac);
    return error;
}

/* HKDF-Expand-Label (RFC 8446, 7.1); wolfCrypt's takes no label above 26 bytes with SHA-384. */
static int expand_label(int hash, size_t hash_len, const uint8_t *secret, const char *label,
                        const uint8_t *digest, uint8_t *out, size_t len)
{
    static const char prefix[] = "dtls13"; /* RFC 9147, 5.9: without a space */
    uint8_t info[2 + 1 + 255 + 1 + WC_MAX_DIGEST_SIZE];
    size_t prefix_len = sizeof prefix - 1;
    size_t label_len = strlen(label);
    size_t at = 0;
    strait__put16(info, (uint16_t)len);
    at += 2;
    info[at++] = (uint8_t)(prefix_len + label_len);
    memcpy(info + at, prefix, prefix_len);
    at += prefix_len;
    memcpy(info + at, label, label_len);
    at += label_len;
    info[at++] = (uint8_t)hash_len;
    memcpy(info + at, digest, hash_len);
    at += hash_len;
    return wc_HKDF_Expand(hash, secret, (word32)hash_len, info, (word32)at, out, (word32)len);
}

/* RFC 8446, 7.5; no context is an empty one there. */
static int derive_13(const struct strait__exporter *e, const char *label, const uint8_t *context,
                     size_t context_len, uint8_t *out, size_t len)
{
    static const uint8_t nothing[1];
    int hash = e->sha384 ? WC_SHA384 : WC_SHA256;
    enum wc_HashType type = e->sha384 ? WC_HASH_TYPE_SHA384 : WC_HASH_TYPE_SHA256;
    size_t hash_len = e->sha384 ? 48 : 32;
    uint8_t digest[WC_MAX_DIGEST_SIZE], secret[WC_MAX_DIGEST_SIZE];
    int error = wc_Hash(type, nothing, 0, digest, (word32)hash_len);
    error = error == 0 ? expand_label(hash, hash_len, e->secret, label, digest, secret, hash_len)
                       : error;
    error = error == 0 ? wc_Hash(type, context_len > 0 ? context : nothing, (word32)context_len,
                                 digest, (word32)hash_len)
                       : error;
    error = error == 0 ? expand_label(hash, hash_len, secret, "exporter", digest, out, len) : error;
    strait__zero(secret, sizeof secret);
    return error;
}

int strait__exporter_derive(const struct strait__exporter *exporter, const char *label,
                            const uint8_t *context, size_t context_len, uint8_t *out, size_t len)
{
    const struct strait__exporter *e = exporter;
    if (strlen(label) == 0 || strlen(label) > STRAIT__EXPORT_LABEL_MAX || reserved(label) ||
        len == 0 || len > STRAIT__EXPORT_MAX || context_len > STRAIT__EXPORT_CONTEXT_MAX ||
        (context == NULL && context_len > 0)) {
        return STRAIT_E_INVALID;
    }
    if (!e->ready) {
        return STRAIT_E_STATE;
    }
    int error;
    if (e->dtls13) {
        error = derive_13(e, label, context, context_len, out, len);
    } else {
        struct seed seed = {
            .label = label,
            .randoms = e->randoms,
            .context = context,
            .context_len = context_len,
        };
        error = e->sha384 ? prf(WC_SHA384, 48, e->secret, &seed, out, len)
                          : prf(WC_SHA256, 32, e->secret, &seed, out, len);
    }
    if (error != 0) {
        strait__zero(out, len);
        return STRAIT_E_CRYPTO;
    }
    return STRAIT_OK;
}

int strait_dtls_export(const struct strait_dtls *dtls, const char *label, const uint8_t *context,
                       size_t context_len, uint8_t *out, size_t len)
{
    struct strait__wolf_scope scope;
    if (dtls == NULL || label == NULL || out == NULL) {
        return STRAIT_E_INVALID;
    }
    if (dtls->state != STRAIT_DTLS_CONNECTED) {
        return STRAIT_E_STATE;
    }
    strait__wolf_enter(&scope, &dtls->hooks, dtls->now);
    int error = strait__exporter_derive(&dtls->exporter, label, context, context_len, out, len);
    strait__wolf_leave(&scope);
    return error == STRAIT_E_CRYPTO && scope.failed != 0 ? scope.failed : error;
}
