#include "transport/dtls/wolf_hooks.h"

#include <wolfssl/wolfcrypt/settings.h>
#include <wolfssl/wolfcrypt/types.h>
#include <wolfssl/wolfcrypt/wc_port.h>

#include "transport/util.h"

/* LowResTimer and TimeNowInMilliseconds are wolfSSL's names for what USER_TICKS leaves to us; it
 * declares them in <wolfssl/internal.h>, which nobody should include. */
unsigned int LowResTimer(void);
int64_t TimeNowInMilliseconds(void);

static _Thread_local struct strait__wolf_scope *current;

void strait__wolf_enter(struct strait__wolf_scope *scope, const struct strait_hooks *hooks,
                        strait_time now)
{
    *scope = (struct strait__wolf_scope){ .hooks = hooks, .now = now, .outer = current };
    current = scope;
}

void strait__wolf_leave(struct strait__wolf_scope *scope)
{
    current = scope->outer;
}

/* Before each block: whose it is, since free may run in another scope, and its size for realloc. */
union header {
    struct {
        const struct strait_hooks *hooks; /* NULL: the defaults */
        size_t bytes;
    } block;
    uint8_t align[16];
};

static const struct strait_hooks *defaults(struct strait_hooks *room)
{
    strait__hooks_init(room, NULL);
    return room;
}

static void note_failure(int error)
{
    if (current != NULL) {
        current->failed = error;
    }
}

void *strait__wolf_malloc(size_t size)
{
    struct strait_hooks room;
    const struct strait_hooks *own = current != NULL ? current->hooks : NULL;
    const struct strait_hooks *hooks = own != NULL ? own : defaults(&room);
    if (size > SIZE_MAX - sizeof(union header)) {
        return NULL;
    }
    union header *header = hooks->alloc(hooks->user, sizeof *header + size);
    if (header == NULL) {
        note_failure(STRAIT_E_NOMEM);
        return NULL;
    }
    header->block.hooks = own;
    header->block.bytes = size;
    return header + 1;
}

void strait__wolf_free(void *p)
{
    struct strait_hooks room;
    if (p == NULL) {
        return;
    }
    union header *header = (union header *)p - 1;
    const struct strait_hooks *hooks = header->block.hooks;
    /* wolfSSL zeroes its keys, but not every buffer that they went through. */
    strait__zero(p, header->block.bytes);
    hooks = hooks != NULL ? hooks : defaults(&room);
    hooks->free(hooks->user, header);
}

void *strait__wolf_realloc(void *p, size_t size)
{
    void *bigger = strait__wolf_malloc(size);
    if (p != NULL && bigger != NULL) {
        size_t old = ((union header *)p - 1)->block.bytes;
        memcpy(bigger, p, old < size ? old : size);
        strait__wolf_free(p);
    }
    return bigger;
}

int strait__wolf_random_block(unsigned char *out, unsigned int size)
{
    struct strait_hooks room;
    const struct strait_hooks *hooks = current != NULL ? current->hooks : defaults(&room);
    if (strait__random(hooks, out, size) == STRAIT_OK) {
        return 0;
    }
    note_failure(STRAIT_E_RANDOM);
    return -1;
}

unsigned int LowResTimer(void)
{
    return current != NULL ? (unsigned int)(current->now / STRAIT_S) : 0;
}

int64_t TimeNowInMilliseconds(void)
{
    return current != NULL ? (int64_t)(current->now / STRAIT_MS) : 0;
}

/* 0 where nobody set a calendar: certificates' dates are not looked at where fingerprints authenticate (RFC
 * 8827, 6.5), and the time argument is monotonic, not the calendar's. */
time_t strait__wolf_time(time_t *t)
{
    time_t now = current != NULL ? (time_t)current->calendar : 0;
    if (t != NULL) {
        *t = now;
    }
    return now;
}
