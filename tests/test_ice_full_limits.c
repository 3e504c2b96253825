/* Full ICE: answers that do not count, limits, failing memory and randomness. */
#include <stdio.h>

#include "test_ice_net.h"

static struct packet answer_to_the_first_check(void)
{
    start_net(5, STRAIT_ICE_CONTROLLING, STRAIT_ICE_CONTROLLED);
    n_a = n_b = 1;
    signal_parameters(&a, &b, false);
    signal_candidates(&a, locals_b, 1);
    while (true) {
        struct packet *p = first_packet();
        if (p != NULL && p->to == &a && p->data[0] == 1) {
            p->used = false;
            net.now = a.now = b.now = p->at;
            return *p;
        }
        run_for(STRAIT_MS, NULL);
        assert_true(net.now < 10 * STRAIT_S);
    }
}

static void an_answer_counts_only_from_where_the_check_went_to(void **state)
{
    (void)state;
    struct packet answer = answer_to_the_first_check();
    struct strait_path wrong = answer.path;
    strait__address_set_port(&wrong.remote, 1);
    assert_true(agent_receive(&a, &wrong, answer.data, answer.len));
    wrong = answer.path;
    wrong.socket++;
    assert_true(agent_receive(&a, &wrong, answer.data, answer.len));
    assert_int_equal(a.ice->counters.stun_unexpected, 2);
    assert_int_equal(a.n_validated, 0);

    /* Without the right integrity: another password, another byte under it. */
    struct strait__stun_writer w;
    uint8_t forged[STRAIT__STUN_MAX];
    strait__stun_begin(&w, forged, sizeof forged, STRAIT__STUN_SUCCESS, STRAIT__STUN_BINDING,
                       answer.data + 8);
    strait__stun_add_xor_mapped(&w, &locals_a[0].local);
    int n = strait__stun_finish(&w, "passwordofthefirstagent", 23);
    assert_true(agent_receive(&a, &answer.path, forged, (size_t)n));
    assert_int_equal(a.ice->counters.stun_integrity, 1);
    strait__stun_begin(&w, forged, sizeof forged, STRAIT__STUN_ERROR, STRAIT__STUN_BINDING,
                       answer.data + 8);
    strait__stun_add_error(&w, 487, NULL);
    n = strait__stun_finish(&w, NULL, 0);
    assert_true(agent_receive(&a, &answer.path, forged, (size_t)n));
    assert_int_equal(a.ice->counters.stun_integrity, 2);
    assert_int_equal(a.ice->role, STRAIT_ICE_CONTROLLING);
    assert_int_equal(a.n_validated, 0);

    assert_true(agent_receive(&a, &answer.path, answer.data, answer.len));
    assert_int_equal(a.n_validated, 1);
    assert_int_equal(a.ice->state, STRAIT_ICE_CONNECTED);
    /* And once only. */
    assert_false(agent_receive(&a, &answer.path, answer.data, answer.len));
    stop_net();
}

static void an_authentic_error_fails_the_pair(void **state)
{
    (void)state;
    struct packet answer = answer_to_the_first_check();
    struct strait__stun_writer w;
    uint8_t out[STRAIT__STUN_MAX];
    strait__stun_begin(&w, out, sizeof out, STRAIT__STUN_ERROR, STRAIT__STUN_BINDING,
                       answer.data + 8);
    strait__stun_add_error(&w, 400, NULL);
    int n = strait__stun_finish(&w, "passwordofthesecondagent", 24);
    uint64_t sent = a.ice->pair.requests_sent;
    assert_true(agent_receive(&a, &answer.path, out, (size_t)n));
    assert_int_equal(a.ice->state, STRAIT_ICE_CHECKING);
    net.mute = &b;
    run_for(20 * STRAIT_S, NULL);
    assert_true(a.ice->pair.requests_sent == sent);
    run_for(20 * STRAIT_S, NULL);
    assert_int_equal(a.ice->error, STRAIT_E_TIMEOUT);
    stop_net();
}

