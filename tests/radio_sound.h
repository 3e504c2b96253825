/* Sound for tests of the radio: files with a sine wave in them, and what listeners would decode. */
#ifndef RADIO_SOUND_H
#define RADIO_SOUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "examples/radio/program.h"

#define SOUND_PATH 256u

/* A folder of this process' own, and a file's path in it. */
void sound_folder_create(void);
void sound_folder_remove(void);
const char *sound_path(char out[SOUND_PATH], const char *name);

/* By libsndfile: `format` is its, the tags "Tester" and `title` where the format has them. */
void sound_write(const char *path, int format, unsigned rate, unsigned channels, double hz,
                 size_t frames, const char *title);

/* Cuts a file to so many bytes, or writes text. */
void sound_cut(const char *path, long len);
void sound_write_text(const char *path, const char *text);
long sound_size(const char *path);

/* Ogg Opus by libopus and libogg. */
struct sound_opus {
    double hz;
    uint32_t packet; /* samples a packet: 120 to 2880 */
    size_t packets;
    int bitrate; /* 0: libopus' own */
    uint32_t pre_skip;
    uint32_t cut;   /* samples that the last page cuts off */
    uint64_t start; /* granule position before the first sample */
    size_t gap_at;  /* packets before which gap samples are missing; 0: none */
    uint32_t gap;
    size_t page; /* packets a page; 0: one */
    int serial;
    bool no_end; /* without the last page's mark */
    const char *title;
    bool append; /* to the file: a chain's next link */
};
void sound_write_opus(const char *path, const struct sound_opus *opus);

/* What the listeners of a program hear. */
struct sound {
    float *left;
    size_t n;               /* samples, silence included */
    size_t packets, silent; /* packets; samples without one */
    uint8_t toc;            /* of the last packet */
    bool repeats;           /* one packet or more carried the one before once more */
    enum program_result last;
    char title[SOURCE_MAX_TITLE]; /* while it was heard */
};

/* Up to `most` samples, or until the program ends. */
void sound_hear(struct sound *sound, struct program *program, size_t most);
void sound_play(struct sound *sound, const struct program_config *config, size_t most);
void sound_free(struct sound *sound);

/* The frequency between two samples, by zero crossings; the least and largest RMS of 10 ms there. */
double sound_frequency(const struct sound *sound, size_t from, size_t to);
void sound_level(const struct sound *sound, size_t from, size_t to, double *least, double *most);

#endif
