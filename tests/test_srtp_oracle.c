/* strait beside stock libsrtp: the same bytes out, and its bytes in. */
#include "tests/srtp_oracle.h"

#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static char *oracle_path;

/* What the oracle prints. */
static FILE *start_oracle(pid_t *pid)
{
    char *arguments[] = { oracle_path, NULL };
    posix_spawn_file_actions_t actions;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
    assert_int_equal(posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO), 0);
    assert_int_equal(posix_spawn_file_actions_addclose(&actions, ends[0]), 0);
    assert_int_equal(posix_spawn(pid, oracle_path, &actions, NULL, arguments, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    FILE *output = fdopen(ends[0], "r");
    assert_non_null(output);
    return output;
}

static struct bytes next_line(FILE *oracle)
{
    char line[2 * PACKET_ROOM + 2];
    assert_non_null(fgets(line, sizeof line, oracle));
    line[strcspn(line, "\n")] = '\0';
    return hex(line);
}

static void packets_are_those_of_stock_libsrtp(void **state)
{
    pid_t pid;
    int result;
    FILE *oracle = start_oracle(&pid);
    (void)state;
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
    fclose(oracle);
    assert_int_equal(waitpid(pid, &result, 0), pid);
    assert_int_equal(result, 0);
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
