/*
 * Generations of credentials (RFC 8445, section 9). Either side may restart first, and checks of the
 * new generation may come before the other side's new credentials do.
 */
#include <stdio.h>

#include "ice/session.h"
#include "transport/util.h"

static int link_own(struct strait__ice_session *s, unsigned slot,
                    const struct strait_ice_parameters *local)
{
    struct strait__ice_credentials *own = &s->own[slot];
    memcpy(own->ufrag, local->ufrag, sizeof own->ufrag);
    memcpy(own->pwd, local->pwd, sizeof own->pwd);
    int result = s->ice.events.link_ufrag(s->ice.user, &own->node, own->ufrag);
    if (result != STRAIT_OK) {
        strait__zero(own, sizeof *own);
    }
    return result;
}

static void unlink_own(struct strait__ice_session *s, unsigned slot)
{
    s->ice.events.unlink_ufrag(s->ice.user, &s->own[slot].node);
    strait__zero(&s->own[slot], sizeof s->own[slot]);
}

int strait__session_init(struct strait__ice_session *s, const struct strait__ice_ops *ops,
                         const struct strait__ice_config *config)
{
    s->ice.ops = ops;
    s->ice.hooks = config->hooks;
    s->ice.events = config->events;
    s->ice.user = config->user;
    s->ice.role = config->role;
    s->ice.local = config->local;
    s->now = config->now;
    /* So that no sum with a time overflows: centuries are for ever. */
    strait_time most = STRAIT_TIME_NEVER / 4;
    s->ice_timeout = config->ice_timeout < most ? config->ice_timeout : most;
    s->consent_timeout = config->consent_timeout < most ? config->consent_timeout : most;
    s->ice_deadline = STRAIT_TIME_NEVER;
    s->ahead = 1;
    return link_own(s, 0, &config->local);
}

void strait__session_finish(struct strait__ice_session *s)
{
    unlink_own(s, 0);
    unlink_own(s, 1);
    strait__zero(&s->ice.local, sizeof s->ice.local);
    strait__zero(&s->ice.remote, sizeof s->ice.remote);
    strait__zero(&s->old_remote, sizeof s->old_remote);
}

void strait__session_forget_old(struct strait__ice_session *s)
{
    if (s->has_old && s->old_own != s->newest) {
        unlink_own(s, s->old_own);
    }
    s->has_old = false;
    strait__zero(&s->old_remote, sizeof s->old_remote);
}

/* The generation that a restart puts something new beside: the first of several restarts in a row,
 * since only that one has a path. */
static void keep_as_old(struct strait__ice_session *s)
{
    if (!s->has_old) {
        s->has_old = true;
        s->old_own = s->newest;
        s->old_remote = s->ice.remote;
    }
}

int strait__session_restart(struct strait__ice_session *s,
                            const struct strait_ice_parameters *local)
{
    if (s->ice.state == STRAIT_ICE_FAILED) {
        strait__session_forget_old(s);
    }
    /* A newest generation beside an old one has not nominated anything: it gives its place. */
    bool in_place = s->has_old && s->old_own != s->newest;
    unsigned slot = in_place ? s->newest : 1 - s->newest;
    struct strait_ice_parameters before = s->ice.local;
    if (in_place) {
        unlink_own(s, slot);
    }
    int result = link_own(s, slot, local);
    if (result != STRAIT_OK) {
        if (in_place) {
            link_own(s, slot, &before);
        }
        strait__zero(&before, sizeof before);
        return result;
    }
    strait__zero(&before, sizeof before);
    /* RFC 7675, 5.1: after consent was lost the same credentials must not be used again. */
    if (s->ice.state == STRAIT_ICE_FAILED) {
        unlink_own(s, s->newest);
    } else {
        keep_as_old(s);
    }
    s->newest = slot;
    s->ice.local = *local;
    s->ahead = s->ahead < 0 ? 0 : 1;
    s->regular = false;
    s->news = s->restarted = true;
    s->arm = s->arm || s->ahead <= 0;
    return STRAIT_OK;
}

bool strait__session_set_remote(struct strait__ice_session *s,
                                const struct strait_ice_parameters *remote)
{
    struct strait_ice_parameters *known = &s->ice.remote;
    if (strcmp(known->ufrag, remote->ufrag) == 0 && strcmp(known->pwd, remote->pwd) == 0) {
        known->ice_lite = remote->ice_lite;
        return false;
    }
    if (known->ufrag[0] != '\0') {
        if (s->ahead <= 0 && s->ice.state != STRAIT_ICE_FAILED) {
            keep_as_old(s);
        }
        s->restarted = true;
    }
    *known = *remote;
    s->regular = s->regular && s->ahead > 0; /* its checks may have come before its credentials */
    s->ahead = s->ahead > 0 ? 0 : -1;
    s->news = s->arm = true;
    return true;
}

