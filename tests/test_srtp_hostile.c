/* Bytes from somebody else: damaged, cut, made up. */
#include "tests/srtp_pair.h"

#define SSRC 0x01020304u

static uint32_t random_state = 1;

static uint32_t random32(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state;
}

/* --- Damage ------------------------------------------------------------------------------------- */

/* Each byte in turn; `known`: the SSRC was heard before. */
static void damage(struct pair *pair, const struct bytes *sealed, bool known)
{
    struct bytes packet;
    for (size_t at = 0; at < sealed->len; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            packet = *sealed;
            packet.data[at] ^= (uint8_t)(1u << bit);
            int status = unprotect(pair->bob, &packet);
            /* The header's version and lengths may make it no packet at all, and the sequence number
             * or SRTCP index one from before the window. Nothing makes it authentic. */
            assert_true(status == STRAIT_E_AUTH || status == STRAIT_E_INVALID ||
                        (known && (status == STRAIT_E_TOO_OLD || status == STRAIT_E_REPLAY)));
        }
    }
    packet = *sealed;
    assert_int_equal(unprotect(pair->bob, &packet), STRAIT_OK);
}

static void a_flipped_bit_anywhere_in_rtp_is_found(void **state)
{
    (void)state;
    for (int i = 0; i < N_PROFILES; i++) {
        struct pair pair = pair_of(all_profiles[i]);
        for (uint16_t n = 0; n < 3; n++) {
            struct bytes sealed;
            rtp_make_long(&sealed, SSRC, (uint16_t)(n + 100), 30, n, n - 1);
            assert_int_equal(protect(pair.alice, &sealed), STRAIT_OK);
            damage(&pair, &sealed, n > 0);
        }
        assert_int_equal(stats_of(pair.bob).rtp_unprotected, 3);
        assert_int_equal(stats_of(pair.bob).ssrcs_receive, 1);
        assert_true(stats_of(pair.bob).forged > 500);
        pair_destroy(&pair);
    }
}

static void a_flipped_bit_anywhere_in_rtcp_is_found(void **state)
{
    (void)state;
    for (int i = 0; i < N_PROFILES; i++) {
        struct pair pair = pair_of(all_profiles[i]);
        for (size_t n = 0; n < 3; n++) {
            struct bytes sealed;
            rtcp_make(&sealed, SSRC, 12 * n);
            assert_int_equal(protect(pair.alice, &sealed), STRAIT_OK);
            damage(&pair, &sealed, n > 0);
        }
        assert_int_equal(stats_of(pair.bob).rtcp_unprotected, 3);
        assert_int_equal(stats_of(pair.bob).ssrcs_receive, 1);
        pair_destroy(&pair);
    }
}

static void a_damaged_packet_does_not_keep_the_good_one_out(void **state)
{
    (void)state;
    for (int i = 0; i < N_PROFILES; i++) {
        struct pair pair = pair_of(all_profiles[i]);
        for (uint16_t n = 0; n < 50; n++) {
            struct bytes good, bad;
            rtp_sealed(pair.alice, &good, SSRC, (uint16_t)(65510 + n));
            bad = good;
            bad.data[40] ^= 0x10;
            assert_int_equal(unprotect(pair.bob, &bad), STRAIT_E_AUTH);
            assert_int_equal(unprotect(pair.bob, &good), STRAIT_OK);
        }
        assert_int_equal(stats_of(pair.bob).forged, 50);
        pair_destroy(&pair);
    }
}

static void packets_under_other_keys_are_forged(void **state)
{
    (void)state;
    for (int i = 0; i < N_PROFILES; i++) {
        struct pair pair = pair_of(all_profiles[i]);
        struct bytes packet;
        /* Reflected: what bob sends is not what bob receives. */
        rtp_sealed(pair.bob, &packet, SSRC, 1);
        assert_int_equal(unprotect(pair.bob, &packet), STRAIT_E_AUTH);
        rtcp_make(&packet, SSRC, 24);
        assert_int_equal(protect(pair.bob, &packet), STRAIT_OK);
        assert_int_equal(unprotect(pair.bob, &packet), STRAIT_E_AUTH);
        assert_int_equal(stats_of(pair.bob).forged, 2);
        pair_destroy(&pair);
    }
}

