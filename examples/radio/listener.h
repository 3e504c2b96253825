/* One listener: where its stream of packets stands, and what it reports. */
#ifndef RADIO_LISTENER_H
#define RADIO_LISTENER_H

#include <strait/strait.h>

#include "offer.h"
#include "peer.h"
#include "rtp.h"

/* RTP header, payload and what protection adds. */
#define LISTENER_PACKET_ROOM (RTP_HEADER_LEN + 1276u + STRAIT_TAILROOM)

/*
 * Who has given no sign of life for so long, neither a check nor a report, gets nothing until he does. That
 * is stricter than consent (30 s) wants it: datagrams for machines that are gone from a local network wait
 * in the kernel, in the one socket's buffer, for an address that nobody resolves, and a few such
 * listeners would hold up all others. Two checks (RFC 7675 spaces them up to 6 s) and the reports of that
 * time would all have to be lost before somebody who is there is taken for absent.
 */
#define LISTENER_ABSENT (12 * STRAIT_S)

/* What all listeners have in common. */
struct listener_setup {
    struct peer_setup peer;
    uint32_t ssrc;
    const char *cname;
};

struct listener {
    struct peer peer; /* first */
    struct listener *next;
    const struct listener_setup *setup;

    uint16_t sequence; /* of the next packet */
    bool silent;       /* the next packet is the first one, or comes after a gap */
    uint64_t packets, octets;
    strait_time first_sent; /* 0: not yet */
    strait_time report_due;
    struct rtcp_reception reception;
    bool has_reception;
    strait_time heard_of;   /* when its last RTCP came; 0: never */
    strait_time round_trip; /* 0: not known */
};

/* A packet for everybody: the payload stands once at data + RTP_HEADER_LEN; each listener writes its
 * own header before it. */
struct listener_frame {
    uint8_t *data;
    size_t payload_len;
    uint32_t timestamp;
    bool after_gap;
    strait_time now;
};

/* Makes the transport and gives it what the offer says. `setup` must outlive the listener. 0 or a
 * strait_error. */
int listener_create(struct listener **out, const struct listener_setup *setup,
                    const struct offer *offer, uint32_t number, const char *address,
                    strait_time now);

/* NULL is fine. */
void listener_destroy(struct listener *listener);

/* Sends a frame if the listener is on the air. */
void listener_send(struct listener *listener, const struct listener_frame *frame);

/* Sends a sender report if one is due; `timestamp` is the RTP clock at `now`. */
void listener_report(struct listener *listener, uint32_t timestamp, strait_time now);

/* Says goodbye (BYE, close_notify) and ends. `reason` is a sentence for people. */
void listener_end(struct listener *listener, uint32_t timestamp, int error, const char *reason,
                  strait_time now);

#endif
