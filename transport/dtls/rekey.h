/*
 * New keys for an association of DTLS 1.3 (RFC 9147, section 8; RFC 8446, 4.6.3), and the limits of old
 * ones (RFC 8446, 5.5; RFC 9147, 4.5.3).
 */
#ifndef STRAIT_DTLS_REKEY_H
#define STRAIT_DTLS_REKEY_H

#include <strait/types.h>

struct strait_dtls;

struct strait__rekey {
    bool wanted;         /* a KeyUpdate of ours is due */
    bool waits;          /* one is sent and not acknowledged */
    int error;           /* of the last try to send one */
    uint64_t read_epoch; /* of the peer's newest authentic record; 3 where there was no KeyUpdate */
    uint64_t write_epoch;
    strait_time
        answered;    /* when a record of the peer last made us answer: it may repeat a KeyUpdate */
    uint64_t sealed; /* records of application data under our key */
    uint64_t forged; /* records that did not authenticate under the peer's */
};

void strait__rekey_init(struct strait__rekey *rekey);

/* A record of application data was sent. */
void strait__rekey_sent(struct strait_dtls *d);

/* A record of any type left with those low bits of its epoch. */
void strait__rekey_left(struct strait_dtls *d, unsigned epoch_bits);

/* An authentic record of that epoch came. `answered`: something was sent because of it. */
void strait__rekey_heard(struct strait_dtls *d, uint64_t epoch, bool answered);

/* One that was not. May end the association. */
void strait__rekey_forged(struct strait_dtls *d);

/* At the end of each call. */
void strait__rekey_settle(struct strait_dtls *d);

#endif
