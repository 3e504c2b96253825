/* Full ICE in virtual time: two agents, or an agent and a lite one, over a network that loses. */
#include <stdio.h>

#include "test_ice_harness.h"

enum { PACKETS = 512, MAX_LOCALS = 8, LITE = -1 };

struct packet {
    bool used;
    strait_time at;
    uint64_t order;
    struct agent *to;
    struct strait_path path; /* as the receiver sees it */
    uint8_t data[STRAIT__STUN_MAX];
    size_t len;
};

/* The network that both agents are on. */
static struct net {
    struct packet packets[PACKETS];
    uint64_t order, rng, sent;
    uint64_t hash; /* of every byte that was sent, with its time */
    strait_time now, delay, jitter;
    unsigned loss;                         /* percent */
    struct agent *mute;                    /* what it sends is lost */
    struct agent *captive;                 /* what it sends is kept, too: */
    struct packet captured;                /* ... its last nomination */
    struct sockaddr_storage hidden, shown; /* a NAT: the one is seen as the other */
    struct strait_path slow; /* local address from and to which everything takes a second */
} net;

static struct agent a, b;
static struct strait_path locals_a[MAX_LOCALS], locals_b[MAX_LOCALS];
static size_t n_a, n_b;

static uint32_t draw(uint32_t n)
{
    net.rng ^= net.rng << 13;
    net.rng ^= net.rng >> 7;
    net.rng ^= net.rng << 17;
    return (uint32_t)(net.rng >> 32) % n;
}

static void fold(const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    for (size_t i = 0; i < n; i++) {
        net.hash = (net.hash ^ p[i]) * UINT64_C(0x100000001b3);
    }
}

static struct agent *owner(const struct strait_path *path, const struct strait_path **local)
{
    for (size_t i = 0; i < n_a + n_b; i++) {
        const struct strait_path *l = i < n_a ? &locals_a[i] : &locals_b[i - n_a];
        if (strait__address_equal(&l->local, &path->remote)) {
            *local = l;
            return i < n_a ? &a : &b;
        }
    }
    return NULL;
}

static bool nominates(const uint8_t *data, size_t len)
{
    struct strait__stun_message m;
    return strait__stun_parse(&m, data, len) == STRAIT_OK && m.use_candidate;
}

static void carry(struct agent *from, const struct strait_path *path, const uint8_t *data,
                  size_t len)
{
    const struct strait_path *local;
    struct strait_path out = *path;
    fold(&net.now, sizeof net.now);
    fold(data, len);
    net.sent++;
    if (strait__address_equal(&out.remote, &net.shown)) {
        out.remote = net.hidden;
    }
    struct agent *to = owner(&out, &local);
    if (from == net.captive && nominates(data, len)) {
        memcpy(net.captured.data, data, len);
        net.captured.len = len;
    }
    if (to == NULL || to == from || net.mute == from || draw(100) < net.loss) {
        return;
    }
    struct packet *p = net.packets;
    while (p < net.packets + PACKETS && p->used) {
        p++;
    }
    assert_true(p < net.packets + PACKETS);
    p->used = true;
    p->order = net.order++;
    p->at = net.now + net.delay + (net.jitter > 0 ? draw((uint32_t)net.jitter) : 0);
    if (strait__address_equal(&net.slow.local, &out.remote) ||
        strait__address_equal(&net.slow.local, &out.local)) {
        p->at += STRAIT_S;
    }
    p->to = to;
    p->path.local = local->local;
    p->path.socket = local->socket;
    p->path.remote = strait__address_equal(&out.local, &net.hidden) ? net.shown : out.local;
    p->len = len;
    memcpy(p->data, data, len);
}

static struct packet *first_packet(void)
{
    struct packet *first = NULL;
    for (struct packet *p = net.packets; p < net.packets + PACKETS; p++) {
        if (p->used && (first == NULL || p->at < first->at ||
                        (p->at == first->at && p->order < first->order))) {
            first = p;
        }
    }
    return first;
}

static strait_time deadline_of(const struct agent *x)
{
    return x->ice != NULL ? x->ice->ops->deadline(x->ice) : STRAIT_TIME_NEVER;
}

/* Runs until nothing is left before `until`, or `done`. */
static bool run(strait_time until, bool (*done)(void))
{
    for (unsigned i = 0;; i++) {
        assert_true(i < 2000000);
        if (done != NULL && done()) {
            return true;
        }
        struct packet *p = first_packet();
        strait_time da = deadline_of(&a), db = deadline_of(&b);
        strait_time next = da < db ? da : db;
        bool packet = p != NULL && p->at <= next;
        next = packet ? p->at : next;
        if (next > until) {
            break;
        }
        net.now = next > net.now ? next : net.now;
        a.now = b.now = net.now;
        if (packet) {
            struct packet taken = *p; /* its place may be taken by the answer */
            p->used = false;
            agent_receive(taken.to, &taken.path, taken.data, taken.len);
        } else {
            struct agent *x = da < db ? &a : &b;
            x->ice->ops->advance(x->ice, net.now);
            assert_true(deadline_of(x) > net.now);
        }
    }
    net.now = a.now = b.now = until;
    return false;
}

