#include <wolfssl/wolfcrypt/settings.h>

#include <wolfssl/wolfcrypt/aes.h>
#include <wolfssl/wolfcrypt/error-crypt.h>
#include <wolfssl/wolfcrypt/types.h>

#include "srtp/ciphers.h"
#include "transport/util.h"

enum {
    IV_LEN = 12,
    TAG_MAX = 16,
};

struct gcm {
    Aes aes;
    const uint8_t *aad; /* borrowed until encrypt or decrypt, or `joined` */
    uint32_t aad_len;
    uint32_t key_len;
    uint32_t tag_len;
    uint8_t iv[IV_LEN];
    uint8_t tag[TAG_MAX];
    uint8_t joined[STRAIT__GCM_JOINED_MAX];
};

static srtp_err_status_t gcm_alloc(srtp_cipher_pointer_t *out, int key_len, int tag_len)
{
    bool short_key = key_len == SRTP_AES_GCM_128_KEY_LEN_WSALT;
    if (!short_key && key_len != SRTP_AES_GCM_256_KEY_LEN_WSALT) {
        return srtp_err_status_bad_param;
    }
    if (tag_len != 16 && tag_len != 8) {
        return srtp_err_status_bad_param;
    }
    srtp_cipher_t *cipher = XMALLOC(sizeof *cipher, NULL, DYNAMIC_TYPE_CIPHER);
    struct gcm *gcm = XMALLOC(sizeof *gcm, NULL, DYNAMIC_TYPE_CIPHER);
    if (cipher == NULL || gcm == NULL || wc_AesInit(&gcm->aes, NULL, INVALID_DEVID) != 0) {
        XFREE(cipher, NULL, DYNAMIC_TYPE_CIPHER);
        XFREE(gcm, NULL, DYNAMIC_TYPE_CIPHER);
        return srtp_err_status_alloc_fail;
    }
    gcm->key_len = short_key ? SRTP_AES_128_KEY_LEN : SRTP_AES_256_KEY_LEN;
    gcm->tag_len = (uint32_t)tag_len;
    gcm->aad = NULL;
    gcm->aad_len = 0;
    *cipher = (srtp_cipher_t){
        .type = short_key ? &strait__gcm_128 : &strait__gcm_256,
        .state = gcm,
        .key_len = key_len,
        .algorithm = short_key ? SRTP_AES_GCM_128 : SRTP_AES_GCM_256,
    };
    *out = cipher;
    return srtp_err_status_ok;
}

static srtp_err_status_t gcm_dealloc(srtp_cipher_pointer_t cipher)
{
    struct gcm *gcm = cipher->state;
    wc_AesFree(&gcm->aes);
    strait__zero(gcm, sizeof *gcm);
    XFREE(gcm, NULL, DYNAMIC_TYPE_CIPHER);
    XFREE(cipher, NULL, DYNAMIC_TYPE_CIPHER);
    return srtp_err_status_ok;
}

static srtp_err_status_t gcm_init(void *state, const uint8_t *key)
{
    struct gcm *gcm = state;
    gcm->aad_len = 0;
    int result = wc_AesGcmSetKey(&gcm->aes, key, gcm->key_len);
    return result == 0 ? srtp_err_status_ok : srtp_err_status_init_fail;
}

static srtp_err_status_t gcm_set_iv(void *state, uint8_t *iv, srtp_cipher_direction_t direction)
{
    struct gcm *gcm = state;
    (void)direction;
    memcpy(gcm->iv, iv, IV_LEN);
    gcm->aad_len = 0;
    return srtp_err_status_ok;
}

/* libsrtp gives an SRTCP packet's associated data in two pieces (RFC 7714, 9.2). */
static srtp_err_status_t gcm_set_aad(void *state, const uint8_t *aad, uint32_t len)
{
    struct gcm *gcm = state;
    if (gcm->aad_len == 0) {
        gcm->aad = aad;
        gcm->aad_len = len;
        return srtp_err_status_ok;
    }
    if (gcm->aad_len > STRAIT__GCM_JOINED_MAX || len > STRAIT__GCM_JOINED_MAX - gcm->aad_len) {
        return srtp_err_status_bad_param;
    }
    if (gcm->aad != gcm->joined) {
        memcpy(gcm->joined, gcm->aad, gcm->aad_len);
        gcm->aad = gcm->joined;
    }
    memcpy(gcm->joined + gcm->aad_len, aad, len);
    gcm->aad_len += len;
    return srtp_err_status_ok;
}

static srtp_err_status_t gcm_encrypt(void *state, uint8_t *buffer, unsigned int *len)
{
    struct gcm *gcm = state;
    int result = wc_AesGcmEncrypt(&gcm->aes, buffer, buffer, *len, gcm->iv, IV_LEN, gcm->tag,
                                  gcm->tag_len, gcm->aad, gcm->aad_len);
    gcm->aad_len = 0;
    return result == 0 ? srtp_err_status_ok : srtp_err_status_cipher_fail;
}

static srtp_err_status_t gcm_get_tag(void *state, uint8_t *tag, uint32_t *len)
{
    const struct gcm *gcm = state;
    memcpy(tag, gcm->tag, gcm->tag_len);
    *len = gcm->tag_len;
    return srtp_err_status_ok;
}

