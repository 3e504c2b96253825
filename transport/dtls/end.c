#include <stdarg.h>
#include <stdio.h>

#include <wolfssl/error-ssl.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

#include "transport/dtls/association.h"
#include "transport/dtls/names.h"
#include "transport/util.h"

/* wolfSSL's own; its static library has it, a shared one of the system may not. <wolfssl/internal.h>, which
 * declares it, is not for users. */
int SendAlert(WOLFSSL *ssl, int severity, int type) __attribute__((weak));

void strait__dtls_zero_keys(struct strait_dtls *d)
{
    strait__zero(&d->send_key, sizeof d->send_key);
    strait__zero(&d->receive_key, sizeof d->receive_key);
    strait__zero(&d->exporter, sizeof d->exporter);
    strait__psk_close(d);
    strait__zero(&d->seen, sizeof d->seen);
}

static void end(struct strait_dtls *d, enum strait_dtls_state state, int error)
{
    strait__flight_flush(&d->flight);
    strait__timer_stop(&d->timer);
    strait__dtls_zero_keys(d);
    d->state = state;
    d->error = error;
    strait__log(&d->hooks, error == STRAIT_E_CLOSED ? STRAIT_LOG_INFO : STRAIT_LOG_WARNING, "dtls",
                "%s: %s", strait_error_name(error), d->detail);
    if (d->quiet) {
        d->news = true;
    } else if (d->config.events.state != NULL) {
        d->config.events.state(d->config.user, state);
    }
}

void strait__dtls_fail(struct strait_dtls *d, int error, const char *format, ...)
{
    if (strait__dtls_ended(d)) {
        return;
    }
    va_list args;
    va_start(args, format);
    vsnprintf(d->detail, sizeof d->detail, format, args);
    va_end(args);
    end(d, STRAIT_DTLS_FAILED, error);
}

void strait__dtls_say_goodbye(struct strait_dtls *d)
{
    if (d->finished && d->ssl != NULL) {
        strait__dtls_enter(d);
        wolfSSL_shutdown(d->ssl);
        strait__dtls_leave(d);
    }
}

void strait__dtls_end_idle(struct strait_dtls *d)
{
    strait__dtls_say_goodbye(d);
    snprintf(d->detail, sizeof d->detail, "the peer sent nothing for %llu s",
             (unsigned long long)(d->config.idle_timeout / STRAIT_S));
    end(d, STRAIT_DTLS_CLOSED, STRAIT_E_IDLE);
}

void strait__dtls_closed_by_peer(struct strait_dtls *d)
{
    strait__dtls_say_goodbye(d); /* RFC 5246, 7.2.1: answer with one's own */
    snprintf(d->detail, sizeof d->detail, "the peer sent close_notify");
    end(d, STRAIT_DTLS_CLOSED, STRAIT_E_CLOSED);
}

void strait__dtls_send_alert(struct strait_dtls *d, uint8_t description)
{
    if (d->ssl == NULL) {
        return;
    }
    strait__dtls_enter(d);
    if (SendAlert != NULL) {
        SendAlert(d->ssl, STRAIT__ALERT_FATAL, description);
    } else {
        wolfSSL_shutdown(d->ssl);
    }
    strait__dtls_leave(d);
}

void strait__dtls_refuse_certificate(struct strait_dtls *d, int error, uint8_t alert,
                                     const char *detail)
{
    d->verified = STRAIT__VERIFY_BAD;
    d->refused = error;
    snprintf(d->detail, sizeof d->detail, "%s", detail);
    if (SendAlert != NULL) {
        strait__dtls_send_alert(d, alert);
        d->refused_alert = alert;
        d->muted = true;
    }
}

void strait__dtls_fail_fingerprint(struct strait_dtls *d)
{
    struct strait_fingerprint own;
    char text[STRAIT_FINGERPRINT_TEXT_MAX] = "?";
    if (strait_fingerprint_of(&own, d->fingerprints[0].hash, d->peer_der, d->peer_der_len) ==
        STRAIT_OK) {
        strait_fingerprint_print(&own, text, sizeof text);
    }
    strait__dtls_fail(
        d, STRAIT_E_FINGERPRINT,
        "the peer's certificate is %s, which is not signalled: check that a=fingerprint "
        "belongs to this peer",
        text);
}

static void fail_alert(struct strait_dtls *d)
{
    WOLFSSL_ALERT_HISTORY history = { .last_rx = { .code = -1, .level = -1 } };
    wolfSSL_get_alert_history(d->ssl, &history);
    const char *name = history.last_rx.code >= 0 ? strait__alert_name((uint8_t)history.last_rx.code)
                                                 : "unknown alert";
    strait__dtls_fail(d, STRAIT_E_ALERT, "the peer sent the alert %s (%d)", name,
                      history.last_rx.code);
}

struct meaning {
    int wolf, error;
    const char *detail;
};

