/* Local addresses that the peer reaches under others (NAT 1:1). Immutable once made. Pure. */
#ifndef STRAIT_ICE_MAPPING_H
#define STRAIT_ICE_MAPPING_H

#include <strait/ice.h>

enum { STRAIT__MAX_MAPPINGS = 32 };

struct strait__mapping {
    struct sockaddr_storage
        local; /* the unspecified address: any of its family that has no own mapping */
    struct sockaddr_storage advertised;
};

struct strait__mappings {
    struct strait__mapping *list; /* from the hooks */
    size_t n;
    bool added;
};

/* STRAIT_E_PARSE, _LIMIT, _INVALID, _NOMEM; `bad` is the text that is malformed then, or NULL. Empty after an error. */
int strait__mappings_init(struct strait__mappings *mappings, const struct strait_hooks *hooks,
                          const struct strait_address_mapping *from, size_t n, bool added,
                          const char **bad);
void strait__mappings_finish(struct strait__mappings *mappings, const struct strait_hooks *hooks);

/* What to tell the peer in a host candidate's place; any other kind as it is. Writes up to `max`, returns how many
 * there are. */
size_t strait__mappings_apply(const struct strait__mappings *mappings,
                              const struct strait_candidate *candidate,
                              struct strait_candidate *out, size_t max);

#endif
