/*
 * Replays what an endpoint recorded (strait_endpoint_config.record): the same inputs, times and random
 * bytes go into a new endpoint, and every byte that it wants sent is compared with the record's.
 */
#ifndef STRAIT_RECORD_H
#define STRAIT_RECORD_H

#include <strait/endpoint.h>
#include <strait/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct strait_replay_config {
    size_t size;
    const struct strait_hooks *hooks; /* allocator and log; random comes from the record */
    /* Sees each datagram that the replayed endpoint sends, in order. May be NULL. */
    void (*sent)(void *user, strait_time when, const struct strait_send *send);
    /* Sees each event of a transport as a line of text. May be NULL. */
    void (*event)(void *user, strait_time when, const char *line);
    void *user;
};

struct strait_replay_result {
    size_t size;
    uint64_t entries; /* of the record that were replayed */
    uint64_t datagrams_in, datagrams_out;
    uint64_t differences;      /* datagrams out that are not the record's, byte for byte */
    uint64_t first_difference; /* offset in the record, where differences > 0 */
    bool truncated;            /* the record ends within an entry (a crash, a full disk) */
    strait_time begin, end;
    char detail[200]; /* about the first difference or the damage; "" for none */
};

/*
 * Replays `len` bytes of a record. STRAIT_OK even with differences: look at the result.
 * STRAIT_E_INVALID, _NOMEM, _PARSE (no record, or damaged), _UNSUPPORTED (of another version).
 */
STRAIT_API int strait_replay(const struct strait_replay_config *config, const uint8_t *record,
                             size_t len, struct strait_replay_result *result);

#ifdef __cplusplus
}
#endif
#endif
