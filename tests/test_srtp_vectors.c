/* The RFCs' examples, bit for bit, through whole sessions. */
#include "tests/srtp_pair.h"
#include "tests/srtp_rfc7714.h"

#include "srtp/ciphers.h"
#include "srtp/derive.h"

/* A packet under the keys of B.3. The bytes were computed with OpenSSL and Python's hmac. */
static void packets_under_the_keys_of_rfc_3711_b_3_have_known_bytes(void **state)
{
    static const struct {
        enum strait_srtp_profile profile;
        const char *plain, *sealed;
    } cases[] = {
        { STRAIT_SRTP_AES128_CM_SHA1_80, "800f1234decafbadcafebabeabababababababababababababababab",
          "800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb" },
        { STRAIT_SRTP_AES128_CM_SHA1_32, "800f1234decafbadcafebabeabababababababababababababababab",
          "800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc" },
        { STRAIT_SRTP_AES128_CM_SHA1_80, "81c8000bcafebabeabababababababababababababababab",
          "81c8000bcafebabe7128035be487b9bdbef89041f977a5a880000001993e08cd54d6c1230798" },
        { STRAIT_SRTP_AES128_CM_SHA1_32, "81c8000bcafebabeabababababababababababababababab",
          "81c8000bcafebabe7128035be487b9bdbef89041f977a5a880000001993e08cd54d6c1230798" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct strait_srtp_config config = { .size = sizeof config, .profile = cases[i].profile };
        struct strait_srtp *srtp;
        memcpy(config.send.key, hex("e1f97a0d3e018be0d64fa32c06de4139").data, 16);
        memcpy(config.send.salt, hex("0ec675ad498afeebb6960b3aabe6").data, 14);
        config.receive = config.send;
        assert_int_equal(strait_srtp_create(&srtp, &config), STRAIT_OK);
        struct bytes packet = hex(cases[i].plain);
        assert_int_equal(protect(srtp, &packet), STRAIT_OK);
        assert_hex(packet.data, packet.len, cases[i].sealed);
        assert_int_equal(unprotect(srtp, &packet), STRAIT_OK);
        assert_hex(packet.data, packet.len, cases[i].plain);
        strait_srtp_destroy(srtp);
    }
}

/* --- RFC 7714, sections 16 and 17 ---------------------------------------------------------------- */

/*
 * The RFC's example packets are under session keys, which no master key has. So libsrtp derives them
 * here with a function that gives those for one master key, and is the right one otherwise.
 */
static const char pinned_master[] = "no master key in the world has..";

struct pinned {
    srtp_cipher_t *real;
    size_t key_len;
    uint8_t label;
    bool is_pinned;
};

static srtp_cipher_type_t pinned_128, pinned_256;

static srtp_err_status_t pinned_alloc(srtp_cipher_pointer_t *out, int key_len, int tag_len)
{
    bool short_key = key_len == SRTP_AES_ICM_128_KEY_LEN_WSALT;
    const srtp_cipher_type_t *real = short_key ? &strait__icm_128 : &strait__icm_256;
    srtp_cipher_t *cipher = calloc(1, sizeof *cipher);
    struct pinned *pinned = calloc(1, sizeof *pinned);
    assert_non_null(cipher);
    assert_non_null(pinned);
    assert_int_equal(real->alloc(&pinned->real, key_len, tag_len), srtp_err_status_ok);
    pinned->key_len = short_key ? 16 : 32;
    *cipher = (srtp_cipher_t){ .type = short_key ? &pinned_128 : &pinned_256,
                               .state = pinned,
                               .key_len = key_len,
                               .algorithm = pinned->real->algorithm };
    *out = cipher;
    return srtp_err_status_ok;
}

static srtp_err_status_t pinned_dealloc(srtp_cipher_pointer_t cipher)
{
    struct pinned *pinned = cipher->state;
    pinned->real->type->dealloc(pinned->real);
    free(pinned);
    free(cipher);
    return srtp_err_status_ok;
}

static srtp_err_status_t pinned_init(void *state, const uint8_t *key)
{
    struct pinned *pinned = state;
    pinned->is_pinned = memcmp(key, pinned_master, pinned->key_len) == 0;
    return pinned->real->type->init(pinned->real->state, key);
}

static srtp_err_status_t pinned_set_iv(void *state, uint8_t *iv, srtp_cipher_direction_t direction)
{
    struct pinned *pinned = state;
    pinned->label = iv[7];
    return pinned->real->type->set_iv(pinned->real->state, iv, direction);
}

static srtp_err_status_t pinned_crypt(void *state, uint8_t *buffer, unsigned int *len)
{
    struct pinned *pinned = state;
    if (pinned->is_pinned && pinned->label % 3 != STRAIT__LABEL_RTP_AUTH) {
        bool salt = pinned->label % 3 == STRAIT__LABEL_RTP_SALT;
        struct bytes bytes = hex(salt ? SALT : KEY);
        assert_true(*len <= bytes.len);
        memcpy(buffer, bytes.data, *len);
        return srtp_err_status_ok;
    }
    return pinned->real->type->encrypt(pinned->real->state, buffer, len);
}

static srtp_cipher_type_t pinned_type(const srtp_cipher_type_t *real)
{
    srtp_cipher_type_t type = *real;
    type.alloc = pinned_alloc;
    type.dealloc = pinned_dealloc;
    type.init = pinned_init;
    type.encrypt = pinned_crypt;
    type.decrypt = pinned_crypt;
    type.set_iv = pinned_set_iv;
    return type;
}

/* A session that has the RFC's session keys in both directions. */
static struct strait_srtp *pinned_session(enum strait_srtp_profile profile)
{
    struct strait_srtp_config config = { .size = sizeof config, .profile = profile };
    struct strait_srtp *srtp;
    memcpy(config.send.key, pinned_master, sizeof config.send.key);
    config.receive = config.send;
    assert_int_equal(strait_srtp_create(&srtp, &config), STRAIT_OK);
    pinned_128 = pinned_type(&strait__icm_128);
    pinned_256 = pinned_type(&strait__icm_256);
    assert_int_equal(srtp_replace_cipher_type(&pinned_128, SRTP_AES_ICM_128), srtp_err_status_ok);
    assert_int_equal(srtp_replace_cipher_type(&pinned_256, SRTP_AES_ICM_256), srtp_err_status_ok);
    return srtp;
}

static void unpin_and_destroy(struct strait_srtp *srtp)
{
    assert_int_equal(srtp_replace_cipher_type(&strait__icm_128, SRTP_AES_ICM_128),
                     srtp_err_status_ok);
    assert_int_equal(srtp_replace_cipher_type(&strait__icm_256, SRTP_AES_ICM_256),
                     srtp_err_status_ok);
    strait_srtp_destroy(srtp);
}

/* Each is received in a stream that stands just before it: a new stream is authenticated with keys
 * that are derived past libsrtp, so not with these. */
static void receive_from(struct strait_srtp *srtp, uint32_t ssrc, uint16_t sequence,
                         uint32_t rtcp_index)
{
    struct strait_srtp_stream stream = {
        .ssrc = ssrc, .started = true, .sequence = sequence, .rtcp_index = rtcp_index
    };
    assert_int_equal(strait_srtp_restore(srtp, &stream), STRAIT_OK);
}

static void rtp_packets_of_rfc_7714_16_go_through_a_session(void **state)
{
    static const struct {
        enum strait_srtp_profile profile;
        const char *sealed;
    } cases[] = {
        { STRAIT_SRTP_AEAD_AES_128_GCM, RTP_HEADER RTP_128 },
        { STRAIT_SRTP_AEAD_AES_256_GCM, RTP_HEADER RTP_256 },
    };
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct strait_srtp *srtp = pinned_session(cases[i].profile);
        struct bytes packet = hex(RTP_HEADER RTP_TEXT);
        assert_int_equal(protect(srtp, &packet), STRAIT_OK);
        assert_hex(packet.data, packet.len, cases[i].sealed);
        receive_from(srtp, 0x5501a0b2, 0xf17a, 0);
        assert_int_equal(unprotect(srtp, &packet), STRAIT_OK);
        assert_hex(packet.data, packet.len, RTP_HEADER RTP_TEXT);
        unpin_and_destroy(srtp);
    }
}

