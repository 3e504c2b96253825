#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <wolfssl/wolfcrypt/asn.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/settings.h>
#include <wolfssl/wolfcrypt/sha256.h>
#include <wolfssl/wolfcrypt/types.h>

#include <strait/certificate.h>

/* --- A host that counts, fails on demand and looks into what is freed --------------------------- */

struct block {
    size_t bytes;
    uint8_t pad[8];
    uint8_t data[];
};

struct host {
    struct strait_hooks hooks;
    uint64_t seed;
    size_t live, allocs, randoms;
    size_t fail_alloc, fail_random; /* the n-th call, from 1; 0: none */
    const uint8_t *secret;          /* no freed block may have it */
    size_t secret_len, secrets_seen;
};

static void *host_alloc(void *user, size_t bytes)
{
    struct host *host = user;
    if (++host->allocs == host->fail_alloc) {
        return NULL;
    }
    struct block *block = malloc(sizeof *block + bytes);
    assert_non_null(block);
    block->bytes = bytes;
    host->live++;
    return block->data;
}

static void host_free(void *user, void *memory)
{
    struct host *host = user;
    struct block *block = (struct block *)(void *)((uint8_t *)memory - sizeof(struct block));
    if (host->secret != NULL &&
        memmem(block->data, block->bytes, host->secret, host->secret_len) != NULL) {
        host->secrets_seen++;
    }
    assert_true(host->live > 0);
    host->live--;
    free(block);
}

