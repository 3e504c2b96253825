/*
 * Full ICE with host candidates (RFC 8445) on the endpoint's sockets: one component, one checklist.
 *   pair.c       remote candidates and pairs
 *   checklist.c  which check goes out when, and again
 *   outcome.c    what an answer means: valid pairs, the selected one, nomination
 *   consent.c    RFC 7675
 *   full.c       checks that come in, roles, restarts, the ops
 */
#ifndef STRAIT_ICE_FULL_H
#define STRAIT_ICE_FULL_H

#include "ice/session.h"

enum {
    /* RFC 8445, 6.1.2.5: a limit of 100 pairs is the default. */
    STRAIT__ICE_MAX_PAIRS = 100,
    /* Remote candidates, learned ones included: several interfaces with a few addresses each; more only
     * makes every agent check longer (RFC 8445, 19.5.1). */
    STRAIT__ICE_MAX_REMOTES = 32,
    /* Local addresses: what an endpoint takes. */
    STRAIT__ICE_MAX_LOCALS = 32,

    /* Milliseconds between two new checks, Ta. RFC 8445, 14.2 recommends 50 and allows down to 5; a few
     * host candidates of servers make no burst that would need more than what is common in the field. */
    STRAIT__ICE_TA = 20,
    /*
     * Milliseconds before a check is repeated, where no round trip is known. RFC 8445, 14.3 has at least
     * 500, made for any use of STUN; RFC 5245, 16.1 had 100 for media. A check that was repeated
     * measures no round trip, and DTLS wants one: so not below what most paths need. The wait doubles
     * (RFC 8489, 6.2.1) up to the second figure, and grows with the number of pairs as 14.3 wants, so
     * that all together send about one check in Ta.
     */
    STRAIT__ICE_RTO = 200,
    STRAIT__ICE_RTO_MAX = 400,
    /* ... and where one is known: twice that, and at least this. */
    STRAIT__ICE_RTO_MIN = 50,
    /* Milliseconds after the last sending in which an incoming check does not make ours go out again:
     * two agents must not drive each other. */
    STRAIT__ICE_NO_REPEAT = 50,
    /* Milliseconds that a controlling agent waits for a pair that is better than its first valid one
     * (RFC 8445, 8.1.1 leaves the time to the agent). */
    STRAIT__ICE_PATIENCE = 100,
    /* Milliseconds that a selected pair which has fallen silent, and is asked again and again, has before
     * another valid one takes its place: a few lost datagrams are no reason to move. */
    STRAIT__ICE_LAST_CHANCE = 500,
    /* Milliseconds after which an unanswered nomination is given up for another valid pair. */
    STRAIT__ICE_NOMINATION_LIMIT = 3000,
    /* Milliseconds between consent checks, on average (RFC 7675, 5.1); a sixth of the time-out, where the
     * caller has that shorter. Each interval is 0.8 to 1.2 of it at random. */
    STRAIT__ICE_CONSENT = 5000,
    STRAIT__ICE_CONSENT_PART = 6
};

#define STRAIT__ICE_NO_PAIR (-1)

struct strait__ice_remote {
    bool used;
    bool old;   /* of the old generation's pair */
    bool early; /* came before the credentials of its generation */
    enum strait_candidate_type type;
    uint32_t priority;
    char foundation[STRAIT_FOUNDATION_MAX + 1];
    struct sockaddr_storage address;
};

/* A check of ours that waits for its answer. */
struct strait__ice_transaction {
    bool active;
    bool nominating;
    enum strait_ice_role role; /* what it said */
    unsigned sent;             /* times */
    strait_time first, last;   /* sent */
    strait_time interval;
    strait_time next; /* to be sent again; STRAIT_TIME_NEVER */
    uint8_t id[STRAIT__STUN_TRANSACTION];
    struct strait__node node; /* its key is id */
};

/* RFC 8445, 6.1.2.6 */
enum strait__ice_pair_state {
    STRAIT__PAIR_UNUSED = 0,
    STRAIT__PAIR_FROZEN,
    STRAIT__PAIR_WAITING,
    STRAIT__PAIR_IN_PROGRESS,
    STRAIT__PAIR_SUCCEEDED,
    STRAIT__PAIR_FAILED
};

/* Of one pair; in strait__ice.pair is the sum. */
struct strait__ice_counts {
    uint32_t requests_sent, requests_received, responses_sent, responses_received;
    uint32_t consent_requests_sent;
    strait_time rtt, total_rtt, last_check;
};

struct strait__ice_pair {
    enum strait__ice_pair_state state;
    uint8_t local, remote;
    bool old; /* of the old generation: carries media until the new one has nominated */
    bool nominated;
    bool nominate_later; /* the peer nominated it before our check has succeeded */
    uint32_t triggered;  /* place in the triggered-check queue; 0: not in it */
    uint64_t priority;
    strait_time last_answer;
    struct strait__ice_counts counts;
    /* An ordinary or triggered check and a nomination, or two consent checks. */
    struct strait__ice_transaction transactions[2];
};