static bool remote_part_is(const struct strait__stun_message *message, const char *own,
                           const char *remote)
{
    return strait__stun_username_is(message, own, remote[0] != '\0' ? remote : NULL);
}

enum strait__ice_generation strait__session_identify(const struct strait__ice_session *s,
                                                     const struct strait__stun_message *message)
{
    const char *own = s->own[s->newest].ufrag;
    /* RFC 8445, 7.3: checks may come before the remote's credentials; then only ours are known. */
    if (remote_part_is(message, own, s->ahead > 0 ? "" : s->ice.remote.ufrag)) {
        return STRAIT__ICE_NEWEST;
    }
    if (s->has_old && remote_part_is(message, s->own[s->old_own].ufrag, s->old_remote.ufrag)) {
        return STRAIT__ICE_OLD;
    }
    return STRAIT__ICE_NO_GENERATION;
}

const char *strait__session_pwd(const struct strait__ice_session *s,
                                enum strait__ice_generation generation)
{
    return s->own[generation == STRAIT__ICE_OLD ? s->old_own : s->newest].pwd;
}

void strait__session_state(struct strait__ice_session *s, enum strait_ice_state state)
{
    enum strait_ice_state now = s->ice.state;
    if (state == now) {
        return;
    }
    if (state == STRAIT_ICE_COMPLETED && (now == STRAIT_ICE_NEW || now == STRAIT_ICE_CHECKING)) {
        strait__session_state(s, STRAIT_ICE_CONNECTED);
    }
    s->ice.state = state;
    s->ice.events.state(s->ice.user, state);
}

static void drop_path(struct strait__ice_session *s)
{
    strait__session_forget_old(s);
    if (s->ice.has_path) {
        s->ice.has_path = false;
        s->ice.pair.writable = s->ice.pair.nominated = false;
        s->ice.events.selected(s->ice.user, NULL, false);
    }
}

void strait__session_fail(struct strait__ice_session *s, int error, const char *detail)
{
    s->ice.error = error;
    snprintf(s->ice.detail, sizeof s->ice.detail, "%s", detail);
    s->ice_deadline = STRAIT_TIME_NEVER;
    /* First of all the state, so that a restart inside a callback knows what it restarts. */
    s->ice.state = STRAIT_ICE_FAILED;
    drop_path(s);
    s->ice.events.state(s->ice.user, STRAIT_ICE_FAILED);
}

bool strait__session_restarting(const struct strait__ice_session *s)
{
    return s->has_old && s->now < s->ice_deadline;
}

void strait__session_lose_path(struct strait__ice_session *s)
{
    bool told = s->ice.state == STRAIT_ICE_CHECKING;
    s->ice.state = STRAIT_ICE_CHECKING;
    drop_path(s);
    if (!told) {
        s->ice.events.state(s->ice.user, STRAIT_ICE_CHECKING);
    }
}

/* RTCIceTransportState, in webrtc-pc: a restart takes completed back to connected, and disconnected
 * and failed to checking, since it forgets that the path was lost. */
static void tell_restart(struct strait__ice_session *s)
{
    switch (s->ice.state) {
    case STRAIT_ICE_COMPLETED:
        strait__session_state(s, STRAIT_ICE_CONNECTED);
        break;
    case STRAIT_ICE_FAILED:
        s->ice.error = STRAIT_OK;
        s->ice.detail[0] = '\0';
        strait__session_state(s, STRAIT_ICE_CHECKING);
        break;
    case STRAIT_ICE_DISCONNECTED:
        strait__session_state(s, STRAIT_ICE_CHECKING);
        break;
    default:
        break;
    }
}

void strait__session_begin(struct strait__ice_session *s, strait_time now)
{
    s->now = now > s->now ? now : s->now;
    if (!s->news) {
        return;
    }
    bool restarted = s->restarted;
    if (s->arm) {
        s->ice_deadline = s->now + s->ice_timeout;
    }
    s->news = s->restarted = s->arm = false;
    if (restarted) {
        tell_restart(s);
    }
    if (s->ice.state == STRAIT_ICE_NEW && s->ice.remote.ufrag[0] != '\0') {
        strait__session_state(s, STRAIT_ICE_CHECKING);
    }
}

strait_time strait__session_silent_after(const struct strait__ice_session *s)
{
    return s->consent_timeout / STRAIT__ICE_SILENT_PART;
}

bool strait__session_nomination_wins(const struct strait__ice_session *s, uint64_t priority,
                                     uint64_t current)
{
    return s->regular || priority >= current;
}
