/* What can be read of a transport. */
#include "transport/transport.h"
#include "transport/util.h"

const struct strait_ice_parameters *strait_transport_local_ice(
    const struct strait_transport *transport)
{
    return transport != NULL && !transport->destroyed ? &transport->ice->local : NULL;
}

const struct strait_ice_parameters *strait_transport_remote_ice(
    const struct strait_transport *transport)
{
    return transport != NULL && !transport->destroyed && transport->has_remote_ice
               ? &transport->ice->remote
               : NULL;
}

enum strait_ice_state strait_transport_ice_state(const struct strait_transport *transport)
{
    if (transport == NULL || transport->closed || transport->destroyed) {
        return STRAIT_ICE_CLOSED;
    }
    return transport->ice->state;
}

enum strait_dtls_state strait_transport_dtls_state(const struct strait_transport *transport)
{
    if (transport == NULL || transport->closed) {
        return STRAIT_DTLS_CLOSED;
    }
    if (transport->dtls != NULL) {
        enum strait_dtls_state state = strait_dtls_state(transport->dtls);
        /* Closed by us, since no SRTP could be made of its keys. */
        bool failed = state == STRAIT_DTLS_CLOSED && transport->error != STRAIT_E_CLOSED;
        return failed ? STRAIT_DTLS_FAILED : state;
    }
    return transport->error != STRAIT_OK ? STRAIT_DTLS_FAILED : STRAIT_DTLS_NEW;
}

bool strait_transport_writable(const struct strait_transport *transport)
{
    return transport != NULL && !transport->destroyed && transport->srtp != NULL &&
           transport->has_path && !transport->closed && !strait__transport_ended(transport);
}

/* DTLS' reason goes before ICE's: it stays, while a restart may bring ICE back. */
int strait_transport_error(const struct strait_transport *transport)
{
    if (transport == NULL || transport->destroyed) {
        return STRAIT_E_INVALID;
    }
    return transport->error != STRAIT_OK ? transport->error : transport->ice->error;
}

const char *strait_transport_error_detail(const struct strait_transport *transport)
{
    if (transport == NULL || transport->destroyed) {
        return "";
    }
    if (transport->error != STRAIT_OK) {
        return transport->detail;
    }
    return transport->ice->error != STRAIT_OK ? transport->ice->detail : "";
}

void *strait_transport_user(const struct strait_transport *transport)
{
    return transport != NULL ? transport->config.user : NULL;
}

const struct strait_path *strait_transport_path(const struct strait_transport *transport)
{
    return transport != NULL && transport->has_path ? &transport->path : NULL;
}

int strait_transport_srtp_keys(const struct strait_transport *transport,
                               enum strait_srtp_profile *profile, struct strait_srtp_key *send,
                               struct strait_srtp_key *receive)
{
    if (transport == NULL || profile == NULL || send == NULL || receive == NULL) {
        return STRAIT_E_INVALID;
    }
    if (transport->srtp == NULL) {
        return STRAIT_E_STATE;
    }
    *profile = transport->profile;
    *send = transport->send_key;
    *receive = transport->receive_key;
    return STRAIT_OK;
}

size_t strait_transport_srtp_streams(const struct strait_transport *transport,
                                     struct strait_srtp_stream *out, size_t max)
{
    return transport != NULL && transport->srtp != NULL
               ? strait_srtp_streams(transport->srtp, out, max)
               : 0;
}

const uint8_t *strait_transport_peer_certificate(const struct strait_transport *transport,
                                                 size_t *len)
{
    return transport != NULL && transport->dtls != NULL
               ? strait_dtls_peer_certificate(transport->dtls, len)
               : NULL;
}

int strait_transport_stats(const struct strait_transport *transport,
                           struct strait_transport_stats *out)
{
    if (transport == NULL || transport->destroyed) {
        return STRAIT_E_INVALID;
    }
    struct strait_transport_stats stats = transport->stats;
    const struct strait__ice *ice = transport->ice;
    stats.ice_role = ice->role;
    stats.ice_state = strait_transport_ice_state(transport);
    stats.dtls_state = strait_transport_dtls_state(transport);
    stats.pair = ice->pair;
    if (ice->ops->measure != NULL) {
        ice->ops->measure(ice, &stats);
    }
    stats.pair.writable = transport->has_path;
    stats.pair.selected = ice->has_path;
    stats.pair.state = ice->has_path ? STRAIT_PAIR_SUCCEEDED : STRAIT_PAIR_FROZEN;
    stats.dropped_stun_malformed += ice->counters.stun_malformed;
    stats.dropped_stun_integrity = ice->counters.stun_integrity;
    stats.dropped_stun_unexpected = ice->counters.stun_unexpected;
    stats.dropped_path_taken = ice->counters.path_taken;
    stats.remote_unresolved = ice->counters.unresolved;
    stats.dtls.size = sizeof stats.dtls;
    stats.srtp.size = sizeof stats.srtp;
    if (transport->dtls != NULL) {
        strait_dtls_stats(transport->dtls, &stats.dtls);
    }
    if (transport->srtp != NULL) {
        strait_srtp_stats(transport->srtp, &stats.srtp);
    }
    strait__transport_add_past(transport, &stats.srtp);
    return strait__sized_copy(out, &stats, sizeof stats);
}

size_t strait_transport_pairs(const struct strait_transport *transport,
                              struct strait_pair_stats *out, size_t max)
{
    if (transport == NULL || transport->destroyed) {
        return 0;
    }
    const struct strait__ice *ice = transport->ice;
    size_t n;
    if (ice->ops->pairs != NULL) {
        n = ice->ops->pairs(ice, out, max);
    } else {
        n = ice->has_path ? 1 : 0;
        if (n > 0 && max > 0) {
            out[0] = ice->pair;
            out[0].selected = true;
            out[0].state = STRAIT_PAIR_SUCCEEDED;
        }
    }
    for (size_t i = 0; i < n && i < max; i++) {
        out[i].writable = out[i].selected && transport->has_path;
    }
    return n;
}

size_t strait_transport_local_candidates(const struct strait_transport *transport,
                                         struct strait_candidate *out, size_t max)
{
    if (transport == NULL || transport->destroyed) {
        return 0;
    }
    const struct strait__ice *ice = transport->ice;
    return ice->ops->local_candidates != NULL
               ? ice->ops->local_candidates(ice, out, max)
               : strait_endpoint_local_candidates(transport->endpoint, out, max);
}

size_t strait_transport_remote_candidates(const struct strait_transport *transport,
                                          struct strait_candidate *out, size_t max)
{
    if (transport == NULL || transport->destroyed) {
        return 0;
    }
    const struct strait__ice *ice = transport->ice;
    return ice->ops->remote_candidates != NULL ? ice->ops->remote_candidates(ice, out, max) : 0;
}
