/* The line at the bottom of the terminal: what plays, where it stands, who listens. Pure: figures in,
 * text out. */
#ifndef RADIO_LINE_H
#define RADIO_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINE_ROOM 2048u

struct line {
    const char *title;         /* as it came: what a terminal would obey is replaced */
    double position, duration; /* seconds; duration 0: unknown */
    uint32_t listeners;
    double bitrate; /* bit/s of one listener's sound */
    double loss;    /* 0 to 1; negative: nobody has reported */
    bool ascii;     /* the terminal is not one for UTF-8 */
};

/*
 * Writes the text with a zero, of at most `columns` columns as wcwidth(3) counts them: the locale must be
 * set. Where there is little room the bar, the loss, the bitrate, the listeners and the time go, in this
 * order, and the title is cut last. Returns the columns that are used.
 */
size_t line_render(char out[LINE_ROOM], const struct line *line, size_t columns);

#endif
