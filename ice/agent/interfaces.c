/* The addresses of this host that an agent gathers from. libnice would leave out interfaces by names that it was
 * compiled with, and cannot be asked which. */
#include "ice/agent/interfaces.h"

#include <ifaddrs.h>
#include <linux/if_addr.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ice/agent/agent.h"
#include "transport/address.h"
#include "transport/endpoint.h"
#include "transport/util.h"

enum { MOST = 256 };

/* --- The choice --------------------------------------------------------------------------------------- */

static const struct in6_addr *six(const struct strait__local_address *a)
{
    return &((const struct sockaddr_in6 *)(const void *)&a->address)->sin6_addr;
}

static bool is_temporary(const struct strait__local_address *a)
{
    return (a->flags & IFA_F_TEMPORARY) != 0 &&
           (a->flags & (IFA_F_DEPRECATED | IFA_F_DADFAILED)) == 0 &&
           ((a->flags & IFA_F_TENTATIVE) == 0 || (a->flags & IFA_F_OPTIMISTIC) != 0);
}

/* RFC 8445, 5.1.1.1: of two of a network the one that does not tell who this host is. */
static bool has_temporary(const struct strait__local_address *all, size_t n,
                          const struct strait__local_address *a)
{
    for (size_t i = 0; i < n; i++) {
        if (all[i].address.ss_family == AF_INET6 && is_temporary(&all[i]) &&
            strcmp(all[i].interface, a->interface) == 0 && memcmp(six(&all[i]), six(a), 8) == 0) {
            return true;
        }
    }
    return false;
}

static bool usable_six(const struct strait__local_address *all, size_t n,
                       const struct strait__local_address *a, bool named)
{
    bool gone = (a->flags & (IFA_F_DEPRECATED | IFA_F_DADFAILED)) != 0;
    bool not_yet = (a->flags & IFA_F_TENTATIVE) != 0 && (a->flags & IFA_F_OPTIMISTIC) == 0;
    /* A candidate has no scope: the peer could not tell on which of its links that is. */
    bool local = IN6_IS_ADDR_LINKLOCAL(six(a)) && !named;
    bool hidden = (a->flags & IFA_F_TEMPORARY) == 0 && has_temporary(all, n, a);
    return !gone && !not_yet && !local && !hidden && !IN6_IS_ADDR_SITELOCAL(six(a)) &&
           !IN6_IS_ADDR_V4COMPAT(six(a)) && !IN6_IS_ADDR_V4MAPPED(six(a));
}

bool strait__local_usable(const struct strait__local_address *all, size_t n, size_t i,
                          const struct strait__rules *const *rules, size_t n_rules)
{
    const struct strait__local_address *a = &all[i];
    bool named = false; /* somebody has said which ones: then loopback may be among them */
    for (size_t k = 0; k < n_rules; k++) {
        named = named || rules[k]->n_allow > 0;
        if (!strait__rules_allow_on(rules[k], &a->address, a->interface)) {
            return false;
        }
    }
    if (a->loopback) {
        return named;
    }
    return a->address.ss_family != AF_INET6 || usable_six(all, n, a, named);
}

/* --- The host --------------------------------------------------------------------------------------------- */

struct flags {
    struct in6_addr address;
    unsigned flags;
    const char *name; /* in the line */
};

