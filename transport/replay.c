/* The cursor of a replay, its random bytes and its result. */
#include "transport/replay.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "transport/util.h"

/* --- What is found ---------------------------------------------------------------------------- */

void strait__replay_differs(struct strait__replay *replay, size_t offset, uint64_t count,
                            const char *format, ...)
{
    if (replay->stop != STRAIT__REPLAY_RUNS || count == 0) {
        return;
    }
    if (replay->result.differences == 0) {
        va_list args;
        va_start(args, format);
        vsnprintf(replay->result.detail, sizeof replay->result.detail, format, args);
        va_end(args);
        replay->result.first_difference = offset;
    }
    replay->result.differences += count;
}

/* An entry in words. */
static void describe(const struct strait__entry *entry, char *text, size_t room)
{
    struct strait__reader body = entry->body;
    const char *name = strait__entry_name(entry->type);
    if (entry->type == STRAIT__RECORD_EVENT) {
        uint64_t id = strait__read64(&body);
        snprintf(text, room, "event \"%s\" of transport %" PRIu64,
                 strait__replay_event_name(strait__read32(&body)), id);
    } else if (entry->type == STRAIT__RECORD_RANDOM) {
        snprintf(text, room, "%" PRIu32 " random bytes", strait__read32(&body));
    } else {
        snprintf(text, room, "%s", name != NULL ? name : "an unknown entry");
    }
}

void strait__replay_diverge(struct strait__replay *replay, size_t offset, const char *wanted,
                            const struct strait__entry *found)
{
    char text[80] = "nothing";
    if (found != NULL) {
        describe(found, text, sizeof text);
    }
    strait__replay_differs(replay, offset, 1, "at %zu: the replay has %s where the record has %s",
                           offset, wanted, text);
    replay->stop = STRAIT__REPLAY_DIVERGED;
}

void strait__replay_fail(struct strait__replay *replay, int error, size_t offset, const char *why)
{
    if (replay->stop != STRAIT__REPLAY_RUNS) {
        return;
    }
    replay->stop = STRAIT__REPLAY_FAILED;
    replay->error = error;
    snprintf(replay->result.detail, sizeof replay->result.detail, "at %zu: %s", offset, why);
}

void strait__replay_damaged(struct strait__replay *replay, const struct strait__entry *entry)
{
    char why[80];
    const char *name = strait__entry_name(entry->type);
    if (name != NULL) {
        snprintf(why, sizeof why, "the entry %s is damaged", name);
    } else {
        snprintf(why, sizeof why, "there is no entry of type %u", (unsigned)entry->type);
    }
    strait__replay_fail(replay, STRAIT_E_PARSE, entry->offset, why);
}

/* --- The cursor ------------------------------------------------------------------------------- */

/* Between two calls a record may end; within one, something that belongs to the call is missing. */
static void end(struct strait__replay *replay, bool within)
{
    replay->stop = STRAIT__REPLAY_ENDED;
    replay->result.truncated = within;
    if (within && replay->result.detail[0] == '\0') {
        snprintf(replay->result.detail, sizeof replay->result.detail,
                 "at %zu: the record ends within an entry or a call", replay->len);
    }
}

static bool peek(struct strait__replay *replay, struct strait__entry *entry, bool within)
{
    size_t next;
    if (replay->stop != STRAIT__REPLAY_RUNS) {
        return false;
    }
    switch (strait__entry_read(entry, replay->record, replay->len, replay->at, &next)) {
    case STRAIT__ENTRY_WHOLE:
        return true;
    case STRAIT__ENTRY_END:
        end(replay, within);
        return false;
    case STRAIT__ENTRY_CUT:
        break;
    }
    end(replay, true);
    return false;
}

bool strait__replay_peek(struct strait__replay *replay, struct strait__entry *entry)
{
    return peek(replay, entry, true);
}

void strait__replay_skip(struct strait__replay *replay)
{
    struct strait__entry entry;
    size_t next = replay->at;
    strait__entry_read(&entry, replay->record, replay->len, replay->at, &next);
    replay->at = next;
    replay->result.entries++;
}

/* --- Hooks ------------------------------------------------------------------------------------ */

static void *replay_alloc(void *user, size_t bytes)
{
    struct strait__replay *replay = user;
    void *memory = replay->host.alloc(replay->host.user, bytes);
    if (memory == NULL) {
        strait__replay_fail(replay, STRAIT_E_NOMEM, replay->entry_at, "out of memory");
    }
    return memory;
}

