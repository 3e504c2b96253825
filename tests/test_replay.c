/*
 * Whole runs on a lossy virtual network are recorded, with calls made inside events, and replayed: the
 * same bytes come out. What is damaged is told.
 */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <strait/record.h>

#include "tests/sim/pair.h"
#include "tests/sim/suite.h"
#include "transport/replay_read.h"
#include "transport/util.h"

struct recorded {
    struct sim_record a, b;
    uint64_t sent_a, sent_b;     /* datagrams */
    uint64_t events_a, events_b; /* all kinds but media */
};

/* --- A run in which the application does things inside events ------------------------------------- */

static struct sim_record take_record(struct sim_node *node)
{
    struct sim_record record = node->record;
    memset(&node->record, 0, sizeof node->record);
    return record;
}

static uint64_t datagrams_sent(const struct sim_node *node)
{
    return sim_node_stats(node).datagrams_sent;
}

/* The path event brings what DTLS needs; CONNECTED sends data, attributes and media; data restarts ICE;
 * a visitor comes and goes. */
static void in_b(struct sim_peer *b, enum sim_event event, int state)
{
    static const uint8_t hello[] = "hello", value[] = { 1, 2, 3 };
    const struct strait_stun_attribute attribute = { 0xc057, sizeof value, value };
    strait_time now = b->node->host.net->now;
    if (event == SIM_EVENT_PATH && b->events[SIM_EVENT_PATH] == 1) {
        sim_give_dtls(b->other, b);
    } else if (event == SIM_EVENT_DTLS && state == STRAIT_DTLS_CONNECTED) {
        assert_int_equal(strait_transport_set_stun_attributes(b->transport, &attribute, 1),
                         STRAIT_OK);
        assert_int_equal(strait_transport_send_data(b->transport, now, hello, sizeof hello),
                         STRAIT_OK);
        sim_peer_send_media(b, now);
    } else if (event == SIM_EVENT_PACKETS && b->events[SIM_EVENT_PACKETS] == 3) {
        struct strait_transport *visitor;
        struct strait_transport_config config = { .size = sizeof config,
                                                  .ice = STRAIT_ICE_LITE,
                                                  .certificate = b->certificate,
                                                  .ufrag = "visitor",
                                                  .pwd = "0123456789012345678901" };
        assert_int_equal(strait_transport_create(&visitor, b->node->endpoint, &config, now),
                         STRAIT_OK);
        assert_ptr_equal(strait_endpoint_find(b->node->endpoint, "visitor"), visitor);
        strait_transport_destroy(visitor);
    }
}

static void in_a(struct sim_peer *a, enum sim_event event, int state)
{
    (void)state;
    if (event == SIM_EVENT_DATA && a->events[SIM_EVENT_DATA] == 1 && a->user == NULL) {
        assert_int_equal(strait_transport_restart_ice(a->transport, NULL, NULL), STRAIT_OK);
        assert_int_equal(strait_transport_restart_ice(a->other->transport, "newufrag",
                                                      "new-password-of-length22" + 2),
                         STRAIT_E_INVALID);
        assert_int_equal(
            strait_transport_restart_ice(a->other->transport, "newufrag", "newpasswordoflength222"),
            STRAIT_OK);
        sim_give_ice(a, a->other);
        sim_give_ice(a->other, a);
        sim_give_candidates(a->other, a);
    }
}

static uint64_t quiet_events(const struct sim_peer *peer)
{
    return peer->events[SIM_EVENT_ICE] + peer->events[SIM_EVENT_DTLS] +
           peer->events[SIM_EVENT_DATA] + peer->events[SIM_EVENT_PATH] +
           peer->events[SIM_EVENT_ATTRIBUTES];
}

