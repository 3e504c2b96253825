#include "transport/dtls/filter.h"

#include <string.h>

#include "transport/dtls/wire.h"

enum {
    CID12_AT = 11,                           /* RFC 9146, 4: behind the sequence number */
    MAX_PLAINTEXT = 1 << 14,                 /* RFC 6347, 4.1; RFC 8446, 5.1 */
    MAX_PROTECTED_12 = MAX_PLAINTEXT + 2048, /* RFC 5246, 6.2.3 */
    MAX_PROTECTED_13 = MAX_PLAINTEXT + 256,  /* RFC 8446, 5.2 */
    /* RFC 9147, 4.2.3: 16 bytes of ciphertext make the mask of the record number. A record also has at
     * least its content type besides the tag. */
    MIN_PROTECTED_13 = 17,
    /* The shortest tag of a suite that we offer, before we know which one it is. */
    MIN_PROTECTED_12 = 16,
    /* Every handshake message of a certificate of sensible size is below. */
    MAX_HANDSHAKE = 1 << 16,
    RN_SIZE = 16 /* RFC 9147, 7: an epoch and a sequence number */
};

/* RFC 9147, figure 3: 0 0 1 C S L E E */
enum { UNIFIED = 0x20, UNIFIED_MASK = 0xe0, CID = 0x10, SEQ16 = 0x08, LENGTH = 0x04, EPOCH = 0x03 };

static bool legal_message(const struct strait__filter *filter,
                          const struct strait__handshake *message)
{
    switch (message->type) {
    case STRAIT__CLIENT_HELLO:
        return filter->server;
    case STRAIT__CLIENT_KEY_EXCHANGE:
    case STRAIT__CERTIFICATE_VERIFY:
        return filter->server && filter->negotiated; /* the second flight: ours comes between */
    case STRAIT__CERTIFICATE:
        return filter->server ? filter->negotiated : message->message_seq > 0;
    case STRAIT__SERVER_HELLO:
    case STRAIT__HELLO_VERIFY_REQUEST:
        return !filter->server;
    case STRAIT__SERVER_KEY_EXCHANGE:
    case STRAIT__CERTIFICATE_REQUEST:
    case STRAIT__SERVER_HELLO_DONE:
        return !filter->server && message->message_seq > 0; /* its first message is a hello */
    default:
        /* Among them HelloRequest (no renegotiation: RFC 8446, 4.1.2), CertificateStatus, which we do not
         * ask for, tickets, and Finished, which is always protected. */
        return false;
    }
}

static enum strait__verdict refused(const struct strait__handshake *message)
{
    switch (message->type) {
    case STRAIT__CLIENT_HELLO:
        return STRAIT__RECORD_CLIENT_HELLO;
    case STRAIT__SERVER_HELLO:
        return STRAIT__RECORD_SERVER_HELLO;
    default:
        return STRAIT__RECORD_HANDSHAKE;
    }
}

/* Every message of an unprotected handshake record. */
static enum strait__verdict check_handshake(const struct strait__filter *filter,
                                            const uint8_t *data, size_t len)
{
    struct strait__handshake message = { .type = 0 };
    while (len > 0) {
        if (!strait__handshake_read(&message, data, len) || message.length > MAX_HANDSHAKE) {
            return STRAIT__RECORD_MALFORMED;
        }
        /* An empty fragment of a message that is not empty says nothing. */
        if (message.fragment_len == 0 && message.length > 0) {
            return STRAIT__RECORD_MALFORMED;
        }
        if (!legal_message(filter, &message)) {
            return refused(&message);
        }
        bool hello = message.type <= STRAIT__HELLO_VERIFY_REQUEST;
        /* DTLS 1.3 protects all but the hellos (RFC 9147, 5.1). */
        if (!hello && filter->negotiated && filter->dtls13) {
            return refused(&message);
        }
        data += STRAIT__HANDSHAKE_HEADER + message.fragment_len;
        len -= STRAIT__HANDSHAKE_HEADER + message.fragment_len;
    }
    return STRAIT__RECORD_PASS;
}

/* RFC 9147, section 7: an ACK has at least the epoch of what it acknowledges. What an unprotected one
 * says could be anybody's word, so that only the empty one passes, which asks for a retransmission. */
static enum strait__verdict check_ack(const struct strait__filter *filter, const uint8_t *data,
                                      size_t len)
{
    if (len < 2 || strait__get16(data) != len - 2 || (len - 2) % RN_SIZE != 0) {
        return STRAIT__RECORD_MALFORMED;
    }
    bool legal = len == 2 && filter->negotiated && filter->dtls13;
    return legal ? STRAIT__RECORD_PASS : STRAIT__RECORD_ACK;
}

