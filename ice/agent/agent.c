/* An agent's life. */
#include "ice/agent/agent.h"

#include "transport/transport.h"
#include "transport/util.h"

enum { PACING_MS = 20, PACING_MS_MIN = 5 };

static void free_agent(struct strait__agent *a)
{
    struct strait_hooks hooks = a->hooks;
    strait__guest_finish(&a->guest);
    if (a->nice != NULL) {
        g_signal_handlers_disconnect_by_data(a->nice, a);
        strait__agent_end_close(a);
        g_object_unref(a->nice);
    }
    if (a->context != NULL) {
        g_main_context_unref(a->context);
    }
    g_slist_free_full(a->held, (GDestroyNotify)nice_candidate_free);
    strait__rules_finish(&a->local_rules, &hooks);
    strait__rules_finish(&a->remote_rules, &hooks);
    strait__free(&hooks, a->locals);
    strait__free(&hooks, a->early);
    strait__zero(a, sizeof *a);
    strait__free(&hooks, a);
}

void strait__agent_destroy(struct strait__agent *a)
{
    a->gone = true;
    if (a->n_relays > 0 && (a->gathering || a->gathered)) {
        (void)g_signal_handlers_disconnect_by_data(a->nice, a);
        strait__agent_begin_close(a);
    }
    if (!a->running && (!a->closing || a->guest.runtime == NULL)) {
        free_agent(a);
    }
}

/* The transport is there and keeps what it has, or is destroyed and nobody will ask again. */
static void orphaned(struct strait__guest *guest)
{
    struct strait__agent *a = (struct strait__agent *)(void *)guest;
    if (a->gone && !a->running) {
        free_agent(a);
    }
}

/* The path first: what has come over it is for whoever waits for it. */
static void tell_all(struct strait__agent *a)
{
    strait__agent_tell(a);
    if (!a->gone && (a->n_batch > 0 || (a->has_path && a->n_early > 0))) {
        strait__agent_hand_over(a);
    }
}

static void run(struct strait__guest *guest)
{
    struct strait__agent *a = (struct strait__agent *)(void *)guest;
    a->running = true;
    strait__agent_iterate(a);
    if (!a->gone) {
        tell_all(a);
    }
    a->n_batch = 0;
    a->running = false;
    if (a->gone && (!a->closing || a->closed || a->guest.runtime == NULL)) {
        free_agent(a);
    }
}

static const struct strait__guest_ops guest_ops = { .run = run,
                                                    .send = strait__agent_send,
                                                    .orphaned = orphaned };

static int make_nice(struct strait__agent *a, enum strait_ice_role role,
                     const struct strait_ice_server *servers, size_t n)
{
    NiceAgentOption options = NICE_AGENT_OPTION_ICE_TRICKLE | NICE_AGENT_OPTION_CONSENT_FRESHNESS;
    if (!a->config.aggressive) {
        options |= NICE_AGENT_OPTION_REGULAR_NOMINATION;
    }
    guint pacing = a->config.pacing > 0 ? (guint)(a->config.pacing / STRAIT_MS) : PACING_MS;
    a->context = g_main_context_new();
    a->nice = nice_agent_new_full(a->context, NICE_COMPATIBILITY_RFC5245, options);
    g_object_set(a->nice, "upnp", FALSE, "ice-tcp", (gboolean)a->config.ice_tcp, "ice-udp", TRUE,
                 "controlling-mode", (gboolean)(role == STRAIT_ICE_CONTROLLING),
                 "stun-pacing-timer", pacing, "force-relay",
                 (gboolean)(a->config.policy == STRAIT_ICE_RELAY), NULL);
    a->stream = nice_agent_add_stream(a->nice, 1);
    if (a->stream == 0) {
        return STRAIT_E_NOMEM;
    }
    if (a->config.port_max > 0) {
        nice_agent_set_port_range(a->nice, a->stream, STRAIT__AGENT_COMPONENT, a->config.port_min,
                                  a->config.port_max);
    }
    strait__agent_connect_signals(a);
    if (!nice_agent_set_local_credentials(a->nice, a->stream, a->ice->local.ufrag,
                                          a->ice->local.pwd) ||
        !strait__agent_attach(a)) {
        return STRAIT_E_NOMEM;
    }
    return strait__agent_give_servers(a, servers, n);
}

