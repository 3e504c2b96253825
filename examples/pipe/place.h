/* HOST:PORT as people write it, and the addresses behind it. */
#ifndef PIPE_PLACE_H
#define PIPE_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define PLACE_MAX_HOST 256u
/* "[IPv6%scope]:65535" and a zero. */
#define PLACE_MAX_TEXT 80u

struct place {
    char host[PLACE_MAX_HOST]; /* without brackets; "" where only a port was given */
    char port[6];
};

/* Reads "HOST:PORT", "[IPv6]:PORT" or, with `bare`, "PORT" and ":PORT". False where it is none of them. */
bool place_read(struct place *out, const char *text, bool bare);

/* The first address of the place; no host: every address of this machine. 0, or what getaddrinfo says. */
int place_resolve(const struct place *place, struct sockaddr_storage *out, socklen_t *len);

/* "192.0.2.1:4433" or "[2001:db8::1]:4433". */
const char *place_text(const struct sockaddr_storage *address, char text[static PLACE_MAX_TEXT]);

bool place_equal(const struct sockaddr_storage *a, const struct sockaddr_storage *b);

/* The length of the address that it holds. */
socklen_t place_len(const struct sockaddr_storage *address);

#endif
