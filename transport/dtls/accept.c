#include "transport/dtls/association.h"
#include "transport/dtls/cid.h"
#include "transport/util.h"

bool strait__dtls_common_version(const struct strait_dtls *d, const struct strait__hello *hello,
                                 enum strait_dtls_version version)
{
    return strait__dtls_allows(d, version) && strait__hello_has_version(hello, (uint16_t)version);
}

/* RFC 8422, 4: a client of 1.2 without the extension takes any group. */
static bool common_group(const struct strait_dtls *d, const struct strait__hello *hello,
                         bool dtls13)
{
    for (size_t i = 0; i < d->config.n_groups; i++) {
        bool usable = dtls13 || d->config.groups[i] != STRAIT_GROUP_X25519MLKEM768;
        if (usable && strait__numbers_have(&hello->groups, (uint16_t)d->config.groups[i])) {
            return true;
        }
    }
    return hello->groups.data == NULL && !dtls13;
}

/* How long a right ClientHello may take to come after one that we cannot agree with: it is not protected, so
 * anybody may have sent it. As long as after an alert. */
static const strait_time PATIENCE = 2 * STRAIT_S;

void strait__dtls_refuse(struct strait_dtls *d)
{
    strait__dtls_send_alert(d, d->refusal.alert);
    strait__dtls_fail(d, d->refusal.error, "%s", d->refusal.detail);
}

void strait__dtls_suspect(struct strait_dtls *d, uint8_t alert, int error, const char *detail)
{
    if (d->refusal.error == STRAIT_OK) {
        d->refusal = (struct strait__refusal){
            .error = error,
            .alert = alert,
            .detail = detail,
            .deadline = d->now + PATIENCE,
        };
    }
}

static void refuse(struct strait_dtls *d, uint8_t alert, int error, const char *detail)
{
    d->stats.refused_hellos++;
    strait__dtls_suspect(d, alert, error, detail);
    /* Who brings a cookie has shown his address. */
    if (d->cookie_secret != NULL) {
        strait__dtls_refuse(d);
    }
}

/* RFC 5764, 4.1.1: the server chooses. wolfSSL would take the client's first match, so it is told one. */
static bool choose_profile(struct strait_dtls *d, const struct strait__hello *hello)
{
    for (size_t i = 0; i < d->config.n_profiles; i++) {
        if (strait__numbers_have(&hello->profiles, (uint16_t)d->config.profiles[i])) {
            d->chosen_profile = d->config.profiles[i];
            /* With a cookie it waits until wolfSSL has read that (context.c). */
            return d->cookie_secret != NULL ||
                   strait__dtls_set_profiles(d, &d->chosen_profile, 1) == STRAIT_OK;
        }
    }
    return d->config.n_profiles == 0;
}

/* A server of 1.2 alone: wolfSSL asks for a cookie unless it has SRTP profiles, and nobody needs one here. It
 * answers with a profile only where the client offers some. */
static bool spare_cookie(struct strait_dtls *d, const struct strait__hello *hello)
{
    static const enum strait_srtp_profile any = STRAIT_SRTP_AEAD_AES_128_GCM;
    bool asks = d->cookie_secret == NULL && d->config.n_profiles == 0 &&
                !strait__dtls_allows(d, STRAIT_DTLS_1_3);
    return !asks || hello->profiles.data != NULL ||
           strait__dtls_set_profiles(d, &any, 1) == STRAIT_OK;
}

/* What we know to fail is refused here, where the reason is still known. */
static bool agreeable(struct strait_dtls *d, const struct strait__hello *hello)
{
    uint64_t refused = d->stats.refused_hellos;
    bool dtls13 = strait__dtls_common_version(d, hello, STRAIT_DTLS_1_3);
    if (!dtls13 && !strait__dtls_common_version(d, hello, STRAIT_DTLS_1_2)) {
        refuse(d, STRAIT__ALERT_PROTOCOL_VERSION, STRAIT_E_VERSION,
               "the peer speaks no DTLS version of ours: widen min_version or max_version");
    } else if (!common_group(d, hello, dtls13)) {
        refuse(d, STRAIT__ALERT_HANDSHAKE_FAILURE, STRAIT_E_NO_GROUP,
               "the peer has no key exchange group in common with us: add one to "
               "strait_dtls_config.groups");
    } else if (!choose_profile(d, hello)) {
        refuse(d, STRAIT__ALERT_HANDSHAKE_FAILURE, STRAIT_E_NO_PROFILE,
               hello->profiles.data == NULL
                   ? "the peer offers no use_srtp at all: it wants no media here"
                   : "the peer offers none of our SRTP profiles: add one that it has to "
                     "strait_dtls_config.profiles");
    } else if (!spare_cookie(d, hello)) {
        refuse(d, STRAIT__ALERT_INTERNAL_ERROR, STRAIT_E_CRYPTO, "wolfSSL asks for a cookie");
    } else if (!strait__cid_answer(d, hello)) {
        refuse(d, STRAIT__ALERT_INTERNAL_ERROR, STRAIT_E_CRYPTO,
               "wolfSSL agreed on no connection ids");
    }
    int error;
    uint8_t alert;
    const char *fault = strait__psk_on(d) && d->stats.refused_hellos == refused
                            ? strait__psk_check_hello(d, hello, dtls13, &error, &alert)
                            : NULL;
    if (fault != NULL) {
        refuse(d, alert, error, fault);
    }
    if (d->stats.refused_hellos != refused) {
        return false;
    }
    d->hello13 = dtls13;
    return true;
}

