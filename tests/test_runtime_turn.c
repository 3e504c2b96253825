/* What a turn of the loop does for whom: fairness, removal, and what leaves when. */
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

static void test_a_flooded_socket_starves_no_other(void **state)
{
    struct rig *rig = *state;
    struct udp_client loud, quiet;
    rig_client(&loud, "127.0.0.1");
    rig_client(&quiet, "127.0.0.1");
    struct sockaddr_storage flooded = rig_listen(rig, "127.0.0.1", NULL);
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
    rig_work(rig, 300);
    rig_expect(rig, &quiet, "calm", 4, &calm);
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
    rig_client(&client, "127.0.0.1");
    struct sockaddr_storage to = rig_listen(rig, "127.0.0.1", NULL);
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
        rig_expect(rig, &client, "bye", 3, &to);
    }
    assert_false(udp_client_receive(&client, rig->message));
    assert_int_equal(fake_waiting(rig->endpoint), received - 9);
    /* The port is free again. */
    assert_int_equal(strait_runtime_add(rig->runtime, rig->endpoint), STRAIT_OK);
    assert_int_equal(rig_bind(rig, "127.0.0.1", strait__address_port(&to), NULL, NULL), STRAIT_OK);
    udp_client_close(&client);
}

static void test_destroy_sends_what_waits(void **state)
{
    struct rig *rig = *state;
    struct udp_client client;
    rig_client(&client, "127.0.0.1");
    uint32_t number;
    struct sockaddr_storage bound = rig_listen(rig, "127.0.0.1", &number);
    const struct strait_path path = { bound, client.address, number };
    fake_queue(rig->endpoint, &path, "last words", 10, 0);
    strait_runtime_destroy(rig->runtime);
    rig->runtime = NULL;
    rig_expect(rig, &client, "last words", 10, &bound);
    assert_int_equal(fake_waiting(rig->endpoint), 0);
    udp_client_close(&client);
}

static void test_wait_sends_what_was_queued_outside(void **state)
{
    struct rig *rig = *state;
    struct udp_client client;
    rig_client(&client, "127.0.0.1");
    uint32_t number;
    struct sockaddr_storage bound = rig_listen(rig, "127.0.0.1", &number);
    const struct strait_path path = { bound, client.address, number };
    assert_int_equal(strait_runtime_dispatch(rig->runtime), STRAIT_OK);
    fake_queue(rig->endpoint, &path, "out", 3, 0);
    assert_int_equal(strait_runtime_wait(rig->runtime, STRAIT_MS), STRAIT_OK);
    rig_expect(rig, &client, "out", 3, &bound);
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
    rig_client(&in, "127.0.0.1");
    rig_client(&out, "127.0.0.1");
    struct strait_endpoint *other = fake_create(false);
    assert_int_equal(strait_runtime_add(rig->runtime, other), STRAIT_OK);
    struct sockaddr_storage local = udp_address("127.0.0.1", 0);
    uint32_t number;
    assert_int_equal(strait_runtime_bind(rig->runtime, other, (const struct sockaddr *)&local,
                                         sizeof local, &number, &local),
                     STRAIT_OK);
    forward_path = (struct strait_path){ local, out.address, number };
    struct sockaddr_storage to = rig_listen(rig, "127.0.0.1", NULL);
    rig->endpoint->echo = false;
    rig->endpoint->user = other;
    rig->endpoint->on_datagram = forward;
    udp_client_send(&in, &to, "forward", 7);
    assert_int_equal(strait_runtime_dispatch(rig->runtime), STRAIT_OK);
    rig_expect(rig, &out, "forward", 7, &local);
    assert_int_equal(strait_runtime_remove(rig->runtime, other), STRAIT_OK);
    fake_destroy(other);
    udp_client_close(&in);
    udp_client_close(&out);
}

static void test_the_own_thread_echoes(void **state)
{
    struct rig *rig = *state;
    struct udp_client client;
    rig_client(&client, "127.0.0.1");
    struct sockaddr_storage bound = rig_listen(rig, "0.0.0.0", NULL);
    struct sockaddr_storage to = udp_address("127.0.0.1", strait__address_port(&bound));
    assert_int_equal(strait_runtime_start(rig->runtime), STRAIT_OK);
    for (unsigned i = 0; i < 1000; i++) {
        udp_client_send(&client, &to, &i, sizeof i);
        struct pollfd one = { .fd = client.fd, .events = POLLIN };
        assert_int_equal(poll(&one, 1, 10000), 1);
        rig_expect(rig, &client, &i, sizeof i, &to);
        /* Any thread may look at the counters. */
        assert_true(rig_stats(rig).datagrams_received > i);
    }
    assert_int_equal(strait_runtime_stop(rig->runtime), STRAIT_OK);
    assert_int_equal(rig->endpoint->received, 1000);
    assert_int_equal(rig_stats(rig).datagrams_sent, 1000);
    udp_client_close(&client);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_flooded_socket_starves_no_other),
        TEST(test_remove_inside_receive),
        TEST(test_destroy_sends_what_waits),
        TEST(test_wait_sends_what_was_queued_outside),
        TEST(test_what_one_endpoint_hands_another_leaves_in_the_same_dispatch),
        TEST(test_the_own_thread_echoes),
    };
    return cmocka_run_group_tests_name("runtime-turn", tests, NULL, NULL);
}
