#include "srtp/probe.h"

#include "srtp/derive.h"
#include "srtp/packet.h"
#include "transport/util.h"

enum {
    HMAC_KEY = 20, /* RFC 3711, 5.2 */
    E_FLAG = 0x80,
};

/* RFC 5764, 4.1.2: SRTCP has the tag of 80 bits in both profiles of HMAC-SHA1. */
static size_t tag_len_of(enum strait_srtp_profile profile, bool rtcp)
{
    switch (profile) {
    case STRAIT_SRTP_AES128_CM_SHA1_32:
        return rtcp ? 10 : 4;
    case STRAIT_SRTP_AES128_CM_SHA1_80:
        return 10;
    default:
        return 16;
    }
}

static int gcm_keys(struct strait__srtp_keys *keys, enum strait_srtp_profile profile,
                    const struct strait__srtp_master *master, bool rtcp)
{
    bool long_key = profile == STRAIT_SRTP_AEAD_AES_256_GCM;
    const srtp_cipher_type_t *type = long_key ? &strait__gcm_256 : &strait__gcm_128;
    size_t key_len = long_key ? SRTP_AES_256_KEY_LEN : SRTP_AES_128_KEY_LEN;
    uint8_t key[STRAIT_SRTP_MAX_KEY];
    if (type->alloc(&keys->gcm, (int)(key_len + STRAIT__SALT_GCM), (int)keys->tag_len) !=
        srtp_err_status_ok) {
        return STRAIT_E_NOMEM;
    }
    int result = strait__srtp_derive(
        master, profile, rtcp ? STRAIT__LABEL_RTCP_KEY : STRAIT__LABEL_RTP_KEY, key, key_len);
    if (result == STRAIT_OK) {
        result = strait__srtp_derive(master, profile,
                                     rtcp ? STRAIT__LABEL_RTCP_SALT : STRAIT__LABEL_RTP_SALT,
                                     keys->salt, sizeof keys->salt);
    }
    if (result == STRAIT_OK && type->init(keys->gcm->state, key) != srtp_err_status_ok) {
        result = STRAIT_E_CRYPTO;
    }
    strait__zero(key, sizeof key);
    return result;
}

static int hmac_keys(struct strait__srtp_keys *keys, enum strait_srtp_profile profile,
                     const struct strait__srtp_master *master, bool rtcp)
{
    const srtp_auth_type_t *type = &strait__hmac_sha1;
    uint8_t key[HMAC_KEY];
    if (type->alloc(&keys->hmac, HMAC_KEY, (int)keys->tag_len) != srtp_err_status_ok) {
        return STRAIT_E_NOMEM;
    }
    int result = strait__srtp_derive(
        master, profile, rtcp ? STRAIT__LABEL_RTCP_AUTH : STRAIT__LABEL_RTP_AUTH, key, sizeof key);
    if (result == STRAIT_OK && type->init(keys->hmac->state, key, HMAC_KEY) != srtp_err_status_ok) {
        result = STRAIT_E_CRYPTO;
    }
    strait__zero(key, sizeof key);
    return result;
}

static int keys_init(struct strait__srtp_keys *keys, enum strait_srtp_profile profile,
                     const struct strait__srtp_master *master, bool rtcp)
{
    bool gcm = profile == STRAIT_SRTP_AEAD_AES_128_GCM || profile == STRAIT_SRTP_AEAD_AES_256_GCM;
    keys->tag_len = tag_len_of(profile, rtcp);
    return gcm ? gcm_keys(keys, profile, master, rtcp) : hmac_keys(keys, profile, master, rtcp);
}

static void keys_finish(struct strait__srtp_keys *keys)
{
    if (keys->gcm != NULL) {
        keys->gcm->type->dealloc(keys->gcm);
    }
    if (keys->hmac != NULL) {
        keys->hmac->type->dealloc(keys->hmac);
    }
    strait__zero(keys, sizeof *keys);
}

