/* STUN messages: the vectors of RFC 5769 bit for bit, every truncation, every flipped bit, and what the
 * writer says is what the parser reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ice/crc32.h"
#include "ice/stun.h"
#include "transport/address.h"
#include "transport/util.h"

static const char password[] = "VOkJxbRl1RmTxUk/WvJxBt";
static const uint8_t transaction[STRAIT__STUN_TRANSACTION] = { 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34,
                                                               0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae };

/* RFC 5769, 2.1 */
static const uint8_t sample_request[] = {
    0x00, 0x01, 0x00, 0x58, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86,
    0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x10, 0x53, 0x54, 0x55, 0x4e, 0x20, 0x74, 0x65, 0x73,
    0x74, 0x20, 0x63, 0x6c, 0x69, 0x65, 0x6e, 0x74, 0x00, 0x24, 0x00, 0x04, 0x6e, 0x00, 0x01, 0xff,
    0x80, 0x29, 0x00, 0x08, 0x93, 0x2f, 0xf9, 0xb1, 0x51, 0x26, 0x3b, 0x36, 0x00, 0x06, 0x00, 0x09,
    0x65, 0x76, 0x74, 0x6a, 0x3a, 0x68, 0x36, 0x76, 0x59, 0x20, 0x20, 0x20, 0x00, 0x08, 0x00, 0x14,
    0x9a, 0xea, 0xa7, 0x0c, 0xbf, 0xd8, 0xcb, 0x56, 0x78, 0x1e, 0xf2, 0xb5, 0xb2, 0xd3, 0xf2, 0x49,
    0xc1, 0xb5, 0x71, 0xa2, 0x80, 0x28, 0x00, 0x04, 0xe5, 0x7a, 0x3b, 0xcf,
};

/* RFC 5769, 2.2 */
static const uint8_t sample_ipv4[] = {
    0x01, 0x01, 0x00, 0x3c, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86,
    0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x0b, 0x74, 0x65, 0x73, 0x74, 0x20, 0x76, 0x65, 0x63,
    0x74, 0x6f, 0x72, 0x20, 0x00, 0x20, 0x00, 0x08, 0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43,
    0x00, 0x08, 0x00, 0x14, 0x2b, 0x91, 0xf5, 0x99, 0xfd, 0x9e, 0x90, 0xc3, 0x8c, 0x74, 0x89, 0xf9,
    0x2a, 0xf9, 0xba, 0x53, 0xf0, 0x6b, 0xe7, 0xd7, 0x80, 0x28, 0x00, 0x04, 0xc0, 0x7d, 0x4c, 0x96,
};

/* RFC 5769, 2.3 */
static const uint8_t sample_ipv6[] = {
    0x01, 0x01, 0x00, 0x48, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86,
    0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x0b, 0x74, 0x65, 0x73, 0x74, 0x20, 0x76, 0x65, 0x63,
    0x74, 0x6f, 0x72, 0x20, 0x00, 0x20, 0x00, 0x14, 0x00, 0x02, 0xa1, 0x47, 0x01, 0x13, 0xa9, 0xfa,
    0xa5, 0xd3, 0xf1, 0x79, 0xbc, 0x25, 0xf4, 0xb5, 0xbe, 0xd2, 0xb9, 0xd9, 0x00, 0x08, 0x00, 0x14,
    0xa3, 0x82, 0x95, 0x4e, 0x4b, 0xe6, 0x7b, 0xf1, 0x17, 0x84, 0xc9, 0x7c, 0x82, 0x92, 0xc2, 0x75,
    0xbf, 0xe3, 0xed, 0x41, 0x80, 0x28, 0x00, 0x04, 0xc8, 0xfb, 0x0b, 0x4c,
};

static bool right(const struct strait__stun_message *m)
{
    return strait__stun_verify(m, password, strlen(password));
}

