#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <strait/strait.h>

#include "transport/address.h"

/* Two endpoints, A and B, with one transport each on external paths, joined by a perfect wire. */

struct side {
    struct strait_endpoint *endpoint;
    struct strait_transport *transport;
    struct strait_path path;
    unsigned packets, data, ice_events, dtls_events, paths;
    enum strait_ice_state ice;
    enum strait_dtls_state dtls;
    uint8_t last[64];
    size_t last_len;
    bool destroy_on_connect, close_on_data, echo;
};

struct pair {
    struct strait_certificate *certificate[2];
    struct side side[2];
    strait_time now;
};

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
    side->last_len = packets[n - 1].len < sizeof side->last ? packets[n - 1].len : 0;
    memcpy(side->last, packets[n - 1].data, side->last_len);
    if (side->echo) {
        assert_int_equal(strait_transport_send(t, packets, n), (int)n);
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
}

static void on_path(void *user, struct strait_transport *t, const struct strait_path *path)
{
    struct side *side = user;
    (void)t;
    assert_true(strait__path_equal(path, &side->path));
    side->paths++;
}

static struct strait_transport_config config_of(struct pair *pair, int i)
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

static int setup(void **state)
{
    struct pair *pair = calloc(1, sizeof *pair);
    pair->now = STRAIT_S;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(strait_certificate_create(&pair->certificate[i], NULL), STRAIT_OK);
        assert_int_equal(strait_endpoint_create(&pair->side[i].endpoint, NULL, pair->now),
                         STRAIT_OK);
        struct strait_transport_config config = config_of(pair, i);
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

static int teardown(void **state)
{
    struct pair *pair = *state;
    for (int i = 0; i < 2; i++) {
        strait_endpoint_destroy(pair->side[i].endpoint);
        strait_certificate_unref(pair->certificate[i]);
    }
    free(pair);
    return 0;
}

static void give_dtls(struct pair *pair, int to)
{
    struct strait_dtls_parameters remote = { .role = to == 0 ? STRAIT_DTLS_SERVER
                                                             : STRAIT_DTLS_CLIENT,
                                             .n_fingerprints = 1 };
    strait_certificate_fingerprint(pair->certificate[!to], STRAIT_HASH_SHA256,
                                   &remote.fingerprints[0]);
    assert_int_equal(strait_transport_set_remote_dtls(pair->side[to].transport, &remote),
                     STRAIT_OK);
}

static size_t carry(struct pair *pair, int from)
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
                                         .socket = 7 };
            assert_int_equal(strait_endpoint_receive(receiver->endpoint, pair->now, &d, 1),
                             STRAIT_OK);
        }
    }
    strait_endpoint_sent(sender->endpoint, n);
    return n;
}

static void run(struct pair *pair)
{
    size_t moved = 1;
    while (moved > 0) {
        pair->now += STRAIT_MS;
        strait_endpoint_advance(pair->side[0].endpoint, pair->now);
        strait_endpoint_advance(pair->side[1].endpoint, pair->now);
        moved = carry(pair, 0) + carry(pair, 1);
    }
}

static void set_paths(struct pair *pair)
{
    for (int i = 0; i < 2; i++) {
        assert_int_equal(
            strait_transport_set_path(pair->side[i].transport, &pair->side[i].path, 10 * STRAIT_MS),
            STRAIT_OK);
    }
}

static void connect_pair(struct pair *pair)
{
    give_dtls(pair, 0);
    give_dtls(pair, 1);
    set_paths(pair);
    run(pair);
}

static struct strait_packet rtp(uint8_t *bytes, uint16_t sequence)
{
    static const uint8_t header[] = { 0x80, 111, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 'h', 'i' };
    memcpy(bytes, header, sizeof header);
    bytes[2] = (uint8_t)(sequence >> 8);
    bytes[3] = (uint8_t)sequence;
    return (struct strait_packet){ .data = bytes, .len = sizeof header };
}

static struct strait_transport_stats stats_of(const struct side *side)
{
    struct strait_transport_stats stats = { .size = sizeof stats };
    assert_int_equal(strait_transport_stats(side->transport, &stats), STRAIT_OK);
    return stats;
}

/* --- Cases --------------------------------------------------------------------------------------------- */

