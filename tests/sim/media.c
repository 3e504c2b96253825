#include "tests/sim/media.h"

#include <string.h>

#include "tests/sim/check.h"
#include "transport/util.h"

void sim_media_rtp(uint8_t packet[SIM_RTP_BYTES], uint32_t ssrc, uint16_t sequence, uint32_t tick)
{
    packet[0] = 0x80; /* RFC 3550, 5.1: version 2 */
    packet[1] = 111;
    strait__put16(packet + 2, sequence);
    strait__put32(packet + 4, tick * 960);
    strait__put32(packet + 8, ssrc);
    for (size_t i = 12; i < SIM_RTP_BYTES; i++) {
        packet[i] = (uint8_t)(i * 7 + sequence * 31u + ssrc);
    }
}

void sim_media_rtcp(uint8_t packet[SIM_RTCP_BYTES], uint32_t ssrc, uint32_t tick)
{
    memset(packet, 0, SIM_RTCP_BYTES);
    packet[0] = 0x80;
    packet[1] = 200; /* RFC 3550, 6.4.1: sender report, 7 words */
    strait__put16(packet + 2, SIM_RTCP_BYTES / 4 - 1);
    strait__put32(packet + 4, ssrc);
    strait__put32(packet + 16, tick * 960);
    strait__put32(packet + 20, tick);
}

static bool is_rtcp(const struct strait_packet *packet)
{
    return packet->len == SIM_RTCP_BYTES && packet->data[1] == 200;
}

void sim_media_count(struct sim_media *media, uint32_t ssrc, const struct strait_packet *packet,
                     strait_time now)
{
    uint8_t wanted[SIM_RTP_BYTES];
    media->first = media->first == 0 ? now : media->first;
    media->last = now;
    media->bytes += packet->len;
    if (is_rtcp(packet)) {
        media->rtcp++;
        sim_media_rtcp(wanted, ssrc, strait__get32(packet->data + 20));
        media->damaged += memcmp(wanted, packet->data, SIM_RTCP_BYTES) != 0;
        return;
    }
    media->rtp++;
    if (packet->len != SIM_RTP_BYTES) {
        media->damaged++;
        return;
    }
    uint16_t sequence = strait__get16(packet->data + 2);
    sim_media_rtp(wanted, ssrc, sequence, strait__get32(packet->data + 4) / 960);
    media->damaged += memcmp(wanted, packet->data, SIM_RTP_BYTES) != 0;
    uint8_t bit = (uint8_t)(1u << (sequence & 7));
    media->repeated += (media->seen[sequence >> 3] & bit) != 0;
    media->seen[sequence >> 3] |= bit;
}
