#include "transport/dtls/association.h"
#include "transport/dtls/names.h"

/* How long a peer may take to prove that a fatal alert was not its own (it is not protected before there are
 * keys, so anybody may have sent it). */
static const strait_time ALERT_PATIENCE = 2 * STRAIT_S;

static struct strait__filter view(const struct strait_dtls *d)
{
    bool negotiated = d->stats.cipher_suite != 0;
    /* A HelloRetryRequest has a suite as well, but no keys follow. */
    bool greeted = negotiated && (d->stats.version == STRAIT_DTLS_1_2 || d->seen.latest > 0);
    bool cid = greeted ? d->stats.cid : d->config.cid;
    uint8_t cid_len = cid ? d->config.local_cid_len : 0;
    return (struct strait__filter){
        .server = strait__dtls_is_server(d),
        .negotiated = negotiated,
        .finished = d->finished,
        .allows12 = strait__dtls_allows(d, STRAIT_DTLS_1_2),
        .allows13 = strait__dtls_allows(d, STRAIT_DTLS_1_3),
        .dtls13 = d->stats.version == STRAIT_DTLS_1_3,
        .overhead12 = strait__suite_overhead12(d->stats.cipher_suite),
        .epoch13 = d->seen.latest,
        .cid = d->config.local_cid,
        .cid_len = cid_len,
        .cid_agreed = greeted && cid_len > 0,
    };
}

static void note_alert(struct strait_dtls *d, const struct strait__record *record)
{
    const uint8_t *alert = record->data + record->header;
    bool said_something = !strait__dtls_is_server(d) || d->hello_done || d->retry_len > 0;
    if (d->finished || !said_something || alert[0] != STRAIT__ALERT_FATAL ||
        alert[1] == STRAIT__ALERT_CLOSE_NOTIFY) {
        return;
    }
    if (!d->alert_seen) {
        d->alert_deadline = d->now + ALERT_PATIENCE;
    }
    d->alert_seen = true;
    d->alert = alert[1];
}

/* Of the client, which gets the server's hellos. False: the record goes no further. */
static bool note_hello(struct strait_dtls *d, const struct strait__record *record)
{
    struct strait__handshake h;
    if (strait__dtls_is_server(d) ||
        !strait__handshake_read(&h, record->data + STRAIT__RECORD_HEADER,
                                record->len - STRAIT__RECORD_HEADER)) {
        return true;
    }
    if (h.type == STRAIT__HELLO_VERIFY_REQUEST) {
        return strait__dtls_verify_request(d, &h);
    }
    if (!d->hello_done && h.type == STRAIT__SERVER_HELLO && h.offset == 0 &&
        !strait__is_hello_retry(h.fragment, h.fragment_len)) {
        /* What is written from now on is no ClientHello. */
        d->hello_done = true;
        strait__dtls_forget_cookie(d);
        strait__dtls_answered(d);
    }
    return true;
}

static bool is_hello_of_client(const struct strait_dtls *d, const struct strait__record *record)
{
    return strait__dtls_is_server(d) && record->type == STRAIT__HANDSHAKE &&
           record->data[STRAIT__RECORD_HEADER] == STRAIT__CLIENT_HELLO;
}

/* Unprotected records are numbered anew: one forged with a high number would push the replay window of epoch
 * 0 beyond the true ones. What comes twice is sorted out by message_seq. The client keeps the numbers until it
 * knows that it speaks 1.2: it may acknowledge them (RFC 9147, section 7). */
static void renumber(struct strait_dtls *d, struct strait__record *record)
{
    if (strait__dtls_is_server(d) || d->stats.version == STRAIT_DTLS_1_2) {
        strait__put48(record->data + 5, d->read_seq0++);
    } else if (record->seq >= d->read_seq0) {
        d->read_seq0 = record->seq + 1;
    }
}

