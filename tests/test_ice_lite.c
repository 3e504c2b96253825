/* Lite ICE in virtual time; the browser is played by the STUN writer. */
#include "test_ice_harness.h"

#define LOCAL_UFRAG "lufr"
#define LOCAL_PWD "localpasswordlocalpassword"
#define REMOTE_UFRAG "rufr"
#define REMOTE_PWD "remotepasswordremotepasswo"
#define NEW_LOCAL_UFRAG "lnew"
#define NEW_LOCAL_PWD "newlocalpasswordnewlocal"
#define NEW_REMOTE_UFRAG "rnew"

static struct agent agent;
static struct strait_path home, away;
static uint32_t transactions;

/* What a check of the fake browser says. */
struct fake {
    const char *first, *second, *pwd;
    uint32_t priority; /* 0: left out */
    bool nominate, controlled, both_roles, no_username, keep_transaction;
    uint16_t unknown;
};

static const struct fake plain = {
    .first = LOCAL_UFRAG, .second = REMOTE_UFRAG, .pwd = LOCAL_PWD, .priority = 1845501695
};

static int setup(void **state)
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

static int teardown(void **state)
{
    (void)state;
    agent_finish(&agent);
    return 0;
}

static void set_remote(const char *ufrag)
{
    struct strait_ice_parameters p = parameters(ufrag, REMOTE_PWD);
    assert_int_equal(agent.ice->ops->set_remote(agent.ice, &p), STRAIT_OK);
    assert_int_equal(agent.ice->ops->deadline(agent.ice), 0);
}

static void restart(void)
{
    struct strait_ice_parameters p = parameters(NEW_LOCAL_UFRAG, NEW_LOCAL_PWD);
    assert_int_equal(agent.ice->ops->restart(agent.ice, &p), STRAIT_OK);
    assert_int_equal(agent.ice->ops->deadline(agent.ice), 0);
}

static bool linked(const char *ufrag)
{
    return strait__table_find(&agent.ufrags, ufrag, strlen(ufrag)) != NULL;
}

static size_t write_check(uint8_t out[STRAIT__STUN_MAX], const struct fake *f)
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

/* Sends it; the answer's code (200: success, 0: none), its integrity checked against `f`'s password. */
static int ask(const struct strait_path *from, const struct fake *f)
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

static struct fake with_nomination(void)
{
    struct fake f = plain;
    f.nominate = true;
    return f;
}

static void connect_nominated(void)
{
    struct fake f = with_nomination();
    set_remote(REMOTE_UFRAG);
    assert_int_equal(ask(&home, &f), 200);
    assert_int_equal(agent.ice->state, STRAIT_ICE_COMPLETED);
}

static void pass(strait_time time)
{
    agent_forget(&agent);
    agent_run(&agent, agent.now + time);
}

static void assert_states(unsigned n, ...)
{
    va_list args;
    va_start(args, n);
    assert_int_equal(agent.n_states, n);
    for (unsigned i = 0; i < n; i++) {
        assert_int_equal(agent.states[i], va_arg(args, enum strait_ice_state));
    }
    va_end(args);
}

static void a_check_is_answered_and_validates_its_path(void **state)
{
    (void)state;
    set_remote(REMOTE_UFRAG);
    agent_advance(&agent);
    assert_states(1, STRAIT_ICE_CHECKING);
    assert_int_equal(ask(&home, &plain), 200);
    assert_states(1, STRAIT_ICE_CONNECTED);
    assert_int_equal(agent.n_validated, 1);
    assert_int_equal(agent.sends_at_validated, 0); /* before the answer */
    assert_int_equal(agent.n_selected, 1);
    assert_int_equal(agent.sends_at_selected, 1); /* after it */
    assert_true(strait__path_equal(&agent.selected, &home));
    assert_false(agent.selected_nominated);
    assert_true(agent.ice->pair.writable);

    struct fake f = with_nomination();
    assert_int_equal(ask(&home, &f), 200);
    assert_states(1, STRAIT_ICE_COMPLETED);
    assert_int_equal(agent.n_selected, 1);
    assert_true(agent.selected_nominated);
    assert_int_equal(ask(&home, &f), 200);
    assert_states(0);
    assert_int_equal(agent.n_selected, 0);
    assert_int_equal(agent.n_validated, 1);
    assert_int_equal(agent.ice->pair.requests_received, 3);
    assert_int_equal(agent.ice->pair.responses_sent, 3);
    assert_true(agent.ice->pair.last_check_received == agent.now);
}

