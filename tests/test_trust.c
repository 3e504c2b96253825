/* Trusts: what may be added, from where, what is refused; and chains with damage in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <pthread.h>

#include <strait/trust.h>

#include "tests/pki.h"
#include "transport/crypto_run.h"
#include "transport/dtls/peer_name.h"
#include "transport/dtls/trust_chain.h"
#include "transport/dtls/wolf_library.h"
#include "transport/x509.h"

/* --- memory that is counted --- */

struct counted {
    int blocks, allocations, fail_at;
};

static void *counted_alloc(void *user, size_t bytes)
{
    struct counted *counted = user;
    if (++counted->allocations == counted->fail_at) {
        return NULL;
    }
    counted->blocks++;
    return malloc(bytes);
}

static void counted_free(void *user, void *memory)
{
    struct counted *counted = user;
    counted->blocks--;
    free(memory);
}

static struct strait_hooks hooks_of(struct counted *counted)
{
    return (struct strait_hooks){ .size = sizeof(struct strait_hooks),
                                  .user = counted,
                                  .alloc = counted_alloc,
                                  .free = counted_free };
}

static struct strait_trust *empty(void)
{
    struct strait_trust *trust;
    assert_int_equal(strait_trust_create(&trust, NULL), STRAIT_OK);
    return trust;
}

static int add(struct strait_trust *trust, const char *files)
{
    size_t len;
    char *text = pki_text(files, &len);
    int result = strait_trust_add(trust, text, len);
    assert_int_equal(result < 0, strait_trust_error_detail(trust)[0] != '\0');
    free(text);
    return result;
}

/* --- adding --- */

static void takes_pem_and_der(void **state)
{
    struct strait_trust *trust = empty();
    uint8_t der[4096];
    (void)state;
    assert_int_equal(strait_trust_count(trust), 0);
    assert_int_equal(add(trust, "root.crt"), 1);
    assert_int_equal(add(trust, "root.crt"), 0);
    assert_int_equal(add(trust, "root.crt foreign.crt rootrsa.crt"), 2);
    /* Keys and other text between them do not matter. */
    assert_int_equal(add(trust, "make.sh leaf.key twin.crt"), 1);
    size_t one = pki_der("inter.crt", der, sizeof der);
    assert_int_equal(strait_trust_add(trust, der, one), 1);
    assert_int_equal(strait_trust_add(trust, der, one), 0);
    size_t two = pki_der("interrsa.crt", der + one, sizeof der - one);
    assert_int_equal(strait_trust_add(trust, der, one + two), 1);
    assert_int_equal(strait_trust_count(trust), 6);
    /* What cannot be used is skipped beside what can. */
    assert_int_equal(add(trust, "server1024.crt server384.crt"), 1);
    assert_int_equal(strait_trust_count(trust), 7);
    strait_trust_unref(trust);
}

static void refuses_what_is_none(void **state)
{
    struct strait_trust *trust = empty();
    uint8_t der[4096];
    (void)state;
    assert_int_equal(add(trust, "leaf.key"), STRAIT_E_PARSE);
    assert_int_equal(add(trust, "make.sh"), STRAIT_E_PARSE);
    assert_int_equal(add(trust, "server1024.crt"), STRAIT_E_UNSUPPORTED);
    size_t len = pki_der("root.crt", der, sizeof der);
    der[len] = 0;
    assert_int_equal(strait_trust_add(trust, der, len + 1), STRAIT_E_PARSE);
    assert_int_equal(strait_trust_add(trust, der, len - 1), STRAIT_E_PARSE);
    assert_int_equal(strait_trust_add(trust, der, 0), STRAIT_E_INVALID);
    assert_int_equal(strait_trust_add(trust, NULL, 4), STRAIT_E_INVALID);
    assert_int_equal(strait_trust_add(NULL, der, len), STRAIT_E_INVALID);
    assert_int_equal(strait_trust_create(NULL, NULL), STRAIT_E_INVALID);
    assert_int_equal(strait_trust_count(trust), 0);
    assert_int_equal(strait_trust_count(NULL), 0);
    strait_trust_unref(trust);
    strait_trust_unref(NULL);
}

