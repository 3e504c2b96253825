/* What the files of an agent share. Everything by the thread that owns the runtime; nothing of the application's
 * runs inside GLib. */
#ifndef STRAIT_ICE_AGENT_AGENT_H
#define STRAIT_ICE_AGENT_AGENT_H

#include <nice/agent.h>
#include <strait/agent.h>

#include "ice/agent/mdns.h"
#include "ice/backend.h"
#include "ice/rules.h"
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
    STRAIT__AGENT_MAX_EXEMPT = 32, /* addresses of STUN and TURN servers */
    STRAIT__AGENT_DATAGRAM = 2048, /* longer ones come over no path's MTU */
};

struct strait__agent_datagram {
    size_t len;
    uint8_t bytes[STRAIT__AGENT_DATAGRAM + STRAIT_TAILROOM];
};

struct strait__agent_batch {
    struct strait__agent_datagram datagrams[STRAIT__AGENT_BATCH];
};

struct strait__agents;
struct strait__servers;

/* One NiceAgent: its context, its sockets and what was gathered on them. */
struct strait__agent {
    struct strait__guest guest; /* first */
    struct strait_hooks hooks;
    struct strait__agents *agents; /* not to be touched where `gone` */
    bool running;                  /* within run: to be freed afterwards */
    bool gone;                     /* its transport needs it no more */
    bool closing, closed;          /* allocations are given back: to be freed afterwards */
    bool shut;                     /* its sockets are closed: they could not be filtered */
    bool denied;                   /* libnice has selected a pair that is not allowed */
    bool fresh;                    /* made for a restart that has not been told to it yet */
    strait_time leave_at;          /* its successor has a path: destroyed then; 0: it has none */

    GMainContext *context;
    NiceAgent *nice;
    guint stream;
    guint n_relays;
    bool has_stun;
    bool has_four, has_six; /* addresses of this host that it gathers from */
    struct strait__servers *servers;
    bool chosen;        /* libnice has the local addresses */
    strait_time synced; /* when the descriptors were last told to the kernel as if new */
    bool steady;        /* connected: no sockets are opened or closed */
    strait_time lively; /* when something came in last, or timers began to run */
    bool ticks;         /* they do */
    bool expired;       /* consent was lost: nothing counts before a restart (RFC 7675, 5.1) */

    /* signals' news */
    bool has_remote;
    bool local_ahead, remote_ahead; /* one side has restarted, and the other not yet */
    GSList *held; /* remote candidates before the remote's credentials, or before its next ones */
    bool remote_ended, held_end; /* end-of-candidates came, and waits like those */
    size_t n_remotes;
    NiceComponentState state;
    enum strait_ice_state reported; /* what that is in W3C's words */
    bool state_news, pair_news, gathered_news, gathering, gathered;
    struct strait_candidate *locals;
    size_t n_locals, n_told, room_locals;

    struct strait_path path;
    bool has_path;
    int fd;                            /* the selected pair's UDP socket, -1: through libnice */
    struct strait__agent_batch *batch; /* the runtime's, shared by all */
    size_t n_batch;
    bool stopped;                         /* libnice, for the batch was full */
    struct strait__agent_datagram *early; /* STRAIT__AGENT_EARLY, or NULL */
    size_t n_early;
    struct strait__agent_outgoing *outgoing; /* what waits for room; NULL: nothing */
    strait_time retry_at, retry_after;       /* ... and is tried again; 0: nothing waits */
    struct sockaddr_storage exempt[STRAIT__AGENT_MAX_EXEMPT]; /* see filter.c */
    size_t n_exempt;
};

/* What a transport has: libnice cannot gather again, so that another network takes another NiceAgent. */
struct strait__agents {
    struct strait_hooks hooks;
    struct strait_agent_config config; /* nothing borrowed in it but the servers below */
    struct strait_endpoint *endpoint;
    struct strait_transport *transport;
    struct strait__ice *ice;
    struct strait__rules local_rules, remote_rules;
    struct strait_agent_stats stats; /* its counters */
    struct strait__mdns_client mdns;
    struct strait__agent *current; /* whose path is used */
    struct strait__agent *next;    /* looks for a path to take over with; or NULL */
    struct strait__agent *leaving; /* has been taken over from, and receives for a while; or NULL */

    struct strait__network *network; /* tells it of changes; NULL: nobody does */
    struct strait__agents *next_member;
    bool network_news;
    /* The host's addresses when it gathered, or was told of others last. From the hooks, STRAIT__AGENT_MAX_LOCAL; NULL
     * where nobody tells it. */
    struct sockaddr_storage *known;
    size_t n_known;
};

/* --- agents.c --- */
/* Of a transport; NULL: none. */
struct strait__agents *strait__agents_of(const struct strait_transport *transport);
/* The transport goes, and all of them with it. */
void strait__agents_destroy(struct strait__agents *agents);

/* --- agent.c --- */
/* With the local credentials that ICE has now. As strait_agent_create's errors. */
int strait__agent_create(struct strait__agent **out, struct strait__agents *agents,
                         struct strait_runtime *runtime);
/* Freed at once, or when its own run has returned and its allocations are given back. NULL is fine. */
void strait__agent_destroy(struct strait__agent *a);
/* Before there is a pair its checks may rest for as long as the configuration says until it has failed: the remote may
 * have to wait for our candidates, or for its user. Afterwards they may end. */
void strait__agent_wait(struct strait__agent *a, bool patiently);
/* Errors of strait_agent_gather. */
int strait__agent_gather(struct strait__agent *a);

