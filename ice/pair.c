#include <netinet/in.h>
#include <stdio.h>

#include "ice/full.h"
#include "transport/address.h"
#include "transport/util.h"

struct strait_path strait__full_path(const struct strait__ice_full *f,
                                     const struct strait__ice_pair *pair)
{
    struct strait_path path = f->locals[pair->local];
    path.remote = f->remotes[pair->remote].address;
    return path;
}

int strait__full_find_local(const struct strait__ice_full *f, const struct strait_path *path)
{
    for (unsigned i = 0; i < f->n_locals; i++) {
        if (f->locals[i].socket == path->socket &&
            strait__address_equal(&f->locals[i].local, &path->local)) {
            return (int)i;
        }
    }
    return -1;
}

int strait__full_find_remote(const struct strait__ice_full *f,
                             const struct sockaddr_storage *address)
{
    for (int i = 0; i < STRAIT__ICE_MAX_REMOTES + 1; i++) {
        const struct strait__ice_remote *r = &f->remotes[i];
        if (r->used && !r->old && strait__address_equal(&r->address, address)) {
            return i;
        }
    }
    return -1;
}

int strait__full_find_pair(const struct strait__ice_full *f, int local, int remote)
{
    for (int i = 0; i < STRAIT__ICE_MAX_PAIRS + 1; i++) {
        const struct strait__ice_pair *p = &f->pairs[i];
        if (p->state != STRAIT__PAIR_UNUSED && p->local == local && p->remote == remote) {
            return i;
        }
    }
    return STRAIT__ICE_NO_PAIR;
}

static bool link_local_address(const struct sockaddr_storage *address)
{
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)address;
    return address->ss_family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&six->sin6_addr);
}

/* RFC 8445, 6.1.2.2: the same family, and link-local only with link-local. */
static bool can_pair(const struct strait__ice_full *f, int local, int remote)
{
    const struct sockaddr_storage *a = &f->locals[local].local;
    const struct sockaddr_storage *b = &f->remotes[remote].address;
    return a->ss_family == b->ss_family && link_local_address(a) == link_local_address(b);
}

/* RFC 8445, 6.1.2.3: G is the controlling side's candidate, D the controlled side's. */
static uint64_t priority_of(const struct strait__ice_full *f, int local, int remote)
{
    uint16_t preference = strait__ice_local_preference(&f->locals[local], (size_t)local);
    uint32_t ours = strait_candidate_priority(STRAIT_CANDIDATE_HOST, preference, 1);
    uint32_t theirs = f->remotes[remote].priority;
    bool controlling = f->s.ice.role == STRAIT_ICE_CONTROLLING;
    uint64_t g = controlling ? ours : theirs;
    uint64_t d = controlling ? theirs : ours;
    return (g < d ? g : d) << 32 | ((g > d ? g : d) * 2 + (g > d));
}

void strait__full_recompute(struct strait__ice_full *f)
{
    for (int i = 0; i < STRAIT__ICE_MAX_PAIRS + 1; i++) {
        struct strait__ice_pair *p = &f->pairs[i];
        if (p->state != STRAIT__PAIR_UNUSED) {
            p->priority = priority_of(f, p->local, p->remote);
        }
    }
}

/* RFC 8445, 6.1.2.6: the foundations of both candidates. Host candidates have the same one where they
 * have the same address. */
bool strait__full_same_foundation(const struct strait__ice_full *f,
                                  const struct strait__ice_pair *a,
                                  const struct strait__ice_pair *b)
{
    return strcmp(f->remotes[a->remote].foundation, f->remotes[b->remote].foundation) == 0 &&
           strait__address_same_host(&f->locals[a->local].local, &f->locals[b->local].local);
}

void strait__full_drop_pair(struct strait__ice_full *f, int pair)
{
    struct strait__ice_pair *p = &f->pairs[pair];
    strait__full_cancel_all(f, p);
    memset(p, 0, sizeof *p);
    f->nominee = f->nominee == pair ? STRAIT__ICE_NO_PAIR : f->nominee;
    f->selected = f->selected == pair ? STRAIT__ICE_NO_PAIR : f->selected;
}

/* A free place; where all are taken, that of the pair with the lowest priority, if it is below the new
 * one's and nothing depends on it (RFC 8445, 6.1.2.5). */
static int place_for(struct strait__ice_full *f, uint64_t priority)
{
    int worst = STRAIT__ICE_NO_PAIR;
    unsigned used = 0;
    int unused = STRAIT__ICE_NO_PAIR;
    for (int i = 0; i < STRAIT__ICE_MAX_PAIRS + 1; i++) {
        const struct strait__ice_pair *p = &f->pairs[i];
        if (p->state == STRAIT__PAIR_UNUSED) {
            unused = unused < 0 ? i : unused;
            continue;
        }
        used += !p->old;
        if (p->state != STRAIT__PAIR_SUCCEEDED && !p->old && p->priority < priority &&
            (worst < 0 || p->priority < f->pairs[worst].priority)) {
            worst = i;
        }
    }
    if (used < STRAIT__ICE_MAX_PAIRS) {
        return unused;
    }
    if (worst >= 0) {
        strait__full_drop_pair(f, worst);
    }
    return worst;
}

int strait__full_pair(struct strait__ice_full *f, int local, int remote)
{
    int at = strait__full_find_pair(f, local, remote);
    if (at >= 0 || !can_pair(f, local, remote)) {
        return at;
    }
    uint64_t priority = priority_of(f, local, remote);
    at = place_for(f, priority);
    if (at >= 0) {
        f->pairs[at] = (struct strait__ice_pair){ .state = STRAIT__PAIR_FROZEN,
                                                  .local = (uint8_t)local,
                                                  .remote = (uint8_t)remote,
                                                  .priority = priority };
    }
    return at;
}

