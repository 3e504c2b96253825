#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "transport/address.h"
#include "transport/deadlines.h"
#include "transport/outbox.h"
#include "transport/util.h"

static struct strait_path path_to(uint16_t port)
{
    struct strait_path path = { .socket = 1 };
    strait__address_parse(&path.local, "192.0.2.1", 40000);
    strait__address_parse(&path.remote, "198.51.100.1", port);
    return path;
}

static unsigned allocated;

static void *counting_alloc(void *user, size_t bytes)
{
    (void)user;
    allocated++;
    return malloc(bytes);
}

static void counting_free(void *user, void *memory)
{
    (void)user;
    free(memory);
}

static struct strait_hooks counting(void)
{
    struct strait_hooks own = { .size = sizeof own,
                                .alloc = counting_alloc,
                                .free = counting_free };
    struct strait_hooks hooks;
    strait__hooks_init(&hooks, &own);
    allocated = 0;
    return hooks;
}

static void put(struct strait__outbox *outbox, uint16_t port, size_t len, uint8_t fill)
{
    uint8_t data[2000];
    struct strait_path path = path_to(port);
    memset(data, fill, sizeof data);
    assert_int_equal(strait__outbox_put(outbox, &path, data, len), STRAIT_OK);
}

static void datagrams_for_one_receiver_make_a_train(void **state)
{
    (void)state;
    struct strait_hooks hooks = counting();
    struct strait__outbox outbox;
    struct strait_send out[8];
    strait__outbox_init(&outbox, &hooks, 1 << 20);
    put(&outbox, 1, 100, 'a');
    put(&outbox, 1, 100, 'b');
    put(&outbox, 1, 60, 'c'); /* shorter: the last of its train */
    put(&outbox, 1, 60, 'd');
    put(&outbox, 2, 60, 'e'); /* another receiver */
    put(&outbox, 2, 61, 'f'); /* longer: not a segment of that train */
    assert_int_equal(strait__outbox_pending(&outbox, out, 8), 4);
    assert_int_equal(out[0].len, 260);
    assert_int_equal(out[0].segment_size, 100);
    assert_int_equal(out[0].data[0], 'a');
    assert_int_equal(out[0].data[199], 'b');
    assert_int_equal(out[0].data[200], 'c');
    assert_int_equal(out[1].len, 60);
    assert_int_equal(out[1].segment_size, 0);
    assert_int_equal(strait__address_port(&out[2].path->remote), 2);
    assert_int_equal(out[3].len, 61);
    strait__outbox_sent(&outbox, 4);
    assert_true(strait__outbox_empty(&outbox));
    assert_int_equal(outbox.sent_datagrams, 6);
    assert_int_equal(outbox.sent_bytes, 441);
    strait__outbox_finish(&outbox);
}

static void a_train_keeps_to_the_kernels_limits(void **state)
{
    (void)state;
    struct strait_hooks hooks = counting();
    struct strait__outbox outbox;
    struct strait_send out[64];
    strait__outbox_init(&outbox, &hooks, 1 << 22);
    for (unsigned i = 0; i < 200; i++) {
        put(&outbox, 1, 1200, (uint8_t)i);
    }
    size_t n = strait__outbox_pending(&outbox, out, 64), seen = 0;
    for (size_t i = 0; i < n; i++) {
        assert_true(out[i].len <= STRAIT__TRAIN_BYTES);
        assert_true(out[i].len / 1200 <= STRAIT__TRAIN_SEGMENTS);
        for (size_t at = 0; at < out[i].len; at += 1200) {
            assert_int_equal(out[i].data[at], (uint8_t)seen++);
        }
    }
    assert_int_equal(seen, 200);
    strait__outbox_finish(&outbox);
}

static void ecn_and_dscp_are_not_mixed_in_a_train(void **state)
{
    (void)state;
    struct strait_hooks hooks = counting();
    struct strait__outbox outbox;
    struct strait_send out[4];
    struct strait_path path = path_to(1);
    strait__outbox_init(&outbox, &hooks, 1 << 20);
    for (uint8_t dscp = 0; dscp < 2; dscp++) {
        uint8_t *data = strait__outbox_reserve(&outbox, &path, 100, 1, dscp);
        assert_non_null(data);
        memset(data, 0, 100);
        strait__outbox_commit(&outbox, 50);
    }
    assert_int_equal(strait__outbox_pending(&outbox, out, 4), 2);
    assert_int_equal(out[1].dscp, 1);
    assert_int_equal(out[1].ecn, 1);
    strait__outbox_finish(&outbox);
}

