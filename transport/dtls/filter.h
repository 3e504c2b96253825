/*
 * The framing check of every record of a datagram before the crypto library sees it: a header cut
 * short, a length beyond the datagram or a fragment that cannot be a record of its epoch would stall or
 * kill an association there. Pure: bytes and what the association allows in, a verdict out.
 */
#ifndef STRAIT_DTLS_FILTER_H
#define STRAIT_DTLS_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum strait__verdict {
    STRAIT__RECORD_PASS = 0,
    STRAIT__RECORD_REPEAT, /* the peer sends its last flight again: ours was lost */
    /* Each of these is a counter of strait_dtls_stats. */
    STRAIT__RECORD_TRUNCATED, /* the header is cut short */
    STRAIT__RECORD_TYPE,      /* no content type of ours */
    STRAIT__RECORD_VERSION,
    STRAIT__RECORD_OVERLONG, /* longer than the datagram or than a record may be */
    STRAIT__RECORD_EMPTY,
    STRAIT__RECORD_SHORT, /* below its cipher's nonce and tag */
    STRAIT__RECORD_EPOCH,
    STRAIT__RECORD_CID,       /* a connection id that is not ours, or none where one is due */
    STRAIT__RECORD_MALFORMED, /* unprotected, and no message of its type */
    /* Unprotected, and not legal in this state. */
    STRAIT__RECORD_CLIENT_HELLO,
    STRAIT__RECORD_SERVER_HELLO,
    STRAIT__RECORD_HANDSHAKE, /* any other message */
    STRAIT__RECORD_CHANGE_CIPHER,
    STRAIT__RECORD_ALERT,
    STRAIT__RECORD_DATA,
    STRAIT__RECORD_ACK,
    STRAIT__RECORD_END /* no more records in the datagram */
};

/* What the association can read now. */
struct strait__filter {
    bool server;
    bool negotiated; /* the hellos are done: `dtls13` and `overhead` are known */
    bool finished;   /* the handshake is done: nothing unprotected is legal any more */
    bool allows12;   /* of the configuration, until negotiated */
    bool allows13;
    bool dtls13;
    uint8_t overhead12; /* explicit nonce and tag of the suite of DTLS 1.2 */
    uint64_t epoch13;   /* the newest that the peer used, once finished */
    /* Our connection id, which the peer writes into each protected record: RFC 9146; RFC 9147, section 9.
     * Length 0: none. */
    const uint8_t *cid;
    uint8_t cid_len;
    bool cid_agreed; /* the hellos say that it must; before, it may */
};

struct strait__record {
    uint8_t *data; /* with its header */
    size_t len;
    size_t header;  /* bytes of the header */
    bool unified;   /* DTLS 1.3's protected records: type and sequence number are encrypted */
    uint8_t type;   /* not unified only */
    uint16_t epoch; /* unified: its two low bits */
    uint64_t seq;   /* not unified only */
    bool has_cid;
};

/*
 * The record at *offset, which moves on: past this record, or past everything where its end cannot be
 * told. `out` is filled for all verdicts but END, TRUNCATED, TYPE and an OVERLONG beyond the datagram.
 */
enum strait__verdict strait__filter_next(const struct strait__filter *filter, uint8_t *data,
                                         size_t len, size_t *offset, struct strait__record *out);

#endif