/* --- Length ------------------------------------------------------------------------------------- */

static void a_packet_cut_at_any_length_is_refused(void **state)
{
    (void)state;
    for (int i = 0; i < N_PROFILES; i++) {
        struct pair pair = pair_of(all_profiles[i]);
        /* Once for a new SSRC, once for one that is known. */
        for (uint16_t n = 0; n < 2; n++) {
            struct bytes rtp, rtcp, packet;
            rtp_make_long(&rtp, SSRC, n, 40, 3, 5);
            assert_int_equal(protect(pair.alice, &rtp), STRAIT_OK);
            rtcp_make(&rtcp, SSRC, 40);
            assert_int_equal(protect(pair.alice, &rtcp), STRAIT_OK);
            for (size_t len = 0; len < rtp.len; len++) {
                packet = rtp;
                packet.len = len;
                int status = unprotect_as(pair.bob, &packet, STRAIT_PACKET_RTP);
                bool whole = len >= 12 + 12 + 4 + 20 + rtp_added(all_profiles[i]);
                assert_int_equal(status, whole ? STRAIT_E_AUTH : STRAIT_E_INVALID);
            }
            for (size_t len = 0; len < rtcp.len; len++) {
                packet = rtcp;
                packet.len = len;
                int status = unprotect_as(pair.bob, &packet, STRAIT_PACKET_RTCP);
                bool whole = len >= 8 + rtcp_added(all_profiles[i]);
                /* Another place is taken for the index: old or not to be encrypted, too. */
                assert_true(whole ? status != STRAIT_OK : status == STRAIT_E_INVALID);
            }
            assert_int_equal(unprotect(pair.bob, &rtp), STRAIT_OK);
            assert_int_equal(unprotect(pair.bob, &rtcp), STRAIT_OK);
        }
        pair_destroy(&pair);
    }
}

static void headers_longer_than_the_packet_are_refused(void **state)
{
    (void)state;
    for (int i = 0; i < N_PROFILES; i++) {
        struct strait_srtp *srtp = session_of(all_profiles[i], 0);
        size_t tag = rtp_added(all_profiles[i]);
        uint64_t refused = 0;
        for (unsigned csrcs = 0; csrcs < 16; csrcs++) {
            for (int words = -1; words < 12; words++) {
                struct bytes whole, packet;
                rtp_make_long(&whole, SSRC, (uint16_t)(csrcs * 16 + (unsigned)words), 0, csrcs,
                              words);
                for (size_t len = 0; len <= whole.len + tag; len++) {
                    memset(whole.data + whole.len, 0, tag);
                    packet = whole;
                    packet.len = len;
                    assert_int_equal(unprotect_as(srtp, &packet, STRAIT_PACKET_RTP),
                                     len < whole.len + tag ? STRAIT_E_INVALID : STRAIT_E_AUTH);
                    refused += len < whole.len + tag;
                    if (len < whole.len) {
                        packet = whole;
                        packet.len = len;
                        assert_int_equal(protect_as(srtp, &packet, STRAIT_PACKET_RTP),
                                         STRAIT_E_INVALID);
                        refused++;
                    }
                }
            }
        }
        assert_int_equal(stats_of(srtp).malformed, refused);
        assert_int_equal(stats_of(srtp).ssrcs_send, 0);
        strait_srtp_destroy(srtp);
    }
}

