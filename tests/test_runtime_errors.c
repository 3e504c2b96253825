/*
 * What the runtime does when the kernel refuses. Loopback never refuses, so sendmsg and recvmmsg are
 * wrapped by the linker: a script of errors first, then the real call.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>

#include "tests/runtime_rig.h"

#define SCRIPT_MAX 64

static struct {
    bool on;
    int errors[SCRIPT_MAX]; /* one a call; 0: the real call */
    size_t n, calls;
    size_t lens[SCRIPT_MAX]; /* what each call had */
    uint16_t segments[SCRIPT_MAX];
    int train_error; /* for every call with a segment size, whatever the script says; 0: none */
    int flags;       /* for every message that recvmmsg returns */
} kernel;

ssize_t __real_sendmsg(int fd, const struct msghdr *header, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *header, int flags);
int __real_recvmmsg(int fd, struct mmsghdr *messages, unsigned n, int flags,
                    struct timespec *timeout);
int __wrap_recvmmsg(int fd, struct mmsghdr *messages, unsigned n, int flags,
                    struct timespec *timeout);

static uint16_t segment_of(const struct msghdr *header)
{
    struct msghdr copy = *header;
    uint16_t segment = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&copy); c != NULL; c = CMSG_NXTHDR(&copy, c)) {
        if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_SEGMENT) {
            memcpy(&segment, CMSG_DATA(c), sizeof segment);
        }
    }
    return segment;
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *header, int flags)
{
    if (!kernel.on) {
        return __real_sendmsg(fd, header, flags);
    }
    assert_true(kernel.calls < SCRIPT_MAX);
    size_t i = kernel.calls++;
    kernel.lens[i] = header->msg_iov->iov_len;
    kernel.segments[i] = segment_of(header);
    int error = i < kernel.n ? kernel.errors[i] : 0;
    error = kernel.segments[i] > 0 && kernel.train_error != 0 ? kernel.train_error : error;
    if (error != 0) {
        errno = error;
        return -1;
    }
    return __real_sendmsg(fd, header, flags);
}

int __wrap_recvmmsg(int fd, struct mmsghdr *messages, unsigned n, int flags,
                    struct timespec *timeout)
{
    int got = __real_recvmmsg(fd, messages, n, flags, timeout);
    for (int i = 0; kernel.on && i < got; i++) {
        messages[i].msg_hdr.msg_flags |= kernel.flags;
    }
    return got;
}

static struct udp_client client;
static struct strait_path path; /* to the client */

static int setup(void **state)
{
    assert_int_equal(rig_setup(state), 0);
    struct rig *rig = *state;
    rig_client(&client, "127.0.0.1");
    path.local = rig_listen(rig, "127.0.0.1", &path.socket);
    path.remote = client.address;
    memset(&kernel, 0, sizeof kernel);
    kernel.on = true;
    return 0;
}

static int teardown(void **state)
{
    rig_teardown(state);
    kernel.on = false;
    udp_client_close(&client);
    return 0;
}

static void script(const int *errors, size_t n)
{
    kernel.calls = 0;
    kernel.n = n;
    memcpy(kernel.errors, errors, n * sizeof *errors);
}

static void dispatch(struct rig *rig)
{
    assert_int_equal(strait_runtime_dispatch(rig->runtime), STRAIT_OK);
}

static void queue_number(struct rig *rig, unsigned number)
{
    fake_queue(rig->endpoint, &path, &number, sizeof number, 0);
}

static void expect_number(struct rig *rig, unsigned number)
{
    assert_true(udp_client_receive(&client, rig->message));
    assert_int_equal(rig->message->len, sizeof number);
    assert_memory_equal(rig->message->data, &number, sizeof number);
}

static void expect_nothing(struct rig *rig)
{
    assert_false(udp_client_receive(&client, rig->message));
}

