/* PEM (RFC 7468): blocks of base64 between lines of BEGIN and END, with any text around them. */
#ifndef STRAIT_TRANSPORT_PEM_H
#define STRAIT_TRANSPORT_PEM_H

#include <strait/types.h>

/* What is left to read. */
struct strait__pem {
    const char *text;
    size_t len;
};

struct strait__pem_block {
    const char *label; /* "CERTIFICATE" ...; not terminated */
    size_t label_len;
    const char *body; /* base64 */
    size_t body_len;
};

/* 1 and the next block; 0 where there is none; STRAIT_E_PARSE for one without its end. */
int strait__pem_next(struct strait__pem *pem, struct strait__pem_block *block);

bool strait__pem_is(const struct strait__pem_block *block, const char *label);

/*
 * The block's bytes; `*len` is the room at `out` before and their number after: body_len / 4 * 3 + 3 are
 * enough. STRAIT_E_PARSE; _UNSUPPORTED (an encrypted key of the old kind, RFC 1421).
 */
int strait__pem_decode(const struct strait__pem_block *block, uint8_t *out, size_t *len);

#endif
