/* Who is trusted to say whose a certificate is. */
#ifndef PIPE_AUTHORITY_H
#define PIPE_AUTHORITY_H

#include <strait/trust.h>

/* Reads "system", a directory or a file. 0, or -1 after a word on standard error. */
int authority_open(struct strait_trust **out, const char *name);

#endif
