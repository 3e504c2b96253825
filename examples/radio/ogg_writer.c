#include "ogg_writer.h"

#include <errno.h>
#include <ogg/ogg.h>
#include <opus.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <strait/version.h>
#include <string.h>
#include <sys/random.h>

#define RATE 48000
/* A page a second (RFC 7845, section 6): what a crash may cost. */
#define PAGE_SAMPLES 48000u
#define PAGE_BYTES 65025 /* a page has 255 segments of 255 bytes */
/* What is missing for longer than this is silence: concealment would go on as noise. */
#define CONCEALED_SAMPLES 4800u
/* The longest packet: 120 ms in frames of 1275 bytes (RFC 6716, section 3.2). */
#define MAX_PACKET (48u * 1276u)
#define MAX_TITLE 1024u

struct ogg_writer {
    FILE *file;
    ogg_stream_state stream;
    int64_t number;   /* of the next packet */
    uint64_t granule; /* samples up to the end of the held packet */
    uint64_t paged;   /* ... of what is in pages */
    uint64_t next;    /* position at which the held packet ends */
    bool failed;
    size_t held_len; /* the last packet waits: only then is it known to be the last; 0: none */
    uint8_t held[MAX_PACKET];
};

/* --- Little-endian headers -------------------------------------------------------------------- */

static void put(uint8_t *p, uint32_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        p[i] = (uint8_t)(value >> (8 * i));
    }
}

/* RFC 7845, section 5.1 */
static size_t write_head(uint8_t out[19], const struct ogg_writer_config *config)
{
    memcpy(out, "OpusHead", 8);
    out[8] = 1;
    out[9] = config->channels;
    put(out + 10, config->pre_skip, 2);
    put(out + 12, RATE, 4);
    put(out + 16, 0, 2); /* gain */
    out[18] = 0;         /* mapping family: mono or stereo */
    return 19;
}

static size_t write_string(uint8_t *out, const char *name, const char *text)
{
    const size_t name_len = strlen(name);
    const size_t text_len = strnlen(text, MAX_TITLE);

    put(out, (uint32_t)(name_len + text_len), 4);
    memcpy(out + 4, name, name_len);
    memcpy(out + 4 + name_len, text, text_len);
    return 4 + name_len + text_len;
}

/* RFC 7845, section 5.2 */
static size_t write_tags(uint8_t *out, const struct ogg_writer_config *config)
{
    size_t at = 8;

    memcpy(out, "OpusTags", at);
    at += write_string(out + at, "", opus_get_version_string());
    put(out + at, config->title ? 2 : 1, 4);
    at += 4;
    at += write_string(out + at, "ENCODER=strait radio ", strait_version());
    if (config->title) {
        at += write_string(out + at, "TITLE=", config->title);
    }
    return at;
}

/* --- Pages ------------------------------------------------------------------------------------ */

static int write_pages(struct ogg_writer *writer)
{
    ogg_page page;

    while (ogg_stream_flush_fill(&writer->stream, &page, PAGE_BYTES) != 0) {
        if (fwrite(page.header, 1, (size_t)page.header_len, writer->file) !=
                (size_t)page.header_len ||
            fwrite(page.body, 1, (size_t)page.body_len, writer->file) != (size_t)page.body_len) {
            return -1;
        }
    }
    writer->paged = writer->granule;
    return fflush(writer->file);
}

static int add(struct ogg_writer *writer, const uint8_t *data, size_t len, bool last)
{
    ogg_packet packet = {
        .packet = (unsigned char *)(uintptr_t)data,
        .bytes = (long)len,
        .b_o_s = writer->number == 0,
        .e_o_s = last,
        .granulepos = (ogg_int64_t)writer->granule,
        .packetno = writer->number++,
    };

    if (ogg_stream_packetin(&writer->stream, &packet) != 0) {
        errno = ENOMEM;
        return -1;
    }
    return 0;
}

/* Each header has a page of its own (RFC 7845, section 3). */
static int write_headers(struct ogg_writer *writer, const struct ogg_writer_config *config)
{
    uint8_t bytes[256 + MAX_TITLE];

    if (add(writer, bytes, write_head(bytes, config), false) != 0 || write_pages(writer) != 0 ||
        add(writer, bytes, write_tags(bytes, config), false) != 0) {
        return -1;
    }
    return write_pages(writer);
}