void strait__dtls_hello_failed(struct strait_dtls *d, int error, const char *detail)
{
    WOLFSSL_ALERT_HISTORY history = { .last_tx = { .code = -1, .level = -1 } };
    d->hello_rejected = true;
    if (error == STRAIT_OK) {
        d->stats.dropped_malformed++;
        return;
    }
    wolfSSL_get_alert_history(d->ssl, &history);
    bool told = history.last_tx.level == STRAIT__ALERT_FATAL;
    uint8_t alert = told ? (uint8_t)history.last_tx.code : STRAIT__ALERT_HANDSHAKE_FAILURE;
    /* RFC 8446, 6.2: a binder that does not fit; wolfSSL would say illegal_parameter. */
    refuse(d, error == STRAIT_E_PSK ? STRAIT__ALERT_DECRYPT_ERROR : alert, error, detail);
}

/* --- the object on trial --- */

/* After a HelloRetryRequest the object cannot be made anew without the ClientHello that it answered. */
static void keep_first(struct strait_dtls *d, const uint8_t *record, size_t len)
{
    if (d->first_hello == NULL) {
        d->first_hello = strait__alloc(&d->hooks, len);
    }
    if (d->first_hello != NULL) {
        memcpy(d->first_hello, record, len);
        d->first_hello_len = len;
    }
}

void strait__dtls_forget_first(struct strait_dtls *d)
{
    strait__free(&d->hooks, d->first_hello);
    d->first_hello = NULL;
    d->first_hello_len = 0;
}

/* What the object sent is not sent: its alert would reach the true client, and the HelloRetryRequest has
 * been there. */
static void take_back(struct strait_dtls *d, size_t waiting)
{
    d->flight.len = waiting;
    d->sent_new = false;
    d->newest_message = 0;
}

static void replace_object(struct strait_dtls *d, size_t waiting)
{
    take_back(d, waiting);
    strait__dtls_object_close(d);
    int error = strait__dtls_object_open(d);
    if (error != STRAIT_OK) {
        strait__dtls_fail(d, error, "wolfSSL made no association: %s", strait_strerror(error));
    } else if (d->hello_seq > 0) {
        strait__dtls_run(d, d->first_hello, d->first_hello_len);
        take_back(d, waiting);
    }
}

/* A ClientHello is not protected: whoever sent one that wolfSSL does not take shall not end the
 * association. The object that saw it is replaced. */
static void try_hello(struct strait_dtls *d, uint8_t *record, size_t len)
{
    size_t waiting = d->flight.len, retry_len = d->retry_len;
    d->retry_len = 0;
    d->hello_rejected = false;
    d->hello_on_trial = d->cookie_secret == NULL && (d->hello_seq == 0 || d->first_hello != NULL);
    strait__dtls_run(d, record, len);
    d->hello_on_trial = false;
    if (d->hello_rejected) {
        replace_object(d, waiting);
        d->retry_len = retry_len;
    } else if (d->retry_len > 0 && d->hello_seq == 0) {
        keep_first(d, record, len);
    }
}

/* `record`: one record with the whole ClientHello. */
static void accept_hello(struct strait_dtls *d, uint8_t *record, size_t len, uint32_t fragments)
{
    const size_t headers = STRAIT__RECORD_HEADER + STRAIT__HANDSHAKE_HEADER;
    struct strait__hello hello;
    if (!strait__hello_read(&hello, record + headers, len - headers)) {
        d->stats.dropped_malformed++;
        return;
    }
    if (!agreeable(d, &hello)) {
        return;
    }
    if (d->stats.client_hello_fragments == 0) {
        d->stats.client_hello_fragments = fragments;
    }
    try_hello(d, record, len);
    if (strait__dtls_ended(d) || d->hello_rejected) {
        return;
    }
    d->flight_sent = d->now;
    d->refusal.error = STRAIT_OK;
    if (d->retry_len > 0) {
        d->hello_seq++;
    } else if (d->stats.cipher_suite != 0) {
        d->hello_seq++;
        d->hello_done = true;
        strait__dtls_forget_first(d);
    }
}

