/* Moving a session's state to another one. */
#include "tests/srtp_pair.h"

#define SSRC 0xcafebabeu

/* A new session that goes on where `old`, which is destroyed, stood. */
static struct strait_srtp *moved(struct strait_srtp *old, enum strait_srtp_profile profile,
                                 int party)
{
    struct strait_srtp *srtp = session_of(profile, party);
    struct strait_srtp_stream streams[64];
    size_t n = strait_srtp_streams(old, streams, 64);
    assert_true(n <= 64);
    for (size_t i = 0; i < n; i++) {
        struct strait_srtp_stream now;
        assert_int_equal(strait_srtp_restore(srtp, &streams[i]), STRAIT_OK);
        now = stream_of(srtp, streams[i].send, streams[i].ssrc);
        assert_int_equal(now.roc, streams[i].roc);
        assert_int_equal(now.sequence, streams[i].sequence);
        assert_int_equal(now.started, streams[i].started);
        assert_int_equal(now.rtcp_index, streams[i].rtcp_index);
    }
    assert_int_equal(strait_srtp_streams(srtp, NULL, 0), n);
    strait_srtp_destroy(old);
    return srtp;
}

static void both_sides_move_in_mid_stream(void **state)
{
    static const uint32_t starts[] = { 0, 1, 32766, 65535, 65536, 3 * 65536 - 1, 3 * 65536 };
    (void)state;
    for (int i = 0; i < N_PROFILES; i++) {
        for (size_t s = 0; s < sizeof starts / sizeof starts[0]; s++) {
            struct pair pair = pair_of(all_profiles[i]);
            uint32_t index = 0;
            for (; index < starts[s]; index += 20000) {
                assert_int_equal(rtp_pass(pair.alice, pair.bob, SSRC, (uint16_t)index), STRAIT_OK);
            }
            index = starts[s];
            assert_int_equal(rtp_pass(pair.alice, pair.bob, SSRC, (uint16_t)index), STRAIT_OK);
            for (int n = 0; n < 3; n++) {
                assert_int_equal(rtcp_pass(pair.alice, pair.bob, SSRC), STRAIT_OK);
            }
            for (uint32_t n = 1; n < 6; n++) {
                if (n % 2 == 1) {
                    pair.alice = moved(pair.alice, all_profiles[i], 0);
                }
                if (n % 3 != 0) {
                    pair.bob = moved(pair.bob, all_profiles[i], 1);
                }
                assert_int_equal(rtp_pass(pair.alice, pair.bob, SSRC, (uint16_t)(index + n)),
                                 STRAIT_OK);
                assert_int_equal(rtcp_pass(pair.alice, pair.bob, SSRC), STRAIT_OK);
                assert_int_equal(stream_of(pair.bob, false, SSRC).roc, (index + n) >> 16);
                assert_int_equal(stream_of(pair.alice, true, SSRC).rtcp_index, 3 + n);
                assert_int_equal(stream_of(pair.bob, false, SSRC).rtcp_index, 3 + n);
            }
            pair_destroy(&pair);
        }
    }
}

static void what_was_sent_before_the_move_is_not_sent_again(void **state)
{
    (void)state;
    for (int i = 0; i < N_PROFILES; i++) {
        struct strait_srtp *alice = session_of(all_profiles[i], 0);
        struct bytes packet;
        for (uint16_t n = 100; n < 110; n++) {
            rtp_sealed(alice, &packet, SSRC, n);
        }
        alice = moved(alice, all_profiles[i], 0);
        for (uint16_t n = 90; n < 110; n++) {
            rtp_make(&packet, SSRC, n, 100);
            assert_int_equal(protect(alice, &packet), STRAIT_E_REPLAY);
        }
        rtp_sealed(alice, &packet, SSRC, 112);
        rtp_sealed(alice, &packet, SSRC, 111);
        rtp_make(&packet, SSRC, 109, 100);
        assert_int_equal(protect(alice, &packet), STRAIT_E_REPLAY);
        assert_int_equal(stats_of(alice).protect_refused, 21);
        strait_srtp_destroy(alice);
    }
}

