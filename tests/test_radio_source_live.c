/* The radio's sources that keep their own time: standard input, a microphone, and the drift of clocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <strait/runtime.h>
#include <string.h>
#include <unistd.h>

#include "examples/radio/drift.h"
#include "examples/radio/live.h"
#include "radio_sound.h"

#define HOUR_FRAMES (3600u * 50)
#define FRAME 960u

static int set_up(void **state)
{
    (void)state;
    sound_folder_create();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sound_folder_remove();
    return 0;
}

/* --- Drift, in virtual time ------------------------------------------------------------------- */

/* An hour of a source whose clock is off by `ppm` and that comes in bursts of `burst` samples; what
 * waits after the first minute is between *least and *most. Returns how often it ran dry. */
static uint64_t an_hour(double ppm, double burst, bool whole_packets, double *least, double *most,
                        uint64_t *left_out)
{
    struct drift drift;
    double made = 0, given = 0, waiting = 0;

    drift_init(&drift);
    *least = 1e12;
    *most = 0;
    *left_out = 0;
    for (uint64_t frame = 0; frame < HOUR_FRAMES; frame++) {
        made += FRAME * (1 + ppm / 1e6);
        while (made - given >= burst) {
            given += burst;
            waiting += burst;
        }
        if (!drift_play(&drift, (uint64_t)waiting, FRAME, false)) {
            continue;
        }
        waiting -= whole_packets ? FRAME : FRAME / drift.ratio;
        if (whole_packets && drift_leave_out(&drift)) {
            waiting -= FRAME;
            ++*left_out;
        }
        if (frame > 60 * 50) {
            *least = fmin(*least, waiting);
            *most = fmax(*most, waiting);
        }
    }
    return drift.run_dry;
}

static void an_hour_of_drift_does_not_add_up(void **state)
{
    static const double clocks[] = { -500, -100, 0, 100, 500 };
    const uint32_t target = DRIFT_TARGET;

    (void)state;
    for (size_t i = 0; i < sizeof clocks / sizeof clocks[0]; i++) {
        double least, most;
        uint64_t left_out;

        /* A sound card's period. 500 ppm would be 86400 samples after an hour. */
        assert_int_equal(an_hour(clocks[i], 480, false, &least, &most, &left_out), 0);
        assert_true(least > 0.8 * target);
        assert_true(most < 1.2 * target);
    }
}

static void whole_packets_are_left_out_for_a_fast_clock(void **state)
{
    double least, most;
    uint64_t left_out;

    (void)state;
    /* Pages of a second, as ffmpeg makes them: 500 ppm are 86400 samples an hour. The margin begins at
     * nothing, as all of a page comes at once; what is above DRIFT_TARGET + DRIFT_SLACK goes. */
    assert_true(an_hour(500, 48000, true, &least, &most, &left_out) <= 2);
    assert_in_range(left_out, 65, 80);
    assert_true((uint64_t)most < 48000 + DRIFT_TARGET + DRIFT_SLACK + 4 * FRAME);
    assert_true(an_hour(0, 48000, true, &least, &most, &left_out) <= 2);
    assert_int_equal(left_out, 0);
}

/* A source that is too slow runs dry, a few times an hour, and its silence is bounded. */
static void a_slow_clock_waits(void **state)
{
    double least, most;
    uint64_t left_out;
    const uint64_t dry = an_hour(-500, 960, true, &least, &most, &left_out);

    (void)state;
    /* 86400 samples are missing, DRIFT_TARGET of silence each time. */
    assert_in_range(dry, 5, 8);
    assert_int_equal(left_out, 0);
}