/* DTLS 1.2: a client that means no identity shall not get another's. */
static bool sound_identity(struct strait_dtls *d, const struct strait__record *record)
{
    struct strait__handshake h;
    if (!strait__handshake_read(&h, record->data + STRAIT__RECORD_HEADER,
                                record->len - STRAIT__RECORD_HEADER) ||
        h.type != STRAIT__CLIENT_KEY_EXCHANGE) {
        return true;
    }
    const char *fault = strait__psk_check_exchange(&h);
    if (fault == NULL) {
        return true;
    }
    d->stats.dropped_malformed++;
    strait__dtls_suspect(d, STRAIT__ALERT_UNKNOWN_PSK_IDENTITY, STRAIT_E_PSK, fault);
    return false;
}

static void pass(struct strait_dtls *d, struct strait__record *record)
{
    if (!record->unified && record->epoch == 0) {
        if (is_hello_of_client(d, record)) {
            strait__dtls_client_hello(d, record);
            return;
        }
        if (record->type == STRAIT__HANDSHAKE) {
            if (!note_hello(d, record)) {
                return;
            }
            if (strait__psk_on(d) && !sound_identity(d, record)) {
                return;
            }
        }
        renumber(d, record);
        strait__dtls_run(d, record->data, record->len);
        return;
    }
    strait__dtls_protected(d, record);
}

#define COUNTER(verdict, member) \
    [STRAIT__RECORD_##verdict] = offsetof(struct strait_dtls_stats, dropped_##member)

static const size_t counters[] = {
    COUNTER(TRUNCATED, truncated),
    COUNTER(TYPE, type),
    COUNTER(VERSION, version),
    COUNTER(OVERLONG, overlong),
    COUNTER(EMPTY, empty),
    COUNTER(SHORT, short),
    COUNTER(EPOCH, epoch),
    COUNTER(CID, cid),
    COUNTER(MALFORMED, malformed),
    COUNTER(CLIENT_HELLO, client_hello),
    COUNTER(SERVER_HELLO, server_hello),
    COUNTER(HANDSHAKE, handshake),
    COUNTER(CHANGE_CIPHER, change_cipher),
    COUNTER(ALERT, alert),
    COUNTER(DATA, data),
    COUNTER(ACK, ack),
};

static void drop(struct strait_dtls *d, enum strait__verdict verdict,
                 const struct strait__record *record)
{
    *(uint64_t *)(void *)((char *)&d->stats + counters[verdict]) += 1;
    if (verdict == STRAIT__RECORD_ALERT) {
        note_alert(d, record);
    }
}

static void dispatch(struct strait_dtls *d, enum strait__verdict verdict,
                     struct strait__record *record)
{
    switch (verdict) {
    case STRAIT__RECORD_PASS:
        pass(d, record);
        break;
    case STRAIT__RECORD_REPEAT:
        strait__dtls_peer_repeats(d);
        break;
    case STRAIT__RECORD_END:
        break;
    default:
        drop(d, verdict, record);
        break;
    }
}

int strait_dtls_receive(struct strait_dtls *dtls, strait_time now, uint8_t *data, size_t len)
{
    struct strait_dtls *d = dtls;
    struct strait__record record;
    if (d == NULL || (data == NULL && len > 0)) {
        return STRAIT_E_INVALID;
    }
    strait__dtls_tick(d, now);
    d->newest = false;
    d->stats.datagrams_received++;
    d->stats.bytes_received += len;
    if (d->state == STRAIT_DTLS_NEW || strait__dtls_ended(d)) {
        d->stats.dropped_ended++;
        return STRAIT_OK;
    }
    size_t offset = 0;
    enum strait__verdict verdict;
    do {
        /* The state changes from record to record. */
        struct strait__filter filter = view(d);
        verdict = strait__filter_next(&filter, data, len, &offset, &record);
        dispatch(d, verdict, &record);
    } while (verdict != STRAIT__RECORD_END && !strait__dtls_ended(d));
    strait__dtls_settle(d);
    return STRAIT_OK;
}
