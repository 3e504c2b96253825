/* The runtime's sockets over loopback, with an endpoint that echoes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <strait/runtime.h>

#include "tests/fake_endpoint.h"
#include "tests/udp_client.h"
#include "transport/address.h"

struct rig {
    struct strait_runtime *runtime;
    struct strait_endpoint *endpoint;
    struct udp_message *message;
};

static int setup(void **state)
{
    struct rig *rig = calloc(1, sizeof *rig);
    assert_non_null(rig);
    rig->message = calloc(1, sizeof *rig->message);
    assert_non_null(rig->message);
    const struct strait_runtime_config config = { .size = sizeof config };
    assert_int_equal(strait_runtime_create(&rig->runtime, &config), STRAIT_OK);
    rig->endpoint = fake_create(true);
    assert_int_equal(strait_runtime_add(rig->runtime, rig->endpoint), STRAIT_OK);
    *state = rig;
    return 0;
}

static int teardown(void **state)
{
    struct rig *rig = *state;
    strait_runtime_destroy(rig->runtime);
    fake_destroy(rig->endpoint);
    free(rig->message);
    free(rig);
    return 0;
}

static int try_bind(struct rig *rig, const char *host, uint16_t port, uint32_t *number,
                    struct sockaddr_storage *bound)
{
    struct sockaddr_storage address = udp_address(host, port);
    return strait_runtime_bind(rig->runtime, rig->endpoint, (const struct sockaddr *)&address,
                               sizeof address, number, bound);
}

/* Where the endpoint listens: `host` with the port that it got. */
static struct sockaddr_storage listen_at(struct rig *rig, const char *host, uint32_t *number)
{
    struct sockaddr_storage bound;
    assert_int_equal(try_bind(rig, host, 0, number, &bound), STRAIT_OK);
    assert_int_not_equal(strait__address_port(&bound), 0);
    return bound;
}

static void open_client(struct udp_client *client, const char *host)
{
    if (!udp_client_open(client, host)) {
        skip();
    }
}

static struct strait_runtime_stats stats_of(const struct rig *rig)
{
    struct strait_runtime_stats stats = { .size = sizeof stats };
    assert_int_equal(strait_runtime_stats(rig->runtime, &stats), STRAIT_OK);
    return stats;
}

/* Works until the endpoint has got `n` datagrams and its answers are gone. */
static void work(struct rig *rig, uint64_t n)
{
    while (rig->endpoint->received < n) {
        assert_int_equal(strait_runtime_wait(rig->runtime, STRAIT_S), STRAIT_OK);
    }
    assert_int_equal(rig->endpoint->received, n);
    assert_int_equal(fake_waiting(rig->endpoint), 0);
}

static void expect(struct rig *rig, const struct udp_client *client, const void *data, size_t len,
                   const struct sockaddr_storage *from)
{
    assert_true(udp_client_receive(client, rig->message));
    assert_int_equal(rig->message->len, len);
    assert_memory_equal(rig->message->data, data, len);
    assert_true(strait__address_equal(&rig->message->from, from));
}

/* --- Binding --------------------------------------------------------------------------------- */

static void test_bind_refuses_bad_arguments(void **state)
{
    struct rig *rig = *state;
    struct sockaddr_storage any = udp_address("127.0.0.1", 0);
    const struct sockaddr *address = (const struct sockaddr *)&any;
    assert_int_equal(strait_runtime_bind(rig->runtime, rig->endpoint, NULL, sizeof any, NULL, NULL),
                     STRAIT_E_INVALID);
    assert_int_equal(strait_runtime_bind(rig->runtime, rig->endpoint, address, 3, NULL, NULL),
                     STRAIT_E_INVALID);
    struct sockaddr_storage local = { .ss_family = AF_UNIX };
    assert_int_equal(strait_runtime_bind(rig->runtime, rig->endpoint,
                                         (const struct sockaddr *)&local, sizeof local, NULL, NULL),
                     STRAIT_E_INVALID);
    struct strait_endpoint *stranger = fake_create(false);
    assert_int_equal(strait_runtime_bind(rig->runtime, stranger, address, sizeof any, NULL, NULL),
                     STRAIT_E_NOT_FOUND);
    fake_destroy(stranger);
    assert_int_equal(rig->endpoint->n_locals, 0);
}

