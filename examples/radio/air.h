/* On the air: takes at each packet's time what the publisher or the programme has, and sends it. */
#ifndef RADIO_AIR_H
#define RADIO_AIR_H

#include "pacer.h"
#include "program.h"
#include "station.h"

struct air {
    struct station *station;
    struct program *program;
    struct pacer pacer;
    char announced[SOURCE_MAX_TITLE];
    uint64_t sent_until; /* sample at which the programme's last packet ended */
    bool ended, failed;  /* the programme did; failed: without having been heard */
};

/* Begins; the first sample is due when the station starts. `announce`: tell what plays first as well.
 * Errors of strait_runtime_at. */
int air_start(struct air *air, struct station *station, struct program *program, bool announce);

void air_stop(struct air *air);

#endif
