#include "transport/dtls/psk.h"

#include <string.h>

#include "transport/dtls/association.h"
#include "transport/dtls/suites.h"
#include "transport/util.h"

bool strait__psk_on(const struct strait_dtls *d)
{
    return d->config.auth == STRAIT_DTLS_AUTH_PSK;
}

/* --- the host --- */

/* wolfSSL hands identities on without their length, and RFC 4279, 5.1 says that they are UTF-8: one with a zero
 * byte would be another one for whoever looks it up. */
static bool legal_identity(const void *identity, size_t len)
{
    return len > 0 && len <= STRAIT_DTLS_MAX_PSK_IDENTITY && memchr(identity, 0, len) == NULL;
}

static const char *fault_of(const struct strait_dtls_psk *said, int answer)
{
    if (answer != STRAIT_OK) {
        return "the host has no pre-shared key for this peer";
    }
    if (!legal_identity(said->identity, said->identity_len)) {
        return "the host gave an identity that is empty, has a zero byte or more than 128 bytes";
    }
    if (said->key_len == 0 || said->key_len > STRAIT_DTLS_MAX_PSK_KEY) {
        return "the host gave a pre-shared key of no bytes or more than 64";
    }
    return NULL;
}

/* Outside of wolfSSL. */
static bool ask(struct strait_dtls *d)
{
    struct strait__psk *p = d->psk;
    p->said.hint = p->hint[0] != '\0' ? p->hint : NULL;
    p->asked = true;
    p->fault = fault_of(&p->said, d->config.events.psk(d->config.user, &p->said));
    p->said.hint = NULL;
    p->known = p->fault == NULL;
    if (p->known) {
        p->said.identity[p->said.identity_len] = '\0';
    }
    return p->known;
}

/* Client. */
static bool ask_identity(struct strait_dtls *d, const char *hint)
{
    struct strait__psk *p = d->psk;
    if (p->asked && strcmp(p->hint, hint) == 0) {
        return p->known;
    }
    strait__zero(p, sizeof *p);
    memcpy(p->hint, hint, strnlen(hint, STRAIT_DTLS_MAX_PSK_IDENTITY));
    return ask(d);
}

/* Server. */
static bool ask_key(struct strait_dtls *d, const void *identity, size_t len)
{
    struct strait__psk *p = d->psk;
    if (p->asked && p->said.identity_len == len && memcmp(p->said.identity, identity, len) == 0) {
        return p->known;
    }
    strait__zero(&p->said, sizeof p->said);
    memcpy(p->said.identity, identity, len);
    p->said.identity_len = len;
    return ask(d);
}

/* --- wolfSSL's questions --- */

static unsigned int give_key(const struct strait__psk *p, unsigned char *key, unsigned int max)
{
    if (p->said.key_len > max) {
        return 0;
    }
    memcpy(key, p->said.key, p->said.key_len);
    return (unsigned int)p->said.key_len;
}

static unsigned int on_client(WOLFSSL *ssl, const char *hint, char *identity, unsigned int max_len,
                              unsigned char *key, unsigned int max_key)
{
    struct strait_dtls *d = wolfSSL_GetIOReadCtx(ssl);
    if (d->psk == NULL) {
        return 0;
    }
    strait__dtls_leave(d);
    bool known = ask_identity(d, hint != NULL ? hint : "");
    strait__dtls_enter(d);
    if (!known || d->psk->said.identity_len > max_len) {
        return 0;
    }
    memcpy(identity, d->psk->said.identity, d->psk->said.identity_len + 1);
    return give_key(d->psk, key, max_key);
}

/* wolfSSL's names of the suites of 1.3 that go with a key, see strait__suite_fits. */
static const char *wolf_name_of(uint16_t suite)
{
    return suite == 0x1303 ? "TLS13-CHACHA20-POLY1305-SHA256" : "TLS13-AES128-GCM-SHA256";
}