static void an_ipv6_check_is_answered(void **state)
{
    (void)state;
    struct strait_path six = make_path("2001:db8::1", 3478, "2001:db8:1::2", 40000);
    set_remote(REMOTE_UFRAG);
    assert_int_equal(ask(&six, &plain), 200);
}

static void a_check_before_the_remotes_credentials_is_answered(void **state)
{
    (void)state;
    struct fake f = with_nomination();
    f.second = "whoever";
    assert_int_equal(ask(&home, &f), 200);
    assert_states(3, STRAIT_ICE_CHECKING, STRAIT_ICE_CONNECTED, STRAIT_ICE_COMPLETED);
    set_remote(REMOTE_UFRAG);
    assert_int_equal(ask(&home, &f), 401);
    f.second = REMOTE_UFRAG;
    assert_int_equal(ask(&home, &f), 200);
}

static void what_is_not_authentic_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    set_remote(REMOTE_UFRAG);
    agent_advance(&agent);
    struct fake wrong_pwd = plain, no_integrity = plain, no_name = plain, wrong_remote = plain;
    wrong_pwd.pwd = "wrongpasswordwrongpasswo";
    no_integrity.pwd = NULL;
    no_name.no_username = true;
    wrong_remote.second = "other";
    const struct {
        const struct fake *fake;
        int code;
    } cases[] = {
        { &wrong_pwd, 401 },
        { &no_integrity, 400 },
        { &no_name, 400 },
        { &wrong_remote, 401 },
    };
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(ask(&home, cases[i].fake), cases[i].code);
        assert_int_equal(agent.n_validated, 0);
        assert_int_equal(agent.n_selected, 0);
        assert_int_equal(agent.n_states, 0);
        assert_int_equal(agent.ice->counters.stun_integrity, i + 1);
        pass(STRAIT_S);
    }
    assert_false(agent.ice->has_path);
    assert_int_equal(agent.ice->state, STRAIT_ICE_CHECKING);
}

static void refusals_of_strangers_are_rare_and_never_longer_than_what_came(void **state)
{
    (void)state;
    struct fake f = plain;
    f.pwd = "wrongpasswordwrongpasswo";
    unsigned answers = 0;
    for (int i = 0; i < 1000; i++) {
        agent_forget(&agent);
        uint8_t out[STRAIT__STUN_MAX];
        size_t n = write_check(out, &f);
        agent_receive(&agent, &home, out, n);
        answers += agent.n_sends;
        assert_true(agent.n_sends == 0 || agent.sends[0].len <= n);
        agent.now += STRAIT_MS;
    }
    assert_int_equal(answers, 10);
    assert_int_equal(agent.ice->counters.stun_integrity, 1000);
}

static void an_unknown_required_attribute_gets_420_with_its_name(void **state)
{
    (void)state;
    struct fake f = plain;
    f.unknown = 0x7abc;
    assert_int_equal(ask(&home, &f), 420);
    const struct agent_send *s = &agent.sends[0];
    assert_non_null(memmem(s->data, s->len, "\x00\x0a\x00\x02\x7a\xbc", 6));
    assert_int_equal(agent.n_validated, 0);
    assert_int_equal(agent.ice->state, STRAIT_ICE_NEW);
}

static void priority_and_a_single_role_are_required(void **state)
{
    (void)state;
    struct fake f = plain;
    f.priority = 0;
    assert_int_equal(ask(&home, &f), 400);
    f = plain;
    f.both_roles = true;
    assert_int_equal(ask(&home, &f), 400);
    assert_int_equal(agent.n_validated, 0);
}