static void damaged_pem_leaves_nothing_behind(void **state)
{
    struct strait_trust *trust = empty();
    size_t len, refused = 0;
    char *text = pki_text("root.crt foreign.crt", &len);
    (void)state;
    for (size_t cut = 1; cut < len; cut++) {
        int result = strait_trust_add(trust, text, cut);
        /* The first one is whole from its END on; where the second has not begun yet, all is well. */
        assert_true(result == STRAIT_E_PARSE || result == 1 || result == 2);
        assert_int_equal(strait_trust_count(trust), result > 0 ? result : 0);
        strait_trust_unref(trust);
        trust = empty();
        refused += result < 0;
    }
    assert_true(refused > len - 100);
    for (size_t i = 0; i < len; i++) {
        text[i] = (char)(text[i] ^ (1 << i % 7));
        int result = strait_trust_add(trust, text, len);
        assert_true(result == STRAIT_E_PARSE || (result >= 0 && result <= 2));
        assert_int_equal(strait_trust_count(trust), result > 0 ? result : 0);
        text[i] = (char)(text[i] ^ (1 << i % 7));
        strait_trust_unref(trust);
        trust = empty();
    }
    free(text);
    strait_trust_unref(trust);
}

static void shared_means_unchanged(void **state)
{
    struct strait_trust *trust = empty();
    (void)state;
    assert_int_equal(add(trust, "root.crt"), 1);
    assert_ptr_equal(strait_trust_ref(trust), trust);
    assert_int_equal(add(trust, "foreign.crt"), STRAIT_E_STATE);
    assert_int_equal(strait_trust_add_system(trust), STRAIT_E_STATE);
    assert_int_equal(strait_trust_add_file(trust, "/dev/null"), STRAIT_E_STATE);
    assert_int_equal(strait_trust_add_directory(trust, "/"), STRAIT_E_STATE);
    strait_trust_unref(trust);
    assert_int_equal(add(trust, "foreign.crt"), 1);
    strait_trust_unref(trust);
}

static void each_allocation_fails(void **state)
{
    size_t len;
    char *text = pki_text("root.crt rootrsa.crt", &len);
    (void)state;
    for (int i = 1, over = 0; !over; i++) {
        struct counted counted = { .fail_at = i };
        const struct strait_hooks hooks = hooks_of(&counted);
        struct strait_trust *trust = NULL;
        int result = strait_trust_create(&trust, &hooks);
        result = result == STRAIT_OK ? strait_trust_add(trust, text, len) : result;
        over = counted.allocations < i;
        assert_int_equal(result, over ? 2 : STRAIT_E_NOMEM);
        assert_int_equal(strait_trust_count(trust), over ? 2 : 0);
        strait_trust_unref(trust);
        assert_int_equal(counted.blocks, 0);
    }
    free(text);
}

/* --- files --- */

static void files_and_directories(void **state)
{
    struct strait_trust *trust = empty();
    (void)state;
    assert_int_equal(strait_trust_add_file(trust, TEST_DATA "/pki/root.crt"), 1);
    assert_int_equal(strait_trust_add_file(trust, TEST_DATA "/pki/leaf.key"), STRAIT_E_PARSE);
    assert_int_equal(strait_trust_add_file(trust, TEST_DATA "/pki/none.crt"), STRAIT_E_SYSTEM);
    assert_non_null(strstr(strait_trust_error_detail(trust), "pki/none.crt: No such file"));
    assert_int_equal(strait_trust_add_file(trust, TEST_DATA "/pki"), STRAIT_E_SYSTEM);
    assert_int_equal(strait_trust_add_file(trust, "/dev/null"), STRAIT_E_SYSTEM);
    assert_int_equal(strait_trust_count(trust), 1);
    /* All certificates but root and the one of 1024 bits, which cannot be used. */
    int n = strait_trust_add_directory(trust, TEST_DATA "/pki");
    assert_true(n > 20);
    assert_string_equal(strait_trust_error_detail(trust), "");
    assert_int_equal(strait_trust_add_directory(trust, TEST_DATA "/pki"), 0);
    assert_int_equal(strait_trust_count(trust), (size_t)n + 1);
    assert_int_equal(strait_trust_add_directory(trust, TEST_DATA), STRAIT_E_NOT_FOUND);
    assert_int_equal(strait_trust_add_directory(trust, TEST_DATA "/none"), STRAIT_E_SYSTEM);
    assert_int_equal(strait_trust_add_file(trust, NULL), STRAIT_E_INVALID);
    assert_int_equal(strait_trust_add_directory(NULL, "/"), STRAIT_E_INVALID);
    assert_int_equal(strait_trust_add_system(NULL), STRAIT_E_INVALID);
    strait_trust_unref(trust);
}

static void the_systems_store(void **state)
{
    struct strait_trust *trust = empty();
    (void)state;
    int n = strait_trust_add_system(trust);
    if (access("/etc/ssl/certs/ca-certificates.crt", R_OK) == 0) {
        assert_true(n > 50);
        assert_int_equal(strait_trust_count(trust), (size_t)n);
        print_message("# the system has %d authorities\n", n);
    } else {
        assert_true(n > 0 || n == STRAIT_E_NOT_FOUND);
    }
    strait_trust_unref(trust);
}

