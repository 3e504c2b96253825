/*
 * One peer: ICE, DTLS and SRTP, bundled and muxed on one path (RFC 8445, RFC 8842, RFC 5764, RFC 5761,
 * RFC 8843). A transport lives in an endpoint, which gives it datagrams and time.
 */
#ifndef STRAIT_TRANSPORT_H
#define STRAIT_TRANSPORT_H

#include <strait/dtls.h>
#include <strait/ice.h>
#include <strait/srtp.h>
#include <strait/stats.h>
#include <strait/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct strait_endpoint;
struct strait_transport;

/*
 * All fire only inside strait_endpoint_receive and strait_endpoint_advance, with no lock held, and
 * may call any function of any transport of the endpoint: destroying this very transport is fine.
 * Every member may be NULL.
 */
struct strait_transport_events {
    size_t size;
    void (*ice_state)(void *user, struct strait_transport *transport, enum strait_ice_state state);
    void (*dtls_state)(void *user, struct strait_transport *transport,
                       enum strait_dtls_state state);
    /* RTP and RTCP that passed SRTP, in order of arrival. Borrowed (and writable) until it returns. */
    void (*packets)(void *user, struct strait_transport *transport, struct strait_packet *packets,
                    size_t n);
    /* A record of application data of the DTLS association (SCTP, ...). Borrowed. */
    void (*data)(void *user, struct strait_transport *transport, uint8_t *data, size_t len);
    /* The selected path changed: the first one, after a nomination or after the peer moved. */
    void (*path)(void *user, struct strait_transport *transport, const struct strait_path *path);
    /* Comprehension-optional attributes of an authenticated STUN message that strait does not know
     * (RFC 8489, section 14). Borrowed. */
    void (*stun_attributes)(void *user, struct strait_transport *transport,
                            const struct strait_stun_attribute *attributes, size_t n);
};

struct strait_transport_config {
    size_t size;
    struct strait_transport_events events; /* copied */
    void *user;

    enum strait_ice_kind ice;
    /* Lite is always controlled (RFC 8445, 6.1.1) and needs a full peer: two lite ones send no check. */
    enum strait_ice_role ice_role;
    /* Local credentials, zero terminated; both NULL: made (8 and 24 characters). ice-char only, lengths
     * as in ice.h. A ufrag must be unique within the endpoint. */
    const char *ufrag;
    const char *pwd;
    /* From the remote's parameters to failed: full without a valid pair, lite without a check. 0: 30 s. */
    strait_time ice_timeout;
    /* Lite: sending stops and the state is failed after this time without a valid check; full:
     * without a valid answer (RFC 7675, 5.1). 0: 30 s. disconnected comes at a quarter of it. */
    strait_time consent_timeout;

    struct strait_certificate *certificate; /* a reference is taken; required */
    enum strait_dtls_role dtls_role; /* AUTO: the answer of the remote's parameters decides */
    enum strait_dtls_version min_version, max_version;           /* as in strait_dtls_config */
    enum strait_srtp_profile profiles[STRAIT_DTLS_MAX_PROFILES]; /* most wanted first */
    size_t n_profiles; /* 0: AEAD_AES_128_GCM, AEAD_AES_256_GCM, AES128_CM_SHA1_80 */
    enum strait_dtls_group groups[STRAIT_DTLS_MAX_GROUPS];
    size_t n_groups;               /* 0: as in strait_dtls_config */
    uint16_t mtu;                  /* of DTLS; 0: 1200 */
    strait_time handshake_timeout; /* 0: 30 s */
    bool keylog_env;               /* as in strait_dtls_config */

    uint32_t replay_window; /* RTP packets, 64..32767; 0: 1024 */
    uint32_t max_ssrcs;     /* each direction; 0: 64 */
};

/* RTCDtlsParameters */
struct strait_dtls_parameters {
    enum strait_dtls_role role; /* of the remote: CLIENT is a=setup:active */
    struct strait_fingerprint fingerprints[STRAIT_DTLS_MAX_FINGERPRINTS];
    size_t n_fingerprints;
};

