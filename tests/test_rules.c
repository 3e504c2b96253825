/* Address rules: what is let through, and how they are written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ice/rules.h"
#include "transport/address.h"
#include "transport/util.h"

static struct strait_hooks hooks;

static bool allowed(const struct strait_address_rules *from, const char *text)
{
    struct strait__rules rules;
    struct sockaddr_storage address;
    const char *bad = "";
    assert_int_equal(strait__hooks_init(&hooks, NULL), STRAIT_OK);
    assert_int_equal(strait__rules_init(&rules, &hooks, from, &bad), STRAIT_OK);
    assert_null(bad);
    assert_true(strait__address_parse(&address, text, 5000));
    bool result = strait__rules_allow(&rules, &address);
    strait__rules_finish(&rules, &hooks);
    return result;
}

static void ranges_hold_to_the_bit(void **state)
{
    const char *deny[] = { "10.0.0.0/9", "2001:db8::/33", "8.8.8.8" };
    const char *allow[] = { "192.0.2.0/24", "10.0.0.0/8" };
    struct strait_address_rules none = { .n_allow = 0 };
    struct strait_address_rules no = { .deny = deny, .n_deny = 3 };
    struct strait_address_rules both = { .allow = allow, .n_allow = 2, .deny = deny, .n_deny = 3 };
    struct strait_address_rules all = { .deny = (const char *[]){ "::/0" }, .n_deny = 1 };
    (void)state;
    assert_true(allowed(&none, "127.0.0.1"));
    assert_false(allowed(&no, "10.127.255.255"));
    assert_true(allowed(&no, "10.128.0.0"));
    assert_false(allowed(&no, "2001:db8:7fff::1"));
    assert_true(allowed(&no, "2001:db8:8000::1"));
    assert_false(allowed(&no, "8.8.8.8"));
    assert_false(allowed(&no, "::ffff:8.8.8.8"));
    assert_true(allowed(&no, "8.8.8.9"));
    assert_true(allowed(&both, "192.0.2.255"));
    assert_false(allowed(&both, "192.0.3.0"));
    assert_false(allowed(&both, "10.1.1.1"));
    assert_true(allowed(&both, "10.200.1.1"));
    assert_false(allowed(&both, "2001:db8:8000::1"));
    assert_false(allowed(&all, "1.1.1.1"));
    assert_false(allowed(&all, "2600::1"));
}

static void private_is_all_that_is_not_public(void **state)
{
    static const char *const in[] = {
        "127.0.0.1",      "127.9.9.9",       "10.1.2.3",  "172.31.0.1",
        "192.168.1.1",    "169.254.169.254", "0.0.0.0",   "100.64.0.1",
        "224.0.0.251",    "255.255.255.255", "::1",       "::",
        "fe80::1",        "fd00::1",         "ff02::fb",  "::ffff:10.0.0.1",
        "64:ff9b::a00:1", "2002:a00:1::",    "::10.0.0.1"
    };
    static const char *const out[] = { "8.8.8.8", "172.32.0.1",   "100.128.0.1",
                                       "2600::1", "2a00:1450::1", "::ffff:8.8.8.8" };
    struct strait_address_rules rules = { .deny = (const char *[]){ "private" }, .n_deny = 1 };
    (void)state;
    for (size_t i = 0; i < sizeof in / sizeof *in; i++) {
        assert_false(allowed(&rules, in[i]));
    }
    for (size_t i = 0; i < sizeof out / sizeof *out; i++) {
        assert_true(allowed(&rules, out[i]));
    }
}

static void malformed_ones_are_refused(void **state)
{
    static const char *const texts[] = {
        "",       "10.0.0.0/33",  "10.0.0.0/",   "10.0.0.0/-1", "10.0.0/8",
        "::/129", "/8",           "10.0.0.0/08", "10.0.0.0/8 ", "public",
        "::1%lo", "10.0.0.0/8/8", "10.0.0.0/+8", "[::1]",       "%lo",
        NULL
    };
    (void)state;
    assert_int_equal(strait__hooks_init(&hooks, NULL), STRAIT_OK);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct strait__rules rules;
        struct strait_address_rules from = { .allow = &texts[i], .n_allow = 1 };
        const char *bad = NULL;
        assert_int_equal(strait__rules_init(&rules, &hooks, &from, &bad), STRAIT_E_PARSE);
        assert_non_null(bad);
        assert_null(rules.rules);
    }
}

static bool allowed_on(const struct strait_address_rules *from, const char *text,
                       const char *interface)
{
    struct strait__rules rules;
    struct sockaddr_storage address;
    const char *bad = "";
    assert_int_equal(strait__rules_init_local(&rules, &hooks, from, &bad), STRAIT_OK);
    assert_true(strait__address_parse(&address, text, 0));
    bool result = strait__rules_allow_on(&rules, &address, interface);
    strait__rules_finish(&rules, &hooks);
    return result;
}

static void interfaces_go_by_name_or_by_how_it_begins(void **state)
{
    struct strait_address_rules deny = {
        .deny = (const char *[]){ "%docker*", "%wg0", "10.0.0.0/8" }, .n_deny = 3
    };
    struct strait_address_rules allow = { .allow = (const char *[]){ "%eth0", "127.0.0.1" },
                                          .n_allow = 2 };
    struct strait_address_rules all = { .deny = (const char *[]){ "%*" }, .n_deny = 1 };
    (void)state;
    assert_int_equal(strait__hooks_init(&hooks, NULL), STRAIT_OK);
    assert_false(allowed_on(&deny, "192.0.2.1", "docker0"));
    assert_false(allowed_on(&deny, "192.0.2.1", "docker"));
    assert_true(allowed_on(&deny, "192.0.2.1", "dock"));
    assert_false(allowed_on(&deny, "2001:db8::1", "wg0"));
    assert_true(allowed_on(&deny, "192.0.2.1", "wg01"));
    assert_true(allowed_on(&deny, "192.0.2.1", "wg"));
    assert_true(allowed_on(&deny, "192.0.2.1", NULL));
    assert_false(allowed_on(&deny, "10.0.0.1", "eth0"));
    assert_true(allowed_on(&allow, "192.0.2.1", "eth0"));
    assert_false(allowed_on(&allow, "192.0.2.1", "eth1"));
    assert_true(allowed_on(&allow, "127.0.0.1", "lo"));
    assert_false(allowed_on(&allow, "192.0.2.1", NULL));
    assert_false(allowed_on(&all, "192.0.2.1", "eth0"));
    assert_true(allowed_on(&all, "192.0.2.1", NULL));
}

static void malformed_interfaces_are_refused(void **state)
{
    static const char *const texts[] = {
        "%", "%a b", "%a/b", "%*0", "%eth*0", "%%eth0", "%0123456789abcdef", "%a:b"
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct strait__rules rules;
        struct strait_address_rules from = { .deny = &texts[i], .n_deny = 1 };
        const char *bad = NULL;
        assert_int_equal(strait__rules_init_local(&rules, &hooks, &from, &bad), STRAIT_E_PARSE);
        assert_ptr_equal(bad, texts[i]);
    }
    const char *longest = "%0123456789abcde";
    struct strait_address_rules from = { .deny = &longest, .n_deny = 1 };
    assert_false(allowed_on(&from, "192.0.2.1", "0123456789abcde"));
}

static void lists_have_their_limit(void **state)
{
    const char *many[65];
    struct strait__rules rules;
    const char *bad;
    (void)state;
    for (size_t i = 0; i < 65; i++) {
        many[i] = "private";
    }
    struct strait_address_rules from = { .allow = many, .n_allow = 64, .deny = many, .n_deny = 64 };
    assert_int_equal(strait__rules_init(&rules, &hooks, &from, &bad), STRAIT_OK);
    assert_int_equal(rules.n, 2 * rules.n_allow);
    strait__rules_finish(&rules, &hooks);
    from.n_deny = 65;
    assert_int_equal(strait__rules_init(&rules, &hooks, &from, &bad), STRAIT_E_LIMIT);
    from = (struct strait_address_rules){ .n_allow = 1 };
    assert_int_equal(strait__rules_init(&rules, &hooks, &from, &bad), STRAIT_E_INVALID);
    assert_null(bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_hold_to_the_bit),
        cmocka_unit_test(private_is_all_that_is_not_public),
        cmocka_unit_test(malformed_ones_are_refused),
        cmocka_unit_test(interfaces_go_by_name_or_by_how_it_begins),
        cmocka_unit_test(malformed_interfaces_are_refused),
        cmocka_unit_test(lists_have_their_limit),
    };
    return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
