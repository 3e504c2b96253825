/*
 * Lite ICE (RFC 8445, 2.5): answers checks and sends none. The path is the peer's choice:
 *   - before a nomination the path of the latest check, since the peer's own choice is not known yet;
 *   - from then on the nominated one, see strait__session_nomination_wins;
 *   - a check without USE-CANDIDATE from elsewhere moves a nominated path only when that is silent: a
 *     peer that nominates once, and whose NAT has given it a new address. Browsers nominate again and
 *     are followed at once.
 * After a restart the old generation's path is used until the new one nominates, or, where the old one
 * is silent, from the new one's first check.
 */
#include "ice/session.h"
#include "transport/address.h"
#include "transport/util.h"

/* Where there is an old generation, the selected path is of that; else of the newest. */
struct lite {
    struct strait__ice_session s;
    /* Of the selected path: */
    uint32_t priority; /* of the remote's candidate, as its nomination said */
    strait_time last_check;
};

static struct lite *lite_of(struct strait__ice *ice)
{
    return (struct lite *)(void *)ice;
}

static bool silent(const struct lite *l)
{
    return l->s.now - l->last_check >= strait__session_silent_after(&l->s);
}

static bool is_newer(const struct lite *l, const struct strait__ice_check *check)
{
    return l->s.has_old && check->generation == STRAIT__ICE_NEWEST;
}

/* True if this check, from another path than the selected one, moves the path. */
static bool moves(const struct lite *l, const struct strait__ice_check *check)
{
    const struct strait__stun_message *m = check->message;
    if (silent(l)) {
        return true;
    }
    if (is_newer(l, check)) {
        return m->use_candidate;
    }
    return !l->s.ice.pair.nominated ||
           (m->use_candidate && strait__session_nomination_wins(&l->s, m->priority, l->priority));
}

/* The check's path is the selected one from now on. */
static void take(struct lite *l, const struct strait__ice_check *check)
{
    struct strait_pair_stats *pair = &l->s.ice.pair;
    bool moved = !l->s.ice.has_path || !strait__path_equal(&pair->path, check->from);
    bool nominated = check->message->use_candidate;
    bool kept = !moved && pair->nominated && !is_newer(l, check);
    bool tell = moved || (nominated && !kept);

    l->s.ice.has_path = true;
    pair->path = *check->from;
    pair->nominated = nominated || kept;
    pair->writable = true;
    pair->last_check_received = l->last_check = l->s.now;
    if (nominated) {
        l->priority = check->message->priority;
    }
    if (check->generation == STRAIT__ICE_NEWEST) {
        l->s.ice_deadline = STRAIT_TIME_NEVER;
        strait__session_forget_old(&l->s);
    }
    if (tell) {
        l->s.ice.events.selected(l->s.ice.user, &pair->path, pair->nominated);
    }
}

/* A check of the selected path. Before a new generation nominates, its checks are a sign of life of the
 * old generation's path and no more. */
static void refresh(struct lite *l, const struct strait__ice_check *check)
{
    if (!is_newer(l, check) || check->message->use_candidate) {
        take(l, check);
    } else {
        l->s.ice.pair.last_check_received = l->last_check = l->s.now;
    }
}

static void use(struct lite *l, const struct strait__ice_check *check)
{
    struct strait_pair_stats *pair = &l->s.ice.pair;
    if (l->s.ice.has_path && strait__path_equal(&pair->path, check->from)) {
        refresh(l, check);
    } else if (!l->s.ice.has_path || moves(l, check)) {
        take(l, check);
    } else {
        return;
    }
    bool completed = pair->nominated && !l->s.has_old;
    strait__session_state(&l->s, completed ? STRAIT_ICE_COMPLETED : STRAIT_ICE_CONNECTED);
}

/*
 * RFC 8445, 6.1.1: against a lite agent the full one controls, whatever was agreed on otherwise; so a
 * check that says "controlled" is a conflict that only its sender can resolve (7.3.1.1, 7.2.5.1), and
 * one that says "controlling" settles ours.
 */
static bool role_conflict(struct lite *l, const struct strait__ice_check *check)
{
    if (check->message->controlled) {
        strait__session_refuse(&l->s, check, 487);
        return true;
    }
    l->s.ice.role = STRAIT_ICE_CONTROLLED;
    return false;
}