/* --- regather.c --- */
/* The one that signalling is about. */
struct strait__agent *strait__agents_newest(const struct strait__agents *agents);
/* The restart that a fresh one was made for. */
void strait__agent_renew(struct strait__agent *next, const struct strait_ice_parameters *local);
/* It has a pair: the path of the transport is its own from now on. */
void strait__agent_take_over(struct strait__agent *a);
/* Destroys it where its time has come. In its own run. */
void strait__agent_leave(struct strait__agent *a);
/* Its state has changed: the transport is told what that makes of the whole. */
void strait__agent_report(struct strait__agent *a, enum strait_ice_state state, int error,
                          const char *detail);

/* --- network.c --- */
/* Where the application wants to know. STRAIT_E_NOMEM, _LIMIT, _SYSTEM. */
int strait__network_join(struct strait__agents *agents, struct strait_runtime *runtime);
void strait__network_leave(struct strait__agents *agents);

/* --- keep.c --- */
/* A copy of what the application has lent. STRAIT_E_NOMEM; bad entries are copied as they are. */
int strait__servers_keep(const struct strait_hooks *hooks, const struct strait_ice_server **out,
                         const struct strait_ice_server *servers, size_t n);
/* Zeroes and frees it. */
void strait__servers_forget(const struct strait_hooks *hooks,
                            const struct strait_ice_server *servers, size_t n);

/* --- servers.c --- */
/* Whom turns: servers' certificates must come from: `trust`, or the system's where such a server needs one. As
 * strait_agent_create's errors. */
int strait__servers_trust(struct strait__agents *agents, struct strait_runtime *runtime,
                          struct strait_trust *trust);
/* Before gathering. As strait_agent_create's errors; the detail is the runtime's. */
int strait__agent_give_servers(struct strait__agent *a, const struct strait_ice_server *servers,
                               size_t n);
/* Around libnice's gathering. */
void strait__servers_seek(struct strait__agent *a);
guint strait__servers_mark(const struct strait__agent *a);
void strait__servers_hold(struct strait__agent *a, guint from);
/* libnice says that it is done. False: it has said so, or was taken to have. */
bool strait__servers_gathered(struct strait__agent *a);
/* There may be candidates yet, whatever libnice says. */
bool strait__servers_pending(const struct strait__agent *a);
/* Tells the application which failed. */
void strait__servers_tell(struct strait__agent *a);

/* --- close.c --- */
/* Closes its sockets, of which nothing has been told yet. It is only good for being destroyed. */
void strait__agent_shut(struct strait__agent *a);
/* Gives allocations back: `closed` is set in a later run. */
void strait__agent_begin_close(struct strait__agent *a);
/* Before NiceAgent goes: does what is left of that, and waits for it. */
void strait__agent_end_close(struct strait__agent *a);
/* When NiceAgent is gone. */
void strait__servers_finish(struct strait__agent *a);

/* --- interfaces.c --- */
/* Before gathering: the addresses that the rules allow. STRAIT_E_NOT_FOUND. */
int strait__agent_choose_addresses(struct strait__agent *a);
/* Whether the host has other addresses for it than those that are known, which are known then. */
bool strait__agents_look(struct strait__agents *agents, struct strait_runtime *runtime);

/* --- filter.c --- */
/* When sockets are open: what comes from addresses that the remote rules deny is not read by them. STRAIT_E_SYSTEM,
 * _LIMIT, _NOMEM. */
int strait__agent_filter(struct strait__agent *a);
/* A server of ours may have a denied address. Before strait__agent_filter. */
void strait__agent_exempt(struct strait__agent *a, const struct sockaddr_storage *server);

/* --- bridge.c --- */
/* A context's turn in the runtime's loop. */
struct strait__turn {
    struct strait__guest *guest;
    GMainContext *context;
    strait_time *synced; /* when its descriptors were last told to the kernel as if new */
    bool again;          /* tell them so now */
    bool unread;         /* there is something to read that epoll does not tell of */
};
/* Does what it has to do; returns when it is to be called again at the latest. */
strait_time strait__context_iterate(const struct strait__turn *turn);
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
/* The pair that libnice has selected is the path. */
void strait__agent_take_pair(struct strait__agent *a);
/* Nothing works any more. */
void strait__agent_lose_pair(struct strait__agent *a);
void strait__agent_hand_over(struct strait__agent *a);

/* Its UDP sockets get the runtime's buffers. */
void strait__agent_size_sockets(struct strait__agent *a);
/* Where libnice was stopped since a batch was full: has it go on. True: it was. */
bool strait__agent_read_on(struct strait__agent *a);

/* --- outgoing.c --- */
void strait__agent_send(struct strait__guest *guest, const struct strait_send *send);
/* What found no room before. */
void strait__agent_send_again(struct strait__agent *a);
/* Forgets it. */
void strait__agent_send_none(struct strait__agent *a);

/* --- consent.c --- */
/* Before gathering. */
void strait__agent_set_consent(struct strait__agent *a);
/* Tells of silence and of its end. The last thing in a run, since it may bring the deadline forward. */
void strait__agent_watch_consent(struct strait__agent *a);

/* --- stats.c --- */
/* Of a struct strait__agents. */
size_t strait__agents_pairs(const void *user, struct strait_pair_stats *out, size_t max);
size_t strait__agents_locals(const void *user, struct strait_candidate *out, size_t max);
size_t strait__agents_remotes(const void *user, struct strait_candidate *out, size_t max);
void strait__agents_measure(const void *user, struct strait_transport_stats *stats);

/* --- driver.c --- */
/* Of a struct strait__agents. */
extern const struct strait__ice_driver strait__agent_driver;

#endif
