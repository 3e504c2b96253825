/* SRTP protection profiles as DTLS sees them (RFC 5764, section 4.1.2; RFC 7714, section 14.2). The SRTP
 * layer lies beside this one, not below it: what both need to know of a profile is said in each. */
#ifndef STRAIT_DTLS_PROFILES_H
#define STRAIT_DTLS_PROFILES_H

#include <strait/srtp.h>

struct strait__profile {
    enum strait_srtp_profile profile;
    const char *wolf_name;
    size_t key, salt; /* bytes of master key and master salt */
};

/* NULL for none of ours. */
const struct strait__profile *strait__profile_find(unsigned number);

#endif
