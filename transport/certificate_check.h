/* Whether a chain and a key that were given are what they should be. */
#ifndef STRAIT_TRANSPORT_CERTIFICATE_CHECK_H
#define STRAIT_TRANSPORT_CERTIFICATE_CHECK_H

#include <strait/types.h>

#include "transport/x509.h"

enum { STRAIT__CHAIN_MAX = 9 }; /* certificates: what wolfSSL takes of a peer */

struct strait__checked {
    size_t leaf_len;
    enum strait__key_kind kind;
};

/*
 * `chain`: certificates in DER, one behind the other, the key's own first. STRAIT_OK where all are whole
 * and the key is the first one's; else as strait_certificate_load_der.
 */
int strait__certificate_check(struct strait__checked *out, const struct strait_hooks *hooks,
                              const uint8_t *chain, size_t chain_len, const uint8_t *key,
                              size_t key_len);

#endif
