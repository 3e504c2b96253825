/* The radio's answer to an offer: one audio section that sends or receives, everything else rejected. */
#ifndef RADIO_ANSWER_H
#define RADIO_ANSWER_H

#include <strait/sdp.h>

#include "offer.h"

struct answer {
    const struct strait_ice_parameters *ice;
    const struct strait_fingerprint *fingerprint;
    const struct strait_candidate *candidates; /* the first is the default one */
    size_t n_candidates;
    uint64_t session; /* of the o= line */
    bool receives;    /* it is a publisher's offer */
    uint32_t ssrc;    /* of what is sent, and its name */
    const char *cname;
};

/* The SDP text, zero terminated: the caller frees it. NULL where there is no memory. */
char *answer_print(const struct answer *answer, const struct offer *offer);

#endif
