/* What statistics tell of an agent. Counts are there with the libnice that comes with strait only. */
#include "ice/agent/agent.h"
#include "transport/util.h"

#ifdef STRAIT_OWN_LIBNICE
#include <nice/strait.h>

enum { MAX_PAIRS = 200 }; /* of one NiceAgent: what libnice is bounded to */

static void fill_counts(struct strait_pair_stats *out, const struct nice_strait_counts *c,
                        const struct strait__agent *a)
{
    out->requests_sent = c->requests_sent;
    out->requests_received = c->requests_received;
    out->responses_sent = c->responses_sent;
    out->responses_received = c->responses_received;
    out->consent_requests_sent = c->consent_requests_sent;
    out->current_round_trip_time = c->rtt * STRAIT_US;
    out->total_round_trip_time = c->total_rtt * STRAIT_US;
    if (c->last_request != 0 && a->guest.runtime != NULL) {
        strait_time ago = ((guint64)g_get_monotonic_time() - c->last_request) * STRAIT_US;
        strait_time now = strait_runtime_now(a->guest.runtime);
        out->last_check_received = now > ago ? now - ago : 0;
    }
}

static void fill_pair(struct strait_pair_stats *out, const struct strait__agent *a,
                      const struct nice_strait_pair *pair)
{
    static const enum strait_pair_state states[] = {
        [NICE_STRAIT_FROZEN] = STRAIT_PAIR_FROZEN,
        [NICE_STRAIT_WAITING] = STRAIT_PAIR_WAITING,
        [NICE_STRAIT_IN_PROGRESS] = STRAIT_PAIR_IN_PROGRESS,
        [NICE_STRAIT_SUCCEEDED] = STRAIT_PAIR_SUCCEEDED,
        [NICE_STRAIT_FAILED] = STRAIT_PAIR_FAILED,
    };
    *out = (struct strait_pair_stats){ .nominated = pair->nominated,
                                       .path.socket = a->guest.number,
                                       .state = states[pair->state],
                                       .selected = pair->selected && a->has_path &&
                                                   a == a->agents->current,
                                       .priority = pair->priority };
    (void)strait__agent_address(&out->path.local, &pair->local);
    (void)strait__agent_address(&out->path.remote, &pair->remote);
    fill_counts(out, &pair->counts, a);
}

static size_t pairs_of(const struct strait__agent *a, struct strait_pair_stats *out, size_t max)
{
    struct nice_strait_pair *list = a != NULL ? strait__alloc(&a->hooks, MAX_PAIRS * sizeof *list)
                                              : NULL;
    if (list == NULL) {
        return 0;
    }
    size_t n = nice_strait_pairs(a->nice, a->stream, STRAIT__AGENT_COMPONENT, list, MAX_PAIRS);
    n = n < MAX_PAIRS ? n : MAX_PAIRS;
    for (size_t i = 0; i < n && i < max; i++) {
        fill_pair(&out[i], a, &list[i]);
    }
    strait__free(&a->hooks, list);
    return n;
}

size_t strait__agents_pairs(const void *user, struct strait_pair_stats *out, size_t max)
{
    const struct strait__agents *agents = user;
    size_t n = pairs_of(agents->current, out, max);
    size_t filled = n < max ? n : max;
    return n + pairs_of(agents->next, filled < max ? out + filled : NULL, max - filled);
}

void strait__agents_measure(const void *user, struct strait_transport_stats *stats)
{
    const struct strait__agents *agents = user;
    struct nice_strait_report report;
    if (nice_strait_report(agents->current->nice, agents->current->stream, STRAIT__AGENT_COMPONENT,
                           &report)) {
        /* A conflict of roles changes it (RFC 8445, 7.3.1.1). */
        stats->ice_role = report.controlling ? STRAIT_ICE_CONTROLLING : STRAIT_ICE_CONTROLLED;
        fill_counts(&stats->pair, &report.all, agents->current);
        stats->pair.current_round_trip_time = report.selected.rtt * STRAIT_US;
        stats->pair.priority = agents->current->has_path ? report.priority : 0;
    }
}
#else
size_t strait__agents_pairs(const void *user, struct strait_pair_stats *out, size_t max)
{
    const struct strait__agents *agents = user;
    if (agents->current->has_path && max > 0) {
        out[0] = agents->ice->pair;
        out[0].selected = true;
        out[0].state = STRAIT_PAIR_SUCCEEDED;
    }
    return agents->current->has_path ? 1 : 0;
}

void strait__agents_measure(const void *user, struct strait_transport_stats *stats)
{
    (void)user;
    (void)stats;
}
#endif

size_t strait__agents_locals(const void *user, struct strait_candidate *out, size_t max)
{
    const struct strait__agents *agents = user;
    return strait_agent_local_candidates(agents->transport, out, max);
}

size_t strait__agents_remotes(const void *user, struct strait_candidate *out, size_t max)
{
    const struct strait__agent *a = strait__agents_newest(user);
    GSList *remotes = nice_agent_get_remote_candidates(a->nice, a->stream, STRAIT__AGENT_COMPONENT);
    size_t n = 0;
    for (const GSList *one = remotes; one != NULL; one = one->next) {
        struct strait_candidate candidate;
        if (!strait__agent_from_nice(&candidate, one->data)) {
            continue;
        }
        if (n < max) {
            out[n] = candidate;
        }
        n++;
    }
    g_slist_free_full(remotes, (GDestroyNotify)nice_candidate_free);
    return n;
}

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
