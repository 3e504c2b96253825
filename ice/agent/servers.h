/* An agent's STUN and TURN servers on their way to libnice: names are looked up, TLS has its tunnel, and of several
 * STUN servers the first that answers is taken. */
#ifndef STRAIT_ICE_AGENT_SERVERS_H
#define STRAIT_ICE_AGENT_SERVERS_H

#include "ice/agent/agent.h"
#include "ice/agent/ask.h"
#include "ice/agent/lookup.h"
#include "ice/agent/tunnel.h"
#include "ice/agent/url.h"

enum {
    STRAIT__SERVERS_MAX = 32,
    STRAIT__SERVERS_NEWS = STRAIT__SERVERS_MAX,
    STRAIT__SERVERS_DETAIL = 512,
};

enum strait__server_state {
    STRAIT__SERVER_IDLE,
    STRAIT__SERVER_LOOKED_UP_FOR, /* its name is being looked up */
    STRAIT__SERVER_READY,         /* it has addresses, and libnice has not got them yet */
    STRAIT__SERVER_DONE,          /* libnice, or who asks for it, has them; or there are none */
};

struct strait__server {
    struct strait__servers *all;
    size_t index; /* in the configuration */
    struct strait__ice_url url;
    enum strait__server_state state;
    struct strait__lookup *lookup;
    struct sockaddr_storage addresses[STRAIT__LOOKUP_ADDRESSES];
    size_t n_addresses;
    struct strait__tunnel *tunnel;
};

struct strait__server_news {
    size_t index;
    int error;
    char detail[STRAIT__SERVERS_DETAIL];
};

struct strait__servers {
    struct strait__agent *agent;
    bool sought;
    bool has_four, has_six; /* host candidates to ask from */
    size_t n_turn, n_stun;
    unsigned lookups; /* that GLib has not answered */

    /* reflexive.c */
    bool holding;           /* libnice is not to be told of a STUN server yet, nor of TURN */
    bool held;              /* there was something to hold */
    GSource *libnices;      /* its own look-up, which begins all */
    GSource *limit, *after; /* until which time it is held; what follows then */
    struct strait__ask *ask;
    size_t n_asked;
    struct sockaddr_storage first; /* of these */

    bool expected; /* libnice gathers, and will say that it is done */
    GSource *soon; /* by when it must have */
    struct strait__server_news news[STRAIT__SERVERS_NEWS];
    size_t n_news;
    size_t n;
    struct strait__server servers[];
};

/* --- servers.c --- */
/* Counts it, and keeps it for strait__servers_tell. */
void strait__server_failed(struct strait__server *server, int error, const char *detail);
/* libnice's sockets hear of it, whatever the remote rules are. */
void strait__server_exempt(struct strait__agent *a, const struct sockaddr_storage *address);
/* All TURN servers that are ready go to libnice. */
void strait__servers_give_turn(struct strait__servers *s);
/* Something that `gathered` waits for has changed. */
void strait__servers_moved(struct strait__servers *s);

/* --- reflexive.c --- */
/* Before libnice gathers: one STUN server whose address is known, or NULL. */
void strait__reflexive_begin(struct strait__servers *s, const struct strait__server *known);
/* libnice gathers: between the two its sources were made. */
guint strait__reflexive_mark(const struct strait__servers *s);
void strait__reflexive_hold(struct strait__servers *s, guint from, guint to);
/* A STUN server has addresses, or has failed to get some. */
void strait__reflexive_take(struct strait__servers *s, const struct strait__server *server);
/* libnice goes on, with what there is. */
void strait__reflexive_end(struct strait__servers *s);

#endif
