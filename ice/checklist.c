#include "ice/full.h"
#include "transport/util.h"

void strait__full_cancel(struct strait__ice_full *f, struct strait__ice_transaction *t)
{
    if (t->active) {
        f->s.ice.events.unlink_transaction(f->s.ice.user, &t->node);
        memset(t, 0, sizeof *t);
    }
}

void strait__full_cancel_all(struct strait__ice_full *f, struct strait__ice_pair *pair)
{
    strait__full_cancel(f, &pair->transactions[0]);
    strait__full_cancel(f, &pair->transactions[1]);
}

void strait__full_trigger(struct strait__ice_full *f, int pair)
{
    struct strait__ice_pair *p = &f->pairs[pair];
    if (p->triggered == 0) {
        p->triggered = ++f->n_triggered;
    }
    p->state = STRAIT__PAIR_WAITING;
}

/* RFC 8445, 14.3, with the figures of full.h. */
static strait_time first_interval(const struct strait__ice_full *f)
{
    strait_time rtt = f->s.ice.pair.current_round_trip_time;
    if (rtt == 0) {
        return STRAIT__ICE_RTO * STRAIT_MS;
    }
    strait_time twice = 2 * rtt;
    return twice > STRAIT__ICE_RTO_MIN * STRAIT_MS ? twice : STRAIT__ICE_RTO_MIN * STRAIT_MS;
}

static strait_time paced_interval(const struct strait__ice_full *f, strait_time interval)
{
    strait_time pending = 0;
    for (int i = 0; i < STRAIT__ICE_MAX_PAIRS + 1; i++) {
        pending += f->pairs[i].state == STRAIT__PAIR_WAITING ||
                   f->pairs[i].state == STRAIT__PAIR_IN_PROGRESS;
    }
    strait_time all = pending * STRAIT__ICE_TA * STRAIT_MS;
    return interval > all ? interval : all;
}

static void send_check(struct strait__ice_full *f, struct strait__ice_pair *p,
                       struct strait__ice_transaction *t)
{
    struct strait__ice_session *s = &f->s;
    const struct strait_ice_parameters *remote = p->old ? &s->old_remote : &s->ice.remote;
    const char *ufrag = s->own[p->old ? s->old_own : s->newest].ufrag;
    bool controlling = t->role == STRAIT_ICE_CONTROLLING;
    uint8_t out[STRAIT__STUN_MAX];
    struct strait__stun_writer w;
    strait__stun_begin(&w, out, sizeof out, STRAIT__STUN_REQUEST, STRAIT__STUN_BINDING, t->id);
    strait__stun_add_username(&w, remote->ufrag, ufrag);
    /* RFC 8445, 7.1.1: what a candidate that the peer learns from this check is worth. */
    uint16_t preference = strait__ice_local_preference(&f->locals[p->local], p->local);
    strait__stun_add32(&w, STRAIT__STUN_PRIORITY,
                       strait_candidate_priority(STRAIT_CANDIDATE_PRFLX, preference, 1));
    strait__stun_add64(&w, controlling ? STRAIT__STUN_ICE_CONTROLLING : STRAIT__STUN_ICE_CONTROLLED,
                       f->tie_breaker);
    if (t->nominating) {
        strait__stun_add(&w, STRAIT__STUN_USE_CANDIDATE, NULL, 0);
    }
    strait__session_add_extra(s, &w);
    int len = strait__stun_finish(&w, remote->pwd, strlen(remote->pwd));
    t->sent++;
    t->last = s->now;
    if (t->sent == 1) {
        s->ice.pair.requests_sent++;
        p->counts.requests_sent++;
    }
    if (len > 0) {
        struct strait_path path = strait__full_path(f, p);
        s->ice.events.send(s->ice.user, &path, out, (size_t)len);
    }
}

/* The free one, or the older one; but a nomination goes on. */
static struct strait__ice_transaction *place_in(struct strait__ice_full *f,
                                                struct strait__ice_pair *p)
{
    struct strait__ice_transaction *a = &p->transactions[0];
    struct strait__ice_transaction *b = &p->transactions[1];
    if (!a->active || !b->active) {
        return a->active ? b : a;
    }
    struct strait__ice_transaction *older = a->first <= b->first ? a : b;
    struct strait__ice_transaction *other = older == a ? b : a;
    struct strait__ice_transaction *t = older->nominating ? other : older;
    strait__full_cancel(f, t);
    return t;
}

bool strait__full_start(struct strait__ice_full *f, int pair, bool nominating, bool repeat)
{
    struct strait__ice_pair *p = &f->pairs[pair];
    struct strait__ice_transaction *t = place_in(f, p);
    if (strait__random(f->s.ice.hooks, t->id, sizeof t->id) != STRAIT_OK ||
        f->s.ice.events.link_transaction(f->s.ice.user, &t->node, t->id) != STRAIT_OK) {
        memset(t, 0, sizeof *t);
        return false;
    }
    t->active = true;
    t->nominating = nominating;
    t->role = f->s.ice.role;
    t->first = f->s.now;
    t->interval = first_interval(f);
    t->next = repeat ? f->s.now + paced_interval(f, t->interval) : STRAIT_TIME_NEVER;
    send_check(f, p, t);
    return true;
}

