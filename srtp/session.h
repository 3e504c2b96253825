/* A session's insides. */
#ifndef STRAIT_SRTP_SESSION_H
#define STRAIT_SRTP_SESSION_H

#include <strait/srtp.h>

#include <srtp2/srtp.h>

#include "srtp/probe.h"

enum {
    /*
     * libsrtp (to 2.8) finds an SSRC by walking a list: 1,000 in one of its sessions cost 850 ns a
     * packet. One session of its own each would cost 5 kB of keys an SSRC. Eight that share one make the walk
     * too short to be measured, and 1 kB an SSRC.
     */
    STRAIT__SSRCS_A_GROUP = 8,
};

/* One SSRC in one direction. */
struct strait__srtp_stream {
    uint32_t ssrc;
    srtp_t group;        /* the libsrtp session that has it, or will when its first packet comes */
    uint64_t index;      /* highest RTP index, 2^16 * ROC + SEQ; meaningful when `started` */
    uint64_t used_up;    /* RTP indices below it were used before the restore, as far as we know */
    uint32_t rtcp_index; /* highest SRTCP index */
    uint32_t rtcp_used_up; /* SRTCP indices below it, likewise */
    bool started;          /* there was an RTP packet */
    bool listed;           /* libsrtp knows it */
    bool aligned;          /* libsrtp has our ROC */
};

struct strait__srtp_direction {
    bool send;
    struct strait_srtp_key key;
    struct strait__srtp_stream *streams; /* sorted by SSRC; NULL until the first */
    uint32_t count, room;
    srtp_t newest;      /* a group's user data is the group before it */
    uint32_t in_newest; /* SSRCs in it */
};

struct strait_srtp {
    struct strait_hooks hooks;
    enum strait_srtp_profile profile;
    uint32_t replay_window;
    uint32_t max_ssrcs;
    struct strait__srtp_direction send, receive;
    struct strait__srtp_probe probe; /* of the receiving direction */
    struct strait_srtp_stats stats;
};

/* The stream or NULL. Valid until a stream is added. */
struct strait__srtp_stream *strait__srtp_find(const struct strait__srtp_direction *direction,
                                              uint32_t ssrc);

/*
 * Adds a stream, with what `from` says, that is not there yet. STRAIT_E_LIMIT (counted), _NOMEM, _CRYPTO.
 */
int strait__srtp_add(struct strait_srtp *srtp, struct strait__srtp_direction *direction,
                     const struct strait__srtp_stream *from, struct strait__srtp_stream **out);

/* Takes back an add before the first packet. */
void strait__srtp_remove(struct strait__srtp_direction *direction,
                         struct strait__srtp_stream *stream);

/* Before a packet with this index: tells libsrtp where the stream stands, if it does not know. */
int strait__srtp_align(struct strait_srtp *srtp, struct strait__srtp_direction *direction,
                       struct strait__srtp_stream *stream, uint64_t index);

/* After libsrtp took a packet with this index. */
void strait__srtp_took_rtp(struct strait__srtp_stream *stream, uint64_t index);
void strait__srtp_took_rtcp(struct strait__srtp_stream *stream, uint32_t index);

/* Makes libsrtp give the next SRTCP packet of a new sending stream the index after this one. */
int strait__srtp_set_rtcp_index(struct strait_srtp *srtp, struct strait__srtp_stream *stream,
                                uint32_t index);

void strait__srtp_direction_finish(struct strait_srtp *srtp,
                                   struct strait__srtp_direction *direction);

#endif
