/* Any text as a candidate; what parses must print, and what is printed must parse to the same print. */
#include <stdlib.h>
#include <string.h>

#include <strait/ice.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct strait_candidate c;
    if (strait_candidate_parse(&c, (const char *)data, size) != STRAIT_OK) {
        return 0;
    }
    char first[STRAIT_CANDIDATE_TEXT_MAX], second[STRAIT_CANDIDATE_TEXT_MAX];
    int n = strait_candidate_print(&c, first, sizeof first);
    if (n <= 0 || strait_candidate_parse(&c, first, (size_t)n) != STRAIT_OK ||
        strait_candidate_print(&c, second, sizeof second) != n || strcmp(first, second) != 0) {
        abort();
    }
    return 0;
}
