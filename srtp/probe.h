/*
 * Authenticates a packet by itself, beside libsrtp's sessions, which make state for an SSRC when its
 * first packet comes and take that one's rollover counter for 0. So an SSRC costs nothing before
 * a packet of it was authentic, and may start behind a rollover.
 */
#ifndef STRAIT_SRTP_PROBE_H
#define STRAIT_SRTP_PROBE_H

#include <strait/srtp.h>

#include "srtp/ciphers.h"

enum {
    /* What a path carries fits. Longer packets are opened in place and closed again. */
    STRAIT__PROBE_SCRATCH = 2048,
    STRAIT__SALT_GCM = 12,
    STRAIT__TAG_MAX = 16,
};

/* Session keys (RFC 3711, 4.3) for RTP or for RTCP. */
struct strait__srtp_keys {
    srtp_cipher_t *gcm; /* or NULL, then: */
    srtp_auth_t *hmac;
    uint8_t salt[STRAIT__SALT_GCM];
    size_t tag_len;
};

struct strait__srtp_probe {
    struct strait__srtp_keys rtp, rtcp;
    uint8_t scratch[STRAIT__PROBE_SCRATCH];
};

/* `probe` is zeroed memory. STRAIT_E_INVALID, _NOMEM, _CRYPTO; then finish is called all the same. */
int strait__srtp_probe_init(struct strait__srtp_probe *probe, enum strait_srtp_profile profile,
                            const struct strait_srtp_key *key);
void strait__srtp_probe_finish(struct strait__srtp_probe *probe);

/*
 * Whether an SRTP packet is authentic as the one with this index. `header_len` as by
 * strait__rtp_header_len, and len >= header_len + tag. The packet is left as it was, except that one
 * longer than STRAIT__PROBE_SCRATCH is spoilt when the answer is false.
 */
bool strait__srtp_probe_rtp(struct strait__srtp_probe *probe, uint8_t *packet, size_t len,
                            size_t header_len, uint64_t index);

/* The same for SRTCP, whose index is in the packet. len >= header + index + tag. */
bool strait__srtp_probe_rtcp(struct strait__srtp_probe *probe, uint8_t *packet, size_t len);

/* Where the SRTCP index with its E flag lies: behind the tag (RFC 7714, 9.2) or before (RFC 3711, 3.4). */
size_t strait__srtcp_index_at(enum strait_srtp_profile profile, size_t len, size_t tag_len);

/*
 * Writes an SRTCP packet with this index and nothing in it into `out` (at least 8 + 4 +
 * STRAIT__TAG_MAX bytes); returns its length, or 0 if that failed.
 */
size_t strait__srtp_probe_empty_rtcp(struct strait__srtp_probe *probe, uint8_t *out, uint32_t ssrc,
                                     uint32_t index);

#endif
