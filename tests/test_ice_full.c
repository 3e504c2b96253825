/* Full ICE: two agents, or an agent and a lite one, meet over a network that loses. */
#include "test_ice_net.h"

static int by_time(const void *x, const void *y)
{
    strait_time s = *(const strait_time *)x, t = *(const strait_time *)y;
    return s < t ? -1 : s > t;
}

/* 200 seeds at one loss; prints when both were completed. */
static void meet(int role_a, int role_b, unsigned loss)
{
    enum { SEEDS = 200 };
    strait_time took[SEEDS];
    for (unsigned seed = 0; seed < SEEDS; seed++) {
        start_net(seed, role_a, role_b);
        net.loss = loss;
        net.jitter = 10 * STRAIT_MS;
        strait_time start = net.now;
        signal_all(role_a == LITE, role_b == LITE);
        assert_true(run_for(30 * STRAIT_S, both_agree));
        took[seed] = net.now - start;
        assert_mirrored();
        assert_int_not_equal(a.ice->role, b.ice->role);
        /* And it stays so, with consent. */
        run_for(60 * STRAIT_S, NULL);
        assert_int_equal(a.n_lost + b.n_lost, 0);
        stop_net();
    }
    qsort(took, SEEDS, sizeof *took, by_time);
    print_message(
        "# loss %u %%: completed after p50 %u, p90 %u, p99 %u, most %u ms\n", loss,
        (unsigned)(took[SEEDS / 2] / STRAIT_MS), (unsigned)(took[SEEDS * 9 / 10] / STRAIT_MS),
        (unsigned)(took[SEEDS * 99 / 100] / STRAIT_MS), (unsigned)(took[SEEDS - 1] / STRAIT_MS));
}

static void full_meets_full(void **state)
{
    (void)state;
    meet(STRAIT_ICE_CONTROLLING, STRAIT_ICE_CONTROLLED, 0);
    meet(STRAIT_ICE_CONTROLLED, STRAIT_ICE_CONTROLLING, 10);
    meet(STRAIT_ICE_CONTROLLING, STRAIT_ICE_CONTROLLED, 30);
}

static void full_meets_lite(void **state)
{
    (void)state;
    meet(STRAIT_ICE_CONTROLLING, LITE, 0);
    meet(LITE, STRAIT_ICE_CONTROLLING, 10);
    meet(STRAIT_ICE_CONTROLLED, LITE, 30); /* takes the role that lite leaves to it */
}

static void a_role_conflict_is_resolved(void **state)
{
    (void)state;
    meet(STRAIT_ICE_CONTROLLING, STRAIT_ICE_CONTROLLING, 0);
    meet(STRAIT_ICE_CONTROLLED, STRAIT_ICE_CONTROLLED, 0);
    meet(STRAIT_ICE_CONTROLLING, STRAIT_ICE_CONTROLLING, 30);
    meet(STRAIT_ICE_CONTROLLED, STRAIT_ICE_CONTROLLED, 30);
}

static void a_lossless_meeting_takes_two_round_trips(void **state)
{
    (void)state;
    start_net(1, STRAIT_ICE_CONTROLLING, STRAIT_ICE_CONTROLLED);
    n_a = n_b = 1;
    signal_parameters(&a, &b, false);
    signal_candidates(&a, locals_b, 1);
    signal_parameters(&b, &a, false);
    strait_time start = net.now;
    assert_true(run_for(STRAIT_S, both_completed));
    /* Check and answer, nomination (its answer is not awaited by the other side). */
    assert_true(net.now - start == 40 * STRAIT_MS);
    assert_true(a.rtt == 20 * STRAIT_MS && b.rtt == 20 * STRAIT_MS);
    assert_true(a.ice->pair.current_round_trip_time == 20 * STRAIT_MS);
    stop_net();
}