static void test_a_port_in_use_is_told(void **state)
{
    struct rig *rig = *state;
    struct udp_client owner;
    open_client(&owner, "0.0.0.0");
    uint16_t port = strait__address_port(&owner.address);
    uint32_t number = 77;
    assert_int_equal(try_bind(rig, "0.0.0.0", port, &number, NULL), STRAIT_E_EXISTS);
    char text[128];
    snprintf(text, sizeof text,
             "UDP port %u is in use on 0.0.0.0: choose another or stop its owner", port);
    assert_string_equal(strait_runtime_error_detail(rig->runtime), text);
    assert_int_equal(number, 77);
    assert_int_equal(rig->endpoint->n_locals, 0);
    udp_client_close(&owner);
    assert_int_equal(try_bind(rig, "0.0.0.0", port, &number, NULL), STRAIT_OK);
    assert_string_equal(strait_runtime_error_detail(rig->runtime), "");
    /* By the runtime itself as well. */
    assert_int_equal(try_bind(rig, "127.0.0.1", port, NULL, NULL), STRAIT_E_EXISTS);
}

static void test_an_address_of_another_host_is_told(void **state)
{
    struct rig *rig = *state;
    assert_int_equal(try_bind(rig, "192.0.2.1", 0, NULL, NULL), STRAIT_E_SYSTEM);
    assert_string_equal(strait_runtime_error_detail(rig->runtime),
                        "192.0.2.1 is not an address of this host: bind to one that is");
}

static void test_a_refused_local_address_undoes_the_bind(void **state)
{
    struct rig *rig = *state;
    rig->endpoint->add_local_result = STRAIT_E_NOMEM;
    struct udp_client before;
    open_client(&before, "127.0.0.1");
    uint16_t port = strait__address_port(&before.address);
    udp_client_close(&before);
    assert_int_equal(try_bind(rig, "127.0.0.1", port, NULL, NULL), STRAIT_E_NOMEM);
    /* The limit is no error for a wildcard: its socket serves all addresses anyway. */
    rig->endpoint->add_local_result = STRAIT_E_LIMIT;
    assert_int_equal(try_bind(rig, "127.0.0.1", port, NULL, NULL), STRAIT_E_LIMIT);
    assert_int_equal(try_bind(rig, "0.0.0.0", port, NULL, NULL), STRAIT_OK);
}

static const struct sockaddr_storage *find_local(const struct rig *rig, const char *host,
                                                 uint32_t number)
{
    struct sockaddr_storage wanted = udp_address(host, 0);
    for (size_t i = 0; i < rig->endpoint->n_locals; i++) {
        if (rig->endpoint->locals[i].socket == number &&
            strait__address_same_host(&rig->endpoint->locals[i].address, &wanted)) {
            return &rig->endpoint->locals[i].address;
        }
    }
    return NULL;
}

static void test_the_endpoint_is_told_its_local_addresses(void **state)
{
    struct rig *rig = *state;
    uint32_t one, all;
    struct sockaddr_storage bound = listen_at(rig, "127.0.0.3", &one);
    assert_int_equal(rig->endpoint->n_locals, 1);
    assert_true(strait__address_equal(find_local(rig, "127.0.0.3", one), &bound));
    struct sockaddr_storage wildcard = listen_at(rig, "0.0.0.0", &all);
    assert_int_not_equal(one, all);
    const struct sockaddr_storage *loopback = find_local(rig, "127.0.0.1", all);
    assert_non_null(loopback);
    assert_int_equal(strait__address_port(loopback), strait__address_port(&wildcard));
    for (size_t i = 1; i < rig->endpoint->n_locals; i++) {
        assert_int_equal(rig->endpoint->locals[i].address.ss_family, AF_INET);
        assert_int_equal(strait__address_port(&rig->endpoint->locals[i].address),
                         strait__address_port(&wildcard));
    }
    assert_null(find_local(rig, "0.0.0.0", all));
}

static void test_both_families_have_the_same_port(void **state)
{
    struct rig *rig = *state;
    struct udp_client six;
    open_client(&six, "::1");
    struct sockaddr_storage four = listen_at(rig, "0.0.0.0", NULL);
    uint32_t number;
    struct sockaddr_storage bound;
    assert_int_equal(try_bind(rig, "::", strait__address_port(&four), &number, &bound), STRAIT_OK);
    assert_int_equal(strait__address_port(&bound), strait__address_port(&four));
    assert_non_null(find_local(rig, "::1", number));
    struct sockaddr_storage to = udp_address("::1", strait__address_port(&bound));
    udp_client_send(&six, &to, "six", 3);
    work(rig, 1);
    expect(rig, &six, "six", 3, &to);
    udp_client_close(&six);
}

