/*
 * Protected records as the RFCs have them, read and written without the library, by keys from the key log: headers
 * (RFC 6347, 4.1; RFC 9146, 4; RFC 9147, 4), key schedules (RFC 5246, 6.3; RFC 8446, 7.1; RFC 9147, 5.9),
 * nonces and additional data (RFC 5288; RFC 7905; RFC 9146, 5.3; RFC 9147, 4.2). AES-128-GCM, AES-256-GCM
 * and ChaCha20-Poly1305.
 */
#ifndef STRAIT_TESTS_DTLS_ORACLE_H
#define STRAIT_TESTS_DTLS_ORACLE_H

#include "tests/dtls_pair.h"

enum { ORACLE_TEXT = 17000, ORACLE_EPOCHS = 8 };

struct oracle {
    bool dtls13;
    uint16_t suite;
    uint8_t client_random[32], server_random[32];
    uint8_t master[48];
    uint8_t secrets[2][ORACLE_EPOCHS][48]; /* 1.3: of each side and epoch, from 2 on */
};

struct oracle_record {
    uint8_t type; /* the real one */
    bool unified, has_cid;
    uint16_t epoch; /* unified: as it was guessed from its bits and `newest_epoch` */
    uint64_t seq;   /* unified: its low bits */
    const uint8_t *cid;
    size_t cid_len;
    size_t size; /* with its header; also set where it could not be read */
    uint8_t text[ORACLE_TEXT];
    size_t len;
};

/* What the record protects. */
struct oracle_text {
    uint16_t epoch;
    uint64_t seq;
    uint8_t type;
    const void *data;
    size_t len, padding;
    bool brief; /* 1.3: a number of 8 bits and no length, so that it fills its datagram */
};

/* The event `keylog` of either side. */
void oracle_line(struct oracle *oracle, const char *line);
/* Datagrams of the handshake: the ServerHello has the suite and a random. */
void oracle_hello(struct oracle *oracle, const uint8_t *data, size_t len);
/* The first record; `cid_len`: of its receiver's ids, 0: none. False: not protected, or not authentic. */
bool oracle_read(const struct oracle *oracle, int from, size_t cid_len, const uint8_t *data,
                 size_t len, struct oracle_record *out);
/* Returns its length. `cid`: the receiver's. */
size_t oracle_write(const struct oracle *oracle, int from, const uint8_t *cid, size_t cid_len,
                    const struct oracle_text *text, uint8_t *out);

/* Appends an extension to the hello in the datagram's first record, which is whole, and returns the new
 * length; the rest of the datagram goes. */
size_t oracle_extend_hello(uint8_t *datagram, uint16_t type, const void *body, size_t len);
/* True if the hello that begins the datagram has that extension, and with that body. */
bool oracle_hello_has(const uint8_t *datagram, size_t len, uint16_t type, const void *body,
                      size_t body_len);

#endif
