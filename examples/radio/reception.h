/* What a receiver counts of a stream and says of it in its reports (RFC 3550, appendix A.3 and A.8). */
#ifndef RADIO_RECEPTION_H
#define RADIO_RECEPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <strait/types.h>

#define RECEPTION_MAX_REPORT 160u

/* An RTP packet that came. */
struct rtp_packet {
    uint8_t payload_type;
    uint16_t sequence;
    uint32_t timestamp;
    uint32_t ssrc;
    const uint8_t *payload; /* without header, CSRCs, extension and padding */
    size_t payload_len;
};

/* False for what is cut short or no RTP. */
bool rtp_read(struct rtp_packet *out, const uint8_t *data, size_t len);

struct reception {
    uint32_t ssrc;
    bool any;               /* a packet has come */
    uint32_t base, highest; /* sequence numbers, extended by their wraps */
    uint32_t received;
    uint64_t octets;                           /* of payload */
    uint32_t expected_before, received_before; /* at the last report */
    uint32_t transit;                          /* of the last packet, in RTP's clock */
    double jitter;                             /* the same */
    uint32_t sender_report;                    /* middle 32 bits of its NTP time; 0: none came */
    strait_time sender_report_came;
};

void reception_packet(struct reception *reception, const struct rtp_packet *packet,
                      strait_time now);

/* Looks for the sender's report in a compound RTCP packet. */
void reception_rtcp(struct reception *reception, const uint8_t *data, size_t len, strait_time now);

/* Packets that were expected and did not come; negative with duplicates. */
int64_t reception_lost(const struct reception *reception);

/* Writes a receiver report from `ssrc` with SDES; returns the length. */
size_t reception_report(struct reception *reception, uint32_t ssrc, const char *cname,
                        strait_time now, uint8_t out[RECEPTION_MAX_REPORT]);

#endif