/* --- Datagrams ------------------------------------------------------------------------------- */

static void echo_once(struct rig *rig, const char *client_host, const char *bind_host,
                      const char *to_host)
{
    struct udp_client client;
    open_client(&client, client_host);
    uint32_t number;
    struct sockaddr_storage bound = listen_at(rig, bind_host, &number);
    struct sockaddr_storage to = udp_address(to_host, strait__address_port(&bound));
    strait_time before = strait_runtime_now(rig->runtime);
    udp_client_send(&client, &to, "echo", 4);
    work(rig, 1);
    const struct strait_datagram *last = &rig->endpoint->last;
    assert_int_equal(last->socket, number);
    assert_int_equal(last->len, 4);
    assert_true(strait__address_equal(&last->local, &to));
    assert_true(strait__address_equal(&last->remote, &client.address));
    assert_true(last->rx_time >= before);
    assert_int_equal(last->ecn, 0);
    assert_int_equal(last->dscp, 0);
    expect(rig, &client, "echo", 4, &to);
    assert_int_equal(rig->message->traffic_class, 0);
    const struct strait_runtime_stats stats = stats_of(rig);
    assert_int_equal(stats.datagrams_received, 1);
    assert_int_equal(stats.datagrams_sent, 1);
    assert_int_equal(stats.send_calls, 1);
    assert_int_equal(stats.send_errors, 0);
    udp_client_close(&client);
}

static void test_echo_over_ipv4(void **state)
{
    echo_once(*state, "127.0.0.1", "127.0.0.1", "127.0.0.1");
}

static void test_echo_over_ipv6(void **state)
{
    echo_once(*state, "::1", "::1", "::1");
}

static void test_a_wildcard_answers_from_the_address_it_was_asked_at(void **state)
{
    echo_once(*state, "127.0.0.1", "0.0.0.0", "127.0.0.2");
}

static void test_a_wildcard_keeps_ipv6_addresses(void **state)
{
    echo_once(*state, "::1", "::", "::1");
}

static void echo_traffic_class(struct rig *rig, const char *host, const char *bind_host)
{
    struct udp_client client;
    open_client(&client, host);
    struct sockaddr_storage bound = listen_at(rig, bind_host, NULL);
    struct sockaddr_storage to = udp_address(host, strait__address_port(&bound));
    /* EF with ECT(0), AF41 with CE, CS1 without, none with ECT(1). */
    static const int values[] = { 46 << 2 | 2, 34 << 2 | 3, 8 << 2, 1, 0 };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        udp_client_set_traffic_class(&client, values[i]);
        udp_client_send(&client, &to, "class", 5);
        work(rig, i + 1);
        assert_int_equal(rig->endpoint->last.ecn, values[i] & 3);
        assert_int_equal(rig->endpoint->last.dscp, values[i] >> 2);
        expect(rig, &client, "class", 5, &to);
        assert_int_equal(rig->message->traffic_class, values[i]);
    }
    udp_client_close(&client);
}

static void test_traffic_class_over_ipv4(void **state)
{
    echo_traffic_class(*state, "127.0.0.1", "0.0.0.0");
}

static void test_traffic_class_over_ipv6(void **state)
{
    echo_traffic_class(*state, "::1", "::");
}

/* Bytes that tell which datagram they are of, and where in it. */
static void fill(uint8_t *bytes, size_t len, unsigned salt)
{
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)(i * 7 + (i >> 8) + salt * 31);
    }
}

static void test_lengths_from_none_to_the_longest(void **state)
{
    struct rig *rig = *state;
    struct udp_client client;
    open_client(&client, "127.0.0.1");
    struct sockaddr_storage to = listen_at(rig, "127.0.0.1", NULL);
    static const size_t lens[] = { 0, 1, 1200, 1500, 2048, 2049, 9000, 65507 };
    uint8_t *bytes = malloc(65507);
    assert_non_null(bytes);
    for (unsigned i = 0; i < sizeof lens / sizeof *lens; i++) {
        fill(bytes, lens[i], i);
        udp_client_send(&client, &to, bytes, lens[i]);
        work(rig, i + 1);
        assert_int_equal(rig->endpoint->last.len, lens[i]);
        assert_true(rig->endpoint->last.room >= lens[i]);
        expect(rig, &client, bytes, lens[i], &to);
    }
    assert_int_equal(stats_of(rig).receive_truncated, 0);
    free(bytes);
    udp_client_close(&client);
}