/*
 * Creates a transport in `endpoint`. It sends nothing before the remote's parameters are there.
 * STRAIT_E_INVALID, _NOMEM, _LIMIT (the endpoint's max_transports), _EXISTS (ufrag), _RANDOM,
 * _UNSUPPORTED (a kind of ICE or a group that this build leaves out).
 */
STRAIT_API int strait_transport_create(struct strait_transport **out,
                                       struct strait_endpoint *endpoint,
                                       const struct strait_transport_config *config,
                                       strait_time now);

/* Forgets the peer at once and sends nothing (close first). Legal in any callback. NULL is fine. */
STRAIT_API void strait_transport_destroy(struct strait_transport *transport);

/* Sends close_notify if there is an association; both states become closed, without events. */
STRAIT_API void strait_transport_close(struct strait_transport *transport, strait_time now);

/* The local ufrag and pwd: of the newest generation. Borrowed until the next restart or destroy. */
STRAIT_API const struct strait_ice_parameters *strait_transport_local_ice(
    const struct strait_transport *transport);

/*
 * The remote's credentials. Different ones than before are its restart (RFC 8445, section 9): the old
 * path goes on until the new generation has nominated one. Zero terminated strings.
 * STRAIT_E_INVALID (lengths, characters), _STATE (closed). No callback; the deadline becomes "now".
 */
STRAIT_API int strait_transport_set_remote_ice(struct strait_transport *transport,
                                               const struct strait_ice_parameters *remote);

/*
 * A remote candidate. Lite needs none and ignores them; full checks UDP ones with an address of a
 * family that a local socket has, up to 32 and 100 pairs. A name of multicast DNS ("UUID.local", as browsers give
 * where they hide addresses) is taken, but not looked up: the check that such a peer sends is its candidate
 * (peer-reflexive). An agent (agent.h) looks it up.
 * Held until the remote's credentials are there. STRAIT_E_INVALID (malformed: port 0, an unspecified, multicast,
 * broadcast or IPv4-mapped address, component 0, ...), _DENIED (the endpoint's or agent's rules), _UNSUPPORTED (TCP but
 * for an agent with ice_tcp, another component, another name: it is not used), _LIMIT, _STATE, _SYSTEM (an agent that
 * cannot ask for names: the log says why). Each is counted: none of them is a reason to give up the peer.
 */
STRAIT_API int strait_transport_add_remote_candidate(struct strait_transport *transport,
                                                     const struct strait_candidate *candidate);

/* No more remote candidates will come. */
STRAIT_API int strait_transport_end_of_candidates(struct strait_transport *transport);

/*
 * The remote's DTLS role and fingerprints; may come after the handshake began. Other values than before begin
 * a new association on the same path (RFC 8842, section 4): the state is CONNECTING again, media go on with
 * the old keys until the new ones are there, and for 2 s the peer may still use the old ones. Packets that only
 * the other set opens also count as forged once. STRAIT_E_INVALID (no fingerprint, one of another length
 * than its hash's, or both sides with the same role), _STATE (closed or failed).
 */
STRAIT_API int strait_transport_set_remote_dtls(struct strait_transport *transport,
                                                const struct strait_dtls_parameters *remote);

/* Our role: what the configuration says, or, there AUTO, what the remote's leaves to us; where the
 * remote says AUTO too we are the client (RFC 8842, 5.3: active is recommended). */
STRAIT_API enum strait_dtls_role strait_transport_dtls_role(
    const struct strait_transport *transport);

/* New local credentials (NULL, NULL: made): an ICE restart from our side; signal them to the peer. The
 * old ones go on working until the new generation has nominated a path. STRAIT_E_* as create. */
STRAIT_API int strait_transport_restart_ice(struct strait_transport *transport, const char *ufrag,
                                            const char *pwd);

/* Comprehension-optional attributes (type >= 0x8000, but none of ICE's own) to add to each STUN message we
 * send from now on, copied; n 0: none. At most 4 of 64 bytes together: STRAIT_E_LIMIT. _INVALID, _STATE. */
STRAIT_API int strait_transport_set_stun_attributes(struct strait_transport *transport,
                                                    const struct strait_stun_attribute *attributes,
                                                    size_t n);