/* A train of `n` segments of `size` bytes, the k-th of nothing but k. */
static void queue_train(struct rig *rig, unsigned n, uint16_t size)
{
    uint8_t *bytes = malloc((size_t)n * size);
    assert_non_null(bytes);
    for (unsigned i = 0; i < n; i++) {
        memset(bytes + (size_t)i * size, (int)i, size);
    }
    fake_queue(rig->endpoint, &path, bytes, (size_t)n * size, size);
    free(bytes);
}

static void expect_segments(struct rig *rig, unsigned from, unsigned to, uint16_t size)
{
    for (unsigned i = from; i < to; i++) {
        assert_true(udp_client_receive(&client, rig->message));
        assert_int_equal(rig->message->len, size);
        assert_int_equal(rig->message->data[0], i);
        assert_int_equal(rig->message->data[size - 1], i);
    }
}

/* --- Full sockets ---------------------------------------------------------------------------- */

static void test_a_full_socket_is_tried_again_when_writable(void **state)
{
    struct rig *rig = *state;
    for (unsigned i = 0; i < 100; i++) {
        queue_number(rig, i);
    }
    /* The eighth call finds the socket full; again, when it is said to be writable. */
    static const int full[] = { 0, 0, 0, 0, 0, 0, 0, EAGAIN, EAGAIN };
    script(full, 9);
    /* 100 are more calls than the script has lines for. */
    dispatch(rig);
    for (unsigned i = 0; i < 7; i++) {
        expect_number(rig, i);
    }
    expect_nothing(rig);
    assert_int_equal(kernel.calls, 8);
    assert_int_equal(fake_waiting(rig->endpoint), 93);
    assert_true(rig_readable(rig->runtime, 0));
    dispatch(rig);
    assert_int_equal(kernel.calls, 9);
    expect_nothing(rig);
    kernel.on = false;
    dispatch(rig);
    for (unsigned i = 7; i < 100; i++) {
        expect_number(rig, i);
    }
    expect_nothing(rig);
    const struct strait_runtime_stats stats = rig_stats(rig);
    assert_int_equal(stats.send_would_block, 2);
    assert_int_equal(stats.datagrams_sent, 100);
    assert_int_equal(stats.send_errors, 0);
    /* It is writable, and nobody wants to know any more. */
    dispatch(rig);
    assert_false(rig_readable(rig->runtime, 0));
}

static void test_a_full_socket_is_left_alone_until_then(void **state)
{
    struct rig *rig = *state;
    queue_number(rig, 0);
    static const int full[] = { EAGAIN };
    script(full, 1);
    /* Blocks inside of wait's first look, then epoll tells that it is writable. */
    assert_int_equal(strait_runtime_wait(rig->runtime, STRAIT_TIME_NEVER), STRAIT_OK);
    assert_int_equal(kernel.calls, 2);
    expect_number(rig, 0);
    assert_int_equal(rig_stats(rig).send_would_block, 1);
}

static void test_a_full_socket_receives_all_the_same(void **state)
{
    struct rig *rig = *state;
    queue_number(rig, 1);
    static const int full[] = { EAGAIN, EAGAIN, EAGAIN };
    script(full, 3);
    dispatch(rig);
    unsigned two = 2;
    udp_client_send(&client, &path.local, &two, sizeof two);
    dispatch(rig);
    assert_int_equal(rig->endpoint->received, 1);
    kernel.on = false;
    dispatch(rig);
    expect_number(rig, 1);
    expect_number(rig, 2);
    expect_nothing(rig);
}

static void test_interrupted_calls_are_repeated(void **state)
{
    struct rig *rig = *state;
    queue_number(rig, 5);
    static const int interrupted[] = { EINTR, EINTR };
    script(interrupted, 2);
    dispatch(rig);
    expect_number(rig, 5);
    assert_int_equal(kernel.calls, 3);
    assert_int_equal(rig_stats(rig).send_errors, 0);
}

