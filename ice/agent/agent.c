/* The life of one NiceAgent in the runtime's loop. */
#include "ice/agent/agent.h"
#include "transport/transport.h"
#include "transport/util.h"

enum { PACING_MS = 5 }; /* bridge.c slows it down */

static void free_agent(struct strait__agent *a)
{
    struct strait_hooks hooks = a->hooks;
    strait__guest_finish(&a->guest);
    if (a->nice != NULL) {
        g_signal_handlers_disconnect_by_data(a->nice, a);
        strait__agent_end_close(a);
        g_object_unref(a->nice);
    }
    strait__servers_finish(a);
    if (a->context != NULL) {
        g_main_context_unref(a->context);
    }
    g_slist_free_full(a->held, (GDestroyNotify)nice_candidate_free);
    strait__free(&hooks, a->locals);
    strait__free(&hooks, a->early);
    strait__agent_send_none(a);
    strait__zero(a, sizeof *a);
    strait__free(&hooks, a);
}

void strait__agent_destroy(struct strait__agent *a)
{
    if (a == NULL) {
        return;
    }
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
    if (!a->gone && (a->n_batch > 0 || a->n_early > 0)) {
        strait__agent_hand_over(a);
    }
    if (!a->gone && a->outgoing != NULL) {
        strait__agent_send_again(a);
    }
    if (!a->gone) {
        strait__agent_watch_consent(a);
        strait__agent_leave(a);
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
    if (a->stopped) {
        strait__guest_wake(&a->guest);
    }
    a->running = false;
    if (a->gone && (!a->closing || a->closed || a->guest.runtime == NULL)) {
        free_agent(a);
    }
}

static const struct strait__guest_ops guest_ops = { .run = run,
                                                    .send = strait__agent_send,
                                                    .orphaned = orphaned };

static int make_nice(struct strait__agent *a)
{
    const struct strait_agent_config *config = &a->agents->config;
    const struct strait__ice *ice = a->agents->ice;
    NiceAgentOption options = NICE_AGENT_OPTION_ICE_TRICKLE | NICE_AGENT_OPTION_CONSENT_FRESHNESS;
    if (!config->aggressive) {
        options |= NICE_AGENT_OPTION_REGULAR_NOMINATION;
    }
    guint pacing = config->pacing > 0 ? (guint)(config->pacing / STRAIT_MS) : PACING_MS;
    a->context = g_main_context_new();
    a->nice = nice_agent_new_full(a->context, NICE_COMPATIBILITY_RFC5245, options);
    g_object_set(a->nice, "upnp", FALSE, "ice-tcp", (gboolean)config->ice_tcp, "ice-udp", TRUE,
                 "controlling-mode", (gboolean)(ice->role == STRAIT_ICE_CONTROLLING),
                 "stun-pacing-timer", pacing, "force-relay",
                 (gboolean)(config->policy == STRAIT_ICE_RELAY), NULL);
    a->stream = nice_agent_add_stream(a->nice, 1);
    if (a->stream == 0) {
        return STRAIT_E_NOMEM;
    }
    if (config->port_max > 0) {
        nice_agent_set_port_range(a->nice, a->stream, STRAIT__AGENT_COMPONENT, config->port_min,
                                  config->port_max);
    }
    strait__agent_set_consent(a);
    strait__agent_wait(a, true);
    strait__agent_connect_signals(a);
    if (!nice_agent_set_local_credentials(a->nice, a->stream, ice->local.ufrag, ice->local.pwd) ||
        !strait__agent_attach(a)) {
        return STRAIT_E_NOMEM;
    }
    return strait__agent_give_servers(a, config->servers, config->n_servers);
}

int strait__agent_create(struct strait__agent **out, struct strait__agents *agents,
                         struct strait_runtime *runtime)
{
    struct strait__agent *a = strait__alloc(&agents->hooks, sizeof *a);
    if (a == NULL) {
        return STRAIT_E_NOMEM;
    }
    a->hooks = agents->hooks;
    a->agents = agents;
    a->fd = -1;
    int error = strait__guest_init(&a->guest, &guest_ops, runtime, agents->endpoint);
    if (error != STRAIT_OK) {
        a->guest.runtime = NULL;
        free_agent(a);
        return error;
    }
    a->room_locals = STRAIT__AGENT_MAX_LOCAL;
    a->locals = strait__alloc(&a->hooks, a->room_locals * sizeof *a->locals);
    error = a->locals != NULL ? make_nice(a) : STRAIT_E_NOMEM;
    if (error != STRAIT_OK) {
        free_agent(a);
        return error;
    }
    strait__guest_wake(&a->guest);
    *out = a;
    return STRAIT_OK;
}

void strait__agent_wait(struct strait__agent *a, bool patiently)
{
    enum { LEAST_MS = 50, MOST_MS = 60000, SHORT_MS = 1000 }; /* libnice's bounds */
    strait_time ms = a->agents->transport->config.ice_timeout / STRAIT_MS;
    ms = ms < LEAST_MS ? LEAST_MS : ms > MOST_MS ? MOST_MS : ms;
    g_object_set(a->nice, "idle-timeout", patiently ? (guint)ms : SHORT_MS, NULL);
}

int strait__agent_gather(struct strait__agent *a)
{
    if (a->gathering || a->gathered || a->guest.runtime == NULL ||
        !strait__enter(a->guest.runtime)) {
        return STRAIT_E_STATE;
    }
    int error = strait__agent_choose_addresses(a);
    if (error != STRAIT_OK) {
        return error;
    }
    if (a->agents->network != NULL) {
        (void)strait__agents_look(a->agents, a->guest.runtime);
    }
    strait__servers_seek(a);
    guint mark = strait__servers_mark(a);
    a->gathering = true;
    bool begun = nice_agent_gather_candidates(a->nice, a->stream);
    strait__servers_hold(a, mark);
    if (!begun) {
        (void)strait__servers_gathered(a);
        a->gathering = false;
        return STRAIT_E_SYSTEM;
    }
    strait__agent_size_sockets(a);
    error = strait__agent_filter(a);
    if (error != STRAIT_OK) {
        /* Sockets that would take what the rules deny: rather none. */
        strait__agent_shut(a);
        return error;
    }
    strait__guest_wake(&a->guest);
    return STRAIT_OK;
}
