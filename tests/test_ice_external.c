/* External ICE: the host's word on the path. */
#include "test_ice_harness.h"

static struct agent agent;
static struct strait_path home, away;

static int setup(void **state)
{
    (void)state;
    agent_init(&agent, 1);
    struct strait__ice_config config = agent_config(&agent, STRAIT_ICE_CONTROLLING, "lufr",
                                                    "localpasswordlocalpassword");
    assert_int_equal(strait__ice_external_create(&agent.ice, &config), STRAIT_OK);
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

static void set_path(const struct strait_path *path, strait_time rtt)
{
    agent_forget(&agent);
    assert_int_equal(agent.ice->ops->set_path(agent.ice, path, rtt), STRAIT_OK);
    assert_int_equal(agent.n_states + agent.n_selected + agent.n_validated + agent.n_lost, 0);
    assert_int_equal(agent.ice->ops->deadline(agent.ice), 0);
    agent_advance(&agent);
}

static void a_path_comes_moves_and_goes(void **state)
{
    (void)state;
    struct strait_ice_parameters remote = parameters("rufr", "remotepasswordremotepassw");
    assert_int_equal(agent.ice->ops->set_remote(agent.ice, &remote), STRAIT_OK);
    agent_run(&agent, agent.now + 1000 * STRAIT_S);
    assert_int_equal(agent.n_states, 1);
    assert_int_equal(agent.ice->state, STRAIT_ICE_CHECKING);

    set_path(&home, 20 * STRAIT_MS);
    assert_int_equal(agent.n_validated, 1);
    assert_int_equal(agent.n_selected, 1);
    assert_true(agent.selected_nominated);
    assert_int_equal(agent.n_rtt, 1);
    assert_true(agent.rtt == 20 * STRAIT_MS);
    assert_int_equal(agent.n_states, 2);
    assert_int_equal(agent.states[0], STRAIT_ICE_CONNECTED);
    assert_int_equal(agent.states[1], STRAIT_ICE_COMPLETED);

    set_path(&home, 0); /* the same again: nothing new but its validity */
    assert_int_equal(agent.n_selected, 0);
    assert_int_equal(agent.n_rtt, 0);
    set_path(&away, 0);
    assert_int_equal(agent.n_selected, 1);
    assert_true(strait__path_equal(&agent.selected, &away));
    assert_int_equal(agent.n_states, 0);

    set_path(NULL, 0);
    assert_int_equal(agent.n_lost, 1);
    assert_int_equal(agent.ice->state, STRAIT_ICE_DISCONNECTED);
    assert_false(agent.ice->pair.writable);
    set_path(NULL, 0);
    assert_int_equal(agent.n_lost, 0);
    set_path(&home, 0);
    assert_int_equal(agent.n_selected, 1);
    assert_int_equal(agent.ice->state, STRAIT_ICE_COMPLETED);
    assert_true(agent.ice->ops->deadline(agent.ice) == STRAIT_TIME_NEVER);
}

static void the_last_word_before_the_advance_counts(void **state)
{
    (void)state;
    agent.ice->ops->set_path(agent.ice, &home, 0);
    agent.ice->ops->set_path(agent.ice, NULL, 0);
    agent_advance(&agent);
    assert_int_equal(agent.n_validated, 0);
    assert_int_equal(agent.ice->state, STRAIT_ICE_NEW);
}

static void a_path_of_another_peer_is_not_taken(void **state)
{
    (void)state;
    agent.refuse_paths = true;
    set_path(&home, 0);
    assert_int_equal(agent.n_selected, 0);
    assert_int_equal(agent.ice->counters.path_taken, 1);
    assert_int_equal(agent.ice->state, STRAIT_ICE_NEW);
}

static void stun_is_unexpected(void **state)
{
    (void)state;
    struct strait__stun_message m = { .class_ = STRAIT__STUN_REQUEST,
                                      .method = STRAIT__STUN_BINDING };
    agent.ice->ops->receive(agent.ice, agent.now, &home, &m);
    assert_int_equal(agent.ice->counters.stun_unexpected, 1);
    assert_int_equal(agent.n_sends, 0);
}

static void a_restart_renames_and_the_next_path_completes_it(void **state)
{
    (void)state;
    set_path(&home, 0);
    struct strait_ice_parameters fresh = parameters("lnew", "localpasswordlocalpassword");
    assert_int_equal(agent.ice->ops->restart(agent.ice, &fresh), STRAIT_OK);
    agent_advance(&agent);
    assert_int_equal(agent.ice->state, STRAIT_ICE_CONNECTED);
    assert_true(agent.ice->has_path);
    assert_int_equal(agent.ufrags.count, 2);
    set_path(&away, 0);
    assert_int_equal(agent.ice->state, STRAIT_ICE_COMPLETED);
    assert_int_equal(agent.ufrags.count, 1);
    assert_non_null(strait__table_find(&agent.ufrags, "lnew", 4));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_path_comes_moves_and_goes),
        CASE(the_last_word_before_the_advance_counts),
        CASE(a_path_of_another_peer_is_not_taken),
        CASE(stun_is_unexpected),
        CASE(a_restart_renames_and_the_next_path_completes_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