static void a_controlled_peer_gets_487(void **state)
{
    (void)state;
    struct fake f = with_nomination();
    f.controlled = true;
    assert_int_equal(ask(&home, &f), 487);
    assert_int_equal(agent.n_validated, 0);
    f.controlled = false;
    assert_int_equal(ask(&home, &f), 200);
    assert_int_equal(agent.ice->role, STRAIT_ICE_CONTROLLED);
}

static void unknown_optional_attributes_are_handed_on_once_authentic(void **state)
{
    (void)state;
    struct fake f = plain;
    f.unknown = 0xc057;
    assert_int_equal(ask(&home, &f), 200);
    assert_int_equal(agent.n_attributes, 1);
    assert_int_equal(agent.attribute.type, 0xc057);
    assert_int_equal(agent.attribute.len, 3);
    f.pwd = "wrongpasswordwrongpasswo";
    ask(&home, &f);
    assert_int_equal(agent.n_attributes, 0);
}

static void extra_attributes_are_in_every_answer(void **state)
{
    (void)state;
    const struct strait_stun_attribute extra = { .type = 0xc0de,
                                                 .len = 2,
                                                 .value = (const uint8_t *)"hi" };
    agent.ice->ops->set_attributes(agent.ice, &extra, 1);
    assert_int_equal(ask(&home, &plain), 200);
    assert_non_null(memmem(agent.sends[0].data, agent.sends[0].len, "\xc0\xde\x00\x02hi", 6));
    struct fake f = plain;
    f.controlled = true;
    assert_int_equal(ask(&home, &f), 487);
    assert_non_null(memmem(agent.sends[0].data, agent.sends[0].len, "\xc0\xde\x00\x02hi", 6));
    agent.ice->ops->set_attributes(agent.ice, NULL, 0);
    assert_int_equal(ask(&home, &plain), 200);
    assert_null(memmem(agent.sends[0].data, agent.sends[0].len, "\xc0\xde", 2));
}

static void a_repeated_check_is_answered_and_told(void **state)
{
    (void)state;
    struct fake f = with_nomination();
    assert_int_equal(ask(&home, &f), 200);
    f.keep_transaction = true;
    assert_int_equal(ask(&home, &f), 200);
    assert_int_equal(agent.n_repeated, 1);
    assert_int_equal(agent.sends_at_repeated, 1);
    assert_int_equal(agent.n_selected, 0);
    f.keep_transaction = false;
    assert_int_equal(ask(&home, &f), 200);
    assert_int_equal(agent.n_repeated, 0);
}

static void before_a_nomination_the_latest_path_is_used(void **state)
{
    (void)state;
    assert_int_equal(ask(&home, &plain), 200);
    assert_int_equal(ask(&away, &plain), 200);
    assert_true(strait__path_equal(&agent.ice->pair.path, &away));
    assert_int_equal(agent.n_selected, 1);
    assert_int_equal(ask(&home, &plain), 200);
    assert_true(strait__path_equal(&agent.ice->pair.path, &home));
    assert_int_equal(agent.ice->state, STRAIT_ICE_CONNECTED);
}

static void a_nominated_path_moves_by_nomination_only(void **state)
{
    (void)state;
    connect_nominated();
    pass(2 * STRAIT_S);
    assert_int_equal(ask(&away, &plain), 200);
    assert_int_equal(agent.n_validated, 1);
    assert_int_equal(agent.n_selected, 0);
    assert_true(strait__path_equal(&agent.ice->pair.path, &home));
    struct fake f = with_nomination();
    assert_int_equal(ask(&away, &f), 200);
    assert_int_equal(agent.n_selected, 1);
    assert_true(agent.selected_nominated);
    assert_true(strait__path_equal(&agent.ice->pair.path, &away));
    assert_states(0);
}

