/* Whose is a datagram? A pure function of its first bytes and its length. */
#ifndef STRAIT_TRANSPORT_DEMUX_H
#define STRAIT_TRANSPORT_DEMUX_H

#include <stddef.h>
#include <stdint.h>

enum strait__protocol {
    STRAIT__DROP = 0,
    STRAIT__STUN,
    STRAIT__DTLS,
    STRAIT__RTP,
    STRAIT__RTCP,
    STRAIT__QUIC
};

enum strait__protocol strait__demux(const uint8_t *data, size_t len);

#endif
