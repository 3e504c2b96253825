/* What the radio writes as Ogg Opus, read back by libogg and decoded by libopus. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <ogg/ogg.h>
#include <opus.h>

#include "examples/radio/format.h"
#include "examples/radio/melody.h"
#include "examples/radio/ogg_writer.h"

#define PRE_SKIP 312
#define MAX_PACKET 1276
#define MAX_SAMPLES (60u * RADIO_RATE)

/* A file and what reading it back gave. */
struct file {
    char name[64];
    struct ogg_writer *writer;
    OpusEncoder *encoder;
    struct melody melody;

    uint8_t head[64], tags[512];
    size_t head_len, tags_len;
    size_t packets, concealed, pages;
    uint64_t last_granule;
    bool ends;
    bool granules_right; /* on each page the sum of what is decoded up to there */
    float *stereo;
    size_t samples;
};

static int make(void **state)
{
    struct file *file = calloc(1, sizeof *file);
    int fd, error;

    assert_non_null(file);
    strcpy(file->name, "/tmp/radio-ogg-XXXXXX");
    fd = mkstemp(file->name);
    assert_true(fd >= 0);
    close(fd);
    file->stereo = calloc(MAX_SAMPLES, 2 * sizeof *file->stereo);
    assert_non_null(file->stereo);
    file->encoder = opus_encoder_create((opus_int32)RADIO_RATE, 2, OPUS_APPLICATION_AUDIO, &error);
    assert_int_equal(error, OPUS_OK);
    melody_init(&file->melody);
    *state = file;
    return 0;
}

static int unmake(void **state)
{
    struct file *file = *state;

    unlink(file->name);
    opus_encoder_destroy(file->encoder);
    free(file->stereo);
    free(file);
    return 0;
}

static void open_writer(struct file *file, const char *title)
{
    const struct ogg_writer_config config = {
        .file = file->name, .title = title, .channels = 2, .pre_skip = PRE_SKIP
    };
    char reason[200];

    assert_int_equal(ogg_writer_create(&file->writer, &config, reason, sizeof reason), 0);
}

/* Frames of the melody from `first` on. */
static void write_frames(struct file *file, uint64_t first, size_t n)
{
    float stereo[RADIO_FRAME_SAMPLES * RADIO_CHANNELS];
    uint8_t packet[MAX_PACKET];

    for (size_t i = 0; i < n; i++) {
        int len;

        melody_render(&file->melody, stereo, RADIO_FRAME_SAMPLES);
        len = opus_encode_float(file->encoder, stereo, (int)RADIO_FRAME_SAMPLES, packet,
                                MAX_PACKET);
        assert_true(len > 0);
        assert_int_equal(
            ogg_writer_packet(file->writer, (first + i) * RADIO_FRAME_SAMPLES, packet, (size_t)len),
            0);
    }
}

static void keep_header(uint8_t *out, size_t room, size_t *len, const ogg_packet *packet)
{
    assert_in_range(packet->bytes, 1, room);
    memcpy(out, packet->packet, (size_t)packet->bytes);
    *len = (size_t)packet->bytes;
}

static void take_packet(struct file *file, OpusDecoder *decoder, const ogg_packet *packet)
{
    if (packet->packetno == 0) {
        keep_header(file->head, sizeof file->head, &file->head_len, packet);
    } else if (packet->packetno == 1) {
        keep_header(file->tags, sizeof file->tags, &file->tags_len, packet);
    } else {
        const int n = opus_decode_float(decoder, packet->packet, (opus_int32)packet->bytes,
                                        file->stereo + 2 * file->samples,
                                        (int)(MAX_SAMPLES - file->samples), 0);

        assert_true(n > 0);
        file->samples += (size_t)n;
        file->packets++;
        file->concealed += packet->bytes == 1;
    }
    file->ends |= packet->e_o_s != 0;
}

