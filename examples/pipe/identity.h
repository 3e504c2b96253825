/* Who we are: a certificate and its key, or a key that the peer has as well. */
#ifndef PIPE_IDENTITY_H
#define PIPE_IDENTITY_H

#include <strait/certificate.h>

#include "options.h"
#include "psk.h"

struct identity {
    struct strait_certificate *certificate; /* NULL with pre-shared keys */
    struct psk_list psk;
};

/* Reads what the options name, or makes a certificate. 0, or -1 after a word on standard error. */
int identity_open(struct identity *identity, const struct options *options);

void identity_close(struct identity *identity);

#endif
