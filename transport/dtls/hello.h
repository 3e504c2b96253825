/*
 * Reads a whole ClientHello (RFC 5246, 7.4.1.2; RFC 8446, 4.1.2; RFC 9147, 5.3) as far as the server
 * decides something by it before its crypto library does. Pure, borrowed bytes.
 */
#ifndef STRAIT_DTLS_HELLO_H
#define STRAIT_DTLS_HELLO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A vector of 16-bit numbers in network order. */
struct strait__numbers {
    const uint8_t *data; /* NULL: the extension is not there */
    size_t count;
};

struct strait__bytes {
    const uint8_t *data; /* NULL: not there */
    size_t len;
};

enum { STRAIT__HELLO_RANDOM = 32 };

struct strait__hello {
    uint16_t legacy_version;
    const uint8_t *random;
    struct strait__bytes session_id;
    struct strait__bytes cookie12; /* RFC 6347, 4.2.1 */
    struct strait__numbers cipher_suites;
    struct strait__bytes compression;
    struct strait__numbers versions; /* supported_versions */
    struct strait__numbers groups;   /* supported_groups */
    struct strait__numbers profiles; /* use_srtp (RFC 5764, 4.1.1) */
    /* pre_shared_key (RFC 8446, 4.2.11): the list of them, sound */
    struct strait__bytes identities;
    struct strait__bytes cookie13; /* the extension (RFC 8446, 4.2.2) */
    struct strait__bytes cid;      /* connection_id (RFC 9146, section 3), may be empty */
    struct strait__bytes shares;   /* key_share (RFC 8446, 4.2.8): the list of them, may be empty */
};

/* `body`: the message without its handshake header. False where it is malformed. */
bool strait__hello_read(struct strait__hello *out, const uint8_t *body, size_t len);

bool strait__numbers_have(const struct strait__numbers *numbers, uint16_t number);

/* True if it brings a key share of that group. */
bool strait__hello_has_share(const struct strait__hello *hello, uint16_t group);

/* True if the client takes that DTLS version. */
bool strait__hello_has_version(const struct strait__hello *hello, uint16_t version);

#endif
