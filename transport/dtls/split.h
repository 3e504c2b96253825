/*
 * Cuts an unprotected record with one handshake message, or a fragment of one, into records of at most a
 * size (RFC 6347, section 4.2.3): the client's ClientHello with a post-quantum share is longer than a
 * datagram, and on some paths datagrams must become shorter than they were. Pure.
 */
#ifndef STRAIT_DTLS_SPLIT_H
#define STRAIT_DTLS_SPLIT_H

#include "transport/dtls/wire.h"

struct strait__split {
    struct strait__handshake message;
    const uint8_t *bytes; /* of the message, not yet cut */
    uint32_t left;
};

/* False where the record is not one message or fragment. */
bool strait__split_begin(struct strait__split *split, const uint8_t *record, size_t len);

/* Writes the next record of at most `room` bytes with this sequence number; its length, 0 at the end.
 * `room` must exceed the two headers. */
size_t strait__split_next(struct strait__split *split, uint64_t seq, uint8_t *out, size_t room);

#endif