static void the_same_seed_sends_the_same_bytes(void **state)
{
    (void)state;
    uint64_t hash[3], sent[3];
    for (int i = 0; i < 3; i++) {
        start_net(i < 2 ? 11 : 12, STRAIT_ICE_CONTROLLING, STRAIT_ICE_CONTROLLED);
        net.loss = 30;
        signal_all(false, false);
        run_for(60 * STRAIT_S, NULL);
        hash[i] = net.hash;
        sent[i] = net.sent;
        stop_net();
    }
    assert_true(sent[0] > 30);
    assert_true(hash[0] == hash[1] && sent[0] == sent[1]);
    assert_true(hash[0] != hash[2]);
}

static void checks_are_paced_and_go_on_to_the_deadline(void **state)
{
    (void)state;
    start_net(1, STRAIT_ICE_CONTROLLING, STRAIT_ICE_CONTROLLED);
    a.pipe = NULL;
    signal_parameters(&a, &b, false);
    signal_candidates(&a, locals_b, n_b);
    uint8_t ids[4][STRAIT__STUN_TRANSACTION];
    strait_time first[4] = { 0 }, last = 0, start = a.now, previous = a.now;
    unsigned n_ids = 0, total = 0;
    while (a.ice->state != STRAIT_ICE_FAILED) {
        strait_time next = deadline_of(&a);
        assert_true(next <= start + 30 * STRAIT_S);
        a.now = next > a.now ? next : a.now;
        agent_forget(&a);
        a.ice->ops->advance(a.ice, a.now);
        for (unsigned i = 0; i < a.n_sends; i++) {
            const uint8_t *id = a.sends[i].data + 8;
            unsigned k = 0;
            while (k < n_ids && memcmp(ids[k], id, sizeof ids[k]) != 0) {
                k++;
            }
            if (k == n_ids) {
                assert_true(n_ids < 4);
                memcpy(ids[n_ids], id, sizeof ids[n_ids]);
                first[n_ids++] = a.now;
            }
            last = a.now;
            total++;
        }
        if (a.n_sends > 0) {
            assert_true(a.now - previous <= STRAIT_S);
            previous = a.now;
        }
    }
    assert_int_equal(n_ids, 2); /* v4 with v4, v6 with v6 */
    assert_true(first[0] == start);
    assert_true(first[1] - first[0] == 20 * STRAIT_MS);
    assert_true(last > start + 29 * STRAIT_S); /* RFC 8445's count would have ended long before */
    assert_true(total > 120 && total < 160);
    assert_true(a.now == start + 30 * STRAIT_S);
    assert_int_equal(a.ice->error, STRAIT_E_TIMEOUT);
    assert_string_not_equal(a.ice->detail, "");
    assert_int_equal(a.n_lost, 0);
    assert_int_equal(a.transactions.count, 0);
    assert_true(deadline_of(&a) == STRAIT_TIME_NEVER);
    stop_net();
}

static void an_unknown_address_is_learned(void **state)
{
    (void)state;
    start_net(1, STRAIT_ICE_CONTROLLED, STRAIT_ICE_CONTROLLING);
    signal_parameters(&a, &b, false); /* and no candidate */
    signal_parameters(&b, &a, false);
    signal_candidates(&b, locals_a, n_a);
    assert_true(run_for(5 * STRAIT_S, both_completed));
    assert_mirrored();
    stop_net();
}

static void checks_before_the_remotes_credentials_are_answered_and_remembered(void **state)
{
    (void)state;
    start_net(1, STRAIT_ICE_CONTROLLED, STRAIT_ICE_CONTROLLING);
    signal_parameters(&b, &a, false);
    signal_candidates(&b, locals_a, n_a);
    run_for(2 * STRAIT_S, NULL);
    assert_int_equal(b.ice->state, STRAIT_ICE_COMPLETED);
    assert_int_equal(a.ice->state, STRAIT_ICE_CHECKING);
    assert_true(a.n_validated > 0);
    assert_int_equal(a.n_selected, 0);
    assert_int_equal(a.ice->pair.requests_sent, 0);
    /* Now it checks what it learned, and knows what was nominated. */
    signal_parameters(&a, &b, false);
    assert_true(run_for(STRAIT_S, both_completed));
    assert_mirrored();
    stop_net();
}

