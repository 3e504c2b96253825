#include "terminal.h"

#include <fcntl.h>
#include <langinfo.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "line.h"
#include "text.h"

enum { COLUMNS = 80 /* where nobody knows */ };

/* ECMA-48's control functions, and DEC's private modes for the cursor and for wrapping. */
#define ERASE "\r\033[K"
#define CURSOR_OFF "\033[?25l"
#define CURSOR_ON "\033[?25h"
#define WRAP_OFF "\033[?7l"
#define WRAP_ON "\033[?7h"

/* The line that is shown, "" for none. */
static char shown[LINE_ROOM];

/* A terminal that was stopped (Ctrl-S) would stop the music as well. */
static bool takes_more(void)
{
    struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };

    return poll(&out, 1, 0) > 0 && (out.revents & POLLOUT) != 0;
}

static void draw(void)
{
    if (shown[0] != '\0') {
        fputs("\r" WRAP_OFF, stdout);
        fputs(shown, stdout);
        fputs("\033[K" WRAP_ON, stdout);
    }
}

static void erase(void)
{
    if (shown[0] != '\0') {
        fputs(ERASE, stdout);
    }
}

/* A line without its end, of `format` and `arguments`; the caller frees it. */
static char *print(const char *format, va_list arguments)
{
    char *text = NULL;
    char *clean;
    size_t room;

    if (vasprintf(&text, format, arguments) < 0) {
        return NULL;
    }
    /* A byte that is no UTF-8 becomes three. */
    room = 3 * strlen(text) + 1;
    clean = malloc(room);
    if (clean) {
        text_clean(clean, room, text);
    }
    free(text);
    return clean;
}

void terminal_say(const char *format, ...)
{
    va_list arguments;
    char *text;

    if (shown[0] != '\0' && !takes_more()) {
        return;
    }
    va_start(arguments, format);
    text = print(format, arguments);
    va_end(arguments);
    erase();
    fputs(text ? text : "", stdout);
    putchar('\n');
    draw();
    fflush(stdout);
    free(text);
}

void terminal_complain(const char *format, ...)
{
    const bool above = shown[0] != '\0' && isatty(STDERR_FILENO);
    va_list arguments;
    char *text;

    va_start(arguments, format);
    text = print(format, arguments);
    va_end(arguments);
    if (above) {
        erase();
        fflush(stdout);
    }
    fprintf(stderr, "radio: %s\n", text ? text : "");
    if (above) {
        draw();
        fflush(stdout);
    }
    free(text);
}

int terminal_hush(void)
{
    const int before = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    const int nowhere = before >= 0 ? open("/dev/null", O_WRONLY | O_CLOEXEC) : -1;

    if (nowhere >= 0) {
        (void)dup2(nowhere, STDERR_FILENO);
        close(nowhere);
    }
    return before;
}

void terminal_unhush(int before)
{
    if (before >= 0) {
        (void)dup2(before, STDERR_FILENO);
        close(before);
    }
}

bool terminal_is_live(void)
{
    const char *term = getenv("TERM");

    return isatty(STDOUT_FILENO) && term && term[0] != '\0' && strcmp(term, "dumb") != 0;
}

bool terminal_is_utf8(void)
{
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

size_t terminal_columns(void)
{
    struct winsize size;

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
        return COLUMNS;
    }
    return size.ws_col;
}

void terminal_show(const char *line)
{
    if (!takes_more()) {
        return;
    }
    if (shown[0] == '\0') {
        fputs(CURSOR_OFF, stdout);
    }
    snprintf(shown, sizeof shown, "%s", line);
    draw();
    fflush(stdout);
}

void terminal_hide(void)
{
    if (shown[0] != '\0') {
        fputs(ERASE CURSOR_ON, stdout);
        fflush(stdout);
        shown[0] = '\0';
    }
}
