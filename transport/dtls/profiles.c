#include "transport/dtls/profiles.h"

#include <stddef.h>

static const struct strait__profile profiles[] = {
    { STRAIT_SRTP_AES128_CM_SHA1_80, "SRTP_AES128_CM_SHA1_80", 16, 14 },
    { STRAIT_SRTP_AES128_CM_SHA1_32, "SRTP_AES128_CM_SHA1_32", 16, 14 },
    { STRAIT_SRTP_AEAD_AES_128_GCM, "SRTP_AEAD_AES_128_GCM", 16, 12 },
    { STRAIT_SRTP_AEAD_AES_256_GCM, "SRTP_AEAD_AES_256_GCM", 32, 12 },
};

const struct strait__profile *strait__profile_find(unsigned number)
{
    for (size_t i = 0; i < sizeof profiles / sizeof *profiles; i++) {
        if ((unsigned)profiles[i].profile == number) {
            return &profiles[i];
        }
    }
    return NULL;
}
