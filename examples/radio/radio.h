/* The radio: all its parts, and what opens and closes them in their order. */
#ifndef RADIO_RADIO_H
#define RADIO_RADIO_H

#include <stdio.h>
#include <strait/strait.h>

#include "air.h"
#include "http.h"
#include "ingest.h"
#include "options.h"
#include "program.h"
#include "station.h"
#include "status.h"

struct radio {
    struct options options;
    struct strait_runtime *runtime;
    struct strait_endpoint *endpoint;
    uint16_t udp_port;
    struct station station;
    struct ingest ingest;
    struct http *http;
    struct program *program;
    struct air air;
    struct status status;
    FILE *capture;
    int signals; /* a signalfd; -1: none */
    bool stop;
};

/* Opens all that radio->options ask for. 0, or -1: what is wrong was said on standard error. Close it in
 * any case. */
int radio_open(struct radio *radio);

/* Plays until a signal, the time or the end of the programme; returns the status to exit with. */
int radio_run(struct radio *radio);

void radio_close(struct radio *radio);

#endif
