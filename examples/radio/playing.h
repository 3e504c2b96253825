/* What is heard at this moment, for those who show it. */
#ifndef RADIO_PLAYING_H
#define RADIO_PLAYING_H

#include "station.h"

struct playing {
    const char *kind;   /* of the source (source.h), or "ingest"; NULL: nothing is on */
    const char *name;   /* borrowed until the next packet */
    uint64_t position;  /* samples at 48 kHz that were played */
    uint64_t length;    /* 0: unknown */
    char publisher[24]; /* room for `name` */
};

/* `out` must not be moved while `name` is used. */
void playing_now(struct playing *out, const struct station *station);

#endif
