#include "tests/pki.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "transport/pem.h"

static void append(char **text, size_t *len, const char *name, size_t name_len)
{
    char path[512];
    snprintf(path, sizeof path, "%s/pki/%.*s", TEST_DATA, (int)name_len, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fail_msg("%s cannot be read", path);
        return;
    }
    char room[8192];
    size_t n = fread(room, 1, sizeof room, file);
    assert_true(n < sizeof room);
    fclose(file);
    *text = realloc(*text, *len + n + 1);
    assert_non_null(*text);
    memcpy(*text + *len, room, n);
    *len += n;
    (*text)[*len] = '\0';
}

char *pki_text(const char *names, size_t *len)
{
    char *text = calloc(1, 1);
    *len = 0;
    while (*names != '\0') {
        size_t n = strcspn(names, " ");
        append(&text, len, names, n);
        names += n + (names[n] == ' ');
    }
    return text;
}

size_t pki_der(const char *names, uint8_t *out, size_t room)
{
    size_t len;
    char *text = pki_text(names, &len);
    struct strait__pem pem = { .text = text, .len = len };
    struct strait__pem_block block;
    assert_int_equal(strait__pem_next(&pem, &block), 1);
    assert_int_equal(strait__pem_decode(&block, out, &room), STRAIT_OK);
    free(text);
    return room;
}

struct strait_certificate *pki_load(const char *names, const char *key)
{
    char files[256] = "", key_file[64];
    while (*names != '\0') {
        size_t n = strcspn(names, " ");
        size_t at = strlen(files);
        snprintf(files + at, sizeof files - at, "%s%.*s.crt", at > 0 ? " " : "", (int)n, names);
        names += n + (names[n] == ' ');
    }
    snprintf(key_file, sizeof key_file, "%s.key", key);
    size_t chain_len, key_len;
    char *chain_text = pki_text(files, &chain_len), *key_text = pki_text(key_file, &key_len);
    struct strait_certificate *loaded = NULL;
    assert_int_equal(
        strait_certificate_load_pem(&loaded, NULL, chain_text, chain_len, key_text, key_len),
        STRAIT_OK);
    free(chain_text);
    free(key_text);
    return loaded;
}
