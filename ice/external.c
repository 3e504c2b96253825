/*
 * The path is given: the host has an ICE of its own, and its word on the path is final. No STUN passes
 * here; the local ufrag is linked all the same, so that the transport can be found by it.
 */
#include <stdio.h>

#include "ice/session.h"
#include "transport/address.h"
#include "transport/util.h"

struct external {
    struct strait__ice_session s;
    /* What set_path said last, until the next advance. */
    bool told, lost;
    struct strait_path path;
    strait_time rtt;

    const struct strait__ice_driver *driver; /* NULL: the host's own ICE */
    void *driver_user;
    /* What it has told, until the next advance: the states that it went through, in order. */
    enum strait_ice_state states[8];
    size_t n_states;
};

static struct external *external_of(struct strait__ice *ice)
{
    return (struct external *)(void *)ice;
}

static int external_set_path(struct strait__ice *ice, const struct strait_path *path,
                             strait_time rtt)
{
    struct external *e = external_of(ice);
    e->told = true;
    e->lost = path == NULL;
    if (path != NULL) {
        e->path = *path;
        e->rtt = rtt;
    }
    return STRAIT_OK;
}

static void lose(struct strait__ice *ice, struct strait__ice_session *s)
{
    if (!ice->has_path) {
        return;
    }
    ice->has_path = false;
    ice->pair.writable = ice->pair.nominated = false;
    ice->events.selected(ice->user, NULL, false);
    if (external_of(ice)->driver == NULL) {
        strait__session_state(s, STRAIT_ICE_DISCONNECTED);
    }
}

static void gain(struct strait__ice *ice, struct strait__ice_session *s,
                 const struct strait_path *path, strait_time rtt)
{
    if (!ice->events.validated(ice->user, path)) {
        ice->counters.path_taken++;
        return;
    }
    bool moved = !ice->has_path || !strait__path_equal(&ice->pair.path, path);
    ice->has_path = true;
    ice->pair.path = *path;
    ice->pair.nominated = ice->pair.writable = true;
    if (rtt > 0) {
        ice->pair.current_round_trip_time = rtt;
        ice->events.rtt(ice->user, rtt);
    }
    if (moved) {
        ice->events.selected(ice->user, path, true);
    }
    strait__session_forget_old(s);
    if (external_of(ice)->driver == NULL) {
        strait__session_state(s, STRAIT_ICE_COMPLETED);
    }
}

/* Each of them, since an application may wait for one that was passed in between. */
static void tell_states(struct external *e)
{
    enum strait_ice_state states[sizeof e->states / sizeof *e->states];
    size_t n = e->n_states;
    memcpy(states, e->states, sizeof states);
    e->n_states = 0;
    for (size_t i = 0; i < n; i++) {
        strait__session_state(&e->s, states[i]);
    }
}

void strait__ice_external_tell(struct strait__ice *ice, enum strait_ice_state state, int error,
                               const char *detail)
{
    struct external *e = external_of(ice);
    size_t most = sizeof e->states / sizeof *e->states;
    /* Of more than there is room for the last one counts. */
    e->n_states = e->n_states < most ? e->n_states + 1 : most;
    e->states[e->n_states - 1] = state;
    ice->error = error;
    snprintf(ice->detail, sizeof ice->detail, "%s", detail);
}

static void external_advance(struct strait__ice *ice, strait_time now)
{
    struct external *e = external_of(ice);
    strait__session_begin(&e->s, now);
    /* The host fails it, or not: there is no deadline of ours. */
    e->s.ice_deadline = STRAIT_TIME_NEVER;
    /* A path before the state that says so: who is told "connected" may send. The loss of one after it. */
    bool found = e->told && !e->lost;
    if (!found) {
        tell_states(e);
    }
    if (!e->told) {
        return;
    }
    struct strait_path path = e->path; /* a callback may call set_path again */
    e->told = false;
    if (e->lost) {
        lose(ice, &e->s);
    } else {
        gain(ice, &e->s, &path, e->rtt);
        tell_states(e);
    }
}

static strait_time external_deadline(const struct strait__ice *ice)
{
    const struct external *e = (const struct external *)(const void *)ice;
    return e->s.news || e->told || e->n_states > 0 ? 0 : STRAIT_TIME_NEVER;
}

