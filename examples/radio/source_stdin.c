/*
 * Ogg Opus or WAV on standard input, from a pipe that is faster than we play (it waits then) or as slow
 * as time itself (then drift.h holds both together). Never blocks: it reads when the runtime says so.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <strait/runtime.h>
#include <string.h>
#include <unistd.h>

#include "format.h"
#include "live.h"
#include "ogg_opus.h"
#include "source.h"
#include "wav_stream.h"

#define NAME "standard input"

enum {
    PIECE = 16384, /* bytes that are read at a time */
    MIN_HEAD = 12,
    CONVERT = 512, /* frames that are converted at a time */
};

struct waiting_packet {
    struct waiting_packet *next;
    struct source_packet packet;
};

struct stdin_source {
    struct source source;
    struct strait_runtime *runtime;
    int fd;
    bool watched, unwatchable; /* a file is always readable, and epoll takes none */
    bool at_end, failed;

    uint8_t in[PIECE];
    size_t n_in;

    struct wav_stream wav;
    struct live live; /* once the WAV head was read */

    struct ogg_opus *ogg;
    struct drift drift;
    struct waiting_packet *first, **last;
    uint64_t waiting; /* samples in the packets */
};

static void on_readable(void *user, short events);

static const struct radio_source_ops unknown_ops, wav_ops, ogg_ops;

/* --- Reading ----------------------------------------------------------------------------------- */

static void pause_reading(struct stdin_source *self)
{
    if (self->watched) {
        (void)strait_runtime_unwatch(self->runtime, self->fd);
        self->watched = false;
    }
}

static void go_on_reading(struct stdin_source *self)
{
    if (self->watched || self->at_end || self->failed) {
        return;
    }
    if (self->runtime && !self->unwatchable) {
        self->watched = strait_runtime_watch(self->runtime, self->fd, POLLIN, on_readable, self) ==
                        STRAIT_OK;
        self->unwatchable = !self->watched;
    }
    if (!self->watched) {
        struct pollfd fd = { .fd = self->fd, .events = POLLIN };

        if (poll(&fd, 1, 0) > 0) {
            on_readable(self, fd.revents);
        }
    }
}

static void drop_input(struct stdin_source *self, size_t used)
{
    memmove(self->in, self->in + used, self->n_in - used);
    self->n_in -= used;
}

static bool choose_kind(struct stdin_source *self)
{
    if (self->n_in < MIN_HEAD) {
        return false;
    }
    if (memcmp(self->in, "OggS", 4) == 0) {
        self->ogg = ogg_opus_create(NAME);
        self->source.ops = &ogg_ops;
    } else {
        self->source.ops = &wav_ops;
    }
    return true;
}

/* --- WAV --------------------------------------------------------------------------------------- */

static bool take_wav_head(struct stdin_source *self)
{
    const char *why = "";
    size_t used;
    const enum wav_stream_result result = wav_stream_head(&self->wav, self->in, self->n_in, &used,
                                                          &why);

    drop_input(self, used);
    if (result == WAV_STREAM_MORE) {
        return false;
    }
    if (result == WAV_STREAM_BAD || live_init(&self->live, self->wav.rate, &why) != 0) {
        source_say(self->source.reason, NAME " is neither Ogg Opus nor WAV that can be read: %s",
                   why);
        self->failed = true;
        return false;
    }
    self->source.mono = self->wav.channels == 1;
    return true;
}

static void take_wav(struct stdin_source *self)
{
    if (!self->live.ring && !take_wav_head(self)) {
        return;
    }
    for (;;) {
        float raw[CONVERT * WAV_STREAM_MAX_CHANNELS];
        float stereo[CONVERT * RADIO_CHANNELS];
        const size_t room = live_room(&self->live);
        const size_t n = wav_stream_read(&self->wav, self->in, self->n_in, raw,
                                         room < CONVERT ? room : CONVERT);

        if (n == 0) {
            break;
        }
        source_to_stereo(raw, self->wav.channels, n, stereo);
        (void)live_push(&self->live, stereo, n);
        drop_input(self, n * wav_stream_frame(&self->wav));
    }
    if (wav_stream_at_end(&self->wav)) {
        self->at_end = true;
    }
    if (live_room(&self->live) == 0) {
        drift_full(&self->live.drift);
        pause_reading(self);
    }
}

