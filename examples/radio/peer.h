/*
 * The other side of a session that WHEP or WHIP began: who it is, its transport, how far it has come and
 * how it ended. Listeners and publishers embed it.
 */
#ifndef RADIO_PEER_H
#define RADIO_PEER_H

#include <strait/strait.h>

#include "offer.h"
#include "wish.h"

/* Who has got an answer and does not connect gives the place back after this time. */
#define PEER_JOIN_TIMEOUT (30 * STRAIT_S)

/* What all peers have in common. */
struct peer_setup {
    struct strait_runtime *runtime; /* its clock */
    struct strait_endpoint *endpoint;
    struct strait_certificate *certificate;
    const struct strait_fingerprint *expect; /* instead of the offers'; NULL: the offers' */
    bool verbose;                            /* tell each change of state */
};

struct peer;

struct peer_kind {
    const char *name; /* "listener" */
    void (*packets)(struct peer *peer, struct strait_packet *packets, size_t n);
};

enum peer_state {
    PEER_JOINING, /* ICE and DTLS are under way */
    PEER_CONNECTED,
    PEER_ENDED /* `reason` says why; it goes at the next frame */
};

struct peer {
    const struct peer_kind *kind;
    const struct peer_setup *setup;
    uint32_t number;  /* from 1, for people */
    char id[48];      /* of its resource: not to be guessed */
    char address[64]; /* the HTTP client's */
    enum peer_state state;
    char mid[STRAIT_SDP_MID_MAX + 1]; /* of its audio section */
    char mids[WISH_MIDS_ROOM];        /* of all that it offered, as wish.h has them */
    uint8_t payload_type;

    struct strait_transport *transport; /* NULL once it is gone */
    struct strait_transport_stats last; /* what it had counted by then */

    strait_time joined, ended; /* ended 0: not yet */
    int error;                 /* a strait_error; STRAIT_OK: it left */
    char reason[240];          /* "" until it ended */
};

struct peer_config {
    const struct peer_kind *kind;
    const struct peer_setup *setup; /* must outlive the peer */
    const struct offer *offer;
    uint32_t number;
    const char *address;
};

/* Makes the transport and gives it what the offer says. 0 or a strait_error: then nothing is kept. The
 * peer must not be moved afterwards. */
int peer_open(struct peer *peer, const struct peer_config *config, strait_time now);

/* True if packets can be sent. */
bool peer_writable(const struct peer *peer);

/* It has an answer and did not connect in time. */
bool peer_is_late(const struct peer *peer, strait_time now);

/* Ends the session with a close_notify; `reason` is for people. Nothing where it has ended before. */
void peer_end(struct peer *peer, int error, const char *reason, strait_time now);

/* Keeps the last statistics and gives the transport back. */
void peer_release(struct peer *peer);

/* The statistics, also of one that was released. */
void peer_stats(const struct peer *peer, struct strait_transport_stats *out);

#endif