static void external_receive(struct strait__ice *ice, strait_time now,
                             const struct strait_path *from,
                             const struct strait__stun_message *message)
{
    (void)now;
    (void)from;
    (void)message;
    ice->counters.stun_unexpected++;
}

static void external_destroy(struct strait__ice *ice)
{
    if (ice != NULL) {
        struct external *e = external_of(ice);
        if (e->driver != NULL) {
            e->driver->destroy(e->driver_user);
        }
        strait__session_finish(&e->s);
        strait__free(ice->hooks, e);
    }
}

static int external_set_remote(struct strait__ice *ice, const struct strait_ice_parameters *remote)
{
    struct external *e = external_of(ice);
    bool other = strait__session_set_remote(&e->s, remote);
    return other && e->driver != NULL ? e->driver->set_remote(e->driver_user, remote) : STRAIT_OK;
}

static int external_restart(struct strait__ice *ice, const struct strait_ice_parameters *local)
{
    struct external *e = external_of(ice);
    int error = strait__session_restart(&e->s, local);
    return error == STRAIT_OK && e->driver != NULL ? e->driver->restart(e->driver_user, local)
                                                   : error;
}

static int external_add_candidate(struct strait__ice *ice, const struct strait_candidate *candidate)
{
    const struct external *e = external_of(ice);
    return e->driver != NULL ? e->driver->add_candidate(e->driver_user, candidate) : STRAIT_OK;
}

static int external_end_of_candidates(struct strait__ice *ice)
{
    const struct external *e = external_of(ice);
    return e->driver != NULL ? e->driver->end_of_candidates(e->driver_user) : STRAIT_OK;
}

static const struct external *constant(const struct strait__ice *ice)
{
    return (const struct external *)(const void *)ice;
}

static size_t external_pairs(const struct strait__ice *ice, struct strait_pair_stats *out,
                             size_t max)
{
    const struct external *e = constant(ice);
    return e->driver->pairs(e->driver_user, out, max);
}

static size_t external_local_candidates(const struct strait__ice *ice, struct strait_candidate *out,
                                        size_t max)
{
    const struct external *e = constant(ice);
    return e->driver->local_candidates(e->driver_user, out, max);
}

static size_t external_remote_candidates(const struct strait__ice *ice,
                                         struct strait_candidate *out, size_t max)
{
    const struct external *e = constant(ice);
    return e->driver->remote_candidates(e->driver_user, out, max);
}

static void external_measure(const struct strait__ice *ice, struct strait_transport_stats *stats)
{
    const struct external *e = constant(ice);
    e->driver->measure(e->driver_user, stats);
}

static const struct strait__ice_ops external_ops = {
    .name = "external",
    .destroy = external_destroy,
    .set_remote = external_set_remote,
    .add_candidate = external_add_candidate,
    .end_of_candidates = external_end_of_candidates,
    .restart = external_restart,
    .receive = external_receive,
    .advance = external_advance,
    .deadline = external_deadline,
    .set_attributes = strait__session_set_attributes,
    .set_path = external_set_path,
};

/* Where a driver knows more. */
static const struct strait__ice_ops driven_ops = {
    .name = "external, driven",
    .destroy = external_destroy,
    .set_remote = external_set_remote,
    .add_candidate = external_add_candidate,
    .end_of_candidates = external_end_of_candidates,
    .restart = external_restart,
    .receive = external_receive,
    .advance = external_advance,
    .deadline = external_deadline,
    .set_attributes = strait__session_set_attributes,
    .set_path = external_set_path,
    .pairs = external_pairs,
    .local_candidates = external_local_candidates,
    .remote_candidates = external_remote_candidates,
    .measure = external_measure,
};

void strait__ice_external_drive(struct strait__ice *ice, const struct strait__ice_driver *driver,
                                void *user)
{
    struct external *e = external_of(ice);
    ice->ops = &driven_ops;
    e->driver = driver;
    e->driver_user = user;
}

int strait__ice_external_create(struct strait__ice **out, const struct strait__ice_config *config)
{
    struct external *e = strait__alloc(config->hooks, sizeof *e);
    *out = NULL;
    if (e == NULL) {
        return STRAIT_E_NOMEM;
    }
    int result = strait__session_init(&e->s, &external_ops, config);
    if (result != STRAIT_OK) {
        strait__free(config->hooks, e);
        return result;
    }
    *out = &e->s.ice;
    return STRAIT_OK;
}