/* --- Ogg Opus ---------------------------------------------------------------------------------- */

static void queue_packets(struct stdin_source *self)
{
    while (self->waiting < DRIFT_CAPACITY) {
        struct waiting_packet *entry = malloc(sizeof *entry);
        enum ogg_opus_result result = OGG_OPUS_BAD;

        source_say(self->source.reason, "no memory for " NAME);
        if (entry) {
            self->source.reason[0] = '\0';
            result = ogg_opus_next(self->ogg, &entry->packet, self->source.reason);
        }
        if (result != OGG_OPUS_PACKET) {
            self->failed |= result == OGG_OPUS_BAD;
            free(entry);
            return;
        }
        entry->next = NULL;
        *self->last = entry;
        self->last = &entry->next;
        self->waiting += entry->packet.samples;
    }
    drift_full(&self->drift);
    pause_reading(self);
}

static void take_ogg(struct stdin_source *self)
{
    char *room = self->ogg ? ogg_opus_room(self->ogg, self->n_in) : NULL;

    if (!room) {
        source_say(self->source.reason, "no memory for " NAME);
        self->failed = true;
        return;
    }
    memcpy(room, self->in, self->n_in);
    ogg_opus_wrote(self->ogg, self->n_in);
    self->n_in = 0;
    queue_packets(self);
}

/* --- Both -------------------------------------------------------------------------------------- */

static void take_input(struct stdin_source *self)
{
    if (self->source.ops == &unknown_ops && !choose_kind(self)) {
        return;
    }
    if (self->source.ops == &ogg_ops) {
        take_ogg(self);
    } else {
        take_wav(self);
    }
}

static void on_readable(void *user, short events)
{
    struct stdin_source *self = user;
    ssize_t len;

    (void)events;
    if (self->n_in == sizeof self->in) {
        return;
    }
    len = read(self->fd, self->in + self->n_in, sizeof self->in - self->n_in);
    if (len > 0) {
        self->n_in += (size_t)len;
        take_input(self);
    } else if (len == 0) {
        self->at_end = true;
    } else if (errno != EAGAIN && errno != EINTR) {
        source_say(self->source.reason, NAME " cannot be read: %s", strerror(errno));
        self->failed = true;
    }
    if (self->at_end || self->failed) {
        pause_reading(self);
    }
}

static enum source_result pull_unknown(struct source *source, struct source_packet *out)
{
    struct stdin_source *self = (struct stdin_source *)source;

    (void)out;
    go_on_reading(self);
    if (self->failed) {
        return SOURCE_FAILED;
    }
    if (self->at_end && source->ops == &unknown_ops) {
        source_say(source->reason,
                   self->n_in == 0 ? NAME " is empty" : NAME " is neither Ogg Opus nor WAV");
        return SOURCE_FAILED;
    }
    return SOURCE_WAIT;
}

static enum source_result end_wav(struct stdin_source *self)
{
    if (!self->live.ring || self->wav.endless || wav_stream_at_end(&self->wav)) {
        return SOURCE_END;
    }
    source_say(self->source.reason, NAME " is truncated: %.1f s are missing",
               (double)self->wav.left / (double)wav_stream_frame(&self->wav) / self->wav.rate);
    return SOURCE_END;
}

static enum source_result pull_wav(struct source *source, float *stereo, size_t n, size_t *got)
{
    struct stdin_source *self = (struct stdin_source *)source;
    enum source_result result;