static int free_remote(const struct strait__ice_full *f)
{
    unsigned used = 0;
    int unused = -1;
    for (int i = 0; i < STRAIT__ICE_MAX_REMOTES + 1; i++) {
        used += f->remotes[i].used && !f->remotes[i].old;
        unused = unused < 0 && !f->remotes[i].used ? i : unused;
    }
    return used < STRAIT__ICE_MAX_REMOTES ? unused : -1;
}

static void drop_remote(struct strait__ice_full *f, int remote)
{
    for (int i = 0; i < STRAIT__ICE_MAX_PAIRS + 1; i++) {
        if (f->pairs[i].state != STRAIT__PAIR_UNUSED && f->pairs[i].remote == remote) {
            strait__full_drop_pair(f, i);
        }
    }
    memset(&f->remotes[remote], 0, sizeof f->remotes[remote]);
}

static void pair_with_locals(struct strait__ice_full *f, int remote)
{
    for (unsigned i = 0; i < f->n_locals; i++) {
        strait__full_pair(f, (int)i, remote);
    }
}

int strait__full_add_remote(struct strait__ice_full *f, const struct strait__ice_remote *remote)
{
    int at = strait__full_find_remote(f, &remote->address);
    if (at >= 0) {
        /* Learned before it was signalled: now its real priority is known. */
        f->remotes[at].type = remote->type;
        f->remotes[at].priority = remote->priority;
        memcpy(f->remotes[at].foundation, remote->foundation, sizeof remote->foundation);
        strait__full_recompute(f);
    } else {
        at = free_remote(f);
        if (at < 0) {
            return STRAIT_E_LIMIT;
        }
        f->remotes[at] = *remote;
        f->remotes[at].used = true;
    }
    pair_with_locals(f, at);
    return STRAIT_OK;
}

/* A peer whose NAT moves it about must not fill the list for good: a learned candidate that is not in
 * use gives its place. */
static int evict_learned(struct strait__ice_full *f)
{
    for (int i = 0; i < STRAIT__ICE_MAX_REMOTES + 1; i++) {
        const struct strait__ice_remote *r = &f->remotes[i];
        bool in_use = (f->selected >= 0 && f->pairs[f->selected].remote == i) ||
                      (f->nominee >= 0 && f->pairs[f->nominee].remote == i);
        if (r->used && !r->old && r->type == STRAIT_CANDIDATE_PRFLX && !in_use) {
            drop_remote(f, i);
            return i;
        }
    }
    return -1;
}

int strait__full_learn_remote(struct strait__ice_full *f, const struct sockaddr_storage *address,
                              uint32_t priority)
{
    int at = free_remote(f);
    at = at >= 0 ? at : evict_learned(f);
    if (at < 0) {
        return -1;
    }
    struct strait__ice_remote *r = &f->remotes[at];
    *r = (struct strait__ice_remote){ .used = true,
                                      .early = f->s.ahead > 0,
                                      .type = STRAIT_CANDIDATE_PRFLX,
                                      .priority = priority,
                                      .address = *address };
    /* RFC 8445, 7.3.1.3: different from all others; a signalled one has no such form from us, and one
     * that were equal would only order the checks. */
    snprintf(r->foundation, sizeof r->foundation, "learned%u", (unsigned)++f->n_learned);
    return at;
}

static void reset_pair(struct strait__ice_full *f, int i)
{
    struct strait__ice_pair *p = &f->pairs[i];
    strait__full_cancel_all(f, p);
    p->state = STRAIT__PAIR_FROZEN;
    p->nominated = false;
    p->last_answer = 0;
}

/* The selected pair and its candidate belong to the old generation now. A candidate that is also one of
 * the new generation's goes on as a copy. */
static void retire_selected(struct strait__ice_full *f, enum strait__ice_keep keep)
{
    struct strait__ice_pair *p = &f->pairs[f->selected];
    struct strait__ice_remote *r = &f->remotes[p->remote];
    struct strait__ice_remote copy = *r;
    if (p->old) {
        return;
    }
    p->old = r->old = true;
    p->nominate_later = false;
    if (keep == STRAIT__KEEP_ALL) {
        strait__full_add_remote(f, &copy);
    }
}

void strait__full_turn_over(struct strait__ice_full *f, enum strait__ice_keep keep)
{
    f->n_turns++;
    if (f->s.has_old && f->selected >= 0) {
        retire_selected(f, keep);
    }
    for (int i = 0; i < STRAIT__ICE_MAX_REMOTES + 1; i++) {
        struct strait__ice_remote *r = &f->remotes[i];
        bool stays = keep == STRAIT__KEEP_ALL || (keep == STRAIT__KEEP_EARLY && r->early);
        if (r->used && !r->old && !stays) {
            drop_remote(f, i);
        }
        r->early = r->early && f->s.ahead > 0;
    }
    for (int i = 0; i < STRAIT__ICE_MAX_PAIRS + 1; i++) {
        struct strait__ice_pair *p = &f->pairs[i];
        if (p->state != STRAIT__PAIR_UNUSED && !p->old) {
            if (f->remotes[p->remote].old) {
                strait__full_drop_pair(f, i);
            } else {
                reset_pair(f, i);
            }
        }
    }
    f->nominee = STRAIT__ICE_NO_PAIR;
    f->choose_at = STRAIT_TIME_NEVER;
    f->concluded = false;
}

void strait__full_forget_old(struct strait__ice_full *f)
{
    for (int i = 0; i < STRAIT__ICE_MAX_REMOTES + 1; i++) {
        if (f->remotes[i].old) {
            drop_remote(f, i);
        }
    }
    strait__session_forget_old(&f->s);
}
