/* What the STUN parser and the writer share. */
#ifndef STRAIT_ICE_STUN_INTERNAL_H
#define STRAIT_ICE_STUN_INTERNAL_H

#include "ice/stun.h"

#define STRAIT__STUN_COOKIE UINT32_C(0x2112a442)
/* RFC 8489, 14.7: so that it differs from an application's own CRC-32 over the same bytes. */
#define STRAIT__STUN_FINGERPRINT_XOR UINT32_C(0x5354554e)

enum {
    STRAIT__STUN_ATTRIBUTE = 4,      /* type and length before the value */
    STRAIT__STUN_INTEGRITY_LEN = 20, /* HMAC-SHA1 */
    STRAIT__STUN_FINGERPRINT_LEN = 4,
    STRAIT__STUN_V4 = 0x01, /* the families of RFC 8489, 14.1 */
    STRAIT__STUN_V6 = 0x02
};

static inline size_t strait__stun_padded(size_t len)
{
    return (len + 3) & ~(size_t)3;
}

/*
 * HMAC-SHA1 over the first `at` bytes of a message whose header says that it ends with a
 * MESSAGE-INTEGRITY attribute at `at` (RFC 8489, 14.5); the message's own header stays as it is.
 * False where the crypto library failed.
 */
bool strait__stun_hmac(uint8_t out[STRAIT__STUN_INTEGRITY_LEN], const uint8_t *data, size_t at,
                       const char *pwd, size_t pwd_len);

#endif
