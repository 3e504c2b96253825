/* An offer: which of its sections the radio takes, and in which form. */
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

enum offer_result {
    OFFER_GOOD = 0,
    OFFER_UNFIT = -1,     /* well-formed, but nothing that the radio does */
    OFFER_MALFORMED = -2, /* the transport's lines do not hold together */
};

/*
 * Reads a listener's parsed offer; `out` borrows from it. `wanted` is our role where the offer leaves
 * it to us. Unless it is good, `error` gets a sentence with the line.
 */
enum offer_result offer_read(struct offer *out, const struct strait_sdp *sdp,
                             enum strait_dtls_role wanted, struct strait_sdp_error *error);

/* The same for a publisher's: he sends. */
enum offer_result offer_read_publisher(struct offer *out, const struct strait_sdp *sdp,
                                       enum strait_dtls_role wanted,
                                       struct strait_sdp_error *error);

#endif