/* 32 hexadecimal digits. */
static bool read_hex(struct in6_addr *out, const char *text)
{
    if (strlen(text) != 2 * sizeof out->s6_addr) {
        return false;
    }
    for (size_t i = 0; i < sizeof out->s6_addr; i++) {
        gint high = g_ascii_xdigit_value(text[2 * i]);
        gint low = g_ascii_xdigit_value(text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        out->s6_addr[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* A line of /proc/net/if_inet6: address, index, prefix, scope, flags, name. */
static bool read_line(struct flags *out, char *line)
{
    enum { ADDRESS, FLAGS = 4, NAME, N_WORDS };
    char *words[N_WORDS], *rest = NULL;
    size_t n = 0;
    for (char *word = strtok_r(line, " \n", &rest); word != NULL && n < N_WORDS;
         word = strtok_r(NULL, " \n", &rest)) {
        words[n++] = word;
    }
    if (n < N_WORDS || !read_hex(&out->address, words[ADDRESS])) {
        return false;
    }
    out->flags = (unsigned)strtoul(words[FLAGS], NULL, 16);
    out->name = words[NAME];
    return true;
}

/* getifaddrs has no flags of IPv6 addresses. What is not found has none. */
static void read_flags(struct strait__local_address *all, size_t n)
{
    char line[128];
    struct flags found;
    FILE *file = fopen("/proc/net/if_inet6", "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        bool good = read_line(&found, line);
        for (size_t i = 0; good && i < n; i++) {
            if (all[i].address.ss_family == AF_INET6 &&
                memcmp(six(&all[i]), &found.address, sizeof found.address) == 0 &&
                strcmp(all[i].interface, found.name) == 0) {
                all[i].flags = found.flags;
            }
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
}

static size_t read_host(struct strait__local_address *out, const struct ifaddrs *all)
{
    size_t n = 0;
    for (const struct ifaddrs *one = all; one != NULL && n < MOST; one = one->ifa_next) {
        struct strait__local_address *a = &out[n];
        memset(a, 0, sizeof *a);
        /* Without IFF_RUNNING its cable is out. */
        if ((one->ifa_flags & IFF_UP) == 0 || (one->ifa_flags & IFF_RUNNING) == 0 ||
            !strait__address_copy(&a->address, one->ifa_addr, sizeof a->address)) {
            continue;
        }
        g_strlcpy(a->interface, one->ifa_name, sizeof a->interface);
        a->loopback = (one->ifa_flags & IFF_LOOPBACK) != 0;
        n++;
    }
    read_flags(out, n);
    return n;
}

static bool add(struct strait__agent *a, const struct sockaddr_storage *local)
{
    NiceAddress address;
    nice_address_init(&address);
    nice_address_set_from_sockaddr(&address, (const struct sockaddr *)local);
    return nice_agent_add_local_address(a->nice, &address);
}

int strait__host_read(struct strait__host *host, const struct strait_hooks *hooks,
                      struct strait_runtime *runtime)
{
    struct ifaddrs *interfaces;
    *host = (struct strait__host){ .n = 0 };
    if (getifaddrs(&interfaces) != 0) {
        return strait__fail_errno(runtime, "getifaddrs");
    }
    host->all = strait__alloc(hooks, MOST * sizeof *host->all);
    host->n = host->all != NULL ? read_host(host->all, interfaces) : 0;
    freeifaddrs(interfaces);
    return host->all != NULL ? STRAIT_OK : STRAIT_E_NOMEM;
}

void strait__host_finish(struct strait__host *host, const struct strait_hooks *hooks)
{
    strait__free(hooks, host->all);
    *host = (struct strait__host){ .n = 0 };
}

/* Up to STRAIT__AGENT_MAX_LOCAL of them. */
static size_t list(const struct strait__agents *agents, const struct strait__host *host,
                   struct sockaddr_storage *out)
{
    const struct strait__rules *rules[] = { &agents->local_rules, &agents->endpoint->local_rules };
    size_t taken = 0;
    for (size_t i = 0; i < host->n && taken < STRAIT__AGENT_MAX_LOCAL; i++) {
        if (strait__local_usable(host->all, host->n, i, rules, 2)) {
            out[taken++] = host->all[i].address;
        }
    }
    return taken;
}

/* Servers are asked from it: not from an IPv6 address of one link. */
static void note_family(struct strait__agent *a, const struct sockaddr_storage *address)
{
    const struct sockaddr_in6 *in6 = (const void *)address;
    a->has_four = a->has_four || address->ss_family == AF_INET;
    a->has_six = a->has_six ||
                 (address->ss_family == AF_INET6 && !IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr));
}

int strait__agent_choose_addresses(struct strait__agent *a)
{
    struct sockaddr_storage addresses[STRAIT__AGENT_MAX_LOCAL];
    struct strait__host host;
    if (a->chosen) {
        return STRAIT_OK;
    }
    int error = strait__host_read(&host, &a->agents->hooks, a->guest.runtime);
    size_t n = list(a->agents, &host, addresses);
    strait__host_finish(&host, &a->agents->hooks);
    for (size_t i = 0; i < n; i++) {
        if (add(a, &addresses[i])) {
            a->chosen = true;
            note_family(a, &addresses[i]);
        }
    }
    return error == STRAIT_OK && !a->chosen ? STRAIT_E_NOT_FOUND : error;
}

/* --- Its changes ----------------------------------------------------------------------------------------- */

static bool among(const struct sockaddr_storage *one, const struct sockaddr_storage *all, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strait__address_equal(one, &all[i])) {
            return true;
        }
    }
    return false;
}

bool strait__agents_match(struct strait__agents *agents, const struct strait__host *host)
{
    struct sockaddr_storage now[STRAIT__AGENT_MAX_LOCAL];
    size_t n = list(agents, host, now);
    bool same = n == agents->n_known;
    for (size_t i = 0; i < n && same; i++) {
        same = among(&now[i], agents->known, agents->n_known);
    }
    memcpy(agents->known, now, n * sizeof *now);
    agents->n_known = n;
    return !same;
}

bool strait__agents_look(struct strait__agents *agents, struct strait_runtime *runtime)
{
    struct strait__host host;
    bool other = strait__host_read(&host, &agents->hooks, runtime) == STRAIT_OK &&
                 strait__agents_match(agents, &host);
    strait__host_finish(&host, &agents->hooks);
    return other;
}