static void a_given_path_carries_dtls_and_media(void **state)
{
    struct pair *pair = *state;
    uint8_t bytes[64];
    connect_pair(pair);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pair->side[i].dtls, STRAIT_DTLS_CONNECTED);
        assert_int_equal(pair->side[i].paths, 1);
        assert_true(strait_transport_writable(pair->side[i].transport));
    }
    enum strait_srtp_profile profile[2];
    struct strait_srtp_key send[2], receive[2];
    for (int i = 0; i < 2; i++) {
        strait_transport_srtp_keys(pair->side[i].transport, &profile[i], &send[i], &receive[i]);
    }
    assert_int_equal(profile[0], profile[1]);
    assert_memory_equal(&send[0], &receive[1], sizeof send[0]);
    assert_memory_equal(&send[1], &receive[0], sizeof send[0]);
    pair->side[1].echo = true;
    struct strait_packet packet = rtp(bytes, 1);
    assert_int_equal(strait_transport_send(pair->side[0].transport, &packet, 1), 1);
    assert_memory_equal(bytes + 12, "hi", 2); /* only read */
    run(pair);
    assert_int_equal(pair->side[1].packets, 1);
    assert_int_equal(pair->side[0].packets, 1);
    assert_memory_equal(pair->side[0].last, bytes, 14);
    struct strait_transport_stats stats = stats_of(&pair->side[1]);
    assert_int_equal(stats.rtp_received, 1);
    assert_int_equal(stats.rtp_sent, 1);
    assert_int_equal(stats.early_queued, 0);
    assert_int_equal(stats.srtp.rtp_unprotected, 1);
}

static void media_before_keys_or_without_a_path_is_refused_and_counted(void **state)
{
    struct pair *pair = *state;
    uint8_t bytes[64];
    struct strait_packet packet = rtp(bytes, 1);
    assert_int_equal(strait_transport_send(pair->side[0].transport, &packet, 1), STRAIT_E_STATE);
    assert_int_equal(stats_of(&pair->side[0]).dropped_no_keys, 1);
    connect_pair(pair);
    assert_int_equal(strait_transport_set_path(pair->side[0].transport, NULL, 0), STRAIT_OK);
    run(pair);
    assert_false(strait_transport_writable(pair->side[0].transport));
    assert_int_equal(pair->side[0].ice, STRAIT_ICE_DISCONNECTED);
    assert_int_equal(strait_transport_send(pair->side[0].transport, &packet, 1), STRAIT_E_STATE);
    assert_int_equal(stats_of(&pair->side[0]).dropped_no_path, 1);
    set_paths(pair);
    run(pair);
    assert_int_equal(strait_transport_send(pair->side[0].transport, &packet, 1), 1);
    run(pair);
    assert_int_equal(pair->side[1].packets, 1);
}

static void a_late_fingerprint_holds_the_association_and_media(void **state)
{
    struct pair *pair = *state;
    uint8_t bytes[64];
    give_dtls(pair, 0);
    set_paths(pair);
    run(pair);
    assert_int_equal(pair->side[0].dtls, STRAIT_DTLS_CONNECTED);
    assert_int_equal(pair->side[1].dtls, STRAIT_DTLS_CONNECTING);
    struct strait_packet packet = rtp(bytes, 1);
    assert_int_equal(strait_transport_send(pair->side[0].transport, &packet, 1), 1);
    run(pair);
    assert_int_equal(pair->side[1].packets, 0);
    assert_int_equal(strait_transport_send(pair->side[1].transport, &packet, 1), STRAIT_E_STATE);
    give_dtls(pair, 1);
    run(pair);
    assert_int_equal(pair->side[1].dtls, STRAIT_DTLS_CONNECTED);
    assert_int_equal(pair->side[1].packets, 1); /* it had waited */
    assert_int_equal(stats_of(&pair->side[1]).early_delivered, 1);
}

