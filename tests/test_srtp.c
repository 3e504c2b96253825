#include "tests/srtp_pair.h"

#define SSRC 0x11223344u

/* --- Round trips ------------------------------------------------------------------------------- */

static void rtp_makes_the_round_trip_in_every_profile(void **state)
{
    (void)state;
    for (int i = 0; i < N_PROFILES; i++) {
        struct pair pair = pair_of(all_profiles[i]);
        for (uint16_t sequence = 0; sequence < 300; sequence++) {
            struct bytes plain, packet;
            rtp_make_long(&plain, SSRC, sequence, sequence * 5u, sequence % 16,
                          sequence % 3 == 0 ? sequence % 40 : -1);
            packet = plain;
            assert_int_equal(protect(pair.alice, &packet), STRAIT_OK);
            assert_int_equal(packet.len, plain.len + rtp_added(all_profiles[i]));
            assert_memory_equal(packet.data, plain.data, 12);
            assert_int_equal(unprotect(pair.bob, &packet), STRAIT_OK);
            assert_int_equal(packet.len, plain.len);
            assert_memory_equal(packet.data, plain.data, plain.len);
        }
        assert_int_equal(rtp_pass(pair.bob, pair.alice, SSRC, 9), STRAIT_OK);
        assert_int_equal(stats_of(pair.alice).rtp_protected, 300);
        assert_int_equal(stats_of(pair.alice).rtp_unprotected, 1);
        assert_int_equal(stats_of(pair.bob).rtp_unprotected, 300);
        pair_destroy(&pair);
    }
}

static void rtcp_makes_the_round_trip_in_every_profile(void **state)
{
    (void)state;
    for (int i = 0; i < N_PROFILES; i++) {
        struct pair pair = pair_of(all_profiles[i]);
        for (size_t payload = 0; payload < 1400; payload += 28) {
            struct bytes plain, packet;
            rtcp_make(&plain, SSRC, payload);
            packet = plain;
            assert_int_equal(protect(pair.alice, &packet), STRAIT_OK);
            assert_int_equal(packet.len, plain.len + rtcp_added(all_profiles[i]));
            assert_memory_equal(packet.data, plain.data, 8);
            assert_int_equal(unprotect(pair.bob, &packet), STRAIT_OK);
            assert_int_equal(packet.len, plain.len);
            assert_memory_equal(packet.data, plain.data, plain.len);
        }
        assert_int_equal(stats_of(pair.alice).rtcp_protected, 50);
        assert_int_equal(stats_of(pair.bob).rtcp_unprotected, 50);
        assert_int_equal(stats_of(pair.bob).rtp_unprotected, 0);
        pair_destroy(&pair);
    }
}

static void the_payload_is_not_readable_on_the_wire(void **state)
{
    (void)state;
    for (int i = 0; i < N_PROFILES; i++) {
        struct strait_srtp *srtp = session_of(all_profiles[i], 0);
        struct bytes plain, packet;
        rtp_make(&plain, SSRC, 1, 100);
        packet = plain;
        assert_int_equal(protect(srtp, &packet), STRAIT_OK);
        assert_memory_not_equal(packet.data + 12, plain.data + 12, 16);
        rtcp_make(&plain, SSRC, 100);
        packet = plain;
        assert_int_equal(protect(srtp, &packet), STRAIT_OK);
        assert_memory_not_equal(packet.data + 8, plain.data + 8, 16);
        strait_srtp_destroy(srtp);
    }
}

static void rtcp_of_the_profile_with_short_tags_has_the_long_tag(void **state)
{
    struct strait_srtp *srtp = session_of(STRAIT_SRTP_AES128_CM_SHA1_32, 0);
    struct bytes packet;
    (void)state;
    rtcp_make(&packet, SSRC, 24);
    assert_int_equal(protect(srtp, &packet), STRAIT_OK);
    assert_int_equal(packet.len, 32 + 4 + 10);
    rtp_make(&packet, SSRC, 1, 24);
    assert_int_equal(protect(srtp, &packet), STRAIT_OK);
    assert_int_equal(packet.len, 36 + 4);
    strait_srtp_destroy(srtp);
}

