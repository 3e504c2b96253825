#include "transport/dtls/tls_client.h"

#include <stdarg.h>
#include <stdio.h>

#include <wolfssl/error-ssl.h>
#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

#include "transport/dtls/names.h"
#include "transport/dtls/peer_name.h"
#include "transport/dtls/trust_chain.h"
#include "transport/dtls/wire.h"
#include "transport/dtls/wolf_hooks.h"
#include "transport/dtls/wolf_library.h"
#include "transport/util.h"

enum {
    IN_ROOM = 8192,
    /* The longest flight of ours, or some records. */
    OUT_ROOM = 16384,
    /* What a record adds to its piece, and an alert or a KeyUpdate before it. */
    OVERHEAD = 512,
};

struct bytes {
    size_t at, len;
};

struct strait__tls {
    struct strait_hooks hooks;
    struct strait_trust *trust;
    bool library;
    WOLFSSL_CTX *ctx;
    WOLFSSL *ssl;
    struct strait__wolf_scope scope;
    strait_time now;
    int64_t calendar;
    enum strait__tls_state state;
    bool judged, trusted, muted, said_goodbye;
    int hook_error, error;
    struct bytes in_bytes, out_bytes;
    char name[STRAIT__HOST_MAX + 1];
    char detail[STRAIT__TLS_DETAIL];
    uint8_t in[IN_ROOM], out[OUT_ROOM];
};

/* wolfSSL's own, see end.c. */
int SendAlert(WOLFSSL *ssl, int severity, int type) __attribute__((weak));

static void enter(struct strait__tls *t)
{
    strait__wolf_enter(&t->scope, &t->hooks, t->now);
    t->scope.calendar = t->calendar;
}

static void leave(struct strait__tls *t)
{
    t->hook_error = t->scope.failed != 0 ? t->scope.failed : t->hook_error;
    strait__wolf_leave(&t->scope);
}

/* --- Bytes ---------------------------------------------------------------------------------------- */

static void drop(struct bytes *bytes, size_t len)
{
    bytes->at += len;
    bytes->len -= len;
    bytes->at = bytes->len > 0 ? bytes->at : 0;
}

/* The free rest of `store`, in one piece at its end. */
static size_t room_of(struct bytes *bytes, uint8_t *store, size_t size)
{
    if (bytes->at > 0) {
        memmove(store, store + bytes->at, bytes->len);
        bytes->at = 0;
    }
    return size - bytes->len;
}

uint8_t *strait__tls_in(struct strait__tls *t, size_t *room)
{
    *room = t->state == STRAIT__TLS_FAILED || t->state == STRAIT__TLS_CLOSED
                ? 0
                : room_of(&t->in_bytes, t->in, sizeof t->in);
    return t->in + t->in_bytes.at + t->in_bytes.len;
}

void strait__tls_filled(struct strait__tls *t, size_t len)
{
    t->in_bytes.len += len;
}

const uint8_t *strait__tls_out(const struct strait__tls *t, size_t *len)
{
    *len = t->out_bytes.len;
    return t->out + t->out_bytes.at;
}

void strait__tls_sent(struct strait__tls *t, size_t len)
{
    drop(&t->out_bytes, len);
}

static int on_receive(WOLFSSL *ssl, char *buffer, int size, void *user)
{
    struct strait__tls *t = user;
    (void)ssl;
    if (t->in_bytes.len == 0 || size <= 0) {
        return WOLFSSL_CBIO_ERR_WANT_READ;
    }
    size_t len = (size_t)size < t->in_bytes.len ? (size_t)size : t->in_bytes.len;
    memcpy(buffer, t->in + t->in_bytes.at, len);
    drop(&t->in_bytes, len);
    return (int)len;
}

static int on_send(WOLFSSL *ssl, char *buffer, int size, void *user)
{
    struct strait__tls *t = user;
    (void)ssl;
    if (t->muted) {
        return size;
    }
    size_t room = room_of(&t->out_bytes, t->out, sizeof t->out);
    if (room == 0 || size <= 0) {
        return WOLFSSL_CBIO_ERR_WANT_WRITE;
    }
    size_t len = (size_t)size < room ? (size_t)size : room;
    memcpy(t->out + t->out_bytes.len, buffer, len);
    t->out_bytes.len += len;
    return (int)len;
}