static void replay_free(void *user, void *memory)
{
    struct strait__replay *replay = user;
    replay->host.free(replay->host.user, memory);
}

static void replay_log(void *user, enum strait_log_level level, const char *component,
                       const char *line)
{
    struct strait__replay *replay = user;
    replay->host.log(replay->host.user, level, component, line);
}

static int replay_random(void *user, uint8_t *out, size_t bytes)
{
    struct strait__replay *replay = user;
    struct strait__entry entry;
    char wanted[40];
    memset(out, 0, bytes);
    if (!strait__replay_peek(replay, &entry)) {
        return -1;
    }
    size_t len;
    const uint8_t *random = NULL;
    struct strait__entry whole = entry;
    if (entry.type == STRAIT__RECORD_RANDOM) {
        random = strait__read_bytes(&entry.body, &len);
        if (!strait__read_done(&entry.body)) {
            strait__replay_damaged(replay, &entry);
            return -1;
        }
    }
    /* The host's source failed then: it wrote an entry without bytes. */
    bool failed = random != NULL && len == 0 && bytes > 0;
    if (random == NULL || (len != bytes && !failed)) {
        snprintf(wanted, sizeof wanted, "%zu random bytes", bytes);
        strait__replay_diverge(replay, entry.offset, wanted, &whole);
        return -1;
    }
    strait__replay_skip(replay);
    if (failed) {
        return -1;
    }
    memcpy(out, random, bytes);
    return 0;
}

/* --- A replay --------------------------------------------------------------------------------- */

static int init(struct strait__replay *replay, const struct strait_replay_config *config,
                const uint8_t *record, size_t len)
{
    memset(replay, 0, sizeof *replay);
    if (config != NULL) {
        int error = strait__sized_read(&replay->config, sizeof replay->config, config);
        if (error != STRAIT_OK) {
            return error;
        }
    }
    int error = strait__hooks_init(&replay->host, replay->config.hooks);
    if (error != STRAIT_OK) {
        return error;
    }
    replay->hooks = (struct strait_hooks){ .size = sizeof replay->hooks,
                                           .user = replay,
                                           .alloc = replay_alloc,
                                           .free = replay_free,
                                           .random = replay_random,
                                           .log = replay_log };
    replay->record = record;
    replay->len = len;
    replay->result.size = sizeof replay->result;
    return strait__table_init(&replay->ids, &replay->host);
}

static void finish(struct strait__replay *replay)
{
    /* No event fires in it, and nothing random is asked for. */
    strait_endpoint_destroy(replay->endpoint);
    strait__table_finish(&replay->ids);
    while (replay->transports != NULL) {
        struct strait__replayed *transport = replay->transports;
        replay->transports = transport->next;
        strait__free(&replay->host, transport);
    }
}

static void run(struct strait__replay *replay)
{
    struct strait__entry entry;
    size_t next;
    if (strait__entry_read(&entry, replay->record, replay->len, 0, &next) != STRAIT__ENTRY_WHOLE ||
        entry.type != STRAIT__RECORD_CREATE) {
        strait__replay_fail(replay, STRAIT_E_PARSE, 0, "this is no record");
        return;
    }
    strait__replay_skip(replay);
    strait__replay_create(replay, &entry);
    while (peek(replay, &entry, false)) {
        replay->entry_at = entry.offset;
        strait__replay_skip(replay);
        if (!strait__replay_call(replay, &entry)) {
            strait__replay_diverge(replay, entry.offset, "no more of it", &entry);
        }
    }
}

int strait_replay(const struct strait_replay_config *config, const uint8_t *record, size_t len,
                  struct strait_replay_result *result)
{
    struct strait__replay replay;
    if (record == NULL || result == NULL) {
        return STRAIT_E_INVALID;
    }
    int error = init(&replay, config, record, len);
    if (error == STRAIT_OK) {
        run(&replay);
        error = replay.stop == STRAIT__REPLAY_FAILED ? replay.error : STRAIT_OK;
        replay.result.end = replay.now;
    }
    finish(&replay);
    int copied = strait__sized_copy(result, &replay.result, sizeof replay.result);
    return error != STRAIT_OK ? error : copied;
}
