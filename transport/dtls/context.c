#include <string.h>

#include "transport/certificate.h"
#include "transport/dtls/association.h"
#include "transport/dtls/cid.h"
#include "transport/dtls/cookie.h"
#include "transport/dtls/peer_name.h"
#include "transport/dtls/profiles.h"
#include "transport/dtls/secrets.h"
#include "transport/dtls/suites.h"
#include "transport/dtls/wolf_library.h"
#include "transport/util.h"

static WOLFSSL_METHOD *method_of(const struct strait_dtls *d)
{
    bool server = strait__dtls_is_server(d);
    if (d->config.max_version == STRAIT_DTLS_1_2) {
        return server ? wolfDTLSv1_2_server_method() : wolfDTLSv1_2_client_method();
    }
    if (d->config.min_version == STRAIT_DTLS_1_3) {
        return server ? wolfDTLSv1_3_server_method() : wolfDTLSv1_3_client_method();
    }
    return server ? wolfDTLS_server_method() : wolfDTLS_client_method();
}

static bool negotiates(const struct strait_dtls *d)
{
    return d->config.min_version != d->config.max_version;
}

static bool set_certificate(struct strait_dtls *d)
{
    size_t leaf_len, chain_len, key_len;
    if (d->config.certificate == NULL) {
        return true;
    }
    strait_certificate_der(d->config.certificate, &leaf_len);
    const uint8_t *chain = strait__certificate_chain(d->config.certificate, &chain_len);
    const uint8_t *key = strait_certificate_key_der(d->config.certificate, &key_len);
    int done = chain_len == leaf_len
                   ? wolfSSL_CTX_use_certificate_buffer(d->ctx, chain, (long)leaf_len,
                                                        WOLFSSL_FILETYPE_ASN1)
                   : wolfSSL_CTX_use_certificate_chain_buffer_format(d->ctx, chain, (long)chain_len,
                                                                     WOLFSSL_FILETYPE_ASN1);
    return done == WOLFSSL_SUCCESS &&
           wolfSSL_CTX_use_PrivateKey_buffer(d->ctx, key, (long)key_len, WOLFSSL_FILETYPE_ASN1) ==
               WOLFSSL_SUCCESS;
}

/* RFC 8827, 6.5: both sides present a certificate. Otherwise the server's is always there. */
static int verify_mode(const struct strait_dtls *d)
{
    const int required = WOLFSSL_VERIFY_PEER | WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    if (!strait__dtls_is_server(d)) {
        return required;
    }
    switch (d->config.client_certificate) {
    case STRAIT_DTLS_CLIENT_CERTIFICATE_NONE:
        return WOLFSSL_VERIFY_NONE;
    case STRAIT_DTLS_CLIENT_CERTIFICATE_WANTED:
        return WOLFSSL_VERIFY_PEER;
    default:
        return required;
    }
}

static int context_fill(struct strait_dtls *d)
{
    uint8_t suites[2 * STRAIT_DTLS_MAX_CIPHERS];
    strait__suites_write(d->config.cipher_suites, d->config.n_cipher_suites, suites);
    if (negotiates(d) && wolfSSL_CTX_SetMinVersion(d->ctx, WOLFSSL_DTLSV1_2) != WOLFSSL_SUCCESS) {
        return STRAIT_E_CRYPTO;
    }
    if (strait__psk_on(d) ? !strait__psk_open(d) : !set_certificate(d)) {
        return STRAIT_E_CRYPTO;
    }
    if (wolfSSL_CTX_set_cipher_list_bytes(d->ctx, suites, 2 * (int)d->config.n_cipher_suites) !=
        WOLFSSL_SUCCESS) {
        return STRAIT_E_CRYPTO;
    }
    if (!strait__psk_on(d)) {
        wolfSSL_CTX_set_verify(d->ctx, verify_mode(d), strait__dtls_on_verify);
    }
    wolfSSL_CTX_SetIORecv(d->ctx, strait__dtls_on_receive);
    wolfSSL_CTX_SetIOSend(d->ctx, strait__dtls_on_send);
    return STRAIT_OK;
}

int strait__dtls_context_open(struct strait_dtls *d)
{
    if (strait__wolf_ref() != STRAIT_OK) {
        return STRAIT_E_CRYPTO;
    }
    d->library = true;
    strait__dtls_enter(d);
    int error = STRAIT_E_NOMEM;
    WOLFSSL_METHOD *method = method_of(d);
    d->ctx = method != NULL ? wolfSSL_CTX_new(method) : NULL;
    if (d->ctx != NULL) {
        error = context_fill(d);
    }
    strait__dtls_leave(d);
    return error != STRAIT_OK && d->hook_error != 0 ? d->hook_error : error;
}

void strait__dtls_context_close(struct strait_dtls *d)
{
    strait__dtls_enter(d);
    wolfSSL_CTX_free(d->ctx);
    d->ctx = NULL;
    strait__dtls_leave(d);
    if (d->library) {
        strait__wolf_unref();
        d->library = false;
    }
}

/* The groups in our order, and with the client the key shares: the first group's, and with a post-quantum
 * first also the next one's, as browsers do, so that an older server needs no second round trip. */