static void rtcp_packets_of_rfc_7714_17_go_through_a_session(void **state)
{
    static const struct {
        enum strait_srtp_profile profile;
        const char *sealed, *tagged;
    } cases[] = {
        { STRAIT_SRTP_AEAD_AES_128_GCM, RTCP_HEADER RTCP_128 "800005d4",
          RTCP_HEADER RTCP_TEXT RTCP_TAGGED_128 "000005d4" },
        { STRAIT_SRTP_AEAD_AES_256_GCM, RTCP_HEADER RTCP_256 "800005d4",
          RTCP_HEADER RTCP_TEXT RTCP_TAGGED_256 "000005d4" },
    };
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct strait_srtp *srtp = pinned_session(cases[i].profile);
        struct bytes packet;
        for (int index = 1; index <= 0x5d4; index++) {
            packet = hex(RTCP_HEADER RTCP_TEXT);
            assert_int_equal(protect(srtp, &packet), STRAIT_OK);
        }
        assert_hex(packet.data, packet.len, cases[i].sealed);
        receive_from(srtp, 0x4d617273, 0, 0x5d3);
        assert_int_equal(unprotect(srtp, &packet), STRAIT_OK);
        assert_hex(packet.data, packet.len, RTCP_HEADER RTCP_TEXT);
        unpin_and_destroy(srtp);

        /* Without encryption (17.3, 17.4) strait sends none, but takes it. */
        srtp = pinned_session(cases[i].profile);
        receive_from(srtp, 0x4d617273, 0, 0x5d3);
        packet = hex(cases[i].tagged);
        packet.data[20] ^= 1;
        assert_int_equal(unprotect(srtp, &packet), STRAIT_E_AUTH);
        packet = hex(cases[i].tagged);
        assert_int_equal(unprotect(srtp, &packet), STRAIT_OK);
        assert_hex(packet.data, packet.len, RTCP_HEADER RTCP_TEXT);
        unpin_and_destroy(srtp);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_under_the_keys_of_rfc_3711_b_3_have_known_bytes),
        cmocka_unit_test(rtp_packets_of_rfc_7714_16_go_through_a_session),
        cmocka_unit_test(rtcp_packets_of_rfc_7714_17_go_through_a_session),
    };
    return cmocka_run_group_tests(tests, hold_library, release_library);
}
