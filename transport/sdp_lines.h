/* SDP's text (RFC 8866, section 5): lines, words, and errors that name the line. */
#ifndef STRAIT_TRANSPORT_SDP_LINES_H
#define STRAIT_TRANSPORT_SDP_LINES_H

#include <strait/sdp.h>

enum {
    /* Bytes of a line without its end. The longest that browsers write (a=fmtp with parameter sets,
     * a=candidate) stay below 1000. */
    STRAIT__SDP_LINE_MAX = 4096
};

/* Goes through a text. `number`, `type` and `value` are of the line that was read last. */
struct strait__sdp_reader {
    struct strait_text text;
    size_t at;       /* where the next line starts */
    size_t line_at;  /* where this one starts */
    uint32_t number; /* from 1 */
    char type;
    struct strait_text value;
};

/* 1: a line was read; 0: the end; STRAIT_E_PARSE, error filled in: no line of SDP. */
int strait__sdp_next(struct strait__sdp_reader *reader, struct strait_sdp_error *error);

/* Fills `error` (may be NULL) and returns `code`. line 0: about the text as a whole. */
__attribute__((format(printf, 4, 5))) int strait__sdp_fail(struct strait_sdp_error *error, int code,
                                                           uint32_t line, const char *format, ...);

bool strait__text_is(struct strait_text text, const char *word);

/* Takes what stands before the next `separator` (all, where there is none) off the front of `rest`. */
struct strait_text strait__text_take(struct strait_text *rest, char separator);

/* A decimal number of digits only, at most `max`; false where it is none. */
bool strait__text_number(struct strait_text text, uint32_t max, uint32_t *out);

/* One or more of RFC 8866's token characters. */
bool strait__text_is_token(struct strait_text text);

/* One or more of RFC 8839's ice-char: letters, digits, "+" and "/". */
bool strait__text_is_ice(struct strait_text text);

#endif
