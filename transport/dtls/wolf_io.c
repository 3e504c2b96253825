#include "transport/dtls/association.h"
#include "transport/dtls/cid.h"
#include "transport/util.h"

void strait__dtls_enter(struct strait_dtls *d)
{
    /* wolfSSL compares the time with that of a retransmission that has not been, zero. */
    strait_time clock = d->now < STRAIT_TIME_NEVER - STRAIT_S ? d->now + STRAIT_S : d->now;
    strait__wolf_enter(&d->scope, &d->hooks, clock);
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
    if (len > d->config.mtu) {
        wolfSSL_dtls_set_mtu(d->ssl, len < WOLF_MTU_MAX ? (word16)len : WOLF_MTU_MAX);
    }
}

void strait__dtls_set_write_mtu(struct strait_dtls *d)
{
    bool hello = !strait__dtls_is_server(d) && !d->hello_done;
    wolfSSL_dtls_set_mtu(d->ssl, hello ? STRAIT__HELLO_MTU : d->config.mtu);
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

/* Client: epoch 0 is numbered anew, for a ClientHello becomes several records. */
static void send_plaintext(struct strait_dtls *d, uint8_t *record, size_t len)
{
    struct strait__split split;
    if (len > d->flight.mtu && strait__split_begin(&split, record, len)) {
        size_t piece;
        uint8_t *room = d->flight.buffer;
        strait__flight_flush(&d->flight);
        while ((piece = strait__split_next(&split, d->next_seq0, room, d->flight.mtu)) > 0) {
            d->next_seq0++;
            d->flight.len = piece;
            if (split.left > 0) {
                strait__flight_flush(&d->flight);
            }
        }
        return;
    }
    strait__put48(record + 5, d->next_seq0++);
    strait__flight_add(&d->flight, record, len);
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

int strait__dtls_on_send(WOLFSSL *ssl, char *buffer, int size, void *user)
{
    struct strait_dtls *d = user;
    (void)ssl;
    uint8_t *data = (uint8_t *)buffer;
    size_t left = size > 0 ? (size_t)size : 0;
    while (left > STRAIT__RECORD_HEADER) {
        size_t len = record_length(d, data, left);
        bool plaintext = (data[0] & 0xe0) != 0x20 && strait__get16(data + 3) == 0;
        d->sent = true;
        d->records_sent++;
        look_at(d, data, len);
        if (plaintext && !strait__dtls_is_server(d)) {
            send_plaintext(d, data, len);
        } else {
            strait__flight_add(&d->flight, data, len);
        }
        data += len;
        left -= len;
    }
    return size;
}
