#include "say.h"

#include <stdarg.h>
#include <stdio.h>

/* A line goes out in one piece: two pipes may share a terminal. */
enum { LINE = 1024 };

void complain(const char *format, ...)
{
    char text[LINE];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fprintf(stderr, "pipe: %s\n", text);
}

void say(const char *format, ...)
{
    char text[LINE];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fprintf(stderr, "%s\n", text);
}
