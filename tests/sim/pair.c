#include "tests/sim/pair.h"

#include <string.h>

#include "tests/sim/check.h"

const char *const sim_version_names[SIM_VERSIONS] = { "1.2", "1.3", "1.3 post-quantum" };

static const strait_time start = 1000 * STRAIT_S;

struct sim_link sim_lossy_link(unsigned loss)
{
    unsigned disorder = loss > 0 ? 15 : 10;
    return (struct sim_link){ .loss = loss,
                              .duplication = disorder,
                              .reordering = disorder,
                              .delay = 25 * STRAIT_MS,
                              .jitter = 30 * STRAIT_MS };
}

struct sim_plan sim_clean_plan(size_t i)
{
    return (struct sim_plan){ .seed = i + 1,
                              .version = (enum sim_version)(i % SIM_VERSIONS),
                              .b_is_client = i / SIM_VERSIONS % 2 == 1,
                              .a_ice = STRAIT_ICE_FULL,
                              .b_ice = i / SIM_ROLES % 2 == 1 ? STRAIT_ICE_FULL : STRAIT_ICE_LITE,
                              .link = { .delay = 25 * STRAIT_MS } };
}

struct strait_transport_config sim_pair_config(const struct sim_plan *plan, bool is_b)
{
    bool client = is_b == plan->b_is_client;
    struct strait_transport_config config = {
        .ice = is_b ? plan->b_ice : plan->a_ice,
        .ice_role = is_b ? STRAIT_ICE_CONTROLLED : STRAIT_ICE_CONTROLLING,
        .consent_timeout = plan->consent_timeout,
        .dtls_role = client ? STRAIT_DTLS_CLIENT : STRAIT_DTLS_SERVER,
        .min_version = plan->version == SIM_DTLS_12 ? STRAIT_DTLS_1_2 : STRAIT_DTLS_1_3,
        .max_version = plan->version == SIM_DTLS_12 ? STRAIT_DTLS_1_2 : STRAIT_DTLS_1_3,
        .mtu = plan->mtu,
    };
    if (is_b && plan->b_is_auto) {
        config.dtls_role = STRAIT_DTLS_AUTO;
    }
    if (plan->version == SIM_DTLS_13_PQ) {
        config.groups[config.n_groups++] = STRAIT_GROUP_X25519MLKEM768;
    }
    config.groups[config.n_groups++] = STRAIT_GROUP_X25519;
    return config;
}

static void init_node(struct sim_pair *pair, const struct sim_plan *plan, bool is_b)
{
    struct sockaddr_storage address =
        plan->ipv6 ? sim_address(is_b ? "2001:db8::b" : "2001:db8::a", is_b ? 5002 : 5001)
                   : sim_address(is_b ? "192.0.2.2" : "192.0.2.1", is_b ? 5002 : 5001);
    struct sim_node_config config = { .seed = plan->seed,
                                      .stream = is_b ? 2 : 1,
                                      .addresses = &address,
                                      .n_addresses = 1,
                                      .out = plan->link,
                                      .record = plan->record };
    sim_node_init(is_b ? &pair->node_b : &pair->node_a, &pair->net, &config);
}

void sim_pair_init(struct sim_pair *pair, const struct sim_plan *plan)
{
    memset(pair, 0, sizeof *pair);
    sim_net_init(&pair->net, plan->seed, start);
    pair->begin = pair->net.now;
    pair->external = plan->a_ice == STRAIT_ICE_EXTERNAL;
    init_node(pair, plan, false);
    init_node(pair, plan, true);
    struct strait_transport_config a = sim_pair_config(plan, false);
    struct strait_transport_config b = sim_pair_config(plan, true);
    sim_peer_init(&pair->a, &pair->node_a, 1, &a);
    sim_peer_init(&pair->b, &pair->node_b, 2, &b);
}

void sim_pair_finish(struct sim_pair *pair)
{
    sim_node_finish(&pair->node_a);
    sim_node_finish(&pair->node_b);
    sim_peer_finish(&pair->a);
    sim_peer_finish(&pair->b);
    sim_net_finish(&pair->net);
}

