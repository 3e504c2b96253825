#include "transport/replay_read.h"

#include "transport/address.h"
#include "transport/util.h"

enum {
    HEADER = 5 /* type, length of what follows */
};

static const char *const names[] = {
    [STRAIT__RECORD_CREATE] = "CREATE",
    [STRAIT__RECORD_ADD_LOCAL] = "ADD_LOCAL",
    [STRAIT__RECORD_RECEIVE] = "RECEIVE",
    [STRAIT__RECORD_ADVANCE] = "ADVANCE",
    [STRAIT__RECORD_SENT] = "SENT",
    [STRAIT__RECORD_TRANSPORT] = "TRANSPORT",
    [STRAIT__RECORD_DESTROY] = "DESTROY",
    [STRAIT__RECORD_CLOSE] = "CLOSE",
    [STRAIT__RECORD_REMOTE_ICE] = "REMOTE_ICE",
    [STRAIT__RECORD_CANDIDATE] = "CANDIDATE",
    [STRAIT__RECORD_END_OF_CANDIDATES] = "END_OF_CANDIDATES",
    [STRAIT__RECORD_REMOTE_DTLS] = "REMOTE_DTLS",
    [STRAIT__RECORD_RESTART] = "RESTART",
    [STRAIT__RECORD_ATTRIBUTES] = "ATTRIBUTES",
    [STRAIT__RECORD_SEND] = "SEND",
    [STRAIT__RECORD_SEND_DATA] = "SEND_DATA",
    [STRAIT__RECORD_SET_PATH] = "SET_PATH",
    [STRAIT__RECORD_RANDOM] = "RANDOM",
    [STRAIT__RECORD_EVENT] = "EVENT",
    [STRAIT__RECORD_EVENT_END] = "EVENT_END",
};

const char *strait__entry_name(enum strait__record_type type)
{
    return (size_t)type < sizeof names / sizeof *names ? names[type] : NULL;
}

enum strait__entry_status strait__entry_read(struct strait__entry *entry, const uint8_t *record,
                                             size_t len, size_t at, size_t *next)
{
    if (at >= len) {
        return STRAIT__ENTRY_END;
    }
    if (len - at < HEADER) {
        return STRAIT__ENTRY_CUT;
    }
    size_t body = strait__get32(record + at + 1);
    if (body > len - at - HEADER) {
        return STRAIT__ENTRY_CUT;
    }
    *entry = (struct strait__entry){ .type = (enum strait__record_type)record[at],
                                     .offset = at,
                                     .body = { .data = record + at + HEADER, .len = body } };
    *next = at + HEADER + body;
    return STRAIT__ENTRY_WHOLE;
}

const uint8_t *strait__read(struct strait__reader *reader, size_t len)
{
    if (reader->bad || len > reader->len - reader->at) {
        reader->bad = true;
        return NULL;
    }
    const uint8_t *bytes = reader->data + reader->at;
    reader->at += len;
    return bytes;
}

uint32_t strait__read32(struct strait__reader *reader)
{
    const uint8_t *bytes = strait__read(reader, 4);
    return bytes != NULL ? strait__get32(bytes) : 0;
}

uint64_t strait__read64(struct strait__reader *reader)
{
    const uint8_t *bytes = strait__read(reader, 8);
    return bytes != NULL ? strait__get64(bytes) : 0;
}

const uint8_t *strait__read_bytes(struct strait__reader *reader, size_t *len)
{
    *len = strait__read32(reader);
    const uint8_t *bytes = strait__read(reader, *len);
    if (bytes == NULL) {
        *len = 0;
    }
    return bytes;
}

const char *strait__read_string(struct strait__reader *reader, char *text, size_t room)
{
    struct strait__reader mark = *reader;
    if (strait__read32(&mark) == UINT32_MAX && !mark.bad) {
        *reader = mark;
        return NULL;
    }
    size_t len;
    const uint8_t *bytes = strait__read_bytes(reader, &len);
    if (len > 0 && memchr(bytes, 0, len) != NULL) {
        reader->bad = true;
        len = 0;
    }
    len = len < room ? len : room - 1;
    if (len > 0) {
        memcpy(text, bytes, len);
    }
    text[len] = '\0';
    return text;
}

void strait__read_struct(struct strait__reader *reader, void *plain, size_t size)
{
    const uint8_t *bytes = strait__read(reader, size);
    if (bytes != NULL) {
        memcpy(plain, bytes, size);
    } else {
        memset(plain, 0, size);
    }
}

void strait__read_address(struct strait__reader *reader, struct sockaddr_storage *address)
{
    size_t len;
    const uint8_t *bytes = strait__read_bytes(reader, &len);
    memset(address, 0, sizeof *address);
    if (len > sizeof *address) {
        reader->bad = true;
        return;
    }
    if (len > 0) {
        memcpy(address, bytes, len);
    }
    /* What was written has the length of its family; none has none. */
    reader->bad |= strait__address_len(address) != len;
}

void strait__read_path(struct strait__reader *reader, struct strait_path *path)
{
    strait__read_address(reader, &path->local);
    strait__read_address(reader, &path->remote);
    path->socket = strait__read32(reader);
}

bool strait__read_done(const struct strait__reader *reader)
{
    return !reader->bad && reader->at == reader->len;
}
