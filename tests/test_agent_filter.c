/* The remote rules as a program for the kernel, run by an interpreter here, against the rules themselves; and which of a
 * host's addresses are gathered from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <linux/if_addr.h>
#include <netinet/in.h>

#include <strait/strait.h>

#include "ice/agent/filter.h"
#include "ice/agent/interfaces.h"
#include "transport/address.h"
#include "transport/util.h"

static struct strait_hooks hooks;
static struct sock_filter program[STRAIT__FILTER_ROOM];

static int setup(void **state)
{
    (void)state;
    return strait__hooks_init(&hooks, NULL);
}

static struct sockaddr_storage address_of(const char *text)
{
    struct sockaddr_storage address;
    assert_true(strait__address_parse(&address, text, 0));
    return address;
}

/* --- The program -------------------------------------------------------------------------------------- */

/* What the kernel would return for a packet with this network header and source port; each jump stays inside. */
static uint32_t run(size_t n, const uint8_t header[40], uint16_t port)
{
    uint32_t a = 0;
    for (size_t at = 0; at < n; at++) {
        const struct sock_filter *i = &program[at];
        uint32_t k = i->k - (uint32_t)SKF_NET_OFF;
        switch (i->code) {
        case BPF_LD | BPF_B | BPF_ABS:
            assert_in_range(k, 0, 39);
            a = header[k];
            break;
        case BPF_LD | BPF_H | BPF_ABS:
            assert_int_equal(i->k, 0);
            a = port;
            break;
        case BPF_LD | BPF_W | BPF_ABS:
            assert_in_range(k, 0, 36);
            a = strait__get32(header + k);
            break;
        case BPF_ALU | BPF_AND | BPF_K:
            a &= i->k;
            break;
        case BPF_ALU | BPF_RSH | BPF_K:
            a >>= i->k;
            break;
        case BPF_JMP | BPF_JEQ | BPF_K:
            at += a == i->k ? i->jt : i->jf;
            break;
        case BPF_JMP | BPF_JA:
            at += i->k;
            break;
        case BPF_RET | BPF_K:
            return i->k;
        default:
            fail_msg("instruction %#x", i->code);
        }
    }
    fail_msg("ran off the end");
    return 0;
}

static bool passes(size_t n, const struct sockaddr_storage *source)
{
    uint8_t header[40];
    memset(header, 0xaa, sizeof header);
    if (source->ss_family == AF_INET) {
        header[0] = 0x45;
        memcpy(header + 12, &((const struct sockaddr_in *)(const void *)source)->sin_addr, 4);
    } else {
        header[0] = 0x60;
        memcpy(header + 8, &((const struct sockaddr_in6 *)(const void *)source)->sin6_addr, 16);
    }
    uint32_t result = run(n, header, strait__address_port(source));
    assert_true(result == 0 || result == UINT32_MAX);
    return result != 0;
}

/* Near the rules, where a wrong bit shows: an address of one, with one bit turned. */
static struct sockaddr_storage some_address(const struct strait__rules *rules)
{
    static const char *const others[] = { "8.8.8.8", "2600::1" };
    struct sockaddr_storage address = address_of(others[rand() % 2]);
    const struct strait__rule *rule = &rules->rules[(size_t)rand() % rules->n];
    uint8_t bytes[16];
    memcpy(bytes, rule->bytes, 16);
    bytes[rand() % 16] ^= (uint8_t)(1u << rand() % 8);
    bool four = rule->len >= 96 && bytes[10] == 0xff && bytes[11] == 0xff && bytes[0] == 0;
    if (rand() % 8 == 0) {
        return address;
    }
    memset(&address, 0, sizeof address);
    address.ss_family = four ? AF_INET : AF_INET6;
    if (four) {
        memcpy(&((struct sockaddr_in *)(void *)&address)->sin_addr, bytes + 12, 4);
    } else {
        memcpy(&((struct sockaddr_in6 *)(void *)&address)->sin6_addr, bytes, 16);
    }
    return address;
}