/* wolfSSL takes no ClientHello in fragments: it gets one record as if it had come in one. */
static void accept_reassembled(struct strait_dtls *d)
{
    struct strait__reassembly *r = &d->reassembly;
    struct strait__handshake whole = {
        .type = r->type,
        .length = r->length,
        .message_seq = r->message_seq,
        .fragment_len = r->length,
    };
    strait__record_write(r->buffer, STRAIT__HANDSHAKE, d->read_seq0++,
                         STRAIT__HANDSHAKE_HEADER + (size_t)r->length);
    strait__handshake_write(r->buffer + STRAIT__RECORD_HEADER, &whole);
    accept_hello(d, r->buffer, STRAIT__REASSEMBLY_HEADROOM + (size_t)r->length, r->fragments);
    strait__reassembly_reset(r, &d->hooks);
}

static void add_fragment(struct strait_dtls *d, const struct strait__handshake *fragment)
{
    switch (strait__reassembly_add(&d->reassembly, &d->hooks, fragment)) {
    case STRAIT__REASSEMBLED_TAKEN:
        break;
    case STRAIT__REASSEMBLED_REPLACED:
        d->stats.dropped_fragment++;
        break;
    case STRAIT__REASSEMBLED_DROPPED:
        d->stats.dropped_fragment++;
        return;
    case STRAIT__REASSEMBLED_NOMEM:
        return; /* as if it had been lost: the client sends it again */
    }
    if (strait__reassembly_whole(&d->reassembly)) {
        accept_reassembled(d);
    }
}

void strait__dtls_client_hello(struct strait_dtls *d, struct strait__record *record)
{
    struct strait__handshake h;
    if (!strait__handshake_read(&h, record->data + STRAIT__RECORD_HEADER,
                                record->len - STRAIT__RECORD_HEADER)) {
        return;
    }
    if (h.message_seq < d->hello_seq) {
        /* Of a ClientHello in fragments the first speaks for all. */
        if (h.message_seq + 1 == d->hello_seq && h.offset == 0) {
            strait__dtls_peer_repeats(d);
        }
    } else if (h.message_seq > d->hello_seq || h.length > STRAIT__HELLO_MAX) {
        d->stats.dropped_fragment++;
    } else if (h.fragment_len == h.length) {
        size_t len = STRAIT__HANDSHAKE_HEADER + (size_t)h.length;
        /* A second message in the record could only be one of another flight. */
        strait__put16(record->data + 11, (uint16_t)len);
        strait__put48(record->data + 5, d->read_seq0++);
        accept_hello(d, record->data, STRAIT__RECORD_HEADER + len, 1);
    } else {
        add_fragment(d, &h);
    }
}

int strait__dtls_accept_cookie(struct strait_dtls *d, strait_time now, const uint8_t *secret,
                               uint8_t *record, size_t len, uint32_t fragments)
{
    d->cookie_secret = secret;
    int error = strait_dtls_start(d, now);
    if (error == STRAIT_OK) {
        d->stats.datagrams_received = 1;
        d->stats.bytes_received = len;
        /* RFC 6347, 4.2.1: our record numbers go on from the ClientHello's, after those of the stateless
         * answers; so do our message numbers (wolfSSL does both by what it reads). */
        d->next_seq0 = strait__get48(record + 5);
        d->read_seq0 = d->next_seq0 + 1;
        d->hello_seq = strait__get16(record + STRAIT__RECORD_HEADER + 4);
        d->quiet = true;
        accept_hello(d, record, len, fragments);
        strait__dtls_settle(d);
        d->quiet = false;
    }
    d->cookie_secret = NULL;
    return error;
}

void strait__dtls_peer_repeats(struct strait_dtls *d)
{
    /* A copy that left before our flight could arrive brings no news: one round trip, half the first
     * interval. */
    if (d->now - d->flight_sent < d->timer.initial / 2) {
        return;
    }
    strait__dtls_resend(d);
    if (d->timer.deadline != STRAIT_TIME_NEVER) {
        strait__timer_again(&d->timer, d->now);
    }
}