static void a_wrong_fingerprint_fails_by_name_and_sends_no_media(void **state)
{
    struct pair *pair = *state;
    uint8_t bytes[64];
    struct strait_dtls_parameters wrong = { .role = STRAIT_DTLS_CLIENT, .n_fingerprints = 1 };
    strait_certificate_fingerprint(pair->certificate[1], STRAIT_HASH_SHA256,
                                   &wrong.fingerprints[0]); /* B's own, not A's */
    give_dtls(pair, 0);
    assert_int_equal(strait_transport_set_remote_dtls(pair->side[1].transport, &wrong), STRAIT_OK);
    set_paths(pair);
    run(pair);
    assert_int_equal(pair->side[1].dtls, STRAIT_DTLS_FAILED);
    assert_int_equal(strait_transport_error(pair->side[1].transport), STRAIT_E_FINGERPRINT);
    assert_true(strlen(strait_transport_error_detail(pair->side[1].transport)) > 10);
    struct strait_packet packet = rtp(bytes, 1);
    assert_int_equal(strait_transport_send(pair->side[1].transport, &packet, 1), STRAIT_E_STATE);
    assert_int_equal(stats_of(&pair->side[1]).rtp_sent, 0);
}

static void dtls_waits_for_the_role_and_begins_when_it_is_known(void **state)
{
    struct pair *pair = *state;
    strait_transport_destroy(pair->side[1].transport);
    struct strait_transport_config config = config_of(pair, 1);
    config.dtls_role = STRAIT_DTLS_AUTO;
    assert_int_equal(strait_transport_create(&pair->side[1].transport, pair->side[1].endpoint,
                                             &config, pair->now),
                     STRAIT_OK);
    assert_int_equal(strait_transport_dtls_role(pair->side[1].transport), STRAIT_DTLS_AUTO);
    give_dtls(pair, 0);
    set_paths(pair);
    run(pair);
    assert_int_equal(strait_transport_dtls_state(pair->side[1].transport), STRAIT_DTLS_NEW);
    assert_true(stats_of(&pair->side[1]).early_queued > 0); /* the ClientHello waits */
    give_dtls(pair, 1);
    assert_int_equal(strait_transport_dtls_role(pair->side[1].transport), STRAIT_DTLS_SERVER);
    run(pair);
    assert_int_equal(pair->side[1].dtls, STRAIT_DTLS_CONNECTED);
}

static void close_reaches_the_peer_and_application_data_keeps_its_boundaries(void **state)
{
    struct pair *pair = *state;
    connect_pair(pair);
    assert_int_equal(
        strait_transport_send_data(pair->side[0].transport, pair->now, (const uint8_t *)"one", 3),
        STRAIT_OK);
    assert_int_equal(
        strait_transport_send_data(pair->side[0].transport, pair->now, (const uint8_t *)"three", 5),
        STRAIT_OK);
    run(pair);
    assert_int_equal(pair->side[1].data, 2);
    assert_int_equal(pair->side[1].last_len, 5);
    strait_transport_close(pair->side[0].transport, pair->now);
    assert_int_equal(strait_transport_ice_state(pair->side[0].transport), STRAIT_ICE_CLOSED);
    run(pair);
    assert_int_equal(pair->side[1].dtls, STRAIT_DTLS_CLOSED);
    assert_int_equal(strait_transport_error(pair->side[1].transport), STRAIT_E_CLOSED);
    assert_false(strait_transport_writable(pair->side[1].transport));
    assert_int_equal(
        strait_transport_send_data(pair->side[0].transport, pair->now, (const uint8_t *)"x", 1),
        STRAIT_E_STATE);
}

static void closing_inside_the_data_callback_is_legal(void **state)
{
    struct pair *pair = *state;
    connect_pair(pair);
    pair->side[1].close_on_data = true;
    for (int i = 0; i < 3; i++) {
        strait_transport_send_data(pair->side[0].transport, pair->now, (const uint8_t *)"x", 1);
    }
    run(pair);
    assert_int_equal(pair->side[1].data, 1);
    assert_int_equal(pair->side[0].dtls, STRAIT_DTLS_CLOSED);
}

static void destroying_a_transport_inside_its_own_callback_is_legal(void **state)
{
    struct pair *pair = *state;
    pair->side[1].destroy_on_connect = true;
    connect_pair(pair);
    assert_null(pair->side[1].transport);
    struct strait_endpoint_stats stats = { .size = sizeof stats };
    assert_int_equal(strait_endpoint_stats(pair->side[1].endpoint, &stats), STRAIT_OK);
    assert_int_equal(stats.transports, 0);
    assert_int_equal(stats.transports_created, 1);
}

