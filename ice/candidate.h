/* What a candidate must be before any kind of ICE looks at it. Pure. */
#ifndef STRAIT_ICE_CANDIDATE_H
#define STRAIT_ICE_CANDIDATE_H

#include <strait/ice.h>

/* An address to which a datagram for one host can be sent: neither unspecified, multicast nor broadcast, nor an
 * IPv4-mapped or IPv4-compatible IPv6 address (RFC 8445, 5.1.1.1). */
bool strait__candidate_address_usable(const struct sockaddr_storage *address);

/* STRAIT_OK, or STRAIT_E_INVALID with `why`, of static storage. What is well-formed may still be something that a kind
 * of ICE does not do (TCP, a name, another component). */
int strait__candidate_check(const struct strait_candidate *candidate, const char **why);

/* "UUID.local" and the like: one label and .local (RFC 6762, draft-ietf-mmusic-mdns-ice-candidates). */
bool strait__candidate_is_mdns(const struct strait_candidate *candidate);

#endif
