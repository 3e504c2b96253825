/* Fingerprints with the reason of a failure in words, for the SDP parser. */
#ifndef STRAIT_TRANSPORT_FINGERPRINT_H
#define STRAIT_TRANSPORT_FINGERPRINT_H

#include <strait/certificate.h>

enum { STRAIT__FINGERPRINT_REASON = 96 };

/* As strait_fingerprint_parse; on failure `reason` (may be NULL) says what is wrong. */
int strait__fingerprint_read(struct strait_fingerprint *out, const char *text, size_t len,
                             char reason[STRAIT__FINGERPRINT_REASON]);

#endif
