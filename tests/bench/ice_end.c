#include "tests/bench/ice_end.h"

#include <netinet/in.h>

enum { CANDIDATES = 8 };

static void on_gathered(void *user, struct strait_transport *transport)
{
    struct ice_end *end = user;
    (void)transport;
    end->gathered++;
}

static void on_packets(void *user, struct strait_transport *transport,
                       struct strait_packet *packets, size_t n)
{
    struct ice_end *end = user;
    if (end->packets != NULL) {
        end->packets(end->user, transport, packets, n);
    }
}

bool ice_end_open(struct ice_end *end, struct strait_runtime *runtime)
{
    const struct sockaddr_in loopback = { .sin_family = AF_INET,
                                          .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    end->runtime = runtime;
    int error = strait_certificate_create(&end->certificate, NULL);
    if (error == STRAIT_OK) {
        error = strait_endpoint_create(&end->endpoint, NULL, strait_runtime_now(runtime));
    }
    if (error == STRAIT_OK) {
        error = strait_runtime_add(runtime, end->endpoint);
    }
    if (error == STRAIT_OK && end->kind != ICE_AGENT) {
        error = strait_runtime_bind(runtime, end->endpoint, (const struct sockaddr *)&loopback,
                                    sizeof loopback, NULL, NULL);
    }
    if (error != STRAIT_OK) {
        bench_fail("strait has no end on loopback: %s", strait_strerror(error));
    }
    return error == STRAIT_OK;
}

void ice_end_close(struct ice_end *end)
{
    strait_endpoint_destroy(end->endpoint);
    strait_certificate_unref(end->certificate);
}

static int create_agent(struct ice_end *end, struct strait_transport **out,
                        const struct strait_transport_config *transport)
{
    static const char *const loopback[] = { "127.0.0.1" };
    const struct strait_agent_config config = {
        .size = sizeof config,
        .events = { .size = sizeof config.events, .gathered = on_gathered },
        .user = end,
        .local = { .allow = loopback, .n_allow = 1 },
    };
    int error = strait_agent_create(out, end->runtime, end->endpoint, transport, &config);
    return error == STRAIT_OK ? strait_agent_gather(*out) : error;
}

struct strait_transport *ice_end_create(struct ice_end *end)
{
    const struct strait_transport_config config = {
        .size = sizeof config,
        .user = end,
        .events = { .size = sizeof config.events, .packets = on_packets },
        .ice = end->kind == ICE_LITE ? STRAIT_ICE_LITE : STRAIT_ICE_FULL,
        .ice_role = end->ice_role,
        .dtls_role = end->dtls_role,
        .certificate = end->certificate,
        .profiles = { STRAIT_SRTP_AEAD_AES_128_GCM },
        .n_profiles = 1,
    };
    struct strait_transport *transport;
    int error = end->kind == ICE_AGENT ? create_agent(end, &transport, &config)
                                       : strait_transport_create(&transport, end->endpoint, &config,
                                                                 strait_runtime_now(end->runtime));
    if (error != STRAIT_OK) {
        bench_fail("strait makes no transport: %s", strait_strerror(error));
        return NULL;
    }
    return transport;
}

int ice_end_give(const struct ice_end *from, const struct strait_transport *sender,
                 struct strait_transport *to)
{
    struct strait_dtls_parameters dtls = { .role = from->dtls_role, .n_fingerprints = 1 };
    struct strait_candidate candidates[CANDIDATES];
    strait_certificate_fingerprint(from->certificate, STRAIT_HASH_SHA256, &dtls.fingerprints[0]);
    size_t n = from->kind == ICE_AGENT
                   ? strait_agent_local_candidates(sender, candidates, CANDIDATES)
                   : strait_endpoint_local_candidates(from->endpoint, candidates, CANDIDATES);
    int error = strait_transport_set_remote_ice(to, strait_transport_local_ice(sender));
    for (size_t i = 0; i < n && i < CANDIDATES && error == STRAIT_OK; i++) {
        error = strait_transport_add_remote_candidate(to, &candidates[i]);
    }
    if (error == STRAIT_OK) {
        error = strait_transport_end_of_candidates(to);
    }
    return error == STRAIT_OK ? strait_transport_set_remote_dtls(to, &dtls) : error;
}
