/* The 5-tuples on which a peer has shown valid integrity, in the endpoint's table of all of them. */
#ifndef STRAIT_TRANSPORT_PATHS_H
#define STRAIT_TRANSPORT_PATHS_H

#include "transport/address.h"
#include "transport/endpoint.h"
#include "transport/table.h"

struct strait__path_slot {
    struct strait__node node;
    struct strait__path_key key;
    struct strait_transport *owner;
    strait_time proven; /* when integrity was last valid on it */
};

struct strait__paths {
    struct strait__path_slot slot[STRAIT__MAX_PATHS];
};

/*
 * `path` has shown valid integrity for `owner`. False: a live other peer holds it (STRAIT__PATH_HELD).
 * `keep` (may be NULL) is not given up where all slots are in use.
 */
bool strait__paths_prove(struct strait__paths *paths, struct strait_endpoint *endpoint,
                         struct strait_transport *owner, const struct strait_path *path,
                         const struct strait_path *keep, strait_time now);
bool strait__paths_has(const struct strait__paths *paths, const struct strait_path *path);
void strait__paths_clear(struct strait__paths *paths, struct strait_endpoint *endpoint);

/* True if prove would be false now. */
bool strait__paths_taken(const struct strait_endpoint *endpoint,
                         const struct strait_transport *owner, const struct strait_path *path,
                         strait_time now);

/* Whose a 5-tuple is, or NULL. */
struct strait_transport *strait__paths_owner(const struct strait_endpoint *endpoint,
                                             const struct strait_path *path);

#endif
