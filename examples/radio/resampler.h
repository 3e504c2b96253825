/*
 * Any rate to 48 kHz by libsamplerate: BSD licence, kept by libsndfile's maintainers, and its ratio
 * may glide while it runs without being set up for that, as a source with its own clock needs
 * (drift.h).
 */
#ifndef RADIO_RESAMPLER_H
#define RADIO_RESAMPLER_H

#include <stdbool.h>
#include <stddef.h>

struct resampler;

/* NULL where libsamplerate cannot; `reason` gets static text. Stereo. */
struct resampler *resampler_create(unsigned rate, const char **reason);

/* NULL is fine. */
void resampler_destroy(struct resampler *resampler);

/*
 * Takes up to `n_in` pairs and gives up to `n_out`; returns how many it gave, `used` how many it took.
 * `ratio`: beside the rates' own, near 1. `end`: nothing follows `in`, what is inside comes out.
 */
size_t resampler_run(struct resampler *resampler, double ratio, const float *in, size_t n_in,
                     bool end, float *out, size_t n_out, size_t *used);

#endif