static void run(struct recorded *recorded, const struct sim_plan *plan)
{
    struct sim_pair pair;
    sim_pair_init(&pair, plan);
    pair.a.other = &pair.b;
    pair.b.other = &pair.a;
    pair.a.on_event = in_a;
    pair.b.on_event = in_b;
    sim_give_dtls(&pair.b, &pair.a);
    if (pair.external) {
        /* A host that has an ICE of its own restarts it itself. */
        pair.a.user = &pair;
        sim_pair_give_paths(&pair);
    } else {
        sim_give_ice(&pair.a, &pair.b);
        sim_give_candidates(&pair.a, &pair.b);
        sim_give_ice(&pair.b, &pair.a);
        sim_give_candidates(&pair.b, &pair.a);
    }
    assert_true(sim_net_run(&pair.net, pair.net.now + 30 * STRAIT_S, sim_pair_connected, &pair));
    sim_pair_media(&pair, 2 * STRAIT_S);
    assert_true(pair.a.got.rtp > 20 && pair.b.got.rtp > 20);
    strait_transport_close(pair.a.transport, pair.net.now);
    sim_node_drain(&pair.node_a);
    sim_pair_run(&pair, STRAIT_S);
    recorded->sent_a = datagrams_sent(&pair.node_a);
    recorded->sent_b = datagrams_sent(&pair.node_b);
    recorded->events_a = quiet_events(&pair.a);
    recorded->events_b = quiet_events(&pair.b);
    sim_peer_destroy(&pair.a);
    recorded->a = take_record(&pair.node_a);
    recorded->b = take_record(&pair.node_b);
    sim_pair_finish(&pair);
}

static struct sim_plan plan_of(enum sim_version version, unsigned loss, uint64_t seed)
{
    static const enum strait_ice_kind a_ices[] = { STRAIT_ICE_FULL, STRAIT_ICE_FULL,
                                                   STRAIT_ICE_EXTERNAL, STRAIT_ICE_FULL };
    static const enum strait_ice_kind b_ices[] = { STRAIT_ICE_LITE, STRAIT_ICE_FULL,
                                                   STRAIT_ICE_EXTERNAL, STRAIT_ICE_LITE };
    return (struct sim_plan){ .seed = seed,
                              .version = version,
                              .b_is_client = seed % 2 == 1,
                              .a_ice = a_ices[seed % 4],
                              .b_ice = b_ices[seed % 4],
                              .link = sim_lossy_link(loss),
                              .record = true };
}

/* One that most cases look at: it lost datagrams and had data, attributes and a restart. */
static struct recorded one;

static int record_one(void **state)
{
    struct sim_plan plan = plan_of(SIM_DTLS_13, 10, 4);
    (void)state;
    run(&one, &plan);
    return 0;
}

static int forget_one(void **state)
{
    (void)state;
    free(one.a.data);
    free(one.b.data);
    return 0;
}

/* --- The same bytes ------------------------------------------------------------------------------------ */

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
            struct recorded recorded;
            struct sim_plan plan = plan_of((enum sim_version)(j / 3), losses[j % 3], i);
            run(&recorded, &plan);
            check_same(&recorded.a, recorded.sent_a, recorded.events_a);
            check_same(&recorded.b, recorded.sent_b, recorded.events_b);
            free(recorded.a.data);
            free(recorded.b.data);
        }
    }
}

/* --- Differences --------------------------------------------------------------------------------------- */

/* The offset of the n-th entry of a type, from 0, or SIZE_MAX. */
static size_t find(const struct sim_record *record, enum strait__record_type type, size_t n)
{
    struct strait__entry entry;
    for (size_t at = 0, next;
         strait__entry_read(&entry, record->data, record->len, at, &next) == STRAIT__ENTRY_WHOLE;
         at = next) {
        if (entry.type == type && n-- == 0) {
            return at;
        }
    }
    return SIZE_MAX;
}

static size_t end_of(const struct sim_record *record, size_t at)
{
    struct strait__entry entry;
    size_t next = 0;
    assert_int_equal(strait__entry_read(&entry, record->data, record->len, at, &next),
                     STRAIT__ENTRY_WHOLE);
    return next;
}

/* Turns a bit in the last byte of an entry over and replays. */
static struct strait_replay_result replay_flipped(struct sim_record *record, size_t at)
{
    uint8_t *byte = &record->data[end_of(record, at) - 1];
    *byte ^= 1;
    struct strait_replay_result result = replay(record->data, record->len, NULL);
    *byte ^= 1;
    return result;
}

