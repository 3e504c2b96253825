#include "tests/bench/srtp_ring.h"

#include <stdlib.h>
#include <string.h>

#include <wolfssl/wolfcrypt/settings.h>

#include <wolfssl/wolfcrypt/aes.h>
#include <wolfssl/wolfcrypt/sha.h>

#include "transport/util.h"

/*
 * No look-up of the SSRC, no index, no replay window: the master key is taken as the session's, and the
 * sequence number alone makes the IV.
 */
enum { IV = 12, GCM_TAG = 16, BLOCK = 16, SHA_BLOCK = 64, CM_TAG = 10, ROC = 4, BATCH = 32 };

struct bare {
    Aes aes;
    wc_Sha inner, outer; /* SHA-1 after the two padded keys of HMAC */
};

static void close_bare(void *state)
{
    struct bare *bare = state;
    wc_AesFree(&bare->aes);
    wc_ShaFree(&bare->inner);
    wc_ShaFree(&bare->outer);
    free(bare);
}

/* --- AES-GCM (RFC 7714): the header is associated data ---------------------------------------------- */

static bool gcm_protect(void *state, uint8_t *packet, size_t *len)
{
    struct bare *bare = state;
    uint8_t iv[IV] = { 0 };
    uint8_t *payload = packet + RING_HEADER;
    size_t text = *len - RING_HEADER;
    memcpy(iv, packet + 2, 2);
    *len += GCM_TAG;
    return wc_AesGcmEncrypt(&bare->aes, payload, payload, (word32)text, iv, IV, payload + text,
                            GCM_TAG, packet, RING_HEADER) == 0;
}

static bool gcm_unprotect(void *state, uint8_t *packet, size_t *len)
{
    struct bare *bare = state;
    uint8_t iv[IV] = { 0 };
    uint8_t *payload = packet + RING_HEADER;
    size_t text = *len - RING_HEADER - GCM_TAG;
    memcpy(iv, packet + 2, 2);
    *len -= GCM_TAG;
    return wc_AesGcmDecrypt(&bare->aes, payload, payload, (word32)text, iv, IV, payload + text,
                            GCM_TAG, packet, RING_HEADER) == 0;
}

static void *gcm_open(enum strait_srtp_profile profile)
{
    struct bare *bare = bench_alloc(sizeof *bare);
    struct strait_srtp_key key;
    size_t key_len = 0, salt_len = 0;
    ring_key(&key);
    strait_srtp_profile_lengths(profile, &key_len, &salt_len);
    if (wc_AesInit(&bare->aes, NULL, INVALID_DEVID) != 0 ||
        wc_AesGcmSetKey(&bare->aes, key.key, (word32)key_len) != 0) {
        bench_fail("wolfCrypt takes no GCM key");
        close_bare(bare);
        return NULL;
    }
    return bare;
}

/* --- AES in counter mode with HMAC-SHA1 (RFC 3711) ---------------------------------------------------- */

/* wolfCrypt works on several blocks at once in ECB mode, on one at a time in its counter mode. */
static bool cm_crypt(struct bare *bare, const uint8_t *packet, uint8_t *text, size_t len)
{
    ALIGN16 uint8_t stream[BATCH * BLOCK];
    for (size_t at = 0; at < len; at += sizeof stream) {
        size_t bytes = len - at < sizeof stream ? len - at : sizeof stream;
        size_t blocks = (bytes + BLOCK - 1) / BLOCK;
        memset(stream, 0, blocks * BLOCK);
        for (size_t i = 0; i < blocks; i++) {
            memcpy(stream + i * BLOCK, packet + 2, 2);
            strait__put16(stream + i * BLOCK + BLOCK - 2, (uint16_t)(at / BLOCK + i));
        }
        if (wc_AesEcbEncrypt(&bare->aes, stream, stream, (word32)(blocks * BLOCK)) != 0) {
            return false;
        }
        for (size_t i = 0; i < bytes; i++) {
            text[at + i] ^= stream[i];
        }
    }
    return true;
}

static bool cm_tag(struct bare *bare, const uint8_t *packet, size_t len, uint8_t *digest)
{
    static const uint8_t roc[ROC];
    wc_Sha sha;
    return wc_ShaCopy(&bare->inner, &sha) == 0 && wc_ShaUpdate(&sha, packet, (word32)len) == 0 &&
           wc_ShaUpdate(&sha, roc, ROC) == 0 && wc_ShaFinal(&sha, digest) == 0 &&
           wc_ShaCopy(&bare->outer, &sha) == 0 &&
           wc_ShaUpdate(&sha, digest, WC_SHA_DIGEST_SIZE) == 0 && wc_ShaFinal(&sha, digest) == 0;
}

static bool cm_protect(void *state, uint8_t *packet, size_t *len)
{
    struct bare *bare = state;
    uint8_t digest[WC_SHA_DIGEST_SIZE];
    if (!cm_crypt(bare, packet, packet + RING_HEADER, *len - RING_HEADER) ||
        !cm_tag(bare, packet, *len, digest)) {
        return false;
    }
    memcpy(packet + *len, digest, CM_TAG);
    *len += CM_TAG;
    return true;
}

static bool cm_unprotect(void *state, uint8_t *packet, size_t *len)
{
    struct bare *bare = state;
    uint8_t digest[WC_SHA_DIGEST_SIZE];
    *len -= CM_TAG;
    return cm_tag(bare, packet, *len, digest) && strait__equal_ct(packet + *len, digest, CM_TAG) &&
           cm_crypt(bare, packet, packet + RING_HEADER, *len - RING_HEADER);
}

static bool absorb(wc_Sha *sha, const struct strait_srtp_key *key, uint8_t pad)
{
    uint8_t block[SHA_BLOCK];
    memset(block, pad, sizeof block);
    for (size_t i = 0; i < WC_SHA_DIGEST_SIZE; i++) {
        block[i] ^= key->key[i];
    }
    return wc_InitSha(sha) == 0 && wc_ShaUpdate(sha, block, sizeof block) == 0;
}

static void *cm_open(enum strait_srtp_profile profile)
{
    struct bare *bare = bench_alloc(sizeof *bare);
    struct strait_srtp_key key;
    (void)profile; /* all of them have AES-128 */
    ring_key(&key);
    if (wc_AesInit(&bare->aes, NULL, INVALID_DEVID) != 0 ||
        wc_AesSetKey(&bare->aes, key.key, 16, NULL, AES_ENCRYPTION) != 0 ||
        !absorb(&bare->inner, &key, 0x36) || !absorb(&bare->outer, &key, 0x5c)) {
        bench_fail("wolfCrypt takes no AES or SHA-1 key");
        close_bare(bare);
        return NULL;
    }
    return bare;
}

/* --- The side ------------------------------------------------------------------------------------- */

static const struct ring_ops gcm = {
    .name = "wolfCrypt's GCM",
    .open = gcm_open,
    .protect = gcm_protect,
    .unprotect = gcm_unprotect,
    .close = close_bare,
};

static const struct ring_ops cm = {
    .name = "wolfCrypt's AES and SHA-1",
    .open = cm_open,
    .protect = cm_protect,
    .unprotect = cm_unprotect,
    .close = close_bare,
};

static void *open_ring(const void *state, bool quick)
{
    const struct ring_spec *spec = state;
    bool with_gcm = spec->profile == STRAIT_SRTP_AEAD_AES_128_GCM ||
                    spec->profile == STRAIT_SRTP_AEAD_AES_256_GCM;
    return ring_open(with_gcm ? &gcm : &cm, spec, quick);
}

const struct bench_side bare_side = { .open = open_ring, .run = ring_run, .close = ring_close };
