/* How an association ended, in a sentence that says what to do. */
#ifndef PIPE_VERDICT_H
#define PIPE_VERDICT_H

#include <stdbool.h>

#include <strait/dtls.h>

#include "options.h"

/* Says why it failed on standard error. `network` is what the network refused last (errno), or 0. */
void verdict_tell(const struct options *options, const struct strait_dtls *dtls, const char *peer,
                  int network);

#endif
