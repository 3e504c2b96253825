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

#include "tests/runtime_rig.h"
#include "transport/address.h"

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
    rig_client(&owner, "0.0.0.0");
    uint16_t port = strait__address_port(&owner.address);
    uint32_t number = 77;
    assert_int_equal(rig_bind(rig, "0.0.0.0", port, &number, NULL), STRAIT_E_EXISTS);
    char text[128];
    snprintf(text, sizeof text,
             "UDP port %u is in use on 0.0.0.0: choose another or stop its owner", port);
    assert_string_equal(strait_runtime_error_detail(rig->runtime), text);
    assert_int_equal(number, 77);
    assert_int_equal(rig->endpoint->n_locals, 0);
    udp_client_close(&owner);
    assert_int_equal(rig_bind(rig, "0.0.0.0", port, &number, NULL), STRAIT_OK);
    assert_string_equal(strait_runtime_error_detail(rig->runtime), "");
    /* By the runtime itself as well. */
    assert_int_equal(rig_bind(rig, "127.0.0.1", port, NULL, NULL), STRAIT_E_EXISTS);
}

static void test_an_address_of_another_host_is_told(void **state)
{
    struct rig *rig = *state;
    assert_int_equal(rig_bind(rig, "192.0.2.1", 0, NULL, NULL), STRAIT_E_SYSTEM);
    assert_string_equal(strait_runtime_error_detail(rig->runtime),
                        "192.0.2.1 is not an address of this host: bind to one that is");
}

static void test_a_refused_local_address_undoes_the_bind(void **state)
{
    struct rig *rig = *state;
    rig->endpoint->add_local_result = STRAIT_E_NOMEM;
    struct udp_client before;
    rig_client(&before, "127.0.0.1");
    uint16_t port = strait__address_port(&before.address);
    udp_client_close(&before);
    assert_int_equal(rig_bind(rig, "127.0.0.1", port, NULL, NULL), STRAIT_E_NOMEM);
    /* The limit is no error for a wildcard: its socket serves all addresses anyway. */
    rig->endpoint->add_local_result = STRAIT_E_LIMIT;
    assert_int_equal(rig_bind(rig, "127.0.0.1", port, NULL, NULL), STRAIT_E_LIMIT);
    assert_int_equal(rig_bind(rig, "0.0.0.0", port, NULL, NULL), STRAIT_OK);
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
    struct sockaddr_storage bound = rig_listen(rig, "127.0.0.3", &one);
    assert_int_equal(rig->endpoint->n_locals, 1);
    assert_true(strait__address_equal(find_local(rig, "127.0.0.3", one), &bound));
    struct sockaddr_storage wildcard = rig_listen(rig, "0.0.0.0", &all);
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
    rig_client(&six, "::1");
    struct sockaddr_storage four = rig_listen(rig, "0.0.0.0", NULL);
    uint32_t number;
    struct sockaddr_storage bound;
    assert_int_equal(rig_bind(rig, "::", strait__address_port(&four), &number, &bound), STRAIT_OK);
    assert_int_equal(strait__address_port(&bound), strait__address_port(&four));
    assert_non_null(find_local(rig, "::1", number));
    struct sockaddr_storage to = udp_address("::1", strait__address_port(&bound));
    udp_client_send(&six, &to, "six", 3);
    rig_work(rig, 1);
    rig_expect(rig, &six, "six", 3, &to);
    udp_client_close(&six);
}

/* --- Datagrams ------------------------------------------------------------------------------- */

