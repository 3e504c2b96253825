#include "ice/candidate.h"

#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#include "ice/backend.h"
#include "transport/address.h"

/* RFC 8445, 5.1.2: a priority is 1..2^31-1; RFC 8839, 5.1: a component 1..256. */
enum { MAX_COMPONENT = 256, MAX_LABEL = 63 };
#define MAX_PRIORITY UINT32_C(0x7fffffff)

static bool usable_four(const struct sockaddr_in *four)
{
    uint32_t host = ntohl(four->sin_addr.s_addr);
    return host != INADDR_ANY && host != INADDR_BROADCAST && !IN_MULTICAST(host);
}

static bool usable_six(const struct in6_addr *six)
{
    /* "::" and "::1" look like IPv4-compatible ones; the latter is good. */
    return IN6_IS_ADDR_LOOPBACK(six) ||
           (!IN6_IS_ADDR_UNSPECIFIED(six) && !IN6_IS_ADDR_MULTICAST(six) &&
            !IN6_IS_ADDR_V4MAPPED(six) && !IN6_IS_ADDR_V4COMPAT(six));
}

bool strait__candidate_address_usable(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET) {
        return usable_four((const struct sockaddr_in *)(const void *)address);
    }
    return address->ss_family == AF_INET6 &&
           usable_six(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
}

static const char *bad_place(const struct strait_candidate *c)
{
    /* RFC 6544, 4.5: an active one is reached nowhere; its port says nothing. */
    bool port_matters = c->tcp_type != STRAIT_TCP_ACTIVE;
    if (c->hostname[0] != '\0') {
        return c->address.ss_family != AF_UNSPEC ? "a candidate has an address or a name, not both"
               : c->port == 0 && port_matters    ? "a candidate's port is not 0"
                                                 : NULL;
    }
    if (c->address.ss_family != AF_INET && c->address.ss_family != AF_INET6) {
        return "a candidate's address is IPv4 or IPv6";
    }
    if (!strait__candidate_address_usable(&c->address)) {
        return "a candidate's address is that of one host: not unspecified, multicast, broadcast or "
               "IPv4-mapped";
    }
    return strait__address_port(&c->address) == 0 && port_matters ? "a candidate's port is not 0"
                                                                  : NULL;
}

static const char *bad_word(const struct strait_candidate *c)
{
    if (!strait__ice_chars(c->foundation, 1, STRAIT_FOUNDATION_MAX)) {
        return "a foundation is 1 to 32 ice-chars";
    }
    if (c->component == 0 || c->component > MAX_COMPONENT) {
        return "a component is 1 to 256";
    }
    if (c->priority == 0 || c->priority > MAX_PRIORITY) {
        return "a priority is 1 to 2^31 - 1";
    }
    if ((unsigned)c->type > STRAIT_CANDIDATE_RELAY) {
        return "a candidate is host, srflx, prflx or relay";
    }
    if ((unsigned)c->protocol > STRAIT_CANDIDATE_TCP || (unsigned)c->tcp_type > STRAIT_TCP_SO ||
        (c->protocol == STRAIT_CANDIDATE_TCP) != (c->tcp_type != STRAIT_TCP_NONE)) {
        return "a TCP candidate, and no other, is active, passive or so";
    }
    return NULL;
}

int strait__candidate_check(const struct strait_candidate *candidate, const char **why)
{
    const char *bad = bad_word(candidate);
    *why = bad != NULL ? bad : bad_place(candidate);
    return *why == NULL ? STRAIT_OK : STRAIT_E_INVALID;
}

bool strait__candidate_is_mdns(const struct strait_candidate *candidate)
{
    const char *name = candidate->hostname;
    size_t label = strcspn(name, ".");
    if (label == 0 || label > MAX_LABEL || strcasecmp(name + label, ".local") != 0) {
        return false;
    }
    return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") ==
           label;
}
