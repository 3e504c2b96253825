/* The radio's sources: files of every kind against samples that are made here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "radio_sound.h"

#define ENDLESS (48000u * 60)
#define LEVEL 0.35355 /* RMS of a sine wave of amplitude 0.5 */

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

static void play_file(struct sound *sound, const char *path)
{
    const struct program_config config = { .playlist = { .names = &path, .n_names = 1 } };

    sound_play(sound, &config, ENDLESS);
}

static void steady(const struct sound *sound, size_t from, size_t to)
{
    double least, most;

    sound_level(sound, from, to, &least, &most);
    assert_true(least > 0.93 * LEVEL);
    assert_true(most < 1.07 * LEVEL);
}

static void files_keep_frequency_length_and_title(void **state)
{
    static const struct {
        const char *name;
        int format;
        unsigned rate, channels;
        size_t padding; /* samples that the format may add */
    } kinds[] = {
        { "a.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 48000, 2, 0 },
        { "b.wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 44100, 1, 0 },
        { "c.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_24, 96000, 6, 0 },
        { "d.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 44100, 2, 0 },
        { "e.ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS, 44100, 2, 0 },
        { "f.mp3", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, 44100, 2, 3 * 1152 * 48000 / 44100 },
        { "g.aiff", SF_FORMAT_AIFF | SF_FORMAT_PCM_16, 8000, 1, 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const size_t frames = 2 * kinds[i].rate + kinds[i].rate / 7;
        const size_t wanted = (size_t)((uint64_t)frames * 48000 / kinds[i].rate);
        struct sound sound;
        char path[SOUND_PATH];

        sound_write(sound_path(path, kinds[i].name), kinds[i].format, kinds[i].rate,
                    kinds[i].channels, 441.5, frames, "Tone");
        play_file(&sound, path);
        assert_int_equal(sound.last, PROGRAM_END);
        /* Up to a frame that is not full, and libopus' delay. */
        assert_in_range(sound.n, wanted, wanted + 2 * 960 + kinds[i].padding);
        assert_int_equal(sound.silent, 0);
        assert_string_equal(sound.title, "Tester – Tone");
        assert_true(fabs(sound_frequency(&sound, 9600, 90000) - 441.5) < 0.1);
        steady(&sound, 9600, 90000);
        sound_free(&sound);
    }
}

static void mono_stays_mono_unless_asked(void **state)
{
    static const struct {
        unsigned channels;
        enum program_stereo stereo;
        bool wanted;
    } cases[] = {
        { 1, PROGRAM_AS_SOURCE, false },
        { 2, PROGRAM_AS_SOURCE, true },
        { 1, PROGRAM_STEREO, true },
        { 2, PROGRAM_MONO, false },
    };
    char path[SOUND_PATH];
    const char *name = sound_path(path, "mono.wav");

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct program_config config = { .playlist = { .names = &name, .n_names = 1 },
                                               .stereo = cases[i].stereo };
        struct sound sound;

        sound_write(path, SF_FORMAT_WAV | SF_FORMAT_PCM_16, 48000, cases[i].channels, 440, 9600,
                    "M");
        sound_play(&sound, &config, 9600);
        assert_int_equal((sound.toc & 4) != 0, cases[i].wanted); /* the TOC's stereo bit */
        sound_free(&sound);
    }
}

static void a_loop_and_a_playlist_have_no_gap(void **state)
{
    /* 160 whole periods of 480 Hz, and no whole number of frames. */
    char path[SOUND_PATH];
    const char *names[3] = { path, path, path };
    struct program_config config = { .playlist = { .names = names, .n_names = 3 } };
    struct sound sound;

    (void)state;
    sound_write(sound_path(path, "loop.wav"), SF_FORMAT_WAV | SF_FORMAT_FLOAT, 48000, 2, 480, 16000,
                "Loop");
    sound_play(&sound, &config, ENDLESS);
    assert_int_equal(sound.last, PROGRAM_END);
    assert_int_equal(sound.n, 51 * 960); /* 48000 samples, and what was in libopus */
    assert_true(fabs(sound_frequency(&sound, 1920, 48000) - 480) < 0.02);
    steady(&sound, 1920, 48000);
    sound_free(&sound);

    config.playlist.n_names = 1;
    config.playlist.loop = true;
    sound_play(&sound, &config, 10 * 48000);
    assert_int_equal(sound.packets, 500);
    assert_true(fabs(sound_frequency(&sound, 1920, 480000) - 480) < 0.002);
    steady(&sound, 1920, 480000);
    sound_free(&sound);
}

static void a_folder_plays_in_order(void **state)
{
    char folder[SOUND_PATH], path[SOUND_PATH];
    const char *name = sound_path(folder, "");
    const struct program_config config = { .playlist = { .names = &name, .n_names = 1 } };
    struct sound sound;

    (void)state;
    sound_folder_remove();
    sound_folder_create();
    name = sound_path(folder, "");
    sound_write(sound_path(path, "10.flac"), SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 48000, 1, 900,
                48000, "c");
    sound_write(sound_path(path, "2.wav"), SF_FORMAT_WAV | SF_FORMAT_PCM_16, 48000, 1, 600, 48000,
                "b");
    sound_write_opus(sound_path(path, "1.opus"),
                     &(struct sound_opus){ .hz = 300, .packet = 960, .packets = 50 });
    sound_write_text(sound_path(path, "3.mp3"), "this is no sound, whatever its name says");
    sound_write_text(sound_path(path, "cover.jpg"), "a picture");
    sound_play(&sound, &config, ENDLESS);
    assert_int_equal(sound.last, PROGRAM_END);
    assert_true(fabs(sound_frequency(&sound, 4800, 43200) - 300) < 0.2);
    assert_true(fabs(sound_frequency(&sound, 52800, 91200) - 600) < 0.2);
    assert_true(fabs(sound_frequency(&sound, 100800, 139200) - 900) < 0.2);
    assert_int_equal(sound.n, 151 * 960);
    assert_string_equal(sound.title, "Tester – c");
    sound_free(&sound);
}

static void opus_of_any_length_passes_through(void **state)
{
    static const uint32_t lengths[] = { 120, 240, 480, 960, 1920, 2880 };

    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        const struct sound_opus opus = {
            .hz = 660,
            .packet = lengths[i],
            .packets = 96000 / lengths[i],
            .pre_skip = 312,
            .page = 1 + i * 7,
            .cut = lengths[i] + lengths[i] / 2,
        };
        /* What lies wholly in the pre-skip or behind the end is left out. */
        const size_t packets = opus.packets - 312 / lengths[i] - 1;
        double least, most;
        struct sound sound;
        char path[SOUND_PATH];

        sound_write_opus(sound_path(path, "any.opus"), &opus);
        play_file(&sound, path);
        assert_int_equal(sound.last, PROGRAM_END);
        assert_int_equal(sound.packets, packets);
        assert_int_equal(sound.n, packets * lengths[i]);
        assert_string_equal(sound.title, "Tone");
        assert_true(fabs(sound_frequency(&sound, 9600, 86400) - 660) < 0.1);
        /* No hole; a coder of 2.5 ms at a time does not hold a level to the per cent. */
        sound_level(&sound, 9600, 86400, &least, &most);
        assert_true(least > 0.8 * LEVEL);
        assert_true(most < 1.2 * LEVEL);
        sound_free(&sound);
    }
}

static void opus_packets_are_not_touched(void **state)
{
    char path[SOUND_PATH], reason[SOURCE_MAX_REASON] = "";
    struct source_packet packet;
    struct source *source;
    static uint8_t file[200000];
    size_t len, at = 0, n = 0;
    FILE *in;

    (void)state;
    sound_write_opus(sound_path(path, "bytes.opus"),
                     &(struct sound_opus){ .hz = 500, .packet = 960, .packets = 100 });
    in = fopen(path, "rb");
    len = fread(file, 1, sizeof file, in);
    fclose(in);
    source = source_open(path, reason);
    assert_non_null(source);
    assert_int_equal(source->length, 96000);
    while (source->ops->packet(source, &packet) == SOURCE_OK) {
        /* Each stands in the file, after the one before. */
        const uint8_t *found = memmem(file + at, len - at, packet.data, packet.len);

        assert_non_null(found);
        at = (size_t)(found - file) + packet.len;
        n++;
    }
    assert_int_equal(n, 100);
    assert_string_equal(source->reason, "");
    source_destroy(source);
}

static void opus_too_long_for_a_datagram_is_parted(void **state)
{
    struct sound sound;
    char path[SOUND_PATH];

    (void)state;
    /* 60 ms at 500 kbit/s: 3750 bytes, three frames of 1250. */
    sound_write_opus(
        sound_path(path, "long.opus"),
        &(struct sound_opus){ .hz = 700, .packet = 2880, .packets = 30, .bitrate = 500000 });
    play_file(&sound, path);
    assert_int_equal(sound.packets, 90);
    assert_int_equal(sound.n, 86400);
    assert_true(fabs(sound_frequency(&sound, 4800, 81600) - 700) < 0.1);
    sound_free(&sound);
}

static void a_chain_goes_on(void **state)
{
    struct sound_opus opus = {
        .hz = 400, .packet = 960, .packets = 50, .serial = 1, .title = "First"
    };
    struct sound sound;
    char path[SOUND_PATH];

    (void)state;
    sound_write_opus(sound_path(path, "chain.opus"), &opus);
    opus = (struct sound_opus){
        .hz = 800, .packet = 480, .packets = 100, .serial = 2, .title = "Second", .append = true
    };
    sound_write_opus(path, &opus);
    play_file(&sound, path);
    assert_int_equal(sound.packets, 150);
    assert_int_equal(sound.n, 96000);
    assert_int_equal(sound.silent, 0);
    assert_true(fabs(sound_frequency(&sound, 4800, 43200) - 400) < 0.2);
    assert_true(fabs(sound_frequency(&sound, 52800, 91200) - 800) < 0.2);
    assert_string_equal(sound.title, "Second");
    sound_free(&sound);
}

static uint64_t length_of(const char *path, const struct sound_opus *opus)
{
    char reason[SOURCE_MAX_REASON];
    struct source *source;
    uint64_t length;

    sound_write_opus(path, opus);
    source = source_open(path, reason);
    assert_non_null(source);
    length = source->length;
    source_destroy(source);
    return length;
}

static void opus_tells_its_length_where_it_is_known(void **state)
{
    struct sound_opus opus = {
        .hz = 400, .packet = 960, .packets = 100, .pre_skip = 312, .cut = 500, .page = 7
    };
    char path[SOUND_PATH];

    (void)state;
    sound_path(path, "length.opus");
    assert_int_equal(length_of(path, &opus), 96000 - 312 - 500);
    /* A piece of a stream that went on for an hour. */
    opus.start = 3600u * 48000;
    assert_int_equal(length_of(path, &opus), 96000 - 312 - 500);
    opus.start = 0;
    opus.no_end = true;
    opus.cut = 0;
    assert_int_equal(length_of(path, &opus), 96000 - 312);
    /* The last page of a chain counts from its own beginning. */
    opus.append = true;
    opus.serial = 7;
    assert_int_equal(length_of(path, &opus), 0);
}

static void titles_are_text_and_nothing_else(void **state)
{
    static const struct {
        const char *tag, *title;
    } cases[] = {
        { "Prélude", "Prélude" },
        { "Pr\xe9lude", "Pr\ufffdlude" }, /* Latin-1 */
        { "A\033[2J", "A\ufffd[2J" },
    };
    char path[SOUND_PATH], reason[SOURCE_MAX_REASON], name[2 * SOURCE_MAX_TITLE];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct source *source;

        sound_write_opus(
            sound_path(path, "title.opus"),
            &(struct sound_opus){ .hz = 400, .packet = 960, .packets = 10, .title = cases[i].tag });
        source = source_open(path, reason);
        assert_non_null(source);
        assert_string_equal(source->title, cases[i].title);
        source_destroy(source);
    }
    /* Cut between characters, not within one. */
    for (size_t i = 0; i + 1 < sizeof name; i += 2) {
        memcpy(name + i, "é", 2);
    }
    memcpy(name, "a", 1);
    name[1] = 'b';
    name[sizeof name - 1] = '\0';
    {
        struct source source = { 0 };

        source_name(&source, NULL, name, "x");
        assert_int_equal(strlen(source.title), SOURCE_MAX_TITLE - 2);
        assert_string_equal(source.title + SOURCE_MAX_TITLE - 4, "é");
    }
}

static void a_gap_takes_its_time(void **state)
{
    struct sound_opus opus = {
        .hz = 400, .packet = 960, .packets = 100, .gap_at = 40, .gap = 4800
    };
    struct sound sound;
    char path[SOUND_PATH];

    (void)state;
    sound_write_opus(sound_path(path, "gap.opus"), &opus);
    play_file(&sound, path);
    assert_int_equal(sound.packets, 100);
    assert_int_equal(sound.silent, 4800);
    assert_int_equal(sound.n, 100 * 960 + 4800);
    sound_free(&sound);

    /* An hour is no loss. */
    opus.gap = 3600u * 48000;
    sound_write_opus(path, &opus);
    play_file(&sound, path);
    assert_int_equal(sound.n, 96000);
    sound_free(&sound);
}

static void fec_carries_the_frame_before(void **state)
{
    char path[SOUND_PATH];
    const char *name = sound_path(path, "fec.wav");
    struct program_config config = { .playlist = { .names = &name, .n_names = 1 },
                                     .encoder = { .bitrate = 64000, .expected_loss = 10 } };
    struct sound sound;

    (void)state;
    sound_write(path, SF_FORMAT_WAV | SF_FORMAT_PCM_16, 48000, 1, 440, 48000, "F");
    sound_play(&sound, &config, ENDLESS);
    assert_true(sound.repeats);
    sound_free(&sound);
    config.encoder.expected_loss = 0;
    sound_play(&sound, &config, ENDLESS);
    assert_false(sound.repeats);
    sound_free(&sound);
}

static void cannot_open(const char *name, const char *text)
{
    char path[SOUND_PATH], reason[SOURCE_MAX_REASON] = "", wanted[2 * SOURCE_MAX_REASON];

    assert_null(source_open(sound_path(path, name), reason));
    snprintf(wanted, sizeof wanted, "%s %s", path, text);
    assert_string_equal(reason, wanted);
}

static void what_cannot_be_opened_is_named(void **state)
{
    char path[SOUND_PATH];

    (void)state;
    cannot_open("absent.wav", "cannot be read: No such file or directory");
    cannot_open("", "is no file");
    assert_int_equal(mkfifo(sound_path(path, "pipe.wav"), 0600), 0);
    cannot_open("pipe.wav", "is no file"); /* and nobody waits for a writer */
    sound_write_text(sound_path(path, "empty.opus"), "");
    cannot_open("empty.opus", "is empty");
    sound_write_text(sound_path(path, "letter.mp3"),
                     "Dear Sir, this is no music at all. Yours, N.");
    cannot_open("letter.mp3", "is not audio that can be read");
    sound_write_opus(sound_path(path, "head.opus"),
                     &(struct sound_opus){ .hz = 440, .packet = 960, .packets = 10 });
    sound_cut(path, 90);
    cannot_open("head.opus", "is truncated: its last page is missing");
    sound_write(sound_path(path, "none.wav"), SF_FORMAT_WAV | SF_FORMAT_PCM_16, 48000, 1, 440, 0,
                "N");
    cannot_open("none.wav", "has no sound in it");
}

static void truncated(const char *path, const char *text)
{
    char reason[SOURCE_MAX_REASON] = "", wanted[2 * SOURCE_MAX_REASON];
    struct source *source = source_open(path, reason);
    struct source_packet packet;
    float stereo[960];
    size_t got, all = 0;

    assert_non_null(source);
    if (source->ops->pull) {
        while (source->ops->pull(source, stereo, 480, &got) == SOURCE_OK) {
            all += got;
        }
    } else {
        while (source->ops->packet(source, &packet) == SOURCE_OK) {
            all += packet.samples;
        }
    }
    assert_true(all > 24000); /* what is there is played */
    snprintf(wanted, sizeof wanted, "%s is truncated: %s", path, text);
    assert_string_equal(source->reason, wanted);
    source_destroy(source);
}

static void what_is_truncated_is_played_and_named(void **state)
{
    char path[SOUND_PATH];

    (void)state;
    sound_write(sound_path(path, "cut.wav"), SF_FORMAT_WAV | SF_FORMAT_PCM_16, 48000, 1, 440, 96000,
                "C");
    sound_cut(path, sound_size(path) / 2);
    truncated(path, "1.0 s of 2.0 s are there");
    sound_write(sound_path(path, "cut.flac"), SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 48000, 1, 440,
                960000, "C");
    sound_cut(path, sound_size(path) / 2);
    {
        char reason[SOURCE_MAX_REASON];
        struct source *source = source_open(path, reason);
        float stereo[960];
        size_t got;

        assert_non_null(source);
        while (source->ops->pull(source, stereo, 480, &got) == SOURCE_OK) {
        }
        assert_non_null(strstr(source->reason, "is truncated: "));
        assert_non_null(strstr(source->reason, " s of 20.0 s are there"));
        source_destroy(source);
    }
    sound_write(sound_path(path, "cut.ogg"), SF_FORMAT_OGG | SF_FORMAT_VORBIS, 48000, 1, 440,
                960000, "C");
    sound_cut(path, sound_size(path) / 2);
    truncated(path, "its end is missing");
    sound_write_opus(sound_path(path, "cut.opus"),
                     &(struct sound_opus){ .hz = 440, .packet = 960, .packets = 100 });
    sound_cut(path, sound_size(path) * 3 / 4);
    truncated(path, "its last page is missing");
}

static void nothing_playable_ends_it(void **state)
{
    char path[SOUND_PATH];
    const char *names[] = { "/nowhere/to/be/found.wav", path };
    struct program_config config = { .playlist = { .names = names, .n_names = 2, .loop = true },
                                     .encoder = { .bitrate = 64000 } };
    struct program *program;
    struct sound sound;

    (void)state;
    sound_write_text(sound_path(path, "vanishes.wav"), "no music");
    assert_int_equal(program_create(&program, &config), -1);

    /* A file that vanishes while a loop plays: the loop ends instead of turning for ever. */
    sound_write(path, SF_FORMAT_WAV | SF_FORMAT_PCM_16, 48000, 1, 440, 4800, "V");
    assert_int_equal(program_create(&program, &config), 0);
    assert_int_equal(unlink(path), 0);
    sound_hear(&sound, program, ENDLESS);
    assert_int_equal(sound.last, PROGRAM_END);
    assert_in_range(sound.n, 4800, 4800 + 1920);
    sound_free(&sound);
    program_destroy(program);
}

static void what_is_played_is_known_by_any_name(void **state)
{
    char path[SOUND_PATH], other[SOUND_PATH], same[SOUND_PATH];
    const char *names[] = { path };
    struct program_config config = { .playlist = { .names = names, .n_names = 1 },
                                     .encoder = { .bitrate = 64000 } };
    struct program *program;

    (void)state;
    sound_write(sound_path(path, "song.wav"), SF_FORMAT_WAV | SF_FORMAT_PCM_16, 48000, 1, 440, 4800,
                "S");
    sound_write_text(sound_path(other, "other.opus"), "a recording of yesterday");
    assert_int_equal(link(path, sound_path(same, "same.wav")), 0);
    assert_int_equal(program_create(&program, &config), 0);
    assert_true(program_plays(program, path));
    assert_true(program_plays(program, same));
    assert_false(program_plays(program, other));
    assert_false(program_plays(program, sound_path(other, "absent.opus")));
    program_destroy(program);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_keep_frequency_length_and_title),
        cmocka_unit_test(mono_stays_mono_unless_asked),
        cmocka_unit_test(a_loop_and_a_playlist_have_no_gap),
        cmocka_unit_test(a_folder_plays_in_order),
        cmocka_unit_test(opus_of_any_length_passes_through),
        cmocka_unit_test(opus_packets_are_not_touched),
        cmocka_unit_test(opus_too_long_for_a_datagram_is_parted),
        cmocka_unit_test(a_chain_goes_on),
        cmocka_unit_test(opus_tells_its_length_where_it_is_known),
        cmocka_unit_test(titles_are_text_and_nothing_else),
        cmocka_unit_test(a_gap_takes_its_time),
        cmocka_unit_test(fec_carries_the_frame_before),
        cmocka_unit_test(what_cannot_be_opened_is_named),
        cmocka_unit_test(what_is_truncated_is_played_and_named),
        cmocka_unit_test(nothing_playable_ends_it),
        cmocka_unit_test(what_is_played_is_known_by_any_name),
    };

    return cmocka_run_group_tests_name("radio source", tests, set_up, tear_down);
}
