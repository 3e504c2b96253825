/* What the files of an agent share. Everything by the thread that owns the runtime; nothing of the application's
 * runs inside GLib. */
#ifndef STRAIT_ICE_AGENT_AGENT_H
#define STRAIT_ICE_AGENT_AGENT_H

#include <nice/agent.h>
#include <strait/agent.h>

#include "ice/agent/rules.h"
#include "ice/backend.h"
#include "transport/runtime/guest.h"

enum {
    STRAIT__AGENT_COMPONENT = 1,
    /* What comes before a pair is selected waits: a flight of DTLS and its repetition. */
    STRAIT__AGENT_EARLY = 8,
    /* Datagrams that one run hands over: libnice reads a socket until it is empty. */
    STRAIT__AGENT_BATCH = 256,
    /* More are not gathered from: libnice's own bound (NICE_CANDIDATE_MAX_LOCAL_ADDRESSES). */
    STRAIT__AGENT_MAX_LOCAL = 64,
    STRAIT__AGENT_MAX_REMOTE = 64,
    STRAIT__AGENT_DATAGRAM = 2048, /* longer ones come over no path's MTU */
};

struct strait__agent_datagram {
    size_t len;
    uint8_t bytes[STRAIT__AGENT_DATAGRAM + STRAIT_TAILROOM];
};

struct strait__agent_batch {
    struct strait__agent_datagram datagrams[STRAIT__AGENT_BATCH];
};

struct strait__agent {
    struct strait__guest guest; /* first */
    struct strait_hooks hooks;
    struct strait_agent_config config;
    struct strait_endpoint *endpoint;
    struct strait_transport *transport;
    struct strait__ice *ice;
    bool running;         /* within run: to be freed afterwards */
    bool gone;            /* the transport is destroyed */
    bool closing, closed; /* allocations are given back: to be freed afterwards */

    GMainContext *context;
    NiceAgent *nice;
    guint stream;
    guint n_relays;
    bool has_stun;
    strait_time synced; /* when the descriptors were last told to the kernel as if new */
    bool steady;        /* connected: no sockets are opened or closed */

    /* signals' news */
    bool has_remote;
    bool local_ahead, remote_ahead; /* one side has restarted, and the other not yet */
    GSList *held;                   /* remote candidates before the remote's credentials */
    NiceComponentState state;
    bool state_news, pair_news, gathered_news, gathering, gathered;
    struct strait_candidate *locals;
    size_t n_locals, n_told;

    struct strait_path path;
    bool has_path;
    int fd;                            /* the selected pair's UDP socket, -1: through libnice */
    struct strait__agent_batch *batch; /* the runtime's, shared by all */
    size_t n_batch;
    struct strait__agent_datagram *early; /* STRAIT__AGENT_EARLY, or NULL */
    size_t n_early;
    struct strait_agent_stats stats; /* its counters */
    size_t n_remotes;
    struct strait__rules local_rules, remote_rules;
    bool chosen; /* libnice has the local addresses */
};

/* --- agent.c --- */
/* The transport goes: freed at once, or when its own run has returned. */
void strait__agent_destroy(struct strait__agent *a);

/* --- servers.c --- */
/* Before gathering. As strait_agent_create's errors; the detail is the runtime's. */
int strait__agent_give_servers(struct strait__agent *a, const struct strait_ice_server *servers,
                               size_t n);
/* Gives allocations back: `closed` is set in a later run. */
void strait__agent_begin_close(struct strait__agent *a);
/* Before NiceAgent goes: does what is left of that, and waits for it. */
void strait__agent_end_close(struct strait__agent *a);

/* --- interfaces.c --- */
/* Before gathering: the addresses that the rules allow. STRAIT_E_NOT_FOUND. */
int strait__agent_choose_addresses(struct strait__agent *a);

/* --- bridge.c --- */
/* Does what the context has to do, and tells the runtime what it waits for next. */
void strait__agent_iterate(struct strait__agent *a);

/* --- candidate.c --- */
bool strait__agent_from_nice(struct strait_candidate *out, const NiceCandidate *candidate);
/* NULL: libnice cannot use it. */
NiceCandidate *strait__agent_to_nice(const struct strait__agent *a,
                                     const struct strait_candidate *candidate);
bool strait__agent_address(struct sockaddr_storage *out, const NiceAddress *address);

/* --- signals.c --- */
void strait__agent_connect_signals(struct strait__agent *a);
/* Tells the transport and the application what the signals said. */
void strait__agent_tell(struct strait__agent *a);

/* --- media.c --- */
bool strait__agent_attach(struct strait__agent *a);
void strait__agent_send(struct strait__guest *guest, const struct strait_send *send);
/* The pair that libnice has selected is the path. */
void strait__agent_take_pair(struct strait__agent *a);
void strait__agent_hand_over(struct strait__agent *a);

/* --- driver.c --- */
extern const struct strait__ice_driver strait__agent_driver;

#endif
