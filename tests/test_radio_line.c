/* The radio's line at the bottom of the terminal, and how text from elsewhere is cleaned. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <cmocka.h>

#include "examples/radio/line.h"
#include "examples/radio/text.h"

/* The C library's own judgement of how wide a text is, -1 for one with controls in it. */
static int columns_of(const char *text)
{
    wchar_t wide[LINE_ROOM];

    assert_true(mbstowcs(wide, text, LINE_ROOM) < LINE_ROOM);
    return wcswidth(wide, LINE_ROOM);
}

static void renders(const struct line *line, size_t columns, const char *wanted)
{
    char out[LINE_ROOM];
    const size_t used = line_render(out, line, columns);

    assert_string_equal(out, wanted);
    assert_int_equal(used, columns_of(out));
    assert_true(used <= columns);
}

static const struct line playing = {
    .title = "Prelude",
    .position = 65,
    .duration = 130,
    .listeners = 3,
    .bitrate = 96400,
    .loss = 0.004,
};

static void all_is_shown_where_there_is_room(void **state)
{
    (void)state;
    renders(&playing, 75,
            "Prelude  1:05 ━━━━━━━━━━────────── 2:10  3 listeners  96 kbit/s  loss 0.4 %");
    /* The bar has its limit. */
    renders(&playing, 200,
            "Prelude  1:05 ━━━━━━━━━━━━━━━━━━━━──────────────────── 2:10"
            "  3 listeners  96 kbit/s  loss 0.4 %");
}

static void narrow_ones_leave_out_what_matters_less(void **state)
{
    (void)state;
    renders(&playing, 63, "Prelude  1:05 ━━━━──── 2:10  3 listeners  96 kbit/s  loss 0.4 %");
    renders(&playing, 62, "Prelude  1:05  3 listeners  96 kbit/s  loss 0.4 %");
    renders(&playing, 48, "Prelude  1:05  3 listeners  96 kbit/s");
    renders(&playing, 36, "Prelude  1:05  3 listeners");
    renders(&playing, 25, "Prelude  1:05");
    renders(&playing, 12, "Prelude");
    renders(&playing, 6, "Prelu…");
    renders(&playing, 1, "…");
    renders(&playing, 0, "");
}

static void what_is_unknown_is_left_out(void **state)
{
    struct line line = playing;

    (void)state;
    line.duration = 0;
    line.loss = -1;
    renders(&line, 80, "Prelude  1:05  3 listeners  96 kbit/s");
    line.listeners = 0;
    renders(&line, 80, "Prelude  1:05  0 listeners  96 kbit/s");
    line.listeners = 1;
    line.position = 3661.9;
    renders(&line, 80, "Prelude  1:01:01  1 listener  96 kbit/s");
    line.title = "";
    renders(&line, 80, "  1:01:01  1 listener  96 kbit/s");
}

static void the_bar_is_full_at_the_end_and_after_it(void **state)
{
    struct line line = playing;

    (void)state;
    line.loss = -1;
    line.position = 0;
    renders(&line, 54, "Prelude  0:00 ─────────── 2:10  3 listeners  96 kbit/s");
    line.position = 129.9;
    renders(&line, 54, "Prelude  2:09 ━━━━━━━━━━─ 2:10  3 listeners  96 kbit/s");
    line.position = 130;
    renders(&line, 54, "Prelude  2:10 ━━━━━━━━━━━ 2:10  3 listeners  96 kbit/s");
    /* A chain of streams may last longer than it said. */
    line.position = 200;
    renders(&line, 54, "Prelude  3:20 ━━━━━━━━━━━ 2:10  3 listeners  96 kbit/s");
}

static void wide_titles_are_cut_by_columns(void **state)
{
    struct line line = playing;

    (void)state;
    line.title = "平均律クラヴィーア曲集第一巻";
    renders(&line, 38, "平均律クラヴィーア…  1:05  3 listeners");
    /* A column stays free where half a character would fit. */
    renders(&line, 39, "平均律クラヴィーア…  1:05  3 listeners");
    renders(&line, 100,
            "平均律クラヴィーア曲集第一巻  1:05 ━━━━━━━━━━━━──────────── 2:10"
            "  3 listeners  96 kbit/s  loss 0.4 %");
    /* An accent that stands by itself takes none. */
    line.title = "Pre\u0301lude";
    line.duration = 0;
    renders(&line, 50, "Pre\u0301lude  1:05  3 listeners  96 kbit/s  loss 0.4 %");
}

