/*
 * What a transport knows of its ICE: one ops table, three back ends (lite.c, full.c, external.c; a
 * fourth, NiceAgent, stands on external). Sans-IO: datagrams and time come in, events go out. Every
 * function with a time fires events; setters fire none and make the deadline 0 ("now") where they have
 * news.
 */
#ifndef STRAIT_ICE_BACKEND_H
#define STRAIT_ICE_BACKEND_H

#include <strait/ice.h>
#include <strait/stats.h>
#include <strait/types.h>

#include "ice/stun.h"
#include "transport/table.h"

struct strait__ice;

/* Towards the transport. All are set. None may destroy the back end. */
struct strait__ice_events {
    void (*send)(void *user, const struct strait_path *path, const uint8_t *data, size_t len);
    void (*state)(void *user, enum strait_ice_state state);
    /*
     * A check, or an answer to ours, with valid integrity came on this path: DTLS may flow on it from
     * now on. Fires before `send` of the answer. False: the path is a live other peer's; the check is
     * not to be answered and the path not to be used.
     */
    bool (*validated)(void *user, const struct strait_path *path);
    /* What is sent goes to this path from now on; NULL: nowhere (failed, consent gone). Fires after the
     * answer to the check that caused it was sent. */
    void (*selected)(void *user, const struct strait_path *path, bool nominated);
    /* The peer repeated a check that we had answered: our answer, and what went after it, was lost. Fires
     * after the new answer. */
    void (*repeated)(void *user);
    /* Unknown comprehension-optional attributes of an authenticated message. */
    void (*attributes)(void *user, const struct strait_stun_attribute *attributes, size_t n);
    /* A round trip was measured (full) or given (external). */
    void (*rtt)(void *user, strait_time rtt);

    /* Look-up, in the endpoint's tables. ufrag: checks for it come here; STRAIT_E_EXISTS, _NOMEM.
     * transaction: an answer with this id comes here. The node belongs to the back end, its key is
     * borrowed while it is linked; unlink takes both kinds. */
    int (*link_ufrag)(void *user, struct strait__node *node, const char *ufrag);
    int (*link_transaction)(void *user, struct strait__node *node, const uint8_t *transaction);
    void (*unlink_ufrag)(void *user, struct strait__node *node);
    void (*unlink_transaction)(void *user, struct strait__node *node);
};

struct strait__ice_config {
    const struct strait_hooks *hooks; /* outlives the back end */
    struct strait__ice_events events;
    void *user;
    enum strait_ice_role role;
    struct strait_ice_parameters local; /* ufrag and pwd are set */
    /* Neither is 0. From the remote's parameters to failed with no pair, or, lite, with no check. */
    strait_time ice_timeout;
    /* To failed. disconnected comes at a quarter of it: RFC 7675 spaces checks up to 6 s, so that a sixth
     * of 30 s would flicker with every peer that keeps to it. */
    strait_time consent_timeout;
    /* Full: the endpoint's local addresses, borrowed for the back end's life. */
    const struct strait_path *locals; /* `remote` is unused */
    size_t n_locals;
    strait_time now;
};

/* Counters that the transport's statistics show. */
struct strait__ice_counters {
    uint64_t stun_malformed, stun_integrity, stun_unexpected, path_taken;
    uint64_t unresolved; /* candidates with a name */
};