static void resampled_drift_is_not_heard(void **state)
{
    struct live live;
    struct sound sound = { .left = calloc(201 * 48000, sizeof(float)) };
    float burst[2 * 500], stereo[2 * FRAME];
    const char *why;
    double phase = 0, owed = 0;
    size_t waits = 0;

    (void)state;
    assert_int_equal(live_init(&live, 44100, &why), 0);
    while (sound.n < 200 * 48000) {
        size_t filled = 0;

        /* 2000 ppm fast: 400 ms in the end. */
        owed += 882 * 1.002;
        while (owed >= 500) {
            for (size_t i = 0; i < 500; i++, phase += 440 / 44100.0) {
                burst[2 * i] = burst[2 * i + 1] = 0.5f * (float)sin(6.283185307179586 * phase);
            }
            assert_int_equal(live_push(&live, burst, 500), 500);
            owed -= 500;
        }
        while (filled < FRAME) {
            size_t got;

            if (live_pull(&live, stereo, FRAME - filled, &got) != SOURCE_OK) {
                waits++;
                break;
            }
            for (size_t i = 0; i < got; i++) {
                sound.left[sound.n++] = stereo[2 * i];
            }
            filled += got;
        }
    }
    assert_in_range(waits, 10, 20); /* only the first quarter of a second */
    /* The source's clock is ours in the end: 440 of its hertz are 440.88 of ours. */
    assert_true(fabs(sound_frequency(&sound, 185 * 48000, 200 * 48000) - 440.88) < 0.1);
    {
        double least, most;

        sound_level(&sound, 4800, 200 * 48000, &least, &most);
        assert_true(least > 0.34);
        assert_true(most < 0.37);
    }
    /* The margin at which the nudge is 2000 ppm. */
    assert_in_range(live.n * 48000 / 44100, DRIFT_TARGET, 2 * DRIFT_TARGET);
    live_finish(&live);
    sound_free(&sound);
}

/* --- Standard input --------------------------------------------------------------------------- */

struct feed {
    uint8_t *bytes;
    size_t len, at;
    int pipe[2];
};

static void feed_open(struct feed *feed, const char *path)
{
    FILE *file = fopen(path, "rb");

    *feed = (struct feed){ .len = (size_t)sound_size(path) };
    feed->bytes = malloc(feed->len);
    assert_non_null(feed->bytes);
    assert_int_equal(fread(feed->bytes, 1, feed->len, file), feed->len);
    fclose(file);
    assert_int_equal(pipe2(feed->pipe, O_CLOEXEC), 0);
    assert_int_equal(fcntl(feed->pipe[1], F_SETFL, O_NONBLOCK), 0);
}

/* Writes up to `len` bytes as far as the pipe takes them; the end closes it. */
static void feed_some(struct feed *feed, size_t len)
{
    ssize_t n;

    if (feed->pipe[1] < 0) {
        return;
    }
    len = len < feed->len - feed->at ? len : feed->len - feed->at;
    n = write(feed->pipe[1], feed->bytes + feed->at, len);
    assert_true(n >= 0 || errno == EAGAIN);
    feed->at += n > 0 ? (size_t)n : 0;
    if (feed->at == feed->len) {
        close(feed->pipe[1]);
        feed->pipe[1] = -1;
    }
}

static void feed_close(struct feed *feed)
{
    close(feed->pipe[0]);
    if (feed->pipe[1] >= 0) {
        close(feed->pipe[1]);
    }
    free(feed->bytes);
}

/* Plays what comes through the pipe at `speed` bytes a frame; silence counts in `waits`. */
static enum source_result play_samples(struct source *source, struct feed *feed, size_t speed,
                                       struct strait_runtime *runtime, struct sound *sound,
                                       size_t *waits)
{
    enum source_result result = SOURCE_WAIT;
    struct source_packet packet;
    float stereo[2 * FRAME];

    *waits = 0;
    for (size_t turn = 0; turn < 20000; turn++) {
        size_t got = 0;

        feed_some(feed, speed);
        if (runtime) {
            assert_int_equal(strait_runtime_dispatch(runtime), 0);
        }
        result = source->ops->pull ? source->ops->pull(source, stereo, FRAME, &got)
                                   : source->ops->packet(source, &packet);
        if (result == SOURCE_END || result == SOURCE_FAILED) {
            break;
        }
        *waits += result == SOURCE_WAIT;
        for (size_t i = 0; sound->left && i < got; i++) {
            sound->left[sound->n++] = stereo[2 * i];
        }
        sound->packets += result == SOURCE_OK;
    }
    return result;
}

static struct source *open_feed(struct feed *feed, const char *path, struct strait_runtime *runtime)
{
    char reason[SOURCE_MAX_REASON];
    struct source *source;

    feed_open(feed, path);
    source = source_stdin_open(feed->pipe[0], runtime, reason);
    assert_non_null(source);
    return source;
}

