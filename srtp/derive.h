/* The key derivation of RFC 3711, section 4.3, with a key derivation rate of 0. */
#ifndef STRAIT_SRTP_DERIVE_H
#define STRAIT_SRTP_DERIVE_H

#include <strait/srtp.h>

/* RFC 3711, 4.3.1 and 4.3.2. */
enum strait__srtp_label {
    STRAIT__LABEL_RTP_KEY = 0,
    STRAIT__LABEL_RTP_AUTH = 1,
    STRAIT__LABEL_RTP_SALT = 2,
    STRAIT__LABEL_RTCP_KEY = 3,
    STRAIT__LABEL_RTCP_AUTH = 4,
    STRAIT__LABEL_RTCP_SALT = 5,
};

/* Master key and master salt as one string, as libsrtp takes them; the salt is filled up with zeros
 * (RFC 7714, section 11). A secret. */
struct strait__srtp_master {
    uint8_t bytes[STRAIT_SRTP_MAX_KEY + STRAIT_SRTP_MAX_SALT];
};

/* STRAIT_E_INVALID for no profile of ours. */
int strait__srtp_master_init(struct strait__srtp_master *master, enum strait_srtp_profile profile,
                             const struct strait_srtp_key *key);

/* Fills `out`. STRAIT_E_NOMEM or _CRYPTO. */
int strait__srtp_derive(const struct strait__srtp_master *master, enum strait_srtp_profile profile,
                        enum strait__srtp_label label, uint8_t *out, size_t len);

#endif
