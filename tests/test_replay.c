/*
 * Whole runs on a lossy virtual network are recorded, with calls made inside events, and replayed:
 * the same bytes come out, and what differs is told.
 */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <strait/record.h>

#include "tests/sim/recorded.h"
#include "tests/sim/suite.h"

/* It lost datagrams and had data, attributes and a restart. */
static struct sim_recorded one;

static void record_one(void)
{
    struct sim_plan plan = sim_record_plan(SIM_DTLS_13, 10, 4);
    sim_record_run(&one, &plan);
}

/* --- The same bytes --------------------------------------------------------------------------- */

struct seen {
    uint64_t sent, received, events, packets;
};

static void on_sent(void *user, strait_time when, const struct strait_send *send)
{
    struct seen *seen = user;
    assert_true(when > 0 && send->len > 0 && send->segment_size == 0);
    seen->sent++;
}

static void on_received(void *user, strait_time when, const struct strait_datagram *datagram)
{
    struct seen *seen = user;
    assert_true(when > 0 && datagram->len > 0);
    seen->received++;
}

static void on_event(void *user, strait_time when, const char *line)
{
    struct seen *seen = user;
    bool media = strstr(line, "RTP of SSRC") != NULL || strstr(line, "RTCP of type") != NULL;
    assert_true(when > 0 && strncmp(line, "transport ", 10) == 0);
    *(media ? &seen->packets : &seen->events) += 1;
}

static struct strait_replay_result replay(const uint8_t *record, size_t len, struct seen *seen)
{
    struct strait_replay_config config = { .size = sizeof config,
                                           .sent = on_sent,
                                           .event = on_event,
                                           .received = on_received,
                                           .user = seen };
    struct strait_replay_result result = { .size = sizeof result };
    int error = strait_replay(seen != NULL ? &config : NULL, record, len, &result);
    if (error != STRAIT_OK) {
        fail_msg("%s: %s", strait_error_name(error), result.detail);
    }
    assert_true(result.size == sizeof result);
    return result;
}

static void check_same(const struct sim_record *record, uint64_t sent, uint64_t events)
{
    struct seen seen = { 0 };
    struct strait_replay_result result = replay(record->data, record->len, &seen);
    if (result.differences != 0) {
        fail_msg("%llu differences, %s", (unsigned long long)result.differences, result.detail);
    }
    assert_false(result.truncated);
    assert_string_equal(result.detail, "");
    assert_true(result.datagrams_out == sent && seen.sent == sent);
    assert_true(result.datagrams_in == seen.received && seen.received > 50);
    assert_true(seen.events == events && seen.packets > 20);
    assert_true(result.entries > 300);
    assert_true(result.begin == 1000 * STRAIT_S && result.end > result.begin + 2 * STRAIT_S);
}

static void replays_to_the_same_bytes(void **state)
{
    static const unsigned losses[] = { 0, 10, 30 };
    (void)state;
    size_t seeds = sim_seeds(200) / 20 + 4;
    for (size_t i = 0; i < seeds; i++) {
        for (size_t j = 0; j < 3 * SIM_VERSIONS; j++) {
            struct sim_recorded recorded;
            struct sim_plan plan = sim_record_plan((enum sim_version)(j / 3), losses[j % 3], i);
            sim_record_run(&recorded, &plan);
            check_same(&recorded.a, recorded.sent_a, recorded.events_a);
            check_same(&recorded.b, recorded.sent_b, recorded.events_b);
            sim_recorded_finish(&recorded);
        }
    }
}

/* --- Differences ------------------------------------------------------------------------------ */

/* Turns a bit in the last byte of an entry over and replays. */
static struct strait_replay_result replay_flipped(struct sim_record *record, size_t at)
{
    uint8_t *byte = &record->data[sim_record_end(record, at) - 1];
    *byte ^= 1;
    struct strait_replay_result result = replay(record->data, record->len, NULL);
    *byte ^= 1;
    return result;
}

static void tells_a_changed_datagram_in(void **state)
{
    (void)state;
    /* The last byte of the first one is the check's FINGERPRINT. */
    size_t at = sim_record_find(&one.b, STRAIT__RECORD_RECEIVE, 0);
    struct strait_replay_result result = replay_flipped(&one.b, at);
    assert_true(result.differences > 0);
    assert_true(result.first_difference > at);
    assert_false(result.truncated);
    assert_true(strstr(result.detail, "at ") == result.detail);
}

static void tells_changed_random_bytes(void **state)
{
    (void)state;
    size_t at = sim_record_find(&one.b, STRAIT__RECORD_TRANSPORT, 0);
    size_t n = 0;
    /* The credentials' bytes are the first after the transport's. */
    while (sim_record_find(&one.b, STRAIT__RECORD_RANDOM, n) < at) {
        n++;
    }
    struct strait_replay_result result = replay_flipped(
        &one.b, sim_record_find(&one.b, STRAIT__RECORD_RANDOM, n));
    assert_true(result.differences > 0);
    assert_true(result.first_difference > at);
}

