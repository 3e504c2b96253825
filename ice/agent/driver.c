/* What signalling brings, handed on to NiceAgent. */
#include "ice/agent/agent.h"
#include "transport/util.h"

static void give_candidate(struct strait__agent *a, NiceCandidate *candidate)
{
    GSList one = { .data = candidate };
    (void)nice_agent_set_remote_candidates(a->nice, a->stream, STRAIT__AGENT_COMPONENT, &one);
    nice_candidate_free(candidate);
}

static void give_held(struct strait__agent *a)
{
    GSList *held = a->held;
    a->held = NULL;
    for (GSList *one = held; one != NULL; one = one->next) {
        give_candidate(a, one->data);
    }
    g_slist_free(held);
    if (a->held_end) {
        a->held_end = false;
        a->remote_ended = true;
        (void)nice_agent_peer_candidate_gathering_done(a->nice, a->stream);
    }
}

/* Its credentials are to come. */
static bool awaits_remote(const struct strait__agent *a)
{
    return !a->has_remote || a->local_ahead;
}

/* libnice makes new local credentials and forgets the remote's. */
static void restart(struct strait__agent *a, const struct strait_ice_parameters *local)
{
    (void)nice_agent_restart_stream(a->nice, a->stream);
    (void)nice_agent_set_local_credentials(a->nice, a->stream, local->ufrag, local->pwd);
    a->steady = a->remote_ended = a->expired = false;
    strait__agent_wait(a, true);
    a->n_remotes = g_slist_length(a->held);
    strait__guest_wake(&a->guest);
}

static int set_remote(void *user, const struct strait_ice_parameters *remote)
{
    struct strait__agent *a = strait__agents_newest(user);
    /* The remote's restart, and not the answer to ours. */
    if (a->has_remote && !a->local_ahead) {
        restart(a, &a->agents->ice->local);
        a->remote_ahead = true;
    }
    strait__mdns_turn_over(a->agents);
    a->local_ahead = a->expired = false;
    a->has_remote = true;
    if (remote->ice_lite) {
        /* RFC 8445, 6.1.1: the full one of the two controls. */
        g_object_set(a->nice, "controlling-mode", TRUE, NULL);
    }
    bool good = nice_agent_set_remote_credentials(a->nice, a->stream, remote->ufrag, remote->pwd);
    give_held(a);
    strait__guest_wake(&a->guest);
    return good ? STRAIT_OK : STRAIT_E_INVALID;
}

static int restart_own(void *user, const struct strait_ice_parameters *local)
{
    struct strait__agent *a = strait__agents_newest(user);
    const struct strait__agent *heard = a->fresh ? a->agents->current : a;
    if (!heard->remote_ahead) {
        strait__mdns_turn_over(a->agents);
    }
    if (a->fresh) {
        strait__agent_renew(a, local);
        return STRAIT_OK;
    }
    if (a->remote_ahead) {
        /* Its restart has begun libnice's already. */
        (void)nice_agent_set_local_credentials(a->nice, a->stream, local->ufrag, local->pwd);
        a->remote_ahead = a->expired = false;
        return STRAIT_OK;
    }
    restart(a, local);
    a->local_ahead = a->has_remote;
    return STRAIT_OK;
}

static int add_candidate(void *user, const struct strait_candidate *candidate)
{
    struct strait__agent *a = strait__agents_newest(user);
    if ((candidate->protocol == STRAIT_CANDIDATE_TCP && !a->agents->config.ice_tcp) ||
        candidate->component != STRAIT__AGENT_COMPONENT) {
        return STRAIT_E_UNSUPPORTED;
    }
    if (candidate->hostname[0] != '\0') {
        return strait__mdns_ask(a->agents, candidate, awaits_remote(a) || a->remote_ended);
    }
    if (!strait__rules_allow(&a->agents->remote_rules, &candidate->address)) {
        a->agents->stats.remote_refused++;
        return STRAIT_E_DENIED;
    }
    if (a->n_remotes >= STRAIT__AGENT_MAX_REMOTE) {
        a->agents->stats.remote_over_limit++;
        return STRAIT_E_LIMIT;
    }
    NiceCandidate *nice = strait__agent_to_nice(a, candidate);
    if (nice == NULL) {
        return STRAIT_E_UNSUPPORTED;
    }
    a->n_remotes++;
    if (awaits_remote(a)) {
        a->held = g_slist_append(a->held, nice);
        return STRAIT_OK;
    }
    /* RFC 8838, 13: none of this generation comes after their end. So it is of the remote's next one, whose
     * credentials are still on their way. */
    if (a->remote_ended) {
        a->held = g_slist_append(a->held, nice_candidate_copy(nice));
    }
    give_candidate(a, nice);
    strait__guest_wake(&a->guest);
    return STRAIT_OK;
}

static int end_of_candidates(void *user)
{
    struct strait__agent *a = strait__agents_newest(user);
    if (strait__mdns_hold_end(a->agents)) {
        return STRAIT_OK;
    }
    if (awaits_remote(a)) {
        a->held_end = true;
        return STRAIT_OK;
    }
    a->held_end = a->held != NULL;
    a->remote_ended = true;
    (void)nice_agent_peer_candidate_gathering_done(a->nice, a->stream);
    strait__guest_wake(&a->guest);
    return STRAIT_OK;
}

static void destroy(void *user)
{
    strait__agents_destroy(user);
}

const struct strait__ice_driver strait__agent_driver = {
    .set_remote = set_remote,
    .add_candidate = add_candidate,
    .end_of_candidates = end_of_candidates,
    .restart = restart_own,
    .pairs = strait__agents_pairs,
    .local_candidates = strait__agents_locals,
    .remote_candidates = strait__agents_remotes,
    .measure = strait__agents_measure,
    .destroy = destroy,
};
