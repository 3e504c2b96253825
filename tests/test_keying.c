#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <strait/srtp.h>

struct shape {
    enum strait_srtp_profile profile;
    uint16_t number;
    const char *name;
    size_t key, salt;
};

static const struct shape shapes[] = {
    { STRAIT_SRTP_AES128_CM_SHA1_80, 0x0001, "AES_CM_128_HMAC_SHA1_80", 16, 14 },
    { STRAIT_SRTP_AES128_CM_SHA1_32, 0x0002, "AES_CM_128_HMAC_SHA1_32", 16, 14 },
    { STRAIT_SRTP_AEAD_AES_128_GCM, 0x0007, "AEAD_AES_128_GCM", 16, 12 },
    { STRAIT_SRTP_AEAD_AES_256_GCM, 0x0008, "AEAD_AES_256_GCM", 32, 12 },
};

enum { N_SHAPES = sizeof shapes / sizeof shapes[0] };

static void profiles_have_the_numbers_names_and_lengths_of_the_rfcs(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_SHAPES; i++) {
        size_t key = 0, salt = 0;
        assert_int_equal(shapes[i].profile, shapes[i].number);
        assert_string_equal(strait_srtp_profile_name(shapes[i].profile), shapes[i].name);
        assert_int_equal(strait_srtp_profile_lengths(shapes[i].profile, &key, &salt), STRAIT_OK);
        assert_int_equal(key, shapes[i].key);
        assert_int_equal(salt, shapes[i].salt);
        assert_true(2 * (key + salt) <= STRAIT_SRTP_MAX_MATERIAL);
    }
}

static void other_profiles_have_no_name_and_no_lengths(void **state)
{
    /* 5 and 6 are those with the NULL cipher. */
    static const int others[] = { 0, 3, 4, 5, 6, 9, 0x7fff, -1 };
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        enum strait_srtp_profile other = (enum strait_srtp_profile)others[i];
        size_t key, salt;
        assert_null(strait_srtp_profile_name(other));
        assert_int_equal(strait_srtp_profile_lengths(other, &key, &salt), STRAIT_E_INVALID);
    }
}

static void material_of(uint8_t material[STRAIT_SRTP_MAX_MATERIAL])
{
    for (size_t i = 0; i < STRAIT_SRTP_MAX_MATERIAL; i++) {
        material[i] = (uint8_t)(i + 1);
    }
}

/* RFC 5764, 4.2: client key, server key, client salt, server salt. */
static void material_is_cut_in_the_order_of_rfc_5764(void **state)
{
    uint8_t material[STRAIT_SRTP_MAX_MATERIAL];
    (void)state;
    material_of(material);
    for (size_t i = 0; i < N_SHAPES; i++) {
        const struct shape *s = &shapes[i];
        struct strait_srtp_key send, receive;
        memset(&send, 0xee, sizeof send);
        memset(&receive, 0xee, sizeof receive);
        assert_int_equal(strait_srtp_keys_from_material(
                             s->profile, material, 2 * (s->key + s->salt), true, &send, &receive),
                         STRAIT_OK);
        assert_memory_equal(send.key, material, s->key);
        assert_memory_equal(receive.key, material + s->key, s->key);
        assert_memory_equal(send.salt, material + 2 * s->key, s->salt);
        assert_memory_equal(receive.salt, material + 2 * s->key + s->salt, s->salt);
        for (size_t k = s->key; k < sizeof send.key; k++) {
            assert_int_equal(send.key[k], 0);
        }
    }
}

static void the_server_sends_with_what_the_client_receives_with(void **state)
{
    uint8_t material[STRAIT_SRTP_MAX_MATERIAL];
    (void)state;
    material_of(material);
    for (size_t i = 0; i < N_SHAPES; i++) {
        const struct shape *s = &shapes[i];
        size_t len = 2 * (s->key + s->salt);
        struct strait_srtp_key client[2], server[2];
        assert_int_equal(
            strait_srtp_keys_from_material(s->profile, material, len, true, &client[0], &client[1]),
            STRAIT_OK);
        assert_int_equal(strait_srtp_keys_from_material(s->profile, material, len, false,
                                                        &server[0], &server[1]),
                         STRAIT_OK);
        assert_memory_equal(&client[0], &server[1], sizeof client[0]);
        assert_memory_equal(&client[1], &server[0], sizeof client[0]);
        assert_memory_not_equal(&client[0], &client[1], sizeof client[0]);
    }
}

static void material_of_another_length_is_refused(void **state)
{
    uint8_t material[STRAIT_SRTP_MAX_MATERIAL];
    struct strait_srtp_key send, receive;
    (void)state;
    material_of(material);
    for (size_t i = 0; i < N_SHAPES; i++) {
        const struct shape *s = &shapes[i];
        for (size_t len = 0; len <= sizeof material; len++) {
            int expected = len == 2 * (s->key + s->salt) ? STRAIT_OK : STRAIT_E_INVALID;
            assert_int_equal(
                strait_srtp_keys_from_material(s->profile, material, len, true, &send, &receive),
                expected);
        }
    }
    assert_int_equal(
        strait_srtp_keys_from_material(STRAIT_SRTP_NONE, material, 56, true, &send, &receive),
        STRAIT_E_INVALID);
    assert_int_equal(strait_srtp_keys_from_material(STRAIT_SRTP_AEAD_AES_128_GCM, NULL, 56, true,
                                                    &send, &receive),
                     STRAIT_E_INVALID);
    assert_int_equal(strait_srtp_keys_from_material(STRAIT_SRTP_AEAD_AES_128_GCM, material, 56,
                                                    true, NULL, &receive),
                     STRAIT_E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(profiles_have_the_numbers_names_and_lengths_of_the_rfcs),
        cmocka_unit_test(other_profiles_have_no_name_and_no_lengths),
        cmocka_unit_test(material_is_cut_in_the_order_of_rfc_5764),
        cmocka_unit_test(the_server_sends_with_what_the_client_receives_with),
        cmocka_unit_test(material_of_another_length_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