static void tells_a_changed_datagram_in(void **state)
{
    (void)state;
    /* The last byte of the first one is the check's FINGERPRINT. */
    size_t at = find(&one.b, STRAIT__RECORD_RECEIVE, 0);
    struct strait_replay_result result = replay_flipped(&one.b, at);
    assert_true(result.differences > 0);
    assert_true(result.first_difference > at);
    assert_false(result.truncated);
    assert_true(strstr(result.detail, "at ") == result.detail);
}

static void tells_changed_random_bytes(void **state)
{
    (void)state;
    size_t at = find(&one.b, STRAIT__RECORD_TRANSPORT, 0);
    size_t n = 0;
    /* The credentials' bytes are the first after the transport's. */
    while (find(&one.b, STRAIT__RECORD_RANDOM, n) < at) {
        n++;
    }
    struct strait_replay_result result = replay_flipped(&one.b,
                                                        find(&one.b, STRAIT__RECORD_RANDOM, n));
    assert_true(result.differences > 0);
    assert_true(result.first_difference > at);
}

static void tells_a_changed_datagram_out(void **state)
{
    (void)state;
    for (size_t n = 0; n < 20; n++) {
        size_t at = find(&one.b, STRAIT__RECORD_SENT, n);
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
        size_t len, at = find(&one.b, types[i], 0);
        uint8_t *copy = without(&one.b, at, end_of(&one.b, at), &len);
        struct strait_replay_result result = { .size = sizeof result };
        int error = strait_replay(NULL, copy, len, &result);
        /* Without its end, an event would have the next datagrams in it. */
        assert_int_equal(error, types[i] == STRAIT__RECORD_EVENT_END ? STRAIT_E_PARSE : STRAIT_OK);
        assert_true(error != STRAIT_OK || result.differences > 0);
        assert_true(result.detail[0] != '\0');
        free(copy);
    }
}

/* --- Damage ---------------------------------------------------------------------------------------------- */

static void tells_that_it_is_cut_short(void **state)
{
    (void)state;
    size_t first = end_of(&one.b, 0), whole = 0, cut = 0;
    /* Cut within the first entries, the handshake, and at every 97th byte after them. */
    for (size_t len = first; len < one.b.len; len += len < first + 2000 ? 1 : 997) {
        struct strait_replay_result result = replay(one.b.data, len, NULL);
        assert_int_equal(result.differences, 0);
        *(result.truncated ? &cut : &whole) += 1;
        assert_true(result.truncated == (result.detail[0] != '\0'));
    }
    assert_true(cut > 1000 && whole > 0);
}

static void refuses_what_is_no_record(void **state)
{
    static const uint8_t foreign[] = "\x7f"
                                     "ELF, or a picture, or whatever else lies about";
    struct strait_replay_result result = { .size = sizeof result };
    (void)state;
    assert_int_equal(strait_replay(NULL, foreign, sizeof foreign, &result), STRAIT_E_PARSE);
    assert_non_null(strstr(result.detail, "no record"));
    assert_int_equal(strait_replay(NULL, foreign, 0, &result), STRAIT_E_PARSE);
    assert_int_equal(strait_replay(NULL, one.a.data, 20, &result), STRAIT_E_PARSE);
    assert_int_equal(strait_replay(NULL, one.a.data + 5, one.a.len - 5, &result), STRAIT_E_PARSE);
    assert_int_equal(strait_replay(NULL, NULL, 0, &result), STRAIT_E_INVALID);
    assert_int_equal(strait_replay(NULL, one.a.data, one.a.len, NULL), STRAIT_E_INVALID);
    result.size = 0;
    assert_int_equal(strait_replay(NULL, one.a.data, one.a.len, &result), STRAIT_E_INVALID);
}

static void refuses_another_version(void **state)
{
    struct strait_replay_result result = { .size = sizeof result };
    (void)state;
    /* Type, length, magic, the length of the version, its first digit. */
    uint8_t *digit = &one.a.data[5 + sizeof STRAIT__RECORD_MAGIC - 1 + 4];
    assert_int_equal(*digit, strait_version()[0]);
    *digit ^= 8;
    assert_int_equal(strait_replay(NULL, one.a.data, one.a.len, &result), STRAIT_E_UNSUPPORTED);
    assert_non_null(strstr(result.detail, "version"));
    *digit ^= 8;
}

