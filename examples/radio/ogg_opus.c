#include "ogg_opus.h"

#include <ogg/ogg.h>
#include <opus.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bytes.h"
#include "format.h"

enum {
    MAX_PAGE_PACKETS = 256, /* 255 lacing values, and what an earlier page began */
    MAX_GAP = 5 * (int)RADIO_RATE,
    TEXT = 128,
};

enum stage { WANT_HEAD, WANT_TAGS, AUDIO };

struct ogg_opus {
    const char *name;
    ogg_sync_state sync;
    ogg_stream_state stream;
    bool has_stream;
    enum stage stage;
    bool mono, complete, began;
    uint32_t pre_skip;
    char artist[TEXT], title[TEXT];

    ogg_packet page[MAX_PAGE_PACKETS]; /* the packets that end on the page in hand */
    uint32_t samples[MAX_PAGE_PACKETS];
    size_t at, n;
    int frame;            /* of page[at], where it is sent in pieces */
    ogg_int64_t granule;  /* where the page before ended; -1: there was none */
    ogg_int64_t start;    /* where the first page with sound began */
    ogg_int64_t end;      /* samples after this position are not to be played */
    ogg_int64_t position; /* of page[at], from the stream's first sample */
    uint32_t gap;         /* before page[at] */
    OpusRepacketizer *splitter;
};

struct ogg_opus *ogg_opus_create(const char *name)
{
    struct ogg_opus *ogg = calloc(1, sizeof *ogg);

    if (ogg) {
        ogg->name = name;
        ogg_sync_init(&ogg->sync);
        ogg->splitter = opus_repacketizer_create();
    }
    if (ogg && !ogg->splitter) {
        ogg_opus_destroy(ogg);
        return NULL;
    }
    return ogg;
}

void ogg_opus_destroy(struct ogg_opus *ogg)
{
    if (!ogg) {
        return;
    }
    if (ogg->has_stream) {
        ogg_stream_clear(&ogg->stream);
    }
    ogg_sync_clear(&ogg->sync);
    if (ogg->splitter) {
        opus_repacketizer_destroy(ogg->splitter);
    }
    free(ogg);
}

char *ogg_opus_room(struct ogg_opus *ogg, size_t len)
{
    return ogg_sync_buffer(&ogg->sync, (long)len);
}

void ogg_opus_wrote(struct ogg_opus *ogg, size_t len)
{
    (void)ogg_sync_wrote(&ogg->sync, (long)len);
}

/* --- Heads ------------------------------------------------------------------------------------- */

/* RFC 7845, section 5.1. Only family 0 is one Opus stream of one or two channels, as RTP carries it. */
static bool read_head(struct ogg_opus *ogg, const ogg_packet *packet,
                      char reason[SOURCE_MAX_REASON])
{
    const uint8_t *p = packet->packet;

    if (packet->bytes < 19 || p[8] >> 4 != 0) {
        source_say(reason, "%s has an Opus head that cannot be read", ogg->name);
        return false;
    }
    if (p[18] != 0 || p[9] < 1 || p[9] > 2) {
        source_say(reason, "%s has %u channels, and Opus in RTP has one or two", ogg->name, p[9]);
        return false;
    }
    ogg->mono = p[9] == 1;
    ogg->pre_skip = (uint32_t)p[10] | (uint32_t)p[11] << 8;
    return true;
}

static void read_tag(struct ogg_opus *ogg, const char *text, size_t len)
{
    static const char artist[] = "ARTIST=";
    static const char title[] = "TITLE=";
    char *out = NULL;
    size_t skip = 0;

    if (len > sizeof artist - 1 && strncasecmp(text, artist, sizeof artist - 1) == 0) {
        out = ogg->artist;
        skip = sizeof artist - 1;
    } else if (len > sizeof title - 1 && strncasecmp(text, title, sizeof title - 1) == 0) {
        out = ogg->title;
        skip = sizeof title - 1;
    }
    if (out) {
        len = len - skip < TEXT - 1 ? len - skip : TEXT - 1;
        memcpy(out, text + skip, len);
        out[len] = '\0';
    }
}

