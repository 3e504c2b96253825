#include "framing.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { PREFIX = 4 };

void framing_init(struct framing *framing, int fd, bool prefixed)
{
    framing->fd = fd;
    framing->prefixed = prefixed;
    framing->ended = false;
    framing->number = 0;
    framing->from = framing->until = 0;
}

int framing_read(struct framing *framing)
{
    memmove(framing->bytes, framing->bytes + framing->from, framing->until - framing->from);
    framing->until -= framing->from;
    framing->from = 0;

    const ssize_t n = read(framing->fd, framing->bytes + framing->until,
                           sizeof framing->bytes - framing->until);
    if (n < 0) {
        return errno == EINTR || errno == EAGAIN ? 0 : -1;
    }
    framing->ended = n == 0;
    framing->until += (size_t)n;
    return 0;
}

static enum framing_result next_line(struct framing *framing, const uint8_t **data, size_t *len)
{
    const uint8_t *begin = framing->bytes + framing->from;
    const size_t rest = framing->until - framing->from;
    const uint8_t *end = rest > 0 ? memchr(begin, '\n', rest) : NULL;

    if (!end && rest > FRAMING_MAX) {
        return FRAMING_TOO_LONG;
    }
    if (!end && (!framing->ended || rest == 0)) {
        return FRAMING_MORE;
    }
    *data = begin;
    *len = end ? (size_t)(end - begin) : rest;
    framing->from += end ? *len + 1 : *len;
    return FRAMING_DATAGRAM;
}

static enum framing_result next_prefixed(struct framing *framing, const uint8_t **data, size_t *len)
{
    const uint8_t *begin = framing->bytes + framing->from;
    const size_t rest = framing->until - framing->from;

    if (rest < PREFIX) {
        return framing->ended && rest > 0 ? FRAMING_CUT : FRAMING_MORE;
    }
    *len = (size_t)begin[0] << 24 | (size_t)begin[1] << 16 | (size_t)begin[2] << 8 | begin[3];
    if (*len > FRAMING_MAX) {
        return FRAMING_TOO_LONG;
    }
    if (rest - PREFIX < *len) {
        return framing->ended ? FRAMING_CUT : FRAMING_MORE;
    }
    *data = begin + PREFIX;
    framing->from += PREFIX + *len;
    return FRAMING_DATAGRAM;
}

enum framing_result framing_next(struct framing *framing, const uint8_t **data, size_t *len)
{
    enum framing_result result;

    do {
        result = framing->prefixed ? next_prefixed(framing, data, len)
                                   : next_line(framing, data, len);
        framing->number += result != FRAMING_MORE;
    } while (result == FRAMING_DATAGRAM && *len == 0);
    return result;
}

static int write_all(int fd, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        const ssize_t n = write(fd, bytes, len);

        if (n < 0 && errno != EINTR) {
            return -1;
        }
        bytes += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return 0;
}

int framing_write(int fd, bool prefixed, const uint8_t *data, size_t len)
{
    const uint8_t prefix[PREFIX] = { (uint8_t)(len >> 24), (uint8_t)(len >> 16),
                                     (uint8_t)(len >> 8), (uint8_t)len };

    if (prefixed && write_all(fd, prefix, sizeof prefix) != 0) {
        return -1;
    }
    if (write_all(fd, data, len) != 0) {
        return -1;
    }
    return prefixed || (len > 0 && data[len - 1] == '\n') ? 0
                                                          : write_all(fd, (const uint8_t *)"\n", 1);
}
