#include "wav_stream.h"

#include <string.h>

#include "bytes.h"

enum {
    INTEGERS = 1,
    FLOATS = 3,
    EXTENSIBLE = 0xfffe,
    CHUNK_HEAD = 8,
    MIN_FORMAT = 16,
    FORMAT = 26
};

static bool read_format(struct wav_stream *wav, const uint8_t *p, size_t len, const char **reason)
{
    wav->code = little16(p);
    wav->channels = little16(p + 2);
    wav->rate = little32(p + 4);
    wav->bits = little16(p + 14);
    if (wav->code == EXTENSIBLE && len >= FORMAT) {
        wav->code = little16(p + 24); /* the sub-format's GUID begins with the code */
    }
    *reason = "its samples are neither integers nor floats";
    if (!(wav->code == INTEGERS && wav->bits % 8 == 0 && wav->bits >= 8 && wav->bits <= 32) &&
        !(wav->code == FLOATS && (wav->bits == 32 || wav->bits == 64))) {
        return false;
    }
    *reason = "its number of channels or its sample rate is out of range";
    wav->has_format = true;
    return wav->channels >= 1 && wav->channels <= WAV_STREAM_MAX_CHANNELS && wav->rate >= 1000 &&
           wav->rate <= 768000;
}

/* One chunk's head at `p`; 0: more bytes are wanted, -1: bad. */
static int read_chunk(struct wav_stream *wav, const uint8_t *p, size_t len, const char **reason)
{
    const uint32_t size = little32(p + 4);

    if (memcmp(p, "data", 4) == 0) {
        *reason = "its sound comes before its format";
        wav->in_data = true;
        wav->endless = size == 0 || size >= 0x7fffff00;
        wav->left = size;
        return wav->has_format ? CHUNK_HEAD : -1;
    }
    if (memcmp(p, "fmt ", 4) == 0) {
        const size_t wanted = size < FORMAT ? size : FORMAT;

        *reason = "its format is cut short";
        if (size < MIN_FORMAT) {
            return -1;
        }
        if (len < CHUNK_HEAD + wanted) {
            return 0;
        }
        if (!read_format(wav, p + CHUNK_HEAD, wanted, reason)) {
            return -1;
        }
    }
    wav->left = (uint64_t)size + (size & 1);
    return CHUNK_HEAD;
}

enum wav_stream_result wav_stream_head(struct wav_stream *wav, const uint8_t *data, size_t len,
                                       size_t *used, const char **reason)
{
    *used = 0;
    if (!wav->began) {
        if (len < 12) {
            return WAV_STREAM_MORE;
        }
        *reason = "it does not begin as WAV does";
        if ((memcmp(data, "RIFF", 4) != 0 && memcmp(data, "RF64", 4) != 0) ||
            memcmp(data + 8, "WAVE", 4) != 0) {
            return WAV_STREAM_BAD;
        }
        wav->began = true;
        *used = 12;
    }
    while (!wav->in_data) {
        const uint64_t pass = wav->left < len - *used ? wav->left : len - *used;
        int took;

        *used += (size_t)pass;
        wav->left -= pass;
        if (wav->left > 0 || len - *used < CHUNK_HEAD) {
            return WAV_STREAM_MORE;
        }
        took = read_chunk(wav, data + *used, len - *used, reason);
        if (took < 0) {
            return WAV_STREAM_BAD;
        }
        if (took == 0) {
            return WAV_STREAM_MORE;
        }
        *used += (size_t)took;
    }
    return WAV_STREAM_READY;
}

size_t wav_stream_frame(const struct wav_stream *wav)
{
    return (size_t)wav->channels * wav->bits / 8;
}

static float read_sample(const struct wav_stream *wav, const uint8_t *p)
{
    const size_t bytes = wav->bits / 8u;
    uint64_t bits = 0;

    for (size_t i = bytes; i-- > 0;) {
        bits = bits << 8 | p[i];
    }
    if (wav->code == FLOATS && bytes == 4) {
        const uint32_t half = (uint32_t)bits;
        float value;

        memcpy(&value, &half, sizeof value);
        return value;
    }
    if (wav->code == FLOATS) {
        double value;

        memcpy(&value, &bits, sizeof value);
        return (float)value;
    }
    if (bytes == 1) {
        return ((float)bits - 128.0f) / 128.0f; /* 8 bits are unsigned */
    }
    /* The sign's bit at the top of 32. */
    return (float)(int32_t)(uint32_t)(bits << (32 - wav->bits)) / 2147483648.0f;
}

size_t wav_stream_read(struct wav_stream *wav, const uint8_t *data, size_t len, float *out,
                       size_t max)
{
    const size_t frame = wav_stream_frame(wav);
    size_t n;

    if (!wav->endless && len > wav->left) {
        len = (size_t)wav->left;
    }
    n = len / frame < max ? len / frame : max;
    for (size_t i = 0; i < n * wav->channels; i++) {
        out[i] = read_sample(wav, data + i * (wav->bits / 8u));
    }
    if (!wav->endless) {
        wav->left -= n * frame;
    }
    return n;
}

bool wav_stream_at_end(const struct wav_stream *wav)
{
    return wav->in_data && !wav->endless && wav->left < wav_stream_frame(wav);
}
