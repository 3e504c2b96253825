/* Each option of the command line: what --help says of it, and how its value is read. */
#ifndef PIPE_OPTION_ROWS_H
#define PIPE_OPTION_ROWS_H

#include "options.h"

struct option_row {
    const char *name;
    const char *value; /* NULL: it has none; "[=VALUE]" may be left out */
    const char *help;
    /* Gets the value and says on standard error what is wrong with it. NULL: the row is a heading. */
    bool (*read)(struct options *options, const char *text);
};

extern const struct option_row option_rows[];
extern const size_t n_option_rows;

#endif
