#include "tests/sim/bare.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sim/suite.h"

static const strait_time start = 1000 * STRAIT_S;
static const uint8_t words[] = "a record of application data";

struct sim_link sim_bare_link(unsigned loss)
{
    return (struct sim_link){ .loss = loss,
                              .duplication = 20,
                              .reordering = 20,
                              .delay = 25 * STRAIT_MS,
                              .jitter = 25 * STRAIT_MS,
                              .overtakes = 8 };
}

/* --- Hooks ------------------------------------------------------------------------------------ */

static void *side_alloc(void *user, size_t bytes)
{
    struct sim_bare_side *side = user;
    side->allocations++;
    return malloc(bytes);
}

static void side_free(void *user, void *memory)
{
    struct sim_bare_side *side = user;
    side->allocations--;
    free(memory);
}

static int side_random(void *user, uint8_t *out, size_t bytes)
{
    struct sim_bare_side *side = user;
    sim_random_fill(&side->random, out, bytes);
    return 0;
}

/* --- Events ----------------------------------------------------------------------------------- */

static void on_send(void *user, const uint8_t *data, size_t len)
{
    struct sim_bare_side *side = user;
    side->longest = len > side->longest ? len : side->longest;
    sim_net_send(&side->host, 0, &side->other->host.outer[0], data, len);
}

static void on_listener_send(void *user, const void *to, size_t to_len, const uint8_t *data,
                             size_t len)
{
    const struct sim_bare_side *side = user;
    sim_check(to_len == sizeof side->other->host.outer[0] &&
              memcmp(to, &side->other->host.outer[0], to_len) == 0);
    on_send(user, data, len);
}

static void on_state(void *user, enum strait_dtls_state state)
{
    struct sim_bare_side *side = user;
    if (state == STRAIT_DTLS_CONNECTED) {
        enum strait_srtp_profile profile;
        side->connected++;
        side->connected_at = side->host.net->now;
        sim_check(strait_dtls_srtp_keys(side->dtls, &profile, &side->send, &side->receive) ==
                  STRAIT_OK);
    } else if (state == STRAIT_DTLS_CLOSED || state == STRAIT_DTLS_FAILED) {
        side->ended++;
    }
}

static void on_data(void *user, uint8_t *data, size_t len)
{
    struct sim_bare_side *side = user;
    side->got++;
    side->damaged += len != sizeof words || memcmp(data, words, sizeof words) != 0;
}

/* --- The host's side -------------------------------------------------------------------------- */

static void take_fingerprint(struct sim_bare_side *side)
{
    struct strait_fingerprint fingerprint;
    sim_check(strait_certificate_fingerprint(side->other->certificate, STRAIT_HASH_SHA256,
                                             &fingerprint) == STRAIT_OK);
    int error = strait_dtls_set_fingerprints(side->dtls, &fingerprint, 1);
    /* What a listener has made may have failed at once. */
    sim_check(error == STRAIT_OK || strait_dtls_state(side->dtls) == STRAIT_DTLS_FAILED);
}

static void listener_receive(struct sim_bare_side *side, strait_time now,
                             struct strait_datagram *datagram)
{
    sim_check(strait_dtls_listener_receive(side->listener, now, &datagram->remote,
                                           sizeof datagram->remote, datagram->data, datagram->len,
                                           &side->dtls) == STRAIT_OK);
    if (side->dtls != NULL) {
        take_fingerprint(side);
    }
}

static void side_receive(struct sim_host *host, strait_time now, struct strait_datagram *datagrams,
                         size_t n)
{
    struct sim_bare_side *side = (struct sim_bare_side *)host;
    for (size_t i = 0; i < n; i++) {
        if (side->dtls == NULL) {
            listener_receive(side, now, &datagrams[i]);
            continue;
        }
        sim_check(strait_dtls_receive(side->dtls, now, datagrams[i].data, datagrams[i].len) ==
                  STRAIT_OK);
    }
}

static void side_advance(struct sim_host *host, strait_time now)
{
    strait_dtls_advance(((struct sim_bare_side *)host)->dtls, now);
}

static strait_time side_deadline(const struct sim_host *host)
{
    const struct sim_bare_side *side = (const struct sim_bare_side *)host;
    return side->dtls != NULL ? strait_dtls_deadline(side->dtls) : STRAIT_TIME_NEVER;
}

/* --- Life ------------------------------------------------------------------------------------- */

static struct strait_dtls_config config_of(struct sim_bare_side *side,
                                           const struct sim_bare_plan *plan,
                                           const struct strait_hooks *hooks)
{
    struct strait_dtls_config config = {
        .size = sizeof config,
        .hooks = hooks,
        .events = { .size = sizeof config.events,
                    .send = on_send,
                    .state = on_state,
                    .data = on_data },
        .user = side,
        .certificate = side->certificate,
        .min_version = plan->version == SIM_DTLS_12 ? STRAIT_DTLS_1_2 : STRAIT_DTLS_1_3,
        .max_version = plan->version == SIM_DTLS_12 ? STRAIT_DTLS_1_2 : STRAIT_DTLS_1_3,
        .profiles = { STRAIT_SRTP_AEAD_AES_128_GCM },
        .n_profiles = 1,
        .mtu = plan->mtu,
        .initial_timeout = 2 * plan->rtt,
    };
    if (plan->version == SIM_DTLS_13_PQ) {
        config.groups[config.n_groups++] = STRAIT_GROUP_X25519MLKEM768;
    }
    config.groups[config.n_groups++] = STRAIT_GROUP_X25519;
    return config;
}

