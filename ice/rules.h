/* Which addresses may be gathered from, and which may be a peer's. Immutable once made, and shared by all that keep to
 * it. Pure. */
#ifndef STRAIT_ICE_RULES_H
#define STRAIT_ICE_RULES_H

#include <strait/ice.h>

enum {
    STRAIT__MAX_RULES = 64, /* a list: each is looked at for every address that is checked */
    STRAIT__RULE_TEXT = 72  /* room for the longest and its zero */
};

enum strait__rule_kind {
    STRAIT__RULE_RANGE,     /* the first `len` bits of `bytes` */
    STRAIT__RULE_INTERFACE, /* the name is these `len` bytes */
    STRAIT__RULE_INTERFACES /* ... begins with them */
};

struct strait__rule {
    /* IPv4 as ::ffff:0:0/96 (RFC 4291, 2.5.5.2), so that a mapped address cannot slip past. */
    uint8_t bytes[16];
    uint8_t len;
    enum strait__rule_kind kind;
    /* A range once more, to be compared in two steps: STUN from strangers is dropped by it. */
    uint64_t value[2], mask[2];
};

struct strait__rules {
    struct strait__rule *rules; /* those that allow first; from the hooks */
    size_t n_allow, n;          /* 0: everything is allowed */
};

/* Of addresses alone: no names of interfaces. STRAIT_E_PARSE, _LIMIT, _INVALID, _NOMEM; `bad` is the text that is
 * malformed then, or NULL. `rules` are empty after an error. */
int strait__rules_init(struct strait__rules *rules, const struct strait_hooks *hooks,
                       const struct strait_address_rules *from, const char **bad);
/* Of this host: names of interfaces as well. */
int strait__rules_init_local(struct strait__rules *rules, const struct strait_hooks *hooks,
                             const struct strait_address_rules *from, const char **bad);
void strait__rules_finish(struct strait__rules *rules, const struct strait_hooks *hooks);

bool strait__rules_allow(const struct strait__rules *rules, const struct sockaddr_storage *address);
/* `interface`: whose address it is; NULL: not known, and then no name matches. */
bool strait__rules_allow_on(const struct strait__rules *rules,
                            const struct sockaddr_storage *address, const char *interface);

#endif