static void check_same(const struct strait_address_rules *one,
                       const struct strait_address_rules *two)
{
    struct strait__rules a, b;
    const char *bad;
    unsigned through = 0, dropped = 0;
    assert_int_equal(strait__rules_init(&a, &hooks, one, &bad), STRAIT_OK);
    assert_int_equal(strait__rules_init(&b, &hooks, two, &bad), STRAIT_OK);
    int n = strait__filter_build(program, (const struct strait__rules *[]){ &a, &b }, 2, NULL, 0);
    assert_true(n > 0);
    for (int i = 0; i < 20000; i++) {
        struct sockaddr_storage source = some_address(i % 2 == 0 || b.n == 0 ? &a : &b);
        bool expected = strait__rules_allow(&a, &source) && strait__rules_allow(&b, &source);
        if (passes((size_t)n, &source) != expected) {
            char text[STRAIT__ADDRESS_TEXT];
            fail_msg("%s", strait__address_print_host(&source, text, sizeof text));
        }
        *(expected ? &through : &dropped) += 1;
    }
    assert_true(through > 100 && dropped > 100);
    strait__rules_finish(&a, &hooks);
    strait__rules_finish(&b, &hooks);
}

static void the_kernel_decides_as_the_rules_do(void **state)
{
    static const char *const private[] = { "private" };
    static const char *const mixed[] = { "10.0.0.0/9", "2001:db8::/33", "8.8.8.8", "192.0.2.128/25",
                                         "2600::/7" };
    static const char *const wide[] = { "0.0.0.0/0", "2000::/3" };
    struct strait_address_rules none = { .n_deny = 0 };
    struct strait_address_rules deny = { .deny = private, .n_deny = 1 };
    struct strait_address_rules allow = { .allow = mixed, .n_allow = 5 };
    struct strait_address_rules both = { .allow = wide, .n_allow = 2, .deny = mixed, .n_deny = 5 };
    (void)state;
    srand(7);
    check_same(&deny, &none);
    check_same(&allow, &none);
    check_same(&both, &none);
    check_same(&both, &deny);
    check_same(&allow, &deny);
}

static void servers_are_exempt(void **state)
{
    struct strait_address_rules all = { .deny = (const char *[]){ "::/0" }, .n_deny = 1 };
    struct sockaddr_storage exempt[] = { address_of("10.0.0.1"), address_of("fd00::1") };
    strait__address_set_port(&exempt[0], 3478);
    strait__address_set_port(&exempt[1], 3478);
    struct sockaddr_storage other[] = { address_of("10.0.0.2"), address_of("fd00::2") };
    struct strait__rules rules;
    const char *bad;
    (void)state;
    assert_int_equal(strait__rules_init(&rules, &hooks, &all, &bad), STRAIT_OK);
    int n = strait__filter_build(program, (const struct strait__rules *[]){ &rules }, 1, exempt, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_true(passes((size_t)n, &exempt[i]));
        assert_false(passes((size_t)n, &other[i]));
        /* Another port of the same host is not the server. */
        strait__address_set_port(&exempt[i], 3479);
        assert_false(passes((size_t)n, &exempt[i]));
    }
    strait__rules_finish(&rules, &hooks);
}

static void too_many_rules_are_an_error(void **state)
{
    static char texts[64][48];
    const char *list[64];
    struct strait__rules rules;
    const struct strait__rules *many[16];
    const char *bad;
    (void)state;
    for (int i = 0; i < 64; i++) {
        snprintf(texts[i], sizeof texts[i], "2001:db8:%x::1", i);
        list[i] = texts[i];
    }
    struct strait_address_rules from = { .allow = list, .n_allow = 64, .deny = list, .n_deny = 64 };
    assert_int_equal(strait__rules_init(&rules, &hooks, &from, &bad), STRAIT_OK);
    for (int i = 0; i < 16; i++) {
        many[i] = &rules;
    }
    assert_in_range(strait__filter_build(program, many, 2, NULL, 0), 1, STRAIT__FILTER_ROOM);
    assert_int_equal(strait__filter_build(program, many, 16, NULL, 0), STRAIT_E_LIMIT);
    strait__rules_finish(&rules, &hooks);
}

