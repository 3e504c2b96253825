/* What the ICE tests share: an agent whose events are written down, and a peer that is played by the
 * STUN writer. Virtual time only. */
#ifndef STRAIT_TESTS_TEST_ICE_HARNESS_H
#define STRAIT_TESTS_TEST_ICE_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ice/backend.h"
#include "transport/address.h"
#include "transport/util.h"

enum { SENDS = 64, STATES = 32 };

struct agent_send {
    struct strait_path path;
    uint8_t data[STRAIT__STUN_MAX];
    size_t len;
};

/* One back end and what it did since `forget`. */
struct agent {
    struct strait__ice *ice;
    struct strait_hooks hooks;
    uint64_t rng;
    strait_time now;
    struct agent_send sends[SENDS];
    unsigned n_sends;
    enum strait_ice_state states[STATES];
    unsigned n_states;
    unsigned n_validated, n_selected, n_lost, n_repeated, n_attributes, n_rtt;
    struct strait_path validated, selected;
    bool selected_nominated, refuse_paths;
    strait_time rtt;
    struct strait_stun_attribute attribute;
    unsigned sends_at_validated, sends_at_selected, sends_at_repeated;
    struct strait__table ufrags, transactions;
    /* A pipe instead of the list of sends. */
    void (*pipe)(struct agent *agent, const struct strait_path *path, const uint8_t *data,
                 size_t len);
};

static inline void agent_forget(struct agent *a)
{
    a->n_sends = a->n_states = a->n_validated = a->n_selected = a->n_lost = 0;
    a->n_repeated = a->n_attributes = a->n_rtt = 0;
}

static inline void on_send(void *user, const struct strait_path *path, const uint8_t *data,
                           size_t len)
{
    struct agent *a = user;
    if (a->pipe != NULL) {
        a->pipe(a, path, data, len);
        return;
    }
    assert_true(a->n_sends < SENDS && len <= STRAIT__STUN_MAX);
    struct agent_send *s = &a->sends[a->n_sends++];
    s->path = *path;
    s->len = len;
    memcpy(s->data, data, len);
}

static inline void on_state(void *user, enum strait_ice_state state)
{
    struct agent *a = user;
    assert_int_equal(a->ice->state, state);
    assert_true(a->n_states < STATES);
    a->states[a->n_states++] = state;
}

static inline bool on_validated(void *user, const struct strait_path *path)
{
    struct agent *a = user;
    a->n_validated++;
    a->validated = *path;
    a->sends_at_validated = a->n_sends;
    return !a->refuse_paths;
}

static inline void on_selected(void *user, const struct strait_path *path, bool nominated)
{
    struct agent *a = user;
    assert_int_equal(a->ice->has_path, path != NULL);
    if (path == NULL) {
        a->n_lost++;
        return;
    }
    assert_true(strait__path_equal(path, &a->ice->pair.path));
    a->n_selected++;
    a->selected = *path;
    a->selected_nominated = nominated;
    a->sends_at_selected = a->n_sends;
}

static inline void on_repeated(void *user)
{
    struct agent *a = user;
    a->n_repeated++;
    a->sends_at_repeated = a->n_sends;
}

static inline void on_attributes(void *user, const struct strait_stun_attribute *attributes,
                                 size_t n)
{
    struct agent *a = user;
    assert_true(n > 0);
    a->n_attributes += (unsigned)n;
    a->attribute = attributes[0];
}

static inline void on_rtt(void *user, strait_time rtt)
{
    struct agent *a = user;
    a->n_rtt++;
    a->rtt = rtt;
}

static inline int on_link_ufrag(void *user, struct strait__node *node, const char *ufrag)
{
    struct agent *a = user;
    return strait__table_add(&a->ufrags, node, ufrag, strlen(ufrag), a);
}

static inline int on_link_transaction(void *user, struct strait__node *node,
                                      const uint8_t *transaction)
{
    struct agent *a = user;
    return strait__table_add(&a->transactions, node, transaction, STRAIT__STUN_TRANSACTION, a);
}

static inline void on_unlink_ufrag(void *user, struct strait__node *node)
{
    struct agent *a = user;
    strait__table_remove(&a->ufrags, node);
}

static inline void on_unlink_transaction(void *user, struct strait__node *node)
{
    struct agent *a = user;
    strait__table_remove(&a->transactions, node);
}

