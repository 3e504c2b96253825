/* What tests do with ClientHellos on their way: cut them anew, copy them, find what is in them. */
#ifndef STRAIT_TESTS_DTLS_HELLOS_H
#define STRAIT_TESTS_DTLS_HELLOS_H

#include "tests/dtls_pair.h"
#include "transport/dtls/reassemble.h"

/* They are put together and cut as the plan wants. */
struct refragment {
    struct strait__reassembly hello;
    struct strait_hooks hooks;
    uint64_t seq;
    int transmission;
    void (*plan)(struct pair *pair, struct refragment *r);
};

/* A tap of the pair; its user is the struct. */
bool refragment_tap(struct pair *pair, int from, uint8_t *data, size_t len, void *user);

/* Firefox moves its boundary; of each transmission one fragment is lost. */
void refragment_moving_boundary(struct pair *pair, struct refragment *r);
void refragment_many_backwards_twice(struct pair *pair, struct refragment *r);
void refragment_overlapping(struct pair *pair, struct refragment *r);
/* Somebody else is first, with other bytes, another length, a length beyond any bound. */
void refragment_forged_first(struct pair *pair, struct refragment *r);

/* A copy of the first unfragmented ClientHello with that message_seq. */
struct capture {
    uint16_t message_seq;
    uint8_t data[2048]; /* the datagram */
    size_t len;
};

/* A tap; its user is the struct. */
bool capture_tap(struct pair *pair, int from, uint8_t *data, size_t len, void *user);
/* Its cipher suites with their length, and an extension from its type on. */
uint8_t *capture_suites(struct capture *c);
uint8_t *capture_extension(struct capture *c, uint16_t type);

#endif
