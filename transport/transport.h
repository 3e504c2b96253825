/* The inside of a transport, for the files of this folder. */
#ifndef STRAIT_TRANSPORT_TRANSPORT_H
#define STRAIT_TRANSPORT_TRANSPORT_H

#include <strait/transport.h>

#include "ice/backend.h"
#include "transport/deadlines.h"
#include "transport/demux.h"
#include "transport/early.h"
#include "transport/endpoint.h"
#include "transport/paths.h"

/* Room for a reason: as long as the longest of the layers', which names a sha-512 fingerprint. */
enum { STRAIT__DETAIL = 384 };

/* What the layers reported and the application has not been told yet. It is told when the layer's
 * function has returned, so that it may do to the transport whatever it likes. */
struct strait__news {
    enum strait_ice_state ice[8];
    uint8_t n_ice;
    enum strait_dtls_state dtls[4];
    uint8_t n_dtls;
    bool path;
    size_t n_attributes;
    struct strait_stun_attribute attributes[STRAIT__STUN_MAX_UNKNOWN];
};

struct strait_transport {
    struct strait_endpoint *endpoint;
    struct strait_transport *next, **link; /* in the endpoint's list */
    uint64_t id;                           /* in a record */
    struct strait_transport_config
        config; /* pointers of it are NULL, but events' and certificate */
    bool destroyed, closed;
    bool wake;   /* a setter has news: advance now */
    bool repeat; /* ICE saw the peer's check again */
    struct strait__deadline deadline;

    struct strait__ice *ice;
    struct strait__agents *agents; /* behind external ICE: libnice's; go with it */
    bool has_remote_ice;
    struct strait_stun_attribute attributes[STRAIT__MAX_ATTRIBUTES];
    size_t n_attributes;
    uint8_t attribute_bytes[STRAIT__MAX_ATTRIBUTE_BYTES];

    struct strait__paths paths; /* validated 5-tuples */
    struct strait_path path;    /* where what is sent goes */
    bool has_path;
    strait_time rtt; /* 0: unknown */

    struct strait_dtls *dtls; /* NULL before a path is valid and our role is known */
    enum strait_dtls_role dtls_role;
    struct strait_dtls_parameters remote_dtls;
    bool has_remote_dtls, fingerprints_given;

    struct strait_srtp *srtp; /* NULL before there are keys */
    enum strait_srtp_profile profile;
    struct strait_srtp_key send_key, receive_key;

    /* renewal.c: another association takes over from the first on the same path */
    bool renew;    /* the remote's parameters changed: due when the layers have returned */
    bool renewing; /* media go on with the keys of the association before */
    struct strait_srtp *old_srtp; /* what the peer sent before it had the new keys */
    strait_time old_srtp_until;
    struct strait_srtp_stats srtp_past; /* of the sessions that are gone */

    struct strait__early early;
    struct strait__news news;
    struct strait_transport_stats stats; /* counters; the rest is filled in when asked for */
    int error;
    char detail[STRAIT__DETAIL];
};

/* The way in: a datagram that the endpoint found to be this peer's. Consecutive media are collected by
 * the endpoint and come as one array. */
void strait__transport_stun(struct strait_transport *t, strait_time now,
                            const struct strait_path *from,
                            const struct strait__stun_message *message);
void strait__transport_dtls(struct strait_transport *t, strait_time now,
                            const struct strait_path *from, struct strait_datagram *datagram);
void strait__transport_media(struct strait_transport *t, strait_time now,
                             const struct strait_path *from, struct strait_datagram *datagrams,
                             size_t n);
void strait__transport_advance(struct strait_transport *t, strait_time now);

/* After anything that may have changed a layer's deadline. */
void strait__transport_reschedule(struct strait_transport *t);

/* A layer's datagram for a path, into the outbox or counted. */
void strait__transport_out(struct strait_transport *t, const struct strait_path *path,
                           const uint8_t *data, size_t len);

/* The association is closed or failed. */
bool strait__transport_ended(const struct strait_transport *t);
/* What a transport's configuration says of its association; hooks, user, role and time-out are missing. */
struct strait_dtls_config strait__transport_dtls_config(
    const struct strait_transport_config *config);
void strait__transport_begin_dtls(struct strait_transport *t, strait_time now);

/* --- renewal.c --- */
/* Where the remote's DTLS parameters have changed: ends the association, without a word to the peer, so that
 * another can begin. */
void strait__transport_renew(struct strait_transport *t);
/* The keys of an association are there: `srtp` takes over. */
void strait__transport_take_srtp(struct strait_transport *t, struct strait_srtp *srtp,
                                 strait_time now);
/* Unprotects while two sets of keys are about: what only the other set opens is opened by it, or waits for it. */
void strait__transport_unprotect(struct strait_transport *t, struct strait_packet *packets,
                                 size_t n);
/* Forgets the old keys when their time has come. */
void strait__transport_forget_old(struct strait_transport *t, strait_time now);
/* Adds the sessions that are gone to `stats`, which is of the present one. */
void strait__transport_add_past(const struct strait_transport *t, struct strait_srtp_stats *stats);

/* What came before there were keys for it, into the bounded queue or counted. */
void strait__transport_wait_early(struct strait_transport *t, enum strait__protocol protocol,
                                  const struct strait_datagram *datagram);

/* Begins DTLS as soon as a path is valid and the role is known; gives it late fingerprints. */
void strait__transport_progress(struct strait_transport *t, strait_time now);

/* Tells the application what the layers reported. */
void strait__transport_tell(struct strait_transport *t);

/* Remembers the first reason why it failed; the text is copied. */
void strait__transport_fail(struct strait_transport *t, int error, const char *detail);

/* The events that the layers below get. */
extern const struct strait__ice_events strait__transport_ice_events;
extern const struct strait_dtls_events strait__transport_dtls_events;

/* Local credentials: the given ones, checked, or made ones where both are NULL. */
int strait__transport_credentials(const struct strait_hooks *hooks, const char *ufrag,
                                  const char *pwd, struct strait_ice_parameters *out);

/* Frees all; the transport is unlinked already. */
void strait__transport_free(struct strait_transport *t);

#endif
