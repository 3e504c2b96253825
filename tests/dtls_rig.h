/* What the tests of single records share: one pair, and an oracle that reads its key log and its hellos. */
#ifndef STRAIT_TESTS_DTLS_RIG_H
#define STRAIT_TESTS_DTLS_RIG_H

#include "tests/dtls_oracle.h"
#include "tests/dtls_pair.h"

struct CMUnitTest;

extern struct pair *pair;
extern struct oracle oracle;
extern uint8_t bytes[20000];                       /* a datagram in the making */
extern const enum strait_dtls_version versions[2]; /* 1.2, 1.3 */

/* Both ends with that version alone. The oracle begins anew. */
struct pair_options rig_only(enum strait_dtls_version v);
/* The client has that version alone; both have ids of so many bytes. -1: no connection ids. */
struct pair_options rig_cids(enum strait_dtls_version v, int client, int server);
/* Before the next pair: this suite alone; 0: all. rig_only and rig_cids set 0. */
void rig_suite(uint16_t suite);
/* A side's connection id. */
const uint8_t *rig_id(int side);
/* A tap: the oracle learns the server's hello. */
bool rig_learn(struct pair *p, int from, uint8_t *data, size_t len, void *user);
/* Connected, known to the oracle, and quiet. */
void rig_join(uint64_t seed, const struct pair_options *o);
/* Both are connected, and data goes both ways. */
void rig_alive(void);
/* Of the client. */
struct rig_keys {
    struct strait_srtp_key send, receive;
};
struct rig_keys rig_keys(void);
/* Runs the tests with `pair` in place. */
int rig_run(int (*tests)(void));

#endif