static void read_page(struct file *file, ogg_stream_state *stream, OpusDecoder *decoder,
                      ogg_page *page)
{
    ogg_packet packet;

    if (file->pages++ == 0) {
        assert_true(ogg_page_bos(page));
        assert_int_equal(ogg_stream_init(stream, ogg_page_serialno(page)), 0);
    }
    assert_int_equal(ogg_stream_pagein(stream, page), 0);
    while (ogg_stream_packetout(stream, &packet) == 1) {
        take_packet(file, decoder, &packet);
    }
    file->last_granule = (uint64_t)ogg_page_granulepos(page);
    file->granules_right &= file->last_granule == file->samples;
}

static void read_back(struct file *file)
{
    FILE *in = fopen(file->name, "rb");
    OpusDecoder *decoder = opus_decoder_create((opus_int32)RADIO_RATE, 2, NULL);
    ogg_sync_state sync;
    ogg_stream_state stream;
    ogg_page page;
    size_t n;

    assert_true(in && decoder);
    file->granules_right = true;
    ogg_sync_init(&sync);
    do {
        n = fread(ogg_sync_buffer(&sync, 4096), 1, 4096, in);
        ogg_sync_wrote(&sync, (long)n);
        while (ogg_sync_pageout(&sync, &page) == 1) {
            read_page(file, &stream, decoder, &page);
        }
    } while (n > 0);
    ogg_stream_clear(&stream);
    ogg_sync_clear(&sync);
    opus_decoder_destroy(decoder);
    fclose(in);
}

/* How much of the frequency is in `n` samples from `at` on (Goertzel), for the left channel. */
static double strength(const struct file *file, size_t at, size_t n, double frequency)
{
    const double turn = 2 * cos(2 * 3.14159265358979323846 * frequency / RADIO_RATE);
    double a = 0, b = 0;

    for (size_t i = 0; i < n; i++) {
        const double next = (double)file->stereo[2 * (at + i)] + turn * a - b;

        b = a;
        a = next;
    }
    return a * a + b * b - turn * a * b;
}

/* The key from C2 to C7 that rose most from the end of the note before: old ones ring on. */
static int heard_key(const struct file *file, size_t at)
{
    const size_t n = MELODY_NOTE_SAMPLES - 1200;
    int best = 0;
    double most = 0;

    for (int key = 36; key <= 96; key++) {
        const double frequency = 440 * pow(2, (key - 69) / 12.0);
        const double before = at >= n ? strength(file, at - n, n, frequency) : 0;
        const double rise = strength(file, at + 600, n, frequency) - before;

        if (rise > most) {
            most = rise;
            best = key;
        }
    }
    return best;
}

static void the_melody_comes_back_note_by_note(void **state)
{
    struct file *file = *state;
    const size_t notes = 40;
    const size_t frames = notes * MELODY_NOTE_SAMPLES / RADIO_FRAME_SAMPLES;

    open_writer(file, MELODY_TITLE);
    write_frames(file, 1000, frames);
    assert_int_equal(ogg_writer_samples(file->writer), frames * RADIO_FRAME_SAMPLES);
    assert_int_equal(ogg_writer_close(file->writer), 0);
    read_back(file);

    assert_int_equal(file->packets, frames);
    assert_int_equal(file->concealed, 0);
    assert_int_equal(file->last_granule, frames * RADIO_FRAME_SAMPLES);
    assert_true(file->granules_right && file->ends);
    for (size_t note = 0; note < notes; note++) {
        assert_int_equal(heard_key(file, note * MELODY_NOTE_SAMPLES + PRE_SKIP), melody_key(note));
    }
}

