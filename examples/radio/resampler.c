#include "resampler.h"

#include <samplerate.h>
#include <stdlib.h>

#include "format.h"

struct resampler {
    SRC_STATE *state;
    double ratio;
};

struct resampler *resampler_create(unsigned rate, const char **reason)
{
    struct resampler *resampler = calloc(1, sizeof *resampler);
    int error = 0;

    *reason = "no memory";
    if (resampler && rate > 0) {
        resampler->ratio = (double)RADIO_RATE / rate;
        *reason = "this sample rate is out of range";
        if (src_is_valid_ratio(resampler->ratio)) {
            resampler->state = src_new(SRC_SINC_MEDIUM_QUALITY, RADIO_CHANNELS, &error);
            *reason = src_strerror(error);
        }
    }
    if (resampler && !resampler->state) {
        free(resampler);
        return NULL;
    }
    return resampler;
}

void resampler_destroy(struct resampler *resampler)
{
    if (resampler) {
        src_delete(resampler->state);
        free(resampler);
    }
}

size_t resampler_run(struct resampler *resampler, double ratio, const float *in, size_t n_in,
                     bool end, float *out, size_t n_out, size_t *used)
{
    SRC_DATA data = {
        .data_in = in,
        .data_out = out,
        .input_frames = (long)n_in,
        .output_frames = (long)n_out,
        .end_of_input = end,
        .src_ratio = resampler->ratio * ratio,
    };

    *used = 0;
    if (src_process(resampler->state, &data) != 0) {
        return 0;
    }
    *used = (size_t)data.input_frames_used;
    return (size_t)data.output_frames_gen;
}