static void wrong_arguments_are_errors(void **state)
{
    struct pair *pair = *state;
    struct strait_transport *t = pair->side[0].transport, *other;
    struct strait_endpoint *e = pair->side[0].endpoint;
    struct strait_transport_config config = config_of(pair, 0);
    config.ufrag = "abcd";
    assert_int_equal(strait_transport_create(&other, e, &config, 0), STRAIT_E_INVALID);
    config.pwd = "0123456789012345678901";
    assert_int_equal(strait_transport_create(&other, e, &config, 0), STRAIT_OK);
    assert_ptr_equal(strait_endpoint_find(e, "abcd"), other);
    struct strait_transport *third;
    assert_int_equal(strait_transport_create(&third, e, &config, 0), STRAIT_E_EXISTS);
    strait_transport_destroy(other);
    assert_null(strait_endpoint_find(e, "abcd"));
    config.ufrag = "ab:d";
    assert_int_equal(strait_transport_create(&other, e, &config, 0), STRAIT_E_INVALID);
    config = config_of(pair, 0);
    config.certificate = NULL;
    assert_int_equal(strait_transport_create(&other, e, &config, 0), STRAIT_E_INVALID);
    config = config_of(pair, 0);
    config.n_profiles = 1;
    config.profiles[0] = (enum strait_srtp_profile)5; /* NULL cipher */
    assert_int_equal(strait_transport_create(&other, e, &config, 0), STRAIT_E_INVALID);
    config = config_of(pair, 0);
    config.mtu = 255;
    assert_int_equal(strait_transport_create(&other, e, &config, 0), STRAIT_E_INVALID);
    config = config_of(pair, 0);
    config.min_version = STRAIT_DTLS_1_3;
    config.max_version = STRAIT_DTLS_1_2;
    assert_int_equal(strait_transport_create(&other, e, &config, 0), STRAIT_E_INVALID);
    config = config_of(pair, 0);
    config.n_groups = 1;
    config.groups[0] = (enum strait_dtls_group)0x0019; /* P-521 */
    assert_int_equal(strait_transport_create(&other, e, &config, 0), STRAIT_E_INVALID);
    config = config_of(pair, 0);
    config.replay_window = 63;
    assert_int_equal(strait_transport_create(&other, e, &config, 0), STRAIT_E_INVALID);
    config.replay_window = 32768;
    assert_int_equal(strait_transport_create(&other, e, &config, 0), STRAIT_E_INVALID);
    assert_int_equal(strait_transport_create(&other, e, NULL, 0), STRAIT_E_INVALID);
    assert_int_equal(strait_transport_create(NULL, e, &config, 0), STRAIT_E_INVALID);

    struct strait_ice_parameters ice = { .ufrag = "abcd", .pwd = "tooshort" };
    assert_int_equal(strait_transport_set_remote_ice(t, &ice), STRAIT_E_INVALID);
    memset(ice.ufrag, 'a', sizeof ice.ufrag); /* not terminated */
    assert_int_equal(strait_transport_set_remote_ice(t, &ice), STRAIT_E_INVALID);
    struct strait_dtls_parameters dtls = { .role = STRAIT_DTLS_CLIENT, .n_fingerprints = 1 };
    assert_int_equal(strait_transport_set_remote_dtls(t, &dtls),
                     STRAIT_E_INVALID); /* both client */
    dtls.role = STRAIT_DTLS_SERVER;
    dtls.n_fingerprints = 0;
    assert_int_equal(strait_transport_set_remote_dtls(t, &dtls), STRAIT_E_INVALID);
    give_dtls(pair, 0);
    give_dtls(pair, 0); /* the same once more is fine */
    dtls.n_fingerprints = 1;
    assert_int_equal(strait_transport_set_remote_dtls(t, &dtls), STRAIT_E_STATE);
    struct strait_stun_attribute required = { .type = 0x0024 };
    assert_int_equal(strait_transport_set_stun_attributes(t, &required, 1), STRAIT_E_INVALID);
    uint8_t value[65] = { 0 };
    struct strait_stun_attribute longer = { .type = 0xc000, .len = 65, .value = value };
    assert_int_equal(strait_transport_set_stun_attributes(t, &longer, 1), STRAIT_E_LIMIT);
    assert_int_equal(strait_endpoint_receive(NULL, 0, NULL, 0), STRAIT_E_INVALID);
    struct strait_datagram d = { .data = NULL, .len = 5, .room = 5 };
    assert_int_equal(strait_endpoint_receive(e, 0, &d, 1), STRAIT_E_INVALID);
    strait_transport_destroy(NULL);
    strait_endpoint_destroy(NULL);
}

