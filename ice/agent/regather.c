/*
 * Another NiceAgent beside the one whose path is used, for a network that has changed: make before break. It begins
 * like an ICE restart (RFC 8445, 9); media and consent go on over the old one until the new one has a pair.
 */
#include "ice/agent/agent.h"
#include "transport/transport.h"

/* RFC 8445, 8.3: candidates are kept for three seconds when checks are over, since the peer may need them still. Here
 * it may not have moved yet, or what it sent before is on its way. */
static const strait_time LEAVE_AFTER = 3 * STRAIT_S;

struct strait__agent *strait__agents_newest(const struct strait__agents *agents)
{
    return agents->next != NULL ? agents->next : agents->current;
}

/* The peer has restarted already, and this is our part of it: what it has signalled was for us. */
static void take_remote(struct strait__agent *next, struct strait__agent *current)
{
    const struct strait_ice_parameters *remote = &next->agents->ice->remote;
    next->has_remote = true;
    next->n_remotes = current->n_remotes;
    current->remote_ahead = false;
    (void)nice_agent_set_remote_credentials(next->nice, next->stream, remote->ufrag, remote->pwd);
    GSList *candidates = nice_agent_get_remote_candidates(current->nice, current->stream,
                                                          STRAIT__AGENT_COMPONENT);
    if (candidates != NULL) {
        (void)nice_agent_set_remote_candidates(next->nice, next->stream, STRAIT__AGENT_COMPONENT,
                                               candidates);
    }
    g_slist_free_full(candidates, (GDestroyNotify)nice_candidate_free);
    next->remote_ended = current->remote_ended;
    if (next->remote_ended) {
        (void)nice_agent_peer_candidate_gathering_done(next->nice, next->stream);
    }
}

void strait__agent_renew(struct strait__agent *next, const struct strait_ice_parameters *local)
{
    struct strait__agent *current = next->agents->current;
    next->fresh = false;
    (void)nice_agent_set_local_credentials(next->nice, next->stream, local->ufrag, local->pwd);
    if (current->remote_ahead) {
        take_remote(next, current);
    }
}

/* Its sockets are open before the restart, after which there is no way back. */
static int make_next(struct strait__agent **out, struct strait__agents *agents,
                     struct strait_runtime *runtime)
{
    gboolean controlling = FALSE;
    g_object_get(agents->current->nice, "controlling-mode", &controlling, NULL);
    int error = strait__agent_create(out, agents, runtime);
    if (error != STRAIT_OK) {
        return error;
    }
    (*out)->fresh = true;
    g_object_set((*out)->nice, "controlling-mode", controlling, NULL);
    error = strait__agent_gather(*out);
    if (error != STRAIT_OK) {
        strait__agent_destroy(*out);
    }
    return error;
}

int strait_agent_regather(struct strait_transport *transport)
{
    struct strait__agents *agents = strait__agents_of(transport);
    if (agents == NULL) {
        return STRAIT_E_INVALID;
    }
    struct strait__agent *next, *old = agents->next;
    struct strait_runtime *runtime = agents->current->guest.runtime;
    if (runtime == NULL || !strait__enter(runtime) || transport->closed ||
        !(agents->current->gathering || agents->current->gathered)) {
        return STRAIT_E_STATE;
    }
    int error = make_next(&next, agents, runtime);
    if (error != STRAIT_OK) {
        return error;
    }
    agents->next = next;
    error = strait_transport_restart_ice(transport, NULL, NULL);
    if (error != STRAIT_OK) {
        agents->next = old;
        old = next;
    }
    strait__agent_destroy(old);
    return error;
}

/* --- The change -------------------------------------------------------------------------------------- */

void strait__agent_take_over(struct strait__agent *a)
{
    struct strait__agents *agents = a->agents;
    struct strait__agent *before = agents->current;
    if (a != agents->next) {
        return;
    }
    strait__agent_destroy(agents->leaving);
    agents->leaving = NULL;
    agents->current = a;
    agents->next = NULL;
    if (!before->has_path) {
        strait__agent_destroy(before);
        return;
    }
    agents->leaving = before;
    before->leave_at = strait_runtime_now(a->guest.runtime) + LEAVE_AFTER;
    strait__guest_wake(&before->guest);
}

void strait__agent_leave(struct strait__agent *a)
{
    if (a->leave_at != 0 && strait_runtime_now(a->guest.runtime) >= a->leave_at) {
        a->agents->leaving = NULL;
        strait__agent_destroy(a);
    }
}

/* --- The state of both ---------------------------------------------------------------------------------- */

static bool up(enum strait_ice_state state)
{
    return state == STRAIT_ICE_CONNECTED || state == STRAIT_ICE_COMPLETED;
}

/* RTCIceTransportState with a restart under way: completed is connected then, and failed are both or none. */
static enum strait_ice_state combine(const struct strait__agents *agents,
                                     const struct strait__agent *a)
{
    enum strait_ice_state current = agents->current->reported;
    if (agents->next == NULL || agents->next->reported == STRAIT_ICE_FAILED) {
        return current;
    }
    if (up(current)) {
        return STRAIT_ICE_CONNECTED;
    }
    return a == agents->current && current == STRAIT_ICE_DISCONNECTED ? current
                                                                      : STRAIT_ICE_CHECKING;
}

void strait__agent_report(struct strait__agent *a, enum strait_ice_state state, int error,
                          const char *detail)
{
    struct strait__agents *agents = a->agents;
    a->reported = state;
    if (a == agents->leaving) {
        return;
    }
    enum strait_ice_state both = combine(agents, a);
    bool failed = both == STRAIT_ICE_FAILED;
    strait__ice_external_tell(agents->ice, both, failed ? error : STRAIT_OK, failed ? detail : "");
    strait__transport_reschedule(agents->transport);
}