static int host_random(void *user, uint8_t *out, size_t bytes)
{
    struct host *host = user;
    if (++host->randoms == host->fail_random) {
        return -1;
    }
    for (size_t i = 0; i < bytes; i++) {
        host->seed += UINT64_C(0x9e3779b97f4a7c15);
        uint64_t z = (host->seed ^ host->seed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        out[i] = (uint8_t)(z >> 56);
    }
    return 0;
}

static void host_init(struct host *host, uint64_t seed)
{
    *host = (struct host){ .seed = seed };
    host->hooks = (struct strait_hooks){ .size = sizeof host->hooks,
                                         .user = host,
                                         .alloc = host_alloc,
                                         .free = host_free,
                                         .random = host_random };
}

static int host_create(struct host *host, struct strait_certificate **out)
{
    struct strait_certificate_config config = { .size = sizeof config, .hooks = &host->hooks };
    return strait_certificate_create(out, &config);
}

/* --- What wolfCrypt reads out of it ------------------------------------------------------------- */

static void parse(DecodedCert *decoded, const struct strait_certificate *cert)
{
    size_t len;
    const uint8_t *der = strait_certificate_der(cert, &len);
    wc_InitDecodedCert(decoded, der, (word32)len, NULL);
    assert_int_equal(wc_ParseCert(decoded, CERT_TYPE, NO_VERIFY, NULL), 0);
}

static void is_self_signed(const struct strait_certificate *cert)
{
    DecodedCert decoded;
    ecc_key key;
    uint8_t hash[WC_SHA256_DIGEST_SIZE];
    size_t len;
    int good = 0;
    word32 at = 0;
    parse(&decoded, cert);
    const uint8_t *der = strait_certificate_der(cert, &len);

    assert_int_equal(decoded.version, 2); /* v3 */
    assert_int_equal(decoded.signatureOID, CTC_SHA256wECDSA);
    assert_int_equal(decoded.pkCurveOID, ECC_SECP256R1_OID);
    assert_memory_equal(decoded.issuerHash, decoded.subjectHash, sizeof decoded.issuerHash);
    assert_int_equal(wc_ecc_init(&key), 0);
    assert_int_equal(wc_EccPublicKeyDecode(decoded.publicKey, &at, &key, decoded.pubKeySize), 0);
    assert_int_equal(
        wc_Sha256Hash(der + decoded.certBegin, decoded.sigIndex - decoded.certBegin, hash), 0);
    assert_int_equal(
        wc_ecc_verify_hash(decoded.signature, decoded.sigLength, hash, sizeof hash, &good, &key),
        0);
    assert_int_equal(good, 1);
    wc_ecc_free(&key);
    wc_FreeDecodedCert(&decoded);
}

static void signs_itself(void **state)
{
    struct strait_certificate *cert;
    (void)state;
    assert_int_equal(strait_certificate_create(&cert, NULL), STRAIT_OK);
    is_self_signed(cert);
    DecodedCert decoded;
    parse(&decoded, cert);
    assert_int_equal(decoded.subjectCNLen, 6);
    assert_memory_equal(decoded.subjectCN, "strait", 6);
    /* Positive, 16 bytes, no leading zero. */
    assert_int_equal(decoded.serialSz, 16);
    assert_in_range(decoded.serial[0], 0x40, 0x7f);
    wc_FreeDecodedCert(&decoded);
    strait_certificate_unref(cert);
}

static void loads_what_it_made(void **state)
{
    struct strait_certificate *cert, *loaded;
    struct strait_fingerprint a, b;
    size_t cert_len, key_len, len;
    (void)state;
    assert_int_equal(strait_certificate_create(&cert, NULL), STRAIT_OK);
    const uint8_t *cert_der = strait_certificate_der(cert, &cert_len);
    const uint8_t *key_der = strait_certificate_key_der(cert, &key_len);
    assert_int_equal(
        strait_certificate_load_der(&loaded, NULL, cert_der, cert_len, key_der, key_len),
        STRAIT_OK);
    assert_ptr_not_equal(strait_certificate_der(loaded, &len), cert_der);
    assert_memory_equal(strait_certificate_der(loaded, &len), cert_der, cert_len);
    assert_int_equal(len, cert_len);
    assert_memory_equal(strait_certificate_key_der(loaded, &len), key_der, key_len);
    assert_int_equal(len, key_len);
    for (int hash = STRAIT_HASH_SHA256; hash <= STRAIT_HASH_SHA512; hash++) {
        enum strait_hash h = (enum strait_hash)hash;
        assert_int_equal(strait_certificate_fingerprint(cert, h, &a), STRAIT_OK);
        assert_int_equal(strait_fingerprint_of(&b, h, cert_der, cert_len), STRAIT_OK);
        assert_true(strait_fingerprint_equal(&a, &b));
        assert_int_equal(strait_certificate_fingerprint(loaded, h, &b), STRAIT_OK);
        assert_true(strait_fingerprint_equal(&a, &b));
    }
    assert_int_equal(strait_certificate_fingerprint(cert, (enum strait_hash)3, &a),
                     STRAIT_E_INVALID);
    strait_certificate_unref(cert);
    is_self_signed(loaded);
    strait_certificate_unref(loaded);
}

static void same_random_same_bytes(void **state)
{
    struct host one, two, other;
    struct strait_certificate *a, *b, *c;
    size_t a_len, b_len, c_len;
    (void)state;
    host_init(&one, 7);
    host_init(&two, 7);
    host_init(&other, 8);
    assert_int_equal(host_create(&one, &a), STRAIT_OK);
    assert_int_equal(host_create(&two, &b), STRAIT_OK);
    assert_int_equal(host_create(&other, &c), STRAIT_OK);
    const uint8_t *a_der = strait_certificate_der(a, &a_len);
    const uint8_t *b_der = strait_certificate_der(b, &b_len);
    const uint8_t *c_der = strait_certificate_der(c, &c_len);
    assert_int_equal(a_len, b_len);
    assert_memory_equal(a_der, b_der, a_len);
    assert_true(c_len != a_len || memcmp(a_der, c_der, a_len) != 0);
    a_der = strait_certificate_key_der(a, &a_len);
    b_der = strait_certificate_key_der(b, &b_len);
    assert_int_equal(a_len, b_len);
    assert_memory_equal(a_der, b_der, a_len);
    strait_certificate_unref(a);
    strait_certificate_unref(b);
    strait_certificate_unref(c);
    assert_int_equal(one.live + two.live + other.live, 0);
}

/* Config → the two dates as they stand in the certificate, tag first. */
static void expect_dates(uint64_t from, uint64_t to, const char *before, const char *after)
{
    struct strait_certificate_config config = { .size = sizeof config,
                                                .not_before = from,
                                                .not_after = to };
    struct strait_certificate *cert;
    DecodedCert decoded;
    assert_int_equal(strait_certificate_create(&cert, &config), STRAIT_OK);
    is_self_signed(cert);
    parse(&decoded, cert);
    const struct {
        const uint8_t *der;
        const char *text;
    } dates[] = { { decoded.beforeDate, before }, { decoded.afterDate, after } };
    for (size_t i = 0; i < 2; i++) {
        size_t len = strlen(dates[i].text);
        assert_int_equal(dates[i].der[0], len == 13 ? 0x17 : 0x18);
        assert_int_equal(dates[i].der[1], len);
        assert_memory_equal(dates[i].der + 2, dates[i].text, len);
    }
    wc_FreeDecodedCert(&decoded);
    strait_certificate_unref(cert);
}

static void dates_follow_rfc_5280(void **state)
{
    (void)state;
    expect_dates(0, 0, "700101000000Z", "99991231235959Z");
    expect_dates(1709210096, 2524607999, "240229123456Z", "491231235959Z");
    expect_dates(2524608000, 253402300799, "20500101000000Z", "99991231235959Z");
}

static void refuses_bad_configs(void **state)
{
    static const char too_long[] =
        "0123456789012345678901234567890123456789012345678901234567890123";
    static const char *const names[] = { "", "a\nb", "\xc3\xa4", too_long };
    struct strait_certificate *cert;
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct strait_certificate_config config = { .size = sizeof config,
                                                    .common_name = names[i] };
        assert_int_equal(strait_certificate_create(&cert, &config), STRAIT_E_INVALID);
        assert_null(cert);
    }
    static const uint64_t dates[][2] = {
        { 2, 1 }, { 0, UINT64_C(253402300800) }, { UINT64_C(253402300800), 0 }, { 0, UINT64_MAX }
    };
    for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
        struct strait_certificate_config config = { .size = sizeof config,
                                                    .not_before = dates[i][0],
                                                    .not_after = dates[i][1] };
        assert_int_equal(strait_certificate_create(&cert, &config), STRAIT_E_INVALID);
    }
    struct strait_certificate_config config = { .size = 3 };
    assert_int_equal(strait_certificate_create(&cert, &config), STRAIT_E_INVALID);
    assert_int_equal(strait_certificate_create(NULL, NULL), STRAIT_E_INVALID);
}