static void repeat_check(struct strait__ice_full *f, struct strait__ice_pair *p,
                         struct strait__ice_transaction *t)
{
    strait_time max = STRAIT__ICE_RTO_MAX * STRAIT_MS;
    strait_time doubled = 2 * t->interval;
    t->interval = t->interval > max ? t->interval : doubled < max ? doubled : max;
    t->next = f->s.now + paced_interval(f, t->interval);
    send_check(f, p, t);
}

/* Both sides' newest credentials are known. */
static bool ready(const struct strait__ice_full *f)
{
    return f->s.ahead <= 0 && f->s.ice.remote.ufrag[0] != '\0';
}

/* When the first check of a pair, if it is in its first moments, holds back others; or 0. */
static strait_time held_until(const struct strait__ice_full *f, const struct strait__ice_pair *p)
{
    strait_time until = 0;
    for (int k = 0; k < 2 && p->state == STRAIT__PAIR_IN_PROGRESS; k++) {
        const struct strait__ice_transaction *t = &p->transactions[k];
        strait_time end = t->first + STRAIT__ICE_RTO * STRAIT_MS;
        until = t->active && end > f->s.now ? end : until;
    }
    return until;
}

/* True where another pair of this one's foundation is about to be checked: its outcome says much about
 * this one's (RFC 8445, 6.1.2.6). As checks go on here until the deadline, one that is not answered soon
 * holds nobody back. */
static bool held_back(const struct strait__ice_full *f, const struct strait__ice_pair *pair)
{
    for (int i = 0; i < STRAIT__ICE_MAX_PAIRS + 1; i++) {
        const struct strait__ice_pair *p = &f->pairs[i];
        if ((p->state == STRAIT__PAIR_WAITING || held_until(f, p) > 0) && p != pair && !p->old &&
            strait__full_same_foundation(f, p, pair)) {
            return true;
        }
    }
    return false;
}

/* 0: not to be checked; else the higher the sooner: triggered, waiting, frozen. */
static int urgency(const struct strait__ice_full *f, const struct strait__ice_pair *p)
{
    if (p->triggered != 0 && (p->old || ready(f))) {
        return 3;
    }
    if (p->old || f->concluded || !ready(f)) {
        return 0;
    }
    return p->state == STRAIT__PAIR_WAITING ? 2 : p->state == STRAIT__PAIR_FROZEN ? 1 : 0;
}

/* RFC 8445, 6.1.4.2: the triggered-check queue first, then the best waiting pair, then the best frozen
 * one. */
static int choose(const struct strait__ice_full *f)
{
    int best = STRAIT__ICE_NO_PAIR, most = 0;
    for (int i = 0; i < STRAIT__ICE_MAX_PAIRS + 1; i++) {
        const struct strait__ice_pair *p = &f->pairs[i];
        int u = urgency(f, p);
        bool sooner = u > most;
        if (u == most && u == 3) {
            sooner = p->triggered < f->pairs[best].triggered;
        } else if (u == most && u > 0) {
            sooner = p->priority > f->pairs[best].priority;
        }
        if (sooner && (u != 1 || !held_back(f, p))) {
            best = i;
            most = u;
        }
    }
    return best;
}

static void repeat_due(struct strait__ice_full *f)
{
    for (int i = 0; i < STRAIT__ICE_MAX_PAIRS + 1; i++) {
        for (int k = 0; k < 2; k++) {
            struct strait__ice_transaction *t = &f->pairs[i].transactions[k];
            if (t->active && t->next <= f->s.now) {
                repeat_check(f, &f->pairs[i], t);
            }
        }
    }
}

void strait__full_send_due(struct strait__ice_full *f)
{
    repeat_due(f);
    int pair = f->s.now >= f->pace_at ? choose(f) : STRAIT__ICE_NO_PAIR;
    if (pair >= 0) {
        struct strait__ice_pair *p = &f->pairs[pair];
        f->pace_at = f->s.now + STRAIT__ICE_TA * STRAIT_MS;
        strait__full_cancel_all(f, p);
        /* Where there is no memory or no random byte now, its turn comes again. */
        if (strait__full_start(f, pair, false, true)) {
            p->triggered = 0;
            p->state = STRAIT__PAIR_IN_PROGRESS;
        }
    }
}

strait_time strait__full_next_check(const struct strait__ice_full *f)
{
    strait_time next = choose(f) >= 0 ? f->pace_at : STRAIT_TIME_NEVER;
    bool frozen = false;
    strait_time thaw = STRAIT_TIME_NEVER;
    for (int i = 0; i < STRAIT__ICE_MAX_PAIRS + 1; i++) {
        const struct strait__ice_pair *p = &f->pairs[i];
        strait_time held = held_until(f, p);
        frozen = frozen || (p->state == STRAIT__PAIR_FROZEN && urgency(f, p) > 0);
        thaw = held > 0 && held < thaw ? held : thaw;
        for (int k = 0; k < 2; k++) {
            const struct strait__ice_transaction *t = &p->transactions[k];
            if (t->active && t->next < next) {
                next = t->next;
            }
        }
    }
    return frozen && thaw < next ? thaw : next;
}
