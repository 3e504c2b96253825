#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "transport/address.h"
#include "transport/table.h"
#include "transport/util.h"

/* --- The table ----------------------------------------------------------------------------------- */

enum { MANY = 5000 };

struct thing {
    struct strait__node node;
    char key[24];
};

static struct thing things[MANY];

static void fill(struct strait__table *table)
{
    memset(things, 0, sizeof things);
    for (unsigned i = 0; i < MANY; i++) {
        size_t len = (size_t)snprintf(things[i].key, sizeof things[i].key, "key %u", i * 7919);
        assert_int_equal(strait__table_add(table, &things[i].node, things[i].key, len, &things[i]),
                         STRAIT_OK);
    }
}

static void a_table_finds_what_is_in_it_and_nothing_else(void **state)
{
    (void)state;
    struct strait_hooks hooks;
    struct strait__table table;
    strait__hooks_init(&hooks, NULL);
    assert_int_equal(strait__table_init(&table, &hooks), STRAIT_OK);
    fill(&table);
    for (unsigned i = 0; i < MANY; i += 2) {
        strait__table_remove(&table, &things[i].node);
    }
    for (unsigned i = 0; i < MANY; i++) {
        assert_ptr_equal(strait__table_find(&table, things[i].key, strlen(things[i].key)),
                         i % 2 == 0 ? NULL : (void *)&things[i]);
    }
    assert_int_equal(table.count, MANY / 2);
    strait__table_finish(&table);
}

static void a_table_refuses_a_key_twice_and_a_node_twice(void **state)
{
    (void)state;
    struct strait_hooks hooks;
    struct strait__table table;
    struct strait__node a = { 0 }, b = { 0 };
    int value;
    strait__hooks_init(&hooks, NULL);
    assert_int_equal(strait__table_init(&table, &hooks), STRAIT_OK);
    assert_int_equal(strait__table_add(&table, &a, "x", 1, &value), STRAIT_OK);
    assert_int_equal(strait__table_add(&table, &b, "x", 1, &value), STRAIT_E_EXISTS);
    assert_int_equal(strait__table_add(&table, &a, "y", 1, &value), STRAIT_E_EXISTS);
    assert_int_equal(strait__table_add(&table, &b, "y", 1, NULL), STRAIT_E_INVALID);
    strait__table_remove(&table, &b);
    strait__table_remove(&table, &a);
    assert_null(strait__table_find(&table, "x", 1));
    assert_int_equal(strait__table_add(&table, &b, "x", 1, &value), STRAIT_OK);
    strait__table_finish(&table);
}

static int no_random(void *user, uint8_t *out, size_t bytes)
{
    (void)user;
    (void)out;
    (void)bytes;
    return -1;
}

static void a_table_without_randomness_is_an_error(void **state)
{
    (void)state;
    struct strait_hooks own = { .size = sizeof own, .random = no_random }, hooks;
    struct strait__table table;
    strait__hooks_init(&hooks, &own);
    assert_int_equal(strait__table_init(&table, &hooks), STRAIT_E_RANDOM);
    strait__table_finish(&table);
}

static void hooks_without_their_size_or_by_halves_are_refused(void **state)
{
    (void)state;
    struct strait_hooks own = { .random = no_random }, hooks;
    assert_int_equal(strait__hooks_init(&hooks, &own), STRAIT_E_INVALID);
    assert_ptr_not_equal(hooks.random, no_random);
    own.size = sizeof own;
    assert_int_equal(strait__hooks_init(&hooks, &own), STRAIT_OK);
    assert_ptr_equal(hooks.random, no_random);
    own.alloc = hooks.alloc;
    assert_int_equal(strait__hooks_init(&hooks, &own), STRAIT_E_INVALID);
    own.alloc = NULL;
    own.free = hooks.free;
    assert_int_equal(strait__hooks_init(&hooks, &own), STRAIT_E_INVALID);
    /* Of an older header, that knew no log. */
    own.free = NULL;
    own.size = offsetof(struct strait_hooks, log);
    assert_int_equal(strait__hooks_init(&hooks, &own), STRAIT_OK);
    assert_ptr_equal(hooks.random, no_random);
    assert_int_equal(hooks.size, sizeof hooks);
}

/* --- Addresses -------------------------------------------------------------------------------------- */

static struct sockaddr_storage address(const char *host, uint16_t port)
{
    struct sockaddr_storage a;
    assert_true(strait__address_parse(&a, host, port));
    return a;
}

static void addresses_parse_print_and_compare(void **state)
{
    (void)state;
    char text[STRAIT__ADDRESS_TEXT];
    struct sockaddr_storage a = address("192.0.2.1", 5000), b = address("192.0.2.1", 5001);
    struct sockaddr_storage c = address("2001:db8::1", 5000);
    assert_string_equal(strait__address_print(&a, text, sizeof text), "192.0.2.1:5000");
    assert_string_equal(strait__address_print(&c, text, sizeof text), "[2001:db8::1]:5000");
    assert_string_equal(strait__address_print_host(&c, text, sizeof text), "2001:db8::1");
    assert_true(strait__address_same_host(&a, &b));
    assert_false(strait__address_equal(&a, &b));
    assert_false(strait__address_equal(&a, &c));
    strait__address_set_port(&b, 5000);
    assert_true(strait__address_equal(&a, &b));
    struct sockaddr_storage none;
    assert_false(strait__address_parse(&none, "example.org", 1));
    assert_false(strait__address_parse(&none, "", 1));
    assert_string_equal(strait__address_print(&none, text, sizeof text), "?:0");
}