/* --- A host's addresses --------------------------------------------------------------------------------- */

static struct strait__local_address local(const char *interface, const char *host, unsigned flags)
{
    struct strait__local_address a = { .address = address_of(host), .flags = flags };
    snprintf(a.interface, sizeof a.interface, "%s", interface);
    a.loopback = strcmp(interface, "lo") == 0;
    return a;
}

/* 'x' at each place that is gathered from. */
static void check_usable(const struct strait__local_address *all, size_t n,
                         const struct strait_address_rules *from, const char *expected)
{
    struct strait__rules rules;
    const char *bad;
    char found[33] = "";
    assert_int_equal(strait__rules_init_local(&rules, &hooks, from, &bad), STRAIT_OK);
    for (size_t i = 0; i < n; i++) {
        const struct strait__rules *one[] = { &rules };
        found[i] = strait__local_usable(all, n, i, one, 1) ? 'x' : '-';
    }
    assert_string_equal(found, expected);
    strait__rules_finish(&rules, &hooks);
}

static void addresses_that_serve_nobody_are_left_out(void **state)
{
    const struct strait__local_address all[] = {
        local("lo", "127.0.0.1", 0),
        local("lo", "::1", 0),
        local("eth0", "192.0.2.1", 0),
        local("eth0", "2001:db8::1", 0),
        local("eth0", "fe80::1", 0),
        local("eth0", "2001:db8::2", IFA_F_TENTATIVE),
        local("eth0", "2001:db8::3", IFA_F_TENTATIVE | IFA_F_OPTIMISTIC),
        local("eth0", "2001:db8::4", IFA_F_DADFAILED | IFA_F_TENTATIVE),
        local("eth0", "2001:db8::5", IFA_F_DEPRECATED),
        local("docker0", "172.17.0.1", 0),
    };
    struct strait_address_rules none = { .n_deny = 0 };
    struct strait_address_rules no_docker = { .deny = (const char *[]){ "%docker*" }, .n_deny = 1 };
    struct strait_address_rules loopback = { .allow = (const char *[]){ "%lo" }, .n_allow = 1 };
    struct strait_address_rules link = { .allow = (const char *[]){ "fe80::/10" }, .n_allow = 1 };
    (void)state;
    check_usable(all, 10, &none, "--xx--x--x");
    check_usable(all, 10, &no_docker, "--xx--x---");
    check_usable(all, 10, &loopback, "xx--------");
    check_usable(all, 10, &link, "----x-----");
}

static void a_temporary_address_hides_the_lasting_one_of_its_network(void **state)
{
    const struct strait__local_address all[] = {
        local("eth0", "2001:db8:1::1", 0),
        local("eth0", "2001:db8:1::aaaa", IFA_F_TEMPORARY),
        local("eth0", "2001:db8:1::bbbb", IFA_F_TEMPORARY | IFA_F_DEPRECATED),
        local("eth0", "2001:db8:2::1", 0),
        local("eth0", "2001:db8:2::aaaa", IFA_F_TEMPORARY | IFA_F_DEPRECATED),
        local("eth1", "2001:db8:1::2", 0),
        local("eth0", "192.0.2.1", 0),
    };
    struct strait_address_rules none = { .n_deny = 0 };
    (void)state;
    check_usable(all, 7, &none, "-x-x-xx");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_kernel_decides_as_the_rules_do),
        cmocka_unit_test(servers_are_exempt),
        cmocka_unit_test(too_many_rules_are_an_error),
        cmocka_unit_test(addresses_that_serve_nobody_are_left_out),
        cmocka_unit_test(a_temporary_address_hides_the_lasting_one_of_its_network),
    };
    return cmocka_run_group_tests_name("agent_filter", tests, setup, NULL);
}
