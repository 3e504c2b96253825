#include "text.h"

#include <stdbool.h>

/* RFC 3629: neither longer than needed nor a surrogate nor above U+10FFFF. */
static uint32_t decode(const uint8_t *p, size_t *len)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    const size_t n = p[0] < 0x80 ? 1 : p[0] >> 5 == 6 ? 2 : p[0] >> 4 == 14 ? 3 : 4;
    uint32_t c = n == 1 ? p[0] : p[0] & (0x7fu >> n);

    *len = 1;
    if (n == 4 && p[0] >> 3 != 30) {
        return TEXT_REPLACEMENT;
    }
    for (size_t i = 1; i < n; i++) {
        if (p[i] >> 6 != 2) {
            return TEXT_REPLACEMENT;
        }
        c = c << 6 | (p[i] & 0x3fu);
    }
    if (c < least[n] || (c >= 0xd800 && c < 0xe000) || c > 0x10ffff) {
        return TEXT_REPLACEMENT;
    }
    *len = n;
    return c;
}

static bool is_obeyed(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) ||        /* C0, DEL, C1 */
           c == 0x200e || c == 0x200f ||                 /* directional marks */
           (c >= 0x2028 && c <= 0x202e) ||               /* separators, embeddings, overrides */
           (c >= 0x2066 && c <= 0x2069) || c == 0xfeffu; /* isolates; a byte order mark */
}

uint32_t text_next(const char **at)
{
    size_t len;
    uint32_t c;

    if (**at == '\0') {
        return 0;
    }
    c = decode((const uint8_t *)*at, &len);
    *at += len;
    return is_obeyed(c) ? TEXT_REPLACEMENT : c;
}

size_t text_put(uint32_t c, char out[TEXT_MAX_BYTES])
{
    const size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const uint8_t first[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

    for (size_t i = n; i-- > 1; c >>= 6) {
        out[i] = (char)(0x80 | (c & 0x3f));
    }
    out[0] = (char)(first[n] | c);
    return n;
}

void text_clean(char *out, size_t room, const char *in)
{
    size_t at = 0;
    uint32_t c;

    while ((c = text_next(&in)) != 0) {
        char bytes[TEXT_MAX_BYTES];
        const size_t n = text_put(c, bytes);

        if (at + n >= room) {
            break;
        }
        for (size_t i = 0; i < n; i++) {
            out[at++] = bytes[i];
        }
    }
    out[at] = '\0';
}
