#include "ice/agent/mdns.h"

#include <avahi-common/error.h>
#include <avahi-core/core.h>
#include <avahi-core/log.h>
#include <avahi-core/lookup.h>
#include <avahi-glib/glib-watch.h>
#include <netinet/in.h>

#include "ice/agent/agent.h"
#include "ice/candidate.h"
#include "transport/address.h"
#include "transport/util.h"

struct strait__mdns_question {
    struct strait__mdns_question *next;
    struct strait__agents *agents;
    struct strait_candidate candidate; /* with the name, and the address when that is there */
    AvahiSHostNameResolver *resolver;
    bool early;
    bool answered; /* with an address or without one; told when GLib has returned */
};

struct strait__mdns {
    struct strait__guest guest; /* first */
    struct strait_hooks hooks;
    size_t clients, questions;
    GMainContext *context;
    AvahiGLibPoll *poll;
    AvahiServer *server;
    strait_time synced;
    bool running; /* within run: to be freed afterwards */
    struct strait__agents *answered[STRAIT__MDNS_MAX_QUESTIONS];
    size_t n_answered;
};

/* --- The server ------------------------------------------------------------------------------------ */

/* Avahi would write to standard error; what matters comes back as an error. */
static void quiet(AvahiLogLevel level, const char *text)
{
    (void)level;
    (void)text;
}

static void on_server(AvahiServer *server, AvahiServerState state, void *user)
{
    (void)server;
    (void)state;
    (void)user;
}

/* Asks and listens, and says nothing of this host. */
static AvahiServer *make_server(struct strait__mdns *m, int *why)
{
    AvahiServerConfig config;
    avahi_server_config_init(&config);
    config.publish_hinfo = config.publish_addresses = config.publish_workstation = 0;
    config.publish_domain = config.add_service_cookie = 0;
    config.disable_publishing = 1;
    config.enable_reflector = config.enable_wide_area = 0;
    config.disallow_other_stacks = 0;
    config.use_ipv4 = config.use_ipv6 = 1;
    config.allow_point_to_point = 1; /* tunnels, where they have multicast */
    AvahiServer *server = avahi_server_new(avahi_glib_poll_get(m->poll), &config, on_server, m,
                                           why);
    avahi_server_config_free(&config);
    return server;
}

static void stop(struct strait__mdns *m)
{
    if (m->server != NULL) {
        avahi_server_free(m->server);
        m->server = NULL;
    }
    if (m->poll != NULL) {
        avahi_glib_poll_free(m->poll);
        m->poll = NULL;
    }
    if (m->context != NULL) {
        g_main_context_unref(m->context);
        m->context = NULL;
    }
    if (m->guest.runtime != NULL) {
        m->guest.runtime->guests.mdns = NULL;
        strait__guest_finish(&m->guest);
    }
}

static void release(struct strait__mdns *m)
{
    if (m->clients == 0 && !m->running) {
        struct strait_hooks hooks = m->hooks;
        stop(m);
        strait__free(&hooks, m);
    }
}

static void free_question(struct strait__mdns *m, struct strait__mdns_question *question)
{
    if (question->resolver != NULL && m->server != NULL) {
        avahi_s_host_name_resolver_free(question->resolver);
    }
    m->questions--;
    strait__free(&m->hooks, question);
}

/* The runtime goes: its resolvers go with the server, and nothing is answered any more. */
static void orphaned(struct strait__guest *guest)
{
    struct strait__mdns *m = (struct strait__mdns *)(void *)guest;
    stop(m);
    release(m);
}

/* --- Answers ------------------------------------------------------------------------------------------- */

