#include "ice/full.h"
#include "ice/candidate.h"
#include "transport/address.h"
#include "transport/util.h"

static struct strait__ice_full *full_of(struct strait__ice *ice)
{
    return (struct strait__ice_full *)(void *)ice;
}

/* RFC 8445, 7.3.1.1: true if the check was refused. */
static bool role_conflict(struct strait__ice_full *f, const struct strait__ice_check *check)
{
    bool controlling = f->s.ice.role == STRAIT_ICE_CONTROLLING;
    if (controlling ? !check->message->controlling : !check->message->controlled) {
        return false;
    }
    bool larger = f->tie_breaker >= check->message->tie_breaker;
    if (controlling == larger) {
        strait__session_refuse(&f->s, check, 487);
        return true;
    }
    strait__full_switch_role(f);
    return false;
}

/* RFC 8445, 7.3.1.4. One in progress is repeated instead of replaced: its way is open now, and the peer
 * learns that its answer was lost. */
static void trigger(struct strait__ice_full *f, int pair)
{
    struct strait__ice_pair *p = &f->pairs[pair];
    if (p->state == STRAIT__PAIR_SUCCEEDED) {
        return;
    }
    if (p->state != STRAIT__PAIR_IN_PROGRESS) {
        strait__full_trigger(f, pair);
        return;
    }
    for (int k = 0; k < 2; k++) {
        struct strait__ice_transaction *t = &p->transactions[k];
        if (t->active && t->next != STRAIT_TIME_NEVER &&
            f->s.now - t->last >= STRAIT__ICE_NO_REPEAT * STRAIT_MS) {
            t->next = f->s.now;
        }
    }
}

/* What a check of the newest generation teaches (RFC 8445, 7.3.1.3 to 7.3.1.5). */
static void learn(struct strait__ice_full *f, const struct strait__ice_check *check)
{
    int local = strait__full_find_local(f, check->from);
    if (local < 0) {
        return; /* an address that is no candidate of ours: no check can be sent from it */
    }
    int remote = strait__full_find_remote(f, &check->from->remote);
    if (remote < 0) {
        remote = strait__full_learn_remote(f, &check->from->remote, check->message->priority);
    }
    int pair = remote >= 0 ? strait__full_pair(f, local, remote) : STRAIT__ICE_NO_PAIR;
    if (pair < 0) {
        return;
    }
    trigger(f, pair);
    if (check->message->use_candidate && f->s.ice.role == STRAIT_ICE_CONTROLLED) {
        strait__full_peer_nominates(f, pair);
    }
}

static void take_request(struct strait__ice_full *f, const struct strait_path *from,
                         const struct strait__stun_message *message)
{
    struct strait__ice *ice = &f->s.ice;
    struct strait__ice_check check;
    if (!strait__session_authenticate(&f->s, &check, from, message) || role_conflict(f, &check)) {
        return;
    }
    if (check.repeated) {
        strait__session_answer(&f->s, &check);
        strait__full_count_check(f, from);
        ice->events.repeated(ice->user);
        return;
    }
    if (!strait__session_validate(&f->s, &check)) {
        return;
    }
    strait__session_answer(&f->s, &check);
    if (ice->has_path && strait__path_equal(&ice->pair.path, from)) {
        ice->pair.last_check_received = f->s.now;
    }
    if (check.generation == STRAIT__ICE_NEWEST) {
        learn(f, &check);
    }
    strait__full_count_check(f, from);
    strait__session_attributes(&f->s, message);
}

/* Everything that is due; then when the next thing is. */
static void work(struct strait__ice_full *f)
{
    if (f->s.ice.state == STRAIT_ICE_FAILED || !strait__full_consent_due(f)) {
        f->next = STRAIT_TIME_NEVER;
        return;
    }
    strait__full_choose_due(f);
    strait__full_send_due(f);
    strait_time check = strait__full_next_check(f);
    strait_time nomination = strait__full_next_choice(f);
    f->next = strait__full_next_consent(f);
    f->next = check < f->next ? check : f->next;
    f->next = nomination < f->next ? nomination : f->next;
}

static void full_receive(struct strait__ice *ice, strait_time now, const struct strait_path *from,
                         const struct strait__stun_message *message)
{
    struct strait__ice_full *f = full_of(ice);
    strait__session_begin(&f->s, now);
    if (message->class_ == STRAIT__STUN_SUCCESS || message->class_ == STRAIT__STUN_ERROR) {
        strait__full_answered(f, from, message);
    } else {
        take_request(f, from, message);
    }
    work(f);
}

static void full_advance(struct strait__ice *ice, strait_time now)
{
    struct strait__ice_full *f = full_of(ice);
    strait__session_begin(&f->s, now);
    work(f);
}

