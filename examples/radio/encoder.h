/* Opus: one frame of samples in, one packet out. */
#ifndef RADIO_ENCODER_H
#define RADIO_ENCODER_H

#include <stddef.h>
#include <stdint.h>

/* The longest packet of one Opus frame with its table of contents (RFC 6716, section 3.4). */
#define ENCODER_MAX_PACKET 1276u

struct encoder;

struct encoder_config {
    int bitrate;       /* bits a second */
    int expected_loss; /* in per cent: packets carry the one before once more; 0: they do not */
};

/* On failure `reason` gets static text; returns 0 or -1. */
int encoder_create(struct encoder **out, const struct encoder_config *config, const char **reason);

/* NULL is fine. */
void encoder_destroy(struct encoder *encoder);

/* From the next frame on: 1 or 2, or 0: libopus chooses by the bitrate. */
void encoder_set_channels(struct encoder *encoder, int channels);

/* RADIO_FRAME_SAMPLES pairs of samples; returns the packet's length, or -1. */
int encoder_encode(struct encoder *encoder, const float *stereo,
                   uint8_t packet[ENCODER_MAX_PACKET]);

#endif
