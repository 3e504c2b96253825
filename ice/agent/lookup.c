#include "ice/agent/lookup.h"

#include <gio/gio.h>
#include <netinet/in.h>

#include "transport/util.h"

/* The resolver's own, a few tries at each of its servers, is longer. */
enum { LIMIT_S = 5 };

struct strait__lookup {
    struct strait_hooks hooks;
    GCancellable *cancellable;
    GSource *limit;
    bool late;
    unsigned *running;
    void (*done)(void *user, const struct strait__found *found); /* NULL: cancelled */
    void *user;
};

static void add(struct strait__found *found, GInetAddress *address)
{
    const guint8 *bytes = g_inet_address_to_bytes(address);
    struct sockaddr_storage *out = &found->addresses[found->n];
    memset(out, 0, sizeof *out);
    if (g_inet_address_get_family(address) == G_SOCKET_FAMILY_IPV4) {
        struct sockaddr_in *four = (struct sockaddr_in *)(void *)out;
        four->sin_family = AF_INET;
        memcpy(&four->sin_addr, bytes, sizeof four->sin_addr);
    } else {
        struct sockaddr_in6 *six = (struct sockaddr_in6 *)(void *)out;
        six->sin6_family = AF_INET6;
        memcpy(&six->sin6_addr, bytes, sizeof six->sin6_addr);
    }
    found->n++;
}

static void free_lookup(struct strait__lookup *lookup)
{
    struct strait_hooks hooks = lookup->hooks;
    g_source_destroy(lookup->limit);
    g_source_unref(lookup->limit);
    g_object_unref(lookup->cancellable);
    strait__free(&hooks, lookup);
}

static void on_result(GObject *resolver, GAsyncResult *result, gpointer user)
{
    struct strait__lookup *lookup = user;
    struct strait__found found = { .error = STRAIT_E_NOT_FOUND };
    GError *error = NULL;
    GList *all = g_resolver_lookup_by_name_finish(G_RESOLVER(resolver), result, &error);
    for (const GList *one = all; one != NULL && found.n < STRAIT__LOOKUP_ADDRESSES;
         one = one->next) {
        add(&found, one->data);
    }
    found.detail = error != NULL ? error->message : "the name has no address";
    if (lookup->late) {
        found.error = STRAIT_E_TIMEOUT;
        found.detail = "the name was not found in time: the name servers do not answer";
    }
    --*lookup->running;
    if (lookup->done != NULL) {
        lookup->done(lookup->user, &found);
    }
    g_resolver_free_addresses(all);
    g_clear_error(&error);
    free_lookup(lookup);
}

/* The answer, that it was cancelled, follows. */
static gboolean on_limit(gpointer user)
{
    struct strait__lookup *lookup = user;
    lookup->late = true;
    g_cancellable_cancel(lookup->cancellable);
    return G_SOURCE_REMOVE;
}

struct strait__lookup *strait__lookup_begin(
    const struct strait_hooks *hooks, GMainContext *context, const char *host, unsigned *running,
    void (*done)(void *user, const struct strait__found *found), void *user)
{
    struct strait__lookup *lookup = strait__alloc(hooks, sizeof *lookup);
    if (lookup == NULL) {
        return NULL;
    }
    lookup->hooks = *hooks;
    lookup->cancellable = g_cancellable_new();
    lookup->running = running;
    lookup->done = done;
    lookup->user = user;
    ++*running;
    lookup->limit = g_timeout_source_new_seconds(LIMIT_S);
    g_source_set_callback(lookup->limit, on_limit, lookup, NULL);
    g_source_attach(lookup->limit, context);
    GResolver *resolver = g_resolver_get_default();
    g_main_context_push_thread_default(context);
    g_resolver_lookup_by_name_async(resolver, host, lookup->cancellable, on_result, lookup);
    g_main_context_pop_thread_default(context);
    g_object_unref(resolver);
    return lookup;
}

void strait__lookup_cancel(struct strait__lookup *lookup)
{
    if (lookup != NULL) {
        lookup->done = NULL;
        g_cancellable_cancel(lookup->cancellable);
    }
}