static void test_ten_thousand_are_echoed(void **state)
{
    struct rig *rig = *state;
    struct udp_client client;
    open_client(&client, "127.0.0.1");
    struct sockaddr_storage bound = listen_at(rig, "0.0.0.0", NULL);
    struct sockaddr_storage to = udp_address("127.0.0.1", strait__address_port(&bound));
    /* 50 of 1000 bytes at a time: with the kernel's overhead half of the smallest buffer. */
    uint8_t bytes[1000];
    for (unsigned i = 0; i < 10000; i += 50) {
        for (unsigned j = i; j < i + 50; j++) {
            fill(bytes, sizeof bytes, j);
            udp_client_send(&client, &to, bytes, sizeof bytes);
        }
        work(rig, i + 50);
        for (unsigned j = i; j < i + 50; j++) {
            fill(bytes, sizeof bytes, j);
            expect(rig, &client, bytes, sizeof bytes, &to);
        }
    }
    const struct strait_runtime_stats stats = stats_of(rig);
    assert_int_equal(stats.datagrams_received, 10000);
    assert_int_equal(stats.datagrams_sent, 10000);
    assert_int_equal(stats.send_errors, 0);
    assert_int_equal(stats.send_would_block, 0);
    /* In batches: a few wakeups and calls for each fifty. */
    assert_true(stats.wakeups <= 800);
    assert_true(stats.receive_calls <= 1600);
    assert_int_equal(rig->endpoint->received_bytes, 10000 * 1000);
    udp_client_close(&client);
}

static void test_many_clients_share_one_port(void **state)
{
    struct rig *rig = *state;
    struct sockaddr_storage bound = listen_at(rig, "0.0.0.0", NULL);
    struct udp_client clients[64];
    for (unsigned i = 0; i < 64; i++) {
        open_client(&clients[i], "127.0.0.1");
        struct sockaddr_storage to = udp_address(i % 2 == 0 ? "127.0.0.1" : "127.0.0.2",
                                                 strait__address_port(&bound));
        udp_client_send(&clients[i], &to, &i, sizeof i);
    }
    work(rig, 64);
    for (unsigned i = 0; i < 64; i++) {
        struct sockaddr_storage from = udp_address(i % 2 == 0 ? "127.0.0.1" : "127.0.0.2",
                                                   strait__address_port(&bound));
        expect(rig, &clients[i], &i, sizeof i, &from);
        assert_false(udp_client_receive(&clients[i], rig->message));
        udp_client_close(&clients[i]);
    }
}

/* --- Trains ---------------------------------------------------------------------------------- */

static void send_train(struct rig *rig, const char *host, const char *bind_host, size_t len,
                       uint16_t segment)
{
    struct udp_client client;
    open_client(&client, host);
    uint32_t number;
    struct sockaddr_storage bound = listen_at(rig, bind_host, &number);
    const struct strait_path path = { .local = udp_address(host, strait__address_port(&bound)),
                                      .remote = client.address,
                                      .socket = number };
    uint8_t *bytes = malloc(len);
    assert_non_null(bytes);
    fill(bytes, len, segment);
    fake_queue(rig->endpoint, &path, bytes, len, segment);
    assert_int_equal(strait_runtime_dispatch(rig->runtime), STRAIT_OK);
    assert_int_equal(fake_waiting(rig->endpoint), 0);
    uint64_t n = 0;
    for (size_t at = 0; at < len; at += segment, n++) {
        size_t left = len - at;
        expect(rig, &client, bytes + at, left < segment ? left : segment, &path.local);
    }
    assert_false(udp_client_receive(&client, rig->message));
    const struct strait_runtime_stats stats = stats_of(rig);
    assert_int_equal(stats.datagrams_sent, n);
    assert_int_equal(stats.send_errors, 0);
    assert_true(stats.send_calls >= 1 && stats.send_calls <= n);
    free(bytes);
    udp_client_close(&client);
}

