#include "srtp/packet.h"

#include "transport/util.h"

enum { VERSION_MASK = 0xc0, VERSION_2 = 0x80, EXTENSION = 0x10, CSRC_COUNT = 0x0f };

enum strait_packet_kind strait__packet_kind(enum strait_packet_kind kind, const uint8_t *data,
                                            size_t len)
{
    if (kind != STRAIT_PACKET_AUTO) {
        return kind;
    }
    /* RFC 5761, section 4: RTCP's packet types are 192..223; RTP's marker and payload types 64..95 would
     * look the same and are not used. */
    bool rtcp = len >= 2 && data[1] >= 192 && data[1] <= 223;
    return rtcp ? STRAIT_PACKET_RTCP : STRAIT_PACKET_RTP;
}

size_t strait__rtp_header_len(const uint8_t *data, size_t len)
{
    if (len < STRAIT__RTP_HEADER || (data[0] & VERSION_MASK) != VERSION_2) {
        return 0;
    }
    size_t header = STRAIT__RTP_HEADER + 4 * (size_t)(data[0] & CSRC_COUNT);
    if ((data[0] & EXTENSION) != 0) {
        /* RFC 3550, 5.3.1: its length counts words after the first one. */
        if (len < header + 4) {
            return 0;
        }
        header += 4 + 4 * (size_t)strait__get16(data + header + 2);
    }
    return header <= len ? header : 0;
}

bool strait__rtcp_fits(const uint8_t *data, size_t len)
{
    return len >= STRAIT__RTCP_HEADER && (data[0] & VERSION_MASK) == VERSION_2;
}

uint64_t strait__rtp_index(uint64_t highest, uint16_t sequence)
{
    const int32_t half = 0x8000;
    uint64_t roc = highest >> 16;
    int32_t ahead = (int32_t)sequence - (int32_t)(highest & 0xffff);
    if (highest <= (uint64_t)half) {
        /* There is no ROC before 0. */
        return sequence;
    }
    if (ahead > half && (highest & 0xffff) < (uint64_t)half) {
        roc--;
    } else if (ahead < -half && (highest & 0xffff) >= (uint64_t)half) {
        roc++;
    }
    return roc << 16 | sequence;
}