int strait__srtp_probe_init(struct strait__srtp_probe *probe, enum strait_srtp_profile profile,
                            const struct strait_srtp_key *key)
{
    struct strait__srtp_master master;
    int result = strait__srtp_master_init(&master, profile, key);
    if (result == STRAIT_OK) {
        result = keys_init(&probe->rtp, profile, &master, false);
    }
    if (result == STRAIT_OK) {
        result = keys_init(&probe->rtcp, profile, &master, true);
    }
    strait__zero(&master, sizeof master);
    return result;
}

void strait__srtp_probe_finish(struct strait__srtp_probe *probe)
{
    keys_finish(&probe->rtp);
    keys_finish(&probe->rtcp);
    strait__zero(probe->scratch, sizeof probe->scratch);
}

/* A packet, and which part of it is what (RFC 7714, sections 8.2 and 9.2, 9.3). */
struct sealed {
    uint8_t *packet;
    size_t len;
    size_t aad_len;      /* from the start on */
    const uint8_t *more; /* more associated data, or NULL: the SRTCP index */
    size_t text_at;      /* ciphertext, then the tag */
    size_t text_len;     /* with the tag */
    uint8_t iv[16];      /* 12 of them count */
};

static bool set_up(srtp_cipher_t *gcm, struct sealed *s, srtp_cipher_direction_t direction)
{
    const srtp_cipher_type_t *type = gcm->type;
    return type->set_iv(gcm->state, s->iv, direction) == srtp_err_status_ok &&
           type->set_aad(gcm->state, s->packet, (uint32_t)s->aad_len) == srtp_err_status_ok &&
           (s->more == NULL ||
            type->set_aad(gcm->state, s->more, STRAIT__SRTCP_INDEX) == srtp_err_status_ok);
}

static bool open_in_place(srtp_cipher_t *gcm, struct sealed *s)
{
    unsigned int len = (unsigned int)s->text_len;
    return set_up(gcm, s, srtp_direction_decrypt) &&
           gcm->type->decrypt(gcm->state, s->packet + s->text_at, &len) == srtp_err_status_ok;
}

/* The bytes that were just opened, so the same ciphertext as before and no second use of the nonce. */
static bool close_again(srtp_cipher_t *gcm, struct sealed *s, size_t tag_len)
{
    unsigned int len = (unsigned int)(s->text_len - tag_len);
    uint8_t *text = s->packet + s->text_at;
    uint32_t written;
    return set_up(gcm, s, srtp_direction_encrypt) &&
           gcm->type->encrypt(gcm->state, text, &len) == srtp_err_status_ok &&
           gcm->type->get_tag(gcm->state, text + len, &written) == srtp_err_status_ok;
}

static bool opens(struct strait__srtp_probe *probe, const struct strait__srtp_keys *keys,
                  struct sealed *s)
{
    for (size_t i = 0; i < STRAIT__SALT_GCM; i++) {
        s->iv[i] ^= keys->salt[i];
    }
    if (s->len > sizeof probe->scratch) {
        return open_in_place(keys->gcm, s) && close_again(keys->gcm, s, keys->tag_len);
    }
    memcpy(probe->scratch, s->packet, s->len);
    s->packet = probe->scratch;
    return open_in_place(keys->gcm, s);
}

static bool has_tag(const struct strait__srtp_keys *keys, const uint8_t *data, size_t len,
                    const uint8_t *more, size_t more_len, const uint8_t *tag)
{
    const srtp_auth_type_t *type = keys->hmac->type;
    void *state = keys->hmac->state;
    uint8_t computed[STRAIT__TAG_MAX];
    return type->start(state) == srtp_err_status_ok &&
           type->update(state, data, (int)len) == srtp_err_status_ok &&
           type->compute(state, more, (int)more_len, (int)keys->tag_len, computed) ==
               srtp_err_status_ok &&
           strait__equal_ct(computed, tag, keys->tag_len);
}

