/* libnice's hashes and random bytes, in the place of stunhmac.c and rand.c: by GLib, so that no crypto library is
 * needed for HMAC-SHA1 and MD5 (RFC 8489, 14.5 and 9.2.2). */
#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <string.h>
#include <sys/random.h>

#include "stun/rand.h"
#include "stun/stunhmac.h"

enum { HEADER = 20, ATTRIBUTE_HEADER = 4, SHA1 = 20, SHA1_BLOCK = 64 };

/* `len` ends after MESSAGE-INTEGRITY, which is not hashed; `msg_len` stands in the header in place of the length. */
void stun_sha1(const uint8_t *msg, size_t len, size_t msg_len, uint8_t *sha, const void *key,
               size_t keylen, int padding)
{
    static const uint8_t zeros[SHA1_BLOCK];
    uint16_t length = htons((uint16_t)msg_len);
    gsize size = SHA1;

    memset(sha, 0, SHA1);
    if (len < HEADER + ATTRIBUTE_HEADER + SHA1) {
        return;
    }
    size_t hashed = len - ATTRIBUTE_HEADER - SHA1;
    GHmac *hmac = g_hmac_new(G_CHECKSUM_SHA1, key, keylen);
    g_hmac_update(hmac, msg, 2);
    g_hmac_update(hmac, (const guchar *)&length, 2);
    g_hmac_update(hmac, msg + 4, (gssize)(hashed - 4));
    /* RFC 3489, 11.2.8 */
    if (padding && hashed % SHA1_BLOCK > 0) {
        g_hmac_update(hmac, zeros, (gssize)(SHA1_BLOCK - hashed % SHA1_BLOCK));
    }
    g_hmac_get_digest(hmac, sha, &size);
    g_hmac_unref(hmac);
}

/* Without the quotes around it, and zeros after it. */
static void update_trimmed(GChecksum *md5, const uint8_t *bytes, size_t len)
{
    while (len > 0 && *bytes == '"') {
        bytes++;
        len--;
    }
    while (len > 0 && (bytes[len - 1] == '"' || bytes[len - 1] == 0)) {
        len--;
    }
    g_checksum_update(md5, bytes, (gssize)len);
}

void stun_hash_creds(const uint8_t *realm, size_t realm_len, const uint8_t *username,
                     size_t username_len, const uint8_t *password, size_t password_len,
                     unsigned char out[16])
{
    gsize size = 16;
    GChecksum *md5 = g_checksum_new(G_CHECKSUM_MD5);
    update_trimmed(md5, username, username_len);
    g_checksum_update(md5, (const guchar *)":", 1);
    update_trimmed(md5, realm, realm_len);
    g_checksum_update(md5, (const guchar *)":", 1);
    update_trimmed(md5, password, password_len);
    g_checksum_get_digest(md5, out, &size);
    g_checksum_free(md5);
}

void nice_RAND_nonce(uint8_t *dst, int len)
{
    while (len > 0) {
        ssize_t n = getrandom(dst, (size_t)len, 0);
        if (n < 0 && errno != EINTR) {
            g_error("no random bytes: %s", g_strerror(errno));
        }
        dst += n > 0 ? n : 0;
        len -= n > 0 ? (int)n : 0;
    }
}

void stun_make_transid(StunTransactionId id)
{
    nice_RAND_nonce(id, sizeof(StunTransactionId));
}