static void aggressive_nomination_does_not_flap(void **state)
{
    (void)state;
    struct fake high = with_nomination(), low = with_nomination();
    low.priority = high.priority - 1;
    assert_int_equal(ask(&away, &low), 200);
    assert_int_equal(ask(&home, &high), 200);
    assert_true(strait__path_equal(&agent.ice->pair.path, &home));
    for (int i = 0; i < 10; i++) {
        pass(20 * STRAIT_MS);
        assert_int_equal(ask(&away, &low), 200);
        assert_int_equal(agent.n_selected, 0);
        assert_int_equal(ask(&home, &high), 200);
        assert_int_equal(agent.n_selected, 0);
    }
    /* Unless the better one is dead. */
    pass(7500 * STRAIT_MS);
    assert_int_equal(ask(&away, &low), 200);
    assert_true(strait__path_equal(&agent.ice->pair.path, &away));
}

static void of_regular_nominations_the_newest_counts(void **state)
{
    (void)state;
    struct fake high = with_nomination(), low = with_nomination();
    low.priority = high.priority - 1;
    assert_int_equal(ask(&home, &plain), 200);
    assert_int_equal(ask(&home, &high), 200);
    assert_int_equal(ask(&away, &low), 200);
    assert_true(strait__path_equal(&agent.ice->pair.path, &away));
    assert_int_equal(ask(&home, &high), 200);
    assert_true(strait__path_equal(&agent.ice->pair.path, &home));
}

static void a_silent_path_is_left_without_a_nomination(void **state)
{
    (void)state;
    connect_nominated();
    pass(7499 * STRAIT_MS);
    assert_int_equal(ask(&away, &plain), 200);
    assert_true(strait__path_equal(&agent.ice->pair.path, &home));
    pass(STRAIT_MS);
    assert_states(1, STRAIT_ICE_DISCONNECTED);
    assert_int_equal(ask(&away, &plain), 200);
    assert_states(1, STRAIT_ICE_CONNECTED);
    assert_true(strait__path_equal(&agent.ice->pair.path, &away));
    assert_false(agent.ice->pair.nominated);
}

static void consent_goes_and_comes_back_before_it_is_lost(void **state)
{
    (void)state;
    connect_nominated();
    pass(7500 * STRAIT_MS - 1);
    assert_states(0);
    pass(1);
    assert_states(1, STRAIT_ICE_DISCONNECTED);
    assert_true(agent.ice->pair.writable);
    pass(20 * STRAIT_S);
    assert_states(0);
    assert_int_equal(ask(&home, &plain), 200);
    assert_states(1, STRAIT_ICE_COMPLETED);
    assert_true(agent.ice->pair.nominated);

    pass(30 * STRAIT_S - 1);
    assert_states(1, STRAIT_ICE_DISCONNECTED);
    assert_int_equal(agent.n_lost, 0);
    pass(1);
    assert_states(1, STRAIT_ICE_FAILED);
    assert_int_equal(agent.n_lost, 1);
    assert_false(agent.ice->has_path);
    assert_false(agent.ice->pair.writable);
    assert_int_equal(agent.ice->error, STRAIT_E_CONSENT);
    assert_string_not_equal(agent.ice->detail, "");
    assert_true(agent.ice->ops->deadline(agent.ice) == STRAIT_TIME_NEVER);

    /* The dead credentials bring nothing back (RFC 7675, 5.1); a restart does. */
    struct fake f = with_nomination();
    assert_int_equal(ask(&home, &f), 0);
    assert_int_equal(agent.ice->counters.stun_unexpected, 1);
    restart();
    assert_false(linked(LOCAL_UFRAG));
    f.first = NEW_LOCAL_UFRAG;
    f.pwd = NEW_LOCAL_PWD;
    f.second = NEW_REMOTE_UFRAG;
    assert_int_equal(ask(&home, &f), 200);
    assert_states(3, STRAIT_ICE_CHECKING, STRAIT_ICE_CONNECTED, STRAIT_ICE_COMPLETED);
    assert_int_equal(agent.ice->error, STRAIT_OK);
}

static void no_check_at_all_ends_in_a_timeout(void **state)
{
    (void)state;
    pass(100 * STRAIT_S);
    assert_states(0);
    set_remote(REMOTE_UFRAG);
    pass(30 * STRAIT_S - 1);
    assert_states(1, STRAIT_ICE_CHECKING);
    pass(1);
    assert_states(1, STRAIT_ICE_FAILED);
    assert_int_equal(agent.ice->error, STRAIT_E_TIMEOUT);
    assert_int_equal(agent.n_lost, 0);
}

