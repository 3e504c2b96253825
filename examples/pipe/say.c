#include "say.h"

#include <stdarg.h>
#include <stdio.h>

/* In one piece: two pipes may share a terminal. */
__attribute__((format(printf, 2, 0))) static void line(const char *begin, const char *format,
                                                       va_list arguments)
{
    char text[1024];

    vsnprintf(text, sizeof text, format, arguments);
    fprintf(stderr, "%s%s\n", begin, text);
}

void complain(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    line("pipe: ", format, arguments);
    va_end(arguments);
}

void say(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    line("", format, arguments);
    va_end(arguments);
}
