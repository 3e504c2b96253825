#include "tests/agent_pair.h"

#include <netinet/in.h>

enum { PATIENCE_S = 60 };

/* --- Events --------------------------------------------------------------------------------------- */

static bool destroyed(struct peer *peer, enum moment moment)
{
    if (moment == NEVER || peer->destroy != moment || peer->transport == NULL) {
        return false;
    }
    strait_transport_destroy(peer->transport);
    peer->transport = NULL;
    return true;
}

static void on_ice(void *user, struct strait_transport *transport, enum strait_ice_state state)
{
    struct peer *peer = user;
    assert_ptr_equal(transport, peer->transport);
    peer->states[state]++;
    (void)destroyed(peer, state == STRAIT_ICE_CHECKING    ? IN_CHECKING
                          : state == STRAIT_ICE_CONNECTED ? IN_CONNECTED
                                                          : NEVER);
}

static void on_dtls(void *user, struct strait_transport *transport, enum strait_dtls_state state)
{
    (void)transport;
    if (state == STRAIT_DTLS_CONNECTED) {
        (void)destroyed(user, IN_DTLS);
    }
}

static void on_packets(void *user, struct strait_transport *transport,
                       struct strait_packet *packets, size_t n)
{
    struct peer *peer = user;
    (void)transport;
    (void)packets;
    peer->packets += (unsigned)n;
    (void)destroyed(peer, IN_PACKETS);
}

static void on_candidate(void *user, struct strait_transport *transport,
                         const struct strait_candidate *candidate)
{
    struct peer *peer = user;
    (void)transport;
    if (!destroyed(peer, IN_CANDIDATE) && peer->other->transport != NULL && !peer->deaf &&
        (!peer->tcp_only || candidate->protocol == STRAIT_CANDIDATE_TCP)) {
        int error = strait_transport_add_remote_candidate(peer->other->transport, candidate);
        assert_true(error == STRAIT_OK || error == STRAIT_E_UNSUPPORTED ||
                    error == STRAIT_E_DENIED);
    }
}

static void on_gathered(void *user, struct strait_transport *transport)
{
    struct peer *peer = user;
    (void)transport;
    peer->gathered++;
    (void)destroyed(peer, IN_GATHERED);
    strait_transport_end_of_candidates(peer->other->transport);
}

/* --- Two peers -------------------------------------------------------------------------------------- */

static enum strait_ice_role role_of(const struct pair *pair, int i)
{
    bool controls = pair->roles == ONE_CONTROLS ? i == 0 : pair->roles == BOTH_CONTROL;
    return controls ? STRAIT_ICE_CONTROLLING : STRAIT_ICE_CONTROLLED;
}

static void bind_shared_port(struct pair *pair, struct peer *peer)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
    bool six = pair->family == AF_INET6;
    if (pair->family == AF_INET) {
        v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    }
    assert_int_equal(strait_runtime_bind(pair->runtime, peer->endpoint,
                                         six ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4,
                                         six ? sizeof v6 : sizeof v4, NULL, NULL),
                     STRAIT_OK);
}

static void create(struct pair *pair, int i)
{
    static const char *const loopback[] = { "127.0.0.1", "::1" };
    struct peer *peer = &pair->peer[i];
    struct strait_transport_config config = { .size = sizeof config,
                                              .user = peer,
                                              .ice_role = role_of(pair, i),
                                              .ice_timeout = peer->ice_timeout,
                                              .consent_timeout = peer->consent_timeout,
                                              .dtls_role = i == 0 ? STRAIT_DTLS_CLIENT
                                                                  : STRAIT_DTLS_SERVER,
                                              .events = { .size = sizeof config.events,
                                                          .ice_state = on_ice,
                                                          .dtls_state = on_dtls,
                                                          .packets = on_packets } };
    struct strait_endpoint_config endpoint = peer->endpoint_config;
    struct strait_agent_config agent = peer->config;
    endpoint.size = sizeof endpoint;
    agent.size = sizeof agent;
    agent.user = peer;
    agent.pacing = 5 * STRAIT_MS;
    agent.events.size = sizeof agent.events;
    agent.events.candidate = on_candidate;
    agent.events.gathered = on_gathered;
    if (pair->family != 0) {
        agent.local.allow = &loopback[pair->family == AF_INET6];
        agent.local.n_allow = 1;
    }
    peer->other = &pair->peer[!i];
    assert_int_equal(strait_certificate_create(&peer->certificate, NULL), STRAIT_OK);
    assert_int_equal(
        strait_endpoint_create(&peer->endpoint, &endpoint, strait_runtime_now(pair->runtime)),
        STRAIT_OK);
    assert_int_equal(strait_runtime_add(pair->runtime, peer->endpoint), STRAIT_OK);
    config.certificate = peer->certificate;
    if (peer->kind == AGENT) {
        assert_int_equal(
            strait_agent_create(&peer->transport, pair->runtime, peer->endpoint, &config, &agent),
            STRAIT_OK);
        return;
    }
    config.ice = peer->kind == LITE ? STRAIT_ICE_LITE : STRAIT_ICE_FULL;
    bind_shared_port(pair, peer);
    assert_int_equal(strait_transport_create(&peer->transport, peer->endpoint, &config,
                                             strait_runtime_now(pair->runtime)),
                     STRAIT_OK);
}

