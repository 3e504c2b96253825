#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <strait/strait.h>

#include "tests/transport_pair.h"
#include "transport/address.h"

static void on_ice(void *user, struct strait_transport *t, enum strait_ice_state state)
{
    struct side *side = user;
    assert_ptr_equal(t, side->transport);
    side->ice = state;
    side->ice_events++;
}

static void on_dtls(void *user, struct strait_transport *t, enum strait_dtls_state state)
{
    struct side *side = user;
    side->dtls = state;
    side->dtls_events++;
    if (state == STRAIT_DTLS_CONNECTED && side->destroy_on_connect) {
        strait_transport_destroy(t);
        strait_transport_destroy(t); /* once more inside the callback: nothing happens */
        side->transport = NULL;
    }
}

static void on_packets(void *user, struct strait_transport *t, struct strait_packet *packets,
                       size_t n)
{
    struct side *side = user;
    side->packets += (unsigned)n;
    side->last_packet = packets[n - 1];
    side->last_len = packets[n - 1].len < sizeof side->last ? packets[n - 1].len : 0;
    memcpy(side->last, packets[n - 1].data, side->last_len);
    if (side->echo) {
        assert_int_equal(strait_transport_send(t, packets, n), (int)n);
    }
    if (side->drive_on_packets) {
        struct strait_datagram d = { .data = packets[0].data,
                                     .len = packets[0].len,
                                     .room = packets[0].len };
        assert_int_equal(strait_endpoint_receive(side->endpoint, 0, &d, 1), STRAIT_E_STATE);
        strait_endpoint_advance(side->endpoint, STRAIT_TIME_NEVER - 1);
    }
}

static void on_data(void *user, struct strait_transport *t, uint8_t *data, size_t len)
{
    struct side *side = user;
    side->data++;
    side->last_len = len < sizeof side->last ? len : 0;
    memcpy(side->last, data, side->last_len);
    if (side->close_on_data) {
        strait_transport_close(t, 0);
    }
    if (side->destroy_on_data) {
        strait_transport_destroy(t);
        side->transport = NULL;
    }
}

static void on_path(void *user, struct strait_transport *t, const struct strait_path *path)
{
    struct side *side = user;
    (void)t;
    assert_true(strait__path_equal(path, &side->path));
    side->paths++;
}

struct strait_transport_config pair_config(struct pair *pair, int i)
{
    return (struct strait_transport_config){
        .size = sizeof(struct strait_transport_config),
        .user = &pair->side[i],
        .ice = STRAIT_ICE_EXTERNAL,
        .certificate = pair->certificate[i],
        .dtls_role = i == 0 ? STRAIT_DTLS_CLIENT : STRAIT_DTLS_SERVER,
        .events = { .size = sizeof(struct strait_transport_events),
                    .ice_state = on_ice,
                    .dtls_state = on_dtls,
                    .packets = on_packets,
                    .data = on_data,
                    .path = on_path },
    };
}

int pair_setup(void **state)
{
    struct pair *pair = calloc(1, sizeof *pair);
    pair->now = STRAIT_S;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(strait_certificate_create(&pair->certificate[i], NULL), STRAIT_OK);
        assert_int_equal(strait_endpoint_create(&pair->side[i].endpoint, NULL, pair->now),
                         STRAIT_OK);
        struct strait_transport_config config = pair_config(pair, i);
        assert_int_equal(strait_transport_create(&pair->side[i].transport, pair->side[i].endpoint,
                                                 &config, pair->now),
                         STRAIT_OK);
        struct strait_path *path = &pair->side[i].path;
        path->socket = 7;
        strait__address_parse(&path->local, "192.0.2.1", (uint16_t)(1000 + i));
        strait__address_parse(&path->remote, "192.0.2.1", (uint16_t)(1001 - i));
    }
    *state = pair;
    return 0;
}

int pair_teardown(void **state)
{
    struct pair *pair = *state;
    for (int i = 0; i < 2; i++) {
        strait_endpoint_destroy(pair->side[i].endpoint);
        strait_certificate_unref(pair->certificate[i]);
    }
    free(pair);
    return 0;
}

