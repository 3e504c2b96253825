/*
 * Anything at any time: restarts, half the signalling, lost, changed and replayed datagrams, callbacks
 * that restart. Nothing may break while it lasts, and when it is over a restart of both sides connects.
 */
#include "test_ice_net.h"

enum { SEEDS = 150, STEPS = 120 };

static bool wild;
static unsigned n_names;

static void wild_restart(struct agent *x)
{
    struct strait_ice_parameters p = parameters("name", "passwordofsomegeneration");
    p.ufrag[4] = (char)('a' + n_names % 26);
    p.ufrag[5] = (char)('a' + n_names / 26 % 26);
    p.ufrag[6] = (char)('a' + n_names++ / 676 % 26);
    assert_int_equal(x->ice->ops->restart(x->ice, &p), STRAIT_OK);
}

static void perhaps_restart(struct agent *x)
{
    if (wild && draw(15) == 0) {
        wild_restart(x);
    }
}

static void wild_state(void *user, enum strait_ice_state state)
{
    struct agent *x = user;
    assert_int_equal(x->ice->state, state);
    perhaps_restart(x);
}

static bool wild_validated(void *user, const struct strait_path *path)
{
    struct agent *x = user;
    (void)path;
    perhaps_restart(x);
    return !wild || draw(20) != 0;
}

static void wild_selected(void *user, const struct strait_path *path, bool nominated)
{
    (void)nominated;
    struct agent *x = user;
    assert_int_equal(x->ice->has_path, path != NULL);
    if (path != NULL) {
        x->selected = *path;
    }
    perhaps_restart(x);
}

static void tame(struct agent *x, int role, const char *ufrag, const struct strait_path *locals,
                 size_t n)
{
    agent_init(x, draw(1u << 30));
    x->now = net.now;
    x->pipe = carry;
    struct strait__ice_config config = agent_config(
        x, role == LITE ? STRAIT_ICE_CONTROLLED : (enum strait_ice_role)role, ufrag,
        "passwordofthefirsttimes1");
    config.events.state = wild_state;
    config.events.validated = wild_validated;
    config.events.selected = wild_selected;
    config.locals = locals;
    config.n_locals = n;
    assert_int_equal(role == LITE ? strait__ice_lite_create(&x->ice, &config)
                                  : strait__ice_full_create(&x->ice, &config),
                     STRAIT_OK);
}

/* A datagram that is under way is changed, comes twice, or from elsewhere. */
static void meddle(void)
{
    struct packet *p = first_packet();
    if (p == NULL) {
        return;
    }
    struct packet copy = *p;
    switch (draw(3)) {
    case 0:
        p->data[draw((uint32_t)p->len)] ^= (uint8_t)(1u << draw(8));
        break;
    case 1:
        strait__address_set_port(&copy.path.remote, (uint16_t)(1 + draw(5)));
        agent_receive(copy.to, &copy.path, copy.data, copy.len);
        break;
    default:
        agent_receive(copy.to, &copy.path, copy.data, copy.len);
        break;
    }
}

static void monkey(bool a_lite)
{
    struct agent *x = draw(2) ? &a : &b;
    struct agent *y = x == &a ? &b : &a;
    struct strait_path *locals = y == &a ? locals_a : locals_b;
    struct strait_path other = local_path("203.0.113.1", (uint16_t)(1 + draw(500)), 0);
    switch (draw(9)) {
    case 0:
        wild_restart(x);
        break;
    case 1:
    case 2: {
        struct strait_ice_parameters p = y->ice->local; /* perhaps the same again */
        p.ice_lite = y == &a && a_lite;
        assert_int_equal(x->ice->ops->set_remote(x->ice, &p), STRAIT_OK);
        break;
    }
    case 3:
    case 4: {
        struct strait_candidate c;
        const struct sockaddr_storage *at = draw(3) ? &locals[draw(2)].local : &other.local;
        strait_candidate_host(&c, (const struct sockaddr *)at, (uint16_t)draw(65536));
        x->ice->ops->add_candidate(x->ice, &c);
        break;
    }
    case 5:
        net.loss = draw(3) * 40;
        break;
    case 6:
        net.mute = draw(2) ? x : NULL;
        break;
    default:
        meddle();
        break;
    }
}

static void settle(bool a_lite, bool b_lite)
{
    wild = false;
    net.loss = 0;
    net.mute = NULL;
    run_for(STRAIT_S, NULL);
    wild_restart(&a);
    wild_restart(&b);
    signal_parameters(&a, &b, b_lite);
    signal_parameters(&b, &a, a_lite);
    signal_candidates(&a, locals_b, n_b);
    signal_candidates(&b, locals_a, n_a);
}

static void after_anything_a_restart_connects(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < SEEDS; seed++) {
        bool a_lite = seed % 5 == 4;
        start_net(seed, STRAIT_ICE_CONTROLLED, STRAIT_ICE_CONTROLLED);
        agent_finish(&a);
        agent_finish(&b);
        tame(&a, a_lite ? LITE : (int)draw(2), "aaaa", locals_a, n_a);
        tame(&b, a_lite ? STRAIT_ICE_CONTROLLING : (int)draw(2), "bbbb", locals_b, n_b);
        net.jitter = 10 * STRAIT_MS;
        wild = true;
        for (unsigned i = 0; i < STEPS; i++) {
            monkey(a_lite);
            run_for(draw(50) == 0 ? 20 * STRAIT_S : draw(500) * STRAIT_MS, NULL);
            assert_true(a.ufrags.count <= 2 && b.ufrags.count <= 2);
            assert_true(a.transactions.count <= 202 && b.transactions.count <= 202);
        }
        settle(a_lite, false);
        if (!run_for(30 * STRAIT_S, both_agree)) {
            fail_msg("seed %u: states %d and %d", seed, a.ice->state, b.ice->state);
        }
        run_for(60 * STRAIT_S, NULL);
        assert_true(both_agree());
        assert_int_equal(a.ufrags.count, 1);
        assert_int_equal(b.ufrags.count, 1);
        stop_net();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(after_anything_a_restart_connects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