/* The tag follows the ciphertext and is counted in *len. */
static srtp_err_status_t gcm_decrypt(void *state, uint8_t *buffer, unsigned int *len)
{
    struct gcm *gcm = state;
    uint32_t aad_len = gcm->aad_len;
    gcm->aad_len = 0;
    if (*len < gcm->tag_len) {
        return srtp_err_status_bad_param;
    }
    unsigned int text_len = *len - gcm->tag_len;
    int result = wc_AesGcmDecrypt(&gcm->aes, buffer, buffer, text_len, gcm->iv, IV_LEN,
                                  buffer + text_len, gcm->tag_len, gcm->aad, aad_len);
    if (result != 0) {
        return result == AES_GCM_AUTH_E ? srtp_err_status_auth_fail : srtp_err_status_cipher_fail;
    }
    *len = text_len;
    return srtp_err_status_ok;
}

/* The examples of RFC 7714, 16.1.1 and 16.2.1; libsrtp runs them before it takes a cipher. */
static const uint8_t example_key[] = {
    0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f,
    0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f,
};
static uint8_t example_iv[] = { 0x51, 0x75, 0x3c, 0x65, 0x80, 0xc2,
                                0x72, 0x6f, 0x20, 0x71, 0x84, 0x14 };
static const uint8_t example_aad[] = { 0x80, 0x40, 0xf1, 0x7b, 0x80, 0x41,
                                       0xf8, 0xd3, 0x55, 0x01, 0xa0, 0xb2 };
static const uint8_t example_text[] = {
    0x47, 0x61, 0x6c, 0x6c, 0x69, 0x61, 0x20, 0x65, 0x73, 0x74, 0x20, 0x6f, 0x6d,
    0x6e, 0x69, 0x73, 0x20, 0x64, 0x69, 0x76, 0x69, 0x73, 0x61, 0x20, 0x69, 0x6e,
    0x20, 0x70, 0x61, 0x72, 0x74, 0x65, 0x73, 0x20, 0x74, 0x72, 0x65, 0x73,
};
static const uint8_t example_128[] = {
    0xf2, 0x4d, 0xe3, 0xa3, 0xfb, 0x34, 0xde, 0x6c, 0xac, 0xba, 0x86, 0x1c, 0x9d, 0x7e,
    0x4b, 0xca, 0xbe, 0x63, 0x3b, 0xd5, 0x0d, 0x29, 0x4e, 0x6f, 0x42, 0xa5, 0xf4, 0x7a,
    0x51, 0xc7, 0xd1, 0x9b, 0x36, 0xde, 0x3a, 0xdf, 0x88, 0x33, 0x89, 0x9d, 0x7f, 0x27,
    0xbe, 0xb1, 0x6a, 0x91, 0x52, 0xcf, 0x76, 0x5e, 0xe4, 0x39, 0x0c, 0xce,
};
static const uint8_t example_256[] = {
    0x32, 0xb1, 0xde, 0x78, 0xa8, 0x22, 0xfe, 0x12, 0xef, 0x9f, 0x78, 0xfa, 0x33, 0x2e,
    0x33, 0xaa, 0xb1, 0x80, 0x12, 0x38, 0x9a, 0x58, 0xe2, 0xf3, 0xb5, 0x0b, 0x2a, 0x02,
    0x76, 0xff, 0xae, 0x0f, 0x1b, 0xa6, 0x37, 0x99, 0xb8, 0x7b, 0x7a, 0xa3, 0xdb, 0x36,
    0xdf, 0xff, 0xd6, 0xb0, 0xf9, 0xbb, 0x78, 0x78, 0xd7, 0xa7, 0x6c, 0x13,
};

static const srtp_cipher_test_case_t test_128 = {
    .key_length_octets = SRTP_AES_GCM_128_KEY_LEN_WSALT,
    .key = example_key,
    .idx = example_iv,
    .plaintext_length_octets = sizeof example_text,
    .plaintext = example_text,
    .ciphertext_length_octets = sizeof example_128,
    .ciphertext = example_128,
    .aad_length_octets = sizeof example_aad,
    .aad = example_aad,
    .tag_length_octets = 16,
};

static const srtp_cipher_test_case_t test_256 = {
    .key_length_octets = SRTP_AES_GCM_256_KEY_LEN_WSALT,
    .key = example_key,
    .idx = example_iv,
    .plaintext_length_octets = sizeof example_text,
    .plaintext = example_text,
    .ciphertext_length_octets = sizeof example_256,
    .ciphertext = example_256,
    .aad_length_octets = sizeof example_aad,
    .aad = example_aad,
    .tag_length_octets = 16,
};

const srtp_cipher_type_t strait__gcm_128 = {
    .alloc = gcm_alloc,
    .dealloc = gcm_dealloc,
    .init = gcm_init,
    .set_aad = gcm_set_aad,
    .encrypt = gcm_encrypt,
    .decrypt = gcm_decrypt,
    .set_iv = gcm_set_iv,
    .get_tag = gcm_get_tag,
    .description = "AES-128 GCM of wolfCrypt",
    .test_data = &test_128,
    .id = SRTP_AES_GCM_128,
};

const srtp_cipher_type_t strait__gcm_256 = {
    .alloc = gcm_alloc,
    .dealloc = gcm_dealloc,
    .init = gcm_init,
    .set_aad = gcm_set_aad,
    .encrypt = gcm_encrypt,
    .decrypt = gcm_decrypt,
    .set_iv = gcm_set_iv,
    .get_tag = gcm_get_tag,
    .description = "AES-256 GCM of wolfCrypt",
    .test_data = &test_256,
    .id = SRTP_AES_GCM_256,
};
