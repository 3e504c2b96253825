#include "ice/full.h"
#include "transport/address.h"
#include "transport/util.h"

static struct strait__ice_transaction *find_transaction(struct strait__ice_full *f,
                                                        const uint8_t *id, int *pair)
{
    for (int i = 0; i < STRAIT__ICE_MAX_PAIRS + 1; i++) {
        for (int k = 0; k < 2; k++) {
            struct strait__ice_transaction *t = &f->pairs[i].transactions[k];
            if (t->active && memcmp(t->id, id, sizeof t->id) == 0) {
                *pair = i;
                return t;
            }
        }
    }
    return NULL;
}

/* --- Selection -------------------------------------------------------------------------------- */

static void update_state(struct strait__ice_full *f)
{
    const struct strait__ice_pair *p = &f->pairs[f->selected];
    strait__session_state(&f->s,
                          p->nominated && !p->old ? STRAIT_ICE_COMPLETED : STRAIT_ICE_CONNECTED);
}

/* What is sent goes to this pair from now on. */
static void select_pair(struct strait__ice_full *f, int pair)
{
    struct strait__ice *ice = &f->s.ice;
    struct strait__ice_pair *p = &f->pairs[pair];
    if (f->selected >= 0 && f->selected != pair) {
        f->pairs[f->selected].nominated = false;
    }
    f->selected = pair;
    ice->has_path = true;
    ice->pair.path = strait__full_path(f, p);
    ice->pair.nominated = p->nominated;
    ice->pair.writable = true;
    f->s.ice_deadline = STRAIT_TIME_NEVER;
    strait__full_consent_start(f);
    strait__full_forget_old(f);
    struct strait_path path = ice->pair.path;
    ice->events.selected(ice->user, &path, p->nominated);
}

/* RFC 8445, 8.1.2: the other pairs are not checked any more, though their candidates stay, for checks
 * of the peer and for the day that this pair falls silent. */
void strait__full_conclude(struct strait__ice_full *f)
{
    f->concluded = true;
    f->nominee = STRAIT__ICE_NO_PAIR;
    f->choose_at = STRAIT_TIME_NEVER;
    for (int i = 0; i < STRAIT__ICE_MAX_PAIRS + 1; i++) {
        struct strait__ice_pair *p = &f->pairs[i];
        if (i != f->selected && p->state == STRAIT__PAIR_IN_PROGRESS && !p->old) {
            strait__full_cancel_all(f, p);
            p->state = STRAIT__PAIR_WAITING;
        }
    }
}

static void nominated(struct strait__ice_full *f, int pair)
{
    struct strait__ice_pair *p = &f->pairs[pair];
    bool news = f->selected != pair || !p->nominated;
    p->nominated = true;
    p->nominate_later = false;
    if (news) {
        select_pair(f, pair);
    }
    if (f->selected == pair && !p->old) { /* no callback has restarted in the meantime */
        strait__full_conclude(f);
        update_state(f);
    }
}

/* An answer that is long ago proves nothing, and would end consent as soon as the pair is selected. */
static bool fresh(const struct strait__ice_full *f, const struct strait__ice_pair *p)
{
    return p->state == STRAIT__PAIR_SUCCEEDED &&
           f->s.now - p->last_answer < strait__session_silent_after(&f->s);
}

void strait__full_peer_nominates(struct strait__ice_full *f, int pair)
{
    struct strait__ice_pair *p = &f->pairs[pair];
    const struct strait__ice_pair *now = f->selected >= 0 ? &f->pairs[f->selected] : NULL;
    for (int i = 0; i < STRAIT__ICE_MAX_PAIRS + 1 && f->s.regular; i++) {
        f->pairs[i].nominate_later = false; /* this is the newest word */
    }
    if (now != p && !fresh(f, p)) {
        p->nominate_later = true; /* RFC 8445, 7.3.1.5 */
        if (p->state == STRAIT__PAIR_SUCCEEDED) {
            strait__full_trigger(f, pair);
        }
        return;
    }
    if (now == NULL || now == p || now->old || !now->nominated || strait__full_silent(f) ||
        strait__session_nomination_wins(&f->s, p->priority, now->priority)) {
        nominated(f, pair);
    }
}

/* --- Our choice (RFC 8445, 8.1.1: regular nomination) ------------------------------------------- */

static int best_valid(const struct strait__ice_full *f)
{
    int best = STRAIT__ICE_NO_PAIR;
    for (int i = 0; i < STRAIT__ICE_MAX_PAIRS + 1; i++) {
        const struct strait__ice_pair *p = &f->pairs[i];
        if (fresh(f, p) && !p->old && (best < 0 || p->priority > f->pairs[best].priority)) {
            best = i;
        }
    }
    return best;
}

static bool better_may_come(const struct strait__ice_full *f, int valid)
{
    for (int i = 0; i < STRAIT__ICE_MAX_PAIRS + 1; i++) {
        const struct strait__ice_pair *p = &f->pairs[i];
        if (!p->old && p->priority > f->pairs[valid].priority &&
            (p->state == STRAIT__PAIR_FROZEN || p->state == STRAIT__PAIR_WAITING ||
             p->state == STRAIT__PAIR_IN_PROGRESS)) {
            return true;
        }
    }
    return false;
}