static void a_full_outbox_says_so_and_takes_again_when_drained(void **state)
{
    (void)state;
    struct strait_hooks hooks = counting();
    struct strait__outbox outbox;
    struct strait_path path = path_to(1);
    uint8_t data[1000] = { 0 };
    strait__outbox_init(&outbox, &hooks, 2 * STRAIT__OUTBOX_CHUNK);
    unsigned taken = 0;
    while (strait__outbox_put(&outbox, &path, data, sizeof data) == STRAIT_OK) {
        taken++;
    }
    assert_true(taken >= 260 && taken <= 262);
    assert_int_equal(strait__outbox_put(&outbox, &path, data, sizeof data), STRAIT_E_AGAIN);
    strait__outbox_sent(&outbox, 1000);
    assert_true(strait__outbox_empty(&outbox));
    assert_int_equal(strait__outbox_put(&outbox, &path, data, sizeof data), STRAIT_OK);
    strait__outbox_finish(&outbox);
}

static void queueing_allocates_nothing_once_it_has_its_size(void **state)
{
    (void)state;
    struct strait_hooks hooks = counting();
    struct strait__outbox outbox;
    strait__outbox_init(&outbox, &hooks, 1 << 22);
    for (unsigned round = 0; round < 20; round++) {
        for (unsigned i = 0; i < 1500; i++) {
            put(&outbox, (uint16_t)(i % 700), 300, 0);
        }
        unsigned before = allocated;
        strait__outbox_sent(&outbox, SIZE_MAX);
        assert_true(round == 0 || allocated == before);
        assert_int_equal(outbox.datagrams, outbox.sent_datagrams);
    }
    assert_true(allocated <= 8);
    strait__outbox_finish(&outbox);
}

static void what_is_forgotten_leaves_no_trace(void **state)
{
    (void)state;
    struct strait_hooks hooks = counting();
    struct strait__outbox outbox;
    struct strait_send out[4];
    struct strait_path path = path_to(1);
    strait__outbox_init(&outbox, &hooks, 1 << 20);
    assert_non_null(strait__outbox_reserve(&outbox, &path, 100, 0, 0));
    strait__outbox_commit(&outbox, 0);
    assert_int_equal(strait__outbox_pending(&outbox, out, 4), 0);
    assert_null(strait__outbox_reserve(&outbox, &path, STRAIT__OUTBOX_CHUNK + 1, 0, 0));
    strait__outbox_finish(&outbox);
}

/* --- Deadlines ------------------------------------------------------------------------------------------ */

enum { ENTRIES = 500 };

static void the_earliest_deadline_comes_first(void **state)
{
    (void)state;
    static struct strait__deadline entry[ENTRIES];
    struct strait_hooks hooks = counting();
    struct strait__deadlines deadlines;
    uint32_t random = 1;
    strait__deadlines_init(&deadlines, &hooks);
    assert_null(strait__deadlines_first(&deadlines));
    for (unsigned i = 0; i < ENTRIES; i++) {
        assert_int_equal(strait__deadlines_add(&deadlines, &entry[i]), STRAIT_OK);
    }
    for (unsigned round = 0; round < 20 * ENTRIES; round++) {
        random = random * 1664525u + 1013904223u;
        strait__deadlines_set(&deadlines, &entry[(random >> 8) % ENTRIES], random >> 12);
        strait_time least = STRAIT_TIME_NEVER;
        for (unsigned i = 0; round % 97 == 0 && i < ENTRIES; i++) {
            least = entry[i].when < least ? entry[i].when : least;
        }
        assert_true(round % 97 != 0 || strait__deadlines_first(&deadlines)->when == least);
    }
    strait_time last = 0;
    for (unsigned i = 0; i < ENTRIES; i++) {
        struct strait__deadline *first = strait__deadlines_first(&deadlines);
        assert_true(first->when >= last);
        last = first->when;
        strait__deadlines_remove(&deadlines, first);
        strait__deadlines_remove(&deadlines, first);
    }
    assert_null(strait__deadlines_first(&deadlines));
    strait__deadlines_finish(&deadlines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(datagrams_for_one_receiver_make_a_train),
        cmocka_unit_test(a_train_keeps_to_the_kernels_limits),
        cmocka_unit_test(ecn_and_dscp_are_not_mixed_in_a_train),
        cmocka_unit_test(a_full_outbox_says_so_and_takes_again_when_drained),
        cmocka_unit_test(queueing_allocates_nothing_once_it_has_its_size),
        cmocka_unit_test(what_is_forgotten_leaves_no_trace),
        cmocka_unit_test(the_earliest_deadline_comes_first),
    };
    return cmocka_run_group_tests_name("outbox", tests, NULL, NULL);
}
