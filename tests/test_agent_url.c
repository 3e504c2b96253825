/* URLs of ICE servers: what is read, and what is refused and why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ice/agent/url.h"
#include "transport/address.h"

static void good(const char *text, const char *address, bool turn, bool tcp)
{
    struct strait__ice_url url;
    const char *why = NULL;
    char printed[STRAIT__ADDRESS_TEXT];
    assert_int_equal(strait__ice_url_parse(&url, text, &why), STRAIT_OK);
    assert_string_equal(why, "");
    assert_string_equal(strait__address_print(&url.address, printed, sizeof printed), address);
    assert_int_equal(url.turn, turn);
    assert_int_equal(url.tcp, tcp);
}

static void bad(const char *text, int error)
{
    struct strait__ice_url url;
    const char *why = NULL;
    int got = strait__ice_url_parse(&url, text, &why);
    if (got != error) {
        print_error("%s: %d\n", text, got);
    }
    assert_int_equal(got, error);
    assert_true(strlen(why) > 10);
}

static void well_formed_ones_are_read(void **state)
{
    (void)state;
    good("stun:192.0.2.1", "192.0.2.1:3478", false, false);
    good("STUN:192.0.2.1:19302", "192.0.2.1:19302", false, false);
    good("stun:[2001:db8::1]", "[2001:db8::1]:3478", false, false);
    good("stun:[2001:db8::1]:5", "[2001:db8::1]:5", false, false);
    good("turn:192.0.2.1", "192.0.2.1:3478", true, false);
    good("turn:192.0.2.1:65535?transport=udp", "192.0.2.1:65535", true, false);
    good("turn:192.0.2.1?transport=tcp", "192.0.2.1:3478", true, true);
    good("Turn:[::1]:80?transport=TCP", "[::1]:80", true, true);
    good("turns:192.0.2.1", "192.0.2.1:5349", true, true);
    good("TURNS:[2001:db8::1]:443?transport=tcp", "[2001:db8::1]:443", true, true);
}

static void named(const char *text, const char *host, uint16_t port, bool tls)
{
    struct strait__ice_url url;
    const char *why = NULL;
    assert_int_equal(strait__ice_url_parse(&url, text, &why), STRAIT_OK);
    assert_true(url.named);
    assert_string_equal(url.host, host);
    assert_int_equal(url.port, port);
    assert_int_equal(url.tls, tls);
    assert_int_equal(url.address.ss_family, AF_UNSPEC);
}

static void names_are_kept(void **state)
{
    (void)state;
    named("stun:stun.example.org", "stun.example.org", 3478, false);
    named("turn:turn.example.org:99?transport=udp", "turn.example.org", 99, false);
    named("turns:Turn.Example.org", "Turn.Example.org", 5349, true);
    named("turns:turn.example.org.:443?transport=tcp", "turn.example.org.", 443, true);
    named("turn:a", "a", 3478, false);
    named("stun:3com.example", "3com.example", 3478, false);
}

static void what_is_not_there_is_unsupported(void **state)
{
    static const char *const urls[] = { "turns:192.0.2.1?transport=udp",
                                        "turns:turn.example.org:5349?transport=UDP",
                                        "turns:192.0.2.1?transport=sctp",
                                        "stuns:192.0.2.1:5349",
                                        "stuns:stun.example.org",
                                        "turn:192.0.2.1?transport=sctp",
                                        "turn:a?transport=tls" };
    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        bad(urls[i], STRAIT_E_UNSUPPORTED);
    }
}

static void malformed_ones_are_refused(void **state)
{
    static const char *const urls[] = { "",
                                        ":",
                                        "stun",
                                        "stun:",
                                        "turn:",
                                        "stun::3478",
                                        "http://192.0.2.1",
                                        "stun//192.0.2.1",
                                        "stun://192.0.2.1",
                                        "turn:user@192.0.2.1",
                                        "turn:user:password@192.0.2.1",
                                        " stun:192.0.2.1",
                                        "stun:192.0.2.1 ",
                                        "stun: 192.0.2.1",
                                        "stun:192.0.2.1\n",
                                        "stun:192.0.2.1:",
                                        "stun:192.0.2.1:0",
                                        "stun:192.0.2.1:65536",
                                        "stun:192.0.2.1:4294970774",
                                        "stun:192.0.2.1:00003478",
                                        "stun:192.0.2.1:-1",
                                        "stun:192.0.2.1:+1",
                                        "stun:192.0.2.1:1x",
                                        "stun:192.0.2.1:1:2",
                                        "stun:192.0.2.1/",
                                        "stun:192.0.2.1#a",
                                        "stun:192.0.2.1?",
                                        "stun:192.0.2.1?transport=udp",
                                        "stun:192.0.2",
                                        "stun:192.0.2.256",
                                        "stun:192.0.2.1.1",
                                        "stun:0300.0.2.1",
                                        "stun:2001:db8::1",
                                        "stun:[2001:db8::1",
                                        "stun:[2001:db8::1]]",
                                        "stun:[2001:db8::1]1",
                                        "stun:[]",
                                        "stun:[192.0.2.1]",
                                        "stun:[::1%25eth0]",
                                        "stun:[v1.a]",
                                        "stun:[fe80::1%eth0]",
                                        "stun:a..b",
                                        "stun:.a",
                                        "stun:a%41",
                                        "stun:stun.example.org:0",
                                        "turn:192.0.2.1?transport=",
                                        "turn:192.0.2.1?transport",
                                        "turn:192.0.2.1?",
                                        "turn:192.0.2.1?transport=udp&a=b",
                                        "turn:192.0.2.1?transport=tcp ",
                                        "turn:192.0.2.1?a=b",
                                        "turn:192.0.2.1?transport=tcp?transport=udp",
                                        "turn:turn.example.org?transport=a b" };
    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        bad(urls[i], STRAIT_E_PARSE);
    }
    char name[600] = "turn:";
    memset(name + 5, 'a', 594);
    bad(name, STRAIT_E_PARSE);
    name[5] = '[';
    bad(name, STRAIT_E_PARSE);
    name[5 + 253] = '\0';
    name[5] = 'a';
    named(name, name + 5, 3478, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(well_formed_ones_are_read),
        cmocka_unit_test(names_are_kept),
        cmocka_unit_test(what_is_not_there_is_unsupported),
        cmocka_unit_test(malformed_ones_are_refused),
    };
    return cmocka_run_group_tests_name("agent_url", tests, NULL, NULL);
}
