/*
 * Datagrams that wait to be sent, in order. Those for one receiver that come after one another lie
 * together as a train, which the kernel can take in one call (UDP_SEGMENT). Memory comes in chunks
 * that are kept and used again: queueing allocates nothing once the outbox has reached its size.
 */
#ifndef STRAIT_TRANSPORT_OUTBOX_H
#define STRAIT_TRANSPORT_OUTBOX_H

#include <strait/types.h>

enum {
    STRAIT__OUTBOX_CHUNK = 128 * 1024,
    /* The kernel's limits for a train: UDP_MAX_SEGMENTS, and a UDP datagram's length over IPv4. */
    STRAIT__TRAIN_SEGMENTS = 64,
    STRAIT__TRAIN_BYTES = 65507
};

struct strait__train {
    struct strait_path path;
    size_t at, len;
    uint32_t segments;
    uint16_t segment; /* length of the first; all but the last have it */
    bool closed;      /* the last one is shorter: nothing may follow */
    uint8_t ecn, dscp;
};

struct strait__outbox_chunk;

struct strait__outbox {
    const struct strait_hooks *hooks;
    struct strait__outbox_chunk *first, *last, *spare;
    size_t chunks, max_chunks;
    struct {
        const struct strait_path *path;
        uint8_t ecn, dscp;
    } open;             /* what reserve was given */
    uint64_t datagrams; /* ever committed */
    uint64_t sent_datagrams, sent_bytes;
};

/* STRAIT_OK always; the first chunk comes with the first datagram. `hooks` outlives the outbox. */
void strait__outbox_init(struct strait__outbox *outbox, const struct strait_hooks *hooks,
                         size_t max_bytes);
void strait__outbox_finish(struct strait__outbox *outbox);

/* Room for one datagram of up to `room` bytes, until commit; NULL: full. Nothing else may be called on
 * the outbox between. */
uint8_t *strait__outbox_reserve(struct strait__outbox *outbox, const struct strait_path *path,
                                size_t room, uint8_t ecn, uint8_t dscp);
/* It is `len` bytes long; 0: forget it. */
void strait__outbox_commit(struct strait__outbox *outbox, size_t len);

/* Reserve, copy, commit. STRAIT_OK or STRAIT_E_AGAIN. */
int strait__outbox_put(struct strait__outbox *outbox, const struct strait_path *path,
                       const uint8_t *data, size_t len);

size_t strait__outbox_pending(const struct strait__outbox *outbox, struct strait_send *out,
                              size_t max);
void strait__outbox_sent(struct strait__outbox *outbox, size_t n);
bool strait__outbox_empty(const struct strait__outbox *outbox);

#endif