/* The vectors pad with spaces, we with zeros as RFC 8489 wants: put the spaces in before the sum. */
static void pad_with_spaces(struct strait__stun_writer *w, size_t n)
{
    memset(w->data + w->len - n, ' ', n);
}

static void the_sample_request_is_read_and_written(void **state)
{
    (void)state;
    struct strait__stun_message m;
    assert_int_equal(strait__stun_parse(&m, sample_request, sizeof sample_request), STRAIT_OK);
    assert_int_equal(m.class_, STRAIT__STUN_REQUEST);
    assert_int_equal(m.method, STRAIT__STUN_BINDING);
    assert_memory_equal(m.transaction, transaction, sizeof transaction);
    assert_int_equal(m.username_len, 9);
    assert_memory_equal(m.username, "evtj:h6vY", 9);
    assert_true(strait__stun_username_is(&m, "evtj", "h6vY"));
    assert_true(strait__stun_username_is(&m, "evtj", NULL));
    assert_false(strait__stun_username_is(&m, "evtj", "h6v"));
    assert_false(strait__stun_username_is(&m, "evtj", "h6vYY"));
    assert_false(strait__stun_username_is(&m, "evt", "j:h6vY"));
    assert_true(m.has_priority);
    assert_int_equal(m.priority, 0x6e0001ff);
    assert_true(m.controlled);
    assert_false(m.controlling);
    assert_true(m.tie_breaker == UINT64_C(0x932ff9b151263b36));
    assert_int_equal(m.software_len, 16);
    assert_memory_equal(m.software, "STUN test client", 16);
    assert_true(m.has_fingerprint);
    assert_true(right(&m));
    assert_false(strait__stun_verify(&m, password, strlen(password) - 1));
    assert_false(strait__stun_verify(&m, "", 0));
    assert_false(strait__stun_verify(&m, NULL, 0));

    uint8_t out[256];
    struct strait__stun_writer w;
    strait__stun_begin(&w, out, sizeof out, STRAIT__STUN_REQUEST, STRAIT__STUN_BINDING,
                       transaction);
    strait__stun_add(&w, STRAIT__STUN_SOFTWARE, "STUN test client", 16);
    strait__stun_add32(&w, STRAIT__STUN_PRIORITY, 0x6e0001ff);
    strait__stun_add64(&w, STRAIT__STUN_ICE_CONTROLLED, UINT64_C(0x932ff9b151263b36));
    strait__stun_add_username(&w, "evtj", "h6vY");
    pad_with_spaces(&w, 3);
    assert_int_equal(strait__stun_finish(&w, password, strlen(password)), sizeof sample_request);
    assert_memory_equal(out, sample_request, sizeof sample_request);
}

static void check_response(const uint8_t *sample, size_t len, const char *host)
{
    struct sockaddr_storage address;
    assert_true(strait__address_parse(&address, host, 32853));

    struct strait__stun_message m;
    assert_int_equal(strait__stun_parse(&m, sample, len), STRAIT_OK);
    assert_int_equal(m.class_, STRAIT__STUN_SUCCESS);
    assert_true(m.has_mapped);
    assert_true(strait__address_equal(&m.mapped, &address));
    assert_true(m.has_fingerprint);
    assert_true(right(&m));

    uint8_t out[256];
    struct strait__stun_writer w;
    strait__stun_begin(&w, out, sizeof out, STRAIT__STUN_SUCCESS, STRAIT__STUN_BINDING,
                       transaction);
    strait__stun_add(&w, STRAIT__STUN_SOFTWARE, "test vector", 11);
    pad_with_spaces(&w, 1);
    strait__stun_add_xor_mapped(&w, &address);
    assert_int_equal(strait__stun_finish(&w, password, strlen(password)), len);
    assert_memory_equal(out, sample, len);
}

static void the_sample_ipv4_response_is_read_and_written(void **state)
{
    (void)state;
    check_response(sample_ipv4, sizeof sample_ipv4, "192.0.2.1");
}

