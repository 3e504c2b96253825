#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/transport_pair.h"
#include "transport/address.h"
#include "transport/endpoint.h"

static void a_given_path_carries_dtls_and_media(void **state)
{
    struct pair *pair = *state;
    uint8_t bytes[64];
    pair_connect(pair);
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
    struct strait_packet packet = pair_rtp(bytes, 1);
    assert_int_equal(strait_transport_send(pair->side[0].transport, &packet, 1), 1);
    assert_memory_equal(bytes + 12, "hi", 2); /* only read */
    pair_run(pair);
    assert_int_equal(pair->side[1].packets, 1);
    assert_int_equal(pair->side[0].packets, 1);
    assert_memory_equal(pair->side[0].last, bytes, 14);
    struct strait_transport_stats stats = pair_stats(&pair->side[1]);
    assert_int_equal(stats.rtp_received, 1);
    assert_int_equal(stats.rtp_sent, 1);
    assert_int_equal(stats.early_queued, 0);
    assert_int_equal(stats.srtp.rtp_unprotected, 1);
}

static void congestion_marks_and_arrival_times_go_with_each_packet(void **state)
{
    struct pair *pair = *state;
    uint8_t bytes[64];
    pair_give_dtls(pair, 0); /* the other side has no keys yet: what comes waits */
    pair_set_paths(pair);
    pair_run(pair);
    for (uint16_t i = 1; i <= 2; i++) {
        struct strait_packet packet = pair_rtp(bytes, i);
        packet.ecn = (uint8_t)i;
        packet.dscp = (uint8_t)(44 + i);
        assert_int_equal(strait_transport_send(pair->side[0].transport, &packet, 1), 1);
        strait_time sent = pair->now;
        pair_carry(pair, 0);
        if (i == 1) {
            assert_int_equal(pair->side[1].packets, 0);
            pair_give_dtls(pair, 1);
            pair_run(pair);
        }
        assert_int_equal(pair->side[1].packets, i);
        assert_int_equal(pair->side[1].last_packet.kind, STRAIT_PACKET_RTP);
        assert_int_equal(pair->side[1].last_packet.ecn, i);
        assert_int_equal(pair->side[1].last_packet.dscp, 44 + i);
        assert_true(pair->side[1].last_packet.rx_time == sent - STRAIT_US);
    }
}

static void media_before_keys_or_without_a_path_is_refused_and_counted(void **state)
{
    struct pair *pair = *state;
    uint8_t bytes[64];
    struct strait_packet packet = pair_rtp(bytes, 1);
    assert_int_equal(strait_transport_send(pair->side[0].transport, &packet, 1), STRAIT_E_STATE);
    assert_int_equal(pair_stats(&pair->side[0]).dropped_no_keys, 1);
    pair_connect(pair);
    assert_int_equal(strait_transport_set_path(pair->side[0].transport, NULL, 0), STRAIT_OK);
    pair_run(pair);
    assert_false(strait_transport_writable(pair->side[0].transport));
    assert_int_equal(pair->side[0].ice, STRAIT_ICE_DISCONNECTED);
    assert_int_equal(strait_transport_send(pair->side[0].transport, &packet, 1), STRAIT_E_STATE);
    assert_int_equal(pair_stats(&pair->side[0]).dropped_no_path, 1);
    pair_set_paths(pair);
    pair_run(pair);
    assert_int_equal(strait_transport_send(pair->side[0].transport, &packet, 1), 1);
    pair_run(pair);
    assert_int_equal(pair->side[1].packets, 1);
}

static void a_late_fingerprint_holds_the_association_and_media(void **state)
{
    struct pair *pair = *state;
    uint8_t bytes[64];
    pair_give_dtls(pair, 0);
    pair_set_paths(pair);
    pair_run(pair);
    assert_int_equal(pair->side[0].dtls, STRAIT_DTLS_CONNECTED);
    assert_int_equal(pair->side[1].dtls, STRAIT_DTLS_CONNECTING);
    struct strait_packet packet = pair_rtp(bytes, 1);
    assert_int_equal(strait_transport_send(pair->side[0].transport, &packet, 1), 1);
    pair_run(pair);
    assert_int_equal(pair->side[1].packets, 0);
    assert_int_equal(strait_transport_send(pair->side[1].transport, &packet, 1), STRAIT_E_STATE);
    pair_give_dtls(pair, 1);
    pair_run(pair);
    assert_int_equal(pair->side[1].dtls, STRAIT_DTLS_CONNECTED);
    assert_int_equal(pair->side[1].packets, 1); /* it had waited */
    assert_int_equal(pair_stats(&pair->side[1]).early_delivered, 1);
}

