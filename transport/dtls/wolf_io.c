#include "transport/dtls/association.h"
#include "transport/dtls/cid.h"
#include "transport/util.h"

/* wolfSSL repeats a flight when the peer repeats its own. Unprotected records may be anybody's: while one is
 * read that does not happen before a round trip, half the first interval, has passed. In 1.3 wolfSSL waits
 * until 20 ms have passed since the last time, which was at zero: for it the clock stands still. In 1.2 it
 * does not wait, see strait__dtls_on_send. */
static void set_clock(struct strait_dtls *d)
{
    d->too_soon = d->in_plain && d->now - d->flight_sent < d->timer.initial / 2;
    if (!d->too_soon) {
        d->repeat_clock = d->now < STRAIT_TIME_NEVER - STRAIT_S ? d->now + STRAIT_S : d->now;
    }
}

void strait__dtls_enter(struct strait_dtls *d)
{
    set_clock(d);
    strait__wolf_enter(&d->scope, &d->hooks, d->repeat_clock);
    d->scope.calendar = strait__dtls_calendar(d, d->now);
    d->inside = true;
}

void strait__dtls_leave(struct strait_dtls *d)
{
    d->inside = false;
    d->hook_error = d->scope.failed != 0 ? d->scope.failed : d->hook_error;
    strait__wolf_leave(&d->scope);
}

void strait__dtls_sink(void *user, const uint8_t *data, size_t len)
{
    struct strait_dtls *d = user;
    bool inside = d->inside;
    d->stats.datagrams_sent++;
    d->stats.bytes_sent += len;
    /* What the host does in its callback is not wolfSSL's. */
    if (inside) {
        strait__dtls_leave(d);
    }
    d->config.events.send(d->config.user, data, len);
    if (inside) {
        strait__dtls_enter(d);
    }
}

void strait__dtls_feed(struct strait_dtls *d, const uint8_t *record, size_t len)
{
    enum { WOLF_MTU_MAX = 16384 };
    d->in = record;
    d->in_len = len;
    d->in_plain = len > 3 && (record[0] & 0xe0) != 0x20 && strait__get16(record + 3) == 0;
    if (len > STRAIT__MTU_MIN) {
        wolfSSL_dtls_set_mtu(d->ssl, len < WOLF_MTU_MAX ? (word16)len : WOLF_MTU_MAX);
    }
}

/* What wolfSSL has written once it repeats as it is, so that a flight of 1.3, which it protects, is written
 * in records that fit the smallest datagrams. Those of 1.2 are cut by us, and it keeps 20 of them at
 * most: a chain of certificates in small ones would be too many. */
static word16 write_mtu(const struct strait_dtls *d)
{
    enum { WHOLE_MESSAGES = 1500 };
    bool server = strait__dtls_is_server(d);
    if (d->finished) {
        return d->config.mtu;
    }
    if (!server && !d->hello_done) {
        return STRAIT__HELLO_MTU;
    }
    if (server ? d->hello13 : d->stats.version == STRAIT_DTLS_1_3) {
        return STRAIT__MTU_MIN;
    }
    return d->config.mtu > WHOLE_MESSAGES ? d->config.mtu : WHOLE_MESSAGES;
}

void strait__dtls_set_write_mtu(struct strait_dtls *d)
{
    wolfSSL_dtls_set_mtu(d->ssl, write_mtu(d));
}

int strait_dtls_set_mtu(struct strait_dtls *dtls, uint16_t mtu)
{
    struct strait_dtls *d = dtls;
    if (d == NULL || !strait__dtls_legal_mtu(mtu)) {
        return STRAIT_E_INVALID;
    }
    int error = strait__flight_set_mtu(&d->flight, &d->hooks, mtu);
    if (error == STRAIT_OK) {
        d->config.mtu = mtu;
        if (d->finished && !strait__dtls_ended(d)) {
            strait__dtls_set_write_mtu(d);
        }
    }
    return error;
}

int strait__dtls_on_receive(WOLFSSL *ssl, char *buffer, int size, void *user)
{
    struct strait_dtls *d = user;
    (void)ssl;
    strait__dtls_set_write_mtu(d);
    if (d->in_len == 0 || size < 0) {
        return WOLFSSL_CBIO_ERR_WANT_READ;
    }
    size_t len = d->in_len < (size_t)size ? d->in_len : (size_t)size;
    memcpy(buffer, d->in, len);
    d->in_len = 0; /* a datagram is read in one piece or cut off */
    d->in = NULL;
    return (int)len;
}

/* A ServerHello that asks for another ClientHello, or a HelloVerifyRequest. */
static bool asks_again(const struct strait__handshake *message)
{
    return message->type == STRAIT__HELLO_VERIFY_REQUEST ||
           (message->type == STRAIT__SERVER_HELLO &&
            strait__is_hello_retry(message->fragment, message->fragment_len));
}