static const struct meaning meanings[] = {
    { MEMORY_E, STRAIT_E_NOMEM, "out of memory in the handshake" },
    { MEMORY_ERROR, STRAIT_E_NOMEM, "out of memory in the handshake" },
    { RNG_FAILURE_E, STRAIT_E_RANDOM, "the random source failed" },
    { NO_PEER_CERT, STRAIT_E_NO_CERTIFICATE,
      "the peer sent no certificate: WebRTC needs one from both sides, others may ask for none "
      "(client_certificate)" },
    { NO_PEER_VERIFY, STRAIT_E_NO_CERTIFICATE,
      "the peer did not prove that it holds the certificate's key" },
    { VERSION_ERROR, STRAIT_E_VERSION,
      "the peer speaks no DTLS version of ours: widen min_version or max_version" },
    { UNSUPPORTED_PROTO_VERSION, STRAIT_E_VERSION,
      "the peer speaks no DTLS version of ours: widen min_version or max_version" },
    { MATCH_SUITE_ERROR, STRAIT_E_NO_CIPHER,
      "the peer has no cipher suite with ECDHE and AEAD in common with us" },
    { UNSUPPORTED_SUITE, STRAIT_E_NO_CIPHER,
      "the peer has no cipher suite with ECDHE and AEAD in common with us" },
    { BAD_KEY_SHARE_DATA, STRAIT_E_NO_GROUP,
      "the peer has no key exchange group in common with us: add one to strait_dtls_config.groups" },
    { KEY_SHARE_ERROR, STRAIT_E_NO_GROUP,
      "the peer has no key exchange group in common with us: add one to strait_dtls_config.groups" },
    { ECC_CURVE_ERROR, STRAIT_E_NO_GROUP,
      "the peer has no key exchange group in common with us: add one to strait_dtls_config.groups" },
    { PSK_KEY_ERROR, STRAIT_E_PSK, "the peer's pre-shared key cannot be used" },
    { BAD_BINDER, STRAIT_E_PSK, "the peer knows the identity and has another key for it" },
    { VERIFY_FINISHED_ERROR, STRAIT_E_HANDSHAKE,
      "the peer's Finished does not fit: somebody changed the handshake on its way" },
};

static const struct meaning *meaning_of(int wolf_error)
{
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
        if (meanings[i].wolf == wolf_error) {
            return &meanings[i];
        }
    }
    return NULL;
}

/* wolfSSL tells the peer of some errors and keeps silent about others. */
static void tell_peer(struct strait_dtls *d, int wolf_error, uint8_t alert)
{
    if (wolf_error == BAD_BINDER) {
        /* RFC 8446, 6.2. wolfSSL's illegal_parameter, which nothing can precede, has not left yet. */
        d->flight.len = 0;
        strait__dtls_send_alert(d, STRAIT__ALERT_DECRYPT_ERROR);
        return;
    }
    WOLFSSL_ALERT_HISTORY history = { .last_tx = { .level = -1 } };
    wolfSSL_get_alert_history(d->ssl, &history);
    if (history.last_tx.level != STRAIT__ALERT_FATAL) {
        strait__dtls_send_alert(d, alert);
    }
}

void strait__dtls_fail_wolf(struct strait_dtls *d, int wolf_error)
{
    if (d->refused != STRAIT_OK) {
        end(d, STRAIT_DTLS_FAILED, d->refused);
        return;
    }
    if (d->verified == STRAIT__VERIFY_BAD) {
        strait__dtls_fail_fingerprint(d);
        return;
    }
    if (wolf_error == FATAL_ERROR) {
        fail_alert(d);
        return;
    }
    if (d->hook_error != 0) {
        tell_peer(d, wolf_error, STRAIT__ALERT_INTERNAL_ERROR);
        strait__dtls_fail(d, d->hook_error, "%s",
                          d->hook_error == STRAIT_E_NOMEM ? "out of memory in the handshake"
                                                          : "the random source failed");
        return;
    }
    const struct meaning *meaning = meaning_of(wolf_error);
    if (d->hello_on_trial) {
        strait__dtls_hello_failed(d, meaning != NULL ? meaning->error : STRAIT_OK,
                                  meaning != NULL ? meaning->detail : "");
        return;
    }
    if (meaning == NULL && strait__dtls_is_certificate_error(wolf_error)) {
        tell_peer(d, wolf_error, STRAIT__ALERT_BAD_CERTIFICATE);
        strait__dtls_fail(d, STRAIT_E_BAD_CERTIFICATE,
                          "the peer's certificate cannot be used: %s (%d): have it made anew",
                          wolfSSL_ERR_reason_error_string((unsigned long)wolf_error), wolf_error);
        return;
    }
    bool unknown = wolf_error == PSK_KEY_ERROR && strait__dtls_is_server(d);
    tell_peer(d, wolf_error,
              unknown ? STRAIT__ALERT_UNKNOWN_PSK_IDENTITY : STRAIT__ALERT_HANDSHAKE_FAILURE);
    if (strait__psk_fault(d) != NULL) {
        strait__dtls_fail(d, STRAIT_E_PSK, "%s", strait__psk_fault(d));
        return;
    }
    if (meaning != NULL) {
        strait__dtls_fail(d, meaning->error, "%s", meaning->detail);
        return;
    }
    strait__dtls_fail(d, STRAIT_E_HANDSHAKE, "wolfSSL says: %s (%d)",
                      wolfSSL_ERR_reason_error_string((unsigned long)wolf_error), wolf_error);
}
