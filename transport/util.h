/* What every layer needs of the host: memory, randomness, the log; and careful byte work. */
#ifndef STRAIT_TRANSPORT_UTIL_H
#define STRAIT_TRANSPORT_UTIL_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <strait/types.h>

/* Copies what the caller gave (NULL: nothing) and fills the gaps with the defaults. STRAIT_E_INVALID where
 * the size is missing, or one of alloc and free; `hooks` are the defaults then. */
int strait__hooks_init(struct strait_hooks *hooks, const struct strait_hooks *from);

/* Zeroed memory, or NULL. */
void *strait__alloc(const struct strait_hooks *hooks, size_t bytes);
/* NULL is fine. */
void strait__free(const struct strait_hooks *hooks, void *memory);

/* STRAIT_OK or STRAIT_E_RANDOM. */
int strait__random(const struct strait_hooks *hooks, void *out, size_t bytes);

#ifdef STRAIT_NO_LOGGING
#define strait__log(hooks, level, component, ...) ((void)(hooks))
#else
__attribute__((format(printf, 4, 5))) void strait__log(const struct strait_hooks *hooks,
                                                       enum strait_log_level level,
                                                       const char *component, const char *format,
                                                       ...);
#endif

/* Zeroes secrets; the compiler may not drop it. */
void strait__zero(void *memory, size_t bytes);

/* True if equal; takes the same time wherever the first difference is. */
bool strait__equal_ct(const void *a, const void *b, size_t bytes);

/*
 * Copies a struct that begins with its size out to a caller that may know less or more of it: fills
 * min(out_size, full_size) bytes and writes that number as the size. STRAIT_E_INVALID where out_size is
 * not even a size_t.
 */
int strait__sized_copy(void *out, const void *full, size_t full_size);

/*
 * Reads a config that begins with its size into `full` (zeroed beyond what the caller knows).
 * STRAIT_E_INVALID where the size is 0, too small, or larger than ours with something set in the
 * part that we do not know.
 */
int strait__sized_read(void *full, size_t full_size, const void *in);

static inline uint16_t strait__get16(const uint8_t *p)
{
    return (uint16_t)((unsigned)p[0] << 8 | p[1]);
}

static inline uint32_t strait__get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t strait__get64(const uint8_t *p)
{
    return (uint64_t)strait__get32(p) << 32 | strait__get32(p + 4);
}

static inline void strait__put16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static inline void strait__put32(uint8_t *p, uint32_t v)
{
    strait__put16(p, (uint16_t)(v >> 16));
    strait__put16(p + 2, (uint16_t)v);
}

static inline void strait__put64(uint8_t *p, uint64_t v)
{
    strait__put32(p, (uint32_t)(v >> 32));
    strait__put32(p + 4, (uint32_t)v);
}

#endif
