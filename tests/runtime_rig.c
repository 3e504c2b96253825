#include "tests/runtime_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "transport/address.h"

struct rig_notes rig_notes;

struct strait_runtime *rig_runtime(void)
{
    const struct strait_runtime_config config = { .size = sizeof config };
    struct strait_runtime *runtime = NULL;
    assert_int_equal(strait_runtime_create(&runtime, &config), STRAIT_OK);
    return runtime;
}

bool rig_readable(const struct strait_runtime *runtime, int timeout_ms)
{
    struct pollfd one = { .fd = strait_runtime_fd(runtime), .events = POLLIN };
    return poll(&one, 1, timeout_ms) == 1;
}

void rig_note(void *user)
{
    rig_notes.order[rig_notes.n++] = (int)(intptr_t)user;
}

void *rig_number(int i)
{
    return (void *)(intptr_t)i;
}

int rig_forget(void **state)
{
    (void)state;
    memset(&rig_notes, 0, sizeof rig_notes);
    return 0;
}

void rig_ignore_ready(void *user, short events)
{
    (void)user;
    (void)events;
}

int rig_setup(void **state)
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

int rig_teardown(void **state)
{
    struct rig *rig = *state;
    strait_runtime_destroy(rig->runtime);
    fake_destroy(rig->endpoint);
    free(rig->message);
    free(rig);
    return 0;
}

int rig_bind(struct rig *rig, const char *host, uint16_t port, uint32_t *number,
             struct sockaddr_storage *bound)
{
    struct sockaddr_storage address = udp_address(host, port);
    return strait_runtime_bind(rig->runtime, rig->endpoint, (const struct sockaddr *)&address,
                               sizeof address, number, bound);
}

struct sockaddr_storage rig_listen(struct rig *rig, const char *host, uint32_t *number)
{
    struct sockaddr_storage bound;
    assert_int_equal(rig_bind(rig, host, 0, number, &bound), STRAIT_OK);
    assert_int_not_equal(strait__address_port(&bound), 0);
    return bound;
}

void rig_client(struct udp_client *client, const char *host)
{
    if (!udp_client_open(client, host)) {
        skip();
    }
}

struct strait_runtime_stats rig_stats(const struct rig *rig)
{
    struct strait_runtime_stats stats = { .size = sizeof stats };
    assert_int_equal(strait_runtime_stats(rig->runtime, &stats), STRAIT_OK);
    return stats;
}

void rig_work(struct rig *rig, uint64_t n)
{
    while (rig->endpoint->received < n) {
        assert_int_equal(strait_runtime_wait(rig->runtime, STRAIT_S), STRAIT_OK);
    }
    assert_int_equal(rig->endpoint->received, n);
    assert_int_equal(fake_waiting(rig->endpoint), 0);
}

void rig_expect(struct rig *rig, const struct udp_client *client, const void *data, size_t len,
                const struct sockaddr_storage *from)
{
    assert_true(udp_client_receive(client, rig->message));
    assert_int_equal(rig->message->len, len);
    assert_memory_equal(rig->message->data, data, len);
    assert_true(strait__address_equal(&rig->message->from, from));
}

void rig_fill(uint8_t *bytes, size_t len, unsigned salt)
{
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)(i * 7 + (i >> 8) + salt * 31);
    }
}