/* --- The verdict ---------------------------------------------------------------------------------- */

__attribute__((format(printf, 3, 4))) static void fail(struct strait__tls *t, int error,
                                                       const char *format, ...)
{
    va_list args;
    if (t->state == STRAIT__TLS_FAILED) {
        return;
    }
    va_start(args, format);
    vsnprintf(t->detail, sizeof t->detail, format, args);
    va_end(args);
    t->error = error;
    t->state = STRAIT__TLS_FAILED;
}

static bool judge(struct strait__tls *t, const WOLFSSL_X509_STORE_CTX *store)
{
    struct strait__der_view certs[STRAIT__CHAIN_CERTS];
    struct strait__chain_verdict verdict;
    size_t n = (size_t)store->totalCerts;
    const struct strait__chain_question question = {
        .trust = t->trust,
        .hooks = &t->hooks,
        .certs = certs,
        .n_certs = n < STRAIT__CHAIN_CERTS ? n : STRAIT__CHAIN_CERTS,
        .of_server = true,
        .name = t->name,
        .now = t->calendar,
    };
    for (size_t i = 0; i < question.n_certs; i++) {
        certs[i].data = store->certs[i].buffer;
        certs[i].len = store->certs[i].length;
    }
    t->judged = true;
    t->trusted = strait__chain_judge(&verdict, &question) == STRAIT_OK && t->scope.failed == 0;
    if (!t->trusted) {
        int error = t->scope.failed != 0 ? t->scope.failed : verdict.error;
        if (SendAlert != NULL) {
            SendAlert(t->ssl, STRAIT__ALERT_FATAL, verdict.alert);
            t->muted = true; /* wolfSSL's own would follow */
        }
        fail(t, error, "%s", verdict.error == STRAIT_OK ? "out of memory" : verdict.detail);
    }
    return t->trusted;
}

static int on_verify(int ok, WOLFSSL_X509_STORE_CTX *store)
{
    struct strait__tls *t = store->userCtx;
    (void)ok;
    /* The first question has the whole chain with it. */
    if (!t->judged && (store->totalCerts < 1 || !judge(t, store))) {
        return 0;
    }
    return t->trusted && strait__chain_forgivable(store->error);
}

static void fail_alert(struct strait__tls *t)
{
    WOLFSSL_ALERT_HISTORY history = { .last_rx = { .code = -1, .level = -1 } };
    wolfSSL_get_alert_history(t->ssl, &history);
    int code = history.last_rx.code;
    fail(t, STRAIT_E_ALERT, "the server sent the alert %s (%d)",
         code >= 0 ? strait__alert_name((uint8_t)code) : "unknown alert", code);
}

struct meaning {
    int wolf, error;
    const char *detail;
};

static const struct meaning meanings[] = {
    { MEMORY_E, STRAIT_E_NOMEM, "out of memory" },
    { MEMORY_ERROR, STRAIT_E_NOMEM, "out of memory" },
    { RNG_FAILURE_E, STRAIT_E_RANDOM, "the random source failed" },
    { NO_PEER_CERT, STRAIT_E_NO_CERTIFICATE, "the server sent no certificate" },
    { UNKNOWN_RECORD_TYPE, STRAIT_E_HANDSHAKE,
      "what answers does not speak TLS: is it the port for it?" },
    { VERSION_ERROR, STRAIT_E_VERSION,
      "the server speaks neither TLS 1.2 nor 1.3, or no TLS: is it the port for it?" },
    { UNSUPPORTED_PROTO_VERSION, STRAIT_E_VERSION, "the server speaks neither TLS 1.2 nor 1.3" },
    { MATCH_SUITE_ERROR, STRAIT_E_NO_CIPHER,
      "the server has no cipher suite with ECDHE and AEAD in common with us" },
    { UNSUPPORTED_SUITE, STRAIT_E_NO_CIPHER,
      "the server has no cipher suite with ECDHE and AEAD in common with us" },
};

