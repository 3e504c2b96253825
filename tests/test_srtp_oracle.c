/* strait beside stock libsrtp: the same bytes out, and its bytes in. */
#include "tests/srtp_oracle.h"

#include <stdio.h>

static const char *oracle_path;

static struct bytes next_line(FILE *oracle)
{
    char line[2 * PACKET_ROOM + 2];
    assert_non_null(fgets(line, sizeof line, oracle));
    line[strcspn(line, "\n")] = '\0';
    return hex(line);
}

static void packets_are_those_of_stock_libsrtp(void **state)
{
    FILE *oracle = popen(oracle_path, "r");
    (void)state;
    assert_non_null(oracle);
    for (int i = 0; i < N_PROFILES; i++) {
        struct pair pair = pair_of(all_profiles[i]);
        for (unsigned n = 0; n < ORACLE_PACKETS; n++) {
            struct bytes plain, packet, stock = next_line(oracle);
            oracle_packet(n, &plain);
            packet = plain;
            assert_int_equal(protect(pair.alice, &packet), STRAIT_OK);
            assert_int_equal(packet.len, stock.len);
            assert_memory_equal(packet.data, stock.data, stock.len);
            assert_int_equal(unprotect(pair.bob, &stock), STRAIT_OK);
            assert_int_equal(stock.len, plain.len);
            assert_memory_equal(stock.data, plain.data, plain.len);
        }
        assert_int_equal(stats_of(pair.bob).rtcp_unprotected, ORACLE_PACKETS / 5);
        assert_int_equal(stats_of(pair.bob).rtp_unprotected, ORACLE_PACKETS * 4 / 5);
        pair_destroy(&pair);
    }
    assert_int_equal(fgetc(oracle), EOF);
    assert_int_equal(pclose(oracle), 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_are_those_of_stock_libsrtp),
    };
    if (argc != 2) {
        fprintf(stderr, "usage: %s ORACLE\n", argv[0]);
        return 2;
    }
    oracle_path = argv[1];
    return cmocka_run_group_tests(tests, hold_library, release_library);
}
