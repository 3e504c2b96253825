#include "melody.h"

#include <math.h>
#include <string.h>

#include "format.h"

/* Each bar breaks one chord of five notes, and does so twice. */
static const uint8_t bars[][5] = {
    { 60, 64, 67, 72, 76 }, { 60, 62, 69, 74, 77 }, { 59, 62, 67, 74, 77 }, { 60, 64, 67, 72, 76 },
    { 60, 64, 69, 76, 81 }, { 60, 62, 66, 69, 74 }, { 59, 62, 67, 74, 79 }, { 59, 60, 64, 67, 72 },
    { 57, 60, 64, 67, 72 }, { 50, 57, 62, 66, 72 }, { 55, 59, 62, 67, 71 }, { 55, 58, 64, 67, 73 },
    { 53, 57, 62, 69, 74 }, { 53, 56, 62, 65, 71 }, { 52, 55, 60, 67, 72 }, { 52, 53, 57, 60, 65 },
    { 50, 53, 57, 60, 65 }, { 43, 50, 55, 59, 65 }, { 48, 52, 55, 60, 64 },
};

static const uint8_t figure[] = { 0, 1, 2, 3, 4, 2, 3, 4 };

enum {
    FIGURE = sizeof figure / sizeof figure[0],
    BARS = sizeof bars / sizeof bars[0],
    ATTACK = 240, /* samples: 5 ms, short enough to be a pluck and long enough not to click */
};

/* Loudness beside the fundamental, and seconds until a partial has fallen to 1/e: the upper ones go
 * first, as on a string. */
static const struct {
    float level, seconds;
} partials[MELODY_PARTIALS] = { { 0.20f, 0.34f }, { 0.055f, 0.20f }, { 0.018f, 0.11f } };

size_t melody_length(void)
{
    return (size_t)BARS * 2 * FIGURE;
}

int melody_key(size_t note)
{
    note %= melody_length();
    return bars[note / (2 * FIGURE)][figure[note % FIGURE]];
}

void melody_init(struct melody *melody)
{
    memset(melody, 0, sizeof *melody);
}

/* Strings from left to right as a pianist sees them, none quite at the side. */
static void place(struct melody_voice *voice, int key)
{
    const float pi = 3.14159265f;
    const float side = fminf(fmaxf(((float)key - 62.0f) / 40.0f, -0.5f), 0.5f);
    const float angle = (side + 1.0f) * pi / 4.0f;

    voice->left = cosf(angle);
    voice->right = sinf(angle);
}

static void strike(struct melody_voice *voice, int key)
{
    const double fundamental = 440.0 * pow(2.0, (key - 69) / 12.0);

    for (size_t i = 0; i < MELODY_PARTIALS; i++) {
        struct melody_partial *partial = &voice->partials[i];
        const double turn = 2.0 * 3.14159265358979 * fundamental * (double)(i + 1) / RADIO_RATE;
        const double shrink = exp(-1.0 / ((double)partials[i].seconds * RADIO_RATE));

        partial->re = partials[i].level;
        partial->im = 0.0f;
        partial->turn_re = (float)(shrink * cos(turn));
        partial->turn_im = (float)(shrink * sin(turn));
    }
    place(voice, key);
    voice->age = 0;
}

static float ring(struct melody_voice *voice)
{
    float sum = 0.0f;

    for (size_t i = 0; i < MELODY_PARTIALS; i++) {
        struct melody_partial *p = &voice->partials[i];
        const float re = p->re * p->turn_re - p->im * p->turn_im;

        p->im = p->re * p->turn_im + p->im * p->turn_re;
        p->re = re;
        sum += p->im;
    }
    if (voice->age < ATTACK) {
        sum *= (float)voice->age / ATTACK;
        voice->age++;
    }
    return sum;
}

void melody_render(struct melody *melody, float *stereo, size_t frames)
{
    for (size_t n = 0; n < frames; n++) {
        float left = 0.0f;
        float right = 0.0f;

        if (melody->wait == 0) {
            strike(&melody->voices[melody->voice], melody_key(melody->note));
            melody->voice = (melody->voice + 1) % MELODY_VOICES;
            melody->note = (melody->note + 1) % melody_length();
            melody->wait = MELODY_NOTE_SAMPLES;
        }
        melody->wait--;
        for (size_t v = 0; v < MELODY_VOICES; v++) {
            const float sample = ring(&melody->voices[v]);

            left += sample * melody->voices[v].left;
            right += sample * melody->voices[v].right;
        }
        stereo[2 * n] = left;
        stereo[2 * n + 1] = right;
    }
}