static void the_sample_ipv6_response_is_read_and_written(void **state)
{
    (void)state;
    check_response(sample_ipv6, sizeof sample_ipv6, "2001:db8:1234:5678:11:2233:4455:6677");
}

/* In a block of its own size, so that the sanitizer sees a byte too far. */
static int parse_exact(const uint8_t *data, size_t len, struct strait__stun_message *m,
                       bool *verified)
{
    uint8_t *copy = malloc(len > 0 ? len : 1);
    assert_non_null(copy);
    if (len > 0) {
        memcpy(copy, data, len);
    }
    int result = strait__stun_parse(m, copy, len);
    *verified = result == STRAIT_OK && right(m);
    free(copy);
    return result;
}

static const struct sample {
    const uint8_t *data;
    size_t len;
} samples[] = {
    { sample_request, sizeof sample_request },
    { sample_ipv4, sizeof sample_ipv4 },
    { sample_ipv6, sizeof sample_ipv6 },
};

static void no_truncation_parses(void **state)
{
    (void)state;
    struct strait__stun_message m;
    bool verified;
    for (size_t s = 0; s < sizeof samples / sizeof *samples; s++) {
        for (size_t len = 0; len < samples[s].len; len++) {
            assert_int_equal(parse_exact(samples[s].data, len, &m, &verified), STRAIT_E_PARSE);
            /* The same with a header that tells the truth. */
            if (len >= STRAIT__STUN_HEADER) {
                uint8_t cut[256];
                memcpy(cut, samples[s].data, len);
                strait__put16(cut + 2, (uint16_t)(len - STRAIT__STUN_HEADER));
                if (parse_exact(cut, len, &m, &verified) == STRAIT_OK) {
                    assert_false(m.has_fingerprint);
                    /* Only the cut between the two sums leaves a message with its integrity. */
                    assert_int_equal(verified, len == samples[s].len - 8);
                }
            }
        }
    }
}

static void no_flipped_bit_goes_unseen(void **state)
{
    (void)state;
    struct strait__stun_message m;
    bool verified;
    for (size_t s = 0; s < sizeof samples / sizeof *samples; s++) {
        for (size_t bit = 0; bit < 8 * samples[s].len; bit++) {
            uint8_t changed[256];
            memcpy(changed, samples[s].data, samples[s].len);
            changed[bit / 8] ^= (uint8_t)(1u << bit % 8);
            /* A CRC finds each single bit, unless the bit hides FINGERPRINT: in its own type, and then
             * what integrity covers is as it was, or in a length that swallows it. */
            if (parse_exact(changed, samples[s].len, &m, &verified) == STRAIT_OK) {
                assert_false(m.has_fingerprint);
                size_t type_at = samples[s].len - 8;
                assert_int_equal(verified, bit / 8 == type_at || bit / 8 == type_at + 1);
            }
        }
    }
}

/* Begins a message, adds one attribute by hand and parses it. */
static int parse_attribute(struct strait__stun_message *m, uint8_t out[STRAIT__STUN_MAX],
                           uint16_t type, const void *value, size_t len)
{
    struct strait__stun_writer w;
    strait__stun_begin(&w, out, STRAIT__STUN_MAX, STRAIT__STUN_REQUEST, STRAIT__STUN_BINDING,
                       transaction);
    strait__stun_add(&w, type, value, len);
    int n = strait__stun_finish(&w, NULL, 0);
    assert_true(n > 0);
    return strait__stun_parse(m, out, (size_t)n);
}