/* Controlling and nothing nominated, or, whoever controls, a selected pair that is silent. */
static bool has_choice(const struct strait__ice_full *f)
{
    const struct strait__ice_pair *p = f->selected >= 0 ? &f->pairs[f->selected] : NULL;
    bool ours = f->s.ice.role == STRAIT_ICE_CONTROLLING && (p == NULL || p->old || !p->nominated);
    return f->nominee < 0 && (ours || strait__full_silent(f));
}

/* After a pair became valid. A lite peer waits for nothing else, so it gets its nomination at once. */
static void plan_choice(struct strait__ice_full *f)
{
    int best = has_choice(f) ? best_valid(f) : STRAIT__ICE_NO_PAIR;
    if (best < 0) {
        return;
    }
    bool silent = strait__full_silent(f) && !f->pairs[f->selected].old;
    if (!silent && (f->s.ice.remote.ice_lite || !better_may_come(f, best))) {
        f->choose_at = f->s.now;
    } else if (f->choose_at == STRAIT_TIME_NEVER) {
        f->choose_at = f->s.now +
                       (silent ? STRAIT__ICE_LAST_CHANCE : STRAIT__ICE_PATIENCE) * STRAIT_MS;
    }
}

void strait__full_choose_due(struct strait__ice_full *f)
{
    if (f->nominee >= 0 && f->s.now - f->nominee_at >= STRAIT__ICE_NOMINATION_LIMIT * STRAIT_MS) {
        /* It was valid and is silent now: another one gets its chance, and it a new check. */
        strait__full_cancel_all(f, &f->pairs[f->nominee]);
        strait__full_trigger(f, f->nominee);
        f->nominee = STRAIT__ICE_NO_PAIR;
        f->choose_at = f->s.now;
    }
    if (f->s.now < f->choose_at) {
        return;
    }
    f->choose_at = STRAIT_TIME_NEVER;
    int best = has_choice(f) ? best_valid(f) : STRAIT__ICE_NO_PAIR;
    if (best < 0) {
        return; /* the next valid pair plans anew */
    }
    if (f->s.ice.role == STRAIT_ICE_CONTROLLED) {
        select_pair(f, best);
        update_state(f);
        return;
    }
    f->nominee_at = f->s.now;
    if (strait__full_start(f, best, true, true)) {
        f->nominee = best;
    } else {
        f->choose_at = f->s.now + STRAIT__ICE_TA * STRAIT_MS;
    }
}

strait_time strait__full_next_choice(const struct strait__ice_full *f)
{
    strait_time limit = f->nominee >= 0 ? f->nominee_at + STRAIT__ICE_NOMINATION_LIMIT * STRAIT_MS
                                        : STRAIT_TIME_NEVER;
    return f->choose_at < limit ? f->choose_at : limit;
}

/* --- Answers ---------------------------------------------------------------------------------- */

void strait__full_switch_role(struct strait__ice_full *f)
{
    bool controlling = f->s.ice.role == STRAIT_ICE_CONTROLLING;
    f->s.ice.role = controlling ? STRAIT_ICE_CONTROLLED : STRAIT_ICE_CONTROLLING;
    f->nominee = STRAIT__ICE_NO_PAIR;
    f->choose_at = STRAIT_TIME_NEVER;
    strait__full_recompute(f);
    /* What is under way says the other role. */
    for (int i = 0; i < STRAIT__ICE_MAX_PAIRS + 1; i++) {
        struct strait__ice_pair *p = &f->pairs[i];
        strait__full_cancel_all(f, p);
        if (p->state == STRAIT__PAIR_IN_PROGRESS) {
            p->state = STRAIT__PAIR_WAITING;
        }
    }
    plan_choice(f);
}

/* RFC 8445, 7.2.5.1 */
static void role_conflict(struct strait__ice_full *f, int pair, enum strait_ice_role said)
{
    if (said == f->s.ice.role) {
        uint64_t fresh;
        if (strait__random(f->s.ice.hooks, &fresh, sizeof fresh) == STRAIT_OK) {
            f->tie_breaker = fresh;
        }
        strait__full_switch_role(f);
    }
    if (f->pairs[pair].state != STRAIT__PAIR_SUCCEEDED) {
        strait__full_trigger(f, pair);
    }
}

static void failed(struct strait__ice_full *f, int pair, struct strait__ice_transaction *t,
                   uint16_t code)
{
    struct strait__ice_pair *p = &f->pairs[pair];
    enum strait_ice_role said = t->role;
    strait__full_cancel(f, t);
    if (code == 487) {
        role_conflict(f, pair, said);
    } else if (pair != f->selected) {
        /* RFC 8445, 7.2.5.2.4. The selected pair loses its consent where nothing better comes. */
        strait__full_cancel_all(f, p);
        p->state = STRAIT__PAIR_FAILED;
        if (f->nominee == pair) {
            f->nominee = STRAIT__ICE_NO_PAIR;
            f->choose_at = f->s.now;
        }
    }
}

