#include <wolfssl/wolfcrypt/settings.h>

#include <wolfssl/wolfcrypt/aes.h>
#include <wolfssl/wolfcrypt/types.h>

#include "srtp/ciphers.h"
#include "transport/util.h"

enum {
    BLOCK = 16,
    /* Keystream is made from a batch of counter blocks at once: wolfCrypt's AES-NI code works on
     * several blocks in parallel in ECB mode, on one at a time in its counter mode. */
    BATCH = 32,
    /* RFC 3711, 4.1.1: the counter has 16 bits, so that is all for one packet. */
    MAX_BLOCKS = 65536,
};

struct icm {
    Aes aes;
    uint32_t key_len;
    uint32_t position; /* in the keystream, in bytes */
    uint8_t salt[BLOCK];
    uint8_t counter[BLOCK];
};

static srtp_err_status_t icm_alloc(srtp_cipher_pointer_t *out, int key_len, int tag_len)
{
    bool short_key = key_len == SRTP_AES_ICM_128_KEY_LEN_WSALT;
    (void)tag_len;
    if (!short_key && key_len != SRTP_AES_ICM_256_KEY_LEN_WSALT) {
        return srtp_err_status_bad_param;
    }
    srtp_cipher_t *cipher = XMALLOC(sizeof *cipher, NULL, DYNAMIC_TYPE_CIPHER);
    struct icm *icm = XMALLOC(sizeof *icm, NULL, DYNAMIC_TYPE_CIPHER);
    if (cipher == NULL || icm == NULL || wc_AesInit(&icm->aes, NULL, INVALID_DEVID) != 0) {
        XFREE(cipher, NULL, DYNAMIC_TYPE_CIPHER);
        XFREE(icm, NULL, DYNAMIC_TYPE_CIPHER);
        return srtp_err_status_alloc_fail;
    }
    icm->key_len = short_key ? SRTP_AES_128_KEY_LEN : SRTP_AES_256_KEY_LEN;
    icm->position = 0;
    memset(icm->salt, 0, BLOCK);
    *cipher = (srtp_cipher_t){
        .type = short_key ? &strait__icm_128 : &strait__icm_256,
        .state = icm,
        .key_len = key_len,
        .algorithm = short_key ? SRTP_AES_ICM_128 : SRTP_AES_ICM_256,
    };
    *out = cipher;
    return srtp_err_status_ok;
}

static srtp_err_status_t icm_dealloc(srtp_cipher_pointer_t cipher)
{
    struct icm *icm = cipher->state;
    wc_AesFree(&icm->aes);
    strait__zero(icm, sizeof *icm);
    XFREE(icm, NULL, DYNAMIC_TYPE_CIPHER);
    XFREE(cipher, NULL, DYNAMIC_TYPE_CIPHER);
    return srtp_err_status_ok;
}

static srtp_err_status_t icm_init(void *state, const uint8_t *key)
{
    struct icm *icm = state;
    memcpy(icm->salt, key + icm->key_len, SRTP_SALT_LEN);
    memcpy(icm->counter, icm->salt, BLOCK);
    icm->position = 0;
    int result = wc_AesSetKey(&icm->aes, key, icm->key_len, NULL, AES_ENCRYPTION);
    return result == 0 ? srtp_err_status_ok : srtp_err_status_init_fail;
}

/* RFC 3711, 4.1.1: IV = (k_s * 2^16) XOR (SSRC * 2^64) XOR (i * 2^16); libsrtp gives the last two. */
static srtp_err_status_t icm_set_iv(void *state, uint8_t *iv, srtp_cipher_direction_t direction)
{
    struct icm *icm = state;
    (void)direction;
    for (size_t i = 0; i < BLOCK; i++) {
        icm->counter[i] = icm->salt[i] ^ iv[i];
    }
    icm->position = 0;
    return srtp_err_status_ok;
}

static void xor_into(uint8_t *to, const uint8_t *from, size_t len)
{
    for (; len >= 8; len -= 8, to += 8, from += 8) {
        uint64_t a, b;
        memcpy(&a, to, 8);
        memcpy(&b, from, 8);
        a ^= b;
        memcpy(to, &a, 8);
    }
    for (size_t i = 0; i < len; i++) {
        to[i] ^= from[i];
    }
}

