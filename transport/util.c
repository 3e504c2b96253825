#include "transport/util.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

static void *default_alloc(void *user, size_t bytes)
{
    (void)user;
    return malloc(bytes);
}

static void default_free(void *user, void *memory)
{
    (void)user;
    free(memory);
}

static int default_random(void *user, uint8_t *out, size_t bytes)
{
    (void)user;
    while (bytes > 0) {
        ssize_t got = getrandom(out, bytes, 0);
        if (got < 0 && errno != EINTR) {
            return -1;
        }
        if (got > 0) {
            out += got;
            bytes -= (size_t)got;
        }
    }
    return 0;
}

static void default_log(void *user, enum strait_log_level level, const char *component,
                        const char *line)
{
    (void)user;
    (void)level;
    (void)component;
    (void)line;
}

int strait__hooks_init(struct strait_hooks *hooks, const struct strait_hooks *from)
{
    struct strait_hooks h = { .size = 0 };
    int error = STRAIT_OK;
    if (from != NULL) {
        /* A caller of a younger or older header may know more or fewer hooks. */
        size_t known = from->size < sizeof h ? from->size : sizeof h;
        memcpy(&h, from, known);
        /* Nobody shall find out late that his random source was never asked. */
        if (known <= sizeof h.size || (h.alloc == NULL) != (h.free == NULL)) {
            memset(&h, 0, sizeof h);
            error = STRAIT_E_INVALID;
        }
    }
    h.size = sizeof h;
    if (h.alloc == NULL) {
        h.alloc = default_alloc;
        h.free = default_free;
    }
    if (h.random == NULL) {
        h.random = default_random;
    }
    if (h.log == NULL) {
        h.log = default_log;
    }
    *hooks = h;
    return error;
}

void *strait__alloc(const struct strait_hooks *hooks, size_t bytes)
{
    void *memory = bytes > 0 ? hooks->alloc(hooks->user, bytes) : NULL;
    if (memory != NULL) {
        memset(memory, 0, bytes);
    }
    return memory;
}

void strait__free(const struct strait_hooks *hooks, void *memory)
{
    if (memory != NULL) {
        hooks->free(hooks->user, memory);
    }
}

int strait__random(const struct strait_hooks *hooks, void *out, size_t bytes)
{
    return hooks->random(hooks->user, out, bytes) == 0 ? STRAIT_OK : STRAIT_E_RANDOM;
}

#ifndef STRAIT_NO_LOGGING
void strait__log(const struct strait_hooks *hooks, enum strait_log_level level,
                 const char *component, const char *format, ...)
{
    if (hooks->log == default_log) {
        return;
    }
    char line[512];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    hooks->log(hooks->user, level, component, line);
}
#endif

void strait__zero(void *memory, size_t bytes)
{
    if (memory != NULL && bytes > 0) {
        memset(memory, 0, bytes);
        __asm__ __volatile__("" : : "r"(memory) : "memory");
    }
}

bool strait__equal_ct(const void *a, const void *b, size_t bytes)
{
    const volatile uint8_t *x = a;
    const volatile uint8_t *y = b;
    uint8_t difference = 0;
    for (size_t i = 0; i < bytes; i++) {
        difference = (uint8_t)(difference | (x[i] ^ y[i]));
    }
    return difference == 0;
}

int strait__sized_copy(void *out, const void *full, size_t full_size)
{
    if (out == NULL) {
        return STRAIT_E_INVALID;
    }
    size_t room;
    memcpy(&room, out, sizeof room);
    if (room < sizeof room) {
        return STRAIT_E_INVALID;
    }
    size_t bytes = room < full_size ? room : full_size;
    memcpy(out, full, bytes);
    memcpy(out, &bytes, sizeof bytes);
    return STRAIT_OK;
}

int strait__sized_read(void *full, size_t full_size, const void *in)
{
    size_t given;
    if (in == NULL) {
        return STRAIT_E_INVALID;
    }
    memcpy(&given, in, sizeof given);
    if (given <= sizeof given || given > 65536) {
        return STRAIT_E_INVALID;
    }
    const uint8_t *bytes = in;
    for (size_t i = full_size; i < given; i++) {
        if (bytes[i] != 0) {
            return STRAIT_E_INVALID;
        }
    }
    memset(full, 0, full_size);
    memcpy(full, in, given < full_size ? given : full_size);
    memcpy(full, &full_size, sizeof full_size);
    return STRAIT_OK;
}