static void rtp_and_rtcp_are_told_apart_by_the_payload_type(void **state)
{
    struct strait_srtp *srtp = session_of(STRAIT_SRTP_AEAD_AES_128_GCM, 0);
    (void)state;
    for (unsigned type = 0; type < 256; type++) {
        struct bytes plain;
        uint8_t data[PACKET_ROOM];
        bool rtcp = type >= 192 && type <= 223;
        rtp_make(&plain, SSRC, (uint16_t)type, 40);
        plain.data[1] = (uint8_t)type;
        memcpy(data, plain.data, plain.len);
        struct strait_packet packet = { .data = data, .len = plain.len, .room = sizeof data };
        assert_int_equal(strait_srtp_protect(srtp, &packet, 1), 1);
        assert_int_equal(packet.kind, rtcp ? STRAIT_PACKET_RTCP : STRAIT_PACKET_RTP);
        assert_int_equal(packet.len, plain.len + (rtcp ? 20 : 16));
    }
    assert_int_equal(stats_of(srtp).rtcp_protected, 32);
    assert_int_equal(stats_of(srtp).rtp_protected, 224);
    strait_srtp_destroy(srtp);
}

static void the_callers_word_on_the_kind_is_taken(void **state)
{
    struct pair pair = pair_of(STRAIT_SRTP_AES128_CM_SHA1_80);
    struct bytes plain, packet;
    (void)state;
    rtp_make(&plain, SSRC, 5, 40);
    plain.data[1] = 200;
    packet = plain;
    assert_int_equal(protect_as(pair.alice, &packet, STRAIT_PACKET_RTP), STRAIT_OK);
    assert_int_equal(packet.len, plain.len + 10);
    assert_int_equal(unprotect_as(pair.bob, &packet, STRAIT_PACKET_RTP), STRAIT_OK);
    assert_memory_equal(packet.data, plain.data, plain.len);
    pair_destroy(&pair);
}

static void a_batch_has_a_status_for_each_packet(void **state)
{
    struct pair pair = pair_of(STRAIT_SRTP_AEAD_AES_256_GCM);
    struct bytes plain[4];
    uint8_t data[4][PACKET_ROOM];
    struct strait_packet packets[4];
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        rtp_make(&plain[i], SSRC, (uint16_t)(i == 2 ? 1 : i), 50);
        memcpy(data[i], plain[i].data, plain[i].len);
        packets[i] = (struct strait_packet){ .data = data[i], .len = 62, .room = PACKET_ROOM };
    }
    packets[3].room = 62 + STRAIT_TAILROOM - 1;
    assert_int_equal(strait_srtp_protect(pair.alice, packets, 4), 2);
    assert_int_equal(packets[0].status, STRAIT_OK);
    assert_int_equal(packets[1].status, STRAIT_OK);
    assert_int_equal(packets[2].status, STRAIT_E_REPLAY);
    assert_int_equal(packets[3].status, STRAIT_E_TOO_SMALL);
    packets[2] = packets[0];
    assert_int_equal(strait_srtp_unprotect(pair.bob, packets, 2), 2);
    assert_memory_equal(data[0], plain[0].data, 62);
    assert_memory_equal(data[1], plain[1].data, 62);
    assert_int_equal(strait_srtp_unprotect(pair.bob, packets, 0), 0);
    pair_destroy(&pair);
}

static void packets_may_lie_at_any_address(void **state)
{
    (void)state;
    for (int i = 0; i < N_PROFILES; i++) {
        struct pair pair = pair_of(all_profiles[i]);
        for (unsigned offset = 0; offset < 17; offset++) {
            uint8_t memory[256];
            struct bytes plain;
            rtp_make(&plain, SSRC, (uint16_t)offset, 100);
            memcpy(memory + offset, plain.data, plain.len);
            struct strait_packet packet = { .data = memory + offset,
                                            .len = plain.len,
                                            .room = sizeof memory - offset };
            assert_int_equal(strait_srtp_protect(pair.alice, &packet, 1), 1);
            assert_int_equal(strait_srtp_unprotect(pair.bob, &packet, 1), 1);
            assert_memory_equal(memory + offset, plain.data, plain.len);
        }
        pair_destroy(&pair);
    }
}

