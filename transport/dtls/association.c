#include "transport/dtls/association.h"

#include <stdio.h>

#include "transport/dtls/keylog.h"
#include "transport/dtls/names.h"
#include "transport/util.h"

static int copy_name(struct strait_dtls *d)
{
    if (d->config.server_name == NULL) {
        return STRAIT_OK;
    }
    size_t len = strlen(d->config.server_name) + 1;
    d->server_name = strait__alloc(&d->hooks, len);
    if (d->server_name == NULL) {
        return STRAIT_E_NOMEM;
    }
    memcpy(d->server_name, d->config.server_name, len);
    d->config.server_name = d->server_name;
    return STRAIT_OK;
}

int strait_dtls_create(struct strait_dtls **out, const struct strait_dtls_config *config,
                       strait_time now)
{
    struct strait_dtls_config c;
    struct strait_hooks hooks;
    if (out == NULL) {
        return STRAIT_E_INVALID;
    }
    *out = NULL;
    int error = strait__dtls_config_read(&c, config);
    if (error == STRAIT_OK) {
        error = strait__hooks_init(&hooks, c.hooks);
    }
    if (error != STRAIT_OK) {
        return error;
    }
    struct strait_dtls *d = strait__alloc(&hooks, sizeof *d);
    if (d == NULL) {
        return STRAIT_E_NOMEM;
    }
    d->hooks = hooks;
    d->config = c;
    d->config.hooks = &d->hooks;
    strait_certificate_ref(c.certificate);
    strait_trust_ref(c.trust);
    d->now = d->created = now;
    d->stats.size = sizeof d->stats;
    d->stats.role = c.role;
    d->alert_received = d->alert_sent = -1;
    strait__rekey_init(&d->rekey);
    strait__timer_init(&d->timer, c.initial_timeout);
    error = copy_name(d);
    if (error == STRAIT_OK) {
        error = strait__flight_init(&d->flight, &d->hooks, c.mtu, strait__dtls_sink, d);
    }
    if (error == STRAIT_OK) {
        error = strait__dtls_context_open(d);
    }
    if (error == STRAIT_OK) {
        strait__keylog_begin(d);
    }
    if (error != STRAIT_OK) {
        strait_dtls_destroy(d);
        return error;
    }
    *out = d;
    return STRAIT_OK;
}

void strait_dtls_destroy(struct strait_dtls *dtls)
{
    if (dtls == NULL) {
        return;
    }
    struct strait_hooks hooks = dtls->hooks;
    strait__dtls_object_close(dtls);
    strait__dtls_context_close(dtls);
    strait__reassembly_reset(&dtls->reassembly, &hooks);
    strait__dtls_forget_first(dtls);
    strait__dtls_forget_cookie(dtls);
    strait__dtls_forget_held(dtls);
    strait__flight_finish(&dtls->flight, &hooks);
    strait__psk_close(dtls);
    strait__free(&hooks, dtls->peer_der);
    strait__free(&hooks, dtls->server_name);
    strait_certificate_unref(dtls->config.certificate);
    strait_trust_unref(dtls->config.trust);
    strait__zero(dtls, sizeof *dtls);
    strait__free(&hooks, dtls);
}

void strait__dtls_tick(struct strait_dtls *d, strait_time now)
{
    d->now = now > d->now ? now : d->now;
    d->hook_error = 0;
}

int64_t strait__dtls_calendar(const struct strait_dtls *d, strait_time now)
{
    int64_t elapsed = now > d->created ? (int64_t)((now - d->created) / STRAIT_S) : 0;
    return d->config.calendar != 0 ? d->config.calendar + elapsed : 0;
}

strait_time strait__dtls_later(strait_time now, strait_time interval)
{
    return interval < STRAIT_TIME_NEVER - now ? now + interval : STRAIT_TIME_NEVER;
}

