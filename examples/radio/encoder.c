#include "encoder.h"

#include <opus.h>
#include <stdlib.h>

#include "format.h"

struct encoder {
    OpusEncoder *opus;
};

int encoder_create(struct encoder **out, const struct encoder_config *config, const char **reason)
{
    struct encoder *encoder = calloc(1, sizeof *encoder);
    int error = OPUS_ALLOC_FAIL;

    *out = NULL;
    if (encoder) {
        encoder->opus = opus_encoder_create(RADIO_RATE, RADIO_CHANNELS, OPUS_APPLICATION_AUDIO,
                                            &error);
    }
    if (error == OPUS_OK) {
        error = opus_encoder_ctl(encoder->opus, OPUS_SET_BITRATE(config->bitrate));
    }
    if (error == OPUS_OK) {
        error = opus_encoder_ctl(encoder->opus, OPUS_SET_SIGNAL(OPUS_SIGNAL_MUSIC));
    }
    /* libopus carries the frame before in its SILK layer alone: for a loss of more than 8 % it takes
     * that for music as well. */
    if (error == OPUS_OK && config->expected_loss > 0) {
        error = opus_encoder_ctl(encoder->opus, OPUS_SET_INBAND_FEC(1));
    }
    if (error == OPUS_OK && config->expected_loss > 0) {
        error = opus_encoder_ctl(encoder->opus, OPUS_SET_PACKET_LOSS_PERC(config->expected_loss));
    }
    if (error != OPUS_OK) {
        *reason = opus_strerror(error);
        encoder_destroy(encoder);
        return -1;
    }
    *out = encoder;
    return 0;
}

void encoder_destroy(struct encoder *encoder)
{
    if (!encoder) {
        return;
    }
    if (encoder->opus) {
        opus_encoder_destroy(encoder->opus);
    }
    free(encoder);
}

void encoder_set_channels(struct encoder *encoder, int channels)
{
    (void)opus_encoder_ctl(encoder->opus,
                           OPUS_SET_FORCE_CHANNELS(channels == 0 ? OPUS_AUTO : channels));
}

int encoder_encode(struct encoder *encoder, const float *stereo, uint8_t packet[ENCODER_MAX_PACKET])
{
    const int len = opus_encode_float(encoder->opus, stereo, (int)RADIO_FRAME_SAMPLES, packet,
                                      (opus_int32)ENCODER_MAX_PACKET);

    return len < 0 ? -1 : len;
}
