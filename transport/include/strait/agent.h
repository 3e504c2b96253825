/*
 * Full ICE with sockets of its own, by libnice's NiceAgent (RFC 8445, RFC 8838, RFC 7675), for one transport.
 * Where the endpoint's shared port and its host candidates are not enough. Needs the runtime; a build may leave
 * it out. A transport that is made here is used like any other: strait_transport_set_remote_ice,
 * _add_remote_candidate, _restart_ice, _send, _destroy and all the rest.
 *
 * A transport with an agent belongs to the runtime's thread, as its endpoint does: while that is the runtime's own,
 * strait_agent_create, _gather and _regather return STRAIT_E_STATE to others, and nothing else of it may be called by
 * them; strait_runtime_post and _call lead there.
 *
 * What an agent's sockets have no room for waits, up to 256 KB; beyond that it is counted as a send error. coturn's
 * relays have the system's socket buffers (212,992 bytes: some 270 small packets) and lose what comes in longer bursts:
 * space them, or raise net.core.rmem_default there.
 */
#ifndef STRAIT_AGENT_H
#define STRAIT_AGENT_H

#include <strait/runtime.h>
#include <strait/transport.h>
#include <strait/trust.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A server of the configuration that is of no use (webrtc-pc: icecandidateerror), and why. Borrowed. */
struct strait_server_error {
    size_t server;   /* its place in strait_agent_config.servers */
    const char *url; /* as it was given */
    int error;       /* STRAIT_E_NOT_FOUND (its name, or no address of a family that this host has),
                         * _TIMEOUT, _SYSTEM, _CLOSED, _NOMEM, _LIMIT and _UNSUPPORTED (libnice does not take it);
                         * of TLS STRAIT_E_UNTRUSTED, _NAME, _EXPIRED, _BAD_CERTIFICATE, _ALERT, _VERSION, ... */
    const char *detail; /* in English: what to do */
};

/* All fire in the runtime's thread when it dispatches, and may call any function of any transport of the
 * endpoint: destroying this very one is fine. May be NULL. */
struct strait_agent_events {
    size_t size;
    /* A local candidate for the peer (RFC 8838: trickle). Borrowed until it returns. */
    void (*candidate)(void *user, struct strait_transport *transport,
                      const struct strait_candidate *candidate);
    /* There will be no more of them before strait_agent_regather: a=end-of-candidates. */
    void (*gathered)(void *user, struct strait_transport *transport);
    /*
     * This host has other addresses to gather from (those of `local` and of interfaces that are up and running) than
     * when it gathered, or when this was told last. Told when the kernel has been quiet for 0.3 s, after 2 s at the
     * latest. Call strait_agent_regather where you will signal what it brings, now or once you can: strait does not
     * do so itself, for a restart that the peer never hears of finds no path. An address that is gone takes its paths
     * with it: what is sent there is counted (strait_runtime_stats, send_errors), and ICE is `disconnected` and then
     * `failed` as with a peer that no longer answers.
     */
    void (*network_changed)(void *user, struct strait_transport *transport);
    /* A name that is not found; each of several STUN servers where none answers and there is no TURN server; TLS that
     * fails (once for each of this host's addresses that wants a relay). Whom libnice asks itself, a single STUN server or
     * TURN without TLS, may be silent without a word. */
    void (*server_error)(void *user, struct strait_transport *transport,
                         const struct strait_server_error *error);
};

/* RTCIceServer with one URL. Borrowed until strait_agent_create returns. */
struct strait_ice_server {
    /* "stun:HOST:PORT" (RFC 7064), "turn:HOST:PORT?transport=udp" or "tcp", "turns:HOST:PORT" (RFC 7065: TLS over
     * TCP). HOST is a name or an address, IPv6 in brackets; the port is 3478, of turns: 5349, and the transport of turn:
     * udp where they are missing. No stuns:, and no turns: over udp (DTLS). */
    const char *url;
    const char
        *username; /* of a TURN server: long-term credentials (RFC 8489, 9.2), 1 to 508 bytes */
    const char *credential; /* likewise */
};