static void on_answer(AvahiSHostNameResolver *resolver, AvahiIfIndex interface,
                      AvahiProtocol protocol, AvahiResolverEvent event, const char *name,
                      const AvahiAddress *address, AvahiLookupResultFlags flags, void *user)
{
    struct strait__mdns_question *question = user;
    struct strait_candidate *c = &question->candidate;
    struct strait__mdns *m = question->agents->mdns.mdns;
    (void)resolver;
    (void)interface;
    (void)protocol;
    (void)name;
    (void)flags;
    /* The first address counts: a browser has one for each name. */
    if (question->answered) {
        return;
    }
    question->answered = true;
    if (event == AVAHI_RESOLVER_FOUND && address->proto == AVAHI_PROTO_INET) {
        struct sockaddr_in *four = (struct sockaddr_in *)(void *)&c->address;
        four->sin_family = AF_INET;
        four->sin_addr.s_addr = address->data.ipv4.address;
    } else if (event == AVAHI_RESOLVER_FOUND) {
        struct sockaddr_in6 *six = (struct sockaddr_in6 *)(void *)&c->address;
        six->sin6_family = AF_INET6;
        memcpy(&six->sin6_addr, address->data.ipv6.address, sizeof six->sin6_addr);
    }
    for (size_t i = 0; i < m->n_answered; i++) {
        if (m->answered[i] == question->agents) {
            return;
        }
    }
    m->answered[m->n_answered++] = question->agents;
}

static struct strait__mdns_question *take_answered(struct strait__agents *agents)
{
    struct strait__mdns_question **link = &agents->mdns.questions;
    while (*link != NULL && !(*link)->answered) {
        link = &(*link)->next;
    }
    struct strait__mdns_question *question = *link;
    if (question != NULL) {
        *link = question->next;
        agents->mdns.n--;
    }
    return question;
}

/* As if it had come with the address. */
static void add(struct strait__agents *agents, struct strait_candidate *candidate)
{
    if (candidate->address.ss_family == AF_UNSPEC) {
        agents->stats.names_failed++;
        agents->ice->counters.unresolved++;
        strait__log(&agents->hooks, STRAIT_LOG_INFO, "ice", "nobody answers for %.80s",
                    candidate->hostname);
        return;
    }
    agents->stats.names_resolved++;
    memset(candidate->hostname, 0, sizeof candidate->hostname);
    strait__address_set_port(&candidate->address, candidate->port);
    (void)strait_transport_add_remote_candidate(agents->transport, candidate);
}

static void tell(struct strait__mdns *m, struct strait__agents *agents)
{
    struct strait__mdns_question *question;
    while ((question = take_answered(agents)) != NULL) {
        add(agents, &question->candidate);
        free_question(m, question);
    }
    if (agents->mdns.n == 0 && agents->mdns.end_held) {
        agents->mdns.end_held = false;
        (void)strait_transport_end_of_candidates(agents->transport);
    }
}

static void run(struct strait__guest *guest)
{
    struct strait__mdns *m = (struct strait__mdns *)(void *)guest;
    m->running = true;
    struct strait__turn turn = { .guest = &m->guest, .context = m->context, .synced = &m->synced };
    strait__guest_set_deadline(&m->guest, strait__context_iterate(&turn));
    /* No event of the application's fires in here, so that none of these can go. */
    for (size_t i = 0; i < m->n_answered; i++) {
        tell(m, m->answered[i]);
    }
    m->n_answered = 0;
    m->running = false;
    release(m);
}

static void send_nothing(struct strait__guest *guest, const struct strait_send *send)
{
    strait__count_sent(guest->runtime, send, ECANCELED);
}

static const struct strait__guest_ops guest_ops = { .run = run,
                                                    .send = send_nothing,
                                                    .orphaned = orphaned };

/* --- Questions --------------------------------------------------------------------------------------------- */

static int create(struct strait__mdns **out, const struct strait_hooks *hooks,
                  struct strait_runtime *runtime)
{
    struct strait__mdns *m = strait__alloc(hooks, sizeof *m);
    int why = 0;
    if (m == NULL) {
        return STRAIT_E_NOMEM;
    }
    m->hooks = *hooks;
    int error = strait__guest_init(&m->guest, &guest_ops, runtime, NULL);
    if (error != STRAIT_OK) {
        strait__free(hooks, m);
        return error;
    }
    avahi_set_log_function(quiet);
    m->context = g_main_context_new();
    m->poll = avahi_glib_poll_new(m->context, G_PRIORITY_DEFAULT);
    m->server = make_server(m, &why);
    if (m->server == NULL) {
        strait__log(hooks, STRAIT_LOG_WARNING, "ice", "no multicast DNS: %s", avahi_strerror(why));
        stop(m);
        strait__free(hooks, m);
        return STRAIT_E_SYSTEM;
    }
    runtime->guests.mdns = m;
    *out = m;
    return STRAIT_OK;
}