static void the_longest_packet_makes_the_round_trip(void **state)
{
    (void)state;
    for (int i = 0; i < N_PROFILES; i++) {
        struct pair pair = pair_of(all_profiles[i]);
        size_t len = STRAIT_MAX_DATAGRAM - 16;
        size_t room = STRAIT_MAX_DATAGRAM + STRAIT_TAILROOM;
        uint8_t *data = malloc(room), *plain = malloc(room);
        struct bytes header;
        assert_non_null(data);
        assert_non_null(plain);
        memset(plain, 0x5a, room);
        rtp_make(&header, SSRC, 7, 0);
        memcpy(plain, header.data, header.len);
        memcpy(data, plain, room);
        struct strait_packet packet = { .data = data, .len = len, .room = room };
        assert_int_equal(strait_srtp_protect(pair.alice, &packet, 1), 1);
        /* Damaged first: a packet of this length is opened in place before its SSRC is known. */
        uint8_t *damaged = malloc(packet.len);
        assert_non_null(damaged);
        memcpy(damaged, data, packet.len);
        damaged[packet.len / 2] ^= 1;
        struct strait_packet bad = { .data = damaged, .len = packet.len, .room = packet.len };
        assert_int_equal(strait_srtp_unprotect(pair.bob, &bad, 1), 0);
        assert_int_equal(bad.status, STRAIT_E_AUTH);
        assert_int_equal(strait_srtp_unprotect(pair.bob, &packet, 1), 1);
        assert_int_equal(packet.len, len);
        assert_memory_equal(data, plain, len);
        packet.len = STRAIT_MAX_DATAGRAM + 1;
        assert_int_equal(strait_srtp_protect(pair.alice, &packet, 1), 0);
        assert_int_equal(packet.status, STRAIT_E_INVALID);
        free(data);
        free(plain);
        free(damaged);
        pair_destroy(&pair);
    }
}

/* --- Sending ----------------------------------------------------------------------------------- */

static void a_sequence_number_is_protected_once(void **state)
{
    (void)state;
    for (int i = 0; i < N_PROFILES; i++) {
        struct strait_srtp *srtp = session_of(all_profiles[i], 0);
        struct bytes first, packet, untouched;
        rtp_sealed(srtp, &first, SSRC, 1000);
        rtp_make(&packet, SSRC, 1000, 100);
        packet.data[50] ^= 1;
        untouched = packet;
        assert_int_equal(protect(srtp, &packet), STRAIT_E_REPLAY);
        assert_memory_equal(packet.data, untouched.data, packet.len);
        rtp_make(&packet, SSRC, 1000, 100);
        assert_int_equal(protect(srtp, &packet), STRAIT_E_REPLAY);
        assert_int_equal(stats_of(srtp).protect_refused, 2);
        assert_int_equal(stats_of(srtp).rtp_protected, 1);
        /* The same number of another SSRC is another nonce. */
        rtp_make(&packet, SSRC + 1, 1000, 100);
        assert_int_equal(protect(srtp, &packet), STRAIT_OK);
        strait_srtp_destroy(srtp);
    }
}

static void a_sender_may_go_back_within_the_window(void **state)
{
    struct strait_srtp_config config = config_of(STRAIT_SRTP_AEAD_AES_128_GCM, 0);
    struct strait_srtp *srtp;
    struct bytes packet;
    (void)state;
    config.replay_window_rtp = 64;
    assert_int_equal(strait_srtp_create(&srtp, &config), STRAIT_OK);
    rtp_sealed(srtp, &packet, SSRC, 1000);
    rtp_sealed(srtp, &packet, SSRC, 998);
    rtp_sealed(srtp, &packet, SSRC, 999);
    rtp_sealed(srtp, &packet, SSRC, 1000 - 63);
    rtp_make(&packet, SSRC, 998, 100);
    assert_int_equal(protect(srtp, &packet), STRAIT_E_REPLAY);
    /* Before the window: it might have been used. */
    rtp_make(&packet, SSRC, 1000 - 64, 100);
    assert_int_equal(protect(srtp, &packet), STRAIT_E_REPLAY);
    assert_int_equal(stats_of(srtp).protect_refused, 2);
    assert_int_equal(stream_of(srtp, true, SSRC).sequence, 1000);
    strait_srtp_destroy(srtp);
}

static void too_little_tailroom_is_refused(void **state)
{
    struct strait_srtp *srtp = session_of(STRAIT_SRTP_AES128_CM_SHA1_32, 0);
    struct bytes plain;
    uint8_t data[PACKET_ROOM];
    (void)state;
    rtp_make(&plain, SSRC, 1, 100);
    for (size_t room = 0; room < plain.len + STRAIT_TAILROOM; room++) {
        memcpy(data, plain.data, plain.len);
        struct strait_packet packet = { .data = data, .len = plain.len, .room = room };
        assert_int_equal(strait_srtp_protect(srtp, &packet, 1), 0);
        assert_int_equal(packet.status, STRAIT_E_TOO_SMALL);
        assert_int_equal(packet.len, plain.len);
        assert_memory_equal(data, plain.data, plain.len);
    }
    assert_int_equal(stats_of(srtp).protect_refused, plain.len + STRAIT_TAILROOM);
    assert_int_equal(stats_of(srtp).ssrcs_send, 0);
    strait_srtp_destroy(srtp);
}

