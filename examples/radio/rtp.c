#include "rtp.h"

#include <string.h>

#include "bytes.h"

enum {
    RTCP_SR = 200,
    RTCP_RR = 201,
    RTCP_SDES = 202,
    RTCP_BYE = 203,
    SDES_CNAME = 1,
    SENDER_INFO = 20, /* bytes between the SSRC and the report blocks of a sender report */
    REPORT_BLOCK = 24,
};

void rtp_write_header(uint8_t out[RTP_HEADER_LEN], const struct rtp_header *header)
{
    out[0] = 0x80; /* version 2, no padding, extension or CSRC */
    out[1] = (uint8_t)((header->marker ? 0x80 : 0) | (header->payload_type & 0x7f));
    put16(out + 2, header->sequence);
    put32(out + 4, header->timestamp);
    put32(out + 8, header->ssrc);
}

/* Header of an RTCP packet of `len` bytes, a multiple of 4; count: of blocks or chunks. */
static void write_header(uint8_t *p, uint8_t count, uint8_t type, size_t len)
{
    p[0] = (uint8_t)(0x80 | count);
    p[1] = type;
    put16(p + 2, (uint32_t)(len / 4 - 1));
}

static size_t write_sender_report(uint8_t *p, const struct rtcp_sender *sender)
{
    const size_t len = 8 + SENDER_INFO;

    write_header(p, 0, RTCP_SR, len);
    put32(p + 4, sender->ssrc);
    put32(p + 8, (uint32_t)(sender->ntp >> 32));
    put32(p + 12, (uint32_t)sender->ntp);
    put32(p + 16, sender->timestamp);
    put32(p + 20, sender->packets);
    put32(p + 24, sender->octets);
    return len;
}

static size_t write_cname(uint8_t *p, const struct rtcp_sender *sender)
{
    const size_t text = strnlen(sender->cname, RTCP_MAX_CNAME);
    /* At least one zero ends the chunk, which is a multiple of 4 (section 6.5). */
    const size_t len = (8 + 2 + text + 1 + 3) & ~(size_t)3;

    memset(p, 0, len);
    write_header(p, 1, RTCP_SDES, len);
    put32(p + 4, sender->ssrc);
    p[8] = SDES_CNAME;
    p[9] = (uint8_t)text;
    memcpy(p + 10, sender->cname, text);
    return len;
}

size_t rtcp_write(uint8_t out[RTCP_MAX_COMPOUND], const struct rtcp_sender *sender)
{
    size_t len = write_sender_report(out, sender);

    len += write_cname(out + len, sender);
    if (sender->bye) {
        write_header(out + len, 1, RTCP_BYE, 8);
        put32(out + len + 4, sender->ssrc);
        len += 8;
    }
    return len;
}

static void read_block(const uint8_t *p, struct rtcp_reception *out)
{
    const uint32_t lost = get32(p + 4) & 0xffffff;

    *out = (struct rtcp_reception){
        .fraction_lost = p[4],
        .cumulative_lost = lost & 0x800000 ? (int32_t)lost - 0x1000000 : (int32_t)lost,
        .highest_sequence = get32(p + 8),
        .jitter = get32(p + 12),
        .last_report = get32(p + 16),
        .delay_since_last = get32(p + 20),
    };
}

bool rtcp_read_reception(const uint8_t *data, size_t len, uint32_t ssrc, struct rtcp_reception *out)
{
    bool found = false;

    while (len >= 8 && data[0] >> 6 == 2) {
        const size_t packet = 4 * ((size_t)get16(data + 2) + 1);
        size_t at = data[1] == RTCP_SR ? 8 + SENDER_INFO : 8;
        unsigned blocks = data[1] == RTCP_SR || data[1] == RTCP_RR ? data[0] & 0x1f : 0;

        if (packet > len) {
            break;
        }
        for (; blocks > 0 && at + REPORT_BLOCK <= packet; blocks--, at += REPORT_BLOCK) {
            if (get32(data + at) == ssrc) {
                read_block(data + at, out);
                found = true;
            }
        }
        data += packet;
        len -= packet;
    }
    return found;
}

strait_time rtcp_round_trip(const struct rtcp_reception *reception, uint64_t ntp)
{
    const uint32_t now = (uint32_t)(ntp >> 16);
    const uint32_t trip = now - reception->last_report - reception->delay_since_last;

    /* A clock that was set in between gives nonsense: a trip of over a minute is none. */
    if (reception->last_report == 0 || trip > 60 * UINT32_C(65536)) {
        return 0;
    }
    return (strait_time)trip * STRAIT_S / 65536;
}

uint64_t rtcp_ntp(const struct timespec *realtime)
{
    const uint64_t seconds = (uint64_t)realtime->tv_sec + UINT64_C(2208988800); /* 1900 to 1970 */

    return seconds << 32 | ((uint64_t)realtime->tv_nsec << 32) / STRAIT_S;
}

strait_time rtcp_interval(uint32_t random)
{
    /* e - 3/2 makes good for the timer reconsideration of section 6.3.1. */
    const double spread = 0.5 + (double)random / 4294967296.0;

    return (strait_time)(5.0 * spread / 1.21828 * (double)STRAIT_S);
}
