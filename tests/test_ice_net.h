/* Two ICE agents on a network that loses, delays and hides addresses, in virtual time. */
#ifndef STRAIT_TESTS_TEST_ICE_NET_H
#define STRAIT_TESTS_TEST_ICE_NET_H

#include "test_ice_harness.h"

enum { PACKETS = 512, MAX_LOCALS = 8, LITE = -1 };

struct packet {
    bool used;
    strait_time at;
    uint64_t order;
    struct agent *to;
    struct strait_path path; /* as the receiver sees it */
    uint8_t data[STRAIT__STUN_MAX];
    size_t len;
};

struct net {
    struct packet packets[PACKETS];
    uint64_t order, rng, sent;
    uint64_t hash; /* of every byte that was sent, with its time */
    strait_time now, delay, jitter;
    unsigned loss;                         /* percent */
    struct agent *mute;                    /* what it sends is lost */
    struct agent *captive;                 /* what it sends is kept, too: */
    struct packet captured;                /* ... its last nomination */
    struct sockaddr_storage hidden, shown; /* a NAT: the one is seen as the other */
    struct strait_path slow; /* local address from and to which everything takes a second */
};

extern struct net net;
extern struct agent a, b;
extern struct strait_path locals_a[MAX_LOCALS], locals_b[MAX_LOCALS];
extern size_t n_a, n_b;

/* Below n. */
uint32_t draw(uint32_t n);
/* Both agents with an IPv4 and an IPv6 address; a role of LITE makes a lite one. */
void start_net(uint64_t seed, int role_a, int role_b);
void stop_net(void);
void make(struct agent *x, uint64_t seed, int role, const char *ufrag, const char *pwd,
          const struct strait_path *locals, size_t n_locals);
struct strait_path local_path(const char *host, uint16_t port, uint32_t socket);
/* What an agent sends goes here. */
void carry(struct agent *from, const struct strait_path *path, const uint8_t *data, size_t len);
struct packet *first_packet(void);
strait_time deadline_of(const struct agent *x);
/* Lets time pass, at most until `done`. */
bool run_for(strait_time time, bool (*done)(void));

void signal_parameters(struct agent *to, const struct agent *from, bool lite);
void signal_candidates(struct agent *to, const struct strait_path *locals, size_t n);
/* All, both ways; the arguments say who is lite. */
void signal_all(bool a_lite, bool b_lite);

bool both_completed(void);
bool any_failed(void);
/* The one's selected path is the other's. */
bool mirrored(void);
bool both_agree(void);
void assert_mirrored(void);

#endif
