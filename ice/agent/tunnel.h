/*
 * TURN over TLS (RFC 8656, 2.1) for libnice, which would send plaintext: a listener on loopback that libnice takes for
 * a TURN server over TCP, and from each of its connections TLS to the real one. Sources of a GMainContext; nothing
 * blocks.
 */
#ifndef STRAIT_ICE_AGENT_TUNNEL_H
#define STRAIT_ICE_AGENT_TUNNEL_H

#include <glib.h>
#include <strait/trust.h>

enum { STRAIT__TUNNEL_ADDRESSES = 8, STRAIT__TUNNEL_MAX_PIPES = 64 };

struct strait__tunnel;

struct strait__tunnel_config {
    const struct strait_hooks *hooks; /* copied */
    GMainContext *context;            /* libnice's too: only its sockets are let in */
    struct strait_trust *trust;       /* one reference more */
    const char *name;                 /* that the server's certificate has; copied */
    /* Of the real server, with the port, tried in turn; copied, the first STRAIT__TUNNEL_ADDRESSES. */
    const struct sockaddr_storage *addresses;
    size_t n_addresses;
    int family; /* of the listener: AF_INET or AF_INET6 */
    /* Why a connection failed or ended before libnice ended it; within a dispatch of the context. `detail` is
     * borrowed. */
    void (*failed)(void *user, int error, const char *detail);
    void *user;
};

/* STRAIT_E_NOMEM, _SYSTEM (errno says why). */
int strait__tunnel_open(struct strait__tunnel **out, const struct strait__tunnel_config *config);
/* Ends its connections, without a word where words do not fit into the socket. NULL is fine. */
void strait__tunnel_close(struct strait__tunnel *tunnel);
/* What libnice is told. */
const struct sockaddr_storage *strait__tunnel_address(const struct strait__tunnel *tunnel);
/* Connections that were none of libnice's. */
unsigned strait__tunnel_strangers(const struct strait__tunnel *tunnel);

/* --- pipe.c: one connection ----------------------------------------------------------------------- */

struct strait__pipe;

/* Takes `near`, a socket that does not block, whether it can be made or not. */
void strait__pipe_open(struct strait__tunnel *tunnel, int near);
void strait__pipe_close(struct strait__pipe *pipe);

struct strait__tunnel {
    struct strait_hooks hooks;
    GMainContext *context;
    struct strait_trust *trust;
    char *name;
    struct sockaddr_storage addresses[STRAIT__TUNNEL_ADDRESSES];
    size_t n_addresses;
    void (*failed)(void *user, int error, const char *detail);
    void *user;
    int listener;
    struct sockaddr_storage own;
    GSource *source;
    gpointer tag; /* of `listener`, or NULL: no descriptor is free */
    struct strait__pipe *pipes;
    unsigned n_pipes, strangers;
};

#endif
