/* A server's name, looked up by GLib's resolver without blocking, with a time limit. */
#ifndef STRAIT_ICE_AGENT_LOOKUP_H
#define STRAIT_ICE_AGENT_LOOKUP_H

#include <glib.h>
#include <strait/types.h>

enum { STRAIT__LOOKUP_ADDRESSES = 8 };

struct strait__lookup;

/* Once, within a dispatch of the context, and not after strait__lookup_cancel. Without addresses there is an error. */
struct strait__found {
    struct sockaddr_storage addresses[STRAIT__LOOKUP_ADDRESSES]; /* port 0 */
    size_t n;
    int error; /* STRAIT_E_NOT_FOUND, _TIMEOUT */
    const char *detail;
};

/* `running` counts those whose answer GLib still owes: the context has to go on until it is 0. NULL: no memory. */
struct strait__lookup *strait__lookup_begin(
    const struct strait_hooks *hooks, GMainContext *context, const char *host, unsigned *running,
    void (*done)(void *user, const struct strait__found *found), void *user);
void strait__lookup_cancel(struct strait__lookup *lookup);

#endif
