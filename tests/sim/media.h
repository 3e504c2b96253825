/* What peers send to each other, such that any byte that changes is seen. */
#ifndef SIM_MEDIA_H
#define SIM_MEDIA_H

#include "tests/sim/peer.h"

enum { SIM_RTP_BYTES = 12 + 160, SIM_RTCP_BYTES = 28 };

void sim_media_rtp(uint8_t packet[SIM_RTP_BYTES], uint32_t ssrc, uint16_t sequence, uint32_t tick);
void sim_media_rtcp(uint8_t packet[SIM_RTCP_BYTES], uint32_t ssrc, uint32_t tick);

/* Counts a packet of `ssrc`; what differs from what the functions above write is damaged. */
void sim_media_count(struct sim_media *media, uint32_t ssrc, const struct strait_packet *packet,
                     strait_time now);

#endif
