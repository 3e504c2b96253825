#include "transport/demux.h"

#include "transport/util.h"

enum {
    STUN_HEADER = 20,         /* RFC 8489, 5 */
    STUN_COOKIE = 0x2112a442, /* RFC 8489, 5 */
    DTLS_HEADER = 13,         /* RFC 6347, 4.1 */
    DTLS13_SHORTEST = 2 + 16, /* RFC 9147, 4: the shortest unified header, 16 bytes of ciphertext */
    RTP_HEADER = 12,          /* RFC 3550, 5.1 */
    RTCP_HEADER = 8           /* RFC 3550, 6.4: header and sender's SSRC */
};

static enum strait__protocol stun(const uint8_t *data, size_t len)
{
    /* RFC 8489, 6.3: the cookie tells STUN from what else begins with two zero bits. */
    return len >= STUN_HEADER && strait__get32(data + 4) == STUN_COOKIE ? STRAIT__STUN
                                                                        : STRAIT__DROP;
}

static enum strait__protocol dtls(const uint8_t *data, size_t len)
{
    /* RFC 9147, 4.1: 32..63 are ciphertext with a unified header, the rest has the long one. */
    size_t least = data[0] >= 32 ? DTLS13_SHORTEST : DTLS_HEADER;
    return len >= least ? STRAIT__DTLS : STRAIT__DROP;
}

static enum strait__protocol rtp(const uint8_t *data, size_t len)
{
    /* RFC 5761, 4: RTCP's packet types are 192..223, that is payload types 64..95 with any marker. */
    if (len >= RTCP_HEADER && data[1] >= 192 && data[1] <= 223) {
        return STRAIT__RTCP;
    }
    return len >= RTP_HEADER ? STRAIT__RTP : STRAIT__DROP;
}

enum strait__protocol strait__demux(const uint8_t *data, size_t len)
{
    if (len == 0) {
        return STRAIT__DROP;
    }
    /* RFC 7983, 7, with RFC 9443, 3. 64..79 are TURN channels when they come from a TURN server: no
     * such server talks to these sockets, so they are QUIC's. */
    uint8_t b = data[0];
    if (b <= 3) {
        return stun(data, len);
    }
    if (b >= 20 && b <= 63) {
        return dtls(data, len);
    }
    if (b >= 128 && b <= 191) {
        return rtp(data, len);
    }
    return b >= 64 ? STRAIT__QUIC : STRAIT__DROP;
}
