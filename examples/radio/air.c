#include "air.h"

#include <stdio.h>
#include <string.h>

#include "format.h"
#include "ingest.h"
#include "terminal.h"

/* What is on may have changed with every packet. */
static void announce(struct air *air)
{
    const struct source *source = program_source(air->program);

    air->station->config.title = program_title(air->program);
    if (source && strcmp(source->title, air->announced) != 0) {
        snprintf(air->announced, sizeof air->announced, "%s", source->title);
        terminal_say("Playing %s", source->title);
    }
}

/* Returns how many samples this took, 0 at the end. */
static uint32_t play(struct air *air, uint64_t sample, strait_time now)
{
    struct source_packet packet;
    const enum program_result result = program_next(air->program, &packet);

    announce(air);
    switch (result) {
    case PROGRAM_PACKET:
        station_send_at(air->station, sample, sample != air->sent_until, packet.data, packet.len,
                        now);
        air->sent_until = sample + packet.samples;
        return packet.samples;
    case PROGRAM_SILENCE:
        station_rest(air->station, now);
        return packet.samples;
    case PROGRAM_NOTHING:
        terminal_complain("there is nothing left to play.");
        air->failed = true;
        break;
    default:
        terminal_say("All was played");
        break;
    }
    air->ended = true;
    return 0;
}

static uint32_t on_due(void *user, uint64_t sample, strait_time now)
{
    struct air *air = user;
    struct ingest *ingest = air->station->ingest;

    /* A publisher is heard in frames of 20 ms, and the programme waits meanwhile. */
    if (ingest && ingest_play(ingest, sample, now)) {
        return RADIO_FRAME_SAMPLES;
    }
    return play(air, sample, now);
}

int air_start(struct air *air, struct station *station, struct program *program,
              bool announce_first)
{
    air->station = station;
    air->program = program;
    if (!announce_first) {
        snprintf(air->announced, sizeof air->announced, "%s", program_source(program)->title);
    }
    pacer_init(&air->pacer, station->start);
    return pacer_run(&air->pacer, station->config.runtime, on_due, air);
}

void air_stop(struct air *air)
{
    pacer_stop(&air->pacer);
}