/* Encrypts and decrypts; a second call goes on in the keystream where the first one ended. */
static srtp_err_status_t icm_crypt(void *state, uint8_t *buffer, unsigned int *len)
{
    struct icm *icm = state;
    ALIGN16 uint8_t stream[BATCH * BLOCK];
    unsigned int left = *len;
    if (left > MAX_BLOCKS * BLOCK - icm->position) {
        return srtp_err_status_terminus;
    }
    while (left > 0) {
        unsigned int first = icm->position / BLOCK;
        unsigned int skip = icm->position % BLOCK;
        unsigned int blocks = (skip + left + BLOCK - 1) / BLOCK;
        blocks = blocks < BATCH ? blocks : BATCH;
        for (unsigned int i = 0; i < blocks; i++) {
            memcpy(stream + i * BLOCK, icm->counter, BLOCK - 2);
            /* The low 16 bits of the IV are 0, so the block's number is the counter. */
            strait__put16(stream + i * BLOCK + BLOCK - 2, (uint16_t)(first + i));
        }
        if (wc_AesEcbEncrypt(&icm->aes, stream, stream, blocks * BLOCK) != 0) {
            return srtp_err_status_cipher_fail;
        }
        unsigned int bytes = blocks * BLOCK - skip;
        bytes = bytes < left ? bytes : left;
        xor_into(buffer, stream + skip, bytes);
        buffer += bytes;
        left -= bytes;
        icm->position += bytes;
    }
    return srtp_err_status_ok;
}

/* RFC 3711, B.2: the first blocks of the keystream. With a key of 256 bits: RFC 6188, 7.1.
 * libsrtp runs them before it takes a cipher. */
static const uint8_t key_128[] = {
    0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f,
    0x3c, 0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd,
};
static const uint8_t stream_128[] = {
    0xe0, 0x3e, 0xad, 0x09, 0x35, 0xc9, 0x5e, 0x80, 0xe1, 0x66, 0xb1, 0x6d, 0xd9, 0x2b, 0x4e, 0xb4,
    0xd2, 0x35, 0x13, 0x16, 0x2b, 0x02, 0xd0, 0xf7, 0x2a, 0x43, 0xa2, 0xfe, 0x4a, 0x5f, 0x97, 0xab,
};
static const uint8_t key_256[] = {
    0x57, 0xf8, 0x2f, 0xe3, 0x61, 0x3f, 0xd1, 0x70, 0xa8, 0x5e, 0xc9, 0x3c, 0x40, 0xb1, 0xf0, 0x92,
    0x2e, 0xc4, 0xcb, 0x0d, 0xc0, 0x25, 0xb5, 0x82, 0x72, 0x14, 0x7c, 0xc4, 0x38, 0x94, 0x4a, 0x98,
    0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd,
};
static const uint8_t stream_256[] = {
    0x92, 0xbd, 0xd2, 0x8a, 0x93, 0xc3, 0xf5, 0x25, 0x11, 0xc6, 0x77, 0xd0, 0x8b, 0x55, 0x15, 0xa4,
    0x9d, 0xa7, 0x1b, 0x23, 0x78, 0xa8, 0x54, 0xf6, 0x70, 0x50, 0x75, 0x6d, 0xed, 0x16, 0x5b, 0xac,
};
static uint8_t iv_zero[BLOCK];
static const uint8_t text_zero[32];

static const srtp_cipher_test_case_t test_128 = {
    .key_length_octets = sizeof key_128,
    .key = key_128,
    .idx = iv_zero,
    .plaintext_length_octets = sizeof text_zero,
    .plaintext = text_zero,
    .ciphertext_length_octets = sizeof stream_128,
    .ciphertext = stream_128,
};

static const srtp_cipher_test_case_t test_256 = {
    .key_length_octets = sizeof key_256,
    .key = key_256,
    .idx = iv_zero,
    .plaintext_length_octets = sizeof text_zero,
    .plaintext = text_zero,
    .ciphertext_length_octets = sizeof stream_256,
    .ciphertext = stream_256,
};

const srtp_cipher_type_t strait__icm_128 = {
    .alloc = icm_alloc,
    .dealloc = icm_dealloc,
    .init = icm_init,
    .encrypt = icm_crypt,
    .decrypt = icm_crypt,
    .set_iv = icm_set_iv,
    .description = "AES-128 counter mode of wolfCrypt",
    .test_data = &test_128,
    .id = SRTP_AES_ICM_128,
};

const srtp_cipher_type_t strait__icm_256 = {
    .alloc = icm_alloc,
    .dealloc = icm_dealloc,
    .init = icm_init,
    .encrypt = icm_crypt,
    .decrypt = icm_crypt,
    .set_iv = icm_set_iv,
    .description = "AES-256 counter mode of wolfCrypt",
    .test_data = &test_256,
    .id = SRTP_AES_ICM_256,
};
