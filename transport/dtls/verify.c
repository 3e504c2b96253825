#include <wolfssl/error-ssl.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

#include "transport/dtls/association.h"
#include "transport/util.h"

/* What a self-signed certificate is blamed for by a chain's rules, which do not hold where a fingerprint
 * says whose it is (RFC 8827, 6.5; RFC 8122, 5.1). Anything else, a broken one above all, stays an error. */
static bool forgivable(int error)
{
    switch (error) {
    case 0:
    case ASN_NO_SIGNER_E:
    case ASN_SELF_SIGNED_E:
    case ASN_BEFORE_DATE_E:
    case ASN_AFTER_DATE_E:
    case ASN_PATHLEN_SIZE_E:
    case ASN_PATHLEN_INV_E:
    case NOT_CA_ERROR:
    case KEYUSE_SIGNATURE_E:
    case KEYUSE_ENCIPHER_E:
    case EXTKEYUSE_AUTH_E:
    case DOMAIN_NAME_MISMATCH:
        return true;
    default:
        return false;
    }
}

static bool keep_certificate(struct strait_dtls *d, const uint8_t *der, size_t len)
{
    d->peer_der = len > 0 ? strait__alloc(&d->hooks, len) : NULL;
    if (d->peer_der == NULL) {
        d->hook_error = len > 0 ? STRAIT_E_NOMEM : d->hook_error;
        return false;
    }
    memcpy(d->peer_der, der, len);
    d->peer_der_len = len;
    return true;
}

int strait__dtls_on_verify(int ok, WOLFSSL_X509_STORE_CTX *store)
{
    struct strait_dtls *d = store->userCtx;
    (void)ok;
    /* Of a chain only the leaf is signalled. wolfSSL asks about it with each error, and once more when
     * all errors are forgiven: only then a refusal becomes the alert bad_certificate. */
    if (store->error_depth != 0 || store->error != 0) {
        return forgivable(store->error);
    }
    if (d->peer_der != NULL || store->totalCerts < 1 ||
        !keep_certificate(d, store->certs[0].buffer, store->certs[0].length)) {
        return 0;
    }
    strait__dtls_leave(d);
    if (d->config.events.peer_certificate != NULL) {
        d->config.events.peer_certificate(d->config.user, d->peer_der, d->peer_der_len);
    }
    strait__dtls_verify(d);
    strait__dtls_enter(d);
    return d->verified != STRAIT__VERIFY_BAD;
}

void strait__dtls_verify(struct strait_dtls *d)
{
    struct strait_fingerprint own = { .len = 0 };
    if (d->verified != STRAIT__VERIFY_PENDING || d->peer_der == NULL || d->n_fingerprints == 0) {
        return;
    }
    bool good = false;
    for (size_t i = 0; i < d->n_fingerprints; i++) {
        const struct strait_fingerprint *signalled = &d->fingerprints[i];
        if (strait_fingerprint_of(&own, signalled->hash, d->peer_der, d->peer_der_len) ==
            STRAIT_OK) {
            good |= own.len == signalled->len &&
                    strait__equal_ct(own.value, signalled->value, own.len);
        }
    }
    d->verified = good ? STRAIT__VERIFY_GOOD : STRAIT__VERIFY_BAD;
}