/* --- Errors ---------------------------------------------------------------------------------- */

static void test_other_errors_are_counted_and_given_up(void **state)
{
    struct rig *rig = *state;
    for (unsigned i = 0; i < 5; i++) {
        queue_number(rig, i);
    }
    static const int errors[] = { 0, EPERM, ENETUNREACH, 0, 0 };
    script(errors, 5);
    dispatch(rig);
    expect_number(rig, 0);
    expect_number(rig, 3);
    expect_number(rig, 4);
    expect_nothing(rig);
    assert_int_equal(fake_waiting(rig->endpoint), 0);
    const struct strait_runtime_stats stats = rig_stats(rig);
    assert_int_equal(stats.send_errors, 2);
    assert_int_equal(stats.last_send_errno, ENETUNREACH);
    assert_int_equal(stats.datagrams_sent, 3);
}

static void test_real_errors_too(void **state)
{
    struct rig *rig = *state;
    kernel.on = false;
    struct strait_path lost = path;
    lost.socket += 100;
    fake_queue(rig->endpoint, &lost, "no such socket", 14, 0);
    struct strait_path mixed = path;
    mixed.remote = udp_address("::1", 9);
    fake_queue(rig->endpoint, &mixed, "other family", 12, 0);
    queue_number(rig, 3);
    dispatch(rig);
    expect_number(rig, 3);
    const struct strait_runtime_stats stats = rig_stats(rig);
    assert_int_equal(stats.send_errors, 2);
    assert_int_equal(stats.last_send_errno, EAFNOSUPPORT);
    assert_int_equal(fake_waiting(rig->endpoint), 0);
}

static void test_a_train_that_is_given_up_counts_its_datagrams(void **state)
{
    struct rig *rig = *state;
    queue_train(rig, 12, 100);
    static const int errors[] = { ENETUNREACH };
    script(errors, 1);
    dispatch(rig);
    expect_nothing(rig);
    assert_int_equal(kernel.calls, 1);
    assert_int_equal(kernel.segments[0], 100);
    assert_int_equal(rig_stats(rig).send_errors, 12);
}

static void test_truncated_datagrams_are_counted_and_dropped(void **state)
{
    struct rig *rig = *state;
    kernel.flags = MSG_TRUNC;
    udp_client_send(&client, &path.local, "cut", 3);
    udp_client_send(&client, &path.local, "cut", 3);
    dispatch(rig);
    assert_int_equal(rig->endpoint->received, 0);
    const struct strait_runtime_stats stats = rig_stats(rig);
    assert_int_equal(stats.receive_truncated, 2);
    assert_int_equal(stats.datagrams_received, 0);
}

/* --- Trains that the kernel does not take ----------------------------------------------------- */

static void test_a_socket_without_segmentation_sends_one_by_one(void **state)
{
    struct rig *rig = *state;
    kernel.train_error = EIO;
    queue_train(rig, 5, 200);
    queue_train(rig, 3, 300);
    dispatch(rig);
    expect_segments(rig, 0, 5, 200);
    expect_segments(rig, 0, 3, 300);
    expect_nothing(rig);
    /* Refused once, remembered for the socket. */
    assert_int_equal(kernel.calls, 1 + 5 + 3);
    assert_int_equal(kernel.lens[0], 1000);
    assert_int_equal(kernel.segments[0], 200);
    for (size_t i = 1; i < kernel.calls; i++) {
        assert_int_equal(kernel.segments[i], 0);
    }
    const struct strait_runtime_stats stats = rig_stats(rig);
    assert_int_equal(stats.datagrams_sent, 8);
    assert_int_equal(stats.send_errors, 0);
}