static int join(struct strait__agents *agents)
{
    struct strait_runtime *runtime = agents->current->guest.runtime;
    if (agents->mdns.mdns != NULL) {
        return agents->mdns.mdns->server != NULL ? STRAIT_OK : STRAIT_E_SYSTEM;
    }
    if (runtime == NULL) {
        return STRAIT_E_SYSTEM;
    }
    struct strait__mdns *m = runtime->guests.mdns;
    int error = m == NULL ? create(&m, &runtime->hooks, runtime) : STRAIT_OK;
    if (error == STRAIT_OK) {
        m->clients++;
        agents->mdns.mdns = m;
    }
    return error;
}

static int start(struct strait__agents *agents, struct strait__mdns_question *question)
{
    struct strait__mdns *m = agents->mdns.mdns;
    question->resolver = avahi_s_host_name_resolver_new(
        m->server, AVAHI_IF_UNSPEC, AVAHI_PROTO_UNSPEC, question->candidate.hostname,
        AVAHI_PROTO_UNSPEC, AVAHI_LOOKUP_USE_MULTICAST, on_answer, question);
    if (question->resolver == NULL) {
        strait__log(&agents->hooks, STRAIT_LOG_WARNING, "ice", "%.80s: %s",
                    question->candidate.hostname, avahi_strerror(avahi_server_errno(m->server)));
        return STRAIT_E_SYSTEM;
    }
    return STRAIT_OK;
}

/* No question came of it. */
static int count(struct strait__agents *agents, int error)
{
    agents->stats.names_asked++;
    agents->stats.names_failed++;
    agents->ice->counters.unresolved++;
    return error;
}

int strait__mdns_ask(struct strait__agents *agents, const struct strait_candidate *candidate,
                     bool early)
{
    struct strait__mdns_client *client = &agents->mdns;
    /* A question shows this host's address to its networks. */
    bool off = agents->config.no_mdns || agents->config.policy == STRAIT_ICE_RELAY;
    if (off || !strait__candidate_is_mdns(candidate)) {
        return STRAIT_E_UNSUPPORTED;
    }
    int error = join(agents);
    if (error != STRAIT_OK) {
        return count(agents, error);
    }
    struct strait__mdns *m = client->mdns;
    if (client->n == STRAIT__MDNS_MAX_ASKED || m->questions == STRAIT__MDNS_MAX_QUESTIONS) {
        return STRAIT_E_LIMIT;
    }
    struct strait__mdns_question *question = strait__alloc(&m->hooks, sizeof *question);
    if (question == NULL) {
        return STRAIT_E_NOMEM;
    }
    question->agents = agents;
    question->candidate = *candidate;
    question->early = early;
    m->questions++;
    error = start(agents, question);
    if (error != STRAIT_OK) {
        free_question(m, question);
        return count(agents, error);
    }
    question->next = client->questions;
    client->questions = question;
    client->n++;
    agents->stats.names_asked++;
    strait__guest_wake(&m->guest);
    return STRAIT_OK;
}

void strait__mdns_turn_over(struct strait__agents *agents)
{
    struct strait__mdns_question **link = &agents->mdns.questions;
    while (*link != NULL) {
        struct strait__mdns_question *question = *link;
        if (question->early) {
            question->early = false;
            link = &question->next;
            continue;
        }
        *link = question->next;
        agents->mdns.n--;
        free_question(agents->mdns.mdns, question);
    }
    agents->mdns.end_held = agents->mdns.end_held && agents->mdns.n > 0;
}

bool strait__mdns_hold_end(struct strait__agents *agents)
{
    agents->mdns.end_held = agents->mdns.n > 0;
    return agents->mdns.end_held;
}

void strait__mdns_finish(struct strait__agents *agents)
{
    struct strait__mdns *m = agents->mdns.mdns;
    if (m == NULL) {
        return;
    }
    while (agents->mdns.questions != NULL) {
        struct strait__mdns_question *question = agents->mdns.questions;
        agents->mdns.questions = question->next;
        free_question(m, question);
    }
    agents->mdns = (struct strait__mdns_client){ .n = 0 };
    for (size_t i = 0; i < m->n_answered; i++) {
        if (m->answered[i] == agents) {
            m->answered[i--] = m->answered[--m->n_answered];
        }
    }
    m->clients--;
    release(m);
}