/* The new generation of both sides. */
static struct fake renewed(bool nominate)
{
    struct fake f = plain;
    f.first = NEW_LOCAL_UFRAG;
    f.second = NEW_REMOTE_UFRAG;
    f.pwd = NEW_LOCAL_PWD;
    f.nominate = nominate;
    return f;
}

static void check_restart_side_by_side(void)
{
    struct fake old = with_nomination(), fresh = renewed(false);
    assert_true(linked(LOCAL_UFRAG) && linked(NEW_LOCAL_UFRAG));
    /* Media stay on the old path, whatever the new generation tries, and old checks are answered. */
    assert_int_equal(ask(&away, &fresh), 200);
    assert_int_equal(agent.n_validated, 1);
    assert_int_equal(agent.n_selected, 0);
    assert_int_equal(ask(&home, &old), 200);
    assert_int_equal(agent.ice->state, STRAIT_ICE_CONNECTED);
    assert_true(strait__path_equal(&agent.ice->pair.path, &home));
    for (int i = 0; i < 20; i++) {
        pass(5 * STRAIT_S);
        assert_int_equal(ask(&home, i % 2 ? &old : &fresh), 200);
        assert_int_equal(agent.n_selected, 0);
    }
    fresh.nominate = true;
    assert_int_equal(ask(&away, &fresh), 200);
    assert_int_equal(agent.n_selected, 1);
    assert_states(1, STRAIT_ICE_COMPLETED);
    assert_true(strait__path_equal(&agent.ice->pair.path, &away));
    /* And the old ones are gone. */
    assert_false(linked(LOCAL_UFRAG));
    assert_true(linked(NEW_LOCAL_UFRAG));
    old.keep_transaction = false;
    assert_int_equal(ask(&home, &old), 0);
    assert_int_equal(ask(&away, &fresh), 200);
}

static void our_restart_goes_side_by_side(void **state)
{
    (void)state;
    connect_nominated();
    restart();
    pass(0);
    assert_states(1, STRAIT_ICE_CONNECTED);
    assert_string_equal(agent.ice->local.ufrag, NEW_LOCAL_UFRAG);
    set_remote(NEW_REMOTE_UFRAG);
    check_restart_side_by_side();
}

static void the_remotes_restart_goes_side_by_side(void **state)
{
    (void)state;
    connect_nominated();
    set_remote(NEW_REMOTE_UFRAG);
    /* Between the two: the old generation is what the peer knows. */
    struct fake old = with_nomination();
    assert_int_equal(ask(&home, &old), 200);
    assert_int_equal(agent.ice->state, STRAIT_ICE_CONNECTED);
    restart();
    check_restart_side_by_side();
}

static void a_restart_is_nominated_before_the_answer_came(void **state)
{
    (void)state;
    connect_nominated();
    restart();
    struct fake f = renewed(true);
    assert_int_equal(ask(&away, &f), 200);
    assert_int_equal(agent.ice->state, STRAIT_ICE_COMPLETED);
    assert_false(linked(LOCAL_UFRAG));
    set_remote(NEW_REMOTE_UFRAG);
    assert_int_equal(ask(&away, &f), 200);
    assert_int_equal(agent.ice->state, STRAIT_ICE_COMPLETED);
}

static void a_restart_on_the_same_path_completes_as_well(void **state)
{
    (void)state;
    connect_nominated();
    restart();
    set_remote(NEW_REMOTE_UFRAG);
    struct fake f = renewed(false);
    assert_int_equal(ask(&home, &f), 200);
    assert_int_equal(agent.n_selected, 0);
    assert_true(linked(LOCAL_UFRAG));
    f.nominate = true;
    assert_int_equal(ask(&home, &f), 200);
    assert_int_equal(agent.n_selected, 1);
    assert_int_equal(agent.ice->state, STRAIT_ICE_COMPLETED);
    assert_false(linked(LOCAL_UFRAG));
}

