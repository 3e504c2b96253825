/*
 * Allowed and denied addresses on the shared port: a client, full ICE without rules, and a server with rules, lite or
 * full, on a wire that shows the client under any address. Virtual time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <strait/strait.h>

#include "transport/address.h"

#define CLIENT "192.0.2.10"
#define SERVER "203.0.113.1"
#define PRIVATE "10.0.0.9"

static const char *const denied_ranges[] = { "10.0.0.0/8", "fd00::/8" };

struct side {
    struct strait_endpoint *endpoint;
    struct strait_transport *transport;
    struct strait_certificate *certificate;
    struct sockaddr_storage own;
};

struct net {
    struct side client, server;
    struct sockaddr_storage seen; /* the client's address beyond its NAT */
    strait_time now;
    uint64_t to_denied, to_client; /* datagrams of the server's */
    uint8_t *record;
    size_t record_len;
};

static struct sockaddr_storage address_of(const char *text, uint16_t port)
{
    struct sockaddr_storage address;
    assert_true(strait__address_parse(&address, text, port));
    return address;
}

static void on_record(void *user, const uint8_t *data, size_t len)
{
    struct net *net = user;
    net->record = realloc(net->record, net->record_len + len);
    memcpy(net->record + net->record_len, data, len);
    net->record_len += len;
}

static void create(struct net *net, struct side *side, const char *host,
                   const struct strait_endpoint_config *endpoint, enum strait_ice_kind kind)
{
    bool client = side == &net->client;
    struct strait_transport_config config = {
        .size = sizeof config,
        .ice = kind,
        .ice_role = client ? STRAIT_ICE_CONTROLLING : STRAIT_ICE_CONTROLLED,
        .handshake_timeout = 3600 * STRAIT_S,
        .dtls_role = client ? STRAIT_DTLS_CLIENT : STRAIT_DTLS_SERVER,
        .events = { .size = sizeof config.events }
    };
    side->own = address_of(host, 5000);
    assert_int_equal(strait_certificate_create(&side->certificate, NULL), STRAIT_OK);
    assert_int_equal(strait_endpoint_create(&side->endpoint, endpoint, net->now), STRAIT_OK);
    assert_int_equal(strait_endpoint_add_local(side->endpoint, 1, (struct sockaddr *)&side->own,
                                               sizeof side->own),
                     STRAIT_OK);
    config.certificate = side->certificate;
    assert_int_equal(strait_transport_create(&side->transport, side->endpoint, &config, net->now),
                     STRAIT_OK);
}

static void signal_to(struct side *to, const struct side *from, bool candidates)
{
    struct strait_candidate candidate;
    assert_int_equal(
        strait_transport_set_remote_ice(to->transport, strait_transport_local_ice(from->transport)),
        STRAIT_OK);
    if (candidates) {
        assert_int_equal(strait_endpoint_local_candidates(from->endpoint, &candidate, 1), 1);
        assert_int_equal(strait_transport_add_remote_candidate(to->transport, &candidate),
                         STRAIT_OK);
    }
}

static void start(struct net *net, enum strait_ice_kind kind, bool record)
{
    struct strait_endpoint_config config = { .size = sizeof config,
                                             .remote = { .deny = denied_ranges, .n_deny = 2 } };
    *net = (struct net){ .now = STRAIT_S };
    if (record) {
        config.record = on_record;
        config.record_user = net;
        config.record_secrets_ok = true;
    }
    create(net, &net->server, SERVER, &config, kind);
    create(net, &net->client, CLIENT, NULL, STRAIT_ICE_FULL);
    net->seen = net->client.own;
    signal_to(&net->client, &net->server, true);
    signal_to(&net->server, &net->client, false);
}

static void stop(struct net *net)
{
    struct side *sides[] = { &net->client, &net->server };
    for (int i = 0; i < 2; i++) {
        strait_endpoint_destroy(sides[i]->endpoint);
        strait_certificate_unref(sides[i]->certificate);
    }
    free(net->record);
}

static void give(struct net *net, struct side *to, const struct strait_send *send,
                 const struct sockaddr_storage *from)
{
    uint8_t bytes[2048];
    size_t step = send->segment_size > 0 ? send->segment_size : send->len;
    for (size_t at = 0; at < send->len; at += step) {
        size_t len = send->len - at < step ? send->len - at : step;
        memcpy(bytes, send->data + at, len);
        struct strait_datagram d = { .data = bytes,
                                     .len = len,
                                     .room = sizeof bytes,
                                     .local = to->own,
                                     .remote = *from,
                                     .socket = 1 };
        assert_int_equal(strait_endpoint_receive(to->endpoint, net->now, &d, 1), STRAIT_OK);
    }
}

