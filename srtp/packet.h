/* What can be read of an RTP or RTCP packet before it is authenticated. Pure. */
#ifndef STRAIT_SRTP_PACKET_H
#define STRAIT_SRTP_PACKET_H

#include <strait/types.h>

enum {
    STRAIT__RTP_HEADER = 12, /* RFC 3550, 5.1, without CSRCs */
    STRAIT__RTCP_HEADER = 8, /* RFC 3550, 6.4.1: up to the sender's SSRC; never encrypted */
    STRAIT__SRTCP_INDEX = 4, /* RFC 3711, 3.4: E flag and index */
    STRAIT__SRTCP_INDEX_MASK = 0x7fffffff,
};

/* RTP or RTCP, by the payload type where `kind` is AUTO (RFC 5761, section 4). `len` >= 2. */
enum strait_packet_kind strait__packet_kind(enum strait_packet_kind kind, const uint8_t *data,
                                            size_t len);

/* Bytes of the RTP header with CSRCs and extension, all of which lie within `len`; 0 if they do not
 * or if this is no RTP. */
size_t strait__rtp_header_len(const uint8_t *data, size_t len);

/* Whether an RTCP header lies within `len`. */
bool strait__rtcp_fits(const uint8_t *data, size_t len);

/*
 * The packet index i = 2^16 * ROC + SEQ that is closest to the highest one so far (RFC 3711, 3.3.1 and
 * appendix A), chosen just as libsrtp does. 2^48 or more: the key's life is over (9.2).
 */
uint64_t strait__rtp_index(uint64_t highest, uint16_t sequence);

#define STRAIT__RTP_INDEX_END (UINT64_C(1) << 48)

#endif
