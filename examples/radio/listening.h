/* A listening TCP socket. */
#ifndef RADIO_LISTENING_H
#define RADIO_LISTENING_H

#include <stddef.h>
#include <stdint.h>

/*
 * Opens a socket that listens on `address` (numeric; NULL: all, IPv6 with IPv4 or IPv4 alone) and `port`
 * (0: any). Returns it and the real port in `bound`, or -1 and a sentence in `reason`.
 */
int listening_open(const char *address, uint16_t port, uint16_t *bound, char *reason, size_t room);

#endif
