/*
 * A publisher's sound instead of the station's own: a WHIP client's Opus packets go on the air as they
 * are, in their order and at our pace. One at a time; when he leaves or falls silent, the station's own
 * source is heard again.
 */
#ifndef RADIO_INGEST_H
#define RADIO_INGEST_H

#include "reception.h"
#include "reorder.h"
#include "station.h"

/* After so long without a packet the station's own source is heard, and another may take the place. */
#define INGEST_SILENCE (2 * STRAIT_S)

struct publisher {
    struct peer peer;        /* first */
    strait_time last_packet; /* 0: none yet */
    strait_time report_due;
    struct reception reception;
    struct reorder reorder;
};

struct ingest {
    struct station *station;
    const char *token; /* that publishers must bear; NULL: none */
    struct publisher *publisher;
    uint32_t published; /* ever */
    bool on_air;        /* the last frame was a publisher's */
    uint64_t began;     /* ... and the first one of these, in samples after frame 0 */
    uint64_t heard;     /* how many samples they have played by now */
    uint64_t packets;   /* of publishers that went on the air */
};

enum ingest_result {
    INGEST_JOINED,
    INGEST_BAD_OFFER,
    INGEST_UNFIT_OFFER,
    INGEST_TAKEN, /* somebody else is on the air or about to be */
    INGEST_BROKEN
};

/* Takes publishers for a station from now on, which must live longer. `token` is borrowed. */
void ingest_init(struct ingest *ingest, struct station *station, const char *token);

/* The radio goes off the air: says goodbye to the publisher. */
void ingest_close(struct ingest *ingest, strait_time now);

/* Gives the publisher back without a word. */
void ingest_finish(struct ingest *ingest);

/* A publisher with the offer `text`; as station_join. One that has fallen silent gives way. */
enum ingest_result ingest_join(struct ingest *ingest, const char *text, size_t len,
                               const char *address, strait_time now, char **answer,
                               struct strait_sdp_error *reason);

/* The publisher with this id, or NULL. */
struct publisher *ingest_find(struct ingest *ingest, const char *id);

/* Its page said goodbye. */
void ingest_leave(struct ingest *ingest, struct publisher *publisher, strait_time now);

/*
 * What begins `position` samples after frame 0 is due: sends what the publisher has for the next 20 ms.
 * False where the station's own source is to be heard instead.
 */
bool ingest_play(struct ingest *ingest, uint64_t position, strait_time now);

#endif