static void test_a_train_arrives_as_datagrams(void **state)
{
    send_train(*state, "127.0.0.1", "127.0.0.1", 10 * 1000 + 17, 1000);
}

static void test_a_train_from_a_wildcard_keeps_its_source(void **state)
{
    send_train(*state, "127.0.0.2", "0.0.0.0", 5 * 1200, 1200);
}

static void test_a_train_over_ipv6(void **state)
{
    send_train(*state, "::1", "::", 20 * 1100 + 1, 1100);
}

static void test_a_train_longer_than_the_kernel_takes(void **state)
{
    /* Three calls by the number of segments. */
    send_train(*state, "127.0.0.1", "127.0.0.1", 150 * 100 + 5, 100);
}

static void test_a_train_of_more_bytes_than_a_call_takes(void **state)
{
    send_train(*state, "127.0.0.1", "127.0.0.1", 60 * 1400, 1400);
}

static void test_a_train_of_datagrams_longer_than_half_a_call(void **state)
{
    send_train(*state, "127.0.0.1", "127.0.0.1", 3 * 40000 + 1, 40000);
}

struct seen {
    const uint8_t *bytes;
    size_t at;
};

static void check_segment(struct strait_endpoint *endpoint, const struct strait_datagram *datagram)
{
    struct seen *seen = endpoint->user;
    assert_memory_equal(datagram->data, seen->bytes + seen->at, datagram->len);
    seen->at += datagram->len;
}

static void receive_train(struct rig *rig, const char *host, size_t len, uint16_t segment)
{
    struct udp_client client;
    open_client(&client, host);
    struct sockaddr_storage to = listen_at(rig, host, NULL);
    uint8_t *bytes = malloc(len);
    assert_non_null(bytes);
    fill(bytes, len, segment);
    struct seen seen = { .bytes = bytes };
    rig->endpoint->user = &seen;
    rig->endpoint->on_datagram = check_segment;
    udp_client_set_traffic_class(&client, 10 << 2 | 1);
    if (!udp_client_send_train(&client, &to, bytes, len, segment)) {
        free(bytes);
        udp_client_close(&client);
        skip();
    }
    work(rig, (len + segment - 1) / segment);
    assert_int_equal(seen.at, len);
    assert_int_equal(rig->endpoint->last.ecn, 1);
    assert_int_equal(rig->endpoint->last.dscp, 10);
    assert_int_equal(stats_of(rig).datagrams_received, (len + segment - 1) / segment);
    size_t echoed = 0;
    while (udp_client_receive(&client, rig->message)) {
        assert_memory_equal(rig->message->data, bytes + echoed, rig->message->len);
        echoed += rig->message->len;
    }
    assert_int_equal(echoed, len);
    free(bytes);
    udp_client_close(&client);
}

static void test_a_train_that_comes_is_split(void **state)
{
    receive_train(*state, "127.0.0.1", 40 * 1200 + 300, 1200);
}

static void test_a_train_that_comes_over_ipv6_is_split(void **state)
{
    receive_train(*state, "::1", 12 * 1000, 1000);
}

static void test_a_train_of_more_datagrams_than_are_handed_over_at_once(void **state)
{
    struct rig *rig = *state;
    receive_train(rig, "127.0.0.1", 64 * 100, 100);
    assert_true(rig->endpoint->receive_calls >= 1);
    struct rig second;
    void *second_state = &second;
    assert_int_equal(setup(&second_state), 0);
    struct rig *other = second_state;
    receive_train(other, "127.0.0.1", 63 * 100 + 50, 100);
    teardown(&second_state);
}

/* --- Fairness and removal -------------------------------------------------------------------- */

