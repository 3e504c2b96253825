/* A microphone through ALSA. It is asked whenever the radio is due, and never waited for. */
#include <alsa/asoundlib.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "live.h"
#include "source.h"

enum {
    LATENCY_US = 200000, /* of ALSA's own buffer */
    PIECE = 1024,        /* frames that are read at a time */
};

struct mic_source {
    struct source source;
    char device[64];
    snd_pcm_t *pcm;
    unsigned channels;
    struct live live;
};

static void be_quiet(const char *file, int line, const char *function, int error,
                     const char *format, ...)
{
    (void)file;
    (void)line;
    (void)function;
    (void)error;
    (void)format;
}

/* 0 or ALSA's error. What does not fit is dropped: somebody speaks now and not later. */
static int read_all(struct mic_source *self)
{
    float raw[PIECE * RADIO_CHANNELS];
    float stereo[PIECE * RADIO_CHANNELS];

    for (size_t all = 0; all < self->live.size; all += PIECE) {
        const snd_pcm_sframes_t n = snd_pcm_readi(self->pcm, raw, PIECE);
        size_t kept;

        if (n == -EAGAIN || n == 0) {
            return 0;
        }
        if (n < 0) {
            const int error = snd_pcm_recover(self->pcm, (int)n, 1);

            return error < 0 ? error : snd_pcm_start(self->pcm);
        }
        source_to_stereo(raw, self->channels, (size_t)n, stereo);
        kept = live_push(&self->live, stereo, (size_t)n);
        self->source.dropped += (size_t)n - kept;
        if (kept < (size_t)n) {
            return 0;
        }
    }
    return 0;
}

static enum source_result pull(struct source *source, float *stereo, size_t n, size_t *got)
{
    struct mic_source *self = (struct mic_source *)source;
    const int error = read_all(self);

    *got = 0;
    if (error < 0) {
        source_say(source->reason, "the microphone '%s' went away: %s", self->device,
                   snd_strerror(error));
        return SOURCE_FAILED;
    }
    return live_pull(&self->live, stereo, n, got);
}

static void destroy(struct source *source)
{
    struct mic_source *self = (struct mic_source *)source;

    if (self->pcm) {
        snd_pcm_close(self->pcm);
        snd_config_update_free_global();
    }
    live_finish(&self->live);
    free(self);
}

static int configure(struct mic_source *self)
{
    int error = -EINVAL;

    for (self->channels = RADIO_CHANNELS; self->channels > 0; self->channels--) {
        error = snd_pcm_set_params(self->pcm, SND_PCM_FORMAT_FLOAT, SND_PCM_ACCESS_RW_INTERLEAVED,
                                   self->channels, RADIO_RATE, 1, LATENCY_US);
        if (error >= 0) {
            return snd_pcm_start(self->pcm);
        }
    }
    return error;
}

struct source *source_mic_open(const char *device, char reason[SOURCE_MAX_REASON])
{
    static const struct radio_source_ops ops = {
        .kind = "microphone",
        .pull = pull,
        .destroy = destroy,
    };
    struct mic_source *self = calloc(1, sizeof *self);
    const char *why = "no memory";
    int error;

    if (!self) {
        source_say(reason, "no memory for the microphone");
        return NULL;
    }
    self->source.ops = &ops;
    snprintf(self->device, sizeof self->device, "%s", device);
    snd_lib_error_set_handler(be_quiet);
    error = snd_pcm_open(&self->pcm, device, SND_PCM_STREAM_CAPTURE, SND_PCM_NONBLOCK);
    if (error < 0) {
        source_say(reason,
                   "there is no microphone '%s' (%s): 'arecord -L' lists what there is, "
                   "--mic=NAME chooses one",
                   device, snd_strerror(error));
        snd_config_update_free_global();
        free(self);
        return NULL;
    }
    error = configure(self);
    if (error < 0 || live_init(&self->live, RADIO_RATE, &why) != 0) {
        source_say(reason, "the microphone '%s' cannot be used: %s", device,
                   error < 0 ? snd_strerror(error) : why);
        destroy(&self->source);
        return NULL;
    }
    self->source.mono = self->channels == 1;
    snprintf(self->source.title, sizeof self->source.title, "Microphone");
    return &self->source;
}
