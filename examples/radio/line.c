#include "line.h"

#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include "text.h"

enum {
    GAP = 2,          /* between the parts */
    TITLE_LEAST = 12, /* the title gives way no further, unless it is shorter */
    BAR_LEAST = 8,
    BAR_MOST = 40,
    PART = 40, /* bytes of a part */
};

/* What stands beside the title and the bar, "" where it is left out. */
struct parts {
    char position[PART], duration[PART]; /* left and right of the bar */
    char listeners[PART], bitrate[PART], loss[PART];
    size_t bar; /* columns */
};

/* What is shown for a character: there are those of which the C library does not know the width. */
static uint32_t shown_as(uint32_t c, bool ascii)
{
    if (ascii) {
        return c > '~' ? '?' : c;
    }
    return wcwidth((wchar_t)c) < 0 ? TEXT_REPLACEMENT : c;
}

static unsigned width_of(uint32_t c, bool ascii)
{
    const int width = ascii ? 1 : wcwidth((wchar_t)shown_as(c, ascii));

    return width < 0 ? 1 : (unsigned)width;
}

static size_t columns_of(const char *text, bool ascii)
{
    size_t columns = 0;
    uint32_t c;

    while ((c = text_next(&text)) != 0) {
        columns += width_of(c, ascii);
    }
    return columns;
}

/* --- Writing ----------------------------------------------------------------------------------- */

struct writer {
    char *out;
    size_t at, columns;
    bool ascii;
};

/* False where there is no room for it. */
static bool put(struct writer *writer, uint32_t c)
{
    char bytes[TEXT_MAX_BYTES];
    const size_t n = text_put(shown_as(c, writer->ascii), bytes);

    if (writer->at + n >= LINE_ROOM) {
        return false;
    }
    memcpy(writer->out + writer->at, bytes, n);
    writer->at += n;
    writer->columns += width_of(c, writer->ascii);
    return true;
}

static void put_text(struct writer *writer, const char *text)
{
    uint32_t c;

    while ((c = text_next(&text)) != 0 && put(writer, c)) {
    }
}

static void put_gap(struct writer *writer)
{
    put_text(writer, "  ");
}

/* At most `columns` of the title, the last ones an ellipsis if there were more. */
static void put_title(struct writer *writer, const char *title, size_t columns)
{
    const char *ellipsis = writer->ascii ? "..." : "…";
    const size_t dots = columns_of(ellipsis, writer->ascii);
    const bool cut = columns_of(title, writer->ascii) > columns;
    const size_t most = !cut ? columns : columns > dots ? columns - dots : 0;
    uint32_t c;

    while ((c = text_next(&title)) != 0 && writer->columns + width_of(c, writer->ascii) <= most &&
           put(writer, c)) {
    }
    if (cut && dots <= columns) {
        put_text(writer, ellipsis);
    }
}

static void put_bar(struct writer *writer, const struct line *line, size_t columns)
{
    const double part = line->position < line->duration ? line->position / line->duration : 1;
    const size_t filled = (size_t)(part * (double)columns);

    for (size_t i = 0; i < columns; i++) {
        if (i < filled) {
            (void)put(writer, writer->ascii ? '=' : 0x2501);
        } else {
            (void)put(writer, writer->ascii ? '-' : 0x2500);
        }
    }
}

/* --- What there is room for -------------------------------------------------------------------- */

static void print_time(char out[PART], double exact)
{
    const uint64_t seconds = (uint64_t)exact;
    const unsigned long long hours = seconds / 3600;
    const unsigned minutes = (unsigned)(seconds / 60 % 60);

    if (hours > 0) {
        snprintf(out, PART, "%llu:%02u:%02u", hours, minutes, (unsigned)(seconds % 60));
    } else {
        snprintf(out, PART, "%u:%02u", minutes, (unsigned)(seconds % 60));
    }
}

/* Keeps the part if there is room for it. */
static void fit(char part[PART], size_t *left)
{
    const size_t wanted = strlen(part) + GAP;

    if (wanted <= *left) {
        *left -= wanted;
    } else {
        part[0] = '\0';
        *left = 0; /* what matters less is not shown either */
    }
}

static void choose(struct parts *parts, const struct line *line, size_t left)
{
    *parts = (struct parts){ 0 };
    print_time(parts->position, line->position);
    fit(parts->position, &left);
    snprintf(parts->listeners, PART, "%u listener%s", line->listeners,
             line->listeners == 1 ? "" : "s");
    fit(parts->listeners, &left);
    snprintf(parts->bitrate, PART, "%.0f kbit/s", line->bitrate / 1000);
    fit(parts->bitrate, &left);
    if (line->loss >= 0) {
        snprintf(parts->loss, PART, "loss %.1f %%", line->loss * 100);
        fit(parts->loss, &left);
    }
    if (line->duration > 0) {
        print_time(parts->duration, line->duration);
        if (strlen(parts->duration) + GAP + BAR_LEAST <= left) {
            parts->bar = left - strlen(parts->duration) - GAP;
            parts->bar = parts->bar < BAR_MOST ? parts->bar : BAR_MOST;
        } else {
            parts->duration[0] = '\0';
        }
    }
}

static size_t columns_beside(const struct parts *parts)
{
    const char *const all[] = { parts->position, parts->listeners, parts->bitrate, parts->loss };
    size_t columns = parts->bar > 0 ? parts->bar + GAP + strlen(parts->duration) : 0;

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        columns += all[i][0] != '\0' ? strlen(all[i]) + GAP : 0;
    }
    return columns;
}

static void put_part(struct writer *writer, const char *part)
{
    if (part[0] != '\0') {
        put_gap(writer);
        put_text(writer, part);
    }
}

size_t line_render(char out[LINE_ROOM], const struct line *line, size_t columns)
{
    struct writer writer = { .out = out, .ascii = line->ascii };
    const size_t title = columns_of(line->title, line->ascii);
    const size_t least = title < TITLE_LEAST ? title : TITLE_LEAST;
    struct parts parts;

    /* The bar takes what the title does not need, and half of what is there at least. */
    choose(&parts, line, columns > least ? columns - least : 0);
    if (parts.bar > BAR_LEAST && title + columns_beside(&parts) > columns) {
        const size_t over = title + columns_beside(&parts) - columns;

        parts.bar = parts.bar > BAR_LEAST + over ? parts.bar - over : BAR_LEAST;
    }
    put_title(&writer, line->title, columns - columns_beside(&parts));
    put_part(&writer, parts.position);
    if (parts.bar > 0) {
        (void)put(&writer, ' ');
        put_bar(&writer, line, parts.bar);
        (void)put(&writer, ' ');
        put_text(&writer, parts.duration);
    }
    put_part(&writer, parts.listeners);
    put_part(&writer, parts.bitrate);
    put_part(&writer, parts.loss);
    out[writer.at] = '\0';
    return writer.columns;
}
