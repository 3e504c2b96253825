#include "setup.h"

#include <string.h>
#include <time.h>

static enum strait_dtls_auth auth_of(const struct options *options)
{
    if (options->psk) {
        return STRAIT_DTLS_AUTH_PSK;
    }
    return options->ca ? STRAIT_DTLS_AUTH_PKI : STRAIT_DTLS_AUTH_FINGERPRINT;
}

void setup_config(struct strait_dtls_config *out, const struct options *options,
                  const struct identity *identity)
{
    *out = (struct strait_dtls_config){
        .size = sizeof *out,
        .certificate = identity->certificate,
        .role = options->listen ? STRAIT_DTLS_SERVER : STRAIT_DTLS_CLIENT,
        .auth = auth_of(options),
        .client_certificate = options->client_cert,
        .trust = identity->trust,
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
        .keylog_env = true,
    };
    if (options->ca) {
        out->calendar = time(NULL);
        if (!options->listen) {
            out->server_name = options->name ? options->name : options->place.host;
        }
    }
    memcpy(out->cipher_suites, options->ciphers, sizeof out->cipher_suites);
    memcpy(out->local_cid, options->local_cid, sizeof out->local_cid);
    memcpy(out->groups, options->groups, sizeof out->groups);
    memcpy(out->profiles, options->profiles, sizeof out->profiles);
}
