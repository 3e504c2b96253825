/* An agent's statistics. */
#include "ice/agent/agent.h"
#include "transport/util.h"

int strait_agent_stats(const struct strait_transport *transport, struct strait_agent_stats *out)
{
    const struct strait__agents *agents = strait__agents_of(transport);
    if (agents == NULL || out == NULL) {
        return STRAIT_E_INVALID;
    }
    struct strait_agent_stats stats = agents->stats;
    const struct strait__agent *a = agents->current, *newest = strait__agents_newest(agents);
    NiceCandidate *local = NULL, *remote = NULL;
    stats.size = out->size;
    stats.local_candidates = (uint32_t)newest->n_locals;
    stats.remote_candidates = (uint32_t)newest->n_remotes;
    stats.has_pair = a->has_path &&
                     nice_agent_get_selected_pair(a->nice, a->stream, STRAIT__AGENT_COMPONENT,
                                                  &local, &remote) &&
                     strait__agent_from_nice(&stats.local, local) &&
                     strait__agent_from_nice(&stats.remote, remote);
    return strait__sized_copy(out, &stats, sizeof stats);
}
