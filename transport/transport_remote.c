/* What signalling brings: the remote's parameters, restarts and the extras. Setters: no event fires in
 * them; where they have news, the deadline becomes "now". */
#include "ice/candidate.h"
#include "transport/transport.h"
#include "transport/util.h"

static int usable(const struct strait_transport *t)
{
    if (t == NULL) {
        return STRAIT_E_INVALID;
    }
    return t->closed || t->destroyed ? STRAIT_E_STATE : STRAIT_OK;
}

static void wake(struct strait_transport *t)
{
    t->wake = true;
    strait__transport_reschedule(t);
}

static int woken(struct strait_transport *t, int error)
{
    if (error == STRAIT_OK) {
        wake(t);
    }
    return error;
}

static bool terminated(const char *text, size_t room)
{
    return memchr(text, 0, room) != NULL;
}

int strait_transport_set_remote_ice(struct strait_transport *transport,
                                    const struct strait_ice_parameters *remote)
{
    int error = usable(transport);
    if (error != STRAIT_OK) {
        return error;
    }
    if (remote == NULL || !terminated(remote->ufrag, sizeof remote->ufrag) ||
        !terminated(remote->pwd, sizeof remote->pwd) ||
        !strait__ice_chars(remote->ufrag, STRAIT_UFRAG_MIN, STRAIT_UFRAG_MAX) ||
        !strait__ice_chars(remote->pwd, STRAIT_PWD_MIN, STRAIT_PWD_MAX)) {
        return STRAIT_E_INVALID;
    }
    strait__record_struct(transport->endpoint->recorder, STRAIT__RECORD_REMOTE_ICE, transport->id,
                          remote, sizeof *remote);
    error = transport->ice->ops->set_remote(transport->ice, remote);
    transport->has_remote_ice |= error == STRAIT_OK;
    return woken(transport, error);
}

/* Whatever kind of ICE it is for. */
static int check_candidate(struct strait_transport *t, const struct strait_candidate *candidate)
{
    const char *why;
    int error = strait__candidate_check(candidate, &why);
    if (error != STRAIT_OK) {
        strait__log(&t->endpoint->hooks, STRAIT_LOG_INFO, "ice", "a remote candidate: %s", why);
        return error;
    }
    return candidate->hostname[0] != '\0' ||
                   strait__rules_allow(&t->endpoint->remote_rules, &candidate->address)
               ? STRAIT_OK
               : STRAIT_E_DENIED;
}

static int count_candidate(struct strait_transport *t, int error)
{
    t->stats.remote_denied += error == STRAIT_E_DENIED;
    t->stats.remote_malformed += error == STRAIT_E_INVALID;
    t->stats.remote_unsupported += error == STRAIT_E_UNSUPPORTED;
    t->stats.remote_over_limit += error == STRAIT_E_LIMIT;
    return error;
}

int strait_transport_add_remote_candidate(struct strait_transport *transport,
                                          const struct strait_candidate *candidate)
{
    int error = usable(transport);
    if (error != STRAIT_OK) {
        return error;
    }
    if (candidate == NULL || !terminated(candidate->foundation, sizeof candidate->foundation) ||
        !terminated(candidate->hostname, sizeof candidate->hostname)) {
        return STRAIT_E_INVALID;
    }
    strait__record_struct(transport->endpoint->recorder, STRAIT__RECORD_CANDIDATE, transport->id,
                          candidate, sizeof *candidate);
    error = check_candidate(transport, candidate);
    if (error == STRAIT_OK) {
        error = transport->ice->ops->add_candidate(transport->ice, candidate);
    }
    return woken(transport, count_candidate(transport, error));
}

int strait_transport_end_of_candidates(struct strait_transport *transport)
{
    int error = usable(transport);
    if (error != STRAIT_OK) {
        return error;
    }
    strait__record_call(transport->endpoint->recorder, STRAIT__RECORD_END_OF_CANDIDATES,
                        transport->id);
    return woken(transport, transport->ice->ops->end_of_candidates(transport->ice));
}

static bool same_parameters(const struct strait_dtls_parameters *a,
                            const struct strait_dtls_parameters *b)
{
    if (a->role != b->role || a->n_fingerprints != b->n_fingerprints) {
        return false;
    }
    for (size_t i = 0; i < a->n_fingerprints; i++) {
        if (!strait_fingerprint_equal(&a->fingerprints[i], &b->fingerprints[i])) {
            return false;
        }
    }
    return true;
}

static bool valid_parameters(const struct strait_dtls_parameters *remote)
{
    if (remote == NULL || remote->n_fingerprints == 0 ||
        remote->n_fingerprints > STRAIT_DTLS_MAX_FINGERPRINTS ||
        (unsigned)remote->role > STRAIT_DTLS_SERVER) {
        return false;
    }
    for (size_t i = 0; i < remote->n_fingerprints; i++) {
        /* One of another length than its hash's equals nothing, not even itself. */
        if (!strait_fingerprint_equal(&remote->fingerprints[i], &remote->fingerprints[i])) {
            return false;
        }
    }
    return true;
}

