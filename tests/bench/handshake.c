#include "tests/bench/handshake.h"

#include <string.h>

enum { PLACES = sizeof((struct wire *)0)->len / sizeof(size_t) };

bool wire_put(struct wire *wire, const void *data, size_t len)
{
    if (wire->count == PLACES || len > sizeof wire->data[0]) {
        return false;
    }
    size_t at = (wire->first + wire->count++) % PLACES;
    memcpy(wire->data[at], data, len);
    wire->len[at] = len;
    return true;
}

size_t wire_take(struct wire *wire, uint8_t **data)
{
    if (wire->count == 0) {
        return 0;
    }
    size_t at = wire->first;
    wire->first = (at + 1) % PLACES;
    wire->count--;
    *data = wire->data[at];
    return wire->len[at];
}

double handshake_rate(unsigned handshakes, uint64_t took)
{
    return (double)handshakes * 1e9 / (double)took;
}