/* RTCIceTransportPolicy */
enum strait_ice_policy {
    STRAIT_ICE_ALL = 0,
    /* Relayed candidates only: no address of this host is told to the peer. As if `no_mdns` were set. */
    STRAIT_ICE_RELAY = 1
};

struct strait_agent_config {
    size_t size;
    struct strait_agent_events events; /* copied */
    void *user;
    /* UDP ports of its sockets, both ends included; 0, 0: any. */
    uint16_t port_min, port_max;
    /* Between two checks (RFC 8445, 14.2: Ta, 5 ms at least), whole milliseconds; libnice does everything at this pace,
     * and connects in three steps. 0: 5 ms at first, 20 ms as soon as nothing more comes of it. */
    strait_time pacing;
    /* Nominates in each check (RFC 5245, 8.1.1.2): faster, and may change its mind. */
    bool aggressive;
    bool ice_tcp; /* TCP candidates as well, active and passive (RFC 6544) */
    /* STUN servers and up to 8 TURN servers, 32 together, the preferred one first. One that does not answer, or whose
     * name is not found within 5 s, costs its own candidates only, and `gathered` comes later: some 3 s, over TCP up to
     * 20 s. Of several STUN servers, or where one has a name, the first that answers within 5 s is taken, asked over IPv4
     * where this host has it; candidates of this host do not wait for it. TURN servers do, 500 ms at most, after which
     * the first STUN server is taken unasked. Those with a name follow those with an address. An allocation is given
     * back when the transport is destroyed; for that the agent stays in the runtime for some 100 ms, or destroying it
     * takes that long where the runtime, or the endpoint's place in it, is gone or goes. */
    const struct strait_ice_server *servers; /* borrowed until strait_agent_create returns */
    size_t n_servers;
    enum strait_ice_policy policy;
    /* Beside the endpoint's, for this agent alone; borrowed until strait_agent_create returns. This host's addresses
     * that it gathers from, up to 64. Loopback and IPv6 link-local ones are among them only where `allow` has them. Never
     * are IPv6 ones that are tentative or deprecated, nor one that names this host for good where its network has given
     * a temporary one as well (RFC 8445, 5.1.1.1). */
    struct strait_address_rules local;
    /* The peer's candidates: STRAIT_E_DENIED for others, which are counted; no check goes to them. What comes from a
     * denied address to the agent's sockets, TCP's listening ones as well, is dropped by the kernel, but for the STUN and
     * TURN servers'. */
    struct strait_address_rules remote;
    /* Whose certificates a turns: server may have: its chain must lead there, and its certificate must have the URL's
     * host. NULL: the system's authorities (strait_trust_add_system), read once a runtime. One reference more. */
    struct strait_trust *trust;
    /* `.local` names of the peer's candidates are not looked up: STRAIT_E_UNSUPPORTED. Else they are asked for by multicast
     * DNS on all networks of this host, up to 8 at once, for 5 s; the first address of each is taken as if it
     * had been signalled. It needs Avahi's library, and no daemon, in the build (else STRAIT_E_UNSUPPORTED); no other
     * name is ever looked up for a peer. Nothing of this host is published, but asking shows its address on its networks: with
     * STRAIT_ICE_RELAY nothing is asked. */
    bool no_mdns;
};

