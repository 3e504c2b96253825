/* Lite ICE: what is answered, and how. */
#include "test_ice_browser.h"

static void a_check_is_answered_and_validates_its_path(void **state)
{
    (void)state;
    set_remote(REMOTE_UFRAG);
    agent_advance(&agent);
    assert_states("checking");
    assert_int_equal(ask(&home, &plain), 200);
    assert_states("connected");
    assert_int_equal(agent.n_validated, 1);
    assert_int_equal(agent.sends_at_validated, 0); /* before the answer */
    assert_int_equal(agent.n_selected, 1);
    assert_int_equal(agent.sends_at_selected, 1); /* after it */
    assert_true(strait__path_equal(&agent.selected, &home));
    assert_false(agent.selected_nominated);
    assert_true(agent.ice->pair.writable);

    struct fake f = with_nomination();
    assert_int_equal(ask(&home, &f), 200);
    assert_states("completed");
    assert_int_equal(agent.n_selected, 1);
    assert_true(agent.selected_nominated);
    assert_int_equal(ask(&home, &f), 200);
    assert_states("");
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
    assert_states("checking connected completed");
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
        CASE(a_path_of_another_peer_is_not_answered),
        CASE(what_is_no_request_is_counted_or_passed_over),
        CASE(a_taken_ufrag_makes_no_agent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
