/* An agent's statistics. */
#include "ice/agent/agent.h"
#include "transport/transport.h"
#include "transport/util.h"

int strait_agent_stats(const struct strait_transport *transport, struct strait_agent_stats *out)
{
    const struct strait__agent *a = transport != NULL && !transport->destroyed ? transport->agent
                                                                               : NULL;
    if (a == NULL || out == NULL) {
        return STRAIT_E_INVALID;
    }
    struct strait_agent_stats stats = a->stats;
    NiceCandidate *local = NULL, *remote = NULL;
    stats.size = out->size;
    stats.local_candidates = (uint32_t)a->n_locals;
    stats.remote_candidates = (uint32_t)a->n_remotes;
    stats.has_pair = a->has_path &&
                     nice_agent_get_selected_pair(a->nice, a->stream, STRAIT__AGENT_COMPONENT,
                                                  &local, &remote) &&
                     strait__agent_from_nice(&stats.local, local) &&
                     strait__agent_from_nice(&stats.remote, remote);
    return strait__sized_copy(out, &stats, sizeof stats);
}
