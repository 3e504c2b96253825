/* Which addresses an agent may gather from and send checks to. Pure. */
#ifndef STRAIT_ICE_AGENT_RULES_H
#define STRAIT_ICE_AGENT_RULES_H

#include <strait/agent.h>

/* IPv4 as ::ffff:0:0/96 (RFC 4291, 2.5.5.2), so that a mapped address cannot slip past. */
struct strait__range {
    uint8_t bytes[16];
    uint8_t prefix;
};

struct strait__rules {
    struct strait__range *ranges; /* those that are allowed first; from the hooks */
    size_t n_allow, n;
};

/* STRAIT_E_PARSE, _LIMIT, _INVALID, _NOMEM; `bad` is the text that is malformed then, or NULL. */
int strait__rules_init(struct strait__rules *rules, const struct strait_hooks *hooks,
                       const struct strait_address_rules *from, const char **bad);
void strait__rules_finish(struct strait__rules *rules, const struct strait_hooks *hooks);
bool strait__rules_allow(const struct strait__rules *rules, const struct sockaddr_storage *address);

#endif