/* Section 5.2. Tags are for people: what cannot be read is left out. */
static void read_tags(struct ogg_opus *ogg, const ogg_packet *packet)
{
    const uint8_t *p = packet->packet;
    size_t left = (size_t)packet->bytes;
    uint32_t count;

    ogg->artist[0] = ogg->title[0] = '\0';
    if (left < 16 || memcmp(p, "OpusTags", 8) != 0 || little32(p + 8) > left - 16) {
        return;
    }
    left -= 16 + little32(p + 8);
    p += 12 + little32(p + 8);
    count = little32(p);
    p += 4;
    while (count-- > 0 && left >= 4 && little32(p) <= left - 4) {
        const uint32_t len = little32(p);

        read_tag(ogg, (const char *)p + 4, len);
        p += 4 + len;
        left -= 4 + len;
    }
}

/* --- Pages ------------------------------------------------------------------------------------- */

/* The packets that follow the heads on this page, and how long they play together. */
static uint64_t take_packets(struct ogg_opus *ogg)
{
    uint64_t sum = 0;
    ogg_packet packet;
    int got;

    ogg->at = ogg->n = 0;
    ogg->frame = 0;
    while ((got = ogg_stream_packetout(&ogg->stream, &packet)) != 0 && ogg->n < MAX_PAGE_PACKETS) {
        int samples;

        if (got < 0) {
            continue; /* a page was lost: the granule position tells how much */
        }
        if (ogg->stage == WANT_TAGS) {
            read_tags(ogg, &packet);
            ogg->stage = AUDIO;
            continue;
        }
        samples = packet.bytes > 0
                      ? opus_packet_get_nb_samples(packet.packet, (opus_int32)packet.bytes,
                                                   (opus_int32)RADIO_RATE)
                      : 0;
        if (samples > 0) {
            ogg->samples[ogg->n] = (uint32_t)samples;
            ogg->page[ogg->n++] = packet;
            sum += (uint64_t)samples;
        }
    }
    return sum;
}

/* Where the page's packets lie in the stream: what is missing before them, what is cut behind. */
static void place_page(struct ogg_opus *ogg, const ogg_page *page, uint64_t sum)
{
    const ogg_int64_t granule = ogg_page_granulepos(page);
    const ogg_int64_t samples = (ogg_int64_t)sum;

    ogg->end = INT64_MAX;
    if (granule < 0 || ogg->n == 0) {
        return;
    }
    if (ogg->granule < 0) {
        ogg->start = granule > samples ? granule - samples : 0;
    } else if (granule - samples > ogg->granule) {
        const ogg_int64_t gap = granule - samples - ogg->granule;

        /* A jump of hours is another clock, not something that was lost. */
        ogg->gap = gap <= MAX_GAP ? (uint32_t)gap : 0;
    }
    if (ogg_page_eos(page)) {
        const ogg_int64_t start = ogg->granule >= 0 ? ogg->granule : 0;

        ogg->end = ogg->position + (granule > start ? granule - start : 0);
    }
    ogg->granule = granule;
}

static bool begin_link(struct ogg_opus *ogg, ogg_page *page, char reason[SOURCE_MAX_REASON])
{
    ogg_packet packet;

    if (ogg->has_stream) {
        ogg_stream_clear(&ogg->stream);
    }
    ogg->has_stream = ogg_stream_init(&ogg->stream, ogg_page_serialno(page)) == 0;
    if (!ogg->has_stream || ogg_stream_pagein(&ogg->stream, page) != 0 ||
        ogg_stream_packetout(&ogg->stream, &packet) != 1 || !read_head(ogg, &packet, reason)) {
        if (reason[0] == '\0') {
            source_say(reason, "%s has an Opus head that cannot be read", ogg->name);
        }
        return false;
    }
    ogg->stage = WANT_TAGS;
    ogg->granule = -1;
    ogg->position = 0;
    ogg->gap = 0;
    ogg->complete = false;
    ogg->at = ogg->n = 0;
    return true;
}