static bool run_for(strait_time time, bool (*done)(void))
{
    return run(net.now + time, done);
}

static bool both_completed(void)
{
    return a.ice->state == STRAIT_ICE_COMPLETED && b.ice->state == STRAIT_ICE_COMPLETED;
}

static bool mirrored(void)
{
    return a.ice->has_path && b.ice->has_path &&
           strait__address_equal(&a.ice->pair.path.local, &b.ice->pair.path.remote) &&
           strait__address_equal(&a.ice->pair.path.remote, &b.ice->pair.path.local);
}

static bool both_agree(void)
{
    return both_completed() && mirrored();
}

static bool any_failed(void)
{
    return a.ice->state == STRAIT_ICE_FAILED || b.ice->state == STRAIT_ICE_FAILED;
}

static void on_media(void *user, enum strait_ice_state state)
{
    struct agent *x = user;
    x->n_states = x->n_states == STATES ? 0 : x->n_states;
    on_state(user, state);
}

/* `role` LITE: a lite agent. */
static void make(struct agent *x, uint64_t seed, int role, const char *ufrag, const char *pwd,
                 const struct strait_path *locals, size_t n_locals)
{
    agent_init(x, seed);
    x->now = net.now;
    x->pipe = carry;
    struct strait__ice_config config = agent_config(
        x, role == LITE ? STRAIT_ICE_CONTROLLED : (enum strait_ice_role)role, ufrag, pwd);
    config.events.state = on_media;
    config.locals = locals;
    config.n_locals = n_locals;
    assert_int_equal(role == LITE ? strait__ice_lite_create(&x->ice, &config)
                                  : strait__ice_full_create(&x->ice, &config),
                     STRAIT_OK);
}

static struct strait_path local_path(const char *host, uint16_t port, uint32_t socket)
{
    struct strait_path p;
    memset(&p, 0, sizeof p);
    assert_true(strait__address_parse(&p.local, host, port));
    p.socket = socket;
    return p;
}

static void start_net(uint64_t seed, int role_a, int role_b)
{
    memset(&net, 0, sizeof net);
    net.rng = seed * UINT64_C(0x9e3779b97f4a7c15) + 7;
    net.now = 5 * STRAIT_S;
    net.delay = 10 * STRAIT_MS;
    n_a = n_b = 2;
    locals_a[0] = local_path("192.0.2.1", 5000, 1);
    locals_a[1] = local_path("2001:db8::1", 5000, 2);
    locals_b[0] = local_path("192.0.2.2", 6000, 1);
    locals_b[1] = local_path("2001:db8::2", 6000, 2);
    make(&a, 2 * seed + 1, role_a, "aaaa", "passwordofthefirstagent", locals_a, n_a);
    make(&b, 2 * seed + 2, role_b, "bbbb", "passwordofthesecondagent", locals_b, n_b);
}

static void stop_net(void)
{
    agent_finish(&a);
    agent_finish(&b);
}

static void signal_parameters(struct agent *to, const struct agent *from, bool lite)
{
    struct strait_ice_parameters p = from->ice->local;
    p.ice_lite = lite;
    assert_int_equal(to->ice->ops->set_remote(to->ice, &p), STRAIT_OK);
    assert_int_equal(deadline_of(to), 0);
}

static void signal_candidates(struct agent *to, const struct strait_path *locals, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct strait_candidate c;
        assert_int_equal(strait_candidate_host(&c, (const struct sockaddr *)&locals[i].local,
                                               (uint16_t)(65535 - i)),
                         STRAIT_OK);
        assert_int_equal(to->ice->ops->add_candidate(to->ice, &c), STRAIT_OK);
    }
    assert_int_equal(to->ice->ops->end_of_candidates(to->ice), STRAIT_OK);
}

static void signal_all(bool a_lite, bool b_lite)
{
    signal_parameters(&a, &b, b_lite);
    signal_candidates(&a, locals_b, n_b);
    signal_parameters(&b, &a, a_lite);
    signal_candidates(&b, locals_a, n_a);
}