/*
 * Protects and queues `n` packets for the peer. The packets are only read: the same array can be sent to
 * any number of transports. Returns how many were taken; 0..n. A packet not taken is counted in the
 * statistics under its reason. STRAIT_E_STATE (no keys or no writable path: none was taken),
 * _INVALID, _AGAIN (the outbox was full from the first one on).
 */
STRAIT_API int strait_transport_send(struct strait_transport *transport,
                                     const struct strait_packet *packets, size_t n);

/* Sends one record of application data over the association. Errors of strait_dtls_send. */
STRAIT_API int strait_transport_send_data(struct strait_transport *transport, strait_time now,
                                          const uint8_t *data, size_t len);

STRAIT_API enum strait_ice_state strait_transport_ice_state(
    const struct strait_transport *transport);
STRAIT_API enum strait_dtls_state strait_transport_dtls_state(
    const struct strait_transport *transport);

/* True if packets can be sent now. */
STRAIT_API bool strait_transport_writable(const struct strait_transport *transport);

/* Why a state is failed or closed: a strait_error, and a text that says what to do ("" if nothing is
 * wrong; valid until the next call). */
STRAIT_API int strait_transport_error(const struct strait_transport *transport);
STRAIT_API const char *strait_transport_error_detail(const struct strait_transport *transport);

/* The user pointer of the configuration. */
STRAIT_API void *strait_transport_user(const struct strait_transport *transport);

/* Fills as much of `out` as out->size says. STRAIT_E_INVALID. */
STRAIT_API int strait_transport_stats(const struct strait_transport *transport,
                                      struct strait_transport_stats *out);

/* Copies up to `max` of the candidate pairs and returns how many there are, up to 400. Full ICE and an agent: those of
 * the check list, the old generation's with them during a restart; lite and an external path: the selected one. */
STRAIT_API size_t strait_transport_pairs(const struct strait_transport *transport,
                                         struct strait_pair_stats *out, size_t max);

/* The same for candidates: RTCIceCandidateStats. Local ones are the endpoint's or the agent's; remote ones those that
 * were signalled and those that checks came from (peer-reflexive), of which lite and an external path keep none. */
STRAIT_API size_t strait_transport_local_candidates(const struct strait_transport *transport,
                                                    struct strait_candidate *out, size_t max);
STRAIT_API size_t strait_transport_remote_candidates(const struct strait_transport *transport,
                                                     struct strait_candidate *out, size_t max);

/* Live state: the path, NULL before there is one (borrowed until the next call) ... */
STRAIT_API const struct strait_path *strait_transport_path(
    const struct strait_transport *transport);

/* ... the remote's credentials, NULL before they are there ... */
STRAIT_API const struct strait_ice_parameters *strait_transport_remote_ice(
    const struct strait_transport *transport);

/* ... the SRTP keys (zero them) and the streams. STRAIT_E_STATE before there are keys. */
STRAIT_API int strait_transport_srtp_keys(const struct strait_transport *transport,
                                          enum strait_srtp_profile *profile,
                                          struct strait_srtp_key *send,
                                          struct strait_srtp_key *receive);
STRAIT_API size_t strait_transport_srtp_streams(const struct strait_transport *transport,
                                                struct strait_srtp_stream *out, size_t max);

/* The peer's certificate in DER, NULL before it came; borrowed, as long as the transport. */
STRAIT_API const uint8_t *strait_transport_peer_certificate(
    const struct strait_transport *transport, size_t *len);

/*
 * For STRAIT_ICE_EXTERNAL: the host's ICE says that this path is valid (sending is allowed), or, with
 * NULL, that it is lost. rtt in ns, 0: unknown. STRAIT_E_STATE (another kind of ICE), _EXISTS (a
 * live other transport holds the path), _DENIED (the endpoint's rules do not allow the remote address).
 */
STRAIT_API int strait_transport_set_path(struct strait_transport *transport,
                                         const struct strait_path *path, strait_time rtt);

#ifdef __cplusplus
}
#endif
#endif