static void takes_a_name_of_63(void **state)
{
    struct strait_certificate_config config = {
        .size = sizeof config,
        .common_name = "012345678901234567890123456789012345678901234567890123456789012",
    };
    struct strait_certificate *cert;
    DecodedCert decoded;
    (void)state;
    assert_int_equal(strait_certificate_create(&cert, &config), STRAIT_OK);
    is_self_signed(cert);
    parse(&decoded, cert);
    assert_int_equal(decoded.subjectCNLen, 63);
    assert_memory_equal(decoded.subjectCN, config.common_name, 63);
    wc_FreeDecodedCert(&decoded);
    strait_certificate_unref(cert);
}

static void counts_references(void **state)
{
    struct host host;
    struct strait_certificate *cert;
    size_t len;
    (void)state;
    host_init(&host, 1);
    assert_int_equal(host_create(&host, &cert), STRAIT_OK);
    assert_int_equal(host.live, 1); /* nothing of wolfCrypt's stays */
    assert_ptr_equal(strait_certificate_ref(cert), cert);
    strait_certificate_unref(cert);
    assert_int_equal(host.live, 1);
    assert_non_null(strait_certificate_der(cert, &len));
    strait_certificate_unref(cert);
    assert_int_equal(host.live, 0);
    strait_certificate_unref(NULL);
}

