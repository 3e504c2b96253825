/* a=candidate lines: the grammar of RFC 8839, and what browsers write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ice/backend.h"
#include "transport/address.h"
#include "transport/util.h"

static int parse(struct strait_candidate *c, const char *text)
{
    /* No zero behind it, in a block of its own size. */
    size_t len = strlen(text);
    char *exact = malloc(len > 0 ? len : 1);
    assert_non_null(exact);
    memcpy(exact, text, len);
    int result = strait_candidate_parse(c, exact, len);
    free(exact);
    return result;
}

static void browsers_candidates_are_read(void **state)
{
    (void)state;
    struct strait_candidate c;
    struct sockaddr_storage want;
    assert_int_equal(
        parse(&c, "candidate:842163049 1 udp 1677729535 203.0.113.9 46154 typ srflx raddr "
                  "192.0.2.5 rport 41234 generation 0 ufrag Yh+4 network-id 1 network-cost 10"),
        STRAIT_OK);
    assert_string_equal(c.foundation, "842163049");
    assert_int_equal(c.component, 1);
    assert_int_equal(c.protocol, STRAIT_CANDIDATE_UDP);
    assert_int_equal(c.type, STRAIT_CANDIDATE_SRFLX);
    assert_int_equal(c.priority, 1677729535);
    assert_int_equal(c.port, 46154);
    assert_string_equal(c.hostname, "");
    strait__address_parse(&want, "203.0.113.9", 46154);
    assert_true(strait__address_equal(&c.address, &want));
    strait__address_parse(&want, "192.0.2.5", 41234);
    assert_true(strait__address_equal(&c.related, &want));

    /* Firefox's form, IPv6, "a=" and upper case. */
    assert_int_equal(parse(&c, "a=candidate:0 1 UDP 2122252543 2001:db8::5 50000 typ host"),
                     STRAIT_OK);
    strait__address_parse(&want, "2001:db8::5", 50000);
    assert_true(strait__address_equal(&c.address, &want));
    assert_int_equal(c.related.ss_family, AF_UNSPEC);

    /* mDNS */
    assert_int_equal(
        parse(&c, "candidate:1 1 udp 2113937151 8b8d62a0-5a9e-4d5c-a36d-6a8c3a1f8c11.local "
                  "58000 typ host generation 0 ufrag x network-cost 999"),
        STRAIT_OK);
    assert_string_equal(c.hostname, "8b8d62a0-5a9e-4d5c-a36d-6a8c3a1f8c11.local");
    assert_int_equal(c.address.ss_family, AF_UNSPEC);
    assert_int_equal(c.port, 58000);

    /* TCP (RFC 6544) */
    assert_int_equal(parse(&c, "candidate:1 1 TCP 1518280447 192.0.2.1 9 typ host tcptype active"),
                     STRAIT_OK);
    assert_int_equal(c.protocol, STRAIT_CANDIDATE_TCP);
    assert_int_equal(c.tcp_type, STRAIT_TCP_ACTIVE);

    /* An extension's value may be empty (RFC 8839, 5.1); a related address may be a name. */
    assert_int_equal(
        parse(&c, "candidate:1 1 udp 1 192.0.2.1 9 typ relay raddr x.local rport 0 ext "),
        STRAIT_OK);
    assert_int_equal(c.type, STRAIT_CANDIDATE_RELAY);
    assert_int_equal(c.related.ss_family, AF_UNSPEC);
}