int ogg_writer_create(struct ogg_writer **out, const struct ogg_writer_config *config, char *reason,
                      size_t room)
{
    struct ogg_writer *writer = calloc(1, sizeof *writer);
    int serial = 1;

    *out = NULL;
    (void)!getrandom(&serial, sizeof serial, 0);
    if (!writer || ogg_stream_init(&writer->stream, serial) != 0) {
        free(writer);
        snprintf(reason, room, "there is no memory.");
        return -1;
    }
    writer->file = fopen(config->file, "wbe");
    if (!writer->file || write_headers(writer, config) != 0) {
        snprintf(reason, room, "cannot write %s: %s.", config->file, strerror(errno));
        writer->failed = true;
        (void)ogg_writer_close(writer);
        return -1;
    }
    *out = writer;
    return 0;
}

/* --- Packets ---------------------------------------------------------------------------------- */

static int flush_held(struct ogg_writer *writer, bool last)
{
    if (writer->held_len > 0 && add(writer, writer->held, writer->held_len, last) != 0) {
        return -1;
    }
    writer->held_len = 0;
    if (last || writer->granule - writer->paged >= PAGE_SAMPLES) {
        return write_pages(writer);
    }
    return 0;
}

/* `len` bytes that last for `samples`. */
static int hold(struct ogg_writer *writer, const uint8_t *data, size_t len, uint64_t samples)
{
    if (flush_held(writer, false) != 0) {
        return -1;
    }
    memcpy(writer->held, data, len);
    writer->held_len = len;
    writer->granule += samples;
    writer->next += samples;
    return 0;
}

/*
 * A frame of no bytes asks the decoder to conceal it (RFC 7845, section 4.1): frames in the form of the
 * last packet, then silent ones, then the shortest there are. Less than 2.5 ms cannot be had.
 */
static int fill_gap(struct ogg_writer *writer, uint64_t until)
{
    static const uint8_t silence[] = { 0xfc, 0xff, 0xfe }; /* 20 ms at full band, stereo */
    static const uint8_t shortest[] = { 0xe4 };            /* 2.5 ms at full band, stereo */
    const uint8_t same[] = { writer->held[0] & 0xfc };
    const uint64_t same_samples = (uint64_t)opus_packet_get_samples_per_frame(same, RATE);
    const uint64_t from = writer->next;
    int error = 0;

    while (error == 0 && until >= writer->next + RATE / 400) {
        const uint64_t missing = until - writer->next;

        if (writer->next - from < CONCEALED_SAMPLES && missing >= same_samples) {
            error = hold(writer, same, sizeof same, same_samples);
        } else if (missing >= RATE / 50) {
            error = hold(writer, silence, sizeof silence, RATE / 50);
        } else {
            error = hold(writer, shortest, sizeof shortest, RATE / 400);
        }
    }
    writer->next = until;
    return error;
}

int ogg_writer_packet(struct ogg_writer *writer, uint64_t position, const uint8_t *opus, size_t len)
{
    const int samples = len > 0 && len <= MAX_PACKET
                            ? opus_packet_get_nb_samples(opus, (opus_int32)len, RATE)
                            : 0;

    if (writer->failed) {
        errno = EIO;
        return -1;
    }
    if (samples <= 0) {
        return 0;
    }
    if (writer->held_len == 0) {
        writer->next = position;
    }
    if (position < writer->next) {
        return 0;
    }
    if (fill_gap(writer, position) != 0 || hold(writer, opus, len, (uint64_t)samples) != 0) {
        writer->failed = true;
        return -1;
    }
    return 0;
}

uint64_t ogg_writer_samples(const struct ogg_writer *writer)
{
    return writer->granule;
}

int ogg_writer_close(struct ogg_writer *writer)
{
    int error = 0;

    if (!writer) {
        return 0;
    }
    if (!writer->failed && flush_held(writer, true) != 0) {
        error = -1;
    }
    if (writer->file && fclose(writer->file) != 0) {
        error = -1;
    }
    ogg_stream_clear(&writer->stream);
    free(writer);
    return error;
}
