/* Rollover counters and the cap on SSRCs. */
#include "tests/srtp_pair.h"

#include "srtp/packet.h"

#define SSRC 0xcafebabeu

/* --- Index estimation (RFC 3711, appendix A) ---------------------------------------------------- */

static void an_index_is_the_one_closest_to_the_highest(void **state)
{
    static const struct {
        uint64_t highest;
        uint16_t sequence;
        uint64_t index;
    } cases[] = {
        { 0, 0, 0 },
        { 0, 65535, 65535 },
        { 5, 65535, 65535 }, /* no ROC before 0 */
        { 0x8000, 0xffff, 0xffff },
        { 0xffff, 0, 0x10000 },
        { 0xffff, 0x7ffe, 0x17ffe },
        { 0xffff, 0x7fff, 0x7fff },
        { 0xffff, 0x8000, 0x8000 },
        { 0x10000, 0xffff, 0xffff },
        { 0x10005, 0x8005, 0x18005 },
        { 0x10005, 0x8006, 0x8006 },
        { 0x5fffe, 3, 0x60003 },
        { 0x60003, 0xfffe, 0x5fffe },
        { 0xffffffff0003, 0xfffe, 0xfffffffefffe },
        { 0xffffffffffff, 0, STRAIT__RTP_INDEX_END },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(strait__rtp_index(cases[i].highest, cases[i].sequence), cases[i].index);
    }
}

/* --- Rollover ----------------------------------------------------------------------------------- */

static void the_rollover_counter_counts_in_both_directions(void **state)
{
    (void)state;
    for (int i = 0; i < N_PROFILES; i++) {
        struct pair pair = pair_of(all_profiles[i]);
        /* In steps that both sides follow, three times round. */
        for (uint32_t index = 40000; index < 4 * 65536; index += 1009) {
            assert_int_equal(rtp_pass(pair.alice, pair.bob, SSRC, (uint16_t)index), STRAIT_OK);
            assert_int_equal(stream_of(pair.alice, true, SSRC).roc, index >> 16);
            assert_int_equal(stream_of(pair.bob, false, SSRC).roc, index >> 16);
            assert_int_equal(stream_of(pair.bob, false, SSRC).sequence, index & 0xffff);
        }
        pair_destroy(&pair);
    }
}

static void a_late_packet_from_before_the_rollover_is_taken(void **state)
{
    (void)state;
    for (int i = 0; i < N_PROFILES; i++) {
        struct pair pair = pair_of(all_profiles[i]);
        struct bytes late, again;
        assert_int_equal(rtp_pass(pair.alice, pair.bob, SSRC, 65534), STRAIT_OK);
        rtp_sealed(pair.alice, &late, SSRC, 65535);
        assert_int_equal(rtp_pass(pair.alice, pair.bob, SSRC, 0), STRAIT_OK);
        assert_int_equal(rtp_pass(pair.alice, pair.bob, SSRC, 1), STRAIT_OK);
        again = late;
        assert_int_equal(unprotect(pair.bob, &late), STRAIT_OK);
        assert_int_equal(unprotect(pair.bob, &again), STRAIT_E_REPLAY);
        assert_int_equal(stream_of(pair.bob, false, SSRC).roc, 1);
        assert_int_equal(stream_of(pair.bob, false, SSRC).sequence, 1);
        pair_destroy(&pair);
    }
}

