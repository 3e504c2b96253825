/*
 * SDP's transport part: what an m-section says of ICE, DTLS, bundling and muxing (RFC 8839, RFC 8842,
 * RFC 9143, RFC 5761, RFC 5506, RFC 8840, RFC 9429). Media descriptions stay text for the application.
 */
#ifndef STRAIT_SDP_H
#define STRAIT_SDP_H

#include <strait/ice.h>
#include <strait/transport.h>
#include <strait/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define STRAIT_SDP_MAX_SECTIONS 32u
#define STRAIT_SDP_MAX_CANDIDATES 32u
#define STRAIT_SDP_MID_MAX 63u

/* A run of bytes inside the text that was parsed; borrowed from it. Not zero terminated. */
struct strait_text {
    const char *data;
    size_t len;
};

/* a=setup (RFC 4145, section 4; RFC 8842) */
enum strait_sdp_setup {
    STRAIT_SETUP_NONE = 0,
    STRAIT_SETUP_ACTPASS = 1,
    STRAIT_SETUP_ACTIVE = 2,
    STRAIT_SETUP_PASSIVE = 3,
    STRAIT_SETUP_HOLDCONN = 4
};

/* One m-section; what stands at session level only is filled in here as well. */
struct strait_sdp_section {
    struct strait_text media;    /* "audio" */
    uint16_t port;               /* 0: rejected or bundled (RFC 9143, section 6) */
    struct strait_text protocol; /* "UDP/TLS/RTP/SAVPF" */
    struct strait_text formats;  /* "111 0 8" */
    struct strait_text body;     /* its lines after the m= line, for the application to read */
    uint32_t line;               /* of the m= line, from 1 */

    char mid[STRAIT_SDP_MID_MAX + 1];   /* "" without a=mid */
    struct strait_ice_parameters ice;   /* ufrag "" where there is none */
    bool ice_trickle, ice_renomination; /* of a=ice-options; ice.ice_lite is a=ice-lite */
    struct strait_dtls_parameters dtls; /* role follows from setup: the remote's */
    enum strait_sdp_setup setup;
    struct strait_candidate candidates[STRAIT_SDP_MAX_CANDIDATES];
    size_t n_candidates;
    uint32_t candidates_skipped; /* a protocol that is neither udp nor tcp, or too many */
    bool end_of_candidates;
    bool rtcp_mux, rtcp_mux_only, rtcp_rsize;
    bool bundled;      /* its mid is in a=group:BUNDLE */
    bool bundle_first; /* ... and the first there with a port: the section whose transport counts */
    bool bundle_only;
    uint8_t bundle_group; /* which a=group:BUNDLE line it is in, from 1; 0: in none */
};

struct strait_sdp {
    struct strait_sdp_section sections[STRAIT_SDP_MAX_SECTIONS];
    size_t n_sections;
    struct strait_text session; /* the lines before the first m= line */
    bool ice_lite;
};

struct strait_sdp_error {
    uint32_t line;    /* from 1; 0: about the text as a whole */
    char reason[200]; /* "line 12: a=fingerprint: sha-256 wants 32 bytes, this has 31" */
};

/*
 * Parses `len` bytes of SDP; lines end in CRLF or LF. `out` is large (hundreds of kB): have it allocated,
 * not on a small stack; its texts borrow from `text`. `error` may be NULL. STRAIT_E_INVALID,
 * _PARSE (error says line and reason), _LIMIT (more sections than STRAIT_SDP_MAX_SECTIONS).
 */
STRAIT_API int strait_sdp_parse(struct strait_sdp *out, const char *text, size_t len,
                                struct strait_sdp_error *error);

/*
 * True if a section carries what a WebRTC transport needs: credentials, at least one fingerprint, a
 * setup role. Where not, `error` names line and reason.
 */
STRAIT_API bool strait_sdp_section_usable(const struct strait_sdp_section *section,
                                          struct strait_sdp_error *error);

/*
 * Iterates over a section's attributes of one name: *position starts at 0; `value` gets what stands after
 * "a=name:" ("" for a flag). Returns false at the end.
 */
STRAIT_API bool strait_sdp_attribute(const struct strait_sdp_section *section, const char *name,
                                     size_t *position, struct strait_text *value);

/* What to print of a local transport into an m-section. */
struct strait_sdp_transport {
    size_t size;
    const char *mid; /* NULL: no a=mid line */
    struct strait_ice_parameters ice;
    bool ice_trickle;
    const struct strait_fingerprint *fingerprints;
    size_t n_fingerprints;
    enum strait_sdp_setup setup;
    const struct strait_candidate *candidates;
    size_t n_candidates;
    bool end_of_candidates;
    bool rtcp_mux, rtcp_rsize;
};

/*
 * Writes the a= lines of a transport (CRLF ended) and a zero. a=ice-lite belongs at session level (RFC
 * 8839, 5.3) and is not written here. Returns the length, or STRAIT_E_TOO_SMALL, _INVALID.
 */
STRAIT_API int strait_sdp_print(const struct strait_sdp_transport *transport, char *text,
                                size_t room);

#ifdef __cplusplus
}
#endif
#endif
