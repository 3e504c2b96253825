/*
 * Statistics in W3C's names (webrtc-stats), written in C: packetsSent is packets_sent. Every struct
 * begins with its size, which the caller sets; a newer library fills what an older caller knows.
 */
#ifndef STRAIT_STATS_H
#define STRAIT_STATS_H

#include <strait/dtls.h>
#include <strait/ice.h>
#include <strait/srtp.h>
#include <strait/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* RTCStatsIceCandidatePairState (RFC 8445, 6.1.2.6) */
enum strait_pair_state {
    STRAIT_PAIR_FROZEN = 0,
    STRAIT_PAIR_WAITING = 1,
    STRAIT_PAIR_IN_PROGRESS = 2,
    STRAIT_PAIR_FAILED = 3,
    STRAIT_PAIR_SUCCEEDED = 4
};

/*
 * RTCIceCandidatePairStats: of one pair in strait_transport_pairs. In strait_transport_stats path, flags, state,
 * priority and the current round trip are those of the selected pair, zero before there is one, and all counts
 * and the total those of all pairs together. Requests are counted once, however often they are repeated; one that was
 * repeated measures no round trip. Received are those with valid integrity.
 */
struct strait_pair_stats {
    bool nominated;
    bool writable; /* sending is allowed: validated, and consent is fresh */
    struct strait_path path;
    uint64_t requests_received, requests_sent;
    uint64_t responses_received, responses_sent;
    uint64_t consent_requests_sent;   /* of requests_sent (RFC 7675) */
    uint64_t current_round_trip_time; /* ns; 0: not measured (lite sends no checks) */
    uint64_t total_round_trip_time;   /* ns, over responses_received */
    strait_time last_check_received;
    enum strait_pair_state state;
    bool selected;
    uint64_t priority; /* RFC 8445, 6.1.2.3; 0: not known (lite, an external path) */
};

/* RTCTransportStats and what else one wants to know of a peer. */
struct strait_transport_stats {
    size_t size;
    uint64_t packets_sent, packets_received; /* datagrams of every kind */
    uint64_t bytes_sent, bytes_received;     /* UDP payload */
    uint64_t rtp_sent, rtp_received, rtcp_sent, rtcp_received;
    enum strait_ice_role ice_role;
    enum strait_ice_state ice_state;
    enum strait_dtls_state dtls_state;
    uint32_t selected_candidate_pair_changes;
    struct strait_pair_stats pair;
    struct strait_dtls_stats dtls; /* all zero before the association exists */
    struct strait_srtp_stats srtp; /* all zero before keys exist */
    /* The connection's course, as times of the caller's clock; 0: not yet. first_check is the first
     * request with valid integrity, first_media the first RTP or RTCP packet that came in and passed
     * SRTP. */
    strait_time created, first_check, path_validated, dtls_started, dtls_connected, first_media;
    /* Drops, each under its reason. */
    uint64_t dropped_stun_malformed;  /* no well-formed message */
    uint64_t dropped_stun_integrity;  /* MESSAGE-INTEGRITY missing or wrong */
    uint64_t dropped_stun_unexpected; /* a response to nothing of ours, another method */
    uint64_t dropped_unvalidated;     /* DTLS or SRTP from a 5-tuple no check has validated */
    uint64_t dropped_early_full;      /* the early queue was full */
    uint64_t dropped_no_keys;         /* media to send before there were keys */
    uint64_t dropped_no_path;         /* something to send without a writable path */
    uint64_t dropped_outbox_full;     /* the endpoint's outbox had no room */
    uint64_t dropped_ended;           /* came after close or failure */
    uint64_t dropped_path_taken;      /* a check from a 5-tuple that a live peer holds */
    uint64_t early_queued;            /* waited in the early queue */
    uint64_t early_delivered;         /* ... and went on from it */
    /* Remote candidates that were not taken, each under its reason. */
    uint64_t
        remote_denied; /* the rules do not allow the address; also paths that a host's ICE gave */
    uint64_t remote_malformed; /* port 0, an address of no host, no ice-chars ... */
    uint64_t
        remote_unsupported; /* TCP where it is not asked for, another component, a name that is not of multicast DNS */
    uint64_t remote_over_limit;
    /* `.local` names that are taken and not, or in vain, looked up: such a peer is found by its own check. */
    uint64_t remote_unresolved;
};

struct strait_endpoint_stats {
    size_t size;
    uint64_t datagrams_received, bytes_received;
    uint64_t datagrams_sent, bytes_sent; /* drained */
    uint32_t transports;                 /* now */
    uint32_t transports_max;             /* the most there were */
    uint64_t transports_created;
    uint64_t dropped_unknown;  /* first bytes that RFC 7983 gives to nobody, or empty */
    uint64_t dropped_no_peer;  /* DTLS or SRTP from an unknown 5-tuple */
    uint64_t dropped_no_ufrag; /* a check for a ufrag that nobody has */
    uint64_t dropped_stun;     /* STUN that is malformed, or that belongs to nobody */
    uint64_t dropped_quic;     /* QUIC without a hook for it */
    uint64_t dropped_outbox_full;
    uint64_t dropped_denied; /* STUN from an address that config.remote does not allow */
};

#ifdef __cplusplus
}
#endif
#endif
