/* Full ICE after it has connected: consent, other paths, restarts, theft. */
#include "test_ice_net.h"

static strait_time time_of_state(struct agent *x, enum strait_ice_state state)
{
    while (x->ice->state != state) {
        strait_time next = deadline_of(&a) < deadline_of(&b) ? deadline_of(&a) : deadline_of(&b);
        struct packet *p = first_packet();
        next = p != NULL && p->at < next ? p->at : next;
        run_for(next > net.now ? next - net.now : 0, NULL);
        assert_true(net.now < 1000 * STRAIT_S);
    }
    return net.now;
}

static void lost_consent_ends_sending(void **state)
{
    (void)state;
    start_net(3, STRAIT_ICE_CONTROLLING, STRAIT_ICE_CONTROLLED);
    signal_all(false, false);
    assert_true(run_for(STRAIT_S, both_completed));
    uint64_t before = a.ice->pair.consent_requests_sent;
    run_for(300 * STRAIT_S, NULL);
    uint64_t checks = a.ice->pair.consent_requests_sent - before;
    assert_true(checks >= 50 && checks <= 75); /* each 4 to 6 s */
    assert_true(both_completed());

    net.mute = &b; /* a's checks arrive, no answer comes back */
    strait_time start = net.now;
    strait_time silent = time_of_state(&a, STRAIT_ICE_DISCONNECTED) - start;
    assert_true(silent >= 7500 * STRAIT_MS && silent <= 13500 * STRAIT_MS);
    assert_true(a.ice->has_path && a.ice->pair.writable);
    strait_time lost = time_of_state(&a, STRAIT_ICE_FAILED) - start;
    assert_true(lost > 23 * STRAIT_S && lost <= 30 * STRAIT_S);
    assert_int_equal(a.n_lost, 1);
    assert_int_equal(a.ice->error, STRAIT_E_CONSENT);
    assert_false(a.ice->has_path);
    /* It does not answer any more, so b loses its consent as well. */
    net.mute = NULL;
    time_of_state(&b, STRAIT_ICE_FAILED);
    assert_int_equal(b.ice->error, STRAIT_E_CONSENT);
    assert_int_equal(a.transactions.count + b.transactions.count, 0);
    run_for(60 * STRAIT_S, NULL);
    assert_int_equal(a.ice->state, STRAIT_ICE_FAILED);
    stop_net();
}

static void a_path_that_comes_back_in_time_is_completed_again(void **state)
{
    (void)state;
    start_net(3, STRAIT_ICE_CONTROLLING, STRAIT_ICE_CONTROLLED);
    signal_all(false, false);
    assert_true(run_for(STRAIT_S, both_completed));
    net.mute = &b;
    time_of_state(&a, STRAIT_ICE_DISCONNECTED);
    run_for(3 * STRAIT_S, NULL);
    net.mute = NULL;
    assert_true(run_for(10 * STRAIT_S, both_completed));
    assert_int_equal(a.n_lost + b.n_lost, 0);
    run_for(20 * STRAIT_S, NULL);
    assert_mirrored();
    stop_net();
}

static void when_the_path_dies_another_pair_takes_over(void **state)
{
    (void)state;
    start_net(3, STRAIT_ICE_CONTROLLING, STRAIT_ICE_CONTROLLED);
    signal_all(false, false);
    assert_true(run_for(STRAIT_S, both_completed));
    assert_int_equal(a.ice->pair.path.local.ss_family, AF_INET6);
    net.hidden = locals_b[1].local; /* nothing reaches it under its name any more */
    assert_true(strait__address_parse(&net.shown, "2001:db8:9::1", 1));
    locals_b[1].local = net.shown;
    run_for(28 * STRAIT_S, NULL);
    assert_true(both_completed());
    assert_int_equal(a.ice->pair.path.local.ss_family, AF_INET);
    assert_mirrored();
    assert_int_equal(a.n_lost + b.n_lost, 0);
    locals_b[1].local = net.hidden;
    stop_net();
}

static void restart(struct agent *x, const char *ufrag)
{
    struct strait_ice_parameters p = parameters(ufrag, "anotherpasswordofanagent");
    assert_int_equal(x->ice->ops->restart(x->ice, &p), STRAIT_OK);
    assert_int_equal(deadline_of(x), 0);
}

static bool restarted(void)
{
    return both_agree() && a.ufrags.count == 1 && b.ufrags.count == 1;
}

/* `first` restarts, the other answers after `gap`; the answer arrives after another. */
static void restart_both(uint64_t seed, int role_a, int role_b, unsigned loss, strait_time gap)
{
    start_net(seed, role_a, role_b);
    signal_all(role_a == LITE, role_b == LITE);
    assert_true(run_for(5 * STRAIT_S, both_completed));
    net.loss = loss;
    struct agent *first = seed % 2 ? &a : &b, *second = seed % 2 ? &b : &a;
    restart(first, "new1");
    run_for(gap, NULL);
    assert_int_equal(first->ufrags.count, 2);
    signal_parameters(second, first, (first == &a ? role_a : role_b) == LITE);
    signal_candidates(second, first == &a ? locals_a : locals_b, 2);
    run_for(gap / 3, NULL);
    restart(second, "new2");
    run_for(gap, NULL);
    signal_parameters(first, second, (second == &a ? role_a : role_b) == LITE);
    signal_candidates(first, second == &a ? locals_a : locals_b, 2);
    if (!run_for(25 * STRAIT_S, restarted)) {
        fail_msg("seed %u roles %d %d loss %u gap %u ms", (unsigned)seed, role_a, role_b, loss,
                 (unsigned)(gap / STRAIT_MS));
    }
    assert_int_equal(a.n_lost + b.n_lost, 0); /* media had a path all the time */
    assert_mirrored();
    run_for(60 * STRAIT_S, NULL);
    assert_true(both_completed() || loss > 0);
    assert_int_equal(a.n_lost + b.n_lost, 0);
    stop_net();
}