static void echo_once(struct rig *rig, const char *client_host, const char *bind_host,
                      const char *to_host)
{
    struct udp_client client;
    rig_client(&client, client_host);
    uint32_t number;
    struct sockaddr_storage bound = rig_listen(rig, bind_host, &number);
    struct sockaddr_storage to = udp_address(to_host, strait__address_port(&bound));
    strait_time before = strait_runtime_now(rig->runtime);
    udp_client_send(&client, &to, "echo", 4);
    rig_work(rig, 1);
    const struct strait_datagram *last = &rig->endpoint->last;
    assert_int_equal(last->socket, number);
    assert_int_equal(last->len, 4);
    assert_true(strait__address_equal(&last->local, &to));
    assert_true(strait__address_equal(&last->remote, &client.address));
    assert_true(last->rx_time >= before);
    assert_int_equal(last->ecn, 0);
    assert_int_equal(last->dscp, 0);
    rig_expect(rig, &client, "echo", 4, &to);
    assert_int_equal(rig->message->traffic_class, 0);
    const struct strait_runtime_stats stats = rig_stats(rig);
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
    rig_client(&client, host);
    struct sockaddr_storage bound = rig_listen(rig, bind_host, NULL);
    struct sockaddr_storage to = udp_address(host, strait__address_port(&bound));
    /* EF with ECT(0), AF41 with CE, CS1 without, none with ECT(1). */
    static const int values[] = { 46 << 2 | 2, 34 << 2 | 3, 8 << 2, 1, 0 };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        udp_client_set_traffic_class(&client, values[i]);
        udp_client_send(&client, &to, "class", 5);
        rig_work(rig, i + 1);
        assert_int_equal(rig->endpoint->last.ecn, values[i] & 3);
        assert_int_equal(rig->endpoint->last.dscp, values[i] >> 2);
        rig_expect(rig, &client, "class", 5, &to);
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

static void test_lengths_from_none_to_the_longest(void **state)
{
    struct rig *rig = *state;
    struct udp_client client;
    rig_client(&client, "127.0.0.1");
    struct sockaddr_storage to = rig_listen(rig, "127.0.0.1", NULL);
    static const size_t lens[] = { 0, 1, 1200, 1500, 2048, 2049, 9000, 65507 };
    uint8_t *bytes = malloc(65507);
    assert_non_null(bytes);
    for (unsigned i = 0; i < sizeof lens / sizeof *lens; i++) {
        rig_fill(bytes, lens[i], i);
        udp_client_send(&client, &to, bytes, lens[i]);
        rig_work(rig, i + 1);
        assert_int_equal(rig->endpoint->last.len, lens[i]);
        assert_true(rig->endpoint->last.room >= lens[i]);
        rig_expect(rig, &client, bytes, lens[i], &to);
    }
    assert_int_equal(rig_stats(rig).receive_truncated, 0);
    free(bytes);
    udp_client_close(&client);
}

static void test_ten_thousand_are_echoed(void **state)
{
    struct rig *rig = *state;
    struct udp_client client;
    rig_client(&client, "127.0.0.1");
    struct sockaddr_storage bound = rig_listen(rig, "0.0.0.0", NULL);
    struct sockaddr_storage to = udp_address("127.0.0.1", strait__address_port(&bound));
    /* 50 of 1000 bytes at a time: with the kernel's overhead half of the smallest buffer. */
    uint8_t bytes[1000];
    for (unsigned i = 0; i < 10000; i += 50) {
        for (unsigned j = i; j < i + 50; j++) {
            rig_fill(bytes, sizeof bytes, j);
            udp_client_send(&client, &to, bytes, sizeof bytes);
        }
        rig_work(rig, i + 50);
        for (unsigned j = i; j < i + 50; j++) {
            rig_fill(bytes, sizeof bytes, j);
            rig_expect(rig, &client, bytes, sizeof bytes, &to);
        }
    }
    const struct strait_runtime_stats stats = rig_stats(rig);
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
    struct sockaddr_storage bound = rig_listen(rig, "0.0.0.0", NULL);
    struct udp_client clients[64];
    for (unsigned i = 0; i < 64; i++) {
        rig_client(&clients[i], "127.0.0.1");
        struct sockaddr_storage to = udp_address(i % 2 == 0 ? "127.0.0.1" : "127.0.0.2",
                                                 strait__address_port(&bound));
        udp_client_send(&clients[i], &to, &i, sizeof i);
    }
    rig_work(rig, 64);
    for (unsigned i = 0; i < 64; i++) {
        struct sockaddr_storage from = udp_address(i % 2 == 0 ? "127.0.0.1" : "127.0.0.2",
                                                   strait__address_port(&bound));
        rig_expect(rig, &clients[i], &i, sizeof i, &from);
        assert_false(udp_client_receive(&clients[i], rig->message));
        udp_client_close(&clients[i]);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

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
    };
    return cmocka_run_group_tests_name("runtime-udp", tests, NULL, NULL);
}
