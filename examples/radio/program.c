#include "program.h"

#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "terminal.h"
#include "text.h"

struct program {
    struct program_config config;
    char title[SOURCE_MAX_TITLE]; /* instead of the sources', clean */
    struct playlist *playlist;
    struct encoder *encoder;
    struct source *source;
    uint64_t position; /* of the source, in samples */

    float frame[RADIO_FRAME_SAMPLES * RADIO_CHANNELS];
    size_t filled; /* pairs of samples in the frame */
    bool encoded;  /* the encoder's delay still has sound in it */

    struct source_packet after_gap; /* comes when the silence before it is over */
    bool has_after_gap;
};

static int channels(const struct program *program)
{
    switch (program->config.stereo) {
    case PROGRAM_STEREO:
        return 2;
    case PROGRAM_MONO:
        return 1;
    default:
        return program->source->mono ? 1 : 0;
    }
}

static bool open_next(struct program *program)
{
    program->source = playlist_next(program->playlist);
    program->position = 0;
    if (program->source) {
        encoder_set_channels(program->encoder, channels(program));
    }
    return program->source != NULL;
}

int program_create(struct program **out, const struct program_config *config)
{
    struct program *program = calloc(1, sizeof *program);
    const char *reason = "no memory";

    *out = NULL;
    if (!program || encoder_create(&program->encoder, &config->encoder, &reason) != 0) {
        terminal_complain("cannot encode Opus: %s.", reason);
        program_destroy(program);
        return -1;
    }
    program->config = *config;
    text_clean(program->title, sizeof program->title, config->title ? config->title : "");
    program->playlist = playlist_create(&config->playlist);
    if (!program->playlist) {
        terminal_complain("no memory for the playlist.");
    } else if (!open_next(program)) {
        terminal_complain("there is nothing to play.");
    }
    if (!program->source) {
        program_destroy(program);
        return -1;
    }
    *out = program;
    return 0;
}

void program_destroy(struct program *program)
{
    if (program) {
        source_destroy(program->source);
        playlist_destroy(program->playlist);
        encoder_destroy(program->encoder);
        free(program);
    }
}

static void close_source(struct program *program)
{
    if (program->source->reason[0] != '\0') {
        terminal_complain("%s.", program->source->reason);
    }
    source_destroy(program->source);
    program->source = NULL;
}

/* The frame as far as it was filled, silence behind it. */
static enum program_result encode(struct program *program, struct source_packet *out)
{
    int len;

    memset(program->frame + 2 * program->filled, 0,
           (RADIO_FRAME_SAMPLES - program->filled) * 2 * sizeof *program->frame);
    program->filled = 0;
    len = encoder_encode(program->encoder, program->frame, out->data);
    out->samples = RADIO_FRAME_SAMPLES;
    out->len = len > 0 ? (size_t)len : 0;
    out->gap = 0;
    return len > 0 ? PROGRAM_PACKET : PROGRAM_SILENCE;
}

/* What waits in the frame and in the encoder's delay. */
static enum program_result flush(struct program *program, struct source_packet *out)
{
    /* The delay, at most 6.5 ms, comes out as well if the frame has room for it. */
    program->encoded = program->filled > RADIO_FRAME_SAMPLES - RADIO_RATE * 65 / 10000;
    return encode(program, out);
}

/* True: `out` has what comes next, as *result says. */
static bool from_samples(struct program *program, struct source_packet *out,
                         enum program_result *result)
{
    struct source *source = program->source;
    size_t got = 0;

    switch (source->ops->pull(source, program->frame + 2 * program->filled,
                              RADIO_FRAME_SAMPLES - program->filled, &got)) {
    case SOURCE_OK:
        program->filled += got;
        program->position += got;
        playlist_heard(program->playlist);
        if (program->filled < RADIO_FRAME_SAMPLES) {
            return false;
        }
        program->encoded = true;
        *result = encode(program, out);
        return true;
    case SOURCE_WAIT:
        source->inserted += RADIO_FRAME_SAMPLES - program->filled;
        *result = encode(program, out);
        return true;
    default:
        close_source(program);
        return false;
    }
}

static bool from_packets(struct program *program, struct source_packet *out,
                         enum program_result *result)
{
    struct source *source = program->source;

    *result = PROGRAM_PACKET;
    if (program->filled > 0 || program->encoded) {
        *result = flush(program, out);
        return true;
    }
    switch (source->ops->packet(source, out)) {
    case SOURCE_OK:
        program->position += out->gap + out->samples;
        playlist_heard(program->playlist);
        if (out->gap > 0) {
            program->after_gap = *out;
            program->has_after_gap = true;
            out->samples = out->gap;
            *result = PROGRAM_SILENCE;
        }
        return true;
    case SOURCE_WAIT:
        source->inserted += RADIO_FRAME_SAMPLES;
        out->samples = RADIO_FRAME_SAMPLES;
        *result = PROGRAM_SILENCE;
        return true;
    default:
        close_source(program);
        return false;
    }
}

enum program_result program_next(struct program *program, struct source_packet *out)
{
    enum program_result result;

    if (program->has_after_gap) {
        program->has_after_gap = false;
        *out = program->after_gap;
        return PROGRAM_PACKET;
    }
    for (;;) {
        if (!program->source && !open_next(program)) {
            if (program->filled > 0 || program->encoded) {
                return flush(program, out);
            }
            return playlist_was_heard(program->playlist) ? PROGRAM_END : PROGRAM_NOTHING;
        }
        if (program->source->ops->pull ? from_samples(program, out, &result)
                                       : from_packets(program, out, &result)) {
            return result;
        }
    }
}

bool program_plays(const struct program *program, const char *path)
{
    return playlist_has(program->playlist, path);
}

const char *program_title(const struct program *program)
{
    if (program->config.title) {
        return program->title;
    }
    return program->source ? program->source->title : "";
}

const struct source *program_source(const struct program *program)
{
    return program->source;
}

uint64_t program_position(const struct program *program)
{
    return program->position;
}