bool strait__srtp_probe_rtp(struct strait__srtp_probe *probe, uint8_t *packet, size_t len,
                            size_t header_len, uint64_t index)
{
    const struct strait__srtp_keys *keys = &probe->rtp;
    if (keys->gcm == NULL) {
        /* RFC 3711, 4.2: the tag is over the packet and the rollover counter. */
        uint8_t roc[4];
        size_t covered = len - keys->tag_len;
        strait__put32(roc, (uint32_t)(index >> 16));
        return has_tag(keys, packet, covered, roc, sizeof roc, packet + covered);
    }
    struct sealed s = {
        .packet = packet,
        .len = len,
        .aad_len = header_len,
        .text_at = header_len,
        .text_len = len - header_len,
    };
    /* RFC 7714, 8.1: 00 00 SSRC ROC SEQ, XOR salt. */
    memcpy(s.iv + 2, packet + 8, 4);
    strait__put32(s.iv + 6, (uint32_t)(index >> 16));
    strait__put16(s.iv + 10, (uint16_t)index);
    return opens(probe, keys, &s);
}

/* RFC 7714, 9.1: 00 00 SSRC 00 00 index, XOR salt. */
static void rtcp_iv(struct sealed *s, uint32_t index)
{
    memcpy(s->iv + 2, s->packet + 4, 4);
    strait__put32(s->iv + 8, index & 0x7fffffff);
}

bool strait__srtp_probe_rtcp(struct strait__srtp_probe *probe, uint8_t *packet, size_t len)
{
    const struct strait__srtp_keys *keys = &probe->rtcp;
    if (keys->gcm == NULL) {
        /* RFC 3711, 4.2: the tag is over the packet and the index, which is before it. */
        size_t covered = len - keys->tag_len;
        return has_tag(keys, packet, covered, NULL, 0, packet + covered);
    }
    const uint8_t *word = packet + len - STRAIT__SRTCP_INDEX;
    size_t end = len - STRAIT__SRTCP_INDEX;
    /* RFC 7714, 9.3: without the E flag everything is associated data. */
    size_t text_at = (word[0] & E_FLAG) != 0 ? (size_t)STRAIT__RTCP_HEADER : end - keys->tag_len;
    struct sealed s = {
        .packet = packet,
        .len = len,
        .aad_len = text_at,
        .more = word,
        .text_at = text_at,
        .text_len = end - text_at,
    };
    rtcp_iv(&s, strait__get32(word));
    return opens(probe, keys, &s);
}

size_t strait__srtcp_index_at(enum strait_srtp_profile profile, size_t len, size_t tag_len)
{
    bool gcm = profile == STRAIT_SRTP_AEAD_AES_128_GCM || profile == STRAIT_SRTP_AEAD_AES_256_GCM;
    return len - STRAIT__SRTCP_INDEX - (gcm ? 0 : tag_len);
}

size_t strait__srtp_probe_empty_rtcp(struct strait__srtp_probe *probe, uint8_t *out, uint32_t ssrc,
                                     uint32_t index)
{
    const struct strait__srtp_keys *keys = &probe->rtcp;
    /* RFC 3550, 6.4.2: an empty receiver report. */
    static const uint8_t report[4] = { 0x80, 201, 0, 1 };
    uint8_t word[STRAIT__SRTCP_INDEX];
    size_t len = STRAIT__RTCP_HEADER + STRAIT__SRTCP_INDEX + keys->tag_len;
    strait__put32(word, index | (uint32_t)E_FLAG << 24);
    memcpy(out, report, sizeof report);
    strait__put32(out + 4, ssrc);
    if (keys->gcm == NULL) {
        const srtp_auth_type_t *type = keys->hmac->type;
        memcpy(out + STRAIT__RTCP_HEADER, word, sizeof word);
        bool tagged = type->start(keys->hmac->state) == srtp_err_status_ok &&
                      type->compute(keys->hmac->state, out, STRAIT__RTCP_HEADER + sizeof word,
                                    (int)keys->tag_len,
                                    out + STRAIT__RTCP_HEADER + sizeof word) == srtp_err_status_ok;
        return tagged ? len : 0;
    }
    memcpy(out + len - sizeof word, word, sizeof word);
    struct sealed s = {
        .packet = out,
        .len = len,
        .aad_len = STRAIT__RTCP_HEADER,
        .more = word,
        .text_at = STRAIT__RTCP_HEADER,
        .text_len = keys->tag_len,
    };
    rtcp_iv(&s, index);
    for (size_t i = 0; i < STRAIT__SALT_GCM; i++) {
        s.iv[i] ^= keys->salt[i];
    }
    return close_again(keys->gcm, &s, keys->tag_len) ? len : 0;
}
