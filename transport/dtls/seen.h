/*
 * The numbers of protected records: which ones came, and which was the newest. A window for each epoch
 * (RFC 6347, 4.1.2.6; RFC 9147, 4.5.1). The numbers of DTLS 1.3 are encrypted (RFC 9147, 4.2.3): they are
 * read with a key that is derived here from the peer's traffic secret.
 */
#ifndef STRAIT_DTLS_SEEN_H
#define STRAIT_DTLS_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "transport/dtls/filter.h"

enum { STRAIT__WINDOW = 64, STRAIT__SECRET_MAX = 48, STRAIT__NUMBER_KEY = 32 };

struct strait__window {
    uint64_t next; /* 1 + the highest number that came */
    uint64_t bits; /* bit i: next - 1 - i came */
};

/* True if it has not come and is not older than the window. */
bool strait__window_is_new(const struct strait__window *window, uint64_t seq);
void strait__window_mark(struct strait__window *window, uint64_t seq);

struct strait__epoch {
    uint64_t number; /* 0: none */
    uint8_t key[STRAIT__NUMBER_KEY];
    struct strait__window window;
};

struct strait__seen {
    struct strait__epoch epochs[4]; /* by the two low bits of their number */
    struct strait__epoch next;      /* 1.3: latest + 1 */
    uint64_t latest;                /* 1.3: the newest epoch that has a key */
    uint16_t suite;
    uint8_t
        secret[STRAIT__SECRET_MAX]; /* of the latest epoch, from 3 on: KeyUpdate goes on from it */
    size_t secret_len;
    uint64_t newest_epoch, newest_seq;
    bool any;
};

struct strait__number {
    uint64_t epoch, seq;
};

/* DTLS 1.3, in an epoch after which others may come: the peer's traffic secret. False where the crypto
 * library fails. Inside wolfSSL, as are all below. */
bool strait__seen_secret(struct strait__seen *seen, uint16_t suite, uint64_t epoch,
                         const uint8_t *secret, size_t len);

/* A protected record's number. False where its epoch has no key. */
bool strait__seen_read(struct strait__seen *seen, const struct strait__record *record,
                       struct strait__number *out);

/* False if such a record came already, or is older than the window. */
bool strait__seen_is_new(const struct strait__seen *seen, const struct strait__number *number);

/* An authentic record. True if it is newer than any before (RFC 9146, section 6). */
bool strait__seen_take(struct strait__seen *seen, const struct strait__number *number);

#endif
