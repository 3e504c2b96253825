#include "transport/crypto_run.h"

#include <wolfssl/wolfcrypt/settings.h>
#include <wolfssl/wolfcrypt/types.h>
#include <wolfssl/wolfcrypt/wc_port.h>

static void *watched_alloc(void *user, size_t bytes)
{
    struct strait__crypto_run *run = user;
    void *memory = run->host->alloc(run->host->user, bytes);
    run->no_memory |= memory == NULL;
    return memory;
}

static void watched_free(void *user, void *memory)
{
    struct strait__crypto_run *run = user;
    run->host->free(run->host->user, memory);
}

static int watched_random(void *user, uint8_t *out, size_t bytes)
{
    struct strait__crypto_run *run = user;
    int result = run->host->random(run->host->user, out, bytes);
    run->no_random |= result != 0;
    return result;
}

int strait__crypto_begin(struct strait__crypto_run *run, const struct strait_hooks *hooks)
{
    *run = (struct strait__crypto_run){ .host = hooks };
    run->watched = *hooks;
    run->watched.user = run;
    run->watched.alloc = watched_alloc;
    run->watched.free = watched_free;
    run->watched.random = watched_random;
    /* Counted, and outside of the scope: what it keeps belongs to the process. */
    if (wolfCrypt_Init() != 0) {
        return STRAIT_E_CRYPTO;
    }
    strait__wolf_enter(&run->scope, &run->watched, 0);
    if (wc_InitRng(&run->rng) != 0) {
        strait__wolf_leave(&run->scope);
        wolfCrypt_Cleanup();
        return strait__crypto_error(run, STRAIT_E_CRYPTO);
    }
    return STRAIT_OK;
}

void strait__crypto_end(struct strait__crypto_run *run)
{
    wc_FreeRng(&run->rng);
    strait__wolf_leave(&run->scope);
    wolfCrypt_Cleanup();
}

int strait__crypto_error(const struct strait__crypto_run *run, int otherwise)
{
    if (run->no_memory) {
        return STRAIT_E_NOMEM;
    }
    return run->no_random ? STRAIT_E_RANDOM : otherwise;
}
