#include <nice/agent.h>
#include <stdlib.h>
#include <string.h>

#include <strait/types.h>

#include "tests/bench/crowd.h"

enum { SENDERS = 0, RECEIVERS = 1, SIDES = 2, COMPONENT = 1, PATIENCE_S = 120 };

struct plain {
    GMainContext *context;
    unsigned pairs, gathered, ready;
    uint64_t received, sent;
    NiceAgent *agent[SIDES][CROWD_ENDS / SIDES];
    guint stream[SIDES][CROWD_ENDS / SIDES];
};

static void on_gathered(NiceAgent *agent, guint stream, gpointer user)
{
    struct plain *plain = user;
    (void)agent;
    (void)stream;
    plain->gathered++;
}

static void on_state(NiceAgent *agent, guint stream, guint component, guint state, gpointer user)
{
    struct plain *plain = user;
    (void)agent;
    (void)stream;
    (void)component;
    plain->ready += state == NICE_COMPONENT_STATE_READY;
    plain->ready -= state == NICE_COMPONENT_STATE_FAILED;
}

static void on_receive(NiceAgent *agent, guint stream, guint component, guint len, gchar *bytes,
                       gpointer user)
{
    struct plain *plain = user;
    (void)agent;
    (void)stream;
    (void)component;
    (void)bytes;
    plain->received += len == CROWD_PACKET;
}

/* --- Connecting ------------------------------------------------------------------------------------ */

static bool create(struct plain *plain, int side, unsigned i)
{
    NiceAddress loopback;
    NiceAgent *agent = nice_agent_new_full(plain->context, NICE_COMPATIBILITY_RFC5245,
                                           NICE_AGENT_OPTION_ICE_TRICKLE |
                                               NICE_AGENT_OPTION_REGULAR_NOMINATION |
                                               NICE_AGENT_OPTION_CONSENT_FRESHNESS);
    plain->agent[side][i] = agent;
    g_object_set(agent, "upnp", FALSE, "ice-tcp", FALSE, "controlling-mode", side == SENDERS, NULL);
    guint stream = plain->stream[side][i] = nice_agent_add_stream(agent, 1);
    nice_address_init(&loopback);
    g_signal_connect(agent, "candidate-gathering-done", G_CALLBACK(on_gathered), plain);
    g_signal_connect(agent, "component-state-changed", G_CALLBACK(on_state), plain);
    return nice_address_set_from_string(&loopback, "127.0.0.1") &&
           nice_agent_add_local_address(agent, &loopback) &&
           nice_agent_attach_recv(agent, stream, COMPONENT, plain->context, on_receive, plain) &&
           nice_agent_gather_candidates(agent, stream);
}

static bool give(const struct plain *plain, int from, unsigned i)
{
    NiceAgent *sender = plain->agent[from][i], *to = plain->agent[!from][i];
    guint own = plain->stream[from][i], its = plain->stream[!from][i];
    gchar *ufrag = NULL, *pwd = NULL;
    bool good = nice_agent_get_local_credentials(sender, own, &ufrag, &pwd) &&
                nice_agent_set_remote_credentials(to, its, ufrag, pwd);
    GSList *candidates = nice_agent_get_local_candidates(sender, own, COMPONENT);
    good = good && nice_agent_set_remote_candidates(to, its, COMPONENT, candidates) > 0;
    g_slist_free_full(candidates, (GDestroyNotify)nice_candidate_free);
    g_free(ufrag);
    g_free(pwd);
    return good;
}

static gboolean wake(gpointer user)
{
    (void)user;
    return G_SOURCE_CONTINUE;
}

static bool work_until(struct plain *plain, const unsigned *count)
{
    uint64_t begin = bench_wall();
    while (*count < SIDES * plain->pairs) {
        g_main_context_iteration(plain->context, TRUE);
        if (bench_wall() - begin > PATIENCE_S * STRAIT_S) {
            return false;
        }
    }
    return true;
}

