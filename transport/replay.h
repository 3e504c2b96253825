/*
 * The inside of a replay. The record's entries lie in the order in which things happened, so one
 * cursor walks them: a call is made, and what happens inside it (a random byte asked for, an event)
 * takes the entries that follow it.
 */
#ifndef STRAIT_TRANSPORT_REPLAY_H
#define STRAIT_TRANSPORT_REPLAY_H

#include <strait/record.h>

#include "transport/replay_read.h"
#include "transport/table.h"

/* Why a replay goes no further. */
enum strait__replay_stop {
    STRAIT__REPLAY_RUNS = 0,
    STRAIT__REPLAY_ENDED,    /* the record ends, between two calls or within one */
    STRAIT__REPLAY_DIVERGED, /* what happens is not what was recorded: the rest means nothing */
    STRAIT__REPLAY_FAILED    /* `error` says why */
};

/* A transport of the record: its id and who it is now. */
struct strait__replayed {
    struct strait__node node;
    struct strait__replay *replay;
    struct strait__replayed *next;
    uint64_t id;
    uint8_t key[8];
    struct strait_transport *transport; /* NULL: destroyed, or never made */
};

struct strait__replay {
    struct strait_replay_config config;
    struct strait_hooks host;  /* the caller's */
    struct strait_hooks hooks; /* the same with the record's random bytes */
    const uint8_t *record;
    size_t len, at;  /* `at`: the cursor */
    size_t entry_at; /* the entry that is being replayed */
    struct strait_endpoint *endpoint;
    struct strait__table ids;
    struct strait__replayed *transports; /* all there ever were */
    strait_time now;
    unsigned depth; /* of events */
    enum strait__replay_stop stop;
    int error;
    struct strait_replay_result result;
};

/* --- replay.c: the cursor --------------------------------------------------------------------- */

/* Looks at the next entry; false, and the replay has stopped, where there is none that is whole. */
bool strait__replay_peek(struct strait__replay *replay, struct strait__entry *entry);
/* Goes past the entry that peek showed. */
void strait__replay_skip(struct strait__replay *replay);

/* Counts a difference at an offset of the record; the first one is described. */
__attribute__((format(printf, 4, 5))) void strait__replay_differs(struct strait__replay *replay,
                                                                  size_t offset, uint64_t count,
                                                                  const char *format, ...);
/* A difference after which nothing can be compared any more. */
void strait__replay_diverge(struct strait__replay *replay, size_t offset, const char *wanted,
                            const struct strait__entry *found);
void strait__replay_fail(struct strait__replay *replay, int error, size_t offset, const char *why);
/* The entry does not have the form that it should have. */
void strait__replay_damaged(struct strait__replay *replay, const struct strait__entry *entry);

/* --- replay_calls.c: entries that are calls --------------------------------------------------- */

/* Makes the first entry's endpoint. */
void strait__replay_create(struct strait__replay *replay, struct strait__entry *entry);
/* Makes the call of any other entry that is one; false: it is none. */
bool strait__replay_call(struct strait__replay *replay, struct strait__entry *entry);

/* --- replay_sent.c: what was drained ---------------------------------------------------------- */

void strait__replay_sent(struct strait__replay *replay, struct strait__entry *entry);

/* --- replay_events.c: entries that are events ------------------------------------------------- */

extern const struct strait_transport_events strait__replay_events;
extern const struct strait_endpoint_events strait__replay_endpoint_events;

/* "ICE state" ...; "?" for none. Static. */
const char *strait__replay_event_name(uint32_t event);

#endif