static void what_is_no_candidate_is_refused_and_leaves_the_output(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int result;
    } cases[] = {
        { "", STRAIT_E_PARSE },
        { "candidate:", STRAIT_E_PARSE },
        { "candidat:1 1 udp 1 192.0.2.1 9 typ host", STRAIT_E_PARSE },
        { "candidate:1 1 udp 1 192.0.2.1 9 typ", STRAIT_E_PARSE },
        { "candidate:1 1 udp 1 192.0.2.1 9 host", STRAIT_E_PARSE },
        { "candidate:1 1 udp 1 192.0.2.1 9", STRAIT_E_PARSE },
        { "candidate:1 1  udp 1 192.0.2.1 9 typ host", STRAIT_E_PARSE },
        { "candidate: 1 udp 1 192.0.2.1 9 typ host", STRAIT_E_PARSE },
        { "candidate:a-b 1 udp 1 192.0.2.1 9 typ host", STRAIT_E_PARSE },
        { "candidate:123456789012345678901234567890123 1 udp 1 192.0.2.1 9 typ host",
          STRAIT_E_PARSE },
        { "candidate:1 0 udp 1 192.0.2.1 9 typ host", STRAIT_E_PARSE },
        { "candidate:1 257 udp 1 192.0.2.1 9 typ host", STRAIT_E_PARSE },
        { "candidate:1 -1 udp 1 192.0.2.1 9 typ host", STRAIT_E_PARSE },
        { "candidate:1 1 udp 0 192.0.2.1 9 typ host", STRAIT_E_PARSE },
        { "candidate:1 1 udp 2147483648 192.0.2.1 9 typ host", STRAIT_E_PARSE },
        { "candidate:1 1 udp 99999999999 192.0.2.1 9 typ host", STRAIT_E_PARSE },
        { "candidate:1 1 udp 1 192.0.2.1 65536 typ host", STRAIT_E_PARSE },
        { "candidate:1 1 udp 1 192.0.2.1 0x9 typ host", STRAIT_E_PARSE },
        { "candidate:1 1 udp 1 192.0.2.256 9 typ host", STRAIT_E_PARSE },
        { "candidate:1 1 udp 1 192.0.2 9 typ host", STRAIT_E_PARSE },
        { "candidate:1 1 udp 1 2001:db8:::1 9 typ host", STRAIT_E_PARSE },
        { "candidate:1 1 udp 1 a!b.local 9 typ host", STRAIT_E_PARSE },
        { "candidate:1 1 udp 1 192.0.2.1 9 typ host name", STRAIT_E_PARSE },
        { "candidate:1 1 udp 1 192.0.2.1 9 typ host a  b", STRAIT_E_PARSE },
        { "candidate:1 1 udp 1 192.0.2.1 9 typ srflx raddr 1.2.3 rport 4", STRAIT_E_PARSE },
        { "candidate:1 1 udp 1 192.0.2.1 9 typ srflx raddr 192.0.2.2 rport x", STRAIT_E_PARSE },
        { "candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n", STRAIT_E_PARSE },
        { "candidate:1 1 tcp 1 192.0.2.1 9 typ host", STRAIT_E_PARSE },
        { "candidate:1 1 tcp 1 192.0.2.1 9 typ host tcptype quick", STRAIT_E_PARSE },
        { "candidate:1 1 ssltcp 1 192.0.2.1 9 typ host", STRAIT_E_UNSUPPORTED },
        { "candidate:1 1 udp 1 192.0.2.1 9 typ carrier-pigeon", STRAIT_E_UNSUPPORTED },
        { "candidate:1 1 ssltcp 1 192.0.2.1 99999 typ host", STRAIT_E_PARSE },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct strait_candidate c, before;
        memset(&c, 0x5a, sizeof c);
        before = c;
        if (parse(&c, cases[i].text) != cases[i].result) {
            fail_msg("%s: %d", cases[i].text, parse(&c, cases[i].text));
        }
        assert_memory_equal(&c, &before, sizeof c);
    }
    struct strait_candidate c;
    assert_int_equal(strait_candidate_parse(&c, NULL, 0), STRAIT_E_INVALID);
    assert_int_equal(strait_candidate_parse(NULL, "x", 1), STRAIT_E_INVALID);
    assert_int_equal(strait_candidate_parse(&c, "candidate:1 1 udp 1 192.0.2.1\0 9 typ host", 40),
                     STRAIT_E_PARSE);
    char name[400];
    memset(name, 'a', sizeof name);
    char line[600];
    snprintf(line, sizeof line, "candidate:1 1 udp 1 %.255s 9 typ host", name);
    assert_int_equal(parse(&c, line), STRAIT_OK);
    snprintf(line, sizeof line, "candidate:1 1 udp 1 %.256s 9 typ host", name);
    assert_int_equal(parse(&c, line), STRAIT_E_PARSE);
}

