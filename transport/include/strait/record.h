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
    const struct strait_hooks *hooks; /* NULL: the defaults. Random bytes come from the record */
    /* Sees each datagram that the replayed endpoint sends, in order. May be NULL. */
    void (*sent)(void *user, strait_time when, const struct strait_send *send);
    /* Sees each event of a transport as a line of text. May be NULL. */
    void (*event)(void *user, strait_time when, const char *line);
    void *user;
    /* Sees each datagram that the record gives to the endpoint, in order. Borrowed. May be NULL. */
    void (*received)(void *user, strait_time when, const struct strait_datagram *datagram);
};

struct strait_replay_result {
    size_t size;
    uint64_t entries; /* of the record that were replayed */
    uint64_t datagrams_in, datagrams_out;
    /* Datagrams out that are not the record's, byte for byte; and 1 where an event or a demand for
     * random bytes was not the record's: what follows means nothing then and is not replayed. */
    uint64_t differences;
    uint64_t first_difference; /* offset in the record, where differences > 0 */
    bool truncated; /* the record ends within an entry or a call (a crash, a full disk) */
    strait_time begin, end;
    char detail[200]; /* about the first difference or the damage; "" for none */
};

/*
 * Replays `len` bytes of a record; `config` may be NULL. STRAIT_OK even with differences: look at the
 * result, of which as much is filled as result->size says, on an error too. STRAIT_E_INVALID, _NOMEM,
 * _PARSE (no record, or damaged), _UNSUPPORTED (of another version, or of another architecture).
 */
STRAIT_API int strait_replay(const struct strait_replay_config *config, const uint8_t *record,
                             size_t len, struct strait_replay_result *result);

#ifdef __cplusplus
}
#endif
#endif
