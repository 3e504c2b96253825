#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "transport/demux.h"

static enum strait__protocol of(uint8_t first, uint8_t second, size_t len)
{
    uint8_t data[64] = { first, second, 0, 0, 0x21, 0x12, 0xa4, 0x42 };
    return strait__demux(data, len);
}

static void every_first_byte_goes_where_the_rfcs_say(void **state)
{
    (void)state;
    for (unsigned b = 0; b < 256; b++) {
        enum strait__protocol want = b <= 3     ? STRAIT__STUN
                                     : b <= 19  ? STRAIT__DROP /* 16..19: ZRTP */
                                     : b <= 63  ? STRAIT__DTLS
                                     : b <= 127 ? STRAIT__QUIC
                                     : b <= 191 ? STRAIT__RTP
                                                : STRAIT__QUIC;
        assert_int_equal(of((uint8_t)b, 0, 64), want);
    }
}

static void the_second_byte_tells_rtcp_from_rtp(void **state)
{
    (void)state;
    for (unsigned b = 0; b < 256; b++) {
        enum strait__protocol want = b >= 192 && b <= 223 ? STRAIT__RTCP : STRAIT__RTP;
        assert_int_equal(of(0x80, (uint8_t)b, 64), want);
    }
}

static void what_is_too_short_for_its_protocol_is_dropped(void **state)
{
    (void)state;
    static const struct {
        uint8_t first, second;
        size_t least;
        enum strait__protocol protocol;
    } cases[] = {
        { 0x00, 0, 20, STRAIT__STUN },  { 22, 0, 13, STRAIT__DTLS },
        { 0x2f, 0, 18, STRAIT__DTLS },  { 0x80, 111, 12, STRAIT__RTP },
        { 0x80, 200, 8, STRAIT__RTCP },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t len = 0; len < 64; len++) {
            enum strait__protocol want = len >= cases[i].least ? cases[i].protocol : STRAIT__DROP;
            assert_int_equal(of(cases[i].first, cases[i].second, len), want);
        }
    }
    assert_int_equal(of(0x40, 0, 1), STRAIT__QUIC);
    assert_int_equal(of(0x40, 0, 0), STRAIT__DROP);
}

static void stun_needs_its_cookie(void **state)
{
    (void)state;
    for (size_t i = 4; i < 8; i++) {
        uint8_t data[20] = { 0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42 };
        assert_int_equal(strait__demux(data, sizeof data), STRAIT__STUN);
        data[i] ^= 1;
        assert_int_equal(strait__demux(data, sizeof data), STRAIT__DROP);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_first_byte_goes_where_the_rfcs_say),
        cmocka_unit_test(the_second_byte_tells_rtcp_from_rtp),
        cmocka_unit_test(what_is_too_short_for_its_protocol_is_dropped),
        cmocka_unit_test(stun_needs_its_cookie),
    };
    return cmocka_run_group_tests_name("demux", tests, NULL, NULL);
}