static void what_is_printed_is_read_back(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "candidate:842163049 1 udp 1677729535 203.0.113.9 46154 typ srflx raddr 192.0.2.5 rport 41234",
        "candidate:a+/9 2 udp 1 2001:db8::5 0 typ relay raddr :: rport 0",
        "candidate:1 256 udp 2147483647 192.0.2.1 65535 typ host",
        "candidate:1 1 tcp 5 192.0.2.1 9 typ prflx raddr 0.0.0.0 rport 0 tcptype so",
        "candidate:1 1 udp 7 x-y.local 58000 typ host",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct strait_candidate c;
        char text[STRAIT_CANDIDATE_TEXT_MAX];
        assert_int_equal(parse(&c, lines[i]), STRAIT_OK);
        int n = strait_candidate_print(&c, text, sizeof text);
        assert_int_equal(n, strlen(lines[i]));
        assert_string_equal(text, lines[i]);
        for (size_t room = 0; room <= (size_t)n; room++) {
            assert_int_equal(strait_candidate_print(&c, text, room), STRAIT_E_TOO_SMALL);
        }
    }
    struct strait_candidate c;
    char text[STRAIT_CANDIDATE_TEXT_MAX];
    assert_int_equal(parse(&c, lines[0]), STRAIT_OK);
    c.foundation[0] = ' ';
    assert_int_equal(strait_candidate_print(&c, text, sizeof text), STRAIT_E_INVALID);
    assert_int_equal(parse(&c, lines[0]), STRAIT_OK);
    c.address.ss_family = AF_UNSPEC;
    assert_int_equal(strait_candidate_print(&c, text, sizeof text), STRAIT_E_INVALID);
    assert_int_equal(parse(&c, lines[0]), STRAIT_OK);
    c.component = 0;
    assert_int_equal(strait_candidate_print(&c, text, sizeof text), STRAIT_E_INVALID);
    assert_int_equal(strait_candidate_print(NULL, text, sizeof text), STRAIT_E_INVALID);
    assert_int_equal(strait_candidate_print(&c, NULL, 0), STRAIT_E_INVALID);
}

static void the_longest_candidate_fits(void **state)
{
    (void)state;
    struct strait_candidate c = { .component = 256,
                                  .protocol = STRAIT_CANDIDATE_TCP,
                                  .tcp_type = STRAIT_TCP_PASSIVE,
                                  .type = STRAIT_CANDIDATE_SRFLX,
                                  .priority = 0x7fffffff,
                                  .port = 65535 };
    memset(c.foundation, 'f', STRAIT_FOUNDATION_MAX);
    memset(c.hostname, 'h', STRAIT_HOSTNAME_MAX);
    strait__address_parse(&c.related, "2001:db8:1111:2222:3333:4444:5555:6666", 65535);
    char text[STRAIT_CANDIDATE_TEXT_MAX];
    assert_true(strait_candidate_print(&c, text, sizeof text) > 0);
}

static void host_candidates_have_priority_and_foundation(void **state)
{
    (void)state;
    /* RFC 8445, 5.1.2.1: 2^24 * 126 + 2^8 * 65535 + 256 - 1 */
    assert_int_equal(strait_candidate_priority(STRAIT_CANDIDATE_HOST, 65535, 1), 2130706431);
    assert_int_equal(strait_candidate_priority(STRAIT_CANDIDATE_PRFLX, 0, 256), 110u << 24);
    assert_int_equal(strait_candidate_priority(STRAIT_CANDIDATE_SRFLX, 1, 2),
                     (100u << 24) + 256 + 254);
    assert_int_equal(strait_candidate_priority(STRAIT_CANDIDATE_RELAY, 0, 1), 255);

    struct sockaddr_storage address;
    struct strait_candidate a, b, c;
    strait__address_parse(&address, "192.0.2.1", 5000);
    assert_int_equal(strait_candidate_host(&a, (struct sockaddr *)&address, 65535), STRAIT_OK);
    strait__address_set_port(&address, 5001);
    assert_int_equal(strait_candidate_host(&b, (struct sockaddr *)&address, 1), STRAIT_OK);
    strait__address_parse(&address, "192.0.2.2", 5000);
    assert_int_equal(strait_candidate_host(&c, (struct sockaddr *)&address, 1), STRAIT_OK);
    assert_int_equal(a.priority, 2130706431);
    assert_string_equal(a.foundation, b.foundation);
    assert_string_not_equal(a.foundation, c.foundation);
    char text[STRAIT_CANDIDATE_TEXT_MAX];
    assert_true(strait_candidate_print(&a, text, sizeof text) > 0);
    assert_non_null(strstr(text, " 1 udp 2130706431 192.0.2.1 5000 typ host"));

    strait__address_set_port(&address, 0);
    assert_int_equal(strait_candidate_host(&c, (struct sockaddr *)&address, 1), STRAIT_E_INVALID);
    struct sockaddr_storage local = { .ss_family = AF_UNIX };
    assert_int_equal(strait_candidate_host(&c, (struct sockaddr *)&local, 1), STRAIT_E_INVALID);
    assert_int_equal(strait_candidate_host(&c, NULL, 1), STRAIT_E_INVALID);
}

