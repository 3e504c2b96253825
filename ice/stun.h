/*
 * STUN messages as ICE uses them (RFC 8489, RFC 8445 section 7): a parser that checks every length and
 * keeps pointers into the datagram, and a writer.
 */
#ifndef STRAIT_ICE_STUN_H
#define STRAIT_ICE_STUN_H

#include <strait/ice.h>
#include <strait/types.h>

enum {
    STRAIT__STUN_HEADER = 20,
    STRAIT__STUN_TRANSACTION = 12,
    STRAIT__STUN_MAX = 1280,      /* the longest message that we write */
    STRAIT__STUN_MAX_UNKNOWN = 8, /* unknown attributes that are kept, of each sort */
    STRAIT__STUN_BINDING = 0x001
};

enum strait__stun_class {
    STRAIT__STUN_REQUEST = 0,
    STRAIT__STUN_INDICATION = 1,
    STRAIT__STUN_SUCCESS = 2,
    STRAIT__STUN_ERROR = 3
};

enum strait__stun_type {
    STRAIT__STUN_MAPPED_ADDRESS = 0x0001,
    STRAIT__STUN_USERNAME = 0x0006,
    STRAIT__STUN_MESSAGE_INTEGRITY = 0x0008,
    STRAIT__STUN_ERROR_CODE = 0x0009,
    STRAIT__STUN_UNKNOWN_ATTRIBUTES = 0x000a,
    STRAIT__STUN_XOR_MAPPED_ADDRESS = 0x0020,
    STRAIT__STUN_PRIORITY = 0x0024,
    STRAIT__STUN_USE_CANDIDATE = 0x0025,
    STRAIT__STUN_SOFTWARE = 0x8022,
    STRAIT__STUN_FINGERPRINT = 0x8028,
    STRAIT__STUN_ICE_CONTROLLED = 0x8029,
    STRAIT__STUN_ICE_CONTROLLING = 0x802a
};

/* What a message says; all pointers borrow from its bytes. */
struct strait__stun_message {
    const uint8_t *data;
    size_t len;
    enum strait__stun_class class_;
    uint16_t method;
    uint8_t transaction[STRAIT__STUN_TRANSACTION];

    const uint8_t *username; /* NULL: none */
    size_t username_len;
    bool has_priority, use_candidate, controlling, controlled;
    uint32_t priority;
    uint64_t tie_breaker; /* where controlling or controlled */
    bool has_mapped;      /* XOR-MAPPED-ADDRESS, else MAPPED-ADDRESS */
    struct sockaddr_storage mapped;
    uint16_t error_code; /* 300..699; 0: none */
    const uint8_t *software;
    size_t software_len;
    size_t integrity_at;  /* offset of the MESSAGE-INTEGRITY attribute; 0: none */
    bool has_fingerprint; /* it was there and right; a wrong one does not parse */

    uint16_t unknown_required[STRAIT__STUN_MAX_UNKNOWN]; /* types < 0x8000 that we do not know */
    size_t n_unknown_required;
    struct strait_stun_attribute unknown_optional[STRAIT__STUN_MAX_UNKNOWN];
    size_t n_unknown_optional;
};

/*
 * Reads a whole datagram. STRAIT_E_PARSE: no well-formed STUN message (header, cookie, lengths, an
 * attribute that is known and malformed, FINGERPRINT not last or wrong). Attributes after
 * MESSAGE-INTEGRITY are ignored, but FINGERPRINT (RFC 8489, 14.5). Of a repeated attribute the first
 * counts (RFC 8489, 14). Integrity is not looked at.
 */
int strait__stun_parse(struct strait__stun_message *out, const uint8_t *data, size_t len);

/* True if MESSAGE-INTEGRITY is there and right for the short-term key; constant time compare. */
bool strait__stun_verify(const struct strait__stun_message *message, const char *pwd,
                         size_t pwd_len);

/* True if USERNAME is `first` ":" `second` exactly (RFC 8445, 7.2.2). `second` NULL: any remainder. */
bool strait__stun_username_is(const struct strait__stun_message *message, const char *first,
                              const char *second);

/* The part of USERNAME before the first colon: NULL where there is none. */
const uint8_t *strait__stun_local_ufrag(const struct strait__stun_message *message, size_t *len);

struct strait__stun_writer {
    uint8_t *data;
    size_t room, len;
    bool failed; /* no room, or a bad argument: finish says so */
};

void strait__stun_begin(struct strait__stun_writer *w, uint8_t *data, size_t room,
                        enum strait__stun_class class_, uint16_t method,
                        const uint8_t transaction[STRAIT__STUN_TRANSACTION]);
void strait__stun_add(struct strait__stun_writer *w, uint16_t type, const void *value, size_t len);
void strait__stun_add32(struct strait__stun_writer *w, uint16_t type, uint32_t value);
void strait__stun_add64(struct strait__stun_writer *w, uint16_t type, uint64_t value);
void strait__stun_add_username(struct strait__stun_writer *w, const char *first,
                               const char *second);
void strait__stun_add_xor_mapped(struct strait__stun_writer *w,
                                 const struct sockaddr_storage *address);
/* `reason` NULL: the one of RFC 8489 or RFC 8445 for the code. */
void strait__stun_add_error(struct strait__stun_writer *w, uint16_t code, const char *reason);
void strait__stun_add_unknown(struct strait__stun_writer *w, const uint16_t *types, size_t n);
/* Adds MESSAGE-INTEGRITY (pwd NULL: none) and FINGERPRINT, fixes the length. The message's length, or
 * STRAIT_E_TOO_SMALL, _CRYPTO. */
int strait__stun_finish(struct strait__stun_writer *w, const char *pwd, size_t pwd_len);

#endif