static void what_was_received_before_the_move_is_not_received_again(void **state)
{
    (void)state;
    for (int i = 0; i < N_PROFILES; i++) {
        struct pair pair = pair_of(all_profiles[i]);
        struct bytes rtp[3], rtcp[3], copy;
        for (unsigned n = 0; n < 3; n++) {
            rtp_sealed(pair.alice, &rtp[n], SSRC, (uint16_t)(65534 + n));
            copy = rtp[n];
            assert_int_equal(unprotect(pair.bob, &copy), STRAIT_OK);
            rtcp_make(&rtcp[n], SSRC, 24);
            assert_int_equal(protect(pair.alice, &rtcp[n]), STRAIT_OK);
            copy = rtcp[n];
            assert_int_equal(unprotect(pair.bob, &copy), STRAIT_OK);
        }
        pair.bob = moved(pair.bob, all_profiles[i], 1);
        for (int round = 0; round < 2; round++) {
            for (int n = 0; n < 3; n++) {
                int expected = n == 2 ? STRAIT_E_REPLAY : STRAIT_E_TOO_OLD;
                copy = rtp[n];
                assert_int_equal(unprotect(pair.bob, &copy), expected);
                copy = rtcp[n];
                assert_int_equal(unprotect(pair.bob, &copy), expected);
            }
            assert_int_equal(rtp_pass(pair.alice, pair.bob, SSRC, (uint16_t)(1 + round)),
                             STRAIT_OK);
            assert_int_equal(rtcp_pass(pair.alice, pair.bob, SSRC), STRAIT_OK);
        }
        assert_int_equal(stats_of(pair.bob).replayed, 4);
        assert_int_equal(stats_of(pair.bob).too_old, 8);
        pair_destroy(&pair);
    }
}

static void the_rollover_may_happen_during_the_move(void **state)
{
    (void)state;
    for (int i = 0; i < N_PROFILES; i++) {
        struct pair pair = pair_of(all_profiles[i]);
        struct bytes late[2], lost, forged;
        assert_int_equal(rtp_pass(pair.alice, pair.bob, SSRC, 65530), STRAIT_OK);
        rtp_sealed(pair.alice, &late[0], SSRC, 65532);
        rtp_sealed(pair.alice, &late[1], SSRC, 65533);
        rtp_sealed(pair.alice, &lost, SSRC, 65535);
        pair.bob = moved(pair.bob, all_profiles[i], 1);
        /* One that would be of the next ROC, then one of this, then one of the next. */
        rtp_make(&forged, SSRC, 7, 100);
        assert_int_equal(unprotect(pair.bob, &forged), STRAIT_E_AUTH);
        assert_int_equal(unprotect(pair.bob, &late[0]), STRAIT_OK);
        assert_int_equal(rtp_pass(pair.alice, pair.bob, SSRC, 4), STRAIT_OK);
        assert_int_equal(unprotect(pair.bob, &late[1]), STRAIT_OK);
        assert_int_equal(stream_of(pair.bob, false, SSRC).roc, 1);
        pair.alice = moved(pair.alice, all_profiles[i], 0);
        assert_int_equal(rtp_pass(pair.alice, pair.bob, SSRC, 5), STRAIT_OK);
        pair_destroy(&pair);
    }
}

static void a_large_rtcp_index_is_restored_at_once(void **state)
{
    static const uint32_t indices[] = { 1, 2, 126, 127, 128, 129, 255, 1000000, 0x7fffff80 };
    (void)state;
    for (int i = 0; i < N_PROFILES; i++) {
        for (size_t n = 0; n < sizeof indices / sizeof indices[0]; n++) {
            struct pair pair = pair_of(all_profiles[i]);
            struct strait_srtp_stream stream = { .ssrc = SSRC,
                                                 .send = true,
                                                 .rtcp_index = indices[n] };
            struct bytes packet;
            assert_int_equal(strait_srtp_restore(pair.alice, &stream), STRAIT_OK);
            for (uint32_t k = 1; k < 200; k++) {
                bool last = indices[n] + k > 0x7fffffff;
                rtcp_make(&packet, SSRC, 24);
                assert_int_equal(protect(pair.alice, &packet), last ? STRAIT_E_LIMIT : STRAIT_OK);
                if (!last) {
                    assert_int_equal(unprotect(pair.bob, &packet), STRAIT_OK);
                    assert_int_equal(stream_of(pair.bob, false, SSRC).rtcp_index, indices[n] + k);
                }
            }
            /* RTP of the same SSRC is a stranger to it. */
            assert_int_equal(rtp_pass(pair.alice, pair.bob, SSRC, 65535), STRAIT_OK);
            assert_int_equal(rtp_pass(pair.alice, pair.bob, SSRC, 0), STRAIT_OK);
            pair_destroy(&pair);
        }
    }
}

