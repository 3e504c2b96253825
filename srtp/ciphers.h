/*
 * wolfCrypt's AES-GCM, AES counter mode and HMAC-SHA1 in the shape in which libsrtp takes them.
 *
 * State comes from wolfCrypt's allocator, so from the hooks of the scope in which libsrtp asks for
 * it ("transport/dtls/wolf_hooks.h"), and is zeroed when given back.
 */
#ifndef STRAIT_SRTP_CIPHERS_H
#define STRAIT_SRTP_CIPHERS_H

#include <srtp2/auth.h>
#include <srtp2/cipher.h>

enum {
    /* Associated data that comes in pieces is joined in memory of the cipher. All but an unencrypted SRTCP
     * packet that does not fit the path has room. In one piece it may have any length. */
    STRAIT__GCM_JOINED_MAX = 1500,
};

/* RFC 7714: 96-bit IV, tags of 128 (or 64) bits. The IV that is set is the salted one. */
extern const srtp_cipher_type_t strait__gcm_128;
extern const srtp_cipher_type_t strait__gcm_256;

/* RFC 3711, 4.1.1; key and 112-bit salt are one string. Also libsrtp's key derivation function. */
extern const srtp_cipher_type_t strait__icm_128;
extern const srtp_cipher_type_t strait__icm_256;

/* RFC 3711, 4.2.1. */
extern const srtp_auth_type_t strait__hmac_sha1;

#endif
