/* Any bytes: the answer is one of the enum's, the same each time, and only the bytes given are read
 * (AddressSanitizer sees the allocation's end). */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "transport/demux.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    if (copy == NULL) {
        return 0;
    }
    memcpy(copy, data, size);
    enum strait__protocol protocol = strait__demux(copy, size);
    if (protocol < STRAIT__DROP || protocol > STRAIT__QUIC ||
        (size == 0 && protocol != STRAIT__DROP) || (protocol == STRAIT__STUN && size < 20) ||
        (protocol == STRAIT__RTP && size < 12) || strait__demux(copy, size) != protocol) {
        abort();
    }
    free(copy);
    return 0;
}