void signal_ice(const struct peer *from, const struct peer *to)
{
    struct strait_candidate candidates[32];
    assert_int_equal(
        strait_transport_set_remote_ice(to->transport, strait_transport_local_ice(from->transport)),
        STRAIT_OK);
    if (from->kind != AGENT) {
        size_t n = strait_endpoint_local_candidates(from->endpoint, candidates, 32);
        for (size_t i = 0; i < n && i < 32; i++) {
            int error = strait_transport_add_remote_candidate(to->transport, &candidates[i]);
            assert_true(error == STRAIT_OK || error == STRAIT_E_UNSUPPORTED ||
                        error == STRAIT_E_DENIED);
        }
        strait_transport_end_of_candidates(to->transport);
    }
}

void signal_candidates(const struct peer *from)
{
    struct strait_candidate candidates[64];
    size_t n = strait_agent_local_candidates(from->transport, candidates, 64);
    assert_in_range(n, 1, 64);
    for (size_t k = 0; k < n; k++) {
        int error = strait_transport_add_remote_candidate(from->other->transport, &candidates[k]);
        assert_true(error == STRAIT_OK || error == STRAIT_E_UNSUPPORTED ||
                    error == STRAIT_E_DENIED);
    }
    assert_int_equal(strait_transport_end_of_candidates(from->other->transport), STRAIT_OK);
}

void signal_all(struct pair *pair, int i)
{
    struct peer *from = &pair->peer[i], *to = from->other;
    struct strait_dtls_parameters dtls = { .role = i == 0 ? STRAIT_DTLS_CLIENT : STRAIT_DTLS_SERVER,
                                           .n_fingerprints = 1 };
    strait_certificate_fingerprint(from->certificate, STRAIT_HASH_SHA256, &dtls.fingerprints[0]);
    signal_ice(from, to);
    assert_int_equal(strait_transport_set_remote_dtls(to->transport, &dtls), STRAIT_OK);
}

void start(struct pair *pair, enum kind a, enum kind b)
{
    memset(pair, 0, sizeof *pair);
    pair->peer[0].kind = a;
    pair->peer[1].kind = b;
    start_as_set(pair);
}

void start_as_set(struct pair *pair)
{
    create_as_set(pair);
    signal_and_gather(pair);
}

void create_as_set(struct pair *pair)
{
    if (pair->runtime == NULL) {
        assert_int_equal(strait_runtime_create(&pair->runtime, NULL), STRAIT_OK);
    }
    create(pair, 0);
    create(pair, 1);
}

void signal_and_gather(struct pair *pair)
{
    signal_all(pair, 0);
    signal_all(pair, 1);
    for (int i = 0; i < 2; i++) {
        if (pair->peer[i].kind == AGENT) {
            assert_int_equal(strait_agent_gather(pair->peer[i].transport), STRAIT_OK);
            assert_int_equal(strait_agent_gather(pair->peer[i].transport), STRAIT_E_STATE);
        }
    }
}

void finish(struct pair *pair)
{
    strait_runtime_destroy(pair->runtime);
    finish_peers(pair);
}

void finish_peers(struct pair *pair)
{
    for (int i = 0; i < 2; i++) {
        strait_endpoint_destroy(pair->peer[i].endpoint);
        strait_certificate_unref(pair->peer[i].certificate);
    }
}

bool both_gathered(const struct pair *pair)
{
    return pair->peer[0].gathered > 0 && pair->peer[1].gathered > 0;
}

bool writable(const struct pair *pair)
{
    return strait_transport_writable(pair->peer[0].transport) &&
           strait_transport_writable(pair->peer[1].transport);
}

void run_until(struct pair *pair, bool (*done)(const struct pair *pair))
{
    strait_time end = strait_runtime_now(pair->runtime) + PATIENCE_S * STRAIT_S;
    while (!done(pair)) {
        assert_true(strait_runtime_now(pair->runtime) < end);
        assert_int_equal(strait_runtime_wait(pair->runtime, 20 * STRAIT_MS), STRAIT_OK);
    }
}

void send_one(struct peer *peer)
{
    uint8_t rtp[200] = { 0x80, 111, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7 };
    peer->sequence++;
    rtp[2] = (uint8_t)(peer->sequence >> 8);
    rtp[3] = (uint8_t)peer->sequence;
    struct strait_packet packet = { .data = rtp, .len = sizeof rtp };
    assert_int_equal(strait_transport_send(peer->transport, &packet, 1), 1);
}

bool all_arrived(const struct pair *pair)
{
    return pair->peer[0].packets == pair->peer[1].sequence &&
           pair->peer[1].packets == pair->peer[0].sequence;
}

void media_flow(struct pair *pair)
{
    for (int i = 0; i < 200; i++) {
        send_one(&pair->peer[0]);
        send_one(&pair->peer[1]);
        if (i % 20 == 0) {
            strait_runtime_dispatch(pair->runtime);
        }
    }
    run_until(pair, all_arrived);
}

void media_alternates(struct pair *pair)
{
    for (int i = 0; i < 100; i++) {
        send_one(&pair->peer[0]);
        send_one(&pair->peer[1]);
        run_until(pair, all_arrived);
    }
}