/* RFC 6347, 4.2.4: whoever sent the last flight sends it again when the other side repeats its own. The
 * client's begins with its certificate, or with the key exchange where we asked for none. */
static bool is_repeat(const struct strait__filter *filter, const struct strait__handshake *message)
{
    return filter->server && !filter->dtls13 && message->offset == 0 &&
           (message->type == STRAIT__CERTIFICATE || message->type == STRAIT__CLIENT_KEY_EXCHANGE);
}

static enum strait__verdict check_late_handshake(const struct strait__filter *filter,
                                                 const uint8_t *data, size_t len)
{
    struct strait__handshake message;
    enum strait__verdict verdict = check_handshake(filter, data, len);
    if (verdict != STRAIT__RECORD_PASS || !strait__handshake_read(&message, data, len)) {
        return verdict;
    }
    return is_repeat(filter, &message) ? STRAIT__RECORD_REPEAT : refused(&message);
}

static enum strait__verdict check_plaintext(const struct strait__filter *filter,
                                            const struct strait__record *record)
{
    const uint8_t *data = record->data + record->header;
    size_t len = record->len - record->header;
    if (len == 0) {
        return STRAIT__RECORD_EMPTY;
    }
    if (len > MAX_PLAINTEXT) {
        return STRAIT__RECORD_OVERLONG;
    }
    switch (record->type) {
    case STRAIT__HANDSHAKE:
        return filter->finished ? check_late_handshake(filter, data, len)
                                : check_handshake(filter, data, len);
    case STRAIT__CHANGE_CIPHER_SPEC:
        if (len != 1 || data[0] != 1) {
            return STRAIT__RECORD_MALFORMED;
        }
        /* RFC 9147, 5: DTLS 1.3 has none; in 1.2 it comes after the hellos and once. */
        return filter->negotiated && !filter->dtls13 && !filter->finished
                   ? STRAIT__RECORD_PASS
                   : STRAIT__RECORD_CHANGE_CIPHER;
    case STRAIT__ACK:
        return filter->finished ? STRAIT__RECORD_ACK : check_ack(filter, data, len);
    case STRAIT__ALERT:
        return len == 2 ? STRAIT__RECORD_ALERT : STRAIT__RECORD_MALFORMED;
    case STRAIT__TLS12_CID:
        return STRAIT__RECORD_CID; /* RFC 9146, 3: never unprotected */
    default:
        return STRAIT__RECORD_DATA;
    }
}

/* RFC 9146, 3: with an id of ours the peer protects nothing without it. */
static bool has_due_cid12(const struct strait__filter *filter, const struct strait__record *record)
{
    if (!record->has_cid) {
        return !filter->cid_agreed;
    }
    return filter->cid_len > 0 &&
           memcmp(record->data + CID12_AT, filter->cid, filter->cid_len) == 0;
}

static enum strait__verdict check_12(const struct strait__filter *filter,
                                     const struct strait__record *record)
{
    size_t len = record->len - record->header;
    bool dtls12 = filter->negotiated ? !filter->dtls13 : filter->allows12;
    /* One epoch only: there is no renegotiation. */
    if (!dtls12 || record->epoch != 1 || record->type == STRAIT__ACK) {
        return STRAIT__RECORD_EPOCH;
    }
    if (!has_due_cid12(filter, record)) {
        return STRAIT__RECORD_CID;
    }
    if (len == 0) {
        return STRAIT__RECORD_EMPTY;
    }
    /* With an id the content type is protected as well. */
    size_t least = (filter->negotiated ? filter->overhead12 : (size_t)MIN_PROTECTED_12) +
                   record->has_cid;
    if (len < least) {
        return STRAIT__RECORD_SHORT;
    }
    return len <= MAX_PROTECTED_12 ? STRAIT__RECORD_PASS : STRAIT__RECORD_OVERLONG;
}