static int read_config(struct strait_agent_config *out, const struct strait_agent_config *config)
{
    *out = (struct strait_agent_config){ .size = sizeof *out };
    int error = config != NULL ? strait__sized_read(out, sizeof *out, config) : STRAIT_OK;
    bool legal = out->port_min <= out->port_max && (out->port_max == 0 || out->port_min > 0) &&
                 (out->pacing == 0 ||
                  (out->pacing >= PACING_MS_MIN * STRAIT_MS && out->pacing <= 10 * STRAIT_S)) &&
                 (out->n_servers == 0 || out->servers != NULL) &&
                 (unsigned)out->policy <= STRAIT_ICE_RELAY;
    return error == STRAIT_OK && !legal ? STRAIT_E_INVALID : error;
}

static int read_rules(struct strait__agent *a, const struct strait_agent_config *config)
{
    const char *bad;
    int error = strait__rules_init(&a->local_rules, &a->hooks, &config->local, &bad);
    if (error == STRAIT_OK) {
        error = strait__rules_init(&a->remote_rules, &a->hooks, &config->remote, &bad);
    }
    return error == STRAIT_OK || bad == NULL
               ? error
               : strait__fail(a->guest.runtime, error, "\"%.60s\" is no address range", bad);
}

static int make_agent(struct strait_transport *t, struct strait_runtime *runtime,
                      const struct strait_agent_config *config)
{
    struct strait__agent *a = strait__alloc(&t->endpoint->hooks, sizeof *a);
    if (a == NULL) {
        return STRAIT_E_NOMEM;
    }
    a->hooks = t->endpoint->hooks;
    a->config = *config;
    /* borrowed */
    a->config.servers = NULL;
    a->config.local = a->config.remote = (struct strait_address_rules){ .n_allow = 0 };
    a->endpoint = t->endpoint;
    a->transport = t;
    a->ice = t->ice;
    a->fd = -1;
    int error = strait__guest_init(&a->guest, &guest_ops, runtime, t->endpoint);
    if (error != STRAIT_OK) {
        a->guest.runtime = NULL;
        free_agent(a);
        return error;
    }
    a->locals = strait__alloc(&a->hooks, STRAIT__AGENT_MAX_LOCAL * sizeof *a->locals);
    error = read_rules(a, config);
    if (error == STRAIT_OK) {
        error = a->locals != NULL
                    ? make_nice(a, t->config.ice_role, config->servers, config->n_servers)
                    : STRAIT_E_NOMEM;
    }
    if (error != STRAIT_OK) {
        free_agent(a);
        return error;
    }
    strait__ice_external_drive(t->ice, &strait__agent_driver, a);
    t->agent = a;
    strait__guest_wake(&a->guest);
    return STRAIT_OK;
}

int strait_agent_create(struct strait_transport **out, struct strait_runtime *runtime,
                        struct strait_endpoint *endpoint,
                        const struct strait_transport_config *transport,
                        const struct strait_agent_config *config)
{
    struct strait_agent_config c;
    struct strait_transport_config t;
    if (out == NULL) {
        return STRAIT_E_INVALID;
    }
    *out = NULL;
    if (runtime == NULL || endpoint == NULL || read_config(&c, config) != STRAIT_OK ||
        strait__sized_read(&t, sizeof t, transport) != STRAIT_OK) {
        return STRAIT_E_INVALID;
    }
    if (!strait__enter(runtime)) {
        return STRAIT_E_STATE;
    }
    t.size = sizeof t;
    t.ice = STRAIT_ICE_EXTERNAL;
    int error = strait_transport_create(out, endpoint, &t, strait_runtime_now(runtime));
    if (error == STRAIT_OK) {
        error = make_agent(*out, runtime, &c);
        if (error != STRAIT_OK) {
            strait_transport_destroy(*out);
            *out = NULL;
        }
    }
    return error;
}

static struct strait__agent *agent_of(const struct strait_transport *transport)
{
    return transport != NULL && !transport->destroyed ? transport->agent : NULL;
}

int strait_agent_gather(struct strait_transport *transport)
{
    struct strait__agent *a = agent_of(transport);
    if (a == NULL) {
        return STRAIT_E_INVALID;
    }
    if (a->gathering || a->gathered) {
        return STRAIT_E_STATE;
    }
    int error = strait__agent_choose_addresses(a);
    if (error != STRAIT_OK) {
        return error;
    }
    a->gathering = true;
    if (!nice_agent_gather_candidates(a->nice, a->stream)) {
        a->gathering = false;
        return STRAIT_E_SYSTEM;
    }
    strait__guest_wake(&a->guest);
    return STRAIT_OK;
}

size_t strait_agent_local_candidates(const struct strait_transport *transport,
                                     struct strait_candidate *out, size_t max)
{
    const struct strait__agent *a = agent_of(transport);
    size_t n = a != NULL ? a->n_locals : 0;
    for (size_t i = 0; i < n && i < max; i++) {
        out[i] = a->locals[i];
    }
    return n;
}
