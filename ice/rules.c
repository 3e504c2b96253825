#include "ice/rules.h"

#include <netinet/in.h>
#include <string.h>

#include "transport/address.h"
#include "transport/util.h"

enum {
    MAPPED = 96,
    /* IFNAMSIZ without its zero */
    MAX_NAME = 15
};

/* What is not of the public network (IANA's special-purpose registries: RFC 6890), and the ways to reach IPv4 through
 * IPv6 (RFC 6052, RFC 3056, RFC 4380), which would lead past the others. */
static const char *const private_ranges[] = {
    "0.0.0.0/8",       "10.0.0.0/8",     "100.64.0.0/10", "127.0.0.0/8",    "169.254.0.0/16",
    "172.16.0.0/12",   "192.0.0.0/24",   "192.0.2.0/24",  "192.168.0.0/16", "198.18.0.0/15",
    "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4",   "240.0.0.0/4",    "::/96",
    "64:ff9b::/96",    "64:ff9b:1::/48", "100::/64",      "2001::/32",      "2001:db8::/32",
    "2002::/16",       "fc00::/7",       "fe80::/10",     "fec0::/10",      "ff00::/8",
};
enum { N_PRIVATE = sizeof private_ranges / sizeof *private_ranges };

static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

static bool to_bytes(uint8_t bytes[16], const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET6) {
        memcpy(bytes, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, 16);
        return true;
    }
    if (address->ss_family != AF_INET) {
        return false;
    }
    memcpy(bytes, mapped, sizeof mapped);
    memcpy(bytes + sizeof mapped, &((const struct sockaddr_in *)(const void *)address)->sin_addr,
           4);
    return true;
}

/* A decimal number without sign or leading zero; -1: none. */
static int read_prefix(const char *text)
{
    int prefix = 0;
    size_t len = strlen(text);
    if (len == 0 || len > 3 || (text[0] == '0' && len > 1)) {
        return -1;
    }
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9') {
            return -1;
        }
        prefix = prefix * 10 + (*text - '0');
    }
    return prefix;
}

static bool read_range(struct strait__rule *out, const char *text)
{
    char host[STRAIT__RULE_TEXT - 4]; /* "/128" */
    struct sockaddr_storage address;
    const char *slash = strchr(text, '/');
    size_t len = slash != NULL ? (size_t)(slash - text) : strlen(text);
    if (len >= sizeof host) {
        return false;
    }
    memcpy(host, text, len);
    host[len] = '\0';
    if (!strait__address_parse(&address, host, 0) || !to_bytes(out->bytes, &address)) {
        return false;
    }
    bool four = address.ss_family == AF_INET;
    int most = four ? 32 : 128;
    int prefix = slash != NULL ? read_prefix(slash + 1) : most;
    if (prefix < 0 || prefix > most) {
        return false;
    }
    out->kind = STRAIT__RULE_RANGE;
    out->len = (uint8_t)(four ? prefix + MAPPED : prefix);
    for (unsigned half = 0; half < 2; half++) {
        unsigned before = 64 * half, bits = out->len > before ? out->len - before : 0;
        out->mask[half] = bits >= 64 ? UINT64_MAX : ~(UINT64_MAX >> bits);
        out->value[half] = strait__get64(out->bytes + 8 * (size_t)half);
    }
    return true;
}

/* "%eth0", "%docker*". What the kernel takes for a name, and a star at the end only. */
static bool read_interface(struct strait__rule *out, const char *text)
{
    size_t len = strlen(++text);
    bool star = len > 0 && text[len - 1] == '*';
    len -= star;
    if (len > MAX_NAME || (len == 0 && !star)) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (text[i] <= ' ' || text[i] > '~' || strchr("/:*%", text[i]) != NULL) {
            return false;
        }
    }
    memcpy(out->bytes, text, len);
    out->len = (uint8_t)len;
    out->kind = star ? STRAIT__RULE_INTERFACES : STRAIT__RULE_INTERFACE;
    return true;
}