/* wolfSSL repeats neither of both (RFC 9147, 5.1 has the client ask again): it is kept, and the same bytes
 * go out when the ClientHello comes again. */
static void keep_retry(struct strait_dtls *d, const uint8_t *record, size_t len)
{
    if (len <= sizeof d->retry) {
        memcpy(d->retry, record, len);
        d->retry_len = len;
    }
}

/* A flight is new when it has a message that was never sent, or an epoch that was never used. */
static void look_at(struct strait_dtls *d, const uint8_t *record, size_t len)
{
    struct strait__handshake message;
    bool unified = (record[0] & 0xe0) == 0x20;
    uint16_t epoch = unified ? record[0] & 3 : strait__get16(record + 3);
    if (unified) {
        strait__rekey_left(d, epoch);
    }
    if (epoch > d->newest_epoch) {
        d->newest_epoch = epoch;
        d->sent_new = true;
    }
    if (epoch == 0 && record[0] == STRAIT__HANDSHAKE &&
        strait__handshake_read(&message, record + STRAIT__RECORD_HEADER,
                               len - STRAIT__RECORD_HEADER)) {
        if (message.message_seq >= d->newest_message) {
            d->newest_message = message.message_seq + 1u;
            d->sent_new = true;
        }
        if (strait__dtls_is_server(d) && asks_again(&message)) {
            keep_retry(d, record, len);
        }
    }
}

/* Epoch 0 is numbered anew, for a message becomes several records. The first number of a server is wolfSSL's
 * (RFC 6347, 4.2.1: that of the ClientHello). */
static void send_plaintext(struct strait_dtls *d, uint8_t *record, size_t len)
{
    enum { LEAST_PIECE = STRAIT__RECORD_HEADER + STRAIT__HANDSHAKE_HEADER + 32 };
    struct strait__split split;
    uint64_t seq = strait__get48(record + 5);
    d->next_seq0 = seq > d->next_seq0 ? seq : d->next_seq0;
    if (len <= strait__flight_room(&d->flight) || !strait__split_begin(&split, record, len)) {
        strait__put48(record + 5, d->next_seq0++);
        strait__flight_add(&d->flight, record, len);
        return;
    }
    while (split.left > 0) {
        if (strait__flight_room(&d->flight) < LEAST_PIECE) {
            strait__flight_flush(&d->flight);
        }
        uint8_t *room = d->flight.buffer + d->flight.len;
        d->flight.len += strait__split_next(&split, d->next_seq0++, room,
                                            strait__flight_room(&d->flight));
    }
}

static size_t record_length(struct strait_dtls *d, const uint8_t *data, size_t left)
{
    bool unified = (data[0] & 0xe0) == 0x20;
    bool has_cid = unified ? data[0] & 0x10 : data[0] == STRAIT__TLS12_CID;
    size_t length_at = unified ? (data[0] & 8 ? 3 : 2) : 11;
    length_at += has_cid ? strait__cid_peer_len(d) : 0;
    size_t header = unified && !(data[0] & 4) ? left : length_at + 2;
    if (left <= header) {
        return left;
    }
    size_t len = header + strait__get16(data + length_at);
    return len < left ? len : left;
}

static void send_record(struct strait_dtls *d, uint8_t *record, size_t len)
{
    bool unified = (record[0] & 0xe0) == 0x20;
    d->sent = true;
    d->records_sent++;
    look_at(d, record, len);
    if (d->in_plain && !d->sent_new) {
        if (d->too_soon && d->stats.version == STRAIT_DTLS_1_2 && record[0] != STRAIT__ALERT) {
            return;
        }
        d->flight_sent = d->now;
    }
    /* A server of 1.3 keeps wolfSSL's numbers: the client acknowledges them (RFC 9147, 7). */
    if (!unified && strait__get16(record + 3) == 0 && !d->hello13) {
        send_plaintext(d, record, len);
    } else {
        strait__flight_add(&d->flight, record, len);
    }
}

int strait__dtls_on_send(WOLFSSL *ssl, char *buffer, int size, void *user)
{
    struct strait_dtls *d = user;
    (void)ssl;
    uint8_t *data = (uint8_t *)buffer;
    size_t left = size > 0 && !d->muted ? (size_t)size : 0;
    if (d->holds) {
        strait__dtls_hold(d, data, left);
        return size;
    }
    while (left > STRAIT__RECORD_HEADER) {
        size_t len = record_length(d, data, left);
        send_record(d, data, len);
        data += len;
        left -= len;
    }
    return size;
}