static void known_attributes_of_a_wrong_form_do_not_parse(void **state)
{
    (void)state;
    static const struct {
        uint16_t type;
        size_t good[2]; /* lengths of zeros that are well-formed */
        uint8_t first[4];
    } cases[] = {
        { STRAIT__STUN_PRIORITY, { 4, 4 }, { 0 } },
        { STRAIT__STUN_USE_CANDIDATE, { 0, 0 }, { 0 } },
        { STRAIT__STUN_ICE_CONTROLLED, { 8, 8 }, { 0 } },
        { STRAIT__STUN_ICE_CONTROLLING, { 8, 8 }, { 0 } },
        { STRAIT__STUN_MESSAGE_INTEGRITY, { 20, 20 }, { 0 } },
        { STRAIT__STUN_XOR_MAPPED_ADDRESS, { 8, 8 }, { 0, 1, 0, 0 } },
        { STRAIT__STUN_XOR_MAPPED_ADDRESS, { 20, 20 }, { 0, 2, 0, 0 } },
        { STRAIT__STUN_MAPPED_ADDRESS, { 8, 8 }, { 0, 1, 0, 0 } },
    };
    uint8_t out[STRAIT__STUN_MAX], value[64];
    struct strait__stun_message m;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        memset(value, 0, sizeof value);
        memcpy(value, cases[i].first, 4);
        for (size_t len = 0; len <= 40; len++) {
            bool good = len == cases[i].good[0] || len == cases[i].good[1];
            assert_int_equal(parse_attribute(&m, out, cases[i].type, value, len),
                             good ? STRAIT_OK : STRAIT_E_PARSE);
        }
    }
    uint8_t v4[8] = { 0, 3 };
    assert_int_equal(parse_attribute(&m, out, STRAIT__STUN_XOR_MAPPED_ADDRESS, v4, 8),
                     STRAIT_E_PARSE);
    uint8_t long_name[512] = { 'a' };
    assert_int_equal(parse_attribute(&m, out, STRAIT__STUN_USERNAME, long_name, 508), STRAIT_OK);
    assert_int_equal(parse_attribute(&m, out, STRAIT__STUN_USERNAME, long_name, 509),
                     STRAIT_E_PARSE);
}

static void error_codes_are_read_in_their_range(void **state)
{
    (void)state;
    uint8_t out[STRAIT__STUN_MAX];
    struct strait__stun_message m;
    for (unsigned hundreds = 0; hundreds < 8; hundreds++) {
        for (unsigned n = 0; n < 256; n++) {
            uint8_t value[4] = { 0, 0, (uint8_t)hundreds, (uint8_t)n };
            bool good = hundreds >= 3 && hundreds <= 6 && n <= 99;
            assert_int_equal(parse_attribute(&m, out, STRAIT__STUN_ERROR_CODE, value, 4),
                             good ? STRAIT_OK : STRAIT_E_PARSE);
            if (good) {
                assert_int_equal(m.error_code, hundreds * 100 + n);
            }
        }
    }
    struct strait__stun_writer w;
    strait__stun_begin(&w, out, sizeof out, STRAIT__STUN_ERROR, STRAIT__STUN_BINDING, transaction);
    strait__stun_add_error(&w, 487, NULL);
    int n = strait__stun_finish(&w, password, strlen(password));
    assert_int_equal(strait__stun_parse(&m, out, (size_t)n), STRAIT_OK);
    assert_int_equal(m.class_, STRAIT__STUN_ERROR);
    assert_int_equal(m.error_code, 487);
    assert_non_null(memmem(out, (size_t)n, "Role Conflict", 13));
}

