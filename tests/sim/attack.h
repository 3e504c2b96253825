/* Somebody who sends what he likes from where he likes; he knows addresses, ufrags and SSRCs. */
#ifndef SIM_ATTACK_H
#define SIM_ATTACK_H

#include "tests/sim/pair.h"

struct sim_attack {
    uint8_t client_hello[2048]; /* of another association */
    size_t client_hello_len;
    struct sim_random random;
    uint64_t rtp, stun, dtls, garbage; /* datagrams sent */
};

/* Gets a well-formed ClientHello from a run of its own. */
void sim_attack_init(struct sim_attack *attack, const struct sim_plan *plan);

/* An address that nobody has. */
struct sockaddr_storage sim_stranger(size_t i);

/* A ClientHello of somebody else. */
void sim_attack_hello(struct sim_attack *attack, struct sim_pair *pair,
                      const struct sockaddr_storage *from, const struct sim_peer *to);
/* RTP and RTCP that look right but for their tags: 2. */
void sim_attack_media(struct sim_attack *attack, struct sim_pair *pair,
                      const struct sockaddr_storage *from, const struct sim_peer *to);
/* 2 checks and 2 answers that look right but for their integrity. */
void sim_attack_stun(struct sim_attack *attack, struct sim_pair *pair,
                     const struct sockaddr_storage *from, const struct sim_peer *to);
/* All that, records of DTLS that would end or stall an association, and garbage of each sort. */
void sim_attack_all(struct sim_attack *attack, struct sim_pair *pair,
                    const struct sockaddr_storage *from, const struct sim_peer *to);
/* The same from the peer's own 5-tuple, but the ClientHello. */
void sim_attack_from_the_peer(struct sim_attack *attack, struct sim_pair *pair,
                              const struct sim_peer *to);

/* A check that is right in every respect, from an address that the sender does not have. */
void sim_check_from(struct sim_pair *pair, const struct sockaddr_storage *from,
                    const struct sim_peer *to, struct sim_random *random);

#endif
