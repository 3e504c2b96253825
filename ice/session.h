/*
 * What lite and full ICE share: the credentials of the generation that is in use and of the one that
 * comes after a restart, answering checks, and the state. Each back end's struct begins with it.
 */
#ifndef STRAIT_ICE_SESSION_H
#define STRAIT_ICE_SESSION_H

#include "ice/backend.h"

enum {
    /*
     * Transaction ids that were answered and are remembered. A retransmission comes within a few round
     * trips, so 8 would do to notice lost answers; the rest is against replays (see respond.c): at the
     * 2.5 s between a browser's checks this is more than a minute.
     */
    STRAIT__ICE_SEEN = 32,
    /* Milliseconds between two answers to requests that are not authenticated. */
    STRAIT__ICE_REFUSE_EVERY = 100,
    /*
     * disconnected comes after this part of the consent timeout without a sign of life: 7.5 s of 30.
     * RFC 7675 spaces checks 4 to 6 s, so a sixth would flicker with every peer that keeps to it.
     */
    STRAIT__ICE_SILENT_PART = 4
};

/* Which credentials a message was made with. */
enum strait__ice_generation {
    STRAIT__ICE_NO_GENERATION,
    STRAIT__ICE_OLD, /* before a restart that has not nominated yet */
    STRAIT__ICE_NEWEST
};

struct strait__ice_credentials {
    char ufrag[STRAIT_UFRAG_MAX + 1];
    char pwd[STRAIT_PWD_MAX + 1];
    struct strait__node node; /* its key is ufrag */
};

struct strait__ice_seen {
    uint8_t transaction[STRAIT__STUN_TRANSACTION];
    uint64_t path; /* hash of where it came from */
};

struct strait__ice_session {
    struct strait__ice ice;
    strait_time now; /* of the last call */
    strait_time ice_timeout, consent_timeout;

    struct strait__ice_credentials own[2];
    unsigned newest;  /* the one of `own` that ice.local is */
    bool has_old;     /* an older generation is still in use: */
    unsigned old_own; /* ... its local credentials; `newest` where only the remote has restarted */
    struct strait_ice_parameters old_remote; /* ... and the remote's; ufrag "": they never came */
    int ahead; /* our restarts before the remote's: > 0: its new credentials are to come; -1..1 */

    struct strait__ice_seen seen[STRAIT__ICE_SEEN];
    unsigned n_seen, next_seen;
    const struct strait_stun_attribute *extra;
    size_t n_extra;
    strait_time refuse_from; /* no answer to what is not authenticated before this */

    bool regular; /* the peer has sent a check of this generation that does not nominate */

    bool news;      /* a setter has changed something that the next advance tells */
    bool restarted; /* ... a restart of either side */
    bool arm;       /* ... the checks' deadline is to start */
    strait_time ice_deadline;
};

/* --- generation.c ----------------------------------------------------------------------------- */

/* Links the local ufrag. STRAIT_E_EXISTS, _NOMEM. */
int strait__session_init(struct strait__ice_session *s, const struct strait__ice_ops *ops,
                         const struct strait__ice_config *config);
/* Unlinks and zeroes. */
void strait__session_finish(struct strait__ice_session *s);

/* New local credentials; the ones in use stay valid beside them, unless ICE has failed. Errors of
 * link_ufrag, and then nothing has changed. */
int strait__session_restart(struct strait__ice_session *s,
                            const struct strait_ice_parameters *local);
/* True if they are others than before. */
bool strait__session_set_remote(struct strait__ice_session *s,
                                const struct strait_ice_parameters *remote);
/* The newest generation has nominated (or ICE has failed): the older one is no longer valid. */
void strait__session_forget_old(struct strait__ice_session *s);

/* By USERNAME alone. */
enum strait__ice_generation strait__session_identify(const struct strait__ice_session *s,
                                                     const struct strait__stun_message *message);
/* The local password of a generation. */
const char *strait__session_pwd(const struct strait__ice_session *s,
                                enum strait__ice_generation generation);

/* Tells what setters have changed. First thing in receive and advance. */
void strait__session_begin(struct strait__ice_session *s, strait_time now);
/* Fires `state` if it is another. From new or checking to completed by way of connected. */
void strait__session_state(struct strait__ice_session *s, enum strait_ice_state state);
/* Failed, no path, no older generation; what goes there is told in the detail. */
void strait__session_fail(struct strait__ice_session *s, int error, const char *detail);

/* Whether a new generation still has time: then the loss of the old one's path is not the end. */
bool strait__session_restarting(const struct strait__ice_session *s);
/* The old generation's path is gone, and the generation with it. */
void strait__session_lose_path(struct strait__ice_session *s);

strait_time strait__session_silent_after(const struct strait__ice_session *s);

/* --- respond.c -------------------------------------------------------------------------------- */

/* A check that is authentic and complete. */
struct strait__ice_check {
    const struct strait__stun_message *message;
    const struct strait_path *from;
    enum strait__ice_generation generation;
    bool repeated; /* it was answered before */
};

/* Takes a message that is no response of interest: true if `out` is a check. All else is counted, and
 * refused where the RFCs want an answer. */
bool strait__session_authenticate(struct strait__ice_session *s, struct strait__ice_check *out,
                                  const struct strait_path *from,
                                  const struct strait__stun_message *message);
/* Fires `validated`. False: not to be answered or used. */
bool strait__session_validate(struct strait__ice_session *s, struct strait__ice_check *check);
/* Success, remembered as answered. */
void strait__session_answer(struct strait__ice_session *s, const struct strait__ice_check *check);
/* An authenticated error: 400, 420 or 487. */
void strait__session_refuse(struct strait__ice_session *s, const struct strait__ice_check *check,
                            uint16_t code);
/* Hands on what the check says that we do not know. The last thing in receive. */
void strait__session_attributes(struct strait__ice_session *s,
                                const struct strait__stun_message *message);

/* Adds what set_attributes gave. */
void strait__session_add_extra(const struct strait__ice_session *s, struct strait__stun_writer *w);
void strait__session_set_attributes(struct strait__ice *ice,
                                    const struct strait_stun_attribute *attributes, size_t n);

/*
 * Whether a nomination of a pair with `priority` takes over from a nominated one with `current`. Regular
 * nomination (RFC 8445, 8.1.1) checks a pair first and nominates it in another check: there the newest
 * counts, a browser that changes interfaces nominates again. Aggressive nomination (RFC 5245, 8.1.1.2)
 * puts USE-CANDIDATE into every check, in any order, and means the one of highest priority.
 */
bool strait__session_nomination_wins(const struct strait__ice_session *s, uint64_t priority,
                                     uint64_t current);

#endif