/* Never zero, and the same for the same seed. */
static inline int agent_random(void *user, uint8_t *out, size_t bytes)
{
    struct agent *a = user;
    for (size_t i = 0; i < bytes; i++) {
        a->rng ^= a->rng << 13;
        a->rng ^= a->rng >> 7;
        a->rng ^= a->rng << 17;
        out[i] = (uint8_t)(a->rng >> 32);
    }
    return 0;
}

static inline struct strait_ice_parameters parameters(const char *ufrag, const char *pwd)
{
    struct strait_ice_parameters p;
    memset(&p, 0, sizeof p);
    memcpy(p.ufrag, ufrag, strlen(ufrag) + 1);
    memcpy(p.pwd, pwd, strlen(pwd) + 1);
    return p;
}

static inline void agent_init(struct agent *a, uint64_t seed)
{
    memset(a, 0, sizeof *a);
    struct strait_hooks given = { .size = sizeof given, .user = a, .random = agent_random };
    strait__hooks_init(&a->hooks, &given);
    a->rng = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    a->now = STRAIT_S;
    assert_int_equal(strait__table_init(&a->ufrags, &a->hooks), STRAIT_OK);
    assert_int_equal(strait__table_init(&a->transactions, &a->hooks), STRAIT_OK);
}

static inline struct strait__ice_config agent_config(struct agent *a, enum strait_ice_role role,
                                                     const char *ufrag, const char *pwd)
{
    return (struct strait__ice_config){
        .hooks = &a->hooks,
        .events = { .send = on_send,
                    .state = on_state,
                    .validated = on_validated,
                    .selected = on_selected,
                    .repeated = on_repeated,
                    .attributes = on_attributes,
                    .rtt = on_rtt,
                    .link_ufrag = on_link_ufrag,
                    .link_transaction = on_link_transaction,
                    .unlink_ufrag = on_unlink_ufrag,
                    .unlink_transaction = on_unlink_transaction },
        .user = a,
        .role = role,
        .local = parameters(ufrag, pwd),
        .ice_timeout = 30 * STRAIT_S,
        .consent_timeout = 30 * STRAIT_S,
        .now = a->now,
    };
}

/* Everything must be unlinked. */
static inline void agent_finish(struct agent *a)
{
    if (a->ice != NULL) {
        a->ice->ops->destroy(a->ice);
    }
    assert_int_equal(a->ufrags.count, 0);
    assert_int_equal(a->transactions.count, 0);
    strait__table_finish(&a->ufrags);
    strait__table_finish(&a->transactions);
}

/* "192.0.2.1" or an IPv6 address as local and remote. */
static inline struct strait_path make_path(const char *local, uint16_t local_port,
                                           const char *remote, uint16_t remote_port)
{
    struct strait_path p;
    memset(&p, 0, sizeof p);
    assert_true(strait__address_parse(&p.local, local, local_port));
    assert_true(strait__address_parse(&p.remote, remote, remote_port));
    return p;
}

/* Gives bytes to the agent the way an endpoint would: parsed, looked up, or dropped. */
static inline bool agent_receive(struct agent *a, const struct strait_path *from,
                                 const uint8_t *data, size_t len)
{
    struct strait__stun_message m;
    if (strait__stun_parse(&m, data, len) != STRAIT_OK) {
        return false;
    }
    size_t ufrag_len;
    const uint8_t *ufrag = strait__stun_local_ufrag(&m, &ufrag_len);
    bool known = m.class_ == STRAIT__STUN_SUCCESS || m.class_ == STRAIT__STUN_ERROR
                     ? strait__table_find(&a->transactions, m.transaction, sizeof m.transaction) !=
                           NULL
                     : ufrag == NULL || strait__table_find(&a->ufrags, ufrag, ufrag_len) != NULL;
    if (known) {
        a->ice->ops->receive(a->ice, a->now, from, &m);
    }
    return known;
}

/* Lets time pass, stopping at every deadline. */
static inline void agent_run(struct agent *a, strait_time until)
{
    for (unsigned i = 0;; i++) {
        strait_time deadline = a->ice->ops->deadline(a->ice);
        assert_true(i < 1000000);
        if (deadline > until) {
            break;
        }
        /* A deadline that does not move on would be an endless loop. */
        a->now = deadline > a->now ? deadline : a->now;
        a->ice->ops->advance(a->ice, a->now);
        assert_true(a->ice->ops->deadline(a->ice) > a->now);
    }
    a->now = until;
}

static inline void agent_advance(struct agent *a)
{
    agent_run(a, a->now);
}

#endif
