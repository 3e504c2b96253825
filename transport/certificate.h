/* What the layers below the API see of a certificate. */
#ifndef STRAIT_TRANSPORT_CERTIFICATE_INTERNAL_H
#define STRAIT_TRANSPORT_CERTIFICATE_INTERNAL_H

#include <strait/certificate.h>

/* The certificate and its intermediates in DER, one behind the other. Borrowed. */
const uint8_t *strait__certificate_chain(const struct strait_certificate *cert, size_t *len);
bool strait__certificate_is_rsa(const struct strait_certificate *cert);

#endif
