#include "transport/paths.h"

#include "transport/transport.h"
#include "transport/util.h"

static struct strait__path_slot *find(const struct strait_endpoint *endpoint,
                                      const struct strait__path_key *key)
{
    return strait__table_find(&endpoint->paths, key->bytes, sizeof key->bytes);
}

/* A peer that has ended needs its paths no more. The one that a host's own ICE has given is held until
 * the host says that it is lost: no check goes over it that we could see. */
static bool held(const struct strait__path_slot *slot, const struct strait_path *path,
                 strait_time now)
{
    const struct strait_transport *owner = slot->owner;
    if (owner->closed || strait__transport_ended(owner)) {
        return false;
    }
    bool given = owner->config.ice == STRAIT_ICE_EXTERNAL && owner->has_path &&
                 strait__path_equal(&owner->path, path);
    return given || now - slot->proven < STRAIT__PATH_HELD;
}

/* A free slot, else the one that was silent for longest. */
static struct strait__path_slot *choose(struct strait__paths *paths,
                                        const struct strait__path_key *keep)
{
    struct strait__path_slot *oldest = NULL;
    for (size_t i = 0; i < STRAIT__MAX_PATHS; i++) {
        struct strait__path_slot *slot = &paths->slot[i];
        if (slot->node.value == NULL) {
            return slot;
        }
        if (keep != NULL && memcmp(slot->key.bytes, keep->bytes, sizeof keep->bytes) == 0) {
            continue;
        }
        if (oldest == NULL || slot->proven < oldest->proven) {
            oldest = slot;
        }
    }
    return oldest;
}

bool strait__paths_taken(const struct strait_endpoint *endpoint,
                         const struct strait_transport *owner, const struct strait_path *path,
                         strait_time now)
{
    struct strait__path_key key;
    strait__path_key(&key, path);
    const struct strait__path_slot *slot = find(endpoint, &key);
    return slot != NULL && slot->owner != owner && held(slot, path, now);
}

bool strait__paths_prove(struct strait__paths *paths, struct strait_endpoint *endpoint,
                         struct strait_transport *owner, const struct strait_path *path,
                         const struct strait_path *keep, strait_time now)
{
    struct strait__path_key key, keep_key;
    strait__path_key(&key, path);
    struct strait__path_slot *slot = find(endpoint, &key);
    if (slot != NULL && slot->owner != owner && held(slot, path, now)) {
        return false;
    }
    if (slot != NULL && slot->owner != owner) {
        strait__table_remove(&endpoint->paths, &slot->node);
        slot = NULL;
    }
    if (slot == NULL) {
        if (keep != NULL) {
            strait__path_key(&keep_key, keep);
        }
        slot = choose(paths, keep != NULL ? &keep_key : NULL);
        strait__table_remove(&endpoint->paths, &slot->node);
        slot->key = key;
        slot->owner = owner;
        if (strait__table_add(&endpoint->paths, &slot->node, slot->key.bytes,
                              sizeof slot->key.bytes, slot) != STRAIT_OK) {
            return false;
        }
    }
    slot->proven = now;
    return true;
}

bool strait__paths_has(const struct strait__paths *paths, const struct strait_path *path)
{
    struct strait__path_key key;
    strait__path_key(&key, path);
    for (size_t i = 0; i < STRAIT__MAX_PATHS; i++) {
        const struct strait__path_slot *slot = &paths->slot[i];
        if (slot->node.value != NULL && memcmp(slot->key.bytes, key.bytes, sizeof key.bytes) == 0) {
            return true;
        }
    }
    return false;
}

void strait__paths_clear(struct strait__paths *paths, struct strait_endpoint *endpoint)
{
    for (size_t i = 0; i < STRAIT__MAX_PATHS; i++) {
        strait__table_remove(&endpoint->paths, &paths->slot[i].node);
    }
}

struct strait_transport *strait__paths_owner(const struct strait_endpoint *endpoint,
                                             const struct strait_path *path)
{
    struct strait__path_key key;
    strait__path_key(&key, path);
    struct strait__path_slot *slot = find(endpoint, &key);
    return slot != NULL ? slot->owner : NULL;
}