/* The first packets are lost with the rollover behind them: nothing says that the ROC is 1. */
static void a_stream_whose_packets_before_the_rollover_are_lost_is_taken(void **state)
{
    (void)state;
    for (int i = 0; i < N_PROFILES; i++) {
        for (unsigned first = 65500; first < 65536; first += 5) {
            for (unsigned lost_after = 0; lost_after < 32000; lost_after += 4500) {
                struct pair pair = pair_of(all_profiles[i]);
                struct bytes lost, late, again;
                for (unsigned n = first; n < 65536; n++) {
                    rtp_sealed(pair.alice, &lost, SSRC, (uint16_t)n);
                }
                rtp_sealed(pair.alice, &late, SSRC, (uint16_t)lost_after);
                again = late;
                assert_int_equal(unprotect(pair.bob, &late), STRAIT_OK);
                assert_int_equal(unprotect(pair.bob, &again), STRAIT_E_REPLAY);
                assert_int_equal(stream_of(pair.bob, false, SSRC).roc, 1);
                for (unsigned n = 1; n < 5; n++) {
                    assert_int_equal(
                        rtp_pass(pair.alice, pair.bob, SSRC, (uint16_t)(lost_after + n)),
                        STRAIT_OK);
                }
                /* What was only late and not lost is taken while it lies in the window. */
                assert_int_equal(unprotect(pair.bob, &lost),
                                 lost_after < 1000 ? STRAIT_OK : STRAIT_E_TOO_OLD);
                pair_destroy(&pair);
            }
        }
    }
}

static void rtcp_first_does_not_hide_the_rollover_of_rtp(void **state)
{
    (void)state;
    for (int i = 0; i < N_PROFILES; i++) {
        struct pair pair = pair_of(all_profiles[i]);
        struct bytes lost;
        assert_int_equal(rtcp_pass(pair.alice, pair.bob, SSRC), STRAIT_OK);
        assert_false(stream_of(pair.bob, false, SSRC).started);
        rtp_sealed(pair.alice, &lost, SSRC, 65535);
        assert_int_equal(rtp_pass(pair.alice, pair.bob, SSRC, 0), STRAIT_OK);
        assert_int_equal(rtp_pass(pair.alice, pair.bob, SSRC, 1), STRAIT_OK);
        assert_int_equal(rtcp_pass(pair.alice, pair.bob, SSRC), STRAIT_OK);
        assert_int_equal(stream_of(pair.bob, false, SSRC).roc, 1);
        assert_int_equal(stream_of(pair.bob, false, SSRC).rtcp_index, 2);
        assert_int_equal(stats_of(pair.bob).ssrcs_receive, 1);
        pair_destroy(&pair);
    }
}

static void a_stream_that_starts_low_has_rollover_counter_0(void **state)
{
    (void)state;
    for (int i = 0; i < N_PROFILES; i++) {
        struct pair pair = pair_of(all_profiles[i]);
        for (uint16_t first = 0; first < 50; first++) {
            assert_int_equal(rtp_pass(pair.alice, pair.bob, SSRC + first, first), STRAIT_OK);
            assert_int_equal(stream_of(pair.bob, false, SSRC + first).roc, 0);
        }
        pair_destroy(&pair);
    }
}

/* --- The cap on SSRCs --------------------------------------------------------------------------- */

static void ssrcs_beyond_the_cap_are_dropped_and_counted(void **state)
{
    enum { CAP = 20 };
    (void)state;
    for (int i = 0; i < N_PROFILES; i++) {
        struct strait_srtp_config config = config_of(all_profiles[i], 1);
        struct strait_srtp *alice, *bob;
        struct bytes packet;
        config.max_ssrcs = CAP;
        assert_int_equal(strait_srtp_create(&bob, &config), STRAIT_OK);
        config = config_of(all_profiles[i], 0);
        config.max_ssrcs = CAP + 2;
        assert_int_equal(strait_srtp_create(&alice, &config), STRAIT_OK);
        for (uint32_t n = 0; n < CAP; n++) {
            /* RTP or RTCP, both count. */
            int status = n % 2 == 0 ? rtp_pass(alice, bob, n * 77777, 1)
                                    : rtcp_pass(alice, bob, n * 77777);
            assert_int_equal(status, STRAIT_OK);
        }
        assert_int_equal(rtp_pass(alice, bob, 0xffffffffu, 1), STRAIT_E_LIMIT);
        assert_int_equal(rtcp_pass(alice, bob, 0xfffffffeu), STRAIT_E_LIMIT);
        /* Those that are there go on. */
        for (uint32_t n = 0; n < CAP; n++) {
            assert_int_equal(rtp_pass(alice, bob, n * 77777, 2), STRAIT_OK);
            assert_int_equal(rtcp_pass(alice, bob, n * 77777), STRAIT_OK);
        }
        assert_int_equal(stats_of(bob).ssrcs_receive, CAP);
        assert_int_equal(stats_of(bob).ssrcs_refused, 2);
        rtp_make(&packet, 0xfffffffdu, 1, 10);
        assert_int_equal(protect(alice, &packet), STRAIT_E_LIMIT);
        rtcp_make(&packet, 0xfffffffdu, 12);
        assert_int_equal(protect(alice, &packet), STRAIT_E_LIMIT);
        assert_int_equal(stats_of(alice).ssrcs_refused, 2);
        assert_int_equal(stats_of(alice).ssrcs_send, CAP + 2);
        assert_int_equal(stats_of(alice).protect_refused, 0);
        strait_srtp_destroy(alice);
        strait_srtp_destroy(bob);
    }
}

