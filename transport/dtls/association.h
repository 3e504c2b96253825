/* What the files of an association share: its state and the steps that lead from one to the next. */
#ifndef STRAIT_DTLS_ASSOCIATION_H
#define STRAIT_DTLS_ASSOCIATION_H

#include <strait/dtls.h>

#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/settings.h>

#include "transport/dtls/config.h"
#include "transport/dtls/export.h"
#include "transport/dtls/filter.h"
#include "transport/dtls/flight.h"
#include "transport/dtls/heard.h"
#include "transport/dtls/hello.h"
#include "transport/dtls/path.h"
#include "transport/dtls/psk.h"
#include "transport/dtls/reassemble.h"
#include "transport/dtls/rekey.h"
#include "transport/dtls/seen.h"
#include "transport/dtls/split.h"
#include "transport/dtls/timer.h"
#include "transport/dtls/wire.h"
#include "transport/dtls/wolf_hooks.h"

enum {
    STRAIT__DTLS_DETAIL = 320,
    /* A HelloRetryRequest or HelloVerifyRequest of ours is below 130 bytes. */
    STRAIT__RETRY_MAX = 256,
    /* wolfSSL leaves the post-quantum share out of a ClientHello that would not fit its MTU; ours is cut
     * into fragments afterwards. */
    STRAIT__HELLO_MTU = STRAIT__HELLO_MAX,
};

enum strait__verified { STRAIT__VERIFY_PENDING = 0, STRAIT__VERIFY_GOOD, STRAIT__VERIFY_BAD };

/* Why a ClientHello was not taken, and when that ends the association. */
struct strait__refusal {
    int error; /* STRAIT_OK: none was */
    uint8_t alert;
    strait_time deadline;
    const char *detail;
};

struct strait_dtls {
    struct strait_hooks hooks;
    struct strait_dtls_config config; /* gaps filled */
    char *server_name;                /* what the config's points to */
    strait_time created;              /* when it was config.calendar */
    struct strait_dtls_stats stats;
    strait_time now; /* the latest of the caller's times */
    enum strait_dtls_state state;
    int error;
    char detail[STRAIT__DTLS_DETAIL];
    bool news;  /* ... and left one to fire in the next advance */
    bool quiet; /* within a function that fires no `state` */
    strait_time
        give_up; /* handshake_timeout as a point in time; once connected, when a KeyUpdate that
                          * nobody acknowledges is no longer repeated */

    /* wolfSSL */
    bool library; /* holds a reference of the library */
    WOLFSSL_CTX *ctx;
    WOLFSSL *ssl;
    struct strait__wolf_scope scope;
    strait_time repeat_clock; /* what wolfSSL takes for the time, see wolf_io.c */
    int hook_error;           /* what a hook refused in this call */
    bool inside;              /* between enter and leave */
    uint64_t read_seq0;       /* the next record of epoch 0 that wolfSSL gets, see receive.c */
    bool accepted;            /* wolfSSL_accept or _connect said that it is done */
    const uint8_t *in;        /* what the receive callback gives next; NULL once it did */
    size_t in_len;
    bool in_plain; /* it is not protected */
    bool too_soon; /* ... and no reason yet to repeat a flight */

    /* protected records that came */
    struct strait__seen seen;
    bool newest; /* the last datagram had one that is newer than any before */

    /* out */
    struct strait__flight flight;
    uint64_t next_seq0; /* epoch 0 is numbered by us, since we cut its messages; see wolf_io.c */
    bool sent;          /* wolfSSL sent something in this call */
    uint64_t records_sent;
    size_t unacknowledged; /* records of 1.3's handshake that came since */
    bool holds;    /* what wolfSSL sends is an acknowledgement that may turn out to be needless */
    uint8_t *held; /* ... the newest one */
    size_t held_len;
    bool sent_new;           /* ... a flight that had not been sent before */
    uint32_t newest_message; /* 1 + message_seq of the newest unprotected message sent */
    uint16_t newest_epoch;   /* the highest epoch sent in */
    strait_time flight_sent; /* when the waiting flight was sent last */
    struct strait__path path;
    struct strait__timer timer;

    /* hellos */
    struct strait__reassembly reassembly;
    bool hello_on_trial; /* wolfSSL reads a ClientHello that may be anybody's */
    bool hello_rejected; /* ... and did not take it */
    struct strait__refusal refusal;
    uint16_t hello_seq;               /* server: message_seq of the ClientHello that is due */
    bool hello_done;                  /* server: one was accepted; client: the ServerHello came */
    bool hello13;                     /* server: it leads to DTLS 1.3 */
    uint8_t retry[STRAIT__RETRY_MAX]; /* the record that asks for another ClientHello */
    size_t retry_len;
    uint8_t *first_hello; /* the record that `retry` answered */
    size_t first_hello_len;
    uint8_t *cookie; /* client: that a HelloVerifyRequest brought, until the ServerHello comes */
    size_t cookie_len;
    bool asked_again;             /* ... and now another one */
    const uint8_t *cookie_secret; /* while a ClientHello with a cookie is accepted; else NULL */
    enum strait_srtp_profile chosen_profile; /* ... and the profile for it */

