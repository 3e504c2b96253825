/* Whose certificate it must be: a host name or an address (RFC 9525). */
#ifndef STRAIT_DTLS_PEER_NAME_H
#define STRAIT_DTLS_PEER_NAME_H

#include <strait/types.h>

enum { STRAIT__HOST_MAX = 253 }; /* RFC 1035, 2.3.4, without the length bytes */

struct strait__peer_name {
    const char *host; /* borrowed; without its final dot; NULL for an address */
    size_t host_len;
    uint8_t ip[16];
    size_t ip_len; /* 0, 4 or 16 */
};

/* False where the text is neither a host name (letters, digits, hyphens, underscores, dots) nor an
 * address. */
bool strait__peer_name_read(struct strait__peer_name *out, const char *text);

/* RFC 9525, 6.3: `pattern` of a certificate; "*" stands for one whole label, the first, with two more. */
bool strait__host_matches(const char *pattern, size_t len, const struct strait__peer_name *name);

/*
 * Looks for the name in the certificate's subjectAltName alone (RFC 9525, 6.1: the subject's common name
 * does not count); within a scope of wolf_hooks.h. `others`: what names it has, for a text. STRAIT_OK,
 * _NAME, _NOMEM, _PARSE.
 */
int strait__peer_name_find(const struct strait__peer_name *name, const uint8_t *der, size_t len,
                           char *others, size_t others_room);

#endif
