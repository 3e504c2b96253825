/* What the recorded endpoint had sent, against what the replayed one wants to send. */
#include "transport/replay.h"

#include <inttypes.h>

#include "transport/address.h"
#include "transport/util.h"

/* The same train as the record has it. */
static struct strait_send read_train(struct strait__reader *body, struct strait_path *path)
{
    struct strait_send train = { .path = path };
    strait__read_path(body, path);
    train.segment_size = (uint16_t)strait__read32(body);
    uint32_t marks = strait__read32(body);
    train.ecn = (uint8_t)(marks >> 8);
    train.dscp = (uint8_t)marks;
    train.data = strait__read_bytes(body, &train.len);
    return train;
}

static size_t segment_of(const struct strait_send *train)
{
    return train->segment_size > 0 ? train->segment_size : train->len;
}

static uint64_t datagrams_of(const struct strait_send *train)
{
    size_t segment = segment_of(train);
    return segment > 0 ? (train->len + segment - 1) / segment : 1;
}

/* How many datagrams of the two trains are not the same. */
static uint64_t compare(const struct strait_send *recorded, const struct strait_send *replayed)
{
    size_t segment = segment_of(recorded);
    if (!strait__path_equal(recorded->path, replayed->path) || recorded->len != replayed->len ||
        recorded->segment_size != replayed->segment_size || recorded->ecn != replayed->ecn ||
        recorded->dscp != replayed->dscp) {
        return datagrams_of(recorded);
    }
    uint64_t differences = 0;
    for (size_t at = 0; at < recorded->len; at += segment) {
        size_t left = recorded->len - at;
        differences += memcmp(recorded->data + at, replayed->data + at,
                              left < segment ? left : segment) != 0;
    }
    return differences;
}

static void show(struct strait__replay *replay, const struct strait_send *train)
{
    struct strait_send one = *train;
    size_t segment = segment_of(train);
    replay->result.datagrams_out += datagrams_of(train);
    if (replay->config.sent == NULL) {
        return;
    }
    for (size_t at = 0; at < train->len; at += segment) {
        size_t left = train->len - at;
        one.data = train->data + at;
        one.len = left < segment ? left : segment;
        one.segment_size = 0;
        replay->config.sent(replay->config.user, replay->now, &one);
    }
}

/* One train of the record against the oldest that waits. */
static void next_train(struct strait__replay *replay, const struct strait__entry *entry,
                       const struct strait_send *recorded)
{
    struct strait_send replayed;
    char path[STRAIT__ADDRESS_TEXT];
    strait__address_print(&recorded->path->remote, path, sizeof path);
    if (strait_endpoint_pending(replay->endpoint, &replayed, 1) == 0) {
        strait__replay_differs(replay, entry->offset, datagrams_of(recorded),
                               "at %zu: a datagram of %zu bytes to %s was not sent again",
                               entry->offset, recorded->len, path);
        return;
    }
    uint64_t differences = compare(recorded, &replayed);
    strait__replay_differs(replay, entry->offset, differences,
                           "at %zu: %zu bytes to %s, where the record has %zu other bytes",
                           entry->offset, replayed.len, path, recorded->len);
    show(replay, &replayed);
    strait_endpoint_sent(replay->endpoint, 1);
}

void strait__replay_sent(struct strait__replay *replay, struct strait__entry *entry)
{
    struct strait_path path;
    struct strait__reader check = entry->body;
    uint32_t n = strait__read32(&check);
    for (uint32_t i = 0; i < n && !check.bad; i++) {
        read_train(&check, &path);
    }
    if (!strait__read_done(&check)) {
        strait__replay_damaged(replay, entry);
        return;
    }
    strait__read32(&entry->body);
    for (uint32_t i = 0; i < n; i++) {
        struct strait_send recorded = read_train(&entry->body, &path);
        next_train(replay, entry, &recorded);
    }
}
