/* A host's addresses, and which of them are candidates. */
#ifndef STRAIT_ICE_AGENT_INTERFACES_H
#define STRAIT_ICE_AGENT_INTERFACES_H

#include <net/if.h>

#include "ice/rules.h"

struct strait__agents;
struct strait_hooks;
struct strait_runtime;

struct strait__local_address {
    struct sockaddr_storage address;
    char interface[IFNAMSIZ];
    bool loopback;
    unsigned flags; /* IFA_F_TENTATIVE ... of IPv6 */
};

/* Pure: whether number `i` of a host's `n` addresses is to be gathered from, where all of `n_rules` allow it. */
bool strait__local_usable(const struct strait__local_address *all, size_t n, size_t i,
                          const struct strait__rules *const *rules, size_t n_rules);

struct strait__host {
    struct strait__local_address *all;
    size_t n;
};

/* Asks the kernel, which takes its time. STRAIT_E_SYSTEM, _NOMEM. */
int strait__host_read(struct strait__host *host, const struct strait_hooks *hooks,
                      struct strait_runtime *runtime);
void strait__host_finish(struct strait__host *host, const struct strait_hooks *hooks);
/* As strait__agents_look, of a host that has been read for many. */
bool strait__agents_match(struct strait__agents *agents, const struct strait__host *host);

#endif
