/* The certificate and key of HTTPS, from files in PEM. */
#ifndef RADIO_TLS_H
#define RADIO_TLS_H

#include <stddef.h>

struct tls {
    char *cert, *key; /* zero terminated; NULL: plain HTTP */
    size_t key_len;
};

/* Reads both files; without names it is plain HTTP. Whether they belong together the server finds out. 0, or -1 and a
 * sentence in `reason`. */
int tls_load(struct tls *tls, const char *cert_file, const char *key_file, char *reason,
             size_t room);

/* Zeroes the key. */
void tls_unload(struct tls *tls);

#endif
