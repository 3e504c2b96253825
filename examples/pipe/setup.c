#include "setup.h"

#include <string.h>

void setup_config(struct strait_dtls_config *out, const struct options *options,
                  const struct identity *identity)
{
    *out = (struct strait_dtls_config){
        .size = sizeof *out,
        .certificate = identity->certificate,
        .role = options->listen ? STRAIT_DTLS_SERVER : STRAIT_DTLS_CLIENT,
        .min_version = options->min,
        .max_version = options->max,
        .n_groups = options->n_groups,
        .n_profiles = options->n_profiles,
        .mtu = (uint16_t)options->mtu,
        .handshake_timeout = options->timeout * STRAIT_S,
        .idle_timeout = options->idle * STRAIT_S,
    };
    memcpy(out->groups, options->groups, sizeof out->groups);
    memcpy(out->profiles, options->profiles, sizeof out->profiles);
}
