#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <strait/certificate.h>

static const char abc_text[] = "sha-256 BA:78:16:BF:8F:01:CF:EA:41:41:40:DE:5D:AE:22:23:"
                               "B0:03:61:A3:96:17:7A:9C:B4:10:FF:61:F2:00:15:AD";

static void prints_what_it_hashed(void **state)
{
    struct strait_fingerprint f;
    char text[STRAIT_FINGERPRINT_TEXT_MAX];
    (void)state;
    assert_int_equal(strait_fingerprint_of(&f, STRAIT_HASH_SHA256, (const uint8_t *)"abc", 3), 0);
    assert_int_equal(strait_fingerprint_print(&f, text, sizeof text), strlen(abc_text));
    assert_string_equal(text, abc_text);
    assert_int_equal(strait_fingerprint_print(&f, text, sizeof abc_text), strlen(abc_text));
    assert_int_equal(strait_fingerprint_print(&f, text, strlen(abc_text)), STRAIT_E_TOO_SMALL);
    assert_int_equal(strait_fingerprint_print(&f, text, 0), STRAIT_E_TOO_SMALL);
    f.len = 31;
    assert_int_equal(strait_fingerprint_print(&f, text, sizeof text), STRAIT_E_INVALID);
    assert_int_equal(strait_fingerprint_of(&f, (enum strait_hash)3, (const uint8_t *)"abc", 3),
                     STRAIT_E_INVALID);
    assert_int_equal(strait_fingerprint_of(&f, STRAIT_HASH_SHA256, NULL, 3), STRAIT_E_INVALID);
}

static void reads_what_it_prints(void **state)
{
    struct strait_fingerprint f, g;
    char text[STRAIT_FINGERPRINT_TEXT_MAX];
    (void)state;
    for (int hash = STRAIT_HASH_SHA256; hash <= STRAIT_HASH_SHA512; hash++) {
        assert_int_equal(
            strait_fingerprint_of(&f, (enum strait_hash)hash, (const uint8_t *)"abc", 3), 0);
        int len = strait_fingerprint_print(&f, text, sizeof text);
        assert_true(len > 0);
        assert_int_equal(strait_fingerprint_parse(&g, text, (size_t)len), STRAIT_OK);
        assert_true(strait_fingerprint_equal(&f, &g));
        for (char *c = text; *c != '\0'; c++) {
            *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
        }
        assert_int_equal(strait_fingerprint_parse(&g, text, (size_t)len), STRAIT_OK);
        assert_true(strait_fingerprint_equal(&f, &g));
        /* No prefix of it is one. */
        for (size_t cut = 0; cut < (size_t)len; cut++) {
            assert_int_equal(strait_fingerprint_parse(&g, text, cut), STRAIT_E_PARSE);
        }
        g.value[g.len - 1] ^= 1;
        assert_false(strait_fingerprint_equal(&f, &g));
    }
}

static void fingerprints_of_other_hashes_differ(void **state)
{
    struct strait_fingerprint a = { .hash = STRAIT_HASH_SHA256, .len = 32 };
    struct strait_fingerprint b = { .hash = STRAIT_HASH_SHA384, .len = 48 };
    struct strait_fingerprint none = { .len = 0 };
    (void)state;
    assert_false(strait_fingerprint_equal(&a, &b));
    assert_false(strait_fingerprint_equal(&none, &none));
    assert_false(strait_fingerprint_equal(&a, NULL));
    assert_true(strait_fingerprint_equal(&a, &a));
}

static void names_what_is_wrong_with_a_fingerprint(void **state)
{
    static const struct {
        const char *text;
        int error;
    } cases[] = {
        { "", STRAIT_E_PARSE },
        { "sha-256", STRAIT_E_PARSE },
        { "sha-256 ", STRAIT_E_PARSE },
        { "sha-256 AB", STRAIT_E_PARSE },
        { "sha-256  AB:CD", STRAIT_E_PARSE },
        { " sha-256 AB", STRAIT_E_PARSE },
        { "sha-256\tAB", STRAIT_E_PARSE },
        { "sha-1 AB:CG", STRAIT_E_PARSE },
        { "sha-1 AB:CD:", STRAIT_E_PARSE },
        { "sha-1 AB-CD", STRAIT_E_PARSE },
        { "sha-1 ABCD", STRAIT_E_PARSE },
        { "sha 1 AB:CD", STRAIT_E_PARSE },
        { "s\x01 AB:CD", STRAIT_E_PARSE },
        { "sha-1 AB:CD", STRAIT_E_UNSUPPORTED },
        { "MD5 AB", STRAIT_E_UNSUPPORTED },
        { "sha-2567 AB:CD", STRAIT_E_UNSUPPORTED },
    };
    struct strait_fingerprint f;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(strait_fingerprint_parse(&f, cases[i].text, strlen(cases[i].text)),
                         cases[i].error);
    }
    assert_int_equal(strait_fingerprint_parse(&f, NULL, 0), STRAIT_E_INVALID);
    /* One byte too many, and bytes far beyond what fits. */
    char text[1024];
    int len = snprintf(text, sizeof text, "%s:00", abc_text);
    assert_int_equal(strait_fingerprint_parse(&f, text, (size_t)len), STRAIT_E_PARSE);
    len = snprintf(text, sizeof text, "sha-512 00");
    while ((size_t)len + 4 < sizeof text) {
        len += snprintf(text + len, sizeof text - (size_t)len, ":00");
    }
    assert_int_equal(strait_fingerprint_parse(&f, text, (size_t)len), STRAIT_E_PARSE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_what_it_hashed),
        cmocka_unit_test(reads_what_it_prints),
        cmocka_unit_test(fingerprints_of_other_hashes_differ),
        cmocka_unit_test(names_what_is_wrong_with_a_fingerprint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
