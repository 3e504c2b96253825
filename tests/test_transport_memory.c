#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <strait/strait.h>

#include "transport/address.h"

/* A host whose memory or random bytes fail once: whatever is lost, both sides are told of it. */

struct side {
    struct strait_endpoint *endpoint;
    struct strait_transport *transport;
    struct strait_path path;
    enum strait_dtls_state told;
    size_t allocations, fail_allocation, blocks;
    size_t randoms, fail_random;
    uint64_t seed;
};

struct pair {
    struct strait_certificate *certificate;
    struct side side[2];
    strait_time now;
};

static void *take(void *user, size_t bytes)
{
    struct side *side = user;
    if (++side->allocations == side->fail_allocation) {
        return NULL;
    }
    side->blocks++;
    return malloc(bytes);
}

static void give(void *user, void *memory)
{
    struct side *side = user;
    side->blocks--;
    free(memory);
}

static int fill(void *user, uint8_t *out, size_t bytes)
{
    struct side *side = user;
    if (++side->randoms == side->fail_random) {
        return -1;
    }
    for (size_t i = 0; i < bytes; i++) {
        side->seed = side->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        out[i] = (uint8_t)(side->seed >> 56);
    }
    return 0;
}

static void on_dtls(void *user, struct strait_transport *t, enum strait_dtls_state state)
{
    struct side *side = user;
    (void)t;
    side->told = state;
}

static int begin_side(struct pair *pair, int i, bool client)
{
    struct side *side = &pair->side[i];
    struct strait_hooks hooks = {
        .size = sizeof hooks, .user = side, .alloc = take, .free = give, .random = fill
    };
    struct strait_endpoint_config endpoint = { .size = sizeof endpoint, .hooks = &hooks };
    struct strait_transport_config config = {
        .size = sizeof config,
        .user = side,
        .ice = STRAIT_ICE_EXTERNAL,
        .certificate = pair->certificate,
        .dtls_role = client ? STRAIT_DTLS_CLIENT : STRAIT_DTLS_SERVER,
        .events = { .size = sizeof config.events, .dtls_state = on_dtls },
    };
    struct strait_dtls_parameters remote = { .role = client ? STRAIT_DTLS_SERVER
                                                            : STRAIT_DTLS_CLIENT,
                                             .n_fingerprints = 1 };
    strait__address_parse(&side->path.local, "192.0.2.1", (uint16_t)(1000 + i));
    strait__address_parse(&side->path.remote, "192.0.2.1", (uint16_t)(1001 - i));
    strait_certificate_fingerprint(pair->certificate, STRAIT_HASH_SHA256, &remote.fingerprints[0]);
    int error = strait_endpoint_create(&side->endpoint, &endpoint, pair->now);
    if (error == STRAIT_OK) {
        error = strait_transport_create(&side->transport, side->endpoint, &config, pair->now);
    }
    if (error == STRAIT_OK) {
        assert_int_equal(strait_transport_set_remote_dtls(side->transport, &remote), STRAIT_OK);
        assert_int_equal(strait_transport_set_path(side->transport, &side->path, 0), STRAIT_OK);
    }
    return error;
}

static void carry(struct pair *pair, int from)
{
    struct strait_send sends[16];
    size_t n = strait_endpoint_pending(pair->side[from].endpoint, sends, 16);
    for (size_t i = 0; i < n; i++) {
        size_t step = sends[i].segment_size > 0 ? sends[i].segment_size : sends[i].len;
        for (size_t at = 0; at < sends[i].len; at += step) {
            uint8_t bytes[2048];
            size_t len = sends[i].len - at < step ? sends[i].len - at : step;
            struct strait_datagram d = { .data = bytes,
                                         .len = len,
                                         .room = sizeof bytes,
                                         .local = sends[i].path->remote,
                                         .remote = sends[i].path->local };
            memcpy(bytes, sends[i].data + at, len);
            strait_endpoint_receive(pair->side[!from].endpoint, pair->now, &d, 1);
        }
    }
    strait_endpoint_sent(pair->side[from].endpoint, n);
}