static void an_extension_that_claims_the_whole_memory_is_refused(void **state)
{
    struct strait_srtp *srtp = session_of(STRAIT_SRTP_AEAD_AES_128_GCM, 0);
    struct bytes packet;
    (void)state;
    rtp_make_long(&packet, SSRC, 1, 1000, 15, 1);
    packet.data[12 + 60 + 2] = 0xff;
    packet.data[12 + 60 + 3] = 0xff;
    struct bytes copy = packet;
    assert_int_equal(protect(srtp, &copy), STRAIT_E_INVALID);
    copy = packet;
    assert_int_equal(unprotect(srtp, &copy), STRAIT_E_INVALID);
    strait_srtp_destroy(srtp);
}

static void other_versions_are_refused(void **state)
{
    struct pair pair = pair_of(STRAIT_SRTP_AEAD_AES_128_GCM);
    (void)state;
    for (unsigned version = 0; version < 4; version++) {
        struct bytes packet;
        int expected = version == 2 ? STRAIT_OK : STRAIT_E_INVALID;
        rtp_make(&packet, SSRC, 1, 50);
        packet.data[0] = (uint8_t)(version << 6);
        assert_int_equal(protect(pair.alice, &packet), expected);
        if (version != 2) {
            assert_int_equal(unprotect(pair.bob, &packet), STRAIT_E_INVALID);
        }
        rtcp_make(&packet, SSRC, 40);
        packet.data[0] = (uint8_t)(version << 6);
        assert_int_equal(protect(pair.alice, &packet), expected);
        if (version != 2) {
            assert_int_equal(unprotect(pair.bob, &packet), STRAIT_E_INVALID);
        }
    }
    assert_int_equal(stats_of(pair.alice).malformed, 6);
    assert_int_equal(stats_of(pair.bob).malformed, 6);
    pair_destroy(&pair);
}

static void a_length_beyond_the_room_is_refused(void **state)
{
    struct strait_srtp *srtp = session_of(STRAIT_SRTP_AEAD_AES_128_GCM, 0);
    uint8_t data[40] = { 0x80 };
    struct strait_packet packet = { .data = data, .len = 41, .room = 40 };
    (void)state;
    assert_int_equal(strait_srtp_unprotect(srtp, &packet, 1), 0);
    assert_int_equal(packet.status, STRAIT_E_INVALID);
    packet.len = SIZE_MAX;
    assert_int_equal(strait_srtp_protect(srtp, &packet, 1), 0);
    assert_int_equal(packet.status, STRAIT_E_INVALID);
    packet.room = SIZE_MAX;
    assert_int_equal(strait_srtp_unprotect(srtp, &packet, 1), 0);
    assert_int_equal(packet.status, STRAIT_E_INVALID);
    strait_srtp_destroy(srtp);
}

static void unencrypted_rtcp_of_any_length_is_survived(void **state)
{
    (void)state;
    for (int i = 0; i < N_PROFILES; i++) {
        struct pair pair = pair_of(all_profiles[i]);
        for (size_t payload = 0; payload < 3000; payload += 4) {
            struct bytes packet;
            /* Of an SSRC that is new, later of one that is known. */
            rtcp_make(&packet, SSRC, payload);
            packet.data[packet.len - 4] &= 0x7f;
            packet.data[packet.len - 3] |= 0x10;
            int status = unprotect(pair.bob, &packet);
            assert_true(status == STRAIT_E_AUTH || status == STRAIT_E_INVALID);
            if (payload == 1600 && stats_of(pair.bob).ssrcs_receive == 0) {
                assert_int_equal(rtcp_pass(pair.alice, pair.bob, SSRC), STRAIT_OK);
                payload = 0;
            }
        }
        assert_int_equal(stats_of(pair.bob).failed, 0);
        pair_destroy(&pair);
    }
}

/* --- Made up ------------------------------------------------------------------------------------ */

