/* Who we are, and who says who the peer is: certificates, authorities, keys that both have. */
#ifndef PIPE_IDENTITY_H
#define PIPE_IDENTITY_H

#include <strait/certificate.h>
#include <strait/trust.h>

#include "options.h"
#include "psk.h"

struct identity {
    struct strait_certificate *certificate; /* NULL: none */
    struct strait_trust *trust;             /* NULL: none */
    struct psk_list psk;
};

/* Reads what the options name; a server without a certificate makes one. 0, or -1 after a word on standard error. */
int identity_open(struct identity *identity, const struct options *options);

void identity_close(struct identity *identity);

#endif
