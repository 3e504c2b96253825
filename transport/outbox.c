#include "transport/outbox.h"

#include "transport/address.h"
#include "transport/util.h"

enum { TRAINS = 256 };

struct strait__outbox_chunk {
    struct strait__outbox_chunk *next;
    size_t used;           /* bytes of data */
    uint32_t sent, trains; /* trains that went, trains there are */
    struct strait__train train[TRAINS];
    uint8_t data[STRAIT__OUTBOX_CHUNK];
};

void strait__outbox_init(struct strait__outbox *outbox, const struct strait_hooks *hooks,
                         size_t max_bytes)
{
    memset(outbox, 0, sizeof *outbox);
    outbox->hooks = hooks;
    outbox->max_chunks = (max_bytes + STRAIT__OUTBOX_CHUNK - 1) / STRAIT__OUTBOX_CHUNK;
}

static void free_chunks(struct strait__outbox *outbox, struct strait__outbox_chunk *chunk)
{
    while (chunk != NULL) {
        struct strait__outbox_chunk *next = chunk->next;
        strait__free(outbox->hooks, chunk);
        chunk = next;
    }
}

void strait__outbox_finish(struct strait__outbox *outbox)
{
    free_chunks(outbox, outbox->first);
    free_chunks(outbox, outbox->spare);
    memset(outbox, 0, sizeof *outbox);
}

static struct strait__outbox_chunk *append_chunk(struct strait__outbox *outbox)
{
    struct strait__outbox_chunk *chunk = outbox->spare;
    if (chunk != NULL) {
        outbox->spare = chunk->next;
    } else if (outbox->chunks < outbox->max_chunks) {
        /* Not zeroed by strait__alloc: 200 kB that are written before they are read. */
        chunk = outbox->hooks->alloc(outbox->hooks->user, sizeof *chunk);
        outbox->chunks += chunk != NULL;
    }
    if (chunk == NULL) {
        return NULL;
    }
    chunk->next = NULL;
    chunk->used = 0;
    chunk->sent = chunk->trains = 0;
    *(outbox->last != NULL ? &outbox->last->next : &outbox->first) = chunk;
    outbox->last = chunk;
    return chunk;
}

uint8_t *strait__outbox_reserve(struct strait__outbox *outbox, const struct strait_path *path,
                                size_t room, uint8_t ecn, uint8_t dscp)
{
    struct strait__outbox_chunk *chunk = outbox->last;
    if (chunk == NULL || chunk->trains == TRAINS || STRAIT__OUTBOX_CHUNK - chunk->used < room) {
        chunk = room <= STRAIT__OUTBOX_CHUNK ? append_chunk(outbox) : NULL;
    }
    if (chunk == NULL) {
        return NULL;
    }
    outbox->open.path = path;
    outbox->open.ecn = ecn;
    outbox->open.dscp = dscp;
    return chunk->data + chunk->used;
}

static bool joins(const struct strait__outbox *outbox, const struct strait__train *train,
                  size_t len)
{
    return !train->closed && len <= train->segment && train->segments < STRAIT__TRAIN_SEGMENTS &&
           train->len + len <= STRAIT__TRAIN_BYTES && train->ecn == outbox->open.ecn &&
           train->dscp == outbox->open.dscp && strait__path_equal(&train->path, outbox->open.path);
}

void strait__outbox_commit(struct strait__outbox *outbox, size_t len)
{
    struct strait__outbox_chunk *chunk = outbox->last;
    if (len == 0) {
        return;
    }
    /* A train that was handed out by pending may grow: what is borrowed is forgotten by then. */
    struct strait__train *train = chunk->trains > chunk->sent ? &chunk->train[chunk->trains - 1]
                                                              : NULL;
    if (train == NULL || !joins(outbox, train, len)) {
        train = &chunk->train[chunk->trains++];
        *train = (struct strait__train){ .path = *outbox->open.path,
                                         .at = chunk->used,
                                         .segment = (uint16_t)len,
                                         .ecn = outbox->open.ecn,
                                         .dscp = outbox->open.dscp };
    }
    train->closed = len < train->segment;
    train->len += len;
    train->segments++;
    chunk->used += len;
    outbox->datagrams++;
}

int strait__outbox_put(struct strait__outbox *outbox, const struct strait_path *path,
                       const uint8_t *data, size_t len)
{
    uint8_t *room = strait__outbox_reserve(outbox, path, len, 0, 0);
    if (room == NULL) {
        return STRAIT_E_AGAIN;
    }
    memcpy(room, data, len);
    strait__outbox_commit(outbox, len);
    return STRAIT_OK;
}

size_t strait__outbox_pending(const struct strait__outbox *outbox, struct strait_send *out,
                              size_t max)
{
    size_t n = 0;
    for (struct strait__outbox_chunk *chunk = outbox->first; chunk != NULL; chunk = chunk->next) {
        for (uint32_t i = chunk->sent; i < chunk->trains && n < max; i++, n++) {
            const struct strait__train *train = &chunk->train[i];
            out[n] = (struct strait_send){ .path = &train->path,
                                           .data = chunk->data + train->at,
                                           .len = train->len,
                                           .segment_size = train->segments > 1 ? train->segment : 0,
                                           .ecn = train->ecn,
                                           .dscp = train->dscp };
        }
    }
    return n;
}

/* A chunk that is all sent is used again: the last one in its place, others as spares. */
static void release_first(struct strait__outbox *outbox)
{
    struct strait__outbox_chunk *chunk = outbox->first;
    if (chunk->next == NULL) {
        chunk->used = 0;
        chunk->sent = chunk->trains = 0;
        return;
    }
    outbox->first = chunk->next;
    chunk->next = outbox->spare;
    outbox->spare = chunk;
}

void strait__outbox_sent(struct strait__outbox *outbox, size_t n)
{
    while (n > 0 && !strait__outbox_empty(outbox)) {
        struct strait__outbox_chunk *chunk = outbox->first;
        for (; n > 0 && chunk->sent < chunk->trains; n--) {
            const struct strait__train *train = &chunk->train[chunk->sent++];
            outbox->sent_datagrams += train->segments;
            outbox->sent_bytes += train->len;
        }
        if (chunk->sent == chunk->trains) {
            release_first(outbox);
        }
    }
}

bool strait__outbox_empty(const struct strait__outbox *outbox)
{
    const struct strait__outbox_chunk *chunk = outbox->first;
    /* Only the last chunk can be without trains that wait. */
    return chunk == NULL || chunk->sent == chunk->trains;
}
