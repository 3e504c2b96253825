#include "tests/bench/srtp_ring.h"

#include <stdlib.h>
#include <string.h>

#include "transport/util.h"

/* As many as a look at the clock is nothing beside them, and few enough for the second cache. */
enum { PACKETS = 256, TURNS = 20 };

struct ring {
    const struct ring_ops *ops;
    void *state;
    struct ring_spec spec;
    uint32_t next; /* number of the next packet */
    unsigned turns;
    size_t len[PACKETS];
    uint8_t packet[PACKETS][RING_ROOM];
};

void ring_key(struct strait_srtp_key *key)
{
    for (size_t i = 0; i < sizeof key->key; i++) {
        key->key[i] = (uint8_t)(3 * i + 1);
    }
    for (size_t i = 0; i < sizeof key->salt; i++) {
        key->salt[i] = (uint8_t)(5 * i + 2);
    }
}

void ring_packet(uint8_t *packet, uint32_t n, size_t payload)
{
    strait__put16(packet, 0x806f);
    strait__put16(packet + 2, (uint16_t)n);
    strait__put32(packet + 4, 960 * n);
    strait__put32(packet + 8, 0x5eed);
    memset(packet + RING_HEADER, (int)(n & 0xff), payload);
}

void *ring_open(const struct ring_ops *ops, const struct ring_spec *spec, bool quick)
{
    void *state = ops->open(spec->profile);
    if (state == NULL) {
        return NULL;
    }
    struct ring *ring = bench_alloc(sizeof *ring);
    ring->ops = ops;
    ring->state = state;
    ring->spec = *spec;
    ring->turns = quick ? 1 : TURNS;
    return ring;
}

static bool pass(struct ring *ring, bool (*one)(void *, uint8_t *, size_t *), uint64_t *took)
{
    bool good = true;
    uint64_t start = bench_cpu();
    for (int i = 0; i < PACKETS; i++) {
        good &= one(ring->state, ring->packet[i], &ring->len[i]);
    }
    *took += bench_cpu() - start;
    return good;
}

/* Whether unprotecting gave back what was protected. */
static bool intact(const struct ring *ring)
{
    uint8_t plain[RING_ROOM];
    for (uint32_t i = 0; i < PACKETS; i++) {
        size_t len = RING_HEADER + ring->spec.payload;
        ring_packet(plain, ring->next + i, ring->spec.payload);
        if (ring->len[i] != len || memcmp(ring->packet[i], plain, len) != 0) {
            return false;
        }
    }
    return true;
}

double ring_run(void *state)
{
    struct ring *ring = state;
    uint64_t protecting = 0, unprotecting = 0;
    for (unsigned turn = 0; turn < ring->turns; turn++) {
        for (uint32_t i = 0; i < PACKETS; i++) {
            ring_packet(ring->packet[i], ring->next + i, ring->spec.payload);
            ring->len[i] = RING_HEADER + ring->spec.payload;
        }
        if (!pass(ring, ring->ops->protect, &protecting) ||
            !pass(ring, ring->ops->unprotect, &unprotecting) || !intact(ring)) {
            return bench_fail("%s lost or changed a packet", ring->ops->name);
        }
        ring->next += PACKETS;
    }
    uint64_t took = ring->spec.unprotect ? unprotecting : protecting;
    return (double)took / PACKETS / ring->turns;
}

void ring_close(void *state)
{
    struct ring *ring = state;
    ring->ops->close(ring->state);
    free(ring);
}
