/* Any text as a fingerprint; what parses must print, and what is printed must parse to the same. */
#include <stdlib.h>
#include <string.h>

#include <strait/certificate.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct strait_fingerprint first, second;
    char text[STRAIT_FINGERPRINT_TEXT_MAX];
    int code = strait_fingerprint_parse(&first, (const char *)data, size);
    if (code != STRAIT_OK) {
        if (code != STRAIT_E_PARSE && code != STRAIT_E_UNSUPPORTED) {
            abort();
        }
        return 0;
    }
    /* Name, space and digits are as long as they were: only their case may differ. */
    int len = strait_fingerprint_print(&first, text, sizeof text);
    if (len != (int)size || strait_fingerprint_parse(&second, text, (size_t)len) != STRAIT_OK ||
        !strait_fingerprint_equal(&first, &second)) {
        abort();
    }
    return 0;
}
