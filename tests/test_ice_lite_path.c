/* Lite ICE: which path is used, consent, restarts, theft. */
#include "test_ice_browser.h"

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
    assert_states("");
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
    assert_states("disconnected");
    assert_int_equal(ask(&away, &plain), 200);
    assert_states("connected");
    assert_true(strait__path_equal(&agent.ice->pair.path, &away));
    assert_false(agent.ice->pair.nominated);
}

static void consent_goes_and_comes_back_before_it_is_lost(void **state)
{
    (void)state;
    connect_nominated();
    pass(7500 * STRAIT_MS - 1);
    assert_states("");
    pass(1);
    assert_states("disconnected");
    assert_true(agent.ice->pair.writable);
    pass(20 * STRAIT_S);
    assert_states("");
    assert_int_equal(ask(&home, &plain), 200);
    assert_states("completed");
    assert_true(agent.ice->pair.nominated);

    pass(30 * STRAIT_S - 1);
    assert_states("disconnected");
    assert_int_equal(agent.n_lost, 0);
    pass(1);
    assert_states("failed");
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
    assert_states("checking connected completed");
    assert_int_equal(agent.ice->error, STRAIT_OK);
}

static void no_check_at_all_ends_in_a_timeout(void **state)
{
    (void)state;
    pass(100 * STRAIT_S);
    assert_states("");
    set_remote(REMOTE_UFRAG);
    pass(30 * STRAIT_S - 1);
    assert_states("checking");
    pass(1);
    assert_states("failed");
    assert_int_equal(agent.ice->error, STRAIT_E_TIMEOUT);
    assert_int_equal(agent.n_lost, 0);
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
    assert_states("completed");
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
    assert_states("connected");
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
    assert_states("disconnected");
    restart();
    set_remote(NEW_REMOTE_UFRAG);
    pass(0);
    assert_states("checking");
    struct fake f = renewed(false);
    assert_int_equal(ask(&away, &f), 200);
    assert_states("connected");
    assert_true(strait__path_equal(&agent.ice->pair.path, &away));
}

static void a_restart_outlives_the_old_path(void **state)
{
    (void)state;
    connect_nominated();
    restart();
    pass(30 * STRAIT_S);
    assert_states("connected disconnected checking");
    assert_int_equal(agent.n_lost, 1);
    assert_int_equal(agent.ice->error, STRAIT_OK);
    assert_false(linked(LOCAL_UFRAG));
    struct fake f = renewed(true);
    assert_int_equal(ask(&away, &f), 200);
    assert_states("connected completed");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
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
        CASE(a_restart_outlives_the_old_path),
        CASE(a_path_is_not_stolen),
        CASE(a_replay_is_no_sign_of_life),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
