/* Another fingerprint or role of the peer is another association on the same path (RFC 8842, 4). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/transport_pair.h"

static int give(struct pair *pair, int to, enum strait_dtls_role role)
{
    struct strait_dtls_parameters remote = { .role = role, .n_fingerprints = 1 };
    strait_certificate_fingerprint(pair->certificate[!to], STRAIT_HASH_SHA256,
                                   &remote.fingerprints[0]);
    return strait_transport_set_remote_dtls(pair->side[to].transport, &remote);
}

/* One packet each way; both arrive, or it fails. */
static void media_flow(struct pair *pair, uint16_t sequence)
{
    uint8_t bytes[2][64];
    unsigned before[2] = { pair->side[0].packets, pair->side[1].packets };
    for (int i = 0; i < 2; i++) {
        struct strait_packet packet = pair_rtp(bytes[i], sequence);
        assert_int_equal(strait_transport_send(pair->side[i].transport, &packet, 1), 1);
    }
    pair_carry(pair, 0);
    pair_carry(pair, 1);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pair->side[i].packets, before[i] + 1);
    }
}

static void keys_of(const struct side *side, struct strait_srtp_key *send,
                    struct strait_srtp_key *receive)
{
    enum strait_srtp_profile profile;
    assert_int_equal(strait_transport_srtp_keys(side->transport, &profile, send, receive),
                     STRAIT_OK);
}

/* Side i as a new transport with a new certificate, as a peer that was taken over by another device. */
static void replace(struct pair *pair, int i)
{
    struct side *side = &pair->side[i];
    strait_transport_destroy(side->transport);
    strait_certificate_unref(pair->certificate[i]);
    assert_int_equal(strait_certificate_create(&pair->certificate[i], NULL), STRAIT_OK);
    struct strait_transport_config config = pair_config(pair, i);
    assert_int_equal(strait_transport_create(&side->transport, side->endpoint, &config, pair->now),
                     STRAIT_OK);
    pair_give_dtls(pair, i);
    assert_int_equal(strait_transport_set_path(side->transport, &side->path, 10 * STRAIT_MS),
                     STRAIT_OK);
}

static void check_replaced(struct pair *pair, int replaced)
{
    struct strait_srtp_key before[2], after[2];
    struct side *kept = &pair->side[!replaced];
    pair_connect(pair);
    media_flow(pair, 1);
    keys_of(kept, &before[0], &before[1]);
    replace(pair, replaced);
    pair_give_dtls(pair, !replaced);
    assert_true(strait_transport_writable(kept->transport));
    kept->dtls_events = 0;
    pair_run(pair);
    assert_int_equal(kept->dtls_events, 2); /* connecting, connected */
    assert_int_equal(kept->dtls, STRAIT_DTLS_CONNECTED);
    assert_int_equal(pair->side[replaced].dtls, STRAIT_DTLS_CONNECTED);
    keys_of(kept, &after[0], &after[1]);
    assert_memory_not_equal(before, after, sizeof before);
    media_flow(pair, 2);
    struct strait_transport_stats stats = pair_stats(kept);
    assert_int_equal(stats.srtp.rtp_unprotected, 2);
    assert_int_equal(stats.srtp.rtp_protected, 2);
    assert_int_equal(stats.srtp.forged, 0);
}

static void another_fingerprint_is_another_association_as_client(void **state)
{
    check_replaced(*state, 1);
}

static void another_fingerprint_is_another_association_as_server(void **state)
{
    check_replaced(*state, 0);
}

static void a_wrong_new_fingerprint_fails_by_name(void **state)
{
    struct pair *pair = *state;
    pair_connect(pair);
    replace(pair, 1);
    struct strait_dtls_parameters remote = { .role = STRAIT_DTLS_SERVER, .n_fingerprints = 1 };
    strait_certificate_fingerprint(pair->certificate[0], STRAIT_HASH_SHA256,
                                   &remote.fingerprints[0]);
    assert_int_equal(strait_transport_set_remote_dtls(pair->side[0].transport, &remote), STRAIT_OK);
    pair_run(pair);
    assert_int_equal(pair->side[0].dtls, STRAIT_DTLS_FAILED);
    assert_int_equal(strait_transport_error(pair->side[0].transport), STRAIT_E_FINGERPRINT);
    assert_false(strait_transport_writable(pair->side[0].transport));
    /* What has failed stays so: a new transport is a new try. */
    assert_int_equal(give(pair, 0, STRAIT_DTLS_SERVER), STRAIT_E_STATE);
}

/* --- Roles that change ----------------------------------------------------------------------------- */

static int setup_auto(void **state)
{
    pair_setup(state);
    struct pair *pair = *state;
    for (int i = 0; i < 2; i++) {
        struct strait_transport_config config = pair_config(pair, i);
        config.dtls_role = STRAIT_DTLS_AUTO;
        strait_transport_destroy(pair->side[i].transport);
        assert_int_equal(strait_transport_create(&pair->side[i].transport, pair->side[i].endpoint,
                                                 &config, pair->now),
                         STRAIT_OK);
    }
    return 0;
}

static void set_roles(struct pair *pair, int client)
{
    assert_int_equal(give(pair, client, STRAIT_DTLS_SERVER), STRAIT_OK);
    assert_int_equal(give(pair, !client, STRAIT_DTLS_CLIENT), STRAIT_OK);
}

