/* Somebody on the path who cuts each unprotected handshake message into pieces as he likes: small, overlapping,
 * repeated, in any order, each in a datagram of its own. Protected records he can only shuffle and repeat. */
#ifndef SIM_PIECES_H
#define SIM_PIECES_H

#include "tests/sim/net.h"

struct sim_pieces {
    struct sim_net *net;
    struct sim_random random;
    uint64_t seq[2];           /* of the records that he makes, by direction */
    uint64_t messages, pieces; /* cut, made */
};

void sim_pieces_init(struct sim_pieces *pieces, struct sim_net *net, uint64_t seed);

/* For struct sim_net's shape. */
strait_time sim_pieces_shape(void *user, const struct sim_flight *flight);

#endif