    /* peer */
    uint8_t *peer_der;
    size_t peer_der_len;
    struct strait_fingerprint fingerprints[STRAIT_DTLS_MAX_FINGERPRINTS];
    size_t n_fingerprints;
    enum strait__verified verified;
    int refused; /* why the peer's certificate was, with its text in `detail`; STRAIT_OK: it was not */
    uint8_t refused_alert; /* what the peer was told */
    bool muted;            /* ... so that wolfSSL's own alert is not sent */
    bool alert_seen;       /* an unprotected fatal alert: a hint, anybody may have sent it */
    uint8_t alert;
    strait_time alert_deadline;
    strait_time heard;              /* when the last authentic record came */
    int alert_received, alert_sent; /* the last ones, kept past the end; -1: none */

    /* keys */
    bool finished; /* the handshake is done and the keys are exported */
    struct strait_srtp_key send_key, receive_key;
    struct strait__exporter exporter;
    struct strait__rekey rekey;
    struct strait__psk *psk; /* until the handshake is done; NULL: with certificates */
    bool keylog_failed;      /* its file could not be written, and the log was told so */
};

/* --- association.c --- */
/* A time that runs backwards is taken as the last one seen. */
void strait__dtls_tick(struct strait_dtls *d, strait_time now);
/* Seconds since 1970 by config.calendar and the time since then. */
int64_t strait__dtls_calendar(const struct strait_dtls *d, strait_time now);
/* now + interval, STRAIT_TIME_NEVER where that is beyond all time. */
strait_time strait__dtls_later(strait_time now, strait_time interval);

/* --- config.c --- */
/* False where no DTLS version of the configuration is `version`. */
bool strait__dtls_allows(const struct strait_dtls *d, enum strait_dtls_version version);

/* --- accept.c, protected.c --- */
/* Something unprotected, or protected with another key, shows that we shall not agree: unless the handshake
 * ends well in time, the association fails so. */
void strait__dtls_suspect(struct strait_dtls *d, uint8_t alert, int error, const char *detail);

/* --- context.c --- */
/* The wolfSSL context of an association: certificate, suites, versions. */
int strait__dtls_context_open(struct strait_dtls *d);
void strait__dtls_context_close(struct strait_dtls *d);
/* A wolfSSL object, ready to connect or accept. */
int strait__dtls_object_open(struct strait_dtls *d);
void strait__dtls_object_close(struct strait_dtls *d);
/* Offers (client) or answers with (server) these profiles only; n 0: none. */
int strait__dtls_set_profiles(struct strait_dtls *d, const enum strait_srtp_profile *profiles,
                              size_t n);

/* --- wolf_io.c --- */
void strait__dtls_enter(struct strait_dtls *d);
void strait__dtls_leave(struct strait_dtls *d);
int strait__dtls_on_receive(WOLFSSL *ssl, char *buffer, int size, void *user);
int strait__dtls_on_send(WOLFSSL *ssl, char *buffer, int size, void *user);
/* The record that the receive callback gives next. wolfSSL reads no more than its MTU and 500 bytes, while a
 * peer's MTU may be any and a ClientHello is put together from several datagrams: for the time of the
 * reading it is told another MTU. */
void strait__dtls_feed(struct strait_dtls *d, const uint8_t *record, size_t len);
/* The MTU for what is written. */
void strait__dtls_set_write_mtu(struct strait_dtls *d);
/* The flight's sink. */
void strait__dtls_sink(void *user, const uint8_t *data, size_t len);

/* --- run.c --- */
/* Gives one record (NULL: none) to wolfSSL and does what follows: events, keys, failure. */
void strait__dtls_run(struct strait_dtls *d, uint8_t *record, size_t len);
/* The waiting flight once more. */
void strait__dtls_resend(struct strait_dtls *d);
/* 0, or wolfSSL's reason for what it returned; "wants more" is no reason. */
int strait__dtls_reason(struct strait_dtls *d, int returned);
/* The waiting flight was answered. */
void strait__dtls_answered(struct strait_dtls *d);
/* True while a flight of ours waits for an answer. */
bool strait__dtls_waits(const struct strait_dtls *d);
/* At the end of each call: sends what waits and sets the timer. */
void strait__dtls_settle(struct strait_dtls *d);

