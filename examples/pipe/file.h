/* A file in memory. */
#ifndef PIPE_FILE_H
#define PIPE_FILE_H

#include <stddef.h>

#define FILE_MAX (1u << 20)

struct file {
    char *bytes;
    size_t len;
};

/* Reads all of it. 0, or -1 after a word on standard error that names the option it came from. */
int file_read(struct file *file, const char *option, const char *name);

/* Zeroes and frees: it may hold a key. */
void file_free(struct file *file);

#endif