static void assert_mirrored(void)
{
    assert_true(mirrored());
    assert_true(strait__path_equal(&a.selected, &a.ice->pair.path));
    assert_true(strait__path_equal(&b.selected, &b.ice->pair.path));
    assert_true(a.ice->pair.nominated && b.ice->pair.nominated);
}

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
        "loss %u %%: completed after p50 %u, p90 %u, p99 %u, most %u ms\n", loss,
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
    strait_time first[4], last = 0, start = a.now, previous = a.now;
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
    /* The first pair of both has the higher priority. */
    start_net(1, STRAIT_ICE_CONTROLLING, STRAIT_ICE_CONTROLLED);
    net.slow = locals_b[0];
    signal_all(false, false);
    strait_time start = net.now;
    assert_true(run_for(5 * STRAIT_S, both_completed));
    assert_int_equal(a.ice->pair.path.local.ss_family, AF_INET6);
    assert_true(net.now - start >= 100 * STRAIT_MS && net.now - start < 300 * STRAIT_MS);
    assert_mirrored();
    stop_net();

    start_net(1, STRAIT_ICE_CONTROLLING, STRAIT_ICE_CONTROLLED);
    net.slow = locals_b[1];
    signal_all(false, false);
    assert_true(run_for(5 * STRAIT_S, both_completed));
    assert_int_equal(a.ice->pair.path.local.ss_family, AF_INET);
    stop_net();
}

static strait_time time_of_state(struct agent *x, enum strait_ice_state state)
{
    while (x->ice->state != state) {
        strait_time next = deadline_of(&a) < deadline_of(&b) ? deadline_of(&a) : deadline_of(&b);
        struct packet *p = first_packet();
        next = p != NULL && p->at < next ? p->at : next;
        run(next > net.now ? next : net.now, NULL);
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
    assert_int_equal(a.ice->pair.path.local.ss_family, AF_INET);
    net.hidden = locals_b[0].local; /* nothing reaches it under its name any more */
    assert_true(strait__address_parse(&net.shown, "198.51.100.1", 1));
    locals_b[0].local = net.shown;
    run_for(28 * STRAIT_S, NULL);
    assert_true(both_completed());
    assert_int_equal(a.ice->pair.path.local.ss_family, AF_INET6);
    assert_mirrored();
    assert_int_equal(a.n_lost + b.n_lost, 0);
    locals_b[0].local = net.hidden;
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
    assert_int_equal(a.ice->ops->add_candidate(a.ice, &c), STRAIT_E_UNSUPPORTED);
    assert_int_equal(strait_candidate_parse(&c, "candidate:1 2 udp 1 192.0.2.2 9 typ host", 40),
                     STRAIT_OK);
    assert_int_equal(a.ice->ops->add_candidate(a.ice, &c), STRAIT_E_UNSUPPORTED);
    assert_int_equal(strait_candidate_parse(&c, "candidate:1 1 udp 1 192.0.2.2 0 typ host", 40),
                     STRAIT_OK);
    assert_int_equal(a.ice->ops->add_candidate(a.ice, &c), STRAIT_E_INVALID);
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
        cmocka_unit_test(full_meets_full),
        cmocka_unit_test(full_meets_lite),
        cmocka_unit_test(a_role_conflict_is_resolved),
        cmocka_unit_test(a_lossless_meeting_takes_two_round_trips),
        cmocka_unit_test(the_same_seed_sends_the_same_bytes),
        cmocka_unit_test(checks_are_paced_and_go_on_to_the_deadline),
        cmocka_unit_test(an_unknown_address_is_learned),
        cmocka_unit_test(checks_before_the_remotes_credentials_are_answered_and_remembered),
        cmocka_unit_test(the_better_pair_is_awaited_for_a_moment),
        cmocka_unit_test(lost_consent_ends_sending),
        cmocka_unit_test(a_path_that_comes_back_in_time_is_completed_again),
        cmocka_unit_test(when_the_path_dies_another_pair_takes_over),
        cmocka_unit_test(a_restart_keeps_the_path_until_the_new_nomination),
        cmocka_unit_test(a_restart_brings_a_failed_session_back),
        cmocka_unit_test(a_moved_peer_is_followed),
        cmocka_unit_test(a_replayed_nomination_moves_nothing),
        cmocka_unit_test(an_answer_counts_only_from_where_the_check_went_to),
        cmocka_unit_test(an_authentic_error_fails_the_pair),
        cmocka_unit_test(a_path_of_another_peer_is_no_pair),
        cmocka_unit_test(the_peer_hears_that_an_answer_was_lost),
        cmocka_unit_test(candidates_have_their_limits),
        cmocka_unit_test(pairs_have_their_limit_and_the_best_stay),
        cmocka_unit_test(link_local_addresses_pair_among_themselves),
        cmocka_unit_test(requests_carry_the_extra_attributes),
        cmocka_unit_test(a_repeated_check_measures_nothing),
        cmocka_unit_test(what_cannot_be_made_says_so),
        cmocka_unit_test(a_source_of_random_bytes_that_fails_for_a_while_only_delays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
