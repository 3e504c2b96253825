/* In the agent's place where the build leaves it out. */
#include <strait/agent.h>

int strait_agent_create(struct strait_transport **out, struct strait_runtime *runtime,
                        struct strait_endpoint *endpoint,
                        const struct strait_transport_config *transport,
                        const struct strait_agent_config *config)
{
    (void)runtime;
    (void)endpoint;
    (void)transport;
    (void)config;
    if (out == NULL) {
        return STRAIT_E_INVALID;
    }
    *out = NULL;
    return STRAIT_E_UNSUPPORTED;
}

int strait_agent_gather(struct strait_transport *transport)
{
    (void)transport;
    return STRAIT_E_INVALID;
}

int strait_agent_regather(struct strait_transport *transport)
{
    (void)transport;
    return STRAIT_E_INVALID;
}

int strait_agent_stats(const struct strait_transport *transport, struct strait_agent_stats *out)
{
    (void)transport;
    (void)out;
    return STRAIT_E_INVALID;
}

size_t strait_agent_local_candidates(const struct strait_transport *transport,
                                     struct strait_candidate *out, size_t max)
{
    (void)transport;
    (void)out;
    (void)max;
    return 0;
}
