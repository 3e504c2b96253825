#include "transport/early.h"

#include "transport/util.h"

bool strait__early_put(struct strait__early *early, const struct strait_hooks *hooks,
                       enum strait__protocol protocol, const struct strait_datagram *datagram)
{
    if (early->count == STRAIT__EARLY_MAX || datagram->len > STRAIT__EARLY_BYTES) {
        return false;
    }
    if (early->entries == NULL) {
        early->entries = strait__alloc(hooks, STRAIT__EARLY_MAX * sizeof *early->entries);
    }
    if (early->entries == NULL) {
        return false;
    }
    struct strait__early_entry *entry = &early->entries[early->count++];
    entry->protocol = protocol;
    entry->len = datagram->len;
    entry->from.local = datagram->local;
    entry->from.remote = datagram->remote;
    entry->from.socket = datagram->socket;
    entry->ecn = datagram->ecn;
    entry->dscp = datagram->dscp;
    entry->rx_time = datagram->rx_time;
    memcpy(entry->data, datagram->data, datagram->len);
    return true;
}

struct strait__early_entry *strait__early_take(struct strait__early *early, size_t *count)
{
    struct strait__early_entry *entries = early->entries;
    *count = early->count;
    early->entries = NULL;
    early->count = 0;
    return entries;
}

void strait__early_clear(struct strait__early *early, const struct strait_hooks *hooks)
{
    strait__free(hooks, early->entries);
    early->entries = NULL;
    early->count = 0;
}
