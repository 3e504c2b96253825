/* Consent (RFC 7675) of the selected pair, which is its keepalive as well (RFC 8445, 11). */
#include "ice/full.h"
#include "transport/util.h"

static void schedule(struct strait__ice_full *f)
{
    strait_time base = f->s.consent_timeout / STRAIT__ICE_CONSENT_PART;
    strait_time most = STRAIT__ICE_CONSENT * STRAIT_MS;
    base = base < most ? base : most;
    uint16_t random = 0x8000;
    /* Where there are no random bytes the mean will do: they keep agents from beating in time. */
    if (strait__random(f->s.ice.hooks, &random, sizeof random) != STRAIT_OK) {
        random = 0x8000;
    }
    f->consent_at = f->s.now + base * 4 / 5 + base * 2 / 5 * random / 0x10000;
}

void strait__full_consent_start(struct strait__ice_full *f)
{
    f->unanswered_at = STRAIT_TIME_NEVER;
    schedule(f);
}

void strait__full_consent_renew(struct strait__ice_full *f)
{
    f->unanswered_at = STRAIT_TIME_NEVER;
}

bool strait__full_silent(const struct strait__ice_full *f)
{
    return f->selected >= 0 && f->unanswered_at != STRAIT_TIME_NEVER &&
           f->s.now - f->unanswered_at >= strait__session_silent_after(&f->s);
}

/*
 * The path may be gone, or consent checks, which are not repeated (RFC 7675, 5.1), were just lost: it is
 * checked again as if it were new, repeats and all, and so are the other pairs.
 */
static void look_about(struct strait__ice_full *f)
{
    f->concluded = false;
    for (int i = 0; i < STRAIT__ICE_MAX_PAIRS + 1; i++) {
        struct strait__ice_pair *p = &f->pairs[i];
        if (p->state != STRAIT__PAIR_UNUSED && p->triggered == 0 && !p->old &&
            p->state != STRAIT__PAIR_IN_PROGRESS) {
            p->state = STRAIT__PAIR_WAITING;
        }
    }
    strait__full_trigger(f, f->selected);
}

static void fail(struct strait__ice_full *f, int error, const char *detail)
{
    for (int i = 0; i < STRAIT__ICE_MAX_PAIRS + 1; i++) {
        if (f->pairs[i].state != STRAIT__PAIR_UNUSED) {
            strait__full_drop_pair(f, i);
        }
    }
    memset(f->remotes, 0, sizeof f->remotes);
    f->choose_at = STRAIT_TIME_NEVER;
    strait__session_fail(&f->s, error, detail);
}

/* False: all has failed. */
static bool lose_path(struct strait__ice_full *f)
{
    if (strait__session_restarting(&f->s)) {
        strait__full_forget_old(f);
        strait__session_lose_path(&f->s);
        return true;
    }
    fail(f, STRAIT_E_CONSENT,
         "The peer has stopped answering checks: it is gone, or its path is. An ICE restart finds "
         "another.");
    return false;
}

static void ask(struct strait__ice_full *f)
{
    struct strait__ice_session *s = &f->s;
    schedule(f);
    s->ice.pair.consent_requests_sent++;
    f->pairs[f->selected].counts.consent_requests_sent++;
    if (f->unanswered_at == STRAIT_TIME_NEVER) {
        f->unanswered_at = s->now;
    }
    strait__full_start(f, f->selected, false, false);
}

bool strait__full_consent_due(struct strait__ice_full *f)
{
    struct strait__ice_session *s = &f->s;
    if (f->selected < 0) {
        if (s->now >= s->ice_deadline) {
            fail(
                f, STRAIT_E_TIMEOUT,
                "No candidate pair answered a check: does each side reach one of the other's addresses, "
                "and are the credentials the signalled ones?");
            return false;
        }
        return true;
    }
    if (f->pairs[f->selected].old && s->now >= s->ice_deadline && !f->concluded) {
        strait__full_conclude(f); /* the restart has found nothing, and the old path goes on */
    }
    if (s->now - f->pairs[f->selected].last_answer >= s->consent_timeout) {
        return lose_path(f);
    }
    if (strait__full_silent(f) &&
        (s->ice.state == STRAIT_ICE_CONNECTED || s->ice.state == STRAIT_ICE_COMPLETED)) {
        look_about(f);
        strait__session_state(s, STRAIT_ICE_DISCONNECTED);
    }
    if (f->selected >= 0 && s->now >= f->consent_at) {
        ask(f);
    }
    return true;
}

strait_time strait__full_next_consent(const struct strait__ice_full *f)
{
    const struct strait__ice_session *s = &f->s;
    if (f->selected < 0) {
        return s->ice_deadline;
    }
    strait_time next = f->pairs[f->selected].last_answer + s->consent_timeout;
    if (f->pairs[f->selected].old && s->ice_deadline > s->now) {
        next = s->ice_deadline < next ? s->ice_deadline : next;
    }
    next = f->consent_at < next ? f->consent_at : next;
    bool awake = s->ice.state == STRAIT_ICE_CONNECTED || s->ice.state == STRAIT_ICE_COMPLETED;
    if (awake && f->unanswered_at != STRAIT_TIME_NEVER) {
        strait_time silent = f->unanswered_at + strait__session_silent_after(s);
        next = silent < next ? silent : next;
    }
    return next;
}
