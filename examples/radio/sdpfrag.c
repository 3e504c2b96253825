#include "sdpfrag.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((format(printf, 3, 4))) static int fail(struct strait_sdp_error *error, uint32_t line,
                                                      const char *format, ...)
{
    va_list arguments;
    int at;

    error->line = line;
    at = snprintf(error->reason, sizeof error->reason, "line %u: ", line);
    va_start(arguments, format);
    vsnprintf(error->reason + at, sizeof error->reason - (size_t)at, format, arguments);
    va_end(arguments);
    return -1;
}

/* The value after "a=name:", or false. */
static bool attribute(struct strait_text line, const char *name, struct strait_text *value)
{
    const size_t len = strlen(name);

    if (line.len < 2 + len + 1 || strncmp(line.data, "a=", 2) != 0 ||
        strncmp(line.data + 2, name, len) != 0 || line.data[2 + len] != ':') {
        return false;
    }
    *value = (struct strait_text){ line.data + 3 + len, line.len - 3 - len };
    return true;
}

static bool is(struct strait_text line, const char *whole)
{
    return line.len == strlen(whole) && strncmp(line.data, whole, line.len) == 0;
}

/* ice-char of RFC 8839, section 5.1. */
static bool ice_chars(struct strait_text text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!isalnum((unsigned char)text.data[i]) && text.data[i] != '+' && text.data[i] != '/') {
            return false;
        }
    }
    return true;
}

/* Credentials may stand once for all or in each section; bundled ones have but one pair. */
static int take_credential(char *out, const char *name, size_t min, size_t max,
                           struct strait_text value, uint32_t line, struct strait_sdp_error *error)
{
    if (value.len < min || value.len > max || !ice_chars(value)) {
        return fail(error, line, "a=%s must be %zu to %zu letters, digits, '+' or '/'", name, min,
                    max);
    }
    if (out[0] != '\0' && (strlen(out) != value.len || memcmp(out, value.data, value.len) != 0)) {
        return fail(error, line, "a=%s is another one than before", name);
    }
    memcpy(out, value.data, value.len);
    out[value.len] = '\0';
    return 0;
}

static int take_candidate(struct sdpfrag *out, struct strait_text text, uint32_t line,
                          struct strait_sdp_error *error)
{
    struct strait_candidate candidate;
    const int result = strait_candidate_parse(&candidate, text.data, text.len);

    if (result == STRAIT_E_UNSUPPORTED ||
        (result == STRAIT_OK && out->n_candidates == SDPFRAG_MAX_CANDIDATES)) {
        out->skipped++;
        return 0;
    }
    if (result != STRAIT_OK) {
        return fail(error, line, "a=candidate: %s", strait_strerror(result));
    }
    out->candidates[out->n_candidates++] = candidate;
    return 0;
}

static int take_mid(struct sdpfrag *out, struct strait_text value, uint32_t line,
                    struct strait_sdp_error *error)
{
    if (out->sections == 0) {
        return fail(error, line, "a=mid stands before the m= line that it names");
    }
    if (value.len == 0 || value.len > STRAIT_SDP_MID_MAX) {
        return fail(error, line, "a=mid must have 1 to %u characters", STRAIT_SDP_MID_MAX);
    }
    if (out->mid[0] == '\0') {
        memcpy(out->mid, value.data, value.len);
        out->mid[value.len] = '\0';
    }
    return 0;
}

static int take_line(struct sdpfrag *out, struct strait_text line, uint32_t number,
                     struct strait_sdp_error *error)
{
    struct strait_text value;

    if (line.len < 2 || line.data[1] != '=' || !islower((unsigned char)line.data[0]) ||
        memchr(line.data, '\0', line.len)) {
        return fail(error, number, "this is no line of SDP, such as a=mid:0");
    }
    if (line.data[0] == 'm') {
        out->sections++;
        return 0;
    }
    if (attribute(line, "ice-ufrag", &value)) {
        return take_credential(out->ice.ufrag, "ice-ufrag", STRAIT_UFRAG_MIN, STRAIT_UFRAG_MAX,
                               value, number, error);
    }
    if (attribute(line, "ice-pwd", &value)) {
        return take_credential(out->ice.pwd, "ice-pwd", STRAIT_PWD_MIN, STRAIT_PWD_MAX, value,
                               number, error);
    }
    if (attribute(line, "candidate", &value)) {
        const struct strait_text text = { line.data + 2, line.len - 2 };

        return take_candidate(out, text, number, error);
    }
    if (attribute(line, "mid", &value)) {
        return take_mid(out, value, number, error);
    }
    out->end_of_candidates |= is(line, "a=end-of-candidates");
    out->ice.ice_lite |= is(line, "a=ice-lite");
    return 0;
}

int sdpfrag_parse(struct sdpfrag *out, const char *text, size_t len, struct strait_sdp_error *error)
{
    const char *const end = text + len;
    uint32_t number = 0;

    *out = (struct sdpfrag){ 0 };
    while (text < end) {
        const char *const feed = memchr(text, '\n', (size_t)(end - text));
        struct strait_text line = { text, (size_t)((feed ? feed : end) - text) };

        number++;
        if (line.len > 0 && line.data[line.len - 1] == '\r') {
            line.len--;
        }
        if (take_line(out, line, number, error) != 0) {
            return -1;
        }
        text = feed ? feed + 1 : end;
    }
    if (number == 0) {
        return fail(error, 1, "the fragment is empty");
    }
    return 0;
}

char *sdpfrag_print(const struct strait_ice_parameters *ice, const char *mid,
                    const struct strait_candidate *candidates, size_t n)
{
    char candidate[STRAIT_CANDIDATE_TEXT_MAX];
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (!out) {
        return NULL;
    }
    fprintf(out, "a=ice-lite\r\na=ice-ufrag:%s\r\na=ice-pwd:%s\r\n", ice->ufrag, ice->pwd);
    /* The section is named by its mid alone; what the m= line says counts for nothing. */
    fputs("m=audio 9 RTP/AVP 0\r\n", out);
    if (mid[0] != '\0') {
        fprintf(out, "a=mid:%s\r\n", mid);
    }
    for (size_t i = 0; i < n; i++) {
        if (strait_candidate_print(&candidates[i], candidate, sizeof candidate) > 0) {
            fprintf(out, "a=%s\r\n", candidate);
        }
    }
    fputs("a=end-of-candidates\r\n", out);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}