/* --- Receiving --------------------------------------------------------------------------------- */

static void a_replayed_packet_is_refused(void **state)
{
    (void)state;
    for (int i = 0; i < N_PROFILES; i++) {
        struct pair pair = pair_of(all_profiles[i]);
        struct bytes sealed[20], packet;
        for (uint16_t n = 0; n < 20; n++) {
            rtp_sealed(pair.alice, &sealed[n], SSRC, n);
            packet = sealed[n];
            assert_int_equal(unprotect(pair.bob, &packet), STRAIT_OK);
        }
        for (int n = 0; n < 20; n++) {
            packet = sealed[n];
            assert_int_equal(unprotect(pair.bob, &packet), STRAIT_E_REPLAY);
        }
        assert_int_equal(stats_of(pair.bob).replayed, 20);
        assert_int_equal(stats_of(pair.bob).rtp_unprotected, 20);
        assert_int_equal(rtp_pass(pair.alice, pair.bob, SSRC, 20), STRAIT_OK);
        pair_destroy(&pair);
    }
}

static void a_replayed_rtcp_packet_is_refused(void **state)
{
    (void)state;
    for (int i = 0; i < N_PROFILES; i++) {
        struct pair pair = pair_of(all_profiles[i]);
        struct bytes sealed, packet;
        rtcp_make(&sealed, SSRC, 24);
        assert_int_equal(protect(pair.alice, &sealed), STRAIT_OK);
        packet = sealed;
        assert_int_equal(unprotect(pair.bob, &packet), STRAIT_OK);
        packet = sealed;
        assert_int_equal(unprotect(pair.bob, &packet), STRAIT_E_REPLAY);
        for (int n = 0; n < 128; n++) {
            assert_int_equal(rtcp_pass(pair.alice, pair.bob, SSRC), STRAIT_OK);
        }
        packet = sealed;
        assert_int_equal(unprotect(pair.bob, &packet), STRAIT_E_TOO_OLD);
        assert_int_equal(stats_of(pair.bob).replayed, 1);
        assert_int_equal(stats_of(pair.bob).too_old, 1);
        pair_destroy(&pair);
    }
}

static void a_packet_before_the_window_is_too_old(void **state)
{
    /* libsrtp rounds up to a multiple of 32. */
    static const uint32_t windows[] = { 64, 96, 1024, 32736 };
    (void)state;
    for (size_t w = 0; w < sizeof windows / sizeof windows[0]; w++) {
        struct strait_srtp *alice = session_of(STRAIT_SRTP_AEAD_AES_128_GCM, 0), *bob;
        struct strait_srtp_config config = config_of(STRAIT_SRTP_AEAD_AES_128_GCM, 1);
        struct bytes late[2];
        config.replay_window_rtp = windows[w];
        assert_int_equal(strait_srtp_create(&bob, &config), STRAIT_OK);
        uint16_t newest = (uint16_t)(100 + windows[w]);
        rtp_sealed(alice, &late[0], SSRC, 100);
        rtp_sealed(alice, &late[1], SSRC, 101);
        assert_int_equal(rtp_pass(alice, bob, SSRC, newest), STRAIT_OK);
        assert_int_equal(unprotect(bob, &late[0]), STRAIT_E_TOO_OLD);
        assert_int_equal(unprotect(bob, &late[1]), STRAIT_OK);
        assert_int_equal(stats_of(bob).too_old, 1);
        assert_int_equal(stream_of(bob, false, SSRC).sequence, newest);
        strait_srtp_destroy(alice);
        strait_srtp_destroy(bob);
    }
}

static void reordered_packets_are_all_taken(void **state)
{
    enum { N = 500 };
    struct pair pair = pair_of(STRAIT_SRTP_AEAD_AES_256_GCM);
    struct bytes *sealed = malloc(N * sizeof *sealed);
    (void)state;
    assert_non_null(sealed);
    for (unsigned n = 0; n < N; n++) {
        rtp_sealed(pair.alice, &sealed[n], SSRC, (uint16_t)(65300 + n));
    }
    for (unsigned n = 0; n < N; n++) {
        /* 7 and 500 have no common divisor: each one once, far out of order. */
        assert_int_equal(unprotect(pair.bob, &sealed[(N - 1 + 7 * n) % N]), STRAIT_OK);
    }
    assert_int_equal(stats_of(pair.bob).rtp_unprotected, N);
    free(sealed);
    pair_destroy(&pair);
}

