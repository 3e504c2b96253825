/* A listener's offer: which of its sections the radio takes, and in which form. */
#ifndef RADIO_OFFER_H
#define RADIO_OFFER_H

#include <strait/sdp.h>

struct offer {
    const struct strait_sdp *sdp;
    const struct strait_sdp_section *audio; /* the section that is answered */
    const struct strait_sdp_section
        *transport;             /* where its credentials stand: BUNDLE may say elsewhere */
    uint8_t payload_type;       /* of opus */
    struct strait_text fmtp;    /* its parameters, "" for none */
    enum strait_dtls_role role; /* ours */
};

/*
 * Reads a parsed offer; `out` borrows from it. `wanted` is our role where the offer leaves it to us.
 * 0, or -1 and a sentence with the line in `error`.
 */
int offer_read(struct offer *out, const struct strait_sdp *sdp, enum strait_dtls_role wanted,
               struct strait_sdp_error *error);

#endif
