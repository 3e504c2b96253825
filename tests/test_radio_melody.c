/* The radio's melody and encoder: each note is heard at its pitch, before and after Opus. */
#include <math.h>
#include <opus.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "examples/radio/encoder.h"
#include "examples/radio/format.h"
#include "examples/radio/melody.h"

enum { LOWEST = 40, HIGHEST = 84, SKIP = 1920, WINDOW = 5760 };

/* Goertzel's energy of one frequency in mono samples. */
static double energy(const float *samples, size_t n, double frequency)
{
    const double w = 2.0 * M_PI * frequency / RADIO_RATE;
    double a = 0.0, b = 0.0;

    for (size_t i = 0; i < n; i++) {
        /* A Hann window keeps loud neighbours out. */
        const double window = 0.5 - 0.5 * cos(2.0 * M_PI * (double)i / (double)n);
        const double next = (double)samples[i] * window + 2.0 * cos(w) * a - b;

        b = a;
        a = next;
    }
    return a * a + b * b - 2.0 * cos(w) * a * b;
}

/* The key whose frequency is the strongest shortly after a note's beginning. */
static int heard(const float *stereo)
{
    float mono[WINDOW];
    double best = 0.0;
    int key = 0;

    for (size_t i = 0; i < WINDOW; i++) {
        mono[i] = stereo[2 * (SKIP + i)] + stereo[2 * (SKIP + i) + 1];
    }
    for (int k = LOWEST; k <= HIGHEST; k++) {
        const double e = energy(mono, WINDOW, 440.0 * pow(2.0, (k - 69) / 12.0));

        if (e > best) {
            best = e;
            key = k;
        }
    }
    return key;
}

static void every_note_is_heard_at_its_pitch(void **state)
{
    static float stereo[2 * MELODY_NOTE_SAMPLES];
    struct melody melody;

    (void)state;
    melody_init(&melody);
    /* Once through, and on into the repetition. */
    for (size_t note = 0; note < melody_length() + 4; note++) {
        melody_render(&melody, stereo, MELODY_NOTE_SAMPLES);
        assert_int_equal(heard(stereo), melody_key(note));
    }
}

static void neighbours_differ(void **state)
{
    (void)state;
    for (size_t note = 0; note < melody_length(); note++) {
        assert_int_not_equal(melody_key(note), melody_key(note + 1));
        assert_in_range(melody_key(note), LOWEST, HIGHEST);
    }
}

static void it_never_clips_and_never_is_silent(void **state)
{
    static float stereo[2 * MELODY_NOTE_SAMPLES];
    struct melody melody;
    double loudest = 0.0;

    (void)state;
    melody_init(&melody);
    for (size_t note = 0; note < melody_length(); note++) {
        double sum = 0.0;

        melody_render(&melody, stereo, MELODY_NOTE_SAMPLES);
        for (size_t i = 0; i < 2 * MELODY_NOTE_SAMPLES; i++) {
            loudest = fmax(loudest, fabs((double)stereo[i]));
            sum += (double)stereo[i] * (double)stereo[i];
        }
        assert_true(sqrt(sum / (2 * MELODY_NOTE_SAMPLES)) > 0.03);
    }
    assert_true(loudest < 0.95);
    assert_true(loudest > 0.3);
}

static void pieces_of_any_size_give_the_same_samples(void **state)
{
    enum { TOTAL = 30000 };
    static float whole[2 * TOTAL], pieces[2 * TOTAL];
    struct melody melody;
    size_t at = 0;

    (void)state;
    melody_init(&melody);
    melody_render(&melody, whole, TOTAL);
    melody_init(&melody);
    for (size_t n = 1; at < TOTAL; n = n * 3 % 1009 + 1) {
        const size_t take = n < TOTAL - at ? n : TOTAL - at;

        melody_render(&melody, pieces + 2 * at, take);
        at += take;
    }
    assert_memory_equal(whole, pieces, sizeof whole);
}

static void opus_keeps_the_notes(void **state)
{
    static float stereo[2 * MELODY_NOTE_SAMPLES];
    const size_t frames = MELODY_NOTE_SAMPLES / RADIO_FRAME_SAMPLES;
    struct melody melody;
    const struct encoder_config config = { .bitrate = 96000 };
    struct encoder *encoder;
    const char *reason = "";
    size_t octets = 0;
    int error;
    OpusDecoder *decoder = opus_decoder_create(RADIO_RATE, RADIO_CHANNELS, &error);

    (void)state;
    assert_non_null(decoder);
    assert_int_equal(encoder_create(&encoder, &config, &reason), 0);
    melody_init(&melody);
    for (size_t note = 0; note < 32; note++) {
        for (size_t frame = 0; frame < frames; frame++) {
            float pcm[RADIO_FRAME_SAMPLES * RADIO_CHANNELS];
            uint8_t packet[ENCODER_MAX_PACKET];
            int len;

            melody_render(&melody, pcm, RADIO_FRAME_SAMPLES);
            len = encoder_encode(encoder, pcm, packet);
            assert_true(len > 0);
            octets += (size_t)len;
            assert_int_equal(
                opus_decode_float(decoder, packet, len,
                                  stereo + frame * RADIO_FRAME_SAMPLES * RADIO_CHANNELS,
                                  RADIO_FRAME_SAMPLES, 0),
                RADIO_FRAME_SAMPLES);
        }
        assert_int_equal(heard(stereo), melody_key(note));
    }
    /* 96 kbit/s are 240 bytes a frame; the rate is variable. */
    assert_in_range(octets / (32 * frames), 120, 300);
    encoder_destroy(encoder);
    opus_decoder_destroy(decoder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_note_is_heard_at_its_pitch),
        cmocka_unit_test(neighbours_differ),
        cmocka_unit_test(it_never_clips_and_never_is_silent),
        cmocka_unit_test(pieces_of_any_size_give_the_same_samples),
        cmocka_unit_test(opus_keeps_the_notes),
    };

    return cmocka_run_group_tests_name("radio melody", tests, NULL, NULL);
}
