#include "transport/dtls/flight.h"

#include "transport/util.h"

int strait__flight_init(struct strait__flight *flight, const struct strait_hooks *hooks, size_t mtu,
                        void (*send)(void *user, const uint8_t *data, size_t len), void *user)
{
    *flight = (struct strait__flight){ .send = send, .user = user };
    return strait__flight_set_mtu(flight, hooks, mtu);
}

int strait__flight_set_mtu(struct strait__flight *flight, const struct strait_hooks *hooks,
                           size_t mtu)
{
    if (mtu > flight->room) {
        uint8_t *buffer = strait__alloc(hooks, mtu);
        if (buffer == NULL) {
            return STRAIT_E_NOMEM;
        }
        if (flight->len > 0) {
            memcpy(buffer, flight->buffer, flight->len);
        }
        strait__free(hooks, flight->buffer);
        flight->buffer = buffer;
        flight->room = mtu;
    }
    flight->mtu = mtu;
    return STRAIT_OK;
}

void strait__flight_finish(struct strait__flight *flight, const struct strait_hooks *hooks)
{
    strait__free(hooks, flight->buffer);
    *flight = (struct strait__flight){ .buffer = NULL };
}

static void hand_out(struct strait__flight *flight, const uint8_t *data, size_t len)
{
    flight->longest = len > flight->longest ? len : flight->longest;
    flight->send(flight->user, data, len);
}

size_t strait__flight_room(const struct strait__flight *flight)
{
    /* The MTU may have become smaller meanwhile. */
    return flight->len < flight->mtu ? flight->mtu - flight->len : 0;
}

void strait__flight_add(struct strait__flight *flight, const uint8_t *record, size_t len)
{
    if (len > strait__flight_room(flight)) {
        strait__flight_flush(flight);
    }
    if (len > flight->mtu) {
        hand_out(flight, record, len);
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
        hand_out(flight, flight->buffer, len);
    }
}
