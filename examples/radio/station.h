/*
 * The station: what is on the air goes to all listeners at the same moment. A frame is encoded once;
 * each listener costs a header and its protection.
 */
#ifndef RADIO_STATION_H
#define RADIO_STATION_H

#include <strait/strait.h>

#include "listener.h"
#include "ogg_writer.h"
#include "program.h"

#define STATION_MAX_ADVERTISED 8u
#define STATION_MAX_ENDED 16u
#define STATION_MAX_CANDIDATES 32u

struct station_config {
    struct strait_runtime *runtime;
    struct strait_endpoint *endpoint;
    uint32_t max_listeners;
    enum strait_dtls_role dtls_role; /* where the offer leaves it to us */
    struct sockaddr_storage advertised[STATION_MAX_ADVERTISED]; /* with our port */
    size_t n_advertised;
    const struct strait_fingerprint *expect; /* of every listener, instead of its offer's; NULL */
    const char *title;
    bool verbose; /* tell each change of a peer's state */
};

struct station {
    struct station_config config;
    struct listener_setup setup;
    struct strait_certificate *certificate;
    struct strait_fingerprint fingerprint;
    char cname[RTCP_MAX_CNAME];
    struct strait_sdp *sdp; /* the offer that is being read */

    struct listener *listeners;
    struct listener *ended; /* the last STATION_MAX_ENDED, newest first */
    uint32_t n_listeners;
    uint32_t joined; /* ever */

    strait_time start;        /* when frame 0 was due */
    uint32_t first_timestamp; /* of frame 0 */
    uint64_t next_frame;
    uint64_t frames, octets; /* sent, once for all */
    uint8_t packet[LISTENER_PACKET_ROOM];
    const struct program *program; /* what is heard unless somebody publishes; NULL */
    struct ingest *ingest;         /* takes publishers in; NULL: nobody does */
    struct ogg_writer *record;     /* gets all that is sent; NULL; the station closes it */
};

enum station_result {
    STATION_JOINED,
    STATION_BAD_OFFER,   /* the reason names line and cause */
    STATION_UNFIT_OFFER, /* well-formed, but nothing that the radio does: as above */
    STATION_FULL,
    STATION_BROKEN /* our side failed */
};

/* 0 or a strait_error. `start`: when frame 0 is due. What `config` points to must live longer. */
int station_init(struct station *station, const struct station_config *config, strait_time start);

/* Lets go of everybody without a word (station_close first) and gives all back. */
void station_finish(struct station *station);

/*
 * A listener with the offer `text`. On STATION_JOINED `answer` is the SDP to send back, the caller's to
 * free; otherwise `reason` says why not.
 */
enum station_result station_join(struct station *station, const char *text, size_t len,
                                 const char *address, strait_time now, struct listener **listener,
                                 char **answer, struct strait_sdp_error *reason);

/* The listener with this id, or NULL. */
struct listener *station_find(struct station *station, const char *id);

/* A listener's page said goodbye. */
void station_leave(struct station *station, struct listener *listener, strait_time now);

/*
 * Sends a packet that begins `position` samples after frame 0 to everybody; sends reports that are due,
 * removes who has ended.
 */
void station_send_at(struct station *station, uint64_t position, bool after_gap,
                     const uint8_t *opus, size_t len, strait_time now);

/* The same with a packet of 20 ms: frame `number`. */
void station_send(struct station *station, uint64_t number, const uint8_t *opus, size_t len,
                  strait_time now);

/* Does the rest of that when there is nothing to hear. */
void station_rest(struct station *station, strait_time now);

/* Our candidates for every answer, the default one first; returns how many. */
size_t station_candidates(const struct station *station,
                          struct strait_candidate out[STATION_MAX_CANDIDATES]);

/* The answer to a peer's offer; `receives`: it is a publisher's. The caller frees it; NULL: no memory. */
char *station_answer(const struct station *station, const struct peer *peer,
                     const struct offer *offer, bool receives);

/* Says goodbye to everybody. */
void station_close(struct station *station, strait_time now);

#endif
