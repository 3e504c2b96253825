#include "transport/dtls/reassemble.h"

static uint8_t *message_of(const struct strait__reassembly *r)
{
    return r->buffer + STRAIT__REASSEMBLY_HEADROOM;
}

static bool begin(struct strait__reassembly *r, const struct strait_hooks *hooks,
                  const struct strait__handshake *fragment)
{
    strait__reassembly_reset(r, hooks);
    r->buffer = strait__alloc(hooks, STRAIT__REASSEMBLY_HEADROOM + fragment->length);
    if (r->buffer == NULL) {
        return false;
    }
    r->type = fragment->type;
    r->message_seq = fragment->message_seq;
    r->length = fragment->length;
    return true;
}

/* Another message than the one that is being put together, or other bytes where some are known. */
static bool contradicts(const struct strait__reassembly *r, const struct strait__handshake *f)
{
    if (f->type != r->type || f->message_seq != r->message_seq || f->length != r->length) {
        return true;
    }
    for (size_t i = 0; i < r->n_ranges; i++) {
        uint32_t from = r->ranges[i].from > f->offset ? r->ranges[i].from : f->offset;
        uint32_t end = f->offset + f->fragment_len;
        uint32_t to = r->ranges[i].to < end ? r->ranges[i].to : end;
        if (from < to &&
            memcmp(message_of(r) + from, f->fragment + (from - f->offset), to - from) != 0) {
            return true;
        }
    }
    return false;
}

/* Unites [from, to) with the ranges. False where it is known already or there is no room for it. */
static bool insert(struct strait__reassembly *r, uint32_t from, uint32_t to)
{
    size_t first = 0;
    while (first < r->n_ranges && r->ranges[first].to < from) {
        first++;
    }
    size_t last = first; /* one past the ranges that touch it */
    while (last < r->n_ranges && r->ranges[last].from <= to) {
        last++;
    }
    if (last == first) {
        if (r->n_ranges == STRAIT__REASSEMBLY_RANGES) {
            return false;
        }
        memmove(&r->ranges[first + 1], &r->ranges[first],
                (r->n_ranges - first) * sizeof r->ranges[0]);
        r->n_ranges++;
    } else {
        if (r->ranges[first].from <= from && to <= r->ranges[first].to) {
            return false;
        }
        from = r->ranges[first].from < from ? r->ranges[first].from : from;
        to = r->ranges[last - 1].to > to ? r->ranges[last - 1].to : to;
        memmove(&r->ranges[first + 1], &r->ranges[last],
                (r->n_ranges - last) * sizeof r->ranges[0]);
        r->n_ranges -= last - first - 1;
    }
    r->ranges[first].from = from;
    r->ranges[first].to = to;
    return true;
}

enum strait__reassembled strait__reassembly_add(struct strait__reassembly *reassembly,
                                                const struct strait_hooks *hooks,
                                                const struct strait__handshake *fragment)
{
    enum strait__reassembled result = STRAIT__REASSEMBLED_TAKEN;
    if (fragment->length > STRAIT__HELLO_MAX || fragment->length == 0 ||
        fragment->fragment_len == 0) {
        return STRAIT__REASSEMBLED_DROPPED;
    }
    bool replaces = reassembly->buffer != NULL && contradicts(reassembly, fragment);
    if (reassembly->buffer == NULL || replaces) {
        if (!begin(reassembly, hooks, fragment)) {
            return STRAIT__REASSEMBLED_NOMEM;
        }
        result = replaces ? STRAIT__REASSEMBLED_REPLACED : result;
    }
    uint32_t end = fragment->offset + fragment->fragment_len;
    if (insert(reassembly, fragment->offset, end)) {
        memcpy(message_of(reassembly) + fragment->offset, fragment->fragment,
               fragment->fragment_len);
        reassembly->fragments++;
    } else if (reassembly->n_ranges == STRAIT__REASSEMBLY_RANGES) {
        return STRAIT__REASSEMBLED_DROPPED;
    }
    return result;
}

bool strait__reassembly_whole(const struct strait__reassembly *reassembly)
{
    return reassembly->buffer != NULL && reassembly->n_ranges == 1 &&
           reassembly->ranges[0].from == 0 && reassembly->ranges[0].to == reassembly->length;
}

void strait__reassembly_reset(struct strait__reassembly *reassembly,
                              const struct strait_hooks *hooks)
{
    strait__free(hooks, reassembly->buffer);
    *reassembly = (struct strait__reassembly){ .buffer = NULL };
}