/* --- Configuration ----------------------------------------------------------------------------- */

static void configurations_out_of_range_are_refused(void **state)
{
    struct strait_srtp *srtp = (struct strait_srtp *)(uintptr_t)1;
    (void)state;
    assert_int_equal(strait_srtp_create(&srtp, NULL), STRAIT_E_INVALID);
    assert_null(srtp);
    static const uint32_t bad[] = { 1, 63, 32768, UINT32_MAX };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct strait_srtp_config config = config_of(STRAIT_SRTP_AEAD_AES_128_GCM, 0);
        config.replay_window_rtp = bad[i];
        assert_int_equal(strait_srtp_create(&srtp, &config), STRAIT_E_INVALID);
        config.replay_window_rtp = 0;
        config.replay_window_rtcp = bad[i];
        assert_int_equal(strait_srtp_create(&srtp, &config), STRAIT_E_INVALID);
    }
    struct strait_srtp_config config = config_of(STRAIT_SRTP_AEAD_AES_128_GCM, 0);
    config.profile = STRAIT_SRTP_NONE;
    assert_int_equal(strait_srtp_create(&srtp, &config), STRAIT_E_INVALID);
    config = config_of(STRAIT_SRTP_AEAD_AES_128_GCM, 0);
    config.size = 0;
    assert_int_equal(strait_srtp_create(&srtp, &config), STRAIT_E_INVALID);
    config.size = sizeof config;
    assert_int_equal(strait_srtp_create(NULL, &config), STRAIT_E_INVALID);
    strait_srtp_destroy(NULL);
}

static void null_arguments_are_refused(void **state)
{
    struct strait_srtp *srtp = session_of(STRAIT_SRTP_AEAD_AES_128_GCM, 0);
    struct strait_packet packet = { .len = 20, .room = 100 };
    struct strait_srtp_stats stats = { .size = 0 };
    (void)state;
    assert_int_equal(strait_srtp_protect(NULL, &packet, 1), STRAIT_E_INVALID);
    assert_int_equal(strait_srtp_unprotect(NULL, &packet, 1), STRAIT_E_INVALID);
    assert_int_equal(strait_srtp_protect(srtp, NULL, 1), STRAIT_E_INVALID);
    assert_int_equal(strait_srtp_unprotect(srtp, NULL, 1), STRAIT_E_INVALID);
    assert_int_equal(strait_srtp_protect(srtp, &packet, 1), 0);
    assert_int_equal(packet.status, STRAIT_E_INVALID);
    assert_int_equal(strait_srtp_unprotect(srtp, &packet, 1), 0);
    assert_int_equal(packet.status, STRAIT_E_INVALID);
    assert_int_equal(strait_srtp_stats(srtp, &stats), STRAIT_E_INVALID);
    assert_int_equal(strait_srtp_stats(srtp, NULL), STRAIT_E_INVALID);
    assert_int_equal(strait_srtp_stats(NULL, &stats), STRAIT_E_INVALID);
    strait_srtp_destroy(srtp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rtp_makes_the_round_trip_in_every_profile),
        cmocka_unit_test(rtcp_makes_the_round_trip_in_every_profile),
        cmocka_unit_test(the_payload_is_not_readable_on_the_wire),
        cmocka_unit_test(rtcp_of_the_profile_with_short_tags_has_the_long_tag),
        cmocka_unit_test(rtp_and_rtcp_are_told_apart_by_the_payload_type),
        cmocka_unit_test(the_callers_word_on_the_kind_is_taken),
        cmocka_unit_test(a_batch_has_a_status_for_each_packet),
        cmocka_unit_test(packets_may_lie_at_any_address),
        cmocka_unit_test(the_longest_packet_makes_the_round_trip),
        cmocka_unit_test(a_sequence_number_is_protected_once),
        cmocka_unit_test(a_sender_may_go_back_within_the_window),
        cmocka_unit_test(too_little_tailroom_is_refused),
        cmocka_unit_test(a_replayed_packet_is_refused),
        cmocka_unit_test(a_replayed_rtcp_packet_is_refused),
        cmocka_unit_test(a_packet_before_the_window_is_too_old),
        cmocka_unit_test(reordered_packets_are_all_taken),
        cmocka_unit_test(configurations_out_of_range_are_refused),
        cmocka_unit_test(null_arguments_are_refused),
    };
    return cmocka_run_group_tests(tests, hold_library, release_library);
}
