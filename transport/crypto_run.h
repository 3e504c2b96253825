/*
 * One run of wolfCrypt outside of an association. Its error codes do not tell reliably that memory or
 * random bytes were missing, so the hooks on the way there note it themselves.
 */
#ifndef STRAIT_TRANSPORT_CRYPTO_RUN_H
#define STRAIT_TRANSPORT_CRYPTO_RUN_H

#include <wolfssl/wolfcrypt/random.h>
#include <wolfssl/wolfcrypt/settings.h>
#include <wolfssl/wolfcrypt/types.h>

#include <strait/types.h>

#include "transport/dtls/wolf_hooks.h"

struct strait__crypto_run {
    const struct strait_hooks *host;
    struct strait_hooks watched;
    struct strait__wolf_scope scope;
    bool no_memory, no_random;
    WC_RNG rng;
};

/* From here to the end wolfCrypt uses `hooks`; it must stay where it is. STRAIT_E_NOMEM,
 * _CRYPTO. */
int strait__crypto_begin(struct strait__crypto_run *run, const struct strait_hooks *hooks);
void strait__crypto_end(struct strait__crypto_run *run);

/* What a failed call means: `otherwise`, if it was not for want of something. */
int strait__crypto_error(const struct strait__crypto_run *run, int otherwise);

#endif
