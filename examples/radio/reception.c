#include "reception.h"

#include <string.h>

#include "bytes.h"

#define RATE 48000u
#define MAX_CNAME 64u

enum { RTCP_SR = 200, RTCP_RR = 201, RTCP_SDES = 202, SDES_CNAME = 1 };

bool rtp_read(struct rtp_packet *out, const uint8_t *data, size_t len)
{
    size_t at = 12;

    if (len < at || data[0] >> 6 != 2) {
        return false;
    }
    at += 4 * (size_t)(data[0] & 0x0f);
    if (data[0] & 0x10) {
        if (at + 4 > len) {
            return false;
        }
        at += 4 + 4 * (size_t)get16(data + at + 2);
    }
    if (at > len) {
        return false;
    }
    if (data[0] & 0x20) {
        const size_t padding = data[len - 1];

        if (padding == 0 || padding > len - at) {
            return false;
        }
        len -= padding;
    }
    *out = (struct rtp_packet){
        .payload_type = data[1] & 0x7f,
        .sequence = (uint16_t)get16(data + 2),
        .timestamp = get32(data + 4),
        .ssrc = get32(data + 8),
        .payload = data + at,
        .payload_len = len - at,
    };
    return true;
}

/* Interarrival jitter (section 6.4.1). */
static void count_jitter(struct reception *reception, uint32_t timestamp, strait_time now)
{
    const uint32_t arrival = (uint32_t)(now / STRAIT_S * RATE + now % STRAIT_S * RATE / STRAIT_S);
    const uint32_t transit = arrival - timestamp;
    const int32_t change = (int32_t)(transit - reception->transit);

    if (reception->received > 1) {
        reception->jitter += ((change < 0 ? -(double)change : change) - reception->jitter) / 16;
    }
    reception->transit = transit;
}

void reception_packet(struct reception *reception, const struct rtp_packet *packet, strait_time now)
{
    if (!reception->any || reception->ssrc != packet->ssrc) {
        *reception = (struct reception){
            .ssrc = packet->ssrc, .any = true, .base = packet->sequence, .highest = packet->sequence
        };
    }
    const int16_t ahead = (int16_t)(packet->sequence - (uint16_t)reception->highest);

    if (ahead > 0) {
        reception->highest += (uint16_t)ahead;
    }
    reception->received++;
    reception->octets += packet->payload_len;
    count_jitter(reception, packet->timestamp, now);
}

void reception_rtcp(struct reception *reception, const uint8_t *data, size_t len, strait_time now)
{
    while (len >= 8 && data[0] >> 6 == 2) {
        const size_t packet = 4 * ((size_t)get16(data + 2) + 1);

        if (packet > len) {
            return;
        }
        if (data[1] == RTCP_SR && packet >= 28 && get32(data + 4) == reception->ssrc) {
            reception->sender_report = get32(data + 10);
            reception->sender_report_came = now;
        }
        data += packet;
        len -= packet;
    }
}

static uint32_t expected(const struct reception *reception)
{
    return reception->any ? reception->highest - reception->base + 1 : 0;
}

int64_t reception_lost(const struct reception *reception)
{
    return (int64_t)expected(reception) - reception->received;
}

/* 24 bits with a sign, clamped (section 6.4.1). */
static uint32_t cumulative(int64_t lost)
{
    if (lost > 0x7fffff) {
        lost = 0x7fffff;
    }
    if (lost < -0x800000) {
        lost = -0x800000;
    }
    return (uint32_t)lost & 0xffffff;
}

static void write_block(struct reception *reception, strait_time now, uint8_t p[24])
{
    const uint32_t interval = expected(reception) - reception->expected_before;
    const int64_t lost = (int64_t)interval - (reception->received - reception->received_before);
    const strait_time since = now - reception->sender_report_came;
    const bool reported = reception->sender_report != 0;

    put32(p, reception->ssrc);
    put32(p + 4, cumulative(reception_lost(reception)));
    p[4] = (uint8_t)(interval == 0 || lost <= 0 ? 0 : lost * 255 / interval);
    put32(p + 8, reception->highest);
    put32(p + 12, (uint32_t)reception->jitter);
    put32(p + 16, reception->sender_report);
    put32(p + 20, reported ? (uint32_t)(since / STRAIT_US * 65536 / 1000000) : 0);
    reception->expected_before = expected(reception);
    reception->received_before = reception->received;
}

size_t reception_report(struct reception *reception, uint32_t ssrc, const char *cname,
                        strait_time now, uint8_t out[RECEPTION_MAX_REPORT])
{
    const size_t report = reception->any ? 32 : 8;
    const size_t text = strnlen(cname, MAX_CNAME);
    /* At least one zero ends the chunk, which is a multiple of 4 (section 6.5). */
    const size_t sdes = (8 + 2 + text + 1 + 3) & ~(size_t)3;

    memset(out, 0, report + sdes);
    out[0] = (uint8_t)(0x80 | (reception->any ? 1 : 0));
    out[1] = RTCP_RR;
    put16(out + 2, (uint32_t)(report / 4 - 1));
    put32(out + 4, ssrc);
    if (reception->any) {
        write_block(reception, now, out + 8);
    }
    out[report] = 0x81;
    out[report + 1] = RTCP_SDES;
    put16(out + report + 2, (uint32_t)(sdes / 4 - 1));
    put32(out + report + 4, ssrc);
    out[report + 8] = SDES_CNAME;
    out[report + 9] = (uint8_t)text;
    memcpy(out + report + 10, cname, text);
    return report + sdes;
}
