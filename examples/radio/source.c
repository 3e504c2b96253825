#include "source.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "text.h"

void source_say(char reason[SOURCE_MAX_REASON], const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(reason, SOURCE_MAX_REASON, format, arguments);
    va_end(arguments);
}

void source_name(struct source *source, const char *artist, const char *title, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    const char *dot = strrchr(base, '.');
    const int len = dot && dot > base ? (int)(dot - base) : (int)strlen(base);
    char text[2 * SOURCE_MAX_TITLE];

    if (title && *title && artist && *artist) {
        snprintf(text, sizeof text, "%s – %s", artist, title);
    } else if (title && *title) {
        snprintf(text, sizeof text, "%s", title);
    } else {
        snprintf(text, sizeof text, "%.*s", len, base);
    }
    text_clean(source->title, sizeof source->title, text);
}

/* Front left and right; centre, rear and side at -3 dB as in ITU-R BS.775, scaled so that nothing
 * clips. */
static void fold(const float *in, unsigned channels, float out[2])
{
    const float half = 0.70710678f;
    float left = in[0];
    float right = in[1];
    float weight = 1.0f;

    left += half * in[2];
    right += half * in[2];
    weight += half;
    for (unsigned c = channels == 4 || channels == 5 ? 3 : 4; c + 1 < channels; c += 2) {
        left += half * in[c];
        right += half * in[c + 1];
        weight += half;
    }
    out[0] = left / weight;
    out[1] = right / weight;
}

void source_to_stereo(const float *in, unsigned channels, size_t n, float *stereo)
{
    for (size_t i = 0; i < n; i++) {
        const float *frame = in + i * channels;

        if (channels > 2) {
            fold(frame, channels, stereo + 2 * i);
        } else {
            stereo[2 * i] = frame[0];
            stereo[2 * i + 1] = frame[channels - 1];
        }
    }
}

/* An Ogg page with OpusHead in it: 27 bytes of header, one lacing value, then the packet. */
static bool is_ogg_opus(const uint8_t *head, size_t len)
{
    return len >= 36 && memcmp(head, "OggS", 4) == 0 && memcmp(head + 28, "OpusHead", 8) == 0;
}

struct source *source_open(const char *path, char reason[SOURCE_MAX_REASON])
{
    uint8_t head[36];
    struct stat status;
    FILE *file;
    size_t len;

    /* Asked before it is opened: that of a named pipe would wait for somebody who writes. */
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode)) {
        source_say(reason, "%s is no file", path);
        return NULL;
    }
    file = fopen(path, "rbe");
    if (!file) {
        source_say(reason, "%s cannot be read: %s", path, strerror(errno));
        return NULL;
    }
    len = fread(head, 1, sizeof head, file);
    fclose(file);
    if (len == 0) {
        source_say(reason, "%s is empty", path);
        return NULL;
    }
    return is_ogg_opus(head, len) ? source_ogg_open(path, reason) : source_file_open(path, reason);
}

void source_destroy(struct source *source)
{
    if (source) {
        source->ops->destroy(source);
    }
}