static void carry(struct net *net, struct side *from)
{
    struct strait_send sends[16];
    struct sockaddr_storage denied = address_of(PRIVATE, 7000);
    bool client = from == &net->client;
    size_t n = strait_endpoint_pending(from->endpoint, sends, 16);
    for (size_t i = 0; i < n; i++) {
        const struct sockaddr_storage *to = &sends[i].path->remote;
        if (client && strait__address_equal(to, &net->server.own)) {
            give(net, &net->server, &sends[i], &net->seen);
        } else if (!client && strait__address_equal(to, &net->seen)) {
            net->to_client++;
            give(net, &net->client, &sends[i], &net->server.own);
        }
        net->to_denied += !client && strait__address_same_host(to, &denied);
    }
    strait_endpoint_sent(from->endpoint, n);
}

static void run_for(struct net *net, strait_time time)
{
    strait_time end = net->now + time;
    for (; net->now < end; net->now += 5 * STRAIT_MS) {
        strait_endpoint_advance(net->client.endpoint, net->now);
        strait_endpoint_advance(net->server.endpoint, net->now);
        carry(net, &net->client);
        carry(net, &net->server);
    }
}

static uint64_t dropped_denied(const struct net *net)
{
    struct strait_endpoint_stats stats = { .size = sizeof stats };
    assert_int_equal(strait_endpoint_stats(net->server.endpoint, &stats), STRAIT_OK);
    return stats.dropped_denied;
}

static struct strait_transport_stats stats_of(const struct side *side)
{
    struct strait_transport_stats stats = { .size = sizeof stats };
    assert_int_equal(strait_transport_stats(side->transport, &stats), STRAIT_OK);
    return stats;
}

/* --- Cases ---------------------------------------------------------------------------------------- */

static void checks_from_denied_addresses_cost_nothing(void **state)
{
    (void)state;
    for (int kind = STRAIT_ICE_LITE; kind <= STRAIT_ICE_FULL; kind++) {
        struct net net;
        start(&net, (enum strait_ice_kind)kind, false);
        net.seen = address_of(PRIVATE, 7000);
        run_for(&net, 3 * STRAIT_S);
        struct strait_transport_stats stats = stats_of(&net.server);
        assert_in_range(dropped_denied(&net), 5, 1000);
        assert_int_equal(stats.packets_received + stats.packets_sent, 0);
        assert_int_equal(stats.pair.requests_received, 0);
        assert_int_equal(stats.dropped_stun_malformed + stats.dropped_stun_integrity, 0);
        assert_int_equal(net.to_client + net.to_denied, 0);
        assert_null(strait_transport_path(net.server.transport));
        /* The same peer from elsewhere is welcome. */
        net.seen = net.client.own;
        run_for(&net, 3 * STRAIT_S);
        assert_non_null(strait_transport_path(net.server.transport));
        assert_int_equal(strait_transport_ice_state(net.server.transport), STRAIT_ICE_COMPLETED);
        stop(&net);
    }
}

static void a_path_never_moves_to_a_denied_address(void **state)
{
    (void)state;
    for (int kind = STRAIT_ICE_LITE; kind <= STRAIT_ICE_FULL; kind++) {
        struct net net;
        start(&net, (enum strait_ice_kind)kind, false);
        run_for(&net, 2 * STRAIT_S);
        const struct strait_path *path = strait_transport_path(net.server.transport);
        assert_non_null(path);
        assert_true(strait__address_equal(&path->remote, &net.client.own));
        net.seen = address_of(PRIVATE, 7000);
        run_for(&net, 60 * STRAIT_S);
        assert_in_range(dropped_denied(&net), 5, 10000);
        assert_int_equal(net.to_denied, 0);
        assert_int_equal(strait_transport_ice_state(net.server.transport), STRAIT_ICE_FAILED);
        assert_int_equal(strait_transport_error(net.server.transport), STRAIT_E_CONSENT);
        stop(&net);
    }
}

static void another_allowed_address_is_followed(void **state)
{
    struct net net;
    (void)state;
    start(&net, STRAIT_ICE_LITE, false);
    run_for(&net, 2 * STRAIT_S);
    net.seen = address_of("198.51.100.77", 7000);
    run_for(&net, 25 * STRAIT_S);
    const struct strait_path *path = strait_transport_path(net.server.transport);
    assert_non_null(path);
    assert_true(strait__address_equal(&path->remote, &net.seen));
    assert_int_equal(dropped_denied(&net), 0);
    stop(&net);
}

static void denied_candidates_are_refused_and_get_no_check(void **state)
{
    (void)state;
    for (int kind = STRAIT_ICE_LITE; kind <= STRAIT_ICE_EXTERNAL; kind++) {
        struct net net;
        struct strait_candidate candidate;
        start(&net, (enum strait_ice_kind)kind, false);
        net.seen = address_of(PRIVATE, 7000);
        assert_int_equal(strait_candidate_host(&candidate, (struct sockaddr *)&net.seen, 9),
                         STRAIT_OK);
        assert_int_equal(strait_transport_add_remote_candidate(net.server.transport, &candidate),
                         STRAIT_E_DENIED);
        run_for(&net, 2 * STRAIT_S);
        assert_int_equal(stats_of(&net.server).remote_denied, 1);
        assert_int_equal(stats_of(&net.server).packets_sent, 0);
        assert_int_equal(net.to_denied, 0);
        stop(&net);
    }
}

