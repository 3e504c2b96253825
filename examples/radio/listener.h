/* One listener: its transport, where its stream of packets stands, and what it reports. */
#ifndef RADIO_LISTENER_H
#define RADIO_LISTENER_H

#include <strait/strait.h>

#include "offer.h"
#include "rtp.h"
#include "wish.h"

/* RTP header, payload and what protection adds. */
#define LISTENER_PACKET_ROOM (RTP_HEADER_LEN + 1276u + STRAIT_TAILROOM)

/* What all listeners have in common. */
struct listener_setup {
    struct strait_runtime *runtime; /* its clock */
    struct strait_endpoint *endpoint;
    struct strait_certificate *certificate;
    const struct strait_fingerprint *expect; /* instead of the offer's; NULL: the offer's */
    uint32_t ssrc;
    const char *cname;
};

enum listener_state {
    LISTENER_JOINING, /* ICE and DTLS are under way */
    LISTENER_ON_AIR,
    LISTENER_ENDED /* `reason` says why; the transport goes at the next frame */
};

struct listener {
    struct listener *next;
    const struct listener_setup *setup;
    uint32_t number;  /* from 1, for people */
    char id[48];      /* of its resource: not to be guessed */
    char address[64]; /* the HTTP client's */
    enum listener_state state;
    char mid[STRAIT_SDP_MID_MAX + 1]; /* of its audio section */
    char mids[WISH_MIDS_ROOM];        /* of all that it offered, as wish.h has them */

    struct strait_transport *transport; /* NULL once it is gone */
    struct strait_transport_stats last; /* what it had counted by then */

    uint8_t payload_type;
    uint16_t sequence; /* of the next packet */
    bool silent;       /* the next packet is the first one, or comes after a gap */
    uint32_t packets, octets;
    strait_time report_due;
    struct rtcp_reception reception;
    bool has_reception;
    strait_time round_trip; /* 0: not known */

    strait_time joined, first_sent, ended; /* 0: not yet */
    int error;                             /* a strait_error; STRAIT_OK: it left */
    char reason[240];                      /* "" until it ended */
};

/* A packet for everybody: the payload stands once at data + RTP_HEADER_LEN; each listener writes its
 * own header before it. */
struct listener_frame {
    uint8_t *data;
    size_t payload_len;
    uint32_t timestamp;
    bool after_gap;
};

/* Makes the transport and gives it what the offer says. `setup` must outlive the listener. 0 or a
 * strait_error. */
int listener_create(struct listener **out, const struct listener_setup *setup,
                    const struct offer *offer, uint32_t number, strait_time now);

/* NULL is fine. */
void listener_destroy(struct listener *listener);

/* Sends a frame if the listener is on the air. */
void listener_send(struct listener *listener, const struct listener_frame *frame);

/* Sends a sender report if one is due; `timestamp` is the RTP clock at `now`. */
void listener_report(struct listener *listener, uint32_t timestamp, strait_time now);

/* Says goodbye (BYE, close_notify) and ends. `reason` is a sentence for people. */
void listener_end(struct listener *listener, uint32_t timestamp, int error, const char *reason,
                  strait_time now);

/* Keeps the last statistics and gives the transport back. */
void listener_release(struct listener *listener);

/* The statistics, also of one that has ended. */
void listener_stats(const struct listener *listener, struct strait_transport_stats *out);

#endif