/* Any bytes may stand anywhere: a record comes from another machine. */
static void survives_damage(void **state)
{
    enum { ROUNDS = 3000 };
    struct sim_random random;
    uint8_t *copy = malloc(one.b.len);
    unsigned parse = 0, differs = 0;
    (void)state;
    assert_non_null(copy);
    sim_random_init(&random, 1, 1);
    size_t rounds = sim_seeds(200) < 200 ? ROUNDS / 10 : ROUNDS;
    for (size_t i = 0; i < rounds; i++) {
        struct strait_replay_result result = { .size = sizeof result };
        size_t most = i % 2 == 0 ? 6000 : one.b.len; /* the beginning says most */
        size_t len = sim_random_chance(&random, 30) ? sim_random_below(&random, most) + 1
                                                    : one.b.len;
        memcpy(copy, one.b.data, one.b.len);
        for (size_t k = sim_random_below(&random, 4) + 1; k > 0; k--) {
            copy[sim_random_below(&random, most)] = (uint8_t)sim_random_next(&random);
        }
        int error = strait_replay(NULL, copy, len, &result);
        assert_true(error == STRAIT_OK || error == STRAIT_E_PARSE || error == STRAIT_E_UNSUPPORTED);
        parse += error == STRAIT_E_PARSE;
        differs += error == STRAIT_OK && result.differences > 0;
    }
    assert_true(parse > rounds / 20 && differs > rounds / 20);
    free(copy);
}

/* --- Memory ---------------------------------------------------------------------------------------------- */

struct heap {
    size_t live, count, fail; /* the `fail`-th allocation fails */
};

static void *heap_alloc(void *user, size_t bytes)
{
    struct heap *heap = user;
    if (++heap->count == heap->fail) {
        return NULL;
    }
    heap->live++;
    return malloc(bytes);
}

static void heap_free(void *user, void *memory)
{
    struct heap *heap = user;
    heap->live--;
    free(memory);
}

static int try_heap(struct heap *heap, size_t fail)
{
    *heap = (struct heap){ .fail = fail };
    struct strait_hooks hooks = {
        .size = sizeof hooks, .user = heap, .alloc = heap_alloc, .free = heap_free
    };
    struct strait_replay_config config = { .size = sizeof config, .hooks = &hooks };
    struct strait_replay_result result = { .size = sizeof result };
    int error = strait_replay(&config, one.b.data, one.b.len, &result);
    assert_int_equal(heap->live, 0);
    assert_true(error != STRAIT_OK || result.differences == 0);
    return error;
}

static void gives_all_memory_back(void **state)
{
    struct heap heap;
    (void)state;
    assert_int_equal(try_heap(&heap, 0), STRAIT_OK);
    size_t count = heap.count;
    assert_true(count > 100);
    for (size_t fail = 1; fail <= count; fail += fail < 200 ? 1 : 37) {
        assert_int_equal(try_heap(&heap, fail), STRAIT_E_NOMEM);
    }
}

/* --- The tool -------------------------------------------------------------------------------------------- */

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
    extern char **environ;
    char *out = write_file((const uint8_t *)"", 0);
    char *argv[] = { getenv("STRAIT_REPLAY"), (char *)(uintptr_t)option, (char *)(uintptr_t)name,
                     NULL };
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int status;
    assert_non_null(argv[0]);
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
    size_t brief, verbose;
    (void)state;
    char *name = write_file(one.b.data, one.b.len);
    assert_int_equal(run_tool("--verbose", name, &verbose), 0);
    assert_int_equal(run_tool(name, NULL, &brief), 0);
    assert_true(brief > 40 && brief < 200);
    assert_true(verbose > 20 * one.sent_b);
    unlink(name);
    free(name);

    uint8_t *byte = &one.b.data[end_of(&one.b, find(&one.b, STRAIT__RECORD_SENT, 3)) - 1];
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
        cmocka_unit_test(tells_that_it_is_cut_short),
        cmocka_unit_test(refuses_what_is_no_record),
        cmocka_unit_test(refuses_another_version),
        cmocka_unit_test(survives_damage),
        cmocka_unit_test(gives_all_memory_back),
        cmocka_unit_test(the_tool_says_it_by_its_exit_status),
    };
    record_one(NULL);
    int failed = sim_run(tests, sizeof tests / sizeof *tests);
    forget_one(NULL);
    return failed;
}
