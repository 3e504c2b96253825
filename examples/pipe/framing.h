/*
 * Datagrams in a stream of bytes: a line each, or each after its length in 4 bytes, big endian.
 */
#ifndef PIPE_FRAMING_H
#define PIPE_FRAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAMING_MAX 65535u

struct framing {
    int fd;
    bool prefixed;
    bool ended;      /* nothing more comes */
    uint64_t number; /* of the datagram taken last, from 1 on */
    size_t from, until;
    uint8_t bytes[FRAMING_MAX + 8];
};

enum framing_result {
    FRAMING_DATAGRAM,
    FRAMING_MORE,     /* is needed: read, where it has not ended */
    FRAMING_TOO_LONG, /* longer than any datagram */
    FRAMING_CUT       /* it ended within a datagram */
};

void framing_init(struct framing *framing, int fd, bool prefixed);

/* Reads once; blocks only where poll would. 0, or -1 with errno. */
int framing_read(struct framing *framing);

/* The next datagram that is there; borrowed until the next call. Lines come without their end; empty ones
 * do not come: DTLS carries no datagram without bytes here. */
enum framing_result framing_next(struct framing *framing, const uint8_t **data, size_t *len);

/* Writes one datagram. One that ends like a line gets no second end. 0, or -1 with errno. */
int framing_write(int fd, bool prefixed, const uint8_t *data, size_t len);

#endif
