/* The one file that the DTLS layer writes: the key log that SSLKEYLOGFILE names. */
#ifndef STRAIT_DTLS_KEYLOG_FILE_H
#define STRAIT_DTLS_KEYLOG_FILE_H

#include <stddef.h>

/* The file's name, NULL where there is none, or where the program runs with another's rights. */
const char *strait__keylog_path(void);

/* Appends `len` bytes in one write, so that the lines of several processes stay whole; makes the file, for
 * its owner only, where there is none. 0 or errno. */
int strait__keylog_append(const char *path, const char *line, size_t len);

#endif