static void a_path_of_another_peer_is_no_pair(void **state)
{
    (void)state;
    start_net(5, STRAIT_ICE_CONTROLLING, STRAIT_ICE_CONTROLLED);
    a.refuse_paths = true;
    signal_all(false, false);
    run_for(10 * STRAIT_S, NULL);
    assert_int_equal(a.n_selected, 0);
    assert_true(a.ice->counters.path_taken > 0);
    stop_net();
}

static void candidates_have_their_limits(void **state)
{
    (void)state;
    start_net(5, STRAIT_ICE_CONTROLLING, STRAIT_ICE_CONTROLLED);
    struct strait_candidate c;
    assert_int_equal(strait_candidate_host(&c, (struct sockaddr *)&locals_b[0].local, 1),
                     STRAIT_OK);
    c.protocol = STRAIT_CANDIDATE_TCP;
    c.tcp_type = STRAIT_TCP_PASSIVE;
    assert_int_equal(a.ice->ops->add_candidate(a.ice, &c), STRAIT_E_UNSUPPORTED);
    assert_int_equal(strait_candidate_parse(&c, "candidate:1 1 udp 1 x.local 9 typ host", 38),
                     STRAIT_OK);
    assert_int_equal(a.ice->ops->add_candidate(a.ice, &c),
                     STRAIT_OK); /* known, and not looked up */
    assert_int_equal(a.ice->counters.unresolved, 1);
    assert_int_equal(strait_candidate_parse(&c, "candidate:1 1 udp 1 example.org 9 typ host", 42),
                     STRAIT_OK);
    assert_int_equal(a.ice->ops->add_candidate(a.ice, &c), STRAIT_E_UNSUPPORTED);
    assert_int_equal(strait_candidate_parse(&c, "candidate:1 2 udp 1 192.0.2.2 9 typ host", 40),
                     STRAIT_OK);
    assert_int_equal(a.ice->ops->add_candidate(a.ice, &c), STRAIT_E_UNSUPPORTED);
    for (uint16_t i = 0; i < 40; i++) {
        struct strait_path p = local_path("203.0.113.5", (uint16_t)(1000 + i), 0);
        strait_candidate_host(&c, (struct sockaddr *)&p.local, 1);
        assert_int_equal(a.ice->ops->add_candidate(a.ice, &c), i < 32 ? STRAIT_OK : STRAIT_E_LIMIT);
        assert_int_equal(a.ice->ops->add_candidate(a.ice, &c), i < 32 ? STRAIT_OK : STRAIT_E_LIMIT);
    }
    stop_net();
}

static void pairs_have_their_limit_and_the_best_stay(void **state)
{
    (void)state;
    start_net(5, STRAIT_ICE_CONTROLLING, STRAIT_ICE_CONTROLLED);
    a.ice->ops->destroy(a.ice);
    for (size_t i = 0; i < MAX_LOCALS; i++) {
        locals_a[i] = local_path("192.0.2.1", (uint16_t)(5000 + i), (uint32_t)i);
    }
    n_a = MAX_LOCALS;
    agent_finish(&(struct agent){ .hooks = a.hooks }); /* nothing linked is left */
    strait__table_finish(&a.ufrags);
    strait__table_finish(&a.transactions);
    make(&a, 9, STRAIT_ICE_CONTROLLING, "aaaa", "passwordofthefirstagent", locals_a, n_a);
    a.pipe = NULL;
    signal_parameters(&a, &b, false);
    for (uint16_t i = 0; i < 32; i++) { /* the best comes last */
        struct strait_candidate c;
        char host[32];
        snprintf(host, sizeof host, "203.0.113.%u", i);
        struct strait_path p = local_path(host, (uint16_t)(1000 + i), 0);
        strait_candidate_host(&c, (struct sockaddr *)&p.local, (uint16_t)(1 + i));
        assert_int_equal(a.ice->ops->add_candidate(a.ice, &c), STRAIT_OK);
    }
    bool seen[32][MAX_LOCALS] = { { false } };
    unsigned different = 0;
    strait_time end = a.now + 29 * STRAIT_S;
    while (deadline_of(&a) < end) {
        a.now = deadline_of(&a) > a.now ? deadline_of(&a) : a.now;
        agent_forget(&a);
        a.ice->ops->advance(a.ice, a.now);
        assert_true(a.n_sends <= 100);
        for (unsigned i = 0; i < a.n_sends; i++) {
            unsigned r = strait__address_port(&a.sends[i].path.remote) - 1000u;
            different += !seen[r][a.sends[i].path.socket];
            seen[r][a.sends[i].path.socket] = true;
        }
    }
    assert_int_equal(different, 100);
    for (unsigned i = 0; i < MAX_LOCALS; i++) {
        assert_true(seen[31][i]);
        assert_false(seen[0][i]);
    }
    /* The rate: with all of them pending about one check in 20 ms. */
    assert_true(a.ice->pair.requests_sent < 29 * 50 + 200);
    stop_net();
}