bool sim_pair_connected(void *user)
{
    const struct sim_pair *pair = user;
    return sim_peer_connected(&pair->a) && sim_peer_connected(&pair->b);
}

/* What a host with an ICE of its own does. */
static void give_path(struct sim_peer *peer, const struct sim_peer *other)
{
    struct strait_path path = { .local = peer->node->host.local[0],
                                .remote = other->node->host.outer[0] };
    sim_check(strait_transport_set_path(peer->transport, &path, 50 * STRAIT_MS) == STRAIT_OK);
}

void sim_pair_give_paths(struct sim_pair *pair)
{
    give_path(&pair->a, &pair->b);
    give_path(&pair->b, &pair->a);
}

bool sim_pair_connect(struct sim_pair *pair, strait_time limit)
{
    sim_signal(&pair->a, &pair->b);
    if (pair->external) {
        sim_pair_give_paths(pair);
    }
    return sim_net_run(&pair->net, pair->net.now + limit, sim_pair_connected, pair);
}

void sim_pair_run(struct sim_pair *pair, strait_time time)
{
    sim_net_run(&pair->net, pair->net.now + time, NULL, NULL);
}

void sim_pair_check_connected(const struct sim_pair *pair, const struct sim_plan *plan)
{
    bool new_version = plan->version != SIM_DTLS_12;
    const struct sim_peer *peers[] = { &pair->a, &pair->b };
    for (size_t i = 0; i < 2; i++) {
        struct strait_transport_stats stats = sim_peer_stats(peers[i]);
        sim_check(stats.dtls.version == (new_version ? STRAIT_DTLS_1_3 : STRAIT_DTLS_1_2));
        sim_check(stats.dtls.group == (plan->version == SIM_DTLS_13_PQ ? STRAIT_GROUP_X25519MLKEM768
                                                                       : STRAIT_GROUP_X25519));
        sim_check(stats.dtls.role ==
                  ((i == 1) == plan->b_is_client ? STRAIT_DTLS_CLIENT : STRAIT_DTLS_SERVER));
        sim_check(stats.dtls.role == strait_transport_dtls_role(peers[i]->transport));
        sim_check(stats.dtls.profile == STRAIT_SRTP_AEAD_AES_128_GCM);
        sim_check(peers[i]->dtls_states[STRAIT_DTLS_CONNECTED] == 1);
        sim_check(peers[i]->dtls_states[STRAIT_DTLS_FAILED] == 0);
        sim_check(peers[i]->ice_states[STRAIT_ICE_FAILED] == 0);
    }
    sim_check(sim_same_keys(&pair->a, &pair->b));
}

void sim_pair_media(struct sim_pair *pair, strait_time time)
{
    strait_time now = pair->net.now;
    sim_peer_media(&pair->a, now, now + time);
    sim_peer_media(&pair->b, now, now + time);
    sim_pair_run(pair, time + pair->node_a.host.out.delay + pair->node_a.host.out.jitter);
}

static void check_direction(const struct sim_peer *from, const struct sim_peer *to)
{
    uint64_t sent = from->sent.rtp + from->sent.rtcp;
    uint64_t lost = from->node->host.counts.lost[SIM_MEDIA];
    sim_check(from->sent.rtp > 0 && from->sent.rtcp > 0);
    sim_check(from->node->host.counts.sent[SIM_MEDIA] == sent);
    sim_check(to->got.rtp + to->got.rtcp == sent - lost);
    sim_check(to->got.rtp > 0);
    sim_check(to->got.damaged == 0 && to->got.repeated == 0);
    struct strait_transport_stats stats = sim_peer_stats(to);
    sim_check(stats.rtp_received == to->got.rtp && stats.rtcp_received == to->got.rtcp);
    sim_check(stats.srtp.forged == 0 && stats.srtp.too_old == 0);
    sim_check(stats.srtp.replayed <= from->node->host.counts.doubled);
}

void sim_pair_check_media(const struct sim_pair *pair)
{
    check_direction(&pair->a, &pair->b);
    check_direction(&pair->b, &pair->a);
}