static void restarts_in_a_row_keep_the_generation_that_has_the_path(void **state)
{
    (void)state;
    connect_nominated();
    restart();
    struct strait_ice_parameters third = parameters("third", NEW_LOCAL_PWD);
    assert_int_equal(agent.ice->ops->restart(agent.ice, &third), STRAIT_OK);
    assert_true(linked(LOCAL_UFRAG));
    assert_false(linked(NEW_LOCAL_UFRAG));
    assert_true(linked("third"));
    /* A name that is taken changes nothing. */
    struct strait_ice_parameters taken = parameters(LOCAL_UFRAG, NEW_LOCAL_PWD);
    assert_int_equal(agent.ice->ops->restart(agent.ice, &taken), STRAIT_E_EXISTS);
    assert_true(linked(LOCAL_UFRAG) && linked("third"));
    assert_string_equal(agent.ice->local.ufrag, "third");
    struct fake f = renewed(true);
    f.first = "third";
    assert_int_equal(ask(&away, &f), 200);
    assert_false(linked(LOCAL_UFRAG));
    assert_int_equal(agent.ice->state, STRAIT_ICE_COMPLETED);
}

static void a_restart_out_of_silence_takes_the_first_path(void **state)
{
    (void)state;
    connect_nominated();
    pass(10 * STRAIT_S);
    assert_states(1, STRAIT_ICE_DISCONNECTED);
    restart();
    set_remote(NEW_REMOTE_UFRAG);
    pass(0);
    assert_states(1, STRAIT_ICE_CHECKING);
    struct fake f = renewed(false);
    assert_int_equal(ask(&away, &f), 200);
    assert_states(1, STRAIT_ICE_CONNECTED);
    assert_true(strait__path_equal(&agent.ice->pair.path, &away));
}

static void a_path_is_not_stolen(void **state)
{
    (void)state;
    struct fake f = with_nomination();
    uint8_t captured[STRAIT__STUN_MAX];
    set_remote(REMOTE_UFRAG);
    size_t n = write_check(captured, &f);
    agent_receive(&agent, &home, captured, n);
    assert_int_equal(agent.ice->state, STRAIT_ICE_COMPLETED);

    pass(2 * STRAIT_S);
    struct fake forged = f;
    forged.pwd = "wrongpasswordwrongpasswo";
    ask(&away, &forged);
    forged.pwd = NULL;
    ask(&away, &forged);
    assert_true(strait__path_equal(&agent.ice->pair.path, &home));
    assert_int_equal(agent.ice->counters.stun_integrity, 2);

    /* The authentic check, from elsewhere: neither answered nor followed, though it nominates. */
    agent_forget(&agent);
    assert_true(agent_receive(&agent, &away, captured, n));
    assert_int_equal(agent.n_sends, 0);
    assert_int_equal(agent.n_validated, 0);
    assert_true(strait__path_equal(&agent.ice->pair.path, &home));
    assert_int_equal(agent.ice->counters.stun_unexpected, 1);
}

static void a_replay_is_no_sign_of_life(void **state)
{
    (void)state;
    struct fake f = with_nomination();
    uint8_t captured[STRAIT__STUN_MAX];
    set_remote(REMOTE_UFRAG);
    size_t n = write_check(captured, &f);
    agent_receive(&agent, &home, captured, n);
    for (int i = 0; i < 29; i++) {
        pass(STRAIT_S);
        agent_receive(&agent, &home, captured, n);
        assert_int_equal(agent.n_sends, 1);
    }
    assert_int_equal(agent.ice->state, STRAIT_ICE_DISCONNECTED);
    pass(STRAIT_S);
    assert_int_equal(agent.ice->state, STRAIT_ICE_FAILED);
}

static void a_path_of_another_peer_is_not_answered(void **state)
{
    (void)state;
    agent.refuse_paths = true;
    assert_int_equal(ask(&home, &plain), 0);
    assert_int_equal(agent.n_validated, 1);
    assert_int_equal(agent.ice->counters.path_taken, 1);
    assert_false(agent.ice->has_path);
    agent.refuse_paths = false;
    assert_int_equal(ask(&home, &plain), 200);
    assert_true(agent.ice->has_path);
}