static void lite_receive(struct strait__ice *ice, strait_time now, const struct strait_path *from,
                         const struct strait__stun_message *message)
{
    struct lite *l = lite_of(ice);
    struct strait__ice_check check;
    strait__session_begin(&l->s, now);
    if (!strait__session_authenticate(&l->s, &check, from, message) || role_conflict(l, &check)) {
        return;
    }
    if (check.repeated) {
        strait__session_answer(&l->s, &check);
        ice->events.repeated(ice->user);
        return;
    }
    if (!strait__session_validate(&l->s, &check)) {
        return;
    }
    strait__session_answer(&l->s, &check);
    use(l, &check);
    strait__session_attributes(&l->s, message);
}

static void lose_path(struct lite *l)
{
    if (strait__session_restarting(&l->s)) {
        strait__session_lose_path(&l->s);
    } else {
        strait__session_fail(
            &l->s, STRAIT_E_CONSENT,
            "The peer has stopped sending checks: it is gone, or its path is. An ICE "
            "restart finds another.");
    }
}

static void lite_advance(struct strait__ice *ice, strait_time now)
{
    struct lite *l = lite_of(ice);
    strait__session_begin(&l->s, now);
    if (ice->has_path) {
        if (l->s.now - l->last_check >= l->s.consent_timeout) {
            lose_path(l);
        } else if (silent(l) &&
                   (ice->state == STRAIT_ICE_CONNECTED || ice->state == STRAIT_ICE_COMPLETED)) {
            strait__session_state(&l->s, STRAIT_ICE_DISCONNECTED);
        }
    } else if (l->s.now >= l->s.ice_deadline) {
        strait__session_fail(
            &l->s, STRAIT_E_TIMEOUT,
            "No check with our credentials came: does the peer reach the addresses "
            "that were signalled to it?");
    }
}

static strait_time lite_deadline(const struct strait__ice *ice)
{
    const struct lite *l = (const struct lite *)(const void *)ice;
    if (l->s.news) {
        return 0;
    }
    if (!ice->has_path) {
        return l->s.ice_deadline;
    }
    bool awake = ice->state == STRAIT_ICE_CONNECTED || ice->state == STRAIT_ICE_COMPLETED;
    return l->last_check + (awake ? strait__session_silent_after(&l->s) : l->s.consent_timeout);
}

static void lite_destroy(struct strait__ice *ice)
{
    if (ice != NULL) {
        struct lite *l = lite_of(ice);
        strait__session_finish(&l->s);
        strait__free(ice->hooks, l);
    }
}

static int lite_set_remote(struct strait__ice *ice, const struct strait_ice_parameters *remote)
{
    strait__session_set_remote(&lite_of(ice)->s, remote);
    return STRAIT_OK;
}

/* Lite answers from wherever a check comes: it needs no candidate (RFC 8445, 2.5). */
static int lite_add_candidate(struct strait__ice *ice, const struct strait_candidate *candidate)
{
    (void)ice;
    (void)candidate;
    return STRAIT_OK;
}

static int lite_end_of_candidates(struct strait__ice *ice)
{
    (void)ice;
    return STRAIT_OK;
}

static int lite_restart(struct strait__ice *ice, const struct strait_ice_parameters *local)
{
    return strait__session_restart(&lite_of(ice)->s, local);
}

static const struct strait__ice_ops lite_ops = {
    .name = "lite",
    .destroy = lite_destroy,
    .set_remote = lite_set_remote,
    .add_candidate = lite_add_candidate,
    .end_of_candidates = lite_end_of_candidates,
    .restart = lite_restart,
    .receive = lite_receive,
    .advance = lite_advance,
    .deadline = lite_deadline,
    .set_attributes = strait__session_set_attributes,
};

int strait__ice_lite_create(struct strait__ice **out, const struct strait__ice_config *config)
{
    struct lite *l = strait__alloc(config->hooks, sizeof *l);
    *out = NULL;
    if (l == NULL) {
        return STRAIT_E_NOMEM;
    }
    int result = strait__session_init(&l->s, &lite_ops, config);
    if (result != STRAIT_OK) {
        strait__free(config->hooks, l);
        return result;
    }
    *out = &l->s.ice;
    return STRAIT_OK;
}