/* --- chains --- */

enum { CHAIN = 2, CERT_ROOM = 2048 };

struct chain {
    uint8_t der[CHAIN][CERT_ROOM];
    struct strait__der_view view[CHAIN];
};

static void read_chain(struct chain *chain)
{
    static const char *const names[CHAIN] = { "server.crt", "inter.crt" };
    for (int i = 0; i < CHAIN; i++) {
        chain->view[i].data = chain->der[i];
        chain->view[i].len = pki_der(names[i], chain->der[i], CERT_ROOM);
    }
}

static int judge(const struct strait_trust *trust, const struct strait_hooks *hooks,
                 const struct chain *chain, size_t n, struct strait__chain_verdict *verdict)
{
    struct strait__crypto_run run;
    const struct strait__chain_question question = {
        .trust = trust,
        .hooks = hooks,
        .certs = chain->view,
        .n_certs = n,
        .of_server = true,
        .name = "server.example.net",
        .now = PKI_TODAY,
    };
    assert_int_equal(strait__crypto_begin(&run, hooks), STRAIT_OK);
    run.scope.calendar = PKI_TODAY;
    int error = strait__chain_judge(verdict, &question);
    strait__crypto_end(&run);
    assert_int_equal(error, verdict->error);
    return error;
}

/* Nothing that a peer sends stays in the trust, or anywhere. */
static void a_trust_does_not_grow(void **state)
{
    struct counted shared = { .fail_at = 0 }, own = { .fail_at = 0 };
    const struct strait_hooks trust_hooks = hooks_of(&shared), own_hooks = hooks_of(&own);
    struct strait_trust *trust;
    struct chain chain;
    struct strait__chain_verdict verdict;
    (void)state;
    read_chain(&chain);
    assert_int_equal(strait_trust_create(&trust, &trust_hooks), STRAIT_OK);
    assert_int_equal(add(trust, "root.crt"), 1);
    int blocks = shared.blocks, allocations = shared.allocations;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(judge(trust, &own_hooks, &chain, 2, &verdict), STRAIT_OK);
        assert_int_equal(judge(trust, &own_hooks, &chain, 1, &verdict), STRAIT_E_UNTRUSTED);
    }
    assert_int_equal(shared.blocks, blocks);
    assert_int_equal(shared.allocations, allocations);
    assert_int_equal(own.blocks, 0);
    strait_trust_unref(trust);
    assert_int_equal(shared.blocks, 0);
}

/* The name of the algorithm stands twice: signed, and once more behind what is signed, where wolfCrypt does not
 * mind a wrong length. */
static bool is_second_name(const struct strait__der_view *cert, size_t at)
{
    enum { HEADER = 4, ECDSA_WITH_SHA256 = 12 };
    size_t end = HEADER + strait__der_item(cert->data + HEADER, cert->len - HEADER);
    return at >= end && at < end + ECDSA_WITH_SHA256;
}

/* Each byte of each certificate counts. */
static void no_flipped_bit_is_trusted(void **state)
{
    struct counted counted = { .fail_at = 0 };
    const struct strait_hooks hooks = hooks_of(&counted);
    struct strait_trust *trust = empty();
    struct strait__chain_verdict verdict;
    struct chain chain;
    (void)state;
    read_chain(&chain);
    add(trust, "root.crt");
    assert_int_equal(judge(trust, &hooks, &chain, 2, &verdict), STRAIT_OK);
    for (int c = 0; c < CHAIN; c++) {
        for (size_t i = 0; i < chain.view[c].len; i++) {
            bool may_pass = is_second_name(&chain.view[c], i);
            chain.der[c][i] ^= (uint8_t)(1 << i % 8);
            int error = judge(trust, &hooks, &chain, 2, &verdict);
            if (error == STRAIT_OK ? !may_pass : verdict.detail[0] == '\0') {
                fail_msg("byte %zu of certificate %d", i, c);
            }
            chain.der[c][i] ^= (uint8_t)(1 << i % 8);
        }
        size_t whole = chain.view[c].len;
        for (chain.view[c].len = 0; chain.view[c].len < whole; chain.view[c].len++) {
            assert_true(judge(trust, &hooks, &chain, 2, &verdict) < 0);
        }
    }
    assert_int_equal(judge(trust, &hooks, &chain, 2, &verdict), STRAIT_OK);
    assert_int_equal(counted.blocks, 0);
    strait_trust_unref(trust);
}

