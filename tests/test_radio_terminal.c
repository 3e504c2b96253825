/* What the radio writes to a terminal and to what is none: a child of each test writes, byte for byte. */
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "examples/radio/terminal.h"

#define ERASE "\r\033[K"
#define LINE(text) "\r\033[?7l" text "\033[K\033[?7h"

/* All that a child writes before it ends; the caller closes nothing. */
static char *all_of(int fd)
{
    static char text[4096];
    size_t len = 0;
    ssize_t got;

    /* A terminal whose other end was closed gives an error. */
    while ((got = read(fd, text + len, sizeof text - 1 - len)) > 0) {
        len += (size_t)got;
    }
    text[len] = '\0';
    close(fd);
    return text;
}

static int status_of(pid_t child)
{
    int status;

    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

/* `play` in a child with a terminal of 40 columns, which turns no line feeds. */
static const char *on_terminal(const char *term, void (*play)(void))
{
    struct winsize size = { .ws_row = 24, .ws_col = 40 };
    struct termios raw;
    const char *text;
    int master, slave;
    pid_t child;

    if (openpty(&master, &slave, NULL, NULL, &size) != 0) {
        print_message("# this machine has no pseudo-terminals (/dev/pts)\n");
        skip();
    }
    assert_int_equal(tcgetattr(slave, &raw), 0);
    cfmakeraw(&raw);
    assert_int_equal(tcsetattr(slave, TCSANOW, &raw), 0);
    child = fork();
    if (child == 0) {
        dup2(slave, STDOUT_FILENO);
        dup2(slave, STDERR_FILENO);
        close(master);
        close(slave);
        setenv("TERM", term, 1);
        play();
        _exit(0);
    }
    close(slave);
    text = all_of(master);
    assert_int_equal(status_of(child), 0);
    return text;
}

static const char *on_pipe(void (*play)(void))
{
    const char *text;
    int ends[2];
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    child = fork();
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        play();
        _exit(0);
    }
    close(ends[1]);
    text = all_of(ends[0]);
    assert_int_equal(status_of(child), 0);
    return text;
}

static void live(void)
{
    if (!terminal_is_live() || terminal_columns() != 40) {
        _exit(1);
    }
    terminal_say("before");
    terminal_show("one");
    terminal_show("two");
    terminal_say("a line");
    terminal_complain("a %s.", "complaint");
    terminal_hide();
    terminal_hide();
    terminal_say("after");
    terminal_show("three");
    terminal_hide();
}

static void lines_go_above_the_one_that_stays(void **state)
{
    (void)state;
    assert_string_equal(on_terminal("xterm", live),
                        "before\n"
                        "\033[?25l" LINE("one") LINE("two")       /* the cursor is hidden once */
                        ERASE "a line\n" LINE("two")              /* */
                        ERASE "radio: a complaint.\n" LINE("two") /* */
                        ERASE "\033[?25h"
                              "after\n"
                              "\033[?25l" LINE("three") ERASE "\033[?25h");
}

static void plain(void)
{
    if (terminal_is_live()) {
        _exit(1);
    }
    terminal_say("before");
    terminal_complain("a %s.", "complaint");
    terminal_hide();
    terminal_say("after");
}

static void what_is_no_terminal_gets_plain_lines(void **state)
{
    static const char wanted[] = "before\nradio: a complaint.\nafter\n";

    (void)state;
    assert_string_equal(on_pipe(plain), wanted);
    assert_string_equal(on_terminal("dumb", plain), wanted);
    assert_string_equal(on_terminal("", plain), wanted);
}

static void hostile(void)
{
    terminal_say("Playing %s", "x\033]0;title\007\nOff the air\x9b"
                               "2J");
    terminal_complain("%s cannot be read.", "a\r\033[Kb\xff");
}

static void names_cannot_command_the_terminal(void **state)
{
    (void)state;
    assert_string_equal(on_pipe(hostile), "Playing x\ufffd]0;title\ufffd\ufffdOff the air\ufffd2J\n"
                                          "radio: a\ufffd\ufffd[Kb\ufffd cannot be read.\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_go_above_the_one_that_stays),
        cmocka_unit_test(what_is_no_terminal_gets_plain_lines),
        cmocka_unit_test(names_cannot_command_the_terminal),
    };

    return cmocka_run_group_tests_name("radio terminal", tests, NULL, NULL);
}
