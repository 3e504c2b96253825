/* URLs of STUN and TURN servers (RFC 7064, RFC 7065). Pure: text in, words out. */
#ifndef STRAIT_ICE_AGENT_URL_H
#define STRAIT_ICE_AGENT_URL_H

#include <strait/types.h>

#define STRAIT__ICE_HOST_MAX 253u /* RFC 1035, 2.3.4, as text */

struct strait__ice_url {
    bool turn;                       /* else stun */
    bool tcp;                        /* to the server; what is relayed is UDP (RFC 7065, 3.1) */
    bool tls;                        /* turns:, over TCP */
    bool named;                      /* the host is a name: `address` is without one */
    struct sockaddr_storage address; /* with the port */
    uint16_t port;
    char host[STRAIT__ICE_HOST_MAX + 1]; /* the name or the address, without brackets */
};

/* STRAIT_OK; STRAIT_E_PARSE (malformed), _UNSUPPORTED (well-formed: STUN over TLS, TURN over DTLS, another
 * transport). `why` is a text of static storage then. */
int strait__ice_url_parse(struct strait__ice_url *out, const char *url, const char **why);

#endif
