/* Records that are cut short, foreign, of another version or damaged; and no memory. */
#include <stdlib.h>
#include <string.h>

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

static struct strait_replay_result replay(const uint8_t *record, size_t len)
{
    struct strait_replay_result result = { .size = sizeof result };
    assert_int_equal(strait_replay(NULL, record, len, &result), STRAIT_OK);
    return result;
}

/* --- Damage ----------------------------------------------------------------------------------- */

static void tells_that_it_is_cut_short(void **state)
{
    (void)state;
    size_t first = sim_record_end(&one.b, 0), whole = 0, cut = 0;
    /* Cut within the first entries, the handshake, and at every 97th byte after them. */
    for (size_t len = first; len < one.b.len; len += len < first + 2000 ? 1 : 997) {
        struct strait_replay_result result = replay(one.b.data, len);
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

/* --- Memory ----------------------------------------------------------------------------------- */

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_that_it_is_cut_short), cmocka_unit_test(refuses_what_is_no_record),
        cmocka_unit_test(refuses_another_version),    cmocka_unit_test(survives_damage),
        cmocka_unit_test(gives_all_memory_back),
    };
    record_one();
    int failed = sim_run(tests, sizeof tests / sizeof *tests);
    sim_recorded_finish(&one);
    return failed;
}