static void a_chain_without_memory(void **state)
{
    struct strait_trust *trust = empty();
    struct strait__chain_verdict verdict;
    struct chain chain;
    (void)state;
    read_chain(&chain);
    add(trust, "root.crt");
    for (int i = 1, over = 0; !over; i++) {
        struct counted counted = { .fail_at = i };
        const struct strait_hooks hooks = hooks_of(&counted);
        int error = judge(trust, &hooks, &chain, 2, &verdict);
        over = counted.allocations < i;
        assert_int_equal(error == STRAIT_OK, over);
        assert_int_equal(counted.blocks, 0);
    }
    strait_trust_unref(trust);
}

static void *many_judgements(void *argument)
{
    struct counted counted = { .fail_at = 0 };
    const struct strait_hooks hooks = hooks_of(&counted);
    struct strait__chain_verdict verdict;
    struct chain chain;
    int good = 0;
    read_chain(&chain);
    for (int i = 0; i < 20; i++) {
        good += judge(argument, &hooks, &chain, 2, &verdict) == STRAIT_OK;
    }
    return good == 20 ? argument : NULL;
}

static void threads_share_a_trust(void **state)
{
    struct strait_trust *trust = empty();
    pthread_t threads[3];
    (void)state;
    add(trust, "root.crt foreign.crt");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, many_judgements, trust), 0);
    }
    for (int i = 0; i < 3; i++) {
        void *result;
        pthread_join(threads[i], &result);
        assert_ptr_equal(result, trust);
    }
    strait_trust_unref(trust);
}

/* --- names and dates --- */

static bool fits(const char *pattern, const char *host)
{
    struct strait__peer_name name;
    assert_true(strait__peer_name_read(&name, host));
    return strait__host_matches(pattern, strlen(pattern), &name);
}

static void wildcards_stand_for_one_label(void **state)
{
    (void)state;
    assert_true(fits("a.example.net", "A.Example.Net"));
    assert_true(fits("*.example.net", "a.example.net"));
    assert_true(fits("*.EXAMPLE.net", "xn--bcher-kva.example.net"));
    assert_false(fits("*.example.net", "example.net"));
    assert_false(fits("*.example.net", "a.b.example.net"));
    assert_false(fits("a*.example.net", "ab.example.net"));
    assert_false(fits("*a.example.net", "ba.example.net"));
    assert_false(fits("a.*.net", "a.example.net"));
    assert_false(fits("*.net", "example.net"));
    assert_false(fits("*", "localhost"));
    assert_false(fits("*.*.net", "a.example.net"));
    assert_false(fits("**.example.net", "a.example.net"));
    assert_false(fits("", "example.net"));
    assert_false(fits("example.net.", "example.net"));
}

static void dates_are_the_calendars(void **state)
{
    static const struct {
        int64_t seconds;
        const char *text;
    } dates[] = {
        { 0, "1970-01-01 00:00:00 UTC" },
        { -1, "1969-12-31 23:59:59 UTC" },
        { INT64_C(951782400), "2000-02-29 00:00:00 UTC" },
        { INT64_C(951868799), "2000-02-29 23:59:59 UTC" },
        { INT64_C(4107542400), "2100-03-01 00:00:00 UTC" },
        { PKI_TODAY, "2030-01-01 00:00:00 UTC" },
        { INT64_C(253402300799), "9999-12-31 23:59:59 UTC" },
    };
    char text[STRAIT__DATE_TEXT];
    (void)state;
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
        strait__date_print(dates[i].seconds, text);
        assert_string_equal(text, dates[i].text);
    }
    /* And the other way: as strait's own certificates have them. */
    struct strait__x509 x;
    uint8_t der[CERT_ROOM];
    assert_int_equal(strait__x509_read(&x, der, pki_der("expired.crt", der, sizeof der)),
                     STRAIT_OK);
    assert_int_equal(x.not_before, INT64_C(1577836800));
    assert_int_equal(x.not_after, INT64_C(1612325106));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_pem_and_der),
        cmocka_unit_test(refuses_what_is_none),
        cmocka_unit_test(damaged_pem_leaves_nothing_behind),
        cmocka_unit_test(shared_means_unchanged),
        cmocka_unit_test(each_allocation_fails),
        cmocka_unit_test(files_and_directories),
        cmocka_unit_test(the_systems_store),
        cmocka_unit_test(a_trust_does_not_grow),
        cmocka_unit_test(no_flipped_bit_is_trusted),
        cmocka_unit_test(a_chain_without_memory),
        cmocka_unit_test(threads_share_a_trust),
        cmocka_unit_test(wildcards_stand_for_one_label),
        cmocka_unit_test(dates_are_the_calendars),
    };
    strait__wolf_ref();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    strait__wolf_unref();
    return failed;
}