static void wav_in_a_fast_pipe_is_played_at_our_pace(void **state)
{
    char path[SOUND_PATH];
    struct strait_runtime *runtime;
    struct sound sound = { .left = calloc(12 * 48000, sizeof(float)) };
    struct source *source;
    struct feed feed;
    size_t waits;

    (void)state;
    assert_int_equal(strait_runtime_create(&runtime, NULL), 0);
    sound_write(sound_path(path, "fast.wav"), SF_FORMAT_WAV | SF_FORMAT_PCM_16, 44100, 1, 440,
                441000, "F");
    source = open_feed(&feed, path, runtime);
    assert_int_equal(play_samples(source, &feed, 1 << 20, runtime, &sound, &waits), SOURCE_END);
    assert_string_equal(source->reason, "");
    assert_true(waits < 20); /* at the start */
    assert_in_range(sound.n, 479990, 480010);
    assert_true(fabs(sound_frequency(&sound, 960, 479000) - 440) < 0.01);
    source_destroy(source);
    feed_close(&feed);
    strait_runtime_destroy(runtime);
    sound_free(&sound);
}

static void a_pipe_that_is_too_fast_waits(void **state)
{
    char path[SOUND_PATH];
    struct strait_runtime *runtime;
    struct source *source;
    struct feed feed;
    size_t taken;

    (void)state;
    assert_int_equal(strait_runtime_create(&runtime, NULL), 0);
    sound_write(sound_path(path, "wait.wav"), SF_FORMAT_WAV | SF_FORMAT_PCM_16, 48000, 2, 440,
                480000, "W");
    source = open_feed(&feed, path, runtime);
    for (size_t turn = 0; turn < 1000; turn++) {
        feed_some(&feed, 65536);
        assert_int_equal(strait_runtime_dispatch(runtime), 0);
        if (turn < 5) {
            float stereo[2];
            size_t got;
            struct source_packet packet;

            (void)(source->ops->pull ? source->ops->pull(source, stereo, 1, &got)
                                     : source->ops->packet(source, &packet));
        }
    }
    taken = feed.at;
    /* DRIFT_CAPACITY, what was read and did not fit, and the pipe. */
    assert_in_range(taken, DRIFT_CAPACITY * 4, DRIFT_CAPACITY * 4 + 16384 + 65536 + 16384);
    source_destroy(source);
    feed_close(&feed);
    strait_runtime_destroy(runtime);
}

static void wav_in_a_slow_pipe_waits_and_loses_nothing(void **state)
{
    char path[SOUND_PATH];
    struct sound sound = { .left = calloc(5 * 48000, sizeof(float)) };
    struct source *source;
    struct feed feed;
    size_t waits;

    (void)state;
    sound_write(sound_path(path, "slow.wav"), SF_FORMAT_WAV | SF_FORMAT_PCM_24, 48000, 2, 440,
                4 * 48000, "S");
    source = open_feed(&feed, path, NULL);
    /* Half of real time: 960 frames of 6 bytes are 5760. */
    assert_int_equal(play_samples(source, &feed, 2880, NULL, &sound, &waits), SOURCE_END);
    assert_in_range(waits, 185, 225); /* 200 frames of silence beside 200 of sound */
    /* What a nudge of half a per cent makes of it at most. */
    assert_in_range(sound.n, 191000, 193000);
    source_destroy(source);
    feed_close(&feed);
    sound_free(&sound);
}

static void ogg_in_a_pipe_passes_through(void **state)
{
    char path[SOUND_PATH];
    struct strait_runtime *runtime;
    struct sound sound = { 0 };
    struct source *source;
    struct feed feed;
    size_t waits;

    (void)state;
    assert_int_equal(strait_runtime_create(&runtime, NULL), 0);
    sound_write_opus(sound_path(path, "pipe.opus"),
                     &(struct sound_opus){
                         .hz = 440, .packet = 960, .packets = 500, .page = 50, .title = "Piped" });
    source = open_feed(&feed, path, runtime);
    assert_int_equal(play_samples(source, &feed, 1 << 20, runtime, &sound, &waits), SOURCE_END);
    assert_int_equal(sound.packets, 500);
    assert_int_equal(source->dropped, 0);
    assert_string_equal(source->title, "Piped");
    source_destroy(source);
    feed_close(&feed);
    strait_runtime_destroy(runtime);
}

static void fails(const char *text, const char *wanted)
{
    char path[SOUND_PATH];
    struct sound sound = { 0 };
    struct source *source;
    struct feed feed;
    size_t waits;

    sound_write_text(sound_path(path, "pipe"), text);
    source = open_feed(&feed, path, NULL);
    assert_int_equal(play_samples(source, &feed, 100, NULL, &sound, &waits), SOURCE_FAILED);
    assert_string_equal(source->reason, wanted);
    source_destroy(source);
    feed_close(&feed);
}

