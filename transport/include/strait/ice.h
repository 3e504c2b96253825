/*
 * ICE's words (RFC 8445, RFC 8839): roles, states, candidates, credentials.
 */
#ifndef STRAIT_ICE_H
#define STRAIT_ICE_H

#include <strait/types.h>

#ifdef __cplusplus
extern "C" {
#endif

enum strait_ice_kind {
    STRAIT_ICE_LITE = 0, /* answers checks only (RFC 8445, 2.5): for servers */
    STRAIT_ICE_FULL = 1, /* checks with host candidates of the endpoint's sockets; may be left out
                               of a build (STRAIT_E_UNSUPPORTED) */
    STRAIT_ICE_EXTERNAL = 2 /* the path is given by the host */
};

/* RTCIceRole */
enum strait_ice_role { STRAIT_ICE_CONTROLLED = 0, STRAIT_ICE_CONTROLLING = 1 };

/* RTCIceTransportState */
enum strait_ice_state {
    STRAIT_ICE_NEW = 0,
    STRAIT_ICE_CHECKING = 1,
    STRAIT_ICE_CONNECTED = 2,
    STRAIT_ICE_COMPLETED = 3,
    STRAIT_ICE_DISCONNECTED = 4,
    STRAIT_ICE_FAILED = 5,
    STRAIT_ICE_CLOSED = 6
};

enum strait_candidate_type {
    STRAIT_CANDIDATE_HOST = 0,
    STRAIT_CANDIDATE_SRFLX = 1,
    STRAIT_CANDIDATE_PRFLX = 2,
    STRAIT_CANDIDATE_RELAY = 3
};

enum strait_candidate_protocol { STRAIT_CANDIDATE_UDP = 0, STRAIT_CANDIDATE_TCP = 1 };

enum strait_tcp_type {
    STRAIT_TCP_NONE = 0,
    STRAIT_TCP_ACTIVE = 1,
    STRAIT_TCP_PASSIVE = 2,
    STRAIT_TCP_SO = 3
};

/* RFC 8839, 5.1: foundation 1*32ice-char; 5.4: ufrag 4*256, pwd 22*256 ice-char. */
#define STRAIT_FOUNDATION_MAX 32u
#define STRAIT_UFRAG_MIN 4u
#define STRAIT_UFRAG_MAX 256u
#define STRAIT_PWD_MIN 22u
#define STRAIT_PWD_MAX 256u
#define STRAIT_HOSTNAME_MAX 255u

/* a=candidate (RFC 8839, section 5.1; RFC 6544 for TCP). */
struct strait_candidate {
    char foundation[STRAIT_FOUNDATION_MAX + 1];
    uint16_t component; /* 1: RTP (and RTCP, muxed) */
    enum strait_candidate_protocol protocol;
    enum strait_tcp_type tcp_type;
    enum strait_candidate_type type;
    uint32_t priority;
    /* The connection address with its port. ss_family AF_UNSPEC where it is a name (`.local`). */
    struct sockaddr_storage address;
    char hostname[STRAIT_HOSTNAME_MAX + 1]; /* "" where `address` is one */
    uint16_t port;
    struct sockaddr_storage related; /* raddr and rport; AF_UNSPEC where there are none */
};

/*
 * Which addresses may be used. A rule is a range, "10.0.0.0/8", "2001:db8::/32", "192.0.2.7", or "private": all that is
 * not of the public network (loopback, link-local, RFC 1918, unique local, multicast, documentation, and IPv6 that
 * stands for IPv4); or, among those for local addresses, an interface's name: "%eth0", "%docker*" (all that begin with
 * it); it says nothing of an address that strait_endpoint_add_local was given, whose interface is not known. An address passes that is in one of `allow`, or `allow` is empty, and in none of `deny`; an IPv4-mapped address
 * counts as IPv4. Up to 64 each.
 */
struct strait_address_rules {
    const char *const *allow;
    size_t n_allow;
    const char *const *deny;
    size_t n_deny;
};

/* A local address that peers reach under another one (NAT 1:1, as clouds have it). Both without port, of one family;
 * "0.0.0.0" or "::" as `local` stands for each of its family that is not named itself. The port is the local one's. */
struct strait_address_mapping {
    const char *local;
    const char *advertised;
};

/* RTCIceParameters. Zero terminated. */
struct strait_ice_parameters {
    char ufrag[STRAIT_UFRAG_MAX + 1];
    char pwd[STRAIT_PWD_MAX + 1];
    bool ice_lite;
};

#define STRAIT_CANDIDATE_TEXT_MAX 640u

/*
 * Reads "candidate:..." , with or without "a=" before it. `len` bytes, no zero needed. Unknown
 * extension attributes are skipped as the grammar wants. STRAIT_E_INVALID, _PARSE, _UNSUPPORTED
 * (a transport that is neither udp nor tcp, a type that is not known).
 */
STRAIT_API int strait_candidate_parse(struct strait_candidate *out, const char *text, size_t len);

/* Writes "candidate:..." and a zero; returns its length, or STRAIT_E_TOO_SMALL, _INVALID. */
STRAIT_API int strait_candidate_print(const struct strait_candidate *candidate, char *text,
                                      size_t room);

/* Priority by RFC 8445, 5.1.2.1. local_preference 0..65535, component 1..256. */
STRAIT_API uint32_t strait_candidate_priority(enum strait_candidate_type type,
                                              uint16_t local_preference, uint16_t component);

/* A UDP host candidate, component 1, for an address. STRAIT_E_INVALID. */
STRAIT_API int strait_candidate_host(struct strait_candidate *out, const struct sockaddr *address,
                                     uint16_t local_preference);

/* Of a STUN message, as it came or to be added (RFC 8489, section 14). `value` is borrowed. */
struct strait_stun_attribute {
    uint16_t type;
    uint16_t len;
    const uint8_t *value;
};

#ifdef __cplusplus
}
#endif
#endif
