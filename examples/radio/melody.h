/*
 * The melody: bars 1 to 19 of J. S. Bach's Prelude in C (BWV 846), played for ever by damped oscillators.
 * The same samples each time.
 */
#ifndef RADIO_MELODY_H
#define RADIO_MELODY_H

#include <stddef.h>
#include <stdint.h>

#define MELODY_TITLE "J. S. Bach, Prelude in C (BWV 846)"

/* One note lasts 0.24 s: twelve frames. */
#define MELODY_NOTE_SAMPLES 11520u
#define MELODY_PARTIALS 3u
#define MELODY_VOICES 12u

/* A point that turns and shrinks: a decaying sine wave in one complex multiplication a sample. */
struct melody_partial {
    float re, im;
    float turn_re, turn_im;
};

struct melody_voice {
    struct melody_partial partials[MELODY_PARTIALS];
    float left, right;
    uint32_t age; /* in samples */
};

struct melody {
    size_t note;   /* that begins next */
    uint32_t wait; /* samples until then */
    size_t voice;  /* that it will take */
    struct melody_voice voices[MELODY_VOICES];
};

void melody_init(struct melody *melody);

/* Writes `frames` pairs of samples, left and right, each in -1..1. */
void melody_render(struct melody *melody, float *stereo, size_t frames);

/* How many notes the melody has before it begins again. */
size_t melody_length(void);

/* The MIDI key of a note; 69 is A at 440 Hz. */
int melody_key(size_t note);

#endif
