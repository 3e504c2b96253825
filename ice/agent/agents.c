/* The agents of a transport: made, told to gather, ended. */
#include "ice/agent/agent.h"
#include "transport/transport.h"
#include "transport/util.h"

enum { PACING_MS_MIN = 5 };

void strait__agents_destroy(struct strait__agents *agents)
{
    struct strait_hooks hooks = agents->hooks;
    strait__network_leave(agents);
    strait__free(&hooks, agents->known);
    strait__agent_destroy(agents->leaving);
    strait__agent_destroy(agents->current);
    strait__agent_destroy(agents->next);
    strait__mdns_finish(agents);
    strait__servers_forget(&hooks, agents->config.servers, agents->config.n_servers);
    strait_trust_unref(agents->config.trust);
    strait__rules_finish(&agents->local_rules, &hooks);
    strait__rules_finish(&agents->remote_rules, &hooks);
    strait__zero(agents, sizeof *agents);
    strait__free(&hooks, agents);
}

struct strait__agents *strait__agents_of(const struct strait_transport *transport)
{
    return transport != NULL && !transport->destroyed ? transport->agents : NULL;
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

static int read_rules(struct strait__agents *agents, struct strait_runtime *runtime,
                      const struct strait_agent_config *config)
{
    const char *bad;
    int error = strait__rules_init_local(&agents->local_rules, &agents->hooks, &config->local,
                                         &bad);
    if (error == STRAIT_OK) {
        error = strait__rules_init(&agents->remote_rules, &agents->hooks, &config->remote, &bad);
    }
    return error == STRAIT_OK || bad == NULL
               ? error
               : strait__fail(runtime, error, "\"%.60s\" is no rule of addresses", bad);
}

/* Copies what is borrowed. */
static int keep_config(struct strait__agents *agents, struct strait_runtime *runtime,
                       const struct strait_agent_config *config)
{
    agents->config = *config;
    agents->config.servers = NULL;
    agents->config.trust = NULL;
    agents->config.local = agents->config.remote = (struct strait_address_rules){ .n_allow = 0 };
    int error = read_rules(agents, runtime, config);
    if (error == STRAIT_OK) {
        error = strait__servers_keep(&agents->hooks, &agents->config.servers, config->servers,
                                     config->n_servers);
    }
    return error == STRAIT_OK ? strait__servers_trust(agents, runtime, config->trust) : error;
}

static int make_agents(struct strait_transport *t, struct strait_runtime *runtime,
                       const struct strait_agent_config *config)
{
    struct strait__agents *agents = strait__alloc(&t->endpoint->hooks, sizeof *agents);
    if (agents == NULL) {
        return STRAIT_E_NOMEM;
    }
    agents->hooks = t->endpoint->hooks;
    agents->endpoint = t->endpoint;
    agents->transport = t;
    agents->ice = t->ice;
    int error = keep_config(agents, runtime, config);
    if (error == STRAIT_OK) {
        error = strait__agent_create(&agents->current, agents, runtime);
    }
    if (error == STRAIT_OK) {
        error = strait__network_join(agents, runtime);
    }
    if (error != STRAIT_OK) {
        strait__agents_destroy(agents);
        return error;
    }
    strait__ice_external_drive(t->ice, &strait__agent_driver, agents);
    t->agents = agents;
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
        error = make_agents(*out, runtime, &c);
        if (error != STRAIT_OK) {
            strait_transport_destroy(*out);
            *out = NULL;
        }
    }
    return error;
}

int strait_agent_gather(struct strait_transport *transport)
{
    const struct strait__agents *agents = strait__agents_of(transport);
    return agents != NULL ? strait__agent_gather(strait__agents_newest(agents)) : STRAIT_E_INVALID;
}

size_t strait_agent_local_candidates(const struct strait_transport *transport,
                                     struct strait_candidate *out, size_t max)
{
    const struct strait__agents *agents = strait__agents_of(transport);
    const struct strait__agent *a = agents != NULL ? strait__agents_newest(agents) : NULL;
    size_t n = a != NULL ? a->n_locals : 0;
    for (size_t i = 0; i < n && i < max; i++) {
        out[i] = a->locals[i];
    }
    return n;
}
