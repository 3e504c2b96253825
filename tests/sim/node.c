#include "tests/sim/node.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sim/check.h"
#include "tests/sim/peer.h"
#include "transport/address.h"

/* --- Hooks ------------------------------------------------------------------------------------ */

static void *node_alloc(void *user, size_t bytes)
{
    struct sim_node *node = user;
    node->allocations++;
    return malloc(bytes);
}

static void node_free(void *user, void *memory)
{
    struct sim_node *node = user;
    node->allocations--;
    free(memory);
}

static int node_random(void *user, uint8_t *out, size_t bytes)
{
    struct sim_node *node = user;
    sim_random_fill(&node->random, out, bytes);
    return 0;
}

static void node_record(void *user, const uint8_t *data, size_t len)
{
    struct sim_record *record = user;
    if (record->len + len > record->room) {
        record->room = (record->len + len) * 2;
        record->data = realloc(record->data, record->room);
        if (record->data == NULL) {
            abort();
        }
    }
    memcpy(record->data + record->len, data, len);
    record->len += len;
}

/* --- The host's side -------------------------------------------------------------------------- */

void sim_node_drain(struct sim_node *node)
{
    enum { SOME = 8 };
    struct strait_send sends[SOME];
    size_t n;
    while ((n = strait_endpoint_pending(node->endpoint, sends, SOME)) > 0) {
        for (size_t i = 0; i < n; i++) {
            const struct strait_send *train = &sends[i];
            size_t segment = train->segment_size > 0 ? train->segment_size : train->len;
            sim_check(
                strait__address_equal(&train->path->local, &node->host.local[train->path->socket]));
            for (size_t at = 0; at < train->len; at += segment) {
                size_t left = train->len - at;
                sim_net_send(&node->host, train->path->socket, &train->path->remote,
                             train->data + at, left < segment ? left : segment);
            }
        }
        strait_endpoint_sent(node->endpoint, n);
    }
}

static void node_receive(struct sim_host *host, strait_time now, struct strait_datagram *datagrams,
                         size_t n)
{
    struct sim_node *node = (struct sim_node *)host;
    sim_check(strait_endpoint_receive(node->endpoint, now, datagrams, n) == STRAIT_OK);
    sim_node_drain(node);
}

static strait_time media_deadline(const struct sim_node *node)
{
    strait_time first = STRAIT_TIME_NEVER;
    for (const struct sim_peer *peer = node->peers; peer != NULL; peer = peer->next) {
        first = peer->next_media < first ? peer->next_media : first;
    }
    return first;
}

static void node_advance(struct sim_host *host, strait_time now)
{
    struct sim_node *node = (struct sim_node *)host;
    if (strait_endpoint_deadline(node->endpoint) <= now) {
        strait_endpoint_advance(node->endpoint, now);
    }
    for (struct sim_peer *peer = node->peers; peer != NULL; peer = peer->next) {
        if (peer->next_media <= now) {
            sim_peer_send_media(peer, now);
        }
    }
    sim_node_drain(node);
}

static strait_time node_deadline(const struct sim_host *host)
{
    const struct sim_node *node = (const struct sim_node *)host;
    strait_time media = media_deadline(node);
    strait_time endpoint = strait_endpoint_deadline(node->endpoint);
    return media < endpoint ? media : endpoint;
}

/* --- Life ------------------------------------------------------------------------------------- */

static void init_host(struct sim_host *host, const struct sim_node_config *config)
{
    host->n_addresses = config->n_addresses;
    for (size_t i = 0; i < config->n_addresses; i++) {
        host->local[i] = host->outer[i] = config->addresses[i];
    }
    host->out = config->out;
    host->receive = node_receive;
    host->advance = node_advance;
    host->deadline = node_deadline;
}

void sim_node_init(struct sim_node *node, struct sim_net *net, const struct sim_node_config *config)
{
    memset(node, 0, sizeof *node);
    sim_random_init(&node->random, config->seed, config->stream);
    init_host(&node->host, config);
    struct strait_hooks hooks = { .size = sizeof hooks,
                                  .user = node,
                                  .alloc = node_alloc,
                                  .free = node_free,
                                  .random = node_random };
    struct strait_endpoint_config endpoint = {
        .size = sizeof endpoint, .hooks = &hooks, .events = config->events, .user = config->user
    };
    if (config->record) {
        endpoint.record_secrets_ok = true;
        endpoint.record = node_record;
        endpoint.record_user = &node->record;
    }
    sim_check(strait_endpoint_create(&node->endpoint, &endpoint, net->now) == STRAIT_OK);
    for (size_t i = 0; i < config->n_addresses; i++) {
        sim_check(
            strait_endpoint_add_local(node->endpoint, (uint32_t)i,
                                      (const struct sockaddr *)(const void *)&config->addresses[i],
                                      strait__address_len(&config->addresses[i])) == STRAIT_OK);
    }
    sim_net_add(net, &node->host);
}

void sim_node_finish(struct sim_node *node)
{
    strait_endpoint_destroy(node->endpoint);
    sim_check(node->allocations == 0);
    free(node->record.data);
    memset(node, 0, sizeof *node);
}

struct strait_endpoint_stats sim_node_stats(const struct sim_node *node)
{
    struct strait_endpoint_stats stats = { .size = sizeof stats };
    sim_check(strait_endpoint_stats(node->endpoint, &stats) == STRAIT_OK);
    return stats;
}
