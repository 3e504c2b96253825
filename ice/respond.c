/*
 * Answers checks (RFC 8445, 7.3; RFC 8489, 9.1.3). Nothing is done for a message before its integrity
 * is known to be right, but looking at its name.
 */
#include "ice/session.h"
#include "transport/address.h"
#include "transport/util.h"

void strait__session_add_extra(const struct strait__ice_session *s, struct strait__stun_writer *w)
{
    for (size_t i = 0; i < s->n_extra; i++) {
        strait__stun_add(w, s->extra[i].type, s->extra[i].value, s->extra[i].len);
    }
}

void strait__session_set_attributes(struct strait__ice *ice,
                                    const struct strait_stun_attribute *attributes, size_t n)
{
    struct strait__ice_session *s = (struct strait__ice_session *)(void *)ice;
    s->extra = attributes;
    s->n_extra = n;
}

void strait__session_attributes(struct strait__ice_session *s,
                                const struct strait__stun_message *message)
{
    if (message->n_unknown_optional > 0) {
        s->ice.events.attributes(s->ice.user, message->unknown_optional,
                                 message->n_unknown_optional);
    }
}

static uint64_t path_hash(const struct strait_path *path)
{
    struct strait__path_key key;
    strait__path_key(&key, path);
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    for (size_t i = 0; i < sizeof key.bytes; i++) {
        hash = (hash ^ key.bytes[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static const struct strait__ice_seen *find_seen(const struct strait__ice_session *s,
                                                const struct strait__stun_message *message)
{
    for (unsigned i = 0; i < s->n_seen; i++) {
        if (memcmp(s->seen[i].transaction, message->transaction, STRAIT__STUN_TRANSACTION) == 0) {
            return &s->seen[i];
        }
    }
    return NULL;
}

static void remember(struct strait__ice_session *s, const struct strait__ice_check *check)
{
    struct strait__ice_seen *seen = &s->seen[s->next_seen];
    memcpy(seen->transaction, check->message->transaction, STRAIT__STUN_TRANSACTION);
    seen->path = path_hash(check->from);
    s->next_seen = (s->next_seen + 1) % STRAIT__ICE_SEEN;
    s->n_seen += s->n_seen < STRAIT__ICE_SEEN;
}

static void begin(struct strait__stun_writer *w, uint8_t out[STRAIT__STUN_MAX],
                  enum strait__stun_class class_, const struct strait__stun_message *message)
{
    strait__stun_begin(w, out, STRAIT__STUN_MAX, class_, STRAIT__STUN_BINDING,
                       message->transaction);
}

static void send_authenticated(struct strait__ice_session *s, struct strait__stun_writer *w,
                               const struct strait__ice_check *check)
{
    /* RFC 8489, 9.1.4: a response is keyed as its request was. */
    const char *pwd = strait__session_pwd(s, check->generation);
    strait__session_add_extra(s, w);
    int len = strait__stun_finish(w, pwd, strlen(pwd));
    if (len > 0) {
        s->ice.pair.responses_sent++;
        s->ice.events.send(s->ice.user, check->from, w->data, (size_t)len);
    }
}

bool strait__session_validate(struct strait__ice_session *s, struct strait__ice_check *check)
{
    if (s->ice.state == STRAIT_ICE_NEW) {
        strait__session_state(s, STRAIT_ICE_CHECKING);
    }
    if (!s->ice.events.validated(s->ice.user, check->from)) {
        s->ice.counters.path_taken++;
        return false;
    }
    /* A callback may have restarted: the newest generation may be the old one now, or none. */
    check->generation = strait__session_identify(s, check->message);
    if (check->generation == STRAIT__ICE_NEWEST && !check->message->use_candidate) {
        s->regular = true;
    }
    return check->generation != STRAIT__ICE_NO_GENERATION;
}

void strait__session_answer(struct strait__ice_session *s, const struct strait__ice_check *check)
{
    uint8_t out[STRAIT__STUN_MAX];
    struct strait__stun_writer w;
    if (!check->repeated) {
        remember(s, check);
    }
    begin(&w, out, STRAIT__STUN_SUCCESS, check->message);
    strait__stun_add_xor_mapped(&w, &check->from->remote);
    send_authenticated(s, &w, check);
}

void strait__session_refuse(struct strait__ice_session *s, const struct strait__ice_check *check,
                            uint16_t code)
{
    const struct strait__stun_message *m = check->message;
    uint8_t out[STRAIT__STUN_MAX];
    struct strait__stun_writer w;
    begin(&w, out, STRAIT__STUN_ERROR, m);
    strait__stun_add_error(&w, code, NULL);
    if (code == 420) {
        strait__stun_add_unknown(&w, m->unknown_required, m->n_unknown_required);
    }
    send_authenticated(s, &w, check);
}

/*
 * RFC 8489, 9.1.3 wants 400 and 401, without integrity, for requests that cannot be authenticated. The
 * address may be forged, so such an answer is never longer than what came and comes ten times a second
 * at most: nobody gains by bouncing datagrams off us, and who has mistyped a password learns of it.
 */
static void refuse_stranger(struct strait__ice_session *s, const struct strait_path *from,
                            const struct strait__stun_message *message, uint16_t code)
{
    s->ice.counters.stun_integrity++;
    if (s->now < s->refuse_from) {
        return;
    }
    uint8_t out[STRAIT__STUN_MAX];
    struct strait__stun_writer w;
    begin(&w, out, STRAIT__STUN_ERROR, message);
    strait__stun_add_error(&w, code, NULL);
    int len = strait__stun_finish(&w, NULL, 0);
    if (len > 0 && (size_t)len <= message->len) {
        s->refuse_from = s->now + STRAIT__ICE_REFUSE_EVERY * STRAIT_MS;
        s->ice.events.send(s->ice.user, from, out, (size_t)len);
    }
}

/*
 * Replays. A check that was captured and is sent again from another address has the right integrity.
 * No client sends one transaction from two addresses, so what was answered before is not answered
 * elsewhere, validates nothing and moves nothing; where it comes from the same address it is answered,
 * but does not count as a sign of life either. What is older than our memory still passes. Full ICE
 * answers that with a check of its own, which the thief cannot answer; lite sends none, and its next
 * authentic nomination takes the path back.
 */
static bool replayed(struct strait__ice_session *s, struct strait__ice_check *check)
{
    const struct strait__ice_seen *seen = find_seen(s, check->message);
    check->repeated = seen != NULL;
    return seen != NULL && seen->path != path_hash(check->from);
}

bool strait__session_authenticate(struct strait__ice_session *s, struct strait__ice_check *out,
                                  const struct strait_path *from,
                                  const struct strait__stun_message *message)
{
    *out = (struct strait__ice_check){ .message = message, .from = from };
    /* Binding indications are keepalives (RFC 8445, 11): they ask for nothing and prove nothing. */
    if (message->class_ == STRAIT__STUN_INDICATION && message->method == STRAIT__STUN_BINDING) {
        return false;
    }
    /* RFC 7675, 5.1: a failed session's credentials are dead; an answer would tell the peer that the
     * path works while nothing is sent there. */
    if (message->class_ != STRAIT__STUN_REQUEST || message->method != STRAIT__STUN_BINDING ||
        s->ice.state == STRAIT_ICE_FAILED) {
        s->ice.counters.stun_unexpected++;
        return false;
    }
    if (message->username == NULL || message->integrity_at == 0) {
        refuse_stranger(s, from, message, 400);
        return false;
    }
    out->generation = strait__session_identify(s, message);
    const char *pwd = strait__session_pwd(s, out->generation);
    if (out->generation == STRAIT__ICE_NO_GENERATION ||
        !strait__stun_verify(message, pwd, strlen(pwd))) {
        refuse_stranger(s, from, message, 401);
        return false;
    }
    s->ice.pair.requests_received++;
    if (message->n_unknown_required > 0) {
        strait__session_refuse(s, out, 420); /* RFC 8489, 6.3.1 */
        return false;
    }
    /* RFC 8445, 7.1.1: PRIORITY must be there; 7.1.3: one role. */
    if (!message->has_priority || (message->controlling && message->controlled)) {
        strait__session_refuse(s, out, 400);
        return false;
    }
    if (replayed(s, out)) {
        s->ice.counters.stun_unexpected++;
        return false;
    }
    return true;
}