static void the_headers_are_those_of_the_rfc(void **state)
{
    struct file *file = *state;
    const uint8_t head[] = {
        'O',           'p',  'u',  's', 'H', 'e', 'a', 'd', 1, 2, PRE_SKIP & 0xff,
        PRE_SKIP >> 8, 0x80, 0xbb, 0,   0,   0,   0,   0
    };

    open_writer(file, "A title");
    write_frames(file, 0, 120);
    assert_int_equal(ogg_writer_close(file->writer), 0);
    read_back(file);
    assert_int_equal(file->head_len, sizeof head);
    assert_memory_equal(file->head, head, sizeof head);
    assert_memory_equal(file->tags, "OpusTags", 8);
    assert_non_null(memmem(file->tags, file->tags_len, "\x0d\0\0\0TITLE=A title", 17));
    /* Two headers with a page each, a page a second, the rest. */
    assert_int_equal(file->pages, 2 + 3);
}

static void a_gap_keeps_its_length(void **state)
{
    struct file *file = *state;
    const size_t quiet = 500 * (size_t)RADIO_FRAME_SAMPLES;
    double loudest = 0;

    open_writer(file, NULL);
    write_frames(file, 0, 100);
    write_frames(file, 600, 100);
    assert_int_equal(ogg_writer_close(file->writer), 0);
    read_back(file);
    assert_int_equal(file->packets, 700);
    assert_int_equal(file->concealed, 5);
    assert_int_equal(file->last_granule, 700 * (uint64_t)RADIO_FRAME_SAMPLES);
    assert_true(file->granules_right && file->ends);
    /* Concealment first, then silence. */
    for (size_t i = 100 * (size_t)RADIO_FRAME_SAMPLES + quiet / 2;
         i < 100 * (size_t)RADIO_FRAME_SAMPLES + quiet; i++) {
        loudest = fmax(loudest, fabs((double)file->stereo[2 * i]));
    }
    assert_true(loudest < 0.0001);
}

static void an_odd_gap_ends_in_short_frames(void **state)
{
    struct file *file = *state;
    uint8_t packet[] = { 0xfc, 0xff, 0xfe }; /* 20 ms of stereo silence */

    open_writer(file, NULL);
    assert_int_equal(ogg_writer_packet(file->writer, 0, packet, sizeof packet), 0);
    assert_int_equal(ogg_writer_packet(file->writer, 960 + 960 + 240, packet, sizeof packet), 0);
    /* One that overlaps, one that is none. */
    assert_int_equal(ogg_writer_packet(file->writer, 2000, packet, sizeof packet), 0);
    assert_int_equal(ogg_writer_packet(file->writer, 90000, packet, 0), 0);
    assert_int_equal(ogg_writer_close(file->writer), 0);
    read_back(file);
    assert_int_equal(file->packets, 2 + 1 + 2);
    assert_int_equal(file->last_granule, 960 + 960 + 240 + 960);
    assert_true(file->granules_right && file->ends);
}

static void what_cannot_be_written_is_said(void **state)
{
    const struct ogg_writer_config nowhere = { .file = "/nowhere/at/all", .channels = 2 };
    const struct ogg_writer_config full = { .file = "/dev/full", .channels = 2 };
    struct ogg_writer *writer;
    char reason[200];

    (void)state;
    assert_int_equal(ogg_writer_create(&writer, &nowhere, reason, sizeof reason), -1);
    assert_null(writer);
    assert_string_equal(reason, "cannot write /nowhere/at/all: No such file or directory.");
    assert_int_equal(ogg_writer_create(&writer, &full, reason, sizeof reason), -1);
    assert_string_equal(reason, "cannot write /dev/full: No space left on device.");
    assert_int_equal(ogg_writer_close(NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_melody_comes_back_note_by_note, make, unmake),
        cmocka_unit_test_setup_teardown(the_headers_are_those_of_the_rfc, make, unmake),
        cmocka_unit_test_setup_teardown(a_gap_keeps_its_length, make, unmake),
        cmocka_unit_test_setup_teardown(an_odd_gap_ends_in_short_frames, make, unmake),
        cmocka_unit_test(what_cannot_be_written_is_said),
    };

    return cmocka_run_group_tests_name("radio Ogg Opus", tests, NULL, NULL);
}
