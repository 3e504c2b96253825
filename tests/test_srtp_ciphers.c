/* The RFCs' examples, bit for bit, through the ciphers and the key derivation. */
#include "tests/srtp_pair.h"
#include "tests/srtp_rfc7714.h"

#include "srtp/ciphers.h"
#include "srtp/derive.h"

/* --- RFC 3711, appendix B ----------------------------------------------------------------------- */

static void the_keystream_is_that_of_rfc_3711_b_2(void **state)
{
    enum { LEN = 65282 * 16 };
    struct bytes key = hex("2b7e151628aed2a6abf7158809cf4f3cf0f1f2f3f4f5f6f7f8f9fafbfcfd");
    uint8_t iv[16] = { 0 };
    srtp_cipher_t *cipher;
    uint8_t *stream = calloc(1, LEN);
    unsigned int len = LEN;
    (void)state;
    assert_non_null(stream);
    assert_int_equal(strait__icm_128.alloc(&cipher, 30, 0), srtp_err_status_ok);
    assert_int_equal(cipher->type->init(cipher->state, key.data), srtp_err_status_ok);
    assert_int_equal(cipher->type->set_iv(cipher->state, iv, srtp_direction_encrypt),
                     srtp_err_status_ok);
    assert_int_equal(cipher->type->encrypt(cipher->state, stream, &len), srtp_err_status_ok);
    assert_hex(stream, 48,
               "e03ead0935c95e80e166b16dd92b4eb4d23513162b02d0f72a43a2fe4a5f97ab"
               "41e95b3bb0a2e8dd477901e4fca894c0");
    assert_hex(stream + LEN - 48, 48,
               "ec8cdf7398607cb0f2d21675ea9ea1e4362b7c3c6773516318a077d7fc5073ae"
               "6a2cc3787889374fbeb4c81b17ba6c44");
    cipher->type->dealloc(cipher);
    free(stream);
}

static void the_keystream_goes_on_over_calls_and_ends_after_2_16_blocks(void **state)
{
    enum { LEN = 65536 * 16 };
    struct bytes key = hex("2b7e151628aed2a6abf7158809cf4f3cf0f1f2f3f4f5f6f7f8f9fafbfcfd");
    uint8_t iv[16] = { 0 };
    srtp_cipher_t *cipher;
    uint8_t *whole = calloc(1, LEN), *parts = calloc(1, LEN);
    unsigned int len = LEN, part = 1;
    (void)state;
    assert_non_null(whole);
    assert_non_null(parts);
    assert_int_equal(strait__icm_128.alloc(&cipher, 30, 0), srtp_err_status_ok);
    assert_int_equal(cipher->type->init(cipher->state, key.data), srtp_err_status_ok);
    assert_int_equal(cipher->type->set_iv(cipher->state, iv, srtp_direction_any),
                     srtp_err_status_ok);
    assert_int_equal(cipher->type->encrypt(cipher->state, whole, &len), srtp_err_status_ok);
    assert_int_equal(cipher->type->encrypt(cipher->state, whole, &part), srtp_err_status_terminus);
    assert_int_equal(cipher->type->set_iv(cipher->state, iv, srtp_direction_any),
                     srtp_err_status_ok);
    for (size_t at = 0; at < LEN; at += part) {
        part = (unsigned int)(at % 701 + 1);
        part = at + part > LEN ? (unsigned int)(LEN - at) : part;
        assert_int_equal(cipher->type->encrypt(cipher->state, parts + at, &part),
                         srtp_err_status_ok);
    }
    assert_memory_equal(whole, parts, LEN);
    cipher->type->dealloc(cipher);
    free(whole);
    free(parts);
}

