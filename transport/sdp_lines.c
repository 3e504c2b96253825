#include "transport/sdp_lines.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int strait__sdp_fail(struct strait_sdp_error *error, int code, uint32_t line, const char *format,
                     ...)
{
    if (error == NULL) {
        return code;
    }
    int used = 0;
    *error = (struct strait_sdp_error){ .line = line };
    if (line != 0) {
        used = snprintf(error->reason, sizeof error->reason, "line %u: ", (unsigned)line);
    }
    va_list args;
    va_start(args, format);
    vsnprintf(error->reason + used, sizeof error->reason - (size_t)used, format, args);
    va_end(args);
    return code;
}

/* The bytes of the next line without its end; moves on behind the end. */
static struct strait_text take_line(struct strait__sdp_reader *reader)
{
    const char *start = reader->text.data + reader->at;
    size_t left = reader->text.len - reader->at;
    const char *end = memchr(start, '\n', left);
    size_t len = end != NULL ? (size_t)(end - start) : left;
    reader->line_at = reader->at;
    reader->at += end != NULL ? len + 1 : len;
    reader->number++;
    /* RFC 8866, section 5: CRLF, and a newline alone should be accepted. */
    if (len > 0 && start[len - 1] == '\r') {
        len--;
    }
    return (struct strait_text){ .data = start, .len = len };
}

/* Text that went through a form or an editor often ends in empty lines. */
static bool only_line_ends_follow(const struct strait__sdp_reader *reader)
{
    for (size_t i = reader->at; i < reader->text.len; i++) {
        if (reader->text.data[i] != '\r' && reader->text.data[i] != '\n') {
            return false;
        }
    }
    return true;
}

int strait__sdp_next(struct strait__sdp_reader *reader, struct strait_sdp_error *error)
{
    if (only_line_ends_follow(reader)) {
        return 0;
    }
    struct strait_text line = take_line(reader);
    if (line.len > STRAIT__SDP_LINE_MAX) {
        return strait__sdp_fail(error, STRAIT_E_PARSE, reader->number, "longer than %d bytes: %zu",
                                STRAIT__SDP_LINE_MAX, line.len);
    }
    /* RFC 8866, section 9, byte-string: everything but NUL, CR and LF. */
    if (memchr(line.data, '\0', line.len) != NULL) {
        return strait__sdp_fail(error, STRAIT_E_PARSE, reader->number, "a zero byte");
    }
    if (memchr(line.data, '\r', line.len) != NULL) {
        return strait__sdp_fail(error, STRAIT_E_PARSE, reader->number,
                                "a carriage return inside the line");
    }
    /* Section 5: a description with a type letter that is not understood is not to be used. */
    if (line.len < 2 || line.data[1] != '=' || strchr("vosiuepcbtrzkam", line.data[0]) == NULL) {
        return strait__sdp_fail(error, STRAIT_E_PARSE, reader->number,
                                "wants one of SDP's letters and \"=\"");
    }
    reader->type = line.data[0];
    reader->value = (struct strait_text){ .data = line.data + 2, .len = line.len - 2 };
    return 1;
}

bool strait__text_is(struct strait_text text, const char *word)
{
    return text.len == strlen(word) && memcmp(text.data, word, text.len) == 0;
}

struct strait_text strait__text_take(struct strait_text *rest, char separator)
{
    struct strait_text word = *rest;
    const char *found = rest->len > 0 ? memchr(rest->data, separator, rest->len) : NULL;
    if (found != NULL) {
        word.len = (size_t)(found - rest->data);
    }
    size_t taken = word.len + (found != NULL ? 1 : 0);
    rest->data += taken;
    rest->len -= taken;
    return word;
}

bool strait__text_number(struct strait_text text, uint32_t max, uint32_t *out)
{
    uint64_t value = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
        value = value * 10 + (uint64_t)(text.data[i] - '0');
        if (value > max) {
            return false;
        }
    }
    *out = (uint32_t)value;
    return text.len > 0;
}

static bool is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool consists_of(struct strait_text text, const char *others)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (!is_alphanumeric(c) && (c == '\0' || strchr(others, c) == NULL)) {
            return false;
        }
    }
    return text.len > 0;
}

bool strait__text_is_token(struct strait_text text)
{
    return consists_of(text, "!#$%&'*+-.^_`{|}~");
}

bool strait__text_is_ice(struct strait_text text)
{
    return consists_of(text, "+/");
}