static void what_is_wrong_with_a_pipe_is_said(void **state)
{
    char path[SOUND_PATH];
    struct sound sound = { .left = calloc(48000, sizeof(float)) };
    struct source *source;
    struct feed feed;
    size_t waits;

    (void)state;
    fails("", "standard input is empty");
    fails("short", "standard input is neither Ogg Opus nor WAV");
    fails("This is a letter, and nobody can listen to it.",
          "standard input is neither Ogg Opus nor WAV that can be read: it does not begin as WAV "
          "does");
    sound_write(sound_path(path, "cut.wav"), SF_FORMAT_WAV | SF_FORMAT_PCM_16, 48000, 1, 440, 48000,
                "C");
    sound_cut(path, 44 + 48000);
    source = open_feed(&feed, path, NULL);
    assert_int_equal(play_samples(source, &feed, 4096, NULL, &sound, &waits), SOURCE_END);
    assert_non_null(strstr(source->reason, "standard input is truncated: 0.5 s are missing"));
    source_destroy(source);
    feed_close(&feed);
    sound_free(&sound);
}

/* --- The microphone --------------------------------------------------------------------------- */

static void a_microphone_that_is_not_there_is_named(void **state)
{
    char reason[SOURCE_MAX_REASON];

    (void)state;
    assert_null(source_mic_open("hw:CARD=nobody_has_this", reason));
    assert_non_null(strstr(reason, "there is no microphone 'hw:CARD=nobody_has_this' ("));
    assert_non_null(strstr(reason, "'arecord -L' lists what there is"));
}

/* ALSA's own "file" device over "null" gives a file's samples for as long as it is asked. */
static void a_microphone_is_heard(void **state)
{
    char raw[SOUND_PATH], config[SOUND_PATH], reason[SOURCE_MAX_REASON], text[1024];
    struct sound sound = { .left = calloc(3 * 48000, sizeof(float)) };
    struct source *source;

    (void)state;
    sound_write(sound_path(raw, "mic.raw"), SF_FORMAT_RAW | SF_FORMAT_FLOAT, 48000, 2, 1000,
                30 * 48000, "");
    snprintf(text, sizeof text,
             "pcm.tone { type file slave.pcm { type null } file /dev/null infile \"%s\" "
             "format raw }\n",
             raw);
    sound_write_text(sound_path(config, "asound.conf"), text);
    assert_int_equal(setenv("ALSA_CONFIG_PATH", config, 1), 0);
    source = source_mic_open("tone", reason);
    assert_non_null(source);
    assert_false(source->mono);
    for (size_t turn = 0; turn < 200 && sound.n < 2 * 48000; turn++) {
        float stereo[2 * FRAME];
        size_t got;

        if (source->ops->pull(source, stereo, FRAME, &got) == SOURCE_OK) {
            for (size_t i = 0; i < got; i++) {
                sound.left[sound.n++] = stereo[2 * i];
            }
        }
    }
    assert_true(sound.n >= 2 * 48000);
    /* Within the largest nudge: this device gives samples as fast as they are taken. */
    assert_true(fabs(sound_frequency(&sound, 4800, 96000) / 1000 - 1) < 0.006);
    source_destroy(source);
    sound_free(&sound);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_hour_of_drift_does_not_add_up),
        cmocka_unit_test(whole_packets_are_left_out_for_a_fast_clock),
        cmocka_unit_test(a_slow_clock_waits),
        cmocka_unit_test(resampled_drift_is_not_heard),
        cmocka_unit_test(wav_in_a_fast_pipe_is_played_at_our_pace),
        cmocka_unit_test(a_pipe_that_is_too_fast_waits),
        cmocka_unit_test(wav_in_a_slow_pipe_waits_and_loses_nothing),
        cmocka_unit_test(ogg_in_a_pipe_passes_through),
        cmocka_unit_test(what_is_wrong_with_a_pipe_is_said),
        cmocka_unit_test(a_microphone_that_is_not_there_is_named),
        cmocka_unit_test(a_microphone_is_heard),
    };

    return cmocka_run_group_tests_name("radio live source", tests, set_up, tear_down);
}