struct strait__ice_full {
    struct strait__ice_session s;
    uint64_t tie_breaker;
    const struct strait_path *locals;
    unsigned n_locals;
    struct strait__ice_remote
        remotes[STRAIT__ICE_MAX_REMOTES + 1];                 /* one more for the old pair's */
    struct strait__ice_pair pairs[STRAIT__ICE_MAX_PAIRS + 1]; /* likewise */
    uint32_t n_learned, n_triggered, n_turns;                 /* counted up */

    int selected; /* pairs[], or STRAIT__ICE_NO_PAIR */
    int nominee;  /* its nomination waits for an answer */
    strait_time nominee_at;
    strait_time choose_at;     /* take or nominate the best valid pair then */
    bool concluded;            /* no more ordinary checks */
    strait_time pace_at;       /* no new check before this */
    strait_time consent_at;    /* the selected pair's next consent check */
    strait_time unanswered_at; /* the first consent check that has no answer; STRAIT_TIME_NEVER */
    strait_time next;          /* what deadline() says */
};

/* --- pair.c ----------------------------------------------------------------------------------- */

struct strait_path strait__full_path(const struct strait__ice_full *f,
                                     const struct strait__ice_pair *pair);
/* Indices, or -1. Old ones are not found. */
int strait__full_find_local(const struct strait__ice_full *f, const struct strait_path *path);
int strait__full_find_remote(const struct strait__ice_full *f,
                             const struct sockaddr_storage *address);
int strait__full_find_pair(const struct strait__ice_full *f, int local, int remote);
/* Adds a candidate, and its pairs. STRAIT_OK or STRAIT_E_LIMIT. */
int strait__full_add_remote(struct strait__ice_full *f, const struct strait__ice_remote *remote);
/* A peer-reflexive candidate (RFC 8445, 7.3.1.3); -1 where there is no room for one. */
int strait__full_learn_remote(struct strait__ice_full *f, const struct sockaddr_storage *address,
                              uint32_t priority);
/* The pair, made if need be; -1 where there is no room. */
int strait__full_pair(struct strait__ice_full *f, int local, int remote);
void strait__full_drop_pair(struct strait__ice_full *f, int pair);
/* After a change of role (RFC 8445, 6.1.2.3). */
void strait__full_recompute(struct strait__ice_full *f);
bool strait__full_same_foundation(const struct strait__ice_full *f,
                                  const struct strait__ice_pair *a,
                                  const struct strait__ice_pair *b);
/* Other credentials: all checks begin anew. The selected pair goes on as the old one where there is an
 * old generation. Candidates stay where `keep` says so: all, or those of the generation to come. */
enum strait__ice_keep { STRAIT__KEEP_ALL, STRAIT__KEEP_EARLY, STRAIT__KEEP_NONE };
void strait__full_turn_over(struct strait__ice_full *f, enum strait__ice_keep keep);
/* The new generation has a path: the old one's pair goes. */
void strait__full_forget_old(struct strait__ice_full *f);

/* --- report.c --------------------------------------------------------------------------------- */

/* A check came on this path and was answered. */
void strait__full_count_check(struct strait__ice_full *f, const struct strait_path *from);
size_t strait__full_pairs(const struct strait__ice *ice, struct strait_pair_stats *out, size_t max);
size_t strait__full_remotes(const struct strait__ice *ice, struct strait_candidate *out,
                            size_t max);
void strait__full_measure(const struct strait__ice *ice, struct strait_transport_stats *stats);

/* --- checklist.c ------------------------------------------------------------------------------ */

/* Starts a check. `repeat`: until it is answered; else it is sent once. False: no memory, no random. */
bool strait__full_start(struct strait__ice_full *f, int pair, bool nominating, bool repeat);
void strait__full_cancel(struct strait__ice_full *f, struct strait__ice_transaction *t);
void strait__full_cancel_all(struct strait__ice_full *f, struct strait__ice_pair *pair);
/* Puts the pair at the end of the triggered-check queue. */
void strait__full_trigger(struct strait__ice_full *f, int pair);
/* Repeats and starts what is due. */
void strait__full_send_due(struct strait__ice_full *f);
strait_time strait__full_next_check(const struct strait__ice_full *f);

/* --- outcome.c -------------------------------------------------------------------------------- */

void strait__full_answered(struct strait__ice_full *f, const struct strait_path *from,
                           const struct strait__stun_message *message);
/* The peer, controlling, has nominated this pair. */
void strait__full_peer_nominates(struct strait__ice_full *f, int pair);
/* The selected pair is it: the others are not checked any more. */
void strait__full_conclude(struct strait__ice_full *f);
/* Nominates, or leaves a silent pair, when the time has come. */
void strait__full_choose_due(struct strait__ice_full *f);
strait_time strait__full_next_choice(const struct strait__ice_full *f);
/* What we claim to be in the next check. The tie-breaker changes where a 487 said so. */
void strait__full_switch_role(struct strait__ice_full *f);

/* --- consent.c -------------------------------------------------------------------------------- */

/* The selected pair is another, or was answered. */
void strait__full_consent_start(struct strait__ice_full *f);
void strait__full_consent_renew(struct strait__ice_full *f);
bool strait__full_silent(const struct strait__ice_full *f);
/* Sends what is due; disconnected and failed. False: failed. */
bool strait__full_consent_due(struct strait__ice_full *f);
strait_time strait__full_next_consent(const struct strait__ice_full *f);

#endif