static void fail_wolf(struct strait__tls *t, int wolf)
{
    if (t->hook_error != 0) {
        fail(t, t->hook_error,
             t->hook_error == STRAIT_E_NOMEM ? "out of memory" : "the random source failed");
        return;
    }
    if (wolf == FATAL_ERROR) {
        fail_alert(t);
        return;
    }
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
        if (meanings[i].wolf == wolf) {
            fail(t, meanings[i].error, "%s", meanings[i].detail);
            return;
        }
    }
    fail(t, STRAIT_E_HANDSHAKE, "TLS with the server failed: %s",
         wolfSSL_ERR_reason_error_string((unsigned long)wolf));
}

/* What a call returned that did nothing more. True: it can go on later. */
static bool settle(struct strait__tls *t, int returned)
{
    int wolf = wolfSSL_get_error(t->ssl, returned);
    if (wolf == WOLFSSL_ERROR_WANT_READ || wolf == WOLFSSL_ERROR_WANT_WRITE) {
        return true;
    }
    if (wolf == WOLFSSL_ERROR_ZERO_RETURN || wolf == ZERO_RETURN) {
        if (t->state == STRAIT__TLS_OPEN) {
            t->state = STRAIT__TLS_CLOSED;
        } else {
            fail(t, STRAIT_E_CLOSED, "the server closed in the middle of the handshake");
        }
        return false;
    }
    fail_wolf(t, wolf);
    return false;
}

/* --- Life ----------------------------------------------------------------------------------------- */

static bool fill_context(struct strait__tls *t)
{
    static const char suites[] =
        "TLS13-AES128-GCM-SHA256:TLS13-AES256-GCM-SHA384:TLS13-CHACHA20-POLY1305-SHA256:"
        "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
        "ECDHE-ECDSA-CHACHA20-POLY1305"
#ifndef STRAIT_NO_RSA
        ":ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305"
#endif
        ;
    wolfSSL_CTX_set_verify(t->ctx, WOLFSSL_VERIFY_PEER | WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                           on_verify);
    wolfSSL_CTX_SetIORecv(t->ctx, on_receive);
    wolfSSL_CTX_SetIOSend(t->ctx, on_send);
    /* RFC 8996 */
    return wolfSSL_CTX_SetMinVersion(t->ctx, WOLFSSL_TLSV1_2) == WOLFSSL_SUCCESS &&
           wolfSSL_CTX_set_cipher_list(t->ctx, suites) == WOLFSSL_SUCCESS;
}

static bool fill_object(struct strait__tls *t, const struct strait__peer_name *name)
{
    static const int asked[] = { WOLFSSL_ECC_X25519, WOLFSSL_ECC_SECP256R1, WOLFSSL_ECC_SECP384R1 };
    int groups[sizeof asked / sizeof *asked];
    memcpy(groups, asked, sizeof asked);
    wolfSSL_SetIOReadCtx(t->ssl, t);
    wolfSSL_SetIOWriteCtx(t->ssl, t);
    wolfSSL_SetCertCbCtx(t->ssl, t);
    return wolfSSL_set_groups(t->ssl, groups, sizeof asked / sizeof *asked) == WOLFSSL_SUCCESS &&
           wolfSSL_UseKeyShare(t->ssl, WOLFSSL_ECC_X25519) == WOLFSSL_SUCCESS &&
           (name->host == NULL || wolfSSL_UseSNI(t->ssl, WOLFSSL_SNI_HOST_NAME, name->host,
                                                 (word16)name->host_len) == WOLFSSL_SUCCESS);
}

static int open_wolf(struct strait__tls *t, const struct strait__peer_name *name)
{
    int error = STRAIT_E_NOMEM;
    t->library = strait__wolf_ref() == STRAIT_OK;
    if (!t->library) {
        return STRAIT_E_CRYPTO;
    }
    enter(t);
    WOLFSSL_METHOD *method = wolfTLS_client_method();
    t->ctx = method != NULL ? wolfSSL_CTX_new(method) : NULL;
    if (t->ctx != NULL) {
        error = fill_context(t) ? STRAIT_OK : STRAIT_E_CRYPTO;
    }
    if (error == STRAIT_OK) {
        t->ssl = wolfSSL_new(t->ctx);
        error = t->ssl == NULL         ? STRAIT_E_NOMEM
                : fill_object(t, name) ? STRAIT_OK
                                       : STRAIT_E_CRYPTO;
    }
    leave(t);
    return error != STRAIT_OK && t->hook_error != 0 ? t->hook_error : error;
}

