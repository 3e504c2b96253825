/* Several STUN servers asked at once (RFC 8489, 6.2.1), by a socket of its own: which of them answers first. */
#ifndef STRAIT_ICE_AGENT_ASK_H
#define STRAIT_ICE_AGENT_ASK_H

#include <glib.h>
#include <strait/types.h>

enum { STRAIT__ASK_MAX = 16 };

struct strait__ask;

/* NULL: no memory. `answered` fires within a dispatch of the context, once for each address that answers. */
struct strait__ask *strait__ask_open(const struct strait_hooks *hooks, GMainContext *context,
                                     void (*answered)(void *user,
                                                      const struct sockaddr_storage *server),
                                     void *user);
/* One more; those over STRAIT__ASK_MAX are not asked. */
void strait__ask_add(struct strait__ask *ask, const struct sockaddr_storage *server);
/* NULL is fine; legal in `answered`. */
void strait__ask_close(struct strait__ask *ask);

#endif