static void paths_have_equal_keys_only_if_they_are_equal(void **state)
{
    (void)state;
    const struct strait_path base = { .local = address("192.0.2.1", 1),
                                      .remote = address("198.51.100.1", 2),
                                      .socket = 3 };
    struct strait_path others[6] = { base, base, base, base, base, base };
    others[1].socket = 4;
    others[2].local = address("192.0.2.2", 1);
    others[3].local = address("192.0.2.1", 9);
    others[4].remote = address("2001:db8::1", 2);
    others[5].remote = address("198.51.100.1", 3);
    struct strait__path_key first, key;
    strait__path_key(&first, &base);
    for (size_t i = 0; i < 6; i++) {
        strait__path_key(&key, &others[i]);
        assert_int_equal(memcmp(&first, &key, sizeof key) == 0, i == 0);
        assert_int_equal(strait__path_equal(&base, &others[i]), i == 0);
    }
}

static void a_short_or_foreign_sockaddr_is_refused(void **state)
{
    (void)state;
    struct sockaddr_storage a = address("192.0.2.1", 1), out;
    struct sockaddr odd = { .sa_family = AF_UNIX };
    assert_true(strait__address_copy(&out, (struct sockaddr *)&a, sizeof a));
    assert_false(strait__address_copy(&out, (struct sockaddr *)&a, 8));
    assert_false(strait__address_copy(&out, (struct sockaddr *)&a, 0));
    assert_false(strait__address_copy(&out, &odd, sizeof odd));
    assert_false(strait__address_copy(&out, NULL, 16));
}

/* --- Structs that begin with their size ---------------------------------------------------------------- */

struct small {
    size_t size;
    uint32_t a;
};

struct large {
    size_t size;
    uint32_t a, pad;
    uint64_t b;
};

static void configs_of_older_and_newer_callers_are_read(void **state)
{
    (void)state;
    struct small older = { .size = sizeof older, .a = 1 };
    struct large newer = { .size = sizeof newer, .a = 2, .b = 0 }, large;
    struct small small;
    assert_int_equal(strait__sized_read(&large, sizeof large, &older), STRAIT_OK);
    assert_int_equal(large.a, 1);
    assert_int_equal(large.b, 0);
    assert_int_equal(strait__sized_read(&small, sizeof small, &newer), STRAIT_OK);
    assert_int_equal(small.a, 2);
    newer.b = 7; /* asks for what the older library cannot do */
    assert_int_equal(strait__sized_read(&small, sizeof small, &newer), STRAIT_E_INVALID);
    older.size = 0;
    assert_int_equal(strait__sized_read(&large, sizeof large, &older), STRAIT_E_INVALID);
    assert_int_equal(strait__sized_read(&large, sizeof large, NULL), STRAIT_E_INVALID);
}

static void statistics_fill_what_the_caller_knows(void **state)
{
    (void)state;
    const struct large full = { .size = sizeof full, .a = 5, .b = 6 };
    struct small small = { .size = sizeof small };
    assert_int_equal(strait__sized_copy(&small, &full, sizeof full), STRAIT_OK);
    assert_int_equal(small.a, 5);
    assert_int_equal(small.size, sizeof small);
    small.size = 1;
    assert_int_equal(strait__sized_copy(&small, &full, sizeof full), STRAIT_E_INVALID);
    assert_int_equal(strait__sized_copy(NULL, &full, sizeof full), STRAIT_E_INVALID);
}

static void comparing_in_constant_time_compares(void **state)
{
    (void)state;
    uint8_t a[33] = { 0 }, b[33] = { 0 };
    assert_true(strait__equal_ct(a, b, sizeof a));
    for (size_t i = 0; i < sizeof a; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            b[i] = (uint8_t)(1u << bit);
            assert_false(strait__equal_ct(a, b, sizeof a));
        }
        b[i] = 0;
    }
}

static void every_error_has_a_name_and_a_text_of_its_own(void **state)
{
    (void)state;
    for (int a = STRAIT_E_INVALID; a >= STRAIT_E_FORGERIES; a--) {
        if (a < STRAIT_E_DENIED && a > STRAIT_E_FINGERPRINT) {
            assert_string_equal(strait_error_name(a), "STRAIT_E_?");
            continue;
        }
        assert_string_not_equal(strait_error_name(a), "STRAIT_E_?");
        for (int b = STRAIT_OK; b > a; b--) {
            bool gap = b < STRAIT_E_DENIED && b > STRAIT_E_FINGERPRINT;
            assert_true(gap || strcmp(strait_strerror(a), strait_strerror(b)) != 0);
        }
    }
    assert_string_equal(strait_version(), "0.1.0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_finds_what_is_in_it_and_nothing_else),
        cmocka_unit_test(a_table_refuses_a_key_twice_and_a_node_twice),
        cmocka_unit_test(a_table_without_randomness_is_an_error),
        cmocka_unit_test(hooks_without_their_size_or_by_halves_are_refused),
        cmocka_unit_test(addresses_parse_print_and_compare),
        cmocka_unit_test(paths_have_equal_keys_only_if_they_are_equal),
        cmocka_unit_test(a_short_or_foreign_sockaddr_is_refused),
        cmocka_unit_test(configs_of_older_and_newer_callers_are_read),
        cmocka_unit_test(statistics_fill_what_the_caller_knows),
        cmocka_unit_test(comparing_in_constant_time_compares),
        cmocka_unit_test(every_error_has_a_name_and_a_text_of_its_own),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