static void test_a_train_too_long_for_its_path_says_nothing_of_others(void **state)
{
    struct rig *rig = *state;
    queue_train(rig, 4, 200);
    queue_train(rig, 3, 300);
    static const int errors[] = { EINVAL };
    script(errors, 1);
    dispatch(rig);
    expect_segments(rig, 0, 4, 200);
    expect_segments(rig, 0, 3, 300);
    expect_nothing(rig);
    assert_int_equal(kernel.calls, 1 + 4 + 1);
    assert_int_equal(kernel.lens[5], 900);
    assert_int_equal(kernel.segments[5], 300);
    assert_int_equal(rig_stats(rig).send_errors, 0);
}

static void test_a_train_goes_on_where_the_socket_was_full(void **state)
{
    struct rig *rig = *state;
    kernel.train_error = EIO;
    queue_train(rig, 6, 100);
    queue_number(rig, 42);
    /* The train refused, two of it sent, full; the third, full; the rest. */
    static const int errors[] = { 0, 0, 0, EAGAIN, 0, EAGAIN };
    script(errors, 6);
    dispatch(rig);
    expect_segments(rig, 0, 2, 100);
    expect_nothing(rig);
    dispatch(rig);
    expect_segments(rig, 2, 3, 100);
    expect_nothing(rig);
    dispatch(rig);
    expect_segments(rig, 3, 6, 100);
    expect_number(rig, 42);
    expect_nothing(rig);
    const struct strait_runtime_stats stats = rig_stats(rig);
    assert_int_equal(stats.datagrams_sent, 7);
    assert_int_equal(stats.send_would_block, 2);
    assert_int_equal(fake_waiting(rig->endpoint), 0);
}

static void test_another_train_in_its_place_is_sent_whole(void **state)
{
    struct rig *rig = *state;
    kernel.train_error = EIO;
    queue_train(rig, 6, 100);
    static const int errors[] = { 0, 0, 0, EAGAIN };
    script(errors, 4);
    dispatch(rig);
    expect_segments(rig, 0, 2, 100);
    /* The endpoint has dropped it meanwhile, and has something else now. */
    struct strait_send shown;
    assert_int_equal(strait_endpoint_pending(rig->endpoint, &shown, 1), 1);
    strait_endpoint_sent(rig->endpoint, 1);
    queue_train(rig, 5, 50);
    dispatch(rig);
    expect_segments(rig, 0, 5, 50);
    expect_nothing(rig);
}

static void test_remove_sends_as_far_as_the_socket_takes_it(void **state)
{
    struct rig *rig = *state;
    for (unsigned i = 0; i < 6; i++) {
        queue_number(rig, i);
    }
    static const int errors[] = { 0, EAGAIN, 0, 0, EAGAIN };
    script(errors, 5);
    dispatch(rig);
    expect_number(rig, 0);
    expect_nothing(rig);
    assert_int_equal(strait_runtime_remove(rig->runtime, rig->endpoint), STRAIT_OK);
    expect_number(rig, 1);
    expect_number(rig, 2);
    expect_nothing(rig);
    assert_int_equal(fake_waiting(rig->endpoint), 3);
    dispatch(rig);
    assert_int_equal(kernel.calls, 5);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_full_socket_is_tried_again_when_writable),
        TEST(test_a_full_socket_is_left_alone_until_then),
        TEST(test_a_full_socket_receives_all_the_same),
        TEST(test_interrupted_calls_are_repeated),
        TEST(test_other_errors_are_counted_and_given_up),
        TEST(test_real_errors_too),
        TEST(test_a_train_that_is_given_up_counts_its_datagrams),
        TEST(test_truncated_datagrams_are_counted_and_dropped),
        TEST(test_a_socket_without_segmentation_sends_one_by_one),
        TEST(test_a_train_too_long_for_its_path_says_nothing_of_others),
        TEST(test_a_train_goes_on_where_the_socket_was_full),
        TEST(test_another_train_in_its_place_is_sent_whole),
        TEST(test_remove_sends_as_far_as_the_socket_takes_it),
    };
    return cmocka_run_group_tests_name("runtime-errors", tests, NULL, NULL);
}