static bool connect_all(struct plain *plain)
{
    for (unsigned i = 0; i < plain->pairs; i++) {
        if (!create(plain, SENDERS, i) || !create(plain, RECEIVERS, i)) {
            return false;
        }
    }
    if (!work_until(plain, &plain->gathered)) {
        return false;
    }
    for (unsigned i = 0; i < plain->pairs; i++) {
        if (!give(plain, SENDERS, i) || !give(plain, RECEIVERS, i)) {
            return false;
        }
    }
    return work_until(plain, &plain->ready);
}

static void destroy(void *crowd)
{
    struct plain *plain = crowd;
    for (int side = 0; side < SIDES; side++) {
        for (unsigned i = 0; i < plain->pairs && plain->agent[side][i] != NULL; i++) {
            g_object_unref(plain->agent[side][i]);
        }
    }
    g_main_context_unref(plain->context);
    free(plain);
}

static void *make(enum ice_kind kind, unsigned ends, struct crowd_cost *cost)
{
    struct plain *plain = bench_alloc(sizeof *plain);
    (void)kind;
    plain->pairs = ends / SIDES;
    plain->context = g_main_context_new();
    cost->memory = -crowd_memory();
    cost->descriptors = -crowd_descriptors();
    if (!connect_all(plain)) {
        bench_fail("libnice does not connect all ends");
        destroy(plain);
        return NULL;
    }
    cost->memory += crowd_memory();
    cost->descriptors += crowd_descriptors();
    return plain;
}

/* --- Working --------------------------------------------------------------------------------------- */

static bool idle(void *crowd, uint64_t ns, struct crowd_cost *cost)
{
    struct plain *plain = crowd;
    uint64_t begin = bench_wall(), cpu = bench_cpu();
    /* So that the wait ends. */
    GSource *alarm = g_timeout_source_new(100);
    g_source_set_callback(alarm, wake, NULL, NULL);
    (void)g_source_attach(alarm, plain->context);
    while (bench_wall() - begin < ns) {
        g_main_context_iteration(plain->context, TRUE);
    }
    g_source_destroy(alarm);
    g_source_unref(alarm);
    cost->cpu += bench_cpu() - cpu;
    return plain->ready == SIDES * plain->pairs;
}

/* From the half of the ends that the numbers mean to the other half. */
static bool move(void *crowd, unsigned from, unsigned to, bool receive, struct crowd_cost *cost)
{
    struct plain *plain = crowd;
    gchar rtp[CROWD_PACKET] = { (gchar)0x80, 111 };
    uint64_t begin = bench_cpu();
    bool good = true;
    for (unsigned i = from; i < to; i++) {
        int side = i < plain->pairs ? SENDERS : RECEIVERS;
        NiceAgent *agent = plain->agent[side][i % plain->pairs];
        good &= nice_agent_send(agent, plain->stream[side][i % plain->pairs], COMPONENT, sizeof rtp,
                                rtp) == CROWD_PACKET;
    }
    plain->sent += to - from;
    uint64_t middle = bench_cpu();
    for (unsigned i = 0; plain->received < plain->sent && i < 1000; i++) {
        g_main_context_iteration(plain->context, FALSE);
    }
    cost->cpu += receive ? bench_cpu() - middle : middle - begin;
    return good && plain->received == plain->sent;
}

static const struct crowd_ops plain_ops = {
    .make = make, .destroy = destroy, .idle = idle, .move = move
};

static struct crowd plain_crowd = { .ops = &plain_ops };

static const char *name(void)
{
    return "libnice, one GMainContext";
}

static void *open_plain(const void *spec, bool quick)
{
    return crowd_open(&plain_crowd, spec, quick);
}

static double run_plain(void *state)
{
    return crowd_run(state);
}

static void close_plain(void *state)
{
    crowd_close(state);
}

const struct bench_side bare_nice = {
    .name = name, .open = open_plain, .run = run_plain, .close = close_plain
};
