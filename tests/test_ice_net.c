#include "test_ice_net.h"

struct net net;
struct agent a, b;
struct strait_path locals_a[MAX_LOCALS], locals_b[MAX_LOCALS];
size_t n_a, n_b;

uint32_t draw(uint32_t n)
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

void carry(struct agent *from, const struct strait_path *path, const uint8_t *data, size_t len)
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

struct packet *first_packet(void)
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

strait_time deadline_of(const struct agent *x)
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
            /* 0: a callback has called a setter. */
            assert_true(deadline_of(x) > net.now || deadline_of(x) == 0);
        }
    }
    net.now = a.now = b.now = until;
    return false;
}

bool run_for(strait_time time, bool (*done)(void))
{
    return run(net.now + time, done);
}

bool both_completed(void)
{
    return a.ice->state == STRAIT_ICE_COMPLETED && b.ice->state == STRAIT_ICE_COMPLETED;
}

bool mirrored(void)
{
    return a.ice->has_path && b.ice->has_path &&
           strait__address_equal(&a.ice->pair.path.local, &b.ice->pair.path.remote) &&
           strait__address_equal(&a.ice->pair.path.remote, &b.ice->pair.path.local);
}

bool both_agree(void)
{
    return both_completed() && mirrored();
}

bool any_failed(void)
{
    return a.ice->state == STRAIT_ICE_FAILED || b.ice->state == STRAIT_ICE_FAILED;
}

static void on_state_again(void *user, enum strait_ice_state state)
{
    struct agent *x = user;
    x->n_states = x->n_states == STATES ? 0 : x->n_states;
    on_state(user, state);
}

/* `role` LITE: a lite agent. */
void make(struct agent *x, uint64_t seed, int role, const char *ufrag, const char *pwd,
          const struct strait_path *locals, size_t n_locals)
{
    agent_init(x, seed);
    x->now = net.now;
    x->pipe = carry;
    struct strait__ice_config config = agent_config(
        x, role == LITE ? STRAIT_ICE_CONTROLLED : (enum strait_ice_role)role, ufrag, pwd);
    config.events.state = on_state_again;
    config.locals = locals;
    config.n_locals = n_locals;
    assert_int_equal(role == LITE ? strait__ice_lite_create(&x->ice, &config)
                                  : strait__ice_full_create(&x->ice, &config),
                     STRAIT_OK);
}

struct strait_path local_path(const char *host, uint16_t port, uint32_t socket)
{
    struct strait_path p;
    memset(&p, 0, sizeof p);
    assert_true(strait__address_parse(&p.local, host, port));
    p.socket = socket;
    return p;
}

void start_net(uint64_t seed, int role_a, int role_b)
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

void stop_net(void)
{
    agent_finish(&a);
    agent_finish(&b);
}

void signal_parameters(struct agent *to, const struct agent *from, bool lite)
{
    struct strait_ice_parameters p = from->ice->local;
    p.ice_lite = lite;
    assert_int_equal(to->ice->ops->set_remote(to->ice, &p), STRAIT_OK);
    assert_int_equal(deadline_of(to), 0);
}

void signal_candidates(struct agent *to, const struct strait_path *locals, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct strait_candidate c;
        assert_int_equal(strait_candidate_host(&c, (const struct sockaddr *)&locals[i].local,
                                               strait__ice_local_preference(&locals[i], i)),
                         STRAIT_OK);
        assert_int_equal(to->ice->ops->add_candidate(to->ice, &c), STRAIT_OK);
    }
    assert_int_equal(to->ice->ops->end_of_candidates(to->ice), STRAIT_OK);
}

void signal_all(bool a_lite, bool b_lite)
{
    signal_parameters(&a, &b, b_lite);
    signal_candidates(&a, locals_b, n_b);
    signal_parameters(&b, &a, a_lite);
    signal_candidates(&b, locals_a, n_a);
}

void assert_mirrored(void)
{
    assert_true(mirrored());
    assert_true(strait__path_equal(&a.selected, &a.ice->pair.path));
    assert_true(strait__path_equal(&b.selected, &b.ice->pair.path));
    assert_true(a.ice->pair.nominated && b.ice->pair.nominated);
}
