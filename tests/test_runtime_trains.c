/* Trains of datagrams: what the kernel splits (UDP_SEGMENT) and what it joins (UDP_GRO). */
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

static void send_train(struct rig *rig, const char *host, const char *bind_host, size_t len,
                       uint16_t segment)
{
    struct udp_client client;
    rig_client(&client, host);
    uint32_t number;
    struct sockaddr_storage bound = rig_listen(rig, bind_host, &number);
    const struct strait_path path = { .local = udp_address(host, strait__address_port(&bound)),
                                      .remote = client.address,
                                      .socket = number };
    uint8_t *bytes = malloc(len);
    assert_non_null(bytes);
    rig_fill(bytes, len, segment);
    fake_queue(rig->endpoint, &path, bytes, len, segment);
    assert_int_equal(strait_runtime_dispatch(rig->runtime), STRAIT_OK);
    assert_int_equal(fake_waiting(rig->endpoint), 0);
    uint64_t n = 0;
    for (size_t at = 0; at < len; at += segment, n++) {
        size_t left = len - at;
        rig_expect(rig, &client, bytes + at, left < segment ? left : segment, &path.local);
    }
    assert_false(udp_client_receive(&client, rig->message));
    const struct strait_runtime_stats stats = rig_stats(rig);
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
    rig_client(&client, host);
    if (!udp_client_can_segment(&client)) {
        udp_client_close(&client);
        skip();
    }
    struct sockaddr_storage to = rig_listen(rig, host, NULL);
    uint8_t *bytes = malloc(len);
    assert_non_null(bytes);
    rig_fill(bytes, len, segment);
    struct seen seen = { .bytes = bytes };
    rig->endpoint->user = &seen;
    rig->endpoint->on_datagram = check_segment;
    udp_client_set_traffic_class(&client, 10 << 2 | 1);
    udp_client_send_train(&client, &to, bytes, len, segment);
    rig_work(rig, (len + segment - 1) / segment);
    assert_int_equal(seen.at, len);
    assert_int_equal(rig->endpoint->last.ecn, 1);
    assert_int_equal(rig->endpoint->last.dscp, 10);
    assert_int_equal(rig_stats(rig).datagrams_received, (len + segment - 1) / segment);
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
    assert_int_equal(rig_setup(&second_state), 0);
    struct rig *other = second_state;
    receive_train(other, "127.0.0.1", 63 * 100 + 50, 100);
    rig_teardown(&second_state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_train_arrives_as_datagrams),
        TEST(test_a_train_from_a_wildcard_keeps_its_source),
        TEST(test_a_train_over_ipv6),
        TEST(test_a_train_longer_than_the_kernel_takes),
        TEST(test_a_train_of_more_bytes_than_a_call_takes),
        TEST(test_a_train_of_datagrams_longer_than_half_a_call),
        TEST(test_a_train_that_comes_is_split),
        TEST(test_a_train_that_comes_over_ipv6_is_split),
        TEST(test_a_train_of_more_datagrams_than_are_handed_over_at_once),
    };
    return cmocka_run_group_tests_name("runtime-trains", tests, NULL, NULL);
}
