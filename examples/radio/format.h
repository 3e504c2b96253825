/* What goes on the air: 48 kHz stereo in frames of 20 ms, as RFC 7587 counts them. */
#ifndef RADIO_FORMAT_H
#define RADIO_FORMAT_H

#define RADIO_RATE 48000u
#define RADIO_CHANNELS 2u
#define RADIO_FRAME_MS 20u
#define RADIO_FRAME_SAMPLES (RADIO_RATE / 1000u * RADIO_FRAME_MS)

#endif