static void a_host_gives_no_denied_path(void **state)
{
    struct net net;
    (void)state;
    start(&net, STRAIT_ICE_EXTERNAL, false);
    struct strait_path path = { .local = net.server.own,
                                .remote = address_of(PRIVATE, 7000),
                                .socket = 1 };
    assert_int_equal(strait_transport_set_path(net.server.transport, &path, 0), STRAIT_E_DENIED);
    path.remote = address_of("fd12::1", 7000);
    assert_int_equal(strait_transport_set_path(net.server.transport, &path, 0), STRAIT_E_DENIED);
    path.remote = net.client.own;
    assert_int_equal(strait_transport_set_path(net.server.transport, &path, 0), STRAIT_OK);
    assert_int_equal(stats_of(&net.server).remote_denied, 2);
    stop(&net);
}

static void a_record_with_rules_is_replayed(void **state)
{
    struct net net;
    struct strait_replay_result result = { .size = sizeof result };
    (void)state;
    start(&net, STRAIT_ICE_FULL, true);
    net.seen = address_of(PRIVATE, 7000);
    run_for(&net, STRAIT_S);
    net.seen = net.client.own;
    run_for(&net, 3 * STRAIT_S);
    assert_in_range(dropped_denied(&net), 3, 1000);
    assert_non_null(strait_transport_path(net.server.transport));
    assert_int_equal(strait_replay(NULL, net.record, net.record_len, &result), STRAIT_OK);
    assert_string_equal(result.detail, "");
    assert_int_equal(result.differences, 0);
    assert_in_range(result.datagrams_out, 5, 10000);
    stop(&net);
}

static char logged[200];

static void on_log(void *user, enum strait_log_level level, const char *component, const char *line)
{
    (void)user;
    (void)level;
    (void)component;
    snprintf(logged, sizeof logged, "%s", line);
}

static void malformed_rules_are_named(void **state)
{
    struct strait_hooks hooks = { .size = sizeof hooks, .log = on_log };
    const char *bad = "10.0.0.0/33", *interface = "%eth0";
    struct strait_endpoint_config remote = { .size = sizeof remote,
                                             .hooks = &hooks,
                                             .remote = { .deny = &bad, .n_deny = 1 } };
    struct strait_endpoint_config local = { .size = sizeof local,
                                            .hooks = &hooks,
                                            .local = { .allow = &bad, .n_allow = 1 } };
    struct strait_endpoint_config name = { .size = sizeof name,
                                           .hooks = &hooks,
                                           .remote = { .deny = &interface, .n_deny = 1 } };
    struct strait_endpoint *endpoint;
    (void)state;
    assert_int_equal(strait_endpoint_create(&endpoint, &remote, 0), STRAIT_E_PARSE);
    assert_null(endpoint);
    assert_string_equal(logged, "remote rule: \"10.0.0.0/33\" has no place there");
    assert_int_equal(strait_endpoint_create(&endpoint, &local, 0), STRAIT_E_PARSE);
    assert_string_equal(logged, "local rule: \"10.0.0.0/33\" has no place there");
    assert_int_equal(strait_endpoint_create(&endpoint, &name, 0), STRAIT_E_PARSE);
    assert_string_equal(logged, "remote rule: \"%eth0\" has no place there");
    remote.remote.n_deny = 65;
    assert_int_equal(strait_endpoint_create(&endpoint, &remote, 0), STRAIT_E_LIMIT);
}

static void denied_local_addresses_are_not_offered(void **state)
{
    static const char *const deny[] = { "private", "%eth0" };
    struct strait_endpoint_config config = { .size = sizeof config,
                                             .local = { .deny = deny, .n_deny = 2 } };
    struct strait_endpoint *endpoint;
    struct strait_candidate candidate;
    struct sockaddr_storage one = address_of("10.0.0.1", 4000), two = address_of("8.8.8.8", 4000);
    (void)state;
    assert_int_equal(strait_endpoint_create(&endpoint, &config, 0), STRAIT_OK);
    assert_int_equal(strait_endpoint_add_local(endpoint, 1, (struct sockaddr *)&one, sizeof one),
                     STRAIT_E_DENIED);
    assert_int_equal(strait_endpoint_local_candidates(endpoint, &candidate, 1), 0);
    assert_int_equal(strait_endpoint_add_local(endpoint, 1, (struct sockaddr *)&two, sizeof two),
                     STRAIT_OK);
    assert_int_equal(strait_endpoint_local_candidates(endpoint, &candidate, 1), 1);
    strait_endpoint_destroy(endpoint);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checks_from_denied_addresses_cost_nothing),
        cmocka_unit_test(a_path_never_moves_to_a_denied_address),
        cmocka_unit_test(another_allowed_address_is_followed),
        cmocka_unit_test(denied_candidates_are_refused_and_get_no_check),
        cmocka_unit_test(a_host_gives_no_denied_path),
        cmocka_unit_test(a_record_with_rules_is_replayed),
        cmocka_unit_test(malformed_rules_are_named),
        cmocka_unit_test(denied_local_addresses_are_not_offered),
    };
    return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