static void unknown_attributes_are_kept_by_sort(void **state)
{
    (void)state;
    uint8_t out[STRAIT__STUN_MAX];
    struct strait__stun_writer w;
    struct strait__stun_message m;
    strait__stun_begin(&w, out, sizeof out, STRAIT__STUN_REQUEST, STRAIT__STUN_BINDING,
                       transaction);
    strait__stun_add(&w, 0x7777, "abc", 3);
    strait__stun_add(&w, 0x7777, "abc", 3);
    strait__stun_add(&w, 0xc057, "opt", 3);
    for (uint16_t i = 0; i < 20; i++) {
        strait__stun_add(&w, (uint16_t)(0xd000 + i), NULL, 0);
        strait__stun_add(&w, (uint16_t)(0x6000 + i), NULL, 0);
    }
    int n = strait__stun_finish(&w, NULL, 0);
    assert_int_equal(strait__stun_parse(&m, out, (size_t)n), STRAIT_OK);
    assert_int_equal(m.n_unknown_required, STRAIT__STUN_MAX_UNKNOWN);
    assert_int_equal(m.unknown_required[0], 0x7777);
    assert_int_equal(m.unknown_required[1], 0x6000);
    assert_int_equal(m.n_unknown_optional, STRAIT__STUN_MAX_UNKNOWN);
    assert_int_equal(m.unknown_optional[0].type, 0xc057);
    assert_int_equal(m.unknown_optional[0].len, 3);
    assert_memory_equal(m.unknown_optional[0].value, "opt", 3);

    strait__stun_begin(&w, out, sizeof out, STRAIT__STUN_ERROR, STRAIT__STUN_BINDING, transaction);
    strait__stun_add_error(&w, 420, NULL);
    strait__stun_add_unknown(&w, (const uint16_t[]){ 0x7777, 0x6000, 0x6001 }, 3);
    n = strait__stun_finish(&w, NULL, 0);
    assert_non_null(memmem(out, (size_t)n, "\x00\x0a\x00\x06\x77\x77\x60\x00\x60\x01\x00\x00", 12));
}

static void of_a_repeated_attribute_the_first_counts(void **state)
{
    (void)state;
    uint8_t out[STRAIT__STUN_MAX];
    struct strait__stun_writer w;
    struct strait__stun_message m;
    strait__stun_begin(&w, out, sizeof out, STRAIT__STUN_REQUEST, STRAIT__STUN_BINDING,
                       transaction);
    strait__stun_add_username(&w, "good", "one");
    strait__stun_add_username(&w, "evil", "two");
    strait__stun_add32(&w, STRAIT__STUN_PRIORITY, 1);
    strait__stun_add32(&w, STRAIT__STUN_PRIORITY, 2);
    strait__stun_add64(&w, STRAIT__STUN_ICE_CONTROLLING, 3);
    strait__stun_add64(&w, STRAIT__STUN_ICE_CONTROLLED, 4);
    int n = strait__stun_finish(&w, NULL, 0);
    assert_int_equal(strait__stun_parse(&m, out, (size_t)n), STRAIT_OK);
    assert_true(strait__stun_username_is(&m, "good", "one"));
    assert_int_equal(m.priority, 1);
    assert_true(m.tie_breaker == 3);
    assert_true(m.controlling && m.controlled);
}

static void what_follows_integrity_is_ignored_but_fingerprint(void **state)
{
    (void)state;
    uint8_t out[STRAIT__STUN_MAX];
    struct strait__stun_writer w;
    struct strait__stun_message m;
    uint8_t sum[20] = { 0 };
    strait__stun_begin(&w, out, sizeof out, STRAIT__STUN_REQUEST, STRAIT__STUN_BINDING,
                       transaction);
    strait__stun_add(&w, STRAIT__STUN_MESSAGE_INTEGRITY, sum, sizeof sum);
    strait__stun_add(&w, STRAIT__STUN_USE_CANDIDATE, NULL, 0);
    strait__stun_add_username(&w, "late", "name");
    strait__stun_add(&w, 0x7777, NULL, 0);
    int n = strait__stun_finish(&w, NULL, 0);
    assert_int_equal(strait__stun_parse(&m, out, (size_t)n), STRAIT_OK);
    assert_false(m.use_candidate);
    assert_null(m.username);
    assert_int_equal(m.n_unknown_required, 0);
    assert_true(m.has_fingerprint);
    assert_int_equal(m.integrity_at, STRAIT__STUN_HEADER);
    assert_false(right(&m));

    /* FINGERPRINT in the middle: right for its place or not, it is not the last. */
    strait__stun_begin(&w, out, sizeof out, STRAIT__STUN_REQUEST, STRAIT__STUN_BINDING,
                       transaction);
    n = strait__stun_finish(&w, NULL, 0);
    strait__stun_add(&w, 0xc000, NULL, 0);
    strait__put16(out + 2, (uint16_t)(w.len - STRAIT__STUN_HEADER));
    strait__put32(out + n - 4, strait__crc32(out, (size_t)n - 8) ^ 0x5354554e);
    assert_int_equal(strait__stun_parse(&m, out, w.len), STRAIT_E_PARSE);
}