static void the_derived_keys_are_those_of_rfc_3711_b_3(void **state)
{
    static const struct {
        enum strait__srtp_label label;
        const char *out;
    } cases[] = {
        { STRAIT__LABEL_RTP_KEY, "c61e7a93744f39ee10734afe3ff7a087" },
        { STRAIT__LABEL_RTP_SALT, "30cbbc08863d8c85d49db34a9ae1" },
        { STRAIT__LABEL_RTP_AUTH, "cebe321f6ff7716b6fd4ab49af256a156d38baa48f0a0acf3c34e2359e6cdbce"
                                  "e049646c43d9327ad175578ef72270986371c10c9a369ac2f94a8c5fbcdddc25"
                                  "6d6e919a48b610ef17c2041e474035766b68642c59bbfc2f34db60dbdfb2" },
    };
    struct strait_srtp_key key = { 0 };
    struct strait__srtp_master master;
    (void)state;
    memcpy(key.key, hex("e1f97a0d3e018be0d64fa32c06de4139").data, 16);
    memcpy(key.salt, hex("0ec675ad498afeebb6960b3aabe6").data, 14);
    assert_int_equal(strait__srtp_master_init(&master, STRAIT_SRTP_AES128_CM_SHA1_80, &key),
                     STRAIT_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t out[100];
        size_t len = strlen(cases[i].out) / 2;
        assert_int_equal(
            strait__srtp_derive(&master, STRAIT_SRTP_AES128_CM_SHA1_80, cases[i].label, out, len),
            STRAIT_OK);
        assert_hex(out, len, cases[i].out);
    }
    assert_int_equal(strait__srtp_master_init(&master, STRAIT_SRTP_NONE, &key), STRAIT_E_INVALID);
}

/* RFC 2202, section 3. */
static void hmac_sha1_is_that_of_rfc_2202(void **state)
{
    static const struct {
        const char *key, *data, *digest;
    } cases[] = {
        { "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
          "b617318655057264e28bc0b6fb378c8ef146be00" },
        { "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
          "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79" },
        { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
          "dddddddddddddddddddddddddddddddddddddddddddddddddd"
          "dddddddddddddddddddddddddddddddddddddddddddddddddd",
          "125d7342b9ac11cd91a39af48aa17b4f63f175d3" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bytes key = hex(cases[i].key), data = hex(cases[i].data);
        srtp_auth_t *auth;
        uint8_t tag[20];
        assert_int_equal(strait__hmac_sha1.alloc(&auth, (int)key.len, 20), srtp_err_status_ok);
        assert_int_equal(auth->type->init(auth->state, key.data, (int)key.len), srtp_err_status_ok);
        /* In one piece and in two, and a second time. */
        for (int cut = 0; cut <= (int)data.len; cut++) {
            assert_int_equal(auth->type->start(auth->state), srtp_err_status_ok);
            assert_int_equal(auth->type->update(auth->state, data.data, cut), srtp_err_status_ok);
            assert_int_equal(
                auth->type->compute(auth->state, data.data + cut, (int)data.len - cut, 20, tag),
                srtp_err_status_ok);
            assert_hex(tag, 20, cases[i].digest);
        }
        auth->type->dealloc(auth);
    }
}

/* --- RFC 7714, sections 16 and 17 ---------------------------------------------------------------- */

static const struct {
    const srtp_cipher_type_t *type;
    int key_len;
    const char *iv, *aad, *more_aad, *text, *sealed;
} gcm_cases[] = {
    /* 16.1.1, 16.1.2 */
    { &strait__gcm_128, 28, RTP_IV, RTP_HEADER, "", RTP_TEXT, RTP_128 },
    /* 16.1.3, 16.1.4 */
    { &strait__gcm_128, 28, RTP_IV, RTP_HEADER RTP_TEXT, "", "",
      "22493f82d2bce397e9d79e3b19aa4216" },
    /* 16.2.1, 16.2.2 */
    { &strait__gcm_256, 44, RTP_IV, RTP_HEADER, "", RTP_TEXT, RTP_256 },
    /* 16.2.3, 16.2.4 */
    { &strait__gcm_256, 44, RTP_IV, RTP_HEADER RTP_TEXT, "", "",
      "a866d5910f887463067ceefec45215d4" },
    /* 17.1 */
    { &strait__gcm_128, 28, RTCP_IV, RTCP_HEADER, "800005d4", RTCP_TEXT, RTCP_128 },
    /* 17.2 */
    { &strait__gcm_256, 44, RTCP_IV, RTCP_HEADER, "800005d4", RTCP_TEXT, RTCP_256 },
    /* 17.3 */
    { &strait__gcm_128, 28, RTCP_IV, RTCP_HEADER RTCP_TEXT, "000005d4", "", RTCP_TAGGED_128 },
    /* 17.4 */
    { &strait__gcm_256, 44, RTCP_IV, RTCP_HEADER RTCP_TEXT, "000005d4", "", RTCP_TAGGED_256 },
};

static void set_up_gcm(srtp_cipher_t *cipher, size_t n, srtp_cipher_direction_t direction,
                       struct bytes aad[2])
{
    struct bytes iv = hex(gcm_cases[n].iv);
    aad[0] = hex(gcm_cases[n].aad);
    aad[1] = hex(gcm_cases[n].more_aad);
    assert_int_equal(cipher->type->set_iv(cipher->state, iv.data, direction), srtp_err_status_ok);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(cipher->type->set_aad(cipher->state, aad[i].data, (uint32_t)aad[i].len),
                         srtp_err_status_ok);
    }
}