static void a_title_cannot_command_the_terminal(void **state)
{
    struct line line = playing;

    (void)state;
    line.duration = 0;
    line.title = "a\033[2Jb\rc\nd\x7f"
                 "e\xc2\x9b"
                 "f\xe2\x80\xae"
                 "g\xffh";
    renders(&line, 60,
            "a\ufffd[2Jb\ufffdc\ufffdd\ufffde\ufffdf\ufffdg\ufffdh  1:05"
            "  3 listeners  96 kbit/s  loss 0.4 %");
}

static void terminals_without_utf8_get_ascii(void **state)
{
    struct line line = playing;
    char out[LINE_ROOM];

    (void)state;
    line.ascii = true;
    line.title = "Prélude, très lent et très long";
    assert_int_equal(line_render(out, &line, 70), 70);
    assert_string_equal(out,
                        "Pr?lude, tr...  1:05 ====---- 2:10  3 listeners  96 kbit/s  loss 0.4 %");
}

/* Whatever stands in the title: never wider than the terminal, never a control character. */
static void no_line_is_too_wide(void **state)
{
    static const char alphabet[] =
        "a \033\r\n\t\xc3\xa9\xe5\xb9\xb3\xcc\x81\xff\xf0\x9f\x8e\xb5\x9b";
    struct line line = playing;
    uint32_t random = 1;

    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        char title[200], out[LINE_ROOM];
        const size_t columns = round % 130;
        size_t len = 0;

        do {
            random = random * 1664525 + 1013904223;
            title[len++] = alphabet[(random >> 16) % (sizeof alphabet - 1)];
        } while (len < sizeof title - 1 && (random >> 8) % 50 != 0);
        title[len] = '\0';
        line.title = title;
        line.duration = round % 3 == 0 ? 0 : 130;
        assert_in_range(line_render(out, &line, columns), 0, columns);
        assert_in_range(columns_of(out), 0, columns); /* -1 were a control */
    }
}

static void a_title_that_is_long_fits_its_memory(void **state)
{
    static char title[4 * LINE_ROOM];
    struct line line = playing;
    char out[LINE_ROOM];

    (void)state;
    for (size_t i = 0; i + 2 < sizeof title; i += 2) {
        memcpy(title + i, "\u0301", 2);
    }
    line.title = title;
    (void)line_render(out, &line, 80);
    assert_in_range(strlen(out), LINE_ROOM / 2, LINE_ROOM - 1);
}

static void text_is_cleaned_by_characters(void **state)
{
    static const struct {
        const char *in;
        size_t room;
        const char *out;
    } cases[] = {
        { "plain", 10, "plain" },
        { "plain", 6, "plain" },
        { "plain", 5, "plai" },
        { "é", 2, "" }, /* no half of it */
        { "é", 3, "é" },
        { "\U0001f3b5", 5, "\U0001f3b5" },
        { "", 1, "" },
        { "\xe9t\xe9", 20, "\ufffdt\ufffd" },                   /* Latin-1 */
        { "\xc0\xaf", 20, "\ufffd\ufffd" },                     /* longer than needed */
        { "\xed\xa0\x80", 20, "\ufffd\ufffd\ufffd" },           /* a surrogate */
        { "\xf4\x90\x80\x80", 20, "\ufffd\ufffd\ufffd\ufffd" }, /* above U+10FFFF */
        { "a\xe5\xb9", 20, "a\ufffd\ufffd" },                   /* cut off */
        { "\xf8\x88\x80\x80\x80", 20, "\ufffd\ufffd\ufffd\ufffd\ufffd" },
        { "\t", 20, "\ufffd" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[32];

        text_clean(out, cases[i].room, cases[i].in);
        assert_string_equal(out, cases[i].out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_is_shown_where_there_is_room),
        cmocka_unit_test(narrow_ones_leave_out_what_matters_less),
        cmocka_unit_test(what_is_unknown_is_left_out),
        cmocka_unit_test(the_bar_is_full_at_the_end_and_after_it),
        cmocka_unit_test(wide_titles_are_cut_by_columns),
        cmocka_unit_test(a_title_cannot_command_the_terminal),
        cmocka_unit_test(terminals_without_utf8_get_ascii),
        cmocka_unit_test(no_line_is_too_wide),
        cmocka_unit_test(a_title_that_is_long_fits_its_memory),
        cmocka_unit_test(text_is_cleaned_by_characters),
    };

    if (!setlocale(LC_CTYPE, "C.UTF-8")) {
        puts("Bail out! There is no locale C.UTF-8.");
        return 1;
    }
    return cmocka_run_group_tests_name("radio line", tests, NULL, NULL);
}
