/*
 * One SRTP session (RFC 3711; AES-GCM by RFC 7714): protects what goes out and unprotects what comes
 * in, RTP and RTCP, any number of SSRCs up to a cap. No sockets, no clock, no threads. One session
 * belongs to one thread at a time.
 */
#ifndef STRAIT_SRTP_H
#define STRAIT_SRTP_H

#include <strait/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The values are those of RFC 5764, section 4.1.2, and RFC 7714, section 14.2. */
enum strait_srtp_profile {
    STRAIT_SRTP_NONE = 0,
    STRAIT_SRTP_AES128_CM_SHA1_80 = 0x0001,
    STRAIT_SRTP_AES128_CM_SHA1_32 = 0x0002,
    STRAIT_SRTP_AEAD_AES_128_GCM = 0x0007,
    STRAIT_SRTP_AEAD_AES_256_GCM = 0x0008
};

#define STRAIT_SRTP_MAX_KEY 32u
#define STRAIT_SRTP_MAX_SALT 14u
/* Key and salt of both directions: what DTLS exports (RFC 5764, section 4.2). */
#define STRAIT_SRTP_MAX_MATERIAL (2u * (STRAIT_SRTP_MAX_KEY + STRAIT_SRTP_MAX_SALT))

/* Master key and master salt of one direction. A secret: zero it when done. */
struct strait_srtp_key {
    uint8_t key[STRAIT_SRTP_MAX_KEY];
    uint8_t salt[STRAIT_SRTP_MAX_SALT];
};

struct strait_srtp_config {
    size_t size;
    const struct strait_hooks *hooks; /* NULL: the defaults; copied */
    enum strait_srtp_profile profile;
    struct strait_srtp_key send; /* copied; the caller zeroes its own */
    struct strait_srtp_key receive;
    /* Packets, 64..32767, rounded up to a multiple of 32; 0: 1024 (RFC 3711, 3.3.2: at least 64). */
    uint32_t replay_window_rtp;
    uint32_t replay_window_rtcp; /* 64..32767 for symmetry; RTCP's is 128 in libsrtp. 0: 128 */
    uint32_t max_ssrcs;          /* in each direction; 0: 64. More are dropped and counted */
};

/* Counters since creation. */
struct strait_srtp_stats {
    size_t size; /* in: the caller's sizeof */
    uint64_t rtp_protected, rtcp_protected;
    uint64_t rtp_unprotected, rtcp_unprotected;
    uint64_t replayed;        /* seen before */
    uint64_t too_old;         /* before the replay window */
    uint64_t forged;          /* authentication failed */
    uint64_t malformed;       /* no RTP or RTCP packet of ours at all: too short, wrong version */
    uint64_t ssrcs_refused;   /* dropped for max_ssrcs */
    uint64_t protect_refused; /* would have used a nonce twice, or too long for its room */
    uint32_t ssrcs_send, ssrcs_receive;
    uint64_t failed; /* no memory for a new SSRC, or the crypto library failed */
};

/* Live state of one SSRC: enough to hand a session to another process. */
struct strait_srtp_stream {
    uint32_t ssrc;
    bool send;           /* direction */
    uint32_t roc;        /* rollover counter, RFC 3711, section 3.3.1 */
    uint16_t sequence;   /* highest RTP sequence number seen or sent */
    bool started;        /* false: no RTP packet yet, roc and sequence mean nothing */
    uint32_t rtcp_index; /* last SRTCP index sent, or the highest one received; 0: none yet */
};

struct strait_srtp;

/* "AEAD_AES_128_GCM" ... as IANA and W3C (srtpCipher) write it; NULL for no profile of ours. */
STRAIT_API const char *strait_srtp_profile_name(enum strait_srtp_profile profile);

/* Length of master key and salt; STRAIT_E_INVALID for no profile of ours. */
STRAIT_API int strait_srtp_profile_lengths(enum strait_srtp_profile profile, size_t *key,
                                           size_t *salt);

/*
 * Cuts exported keying material into keys: client key, server key, client salt, server salt
 * (RFC 5764, section 4.2). `material` has 2 * (key + salt) bytes. `is_client`: our DTLS role.
 * STRAIT_E_INVALID where the length does not fit.
 */
STRAIT_API int strait_srtp_keys_from_material(enum strait_srtp_profile profile,
                                              const uint8_t *material, size_t len, bool is_client,
                                              struct strait_srtp_key *send,
                                              struct strait_srtp_key *receive);

/*
 * Creates a session. STRAIT_E_INVALID, _NOMEM, _CRYPTO. Any thread; libsrtp below is started for the
 * first session of the process (25 ms of self tests) and stopped after the last. A host that uses
 * libsrtp itself calls srtp_init before its first session of strait or not at all while there is
 * one, and srtp_shutdown after it destroyed the last.
 */
STRAIT_API int strait_srtp_create(struct strait_srtp **out,
                                  const struct strait_srtp_config *config);

/* Zeroes the keys and frees. NULL is fine. */
STRAIT_API void strait_srtp_destroy(struct strait_srtp *srtp);

/*
 * Protects `n` packets in place; each needs room >= len + STRAIT_TAILROOM. A packet's status says how
 * it went: STRAIT_OK (data and len are SRTP or SRTCP now), _INVALID (no RTP or RTCP), _TOO_SMALL (no
 * room), _LIMIT (max_ssrcs, or 2^48 packets: RFC 3711, 9.2), _REPLAY (this sequence number was
 * protected before, or lies before the replay window, where nobody knows; other bytes under the same
 * nonce would give the key away, RFC 7714, 8.1), and _NOMEM or _CRYPTO where a new SSRC could not be
 * set up. `kind` is set to what the packet is. Returns how many went well, or STRAIT_E_INVALID for NULL arguments.
 */
STRAIT_API int strait_srtp_protect(struct strait_srtp *srtp, struct strait_packet *packets,
                                   size_t n);

/*
 * Unprotects `n` packets in place. status: STRAIT_OK, _INVALID, _AUTH, _REPLAY, _TOO_OLD, _LIMIT, and
 * _NOMEM or _CRYPTO where a new SSRC could not be set up. `kind` is set to what the packet is. The
 * bytes of a packet that failed are undefined. Returns how many went well, or STRAIT_E_INVALID.
 */
STRAIT_API int strait_srtp_unprotect(struct strait_srtp *srtp, struct strait_packet *packets,
                                     size_t n);

/* Fills as much of `out` as out->size says. STRAIT_E_INVALID. */
STRAIT_API int strait_srtp_stats(const struct strait_srtp *srtp, struct strait_srtp_stats *out);

/* Copies up to `max` live streams; returns how many there are. */
STRAIT_API size_t strait_srtp_streams(const struct strait_srtp *srtp,
                                      struct strait_srtp_stream *out, size_t max);

/*
 * Sets where a stream stands (from strait_srtp_streams of another session with the same keys),
 * before its first packet. Sequence numbers and SRTCP indices up to that are taken as used: never sent
 * again, and a late packet of the time before is dropped as STRAIT_E_TOO_OLD, since it cannot be told
 * from a replay. STRAIT_E_INVALID, _LIMIT (max_ssrcs, or the SRTCP index is at its end), _NOMEM,
 * _CRYPTO, _EXISTS (packets were seen, or restored before).
 */
STRAIT_API int strait_srtp_restore(struct strait_srtp *srtp,
                                   const struct strait_srtp_stream *stream);

#ifdef __cplusplus
}
#endif
#endif