static void the_better_pair_is_awaited_for_a_moment(void **state)
{
    (void)state;
    /* IPv6 has the higher priority. */
    start_net(1, STRAIT_ICE_CONTROLLING, STRAIT_ICE_CONTROLLED);
    net.slow = locals_b[1];
    signal_all(false, false);
    strait_time start = net.now;
    assert_true(run_for(5 * STRAIT_S, both_completed));
    assert_int_equal(a.ice->pair.path.local.ss_family, AF_INET);
    assert_true(net.now - start >= 100 * STRAIT_MS && net.now - start < 300 * STRAIT_MS);
    assert_mirrored();
    stop_net();

    start_net(1, STRAIT_ICE_CONTROLLING, STRAIT_ICE_CONTROLLED);
    net.slow = locals_b[0];
    signal_all(false, false);
    assert_true(run_for(5 * STRAIT_S, both_completed));
    assert_int_equal(a.ice->pair.path.local.ss_family, AF_INET6);
    stop_net();
}

static void the_peer_hears_that_an_answer_was_lost(void **state)
{
    (void)state;
    start_net(5, STRAIT_ICE_CONTROLLING, STRAIT_ICE_CONTROLLED);
    net.mute = &b;
    signal_all(false, false);
    run_for(STRAIT_S, NULL);
    assert_true(b.n_repeated >= 2);
    assert_true(b.n_repeated <= 10);
    net.mute = NULL;
    assert_true(run_for(2 * STRAIT_S, both_completed));
    stop_net();
}

static void requests_carry_the_extra_attributes(void **state)
{
    (void)state;
    start_net(5, STRAIT_ICE_CONTROLLING, STRAIT_ICE_CONTROLLED);
    const struct strait_stun_attribute extra = { .type = 0xc0de,
                                                 .len = 2,
                                                 .value = (const uint8_t *)"hi" };
    a.ice->ops->set_attributes(a.ice, &extra, 1);
    signal_all(false, false);
    run_for(STRAIT_S, both_completed);
    assert_true(b.n_attributes >= 2);
    assert_int_equal(b.attribute.type, 0xc0de);
    assert_int_equal(a.n_attributes, 0);
    stop_net();
}

static void a_repeated_check_measures_nothing(void **state)
{
    (void)state;
    start_net(5, STRAIT_ICE_CONTROLLING, STRAIT_ICE_CONTROLLED);
    net.delay = 250 * STRAIT_MS; /* longer than the first wait */
    n_a = n_b = 1;
    signal_parameters(&a, &b, false);
    signal_candidates(&a, locals_b, 1);
    signal_parameters(&b, &a, false);
    assert_true(run_for(5 * STRAIT_S, both_completed));
    assert_int_equal(a.n_rtt + b.n_rtt, 0);
    run_for(10 * STRAIT_S, NULL); /* consent checks are sent once */
    assert_true(a.n_rtt > 0 && a.rtt == 500 * STRAIT_MS);
    stop_net();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(full_meets_full),
        cmocka_unit_test(full_meets_lite),
        cmocka_unit_test(a_role_conflict_is_resolved),
        cmocka_unit_test(a_lossless_meeting_takes_two_round_trips),
        cmocka_unit_test(the_same_seed_sends_the_same_bytes),
        cmocka_unit_test(checks_are_paced_and_go_on_to_the_deadline),
        cmocka_unit_test(an_unknown_address_is_learned),
        cmocka_unit_test(checks_before_the_remotes_credentials_are_answered_and_remembered),
        cmocka_unit_test(the_better_pair_is_awaited_for_a_moment),
        cmocka_unit_test(the_peer_hears_that_an_answer_was_lost),
        cmocka_unit_test(requests_carry_the_extra_attributes),
        cmocka_unit_test(a_repeated_check_measures_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
