/* What the tests of the SDP helper share: the last text that was read, and files with descriptions. */
#ifndef STRAIT_TESTS_SDP_TEXT_H
#define STRAIT_TESTS_SDP_TEXT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <strait/sdp.h>

enum { TEXT_MAX = 65536 };

static struct strait_sdp sdp; /* 600 kB */

/* The last parsed text: a block of exactly its length, so that a sanitizer sees a byte too far. */
static char *parsed;

static int parse(const char *text, size_t len, struct strait_sdp_error *error)
{
    free(parsed);
    parsed = malloc(len > 0 ? len : 1);
    assert_non_null(parsed);
    memcpy(parsed, text, len);
    return strait_sdp_parse(&sdp, parsed, len, error);
}

static int forget(void **state)
{
    (void)state;
    free(parsed);
    parsed = NULL;
    return 0;
}

static char *read_data(const char *name, size_t *len)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", TEST_DATA, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *text = malloc(TEXT_MAX);
    assert_non_null(text);
    *len = fread(text, 1, TEXT_MAX, file);
    fclose(file);
    assert_in_range(*len, 100, TEXT_MAX - 1);
    return text;
}

#endif
