#include <wolfssl/wolfcrypt/settings.h>

#include <wolfssl/wolfcrypt/sha.h>
#include <wolfssl/wolfcrypt/types.h>

#include "srtp/ciphers.h"
#include "transport/util.h"

/*
 * HMAC (RFC 2104) over wolfCrypt's SHA-1 rather than its Hmac: the states after the two padded
 * keys are kept (RFC 2104, section 4), which spares two of six compressions for an audio packet.
 */
struct hmac {
    wc_Sha inner; /* after K XOR ipad */
    wc_Sha outer; /* after K XOR opad */
    wc_Sha work;
};

static srtp_err_status_t hmac_alloc(srtp_auth_pointer_t *out, int key_len, int tag_len)
{
    if (key_len < 0 || key_len > WC_SHA_BLOCK_SIZE || tag_len < 0 || tag_len > WC_SHA_DIGEST_SIZE) {
        return srtp_err_status_bad_param;
    }
    srtp_auth_t *auth = XMALLOC(sizeof *auth, NULL, DYNAMIC_TYPE_HMAC);
    struct hmac *hmac = XMALLOC(sizeof *hmac, NULL, DYNAMIC_TYPE_HMAC);
    if (auth == NULL || hmac == NULL || wc_InitSha(&hmac->inner) != 0 ||
        wc_InitSha(&hmac->outer) != 0 || wc_InitSha(&hmac->work) != 0) {
        XFREE(auth, NULL, DYNAMIC_TYPE_HMAC);
        XFREE(hmac, NULL, DYNAMIC_TYPE_HMAC);
        return srtp_err_status_alloc_fail;
    }
    *auth = (srtp_auth_t){
        .type = &strait__hmac_sha1,
        .state = hmac,
        .out_len = tag_len,
        .key_len = key_len,
    };
    *out = auth;
    return srtp_err_status_ok;
}

static srtp_err_status_t hmac_dealloc(srtp_auth_pointer_t auth)
{
    struct hmac *hmac = auth->state;
    wc_ShaFree(&hmac->inner);
    wc_ShaFree(&hmac->outer);
    wc_ShaFree(&hmac->work);
    strait__zero(hmac, sizeof *hmac);
    XFREE(hmac, NULL, DYNAMIC_TYPE_HMAC);
    XFREE(auth, NULL, DYNAMIC_TYPE_HMAC);
    return srtp_err_status_ok;
}

static int absorb_padded_key(wc_Sha *sha, const uint8_t *key, size_t len, uint8_t pad)
{
    uint8_t block[WC_SHA_BLOCK_SIZE];
    memset(block, pad, sizeof block);
    for (size_t i = 0; i < len; i++) {
        block[i] ^= key[i];
    }
    wc_ShaFree(sha);
    int result = wc_InitSha(sha);
    if (result == 0) {
        result = wc_ShaUpdate(sha, block, sizeof block);
    }
    strait__zero(block, sizeof block);
    return result;
}

static srtp_err_status_t hmac_init(void *state, const uint8_t *key, int key_len)
{
    struct hmac *hmac = state;
    if (key_len < 0 || key_len > WC_SHA_BLOCK_SIZE) {
        return srtp_err_status_bad_param;
    }
    bool ready = absorb_padded_key(&hmac->inner, key, (size_t)key_len, 0x36) == 0 &&
                 absorb_padded_key(&hmac->outer, key, (size_t)key_len, 0x5c) == 0;
    return ready ? srtp_err_status_ok : srtp_err_status_init_fail;
}

static srtp_err_status_t hmac_start(void *state)
{
    struct hmac *hmac = state;
    int result = wc_ShaCopy(&hmac->inner, &hmac->work);
    return result == 0 ? srtp_err_status_ok : srtp_err_status_auth_fail;
}

static srtp_err_status_t hmac_update(void *state, const uint8_t *data, int len)
{
    struct hmac *hmac = state;
    if (len < 0 || wc_ShaUpdate(&hmac->work, data, (word32)len) != 0) {
        return srtp_err_status_auth_fail;
    }
    return srtp_err_status_ok;
}

static srtp_err_status_t hmac_compute(void *state, const uint8_t *data, int len, int tag_len,
                                      uint8_t *tag)
{
    struct hmac *hmac = state;
    uint8_t digest[WC_SHA_DIGEST_SIZE];
    if (tag_len < 0 || tag_len > WC_SHA_DIGEST_SIZE) {
        return srtp_err_status_bad_param;
    }
    if (hmac_update(state, data, len) != srtp_err_status_ok ||
        wc_ShaFinal(&hmac->work, digest) != 0 || wc_ShaCopy(&hmac->outer, &hmac->work) != 0 ||
        wc_ShaUpdate(&hmac->work, digest, sizeof digest) != 0 ||
        wc_ShaFinal(&hmac->work, digest) != 0) {
        return srtp_err_status_auth_fail;
    }
    memcpy(tag, digest, (size_t)tag_len);
    return srtp_err_status_ok;
}

/* RFC 2202, section 3, the first case and one whose key is shorter. libsrtp runs them before it
 * takes an authentication function. */
static const uint8_t key_1[] = {
    0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b,
    0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b,
};
static const uint8_t data_1[] = { 'H', 'i', ' ', 'T', 'h', 'e', 'r', 'e' };
static const uint8_t tag_1[] = {
    0xb6, 0x17, 0x31, 0x86, 0x55, 0x05, 0x72, 0x64, 0xe2, 0x8b,
    0xc0, 0xb6, 0xfb, 0x37, 0x8c, 0x8e, 0xf1, 0x46, 0xbe, 0x00,
};
static const uint8_t key_2[] = { 'J', 'e', 'f', 'e' };
static const uint8_t data_2[] = {
    0x77, 0x68, 0x61, 0x74, 0x20, 0x64, 0x6f, 0x20, 0x79, 0x61, 0x20, 0x77, 0x61, 0x6e,
    0x74, 0x20, 0x66, 0x6f, 0x72, 0x20, 0x6e, 0x6f, 0x74, 0x68, 0x69, 0x6e, 0x67, 0x3f,
};
static const uint8_t tag_2[] = {
    0xef, 0xfc, 0xdf, 0x6a, 0xe5, 0xeb, 0x2f, 0xa2, 0xd2, 0x74,
    0x16, 0xd5, 0xf1, 0x84, 0xdf, 0x9c, 0x25, 0x9a, 0x7c, 0x79,
};

static const srtp_auth_test_case_t test_2 = {
    .key_length_octets = sizeof key_2,
    .key = key_2,
    .data_length_octets = sizeof data_2,
    .data = data_2,
    .tag_length_octets = sizeof tag_2,
    .tag = tag_2,
};

static const srtp_auth_test_case_t test_1 = {
    .key_length_octets = sizeof key_1,
    .key = key_1,
    .data_length_octets = sizeof data_1,
    .data = data_1,
    .tag_length_octets = sizeof tag_1,
    .tag = tag_1,
    .next_test_case = &test_2,
};

const srtp_auth_type_t strait__hmac_sha1 = {
    .alloc = hmac_alloc,
    .dealloc = hmac_dealloc,
    .init = hmac_init,
    .compute = hmac_compute,
    .update = hmac_update,
    .start = hmac_start,
    .description = "HMAC-SHA1 of wolfCrypt",
    .test_data = &test_1,
    .id = SRTP_HMAC_SHA1,
};