static void nothing_is_sent_or_taken_beyond_the_last_index(void **state)
{
    (void)state;
    for (int i = 0; i < N_PROFILES; i++) {
        struct pair pair = pair_of(all_profiles[i]);
        struct strait_srtp_stream stream = {
            .ssrc = SSRC, .send = true, .started = true, .roc = UINT32_MAX, .sequence = 65533
        };
        struct bytes packet;
        assert_int_equal(strait_srtp_restore(pair.alice, &stream), STRAIT_OK);
        stream.send = false;
        assert_int_equal(strait_srtp_restore(pair.bob, &stream), STRAIT_OK);
        assert_int_equal(rtp_pass(pair.alice, pair.bob, SSRC, 65534), STRAIT_OK);
        assert_int_equal(rtp_pass(pair.alice, pair.bob, SSRC, 65535), STRAIT_OK);
        /* The counter would start from 0 again, where these come from. */
        struct strait_srtp *first = session_of(all_profiles[i], 0);
        for (uint16_t n = 0; n < 5; n++) {
            rtp_make(&packet, SSRC, n, 100);
            assert_int_equal(protect(pair.alice, &packet), STRAIT_E_LIMIT);
            rtp_sealed(first, &packet, SSRC, n);
            assert_int_equal(unprotect(pair.bob, &packet), STRAIT_E_AUTH);
        }
        strait_srtp_destroy(first);
        assert_int_equal(stats_of(pair.alice).protect_refused, 5);
        assert_int_equal(stats_of(pair.alice).ssrcs_refused, 0);
        pair_destroy(&pair);
    }
}

static void a_stream_is_restored_once_and_before_its_packets(void **state)
{
    struct strait_srtp_config config = config_of(STRAIT_SRTP_AEAD_AES_128_GCM, 0);
    struct strait_srtp *srtp;
    struct strait_srtp_stream stream = { .ssrc = 1, .send = true, .started = true, .sequence = 9 };
    struct bytes packet;
    (void)state;
    config.max_ssrcs = 2;
    assert_int_equal(strait_srtp_create(&srtp, &config), STRAIT_OK);
    assert_int_equal(strait_srtp_restore(NULL, &stream), STRAIT_E_INVALID);
    assert_int_equal(strait_srtp_restore(srtp, NULL), STRAIT_E_INVALID);
    assert_int_equal(strait_srtp_restore(srtp, &stream), STRAIT_OK);
    assert_int_equal(strait_srtp_restore(srtp, &stream), STRAIT_E_EXISTS);
    rtp_sealed(srtp, &packet, 2, 5);
    stream.ssrc = 2;
    assert_int_equal(strait_srtp_restore(srtp, &stream), STRAIT_E_EXISTS);
    stream.ssrc = 3;
    assert_int_equal(strait_srtp_restore(srtp, &stream), STRAIT_E_LIMIT);
    /* The other direction has its own SSRCs. */
    stream.send = false;
    assert_int_equal(strait_srtp_restore(srtp, &stream), STRAIT_OK);
    stream.ssrc = 4;
    stream.rtcp_index = 0x80000000u;
    assert_int_equal(strait_srtp_restore(srtp, &stream), STRAIT_E_INVALID);
    stream.rtcp_index = 0x7fffffff;
    assert_int_equal(strait_srtp_restore(srtp, &stream), STRAIT_E_LIMIT);
    assert_int_equal(strait_srtp_streams(srtp, NULL, 0), 3);
    assert_int_equal(strait_srtp_streams(NULL, NULL, 0), 0);
    strait_srtp_destroy(srtp);
}

static void as_many_streams_are_listed_as_there_is_room_for(void **state)
{
    struct pair pair = pair_of(STRAIT_SRTP_AES128_CM_SHA1_80);
    struct strait_srtp_stream streams[8];
    (void)state;
    for (uint32_t n = 0; n < 3; n++) {
        assert_int_equal(rtp_pass(pair.alice, pair.bob, 30 - n, 7), STRAIT_OK);
        assert_int_equal(rtp_pass(pair.bob, pair.alice, 40 + n, 8), STRAIT_OK);
    }
    for (size_t max = 0; max <= 8; max++) {
        memset(streams, 0xee, sizeof streams);
        assert_int_equal(strait_srtp_streams(pair.alice, streams, max), 6);
        for (size_t i = 0; i < max && i < 6; i++) {
            assert_int_equal(streams[i].ssrc, i < 3 ? 28 + i : 37 + i);
            assert_int_equal(streams[i].send, i < 3);
            assert_int_equal(streams[i].sequence, i < 3 ? 7 : 8);
        }
        if (max < 8) {
            assert_int_equal(streams[max].ssrc, 0xeeeeeeee);
        }
    }
    pair_destroy(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_sides_move_in_mid_stream),
        cmocka_unit_test(what_was_sent_before_the_move_is_not_sent_again),
        cmocka_unit_test(what_was_received_before_the_move_is_not_received_again),
        cmocka_unit_test(the_rollover_may_happen_during_the_move),
        cmocka_unit_test(a_large_rtcp_index_is_restored_at_once),
        cmocka_unit_test(nothing_is_sent_or_taken_beyond_the_last_index),
        cmocka_unit_test(a_stream_is_restored_once_and_before_its_packets),
        cmocka_unit_test(as_many_streams_are_listed_as_there_is_room_for),
    };
    return cmocka_run_group_tests(tests, hold_library, release_library);
}