int strait_dtls_start(struct strait_dtls *dtls, strait_time now)
{
    struct strait_dtls *d = dtls;
    if (d == NULL) {
        return STRAIT_E_INVALID;
    }
    if (d->state != STRAIT_DTLS_NEW) {
        return STRAIT_E_STATE;
    }
    strait__dtls_tick(d, now);
    d->state = STRAIT_DTLS_CONNECTING;
    d->give_up = strait__dtls_later(d->now, d->config.handshake_timeout);
    /* What goes wrong here is returned and needs no event. */
    d->quiet = true;
    const char *fault = strait__psk_start(d);
    int error = strait__dtls_object_open(d);
    if (error != STRAIT_OK) {
        strait__dtls_fail(d, error, "wolfSSL made no association: %s", strait_strerror(error));
    } else if (fault != NULL) {
        strait__dtls_fail(d, STRAIT_E_PSK, "%s", fault);
    } else if (!strait__dtls_is_server(d)) {
        strait__dtls_run(d, NULL, 0);
    }
    strait__dtls_settle(d);
    d->quiet = false;
    d->news = false;
    return d->error;
}

int strait_dtls_set_fingerprints(struct strait_dtls *dtls,
                                 const struct strait_fingerprint *fingerprints, size_t n)
{
    static const uint8_t lengths[] = { 32, 48, 64 };
    if (dtls == NULL || fingerprints == NULL || n == 0 || n > STRAIT_DTLS_MAX_FINGERPRINTS) {
        return STRAIT_E_INVALID;
    }
    for (size_t i = 0; i < n; i++) {
        if ((unsigned)fingerprints[i].hash >= sizeof lengths ||
            fingerprints[i].len != lengths[fingerprints[i].hash]) {
            return STRAIT_E_INVALID;
        }
    }
    if (dtls->n_fingerprints > 0 || strait__dtls_ended(dtls) ||
        dtls->config.auth == STRAIT_DTLS_AUTH_PKI) {
        return STRAIT_E_STATE;
    }
    memcpy(dtls->fingerprints, fingerprints, n * sizeof *fingerprints);
    dtls->n_fingerprints = n;
    return STRAIT_OK;
}

/* A certificate waited for the fingerprint that is there now. */
static bool verify_due(const struct strait_dtls *d)
{
    return d->state == STRAIT_DTLS_CONNECTING && d->peer_der != NULL && d->n_fingerprints > 0 &&
           d->verified == STRAIT__VERIFY_PENDING;
}

static void give_up(struct strait_dtls *d)
{
    if (d->refusal.error != STRAIT_OK) {
        strait__dtls_refuse(d);
    } else if (d->alert_seen) {
        d->alert_received = d->alert;
        strait__dtls_fail(d, STRAIT_E_ALERT, "the peer sent the alert %s (%u) and nothing after it",
                          strait__alert_name(d->alert), d->alert);
    } else if (d->finished) {
        strait__dtls_fail(
            d, STRAIT_E_TIMEOUT,
            "the handshake is done, but no fingerprint of the peer was signalled: call "
            "strait_dtls_set_fingerprints");
    } else if (d->stats.datagrams_received == 0) {
        strait__dtls_fail(d, STRAIT_E_TIMEOUT,
                          "the peer sent nothing: check the path and that the setup roles differ");
    } else {
        strait__dtls_fail(
            d, STRAIT_E_TIMEOUT,
            "the handshake did not end in time: the path loses too much, or datagrams "
            "of %u bytes do not get through",
            (unsigned)d->flight.mtu);
    }
}

static void handshake_deadlines(struct strait_dtls *d)
{
    if (verify_due(d)) {
        strait__dtls_connect_or_hold(d);
    }
    if (d->state == STRAIT_DTLS_CONNECTING &&
        ((d->alert_seen && d->now >= d->alert_deadline) ||
         (d->refusal.error != STRAIT_OK && d->now >= d->refusal.deadline) ||
         d->now >= d->give_up)) {
        give_up(d);
    }
}

void strait_dtls_advance(struct strait_dtls *dtls, strait_time now)
{
    struct strait_dtls *d = dtls;
    if (d != NULL && d->news) {
        d->news = false;
        if (d->config.events.state != NULL) {
            d->config.events.state(d->config.user, d->state);
        }
        return;
    }
    if (d == NULL || d->state == STRAIT_DTLS_NEW || strait__dtls_ended(d)) {
        return;
    }
    strait__dtls_tick(d, now);
    handshake_deadlines(d);
    strait__heard_advance(d);
    if (!strait__dtls_ended(d) && d->now >= d->timer.quick) {
        strait__dtls_acknowledge(d);
    }
    if (!strait__dtls_ended(d) && d->now >= d->timer.deadline) {
        d->sent = false;
        strait__dtls_resend(d);
        d->stats.flights_retransmitted += d->sent;
        strait__timer_backoff(&d->timer, d->now);
    }
    strait__dtls_settle(d);
}