void pair_give_dtls(struct pair *pair, int to)
{
    struct strait_dtls_parameters remote = { .role = to == 0 ? STRAIT_DTLS_SERVER
                                                             : STRAIT_DTLS_CLIENT,
                                             .n_fingerprints = 1 };
    strait_certificate_fingerprint(pair->certificate[!to], STRAIT_HASH_SHA256,
                                   &remote.fingerprints[0]);
    assert_int_equal(strait_transport_set_remote_dtls(pair->side[to].transport, &remote),
                     STRAIT_OK);
}

size_t pair_carry(struct pair *pair, int from)
{
    struct side *sender = &pair->side[from], *receiver = &pair->side[!from];
    struct strait_send sends[16];
    size_t n = strait_endpoint_pending(sender->endpoint, sends, 16);
    for (size_t i = 0; i < n; i++) {
        size_t step = sends[i].segment_size > 0 ? sends[i].segment_size : sends[i].len;
        for (size_t at = 0; at < sends[i].len; at += step) {
            uint8_t bytes[2048];
            size_t len = sends[i].len - at < step ? sends[i].len - at : step;
            memcpy(bytes, sends[i].data + at, len);
            struct strait_datagram d = { .data = bytes,
                                         .len = len,
                                         .room = sizeof bytes,
                                         .local = sends[i].path->remote,
                                         .remote = sends[i].path->local,
                                         .socket = 7,
                                         .ecn = sends[i].ecn,
                                         .dscp = sends[i].dscp,
                                         .rx_time = pair->now - STRAIT_US };
            assert_int_equal(strait_endpoint_receive(receiver->endpoint, pair->now, &d, 1),
                             STRAIT_OK);
        }
    }
    strait_endpoint_sent(sender->endpoint, n);
    return n;
}

void pair_carry_joined(struct pair *pair, int from)
{
    uint8_t bytes[2048];
    size_t len = 0;
    struct side *sender = &pair->side[from];
    struct strait_send sends[16];
    size_t n = strait_endpoint_pending(sender->endpoint, sends, 16);
    for (size_t i = 0; i < n; i++) {
        memcpy(bytes + len, sends[i].data, sends[i].len);
        len += sends[i].len;
    }
    struct strait_datagram d = { .data = bytes,
                                 .len = len,
                                 .room = sizeof bytes,
                                 .local = sender->path.remote,
                                 .remote = sender->path.local,
                                 .socket = 7 };
    strait_endpoint_sent(sender->endpoint, n);
    assert_int_equal(strait_endpoint_receive(pair->side[!from].endpoint, pair->now, &d, 1),
                     STRAIT_OK);
}

void pair_run(struct pair *pair)
{
    size_t moved = 1;
    while (moved > 0) {
        pair->now += STRAIT_MS;
        strait_endpoint_advance(pair->side[0].endpoint, pair->now);
        strait_endpoint_advance(pair->side[1].endpoint, pair->now);
        moved = pair_carry(pair, 0) + pair_carry(pair, 1);
    }
}

void pair_set_paths(struct pair *pair)
{
    for (int i = 0; i < 2; i++) {
        assert_int_equal(
            strait_transport_set_path(pair->side[i].transport, &pair->side[i].path, 10 * STRAIT_MS),
            STRAIT_OK);
    }
}

void pair_connect(struct pair *pair)
{
    pair_give_dtls(pair, 0);
    pair_give_dtls(pair, 1);
    pair_set_paths(pair);
    pair_run(pair);
}

struct strait_packet pair_rtp(uint8_t *bytes, uint16_t sequence)
{
    static const uint8_t header[] = { 0x80, 111, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 'h', 'i' };
    memcpy(bytes, header, sizeof header);
    bytes[2] = (uint8_t)(sequence >> 8);
    bytes[3] = (uint8_t)sequence;
    return (struct strait_packet){ .data = bytes, .len = sizeof header };
}

struct strait_transport_stats pair_stats(const struct side *side)
{
    struct strait_transport_stats stats = { .size = sizeof stats };
    assert_int_equal(strait_transport_stats(side->transport, &stats), STRAIT_OK);
    return stats;
}