static void ignore(void *user, const uint8_t *data, size_t len)
{
    (void)user;
    (void)data;
    (void)len;
}

static void a_recording_needs_the_word_that_secrets_are_fine(void **state)
{
    struct pair *pair = *state;
    struct strait_endpoint *e;
    struct strait_endpoint_config config = { .size = sizeof config, .record = ignore };
    (void)pair;
    assert_int_equal(strait_endpoint_create(&e, &config, 0), STRAIT_E_INVALID);
}

static void an_endpoint_keeps_to_its_number_of_transports(void **state)
{
    struct pair *pair = *state;
    struct strait_endpoint *e;
    struct strait_endpoint_config endpoint = { .size = sizeof endpoint, .max_transports = 2 };
    struct strait_transport_config config = config_of(pair, 0);
    struct strait_transport *t[3];
    assert_int_equal(strait_endpoint_create(&e, &endpoint, 0), STRAIT_OK);
    assert_int_equal(strait_transport_create(&t[0], e, &config, 0), STRAIT_OK);
    assert_int_equal(strait_transport_create(&t[1], e, &config, 0), STRAIT_OK);
    assert_int_equal(strait_transport_create(&t[2], e, &config, 0), STRAIT_E_LIMIT);
    strait_transport_destroy(t[0]);
    assert_int_equal(strait_transport_create(&t[2], e, &config, 0), STRAIT_OK);
    strait_endpoint_destroy(e);
}

static void a_path_that_another_transport_uses_is_refused(void **state)
{
    struct pair *pair = *state;
    struct strait_transport *other;
    struct strait_transport_config config = config_of(pair, 0);
    connect_pair(pair);
    assert_int_equal(strait_transport_create(&other, pair->side[0].endpoint, &config, pair->now),
                     STRAIT_OK);
    assert_int_equal(strait_transport_set_path(other, &pair->side[0].path, 0), STRAIT_E_EXISTS);
}

static void a_full_outbox_is_told_and_counted(void **state)
{
    struct pair *pair = *state;
    static uint8_t bytes[1200];
    connect_pair(pair);
    int status = 1;
    unsigned sent = 0;
    for (uint16_t i = 1; status == 1; i++) {
        struct strait_packet packet = rtp(bytes, i);
        packet.len = sizeof bytes;
        status = strait_transport_send(pair->side[0].transport, &packet, 1);
        sent += status == 1;
    }
    assert_int_equal(status, STRAIT_E_AGAIN);
    assert_true(sent > 10000);
    assert_int_equal(stats_of(&pair->side[0]).dropped_outbox_full, 1);
    assert_int_equal(stats_of(&pair->side[0]).rtp_sent, sent);
}

static void the_clock_does_not_run_backwards(void **state)
{
    struct pair *pair = *state;
    connect_pair(pair);
    strait_endpoint_advance(pair->side[0].endpoint, 5);
    assert_int_equal(pair->side[0].dtls, STRAIT_DTLS_CONNECTED);
    assert_true(strait_transport_writable(pair->side[0].transport));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_given_path_carries_dtls_and_media),
        CASE(media_before_keys_or_without_a_path_is_refused_and_counted),
        CASE(a_late_fingerprint_holds_the_association_and_media),
        CASE(a_wrong_fingerprint_fails_by_name_and_sends_no_media),
        CASE(dtls_waits_for_the_role_and_begins_when_it_is_known),
        CASE(close_reaches_the_peer_and_application_data_keeps_its_boundaries),
        CASE(closing_inside_the_data_callback_is_legal),
        CASE(destroying_a_transport_inside_its_own_callback_is_legal),
        CASE(wrong_arguments_are_errors),
        CASE(a_recording_needs_the_word_that_secrets_are_fine),
        CASE(an_endpoint_keeps_to_its_number_of_transports),
        CASE(a_path_that_another_transport_uses_is_refused),
        CASE(a_full_outbox_is_told_and_counted),
        CASE(the_clock_does_not_run_backwards),
    };
    return cmocka_run_group_tests_name("transport", tests, NULL, NULL);
}
