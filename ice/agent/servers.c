/* STUN and TURN servers: checked, looked up, given to libnice, and what became of them told. */
#include "ice/agent/servers.h"

#include <errno.h>
#include <stdio.h>

#include "transport/address.h"
#include "transport/dtls/peer_name.h"
#include "transport/transport.h"
#include "transport/util.h"

enum {
    /* RFC 8489, 14.3: a user name is shorter than 509 bytes. The same for the password. */
    CREDENTIAL_MAX = 508,
    /* libnice gives a server up after some 2 s; over TCP after twice as long as a connection may take. */
    DONE_BY_MS = 20000,
    DONE_LATE_MS = 1000,
};

/* --- Checked ---------------------------------------------------------------------------------------- */

static bool legal_credential(const char *text)
{
    size_t len = text != NULL ? strnlen(text, CREDENTIAL_MAX + 1) : 0;
    return len > 0 && len <= CREDENTIAL_MAX;
}

static int check(struct strait_runtime *runtime, size_t i, const struct strait_ice_server *server,
                 struct strait__ice_url *url)
{
    const char *why = "there is none";
    struct strait__peer_name name;
    int error = server->url == NULL ? STRAIT_E_INVALID
                                    : strait__ice_url_parse(url, server->url, &why);
    if (error == STRAIT_OK && url->tls && !strait__peer_name_read(&name, url->host)) {
        error = STRAIT_E_PARSE;
        why = "no certificate can have the host's name";
    }
    if (error != STRAIT_OK) {
        return strait__fail(runtime, error, "the URL of ICE server %zu: %s", i, why);
    }
    if (url->turn &&
        (!legal_credential(server->username) || !legal_credential(server->credential))) {
        return strait__fail(
            runtime, STRAIT_E_INVALID,
            "ICE server %zu: a TURN server needs a username and a credential of 1 to "
            "%d bytes",
            i, CREDENTIAL_MAX);
    }
    return STRAIT_OK;
}

int strait__servers_trust(struct strait__agents *agents, struct strait_runtime *runtime,
                          struct strait_trust *trust)
{
    bool tls = false;
    for (size_t i = 0; i < agents->config.n_servers; i++) {
        struct strait__ice_url url;
        const char *why;
        tls = tls ||
              (agents->config.servers[i].url != NULL &&
               strait__ice_url_parse(&url, agents->config.servers[i].url, &why) == STRAIT_OK &&
               url.tls);
    }
    if (trust != NULL || !tls) {
        agents->config.trust = strait_trust_ref(trust);
        return STRAIT_OK;
    }
    struct strait__guests *guests = &runtime->guests;
    if (guests->trust == NULL) {
        int result = strait_trust_create(&guests->trust, &runtime->hooks);
        if (result == STRAIT_OK) {
            result = strait_trust_add_system(guests->trust);
        }
        if (result < 0) {
            int error = strait__fail(runtime, result,
                                     "whom a turns: server's certificate may come from: %s",
                                     strait_trust_error_detail(guests->trust));
            strait_trust_unref(guests->trust);
            guests->trust = NULL;
            return error;
        }
    }
    agents->config.trust = strait_trust_ref(guests->trust);
    return STRAIT_OK;
}

int strait__agent_give_servers(struct strait__agent *a, const struct strait_ice_server *servers,
                               size_t n)
{
    struct strait_runtime *runtime = a->guest.runtime;
    if (n > STRAIT__SERVERS_MAX) {
        return strait__fail(runtime, STRAIT_E_LIMIT, "more than %d ICE servers",
                            STRAIT__SERVERS_MAX);
    }
    struct strait__servers *s = strait__alloc(&a->hooks, sizeof *s + n * sizeof *s->servers);
    if (s == NULL) {
        return STRAIT_E_NOMEM;
    }
    a->servers = s;
    s->agent = a;
    s->n = n;
    for (size_t i = 0; i < n; i++) {
        struct strait__server *server = &s->servers[i];
        int error = check(runtime, i, &servers[i], &server->url);
        if (error != STRAIT_OK) {
            return error;
        }
        server->all = s;
        server->index = i;
        s->n_turn += server->url.turn;
        s->n_stun += !server->url.turn;
    }
    if (s->n_turn > NICE_CANDIDATE_MAX_TURN_SERVERS) {
        return strait__fail(runtime, STRAIT_E_LIMIT, "more than %d TURN servers",
                            NICE_CANDIDATE_MAX_TURN_SERVERS);
    }
    return STRAIT_OK;
}

/* --- Told ------------------------------------------------------------------------------------------- */

void strait__server_failed(struct strait__server *server, int error, const char *detail)
{
    struct strait__servers *s = server->all;
    if (s->agent->gone) {
        return;
    }
    if (s->n_news < STRAIT__SERVERS_NEWS) {
        struct strait__server_news *news = &s->news[s->n_news++];
        news->index = server->index;
        news->error = error;
        snprintf(news->detail, sizeof news->detail, "%s", detail);
    }
    strait__guest_wake(&s->agent->guest);
}

