/*
 * STUN servers (RFC 8489) and libnice, which asks one. It reads which one when its own look-up begins, a source of its
 * context that follows the host candidates: where there are several, or a name, that source waits until one of them has
 * answered us.
 */
#include <netinet/in.h>

#include "ice/agent/servers.h"
#include "transport/address.h"
#include "transport/util.h"

enum {
    /* Where relays wait too: libnice calls itself done when they are there, and takes no STUN server after that. A
     * server of TURN over UDP tells the same address. */
    LIMIT_WITH_TURN_MS = 500,
    LIMIT_MS = 5000,
};

/* Its name for that source. */
static const char look_up[] = "STUN resolution";
/* An address that nothing can be sent to: libnice is done at once. */
static const char nobody[] = "255.255.255.255";

static void tell_libnice(struct strait__servers *s, const struct sockaddr_storage *server)
{
    char host[STRAIT__ADDRESS_TEXT];
    guint port = server != NULL ? strait__address_port(server) : 9;
    if (server != NULL) {
        strait__address_print_host(server, host, sizeof host);
        strait__server_exempt(s->agent, server);
    }
    s->agent->has_stun = true;
    g_object_set(s->agent->nice, "stun-server", server != NULL ? host : nobody, "stun-server-port",
                 port, NULL);
}

/* --- Holding ---------------------------------------------------------------------------------------- */

static void drop_source(GSource **source)
{
    if (*source != NULL) {
        g_source_destroy(*source);
        g_source_unref(*source);
        *source = NULL;
    }
}

static void add_source(struct strait__servers *s, GSource **to, GSource *source,
                       GSourceFunc callback)
{
    drop_source(to);
    *to = source;
    g_source_set_callback(source, callback, s, NULL);
    g_source_attach(source, s->agent->context);
}

guint strait__reflexive_mark(const struct strait__servers *s)
{
    GSource *source = g_idle_source_new();
    guint id = g_source_attach(source, s->agent->context);
    g_source_destroy(source);
    g_source_unref(source);
    return id;
}

void strait__reflexive_hold(struct strait__servers *s, guint from, guint to)
{
    for (guint id = from; s->holding && s->libnices == NULL && id != to; id++) {
        GSource *source = id != 0 ? g_main_context_find_source_by_id(s->agent->context, id) : NULL;
        const char *name = source != NULL ? g_source_get_name(source) : NULL;
        if (name != NULL && strcmp(name, look_up) == 0) {
            s->libnices = g_source_ref(source);
            g_source_set_ready_time(source, -1);
        }
    }
    if (s->holding && s->libnices == NULL) {
        for (size_t i = 0; i < s->n; i++) {
            if (!s->servers[i].url.turn) {
                strait__server_failed(
                    &s->servers[i], STRAIT_E_UNSUPPORTED,
                    "this libnice cannot be made to wait for it: give one STUN server, by its "
                    "address");
            }
        }
        strait__reflexive_end(s);
    }
}

/* --- Letting go ------------------------------------------------------------------------------------- */

static gboolean on_after(gpointer user)
{
    struct strait__servers *s = user;
    drop_source(&s->after);
    s->holding = false;
    strait__servers_give_turn(s);
    strait__servers_moved(s);
    return G_SOURCE_REMOVE;
}

/* libnice's source runs, then GLib's answer, which is at hand for an address, then ours: only there is it sure not to be
 * done before it has begun. */
static void let_go(struct strait__servers *s, const struct sockaddr_storage *server)
{
    drop_source(&s->limit);
    strait__ask_close(s->ask);
    s->ask = NULL;
    if (s->libnices != NULL) {
        tell_libnice(s, server);
        g_source_set_ready_time(s->libnices, 0);
        g_source_unref(s->libnices);
        s->libnices = NULL;
    }
    GSource *idle = g_idle_source_new();
    g_source_set_priority(idle, G_PRIORITY_LOW);
    add_source(s, &s->after, idle, on_after);
}

void strait__reflexive_end(struct strait__servers *s)
{
    if (s->holding && s->after == NULL) {
        let_go(s, NULL);
    }
}

static void on_answer(void *user, const struct sockaddr_storage *server)
{
    let_go(user, server);
}

static void tell_silence(struct strait__servers *s)
{
    for (size_t i = 0; i < s->n; i++) {
        if (!s->servers[i].url.turn && s->servers[i].n_addresses > 0) {
            strait__server_failed(&s->servers[i], STRAIT_E_TIMEOUT, "the server does not answer");
        }
    }
}

static gboolean on_limit(gpointer user)
{
    struct strait__servers *s = user;
    if (s->n_turn == 0) {
        tell_silence(s);
        let_go(s, NULL);
    } else {
        let_go(s, s->n_asked > 0 ? &s->first : NULL);
    }
    return G_SOURCE_REMOVE;
}

/* --- Asking ----------------------------------------------------------------------------------------- */

/* More addresses may come. */
static bool some_are_sought(const struct strait__servers *s)
{
    for (size_t i = 0; i < s->n; i++) {
        if (!s->servers[i].url.turn && s->servers[i].state != STRAIT__SERVER_DONE) {
            return true;
        }
    }
    return false;
}

void strait__reflexive_take(struct strait__servers *s, const struct strait__server *server)
{
    /* Over IPv4 where there is such: behind IPv6 there is seldom a NAT. */
    sa_family_t family = s->has_four ? AF_INET : AF_INET6;
    if (!s->holding || s->after != NULL) {
        return;
    }
    for (size_t i = 0; i < server->n_addresses; i++) {
        if (server->addresses[i].ss_family == family && s->ask != NULL) {
            strait__ask_add(s->ask, &server->addresses[i]);
            s->first = s->n_asked > 0 ? s->first : server->addresses[i];
            s->n_asked++;
        }
    }
    if (some_are_sought(s)) {
        return;
    }
    if (s->n_asked == 0) {
        strait__reflexive_end(s);
    } else if (s->n_asked == 1) {
        let_go(s, &s->first);
    }
}

void strait__reflexive_begin(struct strait__servers *s, const struct strait__server *known)
{
    if (known != NULL) {
        tell_libnice(s, &known->addresses[0]);
        return;
    }
    tell_libnice(s, NULL);
    s->holding = s->held = true;
    s->ask = strait__ask_open(&s->agent->hooks, s->agent->context, on_answer, s);
    add_source(s, &s->limit, g_timeout_source_new(s->n_turn > 0 ? LIMIT_WITH_TURN_MS : LIMIT_MS),
               on_limit);
}