static void test_a_flooded_socket_starves_no_other(void **state)
{
    struct rig *rig = *state;
    struct udp_client loud, quiet;
    open_client(&loud, "127.0.0.1");
    open_client(&quiet, "127.0.0.1");
    struct sockaddr_storage flooded = listen_at(rig, "127.0.0.1", NULL);
    struct strait_endpoint *other = fake_create(true);
    assert_int_equal(strait_runtime_add(rig->runtime, other), STRAIT_OK);
    struct sockaddr_storage calm = udp_address("127.0.0.1", 0);
    assert_int_equal(strait_runtime_bind(rig->runtime, other, (const struct sockaddr *)&calm,
                                         sizeof calm, NULL, &calm),
                     STRAIT_OK);
    rig->endpoint->echo = false;
    for (int i = 0; i < 300; i++) {
        udp_client_send(&loud, &flooded, "flood", 5);
    }
    udp_client_send(&quiet, &calm, "calm", 4);
    assert_int_equal(strait_runtime_dispatch(rig->runtime), STRAIT_OK);
    /* Both were served, the loud one with a bounded share; what is left keeps epoll ready. */
    assert_int_equal(other->received, 1);
    assert_in_range(rig->endpoint->received, 64, 299);
    struct pollfd one = { .fd = strait_runtime_fd(rig->runtime), .events = POLLIN };
    assert_int_equal(poll(&one, 1, 0), 1);
    work(rig, 300);
    expect(rig, &quiet, "calm", 4, &calm);
    assert_int_equal(strait_runtime_remove(rig->runtime, other), STRAIT_OK);
    fake_destroy(other);
    udp_client_close(&loud);
    udp_client_close(&quiet);
}

static void remove_itself(struct strait_endpoint *endpoint, const struct strait_datagram *datagram)
{
    (void)datagram;
    struct rig *rig = endpoint->user;
    if (endpoint->received == 10) {
        assert_int_equal(strait_runtime_remove(rig->runtime, endpoint), STRAIT_OK);
    }
}

static void test_remove_inside_receive(void **state)
{
    struct rig *rig = *state;
    struct udp_client client;
    open_client(&client, "127.0.0.1");
    struct sockaddr_storage to = listen_at(rig, "127.0.0.1", NULL);
    rig->endpoint->user = rig;
    rig->endpoint->on_datagram = remove_itself;
    for (int i = 0; i < 200; i++) {
        udp_client_send(&client, &to, "bye", 3);
    }
    assert_int_equal(strait_runtime_dispatch(rig->runtime), STRAIT_OK);
    /* What it was given at once it has; nothing is given after, and all before the removal is sent. */
    assert_in_range(rig->endpoint->received, 10, 64);
    uint64_t received = rig->endpoint->received;
    assert_int_equal(strait_runtime_dispatch(rig->runtime), STRAIT_OK);
    assert_int_equal(rig->endpoint->received, received);
    for (int i = 0; i < 9; i++) {
        expect(rig, &client, "bye", 3, &to);
    }
    assert_false(udp_client_receive(&client, rig->message));
    assert_int_equal(fake_waiting(rig->endpoint), received - 9);
    /* The port is free again. */
    assert_int_equal(strait_runtime_add(rig->runtime, rig->endpoint), STRAIT_OK);
    assert_int_equal(try_bind(rig, "127.0.0.1", strait__address_port(&to), NULL, NULL), STRAIT_OK);
    udp_client_close(&client);
}

static void test_destroy_sends_what_waits(void **state)
{
    struct rig *rig = *state;
    struct udp_client client;
    open_client(&client, "127.0.0.1");
    uint32_t number;
    struct sockaddr_storage bound = listen_at(rig, "127.0.0.1", &number);
    const struct strait_path path = { bound, client.address, number };
    fake_queue(rig->endpoint, &path, "last words", 10, 0);
    strait_runtime_destroy(rig->runtime);
    rig->runtime = NULL;
    expect(rig, &client, "last words", 10, &bound);
    assert_int_equal(fake_waiting(rig->endpoint), 0);
    udp_client_close(&client);
}

static void test_wait_sends_what_was_queued_outside(void **state)
{
    struct rig *rig = *state;
    struct udp_client client;
    open_client(&client, "127.0.0.1");
    uint32_t number;
    struct sockaddr_storage bound = listen_at(rig, "127.0.0.1", &number);
    const struct strait_path path = { bound, client.address, number };
    assert_int_equal(strait_runtime_dispatch(rig->runtime), STRAIT_OK);
    fake_queue(rig->endpoint, &path, "out", 3, 0);
    assert_int_equal(strait_runtime_wait(rig->runtime, STRAIT_MS), STRAIT_OK);
    expect(rig, &client, "out", 3, &bound);
    udp_client_close(&client);
}

static struct strait_path forward_path;

static void forward(struct strait_endpoint *endpoint, const struct strait_datagram *datagram)
{
    fake_queue(endpoint->user, &forward_path, datagram->data, datagram->len, 0);
}