static void no_packet_is_lost_while_the_roles_change(void **state)
{
    struct pair *pair = *state;
    uint16_t sequence = 1;
    pair_give_dtls(pair, 0);
    pair_give_dtls(pair, 1);
    pair_set_paths(pair);
    pair_run(pair);
    for (int round = 0; round < 4; round++) {
        uint8_t bytes[64];
        unsigned sent = 0, before[2] = { pair->side[0].packets, pair->side[1].packets };
        set_roles(pair, round % 2 == 0);
        for (int step = 0; step < 40; step++, sequence++) {
            pair->now += 5 * STRAIT_MS;
            for (int i = 0; i < 2; i++) {
                strait_endpoint_advance(pair->side[i].endpoint, pair->now);
                struct strait_packet packet = pair_rtp(bytes, sequence);
                assert_int_equal(strait_transport_send(pair->side[i].transport, &packet, 1), 1);
            }
            sent++;
            pair_carry(pair, step % 2);
            pair_carry(pair, !(step % 2));
        }
        for (int i = 0; i < 2; i++) {
            assert_int_equal(pair->side[i].dtls, STRAIT_DTLS_CONNECTED);
            assert_int_equal(pair->side[i].packets, before[i] + sent);
            bool client = (i == 0) == (round % 2 != 0);
            assert_int_equal(strait_transport_dtls_role(pair->side[i].transport),
                             client ? STRAIT_DTLS_CLIENT : STRAIT_DTLS_SERVER);
        }
    }
    assert_int_equal(pair_stats(&pair->side[0]).srtp.rtp_unprotected, 160);
}

/* The new association of one side meets the old one of the other, which has not been told yet. */
static void a_side_that_learns_late_goes_on_with_the_old_keys(void **state)
{
    struct pair *pair = *state;
    pair_connect(pair);
    assert_int_equal(give(pair, 1, STRAIT_DTLS_SERVER), STRAIT_OK);
    pair_run(pair);
    assert_int_equal(pair->side[1].dtls, STRAIT_DTLS_CONNECTING);
    assert_int_equal(pair->side[0].dtls, STRAIT_DTLS_CONNECTED);
    media_flow(pair, 1);
    assert_int_equal(give(pair, 0, STRAIT_DTLS_CLIENT), STRAIT_OK);
    pair_run(pair);
    pair->now += STRAIT_S; /* the ClientHello comes again */
    pair_run(pair);
    assert_int_equal(pair->side[0].dtls, STRAIT_DTLS_CONNECTED);
    assert_int_equal(pair->side[1].dtls, STRAIT_DTLS_CONNECTED);
    media_flow(pair, 2);
}

static void what_was_sent_with_the_old_keys_is_taken_for_two_seconds(void **state)
{
    struct pair *pair = *state;
    uint8_t bytes[64], wire[2][256];
    struct strait_send send;
    struct strait_datagram late[2];
    pair_connect(pair);
    for (uint16_t i = 0; i < 2; i++) {
        struct strait_packet packet = pair_rtp(bytes, (uint16_t)(i + 1));
        assert_int_equal(strait_transport_send(pair->side[0].transport, &packet, 1), 1);
        assert_int_equal(strait_endpoint_pending(pair->side[0].endpoint, &send, 1), 1);
        memcpy(wire[i], send.data, send.len);
        late[i] = (struct strait_datagram){ .data = wire[i],
                                            .len = send.len,
                                            .room = sizeof wire[i],
                                            .local = pair->side[1].path.local,
                                            .remote = pair->side[1].path.remote,
                                            .socket = 7 };
        strait_endpoint_sent(pair->side[0].endpoint, 1);
    }
    set_roles(pair, 1);
    pair_run(pair);
    strait_endpoint_receive(pair->side[1].endpoint, pair->now, &late[0], 1);
    assert_int_equal(pair->side[1].packets, 1);
    strait_endpoint_advance(pair->side[1].endpoint, pair->now + 2 * STRAIT_S);
    strait_endpoint_receive(pair->side[1].endpoint, pair->now, &late[1], 1);
    assert_int_equal(pair->side[1].packets, 1);
    assert_int_equal(pair_stats(&pair->side[1]).srtp.forged, 2);
}

static void the_same_parameters_again_change_nothing(void **state)
{
    struct pair *pair = *state;
    pair_connect(pair);
    pair_give_dtls(pair, 0);
    pair_give_dtls(pair, 1);
    unsigned events = pair->side[0].dtls_events;
    pair_run(pair);
    assert_int_equal(pair->side[0].dtls_events, events);
    media_flow(pair, 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, pair_setup, pair_teardown)
#define CASE_AUTO(name) cmocka_unit_test_setup_teardown(name, setup_auto, pair_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(another_fingerprint_is_another_association_as_client),
        CASE(another_fingerprint_is_another_association_as_server),
        CASE(a_wrong_new_fingerprint_fails_by_name),
        CASE_AUTO(no_packet_is_lost_while_the_roles_change),
        CASE_AUTO(a_side_that_learns_late_goes_on_with_the_old_keys),
        CASE_AUTO(what_was_sent_with_the_old_keys_is_taken_for_two_seconds),
        CASE_AUTO(the_same_parameters_again_change_nothing),
    };
    return cmocka_run_group_tests_name("transport renewal", tests, NULL, NULL);
}
