/*
 * A thousand agents that are destroyed at seeded random moments: before they gather, while, in the middle of checks,
 * connected, within each kind of callback, alone and beside others, before and after the runtime and the endpoint's
 * place in it. Nothing may be left: no descriptor, thread, NiceAgent, context with its sources, or memory.
 */
#include "tests/agent_pair.h"

#include <dirent.h>
#include <malloc.h>
#include <netinet/in.h>
#include <stdio.h>
#include <unistd.h>

#include <nice/agent.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { AGENTS = 250 };
static const bool own_malloc = false;
#else
enum { AGENTS = 1000 };
static const bool own_malloc = true;
#endif

enum { WARM_UP = 100, MOST_AT_ONCE = 4 };

/* --- What is alive --------------------------------------------------------------------------------- */

static struct {
    int contexts, agents;
} alive;
static unsigned made;

struct sentinel {
    GSource source;
};

static void sentinel_gone(GSource *source)
{
    (void)source;
    alive.contexts--;
}

GMainContext *__real_g_main_context_new(void);
GMainContext *__wrap_g_main_context_new(void);
NiceAgent *__real_nice_agent_new_full(GMainContext *context, NiceCompatibility compatibility,
                                      NiceAgentOption options);
NiceAgent *__wrap_nice_agent_new_full(GMainContext *context, NiceCompatibility compatibility,
                                      NiceAgentOption options);

/* A source that never fires and goes with the context. */
GMainContext *__wrap_g_main_context_new(void)
{
    static GSourceFuncs funcs = { .finalize = sentinel_gone };
    GMainContext *context = __real_g_main_context_new();
    GSource *source = g_source_new(&funcs, sizeof(struct sentinel));
    (void)g_source_attach(source, context);
    g_source_unref(source);
    alive.contexts++;
    return context;
}

static void agent_gone(gpointer user, GObject *object)
{
    (void)user;
    (void)object;
    alive.agents--;
}

NiceAgent *__wrap_nice_agent_new_full(GMainContext *context, NiceCompatibility compatibility,
                                      NiceAgentOption options)
{
    NiceAgent *agent = __real_nice_agent_new_full(context, compatibility, options);
    g_object_weak_ref(G_OBJECT(agent), agent_gone, NULL);
    alive.agents++;
    made++;
    return agent;
}

static size_t count_entries(const char *folder)
{
    DIR *dir = opendir(folder);
    size_t n = 0;
    assert_non_null(dir);
    while (readdir(dir) != NULL) {
        n++;
    }
    closedir(dir);
    return n;
}

struct held {
    size_t descriptors, threads, memory;
};

static struct held held_now(void)
{
    return (struct held){ .descriptors = count_entries("/proc/self/fd"),
                          .threads = count_entries("/proc/self/task"),
                          .memory = own_malloc ? mallinfo2().uordblks : 0 };
}

/* --- Chance ----------------------------------------------------------------------------------------- */

static uint64_t chance;

/* 0 to n - 1 (Marsaglia's xorshift). */
static unsigned below(unsigned n)
{
    chance ^= chance << 13;
    chance ^= chance >> 7;
    chance ^= chance << 17;
    return (unsigned)((chance >> 20) % n);
}

static void choose_servers(struct peer *peer)
{
    /* Port 9, where nobody answers: discovery and allocation are under way until the end. */
    static const struct strait_ice_server stun = { .url = "stun:127.0.0.1:9" };
    static const struct strait_ice_server turn = { .url = "turn:127.0.0.1:9",
                                                   .username = "user",
                                                   .credential = "word" };
    unsigned which = below(32);
    peer->config.servers = which == 0 ? &turn : &stun;
    peer->config.n_servers = which < 4;
}

static void choose(struct pair *pair)
{
    static const enum kind others[] = { AGENT, AGENT, LITE, FULL };
    static const int families[] = { AF_INET, AF_INET6, 0 };
    pair->family = families[below(3)];
    pair->peer[0].kind = AGENT;
    pair->peer[1].kind = others[below(4)];
    for (int i = 0; i < 2; i++) {
        struct peer *peer = &pair->peer[i];
        peer->config.aggressive = below(2) == 0;
        peer->config.ice_tcp = below(4) == 0;
        peer->deaf = below(8) == 0;
        peer->destroy = below(2) == 0 ? (enum moment)below(IN_PACKETS + 1) : NEVER;
        choose_servers(peer);
    }
}

static unsigned met[STRAIT_ICE_CLOSED + 1]; /* states in which they were destroyed */

/* --- A couple's life --------------------------------------------------------------------------------- */

static void wait_a_little(const struct pair *pair, unsigned turns)
{
    for (unsigned i = 0; i < turns; i++) {
        assert_int_equal(strait_runtime_wait(pair->runtime, STRAIT_MS), STRAIT_OK);
    }
}

static void begin(struct pair *pair)
{
    create_as_set(pair);
    switch (below(8)) {
    case 0: /* never used */
        return;
    case 1: /* it gathers for nobody */
        assert_int_equal(strait_agent_gather(pair->peer[0].transport), STRAIT_OK);
        return;
    case 2: /* only one side knows of the other */
        assert_int_equal(strait_agent_gather(pair->peer[0].transport), STRAIT_OK);
        signal_all(pair, 1);
        return;
    default:
        signal_and_gather(pair);
    }
}

static void restart_half(const struct pair *pair)
{
    const struct peer *peer = &pair->peer[below(2)];
    if (peer->transport != NULL && peer->other->transport != NULL) {
        assert_int_equal(strait_transport_restart_ice(peer->transport, NULL, NULL), STRAIT_OK);
        signal_ice(peer, peer->other);
    }
}

