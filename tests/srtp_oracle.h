/* The packets that stock libsrtp and strait both protect, in this order. */
#ifndef TESTS_SRTP_ORACLE_H
#define TESTS_SRTP_ORACLE_H

#include "tests/srtp_pair.h"

enum { ORACLE_PACKETS = 120 };

static inline void oracle_packet(unsigned n, struct bytes *packet)
{
    uint32_t ssrc = 0x1000u + n % 3;
    if (n % 5 == 4) {
        rtcp_make(packet, ssrc, n * 12u);
    } else {
        rtp_make_long(packet, ssrc, (uint16_t)(65500 + n), n * 11u, n % 7, (int)(n % 4) - 1);
    }
}

static inline bool oracle_packet_is_rtcp(unsigned n)
{
    return n % 5 == 4;
}

#endif