static void made_up_bytes_are_survived(void **state)
{
    enum { ROUNDS = 100000 };
    struct pair pairs[N_PROFILES];
    uint64_t dropped = 0;
    (void)state;
    for (int i = 0; i < N_PROFILES; i++) {
        pairs[i] = pair_of(all_profiles[i]);
        assert_int_equal(rtp_pass(pairs[i].alice, pairs[i].bob, SSRC, 1), STRAIT_OK);
        assert_int_equal(rtcp_pass(pairs[i].alice, pairs[i].bob, SSRC), STRAIT_OK);
    }
    for (int round = 0; round < ROUNDS; round++) {
        struct strait_srtp *bob = pairs[round % N_PROFILES].bob;
        size_t len = random32() % (random32() % 8 == 0 ? 300 : 80);
        uint8_t *data = malloc(len + 1);
        assert_non_null(data);
        for (size_t n = 0; n < len; n++) {
            data[n] = (uint8_t)random32();
        }
        if (len > 0 && random32() % 4 != 0) {
            data[0] = (uint8_t)(0x80 | (data[0] & 0x1f));
        }
        if (len >= 12 && random32() % 2 == 0) {
            static const uint8_t ssrc[4] = { 1, 2, 3, 4 };
            memcpy(data + (data[1] >= 192 && data[1] <= 223 ? 4 : 8), ssrc, 4);
        }
        struct strait_packet packet = { .data = data, .len = len, .room = len };
        assert_int_equal(strait_srtp_unprotect(bob, &packet, 1), 0);
        assert_int_not_equal(packet.status, STRAIT_OK);
        dropped++;
        free(data);
    }
    for (int i = 0; i < N_PROFILES; i++) {
        struct strait_srtp_stats stats = stats_of(pairs[i].bob);
        dropped -= stats.forged + stats.malformed + stats.replayed + stats.too_old;
        assert_int_equal(stats.failed, 0);
        assert_int_equal(stats.ssrcs_receive, 1);
        assert_int_equal(rtp_pass(pairs[i].alice, pairs[i].bob, SSRC, 2), STRAIT_OK);
        assert_int_equal(rtcp_pass(pairs[i].alice, pairs[i].bob, SSRC), STRAIT_OK);
        pair_destroy(&pairs[i]);
    }
    /* Each one has its counter. */
    assert_int_equal(dropped, 0);
}

static void made_up_bytes_to_send_are_survived(void **state)
{
    (void)state;
    for (int i = 0; i < N_PROFILES; i++) {
        struct pair pair = pair_of(all_profiles[i]);
        for (int round = 0; round < 5000; round++) {
            struct bytes plain, packet;
            plain.len = random32() % 100;
            for (size_t n = 0; n < plain.len; n++) {
                plain.data[n] = (uint8_t)random32();
            }
            packet = plain;
            if (protect(pair.alice, &packet) == STRAIT_OK) {
                int status = unprotect(pair.bob, &packet);
                assert_int_equal(status, STRAIT_OK);
                assert_int_equal(packet.len, plain.len);
                assert_memory_equal(packet.data, plain.data, plain.len);
            }
        }
        struct strait_srtp_stats stats = stats_of(pair.alice);
        assert_int_equal(stats.ssrcs_send, 64);
        assert_true(stats.malformed > 0 && stats.ssrcs_refused > 0);
        pair_destroy(&pair);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flipped_bit_anywhere_in_rtp_is_found),
        cmocka_unit_test(a_flipped_bit_anywhere_in_rtcp_is_found),
        cmocka_unit_test(a_damaged_packet_does_not_keep_the_good_one_out),
        cmocka_unit_test(packets_under_other_keys_are_forged),
        cmocka_unit_test(a_packet_cut_at_any_length_is_refused),
        cmocka_unit_test(headers_longer_than_the_packet_are_refused),
        cmocka_unit_test(an_extension_that_claims_the_whole_memory_is_refused),
        cmocka_unit_test(other_versions_are_refused),
        cmocka_unit_test(a_length_beyond_the_room_is_refused),
        cmocka_unit_test(unencrypted_rtcp_of_any_length_is_survived),
        cmocka_unit_test(made_up_bytes_are_survived),
        cmocka_unit_test(made_up_bytes_to_send_are_survived),
    };
    return cmocka_run_group_tests(tests, hold_library, release_library);
}
