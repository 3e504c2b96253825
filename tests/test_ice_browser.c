#include "test_ice_browser.h"

#include <stdio.h>

struct agent agent;
struct strait_path home, away;
static uint32_t transactions;

const struct fake plain = {
    .first = LOCAL_UFRAG, .second = REMOTE_UFRAG, .pwd = LOCAL_PWD, .priority = 1845501695
};

int setup(void **state)
{
    (void)state;
    transactions = 0;
    agent_init(&agent, 1);
    struct strait__ice_config config = agent_config(&agent, STRAIT_ICE_CONTROLLED, LOCAL_UFRAG,
                                                    LOCAL_PWD);
    assert_int_equal(strait__ice_lite_create(&agent.ice, &config), STRAIT_OK);
    home = make_path("192.0.2.1", 3478, "198.51.100.7", 40000);
    away = make_path("192.0.2.1", 3478, "203.0.113.9", 50000);
    return 0;
}

int teardown(void **state)
{
    (void)state;
    agent_finish(&agent);
    return 0;
}

void set_remote(const char *ufrag)
{
    struct strait_ice_parameters p = parameters(ufrag, REMOTE_PWD);
    assert_int_equal(agent.ice->ops->set_remote(agent.ice, &p), STRAIT_OK);
    assert_int_equal(agent.ice->ops->deadline(agent.ice), 0);
}

void restart(void)
{
    struct strait_ice_parameters p = parameters(NEW_LOCAL_UFRAG, NEW_LOCAL_PWD);
    assert_int_equal(agent.ice->ops->restart(agent.ice, &p), STRAIT_OK);
    assert_int_equal(agent.ice->ops->deadline(agent.ice), 0);
}

bool linked(const char *ufrag)
{
    return strait__table_find(&agent.ufrags, ufrag, strlen(ufrag)) != NULL;
}

size_t write_check(uint8_t out[STRAIT__STUN_MAX], const struct fake *f)
{
    uint8_t transaction[STRAIT__STUN_TRANSACTION] = { 0 };
    transactions += !f->keep_transaction;
    strait__put32(transaction, transactions);
    struct strait__stun_writer w;
    strait__stun_begin(&w, out, STRAIT__STUN_MAX, STRAIT__STUN_REQUEST, STRAIT__STUN_BINDING,
                       transaction);
    if (!f->no_username) {
        strait__stun_add_username(&w, f->first, f->second);
    }
    if (f->unknown != 0) {
        strait__stun_add(&w, f->unknown, "abc", 3);
    }
    if (f->priority != 0) {
        strait__stun_add32(&w, STRAIT__STUN_PRIORITY, f->priority);
    }
    if (f->controlled || f->both_roles) {
        strait__stun_add64(&w, STRAIT__STUN_ICE_CONTROLLED, 1);
    }
    if (!f->controlled) {
        strait__stun_add64(&w, STRAIT__STUN_ICE_CONTROLLING, 1);
    }
    if (f->nominate) {
        strait__stun_add(&w, STRAIT__STUN_USE_CANDIDATE, NULL, 0);
    }
    int n = strait__stun_finish(&w, f->pwd, f->pwd != NULL ? strlen(f->pwd) : 0);
    assert_true(n > 0);
    return (size_t)n;
}

int ask(const struct strait_path *from, const struct fake *f)
{
    uint8_t out[STRAIT__STUN_MAX];
    agent_forget(&agent);
    size_t n = write_check(out, f);
    agent_receive(&agent, from, out, n);
    if (agent.n_sends == 0) {
        return 0;
    }
    assert_int_equal(agent.n_sends, 1);
    const struct agent_send *s = &agent.sends[0];
    struct strait__stun_message m;
    assert_true(strait__path_equal(&s->path, from));
    assert_int_equal(strait__stun_parse(&m, s->data, s->len), STRAIT_OK);
    assert_true(m.has_fingerprint);
    assert_memory_equal(m.transaction, out + 8, sizeof m.transaction);
    assert_null(m.username);
    bool authenticated = m.integrity_at != 0;
    assert_true(!authenticated || strait__stun_verify(&m, f->pwd, strlen(f->pwd)));
    if (m.class_ == STRAIT__STUN_SUCCESS) {
        assert_true(authenticated && m.has_mapped);
        assert_true(strait__address_equal(&m.mapped, &from->remote));
        return 200;
    }
    assert_int_equal(m.class_, STRAIT__STUN_ERROR);
    assert_int_equal(authenticated, m.error_code == 420 || m.error_code == 487 ||
                                        (m.error_code == 400 && f->pwd != NULL && !f->no_username));
    return m.error_code;
}

struct fake with_nomination(void)
{
    struct fake f = plain;
    f.nominate = true;
    return f;
}

void connect_nominated(void)
{
    struct fake f = with_nomination();
    set_remote(REMOTE_UFRAG);
    assert_int_equal(ask(&home, &f), 200);
    assert_int_equal(agent.ice->state, STRAIT_ICE_COMPLETED);
}

void pass(strait_time time)
{
    agent_forget(&agent);
    agent_run(&agent, agent.now + time);
}

void assert_states(const char *expected)
{
    static const char *const names[] = {
        [STRAIT_ICE_NEW] = "new",
        [STRAIT_ICE_CHECKING] = "checking",
        [STRAIT_ICE_CONNECTED] = "connected",
        [STRAIT_ICE_COMPLETED] = "completed",
        [STRAIT_ICE_DISCONNECTED] = "disconnected",
        [STRAIT_ICE_FAILED] = "failed",
    };
    char got[STATES * 16] = "";
    size_t len = 0;
    for (unsigned i = 0; i < agent.n_states; i++) {
        len += (size_t)snprintf(got + len, sizeof got - len, "%s%s", i > 0 ? " " : "",
                                names[agent.states[i]]);
    }
    assert_string_equal(got, expected);
}

struct fake renewed(bool nominate)
{
    struct fake f = plain;
    f.first = NEW_LOCAL_UFRAG;
    f.second = NEW_REMOTE_UFRAG;
    f.pwd = NEW_LOCAL_PWD;
    f.nominate = nominate;
    return f;
}