/* --- acknowledge.c --- */
/* Acknowledges a flight of 1.3 of which a part is missing (RFC 9147, section 7.1). */
void strait__dtls_acknowledge(struct strait_dtls *d);
/* wolfSSL has read a record that began with `first`, after it had sent so many of its own. It names all that came
 * since it sent something in one acknowledgement, which is due before that is longer than a datagram. */
void strait__dtls_acknowledge_in_time(struct strait_dtls *d, uint8_t first, uint64_t sent);
/* Keeps a record until it is known whether it is needed. */
void strait__dtls_hold(struct strait_dtls *d, const uint8_t *record, size_t len);
void strait__dtls_forget_held(struct strait_dtls *d);

/* --- protected.c --- */
/* A protected record to wolfSSL, and what became of it. */
void strait__dtls_protected(struct strait_dtls *d, struct strait__record *record);

/* --- accept.c --- */
/* An unprotected record of the client that begins with a ClientHello. */
void strait__dtls_client_hello(struct strait_dtls *d, struct strait__record *record);
/* Starts it with a ClientHello, one record, whose cookie the listener made with `secret`. Fires `send`
 * only. STRAIT_E_NOMEM, _RANDOM, _CRYPTO as strait_dtls_start. */
int strait__dtls_accept_cookie(struct strait_dtls *d, strait_time now, const uint8_t *secret,
                               uint8_t *record, size_t len, uint32_t fragments);
bool strait__dtls_common_version(const struct strait_dtls *d, const struct strait__hello *hello,
                                 enum strait_dtls_version version);
/* wolfSSL did not take the ClientHello on trial: as nonsense (STRAIT_OK), or for that reason. */
void strait__dtls_hello_failed(struct strait_dtls *d, int error, const char *detail);
/* No better ClientHello came in time. */
void strait__dtls_refuse(struct strait_dtls *d);
void strait__dtls_forget_first(struct strait_dtls *d);
/* The peer said again what it said before. */
void strait__dtls_peer_repeats(struct strait_dtls *d);

/* --- verify_request.c --- */
/* The client got a HelloVerifyRequest. False: wolfSSL shall not see it. */
bool strait__dtls_verify_request(struct strait_dtls *d, const struct strait__handshake *message);
/* Instead of repeating a ClientHello whose cookie was no good. False: it was not refused. */
bool strait__dtls_begins_anew(struct strait_dtls *d);
void strait__dtls_forget_cookie(struct strait_dtls *d);

/* --- verify.c --- */
int strait__dtls_on_verify(int ok, WOLFSSL_X509_STORE_CTX *store);
/* True where wolfSSL speaks of the peer's certificate. */
bool strait__dtls_is_certificate_error(int wolf_error);
/* True where the peer may do without a certificate. */
bool strait__dtls_anonymous_is_fine(const struct strait_dtls *d);
/* Compares the certificate with the fingerprints, where both are there. */
void strait__dtls_verify(struct strait_dtls *d);

/* --- finish.c --- */
/* The handshake may be done: keys, then CONNECTED as soon as the certificate is verified. */
void strait__dtls_finish(struct strait_dtls *d);
void strait__dtls_connect_or_hold(struct strait_dtls *d);

/* --- alerts.c --- */
/* Keeps the alerts past the object that knows them. */
void strait__dtls_keep_alerts(struct strait_dtls *d);

/* --- end.c --- */
__attribute__((format(printf, 3, 4))) void strait__dtls_fail(struct strait_dtls *d, int error,
                                                             const char *format, ...);
/* What wolfSSL's error means. */
void strait__dtls_fail_wolf(struct strait_dtls *d, int wolf_error);
/* The certificate is none of the signalled ones. */
void strait__dtls_fail_fingerprint(struct strait_dtls *d);
/* Within wolfSSL: refuses the peer's certificate, and tells it why. */
void strait__dtls_refuse_certificate(struct strait_dtls *d, int error, uint8_t alert,
                                     const char *detail);
/* The peer's close_notify. */
void strait__dtls_closed_by_peer(struct strait_dtls *d);
/* Our close_notify, where there is somebody who could read it. */
void strait__dtls_say_goodbye(struct strait_dtls *d);
/* close_notify, CLOSED: the peer was silent for idle_timeout. */
void strait__dtls_end_idle(struct strait_dtls *d);
/* A fatal alert, protected where there are keys. */
void strait__dtls_send_alert(struct strait_dtls *d, uint8_t description);
void strait__dtls_zero_keys(struct strait_dtls *d);

static inline bool strait__dtls_ended(const struct strait_dtls *d)
{
    return d->state == STRAIT_DTLS_CLOSED || d->state == STRAIT_DTLS_FAILED;
}

static inline bool strait__dtls_is_server(const struct strait_dtls *d)
{
    return d->config.role == STRAIT_DTLS_SERVER;
}

#endif
