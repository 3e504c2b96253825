/*
 * The host's memory, random bytes and time for wolfSSL and wolfCrypt, which have no argument for them:
 * what runs between enter and leave, in this thread, uses what enter was given. Outside of it the
 * defaults hold, and time stands still.
 */
#ifndef STRAIT_DTLS_WOLF_HOOKS_H
#define STRAIT_DTLS_WOLF_HOOKS_H

#include <strait/types.h>

struct strait__wolf_scope {
    const struct strait_hooks *hooks;
    strait_time now;
    int64_t calendar; /* seconds since 1970, for the dates of certificates; enter sets 0 */
    /* What a hook refused: STRAIT_E_NOMEM or _RANDOM. wolfSSL's own errors do not always say it. */
    int failed;
    struct strait__wolf_scope *outer;
};

/* `hooks` must outlive every object that is made inside. Scopes nest. */
void strait__wolf_enter(struct strait__wolf_scope *scope, const struct strait_hooks *hooks,
                        strait_time now);
void strait__wolf_leave(struct strait__wolf_scope *scope);

#endif