static bool is_head(const ogg_page *page)
{
    return ogg_page_bos(page) && page->body_len >= 8 && memcmp(page->body, "OpusHead", 8) == 0;
}

static bool take_page(struct ogg_opus *ogg, ogg_page *page, char reason[SOURCE_MAX_REASON])
{
    /* Streams side by side all begin before any goes on: a head after that is a chain's next link. */
    if (is_head(page) && (ogg->stage != WANT_TAGS || !ogg->has_stream)) {
        return begin_link(ogg, page, reason);
    }
    if (!ogg->has_stream || ogg_page_serialno(page) != ogg->stream.serialno) {
        return true;
    }
    if (ogg_stream_pagein(&ogg->stream, page) == 0) {
        place_page(ogg, page, take_packets(ogg));
        ogg->complete = ogg_page_eos(page) != 0;
    }
    return true;
}

/* --- Packets ----------------------------------------------------------------------------------- */

/* The packet in hand, or one frame of it where it does not fit into a datagram. False: none. */
static bool give_packet(struct ogg_opus *ogg, struct source_packet *out)
{
    const ogg_packet *packet = &ogg->page[ogg->at];
    const uint32_t samples = ogg->samples[ogg->at];
    opus_int32 len = -1;
    int frames = 1;

    if ((size_t)packet->bytes <= sizeof out->data) {
        memcpy(out->data, packet->packet, (size_t)packet->bytes);
        len = (opus_int32)packet->bytes;
    } else {
        opus_repacketizer_init(ogg->splitter);
        if (opus_repacketizer_cat(ogg->splitter, packet->packet, (opus_int32)packet->bytes) ==
            OPUS_OK) {
            frames = opus_repacketizer_get_nb_frames(ogg->splitter);
            len = opus_repacketizer_out_range(ogg->splitter, ogg->frame, ogg->frame + 1, out->data,
                                              (opus_int32)sizeof out->data);
        }
    }
    out->samples = samples / (uint32_t)frames;
    out->len = len > 0 ? (size_t)len : 0;
    out->gap = ogg->gap;
    ogg->gap = len > 0 ? 0 : ogg->gap + out->samples;
    ogg->position += out->samples;
    if (++ogg->frame >= frames) {
        ogg->frame = 0;
        ogg->at++;
    }
    return len > 0 && ogg->position > (ogg_int64_t)ogg->pre_skip &&
           ogg->position - (ogg_int64_t)out->samples < ogg->end;
}

enum ogg_opus_result ogg_opus_next(struct ogg_opus *ogg, struct source_packet *out,
                                   char reason[SOURCE_MAX_REASON])
{
    for (;;) {
        ogg_page page;
        int got;

        while (ogg->at < ogg->n) {
            if (give_packet(ogg, out)) {
                ogg->began = true;
                return OGG_OPUS_PACKET;
            }
        }
        got = ogg_sync_pageout(&ogg->sync, &page);
        if (got == 0) {
            return OGG_OPUS_MORE;
        }
        reason[0] = '\0';
        /* -1: bytes were skipped up to the next page. */
        if (got > 0 && !take_page(ogg, &page, reason)) {
            return OGG_OPUS_BAD;
        }
    }
}

bool ogg_opus_mono(const struct ogg_opus *ogg)
{
    return ogg->mono;
}

uint32_t ogg_opus_pre_skip(const struct ogg_opus *ogg)
{
    return ogg->pre_skip;
}

int ogg_opus_serial(const struct ogg_opus *ogg)
{
    return (int)ogg->stream.serialno;
}

int64_t ogg_opus_start(const struct ogg_opus *ogg)
{
    return ogg->start;
}

const char *ogg_opus_artist(const struct ogg_opus *ogg)
{
    return ogg->artist;
}

const char *ogg_opus_title(const struct ogg_opus *ogg)
{
    return ogg->title;
}

bool ogg_opus_complete(const struct ogg_opus *ogg)
{
    return ogg->complete;
}

bool ogg_opus_began(const struct ogg_opus *ogg)
{
    return ogg->began;
}
