/*
 * Writes notes as a file of any kind that the radio plays, for the browser tests:
 * radio_notes FILE wav|flac|mp3|vorbis|opus TIMES SECONDS KEY...
 * Each MIDI key sounds for so long, and all of them so many times.
 */
#include <math.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "examples/radio/encoder.h"
#include "examples/radio/format.h"
#include "examples/radio/ogg_writer.h"

#define TURN 6.283185307179586
#define PIECE 4096
#define PRE_SKIP 312 /* libopus' delay */

static const struct kind {
    const char *name;
    int format; /* 0: Ogg Opus, which libsndfile writes for no player's ear */
    unsigned rate;
} kinds[] = {
    { "wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 48000 },
    { "flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 44100 },
    { "mp3", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, 44100 },
    { "vorbis", SF_FORMAT_OGG | SF_FORMAT_VORBIS, 44100 },
    { "opus", 0, RADIO_RATE },
};

/* Pairs of samples; the level dips between two notes, so that nothing clicks. */
static float *make(char **keys, size_t n_keys, size_t times, size_t note, unsigned rate)
{
    float *stereo = malloc(2 * sizeof *stereo * times * n_keys * note);

    for (size_t i = 0; stereo && i < times * n_keys * note; i++) {
        const double hz = 440 * exp2((strtod(keys[i / note % n_keys], NULL) - 69) / 12);
        const size_t in_note = i % note;
        const size_t edge = in_note < note - in_note ? in_note : note - in_note;
        const double level = edge < 500 ? 0.5 * (double)edge / 500 : 0.5;

        stereo[2 * i] = stereo[2 * i + 1] = (float)(level *
                                                    sin(TURN * hz * (double)in_note / rate));
    }
    return stereo;
}

static int write_file(const char *path, const struct kind *kind, const float *stereo, size_t n)
{
    SF_INFO info = { .samplerate = (int)kind->rate, .channels = 2, .format = kind->format };
    SNDFILE *file = sf_open(path, SFM_WRITE, &info);
    size_t at = 0;

    /* In pieces: libsndfile's Vorbis takes no more at once than its stack holds. */
    while (file && at < n) {
        const size_t piece = n - at < PIECE ? n - at : PIECE;

        if (sf_writef_float(file, stereo + 2 * at, (sf_count_t)piece) != (sf_count_t)piece) {
            break;
        }
        at += piece;
    }
    return file && sf_close(file) == 0 && at == n ? 0 : -1;
}

static int write_opus(const char *path, const float *stereo, size_t n)
{
    const struct encoder_config encoding = { .bitrate = 96000 };
    const struct ogg_writer_config writing = { .file = path,
                                               .channels = RADIO_CHANNELS,
                                               .pre_skip = PRE_SKIP };
    struct encoder *encoder = NULL;
    struct ogg_writer *writer = NULL;
    const char *why;
    char reason[200];
    int result = encoder_create(&encoder, &encoding, &why);

    if (result == 0) {
        result = ogg_writer_create(&writer, &writing, reason, sizeof reason);
    }
    for (size_t at = 0; result == 0 && at + RADIO_FRAME_SAMPLES <= n; at += RADIO_FRAME_SAMPLES) {
        uint8_t packet[ENCODER_MAX_PACKET];
        const int len = encoder_encode(encoder, stereo + 2 * at, packet);

        result = len > 0 ? ogg_writer_packet(writer, at, packet, (size_t)len) : -1;
    }
    encoder_destroy(encoder);
    return ogg_writer_close(writer) == 0 ? result : -1;
}

int main(int argc, char **argv)
{
    const struct kind *kind = kinds;
    const struct kind *const end = kinds + sizeof kinds / sizeof kinds[0];
    int result = -1;

    while (argc > 5 && kind < end && strcmp(kind->name, argv[2]) != 0) {
        kind++;
    }
    if (argc > 5 && kind < end) {
        const size_t note = (size_t)(strtod(argv[4], NULL) * kind->rate);
        const size_t times = strtoul(argv[3], NULL, 10);
        const size_t n_keys = (size_t)argc - 5;
        float *stereo = make(argv + 5, n_keys, times, note, kind->rate);

        if (stereo) {
            result = kind->format != 0 ? write_file(argv[1], kind, stereo, times * n_keys * note)
                                       : write_opus(argv[1], stereo, times * n_keys * note);
        }
        free(stereo);
    }
    if (result != 0) {
        fputs("radio_notes FILE wav|flac|mp3|vorbis|opus TIMES SECONDS KEY...\n", stderr);
    }
    return result == 0 ? 0 : 1;
}
