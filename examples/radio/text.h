/* Text from elsewhere, such as tags and names of files, on its way to people: UTF-8, shown and never
 * obeyed. */
#ifndef RADIO_TEXT_H
#define RADIO_TEXT_H

#include <stddef.h>
#include <stdint.h>

#define TEXT_REPLACEMENT 0xfffdu
#define TEXT_MAX_BYTES 4u

/* The character at *at, which moves behind it; 0 at the end, U+FFFD for a byte that is no UTF-8 and for
 * what a terminal or a page would obey: controls, and marks that turn the order of what follows. */
uint32_t text_next(const char **at);

/* Writes a character as UTF-8; returns its length. */
size_t text_put(uint32_t c, char out[TEXT_MAX_BYTES]);

/* Copies so much of `in` as there is room for, whole characters only, each as text_next has it. */
void text_clean(char *out, size_t room, const char *in);

#endif
