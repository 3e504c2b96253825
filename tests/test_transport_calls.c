#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/transport_pair.h"

/* What a host does wrong, or in an event: errors by name, and nothing breaks. */

static void wrong_arguments_are_errors(void **state)
{
    struct pair *pair = *state;
    struct strait_transport *t = pair->side[0].transport, *other;
    struct strait_endpoint *e = pair->side[0].endpoint;
    struct strait_transport_config config = pair_config(pair, 0);
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
    config = pair_config(pair, 0);
    config.certificate = NULL;
    assert_int_equal(strait_transport_create(&other, e, &config, 0), STRAIT_E_INVALID);
    config = pair_config(pair, 0);
    config.n_profiles = 1;
    config.profiles[0] = (enum strait_srtp_profile)5; /* NULL cipher */
    assert_int_equal(strait_transport_create(&other, e, &config, 0), STRAIT_E_INVALID);
    config = pair_config(pair, 0);
    config.mtu = 255;
    assert_int_equal(strait_transport_create(&other, e, &config, 0), STRAIT_E_INVALID);
    config = pair_config(pair, 0);
    config.min_version = STRAIT_DTLS_1_3;
    config.max_version = STRAIT_DTLS_1_2;
    assert_int_equal(strait_transport_create(&other, e, &config, 0), STRAIT_E_INVALID);
    config = pair_config(pair, 0);
    config.n_groups = 1;
    config.groups[0] = (enum strait_dtls_group)0x0019; /* P-521 */
    assert_int_equal(strait_transport_create(&other, e, &config, 0), STRAIT_E_INVALID);
    config = pair_config(pair, 0);
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
    pair_give_dtls(pair, 0);
    pair_give_dtls(pair, 0); /* the same once more is fine */
    dtls.n_fingerprints = 1;
    strait_certificate_fingerprint(pair->certificate[0], STRAIT_HASH_SHA256, &dtls.fingerprints[0]);
    /* Other parameters are another association. */
    assert_int_equal(strait_transport_set_remote_dtls(t, &dtls), STRAIT_OK);
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

static void attributes_that_are_written_by_ice_are_refused(void **state)
{
    struct pair *pair = *state;
    static const uint16_t types[] = { 0x8028, 0x8029, 0x802a };
    static const uint8_t value[8] = { 0 };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct strait_stun_attribute a = { .type = types[i], .len = sizeof value, .value = value };
        assert_int_equal(strait_transport_set_stun_attributes(pair->side[0].transport, &a, 1),
                         STRAIT_E_INVALID);
    }
    struct strait_stun_attribute software = { .type = 0x8022, .len = 4, .value = value };
    assert_int_equal(strait_transport_set_stun_attributes(pair->side[0].transport, &software, 1),
                     STRAIT_OK);
}

/* It would match no certificate, and the association would wait for another one. */
static void a_fingerprint_of_a_wrong_length_is_refused(void **state)
{
    struct pair *pair = *state;
    struct strait_dtls_parameters remote = { .role = STRAIT_DTLS_SERVER, .n_fingerprints = 1 };
    strait_certificate_fingerprint(pair->certificate[1], STRAIT_HASH_SHA256,
                                   &remote.fingerprints[0]);
    remote.fingerprints[0].len = 31;
    assert_int_equal(strait_transport_set_remote_dtls(pair->side[0].transport, &remote),
                     STRAIT_E_INVALID);
    remote.fingerprints[0].len = 32;
    remote.fingerprints[0].hash = (enum strait_hash)7;
    assert_int_equal(strait_transport_set_remote_dtls(pair->side[0].transport, &remote),
                     STRAIT_E_INVALID);
    remote.fingerprints[0].hash = STRAIT_HASH_SHA256;
    assert_int_equal(strait_transport_set_remote_dtls(pair->side[0].transport, &remote), STRAIT_OK);
}

static void packets_that_are_none_are_counted_and_the_others_sent(void **state)
{
    struct pair *pair = *state;
    uint8_t bytes[64];
    pair_connect(pair);
    struct strait_packet packets[] = { pair_rtp(bytes, 1), pair_rtp(bytes, 1), pair_rtp(bytes, 1),
                                       pair_rtp(bytes, 1) };
    packets[0].data = NULL;
    packets[1].len = SIZE_MAX - 8; /* with the room for the tag a small number */
    packets[2].len = 65507 - STRAIT_TAILROOM + 1;
    assert_int_equal(strait_transport_send(pair->side[0].transport, packets, 4), 1);
    struct strait_transport_stats stats = pair_stats(&pair->side[0]);
    assert_int_equal(stats.rtp_sent, 1);
    assert_int_equal(stats.srtp.malformed, 2);
    assert_int_equal(stats.srtp.protect_refused, 1);
    pair_run(pair);
    assert_int_equal(pair->side[1].packets, 1);
}

static void an_endpoint_is_not_driven_inside_its_own_events(void **state)
{
    struct pair *pair = *state;
    uint8_t bytes[64];
    pair_connect(pair);
    pair->side[1].drive_on_packets = true;
    struct strait_packet packet = pair_rtp(bytes, 1);
    assert_int_equal(strait_transport_send(pair->side[0].transport, &packet, 1), 1);
    pair_run(pair);
    assert_int_equal(pair->side[1].packets, 1);
    assert_true(strait_transport_writable(pair->side[1].transport));
}

/* The peer's close_notify follows in the same datagram, and would be answered. */
static void a_transport_that_was_destroyed_sends_nothing(void **state)
{
    struct pair *pair = *state;
    struct strait_send send;
    pair_connect(pair);
    pair->side[1].destroy_on_data = true;
    assert_int_equal(
        strait_transport_send_data(pair->side[0].transport, pair->now, (const uint8_t *)"x", 1),
        STRAIT_OK);
    strait_transport_close(pair->side[0].transport, pair->now);
    pair_carry_joined(pair, 0);
    assert_int_equal(pair->side[1].data, 1);
    assert_null(pair->side[1].transport);
    assert_int_equal(strait_endpoint_pending(pair->side[1].endpoint, &send, 1), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, pair_setup, pair_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(wrong_arguments_are_errors),
        CASE(attributes_that_are_written_by_ice_are_refused),
        CASE(a_fingerprint_of_a_wrong_length_is_refused),
        CASE(packets_that_are_none_are_counted_and_the_others_sent),
        CASE(an_endpoint_is_not_driven_inside_its_own_events),
        CASE(a_transport_that_was_destroyed_sends_nothing),
    };
    return cmocka_run_group_tests_name("transport_calls", tests, NULL, NULL);
}