static void what_is_no_request_is_counted_or_passed_over(void **state)
{
    (void)state;
    uint8_t out[STRAIT__STUN_MAX], id[STRAIT__STUN_TRANSACTION] = { 1 };
    static const struct {
        enum strait__stun_class class_;
        uint16_t method;
        unsigned unexpected;
    } cases[] = {
        { STRAIT__STUN_INDICATION, STRAIT__STUN_BINDING, 0 },
        { STRAIT__STUN_SUCCESS, STRAIT__STUN_BINDING, 1 },
        { STRAIT__STUN_ERROR, STRAIT__STUN_BINDING, 2 },
        { STRAIT__STUN_REQUEST, 3, 3 },
    };
    for (unsigned i = 0; i < 4; i++) {
        struct strait__stun_writer w;
        struct strait__stun_message m;
        strait__stun_begin(&w, out, sizeof out, cases[i].class_, cases[i].method, id);
        strait__stun_add_username(&w, LOCAL_UFRAG, REMOTE_UFRAG);
        strait__stun_add32(&w, STRAIT__STUN_PRIORITY, 1);
        int n = strait__stun_finish(&w, LOCAL_PWD, strlen(LOCAL_PWD));
        assert_int_equal(strait__stun_parse(&m, out, (size_t)n), STRAIT_OK);
        agent.ice->ops->receive(agent.ice, agent.now, &home, &m);
        assert_int_equal(agent.ice->counters.stun_unexpected, cases[i].unexpected);
    }
    assert_int_equal(agent.n_sends, 0);
    assert_int_equal(agent.n_validated, 0);
}

static void a_taken_ufrag_makes_no_agent(void **state)
{
    (void)state;
    struct strait__ice *second;
    struct strait__ice_config config = agent_config(&agent, STRAIT_ICE_CONTROLLED, LOCAL_UFRAG,
                                                    LOCAL_PWD);
    assert_int_equal(strait__ice_lite_create(&second, &config), STRAIT_E_EXISTS);
    assert_null(second);
    const struct strait__ice_ops *ops = agent.ice->ops;
    ops->destroy(agent.ice);
    ops->destroy(NULL);
    assert_int_equal(agent.ufrags.count, 0);
    assert_int_equal(strait__ice_lite_create(&agent.ice, &config), STRAIT_OK);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_check_is_answered_and_validates_its_path),
        CASE(an_ipv6_check_is_answered),
        CASE(a_check_before_the_remotes_credentials_is_answered),
        CASE(what_is_not_authentic_is_refused_and_changes_nothing),
        CASE(refusals_of_strangers_are_rare_and_never_longer_than_what_came),
        CASE(an_unknown_required_attribute_gets_420_with_its_name),
        CASE(priority_and_a_single_role_are_required),
        CASE(a_controlled_peer_gets_487),
        CASE(unknown_optional_attributes_are_handed_on_once_authentic),
        CASE(extra_attributes_are_in_every_answer),
        CASE(a_repeated_check_is_answered_and_told),
        CASE(before_a_nomination_the_latest_path_is_used),
        CASE(a_nominated_path_moves_by_nomination_only),
        CASE(aggressive_nomination_does_not_flap),
        CASE(of_regular_nominations_the_newest_counts),
        CASE(a_silent_path_is_left_without_a_nomination),
        CASE(consent_goes_and_comes_back_before_it_is_lost),
        CASE(no_check_at_all_ends_in_a_timeout),
        CASE(our_restart_goes_side_by_side),
        CASE(the_remotes_restart_goes_side_by_side),
        CASE(a_restart_is_nominated_before_the_answer_came),
        CASE(a_restart_on_the_same_path_completes_as_well),
        CASE(restarts_in_a_row_keep_the_generation_that_has_the_path),
        CASE(a_restart_out_of_silence_takes_the_first_path),
        CASE(a_path_is_not_stolen),
        CASE(a_replay_is_no_sign_of_life),
        CASE(a_path_of_another_peer_is_not_answered),
        CASE(what_is_no_request_is_counted_or_passed_over),
        CASE(a_taken_ufrag_makes_no_agent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
