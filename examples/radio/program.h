/*
 * The program: turns a playlist into Opus packets, one after the other without a pause. Sources of
 * samples are encoded here, those of packets pass through; a frame that the end of one file does
 * not fill takes the beginning of the next.
 */
#ifndef RADIO_PROGRAM_H
#define RADIO_PROGRAM_H

#include "playlist.h"

enum program_stereo {
    PROGRAM_AS_SOURCE, /* mono stays mono */
    PROGRAM_STEREO,
    PROGRAM_MONO
};

struct program_config {
    struct playlist_config playlist;
    struct encoder_config encoder;
    enum program_stereo stereo;
    const char *title; /* instead of the sources' own; NULL */
};

struct program;

enum program_result {
    PROGRAM_PACKET,
    PROGRAM_SILENCE, /* no packet for out->samples: the source gives none yet, or some were lost */
    PROGRAM_END,     /* all was played */
    PROGRAM_NOTHING  /* nothing could be played */
};

/* Opens the first source that can be. What goes wrong is said on standard error; returns 0 or -1. */
int program_create(struct program **out, const struct program_config *config);

/* NULL is fine. */
void program_destroy(struct program *program);

enum program_result program_next(struct program *program, struct source_packet *out);

/* The file at `path` is one of those that are played. */
bool program_plays(const struct program *program, const char *path);

/* What is on. */
const char *program_title(const struct program *program);

/* The source that is on (its length, counters and kind), NULL after the end, and the samples of it that
 * were played. */
const struct source *program_source(const struct program *program);
uint64_t program_position(const struct program *program);

#endif
