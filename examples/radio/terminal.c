#include "terminal.h"

#include <stdarg.h>
#include <stdio.h>

void terminal_say(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
    fflush(stdout);
}

void terminal_complain(const char *format, ...)
{
    va_list arguments;

    fputs("radio: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}
