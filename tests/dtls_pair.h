/*
 * Two associations in virtual time, joined by a pipe that loses, doubles, delays and reorders datagrams by
 * a seed. Nothing is random but by that seed: the same one gives the same run.
 */
#ifndef STRAIT_TESTS_DTLS_PAIR_H
#define STRAIT_TESTS_DTLS_PAIR_H

#include <strait/dtls.h>
#include <strait/dtls_listener.h>

enum { PAIR_CLIENT = 0, PAIR_SERVER = 1, PAIR_QUEUE = 4096, PAIR_STATES = 8, PAIR_DATA = 64 };

struct pair;

struct pair_side {
    struct pair *pair;
    int index;
    struct strait_dtls *dtls;
    struct strait_certificate *certificate;
    struct strait_hooks hooks;
    uint64_t random; /* state of the random hook */
    enum strait_dtls_state states[PAIR_STATES];
    int n_states;
    int n_certificates;      /* calls of peer_certificate */
    uint8_t data[PAIR_DATA]; /* the first bytes of each record that came */
    size_t data_len[PAIR_DATA];
    int n_data;
    int sent; /* datagrams */
    strait_time connected;
    bool greets;          /* sends "hello" from within the event CONNECTED */
    bool closes_on_data;  /* closes from within the event of data */
    bool signals_in_time; /* gives the peer's fingerprint from within peer_certificate */
    void (*on_connected)(struct pair_side *side); /* within the event CONNECTED */
    void *extra;                                  /* the test's own */
    size_t bytes, bytes_peak;                     /* allocated by this side */
};

struct pair_datagram {
    strait_time due;
    uint64_t order;
    int to;
    size_t len;
    uint8_t *data;
};

struct pair {
    struct pair_side side[2];
    struct strait_dtls_listener *listener; /* with options.cookies: the server begins as this */
    uint8_t client_address;                /* that it sees the client at */
    int (*accept)(void *user, const void *from, size_t from_len, struct strait_dtls_config *config);
    strait_time now, start;
    strait_time delay; /* one way; 25 ms */
    uint64_t seed;
    int loss, duplication, reorder; /* percent */
    size_t mtu;                     /* longer datagrams are lost; 0: none */
    int drop_nth, double_nth;       /* this one of all datagrams, from 1; 0: none */
    /* True: the pipe swallows it. */
    bool (*tap)(struct pair *pair, int from, uint8_t *data, size_t len, void *user);
    void *tap_user;
    uint64_t hash; /* of every byte that was sent, and when */
    uint64_t order;
    int sent;
    size_t longest;
    struct pair_datagram queue[PAIR_QUEUE];
    int queued;
    /* Allocations of both sides: live blocks, all so far, the one that fails (0: none does). */
    int blocks, allocations, fail_at;
    size_t bytes, bytes_peak;
};

struct pair_options {
    enum strait_dtls_version min[2], max[2];
    enum strait_srtp_profile profiles[2][STRAIT_DTLS_MAX_PROFILES];
    enum strait_dtls_group groups[2][STRAIT_DTLS_MAX_GROUPS];
    uint16_t mtu, mtu_of_server; /* the latter 0: as the former */
    strait_time initial_timeout, handshake_timeout;
    bool cid[2]; /* connection ids; this side's has so many bytes, see pair_cid */
    uint8_t cid_len[2];
    bool cookies; /* the server does not know the client's address */
    strait_time secret_lifetime;
    bool no_fingerprints[2]; /* of the peer are given to this side */
    bool wrong_fingerprint[2];
    /* May change what a side is created with; NULL: nothing. */
    void (*configure)(struct pair_side *side, struct strait_dtls_config *config);
};

/* Zeroed but for seed and defaults. */
void pair_init(struct pair *pair, uint64_t seed);
/* Creates both sides (of the server with cookies the listener); the first error. Certificates are made once and shared by all pairs. */
int pair_create(struct pair *pair, const struct pair_options *options);
/* Starts the server, then the client. */
int pair_start(struct pair *pair);
/* Runs until `until`, or both are no longer on their way. */
void pair_run(struct pair *pair, strait_time until);
/* Runs for that long, whatever happens. */
void pair_run_for(struct pair *pair, strait_time duration);
/* create, start and run up to 60 s; true if both are connected. */
bool pair_connect(struct pair *pair, const struct pair_options *options);
void pair_finish(struct pair *pair);
void pair_forget_certificates(void);

/* Both sides have the keys of each other, and that profile. */
bool pair_keys_match(struct pair *pair, enum strait_srtp_profile profile);
/* Gives bytes to one side now. */
void pair_inject(struct pair *pair, int to, const uint8_t *data, size_t len);
/* Puts bytes into the pipe, due now: also from within a tap. */
void pair_queue(struct pair *pair, int to, const uint8_t *data, size_t len);
struct strait_dtls_stats pair_stats(const struct pair *pair, int side);
void pair_fingerprint(struct pair *pair, int of, struct strait_fingerprint *out);
/* Byte i of a side's connection id. */
uint8_t pair_cid(int side, size_t i);
/* splitmix64 */
uint64_t pair_random(uint64_t *state);

#endif
