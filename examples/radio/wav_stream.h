/* WAV that comes as a stream: libsndfile wants to seek, or blocks. Plain and extensible PCM and float. */
#ifndef RADIO_WAV_STREAM_H
#define RADIO_WAV_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WAV_STREAM_MAX_CHANNELS 16u

struct wav_stream {
    bool has_format, in_data;
    uint16_t code, channels, bits; /* code 1: integers, 3: floats */
    uint32_t rate;
    uint64_t left; /* bytes of the chunk that is being passed over, or of the sound */
    bool endless;  /* the head of a stream knows no length */
    bool began;
};

enum wav_stream_result {
    WAV_STREAM_MORE,  /* bytes are wanted */
    WAV_STREAM_READY, /* the sound begins after `used` bytes */
    WAV_STREAM_BAD
};

/* Reads the head; `used` bytes were taken. On BAD `reason` gets static text. */
enum wav_stream_result wav_stream_head(struct wav_stream *wav, const uint8_t *data, size_t len,
                                       size_t *used, const char **reason);

/* Bytes of one sample of all channels. */
size_t wav_stream_frame(const struct wav_stream *wav);

/* Up to `max` whole frames of `data` as floats, interleaved; returns how many. */
size_t wav_stream_read(struct wav_stream *wav, const uint8_t *data, size_t len, float *out,
                       size_t max);

/* All the sound that the head promised was read. */
bool wav_stream_at_end(const struct wav_stream *wav);

#endif
