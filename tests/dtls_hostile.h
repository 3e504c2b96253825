/* Records that a stranger may send, each kind under the counter that it must move. */
#ifndef STRAIT_TESTS_DTLS_HOSTILE_H
#define STRAIT_TESTS_DTLS_HOSTILE_H

#include "tests/dtls_pair.h"

/* pair_inject or pair_queue */
typedef void hostile_giver(struct pair *pair, int to, const uint8_t *data, size_t len);

/* What each call adds up, in the names of strait_dtls_stats. */
struct hostile_counters {
    uint64_t truncated, type, version, overlong, empty, shorts, epoch, cid, malformed;
    uint64_t client_hello, server_hello, handshake, change_cipher, alert, data, ack;
    uint64_t forged;
};

/* Before all others. */
void hostile_init(void);

/* A record with the header of DTLS 1.2; `said`: the length that it claims. Returns its length. */
size_t hostile_plain(uint8_t *out, uint8_t type, uint16_t record_version, uint16_t epoch,
                     size_t said, const void *fragment, size_t len);
void hostile_record(struct pair *pair, int to, hostile_giver *give, uint8_t type, uint16_t v,
                    uint16_t epoch, const void *fragment, size_t len);

void hostile_headers(struct pair *pair, int to, hostile_giver *give, struct hostile_counters *c);
/* Epoch 1 of DTLS 1.2, and others. `known`: the suite is negotiated. */
void hostile_protected12(struct pair *pair, int to, hostile_giver *give, struct hostile_counters *c,
                         bool dtls12, bool known);
void hostile_protected13(struct pair *pair, int to, hostile_giver *give, struct hostile_counters *c,
                         bool dtls13);
/* What is never protected and not legal once the handshake is done. */
void hostile_plaintext(struct pair *pair, int to, hostile_giver *give, struct hostile_counters *c);
void hostile_malformed_plaintext(struct pair *pair, int to, hostile_giver *give,
                                 struct hostile_counters *c);
void hostile_random(struct pair *pair, int to, hostile_giver *give, int n);

#endif