static void a_wrong_fingerprint_fails_by_name_and_sends_no_media(void **state)
{
    struct pair *pair = *state;
    uint8_t bytes[64];
    struct strait_dtls_parameters wrong = { .role = STRAIT_DTLS_CLIENT, .n_fingerprints = 1 };
    strait_certificate_fingerprint(pair->certificate[1], STRAIT_HASH_SHA256,
                                   &wrong.fingerprints[0]); /* B's own, not A's */
    pair_give_dtls(pair, 0);
    assert_int_equal(strait_transport_set_remote_dtls(pair->side[1].transport, &wrong), STRAIT_OK);
    pair_set_paths(pair);
    pair_run(pair);
    assert_int_equal(pair->side[1].dtls, STRAIT_DTLS_FAILED);
    assert_int_equal(strait_transport_error(pair->side[1].transport), STRAIT_E_FINGERPRINT);
    assert_true(strlen(strait_transport_error_detail(pair->side[1].transport)) > 10);
    struct strait_packet packet = pair_rtp(bytes, 1);
    assert_int_equal(strait_transport_send(pair->side[1].transport, &packet, 1), STRAIT_E_STATE);
    assert_int_equal(pair_stats(&pair->side[1]).rtp_sent, 0);
}

static void dtls_waits_for_the_role_and_begins_when_it_is_known(void **state)
{
    struct pair *pair = *state;
    strait_transport_destroy(pair->side[1].transport);
    struct strait_transport_config config = pair_config(pair, 1);
    config.dtls_role = STRAIT_DTLS_AUTO;
    assert_int_equal(strait_transport_create(&pair->side[1].transport, pair->side[1].endpoint,
                                             &config, pair->now),
                     STRAIT_OK);
    assert_int_equal(strait_transport_dtls_role(pair->side[1].transport), STRAIT_DTLS_AUTO);
    pair_give_dtls(pair, 0);
    pair_set_paths(pair);
    pair_run(pair);
    assert_int_equal(strait_transport_dtls_state(pair->side[1].transport), STRAIT_DTLS_NEW);
    assert_true(pair_stats(&pair->side[1]).early_queued > 0); /* the ClientHello waits */
    pair_give_dtls(pair, 1);
    assert_int_equal(strait_transport_dtls_role(pair->side[1].transport), STRAIT_DTLS_SERVER);
    pair_run(pair);
    assert_int_equal(pair->side[1].dtls, STRAIT_DTLS_CONNECTED);
}

static void close_reaches_the_peer_and_application_data_keeps_its_boundaries(void **state)
{
    struct pair *pair = *state;
    pair_connect(pair);
    assert_int_equal(
        strait_transport_send_data(pair->side[0].transport, pair->now, (const uint8_t *)"one", 3),
        STRAIT_OK);
    assert_int_equal(
        strait_transport_send_data(pair->side[0].transport, pair->now, (const uint8_t *)"three", 5),
        STRAIT_OK);
    pair_run(pair);
    assert_int_equal(pair->side[1].data, 2);
    assert_int_equal(pair->side[1].last_len, 5);
    strait_transport_close(pair->side[0].transport, pair->now);
    assert_int_equal(strait_transport_ice_state(pair->side[0].transport), STRAIT_ICE_CLOSED);
    pair_run(pair);
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
    pair_connect(pair);
    pair->side[1].close_on_data = true;
    for (int i = 0; i < 3; i++) {
        strait_transport_send_data(pair->side[0].transport, pair->now, (const uint8_t *)"x", 1);
    }
    pair_run(pair);
    assert_int_equal(pair->side[1].data, 1);
    assert_int_equal(pair->side[0].dtls, STRAIT_DTLS_CLOSED);
}

