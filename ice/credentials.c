#include "ice/backend.h"
#include "transport/util.h"

/* RFC 8839, 5.1: ice-char. 64 of them: six random bits choose one without a bias. */
static const char ice_char[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

enum { UFRAG_LEN = 8, PWD_LEN = 24 };

bool strait__ice_chars(const char *text, size_t min, size_t max)
{
    if (text == NULL) {
        return false;
    }
    size_t n = 0;
    for (; n <= max && text[n] != '\0'; n++) {
        if (memchr(ice_char, text[n], sizeof ice_char - 1) == NULL) {
            return false;
        }
    }
    return n >= min && n <= max;
}

static void spell(char *out, const uint8_t *random, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        out[i] = ice_char[random[i] & 63];
    }
    out[len] = '\0';
}

int strait__ice_make_credentials(const struct strait_hooks *hooks,
                                 struct strait_ice_parameters *out)
{
    uint8_t random[UFRAG_LEN + PWD_LEN];
    int result = strait__random(hooks, random, sizeof random);
    if (result == STRAIT_OK) {
        spell(out->ufrag, random, UFRAG_LEN);
        spell(out->pwd, random + UFRAG_LEN, PWD_LEN);
    }
    strait__zero(random, sizeof random);
    return result;
}
