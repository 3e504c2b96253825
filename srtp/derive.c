#include "srtp/derive.h"

#include "srtp/ciphers.h"
#include "transport/util.h"

enum {
    LABEL_AT = 7
}; /* in the IV: key_id = label || r is 56 bits, followed by the 16 of a counter */

int strait__srtp_master_init(struct strait__srtp_master *master, enum strait_srtp_profile profile,
                             const struct strait_srtp_key *key)
{
    size_t key_len, salt_len;
    int result = strait_srtp_profile_lengths(profile, &key_len, &salt_len);
    if (result != STRAIT_OK) {
        return result;
    }
    memset(master, 0, sizeof *master);
    memcpy(master->bytes, key->key, key_len);
    memcpy(master->bytes + key_len, key->salt, salt_len);
    return STRAIT_OK;
}

/* RFC 3711, 4.3.3: the keystream of AES-CM under the master key; RFC 7714, section 11, takes the
 * key's own length for it. */
int strait__srtp_derive(const struct strait__srtp_master *master, enum strait_srtp_profile profile,
                        enum strait__srtp_label label, uint8_t *out, size_t len)
{
    bool long_key = profile == STRAIT_SRTP_AEAD_AES_256_GCM;
    const srtp_cipher_type_t *type = long_key ? &strait__icm_256 : &strait__icm_128;
    int key_len = long_key ? SRTP_AES_ICM_256_KEY_LEN_WSALT : SRTP_AES_ICM_128_KEY_LEN_WSALT;
    uint8_t iv[16] = { [LABEL_AT] = (uint8_t)label };
    unsigned int bytes = (unsigned int)len;
    srtp_cipher_t *prf;
    if (type->alloc(&prf, key_len, 0) != srtp_err_status_ok) {
        return STRAIT_E_NOMEM;
    }
    memset(out, 0, len);
    bool done = type->init(prf->state, master->bytes) == srtp_err_status_ok &&
                type->set_iv(prf->state, iv, srtp_direction_encrypt) == srtp_err_status_ok &&
                type->encrypt(prf->state, out, &bytes) == srtp_err_status_ok;
    type->dealloc(prf);
    return done ? STRAIT_OK : STRAIT_E_CRYPTO;
}
