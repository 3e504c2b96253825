/* Files that libsndfile reads: WAV, FLAC, MP3, Vorbis and more. Decoded in small pieces as they are played. */
#include <errno.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bytes.h"
#include "format.h"
#include "resampler.h"
#include "source.h"
#include "terminal.h"

enum {
    PIECE = 1024, /* frames that are read at a time: 21 ms at 48 kHz */
    MAX_FILE_CHANNELS = 16,
};

struct file_source {
    struct source source;
    char *path;
    SNDFILE *file;
    SF_INFO info;
    struct resampler *resampler; /* NULL at 48 kHz */
    sf_count_t read;
    sf_count_t promised; /* frames, by the file's own head */
    bool at_end;
    float raw[PIECE * MAX_FILE_CHANNELS];
    float piece[PIECE * RADIO_CHANNELS]; /* as stereo */
    size_t at, n;                        /* what of it is left */
};

/* What libmpg123 thinks of a file it writes to standard error. */
static sf_count_t read_piece(struct file_source *self)
{
    const bool mpeg = (self->info.format & SF_FORMAT_TYPEMASK) == SF_FORMAT_MPEG;
    const int before = mpeg ? terminal_hush() : -1;
    const sf_count_t got = sf_readf_float(self->file, self->raw, PIECE);

    terminal_unhush(before);
    return got;
}

static void refill(struct file_source *self)
{
    const sf_count_t got = read_piece(self);

    self->at = 0;
    self->n = got > 0 ? (size_t)got : 0;
    self->read += (sf_count_t)self->n;
    self->at_end = got < PIECE;
    source_to_stereo(self->raw, (unsigned)self->info.channels, self->n, self->piece);
}

/* libsndfile finds none where Vorbis has no last page. */
static bool has_length(const struct file_source *self)
{
    return self->info.frames < SF_COUNT_MAX;
}

/* A tenth of a second short is more than an encoder's padding explains. */
static void check_length(struct file_source *self)
{
    const sf_count_t missing = self->promised - self->read;

    if (!has_length(self)) {
        source_say(self->source.reason, "%s is truncated: its end is missing", self->path);
    } else if (missing > self->info.samplerate / 10) {
        source_say(self->source.reason, "%s is truncated: %.1f s of %.1f s are there", self->path,
                   (double)self->read / self->info.samplerate,
                   (double)self->promised / self->info.samplerate);
    }
}

static enum source_result pull(struct source *source, float *stereo, size_t n, size_t *got)
{
    struct file_source *self = (struct file_source *)source;

    *got = 0;
    while (*got == 0) {
        size_t used;

        if (self->at == self->n && !self->at_end) {
            refill(self);
        }
        if (self->resampler) {
            *got = resampler_run(self->resampler, 1.0, self->piece + 2 * self->at,
                                 self->n - self->at, self->at_end, stereo, n, &used);
        } else {
            used = self->n - self->at < n ? self->n - self->at : n;
            memcpy(stereo, self->piece + 2 * self->at, used * 2 * sizeof *stereo);
            *got = used;
        }
        self->at += used;
        if (*got == 0 && self->at_end && self->at == self->n) {
            check_length(self);
            return SOURCE_END;
        }
    }
    return SOURCE_OK;
}

static void destroy(struct source *source)
{
    struct file_source *self = (struct file_source *)source;

    if (self->file) {
        sf_close(self->file);
    }
    resampler_destroy(self->resampler);
    free(self->path);
    free(self);
}

/* libsndfile takes a WAV file that was cut as one that is shorter: its head knows better. Streams
 * that were saved have 0 or the largest size there. */
static sf_count_t promised_frames(const struct file_source *self)
{
    const sf_count_t frames = self->info.frames;
    FILE *file = fopen(self->path, "rbe");
    uint8_t head[12];
    struct stat status;
    sf_count_t missing = 0;

    if (file && fread(head, 1, sizeof head, file) == sizeof head &&
        fstat(fileno(file), &status) == 0 && memcmp(head, "RIFF", 4) == 0 &&
        little32(head + 4) < 0x7fffffff && status.st_size > 12) {
        missing = (sf_count_t)little32(head + 4) + 8 - status.st_size;
    }
    if (file) {
        fclose(file);
    }
    if (missing <= 0 || status.st_size == 0 || frames == 0 || !has_length(self)) {
        return frames;
    }
    /* In proportion: the bytes of a frame are not asked for, the format may be a packed one. */
    return frames + (sf_count_t)((double)frames * (double)missing / (double)status.st_size);
}

static int open_decoder(struct file_source *self, char reason[SOURCE_MAX_REASON])
{
    const int before = terminal_hush();
    const char *why;

    self->file = sf_open(self->path, SFM_READ, &self->info);
    terminal_unhush(before);
    if (!self->file) {
        /* libsndfile's own words speak of a missing file where it took a text for MP3. */
        source_say(reason, "%s is not audio that can be read", self->path);
        return -1;
    }
    if (self->info.channels > MAX_FILE_CHANNELS) {
        source_say(reason, "%s has %d channels, %d are the most", self->path, self->info.channels,
                   MAX_FILE_CHANNELS);
        return -1;
    }
    if (self->info.samplerate != (int)RADIO_RATE) {
        self->resampler = resampler_create((unsigned)self->info.samplerate, &why);
        if (!self->resampler) {
            source_say(reason, "%s cannot be resampled from %d Hz: %s", self->path,
                       self->info.samplerate, why);
            return -1;
        }
    }
    refill(self);
    if (self->n == 0) {
        source_say(reason, "%s has no sound in it", self->path);
        return -1;
    }
    return 0;
}

struct source *source_file_open(const char *path, char reason[SOURCE_MAX_REASON])
{
    static const struct radio_source_ops ops = {
        .kind = "file",
        .pull = pull,
        .destroy = destroy,
    };
    struct file_source *self = calloc(1, sizeof *self);

    if (!self || !(self->path = strdup(path))) {
        source_say(reason, "no memory for %s", path);
        free(self);
        return NULL;
    }
    self->source.ops = &ops;
    if (open_decoder(self, reason) != 0) {
        destroy(&self->source);
        return NULL;
    }
    self->promised = promised_frames(self);
    self->source.mono = self->info.channels == 1;
    if (has_length(self)) {
        self->source.length = (uint64_t)((double)self->info.frames * RADIO_RATE /
                                         self->info.samplerate);
    }
    source_name(&self->source, sf_get_string(self->file, SF_STR_ARTIST),
                sf_get_string(self->file, SF_STR_TITLE), path);
    return &self->source;
}
