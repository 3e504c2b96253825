#include <strait/srtp.h>

#include "transport/util.h"

struct profile {
    enum strait_srtp_profile id;
    /* IANA, SRTP Crypto Suite Registrations: what browsers report as srtpCipher. The registry of
     * DTLS-SRTP profiles writes the same with SRTP_ before it. */
    const char *name;
    size_t key, salt;
};

/* RFC 5764, 4.1.2; RFC 7714, 12 and 14.2. */
static const struct profile profiles[] = {
    { STRAIT_SRTP_AEAD_AES_256_GCM, "AEAD_AES_256_GCM", 32, 12 },
    { STRAIT_SRTP_AEAD_AES_128_GCM, "AEAD_AES_128_GCM", 16, 12 },
    { STRAIT_SRTP_AES128_CM_SHA1_80, "AES_CM_128_HMAC_SHA1_80", 16, 14 },
    { STRAIT_SRTP_AES128_CM_SHA1_32, "AES_CM_128_HMAC_SHA1_32", 16, 14 },
};

static const struct profile *find(enum strait_srtp_profile id)
{
    for (size_t i = 0; i < sizeof profiles / sizeof profiles[0]; i++) {
        if (profiles[i].id == id) {
            return &profiles[i];
        }
    }
    return NULL;
}

const char *strait_srtp_profile_name(enum strait_srtp_profile profile)
{
    const struct profile *p = find(profile);
    return p != NULL ? p->name : NULL;
}

int strait_srtp_profile_lengths(enum strait_srtp_profile profile, size_t *key, size_t *salt)
{
    const struct profile *p = find(profile);
    if (p == NULL || key == NULL || salt == NULL) {
        return STRAIT_E_INVALID;
    }
    *key = p->key;
    *salt = p->salt;
    return STRAIT_OK;
}

int strait_srtp_keys_from_material(enum strait_srtp_profile profile, const uint8_t *material,
                                   size_t len, bool is_client, struct strait_srtp_key *send,
                                   struct strait_srtp_key *receive)
{
    const struct profile *p = find(profile);
    if (p == NULL || material == NULL || send == NULL || receive == NULL ||
        len != 2 * (p->key + p->salt)) {
        return STRAIT_E_INVALID;
    }
    /* RFC 5764, 4.2: client_write_key, server_write_key, client_write_salt, server_write_salt. */
    struct strait_srtp_key *client = is_client ? send : receive;
    struct strait_srtp_key *server = is_client ? receive : send;
    strait__zero(client, sizeof *client);
    strait__zero(server, sizeof *server);
    memcpy(client->key, material, p->key);
    memcpy(server->key, material + p->key, p->key);
    memcpy(client->salt, material + 2 * p->key, p->salt);
    memcpy(server->salt, material + 2 * p->key + p->salt, p->salt);
    return STRAIT_OK;
}