static int count_up(void *user, uint8_t *out, size_t bytes)
{
    uint8_t *next = user;
    for (size_t i = 0; i < bytes; i++) {
        out[i] = (*next)++;
    }
    return 0;
}

static int no_random(void *user, uint8_t *out, size_t bytes)
{
    (void)user;
    (void)out;
    (void)bytes;
    return -1;
}

static void credentials_use_every_ice_char_alike(void **state)
{
    (void)state;
    uint8_t next = 0;
    struct strait_hooks hooks, given = { .size = sizeof given, .user = &next, .random = count_up };
    strait__hooks_init(&hooks, &given);
    unsigned seen[256] = { 0 };
    /* 64 times 32 characters out of bytes that count: each of the 256 byte values 8 times. */
    for (int i = 0; i < 64; i++) {
        struct strait_ice_parameters p = { .ice_lite = true };
        assert_int_equal(strait__ice_make_credentials(&hooks, &p), STRAIT_OK);
        assert_int_equal(strlen(p.ufrag), 8);
        assert_int_equal(strlen(p.pwd), 24);
        assert_true(strait__ice_chars(p.ufrag, STRAIT_UFRAG_MIN, STRAIT_UFRAG_MAX));
        assert_true(strait__ice_chars(p.pwd, STRAIT_PWD_MIN, STRAIT_PWD_MAX));
        assert_true(p.ice_lite);
        for (size_t k = 0; k < 8; k++) {
            seen[(uint8_t)p.ufrag[k]]++;
        }
        for (size_t k = 0; k < 24; k++) {
            seen[(uint8_t)p.pwd[k]]++;
        }
    }
    int different = 0;
    for (int i = 0; i < 256; i++) {
        assert_true(seen[i] == 0 || seen[i] == 32);
        different += seen[i] != 0;
    }
    assert_int_equal(different, 64);
    given.random = no_random;
    strait__hooks_init(&hooks, &given);
    struct strait_ice_parameters p;
    assert_int_equal(strait__ice_make_credentials(&hooks, &p), STRAIT_E_RANDOM);
}

static void ice_chars_are_counted_and_looked_at(void **state)
{
    (void)state;
    assert_true(strait__ice_chars("aZ09+/", 6, 6));
    assert_false(strait__ice_chars("aZ09+/", 7, 9));
    assert_false(strait__ice_chars("aZ09+/", 1, 5));
    assert_false(strait__ice_chars("a:b", 1, 9));
    assert_false(strait__ice_chars("a b", 1, 9));
    assert_false(strait__ice_chars("", 1, 9));
    assert_true(strait__ice_chars("", 0, 9));
    assert_false(strait__ice_chars(NULL, 0, 9));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(browsers_candidates_are_read),
        cmocka_unit_test(what_is_no_candidate_is_refused_and_leaves_the_output),
        cmocka_unit_test(what_is_printed_is_read_back),
        cmocka_unit_test(the_longest_candidate_fits),
        cmocka_unit_test(host_candidates_have_priority_and_foundation),
        cmocka_unit_test(credentials_use_every_ice_char_alike),
        cmocka_unit_test(ice_chars_are_counted_and_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
