#include "playing.h"

#include <stdio.h>

#include "ingest.h"

void playing_now(struct playing *out, const struct station *station)
{
    const struct source *source = station->program ? program_source(station->program) : NULL;
    const struct ingest *ingest = station->ingest;

    *out = (struct playing){ 0 };
    if (ingest && ingest->on_air && ingest->publisher) {
        snprintf(out->publisher, sizeof out->publisher, "publisher %u",
                 ingest->publisher->peer.number);
        out->kind = "ingest";
        out->name = out->publisher;
        out->position = ingest->heard;
    } else if (source) {
        out->kind = source->ops->kind;
        out->name = source->title;
        out->position = program_position(station->program);
        out->length = source->length;
    }
}
