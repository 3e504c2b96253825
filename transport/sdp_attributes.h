/* The attributes of a transport, read into one level of a description: the session or one section. */
#ifndef STRAIT_TRANSPORT_SDP_ATTRIBUTES_H
#define STRAIT_TRANSPORT_SDP_ATTRIBUTES_H

#include <strait/sdp.h>

#include "transport/fingerprint.h"

/* What may stand at both levels: the session's is the default of every section that has none. Each
 * attribute has the number of its line; 0: it is not there. */
struct strait__sdp_level {
    uint32_t ufrag_line, pwd_line, setup_line, mid_line;
    char ufrag[STRAIT_UFRAG_MAX + 1];
    char pwd[STRAIT_PWD_MAX + 1];
    enum strait_sdp_setup setup;
    struct strait_fingerprint fingerprints[STRAIT_DTLS_MAX_FINGERPRINTS];
    size_t n_fingerprints;
    uint32_t refused_line; /* of the first fingerprint with a hash that is not accepted, and why */
    char refused[STRAIT__FINGERPRINT_REASON];
    bool trickle, renomination, end_of_candidates;
};

struct strait__sdp_place {
    struct strait__sdp_level *level;
    struct strait_sdp *sdp;             /* where it is the session's level, else NULL */
    struct strait_sdp_section *section; /* where it is a section's, else NULL */
    uint32_t line;
    struct strait_sdp_error *error;
};

/*
 * Reads the value of an a= line ("mid:0"). What is no attribute of a transport, or has no meaning at
 * this level (RFC 8866, section 5.13), is left alone. STRAIT_E_PARSE, _LIMIT; the error is filled in.
 */
int strait__sdp_read_attribute(const struct strait__sdp_place *place, struct strait_text value);

/* Our role's counterpart: what a=setup says of the one who sent it (RFC 8842, section 5). */
enum strait_dtls_role strait__sdp_role(enum strait_sdp_setup setup);

/* The word after "a=setup:", or NULL for STRAIT_SETUP_NONE and numbers that are none. */
const char *strait__sdp_setup_word(enum strait_sdp_setup setup);

#endif