static void a_restart_keeps_the_path_until_the_new_nomination(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < 100; seed++) {
        unsigned loss = seed % 3 * 15;
        restart_both(seed, STRAIT_ICE_CONTROLLING, STRAIT_ICE_CONTROLLED, loss, 0);
        restart_both(seed, STRAIT_ICE_CONTROLLED, STRAIT_ICE_CONTROLLING, loss, 300 * STRAIT_MS);
        restart_both(seed, LITE, STRAIT_ICE_CONTROLLING, loss, 300 * STRAIT_MS);
        restart_both(seed, STRAIT_ICE_CONTROLLING, STRAIT_ICE_CONTROLLED, loss, 10 * STRAIT_S);
    }
}

static void a_restart_brings_a_failed_session_back(void **state)
{
    (void)state;
    start_net(1, STRAIT_ICE_CONTROLLING, STRAIT_ICE_CONTROLLED);
    signal_all(false, false);
    assert_true(run_for(5 * STRAIT_S, both_completed));
    net.loss = 100;
    run_for(40 * STRAIT_S, NULL);
    assert_int_equal(a.ice->state, STRAIT_ICE_FAILED);
    assert_int_equal(b.ice->state, STRAIT_ICE_FAILED);
    net.loss = 0;
    restart(&a, "new1");
    signal_parameters(&b, &a, false);
    signal_candidates(&b, locals_a, n_a);
    restart(&b, "new2");
    signal_parameters(&a, &b, false);
    signal_candidates(&a, locals_b, n_b);
    assert_true(run_for(5 * STRAIT_S, both_completed));
    assert_int_equal(a.ice->error, STRAIT_OK);
    assert_mirrored();
    stop_net();
}

static void a_moved_peer_is_followed(void **state)
{
    (void)state;
    /* b's NAT gives it another address; b, controlling, does not know. */
    start_net(5, STRAIT_ICE_CONTROLLED, STRAIT_ICE_CONTROLLING);
    n_a = n_b = 1;
    signal_parameters(&a, &b, false);
    signal_candidates(&a, locals_b, 1);
    signal_parameters(&b, &a, false);
    signal_candidates(&b, locals_a, 1);
    assert_true(run_for(5 * STRAIT_S, both_completed));
    net.hidden = locals_b[0].local;
    assert_true(strait__address_parse(&net.shown, "198.51.100.9", 999));
    run_for(25 * STRAIT_S, NULL);
    assert_false(any_failed());
    assert_true(strait__address_equal(&a.ice->pair.path.remote, &net.shown));
    assert_int_equal(a.n_lost + b.n_lost, 0);
    run_for(100 * STRAIT_S, NULL);
    assert_false(any_failed());
    stop_net();
}

static void a_replayed_nomination_moves_nothing(void **state)
{
    (void)state;
    start_net(5, STRAIT_ICE_CONTROLLED, STRAIT_ICE_CONTROLLING);
    net.captive = &b;
    signal_all(false, false);
    assert_true(run_for(5 * STRAIT_S, both_completed));
    assert_true(net.captured.len > 0);
    run_for(STRAIT_S, NULL);
    struct strait_path thief = a.ice->pair.path;
    assert_true(strait__address_parse(&thief.remote, "203.0.113.66", 666));
    unsigned selected = a.n_selected, validated = a.n_validated;
    uint64_t sent = net.sent;
    assert_true(agent_receive(&a, &thief, net.captured.data, net.captured.len));
    assert_int_equal(a.n_selected, selected);
    assert_int_equal(a.n_validated, validated);
    assert_true(net.sent == sent);
    /* Once it is forgotten it is answered, and our own check, which nobody answers, decides. */
    run_for(400 * STRAIT_S, NULL);
    assert_true(agent_receive(&a, &thief, net.captured.data, net.captured.len));
    run_for(20 * STRAIT_S, NULL);
    assert_true(both_completed());
    assert_mirrored();
    stop_net();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lost_consent_ends_sending),
        cmocka_unit_test(a_path_that_comes_back_in_time_is_completed_again),
        cmocka_unit_test(when_the_path_dies_another_pair_takes_over),
        cmocka_unit_test(a_restart_keeps_the_path_until_the_new_nomination),
        cmocka_unit_test(a_restart_brings_a_failed_session_back),
        cmocka_unit_test(a_moved_peer_is_followed),
        cmocka_unit_test(a_replayed_nomination_moves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