static void leaves_no_key_behind(void **state)
{
    struct host host;
    struct strait_certificate *cert;
    uint8_t scalar[32];
    size_t len;
    (void)state;
    host_init(&host, 5);
    assert_int_equal(host_create(&host, &cert), STRAIT_OK);
    /* SEC 1: SEQUENCE, version 1, OCTET STRING of 32 bytes. */
    const uint8_t *key = strait_certificate_key_der(cert, &len);
    assert_memory_equal(key + 2, ((const uint8_t[]){ 2, 1, 1, 4, 32 }), 5);
    memcpy(scalar, key + 7, sizeof scalar);
    strait_certificate_unref(cert);

    /* The same once more, now that we know what to look for. */
    host_init(&host, 5);
    host.secret = scalar;
    host.secret_len = sizeof scalar;
    assert_int_equal(host_create(&host, &cert), STRAIT_OK);
    assert_memory_equal(strait_certificate_key_der(cert, &len) + 7, scalar, sizeof scalar);
    strait_certificate_unref(cert);
    assert_int_equal(host.secrets_seen, 0);
}

static void survives_every_failing_allocation(void **state)
{
    struct host host;
    struct strait_certificate *cert;
    int error;
    size_t n = 0;
    (void)state;
    do {
        host_init(&host, 3);
        host.fail_alloc = ++n;
        error = host_create(&host, &cert);
        assert_true(error == STRAIT_OK || error == STRAIT_E_NOMEM);
        assert_int_equal(host.live, error == STRAIT_OK ? 1 : 0);
        assert_true((cert != NULL) == (error == STRAIT_OK));
    } while (error != STRAIT_OK);
    assert_true(n >= 3); /* the description, the certificate, and what wolfCrypt wants */
    assert_true(host.allocs < n);

    size_t cert_len, key_len;
    const uint8_t *cert_der = strait_certificate_der(cert, &cert_len);
    const uint8_t *key_der = strait_certificate_key_der(cert, &key_len);
    n = 0;
    do {
        struct host other;
        struct strait_certificate *loaded;
        host_init(&other, 3);
        other.fail_alloc = ++n;
        error = strait_certificate_load_der(&loaded, &other.hooks, cert_der, cert_len, key_der,
                                            key_len);
        assert_true(error == STRAIT_OK || error == STRAIT_E_NOMEM);
        strait_certificate_unref(loaded);
        assert_int_equal(other.live, 0);
    } while (error != STRAIT_OK);
    assert_true(n >= 2);
    strait_certificate_unref(cert);
}

static void says_when_random_fails(void **state)
{
    struct host host;
    struct strait_certificate *cert;
    int error;
    size_t n = 0;
    (void)state;
    do {
        host_init(&host, 3);
        host.fail_random = ++n;
        error = host_create(&host, &cert);
        assert_true(error == STRAIT_OK || error == STRAIT_E_RANDOM);
        assert_int_equal(host.live, error == STRAIT_OK ? 1 : 0);
    } while (error != STRAIT_OK);
    assert_true(n >= 4); /* the serial, the key, the signature */
    strait_certificate_unref(cert);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signs_itself),
        cmocka_unit_test(loads_what_it_made),
        cmocka_unit_test(same_random_same_bytes),
        cmocka_unit_test(dates_follow_rfc_5280),
        cmocka_unit_test(refuses_bad_configs),
        cmocka_unit_test(takes_a_name_of_63),
        cmocka_unit_test(counts_references),
        cmocka_unit_test(leaves_no_key_behind),
        cmocka_unit_test(survives_every_failing_allocation),
        cmocka_unit_test(says_when_random_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
