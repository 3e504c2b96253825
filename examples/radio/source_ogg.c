/* A file of Ogg Opus: its packets go on the air as they are. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "ogg_opus.h"
#include "source.h"

enum {
    PIECE = 4096, /* bytes that are read at a time */
    LONGEST_PAGE = 65307,
    PAGE_HEAD = 27, /* without its lacing values */
};

struct ogg_source {
    struct source source;
    char *path;
    FILE *file;
    struct ogg_opus *ogg;
    struct source_packet first; /* read by open, to know that there is one */
    bool has_first;
};

static enum source_result next(struct ogg_source *self, struct source_packet *out)
{
    for (;;) {
        char *room;
        size_t len;

        switch (ogg_opus_next(self->ogg, out, self->source.reason)) {
        case OGG_OPUS_PACKET:
            source_name(&self->source, ogg_opus_artist(self->ogg), ogg_opus_title(self->ogg),
                        self->path);
            return SOURCE_OK;
        case OGG_OPUS_BAD:
            return SOURCE_FAILED;
        default:
            break;
        }
        room = ogg_opus_room(self->ogg, PIECE);
        len = room ? fread(room, 1, PIECE, self->file) : 0;
        if (len == 0) {
            if (!ogg_opus_complete(self->ogg)) {
                source_say(self->source.reason, "%s is truncated: its last page is missing",
                           self->path);
            }
            return SOURCE_END;
        }
        ogg_opus_wrote(self->ogg, len);
    }
}

static enum source_result packet(struct source *source, struct source_packet *out)
{
    struct ogg_source *self = (struct ogg_source *)source;

    if (self->has_first) {
        self->has_first = false;
        *out = self->first;
        return SOURCE_OK;
    }
    return next(self, out);
}

static void destroy(struct source *source)
{
    struct ogg_source *self = (struct ogg_source *)source;

    ogg_opus_destroy(self->ogg);
    if (self->file) {
        fclose(self->file);
    }
    free(self->path);
    free(self);
}

/* By the granule position of the last page, where that is a page of this very stream: neither a chain
 * nor streams side by side tell their length there. 0: unknown. */
static uint64_t find_length(FILE *file, const struct ogg_opus *ogg)
{
    const uint64_t before = (uint64_t)ogg_opus_start(ogg) + ogg_opus_pre_skip(ogg);
    uint8_t *tail = malloc(LONGEST_PAGE);
    uint64_t granule = 0;
    size_t at, len = 0;

    if (tail && (fseek(file, -LONGEST_PAGE, SEEK_END) == 0 || fseek(file, 0, SEEK_SET) == 0)) {
        len = fread(tail, 1, LONGEST_PAGE, file);
    }
    for (at = len; at-- > 0;) {
        if (len - at >= PAGE_HEAD && memcmp(tail + at, "OggS", 4) == 0) {
            if (little32(tail + at + 14) == (uint32_t)ogg_opus_serial(ogg)) {
                granule = little64(tail + at + 6);
            }
            break;
        }
    }
    free(tail);
    return granule > before && granule < INT64_MAX ? granule - before : 0;
}

static int begin(struct ogg_source *self, char reason[SOURCE_MAX_REASON])
{
    const enum source_result result = next(self, &self->first);
    long here;

    if (result != SOURCE_OK) {
        if (self->source.reason[0] != '\0') {
            source_say(reason, "%s", self->source.reason);
        } else {
            source_say(reason, "%s has no sound in it", self->path);
        }
        return -1;
    }
    self->has_first = true;
    self->source.mono = ogg_opus_mono(self->ogg);
    here = ftell(self->file);
    self->source.length = find_length(self->file, self->ogg);
    return fseek(self->file, here, SEEK_SET);
}

struct source *source_ogg_open(const char *path, char reason[SOURCE_MAX_REASON])
{
    static const struct radio_source_ops ops = {
        .kind = "ogg-opus",
        .packet = packet,
        .destroy = destroy,
    };
    struct ogg_source *self = calloc(1, sizeof *self);

    source_say(reason, "no memory for %s", path);
    if (!self) {
        return NULL;
    }
    self->source.ops = &ops;
    self->path = strdup(path);
    self->ogg = self->path ? ogg_opus_create(self->path) : NULL;
    if (self->ogg) {
        self->file = fopen(path, "rbe");
        if (!self->file) {
            source_say(reason, "%s cannot be read: %s", path, strerror(errno));
        }
    }
    if (!self->file || begin(self, reason) != 0) {
        destroy(&self->source);
        return NULL;
    }
    return &self->source;
}
