/*
 * What people read while the radio runs: one event a line, and, where standard output is a terminal, a
 * line below them that changes. A process has one terminal, so that this has no object.
 */
#ifndef RADIO_TERMINAL_H
#define RADIO_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

/* A line on standard output, at once. What a terminal would obey is replaced. */
__attribute__((format(printf, 1, 2))) void terminal_say(const char *format, ...);

/* "radio: ..." on standard error. */
__attribute__((format(printf, 1, 2))) void terminal_complain(const char *format, ...);

/* Between these two standard error leads nowhere, for libraries that write there by themselves. `hush`
 * returns what `unhush` wants back. */
int terminal_hush(void);
void terminal_unhush(int before);

/* Standard output is a terminal that can move its cursor. */
bool terminal_is_live(void);

/* It shows UTF-8, as the locale says. */
bool terminal_is_utf8(void);

/* Its width in columns. */
size_t terminal_columns(void);

/* Shows `line` below all others instead of the one before, for live terminals. */
void terminal_show(const char *line);

/* Takes the line away and gives the cursor back; fine where there is none. Show brings it again. */
void terminal_hide(void);

#endif
