#include "transport/dtls/flight.h"

#include "transport/util.h"

int strait__flight_init(struct strait__flight *flight, const struct strait_hooks *hooks, size_t mtu,
                        void (*send)(void *user, const uint8_t *data, size_t len), void *user)
{
    *flight = (struct strait__flight){ .mtu = mtu, .send = send, .user = user };
    flight->buffer = strait__alloc(hooks, mtu);
    return flight->buffer != NULL ? STRAIT_OK : STRAIT_E_NOMEM;
}

void strait__flight_finish(struct strait__flight *flight, const struct strait_hooks *hooks)
{
    strait__free(hooks, flight->buffer);
    *flight = (struct strait__flight){ .buffer = NULL };
}

void strait__flight_add(struct strait__flight *flight, const uint8_t *record, size_t len)
{
    if (len > flight->mtu - flight->len) {
        strait__flight_flush(flight);
    }
    if (len > flight->mtu) {
        flight->send(flight->user, record, len);
        return;
    }
    memcpy(flight->buffer + flight->len, record, len);
    flight->len += len;
}

void strait__flight_flush(struct strait__flight *flight)
{
    size_t len = flight->len;
    flight->len = 0;
    if (len > 0) {
        flight->send(flight->user, flight->buffer, len);
    }
}
