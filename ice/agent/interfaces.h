/* Which of a host's addresses are candidates. Pure. */
#ifndef STRAIT_ICE_AGENT_INTERFACES_H
#define STRAIT_ICE_AGENT_INTERFACES_H

#include <net/if.h>

#include "ice/rules.h"

struct strait__local_address {
    struct sockaddr_storage address;
    char interface[IFNAMSIZ];
    bool loopback;
    unsigned flags; /* IFA_F_TENTATIVE ... of IPv6 */
};

/* Whether number `i` of a host's `n` addresses is to be gathered from, where all of `n_rules` allow it. */
bool strait__local_usable(const struct strait__local_address *all, size_t n, size_t i,
                          const struct strait__rules *const *rules, size_t n_rules);

#endif
