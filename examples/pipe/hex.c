#include "hex.h"

static int digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    const char low = (char)(c | 0x20);
    return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

ssize_t hex_read(const char *text, size_t len, uint8_t *out, size_t room)
{
    if (len % 2 != 0 || len / 2 > room) {
        return -1;
    }
    for (size_t i = 0; i < len; i += 2) {
        const int high = digit(text[i]);
        const int low = digit(text[i + 1]);

        if (high < 0 || low < 0) {
            return -1;
        }
        out[i / 2] = (uint8_t)(high << 4 | low);
    }
    return (ssize_t)(len / 2);
}