static bool is_over(const struct side *side)
{
    return strait_transport_writable(side->transport) || side->told == STRAIT_DTLS_FAILED ||
           side->told == STRAIT_DTLS_CLOSED;
}

static void run(struct pair *pair)
{
    strait_time end = pair->now + 60 * STRAIT_S;
    strait_time settled = STRAIT_TIME_NEVER;
    while (pair->now < end && pair->now < settled) {
        for (int i = 0; i < 2; i++) {
            strait_endpoint_advance(pair->side[i].endpoint, pair->now);
            carry(pair, i);
        }
        /* A close_notify may still be on its way. */
        if (is_over(&pair->side[0]) && is_over(&pair->side[1]) && settled == STRAIT_TIME_NEVER) {
            settled = pair->now + STRAIT_S;
        }
        pair->now += 50 * STRAIT_MS;
    }
}

/* True if both sides can send media; else both know that they cannot, and why. */
static bool life(struct strait_certificate *certificate, bool client, size_t fail_allocation,
                 size_t fail_random, struct side *counts)
{
    struct pair pair = { .certificate = certificate, .now = STRAIT_S };
    struct side *victim = &pair.side[0];
    pair.side[0].seed = 1;
    pair.side[1].seed = 2;
    victim->fail_allocation = fail_allocation;
    victim->fail_random = fail_random;
    int error = begin_side(&pair, 0, client);
    bool whole = false;
    if (error == STRAIT_OK) {
        assert_int_equal(begin_side(&pair, 1, !client), STRAIT_OK);
        run(&pair);
        whole = strait_transport_writable(pair.side[0].transport) &&
                strait_transport_writable(pair.side[1].transport);
        for (int i = 0; i < 2 && !whole; i++) {
            const struct side *side = &pair.side[i];
            assert_true(side->told == STRAIT_DTLS_FAILED || side->told == STRAIT_DTLS_CLOSED);
            assert_int_equal(strait_transport_dtls_state(side->transport), side->told);
            assert_int_not_equal(strait_transport_error(side->transport), STRAIT_OK);
            assert_true(strlen(strait_transport_error_detail(side->transport)) > 10);
            assert_false(strait_transport_writable(side->transport));
        }
        /* By its own name, unless the other side has noticed first. */
        int reason = strait_transport_error(victim->transport);
        int own = fail_random > 0 ? STRAIT_E_RANDOM : STRAIT_E_NOMEM;
        assert_true(whole || reason == own || reason == STRAIT_E_CRYPTO ||
                    reason == STRAIT_E_ALERT || reason == STRAIT_E_CLOSED);
    } else {
        assert_int_equal(error, fail_random > 0 ? STRAIT_E_RANDOM : STRAIT_E_NOMEM);
    }
    *counts = *victim;
    strait_endpoint_destroy(pair.side[0].endpoint);
    strait_endpoint_destroy(pair.side[1].endpoint);
    assert_int_equal(pair.side[0].blocks, 0);
    assert_int_equal(pair.side[1].blocks, 0);
    return whole;
}

static void each_failure_is_told_to_both_sides(void **state)
{
    struct strait_certificate *certificate;
    (void)state;
    assert_int_equal(strait_certificate_create(&certificate, NULL), STRAIT_OK);
    for (int client = 0; client < 2; client++) {
        struct side counts;
        size_t failed = 0;
        assert_true(life(certificate, client == 1, 0, 0, &counts));
        size_t allocations = counts.allocations, randoms = counts.randoms;
        for (size_t i = 1; i <= allocations; i++) {
            failed += !life(certificate, client == 1, i, 0, &counts);
        }
        assert_true(failed > allocations / 2);
        failed = 0;
        for (size_t i = 1; i <= randoms; i++) {
            failed += !life(certificate, client == 1, 0, i, &counts);
        }
        assert_true(failed > 0);
    }
    strait_certificate_unref(certificate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_failure_is_told_to_both_sides),
    };
    return cmocka_run_group_tests_name("transport_memory", tests, NULL, NULL);
}