void strait__servers_tell(struct strait__agent *a)
{
    struct strait__servers *s = a->servers;
    const struct strait_agent_config *config = &a->agents->config;
    while (!a->gone && s->n_news > 0) {
        struct strait__server_news news = s->news[0];
        memmove(s->news, s->news + 1, --s->n_news * sizeof *s->news);
        a->agents->stats.server_errors++;
        struct strait_server_error error = { .server = news.index,
                                             .url = config->servers[news.index].url,
                                             .error = news.error,
                                             .detail = news.detail };
        strait__log(&a->hooks, STRAIT_LOG_WARNING, "agent", "%s: %s", error.url, error.detail);
        if (config->events.server_error != NULL) {
            config->events.server_error(config->user, a->agents->transport, &error);
        }
    }
}

void strait__servers_moved(struct strait__servers *s)
{
    strait__guest_wake(&s->agent->guest);
}

bool strait__servers_pending(const struct strait__agent *a)
{
    const struct strait__servers *s = a->servers;
    bool pending = s->holding || s->expected;
    for (size_t i = 0; i < s->n && !pending; i++) {
        pending = s->servers[i].state == STRAIT__SERVER_LOOKED_UP_FOR ||
                  s->servers[i].state == STRAIT__SERVER_READY;
    }
    return pending;
}

/* --- TURN ------------------------------------------------------------------------------------------- */

static void drop_soon(struct strait__servers *s)
{
    if (s->soon != NULL) {
        g_source_destroy(s->soon);
        g_source_unref(s->soon);
        s->soon = NULL;
    }
}

static gboolean on_soon(gpointer user)
{
    struct strait__servers *s = user;
    struct strait__agent *a = s->agent;
    drop_soon(s);
    s->expected = a->gathering = false;
    a->gathered = a->gathered_news = true;
    strait__servers_moved(s);
    return G_SOURCE_REMOVE;
}

bool strait__servers_gathered(struct strait__agent *a)
{
    bool expected = a->servers->expected;
    a->servers->expected = false;
    drop_soon(a->servers);
    return expected;
}

static guint done_by(const struct strait__servers *s)
{
    guint reliable = 0;
    bool datagrams = s->n_stun > 0;
    for (size_t i = 0; i < s->n; i++) {
        datagrams = datagrams || !s->servers[i].url.tcp;
    }
    g_object_get(s->agent->nice, "stun-reliable-timeout", &reliable, NULL);
    return datagrams ? DONE_BY_MS : 2 * reliable + DONE_LATE_MS;
}

/* libnice begins to gather, or anew, and says when it is done: or it never does where its last connection to a TURN
 * server breaks. */
static void expect_news(struct strait__servers *s)
{
    s->expected = true;
    s->agent->gathered_news = false;
    drop_soon(s);
    s->soon = g_timeout_source_new(done_by(s));
    g_source_set_callback(s->soon, on_soon, s, NULL);
    g_source_attach(s->soon, s->agent->context);
}

void strait__server_exempt(struct strait__agent *a, const struct sockaddr_storage *address)
{
    strait__agent_exempt(a, address);
    /* The sockets are there already, and have their filter. */
    if (a->gathering || a->gathered) {
        (void)strait__agent_filter(a);
    }
}

static bool give_relay(struct strait__server *server, const struct sockaddr_storage *address)
{
    struct strait__agent *a = server->all->agent;
    const struct strait_ice_server *config = &a->agents->config.servers[server->index];
    char host[STRAIT__ADDRESS_TEXT];
    strait__address_print_host(address, host, sizeof host);
    /* Connections to a server are not filtered. */
    if (!server->url.tcp) {
        strait__server_exempt(a, address);
    }
    if (!nice_agent_set_relay_info(
            a->nice, a->stream, STRAIT__AGENT_COMPONENT, host, strait__address_port(address),
            config->username, config->credential,
            server->url.tcp ? NICE_RELAY_TYPE_TURN_TCP : NICE_RELAY_TYPE_TURN_UDP)) {
        return false;
    }
    a->n_relays++;
    if (a->gathering || a->gathered) {
        expect_news(server->all);
    }
    return true;
}

static void on_tunnel_failed(void *user, int error, const char *detail)
{
    strait__server_failed(user, error, detail);
}

static bool give_tunnel(struct strait__server *server)
{
    struct strait__servers *s = server->all;
    const struct strait__tunnel_config config = { .hooks = &s->agent->hooks,
                                                  .context = s->agent->context,
                                                  .trust = s->agent->agents->config.trust,
                                                  .name = server->url.host,
                                                  .addresses = server->addresses,
                                                  .n_addresses = server->n_addresses,
                                                  .family = s->has_four ? AF_INET : AF_INET6,
                                                  .failed = on_tunnel_failed,
                                                  .user = server };
    int error = strait__tunnel_open(&server->tunnel, &config);
    if (error != STRAIT_OK) {
        char detail[STRAIT__SERVERS_DETAIL];
        snprintf(detail, sizeof detail, "no socket on loopback for TURN over TLS: %s",
                 error == STRAIT_E_SYSTEM ? strerror(errno) : "out of memory");
        strait__server_failed(server, error, detail);
        return true;
    }
    return give_relay(server, strait__tunnel_address(server->tunnel));
}