/* The first suite of 1.3 in the list, as wolfSSL calls it. */
static const char *first_suite13(const struct strait_dtls *d, const struct strait__numbers *offered)
{
    for (size_t i = 0; i < d->config.n_cipher_suites; i++) {
        const struct strait__suite *suite = strait__suite_find(d->config.cipher_suites[i]);
        if (suite->kind == STRAIT__SUITE_13 &&
            (offered == NULL || strait__numbers_have(offered, suite->number))) {
            return wolf_name_of(suite->number);
        }
    }
    return NULL;
}

/* Client of 1.3: asked about each suite. A key goes with a hash (RFC 8446, 4.2.11), and all suites here have the
 * same one: it is offered once. */
static unsigned int on_client13(WOLFSSL *ssl, const char *hint, char *identity,
                                unsigned int max_len, unsigned char *key, unsigned int max_key,
                                const char *suite)
{
    const struct strait_dtls *d = wolfSSL_GetIOReadCtx(ssl);
    const char *first = first_suite13(d, NULL);
    bool offered = first != NULL && suite != NULL && strcmp(first, suite) == 0;
    return offered ? on_client(ssl, hint, identity, max_len, key, max_key) : 0;
}

static unsigned int on_server(WOLFSSL *ssl, const char *identity, unsigned char *key,
                              unsigned int max_key)
{
    struct strait_dtls *d = wolfSSL_GetIOReadCtx(ssl);
    size_t len = identity != NULL ? strlen(identity) : 0;
    if (d->psk == NULL || !legal_identity(identity, len)) {
        return 0;
    }
    strait__dtls_leave(d);
    bool known = ask_key(d, identity, len);
    strait__dtls_enter(d);
    return known ? give_key(d->psk, key, max_key) : 0;
}

static unsigned int on_server13(WOLFSSL *ssl, const char *identity, unsigned char *key,
                                unsigned int max_key, const char **suite)
{
    const struct strait_dtls *d = wolfSSL_GetIOReadCtx(ssl);
    *suite = d->psk != NULL ? d->psk->suite : NULL;
    return *suite != NULL ? on_server(ssl, identity, key, max_key) : 0;
}

/* RFC 8446, 4.2.11: a server may do without the key and show a certificate, which nobody asked for here. */
static int on_certificate(int ok, WOLFSSL_X509_STORE_CTX *store)
{
    struct strait_dtls *d = store->userCtx;
    (void)ok;
    if (d->psk != NULL) {
        d->psk->certificate_came = true;
    }
    return 0;
}

/* --- life --- */

bool strait__psk_open(struct strait_dtls *d)
{
    d->psk = strait__alloc(&d->hooks, sizeof *d->psk);
    if (d->psk == NULL) {
        d->hook_error = STRAIT_E_NOMEM;
        return false;
    }
    if (strait__dtls_is_server(d)) {
        wolfSSL_CTX_set_psk_server_callback(d->ctx, on_server);
        wolfSSL_CTX_set_psk_server_tls13_callback(d->ctx, on_server13);
        wolfSSL_CTX_use_psk_identity_hint(d->ctx, d->config.psk_hint);
        wolfSSL_CTX_set_verify(d->ctx, WOLFSSL_VERIFY_NONE, NULL);
    } else {
        wolfSSL_CTX_set_psk_client_callback(d->ctx, on_client);
        wolfSSL_CTX_set_psk_client_cs_callback(d->ctx, on_client13);
        wolfSSL_CTX_set_verify(d->ctx, WOLFSSL_VERIFY_PEER, on_certificate);
    }
    d->config.psk_hint = NULL; /* wolfSSL has a copy, the host may forget it */
    return !strait__dtls_allows(d, STRAIT_DTLS_1_3) || wolfSSL_CTX_only_dhe_psk(d->ctx) == 0;
}

const char *strait__psk_start(struct strait_dtls *d)
{
    /* A ClientHello of 1.3 brings the identity; without one it would ask for certificates. */
    bool due = d->psk != NULL && !strait__dtls_is_server(d) &&
               strait__dtls_allows(d, STRAIT_DTLS_1_3);
    return due && !ask_identity(d, "") ? d->psk->fault : NULL;
}

