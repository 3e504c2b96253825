/* Datagrams out. A pair's own UDP socket is written to directly, a relay or a TCP connection through libnice; what they
 * have no room for waits a little. */
#include <errno.h>
#include <gio/gio.h>

#include "ice/agent/agent.h"
#include "transport/util.h"

enum {
    /* A key frame, or a second of 2 Mbit/s. More is given up, as a full socket does. */
    ROOM = 256 * 1024,
    ENTRY = 4, /* before each datagram: length (2), DSCP, ECN */
};

/* libnice waits for a TCP connection by itself, and has run then. A UDP socket has room again at once. */
static const strait_time RETRY_FIRST = STRAIT_MS, RETRY_LAST = 16 * STRAIT_MS;

struct strait__agent_outgoing {
    size_t first, end; /* of `bytes`: what waits */
    uint8_t bytes[ROOM];
};

/* --- One datagram ----------------------------------------------------------------------------------- */

/* 0 or errno. */
static int send_by_libnice(struct strait__agent *a, const uint8_t *data, size_t len)
{
    GError *error = NULL;
    GOutputVector bytes = { .buffer = data, .size = len };
    NiceOutputMessage message = { .buffers = &bytes, .n_buffers = 1 };
    if (nice_agent_send_messages_nonblocking(a->nice, a->stream, STRAIT__AGENT_COMPONENT, &message,
                                             1, NULL, &error) == 1) {
        return 0;
    }
    bool full = g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
    g_clear_error(&error);
    return full ? EAGAIN : EIO;
}

/* How many bytes of the train are done with: less than all where there is no room. */
static size_t send_train(struct strait__agent *a, const struct strait_send *send)
{
    if (a->fd >= 0) {
        return strait__send_through(a->guest.runtime, a->fd, send);
    }
    size_t step = send->segment_size > 0 ? send->segment_size : send->len;
    size_t at = 0;
    while (at < send->len) {
        struct strait_send one = *send;
        one.data = send->data + at;
        one.len = send->len - at < step ? send->len - at : step;
        one.segment_size = 0;
        int error = send_by_libnice(a, one.data, one.len);
        if (error == EAGAIN) {
            break;
        }
        strait__count_sent(a->guest.runtime, &one, error);
        at += one.len;
    }
    return at;
}

/* --- What waits --------------------------------------------------------------------------------------- */

static void retry_at(struct strait__agent *a, strait_time after)
{
    a->retry_after = after;
    a->retry_at = strait_runtime_now(a->guest.runtime) + after;
    if (a->retry_at < a->guest.deadline.when) {
        strait__guest_set_deadline(&a->guest, a->retry_at);
    }
}

static bool make_room(struct strait__agent_outgoing *out, size_t len)
{
    if (ROOM - out->end < ENTRY + len && out->first > 0) {
        memmove(out->bytes, out->bytes + out->first, out->end - out->first);
        out->end -= out->first;
        out->first = 0;
    }
    return ROOM - out->end >= ENTRY + len;
}

static void keep(struct strait__agent *a, const struct strait_send *one)
{
    struct strait__agent_outgoing *out = a->outgoing;
    if (out == NULL || one->len > UINT16_MAX || !make_room(out, one->len)) {
        strait__count_sent(a->guest.runtime, one, EAGAIN);
        return;
    }
    uint8_t *entry = out->bytes + out->end;
    entry[0] = (uint8_t)(one->len >> 8);
    entry[1] = (uint8_t)one->len;
    entry[2] = one->dscp;
    entry[3] = one->ecn;
    memcpy(entry + ENTRY, one->data, one->len);
    out->end += ENTRY + one->len;
}

static void keep_train(struct strait__agent *a, const struct strait_send *send, size_t from)
{
    size_t step = send->segment_size > 0 ? send->segment_size : send->len;
    if (a->outgoing == NULL) {
        a->outgoing = strait__alloc(&a->hooks, sizeof *a->outgoing);
        strait__count(&a->guest.runtime->counters.send_would_block, 1);
        if (a->outgoing != NULL) {
            retry_at(a, RETRY_FIRST);
        }
    }
    for (size_t at = from; at < send->len; at += step) {
        struct strait_send one = *send;
        one.data = send->data + at;
        one.len = send->len - at < step ? send->len - at : step;
        one.segment_size = 0;
        keep(a, &one);
    }
}

void strait__agent_send(struct strait__guest *guest, const struct strait_send *send)
{
    struct strait__agent *a = (struct strait__agent *)(void *)guest;
    if (a->gone) {
        strait__count_sent(guest->runtime, send, ECANCELED);
        return;
    }
    size_t done = a->outgoing == NULL ? send_train(a, send) : 0;
    if (done < send->len) {
        keep_train(a, send, done);
    }
}

void strait__agent_send_again(struct strait__agent *a)
{
    struct strait__agent_outgoing *out = a->outgoing;
    while (out != NULL && out->first < out->end) {
        const uint8_t *entry = out->bytes + out->first;
        struct strait_send one = { .path = &a->path,
                                   .data = entry + ENTRY,
                                   .len = (size_t)entry[0] << 8 | entry[1],
                                   .dscp = entry[2],
                                   .ecn = entry[3] };
        if (!a->has_path) {
            strait__count_sent(a->guest.runtime, &one, ECANCELED);
        } else if (send_train(a, &one) < one.len) {
            strait_time after = 2 * a->retry_after;
            retry_at(a, after < RETRY_LAST ? after : RETRY_LAST);
            return;
        }
        out->first += ENTRY + one.len;
    }
    strait__agent_send_none(a);
}

void strait__agent_send_none(struct strait__agent *a)
{
    strait__free(&a->hooks, a->outgoing);
    a->outgoing = NULL;
    a->retry_at = 0;
}
