/* The melody as a source: it never ends. */
#include <stdio.h>
#include <stdlib.h>

#include "melody.h"
#include "source.h"

struct melody_source {
    struct source source;
    struct melody melody;
};

static enum source_result pull(struct source *source, float *stereo, size_t n, size_t *got)
{
    melody_render(&((struct melody_source *)source)->melody, stereo, n);
    *got = n;
    return SOURCE_OK;
}

static void destroy(struct source *source)
{
    free(source);
}

struct source *source_melody_open(char reason[SOURCE_MAX_REASON])
{
    static const struct radio_source_ops ops = {
        .kind = "melody",
        .pull = pull,
        .destroy = destroy,
    };
    struct melody_source *self = calloc(1, sizeof *self);

    if (!self) {
        source_say(reason, "no memory for the melody");
        return NULL;
    }
    self->source.ops = &ops;
    snprintf(self->source.title, sizeof self->source.title, "%s", MELODY_TITLE);
    melody_init(&self->melody);
    return &self->source;
}