static void tells_a_changed_datagram_out(void **state)
{
    (void)state;
    for (size_t n = 0; n < 20; n++) {
        size_t at = sim_record_find(&one.b, STRAIT__RECORD_SENT, n);
        struct strait_replay_result result = replay_flipped(&one.b, at);
        assert_int_equal(result.differences, 1);
        assert_int_equal(result.first_difference, at);
        assert_int_equal(result.datagrams_out, one.sent_b);
    }
}

/* A copy of a record without what lies between two offsets. */
static uint8_t *without(const struct sim_record *record, size_t from, size_t to, size_t *len)
{
    uint8_t *copy = malloc(record->len);
    assert_non_null(copy);
    *len = record->len - (to - from);
    memcpy(copy, record->data, from);
    memcpy(copy + from, record->data + to, record->len - to);
    return copy;
}

static void tells_what_is_missing(void **state)
{
    static const enum strait__record_type types[] = {
        STRAIT__RECORD_RECEIVE, STRAIT__RECORD_REMOTE_ICE, STRAIT__RECORD_REMOTE_DTLS,
        STRAIT__RECORD_RANDOM,  STRAIT__RECORD_EVENT,      STRAIT__RECORD_EVENT_END,
        STRAIT__RECORD_SENT,    STRAIT__RECORD_SEND
    };
    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        size_t len, at = sim_record_find(&one.b, types[i], 0);
        uint8_t *copy = without(&one.b, at, sim_record_end(&one.b, at), &len);
        struct strait_replay_result result = { .size = sizeof result };
        int error = strait_replay(NULL, copy, len, &result);
        /* Without its end, an event would have the next datagrams in it. */
        assert_int_equal(error, types[i] == STRAIT__RECORD_EVENT_END ? STRAIT_E_PARSE : STRAIT_OK);
        assert_true(error != STRAIT_OK || result.differences > 0);
        assert_true(result.detail[0] != '\0');
        free(copy);
    }
}

/* --- The tool --------------------------------------------------------------------------------- */

static char *write_file(const uint8_t *data, size_t len)
{
    char *name = strdup("/tmp/strait-replay-test-XXXXXX");
    assert_non_null(name);
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
    return name;
}

/* Runs the tool; its exit status. Its output's length goes to `printed`. */
static int run_tool(const char *option, const char *name, size_t *printed)
{
    char *argv[] = { getenv("STRAIT_REPLAY"), (char *)(uintptr_t)option, (char *)(uintptr_t)name,
                     NULL };
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int status;
    if (argv[0] == NULL) {
        fail_msg("STRAIT_REPLAY does not say where the tool is");
        return -1;
    }
    char *out = write_file((const uint8_t *)"", 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, out, 1 /* O_WRONLY */, 0600);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    assert_int_equal(posix_spawn(&pid, argv[0], &actions, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    assert_true(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    FILE *file = fopen(out, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    *printed = (size_t)ftell(file);
    fclose(file);
    unlink(out);
    free(out);
    return WEXITSTATUS(status);
}

static void the_tool_says_it_by_its_exit_status(void **state)
{
    size_t brief = 0, verbose = 0;
    (void)state;
    char *name = write_file(one.b.data, one.b.len);
    assert_int_equal(run_tool("--verbose", name, &verbose), 0);
    assert_int_equal(run_tool(name, NULL, &brief), 0);
    assert_true(brief > 40 && brief < 200);
    assert_true(verbose > 20 * one.sent_b);
    unlink(name);
    free(name);

    uint8_t *byte =
        &one.b.data[sim_record_end(&one.b, sim_record_find(&one.b, STRAIT__RECORD_SENT, 3)) - 1];
    *byte ^= 1;
    name = write_file(one.b.data, one.b.len);
    *byte ^= 1;
    assert_int_equal(run_tool(name, NULL, &brief), 1);
    unlink(name);
    assert_int_equal(run_tool(name, NULL, &brief), 2);
    assert_int_equal(run_tool("--wrong", name, &brief), 2);
    assert_int_equal(run_tool("--help", NULL, &brief), 0);
    free(name);

    name = write_file((const uint8_t *)"no record", 9);
    assert_int_equal(run_tool(name, NULL, &brief), 2);
    unlink(name);
    free(name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replays_to_the_same_bytes),
        cmocka_unit_test(tells_a_changed_datagram_in),
        cmocka_unit_test(tells_changed_random_bytes),
        cmocka_unit_test(tells_a_changed_datagram_out),
        cmocka_unit_test(tells_what_is_missing),
        cmocka_unit_test(the_tool_says_it_by_its_exit_status),
    };
    record_one();
    int failed = sim_run(tests, sizeof tests / sizeof *tests);
    sim_recorded_finish(&one);
    return failed;
}
