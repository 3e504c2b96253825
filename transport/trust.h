/* The inside of a trust: its anchors, found by name. */
#ifndef STRAIT_TRANSPORT_TRUST_INTERNAL_H
#define STRAIT_TRANSPORT_TRUST_INTERNAL_H

#include <strait/trust.h>

#include "transport/x509.h"

enum { STRAIT__TRUST_DETAIL = 256 };

struct strait__anchor {
    struct strait__anchor *next;
    struct strait__x509 x; /* of `der` */
    uint8_t der[];
};

/* Adds what can be used of PEM or DER. `strict`: one that is malformed spoils all (strait_trust_add). */
int strait__trust_add(struct strait_trust *trust, const uint8_t *data, size_t len, bool strict);

/* STRAIT_OK, or STRAIT_E_STATE with a detail where it may not be changed any more. */
int strait__trust_may_change(struct strait_trust *trust);

const struct strait_hooks *strait__trust_hooks(const struct strait_trust *trust);

/* Sets the detail and returns `error`. */
__attribute__((format(printf, 3, 4))) int strait__trust_fail(struct strait_trust *trust, int error,
                                                             const char *format, ...);

/* What went wrong on the way has been got over. */
void strait__trust_forget(struct strait_trust *trust);

/* The newest of the anchors, then `next`. */
const struct strait__anchor *strait__trust_anchors(const struct strait_trust *trust);

#endif