static int read_all(struct strait__rules *rules, const char *const *texts, size_t n,
                    bool interfaces, const char **bad)
{
    bool has_private = false; /* twice is no more than once */
    for (size_t i = 0; i < n; i++) {
        *bad = texts[i] != NULL ? texts[i] : "NULL";
        struct strait__rule *rule = &rules->rules[rules->n];
        if (strcmp(*bad, "private") == 0) {
            for (size_t k = 0; k < N_PRIVATE && !has_private; k++) {
                (void)read_range(&rules->rules[rules->n++], private_ranges[k]);
            }
            has_private = true;
        } else if ((*bad)[0] == '%' ? interfaces && read_interface(rule, *bad)
                                    : read_range(rule, *bad)) {
            rules->n++;
        } else {
            return STRAIT_E_PARSE;
        }
    }
    *bad = NULL;
    return STRAIT_OK;
}

static int init(struct strait__rules *rules, const struct strait_hooks *hooks,
                const struct strait_address_rules *from, bool interfaces, const char **bad)
{
    *rules = (struct strait__rules){ .n = 0 };
    *bad = NULL;
    if ((from->n_allow > 0 && from->allow == NULL) || (from->n_deny > 0 && from->deny == NULL)) {
        return STRAIT_E_INVALID;
    }
    if (from->n_allow > STRAIT__MAX_RULES || from->n_deny > STRAIT__MAX_RULES) {
        return STRAIT_E_LIMIT;
    }
    size_t texts = from->n_allow + from->n_deny;
    if (texts == 0) {
        return STRAIT_OK;
    }
    rules->rules = strait__alloc(hooks, (texts + 2 * (size_t)N_PRIVATE) * sizeof *rules->rules);
    if (rules->rules == NULL) {
        return STRAIT_E_NOMEM;
    }
    int error = read_all(rules, from->allow, from->n_allow, interfaces, bad);
    rules->n_allow = rules->n;
    if (error == STRAIT_OK) {
        error = read_all(rules, from->deny, from->n_deny, interfaces, bad);
    }
    if (error != STRAIT_OK) {
        strait__rules_finish(rules, hooks);
    }
    return error;
}

int strait__rules_init(struct strait__rules *rules, const struct strait_hooks *hooks,
                       const struct strait_address_rules *from, const char **bad)
{
    return init(rules, hooks, from, false, bad);
}

int strait__rules_init_local(struct strait__rules *rules, const struct strait_hooks *hooks,
                             const struct strait_address_rules *from, const char **bad)
{
    return init(rules, hooks, from, true, bad);
}

void strait__rules_finish(struct strait__rules *rules, const struct strait_hooks *hooks)
{
    strait__free(hooks, rules->rules);
    *rules = (struct strait__rules){ .n = 0 };
}

/* An address, as rules have it. */
struct subject {
    uint64_t value[2];
    const char *interface;
};

static bool matches(const struct strait__rule *rule, const struct subject *a)
{
    if (rule->kind == STRAIT__RULE_RANGE) {
        return (((a->value[0] ^ rule->value[0]) & rule->mask[0]) |
                ((a->value[1] ^ rule->value[1]) & rule->mask[1])) == 0;
    }
    return a->interface != NULL &&
           strncmp(a->interface, (const char *)rule->bytes, rule->len) == 0 &&
           (rule->kind == STRAIT__RULE_INTERFACES || a->interface[rule->len] == '\0');
}

static bool matches_any(const struct strait__rule *rules, size_t n, const struct subject *a)
{
    for (size_t i = 0; i < n; i++) {
        if (matches(&rules[i], a)) {
            return true;
        }
    }
    return false;
}

bool strait__rules_allow_on(const struct strait__rules *rules,
                            const struct sockaddr_storage *address, const char *interface)
{
    uint8_t bytes[16];
    if (!to_bytes(bytes, address)) {
        return false;
    }
    if (rules->n == 0) {
        return true;
    }
    struct subject a = { .value = { strait__get64(bytes), strait__get64(bytes + 8) },
                         .interface = interface };
    return (rules->n_allow == 0 || matches_any(rules->rules, rules->n_allow, &a)) &&
           !matches_any(rules->rules + rules->n_allow, rules->n - rules->n_allow, &a);
}

bool strait__rules_allow(const struct strait__rules *rules, const struct sockaddr_storage *address)
{
    return strait__rules_allow_on(rules, address, NULL);
}
