#include "tests/fake_endpoint.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "transport/address.h"

struct strait_endpoint *fake_create(bool echo)
{
    struct strait_endpoint *endpoint = calloc(1, sizeof *endpoint);
    assert(endpoint != NULL);
    endpoint->echo = echo;
    endpoint->deadline = STRAIT_TIME_NEVER;
    endpoint->bytes = malloc(FAKE_BYTES);
    assert(endpoint->bytes != NULL);
    return endpoint;
}

void fake_destroy(struct strait_endpoint *endpoint)
{
    if (endpoint != NULL) {
        free(endpoint->bytes);
        free(endpoint);
    }
}

static struct strait_send *queue(struct strait_endpoint *endpoint, const struct strait_path *path,
                                 const void *data, size_t len, uint16_t segment_size)
{
    if (endpoint->first == endpoint->last_send) {
        endpoint->first = endpoint->last_send = endpoint->used = 0;
    }
    assert(endpoint->last_send < FAKE_SENDS && endpoint->used + len <= FAKE_BYTES);
    size_t i = endpoint->last_send++;
    uint8_t *copy = endpoint->bytes + endpoint->used;
    memcpy(copy, data, len);
    endpoint->used += len;
    endpoint->paths[i] = *path;
    endpoint->sends[i] = (struct strait_send){
        .path = &endpoint->paths[i], .data = copy, .len = len, .segment_size = segment_size
    };
    endpoint->shown = 0;
    return &endpoint->sends[i];
}

void fake_queue(struct strait_endpoint *endpoint, const struct strait_path *path, const void *data,
                size_t len, uint16_t segment_size)
{
    queue(endpoint, path, data, len, segment_size);
}

size_t fake_waiting(const struct strait_endpoint *endpoint)
{
    return endpoint->last_send - endpoint->first;
}

static void take(struct strait_endpoint *endpoint, struct strait_datagram *datagram)
{
    assert(datagram->room >= datagram->len);
    assert(strait__address_len(&datagram->local) > 0);
    assert(datagram->local.ss_family == datagram->remote.ss_family);
    endpoint->received++;
    endpoint->received_bytes += datagram->len;
    endpoint->last = *datagram;
    endpoint->last.data = NULL;
    if (endpoint->on_datagram != NULL) {
        endpoint->on_datagram(endpoint, datagram);
    }
    if (endpoint->echo) {
        const struct strait_path path = { datagram->local, datagram->remote, datagram->socket };
        struct strait_send *send = queue(endpoint, &path, datagram->data, datagram->len, 0);
        send->ecn = datagram->ecn;
        send->dscp = datagram->dscp;
    }
    /* The room is ours: no other datagram's bytes may be in there. */
    size_t room = datagram->room < datagram->len + 64 ? datagram->room : datagram->len + 64;
    memset(datagram->data, 0xEE, room);
}

int strait_endpoint_receive(struct strait_endpoint *endpoint, strait_time now,
                            struct strait_datagram *datagrams, size_t n)
{
    assert(n > 0 && now >= endpoint->now);
    endpoint->now = now;
    endpoint->receive_calls++;
    for (size_t i = 0; i < n; i++) {
        assert(datagrams[i].rx_time != 0 && datagrams[i].rx_time <= now);
        take(endpoint, &datagrams[i]);
    }
    return STRAIT_OK;
}

void strait_endpoint_advance(struct strait_endpoint *endpoint, strait_time now)
{
    assert(now >= endpoint->now);
    endpoint->now = now;
    endpoint->advance_calls++;
    if (endpoint->on_advance != NULL) {
        endpoint->on_advance(endpoint, now);
    } else {
        endpoint->deadline = STRAIT_TIME_NEVER;
    }
}

strait_time strait_endpoint_deadline(const struct strait_endpoint *endpoint)
{
    return endpoint->deadline;
}

size_t strait_endpoint_pending(struct strait_endpoint *endpoint, struct strait_send *out,
                               size_t max)
{
    size_t n = fake_waiting(endpoint);
    n = n < max ? n : max;
    memcpy(out, &endpoint->sends[endpoint->first], n * sizeof *out);
    endpoint->shown = n;
    return n;
}

void strait_endpoint_sent(struct strait_endpoint *endpoint, size_t n)
{
    assert(n <= endpoint->shown);
    endpoint->first += n;
    endpoint->shown = 0;
}

int strait__endpoint_add_local(struct strait_endpoint *endpoint, uint32_t socket,
                               const struct sockaddr_storage *address, const char *interface)
{
    (void)interface;
    if (endpoint->add_local_result != STRAIT_OK) {
        return endpoint->add_local_result;
    }
    if (endpoint->n_locals == FAKE_LOCALS) {
        return STRAIT_E_LIMIT;
    }
    endpoint->locals[endpoint->n_locals].socket = socket;
    endpoint->locals[endpoint->n_locals++].address = *address;
    return STRAIT_OK;
}
