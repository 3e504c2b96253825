/* What strait asks of an agent beyond libnice's own calls. */
#ifndef NICE_STRAIT_H
#define NICE_STRAIT_H

#include "agent.h"

/* Of a pair, or of all pairs of a component. Retransmissions are not counted. Times in µs. */
struct nice_strait_counts {
    guint64 requests_sent, requests_received;
    guint64 responses_sent, responses_received;
    guint64 consent_requests_sent; /* of requests_sent */
    guint64 rtt, total_rtt, measured;
    guint64 last_request; /* g_get_monotonic_time() */
};

enum nice_strait_pair_state {
    NICE_STRAIT_FROZEN,
    NICE_STRAIT_WAITING,
    NICE_STRAIT_IN_PROGRESS,
    NICE_STRAIT_SUCCEEDED,
    NICE_STRAIT_FAILED,
};

struct nice_strait_pair {
    NiceAddress local, remote; /* of `local` the socket's own */
    enum nice_strait_pair_state state;
    gboolean nominated, selected;
    guint64 priority;
    struct nice_strait_counts counts;
};

struct nice_strait_report {
    struct nice_strait_counts all, selected;
    gboolean has_selected, nominated;
    gboolean controlling; /* now; the property is what was asked for */
    guint64 priority;         /* of the selected pair */
    guint64 unanswered_since; /* first consent check without an answer; 0: none */
};

/* FALSE: there is no such component. */
gboolean nice_strait_report(NiceAgent *agent, guint stream, guint component,
                            struct nice_strait_report *out);
/* Of the report, for less. */
guint64 nice_strait_unanswered_since(NiceAgent *agent, guint stream, guint component);
/* Fills up to `max`; returns how many there are. A pair that was checked and led to another, peer-reflexive one
 * stands for both under the latter's local address. */
guint nice_strait_pairs(NiceAgent *agent, guint stream, guint component,
                        struct nice_strait_pair *out, guint max);
/* Consent is lost after so many ms; 0: 30 s (RFC 7675, 5.1). */
void nice_strait_set_consent_timeout(NiceAgent *agent, guint timeout);

#endif
