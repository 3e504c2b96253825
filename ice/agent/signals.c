/* What NiceAgent's signals say: noted where they fire, which may be inside any call of libnice's, and told
 * when GLib has returned. */
#include "ice/agent/agent.h"
#include "transport/address.h"
#include "transport/endpoint.h"
#include "transport/transport.h"
#include "transport/util.h"

/* --- Noted -------------------------------------------------------------------------------------- */

static void on_state(NiceAgent *nice, guint stream, guint component, guint state, gpointer user)
{
    struct strait__agent *a = user;
    (void)nice;
    (void)stream;
    (void)component;
    a->state = (NiceComponentState)state;
    a->state_news = true;
    a->pair_news = a->pair_news || state == NICE_COMPONENT_STATE_CONNECTED ||
                   state == NICE_COMPONENT_STATE_READY;
    strait__guest_wake(&a->guest);
}

static void on_pair(NiceAgent *nice, guint stream, guint component, NiceCandidate *local,
                    NiceCandidate *remote, gpointer user)
{
    struct strait__agent *a = user;
    (void)nice;
    (void)stream;
    (void)component;
    (void)local;
    (void)remote;
    a->pair_news = true;
    strait__guest_wake(&a->guest);
}

/* Whoever wants relayed candidates only tells nobody what is behind them (RFC 8839, 5.1: these values then). */
static void hide_related(struct strait_candidate *candidate)
{
    bool six = candidate->address.ss_family == AF_INET6;
    (void)strait__address_parse(&candidate->related, six ? "::" : "0.0.0.0", 9);
}

static void on_candidate(NiceAgent *nice, NiceCandidate *candidate, gpointer user)
{
    struct strait__agent *a = user;
    (void)nice;
    struct strait_candidate local;
    size_t room = a->room_locals - a->n_locals;
    if (!a->gone && room > 0 && strait__agent_from_nice(&local, candidate)) {
        if (a->agents->config.policy == STRAIT_ICE_RELAY) {
            hide_related(&local);
        }
        size_t n = strait__mappings_apply(&a->agents->endpoint->mappings, &local,
                                          &a->locals[a->n_locals], room);
        a->n_locals += n < room ? n : room;
        strait__guest_wake(&a->guest);
    }
}

static void on_gathered(NiceAgent *nice, guint stream, gpointer user)
{
    struct strait__agent *a = user;
    (void)nice;
    (void)stream;
    if (!strait__servers_gathered(a)) {
        return;
    }
    a->gathering = false;
    a->gathered = a->gathered_news = true;
    strait__guest_wake(&a->guest);
}

void strait__agent_connect_signals(struct strait__agent *a)
{
    g_signal_connect(a->nice, "component-state-changed", G_CALLBACK(on_state), a);
    g_signal_connect(a->nice, "new-selected-pair-full", G_CALLBACK(on_pair), a);
    g_signal_connect(a->nice, "new-candidate-full", G_CALLBACK(on_candidate), a);
    g_signal_connect(a->nice, "candidate-gathering-done", G_CALLBACK(on_gathered), a);
}

/* --- Told --------------------------------------------------------------------------------------- */

/* It is there, and not another's candidates are signalled by now. */
static bool newest(const struct strait__agent *a)
{
    return !a->gone && a == strait__agents_newest(a->agents);
}

/* There will be no more of them: room for 64 is 36 KB. */
static void trim(struct strait__agent *a)
{
    struct strait_candidate *locals = a->n_locals > 0
                                          ? strait__alloc(&a->hooks, a->n_locals * sizeof *locals)
                                          : NULL;
    if (locals != NULL) {
        memcpy(locals, a->locals, a->n_locals * sizeof *locals);
        strait__free(&a->hooks, a->locals);
        a->locals = locals;
        a->room_locals = a->n_locals;
    }
}

static void tell_candidates(struct strait__agent *a)
{
    if (a->shut) {
        return;
    }
    while (newest(a) && a->n_told < a->n_locals) {
        struct strait_candidate candidate = a->locals[a->n_told++];
        if (a->agents->config.events.candidate != NULL) {
            a->agents->config.events.candidate(a->agents->config.user, a->agents->transport,
                                               &candidate);
        }
    }
    if (newest(a) && a->gathered_news && !strait__servers_pending(a)) {
        a->gathered_news = false;
        trim(a);
        if (a->agents->config.events.gathered != NULL) {
            a->agents->config.events.gathered(a->agents->config.user, a->agents->transport);
        }
    }
}

static void tell_failed(struct strait__agent *a)
{
    if (a->has_path) {
        a->expired = true;
        strait__agent_lose_pair(a);
        strait__agent_report(a, STRAIT_ICE_DISCONNECTED, STRAIT_OK, "");
        strait__agent_report(
            a, STRAIT_ICE_FAILED, STRAIT_E_CONSENT,
            "the peer no longer answers: it is gone, or its path is. An ICE restart finds another");
    } else {
        strait__agent_report(
            a, STRAIT_ICE_FAILED, STRAIT_E_TIMEOUT,
            "no pair of candidates works: check that both sides have the other's candidates, and "
            "the firewalls between them");
    }
}

/* RTCIceTransportState of libnice's component state. */
static void tell_state(struct strait__agent *a)
{
    /* A server whose name is still looked up may help to find a path; one that is lost is lost at once. */
    if (a->state == NICE_COMPONENT_STATE_FAILED && !a->has_path && strait__servers_pending(a)) {
        return;
    }
    a->state_news = false;
    a->steady = a->state == NICE_COMPONENT_STATE_READY;
    if (a->denied && a->state != NICE_COMPONENT_STATE_FAILED) {
        return;
    }
    switch (a->state) {
    case NICE_COMPONENT_STATE_CONNECTING:
        /* webrtc-pc: a restart takes completed back to connected. */
        strait__agent_report(a, a->has_path ? STRAIT_ICE_CONNECTED : STRAIT_ICE_CHECKING, STRAIT_OK,
                             "");
        break;
    case NICE_COMPONENT_STATE_CONNECTED:
        strait__agent_report(a, STRAIT_ICE_CONNECTED, STRAIT_OK, "");
        break;
    case NICE_COMPONENT_STATE_READY:
        strait__agent_wait(a, false);
        strait__agent_report(a, STRAIT_ICE_COMPLETED, STRAIT_OK, "");
        break;
    case NICE_COMPONENT_STATE_FAILED:
        tell_failed(a);
        break;
    default:
        break;
    }
}

void strait__agent_tell(struct strait__agent *a)
{
    strait__servers_tell(a);
    if (!a->gone) {
        tell_candidates(a);
    }
    if (a->expired) {
        a->pair_news = a->state_news = false;
    }
    if (!a->gone && a->pair_news) {
        a->pair_news = false;
        strait__agent_take_pair(a);
    }
    if (!a->gone && a->state_news) {
        tell_state(a);
    }
}
