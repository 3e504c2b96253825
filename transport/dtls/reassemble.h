/*
 * A handshake message out of its fragments, by byte range: fragments may come in any order, twice, and
 * with other boundaries when they are sent again (RFC 6347, section 4.2.3). Pure; memory by hooks.
 */
#ifndef STRAIT_DTLS_REASSEMBLE_H
#define STRAIT_DTLS_REASSEMBLE_H

#include <strait/types.h>

#include "transport/dtls/wire.h"

enum {
    /* A post-quantum ClientHello is 1.5 KB, one with a long cookie or many shares 4. */
    STRAIT__HELLO_MAX = 8192,
    /* Holes between fragments; a ClientHello comes in two or three. */
    STRAIT__REASSEMBLY_RANGES = 16,
    /* Room that is left before the message for a record's and a handshake header. */
    STRAIT__REASSEMBLY_HEADROOM = STRAIT__RECORD_HEADER + STRAIT__HANDSHAKE_HEADER
};

struct strait__reassembly {
    uint8_t *buffer; /* NULL: nothing there; headroom, then the message */
    uint8_t type;
    uint16_t message_seq;
    uint32_t length;
    uint32_t fragments; /* that brought bytes */
    size_t n_ranges;    /* sorted, apart from each other */
    struct {
        uint32_t from, to;
    } ranges[STRAIT__REASSEMBLY_RANGES];
};

enum strait__reassembled {
    STRAIT__REASSEMBLED_TAKEN = 0,   /* or nothing new in it */
    STRAIT__REASSEMBLED_DROPPED = 1, /* beyond a bound */
    /* It contradicts what was there, which is forgotten: a forged fragment may be first and must not
     * keep the right ones out. The new one is taken. */
    STRAIT__REASSEMBLED_REPLACED = 2,
    STRAIT__REASSEMBLED_NOMEM = 3
};

enum strait__reassembled strait__reassembly_add(struct strait__reassembly *reassembly,
                                                const struct strait_hooks *hooks,
                                                const struct strait__handshake *fragment);

/* True if every byte is there. */
bool strait__reassembly_whole(const struct strait__reassembly *reassembly);

void strait__reassembly_reset(struct strait__reassembly *reassembly,
                              const struct strait_hooks *hooks);

#endif