/* One address of each family that there are host candidates of; those that other servers need are left to them. */
static bool give_addresses(struct strait__server *server, size_t others)
{
    struct strait__servers *s = server->all;
    const int families[] = { s->has_four ? AF_INET : AF_UNSPEC, s->has_six ? AF_INET6 : AF_UNSPEC };
    unsigned given = 0;
    for (size_t f = 0; f < 2; f++) {
        for (size_t i = 0; i < server->n_addresses; i++) {
            if (server->addresses[i].ss_family != families[f]) {
                continue;
            }
            if (given > 0 && s->agent->n_relays + others >= NICE_CANDIDATE_MAX_TURN_SERVERS) {
                return true;
            }
            if (!give_relay(server, &server->addresses[i])) {
                return given > 0;
            }
            given++;
            break;
        }
    }
    if (given == 0) {
        strait__server_failed(server, STRAIT_E_NOT_FOUND,
                              "it has no address of a family that this host gathers from");
    }
    return true;
}

static size_t count_others(const struct strait__servers *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++) {
        n += s->servers[i].url.turn && s->servers[i].state != STRAIT__SERVER_DONE;
    }
    return n;
}

void strait__servers_give_turn(struct strait__servers *s)
{
    for (size_t i = 0; i < s->n && !s->holding && !s->agent->gone; i++) {
        struct strait__server *server = &s->servers[i];
        if (server->url.turn && server->state == STRAIT__SERVER_READY) {
            server->state = STRAIT__SERVER_DONE;
            if (!(server->url.tls ? give_tunnel(server)
                                  : give_addresses(server, count_others(s)))) {
                strait__server_failed(server, STRAIT_E_LIMIT, "libnice does not take it");
            }
        }
    }
}

/* --- Sought ----------------------------------------------------------------------------------------- */

/* It has addresses now, or none. */
static void take(struct strait__server *server)
{
    struct strait__servers *s = server->all;
    if (server->url.turn) {
        server->state = server->n_addresses > 0 ? STRAIT__SERVER_READY : STRAIT__SERVER_DONE;
        strait__servers_give_turn(s);
    } else {
        server->state = STRAIT__SERVER_DONE;
        strait__reflexive_take(s, server);
    }
    strait__servers_moved(s);
}

static void on_found(void *user, const struct strait__found *found)
{
    struct strait__server *server = user;
    server->lookup = NULL;
    for (size_t i = 0; i < found->n; i++) {
        server->addresses[i] = found->addresses[i];
        strait__address_set_port(&server->addresses[i], server->url.port);
    }
    server->n_addresses = found->n;
    if (found->n == 0) {
        strait__server_failed(server, found->error, found->detail);
    }
    take(server);
}

static void seek(struct strait__server *server)
{
    struct strait__servers *s = server->all;
    if (!server->url.named) {
        server->addresses[server->n_addresses++] = server->url.address;
        take(server);
        return;
    }
    server->state = STRAIT__SERVER_LOOKED_UP_FOR;
    server->lookup = strait__lookup_begin(&s->agent->hooks, s->agent->context, server->url.host,
                                          &s->lookups, on_found, server);
    if (server->lookup == NULL) {
        strait__server_failed(server, STRAIT_E_NOMEM, "out of memory");
        take(server);
    }
}

static void note_families(struct strait__servers *s)
{
    s->has_four = s->agent->has_four;
    s->has_six = s->agent->has_six;
}

void strait__servers_seek(struct strait__agent *a)
{
    struct strait__servers *s = a->servers;
    bool reflexive = s->n_stun > 0 && a->agents->config.policy != STRAIT_ICE_RELAY;
    expect_news(s);
    if (s->sought) {
        return;
    }
    s->sought = true;
    note_families(s);
    struct strait__server *known = NULL;
    for (size_t i = 0; i < s->n && s->n_stun == 1; i++) {
        if (!s->servers[i].url.turn && !s->servers[i].url.named) {
            known = &s->servers[i];
            known->addresses[known->n_addresses++] = known->url.address;
            known->state = STRAIT__SERVER_DONE;
        }
    }
    if (reflexive) {
        strait__reflexive_begin(s, known);
    }
    for (size_t i = 0; i < s->n; i++) {
        if (s->servers[i].state == STRAIT__SERVER_IDLE && (s->servers[i].url.turn || reflexive)) {
            seek(&s->servers[i]);
        }
    }
}

guint strait__servers_mark(const struct strait__agent *a)
{
    return a->servers->holding ? strait__reflexive_mark(a->servers) : 0;
}

void strait__servers_hold(struct strait__agent *a, guint from)
{
    if (a->servers->holding) {
        strait__reflexive_hold(a->servers, from, strait__reflexive_mark(a->servers));
    }
}