static void forged_packets_do_not_count_as_ssrcs(void **state)
{
    (void)state;
    for (int i = 0; i < N_PROFILES; i++) {
        struct pair pair = pair_of(all_profiles[i]);
        for (uint32_t n = 0; n < 500; n++) {
            struct bytes packet;
            rtp_make(&packet, n, (uint16_t)n, 100);
            assert_int_equal(unprotect(pair.bob, &packet), STRAIT_E_AUTH);
            rtcp_make(&packet, n, 100);
            packet.data[packet.len - 4] |= 0x80;
            packet.data[packet.len - 14] |= 0x80;
            assert_int_equal(unprotect(pair.bob, &packet), STRAIT_E_AUTH);
        }
        assert_int_equal(stats_of(pair.bob).ssrcs_receive, 0);
        assert_int_equal(stats_of(pair.bob).ssrcs_refused, 0);
        assert_int_equal(stats_of(pair.bob).forged, 1000);
        pair_destroy(&pair);
    }
}

static void a_thousand_ssrcs_are_kept_apart(void **state)
{
    enum { N = 1000 };
    struct strait_srtp_config config = config_of(STRAIT_SRTP_AEAD_AES_128_GCM, 0);
    struct strait_srtp *alice, *bob;
    (void)state;
    config.max_ssrcs = N;
    assert_int_equal(strait_srtp_create(&alice, &config), STRAIT_OK);
    config = config_of(STRAIT_SRTP_AEAD_AES_128_GCM, 1);
    config.max_ssrcs = N;
    assert_int_equal(strait_srtp_create(&bob, &config), STRAIT_OK);
    for (uint16_t round = 0; round < 3; round++) {
        for (uint32_t n = 0; n < N; n++) {
            uint32_t ssrc = n * 2654435761u;
            assert_int_equal(rtp_pass(alice, bob, ssrc, (uint16_t)(n + round)), STRAIT_OK);
        }
    }
    assert_int_equal(stats_of(bob).ssrcs_receive, N);
    struct strait_srtp_stream *streams = calloc(N, sizeof *streams);
    assert_non_null(streams);
    assert_int_equal(strait_srtp_streams(bob, streams, N), N);
    for (size_t i = 0; i < N; i++) {
        uint32_t n = (streams[i].sequence - 2u) & 0xffff;
        assert_int_equal(streams[i].ssrc, n * 2654435761u);
        assert_false(streams[i].send);
    }
    free(streams);
    strait_srtp_destroy(alice);
    strait_srtp_destroy(bob);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_index_is_the_one_closest_to_the_highest),
        cmocka_unit_test(the_rollover_counter_counts_in_both_directions),
        cmocka_unit_test(a_late_packet_from_before_the_rollover_is_taken),
        cmocka_unit_test(a_stream_whose_packets_before_the_rollover_are_lost_is_taken),
        cmocka_unit_test(rtcp_first_does_not_hide_the_rollover_of_rtp),
        cmocka_unit_test(a_stream_that_starts_low_has_rollover_counter_0),
        cmocka_unit_test(ssrcs_beyond_the_cap_are_dropped_and_counted),
        cmocka_unit_test(forged_packets_do_not_count_as_ssrcs),
        cmocka_unit_test(a_thousand_ssrcs_are_kept_apart),
    };
    return cmocka_run_group_tests(tests, hold_library, release_library);
}