    *got = 0;
    if (self->live.ring) {
        take_wav(self); /* what did not fit the last time */
    }
    if (!self->live.ring || live_room(&self->live) > 0) {
        go_on_reading(self);
    }
    if (self->failed) {
        return SOURCE_FAILED;
    }
    if (!self->live.ring) {
        if (self->at_end) {
            source_say(source->reason, NAME " has no sound in it");
        }
        return self->at_end ? SOURCE_FAILED : SOURCE_WAIT;
    }
    if (self->at_end && self->n_in < wav_stream_frame(&self->wav)) {
        live_end(&self->live);
    } else if (wav_stream_at_end(&self->wav)) {
        live_end(&self->live);
    }
    result = live_pull(&self->live, stereo, n, got);
    return result == SOURCE_END ? end_wav(self) : result;
}

static void take_first(struct stdin_source *self, struct source_packet *out)
{
    struct waiting_packet *entry = self->first;

    *out = entry->packet;
    self->waiting -= entry->packet.samples;
    self->first = entry->next;
    if (!self->first) {
        self->last = &self->first;
    }
    free(entry);
}

static enum source_result end_ogg(struct stdin_source *self)
{
    if (!ogg_opus_began(self->ogg)) {
        source_say(self->source.reason, NAME " has no sound in it");
        return SOURCE_FAILED;
    }
    /* A live stream that is switched off has no last page either: nothing to complain about. */
    return SOURCE_END;
}

static enum source_result packet_ogg(struct source *source, struct source_packet *out)
{
    struct stdin_source *self = (struct stdin_source *)source;

    if (!self->failed) {
        queue_packets(self);
        if (self->waiting < DRIFT_CAPACITY) {
            go_on_reading(self);
        }
    }
    if (!self->first && self->failed) {
        return SOURCE_FAILED;
    }
    if (!self->first && self->at_end) {
        return end_ogg(self);
    }
    if (!drift_play(&self->drift, self->waiting, self->first ? self->first->packet.samples : 1,
                    self->at_end || self->failed)) {
        return SOURCE_WAIT;
    }
    take_first(self, out);
    if (self->first && drift_leave_out(&self->drift)) {
        source->dropped += out->samples;
        take_first(self, out);
    }
    source->mono = ogg_opus_mono(self->ogg);
    source_name(source, ogg_opus_artist(self->ogg), ogg_opus_title(self->ogg), NAME);
    return SOURCE_OK;
}

static void destroy(struct source *source)
{
    struct stdin_source *self = (struct stdin_source *)source;
    struct source_packet packet;

    pause_reading(self);
    while (self->first) {
        take_first(self, &packet);
    }
    live_finish(&self->live);
    ogg_opus_destroy(self->ogg);
    free(self);
}

/* clang-format off */
static const struct radio_source_ops unknown_ops = {
    .kind = "stdin", .packet = pull_unknown, .destroy = destroy,
};
static const struct radio_source_ops wav_ops = {
    .kind = "stdin", .pull = pull_wav, .destroy = destroy,
};
static const struct radio_source_ops ogg_ops = {
    .kind = "stdin", .packet = packet_ogg, .destroy = destroy,
};
/* clang-format on */

struct source *source_stdin_open(int fd, struct strait_runtime *runtime,
                                 char reason[SOURCE_MAX_REASON])
{
    struct stdin_source *self = calloc(1, sizeof *self);

    if (!self) {
        source_say(reason, "no memory for " NAME);
        return NULL;
    }
    if (isatty(fd)) {
        source_say(reason, NAME " is a terminal: pipe Ogg Opus or WAV into it");
        free(self);
        return NULL;
    }
    self->source.ops = &unknown_ops;
    self->fd = fd;
    self->runtime = runtime;
    self->last = &self->first;
    drift_init(&self->drift);
    source_name(&self->source, NULL, NULL, NAME);
    go_on_reading(self);
    return &self->source;
}
