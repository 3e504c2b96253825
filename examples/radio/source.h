/*
 * What goes on the air comes from a source. One ops table a kind, one file a kind:
 *
 *   source_melody.c  the built-in melody                          samples
 *   source_file.c    what libsndfile reads                        samples
 *   source_ogg.c     an Ogg Opus file, passed through             packets
 *   source_stdin.c   Ogg Opus or WAV on a descriptor              packets or samples
 *   source_mic.c     ALSA                                         samples
 *
 * A source gives samples at 48 kHz, which the program encodes, or finished Opus packets.
 */
#ifndef RADIO_SOURCE_H
#define RADIO_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "encoder.h"

struct strait_runtime;

#define SOURCE_MAX_TITLE 256u
#define SOURCE_MAX_REASON 256u

enum source_result {
    SOURCE_OK,
    SOURCE_WAIT,  /* nothing is there yet: ask again when the time of it has passed */
    SOURCE_END,   /* `reason` is set where it ended earlier than it should have */
    SOURCE_FAILED /* `reason` says why */
};

/* An Opus packet on its way to listeners. */
struct source_packet {
    uint8_t data[ENCODER_MAX_PACKET];
    size_t len;
    uint32_t samples; /* that it plays, at 48 kHz */
    uint32_t gap;     /* samples that are missing before it */
};

struct source;

struct radio_source_ops {
    const char *kind; /* "melody", "file", "ogg-opus", "stdin" or "microphone" */
    /* One of the two. pull gives up to `n` pairs of samples, at least one with SOURCE_OK. */
    enum source_result (*pull)(struct source *source, float *stereo, size_t n, size_t *got);
    enum source_result (*packet)(struct source *source, struct source_packet *out);
    void (*destroy)(struct source *source);
};

/* The first member of each kind's own struct. */
struct source {
    const struct radio_source_ops *ops;
    char title[SOURCE_MAX_TITLE];
    char reason[SOURCE_MAX_REASON]; /* a sentence that names the source, without its full stop */
    bool mono;                      /* left and right are the same */
    uint64_t length;                /* samples at 48 kHz; 0: unknown */
    uint64_t dropped, inserted;     /* samples, to keep pace with a source that has its own clock */
};

/* Each returns NULL where it cannot, with a sentence (no full stop) in `reason`. */
struct source *source_melody_open(char reason[SOURCE_MAX_REASON]);
struct source *source_file_open(const char *path, char reason[SOURCE_MAX_REASON]);
struct source *source_ogg_open(const char *path, char reason[SOURCE_MAX_REASON]);
struct source *source_mic_open(const char *device, char reason[SOURCE_MAX_REASON]);

/* `fd` stays the caller's. Watched by `runtime`; NULL: read whenever the source is asked. */
struct source *source_stdin_open(int fd, struct strait_runtime *runtime,
                                 char reason[SOURCE_MAX_REASON]);

/* The file's kind is found by its first bytes. */
struct source *source_open(const char *path, char reason[SOURCE_MAX_REASON]);

/* NULL is fine. */
void source_destroy(struct source *source);

/* --- For the kinds ---------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) void source_say(char reason[SOURCE_MAX_REASON],
                                                      const char *format, ...);

/* "Artist – Title", one of them, or the path's last part without its ending; as text.h cleans it. */
void source_name(struct source *source, const char *artist, const char *title, const char *path);

/* Left and right from any number of channels; `stereo` may not overlap `in`. */
void source_to_stereo(const float *in, unsigned channels, size_t n, float *stereo);

#endif
