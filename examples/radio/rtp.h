/* RTP headers and RTCP packets (RFC 3550), written and read as bytes: no clock, no state. */
#ifndef RADIO_RTP_H
#define RADIO_RTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <strait/types.h>
#include <time.h>

#define RTP_HEADER_LEN 12u
/* A compound packet of ours: sender report, SDES with a CNAME of at most 64 bytes, BYE. */
#define RTCP_MAX_COMPOUND 128u
#define RTCP_MAX_CNAME 64u

struct rtp_header {
    uint8_t payload_type;
    bool marker; /* the first packet after silence (RFC 3551, section 4.1) */
    uint16_t sequence;
    uint32_t timestamp;
    uint32_t ssrc;
};

void rtp_write_header(uint8_t out[RTP_HEADER_LEN], const struct rtp_header *header);

/* What a sender report says: at `ntp` on the wall clock the RTP clock stood at `timestamp`. */
struct rtcp_sender {
    uint32_t ssrc;
    uint64_t ntp; /* 32.32 seconds since 1900 */
    uint32_t timestamp;
    uint32_t packets;
    uint32_t octets; /* of payload */
    const char *cname;
    bool bye;
};

/* Writes SR, SDES and, where asked for, BYE; returns the length. */
size_t rtcp_write(uint8_t out[RTCP_MAX_COMPOUND], const struct rtcp_sender *sender);

/* A report block (section 6.4.1): how the receiver gets one of our streams. */
struct rtcp_reception {
    uint8_t fraction_lost;   /* of 256, since its last report */
    int32_t cumulative_lost; /* 24 bits, may be negative: duplicates */
    uint32_t highest_sequence;
    uint32_t jitter;           /* in RTP clock units */
    uint32_t last_report;      /* middle 32 bits of our sender report's NTP time; 0: none came */
    uint32_t delay_since_last; /* in 1/65536 s */
};

/*
 * Walks through a compound packet and reads the last block that is about `ssrc`. False where there is
 * none; a packet that is cut short or no RTCP is read as far as it makes sense.
 */
bool rtcp_read_reception(const uint8_t *data, size_t len, uint32_t ssrc,
                         struct rtcp_reception *out);

/* Round trip in ns from a block that came at `ntp` (section 6.4.1), or 0 where it says nothing. */
strait_time rtcp_round_trip(const struct rtcp_reception *reception, uint64_t ntp);

/* 32.32 seconds since 1900 of a CLOCK_REALTIME time. */
uint64_t rtcp_ntp(const struct timespec *realtime);

/* Time to the next report: 5 s spread over 0.5 to 1.5 and scaled (section 6.3.1); `random` any. */
strait_time rtcp_interval(uint32_t random);

#endif
