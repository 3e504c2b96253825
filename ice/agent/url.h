/* URLs of STUN and TURN servers (RFC 7064, RFC 7065). Pure: text in, words out. */
#ifndef STRAIT_ICE_AGENT_URL_H
#define STRAIT_ICE_AGENT_URL_H

#include <strait/types.h>

struct strait__ice_url {
    bool turn;                       /* else stun */
    bool tcp;                        /* to the server; what is relayed is UDP (RFC 7065, 3.1) */
    struct sockaddr_storage address; /* with the port */
};

/* STRAIT_OK; STRAIT_E_PARSE (malformed), _UNSUPPORTED (well-formed: TLS, a name, another transport). `why` is
 * a text of static storage then. */
int strait__ice_url_parse(struct strait__ice_url *out, const char *url, const char **why);

#endif