static strait_time full_deadline(const struct strait__ice *ice)
{
    const struct strait__ice_full *f = (const struct strait__ice_full *)(const void *)ice;
    return f->s.news ? 0 : f->next;
}

static int full_set_remote(struct strait__ice *ice, const struct strait_ice_parameters *remote)
{
    struct strait__ice_full *f = full_of(ice);
    bool awaited = f->s.ahead > 0;
    if (!strait__session_set_remote(&f->s, remote)) {
        return STRAIT_OK;
    }
    strait__full_turn_over(f, awaited ? STRAIT__KEEP_EARLY : STRAIT__KEEP_NONE);
    /* RFC 8445, 6.1.1: a full agent controls against a lite one. */
    if (remote->ice_lite && ice->role == STRAIT_ICE_CONTROLLED) {
        strait__full_switch_role(f);
    }
    return STRAIT_OK;
}

static int full_restart(struct strait__ice *ice, const struct strait_ice_parameters *local)
{
    struct strait__ice_full *f = full_of(ice);
    bool remote_first = f->s.ahead < 0;
    int result = strait__session_restart(&f->s, local);
    if (result != STRAIT_OK) {
        return result;
    }
    strait__full_turn_over(f, remote_first ? STRAIT__KEEP_ALL : STRAIT__KEEP_EARLY);
    for (int i = 0; i < STRAIT__ICE_MAX_PAIRS + 1; i++) {
        struct strait__ice_pair *p = &f->pairs[i];
        p->triggered = p->old ? p->triggered : 0; /* what was asked with other credentials */
        p->nominate_later = false;
    }
    return STRAIT_OK;
}

static int full_add_candidate(struct strait__ice *ice, const struct strait_candidate *candidate)
{
    struct strait__ice_full *f = full_of(ice);
    if (candidate->protocol != STRAIT_CANDIDATE_UDP || candidate->component != 1) {
        return STRAIT_E_UNSUPPORTED;
    }
    if (strait__candidate_is_mdns(candidate)) {
        /* Nobody here asks the network. The peer's own check shows its address (RFC 8445, 7.3.1.3). */
        ice->counters.unresolved++;
        return STRAIT_OK;
    }
    if (candidate->hostname[0] != '\0') {
        return STRAIT_E_UNSUPPORTED;
    }
    struct strait__ice_remote remote = { .early = f->s.ahead > 0,
                                         .type = candidate->type,
                                         .priority = candidate->priority,
                                         .address = candidate->address };
    memcpy(remote.foundation, candidate->foundation, sizeof remote.foundation);
    f->s.news = true;
    return strait__full_add_remote(f, &remote);
}

/* Nothing waits for it: a peer-reflexive candidate may come until the deadline (RFC 8838, 13 and 14). */
static int full_end_of_candidates(struct strait__ice *ice)
{
    (void)ice;
    return STRAIT_OK;
}

static void full_destroy(struct strait__ice *ice)
{
    if (ice == NULL) {
        return;
    }
    struct strait__ice_full *f = full_of(ice);
    for (int i = 0; i < STRAIT__ICE_MAX_PAIRS + 1; i++) {
        strait__full_cancel_all(f, &f->pairs[i]);
    }
    strait__session_finish(&f->s);
    strait__free(ice->hooks, f);
}

static const struct strait__ice_ops full_ops = {
    .name = "full",
    .destroy = full_destroy,
    .set_remote = full_set_remote,
    .add_candidate = full_add_candidate,
    .end_of_candidates = full_end_of_candidates,
    .restart = full_restart,
    .receive = full_receive,
    .advance = full_advance,
    .deadline = full_deadline,
    .set_attributes = strait__session_set_attributes,
    .pairs = strait__full_pairs,
    .remote_candidates = strait__full_remotes,
    .measure = strait__full_measure,
};

int strait__ice_full_create(struct strait__ice **out, const struct strait__ice_config *config)
{
    *out = NULL;
    if (config->n_locals > STRAIT__ICE_MAX_LOCALS) {
        return STRAIT_E_LIMIT;
    }
    struct strait__ice_full *f = strait__alloc(config->hooks, sizeof *f);
    if (f == NULL) {
        return STRAIT_E_NOMEM;
    }
    f->locals = config->locals;
    f->n_locals = (unsigned)config->n_locals;
    f->selected = f->nominee = STRAIT__ICE_NO_PAIR;
    f->choose_at = f->unanswered_at = f->next = STRAIT_TIME_NEVER;
    int result = strait__random(config->hooks, &f->tie_breaker, sizeof f->tie_breaker);
    if (result == STRAIT_OK) {
        result = strait__session_init(&f->s, &full_ops, config);
    }
    if (result != STRAIT_OK) {
        strait__free(config->hooks, f);
        return result;
    }
    *out = &f->s.ice;
    return STRAIT_OK;
}