static void measure(struct strait__ice_full *f, struct strait__ice_pair *p,
                    const struct strait__ice_transaction *t)
{
    /* Karn: who was sent twice does not know which one was answered. */
    if (t->sent != 1) {
        return;
    }
    strait_time rtt = f->s.now - t->first;
    p->counts.rtt = rtt;
    p->counts.total_rtt += rtt;
    f->s.ice.pair.current_round_trip_time = rtt;
    f->s.ice.pair.total_round_trip_time += rtt;
    f->s.ice.events.rtt(f->s.ice.user, rtt);
}

/* RFC 8445, 7.2.5.3.3 */
static void thaw(struct strait__ice_full *f, const struct strait__ice_pair *valid)
{
    for (int i = 0; i < STRAIT__ICE_MAX_PAIRS + 1; i++) {
        struct strait__ice_pair *p = &f->pairs[i];
        if (p->state == STRAIT__PAIR_FROZEN && strait__full_same_foundation(f, p, valid)) {
            p->state = STRAIT__PAIR_WAITING;
        }
    }
}

/* Whether a pair that is valid now is better than the selected one, before a nomination decides. */
static bool better(const struct strait__ice_full *f, int pair)
{
    const struct strait__ice_pair *now = f->selected >= 0 ? &f->pairs[f->selected] : NULL;
    return now == NULL || (!now->old && !now->nominated && f->pairs[pair].priority > now->priority);
}

static void valid(struct strait__ice_full *f, int pair, bool nominating)
{
    struct strait__ice_pair *p = &f->pairs[pair];
    p->state = STRAIT__PAIR_SUCCEEDED;
    p->triggered = 0;
    p->last_answer = f->s.now;
    thaw(f, p);
    bool ours = nominating && f->s.ice.role == STRAIT_ICE_CONTROLLING && f->nominee == pair;
    bool theirs = p->nominate_later && f->s.ice.role == STRAIT_ICE_CONTROLLED;
    if (pair == f->selected) {
        strait__full_consent_renew(f);
        if (p->nominated && !p->old && !f->concluded) {
            strait__full_conclude(f); /* it was silent, and others were looked at */
        }
        uint32_t turns = f->n_turns;
        update_state(f);
        if (turns != f->n_turns) {
            return; /* the callback has restarted */
        }
    }
    if (ours) {
        nominated(f, pair);
    } else if (theirs) {
        strait__full_peer_nominates(f, pair);
    } else if (pair != f->selected && better(f, pair)) {
        select_pair(f, pair);
        update_state(f);
    }
    plan_choice(f);
}

static void succeeded(struct strait__ice_full *f, int pair, struct strait__ice_transaction *t,
                      const struct strait_path *from)
{
    struct strait__ice_pair *p = &f->pairs[pair];
    struct strait__ice_transaction *other = &p->transactions[t == &p->transactions[0]];
    bool nominating = t->nominating;
    uint32_t turns = f->n_turns;
    measure(f, p, t);
    strait__full_cancel(f, t);
    /* What an earlier one asked is answered as well (RFC 7675, 5.1); a nomination is not. */
    if (!other->nominating) {
        strait__full_cancel(f, other);
    }
    if (!f->s.ice.events.validated(f->s.ice.user, from)) {
        f->s.ice.counters.path_taken++;
        if (turns == f->n_turns) {
            strait__full_cancel_all(f, p);
            p->state = STRAIT__PAIR_FAILED;
        }
        return;
    }
    /* Where the callback has restarted, the answer still speaks for the pair that went on. */
    if (turns == f->n_turns || p->old) {
        valid(f, pair, nominating);
    }
}

void strait__full_answered(struct strait__ice_full *f, const struct strait_path *from,
                           const struct strait__stun_message *message)
{
    struct strait__ice_session *s = &f->s;
    int pair;
    struct strait__ice_transaction *t = find_transaction(f, message->transaction, &pair);
    bool success = message->class_ == STRAIT__STUN_SUCCESS;
    if (t == NULL || message->method != STRAIT__STUN_BINDING || (success && !message->has_mapped) ||
        (!success && message->error_code == 0)) {
        s->ice.counters.stun_unexpected++;
        return;
    }
    struct strait__ice_pair *p = &f->pairs[pair];
    const char *pwd = p->old ? s->old_remote.pwd : s->ice.remote.pwd;
    if (!strait__stun_verify(message, pwd, strlen(pwd))) {
        s->ice.counters.stun_integrity++;
        return;
    }
    /* RFC 8445, 7.2.5.2.1: from where the check went to. That section lets the pair fail; but whoever
     * copies an answer to another port would then take our paths away, so only the answer is dropped. */
    struct strait_path path = strait__full_path(f, p);
    if (!strait__path_equal(&path, from) || message->n_unknown_required > 0) {
        s->ice.counters.stun_unexpected++;
        return;
    }
    s->ice.pair.responses_received++;
    p->counts.responses_received++;
    if (success) {
        succeeded(f, pair, t, from);
    } else {
        failed(f, pair, t, message->error_code);
    }
    strait__session_attributes(s, message);
}