static bool set_groups(struct strait_dtls *d)
{
    int groups[STRAIT_DTLS_MAX_GROUPS];
    int n = 0;
    bool dtls13 = strait__dtls_allows(d, STRAIT_DTLS_1_3);
    for (size_t i = 0; i < d->config.n_groups; i++) {
        if (dtls13 || d->config.groups[i] != STRAIT_GROUP_X25519MLKEM768) {
            groups[n++] = (int)d->config.groups[i];
        }
    }
    if (wolfSSL_set_groups(d->ssl, groups, n) != WOLFSSL_SUCCESS) {
        return false;
    }
    if (strait__dtls_is_server(d) || !dtls13) {
        return true;
    }
    int shares = groups[0] == STRAIT_GROUP_X25519MLKEM768 && n > 1 ? 2 : 1;
    for (int i = 0; i < shares; i++) {
        if (wolfSSL_UseKeyShare(d->ssl, (word16)groups[i]) != WOLFSSL_SUCCESS) {
            return false;
        }
    }
    return true;
}

int strait__dtls_set_profiles(struct strait_dtls *d, const enum strait_srtp_profile *profiles,
                              size_t n)
{
    char list[128] = "";
    char *end = list;
    for (size_t i = 0; i < n; i++) {
        end = stpcpy(i > 0 ? stpcpy(end, ":") : end, strait__profile_find(profiles[i])->wolf_name);
    }
    return wolfSSL_set_tlsext_use_srtp(d->ssl, list) == 0 ? STRAIT_OK : STRAIT_E_CRYPTO;
}

/* wolfSSL 1.2 reads no cookie where SRTP profiles are set, so they are set once it has. */
static int on_good_cookie(WOLFSSL *ssl, void *user)
{
    struct strait_dtls *d = user;
    (void)ssl;
    return d->chosen_profile == STRAIT_SRTP_NONE ||
                   strait__dtls_set_profiles(d, &d->chosen_profile, 1) == STRAIT_OK
               ? 0
               : -1;
}

static bool set_cookies(struct strait_dtls *d)
{
    bool dtls13 = strait__dtls_allows(d, STRAIT_DTLS_1_3);
    if (d->cookie_secret == NULL) {
        /* ICE, or the host, knows the peer's address already (RFC 9147, 5.1: a cookie is for servers that
         * cannot), so that a cookie would only cost a round trip. */
        return !dtls13 || wolfSSL_disable_hrr_cookie(d->ssl) == WOLFSSL_SUCCESS;
    }
    return (!dtls13 ||
            wolfSSL_send_hrr_cookie(d->ssl, d->cookie_secret, STRAIT__SECRET) == WOLFSSL_SUCCESS) &&
           wolfSSL_DTLS_SetCookieSecret(d->ssl, d->cookie_secret, STRAIT__SECRET) == 0 &&
           wolfDTLS_SetChGoodCb(d->ssl, on_good_cookie, d) == WOLFSSL_SUCCESS;
}

/* RFC 6066, section 3: names only, and without the final dot. */
static bool set_server_name(struct strait_dtls *d)
{
    struct strait__peer_name name;
    if (d->config.server_name == NULL || !strait__peer_name_read(&name, d->config.server_name) ||
        name.host == NULL) {
        return true;
    }
    return wolfSSL_UseSNI(d->ssl, WOLFSSL_SNI_HOST_NAME, name.host, (word16)name.host_len) ==
           WOLFSSL_SUCCESS;
}

static bool object_fill(struct strait_dtls *d)
{
    bool server = strait__dtls_is_server(d);
    wolfSSL_SetIOReadCtx(d->ssl, d);
    wolfSSL_SetIOWriteCtx(d->ssl, d);
    wolfSSL_SetCertCbCtx(d->ssl, d);
    wolfSSL_dtls_set_using_nonblock(d->ssl, 1);
    /* wolfSSL derives an exporter secret only for those who keep its arrays; run.c frees them. */
    wolfSSL_KeepArrays(d->ssl);
    /* wolfSSL doubles a timeout in whole seconds and gives up; zero doubled stays zero. Ours counts. */
    if (wolfSSL_dtls_set_timeout_init(d->ssl, 0) != WOLFSSL_SUCCESS) {
        return false;
    }
    strait__dtls_set_write_mtu(d);
    if (server && !set_cookies(d)) {
        return false;
    }
    return strait__dtls_watch_secrets(d) && set_groups(d) && set_server_name(d) &&
           strait__cid_offer(d) &&
           (d->config.n_profiles == 0 || d->cookie_secret != NULL ||
            strait__dtls_set_profiles(d, d->config.profiles, d->config.n_profiles) == STRAIT_OK);
}

int strait__dtls_object_open(struct strait_dtls *d)
{
    strait__dtls_enter(d);
    d->ssl = wolfSSL_new(d->ctx);
    int error = d->ssl == NULL ? STRAIT_E_NOMEM : object_fill(d) ? STRAIT_OK : STRAIT_E_CRYPTO;
    strait__dtls_leave(d);
    return error != STRAIT_OK && d->hook_error != 0 ? d->hook_error : error;
}

void strait__dtls_object_close(struct strait_dtls *d)
{
    strait__dtls_enter(d);
    wolfSSL_free(d->ssl);
    d->ssl = NULL;
    strait__dtls_leave(d);
}
