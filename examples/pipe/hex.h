/* Bytes in hexadecimal. */
#ifndef PIPE_HEX_H
#define PIPE_HEX_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The bytes of "00ff...", `len` characters; -1 where it is none, or longer than `room`. */
ssize_t hex_read(const char *text, size_t len, uint8_t *out, size_t room);

#endif
