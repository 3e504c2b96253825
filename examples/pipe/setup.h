/* The options as the library's configuration. */
#ifndef PIPE_SETUP_H
#define PIPE_SETUP_H

#include <strait/dtls.h>

#include "identity.h"
#include "options.h"

/* All but the events. What it points to belongs to the two others. */
void setup_config(struct strait_dtls_config *out, const struct options *options,
                  const struct identity *identity);

#endif