int strait_transport_set_remote_dtls(struct strait_transport *transport,
                                     const struct strait_dtls_parameters *remote)
{
    int error = usable(transport);
    if (error != STRAIT_OK) {
        return error;
    }
    if (!valid_parameters(remote) ||
        (remote->role != STRAIT_DTLS_AUTO && remote->role == transport->config.dtls_role)) {
        return STRAIT_E_INVALID;
    }
    if (transport->has_remote_dtls && same_parameters(&transport->remote_dtls, remote)) {
        return STRAIT_OK;
    }
    if (transport->error != STRAIT_OK) {
        return STRAIT_E_STATE;
    }
    strait__record_struct(transport->endpoint->recorder, STRAIT__RECORD_REMOTE_DTLS, transport->id,
                          remote, sizeof *remote);
    /* RFC 8842, 4: another fingerprint or role is another association. The one that there is may be on the
     * stack below us. */
    transport->renew = transport->has_remote_dtls && transport->dtls != NULL;
    transport->remote_dtls = *remote;
    transport->has_remote_dtls = true;
    wake(transport);
    return STRAIT_OK;
}

int strait_transport_restart_ice(struct strait_transport *transport, const char *ufrag,
                                 const char *pwd)
{
    struct strait_ice_parameters local;
    int error = usable(transport);
    if (error != STRAIT_OK) {
        return error;
    }
    strait__record_restart(transport->endpoint->recorder, transport->id, ufrag, pwd);
    error = strait__transport_credentials(&transport->endpoint->hooks, ufrag, pwd, &local);
    if (error == STRAIT_OK) {
        local.ice_lite = transport->config.ice == STRAIT_ICE_LITE;
        error = transport->ice->ops->restart(transport->ice, &local);
    }
    strait__zero(&local, sizeof local);
    return woken(transport, error);
}

/* RFC 8489, 14: below 0x8000 the peer must understand it, or refuse the message. The others are ours to
 * write: one more of them would make a message that is none. */
static bool may_be_added(uint16_t type)
{
    return type >= 0x8000 && type != STRAIT__STUN_FINGERPRINT &&
           type != STRAIT__STUN_ICE_CONTROLLED && type != STRAIT__STUN_ICE_CONTROLLING;
}

int strait_transport_set_stun_attributes(struct strait_transport *transport,
                                         const struct strait_stun_attribute *attributes, size_t n)
{
    int error = usable(transport);
    if (error != STRAIT_OK) {
        return error;
    }
    size_t bytes = 0;
    for (size_t i = 0; i < n && attributes != NULL && i < STRAIT__MAX_ATTRIBUTES; i++) {
        if (!may_be_added(attributes[i].type) ||
            (attributes[i].value == NULL && attributes[i].len > 0)) {
            return STRAIT_E_INVALID;
        }
        bytes += attributes[i].len;
    }
    if (n > 0 && attributes == NULL) {
        return STRAIT_E_INVALID;
    }
    if (n > STRAIT__MAX_ATTRIBUTES || bytes > STRAIT__MAX_ATTRIBUTE_BYTES) {
        return STRAIT_E_LIMIT;
    }
    strait__record_attributes(transport->endpoint->recorder, transport->id, attributes, n);
    uint8_t *value = transport->attribute_bytes;
    for (size_t i = 0; i < n; i++) {
        if (attributes[i].len > 0) {
            memmove(value, attributes[i].value, attributes[i].len);
        }
        transport->attributes[i] = attributes[i];
        transport->attributes[i].value = value;
        value += attributes[i].len;
    }
    transport->n_attributes = n;
    transport->ice->ops->set_attributes(transport->ice, transport->attributes, n);
    return STRAIT_OK;
}

int strait_transport_set_path(struct strait_transport *transport, const struct strait_path *path,
                              strait_time rtt)
{
    int error = usable(transport);
    if (error != STRAIT_OK) {
        return error;
    }
    if (transport->ice->ops->set_path == NULL) {
        return STRAIT_E_STATE;
    }
    struct strait_endpoint *e = transport->endpoint;
    if (path != NULL && !strait__rules_allow(&e->remote_rules, &path->remote)) {
        return count_candidate(transport, STRAIT_E_DENIED);
    }
    if (path != NULL && strait__paths_taken(e, transport, path, e->now)) {
        return STRAIT_E_EXISTS;
    }
    strait__record_path(transport->endpoint->recorder, transport->id, path, rtt);
    return woken(transport, transport->ice->ops->set_path(transport->ice, path, rtt));
}

int strait_transport_send_data(struct strait_transport *transport, strait_time now,
                               const uint8_t *data, size_t len)
{
    int error = usable(transport);
    if (error != STRAIT_OK) {
        return error;
    }
    if (data == NULL && len > 0) {
        return STRAIT_E_INVALID;
    }
    strait__record_send_data(transport->endpoint->recorder, transport->id, now, data, len);
    now = strait__endpoint_now(transport->endpoint, now);
    if (transport->dtls == NULL) {
        return STRAIT_E_STATE;
    }
    error = strait_dtls_send(transport->dtls, now, data, len);
    strait__transport_reschedule(transport);
    return error;
}