void strait__psk_close(struct strait_dtls *d)
{
    if (d->psk != NULL) {
        strait__zero(d->psk, sizeof *d->psk);
        strait__free(&d->hooks, d->psk);
        d->psk = NULL;
    }
}

/* --- what the peer says --- */

static const char unknown[] = "the peer's identity is not known here";
static const char illegal[] =
    "the peer's identity is empty, has a zero byte or more than 128 bytes";

/* RFC 8446, 4.2.11: the identities in the client's order; the first that is known is taken. */
static const char *check_identities(struct strait_dtls *d, struct strait__bytes list)
{
    const char *fault = unknown;
    while (list.len > 0) {
        size_t len = strait__get16(list.data);
        const uint8_t *identity = list.data + 2;
        if (!legal_identity(identity, len)) {
            return illegal;
        }
        if (fault != NULL && ask_key(d, identity, len)) {
            fault = NULL;
        }
        list.data += 2 + len + 4;
        list.len -= 2 + len + 4;
    }
    return fault;
}

/* Any suite of DTLS 1.2 that goes with such a key, also one that we do not want. */
static bool offers_key12(const struct strait__hello *hello)
{
    for (size_t i = 0; i < hello->cipher_suites.count; i++) {
        const struct strait__suite *suite = strait__suite_find(
            strait__get16(hello->cipher_suites.data + 2 * i));
        if (suite != NULL && strait__suite_is_psk12(suite)) {
            return true;
        }
    }
    return false;
}

static bool offers_key(const struct strait__hello *hello, bool dtls13)
{
    return dtls13 ? hello->identities.data != NULL : offers_key12(hello);
}

/* One of ours of DTLS 1.2. */
static bool offers_suite12(const struct strait_dtls *d, const struct strait__hello *hello)
{
    for (size_t i = 0; i < d->config.n_cipher_suites; i++) {
        uint16_t suite = d->config.cipher_suites[i];
        if (strait__suite_is_psk12(strait__suite_find(suite)) &&
            strait__numbers_have(&hello->cipher_suites, suite)) {
            return true;
        }
    }
    return false;
}

static bool offers_suite(struct strait_dtls *d, const struct strait__hello *hello, bool dtls13)
{
    if (!dtls13) {
        return offers_suite12(d, hello);
    }
    d->psk->suite = first_suite13(d, &hello->cipher_suites);
    return d->psk->suite != NULL;
}

const char *strait__psk_check_hello(struct strait_dtls *d, const struct strait__hello *hello,
                                    bool dtls13, int *error, uint8_t *alert)
{
    *error = STRAIT_E_PSK;
    *alert = STRAIT__ALERT_HANDSHAKE_FAILURE;
    if (d->psk == NULL || !offers_key(hello, dtls13)) {
        return "the peer offers no pre-shared key";
    }
    if (!offers_suite(d, hello, dtls13)) {
        *error = STRAIT_E_NO_CIPHER;
        return "the peer offers pre-shared keys with other cipher suites than ours: add one that it has to "
               "strait_dtls_config.cipher_suites";
    }
    if (!dtls13) {
        return NULL;
    }
    *alert = STRAIT__ALERT_UNKNOWN_PSK_IDENTITY;
    return check_identities(d, hello->identities);
}

const char *strait__psk_check_exchange(const struct strait__handshake *message)
{
    if (message->offset != 0) {
        return NULL;
    }
    /* RFC 4279, section 2; RFC 5489, section 2: it begins with the identity. */
    if (message->fragment_len < 2) {
        return illegal;
    }
    size_t len = strait__get16(message->fragment);
    bool whole = len <= message->fragment_len - 2u;
    return whole && legal_identity(message->fragment + 2, len) ? NULL : illegal;
}

const char *strait__psk_fault(const struct strait_dtls *d)
{
    if (d->psk == NULL) {
        return NULL;
    }
    if (d->psk->certificate_came) {
        return "the peer shows a certificate and has no pre-shared key";
    }
    return d->psk->asked && !d->psk->known ? d->psk->fault : NULL;
}
