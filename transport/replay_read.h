/* Reads a record's bytes, which may be damaged or hostile: nothing is read beyond the end. */
#ifndef STRAIT_TRANSPORT_REPLAY_READ_H
#define STRAIT_TRANSPORT_REPLAY_READ_H

#include <strait/types.h>

#include "transport/record.h"

/* Once something did not fit, `bad` stays and everything reads as zero. */
struct strait__reader {
    const uint8_t *data;
    size_t len, at;
    bool bad;
};

/* An entry of the record: where it begins and what it carries. */
struct strait__entry {
    enum strait__record_type type;
    size_t offset;
    struct strait__reader body;
};

enum strait__entry_status {
    STRAIT__ENTRY_WHOLE = 0,
    STRAIT__ENTRY_END, /* the record ends here */
    STRAIT__ENTRY_CUT  /* the record ends within this entry */
};

/* Looks at the entry at offset `at`; `next` is where the one after it begins. */
enum strait__entry_status strait__entry_read(struct strait__entry *entry, const uint8_t *record,
                                             size_t len, size_t at, size_t *next);

/* "RECEIVE" ...; NULL for a type that there is not. Static. */
const char *strait__entry_name(enum strait__record_type type);

uint32_t strait__read32(struct strait__reader *reader);
uint64_t strait__read64(struct strait__reader *reader);
/* `len` bytes as they lie there; NULL where there are not so many. */
const uint8_t *strait__read(struct strait__reader *reader, size_t len);
/* Bytes with their length before them; NULL with `len` 0 where they do not fit. */
const uint8_t *strait__read_bytes(struct strait__reader *reader, size_t *len);
/* A string into `text`, terminated; what has no room is cut. NULL: there was none. */
const char *strait__read_string(struct strait__reader *reader, char *text, size_t room);
/* A plain struct as it lay in memory. */
void strait__read_struct(struct strait__reader *reader, void *plain, size_t size);
void strait__read_address(struct strait__reader *reader, struct sockaddr_storage *address);
void strait__read_path(struct strait__reader *reader, struct strait_path *path);

/* All was there, and nothing is left. */
bool strait__read_done(const struct strait__reader *reader);

#endif