static void aes_gcm_is_that_of_rfc_7714_16_and_17(void **state)
{
    struct bytes key = hex(KEY SALT);
    (void)state;
    for (size_t n = 0; n < sizeof gcm_cases / sizeof gcm_cases[0]; n++) {
        struct bytes text = hex(gcm_cases[n].text), aad[2];
        unsigned int len = (unsigned int)text.len;
        uint32_t tag_len = 0;
        srtp_cipher_t *cipher;
        assert_int_equal(gcm_cases[n].type->alloc(&cipher, gcm_cases[n].key_len, 16),
                         srtp_err_status_ok);
        assert_int_equal(cipher->type->init(cipher->state, key.data), srtp_err_status_ok);
        set_up_gcm(cipher, n, srtp_direction_encrypt, aad);
        assert_int_equal(cipher->type->encrypt(cipher->state, text.data, &len), srtp_err_status_ok);
        assert_int_equal(cipher->type->get_tag(cipher->state, text.data + len, &tag_len),
                         srtp_err_status_ok);
        assert_hex(text.data, len + tag_len, gcm_cases[n].sealed);
        len += tag_len;
        set_up_gcm(cipher, n, srtp_direction_decrypt, aad);
        assert_int_equal(cipher->type->decrypt(cipher->state, text.data, &len), srtp_err_status_ok);
        assert_hex(text.data, len, gcm_cases[n].text);
        /* The second piece of associated data counts. */
        text = hex(gcm_cases[n].sealed);
        len = (unsigned int)text.len;
        set_up_gcm(cipher, n, srtp_direction_decrypt, aad);
        assert_int_equal(cipher->type->set_aad(cipher->state, key.data, 1), srtp_err_status_ok);
        assert_int_equal(cipher->type->decrypt(cipher->state, text.data, &len),
                         srtp_err_status_auth_fail);
        cipher->type->dealloc(cipher);
    }
}

/* --- What libsrtp must not take ------------------------------------------------------------------ */

static void ciphers_refuse_what_they_cannot_do(void **state)
{
    srtp_cipher_t *cipher;
    srtp_auth_t *auth;
    uint8_t data[STRAIT__GCM_JOINED_MAX + 1] = { 0 };
    unsigned int len = 15;
    (void)state;
    assert_int_equal(strait__gcm_128.alloc(&cipher, 27, 16), srtp_err_status_bad_param);
    assert_int_equal(strait__gcm_128.alloc(&cipher, 28, 12), srtp_err_status_bad_param);
    assert_int_equal(strait__icm_128.alloc(&cipher, 38, 0), srtp_err_status_bad_param);
    assert_int_equal(strait__hmac_sha1.alloc(&auth, 65, 10), srtp_err_status_bad_param);
    assert_int_equal(strait__hmac_sha1.alloc(&auth, 20, 21), srtp_err_status_bad_param);
    assert_int_equal(strait__gcm_128.alloc(&cipher, 28, 16), srtp_err_status_ok);
    assert_int_equal(cipher->type->init(cipher->state, data), srtp_err_status_ok);
    assert_int_equal(cipher->type->set_iv(cipher->state, data, srtp_direction_decrypt),
                     srtp_err_status_ok);
    assert_int_equal(cipher->type->decrypt(cipher->state, data, &len), srtp_err_status_bad_param);
    assert_int_equal(cipher->type->set_aad(cipher->state, data, STRAIT__GCM_JOINED_MAX - 1),
                     srtp_err_status_ok);
    assert_int_equal(cipher->type->set_aad(cipher->state, data, 1), srtp_err_status_ok);
    assert_int_equal(cipher->type->set_aad(cipher->state, data, 1), srtp_err_status_bad_param);
    cipher->type->dealloc(cipher);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_keystream_is_that_of_rfc_3711_b_2),
        cmocka_unit_test(the_keystream_goes_on_over_calls_and_ends_after_2_16_blocks),
        cmocka_unit_test(the_derived_keys_are_those_of_rfc_3711_b_3),
        cmocka_unit_test(hmac_sha1_is_that_of_rfc_2202),
        cmocka_unit_test(aes_gcm_is_that_of_rfc_7714_16_and_17),
        cmocka_unit_test(ciphers_refuse_what_they_cannot_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
