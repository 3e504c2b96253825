#include "setup.h"

#include <string.h>

void setup_config(struct strait_dtls_config *out, const struct options *options,
                  const struct identity *identity)
{
    *out = (struct strait_dtls_config){
        .size = sizeof *out,
        .certificate = identity->certificate,
        .role = options->listen ? STRAIT_DTLS_SERVER : STRAIT_DTLS_CLIENT,
        .auth = options->psk ? STRAIT_DTLS_AUTH_PSK : STRAIT_DTLS_AUTH_FINGERPRINT,
        .min_version = options->min,
        .max_version = options->max,
        .n_cipher_suites = options->n_ciphers,
        .n_groups = options->n_groups,
        .n_profiles = options->n_profiles,
        .cid = options->cid,
        .local_cid_len = options->local_cid_len,
        .mtu = (uint16_t)options->mtu,
        .handshake_timeout = options->timeout * STRAIT_S,
        .idle_timeout = options->idle * STRAIT_S,
    };
    memcpy(out->cipher_suites, options->ciphers, sizeof out->cipher_suites);
    memcpy(out->local_cid, options->local_cid, sizeof out->local_cid);
    memcpy(out->groups, options->groups, sizeof out->groups);
    memcpy(out->profiles, options->profiles, sizeof out->profiles);
}