static void a_writer_without_room_says_so_and_stays_inside(void **state)
{
    (void)state;
    struct sockaddr_storage address;
    strait__address_parse(&address, "2001:db8::1", 5);
    for (size_t room = 0; room <= 140; room++) {
        uint8_t *out = malloc(room > 0 ? room : 1);
        assert_non_null(out);
        struct strait__stun_writer w;
        strait__stun_begin(&w, out, room, STRAIT__STUN_SUCCESS, STRAIT__STUN_BINDING, transaction);
        strait__stun_add_xor_mapped(&w, &address);
        strait__stun_add_error(&w, 400, NULL);
        strait__stun_add_username(&w, "abcd", "efgh");
        int n = strait__stun_finish(&w, password, strlen(password));
        assert_int_equal(n, room < 20 + 24 + 20 + 16 + 24 + 8 ? STRAIT_E_TOO_SMALL : 112);
        free(out);
    }
    uint8_t out[64];
    struct strait__stun_writer w;
    strait__stun_begin(&w, out, sizeof out, STRAIT__STUN_SUCCESS, STRAIT__STUN_BINDING,
                       transaction);
    assert_int_equal(strait__stun_finish(&w, "", 0), STRAIT_E_TOO_SMALL);
    struct sockaddr_storage none = { .ss_family = AF_UNIX };
    strait__stun_begin(&w, out, sizeof out, STRAIT__STUN_SUCCESS, STRAIT__STUN_BINDING,
                       transaction);
    strait__stun_add_xor_mapped(&w, &none);
    assert_int_equal(strait__stun_finish(&w, NULL, 0), STRAIT_E_TOO_SMALL);
}

static void every_class_and_method_comes_back(void **state)
{
    (void)state;
    for (unsigned class_ = 0; class_ < 4; class_++) {
        for (uint16_t method = 0; method < 0x1000; method++) {
            uint8_t out[64];
            struct strait__stun_writer w;
            struct strait__stun_message m;
            strait__stun_begin(&w, out, sizeof out, (enum strait__stun_class)class_, method,
                               transaction);
            int n = strait__stun_finish(&w, NULL, 0);
            assert_int_equal(strait__stun_parse(&m, out, (size_t)n), STRAIT_OK);
            assert_int_equal(m.class_, class_);
            assert_int_equal(m.method, method);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sample_request_is_read_and_written),
        cmocka_unit_test(the_sample_ipv4_response_is_read_and_written),
        cmocka_unit_test(the_sample_ipv6_response_is_read_and_written),
        cmocka_unit_test(no_truncation_parses),
        cmocka_unit_test(no_flipped_bit_goes_unseen),
        cmocka_unit_test(known_attributes_of_a_wrong_form_do_not_parse),
        cmocka_unit_test(error_codes_are_read_in_their_range),
        cmocka_unit_test(unknown_attributes_are_kept_by_sort),
        cmocka_unit_test(of_a_repeated_attribute_the_first_counts),
        cmocka_unit_test(what_follows_integrity_is_ignored_but_fingerprint),
        cmocka_unit_test(a_writer_without_room_says_so_and_stays_inside),
        cmocka_unit_test(every_class_and_method_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