struct strait__ice_ops {
    const char *name;
    void (*destroy)(struct strait__ice *ice);
    /* Remote credentials; others than before: the remote's restart. Checked by the transport already. */
    int (*set_remote)(struct strait__ice *ice, const struct strait_ice_parameters *remote);
    int (*add_candidate)(struct strait__ice *ice, const struct strait_candidate *candidate);
    int (*end_of_candidates)(struct strait__ice *ice);
    /* New local credentials: our restart. */
    int (*restart)(struct strait__ice *ice, const struct strait_ice_parameters *local);
    /* A parsed STUN message that look-up gave to us; integrity is still to be checked. */
    void (*receive)(struct strait__ice *ice, strait_time now, const struct strait_path *from,
                    const struct strait__stun_message *message);
    void (*advance)(struct strait__ice *ice, strait_time now);
    strait_time (*deadline)(const struct strait__ice *ice);
    /* Extra attributes for each message sent from now on; borrowed until the next call. */
    void (*set_attributes)(struct strait__ice *ice, const struct strait_stun_attribute *attributes,
                           size_t n);
    /* External only, else NULL: the host's word on the path; NULL path: lost. Fires no event before the
     * next advance. */
    int (*set_path)(struct strait__ice *ice, const struct strait_path *path, strait_time rtt);
    /* For statistics, NULL: there is nothing but `pair`, the endpoint's candidates and no remote ones. Each fills up to
     * `max` and returns how many there are; `measure` completes pair and ice_role. */
    size_t (*pairs)(const struct strait__ice *ice, struct strait_pair_stats *out, size_t max);
    size_t (*local_candidates)(const struct strait__ice *ice, struct strait_candidate *out,
                               size_t max);
    size_t (*remote_candidates)(const struct strait__ice *ice, struct strait_candidate *out,
                                size_t max);
    void (*measure)(const struct strait__ice *ice, struct strait_transport_stats *stats);
};

/* What all back ends begin with; the transport reads it and writes none of it. */
struct strait__ice {
    const struct strait__ice_ops *ops;
    const struct strait_hooks *hooks;
    struct strait__ice_events events;
    void *user;
    enum strait_ice_role role;
    enum strait_ice_state state;
    struct strait_ice_parameters local, remote; /* newest generations; remote.ufrag "" before */
    struct strait_pair_stats pair;              /* pair.path is the selected one */
    bool has_path;                              /* pair.path means something */
    struct strait__ice_counters counters;
    char detail[160]; /* why it failed and what to do */
    int error;        /* STRAIT_E_TIMEOUT or _CONSENT where failed */
};

/*
 * An ICE elsewhere that external stands for: what signalling brings goes to it, what it finds comes back by
 * set_path and strait__ice_external_tell. All are set. No event fires inside, and each may be called inside any
 * of the transport's callbacks.
 */
struct strait__ice_driver {
    int (*set_remote)(void *user, const struct strait_ice_parameters *remote);
    int (*add_candidate)(void *user, const struct strait_candidate *candidate);
    int (*end_of_candidates)(void *user);
    int (*restart)(void *user, const struct strait_ice_parameters *local);
    /* As the back end's. */
    size_t (*pairs)(const void *user, struct strait_pair_stats *out, size_t max);
    size_t (*local_candidates)(const void *user, struct strait_candidate *out, size_t max);
    size_t (*remote_candidates)(const void *user, struct strait_candidate *out, size_t max);
    void (*measure)(const void *user, struct strait_transport_stats *stats);
    /* The back end goes, and the driver with it. */
    void (*destroy)(void *user);
};

/* Before anything else is done with it. The driver's word on the state counts from then on, and not the path. */
void strait__ice_external_drive(struct strait__ice *ice, const struct strait__ice_driver *driver,
                                void *user);
/* The driver's state, told in the next advance; `error` and `detail` where it failed. Does not reschedule. */
void strait__ice_external_tell(struct strait__ice *ice, enum strait_ice_state state, int error,
                               const char *detail);

int strait__ice_lite_create(struct strait__ice **out, const struct strait__ice_config *config);
int strait__ice_full_create(struct strait__ice **out, const struct strait__ice_config *config);
int strait__ice_external_create(struct strait__ice **out, const struct strait__ice_config *config);

/* True if a string is `min`..`max` ice-chars (RFC 8839, 5.1: ALPHA / DIGIT / "+" / "/"). */
bool strait__ice_chars(const char *text, size_t min, size_t max);

/* Fills ufrag and pwd with random ice-chars: 8 (48 bits) and 24 (144 bits); RFC 8839, 5.4 wants at
 * least 24 and 128 bits. STRAIT_E_RANDOM. */
int strait__ice_make_credentials(const struct strait_hooks *hooks,
                                 struct strait_ice_parameters *out);

/* RFC 8445, 5.1.2.1: the local preference of the endpoint's local address number `place`. IPv6 before
 * IPv4 (RFC 8421), and what was added first comes first. */
uint16_t strait__ice_local_preference(const struct strait_path *local, size_t place);

#endif