/*
 * Makes a transport with an agent in `endpoint`, which `runtime` drives. `transport` as in
 * strait_transport_create: `ice` is not looked at; `ice_timeout`, up to 60 s, begins when all checks have ended that there
 * are, and a peer may take as long to answer a restart. `config` NULL: the defaults.
 * In a build with -Dsystem_libnice=true neither is `consent_timeout`: sending stops after 30 s without an answer, or
 * after 10 s where that libnice is older than 0.1.22; disconnected is told with failed, and statistics have no counts of
 * checks, no round trips, and the role that was configured.
 * The agent goes with the transport; when the runtime, or the endpoint's place in it, is gone before, the
 * transport stays where it was and finds no other path.
 * Errors of strait_transport_create; STRAIT_E_NOT_FOUND (the runtime does not drive the endpoint),
 * _UNSUPPORTED (this build has no agent; a server's URL asks for what is not there),
 * _PARSE (a malformed URL or range), _LIMIT (more than 8 TURN servers, 32 servers or 64 ranges), _NOT_FOUND as well
 * where a turns: server needs the system's authorities and there are none, _SYSTEM (no news of the network, where
 * `network_changed` is given), _INVALID as well where `pacing` is less than 5 ms or more than 10 s. What is wrong with a server or
 * a range: strait_runtime_error_detail.
 */
STRAIT_API int strait_agent_create(struct strait_transport **out, struct strait_runtime *runtime,
                                   struct strait_endpoint *endpoint,
                                   const struct strait_transport_config *transport,
                                   const struct strait_agent_config *config);

/* Begins to gather local candidates; their events follow. Once: a restart keeps them, strait_agent_regather finds
 * others.
 * STRAIT_E_INVALID (no transport of an agent), _STATE (gathering or gathered), _NOT_FOUND (no address of this host is
 * allowed, or it has none), _SYSTEM (no socket could be opened: the port range is used up; or filtered), _LIMIT (more
 * remote rules than a socket filter has room for), _NOMEM. After the last three the transport is to be destroyed. */
STRAIT_API int strait_agent_gather(struct strait_transport *transport);

/*
 * Gathers anew, where this host's network has changed or ICE has failed: an ICE restart (RFC 8445, 9) on sockets of
 * their own beside those in use. The new credentials are strait_transport_local_ice's at once; signal them with the new
 * candidates (events `candidate` and `gathered`, of the new ones only from now on). The peer answers as to any restart,
 * by strait_transport_set_remote_ice and its candidates. Media go on over the path that there is until the new sockets
 * have one; what still comes to the old ones is received for 3 s more. Where the new ones find none, the old path stays:
 * `failed` is when neither works. Legal in every callback, and again while it is under way: only the last one counts.
 * After the remote's restart it is an answer to that as well.
 * Errors of strait_agent_gather and strait_transport_restart_ice, and then nothing has changed; STRAIT_E_STATE (not
 * gathered before, or the runtime is gone). A range of ports needs room for both.
 */
STRAIT_API int strait_agent_regather(struct strait_transport *transport);

/* Copies up to `max` of the candidates that were gathered last; returns how many there are. */
STRAIT_API size_t strait_agent_local_candidates(const struct strait_transport *transport,
                                                struct strait_candidate *out, size_t max);

struct strait_agent_stats {
    size_t size; /* the caller sets it */
    uint32_t local_candidates;
    /* Of this generation, 64 at most: STRAIT_E_LIMIT beyond. With those that checks have shown 200; 200 pairs are made of
     * them, and checks may find as many again. */
    uint32_t remote_candidates;
    uint64_t remote_refused; /* not allowed by config.remote */
    uint64_t remote_over_limit;
    uint64_t dropped_no_room;  /* datagrams: too many before there was a pair */
    uint64_t dropped_too_long; /* datagrams of over 2,048 bytes */
    /* RTCIceCandidatePairStats: localCandidate and remoteCandidate of the selected pair. */
    bool has_pair;
    struct strait_candidate local, remote;
    uint64_t server_errors; /* as often as the event of this name */
    uint64_t names_asked, names_resolved,
        names_failed; /* `.local` ones; failed: no answer in 5 s */
};

/* STRAIT_E_INVALID (no transport of an agent, or no size). What is common to all kinds of ICE is in
 * strait_transport_stats. */
STRAIT_API int strait_agent_stats(const struct strait_transport *transport,
                                  struct strait_agent_stats *out);

#ifdef __cplusplus
}
#endif
#endif