static void send_media(const struct pair *pair)
{
    uint8_t rtp[200] = { 0x80, 111, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7 };
    struct strait_packet packet = { .data = rtp, .len = sizeof rtp };
    if (pair->peer[0].transport != NULL && pair->peer[1].transport != NULL && writable(pair)) {
        assert_int_equal(strait_transport_send(pair->peer[0].transport, &packet, 1), 1);
        assert_int_equal(strait_transport_send(pair->peer[1].transport, &packet, 1), 1);
    }
}

static void live(const struct pair *pair)
{
    wait_a_little(pair, below(4) == 0 ? 50 : below(16));
    send_media(pair);
    if (below(4) == 0) {
        restart_half(pair);
    }
    wait_a_little(pair, below(8));
}

static void end(struct pair *pair)
{
    int first = (int)below(2);
    for (int i = 0; i < 2; i++) {
        struct peer *peer = &pair->peer[i == 0 ? first : !first];
        met[peer->transport == NULL ? STRAIT_ICE_CLOSED
                                    : strait_transport_ice_state(peer->transport)]++;
        switch (below(4)) {
        case 0:
            strait_transport_destroy(peer->transport);
            peer->transport = NULL;
            break;
        case 1:
            assert_int_equal(strait_runtime_remove(pair->runtime, peer->endpoint), STRAIT_OK);
            break;
        case 2: /* its endpoint is destroyed within the runtime's */
            assert_int_equal(strait_runtime_remove(pair->runtime, peer->endpoint), STRAIT_OK);
            strait_endpoint_destroy(peer->endpoint);
            peer->endpoint = NULL;
            break;
        default: /* the runtime goes first */
            break;
        }
        wait_a_little(pair, below(3));
    }
}

/* Several in one runtime, which goes before their endpoints. */
static void round_of(uint64_t seed)
{
    struct pair pairs[MOST_AT_ONCE] = { 0 };
    struct strait_runtime *runtime;
    chance = seed * 0x9e3779b97f4a7c15u;
    unsigned n = 1 + below(MOST_AT_ONCE);
    assert_int_equal(strait_runtime_create(&runtime, NULL), STRAIT_OK);
    for (unsigned i = 0; i < n; i++) {
        pairs[i].runtime = runtime;
        choose(&pairs[i]);
        begin(&pairs[i]);
        wait_a_little(&pairs[i], below(4));
    }
    for (unsigned i = 0; i < n; i++) {
        live(&pairs[i]);
        end(&pairs[i]);
    }
    strait_runtime_destroy(runtime);
    for (unsigned i = 0; i < n; i++) {
        finish_peers(&pairs[i]);
    }
}

/* --- Cases -------------------------------------------------------------------------------------------- */

static void check_gone(const struct held *before, unsigned seed)
{
    struct held now = held_now();
    if (now.descriptors != before->descriptors || now.threads != before->threads ||
        alive.agents != 0 || alive.contexts != 0) {
        fail_msg("seed %u leaves %d agents, %d contexts, %zd descriptors, %zd threads", seed,
                 alive.agents, alive.contexts, (ssize_t)(now.descriptors - before->descriptors),
                 (ssize_t)(now.threads - before->threads));
    }
}

static void nothing_is_left_of_agents_destroyed_at_any_moment(void **state)
{
    unsigned seed = 1;
    (void)state;
    /* What GLib makes once and keeps: types, a thread of its own, magazines of its allocator. */
    while (made < WARM_UP) {
        round_of(seed++);
    }
    struct held before = held_now();
    while (made < WARM_UP + AGENTS) {
        round_of(seed);
        check_gone(&before, seed++);
    }
    /* A few bytes an agent are chunks that malloc keeps for the thread; any object of GLib's is more. */
    ssize_t more = (ssize_t)(held_now().memory - before.memory);
    print_message("# %u agents in %u rounds, %zd bytes more; destroyed as %u new, %u checking, "
                  "%u connected, %u completed, %u in callbacks\n",
                  made, seed - 1, more, met[STRAIT_ICE_NEW], met[STRAIT_ICE_CHECKING],
                  met[STRAIT_ICE_CONNECTED], met[STRAIT_ICE_COMPLETED], met[STRAIT_ICE_CLOSED]);
    assert_true(more < 128 * AGENTS);
    assert_in_range(met[STRAIT_ICE_NEW], 10, AGENTS);
    assert_in_range(met[STRAIT_ICE_CHECKING], 10, AGENTS);
    assert_in_range(met[STRAIT_ICE_COMPLETED], 10, AGENTS);
    assert_in_range(met[STRAIT_ICE_CLOSED], 10, AGENTS);
}

static bool first_gone(const struct pair *pair)
{
    return pair->peer[0].transport == NULL;
}

static void each_callback_may_destroy_its_own(void **state)
{
    (void)state;
    struct held before = held_now();
    for (int moment = IN_CANDIDATE; moment <= IN_DTLS; moment++) {
        struct pair pair = { 0 };
        pair.peer[0].destroy = (enum moment)moment;
        start_as_set(&pair);
        run_until(&pair, first_gone);
        wait_a_little(&pair, 5);
        finish(&pair);
        check_gone(&before, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_left_of_agents_destroyed_at_any_moment),
        cmocka_unit_test(each_callback_may_destroy_its_own),
    };
    return cmocka_run_group_tests_name("agent_churn", tests, NULL, NULL);
}
