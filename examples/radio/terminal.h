/* What people read while the radio runs: one event a line. */
#ifndef RADIO_TERMINAL_H
#define RADIO_TERMINAL_H

/* A line on standard output, at once. */
__attribute__((format(printf, 1, 2))) void terminal_say(const char *format, ...);

/* "radio: ..." on standard error. */
__attribute__((format(printf, 1, 2))) void terminal_complain(const char *format, ...);

#endif