strait_time strait_dtls_deadline(const struct strait_dtls *dtls)
{
    const struct strait_dtls *d = dtls;
    if (d == NULL || (!d->news && (d->state == STRAIT_DTLS_NEW || strait__dtls_ended(d)))) {
        return STRAIT_TIME_NEVER;
    }
    if (d->news || verify_due(d)) {
        return d->now;
    }
    strait_time next = strait__timer_next(&d->timer);
    if (d->state == STRAIT_DTLS_CONNECTING) {
        next = d->give_up < next ? d->give_up : next;
        next = d->alert_seen && d->alert_deadline < next ? d->alert_deadline : next;
        bool refused = d->refusal.error != STRAIT_OK;
        next = refused && d->refusal.deadline < next ? d->refusal.deadline : next;
    }
    strait_time idle = strait__heard_deadline(d);
    return idle < next ? idle : next;
}

/* Whoever copies a check of the peer's can repeat it from a forged address as often as he likes: a flight
 * for each would make many bytes of few. No peer repeats itself sooner (RFC 8445, 14.3 has 500 ms). */
static const strait_time NO_HINT_AGAIN = 50 * STRAIT_MS;

void strait_dtls_retransmit(struct strait_dtls *dtls, strait_time now)
{
    struct strait_dtls *d = dtls;
    if (d == NULL) {
        return;
    }
    strait__dtls_tick(d, now);
    bool soon = d->now - d->flight_sent < NO_HINT_AGAIN;
    bool retry = d->state == STRAIT_DTLS_CONNECTING && d->retry_len > 0 && !d->hello_done;
    if (!soon && (retry || strait__dtls_waits(d))) {
        d->quiet = true;
        strait__dtls_resend(d);
        if (!retry) {
            strait__timer_start(&d->timer, d->now);
        }
        strait__dtls_settle(d);
        d->quiet = false;
    }
}

void strait_dtls_set_rtt(struct strait_dtls *dtls, strait_time rtt)
{
    if (dtls != NULL) {
        strait__timer_set_rtt(&dtls->timer, rtt);
    }
}

int strait_dtls_send(struct strait_dtls *dtls, strait_time now, const uint8_t *data, size_t len)
{
    struct strait_dtls *d = dtls;
    if (d == NULL || data == NULL || len == 0) {
        return STRAIT_E_INVALID;
    }
    if (d->state != STRAIT_DTLS_CONNECTED) {
        return STRAIT_E_STATE;
    }
    strait__dtls_tick(d, now);
    if (len > strait_dtls_max_data(d)) {
        return STRAIT_E_TOO_SMALL;
    }
    /* Application data is no flight: nothing is repeated, and nobody answers. */
    bool sent_new = d->sent_new;
    strait__dtls_enter(d);
    int wrote = wolfSSL_write(d->ssl, data, (int)len);
    strait__dtls_leave(d);
    d->sent_new = sent_new;
    size_t longest = d->flight.longest;
    strait__flight_flush(&d->flight);
    d->flight.longest = longest;
    if (wrote == (int)len) {
        strait__rekey_sent(d);
        if (d->rekey.wanted) {
            strait__dtls_settle(d);
        }
        return STRAIT_OK;
    }
    return d->hook_error != 0 ? d->hook_error : STRAIT_E_CRYPTO;
}

void strait_dtls_close(struct strait_dtls *dtls, strait_time now)
{
    struct strait_dtls *d = dtls;
    if (d == NULL || strait__dtls_ended(d)) {
        return;
    }
    strait__dtls_tick(d, now);
    strait__dtls_say_goodbye(d);
    snprintf(d->detail, sizeof d->detail, "closed by us");
    d->error = STRAIT_E_CLOSED;
    d->state = STRAIT_DTLS_CLOSED;
    strait__timer_stop(&d->timer);
    strait__dtls_zero_keys(d);
    strait__dtls_settle(d);
}
