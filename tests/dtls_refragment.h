/* A network that cuts the client's ClientHellos anew: they are put together and cut as a plan wants. */
#ifndef STRAIT_TESTS_DTLS_REFRAGMENT_H
#define STRAIT_TESTS_DTLS_REFRAGMENT_H

#include "tests/dtls_pair.h"
#include "transport/dtls/reassemble.h"

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

#endif