static void link_local_addresses_pair_among_themselves(void **state)
{
    (void)state;
    start_net(5, STRAIT_ICE_CONTROLLING, STRAIT_ICE_CONTROLLED);
    a.pipe = NULL;
    signal_parameters(&a, &b, false);
    struct strait_candidate c;
    struct strait_path p = local_path("fe80::1", 1000, 0);
    strait_candidate_host(&c, (struct sockaddr *)&p.local, 1);
    assert_int_equal(a.ice->ops->add_candidate(a.ice, &c), STRAIT_OK);
    agent_run(&a, a.now + 20 * STRAIT_S);
    assert_int_equal(a.n_sends, 0);
    stop_net();
}

/* --- Failing memory and randomness -------------------------------------------------------------- */

static int no_random(void *user, uint8_t *out, size_t bytes)
{
    (void)user;
    (void)out;
    (void)bytes;
    return -1;
}

static void *no_memory(void *user, size_t bytes)
{
    (void)user;
    (void)bytes;
    return NULL;
}

static void no_free(void *user, void *memory)
{
    (void)user;
    (void)memory;
}

static void what_cannot_be_made_says_so(void **state)
{
    (void)state;
    struct agent x;
    agent_init(&x, 1);
    struct strait__ice *ice = NULL;
    struct strait__ice_config config = agent_config(&x, STRAIT_ICE_CONTROLLED, "aaaa",
                                                    "passwordofthefirstagent");
    struct strait_hooks broken = x.hooks;
    config.hooks = &broken;
    broken.random = no_random;
    assert_int_equal(strait__ice_full_create(&ice, &config), STRAIT_E_RANDOM);
    broken = x.hooks;
    broken.alloc = no_memory;
    broken.free = no_free;
    assert_int_equal(strait__ice_full_create(&ice, &config), STRAIT_E_NOMEM);
    assert_int_equal(strait__ice_lite_create(&ice, &config), STRAIT_E_NOMEM);
    assert_int_equal(strait__ice_external_create(&ice, &config), STRAIT_E_NOMEM);
    config.hooks = &x.hooks;
    config.n_locals = 33;
    assert_int_equal(strait__ice_full_create(&ice, &config), STRAIT_E_LIMIT);
    config.n_locals = 0;
    assert_null(ice);
    assert_int_equal(strait__ice_full_create(&x.ice, &config), STRAIT_OK);
    assert_int_equal(strait__ice_full_create(&ice, &config), STRAIT_E_EXISTS);
    assert_null(ice);
    agent_finish(&x);
}

static void a_source_of_random_bytes_that_fails_for_a_while_only_delays(void **state)
{
    (void)state;
    start_net(5, STRAIT_ICE_CONTROLLING, STRAIT_ICE_CONTROLLED);
    signal_all(false, false);
    a.hooks.random = no_random;
    run_for(STRAIT_S, NULL);
    assert_int_equal(a.ice->pair.requests_sent, 0);
    a.hooks.random = agent_random;
    assert_true(run_for(STRAIT_S, both_completed));
    stop_net();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_counts_only_from_where_the_check_went_to),
        cmocka_unit_test(an_authentic_error_fails_the_pair),
        cmocka_unit_test(a_path_of_another_peer_is_no_pair),
        cmocka_unit_test(candidates_have_their_limits),
        cmocka_unit_test(pairs_have_their_limit_and_the_best_stay),
        cmocka_unit_test(link_local_addresses_pair_among_themselves),
        cmocka_unit_test(what_cannot_be_made_says_so),
        cmocka_unit_test(a_source_of_random_bytes_that_fails_for_a_while_only_delays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
