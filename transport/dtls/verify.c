#include <wolfssl/error-ssl.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

#include "transport/dtls/association.h"
#include "transport/dtls/trust_chain.h"
#include "transport/util.h"

/* What a self-signed certificate is blamed for by a chain's rules, which do not hold where a fingerprint
 * says whose it is (RFC 8827, 6.5; RFC 8122, 5.1). Anything else, a broken one above all, stays an error. */
bool strait__chain_forgivable(int error)
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

bool strait__dtls_is_certificate_error(int wolf_error)
{
    switch (wolf_error) {
    case ASN_PARSE_E:
    case ASN_VERSION_E:
    case ASN_UNKNOWN_OID_E:
    case ASN_SIG_OID_E:
    case ASN_SIG_CONFIRM_E:
    case ASN_SIG_HASH_E:
    case ASN_CRIT_EXT_E:
    case ASN_ALT_NAME_E:
    case ASN_NAME_INVALID_E:
    case ASN_BITSTR_E:
    case ASN_EXPECT_0_E:
    case ASN_DATE_SZ_E:
    case ECC_CURVE_OID_E:
    case ECC_KEY_SIZE_E:
    case RSA_KEY_SIZE_E:
    case PEER_KEY_ERROR:
    case KEYUSAGE_E:
    case NOT_CA_ERROR:
    case MAX_CHAIN_ERROR:
        return true;
    default:
        return false;
    }
}

/* The peer's own certificate. */
static bool keep(struct strait_dtls *d, const WOLFSSL_X509_STORE_CTX *store)
{
    size_t len = store->certs[0].length;
    d->peer_der = len > 0 ? strait__alloc(&d->hooks, len) : NULL;
    if (d->peer_der == NULL) {
        d->hook_error = len > 0 ? STRAIT_E_NOMEM : d->hook_error;
        return false;
    }
    memcpy(d->peer_der, store->certs[0].buffer, len);
    d->peer_der_len = len;
    return true;
}

bool strait__dtls_anonymous_is_fine(const struct strait_dtls *d)
{
    return strait__dtls_is_server(d) &&
           d->config.client_certificate != STRAIT_DTLS_CLIENT_CERTIFICATE_REQUIRED;
}

/* With strait_dtls_config.trust; within wolfSSL. False: refused, or memory is short. */
static bool judge(struct strait_dtls *d, const WOLFSSL_X509_STORE_CTX *store)
{
    struct strait__der_view certs[STRAIT__CHAIN_CERTS];
    struct strait__chain_verdict verdict;
    const struct strait__chain_question question = {
        .trust = d->config.trust,
        .hooks = &d->hooks,
        .certs = certs,
        .n_certs = (size_t)store->totalCerts < STRAIT__CHAIN_CERTS ? (size_t)store->totalCerts
                                                                   : STRAIT__CHAIN_CERTS,
        .of_server = !strait__dtls_is_server(d),
        .name = d->config.server_name,
        .now = strait__dtls_calendar(d, d->now),
    };
    for (size_t i = 0; i < question.n_certs; i++) {
        certs[i].data = store->certs[i].buffer;
        certs[i].len = store->certs[i].length;
    }
    int error = strait__chain_judge(&verdict, &question);
    if (error == STRAIT_E_NOMEM || d->scope.failed != 0) {
        d->hook_error = STRAIT_E_NOMEM;
        return false;
    }
    if (error == STRAIT_OK) {
        d->verified = STRAIT__VERIFY_GOOD;
        return true;
    }
    strait__dtls_leave(d);
    strait__dtls_refuse_certificate(d, error, verdict.alert, verdict.detail);
    strait__dtls_enter(d);
    return false;
}

/* The host may look at the certificate, and say only now what it should be. */
static bool show(struct strait_dtls *d)
{
    strait__dtls_leave(d);
    if (d->config.events.peer_certificate != NULL) {
        d->config.events.peer_certificate(d->config.user, d->peer_der, d->peer_der_len);
    }
    strait__dtls_verify(d);
    strait__dtls_enter(d);
    return d->verified != STRAIT__VERIFY_BAD;
}

/* wolfSSL asks about the peer's own certificate with each error, and at the end once more: with none, or with
 * what it finds last. Only then a refusal becomes the alert bad_certificate. */
static bool is_last_question(int error)
{
    switch (error) {
    case 0:
    case KEYUSE_SIGNATURE_E:
    case KEYUSE_ENCIPHER_E:
    case EXTKEYUSE_AUTH_E:
    case DOMAIN_NAME_MISMATCH:
        return true;
    default:
        return false;
    }
}

int strait__dtls_on_verify(int ok, WOLFSSL_X509_STORE_CTX *store)
{
    struct strait_dtls *d = store->userCtx;
    (void)ok;
    bool pki = d->config.auth == STRAIT_DTLS_AUTH_PKI;
    /* The first question has the whole chain with it: it is judged before wolfSSL finds another reason. */
    if (pki && d->peer_der == NULL && store->totalCerts > 0 &&
        (!keep(d, store) || !judge(d, store))) {
        return 0;
    }
    /* Of a chain only the first one has a fingerprint. */
    if (store->error_depth != 0 || !is_last_question(store->error)) {
        return strait__chain_forgivable(store->error);
    }
    if (store->totalCerts < 1) {
        return strait__dtls_anonymous_is_fine(d);
    }
    if (!pki && (d->peer_der != NULL || !keep(d, store))) {
        return 0;
    }
    return show(d);
}

void strait__dtls_verify(struct strait_dtls *d)
{
    struct strait_fingerprint own = { .len = 0 };
    if (d->finished && d->peer_der == NULL && strait__dtls_anonymous_is_fine(d)) {
        d->verified = STRAIT__VERIFY_GOOD;
    }
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
