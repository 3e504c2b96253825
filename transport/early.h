/*
 * Datagrams from a validated 5-tuple that came before they could be used: DTLS before our role is known,
 * SRTP before there are keys. Bounded; its memory exists only while something waits.
 */
#ifndef STRAIT_TRANSPORT_EARLY_H
#define STRAIT_TRANSPORT_EARLY_H

#include "transport/demux.h"
#include "transport/endpoint.h"

struct strait__early_entry {
    enum strait__protocol protocol;
    size_t len;
    struct strait_path from;
    uint8_t ecn, dscp;
    strait_time rx_time;
    uint8_t data[STRAIT__EARLY_BYTES];
};

struct strait__early {
    struct strait__early_entry *entries;
    size_t count;
};

/* False: full, too long, or no memory. */
bool strait__early_put(struct strait__early *early, const struct strait_hooks *hooks,
                       enum strait__protocol protocol, const struct strait_datagram *datagram);

/* Takes all of them out: the caller walks them and then frees them with strait__free. */
struct strait__early_entry *strait__early_take(struct strait__early *early, size_t *count);

void strait__early_clear(struct strait__early *early, const struct strait_hooks *hooks);

#endif