static void init_side(struct sim_bare *bare, const struct sim_bare_plan *plan, enum sim_side which)
{
    struct sim_bare_side *side = which == SIM_CLIENT ? &bare->client : &bare->server;
    struct strait_hooks hooks = { .size = sizeof hooks,
                                  .user = side,
                                  .alloc = side_alloc,
                                  .free = side_free,
                                  .random = side_random };
    side->other = which == SIM_CLIENT ? &bare->server : &bare->client;
    sim_random_init(&side->random, plan->seed, 1 + (uint64_t)which);
    side->host = (struct sim_host){ .n_addresses = 1,
                                    .out = plan->link,
                                    .receive = side_receive,
                                    .advance = side_advance,
                                    .deadline = side_deadline };
    side->host.outer[0] = side->host.local[0] = sim_address(
        which == SIM_CLIENT ? "192.0.2.1" : "192.0.2.2", 5001);
    if (which == SIM_SERVER && plan->back_mtu > 0) {
        side->host.out.mtu = plan->back_mtu;
    }
    sim_net_add(&bare->net, &side->host);
    struct strait_dtls_config config = config_of(side, plan, &hooks);
    config.role = which == SIM_CLIENT ? STRAIT_DTLS_CLIENT : STRAIT_DTLS_SERVER;
    if (plan->adjust != NULL) {
        plan->adjust(&config, which);
    }
    if (which == SIM_SERVER && plan->cookies) {
        struct strait_dtls_listener_config listener = {
            .size = sizeof listener, .dtls = &config, .user = side, .send = on_listener_send
        };
        sim_check(strait_dtls_listener_create(&side->listener, &listener, bare->net.now) ==
                  STRAIT_OK);
    } else {
        sim_check(strait_dtls_create(&side->dtls, &config, bare->net.now) == STRAIT_OK);
        take_fingerprint(side);
        sim_check(strait_dtls_start(side->dtls, bare->net.now) == STRAIT_OK);
    }
}

void sim_bare_init(struct sim_bare *bare, const struct sim_bare_plan *plan)
{
    memset(bare, 0, sizeof *bare);
    sim_net_init(&bare->net, plan->seed, start);
    bare->net.shape = plan->shape;
    bare->net.shape_user = plan->shape_user;
    bare->begin = bare->net.now;
    bare->client.certificate = sim_certificate(1);
    bare->server.certificate = sim_certificate(2);
    init_side(bare, plan, SIM_SERVER);
    init_side(bare, plan, SIM_CLIENT);
}

static void finish_side(struct sim_bare_side *side)
{
    strait_dtls_destroy(side->dtls);
    strait_dtls_listener_destroy(side->listener);
    strait_certificate_unref(side->certificate);
    sim_check(side->allocations == 0);
}

void sim_bare_finish(struct sim_bare *bare)
{
    finish_side(&bare->client);
    finish_side(&bare->server);
    sim_net_finish(&bare->net);
}

static bool on_their_way_no_more(void *user)
{
    const struct sim_bare *bare = user;
    return (bare->client.connected > 0 && bare->server.connected > 0) || bare->client.ended > 0 ||
           bare->server.ended > 0;
}

bool sim_bare_connect(struct sim_bare *bare, strait_time limit)
{
    sim_net_run(&bare->net, bare->begin + limit, on_their_way_no_more, bare);
    return bare->client.connected > 0 && bare->server.connected > 0;
}

void sim_bare_run(struct sim_bare *bare, strait_time time)
{
    sim_net_run(&bare->net, bare->net.now + time, NULL, NULL);
}

void sim_bare_say(struct sim_bare_side *side)
{
    sim_check(strait_dtls_send(side->dtls, side->host.net->now, words, sizeof words) == STRAIT_OK);
}

/* --- Checks ----------------------------------------------------------------------------------- */

bool sim_bare_same_keys(const struct sim_bare *bare)
{
    const struct sim_bare_side *c = &bare->client, *s = &bare->server;
    return memcmp(&c->send, &s->receive, sizeof c->send) == 0 &&
           memcmp(&c->receive, &s->send, sizeof c->send) == 0 &&
           memcmp(&c->send, &c->receive, sizeof c->send) != 0;
}

static void check_side(const struct sim_bare_side *side, const struct sim_bare_plan *plan)
{
    struct strait_srtp_key send, receive;
    enum strait_srtp_profile profile;
    sim_check(strait_dtls_state(side->dtls) == STRAIT_DTLS_CONNECTED);
    sim_check(side->connected == 1 && side->ended == 0);
    sim_check(strait_dtls_srtp_keys(side->dtls, &profile, &send, &receive) == STRAIT_OK);
    sim_check(memcmp(&send, &side->send, sizeof send) == 0);
    sim_check(memcmp(&receive, &side->receive, sizeof receive) == 0);
    sim_check(sim_bare_stats(side).version ==
              (plan->version == SIM_DTLS_12 ? STRAIT_DTLS_1_2 : STRAIT_DTLS_1_3));
    sim_check(side->longest <= plan->mtu);
    sim_check(side->damaged == 0);
}

void sim_bare_check(const struct sim_bare *bare, const struct sim_bare_plan *plan)
{
    check_side(&bare->client, plan);
    check_side(&bare->server, plan);
    sim_check(sim_bare_same_keys(bare));
}

struct strait_dtls_stats sim_bare_stats(const struct sim_bare_side *side)
{
    struct strait_dtls_stats stats = { .size = sizeof stats };
    sim_check(strait_dtls_stats(side->dtls, &stats) == STRAIT_OK);
    return stats;
}