static enum strait__verdict next_plain_header(const struct strait__filter *filter,
                                              struct strait__record *record, size_t left)
{
    const uint8_t *data = record->data;
    record->has_cid = data[0] == STRAIT__TLS12_CID;
    /* RFC 9146, 4: the id stands before the length. */
    size_t header = STRAIT__RECORD_HEADER + (record->has_cid ? filter->cid_len : 0u);
    if (left < header) {
        return STRAIT__RECORD_TRUNCATED;
    }
    record->header = header;
    record->type = data[0];
    record->epoch = strait__get16(data + 3);
    record->seq = strait__get48(data + 5);
    size_t len = strait__get16(data + header - 2);
    if (len > left - header) {
        /* An id of another length hides where the record's length is. */
        return record->has_cid && !has_due_cid12(filter, record) ? STRAIT__RECORD_CID
                                                                 : STRAIT__RECORD_OVERLONG;
    }
    record->len = header + len;
    /* RFC 6347, 4.2.1 and RFC 9147, 4: DTLS 1.0's number in a first ClientHello, else 1.2's. */
    uint16_t version = strait__get16(data + 1);
    if (version != 0xfeff && version != 0xfefd) {
        return STRAIT__RECORD_VERSION;
    }
    return record->epoch == 0 ? check_plaintext(filter, record) : check_12(filter, record);
}

/* RFC 9147, 6.1: epoch 1 is 0-RTT's, and beyond 3 only a KeyUpdate leads, after the handshake. Then the
 * newest epoch, the one before and the one after it: RFC 9147, 4.2.1. A server has no key before its
 * ServerHello; a client may have lost it, and its library asks for it then. */
static bool has_epoch13(const struct strait__filter *filter, const struct strait__record *record)
{
    if (filter->finished) {
        return record->epoch != ((filter->epoch13 + 2) & EPOCH);
    }
    return record->epoch >= 2 && (!filter->server || filter->negotiated);
}

static enum strait__verdict check_13(const struct strait__filter *filter,
                                     const struct strait__record *record)
{
    size_t len = record->len - record->header;
    bool dtls13 = filter->negotiated ? filter->dtls13 : filter->allows13;
    if (!dtls13 || !has_epoch13(filter, record)) {
        return STRAIT__RECORD_EPOCH;
    }
    /* RFC 9147, 4: a negotiated id is in all datagrams. wolfSSL wants it in all records. */
    if (!record->has_cid && filter->cid_agreed) {
        return STRAIT__RECORD_CID;
    }
    if (len == 0) {
        return STRAIT__RECORD_EMPTY;
    }
    if (len < MIN_PROTECTED_13) {
        return STRAIT__RECORD_SHORT;
    }
    return len <= MAX_PROTECTED_13 ? STRAIT__RECORD_PASS : STRAIT__RECORD_OVERLONG;
}

static enum strait__verdict next_unified_header(const struct strait__filter *filter,
                                                struct strait__record *record, size_t left)
{
    uint8_t flags = record->data[0];
    record->unified = true;
    record->epoch = flags & EPOCH;
    record->has_cid = flags & CID;
    if (record->has_cid) {
        if (filter->cid_len > 0 && left < 1u + filter->cid_len) {
            return STRAIT__RECORD_TRUNCATED;
        }
        /* RFC 9147, 4: where the id is another's, the rest of the datagram is as well. */
        if (filter->cid_len == 0 || memcmp(record->data + 1, filter->cid, filter->cid_len) != 0) {
            return STRAIT__RECORD_CID;
        }
    }
    size_t length_at = 1 + (record->has_cid ? filter->cid_len : 0u) + (flags & SEQ16 ? 2 : 1);
    record->header = flags & LENGTH ? length_at + 2 : length_at;
    if (left < record->header) {
        return STRAIT__RECORD_TRUNCATED;
    }
    size_t len = left - record->header;
    if (flags & LENGTH) {
        size_t said = strait__get16(record->data + length_at);
        if (said > len) {
            return STRAIT__RECORD_OVERLONG;
        }
        len = said;
    }
    record->len = record->header + len;
    return check_13(filter, record);
}

static bool is_plain_type(uint8_t type)
{
    return (type >= STRAIT__CHANGE_CIPHER_SPEC && type <= STRAIT__APPLICATION_DATA) ||
           type == STRAIT__TLS12_CID || type == STRAIT__ACK;
}

enum strait__verdict strait__filter_next(const struct strait__filter *filter, uint8_t *data,
                                         size_t len, size_t *offset, struct strait__record *out)
{
    if (*offset >= len) {
        return STRAIT__RECORD_END;
    }
    size_t left = len - *offset;
    *out = (struct strait__record){ .data = data + *offset };
    enum strait__verdict verdict = STRAIT__RECORD_TYPE;
    uint8_t first = out->data[0];
    if ((first & UNIFIED_MASK) == UNIFIED) {
        verdict = next_unified_header(filter, out, left);
    } else if (is_plain_type(first)) {
        verdict = next_plain_header(filter, out, left);
    }
    *offset = out->len > 0 ? *offset + out->len : len;
    return verdict;
}