int strait__tls_create(struct strait__tls **out, const struct strait__tls_config *config)
{
    struct strait__peer_name name;
    *out = NULL;
    if (config->trust == NULL || config->name == NULL || strlen(config->name) > STRAIT__HOST_MAX ||
        !strait__peer_name_read(&name, config->name)) {
        return STRAIT_E_INVALID;
    }
    struct strait__tls *t = strait__alloc(config->hooks, sizeof *t);
    if (t == NULL) {
        return STRAIT_E_NOMEM;
    }
    t->hooks = *config->hooks;
    t->trust = strait_trust_ref(config->trust);
    memcpy(t->name, config->name, strlen(config->name) + 1);
    int error = open_wolf(t, &name);
    if (error != STRAIT_OK) {
        strait__tls_destroy(t);
        return error;
    }
    *out = t;
    return STRAIT_OK;
}

void strait__tls_destroy(struct strait__tls *t)
{
    if (t == NULL) {
        return;
    }
    struct strait_hooks hooks = t->hooks;
    enter(t);
    wolfSSL_free(t->ssl);
    wolfSSL_CTX_free(t->ctx);
    leave(t);
    if (t->library) {
        strait__wolf_unref();
    }
    strait_trust_unref(t->trust);
    strait__zero(t, sizeof *t);
    strait__free(&hooks, t);
}

/* --- Use ------------------------------------------------------------------------------------------ */

enum strait__tls_state strait__tls_state(const struct strait__tls *t)
{
    return t->state;
}

int strait__tls_error(const struct strait__tls *t)
{
    return t->error;
}

const char *strait__tls_detail(const struct strait__tls *t)
{
    return t->detail;
}

unsigned strait__tls_version(const struct strait__tls *t)
{
    return t->state == STRAIT__TLS_OPEN || t->state == STRAIT__TLS_CLOSED
               ? (unsigned)wolfSSL_version(t->ssl)
               : 0;
}

void strait__tls_run(struct strait__tls *t, strait_time now, int64_t calendar)
{
    t->now = now;
    t->calendar = calendar;
    if (t->state != STRAIT__TLS_HANDSHAKE) {
        return;
    }
    enter(t);
    int done = wolfSSL_connect(t->ssl);
    leave(t);
    if (done != WOLFSSL_SUCCESS) {
        (void)settle(t, done);
    } else if (!t->trusted) {
        fail(t, STRAIT_E_NO_CERTIFICATE, "the server's certificate was not looked at");
    } else {
        t->state = STRAIT__TLS_OPEN;
    }
}

size_t strait__tls_write(struct strait__tls *t, const uint8_t *data, size_t len)
{
    size_t piece = len < STRAIT__TLS_PIECE ? len : STRAIT__TLS_PIECE;
    if (t->state != STRAIT__TLS_OPEN || t->said_goodbye || piece == 0 ||
        OUT_ROOM - t->out_bytes.len < piece + OVERHEAD) {
        return 0;
    }
    enter(t);
    int wrote = wolfSSL_write(t->ssl, data, (int)piece);
    leave(t);
    if (wrote <= 0) {
        (void)settle(t, wrote);
        return 0;
    }
    return (size_t)wrote;
}

size_t strait__tls_read(struct strait__tls *t, uint8_t *data, size_t room)
{
    if (t->state != STRAIT__TLS_OPEN || room == 0) {
        return 0;
    }
    enter(t);
    int read = wolfSSL_read(t->ssl, data, room < INT16_MAX ? (int)room : INT16_MAX);
    leave(t);
    if (read <= 0) {
        (void)settle(t, read);
        return 0;
    }
    return (size_t)read;
}

void strait__tls_close(struct strait__tls *t)
{
    if (t->said_goodbye || (t->state != STRAIT__TLS_OPEN && t->state != STRAIT__TLS_CLOSED)) {
        return;
    }
    t->said_goodbye = true;
    enter(t);
    (void)wolfSSL_shutdown(t->ssl);
    leave(t);
}
