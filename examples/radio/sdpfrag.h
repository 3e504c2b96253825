/* Fragments of SDP that carry ICE's news (RFC 8840, section 9): trickled candidates, restarts. */
#ifndef RADIO_SDPFRAG_H
#define RADIO_SDPFRAG_H

#include <strait/sdp.h>

#define SDPFRAG_TYPE "application/trickle-ice-sdpfrag"
#define SDPFRAG_MAX_CANDIDATES 32u

struct sdpfrag {
    struct strait_ice_parameters ice; /* ufrag and pwd "" where they are not given */
    struct strait_candidate candidates[SDPFRAG_MAX_CANDIDATES];
    size_t n_candidates;
    uint32_t skipped; /* candidates that are neither UDP nor TCP, or too many */
    uint32_t sections;
    char mid[STRAIT_SDP_MID_MAX + 1]; /* of the first section that has one, else "" */
    bool end_of_candidates;
};

/* Reads `len` bytes of text; lines end in CRLF or LF. 0, or -1 and a sentence with its line. */
int sdpfrag_parse(struct sdpfrag *out, const char *text, size_t len,
                  struct strait_sdp_error *error);

/*
 * Writes what answers a restart: new credentials and all our candidates, for the section `mid`. The
 * text is zero terminated and the caller's to free; NULL where there is no memory.
 */
char *sdpfrag_print(const struct strait_ice_parameters *ice, const char *mid,
                    const struct strait_candidate *candidates, size_t n);

#endif
