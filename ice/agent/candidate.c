/* Candidates between libnice's words and ours. */
#include <stdio.h>
#include <string.h>

#include "ice/agent/agent.h"
#include "transport/address.h"

bool strait__agent_address(struct sockaddr_storage *out, const NiceAddress *address)
{
    union {
        struct sockaddr any;
        struct sockaddr_storage storage;
    } copy = { .storage = { 0 } };
    if (!nice_address_is_valid(address)) {
        return false;
    }
    nice_address_copy_to_sockaddr(address, &copy.any);
    *out = copy.storage;
    return true;
}

static enum strait_tcp_type tcp_type_of(NiceCandidateTransport transport)
{
    switch (transport) {
    case NICE_CANDIDATE_TRANSPORT_TCP_ACTIVE:
        return STRAIT_TCP_ACTIVE;
    case NICE_CANDIDATE_TRANSPORT_TCP_PASSIVE:
        return STRAIT_TCP_PASSIVE;
    case NICE_CANDIDATE_TRANSPORT_TCP_SO:
        return STRAIT_TCP_SO;
    default:
        return STRAIT_TCP_NONE;
    }
}

bool strait__agent_from_nice(struct strait_candidate *out, const NiceCandidate *candidate)
{
    static const enum strait_candidate_type types[] = {
        [NICE_CANDIDATE_TYPE_HOST] = STRAIT_CANDIDATE_HOST,
        [NICE_CANDIDATE_TYPE_SERVER_REFLEXIVE] = STRAIT_CANDIDATE_SRFLX,
        [NICE_CANDIDATE_TYPE_PEER_REFLEXIVE] = STRAIT_CANDIDATE_PRFLX,
        [NICE_CANDIDATE_TYPE_RELAYED] = STRAIT_CANDIDATE_RELAY,
    };
    memset(out, 0, sizeof *out);
    if ((unsigned)candidate->type >= sizeof types / sizeof *types ||
        !strait__agent_address(&out->address, &candidate->addr)) {
        return false;
    }
    snprintf(out->foundation, sizeof out->foundation, "%s", candidate->foundation);
    out->component = (uint16_t)candidate->component_id;
    out->tcp_type = tcp_type_of(candidate->transport);
    out->protocol = out->tcp_type == STRAIT_TCP_NONE ? STRAIT_CANDIDATE_UDP : STRAIT_CANDIDATE_TCP;
    out->type = types[candidate->type];
    out->priority = candidate->priority;
    out->port = strait__address_port(&out->address);
    /* RFC 8839, 5.1: raddr and rport are of all but host candidates. */
    if (out->type != STRAIT_CANDIDATE_HOST) {
        (void)strait__agent_address(&out->related, &candidate->base_addr);
    }
    return true;
}

static NiceCandidateTransport transport_of(const struct strait_candidate *candidate)
{
    switch (candidate->tcp_type) {
    case STRAIT_TCP_ACTIVE:
        return NICE_CANDIDATE_TRANSPORT_TCP_ACTIVE;
    case STRAIT_TCP_PASSIVE:
        return NICE_CANDIDATE_TRANSPORT_TCP_PASSIVE;
    case STRAIT_TCP_SO:
        return NICE_CANDIDATE_TRANSPORT_TCP_SO;
    default:
        return NICE_CANDIDATE_TRANSPORT_UDP;
    }
}

NiceCandidate *strait__agent_to_nice(const struct strait__agent *a,
                                     const struct strait_candidate *candidate)
{
    static const NiceCandidateType types[] = {
        [STRAIT_CANDIDATE_HOST] = NICE_CANDIDATE_TYPE_HOST,
        [STRAIT_CANDIDATE_SRFLX] = NICE_CANDIDATE_TYPE_SERVER_REFLEXIVE,
        [STRAIT_CANDIDATE_PRFLX] = NICE_CANDIDATE_TYPE_PEER_REFLEXIVE,
        [STRAIT_CANDIDATE_RELAY] = NICE_CANDIDATE_TYPE_RELAYED,
    };
    sa_family_t family = candidate->address.ss_family;
    if ((unsigned)candidate->type >= sizeof types / sizeof *types ||
        candidate->component != STRAIT__AGENT_COMPONENT ||
        (family != AF_INET && family != AF_INET6)) {
        return NULL;
    }
    NiceCandidate *nice = nice_candidate_new(types[candidate->type]);
    nice->transport = transport_of(candidate);
    nice->stream_id = a->stream;
    nice->component_id = STRAIT__AGENT_COMPONENT;
    nice->priority = candidate->priority;
    nice_address_set_from_sockaddr(&nice->addr, (const struct sockaddr *)&candidate->address);
    nice->base_addr = nice->addr;
    g_strlcpy(nice->foundation, candidate->foundation, sizeof nice->foundation);
    return nice;
}
