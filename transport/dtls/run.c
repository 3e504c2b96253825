#include <wolfssl/error-ssl.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

#include "transport/dtls/association.h"
#include "transport/dtls/cid.h"
#include "transport/dtls/names.h"

int strait__dtls_reason(struct strait_dtls *d, int returned)
{
    int error = wolfSSL_get_error(d->ssl, returned);
    return error == WOLFSSL_ERROR_WANT_READ || error == WOLFSSL_ERROR_WANT_WRITE ? 0 : error;
}

/* One step of the handshake. */
static int shake(struct strait_dtls *d)
{
    strait__dtls_enter(d);
    int done = strait__dtls_is_server(d) ? wolfSSL_accept(d->ssl) : wolfSSL_connect(d->ssl);
    int error = done == WOLFSSL_SUCCESS ? 0 : strait__dtls_reason(d, done);
    d->accepted = done == WOLFSSL_SUCCESS;
    strait__dtls_leave(d);
    return error;
}

static void note_negotiated(struct strait_dtls *d)
{
    /* With a pre-shared key wolfSSL's client has a suite before the server has chosen one. */
    bool guess = d->psk != NULL && !strait__dtls_is_server(d);
    if ((d->stats.cipher_suite != 0 && !guess) || (guess && !d->hello_done)) {
        return;
    }
    int suite = wolfSSL_get_current_cipher_suite(d->ssl);
    if (suite > 0) {
        d->stats.cipher_suite = (uint16_t)suite;
        d->stats.version = wolfSSL_version(d->ssl) == DTLS1_3_VERSION ? STRAIT_DTLS_1_3
                                                                      : STRAIT_DTLS_1_2;
    }
}

static void deliver(struct strait_dtls *d, uint8_t *data, size_t len)
{
    if (d->state != STRAIT_DTLS_CONNECTED) {
        d->stats.dropped_held++;
    } else if (d->config.events.data != NULL) {
        d->config.events.data(d->config.user, data, len);
    }
}

static void end_by(struct strait_dtls *d, int error)
{
    if (error == WOLFSSL_ERROR_ZERO_RETURN || error == ZERO_RETURN) {
        strait__dtls_closed_by_peer(d);
    } else {
        strait__dtls_fail_wolf(d, error);
    }
}

/* Plain text is shorter than its record: it goes into the record's place. */
static void read_data(struct strait_dtls *d, uint8_t *room, size_t size)
{
    while (!strait__dtls_ended(d)) {
        strait__dtls_enter(d);
        int n = wolfSSL_read(d->ssl, room, (int)size);
        int error = n > 0 ? 0 : strait__dtls_reason(d, n);
        strait__dtls_leave(d);
        if (error != 0) {
            end_by(d, error);
        }
        if (n <= 0) {
            return;
        }
        deliver(d, room, (size_t)n);
    }
}

/* The exporter's secret is no longer needed, and 4 KB come back. */
static void free_arrays(struct strait_dtls *d)
{
    strait__dtls_enter(d);
    wolfSSL_FreeArrays(d->ssl);
    strait__dtls_leave(d);
}

void strait__dtls_run(struct strait_dtls *d, uint8_t *record, size_t len)
{
    const uint64_t sent = d->records_sent;
    const uint8_t kind = record != NULL ? record[0] : 0; /* data is read into the record's place */
    strait__dtls_feed(d, record, len);
    if (!d->accepted) {
        int error = shake(d);
        /* wolfSSL acknowledges fragments that it had no memory to keep: they never come again. */
        error = error == 0 && d->hook_error != 0 ? MEMORY_E : error;
        if (error != 0 && error != APP_DATA_READY) {
            end_by(d, error);
            return;
        }
        note_negotiated(d);
        strait__cid_negotiated(d);
        strait__dtls_finish(d);
        if (strait__dtls_ended(d)) {
            return;
        }
        if (d->accepted) {
            free_arrays(d);
        }
    }
    if (d->finished && record != NULL) {
        read_data(d, record, len);
    }
    d->in_len = 0;
    if (record != NULL && !strait__dtls_ended(d)) {
        strait__dtls_acknowledge_in_time(d, kind, sent);
    }
}

bool strait__dtls_waits(const struct strait_dtls *d)
{
    if (d->state == STRAIT_DTLS_NEW || strait__dtls_ended(d)) {
        return false;
    }
    /* A peer that never acknowledges our Finished or KeyUpdate in 1.3 is not asked for ever. */
    if (d->finished && d->now >= d->give_up) {
        return false;
    }
    if (d->accepted) {
        return d->stats.version == STRAIT_DTLS_1_3 && wolfSSL_dtls13_has_pending_msg(d->ssl);
    }
    return !strait__dtls_is_server(d) || d->hello_done;
}

static void timeout(struct strait_dtls *d)
{
    strait__dtls_enter(d);
    int done = wolfSSL_dtls_got_timeout(d->ssl);
    int error = done == WOLFSSL_SUCCESS ? 0 : strait__dtls_reason(d, done);
    strait__dtls_leave(d);
    if (error != 0) {
        strait__dtls_fail_wolf(d, error);
    }
}

void strait__dtls_resend(struct strait_dtls *d)
{
    d->flight_sent = d->now;
    d->in_plain = false; /* our own decision */
    if (strait__path_again(&d->path, &d->flight.mtu)) {
        d->stats.mtu_backoffs++;
    }
    if (d->retry_len > 0 && !d->hello_done) {
        strait__flight_add(&d->flight, d->retry, d->retry_len);
        return;
    }
    if (strait__dtls_begins_anew(d)) {
        return;
    }
    /* The first call of 1.3 only acknowledges where there is something to acknowledge. */
    strait__dtls_acknowledge(d);
    if (!strait__dtls_ended(d)) {
        timeout(d);
    }
}

void strait__dtls_answered(struct strait_dtls *d)
{
    strait_time rtt;
    if (strait__path_answered(&d->path, d->now, &rtt)) {
        strait__timer_measured(&d->timer, rtt);
    }
}

void strait__dtls_settle(struct strait_dtls *d)
{
    strait__flight_flush(&d->flight);
    size_t longest = d->flight.longest;
    d->flight.longest = 0;
    d->in_plain = false;
    if (strait__dtls_ended(d)) {
        strait__dtls_keep_alerts(d);
        strait__dtls_object_close(d);
        strait__dtls_context_close(d);
        return;
    }
    strait__rekey_settle(d);
    if (d->sent_new) {
        strait__dtls_answered(d);
        strait__path_sent(&d->path, d->now);
        d->flight_sent = d->now;
        d->alert_seen = false;
    }
    d->path.longest = longest > d->path.longest ? longest : d->path.longest;
    if (!strait__dtls_waits(d)) {
        if (!d->sent_new) {
            strait__dtls_answered(d);
        }
        d->path.measures = false;
        strait__timer_stop(&d->timer);
    } else {
        if (d->sent_new || d->timer.deadline == STRAIT_TIME_NEVER) {
            strait__timer_start(&d->timer, d->now);
        }
        if (wolfSSL_dtls13_use_quick_timeout(d->ssl)) {
            strait__timer_arm_quick(&d->timer, d->now);
        }
    }
    d->sent = false;
    d->sent_new = false;
}