static void destroying_a_transport_inside_its_own_callback_is_legal(void **state)
{
    struct pair *pair = *state;
    pair->side[1].destroy_on_connect = true;
    pair_connect(pair);
    assert_null(pair->side[1].transport);
    struct strait_endpoint_stats stats = { .size = sizeof stats };
    assert_int_equal(strait_endpoint_stats(pair->side[1].endpoint, &stats), STRAIT_OK);
    assert_int_equal(stats.transports, 0);
    assert_int_equal(stats.transports_created, 1);
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
    struct strait_transport_config config = pair_config(pair, 0);
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
    struct strait_transport_config config = pair_config(pair, 0);
    memset(&config.events, 0, sizeof config.events);
    pair_connect(pair);
    assert_int_equal(strait_transport_create(&other, pair->side[0].endpoint, &config, pair->now),
                     STRAIT_OK);
    assert_int_equal(strait_transport_set_path(other, &pair->side[0].path, 0), STRAIT_E_EXISTS);
    /* Given to the first one long ago, it is still its own; closed, it needs it no more. */
    pair->now += 60 * STRAIT_S;
    pair_run(pair);
    assert_int_equal(strait_transport_set_path(other, &pair->side[0].path, 0), STRAIT_E_EXISTS);
    strait_transport_close(pair->side[0].transport, pair->now);
    assert_int_equal(strait_transport_set_path(other, &pair->side[0].path, 0), STRAIT_OK);
    strait_endpoint_advance(pair->side[0].endpoint, pair->now);
    assert_non_null(strait_transport_path(other));
}

/* The setter must know what becomes of it: the host is told nothing later. */
static void a_path_that_another_transport_had_until_now_is_refused(void **state)
{
    struct pair *pair = *state;
    struct strait_transport *other;
    struct strait_transport_config config = pair_config(pair, 0);
    memset(&config.events, 0, sizeof config.events);
    assert_int_equal(strait_transport_create(&other, pair->side[0].endpoint, &config, pair->now),
                     STRAIT_OK);
    pair_connect(pair);
    struct strait_path before = pair->side[0].path;
    strait__address_set_port(&pair->side[0].path.remote, 2000);
    pair_set_paths(pair);
    pair_run(pair);
    assert_int_equal(strait_transport_set_path(other, &before, 0), STRAIT_E_EXISTS);
    strait_endpoint_advance(pair->side[0].endpoint, pair->now + STRAIT__PATH_HELD);
    assert_int_equal(strait_transport_set_path(other, &before, 0), STRAIT_OK);
    strait_endpoint_advance(pair->side[0].endpoint, pair->now + STRAIT__PATH_HELD);
    assert_non_null(strait_transport_path(other));
}

static void a_full_outbox_is_told_and_counted(void **state)
{
    struct pair *pair = *state;
    static uint8_t bytes[1200];
    pair_connect(pair);
    int status = 1;
    unsigned sent = 0;
    for (uint16_t i = 1; status == 1; i++) {
        struct strait_packet packet = pair_rtp(bytes, i);
        packet.len = sizeof bytes;
        status = strait_transport_send(pair->side[0].transport, &packet, 1);
        sent += status == 1;
    }
    assert_int_equal(status, STRAIT_E_AGAIN);
    assert_true(sent > 10000);
    assert_int_equal(pair_stats(&pair->side[0]).dropped_outbox_full, 1);
    assert_int_equal(pair_stats(&pair->side[0]).rtp_sent, sent);
}

static void the_clock_does_not_run_backwards(void **state)
{
    struct pair *pair = *state;
    pair_connect(pair);
    strait_endpoint_advance(pair->side[0].endpoint, 5);
    assert_int_equal(pair->side[0].dtls, STRAIT_DTLS_CONNECTED);
    assert_true(strait_transport_writable(pair->side[0].transport));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, pair_setup, pair_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_given_path_carries_dtls_and_media),
        CASE(congestion_marks_and_arrival_times_go_with_each_packet),
        CASE(media_before_keys_or_without_a_path_is_refused_and_counted),
        CASE(a_late_fingerprint_holds_the_association_and_media),
        CASE(a_wrong_fingerprint_fails_by_name_and_sends_no_media),
        CASE(dtls_waits_for_the_role_and_begins_when_it_is_known),
        CASE(close_reaches_the_peer_and_application_data_keeps_its_boundaries),
        CASE(closing_inside_the_data_callback_is_legal),
        CASE(destroying_a_transport_inside_its_own_callback_is_legal),
        CASE(a_recording_needs_the_word_that_secrets_are_fine),
        CASE(an_endpoint_keeps_to_its_number_of_transports),
        CASE(a_path_that_another_transport_uses_is_refused),
        CASE(a_path_that_another_transport_had_until_now_is_refused),
        CASE(a_full_outbox_is_told_and_counted),
        CASE(the_clock_does_not_run_backwards),
    };
    return cmocka_run_group_tests_name("transport", tests, NULL, NULL);
}
