#include "ice/mapping.h"

#include <netinet/in.h>
#include <stdio.h>

#include "ice/backend.h"
#include "ice/candidate.h"
#include "ice/crc32.h"
#include "transport/address.h"
#include "transport/util.h"

static int read_mapping(struct strait__mapping *out, const struct strait_address_mapping *from,
                        const char **bad)
{
    *bad = from->local != NULL ? from->local : "NULL";
    if (from->local == NULL || !strait__address_parse(&out->local, from->local, 0)) {
        return STRAIT_E_PARSE;
    }
    *bad = from->advertised != NULL ? from->advertised : "NULL";
    if (from->advertised == NULL || !strait__address_parse(&out->advertised, from->advertised, 0) ||
        !strait__candidate_address_usable(&out->advertised) ||
        out->local.ss_family != out->advertised.ss_family) {
        return STRAIT_E_PARSE;
    }
    *bad = NULL;
    return STRAIT_OK;
}

int strait__mappings_init(struct strait__mappings *mappings, const struct strait_hooks *hooks,
                          const struct strait_address_mapping *from, size_t n, bool added,
                          const char **bad)
{
    *mappings = (struct strait__mappings){ .added = added };
    *bad = NULL;
    if (n == 0) {
        return STRAIT_OK;
    }
    if (from == NULL) {
        return STRAIT_E_INVALID;
    }
    if (n > STRAIT__MAX_MAPPINGS) {
        return STRAIT_E_LIMIT;
    }
    mappings->list = strait__alloc(hooks, n * sizeof *mappings->list);
    if (mappings->list == NULL) {
        return STRAIT_E_NOMEM;
    }
    int error = STRAIT_OK;
    for (size_t i = 0; i < n && error == STRAIT_OK; i++) {
        error = read_mapping(&mappings->list[i], &from[i], bad);
    }
    mappings->n = n;
    if (error != STRAIT_OK) {
        strait__mappings_finish(mappings, hooks);
    }
    return error;
}

void strait__mappings_finish(struct strait__mappings *mappings, const struct strait_hooks *hooks)
{
    strait__free(hooks, mappings->list);
    *mappings = (struct strait__mappings){ .n = 0 };
}

static bool is_own(const struct strait__mapping *mapping, const struct sockaddr_storage *address)
{
    struct sockaddr_storage scopeless = *address;
    if (scopeless.ss_family == AF_INET6) {
        ((struct sockaddr_in6 *)(void *)&scopeless)->sin6_scope_id = 0;
    }
    return strait__address_same_host(&mapping->local, &scopeless);
}

static bool has_own(const struct strait__mappings *mappings, const struct sockaddr_storage *address)
{
    for (size_t i = 0; i < mappings->n; i++) {
        if (is_own(&mappings->list[i], address)) {
            return true;
        }
    }
    return false;
}

/* RFC 8445, 5.1.1.3: another type with the same base is another foundation. */
static void become_srflx(struct strait_candidate *c, const struct strait_candidate *host)
{
    struct strait_path base = { .local = host->address };
    struct strait__path_key key;
    strait__address_set_port(&base.local, 0);
    base.socket = STRAIT_CANDIDATE_SRFLX;
    strait__path_key(&key, &base);
    snprintf(c->foundation, sizeof c->foundation, "%u",
             (unsigned)strait__crc32(key.bytes, sizeof key.bytes));
    uint32_t rest = c->priority & 0xffffffu;
    c->priority = strait_candidate_priority(STRAIT_CANDIDATE_SRFLX, (uint16_t)(rest >> 8),
                                            c->component);
    c->type = STRAIT_CANDIDATE_SRFLX;
    c->related = host->address;
}

size_t strait__mappings_apply(const struct strait__mappings *mappings,
                              const struct strait_candidate *candidate,
                              struct strait_candidate *out, size_t max)
{
    size_t n = 0;
    bool own = has_own(mappings, &candidate->address);
    bool host = candidate->type == STRAIT_CANDIDATE_HOST;
    if (mappings->added && max > 0) {
        out[n++] = *candidate;
    }
    for (size_t i = 0; i < mappings->n && host; i++) {
        const struct strait__mapping *mapping = &mappings->list[i];
        bool any = !own && strait__address_is_unspecified(&mapping->local) &&
                   mapping->local.ss_family == candidate->address.ss_family;
        if (!any && !is_own(mapping, &candidate->address)) {
            continue;
        }
        if (n < max) {
            out[n] = *candidate;
            out[n].address = mapping->advertised;
            strait__address_set_port(&out[n].address, candidate->port);
            if (mappings->added) {
                become_srflx(&out[n], candidate);
            }
        }
        n++;
    }
    if (n == 0 && max > 0) {
        out[0] = *candidate;
    }
    return n > 0 ? n : 1;
}