static void test_what_one_endpoint_hands_another_leaves_in_the_same_dispatch(void **state)
{
    struct rig *rig = *state;
    struct udp_client in, out;
    open_client(&in, "127.0.0.1");
    open_client(&out, "127.0.0.1");
    struct strait_endpoint *other = fake_create(false);
    assert_int_equal(strait_runtime_add(rig->runtime, other), STRAIT_OK);
    struct sockaddr_storage local = udp_address("127.0.0.1", 0);
    uint32_t number;
    assert_int_equal(strait_runtime_bind(rig->runtime, other, (const struct sockaddr *)&local,
                                         sizeof local, &number, &local),
                     STRAIT_OK);
    forward_path = (struct strait_path){ local, out.address, number };
    struct sockaddr_storage to = listen_at(rig, "127.0.0.1", NULL);
    rig->endpoint->echo = false;
    rig->endpoint->user = other;
    rig->endpoint->on_datagram = forward;
    udp_client_send(&in, &to, "forward", 7);
    assert_int_equal(strait_runtime_dispatch(rig->runtime), STRAIT_OK);
    expect(rig, &out, "forward", 7, &local);
    assert_int_equal(strait_runtime_remove(rig->runtime, other), STRAIT_OK);
    fake_destroy(other);
    udp_client_close(&in);
    udp_client_close(&out);
}

static void test_the_own_thread_echoes(void **state)
{
    struct rig *rig = *state;
    struct udp_client client;
    open_client(&client, "127.0.0.1");
    struct sockaddr_storage bound = listen_at(rig, "0.0.0.0", NULL);
    struct sockaddr_storage to = udp_address("127.0.0.1", strait__address_port(&bound));
    assert_int_equal(strait_runtime_start(rig->runtime), STRAIT_OK);
    for (unsigned i = 0; i < 1000; i++) {
        udp_client_send(&client, &to, &i, sizeof i);
        struct pollfd one = { .fd = client.fd, .events = POLLIN };
        assert_int_equal(poll(&one, 1, 10000), 1);
        expect(rig, &client, &i, sizeof i, &to);
        /* Any thread may look at the counters. */
        assert_true(stats_of(rig).datagrams_received > i);
    }
    assert_int_equal(strait_runtime_stop(rig->runtime), STRAIT_OK);
    assert_int_equal(rig->endpoint->received, 1000);
    assert_int_equal(stats_of(rig).datagrams_sent, 1000);
    udp_client_close(&client);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_bind_refuses_bad_arguments),
        TEST(test_a_port_in_use_is_told),
        TEST(test_an_address_of_another_host_is_told),
        TEST(test_a_refused_local_address_undoes_the_bind),
        TEST(test_the_endpoint_is_told_its_local_addresses),
        TEST(test_both_families_have_the_same_port),
        TEST(test_echo_over_ipv4),
        TEST(test_echo_over_ipv6),
        TEST(test_a_wildcard_answers_from_the_address_it_was_asked_at),
        TEST(test_a_wildcard_keeps_ipv6_addresses),
        TEST(test_traffic_class_over_ipv4),
        TEST(test_traffic_class_over_ipv6),
        TEST(test_lengths_from_none_to_the_longest),
        TEST(test_ten_thousand_are_echoed),
        TEST(test_many_clients_share_one_port),
        TEST(test_a_train_arrives_as_datagrams),
        TEST(test_a_train_from_a_wildcard_keeps_its_source),
        TEST(test_a_train_over_ipv6),
        TEST(test_a_train_longer_than_the_kernel_takes),
        TEST(test_a_train_of_more_bytes_than_a_call_takes),
        TEST(test_a_train_of_datagrams_longer_than_half_a_call),
        TEST(test_a_train_that_comes_is_split),
        TEST(test_a_train_that_comes_over_ipv6_is_split),
        TEST(test_a_train_of_more_datagrams_than_are_handed_over_at_once),
        TEST(test_a_flooded_socket_starves_no_other),
        TEST(test_remove_inside_receive),
        TEST(test_destroy_sends_what_waits),
        TEST(test_wait_sends_what_was_queued_outside),
        TEST(test_what_one_endpoint_hands_another_leaves_in_the_same_dispatch),
        TEST(test_the_own_thread_echoes),
    };
    return cmocka_run_group_tests_name("runtime-udp", tests, NULL, NULL);
}
